/* Private to codecs: about what SSIMULACRA2 would say of a picture that a lossy format keeps,
 * from the coefs of its blocks before and after.
 *
 * SSIMULACRA2 compares errors with what there is in the picture, at several scales, and so does
 * this, with coefs in place of scales. Of each block, with sums over a range of frequencies,
 *
 *     r = errors^2 / (2 * coefs^2 + C)
 *
 * over all frequencies, over the lower half of each axis, and of DC, where the coefs are those of
 * its neighbours, less their mean. The score is a function of a weighted sum of means of r and
 * of r^4. Arithmetic is + - * / and roots only, but for one power at the end: the same on every
 * machine. */
#ifndef SCT_COEF_SCORE_H
#define SCT_COEF_SCORE_H

#include <stdint.h>

/* One component: 8x8 blocks, in the order of the kernel's fdct, which has 4 bits behind the
 * point. */
struct sct_coef_plane {
    int width_blocks, height_blocks; /* at least 1 */
    const int16_t *coefs;            /* before */
    const int16_t *levels;           /* after: coefs over steps */
    uint16_t steps[64];
    double range; /* of samples, over 255 */
};

/* Weights of means over blocks: how much of 100 they take away. */
struct sct_coef_weights {
    double constant, luma_full, luma_half, luma_dc, chroma_full;
    double exponent; /* of the sum */
};

/* The score, at most 100. It looks at some thousand blocks of each component; `chroma` is Cr, or
 * NULL. */
double sct_coef_score(const struct sct_coef_plane *luma,
                      const struct sct_coef_plane *chroma,
                      const struct sct_coef_weights *weights);

#endif
