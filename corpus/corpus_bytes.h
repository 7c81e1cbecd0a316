/* corpus_bytes.h: a growing run of bytes, and the marker walk that the damage is built
 * on.
 *
 * The generator is a short-lived program: running out of memory, or asking for a marker
 * that is not there, prints a line and exits with status 1. No function here returns a
 * status.
 */
#ifndef CORPUS_BYTES_H
#define CORPUS_BYTES_H

#include <stddef.h>

/* Zero-initialise to make an empty one; release with corpus_bytes_free. */
struct corpus_bytes {
    unsigned char *data;
    size_t size, capacity;
};

enum corpus_endian { CORPUS_LITTLE, CORPUS_BIG };

void corpus_bytes_free(struct corpus_bytes *bytes);
void corpus_bytes_put(struct corpus_bytes *bytes, const void *data, size_t size);
void corpus_bytes_put_text(struct corpus_bytes *bytes,
                           const char *text); /* without its NUL */
void corpus_bytes_put_u8(struct corpus_bytes *bytes, unsigned value);
void corpus_bytes_put_u16(struct corpus_bytes *bytes, enum corpus_endian endian,
                          unsigned value);
void corpus_bytes_put_u32(struct corpus_bytes *bytes, enum corpus_endian endian,
                          unsigned long value);
/* Appends `count` times the byte `value`. */
void corpus_bytes_put_fill(struct corpus_bytes *bytes, unsigned value, size_t count);

/* Replaces `removed` bytes at `at` by `inserted` bytes of `data`; either may be 0. */
void corpus_bytes_splice(struct corpus_bytes *bytes, size_t at, size_t removed,
                         const void *data, size_t inserted);

/* Appends a marker segment: FF, `marker`, the length that counts itself, the payload. */
void corpus_bytes_put_segment(struct corpus_bytes *bytes, unsigned marker,
                              const struct corpus_bytes *payload);

/* Offset of the FF of the `nth` (from 0) marker of that code. Walks segments and skips
 * entropy- coded data, so that a code inside a payload is not taken for a marker.
 * `marker` may be RSTn. Works on undamaged JPEGs only; exits when there is no such
 * marker. */
size_t corpus_bytes_find_marker(const struct corpus_bytes *bytes, unsigned marker,
                                int nth);

/* Bytes of the segment whose FF is at `at`: marker, length and payload. */
size_t corpus_bytes_segment_size(const struct corpus_bytes *bytes, size_t at);

/* First entropy-coded byte of the `nth` scan, and the first byte after it (the next
 * marker that is not RSTn). */
size_t corpus_bytes_scan_begin(const struct corpus_bytes *bytes, int nth);
size_t corpus_bytes_scan_end(const struct corpus_bytes *bytes, int nth);

/* Writes folder/name. Exits when it cannot. */
void corpus_bytes_save(const struct corpus_bytes *bytes, const char *folder,
                       const char *name);

/* Prints "corpusgen: message" and exits with status 1. */
_Noreturn void corpus_fail(const char *message, const char *subject);

#endif
