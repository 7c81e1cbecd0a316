/* Paths: what two spellings of one place have in common. Command only. */
#ifndef SCT_PATHS_H
#define SCT_PATHS_H

/* The one absolute spelling of a path whose last part is a file that may not exist yet:
 * the folder's links are followed, the last part's are not, because a rename replaces a
 * link. Folders that do not exist yet are taken literally. NULL when there is no memory
 * or the current folder is gone; the caller frees it. */
char *sct_path_canonical(const char *path);

/* Creates the folders on the way to this file. 0, or an errno. Existing ones are fine. */
int sct_path_make_folders(const char *path);

/* Where the last part of a path starts: behind the last slash. */
const char *sct_path_leaf(const char *path);

#endif
