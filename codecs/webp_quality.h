/* At which quality a lossy WebP was written, as far as its header tells. */
#ifndef SCT_WEBP_QUALITY_H
#define SCT_WEBP_QUALITY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The quality, 1..100, at which libwebp would have chosen the quantisers of this VP8 key frame
 * (the payload of the chunk); 0 when its header cannot be read. An estimate: libwebp adapts
 * them to the picture. */
int sct_webp_quality(const uint8_t *vp8, size_t n_bytes);

#ifdef __cplusplus
}
#endif
#endif
