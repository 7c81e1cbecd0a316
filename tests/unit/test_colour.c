/* Colour conversions of rows against their formulas in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "colour.h"

static uint64_t random_state = 0x9E3779B97F4A7C15;

static unsigned next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 32);
}

static double clamp(double v, double max)
{
    return fmin(fmax(v, 0.0), max);
}

static void depths_divide_by_257_to_the_nearest(void **state)
{
    (void)state;
    for (int i = 0; i < 65536; i++) {
        const uint16_t wide = (uint16_t)i;
        uint8_t narrow;
        uint16_t again;
        sct_colour_narrow(&narrow, &wide, 1);
        assert_int_equal(narrow, (int)floor(i / 257.0 + 0.5));
        sct_colour_widen(&again, &narrow, 1);
        assert_int_equal(again, narrow * 257);
    }
}

static void alpha_is_multiplied_exactly(void **state)
{
    (void)state;
    for (int i = 0; i < 2000000; i++) {
        uint16_t c = (uint16_t)next_random(), a = (uint16_t)next_random();
        if (i % 5 == 0)
            a = i % 2 ? 0 : 65535;
        uint16_t premultiplied = c;
        sct_colour_premultiply(&premultiplied, &a, 1);
        assert_int_equal(premultiplied, (int)floor((double)c * a / 65535 + 0.5));
        uint16_t straight = premultiplied;
        sct_colour_unpremultiply(&straight, &a, 1);
        if (a == 0)
            assert_int_equal(straight, 0);
        else /* half a level of what was rounded, and another half */
            assert_true(fabs((double)straight - c) <= 0.5 * 65535 / a + 0.5);
        if (a == 65535)
            assert_int_equal(straight, c);
    }
    uint16_t overshoot = 40000;
    const uint16_t alpha = 30000;
    sct_colour_unpremultiply(&overshoot, &alpha, 1);
    assert_int_equal(overshoot, 65535);
}

static void flattening_is_a_weighted_mean(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const uint16_t a = (uint16_t)next_random(), bg = (uint16_t)next_random();
        const uint16_t c = (uint16_t)next_random();
        uint16_t flat = c, scaled = a;
        sct_colour_scale_alpha(&scaled, 1);
        assert_true(fabs(scaled - a * (double)SCT_COLOUR_OPAQUE / 65535) <= 0.5);
        sct_colour_premultiply(&flat, &scaled, 1);
        sct_colour_flatten(&flat, &scaled, bg, 1);
        const double t = a / 65535.0;
        assert_true(fabs(flat - (t * c + (1 - t) * bg)) <= 3.0);
        sct_colour_unscale_alpha(&scaled, 1);
        assert_true(abs(scaled - a) <= 1);
    }
    /* opaque and a tenth: the colour is what it was, on any background */
    const uint16_t beyond = SCT_COLOUR_OPAQUE * 11 / 10;
    uint16_t c = 40000, straight;
    sct_colour_premultiply(&c, &beyond, 1);
    straight = c;
    sct_colour_unpremultiply(&straight, &beyond, 1);
    assert_true(abs(straight - 40000) <= 1);
    sct_colour_flatten(&c, &beyond, 40000, 1);
    assert_true(abs(c - 40000) <= 2);
}

static void light_follows_srgb(void **state)
{
    uint16_t *to = malloc(65536 * sizeof *to), *from = malloc(65536 * sizeof *from);
    (void)state;
    assert_true(to && from);
    sct_colour_fill_to_linear(to);
    sct_colour_fill_from_linear(from);
    for (int i = 0; i < 65536; i++) {
        const double v = i / 65535.0;
        const double linear = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
        const double encoded =
            v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
        assert_true(fabs(to[i] - linear * 65535) <= 0.5001);
        assert_true(fabs(from[i] - encoded * 65535) <= 0.5001);
    }
    for (int i = 0; i < 256; i++) { /* 8 bits survive the way there and back */
        uint16_t c = (uint16_t)(i * 257);
        uint8_t back;
        sct_colour_look_up(&c, to, 1);
        sct_colour_look_up(&c, from, 1);
        sct_colour_narrow(&back, &c, 1);
        assert_int_equal(back, i);
    }
    free(to);
    free(from);
}

/* T.871, 7, and what limits its range. */
static void exact_ycc(const double rgb[3], int is_limited, double ycc[3])
{
    ycc[0] = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    ycc[1] = (rgb[2] - ycc[0]) / 1.772;
    ycc[2] = (rgb[0] - ycc[0]) / 1.402;
    if (is_limited) {
        ycc[0] = 16 + ycc[0] * 219 / 255;
        ycc[1] *= 224.0 / 255;
        ycc[2] *= 224.0 / 255;
    }
    ycc[1] += 128;
    ycc[2] += 128;
}

static void ycc_becomes_rgb(void **state)
{
    (void)state;
    for (int limited = 0; limited < 2; limited++)
        for (int i = 0; i < 300000; i++) {
            uint8_t y = (uint8_t)next_random(), cb = (uint8_t)next_random(),
                    cr = (uint8_t)next_random();
            const double l = limited ? (y - 16) * 255.0 / 219 : y;
            const double scale = limited ? 255.0 / 224 : 1;
            const double b = (cb - 128) * scale, r = (cr - 128) * scale;
            sct_colour_ycc_to_rgb(&y, &cb, &cr, limited, 1);
            assert_true(fabs(y - clamp(l + 1.402 * r, 255)) < 0.55);
            assert_true(fabs(cb - clamp(l - 0.344136 * b - 0.714136 * r, 255)) < 0.55);
            assert_true(fabs(cr - clamp(l + 1.772 * b, 255)) < 0.55);
        }
}

/* Rows of every width, both kinds of subsampling on each axis. */
static void rgb_becomes_ycc(void **state)
{
    enum { N = 37 };
    (void)state;
    for (int limited = 0; limited < 2; limited++)
        for (int n = 1; n <= N; n++)
            for (int n_rows = 1; n_rows <= 2; n_rows++)
                for (int step = 1; step <= 2; step++) {
                    uint8_t samples[3][2][N], luma[N + 1], cb[N + 1], cr[N + 1];
                    const uint8_t *rgb[3][2];
                    for (int c = 0; c < 3; c++)
                        for (int row = 0; row < 2; row++) {
                            rgb[c][row] = samples[c][row];
                            for (int i = 0; i < n; i++)
                                samples[c][row][i] = n % 7 == 0 ? (uint8_t)(c == 2) * 255
                                                                : (uint8_t)next_random();
                        }
                    memset(cb, 77, sizeof cb);
                    sct_colour_rgb_to_luma(luma, rgb[0][0], rgb[1][0], rgb[2][0], limited,
                                           n);
                    sct_colour_rgb_to_chroma(cb, cr, rgb, n_rows, step, limited, n);
                    for (int i = 0; i < n; i++) {
                        const double one[3] = {samples[0][0][i], samples[1][0][i],
                                               samples[2][0][i]};
                        double ycc[3];
                        exact_ycc(one, limited, ycc);
                        assert_true(fabs(luma[i] - ycc[0]) < 0.55);
                    }
                    for (int i = 0; i < (n + step - 1) / step; i++) {
                        double mean[3] = {0}, ycc[3];
                        int k = 0;
                        for (int x = i * step; x < n && x < (i + 1) * step; x++)
                            for (int row = 0; row < n_rows; row++, k++)
                                for (int c = 0; c < 3; c++)
                                    mean[c] += samples[c][row][x];
                        for (int c = 0; c < 3; c++)
                            mean[c] /= k;
                        exact_ycc(mean, limited, ycc);
                        assert_true(fabs(cb[i] - clamp(ycc[1], 255)) < 0.55);
                        assert_true(fabs(cr[i] - clamp(ycc[2], 255)) < 0.55);
                    }
                    assert_int_equal(cb[(n + step - 1) / step], 77);
                }
}

static void gray_stays_gray(void **state)
{
    (void)state;
    for (int limited = 0; limited < 2; limited++)
        for (int i = 0; i < 256; i++) {
            const uint8_t v = (uint8_t)i;
            const uint8_t *const rgb[3][2] = {{&v, &v}, {&v, &v}, {&v, &v}};
            uint8_t y, cb, cr, limit;
            sct_colour_rgb_to_luma(&y, &v, &v, &v, limited, 1);
            sct_colour_rgb_to_chroma(&cb, &cr, rgb, 1, 1, limited, 1);
            assert_int_equal(cb, 128);
            assert_int_equal(cr, 128);
            if (!limited)
                assert_int_equal(y, v);
            sct_colour_limit(&limit, &v, 1);
            assert_int_equal(limit, (int)floor(16 + i * 219 / 255.0 + 0.5));
            sct_colour_ycc_to_rgb(&y, &cb, &cr, limited, 1);
            assert_true(abs(y - i) <= limited && y == cb && y == cr);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depths_divide_by_257_to_the_nearest),
        cmocka_unit_test(alpha_is_multiplied_exactly),
        cmocka_unit_test(flattening_is_a_weighted_mean),
        cmocka_unit_test(light_follows_srgb),
        cmocka_unit_test(ycc_becomes_rgb),
        cmocka_unit_test(rgb_becomes_ycc),
        cmocka_unit_test(gray_stays_gray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
