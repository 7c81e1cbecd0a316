/* What the fuzz targets share: promises that are checked, bytes in memory as a source, options
 * out of an input's last bytes.
 *
 * With libFuzzer (SCT_FUZZ=ON, clang; ci/fuzz): fuzz_NAME FOLDER. Without it, replay.c has a main
 * that runs the files that it is given. */
#ifndef SCT_FUZZ_H
#define SCT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the code under test; the message is for who reads the crash. */
#define FUZZ_CHECK(promise, ...)                                                         \
    do {                                                                                 \
        if (!(promise)) {                                                                \
            fprintf(stderr, "%s:%d: broken: %s: ", __FILE__, __LINE__, #promise);        \
            fprintf(stderr, __VA_ARGS__);                                                \
            fprintf(stderr, "\n");                                                       \
            abort();                                                                     \
        }                                                                                \
    } while (0)

/* A source over bytes that gives at most piece_bytes (0: as many as wanted) at a time. */
struct fuzz_memory {
    const uint8_t *data;
    size_t size, piece_bytes, offset;
};

static inline int fuzz_read(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct fuzz_memory *m = (struct fuzz_memory *)ctx;
    const size_t left = m->size - m->offset;
    *n = left < capacity ? left : capacity;
    if (m->piece_bytes && *n > m->piece_bytes)
        *n = m->piece_bytes;
    memcpy(buffer, m->data + m->offset, *n);
    m->offset += *n;
    return SCT_OK;
}

/* Options are taken from the end of an input and stay part of it: what stands behind a picture
 * does no harm, and ordinary files are good seeds. */
struct fuzz_options {
    const uint8_t *data;
    size_t left;
};

/* 0..n-1, from the next byte; 0 when there is none. */
static inline int fuzz_take(struct fuzz_options *o, int n)
{
    return o->left ? o->data[--o->left] % n : 0;
}

/* A failure is one of the statuses below 0 and says why. */
static inline void fuzz_check_failure(int status, const struct sct_report *report)
{
    FUZZ_CHECK(status < 0 && strcmp(sct_status_name(status), "unknown") != 0, "%d",
               status);
    FUZZ_CHECK(report->message[0], "%s without a message", sct_status_name(status));
    FUZZ_CHECK(memchr(report->message, 0, sizeof report->message), "no end");
}

#endif
