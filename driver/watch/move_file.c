/* A file goes from one folder to another.
 *
 *     rename, never over anything         done
 *       '-- other file system, or a file that we must not link
 *           --> copy --> fsync --> rename, never over anything --> fsync the folder
 *           --> unlink the source
 *                 '-- it cannot be --> unlink the copy */
#define _GNU_SOURCE 1
#include "move_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"
#include "paths.h"

static int write_all(int fd, const char *data, ssize_t n)
{
    while (n > 0) {
        const ssize_t written = write(fd, data, (size_t)n);
        if (written < 0 && errno != EINTR)
            return errno;
        data += written < 0 ? 0 : written;
        n -= written < 0 ? 0 : written;
    }
    return 0;
}

/* With permissions and times; they are for people, and no reason to fail. */
static int copy_data(int from, int to)
{
    enum { PIECE_BYTES = 1 << 16 };
    char *const piece = malloc(PIECE_BYTES);
    struct stat st;
    int error = piece ? 0 : ENOMEM;
    while (!error) {
        const ssize_t n = read(from, piece, PIECE_BYTES);
        if (n < 0 && errno != EINTR)
            error = errno;
        if (n == 0)
            break;
        if (n > 0)
            error = write_all(to, piece, n);
    }
    if (!error && fstat(from, &st) == 0) {
        const struct timespec times[2] = {st.st_atim, st.st_mtim};
        (void)!fchmod(to, st.st_mode & 0777);
        (void)!futimens(to, times);
    }
    if (!error && fsync(to) != 0)
        error = errno;
    free(piece);
    return error;
}

static void sync_folder_of(const char *path)
{
    char *const copy = strdup(path);
    char *const slash = copy ? strrchr(copy, '/') : NULL;
    if (slash) {
        *slash = '\0';
        const int fd =
            open(slash == copy ? "/" : copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd);
            close(fd);
        }
    }
    free(copy);
}

static int copy_file(int folder, const char *leaf, const char *path,
                     sct_tempfiles *tempfiles)
{
    int to;
    char *temp;
    const int from = openat(folder, leaf, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0)
        return errno;
    int error = sct_tempfiles_open(tempfiles, path, &to, &temp);
    if (!error) {
        error = copy_data(from, to);
        if (close(to) != 0 && !error)
            error = errno;
        if (!error)
            error = sct_beneath_rename_new(AT_FDCWD, temp, AT_FDCWD, path);
        /* After a success there is nothing left to remove. */
        sct_tempfiles_discard(tempfiles, temp);
    }
    close(from);
    if (error)
        return error;
    sync_folder_of(path);
    if (unlinkat(folder, leaf, 0) == 0 || errno == ENOENT)
        return 0;
    error = errno;
    unlink(path);
    return error;
}

int sct_move_file(int source, const char *key, const char *path, sct_tempfiles *tempfiles)
{
    const char *leaf;
    const int folder = sct_beneath_open_parent(source, key, &leaf);
    if (folder < 0)
        return -folder;
    int error = sct_path_make_folders(path);
    if (!error)
        error = sct_beneath_rename_new(folder, leaf, AT_FDCWD, path);
    if (error == EXDEV || error == EPERM)
        error = copy_file(folder, leaf, path, tempfiles);
    close(folder);
    return error;
}
