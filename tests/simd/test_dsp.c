/* Every implementation of the dsp table against the reference, byte by byte.
 *
 * Whatever sct_dsp_init accepts on this machine is compared with "c" on random and on
 * worst-case values. What a slot may read is allocated to the byte, so that
 * AddressSanitizer sees an over-read; what it may write lies between guards:
 *
 *     [ guard 64 | destination | slack that may be written | guard 64 ]
 *
 * The seed is printed, and SCT_TEST_SEED repeats a run. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "dsp_impl.h" /* SCT_HAVE_*: what this build should have */
#include "mem.h"

enum { GUARD = 64, GUARD_BYTE = 0xa5, MAX_IMPLS = 8 };

struct fixture {
    struct sct_dsp ref;
    struct sct_dsp impl[MAX_IMPLS]; /* supported here, without the reference */
    int n_impls;
    uint64_t rng;
};

static struct fixture fixture;

/* ---- random values ----------------------------------------------------------------- */

static uint32_t random_u32(void)
{
    fixture.rng += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = fixture.rng;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* lo <= result <= hi */
static int random_int(int lo, int hi)
{
    return lo + (int)(random_u32() % (uint32_t)(hi - lo + 1));
}

/* How a buffer of int16 is filled: the extremes, where products and sums overflow, and
 * values as pictures have them, where results are not all saturated. */
enum fill {
    FILL_SMALL,
    FILL_ANY,
    FILL_MIN,
    FILL_MAX,
    FILL_ALTERNATING,
    FILL_EXTREMES,
    FILL_RANDOM_ONES,
    N_FILLS
};

static void fill_i16(int16_t *p, size_t n, enum fill fill)
{
    for (size_t i = 0; i < n; i++) {
        switch (fill) {
        case FILL_SMALL: p[i] = (int16_t)random_int(-600, 600); break;
        case FILL_MIN: p[i] = INT16_MIN; break;
        case FILL_MAX: p[i] = INT16_MAX; break;
        case FILL_ALTERNATING: p[i] = i % 2 ? INT16_MIN : INT16_MAX; break;
        case FILL_EXTREMES: p[i] = random_u32() % 2 ? INT16_MIN : INT16_MAX; break;
        case FILL_RANDOM_ONES: p[i] = (int16_t)random_int(-1, 1); break;
        default: p[i] = (int16_t)random_int(INT16_MIN, INT16_MAX); break;
        }
    }
}

static enum fill random_fill(void)
{
    return (enum fill)random_int(0, N_FILLS - 1);
}

/* ---- buffers ----------------------------------------------------------------------- */

static void *alloc_or_fail(size_t alignment, size_t size)
{
    void *p =
        NULL; /* not aligned_alloc: its sizes must be multiples, ours must be exact */
    if (posix_memalign(&p, alignment, size) != 0)
        fail_msg("out of memory");
    return p;
}

/* A destination between guards; `data` has the wanted misalignment to 64 bytes. */
struct guarded {
    uint8_t *block, *data;
    size_t size; /* bytes that may be written */
};

static struct guarded alloc_guarded(size_t size, size_t misalign)
{
    struct guarded g = {.size = size};
    g.block = alloc_or_fail(64, GUARD + misalign + size + GUARD);
    g.data = g.block + GUARD + misalign;
    memset(g.block, GUARD_BYTE, GUARD + misalign + size + GUARD);
    return g;
}

static int guards_are_whole(const struct guarded *g)
{
    for (const uint8_t *p = g->block; p < g->data; p++)
        if (*p != GUARD_BYTE)
            return 0;
    for (const uint8_t *p = g->data + g->size; p < g->data + g->size + GUARD; p++)
        if (*p != GUARD_BYTE)
            return 0;
    return 1;
}

static size_t pair_row_bytes(int width)
{
    return sct_size_align(2 * (size_t)width * sizeof(int16_t));
}

/* Fails the test unless both have the same n bytes and whole guards. */
static void expect_same(const struct guarded *want, const struct guarded *got, size_t n,
                        const char *impl, const char *what)
{
    if (!guards_are_whole(want))
        fail_msg("c wrote outside its destination: %s", what);
    if (!guards_are_whole(got))
        fail_msg("%s wrote outside its destination: %s", impl, what);
    for (size_t i = 0; i < n; i++)
        if (want->data[i] != got->data[i])
            fail_msg("%s differs from c at byte %zu of %zu: %d, not %d: %s", impl, i, n,
                     got->data[i], want->data[i], what);
}

static void skip_without_implementations(void)
{
    if (fixture.n_impls == 0) {
        print_message("this CPU and build have no implementation besides c\n");
        skip();
    }
}

/* ---- pack -------------------------------------------------------------------------- */

/* The last row is allocated to its last byte; stride may be negative. */
static void check_pack(int width, ptrdiff_t stride, size_t misalign, int extreme)
{
    const size_t step = (size_t)(stride < 0 ? -stride : stride);
    const size_t src_bytes = 7 * step + (size_t)width;
    const size_t dst_bytes = (size_t)(width + 1) / 2 * SCT_GROUP * sizeof(int16_t);
    uint8_t *block =
        malloc(misalign + src_bytes); /* the end is exact, the begin is not */
    assert_non_null(block);
    uint8_t *src = block + misalign;
    char what[128];

    for (size_t i = 0; i < misalign + src_bytes; i++)
        block[i] = (uint8_t)(extreme ? (random_u32() % 2 ? 255 : 0) : random_u32());
    const uint8_t *top = stride < 0 ? src + 7 * step : src;
    snprintf(what, sizeof what, "pack width %d stride %td misaligned %zu", width, stride,
             misalign);

    struct guarded want = alloc_guarded(dst_bytes, 0);
    fixture.ref.pack((int16_t *)(void *)want.data, top, stride, width);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded(dst_bytes, 0);
        fixture.impl[i].pack((int16_t *)(void *)got.data, top, stride, width);
        expect_same(&want, &got, dst_bytes, fixture.impl[i].name, what);
        free(got.block);
    }
    free(want.block);
    free(block);
}

static void check_pack16(int width, ptrdiff_t stride, int extreme)
{
    const size_t step = (size_t)(stride < 0 ? -stride : stride);
    const size_t n_src = 7 * step + (size_t)width;
    const size_t dst_bytes = (size_t)(width + 1) / 2 * SCT_GROUP * sizeof(int16_t);
    uint16_t *src = malloc(n_src * sizeof *src);
    assert_non_null(src);
    char what[128];

    for (size_t i = 0; i < n_src; i++)
        src[i] = (uint16_t)(extreme ? (random_u32() % 2 ? 65535 : 0) : random_u32());
    const uint16_t *top = stride < 0 ? src + 7 * step : src;
    snprintf(what, sizeof what, "pack16 width %d stride %td", width, stride);

    const ptrdiff_t stride_bytes = stride * (ptrdiff_t)sizeof *src;
    struct guarded want = alloc_guarded(dst_bytes, 0);
    fixture.ref.pack16((int16_t *)(void *)want.data, top, stride_bytes, width);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded(dst_bytes, 0);
        fixture.impl[i].pack16((int16_t *)(void *)got.data, top, stride_bytes, width);
        expect_same(&want, &got, dst_bytes, fixture.impl[i].name, what);
        free(got.block);
    }
    free(want.block);
    free(src);
}

static void pack16_equals_the_reference_for_all_widths(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int width = 1; width <= 70; width++)
        for (int k = 0; k < 4; k++) {
            check_pack16(width, width + random_int(0, 9), k == 0);
            check_pack16(width, -(width + random_int(0, 5)), k == 0);
        }
    check_pack16(1023, 1025, 0);
}

static void pack_equals_the_reference_for_all_widths(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int width = 1; width <= 70; width++)
        for (int k = 0; k < 6; k++)
            check_pack(width, width + random_int(0, 9), (size_t)random_int(0, 15),
                       k == 0);
    check_pack(4928, 4928, 0, 0);
    check_pack(1023, 1025, 3, 1);
}

static void pack_walks_upwards_with_a_negative_stride(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int width = 1; width <= 40; width++)
        check_pack(width, -(width + random_int(0, 5)), (size_t)random_int(0, 15), 0);
}

/* ---- horz -------------------------------------------------------------------------- */

/* Windows that repeat, but for one in ten, and the last one, that have weights of their own. */
static void repeat_windows(struct sct_horz *h, int32_t *first, int32_t *at,
                           int last_first)
{
    const int row = h->n_units * h->n_pairs * 2;
    const int n_periods = (h->dst_width - 1) / h->period;
    h->period_units = random_int(0, last_first / (n_periods + 1));
    const int room = last_first - n_periods * h->period_units;
    for (int x = 0; x < h->dst_width; x++) {
        const int phase = x % h->period;
        const int is_own = x == h->dst_width - 1 || random_int(0, 9) == 0;
        first[x] = phase * 7 % (room + 1) + x / h->period * h->period_units;
        at[x] = phase * row;
        if (is_own) {
            first[x] = x == h->dst_width - 1 ? last_first : random_int(0, last_first);
            at[x] = (h->period + x) * row;
        }
    }
}

/* One call on exact-size sources: the last group that the formula names ends the
 * allocation, and the last weight ends its own. */
static void check_horz_lanes(int n_lanes, int dst_width, int n_units, int n_pairs,
                             int unit_stride, int n_planes, int shift, enum fill src_fill,
                             enum fill weight_fill)
{
    const int last_first = random_int(0, dst_width < 200 ? 40 : 500);
    const size_t n_src = (size_t)(last_first + n_units - 1) * (size_t)unit_stride +
                         (size_t)n_pairs * 2 * (size_t)n_lanes;
    const int period = random_int(0, 1) ? random_int(1, (dst_width + 1) / 2) : 0;
    const int n_weight_rows = period ? period + dst_width : random_int(1, dst_width);
    const size_t n_weights =
        (size_t)n_weight_rows * (size_t)n_units * (size_t)n_pairs * 2;
    const size_t row_bytes = pair_row_bytes(dst_width);
    int16_t *src = alloc_or_fail(64, n_src * sizeof *src);
    int16_t *weights = alloc_or_fail(64, (n_weights + 8) * sizeof *weights);
    int32_t *first = alloc_or_fail(sizeof(void *), (size_t)dst_width * sizeof *first);
    int32_t *at = alloc_or_fail(sizeof(void *), (size_t)dst_width * sizeof *at);
    char what[192];

    fill_i16(src, n_src, src_fill);
    fill_i16(weights, n_weights + 8, weight_fill);
    struct sct_horz h = {.first = first,
                         .at = at,
                         .weights = weights,
                         .dst_width = dst_width,
                         .n_units = n_units,
                         .n_pairs = n_pairs,
                         .n_lanes = n_lanes,
                         .unit_stride = unit_stride,
                         .n_planes = n_planes,
                         .shift = shift,
                         .period = period};
    for (int x = 0; x < dst_width; x++) /* in any order; the contract asks for none */
        first[x] = random_int(0, last_first),
        at[x] = random_int(0, n_weight_rows - 1) * n_units * n_pairs * 2;
    first[random_int(0, dst_width - 1)] = last_first;
    first[dst_width - 1] = last_first;
    at[random_int(0, dst_width - 1)] = (n_weight_rows - 1) * n_units * n_pairs * 2;
    if (period)
        repeat_windows(&h, first, at, last_first);
    snprintf(what, sizeof what,
             "horz lanes %d width %d units %d pairs %d stride %d planes %d shift %d "
             "period %d fills %d %d",
             n_lanes, dst_width, n_units, n_pairs, unit_stride, n_planes, shift, period,
             (int)src_fill, (int)weight_fill);

    struct guarded want[4], got[4];
    int16_t *rows[4] = {NULL, NULL, NULL,
                        NULL}; /* planes not wanted must not be touched */
    for (int p = 0; p < n_planes; p++) {
        want[p] = alloc_guarded(row_bytes, 0);
        rows[p] = (int16_t *)(void *)want[p].data;
    }
    fixture.ref.horz(rows, src, &h);
    for (int i = 0; i < fixture.n_impls; i++) {
        for (int p = 0; p < n_planes; p++) {
            got[p] = alloc_guarded(row_bytes, 0);
            rows[p] = (int16_t *)(void *)got[p].data;
        }
        fixture.impl[i].horz(rows, src, &h);
        for (int p = 0; p < n_planes; p++) {
            expect_same(&want[p], &got[p], 2 * (size_t)dst_width * sizeof(int16_t),
                        fixture.impl[i].name, what);
            free(got[p].block);
        }
    }
    for (int p = 0; p < n_planes; p++)
        free(want[p].block);
    free(first);
    free(at);
    free(weights);
    free(src);
}

static void check_horz(int dst_width, int n_units, int n_pairs, int unit_stride,
                       int n_planes, int shift, enum fill src_fill, enum fill weight_fill)
{
    check_horz_lanes(8, dst_width, n_units, n_pairs, unit_stride, n_planes, shift,
                     src_fill, weight_fill);
}

/* The small layout: groups of 4 lanes, two of them in a unit. */
static void check_horz_small(int dst_width, int n_units, int n_planes, int shift,
                             enum fill src_fill, enum fill weight_fill)
{
    check_horz_lanes(4, dst_width, n_units, 2, SCT_GROUP, n_planes, shift, src_fill,
                     weight_fill);
}

/* A shift with which most results of that many small products are not saturated. */
static int random_shift(void)
{
    return random_int(0, 3) == 0 ? random_int(1, 24) : random_int(6, 14);
}

static void horz_equals_the_reference_for_all_shapes(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int n_units = 1; n_units <= 20; n_units++)
        for (int n_pairs = 1; n_pairs <= 4; n_pairs++)
            for (int n_planes = 1; n_planes <= 4; n_planes++) {
                check_horz(random_int(1, 37), n_units, n_pairs, 64, n_planes,
                           random_shift(), FILL_SMALL, FILL_SMALL);
                check_horz(random_int(1, 37), n_units, n_pairs, 64, n_planes,
                           random_shift(), random_fill(), random_fill());
                check_horz(random_int(1, 37), n_units, n_pairs, 16 * random_int(1, 5),
                           n_planes, random_shift(), FILL_ANY, FILL_ANY);
            }
    for (int n_planes = 1; n_planes <= 4; n_planes++) {
        check_horz(7, 200, 1, 16, n_planes, 14, FILL_SMALL, FILL_SMALL);
        check_horz(6, 203, 1, 16, n_planes, 14, FILL_SMALL, FILL_SMALL);
        check_horz(5, 200, n_planes, 64, 4, 16, FILL_ANY, FILL_ANY);
    }
    check_horz(1600, 3, 3, 64, 3, 14, FILL_SMALL, FILL_ANY);
}

static void horz_equals_the_reference_for_all_widths(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int width = 1; width <= 70; width++)
        for (int n_pairs = 1; n_pairs <= 4; n_pairs++) {
            check_horz(width, random_int(1, 5), n_pairs, 64, random_int(1, 4), 12,
                       FILL_SMALL, FILL_SMALL);
            check_horz(width, random_int(1, 9), 1, 16, 4, 10, FILL_SMALL, FILL_SMALL);
        }
}

static void horz_of_4_lanes_equals_the_reference(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int n_units = 1; n_units <= 40; n_units++)
        for (int n_planes = 1; n_planes <= 2; n_planes++) {
            check_horz_small(random_int(1, 37), n_units, n_planes, random_shift(),
                             FILL_SMALL, FILL_SMALL);
            check_horz_small(random_int(1, 37), n_units, n_planes, random_shift(),
                             random_fill(), random_fill());
        }
    for (int width = 1; width <= 70; width++)
        check_horz_small(width, random_int(1, 9), random_int(1, 2), 12, FILL_SMALL,
                         FILL_SMALL);
    for (int src_fill = 0; src_fill < N_FILLS; src_fill++)
        for (int weight_fill = 0; weight_fill < N_FILLS; weight_fill++)
            for (int shift = 1; shift <= 24; shift++)
                check_horz_small(random_int(1, 9), random_int(1, 12), random_int(1, 2),
                                 shift, (enum fill)src_fill, (enum fill)weight_fill);
}

static void horz_wraps_and_saturates_like_the_reference(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int src_fill = 0; src_fill < N_FILLS; src_fill++)
        for (int weight_fill = 0; weight_fill < N_FILLS; weight_fill++)
            for (int shift = 1; shift <= 24; shift++)
                check_horz(random_int(1, 9), random_int(1, 12), random_int(1, 4), 64,
                           random_int(1, 4), shift, (enum fill)src_fill,
                           (enum fill)weight_fill);
}

/* ---- vert -------------------------------------------------------------------------- */

/* vert and vert16 */
static void check_vert(int width, int n_rows, int32_t bias, int shift, size_t misalign,
                       enum fill row_fill, enum fill weight_fill)
{
    const size_t row_bytes = pair_row_bytes(width);
    int16_t **rows = alloc_or_fail(sizeof(void *), (size_t)n_rows * sizeof *rows);
    /* Aligned to 4 and no more, and exact at the end. */
    int16_t *block = alloc_or_fail(64, 4 + 4 * (size_t)n_rows);
    int16_t *weights = block + 2;
    char what[160];

    fill_i16(weights, 2 * (size_t)n_rows, weight_fill);
    for (int r = 0; r < n_rows; r++) {
        rows[r] = alloc_or_fail(64, row_bytes);
        fill_i16(rows[r], row_bytes / sizeof(int16_t), row_fill);
    }
    snprintf(what, sizeof what,
             "vert width %d rows %d bias %ld shift %d misaligned %zu fills %d %d", width,
             n_rows, (long)bias, shift, misalign, (int)row_fill, (int)weight_fill);

    const int16_t *const *pair_rows = (const int16_t *const *)rows;
    struct guarded want = alloc_guarded((size_t)width, misalign);
    fixture.ref.vert(want.data, pair_rows, weights, n_rows, width, bias, shift);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded((size_t)width, misalign);
        fixture.impl[i].vert(got.data, pair_rows, weights, n_rows, width, bias, shift);
        expect_same(&want, &got, (size_t)width, fixture.impl[i].name, what);
        free(got.block);
    }
    free(want.block);

    misalign &= ~(size_t)1;
    want = alloc_guarded(2 * (size_t)width, misalign);
    fixture.ref.vert16((uint16_t *)(void *)want.data, pair_rows, weights, n_rows, width,
                       bias, shift);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded(2 * (size_t)width, misalign);
        fixture.impl[i].vert16((uint16_t *)(void *)got.data, pair_rows, weights, n_rows,
                               width, bias, shift);
        expect_same(&want, &got, 2 * (size_t)width, fixture.impl[i].name, what);
        free(got.block);
    }
    free(want.block);
    for (int r = 0; r < n_rows; r++)
        free(rows[r]);
    free(block);
    free(rows);
}

static void vert_equals_the_reference_for_all_widths(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int width = 1; width <= 140; width++) {
        const size_t misalign = (size_t)random_int(0, 63);
        check_vert(width, random_int(1, 12), 128 << 12, 12, misalign, FILL_SMALL,
                   FILL_SMALL);
        check_vert(width, random_int(1, 12), 128 << 11, 11, 0, FILL_SMALL, FILL_SMALL);
        check_vert(width, 1, 1 << 7, 8, misalign, FILL_SMALL, FILL_RANDOM_ONES);
    }
    check_vert(1600, 9, 128 << 12, 12, 0, FILL_SMALL, FILL_SMALL);
    check_vert(1601, 9, 128 << 12, 12, 1, FILL_SMALL, FILL_SMALL);
    check_vert(4095, 5, 128 << 12, 12, 5, FILL_SMALL, FILL_SMALL);
}

static void vert_equals_the_reference_for_all_row_counts(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int n_rows = 1; n_rows <= 40; n_rows++)
        check_vert(random_int(1, 80), n_rows, 128 << 13, 13, 3, FILL_SMALL, FILL_SMALL);
    check_vert(33, 200, 1 << 19, 13, 3, FILL_SMALL, FILL_SMALL);
    check_vert(33, 1001, -1, 17, 3, FILL_ANY, FILL_ANY);
}

static void vert_wraps_and_saturates_like_the_reference(void **state)
{
    static const int32_t biases[] = {0, -1, 1 << 17, INT32_MAX, INT32_MIN};
    (void)state;
    skip_without_implementations();
    for (int row_fill = 0; row_fill < N_FILLS; row_fill++)
        for (int weight_fill = 0; weight_fill < N_FILLS; weight_fill++)
            for (int shift = 1; shift <= 30; shift++)
                check_vert(random_int(1, 40), random_int(1, 9), biases[random_int(0, 4)],
                           shift, (size_t)random_int(0, 15), (enum fill)row_fill,
                           (enum fill)weight_fill);
}

/* ---- fdct -------------------------------------------------------------------------- */

static void check_fdct(int n_blocks, size_t misalign, int extreme)
{
    const size_t width = 8 * (size_t)n_blocks;
    const size_t coef_bytes = width * 8 * sizeof(int16_t);
    const size_t activity_bytes = (size_t)n_blocks * sizeof(uint32_t);
    uint8_t *block[8]; /* rows by themselves: the end of each is exact */
    const uint8_t *rows[8];
    char what[128];

    for (int y = 0; y < 8; y++) {
        block[y] = malloc(misalign + width);
        assert_non_null(block[y]);
        rows[y] = block[y] + misalign;
        for (size_t x = 0; x < misalign + width; x++)
            block[y][x] =
                (uint8_t)(extreme ? (random_u32() % 2 ? 255 : 0) : random_u32());
    }
    snprintf(what, sizeof what, "fdct of %d blocks misaligned %zu", n_blocks, misalign);

    struct guarded want = alloc_guarded(coef_bytes, 0);
    struct guarded want_activity = alloc_guarded(activity_bytes, 4);
    fixture.ref.fdct((int16_t *)(void *)want.data, (uint32_t *)(void *)want_activity.data,
                     rows, n_blocks);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded(coef_bytes, 0);
        struct guarded got_activity = alloc_guarded(activity_bytes, 4);
        fixture.impl[i].fdct((int16_t *)(void *)got.data,
                             (uint32_t *)(void *)got_activity.data, rows, n_blocks);
        expect_same(&want, &got, coef_bytes, fixture.impl[i].name, what);
        expect_same(&want_activity, &got_activity, activity_bytes, fixture.impl[i].name,
                    what);
        free(got.block);
        free(got_activity.block);
    }
    free(want.block);
    free(want_activity.block);
    for (int y = 0; y < 8; y++)
        free(block[y]);
}

static void fdct_equals_the_reference(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int n_blocks = 1; n_blocks <= 20; n_blocks++)
        for (int k = 0; k < 8; k++)
            check_fdct(n_blocks, (size_t)random_int(0, 15), k % 2);
    check_fdct(201, 3, 1);
}

/* B[u][x] of README.md over sqrt(8): orthonormal. */
static double dct_basis(int u, int x)
{
    const double pi = 3.14159265358979323846;
    return u == 0 ? sqrt(0.125) : 0.5 * cos((2 * x + 1) * u * pi / 16);
}

/* Half a step of 1/32 after the first pass reaches a coef at most sqrt(8) times, 0.045; half a
 * step of 1/16 at the end is 0.032. */
static void fdct_is_within_a_twelfth_of_the_definition(void **state)
{
    (void)state;
    for (int k = 0; k < 200; k++) {
        uint8_t samples[8][8];
        const uint8_t *rows[8];
        _Alignas(64) int16_t coefs[64];
        uint32_t activity;
        for (int y = 0; y < 8; y++) {
            rows[y] = samples[y];
            for (int x = 0; x < 8; x++)
                samples[y][x] = (uint8_t)(k % 2 ? random_u32() : random_u32() % 2 * 255);
        }
        fixture.ref.fdct(coefs, &activity, rows, 1);
        for (int u = 0; u < 8; u++)
            for (int v = 0; v < 8; v++) {
                double sum = 0;
                for (int y = 0; y < 8; y++)
                    for (int x = 0; x < 8; x++)
                        sum += dct_basis(u, x) * dct_basis(v, y) * (samples[y][x] - 128);
                assert_true(fabs(coefs[8 * u + v] / 16.0 - sum) < 1.0 / 12);
            }
    }
}

/* ---- quantise ---------------------------------------------------------------------- */

/* Any within the contract, and steps as pictures have them. */
static struct sct_quantiser make_quantiser(int is_any)
{
    struct sct_quantiser q;
    for (int i = 0; i < 64; i++) {
        const int divisor = 16 * random_int(1, 255);
        int k = 0;
        while (divisor >> (k + 1))
            k++;
        q.reciprocal[i] = (uint16_t)((1 << (15 + k)) / divisor);
        q.scale[i] = (uint16_t)(1 << (17 - k));
        q.rounding[i] = (uint16_t)(is_any ? random_int(0, 16383) : divisor / 2);
        q.zero[i] = (uint16_t)(is_any ? random_int(0, 16383) : divisor * 5 / 8);
        q.zero_busy[i] = (uint16_t)(is_any ? random_int(0, 16383) : divisor / 8);
    }
    return q;
}

static void check_quantise(int n_blocks, int largest, int is_any, int is_in_place)
{
    const size_t n = 64 * (size_t)n_blocks;
    const size_t mask_bytes = (size_t)n_blocks * sizeof(uint64_t);
    const struct sct_quantiser q = make_quantiser(is_any);
    int16_t *coefs = alloc_or_fail(64, n * sizeof *coefs);
    uint16_t *strengths = malloc((size_t)n_blocks * sizeof *strengths);
    assert_non_null(strengths);
    char what[128];

    for (size_t i = 0; i < n; i++)
        coefs[i] = (int16_t)random_int(-largest, largest);
    for (int b = 0; b < n_blocks; b++)
        strengths[b] = (uint16_t)random_u32();
    snprintf(what, sizeof what, "quantise %d blocks up to %d, any %d in place %d",
             n_blocks, largest, is_any, is_in_place);

    struct guarded want = alloc_guarded(n * sizeof *coefs, 0);
    struct guarded want_mask = alloc_guarded(mask_bytes, 8);
    fixture.ref.quantise((int16_t *)(void *)want.data, (uint64_t *)(void *)want_mask.data,
                         coefs, strengths, &q, n_blocks);
    for (int i = 0; i < fixture.n_impls; i++) {
        struct guarded got = alloc_guarded(n * sizeof *coefs, 0);
        struct guarded got_mask = alloc_guarded(mask_bytes, 8);
        int16_t *levels = (int16_t *)(void *)got.data;
        if (is_in_place)
            memcpy(levels, coefs, n * sizeof *coefs);
        fixture.impl[i].quantise(levels, (uint64_t *)(void *)got_mask.data,
                                 is_in_place ? levels : coefs, strengths, &q, n_blocks);
        expect_same(&want, &got, n * sizeof *coefs, fixture.impl[i].name, what);
        expect_same(&want_mask, &got_mask, mask_bytes, fixture.impl[i].name, what);
        free(got.block);
        free(got_mask.block);
    }
    free(want.block);
    free(want_mask.block);
    free(strengths);
    free(coefs);
}

static void quantise_equals_the_reference(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int n_blocks = 1; n_blocks <= 9; n_blocks++)
        for (int k = 0; k < 40; k++)
            check_quantise(n_blocks, k % 2 ? 16384 : 16 << random_int(0, 10), k / 2 % 2,
                           k / 4 % 2);
}

/* Divisions that round: the reference agrees with arithmetic for every level and step, but where
 * a quotient is within a 2000th of half a step. */
static void quantise_divides(void **state)
{
    (void)state;
    const uint16_t strength = 0;
    for (int step = 1; step <= 255; step++) {
        const int divisor = 16 * step;
        int k = 0;
        struct sct_quantiser q = {.zero = {0}};
        while (divisor >> (k + 1))
            k++;
        for (int i = 0; i < 64; i++) {
            q.reciprocal[i] = (uint16_t)(((1 << (15 + k)) + divisor / 2) / divisor);
            q.scale[i] = (uint16_t)(1 << (17 - k));
            q.rounding[i] = (uint16_t)(divisor / 2);
        }
        for (int first = -16384; first < 16384; first += 64) {
            _Alignas(64) int16_t coefs[64], levels[64];
            uint64_t nonzero;
            for (int i = 0; i < 64; i++)
                coefs[i] = (int16_t)(first + i);
            fixture.ref.quantise(levels, &nonzero, coefs, &strength, &q, 1);
            for (int k2 = 0; k2 < 64; k2++) {
                const int i = sct_zigzag[k2];
                const double quotient = (double)coefs[i] / divisor;
                assert_true(fabs(levels[i] - quotient) <=
                            0.5 + 0.13 + fabs(quotient) / 2000);
                assert_int_equal(nonzero >> k2 & 1, levels[i] != 0);
            }
        }
    }
}

/* ---- the reference itself ---------------------------------------------------------- */

static void reference_gives_the_results_worked_out_by_hand(void **state)
{
    (void)state;
    uint8_t samples[8 * 3];
    for (int i = 0; i < 24; i++)
        samples[i] = (uint8_t)(10 * i);
    _Alignas(64) int16_t group[2 * SCT_GROUP];
    fixture.ref.pack(group, samples, 3, 3);
    assert_int_equal(group[2 * 1 + 0], 30 - 128); /* row 1, x 0 */
    assert_int_equal(group[2 * 7 + 1], 220 - 128);
    assert_int_equal(group[16 + 2 * 7], 230 - 128); /* row 7, x 2 */
    assert_int_equal(group[16 + 2 * 7 + 1], 0);     /* its partner is missing */

    const int32_t first[1] = {1}, at[1] = {2};
    _Alignas(64) const int16_t weights[4 + 8] = {9, 9, 3, -5};
    const struct sct_horz h = {.first = first,
                               .at = at,
                               .weights = weights,
                               .dst_width = 1,
                               .n_units = 1,
                               .n_pairs = 1,
                               .n_lanes = 8,
                               .unit_stride = SCT_GROUP,
                               .n_planes = 1,
                               .shift = 2};
    _Alignas(64) int16_t row[32] = {0};
    int16_t *rows[4] = {row, NULL, NULL, NULL};
    group[16] = 7, group[17] = 2;  /* 21 - 10 = 11; (11 + 2) >> 2 */
    group[18] = -7, group[19] = 1; /* -21 - 5 = -26; (-26 + 2) >> 2 */
    fixture.ref.horz(rows, group, &h);
    assert_int_equal(row[0], 3);
    assert_int_equal(row[1], -6);

    uint8_t out[1];
    const int16_t *const one_row[1] = {row};
    const int16_t down[2] = {100, -10}; /* 300 + 60 + 40 = 400; 400 >> 1 */
    fixture.ref.vert(out, one_row, down, 1, 1, 40, 1);
    assert_int_equal(out[0], 200);
    const uint16_t samples16[24] = {65535, 0, 5};
    fixture.ref.pack16(group, samples16, 6, 3);
    assert_int_equal(group[0], 32767);
    assert_int_equal(group[1], -32768);
    assert_int_equal(group[16], 5 - 32768);
    assert_int_equal(group[17], 0); /* its partner is missing */
    uint16_t out16[1];
    fixture.ref.vert16(out16, one_row, down, 1, 1, 40, 1);
    assert_int_equal(out16[0], 200);
    fixture.ref.vert16(out16, one_row, down, 1, 1, 200000, 1);
    assert_int_equal(out16[0], 65535);
    fixture.ref.vert16(out16, one_row, down, 1, 1, -361, 1);
    assert_int_equal(out16[0], 0);
    fixture.ref.vert(out, one_row, down, 1, 1, 200, 1);
    assert_int_equal(out[0], 255);
    fixture.ref.vert(out, one_row, down, 1, 1, -361, 1);
    assert_int_equal(out[0], 0);
}

/* ---- selection --------------------------------------------------------------------- */

static int is_zeroed(const struct sct_dsp *dsp)
{
    const struct sct_dsp zero = {0};
    return dsp->name == zero.name && dsp->pack == zero.pack &&
           dsp->pack16 == zero.pack16 && dsp->horz == zero.horz &&
           dsp->vert == zero.vert && dsp->vert16 == zero.vert16 &&
           dsp->fdct == zero.fdct && dsp->quantise == zero.quantise;
}

static void reference_runs_everywhere_and_is_the_first_name(void **state)
{
    (void)state;
    struct sct_dsp dsp;
    assert_string_equal(sct_dsp_name_at(0), "c");
    assert_int_equal(sct_dsp_init(&dsp, "c"), SCT_OK);
    assert_string_equal(dsp.name, "c");
    assert_null(sct_dsp_name_at(-1));
}

/* dotprod stands on neon and has no pack of its own. */
static int is_arm(const char *name)
{
    return strcmp(name, "neon") == 0 || strcmp(name, "dotprod") == 0;
}

static void forced_implementation_is_the_one_that_runs(void **state)
{
    (void)state;
    skip_without_implementations();
    for (int i = 1; sct_dsp_name_at(i); i++) {
        struct sct_dsp dsp;
        const int status = sct_dsp_init(&dsp, sct_dsp_name_at(i));
        if (status != SCT_OK) {
            assert_int_equal(status, SCT_ERR_UNSUPPORTED);
            assert_true(is_zeroed(&dsp));
            continue;
        }
        assert_string_equal(dsp.name, sct_dsp_name_at(i));
        for (int k = -1; k < fixture.n_impls; k++) { /* -1: the reference */
            const struct sct_dsp *other = k < 0 ? &fixture.ref : &fixture.impl[k];
            const int is_same = strcmp(other->name, dsp.name) == 0;
            const int shares_pack = is_same || (is_arm(other->name) && is_arm(dsp.name));
            assert_int_equal(dsp.pack == other->pack, shares_pack);
            assert_int_equal(dsp.pack16 == other->pack16, shares_pack);
            assert_int_equal(dsp.vert16 == other->vert16, shares_pack);
            assert_int_equal(dsp.horz == other->horz, is_same);
            assert_int_equal(dsp.vert == other->vert, is_same);
        }
    }
}

static void automatic_choice_is_the_best_that_is_supported(void **state)
{
    (void)state;
    const struct sct_dsp *best =
        fixture.n_impls ? &fixture.impl[fixture.n_impls - 1] : &fixture.ref;
    static const char *const names[] = {NULL, "auto"};
    for (int i = 0; i < 2; i++) {
        struct sct_dsp dsp;
        assert_int_equal(sct_dsp_init(&dsp, names[i]), SCT_OK);
        assert_string_equal(dsp.name, best->name);
        assert_true(dsp.pack == best->pack && dsp.horz == best->horz &&
                    dsp.vert == best->vert);
    }
}

static void unknown_name_is_an_argument_error(void **state)
{
    (void)state;
    static const char *const names[] = {"", "C", "avx", "avx2 ", "sse2", "autos"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct sct_dsp dsp;
        memset(&dsp, GUARD_BYTE, sizeof dsp);
        assert_int_equal(sct_dsp_init(&dsp, names[i]), SCT_ERR_ARGUMENT);
        assert_true(is_zeroed(&dsp));
    }
}

/* What this CPU runs, found out apart from dsp.c. */
static int cpu_may_run(const char *name)
{
#if defined(__x86_64__)
    if (strcmp(name, "avx2") == 0)
        return __builtin_cpu_supports("avx2") != 0;
    return strcmp(name, "neon") != 0;
#elif defined(__aarch64__)
    return strcmp(name, "avx2") != 0;
#else
    return strcmp(name, "avx2") != 0 && strcmp(name, "neon") != 0;
#endif
}

static void implementation_the_cpu_lacks_is_unsupported(void **state)
{
    (void)state;
    int n_lacking = 0;
    for (int i = 0; sct_dsp_name_at(i); i++) {
        if (cpu_may_run(sct_dsp_name_at(i)))
            continue;
        struct sct_dsp dsp;
        memset(&dsp, GUARD_BYTE, sizeof dsp);
        assert_int_equal(sct_dsp_init(&dsp, sct_dsp_name_at(i)), SCT_ERR_UNSUPPORTED);
        assert_true(is_zeroed(&dsp));
        n_lacking++;
    }
    assert_true(n_lacking > 0); /* no machine is both x86 and arm */
}

/* So that a table that is no longer compiled, or no longer chosen, does not just go
 * untested. */
static void implementation_built_for_this_cpu_is_supported(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int is_built;
    } built[] = {{"avx2", SCT_HAVE_AVX2}, {"neon", SCT_HAVE_NEON}};
    int n_built = 0;
    for (size_t i = 0; i < sizeof built / sizeof *built; i++) {
        if (!built[i].is_built || !cpu_may_run(built[i].name))
            continue;
        struct sct_dsp dsp;
        assert_int_equal(sct_dsp_init(&dsp, built[i].name), SCT_OK);
        assert_string_equal(dsp.name, built[i].name);
        n_built++;
    }
    if (n_built == 0) {
        print_message("this build has no hand-written implementation for this CPU\n");
        skip();
    }
}

static uint64_t choose_seed(void)
{
    const char *text = getenv("SCT_TEST_SEED");
    if (text && *text)
        return strtoull(text, NULL, 0);
    return (uint64_t)time(NULL);
}

int main(void)
{
    const uint64_t seed = choose_seed();
    fixture.rng = seed;
    if (sct_dsp_init(&fixture.ref, "c") != SCT_OK) {
        fprintf(stderr, "test_dsp: there is no reference\n");
        return 1;
    }
    printf("SCT_TEST_SEED=%llu; against c:", (unsigned long long)seed);
    for (int i = 1; sct_dsp_name_at(i) && fixture.n_impls < MAX_IMPLS; i++)
        if (sct_dsp_init(&fixture.impl[fixture.n_impls], sct_dsp_name_at(i)) == SCT_OK)
            printf(" %s", fixture.impl[fixture.n_impls++].name);
    printf("%s\n", fixture.n_impls ? "" : " nothing");
    fflush(stdout);

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fdct_equals_the_reference),
        cmocka_unit_test(fdct_is_within_a_twelfth_of_the_definition),
        cmocka_unit_test(quantise_equals_the_reference),
        cmocka_unit_test(quantise_divides),
        cmocka_unit_test(reference_gives_the_results_worked_out_by_hand),
        cmocka_unit_test(reference_runs_everywhere_and_is_the_first_name),
        cmocka_unit_test(forced_implementation_is_the_one_that_runs),
        cmocka_unit_test(automatic_choice_is_the_best_that_is_supported),
        cmocka_unit_test(unknown_name_is_an_argument_error),
        cmocka_unit_test(implementation_the_cpu_lacks_is_unsupported),
        cmocka_unit_test(implementation_built_for_this_cpu_is_supported),
        cmocka_unit_test(pack_equals_the_reference_for_all_widths),
        cmocka_unit_test(pack16_equals_the_reference_for_all_widths),
        cmocka_unit_test(pack_walks_upwards_with_a_negative_stride),
        cmocka_unit_test(horz_equals_the_reference_for_all_shapes),
        cmocka_unit_test(horz_equals_the_reference_for_all_widths),
        cmocka_unit_test(horz_of_4_lanes_equals_the_reference),
        cmocka_unit_test(horz_wraps_and_saturates_like_the_reference),
        cmocka_unit_test(vert_equals_the_reference_for_all_widths),
        cmocka_unit_test(vert_equals_the_reference_for_all_row_counts),
        cmocka_unit_test(vert_wraps_and_saturates_like_the_reference),
        cmocka_unit_test(fdct_equals_the_reference),
        cmocka_unit_test(fdct_is_within_a_twelfth_of_the_definition),
        cmocka_unit_test(quantise_equals_the_reference),
        cmocka_unit_test(quantise_divides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
