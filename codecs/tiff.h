/* Private to codecs: reading and overwriting numbers of a TIFF stream, which is what EXIF is.
 *
 *     "II" or "MM", 42, offset of IFD0 | ... IFD0 ... IFD1 ...
 *     IFD: u16 n, n entries of 12 bytes (tag, type, count, value or offset), u32 next IFD
 *
 * Reading past the end gives 0, writing there does nothing. */
#ifndef SCT_TIFF_H
#define SCT_TIFF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SCT_TIFF_ASCII = 2, SCT_TIFF_SHORT = 3, SCT_TIFF_LONG = 4 };

struct sct_tiff {
    const uint8_t *data;
    size_t n_bytes;
    int big_endian;
};

static inline unsigned sct_tiff_u16(const struct sct_tiff *t, size_t at)
{
    if (at > t->n_bytes || t->n_bytes - at < 2)
        return 0;
    const uint8_t *p = t->data + at;
    return t->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static inline uint32_t sct_tiff_u32(const struct sct_tiff *t, size_t at)
{
    if (at > t->n_bytes || t->n_bytes - at < 4)
        return 0;
    const uint32_t first = sct_tiff_u16(t, at), second = sct_tiff_u16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

/* Whether these bytes are a TIFF stream; sets *t. */
static inline int sct_tiff_open(struct sct_tiff *t, const uint8_t *data, size_t n_bytes)
{
    if (n_bytes < 8 || (memcmp(data, "II", 2) && memcmp(data, "MM", 2)))
        return 0;
    *t = (struct sct_tiff){data, n_bytes, data[0] == 'M'};
    return sct_tiff_u16(t, 2) == 42;
}

/* The number of entries of the directory at `ifd` that lie inside the stream. */
static inline unsigned sct_tiff_count(const struct sct_tiff *t, size_t ifd)
{
    const unsigned n = ifd ? sct_tiff_u16(t, ifd) : 0;
    const size_t room =
        t->n_bytes >= 2 && ifd <= t->n_bytes - 2 ? (t->n_bytes - 2 - ifd) / 12 : 0;
    return n <= room ? n : (unsigned)room;
}

/* The offset of the first entry with that tag in the directory at `ifd`, or 0, where the TIFF
 * header is and no entry can be. */
static inline size_t sct_tiff_find(const struct sct_tiff *t, size_t ifd, unsigned tag)
{
    const unsigned n = sct_tiff_count(t, ifd);
    for (unsigned i = 0; i < n; i++)
        if (sct_tiff_u16(t, ifd + 2 + 12 * (size_t)i) == tag)
            return ifd + 2 + 12 * (size_t)i;
    return 0;
}

/* The directory that follows the one at `ifd`, or 0. */
static inline size_t sct_tiff_next(const struct sct_tiff *t, size_t ifd)
{
    return ifd ? sct_tiff_u32(t, ifd + 2 + 12 * (size_t)sct_tiff_u16(t, ifd)) : 0;
}

static inline void sct_tiff_put_u16(const struct sct_tiff *t, uint8_t *copy, size_t at,
                                    unsigned value)
{
    if (at > t->n_bytes || t->n_bytes - at < 2)
        return;
    copy[at + (t->big_endian ? 0 : 1)] = (uint8_t)(value >> 8);
    copy[at + (t->big_endian ? 1 : 0)] = (uint8_t)value;
}

static inline void sct_tiff_put_u32(const struct sct_tiff *t, uint8_t *copy, size_t at,
                                    uint32_t value)
{
    if (at > t->n_bytes || t->n_bytes - at < 4)
        return;
    sct_tiff_put_u16(t, copy, at + (t->big_endian ? 0 : 2), value >> 16);
    sct_tiff_put_u16(t, copy, at + (t->big_endian ? 2 : 0), value & 0xFFFF);
}

#endif
