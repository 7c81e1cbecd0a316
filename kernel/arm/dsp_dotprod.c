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

static inline int32_t load_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return pair;
}

/* ---- horz ----------------------------------------------------------------------------
 *
 * The groups of a window, in the order of the weights, are q = 0, 1, ...; two neighbours
 * are a quad, four bytes of each lane. The groups that some outputs look at are first
 * brought into quads, the bytes of each group once:
 *
 *     groups      q0  q1    q2  q3    q4  q5    q6  q7       16 int16 each
 *     quads       q0..q1    q2..q3    q4..q5    q6..q7       8 lanes x 4 bytes
 *     window      w0  w1    w2  w3    w4  0
 *     another      0  w0    w1  w2    w3  w4                 begins at an odd group
 *
 * A window that begins at an odd group has its weights moved by one pair. A quad is a
 * register of lanes 0..3 and one of lanes 4..7, first their .lo, then their .hi. Samples
 * are -128..127: they are their own .lo, and half of the work is not there. */

enum {
    N_REGS = 2,         /* of the bytes of a quad */
    SIDE = 2,           /* outputs side by side, with 8 or 12 sums */
    QUADS_BYTES = 16384 /* on the stack, and in the first-level cache */
};

/* Bytes from a quad to the next. */
static inline ptrdiff_t quad_bytes(int is_wide)
{
    return 16 * N_REGS * (1 + is_wide);
}

/* The two bytes of 16 values: of a group, or of weights. */
struct pair_bytes {
    int8x16_t lo, hi;
};

ALWAYS_INLINE struct pair_bytes split_16(int16x8_t a, int16x8_t b)
{
    return (struct pair_bytes){
        vuzp1q_s8(vreinterpretq_s8_s16(a), vreinterpretq_s8_s16(b)),
        vaddhn_high_s16(vaddhn_s16(a, vdupq_n_s16(128)), b, vdupq_n_s16(128))};
}

/* The .hi that have been seen. -128 is what comes out of BYTES_LIMIT and more (and of the
 * 128 least values, which would be fine, but whom no picture has either). */
struct range {
    int8x16_t least;
    int8x16_t any; /* narrow: the bits of all of them; 0 if all values are -128..127 */
};

ALWAYS_INLINE struct pair_bytes load_group(const int16_t *group, int is_wide,
                                           struct range *range)
{
    const int16x8_t a = vld1q_s16(group), b = vld1q_s16(group + 8);
    const struct pair_bytes bytes = split_16(a, b);

    if (is_wide)
        range->least = vminq_s8(range->least, bytes.hi);
    else
        range->any = vorrq_s8(range->any, bytes.hi);
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

/* Where the groups of consecutive units are. */
struct groups {
    const int16_t *next;
    ptrdiff_t gap;     /* behind the last of a unit */
    int n_pairs, left; /* in a unit; in this one */
};

ALWAYS_INLINE const int16_t *next_group(struct groups *g, int has_gaps)
{
    const int16_t *group = g->next;
    g->next += SCT_GROUP;
    if (has_gaps && --g->left == 0) {
        g->next += g->gap;
        g->left = g->n_pairs;
    }
    return group;
}

/* n groups -> quads, and one more quad of zeros. */
ALWAYS_INLINE void make_quads(int8_t *quads, struct groups groups, int n, int has_gaps,
                              int is_wide, struct range *range)
{
    const ptrdiff_t step = quad_bytes(is_wide);
    const struct pair_bytes none = {vdupq_n_s8(0), vdupq_n_s8(0)};
    struct pair_bytes a, b;

    for (; n >= 2; n -= 2, quads += step) {
        a = load_group(next_group(&groups, has_gaps), is_wide, range);
        b = load_group(next_group(&groups, has_gaps), is_wide, range);
        store_quad(quads, a, b, is_wide);
    }
    if (n) {
        a = load_group(next_group(&groups, has_gaps), is_wide, range);
        store_quad(quads, a, none, is_wide);
        quads += step;
    }
    store_quad(quads, none, none, is_wide);
}

/* The two bytes of 8 values, twice. */
ALWAYS_INLINE struct pair_bytes split_8(int16x8_t a)
{
    const int8x16_t lo = vreinterpretq_s8_s16(a);
    const int8x16_t hi = vreinterpretq_s8_s16(vaddq_s16(a, vdupq_n_s16(128)));
    return (struct pair_bytes){vuzp1q_s8(lo, lo), vuzp2q_s8(hi, hi)};
}

/* How the weights of a window come to lie as the quads do: by whether it begins at an odd
 * group. */
struct fit {
    uint8x16_t first; /* moves the first four pairs, for tbl */
    int16x8_t last;   /* which of the last four pairs are not behind the window */
};

static struct fit make_fit(int n, int n_quads, int is_odd)
{
    uint8_t from[16];
    int16_t keep[8];
    const int n_in_last = n + is_odd - (n_quads - 1) / 2 * 4;

    for (int i = 0; i < 16; i++)
        from[i] = (uint8_t)(i - 4 * is_odd); /* 252 and more: tbl gives 0 */
    for (int i = 0; i < 8; i++)
        keep[i] = i / 2 < n_in_last ? -1 : 0;
    return (struct fit){vld1q_u8(from), vld1q_s16(keep)};
}

/* One output's window. */
struct window {
    const int8_t *quads;
    ptrdiff_t at,
        moved_at; /* of its weights; less one pair, if it begins at an odd group */
    const struct fit *fit;
};

/* The sums of four lanes, in chains that do not wait for each other. */
struct dots {
    int32x4_t lo, mid, hi;
};

ALWAYS_INLINE int32x4_t dot(int32x4_t sum, int8x16_t a, int8x16_t weights, int lane)
{
    switch (lane) {
    case 0: return vdotq_laneq_s32(sum, a, weights, 0);
    case 1: return vdotq_laneq_s32(sum, a, weights, 1);
    case 2: return vdotq_laneq_s32(sum, a, weights, 2);
    default: return vdotq_laneq_s32(sum, a, weights, 3);
    }
}

ALWAYS_INLINE void add_quad(struct dots *sum, const int8_t *quad, struct pair_bytes w,
                            int lane, int is_wide)
{
    int8x16_t bytes[2 * N_REGS];

    for (int i = 0; i < N_REGS * (1 + is_wide); i++)
        bytes[i] = vld1q_s8(quad + 16 * i);
    for (int r = 0; r < N_REGS; r++) {
        const int8x16_t lo = bytes[r * (1 + is_wide)];
        sum[r].lo = dot(sum[r].lo, lo, w.lo, lane);
        sum[r].mid = dot(sum[r].mid, lo, w.hi, lane);
        if (is_wide) {
            const int8x16_t hi = bytes[2 * r + 1];
            sum[r].mid = dot(sum[r].mid, hi, w.lo, lane);
            sum[r].hi = dot(sum[r].hi, hi, w.hi, lane);
        }
    }
}

ALWAYS_INLINE int32x4_t add_up(struct dots sum, int is_wide)
{
    const int32x4_t upper =
        is_wide ? vaddq_s32(sum.mid, vshlq_n_s32(sum.hi, 8)) : sum.mid;
    return vaddq_s32(sum.lo, vshlq_n_s32(upper, 8));
}

/* Adds the quad q + k of the windows, k = 0..3; w is of the quads q..q+3. */
ALWAYS_INLINE void add_quad_each(struct dots sum[SIDE][N_REGS],
                                 const struct window windows[SIDE], int q, int k,
                                 const struct pair_bytes w[SIDE], int is_wide)
{
    for (int i = 0; i < SIDE; i++)
        add_quad(sum[i], windows[i].quads + (q + k) * quad_bytes(is_wide), w[i], k,
                 is_wide);
}

/* Adds the quads q..q+n-1 of the windows, n = 1..4. */
ALWAYS_INLINE void add_quads(struct dots sum[SIDE][N_REGS], const int16_t *weights,
                             const struct window windows[SIDE], int q, int n, int is_last,
                             struct range *range, int is_wide)
{
    struct pair_bytes w[SIDE];
    int16x8_t a[SIDE], b[SIDE];

    for (int i = 0; i < SIDE; i++) {
        a[i] = vld1q_s16(weights + (q ? windows[i].moved_at + 4 * q : windows[i].at));
        b[i] = n > 2 ? vld1q_s16(weights + windows[i].moved_at + 4 * q + 8) : a[i];
    }
    if (q == 0)
        for (int i = 0; i < SIDE; i++)
            a[i] = vreinterpretq_s16_u8(
                vqtbl1q_u8(vreinterpretq_u8_s16(a[i]), windows[i].fit->first));
    for (int i = 0; i < SIDE; i++) {
        if (is_last && n <= 2)
            a[i] = vandq_s16(a[i], windows[i].fit->last);
        if (is_last && n > 2)
            b[i] = vandq_s16(b[i], windows[i].fit->last);
        w[i] = n > 2 ? split_16(a[i], b[i]) : split_8(a[i]);
        range->least = vminq_s8(range->least, w[i].hi);
    }
    /* gcc would keep a loop a loop, and then the lanes are no constants */
    add_quad_each(sum, windows, q, 0, w, is_wide);
    if (n > 1)
        add_quad_each(sum, windows, q, 1, w, is_wide);
    if (n > 2)
        add_quad_each(sum, windows, q, 2, w, is_wide);
    if (n > 3)
        add_quad_each(sum, windows, q, 3, w, is_wide);
}

/* Planes 2r and 2r + 1 of two outputs, which have lanes 4r..4r+3 in sum[0] and sum[1]. */
ALWAYS_INLINE void store_planes(int16_t *even, int16_t *odd, const int32x4_t sum[SIDE],
                                int32x4_t shift)
{
    const int32x4_t a = vshlq_s32(sum[0], shift), b = vshlq_s32(sum[1], shift);
    const int32x4_t words = /* x:(v0 v1) x:(v2 v3) (x+1):(v0 v1) (x+1):(v2 v3) */
        vreinterpretq_s32_s16(vqmovn_high_s32(vqmovn_s32(a), b));
    const int32x4_t v01 = vuzp1q_s32(words, words), v23 = vuzp2q_s32(words, words);

    vst1_s16(even, vget_low_s16(vreinterpretq_s16_s32(v01)));
    vst1_s16(odd, vget_low_s16(vreinterpretq_s16_s32(v23)));
}

/* Outputs that share a filling of `quads`: [begin, end), from the units [first, last). */
struct span {
    int begin, end, first, last;
};

/* As many as fit, four at a time, from `begin` on; none if not even four do. */
static struct span find_span(const int32_t *first, int n_units, int width, int begin,
                             int max_units)
{
    struct span s = {begin, begin, INT32_MAX, 0};

    while (s.end < width) {
        const int32_t *f = first + s.end;
        const int n = sct_min(width - s.end, 4);
        int lo = f[0], hi = f[0];
        if (n == 4) { /* without a loop: 47 instructions less */
            lo = sct_min(sct_min(lo, f[1]), sct_min(f[2], f[3]));
            hi = sct_max(sct_max(hi, f[1]), sct_max(f[2], f[3]));
        } else {
            for (int i = 1; i < n; i++) {
                lo = sct_min(lo, f[i]);
                hi = sct_max(hi, f[i]);
            }
        }
        lo = sct_min(lo, s.first);
        hi = sct_max(hi + n_units, s.last);
        if (hi - lo > max_units)
            break;
        s = (struct span){begin, s.end + n, lo, hi};
    }
    return s;
}

/* What all windows of a filling have in common. */
struct windows {
    const int8_t *quads;
    const int16_t *weights;
    const struct fit *fits;      /* [2] */
    int first, n_pairs, n_quads; /* `quads` begin with the unit `first` */
    int32x4_t round, shift;
};

/* Two outputs from x on, side by side; `first` and `at` are theirs. The windows have n_last
 * quads and any number of fours. */
ALWAYS_INLINE void horz_outputs(int16_t *const planes[4], ptrdiff_t x,
                                const struct windows *w, const int32_t *first,
                                const int32_t *at, int n_last, struct range *range,
                                int is_wide)
{
    const int n_fours = w->n_quads - n_last; /* quads of them */
    struct dots sum[SIDE][N_REGS];
    struct window windows[SIDE];

    for (int i = 0; i < SIDE; i++) {
        const unsigned q = (unsigned)((first[i] - w->first) * w->n_pairs);
        const int is_odd = (int)(q % 2);
        windows[i] = (struct window){w->quads + q / 2 * (size_t)quad_bytes(is_wide),
                                     at[i], at[i] - 2 * is_odd, &w->fits[is_odd]};
        for (int r = 0; r < N_REGS; r++)
            sum[i][r] = (struct dots){w->round, vdupq_n_s32(0), vdupq_n_s32(0)};
    }
    /* These first: gcc copies sums that come out of a loop before it adds to them. */
    add_quads(sum, w->weights, windows, n_fours, n_last, 1, range, is_wide);
    for (int q = 0; q < n_fours; q += 4)
        add_quads(sum, w->weights, windows, q, 4, 0, range, is_wide);
    for (int r = 0; r < N_REGS; r++) {
        const int32x4_t all[SIDE] = {add_up(sum[0][r], is_wide),
                                     add_up(sum[1][r], is_wide)};
        store_planes(planes[2 * r] + 2 * x, planes[2 * r + 1] + 2 * x, all, w->shift);
    }
}

ALWAYS_INLINE void horz_span(int16_t *const dst[4], const struct span *span,
                             const struct sct_horz *h, const struct windows *windows,
                             int n_last, struct range *range, int is_wide)
{
    /* Copies, which no store can change. */
    int16_t *const planes[4] = {dst[0], dst[1], dst[2], dst[3]};
    const int32_t *const first = h->first, *const at = h->at;
    const struct windows w = *windows;
    struct range seen = *range;
    int x = span->begin;

    for (; x + SIDE <= span->end; x += SIDE)
        horz_outputs(planes, x, &w, first + x, at + x, n_last, &seen, is_wide);
    if (x < span->end) { /* the last output twice, into the pad */
        const int32_t first_x[SIDE] = {first[x], first[x]};
        const int32_t at_x[SIDE] = {at[x], at[x]};
        horz_outputs(planes, x, &w, first_x, at_x, n_last, &seen, is_wide);
    }
    *range = seen;
}

/* Returns 0, having written anything, if a value does not fit or a window is too long. */
ALWAYS_INLINE int horz_quads(int16_t *const dst[4], const int16_t *src,
                             const struct sct_horz *h, int is_wide)
{
    _Alignas(64) int8_t quads[QUADS_BYTES];
    const int n_pairs = h->n_pairs, n = h->n_units * n_pairs;
    const int can_be_odd = n_pairs % 2; /* where a window begins */
    const int n_quads = can_be_odd ? n / 2 + 1 : n / 2;
    const int max_units = 2 * ((int)(QUADS_BYTES / quad_bytes(is_wide)) - 1) / n_pairs;
    const struct fit fits[2] = {make_fit(n, n_quads, 0), make_fit(n, n_quads, 1)};
    struct windows w = {.quads = quads,
                        .weights = h->weights,
                        .fits = fits,
                        .n_pairs = n_pairs,
                        .n_quads = n_quads,
                        .round = vdupq_n_s32((int32_t)1 << (h->shift - 1)),
                        .shift = vdupq_n_s32(-h->shift)};
    struct range range = {vdupq_n_s8(0), vdupq_n_s8(0)};

    for (struct span s = {0, 0, 0, 0}; s.end < h->dst_width;) {
        s = find_span(h->first, h->n_units, h->dst_width, s.end, max_units);
        if (s.begin == s.end)
            return 0;
        const struct groups groups = {src + (ptrdiff_t)s.first * h->unit_stride,
                                      h->unit_stride - (ptrdiff_t)n_pairs * SCT_GROUP,
                                      n_pairs, n_pairs};
        const int n_groups = (s.last - s.first) * n_pairs;
        if (groups.gap == 0)
            make_quads(quads, groups, n_groups, 0, is_wide, &range);
        else
            make_quads(quads, groups, n_groups, 1, is_wide, &range);
        if (vmaxvq_u8(vreinterpretq_u8_s8(range.any)) != 0)
            return 0;
        w.first = s.first;
        switch (n_quads % 4) { /* the quads of the last four */
        case 1: horz_span(dst, &s, h, &w, 1, &range, is_wide); break;
        case 2: horz_span(dst, &s, h, &w, 2, &range, is_wide); break;
        case 3: horz_span(dst, &s, h, &w, 3, &range, is_wide); break;
        default: horz_span(dst, &s, h, &w, 4, &range, is_wide); break;
        }
    }
    return vminvq_s8(range.least) > INT8_MIN;
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

/* The least pairs of a window for which the dots win what the splitting costs, on an N1
 * (bench/arm-model). With an odd n_pairs one pair, or two, of the quads are no use. */
enum { MIN_NARROW = 5, MIN_WIDE_EVEN = 10, MIN_WIDE_ODD = 14 };

/* Fewer than four planes are left to NEON, which does not compute lanes that nobody wants;
 * so are halves of groups, and short windows. */
static void horz_dotprod(int16_t *const dst[4], const int16_t *src,
                         const struct sct_horz *h)
{
    const int is_narrow = h->unit_stride == SCT_GROUP; /* samples */
    const int min_wide = h->n_pairs % 2 ? MIN_WIDE_ODD : MIN_WIDE_EVEN;
    const int min_pairs = is_narrow ? MIN_NARROW : min_wide;
    struct sct_dsp plain;

    if (h->n_lanes == SCT_LANES && h->n_planes == 4 &&
        h->n_units * h->n_pairs >= min_pairs &&
        (is_narrow ? horz_narrow(dst, src, h) : horz_wide(dst, src, h)))
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
