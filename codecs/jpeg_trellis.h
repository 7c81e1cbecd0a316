/* Private to the JPEG codec: levels that are worth their bits.
 *
 * Of a block's AC levels, as they were rounded, each may stay, become one less where that saves
 * a bit of its size, or become 0. Chosen is the path through the block whose sum of
 *
 *     squared error, in steps, + lambda * bits
 *
 * is least. A level's bits depend on the run before it, that is on the one before it that is not
 * 0, and on no other: so the best path to each level is one step more than the best path
 * to some level before it (Ramchandran and Vetterli, 1994, "Rate-distortion optimal fast
 * thresholding with complete JPEG/MPEG decoder compatibility"). */
#ifndef SCT_JPEG_TRELLIS_H
#define SCT_JPEG_TRELLIS_H

#include "dsp.h"
#include "jpeg_entropy.h"

/* Of one component. */
struct sct_jpeg_trellis {
    uint32_t ratio[64]; /* 2^20 / divisor, in the order of fdct */
    uint8_t bits[11]
                [64]; /* of a level: by its size, 1..10, and the run of zeros before it */
    uint8_t end_bits; /* of an end of block */
};

/* Divisors are 16 * step, as quantisers have them; `codes` tells what bits are. */
void sct_jpeg_trellis_init(struct sct_jpeg_trellis *t, const uint8_t steps[64],
                           const struct sct_jpeg_codes *codes);

/* Lowers levels of a block of coefs, and returns the new mask. lambda: what a bit may cost,
 * in 65536ths of a squared step; 0..65535. DC stays as it is. */
uint64_t sct_jpeg_trellis_block(const struct sct_jpeg_trellis *t, int16_t levels[64],
                                uint64_t nonzero, const int16_t coefs[64],
                                uint32_t lambda);

#endif
