/* The dsp table in Google Highway: one source for SSSE3, SSE4, AVX2, AVX-512 and NEON. It
 * is what runs where no hand-written table exists, and the only C++ of the project.
 *
 * foreach_target.h includes this file again for every target, each time into another
 * namespace. sct_dsp_fill_hwy picks the best one once and puts its functions into the
 * table: nothing is dispatched per row. Where the CPU has none of the targets it leaves
 * the table alone.
 *
 * A pair group is 16 int16: one vector where vectors have 256 bits or more, two halves
 * (lanes 0..3 and 4..7) where they have 128. ReorderWidenMulAccumulate keeps its products
 * in whatever order suits the target; RearrangeToOddPlusEven makes of them the sum of
 * each pair, in the order of the lanes. Everything wraps modulo 2^32, like the reference.
 */

/* Only NEON on arm: scalable vectors do not fit in the arrays of sums below, and the
 * layout of a group gives them nothing to gain. A build may disable more, to test less.
 */
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

/* Only headers of Highway are used: its library spends 3 ms measuring a clock whenever a
 * program with it starts. So the targets that a CPU runs are found here, and are kept free
 * of extensions that would have to be looked for as well. */
#define HWY_DISABLE_PCLMUL_AES
#define HWY_DISABLE_BMI2_FMA
#define HWY_DISABLE_F16C

/* Found on the include path: this folder must be on it. */
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dsp_hwy.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <stdint.h>
#include <string.h>

#include "bits.h"
#include "dsp_impl.h"

#if HWY_TARGET != HWY_SCALAR &&                                                          \
    HWY_TARGET != HWY_EMU128 /* those would be a slower dsp_c.c */

HWY_BEFORE_NAMESPACE();
namespace sct {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D16 = hn::CappedTag<int16_t, SCT_GROUP>;
using D32 = hn::Repartition<int32_t, D16>;
using U32 = hn::RebindToUnsigned<D32>;
using U64 = hn::Repartition<uint64_t, D16>;
using Block = hn::FixedTag<int16_t, 8>; /* 128 bits: four outputs of a pair row */
using Bytes = hn::FixedTag<uint8_t, 16>;
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;

enum : int {
    kWidth = HWY_MAX_BYTES >= 32 ? SCT_GROUP : SCT_GROUP / 2, /* int16 in a vector */
    kHalves = SCT_GROUP / kWidth
};

/* ---- pack -------------------------------------------------------------------------- */

/* bytes: one pair of samples of each of the 8 rows */
template <class V> void store_group(int16_t *dst, V bytes)
{
    const D16 d16;
    const V16 middle = hn::Set(d16, 128);
#if HWY_MAX_BYTES >= 32
    hn::StoreU(hn::Sub(hn::PromoteTo(d16, bytes), middle), d16, dst);
#else
    const hn::Half<Bytes> half;
    hn::StoreU(hn::Sub(hn::PromoteTo(d16, hn::LowerHalf(half, bytes)), middle), d16, dst);
    hn::StoreU(hn::Sub(hn::PromoteTo(d16, hn::UpperHalf(half, bytes)), middle), d16,
               dst + kWidth);
#endif
}

/* 16 columns of 8 rows into 8 groups: a transpose of 8 x 8 pairs of samples in three
 * rounds of interleaving, which bring together 2, 4 and 8 rows. */
void pack_16_columns(int16_t *dst, const uint8_t *src, ptrdiff_t stride)
{
    const Bytes d8;
    const hn::Repartition<uint16_t, Bytes> d16;
    const hn::Repartition<uint32_t, Bytes> d32;
    const hn::Repartition<uint64_t, Bytes> d64;
    hn::Vec<decltype(d32)> by2[2][4]; /* [pairs 0..3 or 4..7][rows 2i, 2i + 1] */

    for (int i = 0; i < 4; i++) {
        const auto a = hn::BitCast(d16, hn::LoadU(d8, src + 2 * i * stride));
        const auto b = hn::BitCast(d16, hn::LoadU(d8, src + (2 * i + 1) * stride));
        by2[0][i] = hn::BitCast(d32, hn::InterleaveLower(d16, a, b));
        by2[1][i] = hn::BitCast(d32, hn::InterleaveUpper(d16, a, b));
    }
    for (int i = 0; i < 2; i++) {
        const auto *r = by2[i];
        int16_t *out = dst + 4 * i * SCT_GROUP;
        const auto lo0 = hn::BitCast(d64, hn::InterleaveLower(d32, r[0], r[1]));
        const auto hi0 = hn::BitCast(d64, hn::InterleaveLower(d32, r[2], r[3]));
        const auto lo1 = hn::BitCast(d64, hn::InterleaveUpper(d32, r[0], r[1]));
        const auto hi1 = hn::BitCast(d64, hn::InterleaveUpper(d32, r[2], r[3]));
        store_group(out, hn::BitCast(d8, hn::InterleaveLower(d64, lo0, hi0)));
        store_group(out + SCT_GROUP, hn::BitCast(d8, hn::InterleaveUpper(d64, lo0, hi0)));
        store_group(out + 2 * SCT_GROUP,
                    hn::BitCast(d8, hn::InterleaveLower(d64, lo1, hi1)));
        store_group(out + 3 * SCT_GROUP,
                    hn::BitCast(d8, hn::InterleaveUpper(d64, lo1, hi1)));
    }
}

void pack_hwy(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width)
{
    const int even_width = width & ~1;
    int x = 0;

    for (; x + 16 <= even_width; x += 16)
        pack_16_columns(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride_bytes);
    if (x < even_width && even_width >= 16) {
        x = even_width -
            16; /* the last 16 again, partly done: nothing past the end is read */
        pack_16_columns(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride_bytes);
        x = even_width;
    }
    if (x < width)
        sct_pack_c(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride_bytes, width - x);
}

/* 8 columns of 8 rows of 16 bits into 4 groups: two transposes of 4 x 4 pairs, in vectors of
 * 128 bits. */
void pack16_8_columns(int16_t *dst, const uint16_t *src, ptrdiff_t stride)
{
    const hn::FixedTag<uint16_t, 8> d16;
    const hn::Repartition<uint32_t, decltype(d16)> d32;
    const hn::Repartition<uint64_t, decltype(d16)> d64;
    const auto middle = hn::Set(d16, 0x8000);

    for (int half = 0; half < 2; half++) { /* rows 0..3, rows 4..7 */
        const uint16_t *from = src + 4 * half * stride;
        const auto a0 = hn::BitCast(d32, hn::LoadU(d16, from));
        const auto a1 = hn::BitCast(d32, hn::LoadU(d16, from + stride));
        const auto a2 = hn::BitCast(d32, hn::LoadU(d16, from + 2 * stride));
        const auto a3 = hn::BitCast(d32, hn::LoadU(d16, from + 3 * stride));
        const auto lo01 = hn::BitCast(d64, hn::InterleaveLower(d32, a0, a1));
        const auto hi01 = hn::BitCast(d64, hn::InterleaveUpper(d32, a0, a1));
        const auto lo23 = hn::BitCast(d64, hn::InterleaveLower(d32, a2, a3));
        const auto hi23 = hn::BitCast(d64, hn::InterleaveUpper(d32, a2, a3));
        const hn::Vec<decltype(d64)> pair[4] = {
            hn::InterleaveLower(d64, lo01, lo23), hn::InterleaveUpper(d64, lo01, lo23),
            hn::InterleaveLower(d64, hi01, hi23), hn::InterleaveUpper(d64, hi01, hi23)};
        for (int p = 0; p < 4; p++)
            hn::StoreU(hn::BitCast(Block(), hn::Xor(hn::BitCast(d16, pair[p]), middle)),
                       Block(), dst + p * SCT_GROUP + 8 * half);
    }
}

void pack16_hwy(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes, int width)
{
    const ptrdiff_t stride = stride_bytes / static_cast<ptrdiff_t>(sizeof *src);
    const int even_width = width & ~1;
    int x = 0;

    for (; x + 8 <= even_width; x += 8)
        pack16_8_columns(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride);
    if (x < even_width && even_width >= 8) {
        x = even_width - 8; /* as in pack */
        pack16_8_columns(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride);
        x = even_width;
    }
    if (x < width)
        sct_pack16_c(dst + ptrdiff_t{x} * SCT_LANES, src + x, stride_bytes, width - x);
}

/* ---- horz -------------------------------------------------------------------------- */

V16 broadcast_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return hn::BitCast(D16(), hn::Set(D32(), pair));
}

/* a and b together are the sums, in Highway's own order; both start at zero. */
void add_products(V32 &a, V32 &b, const int16_t *group, V16 pair)
{
    a = hn::ReorderWidenMulAccumulate(D32(), hn::LoadU(D16(), group), pair, a, b);
}

/* The bias is added unsigned: NEON's signed addition is plain C to gcc, where overflow is
 * undefined. */
V32 finish_sums(V32 a, V32 b, V32 bias, int shift)
{
    const U32 u32;
    const auto sum = hn::BitCast(u32, hn::RearrangeToOddPlusEven(a, b));
    const auto biased = hn::Add(sum, hn::BitCast(u32, bias));
    return hn::ShiftRightSame(hn::BitCast(D32(), biased), shift);
}

/* even, odd: four outputs of planes `plane` and plane + 1; where vectors are wide, those
 * of plane + 2 and plane + 3 stand in the upper halves. */
void store_planes(int16_t *const dst[4], ptrdiff_t x, int plane, int n_planes, V16 even,
                  V16 odd)
{
    const Block block;
#if HWY_MAX_BYTES >= 32
    hn::StoreU(hn::LowerHalf(block, even), block, dst[0] + 2 * x);
    if (n_planes > 1)
        hn::StoreU(hn::LowerHalf(block, odd), block, dst[1] + 2 * x);
    if (n_planes > 2)
        hn::StoreU(hn::UpperHalf(block, even), block, dst[2] + 2 * x);
    if (n_planes > 3)
        hn::StoreU(hn::UpperHalf(block, odd), block, dst[3] + 2 * x);
    (void)plane;
#else
    hn::StoreU(even, block, dst[plane] + 2 * x);
    if (plane + 1 < n_planes)
        hn::StoreU(odd, block, dst[plane + 1] + 2 * x);
#endif
}

/* Four outputs, unit[i] and w[i] where each one's source and weights begin. All steps
 * after the sums stay inside blocks of 128 bits; in one of them:
 *
 *     a[i]         xi: v0 v1 v2 v3                          4 x int32
 *     demoted      x0:v01 x0:v23 x2:v01 x2:v23              as 32-bit pairs, and x1, x3
 *     interleaved  x0:v01 x1:v01 x0:v23 x1:v23              and x2, x3
 *     again        x0:v01 x1:v01 x2:v01 x3:v01              and v23 */
template <int kPairs>
void horz_4(int16_t *const dst[4], ptrdiff_t x, const int16_t *const unit[4],
            const int16_t *const w[4], const struct sct_horz *h)
{
    const D16 d16;
    const U32 u32;
    const U64 u64;
    const V32 round = hn::Set(D32(), int32_t{1} << (h->shift - 1));

    for (int half = 0; half < kHalves && 2 * half < h->n_planes; half++) {
        V32 a[4], b[4];
        for (int i = 0; i < 4; i++)
            a[i] = b[i] = hn::Zero(D32());
        for (int j = 0; j < h->n_units; j++) {
            const ptrdiff_t u = j * ptrdiff_t{h->unit_stride} + half * kWidth;
            const ptrdiff_t wj = j * ptrdiff_t{kPairs * 2};
            for (int p = 0; p < kPairs; p++)
                for (int i = 0; i < 4; i++)
                    add_products(a[i], b[i], unit[i] + u + p * SCT_GROUP,
                                 broadcast_pair(w[i] + wj + 2 * p));
        }
        for (int i = 0; i < 4; i++)
            a[i] = finish_sums(a[i], b[i], round, h->shift);

        const auto x02 = hn::BitCast(u32, hn::ReorderDemote2To(d16, a[0], a[2]));
        const auto x13 = hn::BitCast(u32, hn::ReorderDemote2To(d16, a[1], a[3]));
        const auto x01 = hn::BitCast(u64, hn::InterleaveLower(u32, x02, x13));
        const auto x23 = hn::BitCast(u64, hn::InterleaveUpper(u32, x02, x13));
        store_planes(dst, x, 2 * half, h->n_planes,
                     hn::BitCast(d16, hn::InterleaveLower(u64, x01, x23)),
                     hn::BitCast(d16, hn::InterleaveUpper(u64, x01, x23)));
    }
}

template <int kPairs>
void horz_pairs(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    for (int x = 0; x < h->dst_width; x += 4) {
        const int16_t *unit[4], *w[4];
        for (int i = 0; i < 4; i++)
        { /* past the end the last output is repeated, into the pad */
            const int xi = sct_min(x + i, h->dst_width - 1);
            unit[i] = src + ptrdiff_t{h->first[xi]} * h->unit_stride;
            w[i] = h->weights + h->at[xi];
        }
        horz_4<kPairs>(dst, x, unit, w, h);
    }
}

/* Groups of 4 lanes: one output at a time, each group a vector of 128 bits. The sums of the
 * four lanes are v0 v1 v2 v3, demoted v01 v23. */
void horz_4_lanes(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    const Block d16;
    const hn::Repartition<int32_t, Block> d32;
    const hn::RebindToUnsigned<decltype(d32)> u32;
    const auto round = hn::Set(u32, uint32_t{1} << (h->shift - 1));
    for (int x = 0; x < h->dst_width; x++) {
        const int16_t *w = h->weights + h->at[x];
        const int16_t *unit = src + ptrdiff_t{h->first[x]} * h->unit_stride;
        auto a = hn::Zero(d32), b = hn::Zero(d32);
        for (int j = 0; j < h->n_units; j++, unit += h->unit_stride)
            for (int p = 0; p < 2; p++, w += 2) {
                int32_t pair;
                memcpy(&pair, w, sizeof pair);
                a = hn::ReorderWidenMulAccumulate(d32, hn::LoadU(d16, unit + 8 * p),
                                                  hn::BitCast(d16, hn::Set(d32, pair)), a,
                                                  b);
            }
        const auto sum = hn::BitCast(u32, hn::RearrangeToOddPlusEven(a, b));
        const auto lanes =
            hn::ShiftRightSame(hn::BitCast(d32, hn::Add(sum, round)), h->shift);
        int16_t words[8];
        hn::StoreU(hn::ReorderDemote2To(d16, lanes, lanes), d16, words);
        for (int p = 0; p < h->n_planes; p++)
            memcpy(dst[p] + 2 * ptrdiff_t{x}, words + 2 * p, 2 * sizeof *words);
    }
}

void horz_hwy(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    if (h->n_lanes == 4) {
        horz_4_lanes(dst, src, h);
        return;
    }
    switch (h->n_pairs) {
    case 1: horz_pairs<1>(dst, src, h); break;
    case 2: horz_pairs<2>(dst, src, h); break;
    case 3: horz_pairs<3>(dst, src, h); break;
    default: horz_pairs<4>(dst, src, h); break;
    }
}

/* ---- vert -------------------------------------------------------------------------- */

/* Two vectors of results, a before b, to kWidth bytes. The first demotion works in blocks
 * of 128 bits, so that wide vectors give a0 b0 a1 b1, four outputs in each. */
void store_bytes(uint8_t *dst, V32 a, V32 b)
{
    const hn::Rebind<uint8_t, D16> d8;
    const auto bytes = hn::DemoteTo(d8, hn::ReorderDemote2To(D16(), a, b));
#if HWY_MAX_BYTES >= 32
    const hn::Repartition<uint32_t, decltype(d8)> d32;
    const auto quads = hn::BitCast(d32, bytes);
    const auto ordered = hn::InterleaveLower(d32, quads, hn::Shuffle1032(quads));
    hn::StoreU(hn::BitCast(d8, ordered), d8, dst);
#else
    hn::StoreU(bytes, d8, dst);
#endif
}

/* kSums * kWidth / 2 outputs */
template <int kSums>
void vert_block(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                int n_rows, ptrdiff_t x, int32_t bias, int shift)
{
    const V32 v_bias = hn::Set(D32(), bias);
    V32 a[kSums], b[kSums];

    for (int i = 0; i < kSums; i++)
        a[i] = b[i] = hn::Zero(D32());
    for (int r = 0; r < n_rows; r++) {
        const V16 pair = broadcast_pair(weights + 2 * r);
        for (int i = 0; i < kSums; i++)
            add_products(a[i], b[i], rows[r] + 2 * x + i * kWidth, pair);
    }
    for (int i = 0; i < kSums; i += 2)
        store_bytes(dst + i * kWidth / 2, finish_sums(a[i], b[i], v_bias, shift),
                    finish_sums(a[i + 1], b[i + 1], v_bias, shift));
}

void vert_hwy(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
              int n_rows, int width, int32_t bias, int shift)
{
    enum : int { kStep = 4 * kWidth / 2, kLastSums = 32 / kWidth };
    int x = 0;

    for (; x + kStep <= width; x += kStep)
        vert_block<4>(dst + x, rows, weights, n_rows, x, bias, shift);
    for (; x < width; x += 16) { /* rows may be read in steps of 64 bytes, dst is exact */
        uint8_t last[16];
        vert_block<kLastSums>(last, rows, weights, n_rows, x, bias, shift);
        memcpy(dst + x, last, static_cast<size_t>(sct_min(16, width - x)));
    }
}

/* kWidth / 2 outputs: one vector of sums. */
void vert16_vector(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                   int n_rows, ptrdiff_t x, int32_t bias, int shift)
{
    const hn::Rebind<uint16_t, D32> words;
    V32 a = hn::Zero(D32()), b = hn::Zero(D32());
    for (int r = 0; r < n_rows; r++)
        add_products(a, b, rows[r] + 2 * x, broadcast_pair(weights + 2 * r));
    hn::StoreU(hn::DemoteTo(words, finish_sums(a, b, hn::Set(D32(), bias), shift)), words,
               dst);
}

void vert16_hwy(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                int n_rows, int width, int32_t bias, int shift)
{
    enum : int { kStep = kWidth / 2 };
    int x = 0;

    for (; x + kStep <= width; x += kStep)
        vert16_vector(dst + x, rows, weights, n_rows, x, bias, shift);
    if (x < width) {
        uint16_t last[kStep];
        vert16_vector(last, rows, weights, n_rows, x, bias, shift);
        memcpy(dst + x, last, static_cast<size_t>(width - x) * sizeof *dst);
    }
}

/* ---- fdct -------------------------------------------------------------------------- */

/* As in dsp_avx2.c, but one block at a time, in vectors of 128 bits: a row is a vector, and sums
 * of two products are made of two rows, interleaved. */
constexpr int16_t kDctWeights[8][4] = {
    {11585, 11585, 11585, 11585},   {16069, 13623, 9102, 3196},
    {15137, 6270, -6270, -15137},   {13623, -3196, -16069, -9102},
    {11585, -11585, -11585, 11585}, {9102, -16069, 3196, 13623},
    {6270, -15137, 15137, -6270},   {3196, -9102, 13623, -16069},
};

using Block32 = hn::Repartition<int32_t, Block>;
using Block64 = hn::Repartition<int64_t, Block>;
using VBlock = hn::Vec<Block>;

struct row_pairs {
    VBlock lo01, hi01, lo23, hi23;
};

row_pairs pair_rows(VBlock r0, VBlock r1, VBlock r2, VBlock r3)
{
    const Block d;
    return {hn::InterleaveLower(d, r0, r1), hn::InterleaveUpper(d, r0, r1),
            hn::InterleaveLower(d, r2, r3), hn::InterleaveUpper(d, r2, r3)};
}

VBlock broadcast_weights(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return hn::BitCast(Block(), hn::Set(Block32(), pair));
}

hn::Vec<Block32> sum_products(VBlock a, VBlock wa, VBlock b, VBlock wb)
{
    const Block32 d32;
    auto odd = hn::Zero(d32);
    auto sum = hn::ReorderWidenMulAccumulate(d32, a, wa, hn::Zero(d32), odd);
    sum = hn::ReorderWidenMulAccumulate(d32, b, wb, sum, odd);
    return hn::RearrangeToOddPlusEven(sum, odd);
}

template <int kShift> VBlock weigh_rows(const row_pairs &p, const int16_t *weights)
{
    const Block32 d32;
    const auto w01 = broadcast_weights(weights), w23 = broadcast_weights(weights + 2);
    const auto round = hn::Set(d32, 1 << (kShift - 1));
    const auto lo = hn::Add(sum_products(p.lo01, w01, p.lo23, w23), round);
    const auto hi = hn::Add(sum_products(p.hi01, w01, p.hi23, w23), round);
    return hn::ReorderDemote2To(Block(), hn::ShiftRight<kShift>(lo),
                                hn::ShiftRight<kShift>(hi)); /* in order: 128 bits */
}

template <int kShift> void transform_columns(VBlock r[8])
{
    const row_pairs sums = pair_rows(hn::Add(r[0], r[7]), hn::Add(r[1], r[6]),
                                     hn::Add(r[2], r[5]), hn::Add(r[3], r[4]));
    const row_pairs differences = pair_rows(hn::Sub(r[0], r[7]), hn::Sub(r[1], r[6]),
                                            hn::Sub(r[2], r[5]), hn::Sub(r[3], r[4]));
    for (int v = 0; v < 8; v++)
        r[v] = weigh_rows<kShift>(v % 2 ? differences : sums, kDctWeights[v]);
}

void transpose_8x8(VBlock r[8])
{
    const Block d;
    const Block32 d32;
    const Block64 d64;
    hn::Vec<Block32> a[8];
    hn::Vec<Block64> b[8];
    for (int i = 0; i < 4; i++) {
        a[2 * i] = hn::BitCast(d32, hn::InterleaveLower(d, r[2 * i], r[2 * i + 1]));
        a[2 * i + 1] = hn::BitCast(d32, hn::InterleaveUpper(d, r[2 * i], r[2 * i + 1]));
    }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) {
            b[i + 2 * k] =
                hn::BitCast(d64, hn::InterleaveLower(d32, a[i + k], a[i + 2 + k]));
            b[i + 2 * k + 1] =
                hn::BitCast(d64, hn::InterleaveUpper(d32, a[i + k], a[i + 2 + k]));
        }
    for (int i = 0; i < 4; i++) {
        r[2 * i] = hn::BitCast(d, hn::InterleaveLower(d64, b[i], b[4 + i]));
        r[2 * i + 1] = hn::BitCast(d, hn::InterleaveUpper(d64, b[i], b[4 + i]));
    }
}

void fdct_hwy(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
              int n_blocks)
{
    const Block d;
    const Block32 d32;
    const hn::FixedTag<uint8_t, 8> bytes;
    const auto ones = hn::Set(d, 1);

    for (ptrdiff_t b = 0; b < n_blocks; b++, dst += 64) {
        VBlock r[8];
        auto sum = hn::Zero(d32);
        for (int y = 0; y < 8; y++)
            r[y] = hn::Sub(hn::PromoteTo(d, hn::LoadU(bytes, rows[y] + 8 * b)),
                           hn::Set(d, 128));
        transform_columns<10>(r);
        transpose_8x8(r);
        transform_columns<16>(r);
        for (int u = 0; u < 8; u += 2) {
            hn::StoreU(r[u], d, dst + 8 * u);
            hn::StoreU(r[u + 1], d, dst + 8 * u + 8);
            sum =
                hn::Add(sum, sum_products(hn::Abs(r[u]), ones, hn::Abs(r[u + 1]), ones));
        }
        const int32_t all = hn::GetLane(hn::SumOfLanes(d32, sum));
        activity[b] = static_cast<uint32_t>(all - (dst[0] < 0 ? -dst[0] : dst[0]));
    }
}

/* ---- quantise ---------------------------------------------------------------------- */

using UBlock = hn::RebindToUnsigned<Block>;
using VUBlock = hn::Vec<UBlock>;

/* 8 coefs. Returns a bit for each level that is not 0. */
uint64_t quantise_8(int16_t *levels, const int16_t *coefs, VUBlock strength,
                    const struct sct_quantiser *q, int i)
{
    const Block d;
    const UBlock u;
    const auto coef = hn::LoadU(d, coefs + i);
    const auto a = hn::Abs(coef);
    const auto quotient =
        hn::MulHigh(hn::Add(hn::BitCast(u, a), hn::LoadU(u, q->rounding + i)),
                    hn::LoadU(u, q->reciprocal + i));
    const auto magnitude =
        hn::BitCast(d, hn::MulHigh(quotient, hn::LoadU(u, q->scale + i)));
    const auto least =
        hn::BitCast(d, hn::Add(hn::LoadU(u, q->zero + i),
                               hn::MulHigh(hn::LoadU(u, q->zero_busy + i), strength)));
    const auto kept = hn::IfThenZeroElse(hn::Lt(a, least), magnitude);
    hn::StoreU(hn::IfThenElse(hn::Lt(coef, hn::Zero(d)), hn::Neg(kept), kept), d,
               levels + i);
    uint8_t bits[8] = {0};
    hn::StoreMaskBits(d, hn::Gt(kept, hn::Zero(d)), bits);
    return bits[0];
}

/* The inverse of sct_zigzag. */
constexpr uint8_t kPlaces[64] = {0,  2,  3,  9,  10, 20, 21, 35, 1,  4,  8,  11, 19,
                                 22, 34, 36, 5,  7,  12, 18, 23, 33, 37, 48, 6,  13,
                                 17, 24, 32, 38, 47, 49, 14, 16, 25, 31, 39, 46, 50,
                                 57, 15, 26, 30, 40, 45, 51, 56, 58, 27, 29, 41, 44,
                                 52, 55, 59, 62, 28, 42, 43, 53, 54, 60, 61, 63};

void quantise_hwy(int16_t *levels, uint64_t *nonzero, const int16_t *coefs,
                  const uint16_t *strengths, const struct sct_quantiser *q, int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++, levels += 64, coefs += 64) {
        const auto strength = hn::Set(UBlock(), strengths[b]);
        uint64_t natural = 0, mask = 0;
        for (int i = 0; i < 64; i += 8)
            natural |= quantise_8(levels, coefs, strength, q, i) << i;
        for (; natural; natural &= natural - 1)
            mask |= uint64_t{1} << kPlaces[__builtin_ctzll(natural)];
        nonzero[b] = mask;
    }
}

void fill_table(struct sct_dsp *dsp)
{
    dsp->name = "hwy";
    dsp->pack = pack_hwy;
    dsp->pack16 = pack16_hwy;
    dsp->horz = horz_hwy;
    dsp->vert = vert_hwy;
    dsp->vert16 = vert16_hwy;
    dsp->fdct = fdct_hwy;
    dsp->quantise = quantise_hwy;
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace sct
HWY_AFTER_NAMESPACE();

#endif

#if HWY_ONCE

#if HWY_ARCH_ARM && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace sct {
namespace {

struct choice {
    int64_t target;
    void (*fill)(struct sct_dsp *);
};

/* Best first; NULL for targets that are not compiled. */
constexpr struct choice choices[] = {
    {HWY_AVX3, HWY_CHOOSE_AVX3(fill_table)}, {HWY_AVX2, HWY_CHOOSE_AVX2(fill_table)},
    {HWY_SSE4, HWY_CHOOSE_SSE4(fill_table)}, {HWY_SSSE3, HWY_CHOOSE_SSSE3(fill_table)},
    {HWY_NEON, HWY_CHOOSE_NEON(fill_table)},
};

int64_t supported_targets()
{
    int64_t targets = 0;
#if HWY_ARCH_X86
    if (__builtin_cpu_supports("ssse3"))
        targets |= HWY_SSSE3;
    if (__builtin_cpu_supports("sse4.2"))
        targets |= HWY_SSE4;
    if (__builtin_cpu_supports("avx2"))
        targets |= HWY_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        targets |= HWY_AVX3;
#elif HWY_ARCH_ARM && defined(__linux__)
    const unsigned long wanted = HWCAP_ASIMD | HWCAP_AES; /* Highway compiles for both */
    if ((getauxval(AT_HWCAP) & wanted) == wanted)
        targets |= HWY_NEON;
#elif HWY_ARCH_ARM
    targets |= HWY_STATIC_TARGET;
#endif
    return targets;
}

} // namespace
} // namespace sct

extern "C" void sct_dsp_fill_hwy(struct sct_dsp *dsp)
{
    const int64_t supported = sct::supported_targets();
    for (const struct sct::choice &c : sct::choices)
        if (c.fill && (supported & c.target)) {
            c.fill(dsp);
            return;
        }
}

#endif
