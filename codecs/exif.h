/* What we need to know of EXIF: how to turn the picture, and what must not be published.
 */
#ifndef SCT_EXIF_H
#define SCT_EXIF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sct_exif {
    int orientation;   /* 1..8 */
    int has_gps;       /* there is a GPS directory */
    int has_thumbnail; /* there is a JPEG in IFD1 */
};

/* Whether an APP1 payload is EXIF: "Exif", two zeros. */
int sct_exif_probe(const uint8_t *payload, size_t n_bytes);

/* Reads a payload, with its "Exif\0\0". It never fails: what is broken or missing counts
 * as absent, and the orientation is 1 then. */
void sct_exif_read(struct sct_exif *exif, const uint8_t *payload, size_t n_bytes);

/* The same for a bare TIFF stream, as PNG and WebP have it; NULL and 0 are fine. */
void sct_exif_read_tiff(struct sct_exif *exif, const uint8_t *data, size_t n_bytes);

#ifdef __cplusplus
}
#endif
#endif
