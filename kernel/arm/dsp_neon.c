/* The dsp table for 64-bit Arm with plain Armv8.0 NEON. Only sct_dsp_fill_neon leaves
 * this file.
 *
 * A quarter of a pair group, two lanes, takes two registers of sums, one product in each
 * 32-bit element; the two members of a pair are only brought together at the end:
 *
 *     group     v0k0 v0k1 v1k0 v1k1 | v2k0 v2k1 v3k0 v3k1       8 x int16
 *     weights   w0   w1   w0   w1   | w0   w1   w0   w1         one ld1r
 *     smlal     v0k0 v0k1 v1k0 v1k1                             4 x int32, plane 0
 *     smlal2                          v2k0 v2k1 v3k0 v3k1       4 x int32, plane 1
 *     addp      of outputs x, x + 1:  x:v0 x:v1 (x+1):v0 (x+1):v1
 *
 * addp of two neighbouring outputs gives them in the order of a pair row: nothing is
 * transposed, and a plane that is not wanted costs nothing. All sums wrap modulo 2^32,
 * like the reference; a rounding shift would not wrap, so the rounding is added first. */
#include <arm_neon.h>
#include <stdlib.h>
#include <string.h>

#include "dsp_impl.h"

#include "bits.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ---- pack -------------------------------------------------------------------------- */

static inline uint16x8_t load_pairs(const uint8_t *p)
{
    return vreinterpretq_u16_u8(vld1q_u8(p));
}

static inline uint32x4_t zip1_16(uint16x8_t a, uint16x8_t b)
{
    return vreinterpretq_u32_u16(vzip1q_u16(a, b));
}

static inline uint32x4_t zip2_16(uint16x8_t a, uint16x8_t b)
{
    return vreinterpretq_u32_u16(vzip2q_u16(a, b));
}

static inline void store_group(int16_t *dst, uint64x2_t bytes)
{
    const uint8x16_t b = vreinterpretq_u8_u64(bytes);
    const uint8x16_t middle = vdupq_n_u8(128);
    vst1q_s16(dst, vreinterpretq_s16_u16(vsubl_u8(vget_low_u8(b), vget_low_u8(middle))));
    vst1q_s16(dst + 8, vreinterpretq_s16_u16(vsubl_high_u8(b, middle)));
}

/* lo holds rows 0..3 of two pairs, hi rows 4..7 of the same two. */
static inline void store_2_groups(int16_t *dst, uint32x4_t lo, uint32x4_t hi)
{
    const uint64x2_t a = vreinterpretq_u64_u32(lo), b = vreinterpretq_u64_u32(hi);
    store_group(dst, vzip1q_u64(a, b));
    store_group(dst + SCT_GROUP, vzip2q_u64(a, b));
}

/* 16 columns of 8 rows into 8 groups: a transpose of 8 x 8 pairs of samples, widened when
 * they are stored. */
static inline void pack_16_columns(int16_t *dst, const uint8_t *src, ptrdiff_t stride)
{
    uint32x4_t even[4],
        odd[4]; /* rows 2i and 2i + 1 interleaved: pairs 0..3, pairs 4..7 */

    for (int i = 0; i < 4; i++) {
        const uint16x8_t a = load_pairs(src + 2 * i * stride);
        const uint16x8_t b = load_pairs(src + (2 * i + 1) * stride);
        even[i] = zip1_16(a, b);
        odd[i] = zip2_16(a, b);
    }
    store_2_groups(dst, vzip1q_u32(even[0], even[1]), vzip1q_u32(even[2], even[3]));
    store_2_groups(dst + 2 * SCT_GROUP, vzip2q_u32(even[0], even[1]),
                   vzip2q_u32(even[2], even[3]));
    store_2_groups(dst + 4 * SCT_GROUP, vzip1q_u32(odd[0], odd[1]),
                   vzip1q_u32(odd[2], odd[3]));
    store_2_groups(dst + 6 * SCT_GROUP, vzip2q_u32(odd[0], odd[1]),
                   vzip2q_u32(odd[2], odd[3]));
}

static void pack_neon(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width)
{
    const int even_width = width & ~1;
    int x = 0;

    for (; x + 16 <= even_width; x += 16)
        pack_16_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride_bytes);
    if (x < even_width && even_width >= 16) {
        x = even_width -
            16; /* the last 16 again, partly done: nothing past the end is read */
        pack_16_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride_bytes);
        x = even_width;
    }
    if (x < width)
        sct_pack_c(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride_bytes, width - x);
}

/* 8 columns of 8 rows of 16 bits into 4 groups: two transposes of 4 x 4 pairs. */
static inline void pack16_8_columns(int16_t *dst, const uint16_t *src, ptrdiff_t stride)
{
    const int16x8_t middle = vdupq_n_s16(INT16_MIN);

    for (int half = 0; half < 2; half++) { /* rows 0..3, rows 4..7 */
        const uint16_t *from = src + 4 * half * stride;
        const uint32x4_t a0 = vreinterpretq_u32_u16(vld1q_u16(from));
        const uint32x4_t a1 = vreinterpretq_u32_u16(vld1q_u16(from + stride));
        const uint32x4_t a2 = vreinterpretq_u32_u16(vld1q_u16(from + 2 * stride));
        const uint32x4_t a3 = vreinterpretq_u32_u16(vld1q_u16(from + 3 * stride));
        const uint64x2_t lo01 = vreinterpretq_u64_u32(vzip1q_u32(a0, a1));
        const uint64x2_t hi01 = vreinterpretq_u64_u32(vzip2q_u32(a0, a1));
        const uint64x2_t lo23 = vreinterpretq_u64_u32(vzip1q_u32(a2, a3));
        const uint64x2_t hi23 = vreinterpretq_u64_u32(vzip2q_u32(a2, a3));
        const uint64x2_t pair[4] = {vzip1q_u64(lo01, lo23), vzip2q_u64(lo01, lo23),
                                    vzip1q_u64(hi01, hi23), vzip2q_u64(hi01, hi23)};
        for (int p = 0; p < 4; p++)
            vst1q_s16(dst + p * SCT_GROUP + 8 * half,
                      veorq_s16(vreinterpretq_s16_u64(pair[p]), middle));
    }
}

static void pack16_neon(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes,
                        int width)
{
    const ptrdiff_t stride = stride_bytes / (ptrdiff_t)sizeof *src;
    const int even_width = width & ~1;
    int x = 0;

    for (; x + 8 <= even_width; x += 8)
        pack16_8_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride);
    if (x < even_width && even_width >= 8) {
        x = even_width - 8; /* as in pack */
        pack16_8_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride);
        x = even_width;
    }
    if (x < width)
        sct_pack16_c(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride_bytes, width - x);
}

/* ---- horz -------------------------------------------------------------------------- */

static inline int16x8_t broadcast_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return vreinterpretq_s16_s32(vdupq_n_s32(pair));
}

/* A value that addp will meet once in every pair. */
static inline int32x4_t once_per_pair(int32_t a)
{
    const int32x2_t pair = vset_lane_s32(a, vdup_n_s32(0), 0);
    return vcombine_s32(pair, pair);
}

/* The products of one group, for the first n_planes planes. */
ALWAYS_INLINE void add_products(int32x4_t sum[4], const int16_t *group, int16x8_t pair,
                                int n_planes)
{
    const int16x8_t lo = vld1q_s16(group);
    sum[0] = vmlal_s16(sum[0], vget_low_s16(lo), vget_low_s16(pair));
    if (n_planes > 1)
        sum[1] = vmlal_high_s16(sum[1], lo, pair);
    if (n_planes > 2) {
        const int16x8_t hi = vld1q_s16(group + 8);
        sum[2] = vmlal_s16(sum[2], vget_low_s16(hi), vget_low_s16(pair));
        if (n_planes > 3)
            sum[3] = vmlal_high_s16(sum[3], hi, pair);
    }
}

/* All outputs, four at a time, each with n_planes registers of sums: up to 16 independent
 * chains. Inlined once for every n_pairs and n_planes, so that the inner loops unroll and
 * the sums stay in registers. */
ALWAYS_INLINE void horz_all(int16_t *const dst[4], const int16_t *src,
                            const struct sct_horz *h, int n_pairs, int n_lanes,
                            int n_planes)
{
    const int32x4_t round = once_per_pair((int32_t)1 << (h->shift - 1));
    const int32x4_t shift = vdupq_n_s32(-h->shift);
    const ptrdiff_t stride = h->unit_stride;
    const int n_units = h->n_units;

    for (int x = 0; x < h->dst_width; x += 4) {
        const int16_t *unit[4], *w[4];
        int32x4_t sum[4][4];

        for (int i = 0; i < 4; i++)
        { /* past the end the last output is repeated, into the pad */
            const int xi = sct_min(x + i, h->dst_width - 1);
            unit[i] = src + (ptrdiff_t)h->first[xi] * stride;
            w[i] = h->weights + h->at[xi];
            for (int p = 0; p < n_planes; p++)
                sum[i][p] = round;
        }
        for (int j = 0; j < n_units; j++)
            for (int i = 0; i < 4; i++) {
                for (int p = 0; p < n_pairs; p++)
                    add_products(sum[i], unit[i] + p * 2 * n_lanes,
                                 broadcast_pair(w[i] + 2 * p), n_planes);
                unit[i] += stride;
                w[i] += 2 * n_pairs;
            }
        for (int p = 0; p < n_planes; p++) {
            const int32x4_t x01 = vshlq_s32(vpaddq_s32(sum[0][p], sum[1][p]), shift);
            const int32x4_t x23 = vshlq_s32(vpaddq_s32(sum[2][p], sum[3][p]), shift);
            vst1q_s16(dst[p] + 2 * (ptrdiff_t)x, vqmovn_high_s32(vqmovn_s32(x01), x23));
        }
    }
}

ALWAYS_INLINE void horz_planes(int16_t *const dst[4], const int16_t *src,
                               const struct sct_horz *h, int n_pairs)
{
    switch (h->n_planes) {
    case 1: horz_all(dst, src, h, n_pairs, SCT_LANES, 1); break;
    case 2: horz_all(dst, src, h, n_pairs, SCT_LANES, 2); break;
    case 3: horz_all(dst, src, h, n_pairs, SCT_LANES, 3); break;
    default: horz_all(dst, src, h, n_pairs, SCT_LANES, 4); break;
    }
}

static void horz_neon(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    if (h->n_lanes == 4) { /* half a group: what the first two planes look at anyway */
        if (h->n_planes == 1)
            horz_all(dst, src, h, 2, 4, 1);
        else
            horz_all(dst, src, h, 2, 4, 2);
        return;
    }
    switch (h->n_pairs) {
    case 1: horz_planes(dst, src, h, 1); break;
    case 2: horz_planes(dst, src, h, 2); break;
    case 3: horz_planes(dst, src, h, 3); break;
    default: horz_planes(dst, src, h, 4); break;
    }
}

/* ---- vert -------------------------------------------------------------------------- */

/* 16 outputs, 64 bytes of each row: 8 registers of sums, two outputs in each until addp.
 */
static inline uint8x16_t vert_16(const int16_t *const *rows, const int16_t *weights,
                                 int n_rows, ptrdiff_t x, int32x4_t bias, int32x4_t shift)
{
    int32x4_t sum[8] = {bias, bias, bias, bias, bias, bias, bias, bias};
    int16x8_t words[2];

    for (int r = 0; r < n_rows; r++) {
        const int16x8_t pair = broadcast_pair(weights + 2 * r);
        const int16_t *row = rows[r] + 2 * x;
        for (int i = 0; i < 4; i++) {
            const int16x8_t pairs = vld1q_s16(row + 8 * i);
            sum[2 * i] = vmlal_s16(sum[2 * i], vget_low_s16(pairs), vget_low_s16(pair));
            sum[2 * i + 1] = vmlal_high_s16(sum[2 * i + 1], pairs, pair);
        }
    }
    for (int i = 0; i < 2; i++) {
        const int32x4_t lo = vpaddq_s32(sum[4 * i], sum[4 * i + 1]);
        const int32x4_t hi = vpaddq_s32(sum[4 * i + 2], sum[4 * i + 3]);
        words[i] =
            vqmovn_high_s32(vqmovn_s32(vshlq_s32(lo, shift)), vshlq_s32(hi, shift));
    }
    return vqmovun_high_s16(vqmovun_s16(words[0]), words[1]);
}

static void vert_neon(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                      int n_rows, int width, int32_t bias, int shift)
{
    const int32x4_t bias_once = once_per_pair(bias);
    const int32x4_t count = vdupq_n_s32(-shift);
    int x = 0;

    for (; x + 16 <= width; x += 16)
        vst1q_u8(dst + x, vert_16(rows, weights, n_rows, x, bias_once, count));
    if (x < width) { /* rows may be read up to 64 bytes, dst not written past its end */
        uint8_t last[16];
        vst1q_u8(last, vert_16(rows, weights, n_rows, x, bias_once, count));
        memcpy(dst + x, last, (size_t)(width - x));
    }
}

/* 8 outputs, 32 bytes of each row. */
static inline uint16x8_t vert16_8(const int16_t *const *rows, const int16_t *weights,
                                  int n_rows, ptrdiff_t x, int32x4_t bias,
                                  int32x4_t shift)
{
    int32x4_t sum[4] = {bias, bias, bias, bias};

    for (int r = 0; r < n_rows; r++) {
        const int16x8_t pair = broadcast_pair(weights + 2 * r);
        const int16_t *row = rows[r] + 2 * x;
        for (int i = 0; i < 2; i++) {
            const int16x8_t pairs = vld1q_s16(row + 8 * i);
            sum[2 * i] = vmlal_s16(sum[2 * i], vget_low_s16(pairs), vget_low_s16(pair));
            sum[2 * i + 1] = vmlal_high_s16(sum[2 * i + 1], pairs, pair);
        }
    }
    const int32x4_t lo = vshlq_s32(vpaddq_s32(sum[0], sum[1]), shift);
    const int32x4_t hi = vshlq_s32(vpaddq_s32(sum[2], sum[3]), shift);
    return vqmovun_high_s32(vqmovun_s32(lo), hi);
}

static void vert16_neon(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                        int n_rows, int width, int32_t bias, int shift)
{
    const int32x4_t bias_once = once_per_pair(bias);
    const int32x4_t count = vdupq_n_s32(-shift);
    int x = 0;

    for (; x + 8 <= width; x += 8)
        vst1q_u16(dst + x, vert16_8(rows, weights, n_rows, x, bias_once, count));
    if (x < width) {
        uint16_t last[8];
        vst1q_u16(last, vert16_8(rows, weights, n_rows, x, bias_once, count));
        memcpy(dst + x, last, (size_t)(width - x) * sizeof *dst);
    }
}

/* ---- fdct -------------------------------------------------------------------------- */

/* One block, a register for a row. With s and d the sums and differences of rows x and 7 - x:
 *
 *     even v    B[v][0] s0 + B[v][1] s1 + B[v][2] s2 + B[v][3] s3
 *     odd v     the same of d0 .. d3
 *
 * Down the columns, a transpose, and down the columns again. The rounding shift cannot
 * overflow here: sums stay below 2^31. */
static const int16_t dct_weights[8][4] = {
    {11585, 11585, 11585, 11585},   {16069, 13623, 9102, 3196},
    {15137, 6270, -6270, -15137},   {13623, -3196, -16069, -9102},
    {11585, -11585, -11585, 11585}, {9102, -16069, 3196, 13623},
    {6270, -15137, 15137, -6270},   {3196, -9102, 13623, -16069},
};

ALWAYS_INLINE int16x8_t weigh_rows(const int16x8_t r[4], const int16_t weights[4],
                                   int is_second)
{
    const int16x4_t w = vld1_s16(weights);
    int32x4_t lo = vmull_lane_s16(vget_low_s16(r[0]), w, 0);
    int32x4_t hi = vmull_high_lane_s16(r[0], w, 0);
    lo = vmlal_lane_s16(lo, vget_low_s16(r[1]), w, 1);
    hi = vmlal_high_lane_s16(hi, r[1], w, 1);
    lo = vmlal_lane_s16(lo, vget_low_s16(r[2]), w, 2);
    hi = vmlal_high_lane_s16(hi, r[2], w, 2);
    lo = vmlal_lane_s16(lo, vget_low_s16(r[3]), w, 3);
    hi = vmlal_high_lane_s16(hi, r[3], w, 3);
    return is_second ? vrshrn_high_n_s32(vrshrn_n_s32(lo, 16), hi, 16)
                     : vrshrn_high_n_s32(vrshrn_n_s32(lo, 10), hi, 10);
}

ALWAYS_INLINE void transform_columns(int16x8_t r[8], int is_second)
{
    int16x8_t s[4], d[4];
    for (int i = 0; i < 4; i++) {
        s[i] = vaddq_s16(r[i], r[7 - i]);
        d[i] = vsubq_s16(r[i], r[7 - i]);
    }
    for (int v = 0; v < 8; v++)
        r[v] = weigh_rows(v % 2 ? d : s, dct_weights[v], is_second);
}

ALWAYS_INLINE void transpose_8x8(int16x8_t r[8])
{
    int32x4_t a[8], b[8];
    for (int i = 0; i < 4; i++) {
        a[2 * i] = vreinterpretq_s32_s16(vtrn1q_s16(r[2 * i], r[2 * i + 1]));
        a[2 * i + 1] = vreinterpretq_s32_s16(vtrn2q_s16(r[2 * i], r[2 * i + 1]));
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            b[i + k] = vtrn1q_s32(a[i + k], a[i + 2 + k]);
            b[i + 2 + k] = vtrn2q_s32(a[i + k], a[i + 2 + k]);
        }
    for (int i = 0; i < 4; i++) {
        const int64x2_t upper = vreinterpretq_s64_s32(b[i]);
        const int64x2_t lower = vreinterpretq_s64_s32(b[i + 4]);
        r[i] = vreinterpretq_s16_s64(vtrn1q_s64(upper, lower));
        r[i + 4] = vreinterpretq_s16_s64(vtrn2q_s64(upper, lower));
    }
}

static void fdct_neon(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
                      int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++, dst += 64) {
        int16x8_t r[8];
        uint32x4_t sum = vdupq_n_u32(0);
        for (int y = 0; y < 8; y++)
            r[y] =
                vreinterpretq_s16_u16(vsubl_u8(vld1_u8(rows[y] + 8 * b), vdup_n_u8(128)));
        transform_columns(r, 0);
        transpose_8x8(r);
        transform_columns(r, 1);
        for (int u = 0; u < 8; u++) {
            vst1q_s16(dst + 8 * u, r[u]);
            sum = vpadalq_u16(sum, vreinterpretq_u16_s16(vabsq_s16(r[u])));
        }
        activity[b] = vaddvq_u32(sum) - (uint32_t)abs(dst[0]);
    }
}

/* ---- quantise ---------------------------------------------------------------------- */

/* a * b >> 16 */
ALWAYS_INLINE uint16x8_t multiply_high(uint16x8_t a, uint16x8_t b)
{
    const uint32x4_t lo = vmull_u16(vget_low_u16(a), vget_low_u16(b));
    const uint32x4_t hi = vmull_high_u16(a, b);
    return vuzp2q_u16(vreinterpretq_u16_u32(lo), vreinterpretq_u16_u32(hi));
}

/* 8 coefs. Returns a byte for each, of ones where the level is not 0. */
ALWAYS_INLINE uint8x8_t quantise_8(int16_t *levels, const int16_t *coefs,
                                   uint16x8_t strength, const struct sct_quantiser *q,
                                   int i)
{
    const int16x8_t coef = vld1q_s16(coefs + i);
    const uint16x8_t a = vreinterpretq_u16_s16(vabsq_s16(coef));
    const uint16x8_t quotient = multiply_high(vaddq_u16(a, vld1q_u16(q->rounding + i)),
                                              vld1q_u16(q->reciprocal + i));
    const uint16x8_t least = vaddq_u16(
        vld1q_u16(q->zero + i), multiply_high(vld1q_u16(q->zero_busy + i), strength));
    const int16x8_t kept = vreinterpretq_s16_u16(
        vandq_u16(vcgeq_u16(a, least), multiply_high(quotient, vld1q_u16(q->scale + i))));
    vst1q_s16(levels + i, vbslq_s16(vcltzq_s16(coef), vnegq_s16(kept), kept));
    return vmovn_u16(vtstq_s16(kept, kept));
}

/* The first bits of 64 bytes of ones or zeros, in zigzag order. */
ALWAYS_INLINE uint64_t gather_bits(uint8x16x4_t bytes)
{
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                     1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bit = vld1q_u8(bits);
    uint8x16_t part[4];
    for (int i = 0; i < 4; i++)
        part[i] = vandq_u8(bit, vqtbl4q_u8(bytes, vld1q_u8(sct_zigzag + 16 * i)));
    const uint8x16_t half = vpaddq_u8(part[0], part[1]);
    const uint8x16_t sum = vpaddq_u8(half, vpaddq_u8(part[2], part[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static void quantise_neon(int16_t *levels, uint64_t *nonzero, const int16_t *coefs,
                          const uint16_t *strengths, const struct sct_quantiser *q,
                          int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++, levels += 64, coefs += 64) {
        const uint16x8_t strength = vdupq_n_u16(strengths[b]);
        uint8x16x4_t bytes;
        for (int i = 0; i < 4; i++) {
            const uint8x8_t lower = quantise_8(levels, coefs, strength, q, 16 * i);
            bytes.val[i] =
                vcombine_u8(lower, quantise_8(levels, coefs, strength, q, 16 * i + 8));
        }
        nonzero[b] = gather_bits(bytes);
    }
}

void sct_dsp_fill_neon(struct sct_dsp *dsp)
{
    dsp->name = "neon";
    dsp->pack = pack_neon;
    dsp->pack16 = pack16_neon;
    dsp->horz = horz_neon;
    dsp->vert = vert_neon;
    dsp->vert16 = vert16_neon;
    dsp->fdct = fdct_neon;
    dsp->quantise = quantise_neon;
}
