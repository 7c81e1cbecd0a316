/* Paths: what two spellings of one place have in common. Command only. */
#ifndef SCT_PATHS_H
#define SCT_PATHS_H

#include <sys/stat.h>

/* The one absolute spelling of a path whose last part is a file that may not exist yet:
 * the folder's links are followed, the last part's are not, because a rename replaces a
 * link. Folders that do not exist yet are taken literally. NULL when there is no memory
 * or the current folder is gone; the caller frees it. */
char *sct_path_canonical(const char *path);

/* Looks for a regular file that writing to this path would replace. Until "new" is made,
 * "new/../photo.jpg" cannot be looked up by that name, but it means photo.jpg all the same.
 * 1: it is there, *st describes it. 0: it is not. SCT_ERR_MEMORY. */
int sct_path_find_file(const char *path, struct stat *st);

/* Creates the folders on the way to this file. 0, or an errno. Existing ones are fine. */
int sct_path_make_folders(const char *path);

/* Where the last part of a path starts: behind the last slash. */
const char *sct_path_leaf(const char *path);

#endif
