/* Marks, in hexadecimal. */
#define _GNU_SOURCE 1
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"

void sct_mark_print(char mark[SCT_MARK_BYTES], const struct stat *st)
{
    snprintf(mark, SCT_MARK_BYTES, "%llx-%llx.%lx", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec);
}

int sct_mark_open(int folder, const char *key, struct stat *st, char mark[SCT_MARK_BYTES])
{
    const int fd =
        sct_beneath_open_unlinked(folder, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    const int error = fstat(fd, st) != 0 ? errno : S_ISREG(st->st_mode) ? 0 : EISDIR;
    if (error) {
        close(fd);
        return -error;
    }
    sct_mark_print(mark, st);
    return fd;
}

int sct_mark_is_still(int folder, const char *key, const char *mark)
{
    char now[SCT_MARK_BYTES];
    struct stat st;
    const int fd = sct_mark_open(folder, key, &st, now);
    if (fd < 0)
        return 0;
    close(fd);
    return strcmp(now, mark) == 0;
}
