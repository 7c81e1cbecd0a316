/* A small EXIF reader (CIPA DC-008, which is TIFF 6.0 inside).
 *
 *     "Exif" 0 0 | "II" or "MM", 42, offset of IFD0 | ... IFD0 ... IFD1 ...
 *     IFD: u16 n, n entries of 12 bytes (tag, type, count, value or offset), u32 next IFD
 *
 * 1. Every byte is read through read_u16 or read_u32, which check the bounds and give 0
 * past the end.
 * 2. Exactly two directories are looked at, IFD0 and the one that it names as next,
 * whatever the offsets say: there is nothing that could loop. */
#include "exif.h"

#include <string.h>

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_THUMBNAIL = 0x0201, /* JPEGInterchangeFormat */
    TAG_GPS = 0x8825,
    TYPE_SHORT = 3
};

struct tiff {
    const uint8_t *data;
    size_t n_bytes;
    int big_endian;
};

static unsigned read_u16(const struct tiff *t, size_t at)
{
    if (at > t->n_bytes || t->n_bytes - at < 2)
        return 0;
    const uint8_t *p = t->data + at;
    return t->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static uint32_t read_u32(const struct tiff *t, size_t at)
{
    if (at > t->n_bytes || t->n_bytes - at < 4)
        return 0;
    const uint32_t first = read_u16(t, at), second = read_u16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

/* The offset of the entry with that tag in the directory at `ifd`, or 0, where the TIFF
 * header is and no entry can be. */
static size_t find_entry(const struct tiff *t, size_t ifd, unsigned tag)
{
    const unsigned n = ifd ? read_u16(t, ifd) : 0;
    for (unsigned i = 0; i < n; i++) {
        const size_t at = ifd + 2 + 12 * (size_t)i;
        if (at > t->n_bytes || t->n_bytes - at < 12)
            break;
        if (read_u16(t, at) == tag)
            return at;
    }
    return 0;
}

int sct_exif_probe(const uint8_t *payload, size_t n_bytes)
{
    return n_bytes >= 6 && !memcmp(payload, "Exif\0\0", 6);
}

void sct_exif_read(struct sct_exif *exif, const uint8_t *payload, size_t n_bytes)
{
    *exif = (struct sct_exif){.orientation = 1};
    if (!sct_exif_probe(payload, n_bytes))
        return;

    struct tiff t = {.data = payload + 6, .n_bytes = n_bytes - 6};
    if (t.n_bytes < 8 || (memcmp(t.data, "II", 2) && memcmp(t.data, "MM", 2)))
        return;
    t.big_endian = t.data[0] == 'M';
    if (read_u16(&t, 2) != 42)
        return;

    const size_t ifd0 = read_u32(&t, 4);
    const size_t at = find_entry(&t, ifd0, TAG_ORIENTATION);
    if (at && read_u16(&t, at + 2) == TYPE_SHORT && read_u32(&t, at + 4) == 1) {
        const unsigned value = read_u16(&t, at + 8);
        if (value >= 1 && value <= 8)
            exif->orientation = (int)value;
    }
    exif->has_gps = find_entry(&t, ifd0, TAG_GPS) != 0;

    const size_t ifd1 =
        ifd0 ? read_u32(&t, ifd0 + 2 + 12 * (size_t)read_u16(&t, ifd0)) : 0;
    exif->has_thumbnail = find_entry(&t, ifd1, TAG_THUMBNAIL) != 0;
}
