/* Converting: from planes as they were resized to planes as an encoder takes them, band by
 * band. Only routes that are not direct need it. */
#ifndef SCT_CONVERT_H
#define SCT_CONVERT_H

#include "encoder.h"
#include "icc.h"
#include "plane.h"
#include "route.h"

struct sct_convert {
    struct sct_route route;
    enum sct_model model; /* of the planes that come */
    int n_in;             /* of them, alpha included */
    int n_colours; /* that alpha is taken away from: gray may have to become three */
    int is_limited;
    sct_icc_transform *transform; /* or NULL; owned */
    int width, height;            /* pixels */
    int band_rows;                /* pixels in a full band */
    int next_band;
    uint16_t background[3]; /* in the light in which it is laid under */
    uint16_t *from_linear;  /* or NULL; owned */
    uint8_t *scratch;       /* rows of up to 16 bits; owned */
    size_t scratch_row;     /* bytes */
    struct {
        struct sct_plane plane; /* one band; owned */
        uint8_t **rows;         /* owned */
    } out[SCT_MAX_COMPONENTS];
};

/* layout: the encoder's. SCT_ERR_MEMORY, or what sct_icc_transform_create says; then nothing
 * needs to be freed. */
int sct_convert_create(struct sct_convert *c, const struct sct_picture *picture,
                       const struct sct_route *route, const struct sct_variant *variant,
                       const struct sct_encoder_layout *layout,
                       struct sct_report *report);
void sct_convert_free(struct sct_convert *c); /* accepts a zeroed one */

/* The layout of the planes that come: all components have the output's own size, and their
 * bands are as high as those of the encoder. */
void sct_convert_layout(const struct sct_encoder_layout *encoder, int n_components,
                        struct sct_encoder_layout *planes);

/* The next band: rows[ci] becomes the encoder's. The rows that come in are overwritten. */
void sct_convert_band(struct sct_convert *c, uint8_t *const *rows[SCT_MAX_COMPONENTS]);

#endif
