/* What the files of the folder store share. Private to them. */
#ifndef SCT_STORE_FILE_H
#define SCT_STORE_FILE_H

#include <sys/stat.h>

#include "store_ops.h"

/* Our own folder in the store's; no key may begin with it and no list shows it. */
#define SCT_FILE_OWN_FOLDER ".scantling"

struct sct_file_store {
    struct sct_store base;
    int root; /* the folder; O_PATH */
    int lock; /* taken by whoever replaces or deletes; -1: not opened yet, as the next two */
    int temp;  /* .scantling/tmp */
    int sides; /* .scantling/attributes */
    int is_durable;
};

/* The etag of a file, which is also the name of what we know of it. */
void sct_file_identify(char etag[SCT_ETAG_BYTES], const struct stat *st);

/* All that stat says of an object: etag, size and time. */
void sct_file_describe(struct sct_object *out, const struct stat *st);

/* A failure of the system, as status and message; error is an errno or its negative. */
int sct_file_fail(sct_store *s, int error, const char *doing);

/* Takes attributes, content type and cache control of an open file from it or from beside it; none
 * are fine. SCT_OK, SCT_DONE where there is nothing, SCT_ERR_MEMORY. */
int sct_file_read_side(struct sct_file_store *s, int fd, struct sct_object *object);

/* Keeps them, for the open file with this etag, of which nothing changes any more. */
int sct_file_write_side(struct sct_file_store *s, int fd, const struct sct_put *put,
                        const char *etag);
void sct_file_remove_side(struct sct_file_store *s, const char *etag);

int sct_file_list(sct_store *s, const char *prefix, const char *after,
                  sct_store_list **list);
int sct_file_list_next(sct_store_list *l, struct sct_object *out);
void sct_file_list_close(sct_store_list *l);

#endif
