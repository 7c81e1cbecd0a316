/* Filters: their mathematical properties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter.h"

static void filters_are_found_by_name_and_nothing_else(void **state)
{
    (void)state;
    for (int i = 0; sct_filter_at(i); i++)
        assert_ptr_equal(sct_filter_find(sct_filter_at(i)->name), sct_filter_at(i));
    assert_string_equal(sct_filter_at(0)->name, "lanczos3");
    assert_null(sct_filter_find("lanczos"));
    assert_null(sct_filter_find(""));
    assert_null(sct_filter_at(-1));
}

static void filters_are_even_and_end_at_their_support(void **state)
{
    (void)state;
    for (int i = 0; sct_filter_at(i); i++) {
        const struct sct_filter *f = sct_filter_at(i);
        for (int k = 0; k <= 4000; k++) {
            const double x = k / 1000.0;
            assert_true(f->eval(x) == f->eval(-x));
            if (x > f->support)
                assert_true(f->eval(x) == 0.0);
        }
    }
}

/* A filter that sums to one at every phase keeps flat areas flat before normalisation.
 * Cubics, triangle and area do so exactly; lanczos is known to miss by about 1 %. */
static void filters_sum_to_one_at_every_phase(void **state)
{
    (void)state;
    for (int i = 0; sct_filter_at(i); i++) {
        const struct sct_filter *f = sct_filter_at(i);
        const int is_lanczos = f->name[0] == 'l';
        for (int k = 1; k < 100; k++) {
            double sum = 0.0;
            for (int n = -4; n <= 4; n++)
                sum += f->eval(n + k / 100.0 - 0.5);
            if (fabs(sum - 1.0) > (is_lanczos ? 0.02 : 1e-12))
                fail_msg("%s at phase %d: %.15f", f->name, k, sum);
        }
    }
}

/* Interpolating filters are 1 at 0 and 0 at every other integer. */
static void interpolating_filters_leave_samples_alone(void **state)
{
    static const char *const names[] = {"lanczos3", "lanczos2", "catmull-rom",
                                        "triangle"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct sct_filter *f = sct_filter_find(names[i]);
        assert_true(f->eval(0.0) == 1.0);
        for (int n = 1; n < 4; n++)
            assert_true(fabs(f->eval(n)) < 1e-12);
    }
}

/* libm's sin is the oracle; ours has to be the same on every machine, libm's is not. */
static void lanczos_agrees_with_libm(void **state)
{
    (void)state;
    for (int n = 2; n <= 3; n++) {
        const struct sct_filter *f = sct_filter_find(n == 3 ? "lanczos3" : "lanczos2");
        for (int k = 1; k < n * 1000; k++) {
            const double x = k / 1000.0, p = acos(-1.0) * x;
            const double exact = n * sin(p) * sin(p / n) / (p * p);
            assert_true(fabs(f->eval(x) - exact) < 1e-13);
        }
    }
}

/* Cubics reproduce straight lines; catmull-rom (B = 0, C = 1/2) and mitchell are
 * continuous. */
static void cubics_reproduce_straight_lines(void **state)
{
    static const char *const names[] = {"catmull-rom", "mitchell", "triangle"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        const struct sct_filter *f = sct_filter_find(names[i]);
        for (int k = 0; k < 100; k++) {
            double sum = 0.0;
            for (int n = -4; n <= 4; n++)
                sum += n * f->eval(n - k / 100.0);
            assert_true(fabs(sum - k / 100.0) < 1e-12);
        }
    }
}

static void filters_are_continuous_except_area(void **state)
{
    (void)state;
    for (int i = 0; sct_filter_at(i); i++) {
        const struct sct_filter *f = sct_filter_at(i);
        if (f->is_area)
            continue;
        for (int k = 0; k < 40000; k++)
            assert_true(fabs(f->eval(k / 10000.0) - f->eval((k + 1) / 10000.0)) < 3e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_found_by_name_and_nothing_else),
        cmocka_unit_test(filters_are_even_and_end_at_their_support),
        cmocka_unit_test(filters_sum_to_one_at_every_phase),
        cmocka_unit_test(interpolating_filters_leave_samples_alone),
        cmocka_unit_test(lanczos_agrees_with_libm),
        cmocka_unit_test(cubics_reproduce_straight_lines),
        cmocka_unit_test(filters_are_continuous_except_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
