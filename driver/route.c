/* See route.h. Candidates are tried in order of preference; the encoder says which it takes. */
#include "route.h"

#include "icc.h"

#include <string.h>

/* What the encoder would be told of the planes. */
static int is_taken(const struct sct_route *r, const struct sct_variant *variant)
{
    struct sct_encoder_spec spec = {.model = r->out.model,
                                    .has_alpha = r->out.has_alpha,
                                    .is_limited = r->out.is_limited,
                                    .depth = r->out.depth,
                                    .n_components = r->out.n_components,
                                    .lossless = variant->lossless};
    for (int ci = 0; ci < r->out.n_components; ci++) {
        spec.component[ci].h = r->out.component[ci].h;
        spec.component[ci].v = r->out.component[ci].v;
    }
    return variant->format->takes(&spec);
}

/* ---- direct ------------------------------------------------------------------------ */

/* With one subsampling, in the picture's own range or in the other one. */
static int try_direct(struct sct_route *r, struct sct_geometry *g,
                      const struct sct_picture *picture,
                      const struct sct_variant *variant, enum sct_subsampling sub)
{
    struct sct_variant v = *variant;
    v.subsampling = sub;
    if (sct_geometry_plan(g, picture, &v, NULL) < 0)
        return 0;
    for (int ci = 0; ci < g->n_components; ci++) {
        r->out.component[ci].h = g->component[ci].h;
        r->out.component[ci].v = g->component[ci].v;
    }
    r->out.is_limited = picture->is_limited;
    if (is_taken(r, variant))
        return 1;
    r->out.is_limited = !picture->is_limited;
    return picture->model == SCT_YCC && is_taken(r, variant);
}

static int plan_direct(struct sct_route *r, struct sct_geometry *g,
                       const struct sct_picture *picture,
                       const struct sct_variant *variant)
{
    r->out.model = picture->model;
    r->out.n_components = picture->n_components;
    r->out.depth = picture->depth;
    r->is_direct = 1;
    r->depth = picture->depth;
    return try_direct(r, g, picture, variant, variant->subsampling) ||
           try_direct(r, g, picture, variant, SCT_SUB_420) ||
           try_direct(r, g, picture, variant, SCT_SUB_444);
}

/* ---- converted --------------------------------------------------------------------- */

/* Fills in the planes of a model, subsampled as the variant wants it or, where the picture's
 * own subsampling is asked for, not at all. */
static void fill_planes(struct sct_route *r, enum sct_model model, int has_alpha,
                        enum sct_subsampling sub)
{
    const int is_ycc = model == SCT_YCC;
    const int h = is_ycc && (sub == SCT_SUB_420 || sub == SCT_SUB_422) ? 2 : 1;
    const int v = is_ycc && sub == SCT_SUB_420 ? 2 : 1;
    r->out.model = model;
    r->out.has_alpha = has_alpha;
    r->out.n_components = sct_model_components(model) + has_alpha;
    for (int ci = 0; ci < r->out.n_components; ci++) { /* alpha is on luma's grid */
        const int is_chroma = is_ycc && (ci == 1 || ci == 2);
        r->out.component[ci].h = is_chroma ? 1 : h;
        r->out.component[ci].v = is_chroma ? 1 : v;
    }
}

/* Each in the range that the encoder wants. */
static int try_model(struct sct_route *r, const struct sct_variant *variant,
                     enum sct_model model, int has_alpha)
{
    const enum sct_subsampling subs[] = {variant->subsampling, SCT_SUB_420};
    for (int limited = 0; limited <= (model != SCT_RGB); limited++)
        for (int i = 0; i < 2; i++) {
            fill_planes(r, model, has_alpha, subs[i]);
            r->out.is_limited = limited;
            if (is_taken(r, variant))
                return 1;
        }
    return 0;
}

static int is_gray(const uint8_t background[3])
{
    return background[0] == background[1] && background[1] == background[2];
}

static int plan_planes(struct sct_route *r, const struct sct_picture *picture,
                       const struct sct_variant *variant)
{
    for (int alpha = picture->has_alpha; alpha >= 0; alpha--) {
        const int is_flattened = picture->has_alpha && !alpha;
        const int may_be_gray =
            picture->model == SCT_GRAY && (!is_flattened || is_gray(variant->background));
        if ((may_be_gray && try_model(r, variant, SCT_GRAY, alpha)) ||
            try_model(r, variant, SCT_YCC, alpha) ||
            try_model(r, variant, SCT_RGB, alpha))
            return 1;
    }
    return 0;
}

static int plan_converted(struct sct_route *r, const struct sct_picture *picture,
                          const struct sct_variant *variant)
{
    const int wants_16 = picture->depth == 16 && variant->depth == 16;
    r->is_direct = 0;
    r->is_premultiplied = picture->has_alpha;
    r->depth = picture->has_alpha || r->is_linear ? 16 : picture->depth;
    for (r->out.depth = wants_16 ? 16 : 8; r->out.depth >= 8; r->out.depth -= 8)
        if (plan_planes(r, picture, variant))
            return 1;
    return 0;
}

/* ---- */

static int has_inks(const struct sct_picture *picture)
{
    return picture->model == SCT_CMYK || picture->model == SCT_YCCK;
}

static int needs_srgb(const struct sct_picture *picture,
                      const struct sct_variant *variant)
{
    return variant->icc == SCT_ICC_SRGB && picture->icc &&
           !sct_icc_is_srgb(picture->icc, picture->icc_bytes);
}

/* Whether the picture's planes could go to an encoder as they are. Of RGB samples those that
 * compress want to see YCC. */
static int may_be_direct(const struct sct_route *r, const struct sct_picture *picture,
                         const struct sct_variant *variant)
{
    struct sct_route ycc = {.out.depth = 8};
    if (r->is_linear || r->is_to_srgb || picture->has_alpha ||
        (picture->depth == 16 && variant->depth != 16))
        return 0;
    return picture->domain == SCT_COEFS || picture->model != SCT_RGB ||
           !try_model(&ycc, variant, SCT_YCC, 0);
}

/* route->is_to_srgb has been decided. */
static int plan_route(struct sct_route *route, struct sct_geometry *geometry,
                      const struct sct_picture *picture,
                      const struct sct_variant *variant, int is_linear,
                      struct sct_report *report)
{
    const int is_to_srgb = route->is_to_srgb;
    memset(route, 0, sizeof *route);
    route->is_linear = is_linear;
    route->is_to_srgb = is_to_srgb;
    if (may_be_direct(route, picture, variant) &&
        plan_direct(route, geometry, picture, variant))
        return SCT_OK;
    if (has_inks(picture))
        route->is_to_srgb = 1;

    struct sct_variant full = *variant;
    full.subsampling = SCT_SUB_444;
    const int status = sct_geometry_plan(geometry, picture, &full, report);
    if (status < 0)
        return status;
    if (!plan_converted(route, picture, variant))
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED, "%s cannot be written as %s",
                               sct_model_name(picture->model), variant->format->name);
    return SCT_OK;
}

/* Whether a gray profile cannot go along because gray becomes colour. */
static int loses_profile(const struct sct_route *route, const struct sct_picture *picture,
                         const struct sct_variant *variant)
{
    return picture->model == SCT_GRAY && picture->icc && variant->icc == SCT_ICC_KEEP &&
           (route->out.model != SCT_GRAY || variant->format->is_colour_only) &&
           !sct_icc_is_srgb(picture->icc, picture->icc_bytes);
}

int sct_route_plan(struct sct_route *route, struct sct_geometry *geometry,
                   const struct sct_picture *picture, const struct sct_variant *variant,
                   int is_linear, struct sct_report *report)
{
    route->is_to_srgb = needs_srgb(picture, variant);
    int status = plan_route(route, geometry, picture, variant, is_linear, report);
    if (status < 0 || route->is_to_srgb || !loses_profile(route, picture, variant))
        return status;
    route->is_to_srgb = 1;
    return plan_route(route, geometry, picture, variant, is_linear, report);
}

void sct_route_range(const struct sct_route *route, const struct sct_picture *picture,
                     int ci, double *gain, double *offset)
{
    *gain = *offset = 0.0;
    if (!route->is_direct || picture->model != SCT_YCC ||
        route->out.is_limited == picture->is_limited)
        return;
    const double narrow = ci == 0 ? 219.0 / 255 : 224.0 / 255; /* BT.601, 2.5.3 */
    *gain = route->out.is_limited ? narrow : 1 / narrow;
    if (ci == 0)
        *offset = route->out.is_limited ? 16.0 : -16.0 / narrow;
    else
        *offset = 128.0 - 128.0 * *gain;
}
