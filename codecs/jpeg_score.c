/* See jpeg_score.h. */
#include "jpeg_score.h"

#include "coef_score.h"

/* A fit, by non-negative least squares, to the scores of ten photographs at 400 and 1600 wide and
 * nine qualities. */
static const struct sct_coef_weights weights = {.constant = 0.359,
                                                .luma_full = 37.3,
                                                .luma_half = 11.7,
                                                .luma_dc = 1591.0,
                                                .chroma_full = 9.92,
                                                .exponent = 0.6276};

static void view_component(struct sct_coef_plane *p, const struct sct_jpeg_levels *levels,
                           const struct sct_jpeg_frame *frame, int ci)
{
    const struct sct_jpeg_component *c = &levels->component[ci];
    *p = (struct sct_coef_plane){.width_blocks = c->width_blocks,
                                 .height_blocks = c->height_blocks,
                                 .coefs = c->coefs,
                                 .levels = c->levels,
                                 .range = 1.0};
    for (int i = 0; i < 64; i++)
        p->steps[i] = (uint16_t)(16 * frame->quant[frame->component[ci].quant][i]);
}

double sct_jpeg_score_estimate(const struct sct_jpeg_levels *levels,
                               const struct sct_jpeg_frame *frame)
{
    struct sct_coef_plane luma, chroma;
    const int has_chroma = levels->n_components == 3;
    view_component(&luma, levels, frame, 0);
    if (has_chroma)
        view_component(&chroma, levels, frame, 2);
    return sct_coef_score(&luma, has_chroma ? &chroma : NULL, &weights);
}
