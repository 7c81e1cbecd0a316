/* openat2, or the same by hand. */
#define _GNU_SOURCE 1
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { N_TRIES = 16 };

static const int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

int sct_beneath_is_path(const char *key)
{
    for (const char *part = key;;) {
        const size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && part[0] == '.') ||
            (n == 2 && part[0] == '.' && part[1] == '.'))
            return 0;
        if (part[n] == '\0')
            return 1;
        part += n + 1;
    }
}

/* openat, with its errno as a value. */
static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    const int fd = openat(folder, name, flags, mode);
    return fd >= 0 ? fd : -errno;
}

/* With O_DIRECTORY, a link that is not followed is reported as no folder. */
static int is_link(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int sct_beneath_open_parent(int root, const char *path, const char **leaf)
{
    char part[NAME_MAX + 1];
    int folder = open_at(root, ".", folder_flags, 0);
    while (folder >= 0) {
        const size_t n = strcspn(path, "/");
        int next = -ENAMETOOLONG;
        if (n == 2 && path[0] == '.' && path[1] == '.') {
            close(folder);
            return -EINVAL;
        }
        if (path[n] == '\0')
            break;
        if (n < sizeof part) {
            memcpy(part, path, n);
            part[n] = '\0';
            next = open_at(folder, part, folder_flags | O_NOFOLLOW, 0);
            if (next == -ENOTDIR && is_link(folder, part))
                next = -ELOOP;
        }
        close(folder);
        folder = next;
        path += n + 1;
    }
    *leaf = path;
    return folder;
}

int sct_beneath_open_unlinked(int root, const char *path, int flags, mode_t mode)
{
    const char *leaf;
    const int folder = sct_beneath_open_parent(root, path, &leaf);
    if (folder < 0)
        return folder;
    int fd = open_at(folder, leaf[0] ? leaf : ".", flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd == -ENOTDIR && is_link(folder, leaf))
        fd = -ELOOP;
    close(folder);
    return fd;
}

int sct_beneath_open(int root, const char *path, int flags, mode_t mode)
{
    const struct open_how how = {.flags = (unsigned)flags,
                                 .mode = flags & O_CREAT ? mode : 0,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    for (int i = 0; i < N_TRIES; i++) { /* EAGAIN: something was renamed meanwhile */
        const long fd =
            syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno == ENOSYS || errno == EPERM)
            return sct_beneath_open_unlinked(root, path, flags, mode);
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

int sct_beneath_make(int root, const char *path)
{
    char prefix[PATH_MAX];
    const size_t n_bytes = strlen(path);
    int fd = sct_beneath_open(root, path, folder_flags, 0);
    if (fd != -ENOENT)
        return fd;
    if (n_bytes >= sizeof prefix)
        return -ENAMETOOLONG;
    memcpy(prefix, path, n_bytes + 1);
    int folder = sct_beneath_open(root, "", folder_flags, 0);
    for (size_t begin = 0; folder >= 0 && begin < n_bytes;) {
        const size_t end = begin + strcspn(path + begin, "/");
        prefix[end] = '\0';
        const int failed =
            mkdirat(folder, prefix + begin, 0777) != 0 && errno != EEXIST ? errno : 0;
        fd = failed ? -failed : sct_beneath_open(root, prefix, folder_flags, 0);
        close(folder);
        folder = fd;
        prefix[end] = '/';
        begin = end + 1;
    }
    return folder;
}

int sct_beneath_rename_new(int from, const char *name, int to, const char *leaf)
{
    if (renameat2(from, name, to, leaf, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (linkat(from, name, to, leaf, 0) != 0)
        return errno;
    if (unlinkat(from, name, 0) == 0 || errno == ENOENT)
        return 0; /* ENOENT: NFS, whose first answer was lost */
    const int error = errno;
    unlinkat(to, leaf, 0);
    return error;
}
