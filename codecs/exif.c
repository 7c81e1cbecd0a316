/* A small EXIF reader (CIPA DC-008, which is TIFF 6.0 inside).
 *
 *     "Exif" 0 0 | "II" or "MM", 42, offset of IFD0 | ... IFD0 ... IFD1 ...
 *     IFD: u16 n, n entries of 12 bytes (tag, type, count, value or offset), u32 next IFD
 *
 * 1. Every number is read through tiff.h, which checks the bounds and gives 0
 * past the end.
 * 2. Exactly two directories are looked at, IFD0 and the one that it names as next,
 * whatever the offsets say: there is nothing that could loop. */
#include "exif.h"

#include <string.h>

#include "tiff.h"

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_THUMBNAIL = 0x0201, /* JPEGInterchangeFormat */
    TAG_GPS = 0x8825
};

int sct_exif_probe(const uint8_t *payload, size_t n_bytes)
{
    return n_bytes >= 6 && !memcmp(payload, "Exif\0\0", 6);
}

void sct_exif_read(struct sct_exif *exif, const uint8_t *payload, size_t n_bytes)
{
    *exif = (struct sct_exif){.orientation = 1};
    if (sct_exif_probe(payload, n_bytes))
        sct_exif_read_tiff(exif, payload + 6, n_bytes - 6);
}

void sct_exif_read_tiff(struct sct_exif *exif, const uint8_t *data, size_t n_bytes)
{
    struct sct_tiff t;
    *exif = (struct sct_exif){.orientation = 1};
    if (!sct_tiff_open(&t, data, n_bytes))
        return;

    const size_t ifd0 = sct_tiff_u32(&t, 4);
    const size_t at = sct_tiff_find(&t, ifd0, TAG_ORIENTATION);
    if (at && sct_tiff_u16(&t, at + 2) == SCT_TIFF_SHORT && sct_tiff_u32(&t, at + 4) == 1)
    {
        const unsigned value = sct_tiff_u16(&t, at + 8);
        if (value >= 1 && value <= 8)
            exif->orientation = (int)value;
    }
    exif->has_gps = sct_tiff_find(&t, ifd0, TAG_GPS) != 0;

    const size_t ifd1 = sct_tiff_next(&t, ifd0);
    exif->has_thumbnail = sct_tiff_find(&t, ifd1, TAG_THUMBNAIL) != 0;
}
