/* The mark of a file: which version of it. Size and time of modification, which a copy that keeps
 * times has, too. Command only. */
#ifndef SCT_MARK_H
#define SCT_MARK_H

#include <sys/stat.h>

enum { SCT_MARK_BYTES = 48 };

void sct_mark_print(char mark[SCT_MARK_BYTES], const struct stat *st);

/* Opens a regular file below a folder, by no link. Its descriptor and its mark; -errno, or -EISDIR
 * for what is no file. */
int sct_mark_open(int folder, const char *key, struct stat *st,
                  char mark[SCT_MARK_BYTES]);

/* Whether somebody has the open file open for writing: 1 or 0; -1: it cannot be found out, as on
 * network shares and of files of somebody else. */
int sct_mark_has_writer(int fd);

/* Whether the file is there and has that mark. */
int sct_mark_is_still(int folder, const char *key, const char *mark);

#endif
