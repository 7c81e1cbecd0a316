/* Stamps, as text: "1 SETTINGS MARK KEY". The key comes last and may hold anything. */
#define _GNU_SOURCE 1
#include "stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "paths.h"
#include "status.h"

static const char attribute[] = "user.scantling";

enum { TEXT_BYTES = SCT_STAMP_KEY_BYTES + 80 };

void sct_stamp_mark(char mark[48], const struct stat *st)
{
    snprintf(mark, 48, "%llx-%llx.%lx", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec);
}

static size_t print_stamp(char text[TEXT_BYTES], const struct sct_stamp *stamp)
{
    return (size_t)snprintf(text, TEXT_BYTES, "1 %s %s %s", stamp->settings, stamp->mark,
                            stamp->key);
}

static int scan_stamp(const char *text, struct sct_stamp *stamp)
{
    int n = 0;
    if (sscanf(text, "1 %19[0-9a-f] %47[0-9a-f.-] %n", stamp->settings, stamp->mark,
               &n) != 2 ||
        n == 0 || strlen(text + n) >= sizeof stamp->key)
        return 0;
    memcpy(stamp->key, text + n, strlen(text + n) + 1);
    return 1;
}

/* The name of the file beside, or NULL; the caller frees it. */
static char *name_beside(const char *path)
{
    const char *const leaf = sct_path_leaf(path);
    char *beside = NULL;
    return asprintf(&beside, "%.*s.%s.stamp", (int)(leaf - path), path, leaf) < 0
               ? NULL
               : beside;
}

int sct_stamp_put(int fd, const struct sct_stamp *stamp)
{
    char text[TEXT_BYTES];
    const size_t n = print_stamp(text, stamp);
    return fsetxattr(fd, attribute, text, n, 0) == 0 ? SCT_OK : SCT_DONE;
}

int sct_stamp_put_beside(sct_tempfiles *tempfiles, const char *path,
                         const struct sct_stamp *stamp)
{
    char text[TEXT_BYTES], *temp;
    int fd;
    const size_t n = print_stamp(text, stamp);
    char *const beside = name_beside(path);
    int error = beside ? sct_tempfiles_open(tempfiles, beside, &fd, &temp) : ENOMEM;
    if (!error) {
        if (write(fd, text, n) != (ssize_t)n)
            error = errno ? errno : EIO;
        if (close(fd) != 0)
            error = errno;
        if (error)
            sct_tempfiles_discard(tempfiles, temp);
        else
            error = sct_tempfiles_publish(tempfiles, temp, beside);
    }
    free(beside);
    return error ? SCT_ERR_IO : SCT_OK;
}

static ssize_t read_beside(const char *path, char *text, size_t capacity)
{
    struct stat st;
    char *const beside = stat(path, &st) == 0 ? name_beside(path) : NULL;
    const int fd = beside ? open(beside, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    const ssize_t n = fd >= 0 ? read(fd, text, capacity) : -1;
    if (fd >= 0)
        close(fd);
    free(beside);
    return n;
}

int sct_stamp_read(const char *path, struct sct_stamp *stamp)
{
    char text[TEXT_BYTES];
    ssize_t n = lgetxattr(path, attribute, text, sizeof text - 1);
    if (n < 0 && errno != ENOENT)
        n = read_beside(path, text, sizeof text - 1);
    if (n < 0)
        return 0;
    text[n] = '\0';
    return scan_stamp(text, stamp);
}

int sct_stamp_remove(const char *path)
{
    char *const beside = name_beside(path);
    const int error = unlink(path) == 0 ? 0 : errno;
    if (beside)
        unlink(beside);
    free(beside);
    return error;
}
