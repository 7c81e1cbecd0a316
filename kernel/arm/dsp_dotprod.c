/* The dsp table for Armv8.2 CPUs with the dot product instructions: what they win on top
 * of plain NEON, whose slots stay where this file has none. Only sct_dsp_fill_dotprod
 * leaves it.
 *
 * sdot adds four products of bytes to each 32-bit element, and a Neoverse N1 issues two a
 * cycle, where it issues one smlal with its four products of 16 bits. Exact products of 16
 * bits are made of bytes, all signed:
 *
 *     a = 256 * a.hi + a.lo,  a.lo = -128..127,  a.hi = (a + 128) >> 8
 *     a * w = a.lo * w.lo  +  256 * (a.lo * w.hi + a.hi * w.lo)  +  65536 * a.hi * w.hi
 *
 * a.hi of 32640 and more would be 128, which is no signed byte. Neither weights nor valid
 * pictures reach that: where it occurs, plain NEON does the work again. All sums wrap
 * modulo 2^32, like the reference. */
#include <arm_neon.h>
#include <string.h>

#include "dsp_impl.h"

#include "bits.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { BYTES_LIMIT = 32640 }; /* the least value whose .hi is no signed byte */

static inline int8x8_t low_bytes(int16x8_t a)
{
    return vmovn_s16(a);
}

static inline int8x8_t high_bytes(int16x8_t a)
{
    return vaddhn_s16(a, vdupq_n_s16(128));
}

static inline int32_t load_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return pair;
}

/* ---- horz ----------------------------------------------------------------------------
 *
 * The pairs of a window, in the order of the weights, are q = 0, 1, ...; two neighbours are
 * a quad, four bytes of each lane. The groups of some outputs are first brought into quads,
 * one that begins at every pair, as windows begin at any:
 *
 *     groups      q0            q1            q2            q3          16 int16 each
 *     quads       q0q1          q1q2          q2q3          q3-         8 lanes x 4 bytes
 *     window      ^^^^ w0..w3                 ^^^^ w4..w7
 *
 * A quad is a register of lanes 0..3 and one of lanes 4..7, first their .lo, then their
 * .hi. Samples are -128..127: they are their own .lo, and half of the work is not there. */

enum {
    N_REGS = 2,         /* of the bytes of a quad */
    QUADS_BYTES = 16384 /* on the stack, and in the first-level cache */
};

/* The two bytes of each lane that a group holds. */
struct pair_bytes {
    int8x16_t lo, hi;
};

/* What has been seen that does not fit. */
struct range {
    int16x8_t max;     /* wide: the largest value */
    uint8x16_t is_out; /* narrow: not 0 if one is not in -128..127 */
};

ALWAYS_INLINE struct pair_bytes load_group(const int16_t *group, int is_wide,
                                           struct range *range)
{
    const int16x8_t a = vld1q_s16(group), b = vld1q_s16(group + 8);
    const int8x16_t a8 = vreinterpretq_s8_s16(a), b8 = vreinterpretq_s8_s16(b);
    struct pair_bytes bytes = {vuzp1q_s8(a8, b8), vdupq_n_s8(0)};

    if (is_wide) {
        bytes.hi = vaddhn_high_s16(high_bytes(a), b, vdupq_n_s16(128));
        range->max = vmaxq_s16(range->max, vmaxq_s16(a, b));
    } else { /* the upper byte is 0, or -1 where the lower is negative */
        const uint8x16_t upper = vreinterpretq_u8_s8(vuzp2q_s8(a8, b8));
        const uint8x16_t sum = vsraq_n_u8(upper, vreinterpretq_u8_s8(bytes.lo), 7);
        range->is_out = vorrq_u8(range->is_out, sum);
    }
    return bytes;
}

ALWAYS_INLINE int8x16_t zip_pairs(int8x16_t a, int8x16_t b, int is_upper)
{
    const int16x8_t a16 = vreinterpretq_s16_s8(a), b16 = vreinterpretq_s16_s8(b);
    return vreinterpretq_s8_s16(is_upper ? vzip2q_s16(a16, b16) : vzip1q_s16(a16, b16));
}

ALWAYS_INLINE void store_quad(int8_t *quad, struct pair_bytes a, struct pair_bytes b,
                              int is_wide)
{
    for (int r = 0; r < N_REGS; r++) {
        vst1q_s8(quad, zip_pairs(a.lo, b.lo, r));
        quad += 16;
        if (is_wide) {
            vst1q_s8(quad, zip_pairs(a.hi, b.hi, r));
            quad += 16;
        }
    }
}

/* Units -> quads, n_units * n_pairs of them. With an even n_pairs only every other one is
 * ever looked at. One more may be written in front. Returns whether all values fit. */
ALWAYS_INLINE int make_quads(int8_t *quads, const int16_t *unit, int n_units,
                             const struct sct_horz *h, int is_wide)
{
    const ptrdiff_t step = 16 * N_REGS * (1 + is_wide);
    struct range range = {vdupq_n_s16(INT16_MIN), vdupq_n_u8(0)};

    if (h->n_pairs % 2 == 0) {
        for (int j = 0; j < n_units; j++, unit += h->unit_stride)
            for (int p = 0; p < h->n_pairs; p += 2, quads += 2 * step) {
                const int16_t *group = unit + p * SCT_GROUP;
                const struct pair_bytes a = load_group(group, is_wide, &range);
                const struct pair_bytes b =
                    load_group(group + SCT_GROUP, is_wide, &range);
                store_quad(quads, a, b, is_wide);
            }
    } else {
        const struct pair_bytes none = {vdupq_n_s8(0), vdupq_n_s8(0)};
        struct pair_bytes last = none;
        quads -= step; /* the first is in front of all: nothing and q0 */
        for (int j = 0; j < n_units; j++, unit += h->unit_stride)
            for (int p = 0; p < h->n_pairs; p++, quads += step) {
                const struct pair_bytes a =
                    load_group(unit + p * SCT_GROUP, is_wide, &range);
                store_quad(quads, last, a, is_wide);
                last = a;
            }
        store_quad(quads, last, none, is_wide);
    }
    return is_wide ? vmaxvq_s16(range.max) < BYTES_LIMIT : vmaxvq_u8(range.is_out) == 0;
}

/* The sums of four lanes, in four chains that do not wait for each other. */
struct dots {
    int32x4_t lo, mid[2], hi;
};

ALWAYS_INLINE int32x4_t dot(int32x4_t sum, int8x16_t a, int8x8_t weights, int lane)
{
    return lane ? vdotq_lane_s32(sum, a, weights, 1) : vdotq_lane_s32(sum, a, weights, 0);
}

ALWAYS_INLINE void add_quad(struct dots *sum, const int8_t *quad, int8x8_t w_lo,
                            int8x8_t w_hi, int lane, int is_wide)
{
    for (int r = 0; r < N_REGS; r++) {
        const int8x16_t lo = vld1q_s8(quad);
        quad += 16;
        sum[r].lo = dot(sum[r].lo, lo, w_lo, lane);
        sum[r].mid[0] = dot(sum[r].mid[0], lo, w_hi, lane);
        if (is_wide) {
            const int8x16_t hi = vld1q_s8(quad);
            quad += 16;
            sum[r].mid[1] = dot(sum[r].mid[1], hi, w_lo, lane);
            sum[r].hi = dot(sum[r].hi, hi, w_hi, lane);
        }
    }
}

/* n pairs of weights, n = 1..3, and 0 for the others. */
static inline int16x8_t load_pairs(const int16_t *weights, int n)
{
    int32x4_t w = vsetq_lane_s32(load_pair(weights), vdupq_n_s32(0), 0);
    if (n > 1)
        w = vsetq_lane_s32(load_pair(weights + 2), w, 1);
    if (n > 2)
        w = vsetq_lane_s32(load_pair(weights + 4), w, 2);
    return vreinterpretq_s16_s32(w);
}

/* The sums of `side` windows of n pairs each, side by side. */
ALWAYS_INLINE void sum_windows(int32x4_t out[][2], const int8_t *const *quads,
                               const int16_t *const *weights, int side, int n,
                               int32x4_t round, int16x8_t *w_max, int is_wide)
{
    const ptrdiff_t step = 16 * N_REGS * (1 + is_wide);
    struct dots sum[4][2];
    int q = 0;

    for (int i = 0; i < side; i++)
        for (int r = 0; r < N_REGS; r++) {
            const int32x4_t zero = vdupq_n_s32(0);
            sum[i][r] = (struct dots){round, {zero, zero}, zero};
        }
    for (; q + 4 <= n; q += 4)
        for (int i = 0; i < side; i++) {
            const int16x8_t w = vld1q_s16(weights[i] + 2 * q);
            const int8x8_t lo = low_bytes(w), hi = high_bytes(w);
            const int8_t *quad = quads[i] + q * step;
            *w_max = vmaxq_s16(*w_max, w);
            add_quad(sum[i], quad, lo, hi, 0, is_wide);
            add_quad(sum[i], quad + 2 * step, lo, hi, 1, is_wide);
        }
    if (q < n)
        for (int i = 0; i < side; i++) {
            const int16x8_t w = load_pairs(weights[i] + 2 * q, n - q);
            const int8x8_t lo = low_bytes(w), hi = high_bytes(w);
            const int8_t *quad = quads[i] + q * step;
            *w_max = vmaxq_s16(*w_max, w);
            add_quad(sum[i], quad, lo, hi, 0, is_wide);
            if (q + 2 < n)
                add_quad(sum[i], quad + 2 * step, lo, hi, 1, is_wide);
        }
    for (int i = 0; i < side; i++)
        for (int r = 0; r < N_REGS; r++) {
            const struct dots d = sum[i][r];
            const int32x4_t mid = is_wide ? vaddq_s32(d.mid[0], d.mid[1]) : d.mid[0];
            out[i][r] = vaddq_s32(d.lo, vshlq_n_s32(mid, 8));
            if (is_wide)
                out[i][r] = vaddq_s32(out[i][r], vshlq_n_s32(d.hi, 16));
        }
}

/* Outputs x..x+3 have lanes 4r..4r+3 in sum[0..3]: planes 2r and 2r + 1. */
static inline void store_planes(int16_t *even, int16_t *odd, int32x4_t sum[4][2], int r,
                                int32x4_t shift)
{
    int32x4_t words[2]; /* x:(v0 v1) x:(v2 v3) (x+1):(v0 v1) (x+1):(v2 v3) */

    for (int i = 0; i < 2; i++) {
        const int32x4_t a = vshlq_s32(sum[2 * i][r], shift);
        const int32x4_t b = vshlq_s32(sum[2 * i + 1][r], shift);
        words[i] = vreinterpretq_s32_s16(vqmovn_high_s32(vqmovn_s32(a), b));
    }
    vst1q_s16(even, vreinterpretq_s16_s32(vuzp1q_s32(words[0], words[1])));
    vst1q_s16(odd, vreinterpretq_s16_s32(vuzp2q_s32(words[0], words[1])));
}

/* Outputs that share a filling of `quads`: [begin, end), from the units [first, last). */
struct span {
    int begin, end, first, last;
};

/* As many as fit, four at a time, from `begin` on; none if not even four do. */
static struct span find_span(const struct sct_horz *h, int begin, int max_units)
{
    struct span s = {begin, begin, INT32_MAX, 0};

    while (s.end < h->dst_width) {
        const int end = sct_min(s.end + 4, h->dst_width);
        int first = s.first, last = s.last;
        for (int x = s.end; x < end; x++) {
            first = sct_min(first, h->first[x]);
            last = sct_max(last, h->first[x] + h->n_units);
        }
        if (last - first > max_units)
            break;
        s = (struct span){begin, end, first, last};
    }
    return s;
}

/* Returns 0, having written anything, if a value does not fit or a window is too long. */
ALWAYS_INLINE int horz_quads(int16_t *const dst[4], const int16_t *src,
                             const struct sct_horz *h, int is_wide)
{
    _Alignas(64) int8_t buffer[64 + QUADS_BYTES];
    int8_t *quads = buffer + 64;
    const ptrdiff_t step = 16 * N_REGS * (1 + is_wide);
    const int max_units = (int)(QUADS_BYTES / step) / h->n_pairs;
    const int n = h->n_units * h->n_pairs;
    const int32x4_t round = vdupq_n_s32((int32_t)1 << (h->shift - 1));
    const int32x4_t shift = vdupq_n_s32(-h->shift);
    const int side = is_wide ? 4 / N_REGS : 4; /* 16 sums at once */
    int16x8_t w_max = vdupq_n_s16(INT16_MIN);

    for (struct span s = {0, 0, 0, 0}; s.end < h->dst_width;) {
        s = find_span(h, s.end, max_units);
        if (s.begin == s.end ||
            !make_quads(quads, src + (ptrdiff_t)s.first * h->unit_stride,
                        s.last - s.first, h, is_wide))
            return 0;
        for (int x = s.begin; x < s.end; x += 4) {
            int32x4_t sum[4][2];
            const int8_t *quad[4];
            const int16_t *w[4];
            for (int i = 0; i < 4; i++)
            { /* past the end the last output is repeated, into the pad */
                const int xi = sct_min(x + i, h->dst_width - 1);
                quad[i] = quads + (h->first[xi] - s.first) * h->n_pairs * step;
                w[i] = h->weights + h->at[xi];
            }
            for (int i = 0; i < 4; i += side)
                sum_windows(sum + i, quad + i, w + i, side, n, round, &w_max, is_wide);
            for (int r = 0; r < N_REGS; r++)
                store_planes(dst[2 * r] + 2 * (ptrdiff_t)x,
                             dst[2 * r + 1] + 2 * (ptrdiff_t)x, sum, r, shift);
        }
    }
    return vmaxvq_s16(w_max) < BYTES_LIMIT;
}

static int horz_narrow(int16_t *const dst[4], const int16_t *src,
                       const struct sct_horz *h)
{
    return horz_quads(dst, src, h, 0);
}

static int horz_wide(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    return horz_quads(dst, src, h, 1);
}

/* Fewer than four planes are left to NEON, which does not compute lanes that nobody wants. */
static void horz_dotprod(int16_t *const dst[4], const int16_t *src,
                         const struct sct_horz *h)
{
    const int is_whole = h->n_lanes == SCT_LANES; /* groups; halves are left to NEON */
    const int are_samples = h->unit_stride == SCT_GROUP;
    struct sct_dsp plain;

    if (is_whole && h->n_planes == 4 && are_samples && horz_narrow(dst, src, h))
        return;
    if (is_whole && h->n_planes == 4 && !are_samples && horz_wide(dst, src, h))
        return;
    sct_dsp_fill_neon(&plain);
    plain.horz(dst, src, h);
}

/* ---- vert ----------------------------------------------------------------------------
 *
 * A pair of the row is four bytes of one 32-bit element, as it stands: b0 hi0 b1 hi1, with
 * b = 0..255. All outputs have the same weights, so a constant makes the bytes signed:
 *
 *     a = 256 * hi + lo + 128,  lo = b - 128         sum a * w = sum (256 * hi + lo) * w
 *                                                                + 128 * sum w
 *
 * for every a there is. Three sdots with the weights of the pair in three orders then make
 * the three sums. With the flip of b that is 4 instructions on either vector pipe of an N1,
 * for what takes 2 smlals on its first: one register of four done so, and three by smlal,
 * the first pipe has 6 and all of them have 10. */

enum { MAX_VERT_ROWS = 64 }; /* more: plain NEON */

struct row_weights {
    int16_t pair[8]; /* repeated, for smlal */
    int16_t dots[8]; /* words 0, 1, 2: for lo, mid, hi */
};

/* .lo and .hi of each 16 bits in place. */
static inline int16x8_t split_in_place(int16x8_t a)
{
    const int16x8_t carried = vaddq_s16(a, vdupq_n_s16(128));
    return vbslq_s16(vdupq_n_u16(0xff00), carried, a);
}

static int16x8_t prepare_weights(struct row_weights *out, const int16_t *weights)
{
    const int16x8_t w = vreinterpretq_s16_s32(vdupq_n_s32(load_pair(weights)));
    const int16x8_t s = split_in_place(w);
    const int16x8_t lo = vandq_s16(s, vdupq_n_s16(0xff)); /* lo0 0   lo1 0   */
    const int16x8_t hi = vbicq_s16(s, vdupq_n_s16(0xff)); /* 0   hi0 0   hi1 */
    const int16x8_t mid =                                 /* hi0 lo0 hi1 lo1 */
        vreinterpretq_s16_s8(vrev16q_s8(vreinterpretq_s8_s16(s)));
    const int32x4_t lo_mid =
        vzip1q_s32(vreinterpretq_s32_s16(lo), vreinterpretq_s32_s16(mid));
    vst1q_s16(out->pair, w);
    vst1q_s16(out->dots, vcombine_s16(vget_low_s16(vreinterpretq_s16_s32(lo_mid)),
                                      vget_low_s16(hi)));
    return w;
}

static inline int32x4_t once_per_pair(int32_t a)
{
    const int32x2_t pair = vset_lane_s32(a, vdup_n_s32(0), 0);
    return vcombine_s32(pair, pair);
}

/* The sums of 16 outputs: 12 by smlal, two of them in each register until addp, and 4 by
 * sdot, one in each element. */
struct vert_sums {
    int32x4_t pairs[6], lo, mid, hi;
};

ALWAYS_INLINE void add_row(struct vert_sums *sum, const int16_t *row, int16x8_t pair,
                           int8x16_t dots)
{
    for (int i = 0; i < 3; i++) {
        const int16x8_t a = vld1q_s16(row + 8 * i);
        int32x4_t *pairs = sum->pairs + 2 * i;
        pairs[0] = vmlal_s16(pairs[0], vget_low_s16(a), vget_low_s16(pair));
        pairs[1] = vmlal_high_s16(pairs[1], a, pair);
    }
    const int16x8_t a = veorq_s16(vld1q_s16(row + 24), vdupq_n_s16(0x80));
    const int8x16_t bytes = vreinterpretq_s8_s16(a);
    sum->lo = vdotq_laneq_s32(sum->lo, bytes, dots, 0);
    sum->mid = vdotq_laneq_s32(sum->mid, bytes, dots, 1);
    sum->hi = vdotq_laneq_s32(sum->hi, bytes, dots, 2);
}

ALWAYS_INLINE uint8x16_t narrow_sums(const struct vert_sums *sum, int32x4_t shift)
{
    const int32x4_t low = vaddq_s32(sum->lo, vshlq_n_s32(sum->mid, 8));
    int32x4_t out[4];

    for (int i = 0; i < 3; i++)
        out[i] = vpaddq_s32(sum->pairs[2 * i], sum->pairs[2 * i + 1]);
    out[3] = vaddq_s32(low, vshlq_n_s32(sum->hi, 16));
    for (int i = 0; i < 4; i++)
        out[i] = vshlq_s32(out[i], shift);
    const int16x8_t words01 = vqmovn_high_s32(vqmovn_s32(out[0]), out[1]);
    const int16x8_t words23 = vqmovn_high_s32(vqmovn_s32(out[2]), out[3]);
    return vqmovun_high_s16(vqmovun_s16(words01), words23);
}

/* Everything that the outputs of a call have in common. */
struct vert {
    const int16_t *const *rows;
    const struct row_weights *weights;
    int n_rows;
    int32x4_t bias_once, dots_bias,
        shift; /* dots_bias: for the bytes, with 128 * sum w */
};

/* 16 * n outputs from x on. */
ALWAYS_INLINE void vert_outputs(uint8_t *dst, const struct vert *v, ptrdiff_t x, int n)
{
    const int32x4_t once = v->bias_once, zero = vdupq_n_s32(0);
    struct vert_sums sum[2];

    for (int i = 0; i < n; i++)
        sum[i] = (struct vert_sums){
            {once, once, once, once, once, once}, v->dots_bias, zero, zero};
    for (int r = 0; r < v->n_rows; r++) {
        const int16x8_t pair = vld1q_s16(v->weights[r].pair);
        const int8x16_t dots = vreinterpretq_s8_s16(vld1q_s16(v->weights[r].dots));
        const int16_t *row = v->rows[r] + 2 * x;
        for (int i = 0; i < n; i++)
            add_row(&sum[i], row + 32 * i, pair, dots);
    }
    for (int i = 0; i < n; i++)
        vst1q_u8(dst + 16 * i, narrow_sums(&sum[i], v->shift));
}

static void vert_dotprod(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                         int n_rows, int width, int32_t bias, int shift)
{
    struct row_weights w[MAX_VERT_ROWS];
    uint32_t dots_bias = (uint32_t)bias;
    int16x8_t max = vdupq_n_s16(INT16_MIN);
    struct sct_dsp plain;
    int x = 0;

    if (n_rows > MAX_VERT_ROWS)
        goto plain;
    for (int r = 0; r < n_rows; r++) {
        max = vmaxq_s16(max, prepare_weights(&w[r], weights + 2 * r));
        dots_bias += 128 * (uint32_t)(weights[2 * r] + weights[2 * r + 1]);
    }
    if (vmaxvq_s16(max) >= BYTES_LIMIT)
        goto plain;
    const struct vert v = {.rows = rows,
                           .weights = w,
                           .n_rows = n_rows,
                           .bias_once = once_per_pair(bias),
                           .dots_bias = vreinterpretq_s32_u32(vdupq_n_u32(dots_bias)),
                           .shift = vdupq_n_s32(-shift)};
    for (; x + 32 <= width; x += 32)
        vert_outputs(dst + x, &v, x, 2);
    for (; x + 16 <= width; x += 16)
        vert_outputs(dst + x, &v, x, 1);
    if (x < width) { /* rows may be read up to 64 bytes, dst not written past its end */
        uint8_t last[16];
        vert_outputs(last, &v, x, 1);
        memcpy(dst + x, last, (size_t)(width - x));
    }
    return;
plain:
    sct_dsp_fill_neon(&plain);
    plain.vert(dst, rows, weights, n_rows, width, bias, shift);
}

void sct_dsp_fill_dotprod(struct sct_dsp *dsp)
{
    dsp->name = "dotprod";
    dsp->horz = horz_dotprod;
    dsp->vert = vert_dotprod;
}
