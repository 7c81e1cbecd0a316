/* Private to the WebP codec: about what SSIMULACRA2 would say of a lossy file, against the planes
 * that it was made of. */
#ifndef SCT_WEBP_SCORE_H
#define SCT_WEBP_SCORE_H

#include <stddef.h>
#include <stdint.h>

#include <webp/encode.h>

#include "dsp.h"

typedef struct sct_webp_score sct_webp_score;

/* That create allocates. */
size_t sct_webp_score_bytes(int width, int height);

/* picture: 4:2:0, its planes may come later; it and dsp are borrowed until free. Rows of planes
 * are at least 8 samples. is_gray: chroma is not looked at. SCT_ERR_MEMORY. */
int sct_webp_score_create(sct_webp_score **out, const WebPPicture *picture, int is_gray,
                          const struct sct_dsp *dsp);
void sct_webp_score_free(sct_webp_score *s); /* accepts NULL */

/* Looks at the planes, once, when they are there. */
void sct_webp_score_start(sct_webp_score *s);

/* The estimated score of a file, at most 100. On photographs it is off by 2.4 points (root of the
 * mean square, each photograph estimated by what the others taught) between 50 and 92, and by 8.5
 * at most. SCT_ERR_MEMORY, also for what is no such file. */
int sct_webp_score_estimate(sct_webp_score *s, const uint8_t *file, size_t n_bytes,
                            double *score);

#endif
