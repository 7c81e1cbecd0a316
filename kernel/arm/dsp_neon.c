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
    for (; x < width; x += 2) {
        int16_t *group = dst + (ptrdiff_t)x * SCT_LANES;
        for (int v = 0; v < SCT_LANES; v++) {
            const uint8_t *row = src + v * stride_bytes;
            group[2 * v] = (int16_t)(row[x] - 128);
            group[2 * v + 1] = (int16_t)(x + 1 < width ? row[x + 1] - 128 : 0);
        }
    }
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
    for (; x < width; x += 2) {
        int16_t *group = dst + (ptrdiff_t)x * SCT_LANES;
        for (int v = 0; v < SCT_LANES; v++) {
            const uint16_t *row = src + v * stride;
            group[2 * v] = (int16_t)(row[x] - 32768);
            group[2 * v + 1] = (int16_t)(x + 1 < width ? row[x + 1] - 32768 : 0);
        }
    }
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

void sct_dsp_fill_neon(struct sct_dsp *dsp)
{
    dsp->name = "neon";
    dsp->pack = pack_neon;
    dsp->pack16 = pack16_neon;
    dsp->horz = horz_neon;
    dsp->vert = vert_neon;
    dsp->vert16 = vert16_neon;
}
