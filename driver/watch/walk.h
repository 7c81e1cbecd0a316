/* Walks over a folder that somebody else fills. Command only. */
#ifndef SCT_WALK_H
#define SCT_WALK_H

#include <sys/stat.h>

/* Visits all that is below. Links are left out, as is what cannot be opened. */
struct sct_walk {
    /* A folder, "" first, before what is in it is listed. Below 0: stay out of it. May be NULL. */
    int (*enter)(void *ctx, const char *path);
    void (*see)(void *ctx, const char *path, const struct stat *st); /* a regular file */
    /* A folder that could not be opened or read to its end; not one that is gone by now, or that is a
     * link by now. May be NULL. */
    void (*miss)(void *ctx, const char *path, int error);
    void *ctx;
};

/* From a folder on, "" for all. SCT_OK or SCT_ERR_MEMORY. */
int sct_walk_folder(int root, const char *from, const struct sct_walk *walk);

/* Whether folder `inner` is `outer` or somewhere below it, by whatever names; -1: cannot be
 * found out. */
int sct_walk_is_within(const char *outer, const char *inner);

#endif
