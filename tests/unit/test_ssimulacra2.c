/* SSIMULACRA2: what must hold of it whatever its weights, scores of generated pictures, and its rows
 * against double precision and against each other. Published scores of photographs are held by
 * tests/quality/published_scores_test.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fail_alloc.h"
#include "mem.h"
#include "ssim_rows.h"
#include "ssimulacra2.h"

/* ---- pictures ---------------------------------------------------------------------- */

static uint32_t scramble(uint32_t v)
{
    v ^= v >> 16;
    v *= 0x7FEB352Du;
    v ^= v >> 15;
    v *= 0x846CA68Bu;
    return v ^ (v >> 16);
}

/* A slope, a checkerboard and noise in different places and proportions, the same everywhere. */
static int draw(int c, int x, int y)
{
    const int slope = (x * (3 + c) + y * (5 - c)) / 4;
    const int board = ((x / 5 + y / 7) & 1) * (20 + 10 * c);
    const int noise = (int)(scramble((uint32_t)(x + 977 * y + 65537 * c)) & 31) *
                      ((x / 32 + y / 32) & 1);
    return (slope & 127) + board + noise + 20;
}

/* `damage` 0: none; otherwise levels of noise, and one component moved by a sample. */
static struct sct_rgb make(int width, int height, int depth, int damage)
{
    struct sct_rgb rgb = {.depth = depth};
    for (int c = 0; c < 3; c++) {
        struct sct_plane *const p = &rgb.plane[c];
        *p = (struct sct_plane){.data = calloc((size_t)width * (size_t)height, 2),
                                .stride_bytes = (ptrdiff_t)width * depth / 8,
                                .width = width,
                                .height = height};
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                const uint32_t random =
                    scramble((uint32_t)(x * 31 + y * 4099 + c) ^ 0x5BD1E995u);
                int v = draw(c, x + (damage && c == 2), y);
                if (damage)
                    v += (int)(random % (uint32_t)(2 * damage + 1)) - damage;
                v = v < 0 ? 0 : v > 255 ? 255 : v;
                if (depth == 8)
                    sct_plane_row(p, y)[x] = (uint8_t)v;
                else
                    ((uint16_t *)(void *)sct_plane_row(p, y))[x] = (uint16_t)(v * 257);
            }
    }
    return rgb;
}

static void release(struct sct_rgb *rgb)
{
    for (int c = 0; c < 3; c++)
        free(rgb->plane[c].data);
}

static double score(const struct sct_rgb *reference, const struct sct_rgb *distorted)
{
    double result = NAN;
    assert_int_equal(sct_ssimulacra2(&result, reference, distorted), SCT_OK);
    return result;
}

/* ---- the metric -------------------------------------------------------------------- */

static void equal_pictures_score_100(void **state)
{
    static const int sizes[][2] = {{8, 8}, {8, 200}, {9, 17}, {64, 64}, {333, 100}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int depth = 8; depth <= 16; depth += 8) {
            struct sct_rgb a = make(sizes[i][0], sizes[i][1], depth, 0);
            assert_true(score(&a, &a) == 100.0);
            release(&a);
        }
}

static void more_damage_scores_less(void **state)
{
    static const int sizes[][2] = {{8, 8}, {15, 40}, {200, 120}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct sct_rgb a = make(sizes[i][0], sizes[i][1], 8, 0);
        double before = 100.0;
        for (int damage = 4; damage <= 64; damage *= 2) {
            struct sct_rgb b = make(sizes[i][0], sizes[i][1], 8, damage);
            const double after = score(&a, &b);
            assert_true(after < before);
            before = after;
            release(&b);
        }
        release(&a);
    }
}

/* Of these pictures by a plain implementation, plane by plane, that meets all 26 published
 * scores to 1e-8. The tolerance is for machines whose pow or compiler rounds once otherwise: a
 * blurred sample is off by 1e-6 then, and such pictures by less than this. */
static void scores_of_generated_pictures_are_known(void **state)
{
    static const struct {
        int width, height, damage;
        double score;
    } known[] = {{8, 8, 6, 92.31135556},       {8, 8, 40, 78.94923147},
                 {13, 9, 10, 89.36994910},     {40, 15, 3, 57.36669553},
                 {64, 64, 8, 1.48786627},      {97, 65, 20, -7.82056513},
                 {200, 150, 1, 74.16963363},   {200, 150, 5, 72.62763244},
                 {200, 150, 60, -11.07798441}, {301, 255, 12, 63.33435858}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct sct_rgb a = make(known[i].width, known[i].height, 8, 0);
        struct sct_rgb b = make(known[i].width, known[i].height, 8, known[i].damage);
        const double found = score(&a, &b);
        if (fabs(found - known[i].score) > 0.02)
            fail_msg("%dx%d, damage %d: %.8f instead of %.8f", known[i].width,
                     known[i].height, known[i].damage, found, known[i].score);
        release(&a);
        release(&b);
    }
}

static struct sct_rgb transpose(const struct sct_rgb *in)
{
    struct sct_rgb out = {.depth = 8};
    for (int c = 0; c < 3; c++) {
        const struct sct_plane *const p = &in->plane[c];
        out.plane[c] =
            (struct sct_plane){.data = malloc((size_t)p->width * (size_t)p->height),
                               .stride_bytes = p->height,
                               .width = p->height,
                               .height = p->width};
        for (int y = 0; y < p->height; y++)
            for (int x = 0; x < p->width; x++)
                sct_plane_row(&out.plane[c], x)[y] = sct_plane_row(p, y)[x];
    }
    return out;
}

/* The two passes of the blur round differently, so up to that. */
static void transposed_pictures_score_the_same(void **state)
{
    (void)state;
    struct sct_rgb a = make(150, 61, 8, 0), b = make(150, 61, 8, 12);
    struct sct_rgb turned_a = transpose(&a), turned_b = transpose(&b);
    assert_true(fabs(score(&a, &b) - score(&turned_a, &turned_b)) < 0.02);
    release(&a), release(&b), release(&turned_a), release(&turned_b);
}

static void depths_can_be_mixed(void **state)
{
    (void)state;
    struct sct_rgb a = make(100, 80, 8, 0), b = make(100, 80, 8, 9);
    struct sct_rgb wide_a = make(100, 80, 16, 0), wide_b = make(100, 80, 16, 9);
    assert_true(score(&wide_a, &wide_b) == score(&a, &b));
    assert_true(score(&a, &wide_b) == score(&a, &b));
    assert_true(score(&a, &wide_a) == 100.0);
    release(&a), release(&b), release(&wide_a), release(&wide_b);
}

static void gray_may_be_one_plane(void **state)
{
    (void)state;
    struct sct_rgb a = make(70, 50, 8, 0), b = make(70, 50, 8, 20);
    struct sct_rgb one[2] = {a, b};
    for (int c = 1; c < 3; c++) {
        one[0].plane[c] = a.plane[0];
        one[1].plane[c] = b.plane[0];
        memcpy(a.plane[c].data, a.plane[0].data, 70 * 50);
        memcpy(b.plane[c].data, b.plane[0].data, 70 * 50);
    }
    assert_true(score(&a, &b) == score(&one[0], &one[1]));
    assert_true(score(&a, &b) < 99.0);
    release(&a), release(&b);
}

static void what_cannot_be_scored_is_refused(void **state)
{
    double unused = 0.0;
    (void)state;
    struct sct_rgb a = make(16, 16, 8, 0), b = make(16, 15, 8, 0),
                   narrow = make(7, 16, 8, 0);
    struct sct_rgb low = make(16, 7, 8, 0), deep = a;
    deep.depth = 12;
    const struct sct_rgb *const refused[][2] = {
        {&a, &b}, {&b, &a}, {&narrow, &narrow}, {&low, &low}, {&a, &deep}, {&deep, &a}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(sct_ssimulacra2(&unused, refused[i][0], refused[i][1]),
                         SCT_ERR_ARGUMENT);
    release(&a), release(&b), release(&narrow), release(&low);
}

static void want_of_memory_is_a_status(void **state)
{
    double unused = 0.0;
    int n_failed = 0;
    (void)state;
    struct sct_rgb a = make(20, 20, 8, 0);
    for (failing_allocation = 0; n_failed < 100; failing_allocation++) {
        n_allocations = 0;
        const int status = sct_ssimulacra2(&unused, &a, &a);
        if (status == SCT_OK)
            break;
        assert_int_equal(status, SCT_ERR_MEMORY);
        n_failed++;
    }
    failing_allocation = -1;
    assert_int_equal(n_failed, n_allocations);
    release(&a);
}

/* ---- rows -------------------------------------------------------------------------- */

enum { MAX_N = 100, ROOM = MAX_N + 2 * SCT_SSIM_MARGIN };

static float rows[64][ROOM]; /* zeros at both ends */

static float *row_at(int i)
{
    return rows[i] + SCT_SSIM_MARGIN;
}

static float random_sample(void)
{
    return (float)(rand() & 0xFFFF) / 65535.0f;
}

static void clear_rows(void)
{
    memset(rows, 0, sizeof rows);
}

/* One sample of 1 among zeros becomes the filter's own shape. */
static void blur_is_a_gaussian_of_nine_taps(void **state)
{
    struct sct_ssim_rows c;
    struct sct_ssim_blur blur;
    (void)state;
    sct_ssim_rows_fill_c(&c);
    sct_ssim_blur_init(&blur);
    for (int at = 0; at < MAX_N; at++) {
        double sum = 0.0, variance = 0.0;
        clear_rows();
        row_at(0)[at] = 1.0f;
        c.blur_along(row_at(1), row_at(0), &blur, MAX_N);
        for (int x = 0; x < MAX_N; x++) {
            const double tap = row_at(1)[x];
            const double gauss = exp(-(x - at) * (x - at) / 4.5) / 3.7599424119465006;
            assert_true(fabs(tap - gauss) < 0.002);
            if (abs(x - at) >= SCT_SSIM_RADIUS) {
                assert_true(fabs(tap) < 1e-5);
                continue;
            }
            sum += tap;
            variance += tap * (x - at) * (x - at);
        }
        if (at < SCT_SSIM_RADIUS || at >= MAX_N - SCT_SSIM_RADIUS)
            continue; /* cut off */
        assert_true(fabs(sum - 1.0) < 1e-5);
        assert_true(fabs(variance - 2.25) < 1e-3);
    }
}

static void both_passes_blur_alike(void **state)
{
    struct sct_ssim_rows c;
    struct sct_ssim_blur blur;
    float down[MAX_N];
    (void)state;
    sct_ssim_rows_fill_c(&c);
    sct_ssim_blur_init(&blur);
    clear_rows();
    for (int x = 0; x < MAX_N; x++)
        row_at(0)[x] = random_sample();
    c.blur_along(row_at(1), row_at(0), &blur, MAX_N);
    struct sct_ssim_memory memory = {{row_at(2), row_at(3), row_at(4)},
                                     {row_at(5), row_at(6), row_at(7)}};
    for (int y = 1 - SCT_SSIM_RADIUS; y < MAX_N; y++) { /* columns of one sample */
        float out;
        c.blur_down(&out, row_at(0) + y + SCT_SSIM_RADIUS - 1,
                    row_at(0) + y - SCT_SSIM_RADIUS - 1, &memory, &blur, 1);
        if (y >= 0)
            down[y] = out;
    }
    for (int x = 0; x < MAX_N; x++)
        assert_true(fabsf(down[x] - row_at(1)[x]) < 1e-5f);
}

static void xyb_is_that_of_double_precision(void **state)
{
    const double bias = 0.0037930732552754493;
    struct sct_ssim_rows c;
    (void)state;
    sct_ssim_rows_fill_c(&c);
    for (int k = 0; k < 3; k++)
        for (int x = 0; x < MAX_N; x++)
            row_at(k)[x] = x < 8 ? (float)((x >> k) & 1) : random_sample();
    float *const xyb[3] = {row_at(3), row_at(4), row_at(5)};
    const float *const linear[3] = {row_at(0), row_at(1), row_at(2)};
    c.linear_to_xyb(xyb, linear, MAX_N);
    for (int x = 0; x < MAX_N; x++) {
        const double r = row_at(0)[x], g = row_at(1)[x], b = row_at(2)[x];
        const double l = cbrt(0.3 * r + 0.622 * g + 0.078 * b + bias) - cbrt(bias);
        const double m = cbrt(0.23 * r + 0.692 * g + 0.078 * b + bias) - cbrt(bias);
        const double s = cbrt(0.24342268924547819 * r + 0.20476744424496821 * g +
                              0.5518098665095536 * b + bias) -
                         cbrt(bias);
        assert_true(fabs(xyb[0][x] - (7.0 * (l - m) + 0.42)) < 1e-5);
        assert_true(fabs(xyb[1][x] - (0.5 * (l + m) + 0.01)) < 1e-6);
        assert_true(fabs(xyb[2][x] - (s - 0.5 * (l + m) + 0.55)) < 1e-6);
    }
}

#ifdef SCT_HAVE_FMA
static void assert_rows_equal(int first, int second, int n_rows, int n)
{
    for (int i = 0; i < n_rows; i++)
        for (int x = 0; x < n; x++)
            assert_true(row_at(first + i)[x] == row_at(second + i)[x]);
}

/* All slots on random rows of every width, each into rows of its own. */
static void run_slots(const struct sct_ssim_rows *f, int first, int n,
                      double sums[SCT_SSIM_NORMS])
{
    struct sct_ssim_blur blur;
    float *const xyb[3] = {row_at(first), row_at(first + 1), row_at(first + 2)};
    const float *const linear[3] = {row_at(0), row_at(1), row_at(2)};
    struct sct_ssim_memory memory = {
        {row_at(first + 3), row_at(first + 4), row_at(first + 5)},
        {row_at(first + 6), row_at(first + 7), row_at(first + 8)}};
    const struct sct_ssim_moments moments = {
        {row_at(0), row_at(1)}, {row_at(2), row_at(3)}, row_at(4)};
    sct_ssim_blur_init(&blur);
    f->linear_to_xyb(xyb, linear, n);
    f->multiply(row_at(first + 9), row_at(0), row_at(1), n);
    f->blur_along(row_at(first + 10), row_at(0), &blur, n);
    for (int i = 0; i < 3; i++)
        f->blur_down(row_at(first + 11), row_at(i), row_at(i + 1), &memory, &blur, n);
    f->map_error(row_at(first + 12), &moments, n);
    f->map_edge(row_at(first + 13), row_at(2), row_at(3), &moments, n);
    memset(sums, 0, SCT_SSIM_NORMS * sizeof *sums);
    f->add_norms(sums, row_at(first + 12), row_at(first + 13), n);
}

static void implementations_agree(void **state)
{
    enum { FIRST = 8, SECOND = 24, N_ROWS = 14 };
    struct sct_ssim_rows c, best;
    (void)state;
    sct_ssim_rows_fill_c(&c);
    sct_ssim_rows_init(&best);
    if (strcmp(best.name, "fma") != 0)
        skip(); /* not on this CPU */
    for (int n = 1; n <= MAX_N; n++) {
        double sums[2][SCT_SSIM_NORMS];
        clear_rows();
        for (int i = 0; i < 5; i++)
            for (int x = 0; x < n; x++)
                row_at(i)[x] = random_sample();
        run_slots(&c, FIRST, n, sums[0]);
        run_slots(&best, SECOND, n, sums[1]);
        assert_rows_equal(FIRST, SECOND, N_ROWS, n);
        assert_memory_equal(sums[0], sums[1], sizeof sums[0]);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_pictures_score_100),
        cmocka_unit_test(more_damage_scores_less),
        cmocka_unit_test(scores_of_generated_pictures_are_known),
        cmocka_unit_test(transposed_pictures_score_the_same),
        cmocka_unit_test(depths_can_be_mixed),
        cmocka_unit_test(gray_may_be_one_plane),
        cmocka_unit_test(what_cannot_be_scored_is_refused),
        cmocka_unit_test(want_of_memory_is_a_status),
        cmocka_unit_test(blur_is_a_gaussian_of_nine_taps),
        cmocka_unit_test(both_passes_blur_alike),
        cmocka_unit_test(xyb_is_that_of_double_precision),
#ifdef SCT_HAVE_FMA
        cmocka_unit_test(implementations_agree),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
