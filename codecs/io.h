/* Bytes in, bytes out, and what a codec has to say beside its status.
 *
 * Sources and sinks are two function pointers each, so that a file, a pipe, a buffer and
 * an object in a store look the same to every codec. */
#ifndef SCT_IO_H
#define SCT_IO_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sct_source {
    /* Reads up to `capacity` bytes (> 0) and sets *n to how many; fewer than asked is
     * normal, 0 means the end and only the end. SCT_OK or SCT_ERR_IO. */
    int (*read)(void *ctx, void *buffer, size_t capacity, size_t *n);
    void *ctx;
};

struct sct_sink {
    /* Takes all n bytes or fails. SCT_OK or SCT_ERR_IO. */
    int (*write)(void *ctx, const void *data, size_t n);
    void *ctx;
};

/* What there is to say about one input beside the status. The caller zeroes it first.
 * Codecs fill it in; the first message of a failure stays. */
struct sct_report {
    char message[256]; /* for people: one sentence without a full stop, or "" */
    int damage; /* 0, or SCT_ERR_TRUNCATED / SCT_ERR_CORRUPT: what salvage overlooked */
    int damaged_row;   /* first row of the picture that may be wrong; -1: not known;
                          meaningful when damage != 0 */
    int n_warnings;    /* oddities that were tolerated */
    char warning[256]; /* the first of them, or "" */
};

/* Writes report->message unless it is taken already; returns `status`, so that a codec
 * can `return sct_report_fail(report, SCT_ERR_CORRUPT, "...", ...)`. report may be NULL.
 */
SCT_API int sct_report_fail(struct sct_report *report, int status, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

/* Counts a warning and keeps the first one's text. report may be NULL. */
SCT_API void sct_report_warn(struct sct_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum { SCT_READER_BYTES = 65536 };

/* A source with a buffer in front of it, so that the format can be recognised before a
 * decoder is chosen. `data` is the first unread byte, n_bytes how many are there. */
struct sct_reader {
    struct sct_source source;
    const uint8_t *data;
    size_t n_bytes;
    uint64_t total_bytes; /* read from the source so far */
    int at_end;           /* the source has said so */
    int status;           /* sticky error of the source */
    uint8_t buffer[SCT_READER_BYTES];
};

SCT_API void sct_reader_init(struct sct_reader *r, const struct sct_source *source);

/* Makes sure that at least `wanted` (<= SCT_READER_BYTES) bytes are in front, or all that
 * there are: n_bytes tells. Keeps unread bytes. SCT_OK or SCT_ERR_IO. */
SCT_API int sct_reader_peek(struct sct_reader *r, size_t wanted);

/* With nothing left in front, reads the next piece, of any size. SCT_OK with n_bytes > 0,
 * SCT_DONE at the end, SCT_ERR_IO. */
SCT_API int sct_reader_next(struct sct_reader *r);

#ifdef __cplusplus
}
#endif
#endif
