/* What the tests of codecs share: bytes from files, sources that deliver them in pieces,
 * folders of pictures. Everything fails the running cmocka test when it cannot do its
 * work. */
#ifndef CODEC_TEST_H
#define CODEC_TEST_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* scandir; include this header first */
#endif

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io.h"

struct bytes {
    uint8_t *data; /* malloc'ed, of exactly this size: the sanitizer sees reads past it */
    size_t size;
};

static inline struct bytes bytes_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s cannot be opened", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    struct bytes b = {malloc(size ? (size_t)size : 1), (size_t)size};
    assert_non_null(b.data);
    assert_int_equal(fread(b.data, 1, b.size, file), b.size);
    fclose(file);
    return b;
}

static inline void bytes_free(struct bytes *b)
{
    free(b->data);
    b->data = NULL;
}

/* A source over bytes that hands over at most `piece` at a time and can fail on the way.
 */
struct piece_source {
    const uint8_t *data;
    size_t size, at, piece;
    size_t fail_at; /* reading beyond this offset fails; 0: never */
};

static inline int piece_read(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct piece_source *s = ctx;
    size_t count = s->size - s->at;
    if (count > s->piece)
        count = s->piece;
    if (count > capacity)
        count = capacity;
    if (s->fail_at && s->at + count > s->fail_at)
        return SCT_ERR_IO;
    if (count) /* memcpy from NULL is undefined, even of nothing */
        memcpy(buffer, s->data + s->at, count);
    s->at += count;
    *n = count;
    return SCT_OK;
}

/* A sink that keeps what it gets and can fail. */
struct keep_sink {
    struct bytes kept;
    size_t capacity;
    size_t fail_at; /* a write beyond this size fails; 0: never */
};

static inline int keep_write(void *ctx, const void *data, size_t n)
{
    struct keep_sink *s = ctx;
    if (s->fail_at && s->kept.size + n > s->fail_at)
        return SCT_ERR_IO;
    if (s->kept.size + n > s->capacity) {
        s->capacity = 2 * (s->kept.size + n);
        s->kept.data = realloc(s->kept.data, s->capacity);
        assert_non_null(s->kept.data);
    }
    memcpy(s->kept.data + s->kept.size, data, n);
    s->kept.size += n;
    return SCT_OK;
}

static inline int bytes_contain(const struct bytes *b, const void *what, size_t n)
{
    for (size_t i = 0; i + n <= b->size; i++)
        if (!memcmp(b->data + i, what, n))
            return 1;
    return 0;
}

/* A folder that the environment has to name. */
static inline const char *folder_from(const char *variable)
{
    const char *folder = getenv(variable);
    if (!folder || !folder[0])
        fail_msg("%s must name a folder", variable);
    return folder;
}

/* A file of the generated corpus, of corpus/bad. */
static inline struct bytes read_corpus(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder_from("SCT_CORPUS"), name);
    return bytes_read(path);
}

static inline struct bytes read_bad(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/corpus/bad/%s", folder_from("SCT_SOURCE_DIR"), name);
    return bytes_read(path);
}

static inline int is_jpeg_name(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".jpg");
}

/* Calls visit for every *.jpg of the folder, in alphabetical order; returns how many. */
static inline int for_each_jpeg(const char *folder,
                                void (*visit)(const char *name, const struct bytes *file))
{
    struct dirent **entries;
    const int n = scandir(folder, &entries, is_jpeg_name, alphasort);
    if (n < 0)
        fail_msg("%s cannot be listed", folder);
    for (int i = 0; i < n; i++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        struct bytes file = bytes_read(path);
        visit(entries[i]->d_name, &file);
        bytes_free(&file);
        free(entries[i]);
    }
    free(entries);
    return n;
}

#endif
