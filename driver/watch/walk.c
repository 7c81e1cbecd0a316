/* Walks, folder by folder, with those that are still to be visited in a list. */
#define _GNU_SOURCE 1
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"
#include "status.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY };

/* Folders that are still to be visited. */
struct agenda {
    char **path;
    size_t n, capacity;
};

/* Takes the path over. */
static int add_folder(struct agenda *agenda, char *path)
{
    if (path && agenda->n == agenda->capacity) {
        const size_t capacity = agenda->capacity ? agenda->capacity * 2 : 16;
        char **const larger = realloc(agenda->path, capacity * sizeof *larger);
        if (larger) {
            agenda->path = larger;
            agenda->capacity = capacity;
        }
    }
    if (!path || agenda->n == agenda->capacity) {
        free(path);
        return SCT_ERR_MEMORY;
    }
    agenda->path[agenda->n++] = path;
    return SCT_OK;
}

static void miss(const struct sct_walk *walk, const char *folder, int error)
{
    const int is_gone = error == ENOENT || error == ENOTDIR || error == ELOOP;
    if (walk->miss && !is_gone)
        walk->miss(walk->ctx, folder, error);
}

static int list_folder(struct agenda *agenda, DIR *dir, const char *folder,
                       const struct sct_walk *walk)
{
    int status = SCT_OK;
    errno = 0;
    for (const struct dirent *e; status == SCT_OK && (e = readdir(dir)); errno = 0) {
        struct stat st;
        char *path = NULL;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            miss(walk, folder, errno);
            continue;
        }
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
            continue;
        if (asprintf(&path, "%s%s%s", folder, folder[0] ? "/" : "", e->d_name) < 0)
            return SCT_ERR_MEMORY;
        if (S_ISDIR(st.st_mode)) {
            status = add_folder(agenda, path);
        } else {
            walk->see(walk->ctx, path, &st);
            free(path);
        }
    }
    if (status == SCT_OK && errno)
        miss(walk, folder, errno);
    return status;
}

int sct_walk_folder(int root, const char *from, const struct sct_walk *walk)
{
    struct agenda agenda = {0};
    int status = add_folder(&agenda, strdup(from));
    while (status == SCT_OK && agenda.n > 0) {
        char *const folder = agenda.path[--agenda.n];
        const int is_wanted = !walk->enter || walk->enter(walk->ctx, folder) >= 0;
        const int fd =
            is_wanted ? sct_beneath_open_unlinked(root, folder, FOLDER, 0) : -1;
        DIR *const dir = fd >= 0 ? fdopendir(fd) : NULL;
        if (dir) {
            status = list_folder(&agenda, dir, folder, walk);
            closedir(dir);
        } else if (fd >= 0) {
            close(fd);
            status = SCT_ERR_MEMORY;
        } else if (is_wanted) {
            miss(walk, folder, -fd);
        }
        free(folder);
    }
    while (agenda.n > 0)
        free(agenda.path[--agenda.n]);
    free(agenda.path);
    return status;
}

/* ---- folders in each other --------------------------------------------------------- */

int sct_walk_is_within(const char *outer, const char *inner)
{
    struct stat wanted, here, above;
    int result = -1, fd = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || stat(outer, &wanted) != 0 || fstat(fd, &here) != 0)
        goto done;
    for (;;) {
        if (here.st_dev == wanted.st_dev && here.st_ino == wanted.st_ino) {
            result = 1;
            break;
        }
        const int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (up < 0)
            break;
        close(fd);
        fd = up;
        if (fstat(fd, &above) != 0)
            break;
        if (above.st_dev == here.st_dev && above.st_ino == here.st_ino) {
            result = 0; /* the root is its own parent */
            break;
        }
        here = above;
    }
done:
    if (fd >= 0)
        close(fd);
    return result;
}
