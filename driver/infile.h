/* Input files, and stdin, as sources. Command only. */
#ifndef SCT_INFILE_H
#define SCT_INFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "io.h"

/* What can be known of an input without reading it. */
struct sct_infile_facts {
    int is_stdin;
    int is_regular; /* can be read twice */
    mode_t mode;    /* permissions, 0666 for what is no regular file */
    dev_t device;
    ino_t inode;
};

struct sct_infile {
    int fd;              /* -1: all comes from memory */
    const uint8_t *data; /* what comes first, from memory: borrowed */
    size_t n_bytes, position;
    char message[128]; /* why reading failed, or "" */
};

/* Looks without opening; "-" is stdin. SCT_ERR_IO with a message: not there, a folder,
 * ... */
int sct_infile_look(struct sct_infile_facts *facts, const char *path, char *message,
                    size_t message_bytes);

/* Opens for reading; "-" is stdin. SCT_ERR_IO with f->message. */
int sct_infile_open(struct sct_infile *f, const char *path);

/* Goes on with a file of which the first bytes, borrowed until close, have been read; fd -1: with
 * these alone. */
void sct_infile_resume(struct sct_infile *f, int fd, const uint8_t *data, size_t n_bytes);

/* The source; f stays where it is until close. */
struct sct_source sct_infile_source(struct sct_infile *f);

/* Reads all that is left into *data, which the caller frees. SCT_ERR_IO;
 * SCT_ERR_TOO_LARGE when it is more than max_bytes; SCT_ERR_MEMORY. On failure *data is
 * NULL. */
int sct_infile_read_all(struct sct_infile *f, size_t max_bytes, uint8_t **data,
                        size_t *n_bytes);

void sct_infile_close(struct sct_infile *f);

#endif
