/* Filters of PNG's scan lines, chosen and undone, beside their definition. */
#include "codec_test.h"

#include "png_filter.h"
#include "png_unfilter.h"

static int is_quick(void)
{
    return getenv("SCT_TEST_QUICK") != NULL;
}

static uint32_t seed = 20;

static uint32_t pick(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* 9.4, as it is written there. */
static int predict_paeth(int a, int b, int c)
{
    const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static int predict(int type, int a, int b, int c)
{
    switch (type) {
    case 1: return a;
    case 2: return b;
    case 3: return (a + b) / 2;
    case 4: return predict_paeth(a, b, c);
    default: return 0;
    }
}

/* A line of n bytes on the heap, so that reading past it is seen: n_values levels. */
static uint8_t *make_line(size_t n, uint32_t n_values)
{
    uint8_t *line = malloc(n);
    assert_non_null(line);
    for (size_t i = 0; i < n; i++)
        line[i] = (uint8_t)(pick(n_values) * 255 / (n_values - 1));
    return line;
}

/* The sum that choosing goes by. */
static long check_filtered(const uint8_t *filtered, const uint8_t *line,
                           const uint8_t *above, size_t n, size_t step, int type)
{
    long sum = 0;
    for (size_t i = 0; i < n; i++) {
        const int a = i < step ? 0 : line[i - step];
        const int c = i < step ? 0 : above[i - step];
        const uint8_t v = (uint8_t)(line[i] - predict(type, a, above[i], c));
        assert_int_equal(filtered[i], v);
        sum += v < 128 ? v : 256 - v;
    }
    return sum;
}

static void check_filters(size_t n, size_t step, uint32_t n_values)
{
    uint8_t *const line = make_line(n, n_values), *const above = make_line(n, n_values);
    uint8_t *work[SCT_PNG_N_FILTERS];
    long sums[SCT_PNG_N_FILTERS];
    for (int type = 0; type < SCT_PNG_N_FILTERS; type++)
        work[type] = make_line(n, 2);

    const int best = sct_png_filter(work, line, above, n, step);
    for (int type = 0; type < SCT_PNG_N_FILTERS; type++) {
        sums[type] = check_filtered(work[type], line, above, n, step, type);
        assert_true(sct_png_unfilter(work[type], above, n, (int)step, type));
        assert_memory_equal(work[type], line, n);
    }
    for (int type = 0; type < SCT_PNG_N_FILTERS; type++)
        assert_true(type < best ? sums[best] < sums[type] : sums[best] <= sums[type]);
    for (int type = 0; type < SCT_PNG_N_FILTERS; type++)
        free(work[type]);
    free(line);
    free(above);
}

static void filters_are_as_defined(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 3, 4, 6, 8};
    for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++)
        for (size_t n_pixels = 1; n_pixels < 70; n_pixels++) {
            check_filters(n_pixels * steps[k], steps[k], 256);
            check_filters(n_pixels * steps[k], steps[k], 4); /* ties */
        }
    check_filters((size_t)3 * 5000, 3, 256);
}

static void paeth_is_undone_for_all_neighbours(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++)
            for (int c = 0; c < 256; c += is_quick() ? 5 : 1) {
                const uint8_t above[2] = {(uint8_t)c, (uint8_t)b};
                uint8_t row[2] = {(uint8_t)(a - c),
                                  0}; /* at the left edge: what is above */
                assert_true(sct_png_unfilter(row, above, 2, 1, 4));
                if (row[0] != a || row[1] != predict_paeth(a, b, c))
                    fail_msg("a %d, b %d, c %d: %d", a, b, c, row[1]);
            }
}

static void knows_five_filters(void **state)
{
    (void)state;
    const uint8_t above[4] = {1, 2, 3, 4};
    uint8_t row[4] = {5, 6, 7, 8};
    assert_false(sct_png_unfilter(row, above, 4, 1, SCT_PNG_N_FILTERS));
    assert_false(sct_png_unfilter(row, above, 4, 1, 255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_as_defined),
        cmocka_unit_test(paeth_is_undone_for_all_neighbours),
        cmocka_unit_test(knows_five_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
