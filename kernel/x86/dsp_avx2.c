/* The dsp table for AVX2. Compiled with -mavx2; only sct_dsp_fill_avx2 leaves this file,
 * and dsp.c calls it on CPUs that have AVX2.
 *
 * A pair group is one 256-bit register, and one pmaddwd with a broadcast pair of weights
 * takes it:
 *
 *     group     v0k0 v0k1  v1k0 v1k1  ...  v7k0 v7k1      16 x int16
 *     weights   w0   w1    w0   w1    ...  w0   w1
 *     pmaddwd      v0         v1      ...     v7           8 x int32, added to the sums
 *
 * pmaddwd wraps in its only overflow, 2 * (-32768)^2, and so do the sums: all is modulo
 * 2^32, like the reference. */
#include <immintrin.h>
#include <string.h>

#include "dsp_impl.h"

#include "bits.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

static inline __m256i load256(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void store128(void *p, __m128i a)
{
    _mm_storeu_si128((__m128i *)p, a);
}

/* ---- pack -------------------------------------------------------------------------- */

/* 16 columns of 8 rows into 8 groups. Each register holds row v below and v + 4 above;
 * two interleaves put pairs of samples of 4 rows side by side, and one with zero widens:
 *
 *     a0          r0: 01 23 45 ..                    | r4: 01 23 45 ..
 *     16-bit      r0:01 r1:01 r0:23 r1:23 ..         | r4:01 r5:01 ..
 *     32-bit      r0:01 r1:01 r2:01 r3:01 r0:23 ..   | r4:01 r5:01 r6:01 r7:01 r4:23 ..
 *     8-bit, 0    group 0, lanes 0 to 3              | group 0, lanes 4 to 7 */
static inline void pack_16_columns(int16_t *dst, const uint8_t *src, ptrdiff_t stride)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i middle = _mm256_set1_epi16(128);
    __m256i a[4], b[4];

    for (int v = 0; v < 4; v++) {
        const __m128i lo = _mm_loadu_si128((const __m128i *)(src + v * stride));
        const __m128i hi = _mm_loadu_si128((const __m128i *)(src + (v + 4) * stride));
        a[v] = _mm256_inserti128_si256(_mm256_castsi128_si256(lo), hi, 1);
    }
    const __m256i r01_lo = _mm256_unpacklo_epi16(a[0], a[1]);
    const __m256i r01_hi = _mm256_unpackhi_epi16(a[0], a[1]);
    const __m256i r23_lo = _mm256_unpacklo_epi16(a[2], a[3]);
    const __m256i r23_hi = _mm256_unpackhi_epi16(a[2], a[3]);
    b[0] = _mm256_unpacklo_epi32(r01_lo, r23_lo);
    b[1] = _mm256_unpackhi_epi32(r01_lo, r23_lo);
    b[2] = _mm256_unpacklo_epi32(r01_hi, r23_hi);
    b[3] = _mm256_unpackhi_epi32(r01_hi, r23_hi);

    for (int i = 0; i < 4; i++) {
        const __m256i even = _mm256_unpacklo_epi8(b[i], zero);
        const __m256i odd = _mm256_unpackhi_epi8(b[i], zero);
        _mm256_storeu_si256((__m256i *)(dst + 2 * i * SCT_GROUP),
                            _mm256_sub_epi16(even, middle));
        _mm256_storeu_si256((__m256i *)(dst + (2 * i + 1) * SCT_GROUP),
                            _mm256_sub_epi16(odd, middle));
    }
}

static void pack_avx2(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width)
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

/* 16 columns of 8 rows of 16 bits into 8 groups: a transpose of 8 x 8 pairs of samples.
 *
 *     a[v]      rv: 01 23 45 67            | 89 ..                  32-bit pairs
 *     b         r0:01 r1:01 r0:23 r1:23    | r0:89 ..               of two rows
 *     c         r0:01 r1:01 r2:01 r3:01    | r0:89 ..               of four
 *     group 0   r0:01 .. r3:01             | r4:01 .. r7:01 */
static inline void pack16_16_columns(int16_t *dst, const uint16_t *src, ptrdiff_t stride)
{
    const __m256i middle = _mm256_set1_epi16(INT16_MIN);
    __m256i c[2][4]; /* [rows 0..3, rows 4..7][pair, and pair + 4 above] */

    for (int half = 0; half < 2; half++) {
        const uint16_t *from = src + 4 * half * stride;
        const __m256i a0 = load256(from), a1 = load256(from + stride);
        const __m256i a2 = load256(from + 2 * stride), a3 = load256(from + 3 * stride);
        const __m256i lo01 = _mm256_unpacklo_epi32(a0, a1);
        const __m256i hi01 = _mm256_unpackhi_epi32(a0, a1);
        const __m256i lo23 = _mm256_unpacklo_epi32(a2, a3);
        const __m256i hi23 = _mm256_unpackhi_epi32(a2, a3);
        c[half][0] = _mm256_unpacklo_epi64(lo01, lo23);
        c[half][1] = _mm256_unpackhi_epi64(lo01, lo23);
        c[half][2] = _mm256_unpacklo_epi64(hi01, hi23);
        c[half][3] = _mm256_unpackhi_epi64(hi01, hi23);
    }
    for (int p = 0; p < 4; p++) {
        const __m256i lower = _mm256_permute2x128_si256(c[0][p], c[1][p], 0x20);
        const __m256i upper = _mm256_permute2x128_si256(c[0][p], c[1][p], 0x31);
        _mm256_storeu_si256((__m256i *)(dst + p * SCT_GROUP),
                            _mm256_xor_si256(lower, middle));
        _mm256_storeu_si256((__m256i *)(dst + (p + 4) * SCT_GROUP),
                            _mm256_xor_si256(upper, middle));
    }
}

static void pack16_avx2(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes,
                        int width)
{
    const ptrdiff_t stride = stride_bytes / (ptrdiff_t)sizeof *src;
    const int even_width = width & ~1;
    int x = 0;

    for (; x + 16 <= even_width; x += 16)
        pack16_16_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride);
    if (x < even_width && even_width >= 16) {
        x = even_width - 16; /* as in pack */
        pack16_16_columns(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride);
        x = even_width;
    }
    if (x < width)
        sct_pack16_c(dst + (ptrdiff_t)x * SCT_LANES, src + x, stride_bytes, width - x);
}

/* ---- horz -------------------------------------------------------------------------- */

static inline __m256i broadcast_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return _mm256_set1_epi32(pair);
}

static inline __m256i add_products(__m256i sum, const int16_t *group, __m256i pair)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(load256(group), pair));
}

/* add_products, and in this order: gcc would do all multiplications first, and spill them. */
static inline __m256i add_in_order(__m256i sum, const int16_t *group, __m256i pair)
{
    sum = add_products(sum, group, pair);
    __asm__("" : "+x"(sum));
    return sum;
}

/* Loads bound horz, so the weights of four groups are loaded at once and spread from
 * there. The groups are at g, g + o1, g + o2 and g + o3. */
ALWAYS_INLINE __m256i add_4_groups(__m256i sum, const int16_t *g, ptrdiff_t o1,
                                   ptrdiff_t o2, ptrdiff_t o3, const int16_t *w)
{
    const __m256i w4 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)w));
    sum = add_products(sum, g, _mm256_shuffle_epi32(w4, 0x00));
    sum = add_products(sum, g + o1, _mm256_shuffle_epi32(w4, 0x55));
    sum = add_products(sum, g + o2, _mm256_shuffle_epi32(w4, 0xaa));
    return add_products(sum, g + o3, _mm256_shuffle_epi32(w4, 0xff));
}

/* Three groups in the same way; reads two weights too many. */
ALWAYS_INLINE __m256i add_3_groups(__m256i sum, const int16_t *g, const int16_t *w)
{
    const __m256i w4 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)w));
    sum = add_products(sum, g, _mm256_shuffle_epi32(w4, 0x00));
    sum = add_products(sum, g + SCT_GROUP, _mm256_shuffle_epi32(w4, 0x55));
    return add_products(sum, g + 2 * SCT_GROUP, _mm256_shuffle_epi32(w4, 0xaa));
}

/* Adds to sum[i] the whole window of output i: unit[i] and w[i] are where its source and
 * its weights begin. */
ALWAYS_INLINE void add_windows(__m256i sum[4], const int16_t *const unit[4],
                               const int16_t *const w[4], ptrdiff_t stride, int n_units,
                               int n_pairs)
{
    const int step = n_pairs == 3 ? 1 : 4 / n_pairs; /* units that four groups cover */
    const ptrdiff_t o1 = n_pairs == 1 ? stride : SCT_GROUP;
    const ptrdiff_t o2 = n_pairs == 1   ? 2 * stride
                         : n_pairs == 2 ? stride
                                        : 2 * SCT_GROUP;
    const ptrdiff_t o3 = o1 + o2;
    int j = 0;

    for (; j + step <= n_units; j += step)
        for (int i = 0; i < 4; i++) {
            const int16_t *g = unit[i] + j * stride;
            const int16_t *wj = w[i] + (ptrdiff_t)j * n_pairs * 2;
            sum[i] = n_pairs == 3 ? add_3_groups(sum[i], g, wj)
                                  : add_4_groups(sum[i], g, o1, o2, o3, wj);
        }
    for (; j < n_units; j++)
        for (int i = 0; i < 4; i++)
            for (int p = 0; p < n_pairs; p++)
                sum[i] =
                    add_products(sum[i], unit[i] + j * stride + p * SCT_GROUP,
                                 broadcast_pair(w[i] + 2 * ((ptrdiff_t)j * n_pairs + p)));
}

/* Four outputs, to 16 bytes in each pair row:
 *
 *     sum[i]    xi: v0 v1 v2 v3             | v4 v5 v6 v7          8 x int32
 *     packssdw  x0: v01 v23  x1: v01 v23    | x0: v45 v67 ..       as 32-bit pairs
 *     shufps    v01: x0 x1 x2 x3            | v45: x0 x1 x2 x3
 *               v23: x0 x1 x2 x3            | v67: x0 x1 x2 x3 */
ALWAYS_INLINE void store_4(int16_t *const dst[4], ptrdiff_t x, const __m256i sum[4],
                           __m128i shift, int n_planes)
{
    const __m256i s01 = _mm256_packs_epi32(_mm256_sra_epi32(sum[0], shift),
                                           _mm256_sra_epi32(sum[1], shift));
    const __m256i s23 = _mm256_packs_epi32(_mm256_sra_epi32(sum[2], shift),
                                           _mm256_sra_epi32(sum[3], shift));
    const __m256 x01 = _mm256_castsi256_ps(s01), x23 = _mm256_castsi256_ps(s23);
    const __m256i even = _mm256_castps_si256(_mm256_shuffle_ps(x01, x23, 0x88));
    const __m256i odd = _mm256_castps_si256(_mm256_shuffle_ps(x01, x23, 0xdd));
    store128(dst[0] + 2 * x, _mm256_castsi256_si128(even));
    if (n_planes > 1)
        store128(dst[1] + 2 * x, _mm256_castsi256_si128(odd));
    if (n_planes > 2)
        store128(dst[2] + 2 * x, _mm256_extracti128_si256(even, 1));
    if (n_planes > 3)
        store128(dst[3] + 2 * x, _mm256_extracti128_si256(odd, 1));
}

ALWAYS_INLINE void horz_4(int16_t *const dst[4], int x, const int16_t *const unit[4],
                          const int16_t *const w[4], struct sct_horz h, int n_pairs)
{
    const __m256i round = _mm256_set1_epi32((int32_t)1 << (h.shift - 1));
    __m256i sum[4] = {round, round, round, round};

    add_windows(sum, unit, w, h.unit_stride, h.n_units, n_pairs);
    store_4(dst, x, sum, _mm_cvtsi32_si128(h.shift), h.n_planes);
}

/* Outputs from x up to `end`, in fours; inlined once for every n_pairs, so that the loops
 * over pairs unroll. `h` is a copy: what is stored through a vector might be the original,
 * for all that compilers know, and would be loaded again and again. */
ALWAYS_INLINE void horz_range(int16_t *const dst[4], const int16_t *src,
                              struct sct_horz h, int x, int end, int n_pairs)
{
    const int16_t *unit[4], *w[4];

    for (; x < end && x + 4 <= h.dst_width; x += 4) {
        for (int i = 0; i < 4; i++) {
            unit[i] = src + (ptrdiff_t)h.first[x + i] * h.unit_stride;
            w[i] = h.weights + h.at[x + i];
        }
        horz_4(dst, x, unit, w, h, n_pairs);
    }
    if (x >= end)
        return;
    for (int i = 0; i < 4; i++)
    { /* the last one to three; the last is repeated into the pad */
        const int xi = sct_min(x + i, h.dst_width - 1);
        unit[i] = src + (ptrdiff_t)h.first[xi] * h.unit_stride;
        w[i] = h.weights + h.at[xi];
    }
    horz_4(dst, x, unit, w, h, n_pairs);
}

/* ---- horz, short windows of samples ---- */

enum {
    MAX_SHORT = 8
}; /* groups in a window: as many pairs of weights stay in registers */

static inline int are_4_equal_to(const int32_t *values, int32_t value)
{
    const __m128i differ =
        _mm_xor_si128(_mm_loadu_si128((const __m128i *)values), _mm_set1_epi32(value));
    return _mm_testz_si128(differ, differ);
}

/* Where the weights are that most outputs share when the shrink is a whole number: all but
 * those at the edges, where windows are cut. -1 when the shrink is none. */
static inline int32_t find_common_weights(const struct sct_horz *h)
{
    const int middle = h->dst_width / 2;
    const int32_t at = h->at[middle];
    return middle + 4 <= h->dst_width && are_4_equal_to(h->at + middle, at) ? at : -1;
}

ALWAYS_INLINE __m256i sum_common(__m256i sum, const int16_t *group, const __m256i *pair,
                                 int n_groups)
{
    for (int j = 0; j < n_groups; j++)
        sum = add_in_order(sum, group + j * SCT_GROUP, pair[j]);
    return sum;
}

ALWAYS_INLINE __m256i sum_own(__m256i sum, const int16_t *group, const int16_t *w,
                              int n_groups)
{
    for (int j = 0; j < n_groups; j += 4, group += 4 * SCT_GROUP) {
        const __m256i w4 =
            _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(w + 2 * j)));
        sum = add_in_order(sum, group, _mm256_shuffle_epi32(w4, 0x00));
        if (j + 1 < n_groups)
            sum = add_in_order(sum, group + SCT_GROUP, _mm256_shuffle_epi32(w4, 0x55));
        if (j + 2 < n_groups)
            sum =
                add_in_order(sum, group + 2 * SCT_GROUP, _mm256_shuffle_epi32(w4, 0xaa));
        if (j + 3 < n_groups)
            sum =
                add_in_order(sum, group + 3 * SCT_GROUP, _mm256_shuffle_epi32(w4, 0xff));
    }
    return sum;
}

/* Windows of n_groups groups in a row, inlined once for every n_groups; as many outputs as
 * come in fours. Returns the output to go on with. */
ALWAYS_INLINE int horz_short(int16_t *const dst[4], const int16_t *src, struct sct_horz h,
                             int n_groups)
{
    const __m256i round = _mm256_set1_epi32((int32_t)1 << (h.shift - 1));
    const __m128i shift = _mm_cvtsi32_si128(h.shift);
    const int32_t common = find_common_weights(&h);
    __m256i pair[MAX_SHORT], sum[4];
    int x = 0;

    for (int j = 0; j < n_groups; j++)
        pair[j] = broadcast_pair(h.weights + sct_max(common, 0) + 2 * j);
    for (; x + 4 <= h.dst_width; x += 4) {
        const int32_t *first = h.first + x, *at = h.at + x;
        if (common >= 0 && are_4_equal_to(at, common))
            for (int i = 0; i < 4; i++)
                sum[i] = sum_common(round, src + (ptrdiff_t)first[i] * SCT_GROUP, pair,
                                    n_groups);
        else
            for (int i = 0; i < 4; i++)
                sum[i] = sum_own(round, src + (ptrdiff_t)first[i] * SCT_GROUP,
                                 h.weights + at[i], n_groups);
        store_4(dst, x, sum, shift, h.n_planes);
    }
    return x;
}

/* The same for all that are short enough; 0 if these are not. */
static int horz_if_short(int16_t *const dst[4], const int16_t *src,
                         const struct sct_horz *h)
{
    if (h->n_pairs != 1 || h->unit_stride != SCT_GROUP)
        return 0;
    switch (h->n_units) {
    case 1: return horz_short(dst, src, *h, 1);
    case 2: return horz_short(dst, src, *h, 2);
    case 3: return horz_short(dst, src, *h, 3);
    case 4: return horz_short(dst, src, *h, 4);
    case 5: return horz_short(dst, src, *h, 5);
    case 6: return horz_short(dst, src, *h, 6);
    case 7: return horz_short(dst, src, *h, 7);
    case MAX_SHORT: return horz_short(dst, src, *h, MAX_SHORT);
    default: return 0;
    }
}

/* ---- horz, 4 lanes ---- */

/* One unit of 4 x 4 frequencies is one vector, whose halves have their own pairs of
 * weights; at the end they are added:
 *
 *     unit      v0:u01 v1:u01 v2:u01 v3:u01 | v0:u23 v1:u23 v2:u23 v3:u23
 *     weights   w01    w01    w01    w01    | w23    w23    w23    w23
 *     pmaddwd   v0     v1     v2     v3     | v0     v1     v2     v3      8 x int32
 *
 * The pairs of weights of a unit, of the first one in `weights` or of the second: */
ALWAYS_INLINE __m256i spread_pairs(__m128i weights, int is_second)
{
    const __m256i first = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    const __m256i second = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
    const __m256 w = _mm256_castsi256_ps(_mm256_broadcastsi128_si256(weights));
    return _mm256_castps_si256(_mm256_permutevar_ps(w, is_second ? second : first));
}

static inline __m128i load_2_units(const int16_t *weights)
{
    return _mm_loadu_si128((const __m128i *)weights);
}

static inline __m128i load_1_unit(const int16_t *weights)
{
    return _mm_loadl_epi64((const __m128i *)weights);
}

/* The halves of a and b added: lanes 0 to 3 of a below, of b above. */
ALWAYS_INLINE __m256i add_halves(__m256i a, __m256i b)
{
    return _mm256_add_epi32(_mm256_blend_epi32(a, b, 0xf0),
                            _mm256_permute2x128_si256(a, b, 0x21));
}

/* Four outputs; 32-bit quarters of `words`:
 * x0:v01 x0:v23 x2:v01 x2:v23 | x1:v01 x1:v23 x3:v01 x3:v23 */
ALWAYS_INLINE void store_4_small(int16_t *const dst[4], ptrdiff_t x, const __m256i sum[4],
                                 struct sct_horz h)
{
    const __m256i quarters = _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7);
    const __m128i shift = _mm_cvtsi32_si128(h.shift);
    const __m256i round = _mm256_set1_epi32((int32_t)1 << (h.shift - 1));
    const __m256i x01 = _mm256_add_epi32(add_halves(sum[0], sum[1]), round);
    const __m256i x23 = _mm256_add_epi32(add_halves(sum[2], sum[3]), round);
    const __m256i words =
        _mm256_packs_epi32(_mm256_sra_epi32(x01, shift), _mm256_sra_epi32(x23, shift));
    const __m256i planes = _mm256_permutevar8x32_epi32(words, quarters);
    store128(dst[0] + 2 * x, _mm256_castsi256_si128(planes));
    if (h.n_planes > 1)
        store128(dst[1] + 2 * x, _mm256_extracti128_si256(planes, 1));
}

/* Outputs from x up to `end`, in fours. */
static void horz_range_small(int16_t *const dst[4], const int16_t *src, struct sct_horz h,
                             int x, int end)
{
    const ptrdiff_t stride = h.unit_stride;

    for (; x < end; x += 4) {
        const int16_t *unit[4], *w[4];
        __m256i sum[4];
        int j = 0;
        for (int i = 0; i < 4; i++)
        { /* past the end the last output is repeated, into the pad */
            const int xi = sct_min(x + i, h.dst_width - 1);
            unit[i] = src + (ptrdiff_t)h.first[xi] * stride;
            w[i] = h.weights + h.at[xi];
            sum[i] = _mm256_setzero_si256();
        }
        for (; j + 2 <= h.n_units; j += 2)
            for (int i = 0; i < 4; i++) {
                const __m128i w2 = load_2_units(w[i] + (ptrdiff_t)j * 4);
                const int16_t *u = unit[i] + j * stride;
                sum[i] = add_products(sum[i], u, spread_pairs(w2, 0));
                sum[i] = add_products(sum[i], u + stride, spread_pairs(w2, 1));
            }
        for (int i = 0; i < 4 && j < h.n_units; i++) {
            const __m128i w1 = load_1_unit(w[i] + (ptrdiff_t)j * 4);
            sum[i] = add_products(sum[i], unit[i] + j * stride, spread_pairs(w1, 0));
        }
        store_4_small(dst, x, sum, h);
    }
}

/* Outputs from x up to `end`, in fours: of any shape. */
static void horz_single(int16_t *const dst[4], const int16_t *src,
                        const struct sct_horz *h, int x, int end)
{
    switch (h->n_lanes == SCT_LANES ? h->n_pairs : 0) {
    case 0: horz_range_small(dst, src, *h, x, end); break;
    case 1: horz_range(dst, src, *h, x, end, 1); break;
    case 2: horz_range(dst, src, *h, x, end, 2); break;
    case 3: horz_range(dst, src, *h, x, end, 3); break;
    default: horz_range(dst, src, *h, x, end, 4); break;
    }
}

/* ---- horz, twins ---- */

/* Two outputs that have the same weights: each pair of them is loaded and spread once.
 *
 *     outputs   0 .. x .. distance .. x + distance .. 2 * distance .. dst_width
 *               ---near---         ------far------              ---rest---
 *
 * apart: int16 from a group that output x looks at to that of its twin. */
struct twins {
    int distance; /* a multiple of the period; 0: there are none */
    ptrdiff_t apart;
};

static struct twins find_twins(const struct sct_horz *h)
{
    const int n_periods = h->period ? h->dst_width / h->period / 2 : 0;
    return (struct twins){.distance = n_periods * h->period,
                          .apart =
                              (ptrdiff_t)n_periods * h->period_units * h->unit_stride};
}

ALWAYS_INLINE void add_to_both(__m256i *near, __m256i *far, const int16_t *group,
                               ptrdiff_t apart, __m256i pair)
{
    *near = add_in_order(*near, group, pair);
    *far = add_in_order(*far, group + apart, pair);
}

/* As add_4_groups, or only three. */
ALWAYS_INLINE void add_groups_to_both(__m256i *near, __m256i *far, const int16_t *g,
                                      ptrdiff_t apart, ptrdiff_t o1, ptrdiff_t o2,
                                      const int16_t *w, int n_groups)
{
    const __m256i w4 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)w));
    add_to_both(near, far, g, apart, _mm256_shuffle_epi32(w4, 0x00));
    add_to_both(near, far, g + o1, apart, _mm256_shuffle_epi32(w4, 0x55));
    add_to_both(near, far, g + o2, apart, _mm256_shuffle_epi32(w4, 0xaa));
    if (n_groups == 4)
        add_to_both(near, far, g + o1 + o2, apart, _mm256_shuffle_epi32(w4, 0xff));
}

ALWAYS_INLINE void horz_twins_of_8_lanes(int16_t *const dst[4], const int16_t *src,
                                         struct sct_horz h, struct twins t, int x,
                                         int n_pairs)
{
    const __m128i shift = _mm_cvtsi32_si128(h.shift);
    const __m256i round = _mm256_set1_epi32((int32_t)1 << (h.shift - 1));
    const ptrdiff_t stride = h.unit_stride;
    const int step = n_pairs == 3 ? 1 : 4 / n_pairs; /* as in add_windows */
    const ptrdiff_t o1 = n_pairs == 1 ? stride : SCT_GROUP;
    const ptrdiff_t o2 = n_pairs == 1   ? 2 * stride
                         : n_pairs == 2 ? stride
                                        : 2 * SCT_GROUP;
    __m256i near[4], far[4];
    const int16_t *unit[4], *w[4];
    int j = 0;

    for (int i = 0; i < 4; i++) {
        unit[i] = src + (ptrdiff_t)h.first[x + i] * stride;
        w[i] = h.weights + h.at[x + i];
        near[i] = far[i] = round;
    }
    for (; j + step <= h.n_units; j += step)
        for (int i = 0; i < 4; i++) {
            add_groups_to_both(&near[i], &far[i], unit[i], t.apart, o1, o2, w[i],
                               n_pairs == 3 ? 3 : 4);
            unit[i] += step * stride;
            w[i] += step * n_pairs * 2;
        }
    for (; j < h.n_units; j++)
        for (int i = 0; i < 4; i++) {
            for (int p = 0; p < n_pairs; p++)
                add_to_both(&near[i], &far[i], unit[i] + p * SCT_GROUP, t.apart,
                            broadcast_pair(w[i] + 2 * p));
            unit[i] += stride;
            w[i] += n_pairs * 2;
        }
    store_4(dst, x, near, shift, h.n_planes);
    store_4(dst, x + t.distance, far, shift, h.n_planes);
}

ALWAYS_INLINE void horz_twins_of_4_lanes(int16_t *const dst[4], const int16_t *src,
                                         struct sct_horz h, struct twins t, int x)
{
    const ptrdiff_t stride = h.unit_stride;
    __m256i near[4], far[4];
    const int16_t *unit[4], *w[4];
    int j = 0;

    for (int i = 0; i < 4; i++) {
        unit[i] = src + (ptrdiff_t)h.first[x + i] * stride;
        w[i] = h.weights + h.at[x + i];
        near[i] = far[i] = _mm256_setzero_si256();
    }
    for (; j + 2 <= h.n_units; j += 2)
        for (int i = 0; i < 4; i++) {
            const __m128i w2 = load_2_units(w[i]);
            add_to_both(&near[i], &far[i], unit[i], t.apart, spread_pairs(w2, 0));
            add_to_both(&near[i], &far[i], unit[i] + stride, t.apart,
                        spread_pairs(w2, 1));
            unit[i] += 2 * stride;
            w[i] += 2 * 4;
        }
    for (int i = 0; i < 4 && j < h.n_units; i++)
        add_to_both(&near[i], &far[i], unit[i], t.apart,
                    spread_pairs(load_1_unit(w[i]), 0));
    store_4_small(dst, x, near, h);
    store_4_small(dst, x + t.distance, far, h);
}

static inline int are_4_equal(const int32_t *a, const int32_t *b)
{
    const __m128i differ = _mm_xor_si128(_mm_loadu_si128((const __m128i *)a),
                                         _mm_loadu_si128((const __m128i *)b));
    return _mm_testz_si128(differ, differ);
}

/* All twins in fours, inlined once for every shape, and the edges between them, where windows
 * are cut. Returns the output to go on with: fours that may reach into the pad of a row
 * begin at a multiple of four. */
ALWAYS_INLINE int horz_twins(int16_t *const dst[4], const int16_t *src,
                             const struct sct_horz *whole, int n_lanes, int n_pairs)
{
    const struct sct_horz h = *whole;
    const struct twins t = find_twins(whole);
    int x = 0;

    for (; x + 4 <= t.distance; x += 4) {
        if (!are_4_equal(h.at + x, h.at + x + t.distance)) {
            horz_single(dst, src, whole, x, x + 4);
            horz_single(dst, src, whole, x + t.distance, x + t.distance + 4);
        } else if (n_lanes == SCT_LANES)
            horz_twins_of_8_lanes(dst, src, h, t, x, n_pairs);
        else
            horz_twins_of_4_lanes(dst, src, h, t, x);
    }
    if (x < t.distance)
        horz_single(dst, src, whole, x, x + 4);
    return (x + t.distance) / 4 * 4;
}

static void horz_avx2(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    int x = horz_if_short(dst, src, h);
    if (x == 0)
        switch (h->n_lanes == SCT_LANES ? h->n_pairs : 0) {
        case 0: x = horz_twins(dst, src, h, 4, 2); break;
        case 1: x = horz_twins(dst, src, h, SCT_LANES, 1); break;
        case 2: x = horz_twins(dst, src, h, SCT_LANES, 2); break;
        case 3: x = horz_twins(dst, src, h, SCT_LANES, 3); break;
        default: x = horz_twins(dst, src, h, SCT_LANES, 4); break;
        }
    horz_single(dst, src, h, x, h->dst_width);
}

/* ---- vert -------------------------------------------------------------------------- */

/* 8 * n_sums outputs from pair x on, in the order of the sums. */
ALWAYS_INLINE void sum_rows(__m256i *sum, int n_sums, const int16_t *const *rows,
                            const int16_t *weights, int n_rows, ptrdiff_t x, int32_t bias)
{
    for (int i = 0; i < n_sums; i++)
        sum[i] = _mm256_set1_epi32(bias);
    for (int r = 0; r < n_rows; r++) {
        const __m256i pair = broadcast_pair(weights + 2 * r);
        const int16_t *row = rows[r] + 2 * x;
        for (int i = 0; i < n_sums; i++)
            sum[i] = add_products(sum[i], row + i * SCT_GROUP, pair);
    }
}

static inline __m128i vert_16(const int16_t *const *rows, const int16_t *weights,
                              int n_rows, ptrdiff_t x, int32_t bias, __m128i shift)
{
    __m256i sum[2];
    sum_rows(sum, 2, rows, weights, n_rows, x, bias);
    const __m256i words = _mm256_packs_epi32(_mm256_sra_epi32(sum[0], shift),
                                             _mm256_sra_epi32(sum[1], shift));
    const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(ordered),
                            _mm256_extracti128_si256(ordered, 1));
}

/* The two packs work in 128-bit halves: 32-bit quarters come out as 0 2 4 6 1 3 5 7. */
static inline __m256i vert_32(const int16_t *const *rows, const int16_t *weights,
                              int n_rows, ptrdiff_t x, int32_t bias, __m128i shift)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i sum[4];
    sum_rows(sum, 4, rows, weights, n_rows, x, bias);
    for (int i = 0; i < 4; i++)
        sum[i] = _mm256_sra_epi32(sum[i], shift);
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(sum[0], sum[1]),
                                              _mm256_packs_epi32(sum[2], sum[3]));
    return _mm256_permutevar8x32_epi32(bytes, order);
}

static void vert_avx2(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                      int n_rows, int width, int32_t bias, int shift)
{
    const __m128i count = _mm_cvtsi32_si128(shift);
    int x = 0;

    for (; x + 32 <= width; x += 32)
        _mm256_storeu_si256((__m256i *)(dst + x),
                            vert_32(rows, weights, n_rows, x, bias, count));
    if (x + 16 <= width) {
        store128(dst + x, vert_16(rows, weights, n_rows, x, bias, count));
        x += 16;
    }
    if (x < width) { /* rows may be read up to 64 bytes, dst not written past its end */
        uint8_t last[16];
        store128(last, vert_16(rows, weights, n_rows, x, bias, count));
        memcpy(dst + x, last, (size_t)(width - x));
    }
}

/* packusdw saturates as wanted; its halves come out as 0 2 1 3. */
static inline __m256i vert16_16(const int16_t *const *rows, const int16_t *weights,
                                int n_rows, ptrdiff_t x, int32_t bias, __m128i shift)
{
    __m256i sum[2];
    sum_rows(sum, 2, rows, weights, n_rows, x, bias);
    const __m256i words = _mm256_packus_epi32(_mm256_sra_epi32(sum[0], shift),
                                              _mm256_sra_epi32(sum[1], shift));
    return _mm256_permute4x64_epi64(words, 0xd8);
}

static void vert16_avx2(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                        int n_rows, int width, int32_t bias, int shift)
{
    const __m128i count = _mm_cvtsi32_si128(shift);
    int x = 0;

    for (; x + 16 <= width; x += 16)
        _mm256_storeu_si256((__m256i *)(dst + x),
                            vert16_16(rows, weights, n_rows, x, bias, count));
    if (x < width) {
        uint16_t last[16];
        _mm256_storeu_si256((__m256i *)last,
                            vert16_16(rows, weights, n_rows, x, bias, count));
        memcpy(dst + x, last, (size_t)(width - x) * sizeof *dst);
    }
}

/* ---- fdct -------------------------------------------------------------------------- */

/* Two blocks side by side: a register is a row of both, block b below and b + 1 above, and
 * one pmaddwd makes the products of two rows:
 *
 *     sums         s0 = r0 + r7   s1 = r1 + r6   s2 = r2 + r5   s3 = r3 + r4
 *     differences  d0 = r0 - r7   ...
 *     even v       B[v][0] s0 + B[v][1] s1   +   B[v][2] s2 + B[v][3] s3
 *     odd v        the same of differences
 *
 * Down the columns, a transpose of both halves, and down the columns again. */
static const int16_t dct_weights[8][4] = {
    {11585, 11585, 11585, 11585},   {16069, 13623, 9102, 3196},
    {15137, 6270, -6270, -15137},   {13623, -3196, -16069, -9102},
    {11585, -11585, -11585, 11585}, {9102, -16069, 3196, 13623},
    {6270, -15137, 15137, -6270},   {3196, -9102, 13623, -16069},
};

/* Four rows, interleaved: what pmaddwd takes. */
struct row_pairs {
    __m256i lo01, hi01, lo23, hi23;
};

ALWAYS_INLINE struct row_pairs pair_rows(__m256i r0, __m256i r1, __m256i r2, __m256i r3)
{
    return (struct row_pairs){
        _mm256_unpacklo_epi16(r0, r1), _mm256_unpackhi_epi16(r0, r1),
        _mm256_unpacklo_epi16(r2, r3), _mm256_unpackhi_epi16(r2, r3)};
}

ALWAYS_INLINE __m256i weigh_rows(const struct row_pairs *p, const int16_t weights[4],
                                 int shift)
{
    const __m256i w01 = broadcast_pair(weights), w23 = broadcast_pair(weights + 2);
    const __m256i round = _mm256_set1_epi32(1 << (shift - 1));
    const __m256i lo = _mm256_add_epi32(_mm256_madd_epi16(p->lo01, w01),
                                        _mm256_madd_epi16(p->lo23, w23));
    const __m256i hi = _mm256_add_epi32(_mm256_madd_epi16(p->hi01, w01),
                                        _mm256_madd_epi16(p->hi23, w23));
    return _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(lo, round), shift),
                              _mm256_srai_epi32(_mm256_add_epi32(hi, round), shift));
}

ALWAYS_INLINE void transform_columns(__m256i r[8], int shift)
{
    const struct row_pairs sums =
        pair_rows(_mm256_add_epi16(r[0], r[7]), _mm256_add_epi16(r[1], r[6]),
                  _mm256_add_epi16(r[2], r[5]), _mm256_add_epi16(r[3], r[4]));
    const struct row_pairs differences =
        pair_rows(_mm256_sub_epi16(r[0], r[7]), _mm256_sub_epi16(r[1], r[6]),
                  _mm256_sub_epi16(r[2], r[5]), _mm256_sub_epi16(r[3], r[4]));
    for (int v = 0; v < 8; v++)
        r[v] = weigh_rows(v % 2 ? &differences : &sums, dct_weights[v], shift);
}

/* Each half of the registers by itself. */
ALWAYS_INLINE void transpose_8x8(__m256i r[8])
{
    __m256i a[8], b[8];
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
        a[2 * i + 1] = _mm256_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) {
            b[4 * i + 2 * k] = _mm256_unpacklo_epi32(a[4 * i + k], a[4 * i + 2 + k]);
            b[4 * i + 2 * k + 1] = _mm256_unpackhi_epi32(a[4 * i + k], a[4 * i + 2 + k]);
        }
    for (int i = 0; i < 4; i++) {
        r[2 * i] = _mm256_unpacklo_epi64(b[i], b[4 + i]);
        r[2 * i + 1] = _mm256_unpackhi_epi64(b[i], b[4 + i]);
    }
}

/* Sums of magnitudes of both blocks; the first coef does not count. */
ALWAYS_INLINE __m256i sum_magnitudes(const __m256i r[8])
{
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i all_but_first = _mm256_setr_epi16(0, 1, 1, 1, 1, 1, 1, 1, //
                                                    0, 1, 1, 1, 1, 1, 1, 1);
    __m256i sum = _mm256_madd_epi16(_mm256_abs_epi16(r[0]), all_but_first);
    for (int u = 1; u < 8; u++)
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_abs_epi16(r[u]), ones));
    sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0x4e));
    return _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0xb1));
}

/* Transforms two blocks, of which the second may lie in the same place as the first. */
ALWAYS_INLINE void transform_2_blocks(__m256i r[8])
{
    transform_columns(r, 10);
    transpose_8x8(r);
    transform_columns(r, 16);
}

static void fdct_avx2(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
                      int n_blocks)
{
    const __m256i middle = _mm256_set1_epi16(128);
    __m256i r[8];
    ptrdiff_t b = 0;

    for (; b + 2 <= n_blocks; b += 2) {
        for (int y = 0; y < 8; y++) {
            const __m128i bytes = _mm_loadu_si128((const __m128i *)(rows[y] + 8 * b));
            r[y] = _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), middle);
        }
        transform_2_blocks(r);
        for (int u = 0; u < 8; u++) {
            store128(dst + 64 * b + 8 * u, _mm256_castsi256_si128(r[u]));
            store128(dst + 64 * b + 64 + 8 * u, _mm256_extracti128_si256(r[u], 1));
        }
        const __m256i sum = sum_magnitudes(r);
        activity[b] = (uint32_t)_mm256_extract_epi32(sum, 0);
        activity[b + 1] = (uint32_t)_mm256_extract_epi32(sum, 4);
    }
    if (b < n_blocks) {
        for (int y = 0; y < 8; y++) {
            const __m128i bytes = _mm_loadl_epi64((const __m128i *)(rows[y] + 8 * b));
            r[y] = _mm256_sub_epi16(_mm256_cvtepu8_epi16(bytes), middle);
        }
        transform_2_blocks(r);
        for (int u = 0; u < 8; u++)
            store128(dst + 64 * b + 8 * u, _mm256_castsi256_si128(r[u]));
        activity[b] = (uint32_t)_mm256_extract_epi32(sum_magnitudes(r), 0);
    }
}

/* ---- quantise ---------------------------------------------------------------------- */

/* 16 coefs; where a level is 0 the mask has -1. */
ALWAYS_INLINE __m256i quantise_16(int16_t *levels, const int16_t *coefs, __m256i strength,
                                  const struct sct_quantiser *q, int i)
{
    const __m256i coef = load256(coefs + i);
    const __m256i a = _mm256_abs_epi16(coef);
    const __m256i quotient = _mm256_mulhi_epu16(
        _mm256_add_epi16(a, load256(q->rounding + i)), load256(q->reciprocal + i));
    const __m256i magnitude = _mm256_mulhi_epu16(quotient, load256(q->scale + i));
    const __m256i least = _mm256_add_epi16(
        load256(q->zero + i), _mm256_mulhi_epu16(load256(q->zero_busy + i), strength));
    const __m256i kept = _mm256_andnot_si256(_mm256_cmpgt_epi16(least, a), magnitude);
    _mm256_storeu_si256((__m256i *)(levels + i), _mm256_sign_epi16(kept, coef));
    return _mm256_cmpeq_epi16(kept, _mm256_setzero_si256());
}

/* Where the coefs of 32 places in zigzag order stand in 16 bytes each of four registers: u = 0
 * and 2, u = 1 and 3, u = 4 and 6, u = 5 and 7; -1: in another one. */
static const int8_t zigzag_bytes[2][4][32] = {
    {{0,  -1, 1,  2,  -1, 8, -1, 9,  -1, 3,  4,  -1, 10, -1, -1, -1,
      -1, -1, 11, -1, 5,  6, -1, 12, -1, -1, -1, -1, -1, -1, -1, -1},
     {-1, 0,  -1, -1, 1,  -1, 8, -1, 2,  -1, -1, 3,  -1, 9,  -1, -1,
      -1, 10, -1, 4,  -1, -1, 5, -1, 11, -1, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,  -1,
      1,  -1, -1, -1, -1, -1, -1, -1, -1, 2,  -1, 8,  -1, 9,  -1, 3},
     {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1,  -1, 8,  -1, 2,  -1}},
    {{-1, 13, -1, 7,  -1, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
      15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {12, -1, 6,  -1, 7,  -1, 13, -1, -1, -1, -1, -1, -1, -1, -1, 14,
      -1, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
     {-1, -1, -1, -1, -1, -1, -1, 4,  -1, 10, -1, -1, 11, -1, 5,  -1,
      -1, -1, 6,  -1, 12, -1, -1, 13, -1, 7,  -1, 14, -1, -1, 15, -1},
     {-1, -1, -1, -1, -1, -1, -1, -1, 3, -1, 9, 10, -1, 4,  -1, -1,
      -1, -1, -1, 5,  -1, 11, 12, -1, 6, -1, 7, -1, 13, 14, -1, 15}}};

ALWAYS_INLINE uint32_t find_zeros(const __m256i quarters[4], const int8_t bytes[4][32])
{
    __m256i order = _mm256_shuffle_epi8(quarters[0], load256(bytes[0]));
    for (int i = 1; i < 4; i++)
        order =
            _mm256_or_si256(order, _mm256_shuffle_epi8(quarters[i], load256(bytes[i])));
    return (uint32_t)_mm256_movemask_epi8(order);
}

static void quantise_avx2(int16_t *levels, uint64_t *nonzero, const int16_t *coefs,
                          const uint16_t *strengths,
                          const struct sct_quantiser *quantiser, int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++, levels += 64, coefs += 64) {
        const __m256i strength = _mm256_set1_epi16((int16_t)strengths[b]);
        __m256i zero[4], quarters[4];
        for (int i = 0; i < 4; i++)
            zero[i] = quantise_16(levels, coefs, strength, quantiser, 16 * i);
        for (int i = 0; i < 2; i++) {
            const __m256i bytes = _mm256_packs_epi16(zero[2 * i], zero[2 * i + 1]);
            quarters[2 * i] = _mm256_permute4x64_epi64(bytes, 0x44);
            quarters[2 * i + 1] = _mm256_permute4x64_epi64(bytes, 0xee);
        }
        nonzero[b] = ~(find_zeros(quarters, zigzag_bytes[0]) |
                       (uint64_t)find_zeros(quarters, zigzag_bytes[1]) << 32);
    }
}

void sct_dsp_fill_avx2(struct sct_dsp *dsp)
{
    dsp->name = "avx2";
    dsp->pack = pack_avx2;
    dsp->pack16 = pack16_avx2;
    dsp->horz = horz_avx2;
    dsp->vert = vert_avx2;
    dsp->vert16 = vert16_avx2;
    dsp->fdct = fdct_avx2;
    dsp->quantise = quantise_avx2;
}
