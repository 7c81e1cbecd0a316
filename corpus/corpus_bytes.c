/* corpus_bytes.c: bytes, JPEG marker segments, files. See corpus_bytes.h. */
#include "corpus_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MARKER_RST0 = 0xD0,
    MARKER_RST7 = 0xD7,
    MARKER_SOI = 0xD8,
    MARKER_EOI = 0xD9,
    MARKER_SOS = 0xDA
};

_Noreturn void corpus_fail(const char *message, const char *subject)
{
    fprintf(stderr, "corpusgen: %s: %s\n", subject, message);
    exit(1);
}

static void reserve(struct corpus_bytes *bytes, size_t more)
{
    size_t capacity = bytes->capacity ? bytes->capacity : 256;
    while (capacity - bytes->size < more)
        capacity *= 2;
    if (capacity == bytes->capacity)
        return;
    unsigned char *data = realloc(bytes->data, capacity);
    if (!data)
        corpus_fail("out of memory", "bytes");
    bytes->data = data;
    bytes->capacity = capacity;
}

void corpus_bytes_free(struct corpus_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct corpus_bytes){0};
}

void corpus_bytes_put(struct corpus_bytes *bytes, const void *data, size_t size)
{
    corpus_bytes_splice(bytes, bytes->size, 0, data, size);
}

void corpus_bytes_put_text(struct corpus_bytes *bytes, const char *text)
{
    corpus_bytes_put(bytes, text, strlen(text));
}

void corpus_bytes_put_u8(struct corpus_bytes *bytes, unsigned value)
{
    unsigned char byte = (unsigned char)value;
    corpus_bytes_put(bytes, &byte, 1);
}

void corpus_bytes_put_u16(struct corpus_bytes *bytes, enum corpus_endian endian,
                          unsigned value)
{
    unsigned low = value & 0xFF, high = (value >> 8) & 0xFF;
    corpus_bytes_put_u8(bytes, endian == CORPUS_BIG ? high : low);
    corpus_bytes_put_u8(bytes, endian == CORPUS_BIG ? low : high);
}

void corpus_bytes_put_u32(struct corpus_bytes *bytes, enum corpus_endian endian,
                          unsigned long value)
{
    unsigned low = (unsigned)(value & 0xFFFF), high = (unsigned)((value >> 16) & 0xFFFF);
    corpus_bytes_put_u16(bytes, endian, endian == CORPUS_BIG ? high : low);
    corpus_bytes_put_u16(bytes, endian, endian == CORPUS_BIG ? low : high);
}

void corpus_bytes_put_fill(struct corpus_bytes *bytes, unsigned value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        corpus_bytes_put_u8(bytes, value);
}

void corpus_bytes_splice(struct corpus_bytes *bytes, size_t at, size_t removed,
                         const void *data, size_t inserted)
{
    if (at > bytes->size || removed > bytes->size - at)
        corpus_fail("splice past the end", "bytes");
    if (removed + inserted == 0)
        return;
    reserve(bytes, inserted);
    unsigned char *gap = bytes->data + at;
    memmove(gap + inserted, gap + removed, bytes->size - at - removed);
    if (inserted)
        memcpy(gap, data, inserted);
    bytes->size = bytes->size - removed + inserted;
}

void corpus_bytes_put_segment(struct corpus_bytes *bytes, unsigned marker,
                              const struct corpus_bytes *payload)
{
    if (payload->size > 65533)
        corpus_fail("longer than a marker segment can be", "payload");
    corpus_bytes_put_u8(bytes, 0xFF);
    corpus_bytes_put_u8(bytes, marker);
    corpus_bytes_put_u16(bytes, CORPUS_BIG, (unsigned)payload->size + 2);
    corpus_bytes_put(bytes, payload->data, payload->size);
}

static int is_restart(unsigned marker)
{
    return marker >= MARKER_RST0 && marker <= MARKER_RST7;
}

static size_t measure_segment(const struct corpus_bytes *bytes, size_t at)
{
    unsigned marker = bytes->data[at + 1];
    if (marker == MARKER_SOI || marker == MARKER_EOI || is_restart(marker))
        return 2;
    return 2 + (size_t)bytes->data[at + 2] * 256 + bytes->data[at + 3];
}

/* The next FF that is followed by neither 00 (a stuffed byte) nor FF (fill). */
static size_t skip_entropy(const struct corpus_bytes *bytes, size_t at)
{
    while (at + 1 < bytes->size &&
           (bytes->data[at] != 0xFF || bytes->data[at + 1] == 0x00 ||
            bytes->data[at + 1] == 0xFF))
        at++;
    return at;
}

size_t corpus_bytes_find_marker(const struct corpus_bytes *bytes, unsigned marker,
                                int nth)
{
    size_t at = 0;
    while (at + 1 < bytes->size) {
        unsigned found = bytes->data[at + 1];
        if (found == marker && nth-- == 0)
            return at;
        if (found == MARKER_EOI)
            break;
        at += measure_segment(bytes, at);
        if (found == MARKER_SOS || is_restart(found))
            at = skip_entropy(bytes, at);
    }
    char name[16];
    snprintf(name, sizeof name, "marker FF%02X", marker);
    corpus_fail("not in this JPEG", name);
}

size_t corpus_bytes_segment_size(const struct corpus_bytes *bytes, size_t at)
{
    return measure_segment(bytes, at);
}

size_t corpus_bytes_scan_begin(const struct corpus_bytes *bytes, int nth)
{
    size_t sos = corpus_bytes_find_marker(bytes, MARKER_SOS, nth);
    return sos + measure_segment(bytes, sos);
}

size_t corpus_bytes_scan_end(const struct corpus_bytes *bytes, int nth)
{
    size_t at = skip_entropy(bytes, corpus_bytes_scan_begin(bytes, nth));
    while (at + 1 < bytes->size && is_restart(bytes->data[at + 1]))
        at = skip_entropy(bytes, at + 2);
    return at;
}

void corpus_bytes_save(const struct corpus_bytes *bytes, const char *folder,
                       const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        corpus_fail("path too long", name);
    FILE *file = fopen(path, "wb");
    if (!file)
        corpus_fail("cannot be created", path);
    size_t written = bytes->size ? fwrite(bytes->data, 1, bytes->size, file) : 0;
    if (fclose(file) != 0 || written != bytes->size)
        corpus_fail("cannot be written", path);
}
