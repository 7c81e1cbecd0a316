/* A folder and all below it, and what happens to files there: inotify, and walks for what was there
 * before or was missed. Links are no files. Command only; Linux. */
#ifndef SCT_WATCH_TREE_H
#define SCT_WATCH_TREE_H

#include <stddef.h>

typedef struct sct_tree sct_tree;

enum sct_sight {
    SCT_SIGHT_FOUND,   /* it is there; perhaps somebody is still writing it */
    SCT_SIGHT_CREATED, /* likewise, and nobody has closed it yet, unless it is a link(2) */
    SCT_SIGHT_COMPLETE, /* whoever wrote it has closed it, or moved it here */
    SCT_SIGHT_GONE,
    SCT_SIGHT_FOLDER_GONE, /* with all that was in it */
    SCT_SIGHT_UNREADABLE, /* a folder; what is in it is not seen until somebody grants rights */
    SCT_SIGHT_OVERFLOW /* too much at once: everything is going to be FOUND again */
};

/* `key` is the path below the folder, borrowed; "" with an overflow. */
typedef void sct_see_function(void *ctx, enum sct_sight sight, const char *key);

/* Opens the folder; nothing is watched yet. SCT_OK, SCT_ERR_MEMORY, or SCT_ERR_IO with a message.
 * The functions below are for one thread. */
int sct_tree_create(sct_tree **out, const char *path, sct_see_function *see, void *ctx,
                    char *message, size_t message_bytes);
void sct_tree_free(sct_tree *tree); /* accepts NULL */

int sct_tree_folder(const sct_tree *tree); /* the folder's descriptor, borrowed */

/* Says FOUND of everything, and, if is_watched, watches it from then on: what appears in between is
 * seen by one or both. UNREADABLE is said once of each folder, not again by later scans. SCT_OK,
 * SCT_ERR_MEMORY. */
int sct_tree_scan(sct_tree *tree, int is_watched);

/* Whether the folder itself has been removed. It is open, so inotify does not say so: to be asked from
 * time to time. */
int sct_tree_is_gone(const sct_tree *tree);

/* Whether there are folders that cannot be watched, because the system watches too many; then it
 * takes a scan from time to time. */
int sct_tree_is_blind(const sct_tree *tree);

/* To be polled for reading. */
int sct_tree_descriptor(const sct_tree *tree);

/* Says what has happened so far; does not wait. SCT_OK or SCT_ERR_MEMORY. */
int sct_tree_read(sct_tree *tree);

/* Whether a file or folder has a name that programs give to what is not finished, or is hidden; by the
 * last part of its path. What is in an ignored folder is not asked for. */
int sct_tree_is_ignored(const char *path);

#endif
