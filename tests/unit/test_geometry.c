/* Geometry: sizes as people expect them, and components that stay registered. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bits.h"
#include "geometry.h"
#include "orient.h"

static struct sct_picture make_picture(int width, int height, int orientation)
{
    struct sct_picture p = {.width = width,
                            .height = height,
                            .model = SCT_YCC,
                            .n_components = 3,
                            .orientation = orientation};
    return p;
}

static void set_factors(struct sct_picture *p, const int h[3], const int v[3])
{
    p->h_max = sct_max(h[0], sct_max(h[1], h[2]));
    p->v_max = sct_max(v[0], sct_max(v[1], v[2]));
    for (int ci = 0; ci < 3; ci++) {
        struct sct_component *c = &p->component[ci];
        c->h = h[ci];
        c->v = v[ci];
        c->width = sct_div_up(p->width * h[ci], p->h_max);
        c->height = sct_div_up(p->height * v[ci], p->v_max);
        c->width_blocks = sct_div_up(c->width, 8);
        c->height_blocks = sct_div_up(c->height, 8);
    }
}

static struct sct_picture make_420(int width, int height, int orientation)
{
    struct sct_picture p = make_picture(width, height, orientation);
    set_factors(&p, (const int[]){2, 1, 1}, (const int[]){2, 1, 1});
    return p;
}

/* ---- sizes ------------------------------------------------------------------------- */

static void sizes_are_what_people_expect(void **state)
{
    static const struct {
        int in_width, in_height, box_width, box_height;
        enum sct_fit fit;
        int enlarge, width, height;
    } cases[] = {
        {4032, 3024, 1600, 1600, SCT_FIT_INSIDE, 0, 1600, 1200},
        {3024, 4032, 1600, 1600, SCT_FIT_INSIDE, 0, 1200, 1600},
        {4032, 3024, 1600, 0, SCT_FIT_INSIDE, 0, 1600, 1200},
        {4032, 3024, 0, 900, SCT_FIT_INSIDE, 0, 1200, 900},
        {4032, 3024, 0, 900, SCT_FIT_COVER, 0, 1200, 900}, /* one side: nothing to crop */
        {4032, 3024, 400, 400, SCT_FIT_INSIDE, 0, 400, 300},
        {4032, 3024, 400, 400, SCT_FIT_COVER, 0, 400, 400},
        {4032, 3024, 400, 400, SCT_FIT_FILL, 0, 400, 400},
        {100, 50, 400, 400, SCT_FIT_INSIDE, 0, 100, 50},
        {100, 50, 400, 400, SCT_FIT_INSIDE, 1, 400, 200},
        {100, 50, 400, 400, SCT_FIT_COVER, 0, 100, 50},
        {100, 50, 80, 80, SCT_FIT_COVER, 0, 80, 50},
        {100, 50, 400, 400, SCT_FIT_COVER, 1, 400, 400},
        {100, 50, 400, 20, SCT_FIT_FILL, 0, 100, 20},
        {100, 50, 400, 20, SCT_FIT_FILL, 1, 400, 20},
        {10000, 1, 100, 100, SCT_FIT_INSIDE, 0, 100, 1}, /* never 0 */
        {1, 1, 1600, 1600, SCT_FIT_INSIDE, 0, 1, 1},
        {3, 2, 2, 2, SCT_FIT_INSIDE, 0, 2, 1}, /* 1.33 rounds */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sct_picture p = make_420(cases[i].in_width, cases[i].in_height, 1);
        struct sct_variant v = sct_variant_default();
        struct sct_geometry g;
        v.width = cases[i].box_width;
        v.height = cases[i].box_height;
        v.fit = cases[i].fit;
        v.enlarge = cases[i].enlarge;
        assert_int_equal(sct_geometry_plan(&g, &p, &v, NULL), SCT_OK);
        if (g.width != cases[i].width || g.height != cases[i].height)
            fail_msg("case %zu: %d x %d", i, g.width, g.height);
    }
}

static void boxes_are_upright(void **state)
{
    (void)state;
    for (int o = 1; o <= 8; o++) {
        const struct sct_picture p = make_420(4000, 3000, o);
        struct sct_variant v = sct_variant_default();
        struct sct_geometry g;
        v.width = 1600;
        assert_int_equal(sct_geometry_plan(&g, &p, &v, NULL), SCT_OK);
        assert_int_equal(g.width, 1600);
        assert_int_equal(g.height, o < 5 ? 1200 : 2133);
        assert_int_equal(g.component[0].x.dst_size, o < 5 ? 1600 : 2133);
        assert_int_equal(g.component[0].y.dst_size, o < 5 ? 1200 : 1600);
    }
}

static void covers_are_cropped_evenly(void **state)
{
    const struct sct_picture p = make_420(4000, 3000, 1);
    struct sct_variant v = sct_variant_default();
    struct sct_geometry g;
    (void)state;
    v.width = v.height = 300;
    v.fit = SCT_FIT_COVER;
    assert_int_equal(sct_geometry_plan(&g, &p, &v, NULL), SCT_OK);
    assert_true(fabs(g.component[0].x.src_begin - 500) < 1e-9);
    assert_true(fabs(g.component[0].x.src_end - 3500) < 1e-9);
    assert_true(fabs(g.component[1].x.src_begin - 250) < 1e-9);
    assert_true(fabs(g.component[0].y.src_begin) < 1e-9);
    assert_true(fabs(g.component[0].y.src_end - 3000) < 1e-9);
}

/* ---- registration ------------------------------------------------------------------ */

/* The pixel of the source, as a fraction of its extent from the upright begin, on which
 * output sample i of a component is centred, and the one it has to be centred on. */
static void check_axis(const struct sct_axis *a, double src_pixels, int f, int f_max,
                       double out_pixels, int g, int g_max, int is_reversed)
{
    for (int i = 0; i < a->dst_size; i++) {
        const double shrink = (a->src_end - a->src_begin) / a->dst_size;
        const double stored = (a->src_begin + (i + 0.5) * shrink) * f_max / f;
        const double seen = is_reversed ? src_pixels - stored : stored;
        const int k = is_reversed ? a->dst_size - 1 - i : i; /* upright index */
        const double wanted = (k + 0.5) * g_max / g * src_pixels / out_pixels;
        if (fabs(seen - wanted) > 1e-6)
            fail_msg("sample %d of %d stands at %f, not %f", k, a->dst_size, seen,
                     wanted);
    }
}

/* Centre rule: output sample k of a component whose factor is g of g_max covers output
 * pixels [k g_max / g, (k + 1) g_max / g); its centre must come from the same place of
 * the source, whatever the source's own factors, for every h, v in 1..4, odd sizes and
 * orientations. */
static void planes_of_every_sampling_stay_registered(void **state)
{
    static const int widths[] = {1, 2, 3, 16, 17, 33, 100, 101};
    (void)state;
    for (int code = 0; code < 4 * 4 * 4 * 4; code++)
        for (int k = 0; k < 8; k++)
            for (int sub = SCT_SUB_420; sub <= SCT_SUB_SOURCE; sub++) {
                const int o = 1 + (code + k + sub) % 8;
                const int h[3] = {1 + code % 4, 1 + code / 4 % 4, 1 + code / 4 % 4};
                const int v[3] = {1 + code / 16 % 4, 1 + code / 64, 1 + code / 64};
                struct sct_picture p = make_picture(widths[k], widths[(k + 3) % 8], o);
                struct sct_variant variant = sct_variant_default();
                struct sct_geometry g;
                set_factors(&p, h, v);
                variant.width = 1 + (code + 5 * k) % 37;
                variant.height = 1 + (code + 11 * k) % 31;
                variant.fit = SCT_FIT_FILL;
                variant.enlarge = 1;
                variant.subsampling = (enum sct_subsampling)sub;
                assert_int_equal(sct_geometry_plan(&g, &p, &variant, NULL), SCT_OK);
                int g_max = 1, v_max = 1;
                for (int ci = 0; ci < 3; ci++) {
                    g_max = sct_max(g_max, g.component[ci].h);
                    v_max = sct_max(v_max, g.component[ci].v);
                }
                for (int ci = 0; ci < 3; ci++) {
                    const int swaps = sct_orient_swaps_axes(o);
                    const int gh = g.component[ci].h, gv = g.component[ci].v;
                    assert_int_equal(g.component[ci].width,
                                     sct_div_up(g.width * gh, g_max));
                    assert_int_equal(g.component[ci].height,
                                     sct_div_up(g.height * gv, v_max));
                    check_axis(&g.component[ci].x, p.width, p.component[ci].h, p.h_max,
                               swaps ? g.height : g.width, swaps ? gv : gh,
                               swaps ? v_max : g_max, sct_orient_reverses_x(o));
                    check_axis(&g.component[ci].y, p.height, p.component[ci].v, p.v_max,
                               swaps ? g.width : g.height, swaps ? gh : gv,
                               swaps ? g_max : v_max, sct_orient_reverses_y(o));
                }
            }
}

/* ---- sampling factors -------------------------------------------------------------- */

static void check_factors(struct sct_picture *p, enum sct_subsampling sub, int h, int v,
                          int ch, int cv)
{
    struct sct_variant variant = sct_variant_default();
    struct sct_geometry g;
    variant.width = 10;
    variant.subsampling = sub;
    assert_int_equal(sct_geometry_plan(&g, p, &variant, NULL), SCT_OK);
    assert_int_equal(g.component[0].h, h);
    assert_int_equal(g.component[0].v, v);
    assert_int_equal(g.component[1].h, ch);
    assert_int_equal(g.component[1].v, cv);
}

static void subsampling_is_chosen_upright(void **state)
{
    struct sct_picture p = make_420(100, 80, 6);
    (void)state;
    check_factors(&p, SCT_SUB_420, 2, 2, 1, 1);
    check_factors(&p, SCT_SUB_422, 2, 1, 1, 1);
    check_factors(&p, SCT_SUB_444, 1, 1, 1, 1);
    check_factors(&p, SCT_SUB_SOURCE, 2, 2, 1, 1);
    set_factors(&p, (const int[]){2, 1, 1}, (const int[]){1, 1, 1});
    check_factors(&p, SCT_SUB_SOURCE, 1, 2, 1, 1); /* 4:2:2 on its side is 4:4:0 */
    set_factors(&p, (const int[]){2, 2, 2}, (const int[]){2, 2, 2});
    check_factors(&p, SCT_SUB_SOURCE, 1, 1, 1, 1); /* in lowest terms */
}

static void only_chroma_is_subsampled(void **state)
{
    struct sct_picture p = make_420(100, 80, 1);
    (void)state;
    p.model = SCT_RGB;
    check_factors(&p, SCT_SUB_420, 1, 1, 1, 1);
    p.model = SCT_CMYK;
    check_factors(&p, SCT_SUB_420, 1, 1, 1, 1);
}

static void impossible_sizes_are_argument_errors(void **state)
{
    const struct sct_picture p = make_420(100, 10, 1);
    struct sct_variant v = sct_variant_default();
    struct sct_geometry g;
    struct sct_report report = {.message = ""};
    (void)state;
    assert_int_equal(sct_geometry_plan(&g, &p, &v, &report), SCT_ERR_ARGUMENT);
    v.width = -5;
    assert_int_equal(sct_geometry_plan(&g, &p, &v, NULL), SCT_ERR_ARGUMENT);
    v.width = 65536;
    v.enlarge = 1;
    assert_int_equal(sct_geometry_plan(&g, &p, &v, NULL), SCT_ERR_ARGUMENT);
    assert_string_not_equal(report.message, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_what_people_expect),
        cmocka_unit_test(boxes_are_upright),
        cmocka_unit_test(covers_are_cropped_evenly),
        cmocka_unit_test(planes_of_every_sampling_stay_registered),
        cmocka_unit_test(subsampling_is_chosen_upright),
        cmocka_unit_test(only_chroma_is_subsampled),
        cmocka_unit_test(impossible_sizes_are_argument_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
