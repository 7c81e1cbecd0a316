/* The dsp table: every kernel that has more than one implementation.
 *
 * A slot's contract is stated once, here; the C function in dsp_c.c is its definition,
 * and every other implementation gives the same bytes for every input that the contract
 * allows. Sums are modulo 2^32 (damaged pictures overflow), shifts are arithmetic.
 *
 * All slots work on *lanes*: the 8 vertical frequencies of a block, or 8 consecutive rows
 * of samples. One element of a source is a *pair group*: 16 int16,
 *
 *     group[2 * v + k]   v = 0..7 the lane, k = 0, 1 the two members of the pair
 *
 * that is two horizontal frequencies (u, u + 1), or two neighbouring samples, of all 8
 * lanes. It is what one 256-bit pmaddwd with a broadcast pair of weights consumes. Blocks
 * of which only 4 x 4 frequencies are wanted have groups of 4 lanes, two of which fill a
 * vector: block.h.
 */
#ifndef SCT_DSP_H
#define SCT_DSP_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SCT_LANES = 8, /* rows, or vertical frequencies, side by side */
    SCT_GROUP = 16 /* int16 in a pair group */
};

/* What a horizontal pass does; the same for all rows of a component. */
struct sct_horz {
    const int32_t *first; /* [dst_width] first unit of each output's window, >= 0 */
    const int32_t *at;    /* [dst_width] where in `weights` its row begins; several may
                               have the same */
    const int16_t
        *weights;    /* rows of [n_units][n_pairs][2], aligned to 64 bytes; 16 bytes
                               behind the last row may be read */
    int dst_width;   /* outputs, >= 1 */
    int n_units;     /* units in every window, >= 1 */
    int n_pairs;     /* pair groups used of each unit, 1..4 */
    int n_lanes;     /* lanes in a group: 8, or 4 and then n_pairs is 2 */
    int unit_stride; /* int16 from a unit to the next: a multiple of SCT_GROUP */
    int n_planes;    /* lane pairs wanted, 1..n_lanes / 2, from lane 0 on */
    int shift;       /* right shift of the sums, 1..24, rounding half up */
    int period;      /* 0, or a hint that implementations may use: for k >= 0, wherever */
    int period_units; /* at[x + k * period] is at[x], first[x + k * period] is first[x] +
                         k * period_units */
};

/* Where the coef at each place of JPEG's zigzag order (T.81, figure A.6) stands in a block of
 * fdct: number 8 * u + v. */
static const uint8_t sct_zigzag[64] = {0,  8,  1,  2,  9,  16, 24, 17, 10, 3,  4,  11, 18,
                                       25, 32, 40, 33, 26, 19, 12, 5,  6,  13, 20, 27, 34,
                                       41, 48, 56, 49, 42, 35, 28, 21, 14, 7,  15, 22, 29,
                                       36, 43, 50, 57, 58, 51, 44, 37, 30, 23, 31, 38, 45,
                                       52, 59, 60, 53, 46, 39, 47, 54, 61, 62, 55, 63};

/* How coefs become levels; the same for all blocks of a component. Everything is in the order
 * of fdct's blocks: number 8 * u + v. Aligned to 64 bytes. A step d of coefs is a divisor of
 * 16 * d here, at most 4095: fdct's coefs have four bits behind the point.
 *
 * The reciprocal comes in two parts, for 16-bit multiplications. With k the bits of the divisor less
 * one, they are `reciprocal` = 2^(15 + k) / divisor, rounded, and `scale` = 2^(17 - k). */
struct sct_quantiser {
    uint16_t reciprocal[64];
    uint16_t scale[64];
    uint16_t rounding[64]; /* added to magnitudes before the division */
    uint16_t zero[64];     /* smaller magnitudes become 0, where the block is flat, ... */
    uint16_t
        zero_busy[64]; /* ... and by how much that grows towards a strength of 65536 */
};

/* Pair rows: what the horizontal pass writes and the vertical pass reads. A pair row
 * holds two lanes of all outputs, interleaved: row[2 * x + k]. Rows start on 64 bytes and
 * are allocated up to a multiple of 64 bytes. */

struct sct_dsp {
    const char *name; /* "c", "hwy", "avx2", "neon", "dotprod" */

    /* Brings 8 rows of samples into pair groups, minus 128:
     *     dst[(x / 2) * 16 + 2 * v + x % 2] = src[v * stride + x] - 128
     * for 0 <= x < width; when width is odd, the missing partner in the last group is 0.
     * dst: (width + 1) / 2 groups, aligned to 64. src: any alignment; not one byte past
     * `width` of a row is read. */
    void (*pack)(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width);

    /* The same for samples of 16 bits: src[..] - 32768. src: aligned to 2; stride_bytes even. */
    void (*pack16)(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes, int width);

    /* The horizontal pass over one band:
     *     s(x, v) = sum over units j < n_units, pairs p < n_pairs, k = 0, 1 of
     *               weights[at[x] + (j * n_pairs + p) * 2 + k] * src[(first[x] + j) * unit_stride
     *                                         + p * 2 * n_lanes + 2 * v + k]
     *     dst[v / 2][2 * x + v % 2] = sat16((s(x, v) + (1 << (shift - 1))) >> shift)
     * for v < 2 * n_planes. src: aligned to 64, read only where the formula says, but
     * whole groups. dst: n_planes pair rows, which may be written up to the next multiple
     * of 64 bytes past 2 * dst_width. */
    void (*horz)(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h);

    /* The vertical pass for one output row:
     *     dst[x] = sat_u8((bias + sum over r < n_rows, k = 0, 1 of
     *                      weights[2 * r + k] * rows[r][2 * x + k]) >> shift)
     * n_rows >= 1; 1 <= shift <= 30. rows: pair rows, may be read up to the next multiple
     * of 64 bytes past 2 * width. weights: 2 * n_rows, aligned to 4. dst: any alignment;
     * not one byte past `width` is written. */
    void (*vert)(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                 int n_rows, int width, int32_t bias, int shift);

    /* The same to samples of 16 bits: clamped to 0..65535. dst: aligned to 2. */
    void (*vert16)(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                   int n_rows, int width, int32_t bias, int shift);

    /* The forward DCT (T.81, A.3.3) of n_blocks >= 1 blocks, side by side, of samples less
     * 128; coefs are times 16:
     *     a(u', y) = (2^9 + sum over x of B[u'][x] * (rows[y][8 * b + x] - 128)) >> 10
     * down the columns first: u' is v there, and x runs over y;
     *     dst[64 * b + 8 * u + v] = (2^15 + sum over x of B[u][x] * a(v, x)) >> 16
     * B[u][x] = round(2^15 * C[u][x]), C as in README.md. No sum overflows: |dst| <= 16384.
     * And how much there is in a block beside its mean:
     *     activity[b] = sum over 0 < i < 64 of |dst[64 * b + i]|
     * rows: any alignment; not one byte past 8 * n_blocks of a row is read. dst: aligned to
     * 64. */
    void (*fdct)(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
                 int n_blocks);

    /* Coefs to levels, and which are not 0. For each block b and i < 64:
     *     a = |coefs[64 * b + i]|
     *     m = ((a + rounding[i]) * reciprocal[i] >> 16) * scale[i] >> 16
     *     m = 0 if a < zero[i] + (zero_busy[i] * strengths[b] >> 16)
     *     levels[64 * b + i] = m with the sign of the coef
     *     nonzero[b]: bit k is set if the level at k in zigzag order is not 0
     * a + rounding, and zero + zero_busy, are below 2^15; levels may be coefs. Both are aligned
     * to 64. n_blocks >= 1. */
    void (*quantise)(int16_t *levels, uint64_t *nonzero, const int16_t *coefs,
                     const uint16_t *strengths, const struct sct_quantiser *q,
                     int n_blocks);
};

/* Fills the table with the implementation of that name; NULL or "auto" is the best that
 * this CPU runs. SCT_ERR_ARGUMENT: no such name. SCT_ERR_UNSUPPORTED: known, but not
 * built for this machine or not run by this CPU. On failure *dsp is zeroed. */
SCT_API int sct_dsp_init(struct sct_dsp *dsp, const char *name);

/* The i-th name that sct_dsp_init knows, supported here or not, best last; NULL past the
 * last. */
SCT_API const char *sct_dsp_name_at(int i);

#ifdef __cplusplus
}
#endif
#endif
