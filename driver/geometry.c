/* See geometry.h. One axis at a time, always in this order: the extent of the source in
 * pixels, then in the component's samples, then shared out evenly among the output's
 * samples. */
#include "geometry.h"

#include "bits.h"
#include "orient.h"

#include <math.h>

enum { MAX_SIDE = 65535 };

/* A picture's size, or an output's, seen along x and y. */
struct size {
    double width, height;
};

struct extent {
    double begin, end;
};

void sct_geometry_upright(const struct sct_picture *picture, int *width, int *height)
{
    const int swaps = sct_orient_swaps_axes(picture->orientation);
    *width = swaps ? picture->height : picture->width;
    *height = swaps ? picture->width : picture->height;
}

static double at_least_one(double pixels)
{
    return fmax(1.0, floor(pixels + 0.5));
}

/* The upright output's size, and how many pixels of the upright source it shows. */
static void fit(struct size in, const struct sct_variant *v, struct size *out,
                struct size *shown)
{
    const double sx = v->width ? v->width / in.width : INFINITY;
    const double sy = v->height ? v->height / in.height : INFINITY;
    const double limit = v->enlarge ? INFINITY : 1.0;
    *shown = in;

    if (v->fit == SCT_FIT_INSIDE || !v->width || !v->height) {
        const double scale = fmin(fmin(sx, sy), limit);
        out->width = at_least_one(in.width * scale);
        out->height = at_least_one(in.height * scale);
    } else if (v->fit == SCT_FIT_FILL) {
        out->width = at_least_one(in.width * fmin(sx, limit));
        out->height = at_least_one(in.height * fmin(sy, limit));
    } else {
        const double scale = fmin(fmax(sx, sy), limit);
        out->width = fmin(v->width, at_least_one(in.width * scale));
        out->height = fmin(v->height, at_least_one(in.height * scale));
        shown->width = fmin(in.width, out->width / scale);
        shown->height = fmin(in.height, out->height / scale);
    }
}

static struct extent centred(double size, double shown)
{
    return (struct extent){.begin = (size - shown) / 2, .end = (size + shown) / 2};
}

/* One axis of one component. `pixels` is the extent in pixels of the source; f of f_max
 * the source's sampling factor, g of g_max the output's; out_pixels the output's size on
 * this axis. When the axis is reversed, the output sample that is only partly inside the
 * picture comes first in stored order. */
static struct sct_axis component_axis(struct extent pixels, int src_size, int f,
                                      int f_max, int out_pixels, int g, int g_max,
                                      int is_reversed)
{
    const double begin = pixels.begin * f / f_max, end = pixels.end * f / f_max;
    const double samples = (double)out_pixels * g / g_max; /* a real number */
    const double sample = (end - begin) / samples;
    const int dst_size = sct_div_up(out_pixels * g, g_max);
    struct sct_axis axis = {.src_begin = begin,
                            .src_end = begin + sample * dst_size,
                            .src_size = src_size,
                            .dst_size = dst_size};
    if (is_reversed) {
        axis.src_begin = end - sample * dst_size;
        axis.src_end = end;
    }
    return axis;
}

/* ---- sampling factors -------------------------------------------------------------- */

static int gcd(int a, int b)
{
    return b ? gcd(b, a % b) : a;
}

/* The source's own factors, turned upright, in lowest terms. */
static void copy_factors(struct sct_geometry *g, const struct sct_picture *picture)
{
    const int swaps = sct_orient_swaps_axes(picture->orientation);
    int h_common = 0, v_common = 0;
    for (int ci = 0; ci < g->n_components; ci++) {
        const struct sct_component *c = &picture->component[ci];
        g->component[ci].h = swaps ? c->v : c->h;
        g->component[ci].v = swaps ? c->h : c->v;
        h_common = gcd(g->component[ci].h, h_common);
        v_common = gcd(g->component[ci].v, v_common);
    }
    for (int ci = 0; ci < g->n_components; ci++) {
        g->component[ci].h /= h_common;
        g->component[ci].v /= v_common;
    }
}

static void choose_factors(struct sct_geometry *g, const struct sct_picture *picture,
                           enum sct_subsampling subsampling)
{
    if (subsampling == SCT_SUB_SOURCE) {
        copy_factors(g, picture);
        return;
    }
    const int has_chroma = picture->model == SCT_YCC || picture->model == SCT_YCCK;
    const int h = has_chroma && subsampling != SCT_SUB_444 ? 2 : 1;
    const int v = has_chroma && subsampling == SCT_SUB_420 ? 2 : 1;
    for (int ci = 0; ci < g->n_components; ci++) {
        const int is_chroma = has_chroma && (ci == 1 || ci == 2);
        g->component[ci].h = is_chroma ? 1 : h;
        g->component[ci].v = is_chroma ? 1 : v;
    }
}

/* ---- the plan ---------------------------------------------------------------------- */

static void plan_component(struct sct_geometry *g, int ci,
                           const struct sct_picture *picture, struct extent x,
                           struct extent y)
{
    const struct sct_component *c = &picture->component[ci];
    const int o = picture->orientation;
    const int swaps = sct_orient_swaps_axes(o);
    int h_max = 1, v_max = 1;
    for (int k = 0; k < g->n_components; k++) {
        h_max = sct_max(h_max, g->component[k].h);
        v_max = sct_max(v_max, g->component[k].v);
    }
    const int h = g->component[ci].h, v = g->component[ci].v;
    g->component[ci].width = sct_div_up(g->width * h, h_max);
    g->component[ci].height = sct_div_up(g->height * v, v_max);

    if (swaps) { /* the stored x axis is the upright y axis */
        g->component[ci].x = component_axis(x, c->width, c->h, picture->h_max, g->height,
                                            v, v_max, sct_orient_reverses_x(o));
        g->component[ci].y = component_axis(y, c->height, c->v, picture->v_max, g->width,
                                            h, h_max, sct_orient_reverses_y(o));
    } else {
        g->component[ci].x = component_axis(x, c->width, c->h, picture->h_max, g->width,
                                            h, h_max, sct_orient_reverses_x(o));
        g->component[ci].y = component_axis(y, c->height, c->v, picture->v_max, g->height,
                                            v, v_max, sct_orient_reverses_y(o));
    }
    if (picture->model == SCT_YCC && (ci == 1 || ci == 2)) {
        g->component[ci].x.chroma_step = picture->h_max / c->h;
        g->component[ci].y.chroma_step = picture->v_max / c->v;
    }
}

int sct_geometry_plan(struct sct_geometry *g, const struct sct_picture *picture,
                      const struct sct_variant *variant, struct sct_report *report)
{
    *g = (struct sct_geometry){.orientation = picture->orientation,
                               .n_components = picture->n_components};
    if (variant->width < 0 || variant->height < 0 ||
        (variant->width == 0 && variant->height == 0))
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "a variant needs a size");

    int upright_width, upright_height;
    struct size out, shown;
    sct_geometry_upright(picture, &upright_width, &upright_height);
    fit((struct size){upright_width, upright_height}, variant, &out, &shown);
    if (out.width > MAX_SIDE || out.height > MAX_SIDE)
        return sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "an output of %.0f x %.0f pixels is too large: at most %d a "
            "side",
            out.width, out.height, MAX_SIDE);
    g->width = (int)out.width;
    g->height = (int)out.height;

    const int swaps = sct_orient_swaps_axes(picture->orientation);
    const struct extent x = centred(picture->width, swaps ? shown.height : shown.width);
    const struct extent y = centred(picture->height, swaps ? shown.width : shown.height);
    choose_factors(g, picture, variant->subsampling);
    for (int ci = 0; ci < g->n_components; ci++)
        plan_component(g, ci, picture, x, y);
    return SCT_OK;
}
