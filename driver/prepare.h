/* Preparing: what has to be done to samples before they are resized. Colours beside an alpha
 * are multiplied by it, so that what nobody sees bleeds nowhere; for a resize in linear light
 * sRGB's curve is undone. Both give 16 bits. */
#ifndef SCT_PREPARE_H
#define SCT_PREPARE_H

#include "decoder.h"

struct sct_prepare {
    int n_components, has_alpha, depth; /* of the picture */
    int width;
    ptrdiff_t stride_bytes; /* of the rows here */
    uint16_t *rows;         /* 8 for each component; owned */
    uint16_t *to_linear;    /* or NULL; owned */
};

/* Whether a picture, of SAMPLES on one grid, needs it. */
static inline int sct_prepare_is_needed(const struct sct_picture *picture, int is_linear)
{
    return picture->domain == SCT_SAMPLES && (picture->has_alpha || is_linear);
}

/* SCT_ERR_MEMORY; then nothing needs to be freed. */
int sct_prepare_create(struct sct_prepare *p, const struct sct_picture *picture,
                       int is_linear);
void sct_prepare_free(struct sct_prepare *p); /* accepts a zeroed one */

/* Bytes that create allocates, about. */
size_t sct_prepare_bytes(const struct sct_picture *picture, int is_linear);

/* *out is band `in` prepared: samples of 16 bits, until the next call. */
void sct_prepare_band(struct sct_prepare *p, const struct sct_band *in,
                      struct sct_band *out);

#endif
