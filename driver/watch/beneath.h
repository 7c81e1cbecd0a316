/* Paths below a folder that somebody else fills: nothing on the way may be a link, or it could lead
 * out. A path has parts with single slashes between them, none of which is "." or "..". Command
 * only. */
#ifndef SCT_BENEATH_H
#define SCT_BENEATH_H

#include <sys/stat.h>

/* A descriptor, closed on exec and to be closed by the caller, or -errno: -ELOOP, -ENOTDIR where
 * there is a link, -EINVAL where there is "..". "" is the folder itself. */
int sct_beneath_open(int root, const char *path, int flags);

/* The same for the folder that the path's last part is in; *leaf is that part, borrowed. */
int sct_beneath_open_parent(int root, const char *path, const char **leaf);

/* Visits all that is below. Links are left out, as is what cannot be opened any more. */
struct sct_walk {
    /* A folder, "" first, before what is in it is listed. Below 0: stay out of it. May be NULL. */
    int (*enter)(void *ctx, const char *path);
    void (*see)(void *ctx, const char *path, const struct stat *st); /* a regular file */
    void *ctx;
};

/* From a folder on, "" for all. SCT_OK or SCT_ERR_MEMORY. */
int sct_beneath_walk(int root, const char *from, const struct sct_walk *walk);

/* Whether folder `inner` is `outer` or somewhere below it, by whatever names; -1: cannot be
 * found out. */
int sct_beneath_contains(const char *outer, const char *inner);

#endif
