/* Output files.
 *
 *     open  --> TEMP:   buffer -> temporary file   --close(ok)--> rename    --> published
 *          '--> STREAM: buffer grows               --close(ok)--> write all --> published
 *     close(failure): the temporary file is removed, the buffer is freed
 *
 * Invariants:
 *   1. under the final name there is the old file or the whole new one, never a part;
 *   2. fd >= 0 and temp != NULL exactly while a file is being written. */
#define _GNU_SOURCE 1
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

enum { FLUSH_BYTES = 1 << 16 };

struct outfile {
    struct sct_outset *set;
    const char *path;
    int is_stream, is_published;
    int fd;
    char *temp;
    uint8_t *data;
    size_t n_bytes, capacity;
};

struct sct_outset {
    struct sct_outset_spec spec;
    char message[256];
    struct outfile file[]; /* spec.n */
};

__attribute__((format(printf, 2, 3))) static int fail_set(struct sct_outset *set,
                                                          const char *format, ...)
{
    if (!set->message[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(set->message, sizeof set->message, format, args);
        va_end(args);
    }
    return SCT_ERR_IO;
}

/* 0 or an errno. */
static int write_all(int fd, const uint8_t *data, size_t n)
{
    while (n > 0) {
        const ssize_t written = write(fd, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        data += written;
        n -= (size_t)written;
    }
    return 0;
}

static int flush_file(struct outfile *f, int fd)
{
    const int error = write_all(fd, f->data, f->n_bytes);
    f->n_bytes = 0;
    if (error)
        return fail_set(f->set, "writing %s failed: %s",
                        strcmp(f->path, "-") == 0 ? "to stdout" : f->path,
                        strerror(error));
    return SCT_OK;
}

static int write_bytes(void *ctx, const void *data, size_t n)
{
    struct outfile *const f = ctx;
    if (n > f->capacity - f->n_bytes) {
        if (!f->is_stream && f->n_bytes > 0 && flush_file(f, f->fd) != SCT_OK)
            return SCT_ERR_IO;
        size_t capacity = f->capacity ? f->capacity : FLUSH_BYTES;
        while (capacity - f->n_bytes < n) {
            if (capacity > SIZE_MAX / 2)
                return fail_set(f->set, "out of memory");
            capacity *= 2;
        }
        if (capacity > f->capacity) {
            uint8_t *const larger = realloc(f->data, capacity);
            if (!larger)
                return fail_set(f->set, "out of memory");
            f->data = larger;
            f->capacity = capacity;
        }
    }
    if (n > 0)
        memcpy(f->data + f->n_bytes, data, n);
    f->n_bytes += n;
    return SCT_OK;
}

static void drop_buffer(struct outfile *f)
{
    free(f->data);
    f->data = NULL;
    f->n_bytes = f->capacity = 0;
}

static int open_file(void *ctx, int variant, const struct sct_output *output,
                     struct sct_sink *sink)
{
    struct sct_outset *const set = ctx;
    struct outfile *const f = &set->file[variant];
    struct stat st;
    (void)output;
    sink->write = write_bytes;
    sink->ctx = f;
    f->is_stream = strcmp(f->path, "-") == 0;
    if (!f->is_stream && stat(f->path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return fail_set(set, "%s is a folder", f->path);
        f->is_stream = !S_ISREG(st.st_mode);
    }
    if (f->is_stream)
        return SCT_OK;
    int error = set->spec.makes_folders ? sct_path_make_folders(f->path) : 0;
    if (!error)
        error = sct_tempfiles_open(set->spec.tempfiles, f->path, &f->fd, &f->temp);
    if (error)
        return fail_set(set, "cannot create %s: %s", f->path, strerror(error));
    return SCT_OK;
}

static int publish_stream(struct outfile *f)
{
    if (strcmp(f->path, "-") == 0)
        return flush_file(f, STDOUT_FILENO);
    const int fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_set(f->set, "cannot open %s: %s", f->path, strerror(errno));
    int status = flush_file(f, fd);
    if (close(fd) != 0 && status == SCT_OK)
        status = fail_set(f->set, "writing %s failed: %s", f->path, strerror(errno));
    return status;
}

static int publish_file(struct outfile *f)
{
    int status = flush_file(f, f->fd);
    /* Some file systems have no permissions to set; the picture is not worse for it. */
    const mode_t mode = f->set->spec.mode & ~sct_tempfiles_umask(f->set->spec.tempfiles);
    if (status == SCT_OK && fchmod(f->fd, mode) != 0 && errno != EPERM &&
        errno != ENOTSUP)
        status = fail_set(f->set, "cannot set the permissions of %s: %s", f->path,
                          strerror(errno));
    /* Network file systems report a full disk here. */
    if (close(f->fd) != 0 && status == SCT_OK)
        status = fail_set(f->set, "writing %s failed: %s", f->path, strerror(errno));
    f->fd = -1;
    char *const temp = f->temp;
    f->temp = NULL;
    if (status != SCT_OK) {
        sct_tempfiles_discard(f->set->spec.tempfiles, temp);
        return status;
    }
    const int error = sct_tempfiles_publish(f->set->spec.tempfiles, temp, f->path);
    return error ? fail_set(f->set, "cannot rename to %s: %s", f->path, strerror(error))
                 : SCT_OK;
}

static void discard_file(struct outfile *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    if (f->temp)
        sct_tempfiles_discard(f->set->spec.tempfiles, f->temp);
    f->temp = NULL;
    drop_buffer(f);
}

static int close_file(void *ctx, int variant, int status)
{
    struct sct_outset *const set = ctx;
    struct outfile *const f = &set->file[variant];
    if (status == SCT_OK) {
        status = f->is_stream ? publish_stream(f) : publish_file(f);
        f->is_published = status == SCT_OK;
    }
    discard_file(f);
    return status;
}

int sct_outset_create(sct_outset **out, const struct sct_outset_spec *spec)
{
    struct sct_outset *const set =
        calloc(1, sizeof *set + (size_t)spec->n * sizeof set->file[0]);
    *out = set;
    if (!set)
        return SCT_ERR_MEMORY;
    set->spec = *spec;
    for (int i = 0; i < spec->n; i++) {
        set->file[i].set = set;
        set->file[i].path = spec->path[i];
        set->file[i].fd = -1;
    }
    return SCT_OK;
}

void sct_outset_free(sct_outset *set)
{
    if (!set)
        return;
    for (int i = 0; i < set->spec.n; i++)
        discard_file(&set->file[i]);
    free(set);
}

struct sct_target sct_outset_target(sct_outset *set)
{
    const struct sct_target target = {.open = open_file, .close = close_file, .ctx = set};
    return target;
}

const char *sct_outset_message(const sct_outset *set)
{
    return set->message;
}

int sct_outset_is_published(const sct_outset *set, int i)
{
    return set->file[i].is_published;
}
