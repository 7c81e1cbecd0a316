/* Input files as sources: read(2), with the reason kept when it fails. There is no buffer
 * here; the codec's reader has one. */
#define _GNU_SOURCE 1
#include "infile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sct_infile_look(struct sct_infile_facts *facts, const char *path, char *message,
                    size_t message_bytes)
{
    const int is_stdin = strcmp(path, "-") == 0;
    struct stat st;
    if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0) {
        snprintf(message, message_bytes, "%s", strerror(errno));
        return SCT_ERR_IO;
    }
    if (S_ISDIR(st.st_mode)) {
        snprintf(message, message_bytes, "this is a folder; name the pictures in it");
        return SCT_ERR_IO;
    }
    const struct sct_infile_facts found = {
        .is_stdin = is_stdin,
        .is_regular = !is_stdin && S_ISREG(st.st_mode),
        .mode = !is_stdin && S_ISREG(st.st_mode) ? st.st_mode & 0777 : 0666,
        .device = st.st_dev,
        .inode = st.st_ino,
    };
    *facts = found;
    return SCT_OK;
}

int sct_infile_open(struct sct_infile *f, const char *path)
{
    const struct sct_infile closed = {.fd = -1};
    *f = closed;
    if (strcmp(path, "-") == 0)
        f->fd = STDIN_FILENO;
    else
        f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (f->fd < 0) {
        snprintf(f->message, sizeof f->message, "%s", strerror(errno));
        return SCT_ERR_IO;
    }
    return SCT_OK;
}

void sct_infile_resume(struct sct_infile *f, int fd, const uint8_t *data, size_t n_bytes)
{
    const struct sct_infile opened = {.fd = fd, .data = data, .n_bytes = n_bytes};
    *f = opened;
}

static int read_some(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct sct_infile *const f = ctx;
    if (f->fd < 0 || f->position < f->n_bytes) {
        *n = f->n_bytes - f->position < capacity ? f->n_bytes - f->position : capacity;
        if (*n > 0)
            memcpy(buffer, f->data + f->position, *n);
        f->position += *n;
        return SCT_OK;
    }
    ssize_t got;
    do {
        got = read(f->fd, buffer, capacity);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        snprintf(f->message, sizeof f->message, "reading failed: %s", strerror(errno));
        *n = 0;
        return SCT_ERR_IO;
    }
    *n = (size_t)got;
    return SCT_OK;
}

struct sct_source sct_infile_source(struct sct_infile *f)
{
    const struct sct_source source = {.read = read_some, .ctx = f};
    return source;
}

int sct_infile_read_all(struct sct_infile *f, size_t max_bytes, uint8_t **data,
                        size_t *n_bytes)
{
    uint8_t *all = NULL;
    size_t capacity = 0, used = 0, n = 1;
    int status = SCT_OK;
    *data = NULL;
    while (n > 0) {
        if (used == capacity) {
            if (used >= max_bytes) {
                snprintf(
                    f->message, sizeof f->message,
                    "more than %zu bytes, which is the limit for input that can only be "
                    "read once",
                    max_bytes);
                status = SCT_ERR_TOO_LARGE;
                goto fail;
            }
            capacity = capacity ? capacity * 2 : 1 << 18;
            if (capacity > max_bytes)
                capacity = max_bytes;
            uint8_t *const larger = realloc(all, capacity);
            if (!larger) {
                status = SCT_ERR_MEMORY;
                goto fail;
            }
            all = larger;
        }
        status = read_some(f, all + used, capacity - used, &n);
        if (status != SCT_OK)
            goto fail;
        used += n;
    }
    *data = all;
    *n_bytes = used;
    return SCT_OK;
fail:
    free(all);
    return status;
}

void sct_infile_close(struct sct_infile *f)
{
    if (f->fd > STDIN_FILENO)
        close(f->fd);
    f->fd = -1;
}
