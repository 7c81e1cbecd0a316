/* Banks: rows that sum to one, windows that never step back, weights that stay inside the
 * picture, and a projection that equals the taps it was made from. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bank.h"

static const int sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 100, 255, 1000, 4032};

#define N_SIZES (sizeof sizes / sizeof *sizes)

static const enum sct_domain domains[2] = {SCT_SAMPLES, SCT_COEFS};

typedef void check_fn(struct sct_bank *bank);

/* Calls check for every filter, domain, pair of sizes, and a few extents: whole, cropped,
 * and sticking out by half an output sample as chroma does. */
static void for_all_banks(check_fn *check)
{
    for (int f = 0; sct_filter_at(f); f++)
        for (int d = 0; d < 2; d++)
            for (size_t i = 0; i < N_SIZES; i++)
                for (size_t k = 0; k < N_SIZES; k++)
                    for (int e = 0; e < 4; e++) {
                        const double n = sizes[i], m = sizes[k];
                        const double half = n / m / 2;
                        struct sct_axis a = {0, n, sizes[i], sizes[k], 0};
                        if (e == 1) {
                            a.src_begin = n * 0.21;
                            a.src_end = n * 0.83;
                        } else if (e == 2) {
                            a.src_end = n + half * 0.9;
                        } else if (e == 3) {
                            a.src_begin = -half * 0.9;
                            a.src_end = n - 0.4;
                        }
                        struct sct_bank b;
                        assert_int_equal(
                            sct_bank_create(&b, &a, sct_filter_at(f), domains[d], NULL),
                            SCT_OK);
                        check(&b);
                        sct_bank_free(&b);
                    }
}

static void check_windows(struct sct_bank *b)
{
    struct sct_window last = {0, 1};
    for (int x = 0; x < b->axis.dst_size; x++) {
        const struct sct_window w = sct_bank_window(b, x);
        assert_true(w.first >= last.first && w.first + w.n >= last.first + last.n);
        assert_true(w.n >= 1 && w.n <= b->row_units);
        assert_true(w.first >= 0 && w.first + w.n <= b->src_units);
        last = w;
    }
}

static void windows_only_move_forward_and_stay_inside(void **state)
{
    (void)state;
    for_all_banks(check_windows);
}

/* Rows to look at: all of a short axis, some of a long one. */
static int step_of(const struct sct_bank *b)
{
    return b->axis.dst_size > 256 ? 7 : 1;
}

static void check_sums(struct sct_bank *b)
{
    const int n = b->row_units * b->n_pairs * 2;
    int16_t *w = malloc((size_t)n * sizeof *w);
    for (int x = 0; x < b->axis.dst_size; x += step_of(b)) {
        const struct sct_window window = sct_bank_window(b, x);
        int sum = 0;
        sct_bank_row(b, x, window.first, window.n, w);
        const int is_coefs = b->domain == SCT_COEFS;
        for (int i = 0; i < window.n * b->n_pairs * 2; i++) {
            if (!is_coefs || i % (b->n_pairs * 2) == 0)
                sum += w[i];
            if (w[i] == INT16_MIN || w[i] == INT16_MAX) /* saturated */
                fail_msg("%s, %d [%g, %g) to %d, row %d, weight %d: %d", b->filter->name,
                         b->axis.src_size, b->axis.src_begin, b->axis.src_end,
                         b->axis.dst_size, x, i, w[i]);
        }
        if (sum != 1 << b->bits)
            fail_msg("%s, %d to %d, row %d: sum %d", b->filter->name, b->axis.src_size,
                     b->axis.dst_size, x, sum);
    }
    free(w);
}

static void rows_sum_to_exactly_one(void **state)
{
    (void)state;
    for_all_banks(check_sums);
}

static void check_padding(struct sct_bank *b)
{
    if (b->domain != SCT_SAMPLES)
        return;
    int16_t *w = malloc((size_t)b->row_units * 2 * sizeof *w);
    for (int x = 0; x < b->axis.dst_size; x += step_of(b)) {
        const struct sct_window window = sct_bank_window(b, x);
        sct_bank_row(b, x, window.first, window.n, w);
        for (int i = 0; i < window.n * 2; i++)
            if (window.first * 2 + i >= b->axis.src_size)
                assert_int_equal(w[i], 0);
    }
    free(w);
}

static void samples_outside_the_picture_weigh_nothing(void **state)
{
    (void)state;
    for_all_banks(check_padding);
}

/* With all eight frequencies the projection is the same linear map: the inverse DCT of a
 * row of projected weights must be the row of taps. Both are rounded: 8 weights of half a
 * unit each, times a basis of at most sqrt(2), over 8. */
static void projection_equals_the_taps(void **state)
{
    const struct sct_filter *filter = sct_filter_find("lanczos3");
    const struct sct_axis a = {0, 203, 203, 150, 0};
    struct sct_bank taps, coefs;
    (void)state;
    assert_int_equal(sct_bank_create(&taps, &a, filter, SCT_SAMPLES, NULL), SCT_OK);
    assert_int_equal(sct_bank_create(&coefs, &a, filter, SCT_COEFS, NULL), SCT_OK);
    assert_int_equal(coefs.n_freqs, 8);
    for (int x = 0; x < a.dst_size; x++) {
        int16_t t[32] = {0}, c[64] = {0};
        const struct sct_window wt = sct_bank_window(&taps, x);
        const struct sct_window wc = sct_bank_window(&coefs, x);
        sct_bank_row(&taps, x, wt.first, wt.n, t);
        sct_bank_row(&coefs, x, wc.first, wc.n, c);
        for (int i = 0; i < wc.n * 8; i++) {
            double sum = 0.0;
            for (int u = 0; u < 8; u++)
                sum += c[i / 8 * 8 + u] / 8.0 * (u ? sqrt(2.0) : 1.0) *
                       cos((2 * (i % 8) + 1) * u * acos(-1.0) / 16);
            const int k = wc.first * 8 + i - wt.first * 2;
            const double tap = k >= 0 && k < wt.n * 2 ? t[k] : 0;
            assert_true(fabs(sum - tap) < 2.0);
        }
    }
    sct_bank_free(&taps);
    sct_bank_free(&coefs);
}

/* Area weights are the overlap of two intervals: 5 samples to 2 is 1, 1, 1/2 | 1/2, 1, 1.
 */
static void area_is_exact_coverage(void **state)
{
    const struct sct_axis a = {0, 5, 5, 2, 0};
    struct sct_bank b;
    int16_t w[6] = {0};
    (void)state;
    assert_int_equal(sct_bank_create(&b, &a, sct_filter_find("area"), SCT_SAMPLES, NULL),
                     SCT_OK);
    sct_bank_row(&b, 0, 0, 3, w);
    const double unit = (1 << b.bits) / 2.5;
    const double expected[6] = {unit, unit, unit / 2, 0, 0, 0};
    for (int i = 0; i < 6; i++)
        assert_true(fabs(w[i] - expected[i]) <= 1.0);
    sct_bank_row(&b, 1, 0, 3, w);
    const double mirrored[6] = {0, 0, unit / 2, unit, unit, 0};
    for (int i = 0; i < 6; i++)
        assert_true(fabs(w[i] - mirrored[i]) <= 1.0);
    sct_bank_free(&b);
}

/* At scale 1 an interpolating filter is the identity. */
static void equal_sizes_copy_the_source(void **state)
{
    const struct sct_axis a = {0, 40, 40, 40, 0};
    struct sct_bank b;
    (void)state;
    assert_int_equal(
        sct_bank_create(&b, &a, sct_filter_find("lanczos3"), SCT_SAMPLES, NULL), SCT_OK);
    for (int x = 0; x < 40; x++) {
        int16_t w[16] = {0};
        const struct sct_window window = sct_bank_window(&b, x);
        sct_bank_row(&b, x, window.first, window.n, w);
        for (int i = 0; i < window.n * 2; i++)
            assert_int_equal(w[i], window.first * 2 + i == x ? 1 << b.bits : 0);
    }
    sct_bank_free(&b);
}

static void fewer_frequencies_are_kept_as_the_shrink_grows(void **state)
{
    static const int widths[] = {4000, 2381, 1587, 1072, 714, 396, 200, 100, 40};
    int last = 8;
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const struct sct_axis a = {0, 4000, 4000, widths[i], 0};
        struct sct_bank b;
        assert_int_equal(sct_bank_create(&b, &a, sct_filter_at(0), SCT_COEFS, NULL),
                         SCT_OK);
        assert_true(b.n_freqs <= last);
        last = b.n_freqs;
        sct_bank_free(&b);
    }
    assert_true(last <= 2);
}

static int frequencies_of(int src_size, int dst_size, int chroma_step)
{
    const struct sct_axis a = {0, src_size, src_size, dst_size, chroma_step};
    struct sct_bank b;
    assert_int_equal(sct_bank_create(&b, &a, sct_filter_at(0), SCT_COEFS, NULL), SCT_OK);
    const int n_freqs = b.n_freqs;
    sct_bank_free(&b);
    return n_freqs;
}

/* Of half as many samples as luma has, and of as many; what is from a camera is told by luma's. */
static void chroma_keeps_fewer_frequencies(void **state)
{
    (void)state;
    assert_int_equal(frequencies_of(2000, 540, 0), 6);
    assert_int_equal(frequencies_of(2000, 540, 2), 4);
    assert_int_equal(frequencies_of(2000, 540, 1), 4);
    assert_int_equal(frequencies_of(1500, 750, 0), 8);
    assert_int_equal(frequencies_of(1500, 750, 2), 6);
    assert_int_equal(frequencies_of(1500, 750, 1), 8); /* made smaller before */
    assert_int_equal(frequencies_of(1500, 760, 2), 8); /* by less than 2 */
}

static void impossible_axes_are_argument_errors(void **state)
{
    const struct sct_axis bad[] = {
        {0, 10, 0, 5, 0},
        {0, 10, 10, 0, 0},
        {0, 10, 10, -1, 0},
        {5, 5, 10, 5, 0},
        {6, 5, 10, 5, 0},
        {0, NAN, 10, 5, 0},
        {-INFINITY, 10, 10, 5, 0},
        {-3, 10, 10, 5, 0},
        {0, 13, 10, 5, 0},
        {0, 10, SCT_MAX_SIZE + 1, 5, 0},
        {0, 10, 10, SCT_MAX_SIZE + 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sct_bank b;
        assert_int_equal(sct_bank_create(&b, &bad[i], sct_filter_at(0), SCT_COEFS, NULL),
                         SCT_ERR_ARGUMENT);
        assert_null(b.table);
        assert_true(sct_bank_bytes(&bad[i], sct_filter_at(0), SCT_COEFS) == SIZE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_only_move_forward_and_stay_inside),
        cmocka_unit_test(rows_sum_to_exactly_one),
        cmocka_unit_test(samples_outside_the_picture_weigh_nothing),
        cmocka_unit_test(projection_equals_the_taps),
        cmocka_unit_test(area_is_exact_coverage),
        cmocka_unit_test(equal_sizes_copy_the_source),
        cmocka_unit_test(fewer_frequencies_are_kept_as_the_shrink_grows),
        cmocka_unit_test(chroma_keeps_fewer_frequencies),
        cmocka_unit_test(impossible_axes_are_argument_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
