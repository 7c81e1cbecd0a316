/* Files below a folder, and nowhere else: no path and no link leads out.
 *
 * Where the kernel has openat2 (Linux 5.6), links that stay inside are followed. Elsewhere,
 * and where a filter of system calls refuses it, no link is followed at all. */
#ifndef SCT_BENEATH_H
#define SCT_BENEATH_H

#include <sys/types.h>

/* Whether a key can be a path below a folder: no empty part, no "." and "..", no slash at either
 * end. */
int sct_beneath_is_path(const char *key);

/* Opens `path` below the folder `root`; "" is the folder itself. A descriptor, or -errno:
 * -EXDEV and -ELOOP for what leads out. */
int sct_beneath_open(int root, const char *path, int flags, mode_t mode);

/* The same, closed on exec, where nothing on the way may be a link: -ELOOP; ".." is -EINVAL. */
int sct_beneath_open_unlinked(int root, const char *path, int flags, mode_t mode);

/* The same for the folder that the path's last part is in, as a path only; *leaf is that part,
 * borrowed. */
int sct_beneath_open_parent(int root, const char *path, const char **leaf);

/* Opens a folder, and makes it and those on the way where they are missing. */
int sct_beneath_make(int root, const char *path);

/* Renames a file, never over anything, also where the file system cannot promise that of a rename:
 * there it is linked, and then removed where it was. Names are below open folders, or paths with
 * AT_FDCWD. 0 or an errno, and then it is where it was: EEXIST where there is something. EPERM may
 * also be that the system makes no link, or none to a file of somebody else. */
int sct_beneath_rename_new(int from, const char *name, int to, const char *leaf);

#endif
