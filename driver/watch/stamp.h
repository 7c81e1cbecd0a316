/* Stamps: what an output says about its origin, so that what is there need not be made again, and
 * nobody overwrites what is another's.
 *
 * A stamp is an extended attribute of the output (user.scantling), set before the output gets its
 * name: the two come and go together, whenever the process is killed, without a file beside them
 * and without a list that could say something else than the folder. Where a file system has no
 * attributes the stamp is a file beside it, .NAME.stamp, written after it: killed in between, the
 * output is made once more. Command only. */
#ifndef SCT_STAMP_H
#define SCT_STAMP_H

#include <stdint.h>
#include <sys/stat.h>

#include "tempfiles.h"

enum { SCT_STAMP_KEY_BYTES = 4096 };

struct sct_stamp {
    char settings[20];             /* of the variant: sct_variant_hash */
    char mark[48];                 /* of the source, which version: sct_stamp_mark */
    char key[SCT_STAMP_KEY_BYTES]; /* of the source */
};

/* The mark of a file: size and time of modification, in hexadecimal. */
void sct_stamp_mark(char mark[48], const struct stat *st);

/* Puts it on an open file. SCT_OK, or SCT_DONE: it has to go beside the file. */
int sct_stamp_put(int fd, const struct sct_stamp *stamp);

/* Puts it beside the file. SCT_OK or SCT_ERR_IO. */
int sct_stamp_put_beside(sct_tempfiles *tempfiles, const char *path,
                         const struct sct_stamp *stamp);

/* Reads what is on the file, or else beside it. Whether there is a stamp; without the file there is
 * none. */
int sct_stamp_read(const char *path, struct sct_stamp *stamp);

/* Removes a file and its stamp. 0 or an errno. */
int sct_stamp_remove(const char *path);

#endif
