/* See convert.h.
 *
 *     16 bits   alpha: divided out, or laid on the background
 *               linear light: back to sRGB's curve
 *     any       YCC to RGB, inks and other colour spaces to sRGB
 *     8 bits    from here on, unless the encoder wants 16
 *               RGB to YCC, gray to either
 *
 * Rows that come in are changed in place as far as their depth stays; what the encoder gets
 * stands in planes of our own, which have the padding that it wants. */
#include "convert.h"

#include "bits.h"
#include "colour.h"
#include "mem.h"

#include <string.h>

enum { CHROMA_MIDDLE = 128, MAX_SUB = 2 };

/* Scratch rows of each of four components. */
enum { NARROW, SPARE = NARROW + MAX_SUB, KEPT, N_SCRATCH = KEPT + MAX_SUB };

/* ---- plan -------------------------------------------------------------------------- */

void sct_convert_layout(const struct sct_encoder_layout *encoder, int n_components,
                        struct sct_encoder_layout *planes)
{
    *planes = (struct sct_encoder_layout){.n_bands = encoder->n_bands};
    for (int ci = 0; ci < n_components; ci++) {
        planes->component[ci].width = encoder->component[0].width;
        planes->component[ci].height = encoder->component[0].height;
        planes->component[ci].band_rows = encoder->component[0].band_rows;
        planes->component[ci].padded_width = encoder->component[0].width;
    }
}

static int create_out(struct sct_convert *c, const struct sct_encoder_layout *layout,
                      int ci)
{
    const int n_rows = layout->component[ci].band_rows;
    const size_t stride = sct_size_align((size_t)layout->component[ci].padded_width *
                                         (size_t)(c->route.out.depth / 8));
    struct sct_plane *p = &c->out[ci].plane;
    p->width = layout->component[ci].width;
    p->height = n_rows;
    p->stride_bytes = (ptrdiff_t)stride;
    p->data = sct_mem_alloc(sct_size_mul(stride, (size_t)n_rows));
    c->out[ci].rows = sct_mem_alloc((size_t)n_rows * sizeof *c->out[ci].rows);
    if (!p->data || !c->out[ci].rows)
        return SCT_ERR_MEMORY;
    for (int i = 0; i < n_rows; i++)
        c->out[ci].rows[i] = sct_plane_row(p, i);
    return SCT_OK;
}

static int create_tables(struct sct_convert *c, const struct sct_variant *variant)
{
    for (int k = 0; k < 3; k++)
        c->background[k] = (uint16_t)(variant->background[k] * 257);
    c->scratch_row = sct_size_align((size_t)c->width * sizeof(uint16_t));
    c->scratch = sct_mem_alloc(sct_size_mul(c->scratch_row, 4 * N_SCRATCH));
    if (!c->scratch)
        return SCT_ERR_MEMORY;
    if (!c->route.is_linear)
        return SCT_OK;
    c->from_linear = sct_mem_alloc(SCT_COLOUR_LEVELS * sizeof *c->from_linear);
    if (!c->from_linear)
        return SCT_ERR_MEMORY;
    sct_colour_fill_to_linear(c->from_linear); /* for the background, which is in sRGB */
    if (!c->route.is_to_srgb)                  /* otherwise it is laid under last */
        sct_colour_look_up(c->background, c->from_linear, 3);
    sct_colour_fill_from_linear(c->from_linear);
    return SCT_OK;
}

static int has_inks(const struct sct_convert *c)
{
    return c->model == SCT_CMYK || c->model == SCT_YCCK;
}

static int create_transform(struct sct_convert *c, const struct sct_picture *picture,
                            struct sct_report *report)
{
    const struct sct_icc_spec spec = {.icc = picture->icc,
                                      .icc_bytes = picture->icc_bytes,
                                      .model = has_inks(c)            ? SCT_CMYK
                                               : c->model == SCT_GRAY ? SCT_GRAY
                                                                      : SCT_RGB,
                                      .is_inverted = picture->has_adobe,
                                      .depth = c->route.depth,
                                      .n_pixels = (int64_t)c->width * c->height,
                                      .report = report};
    return sct_icc_transform_create(&c->transform, &spec);
}

int sct_convert_create(struct sct_convert *c, const struct sct_picture *picture,
                       const struct sct_route *route, const struct sct_variant *variant,
                       const struct sct_encoder_layout *layout, struct sct_report *report)
{
    const int n_colours = sct_model_components(picture->model);
    const int is_laid_on_colour = picture->has_alpha && !route->out.has_alpha &&
                                  n_colours == 1 && route->out.model != SCT_GRAY;
    *c = (struct sct_convert){.route = *route,
                              .model = picture->model,
                              .n_colours =
                                  n_colours == 4 || is_laid_on_colour ? 3 : n_colours,
                              .n_in = picture->n_components,
                              .is_limited = picture->is_limited,
                              .width = layout->component[0].width,
                              .height = layout->component[0].height,
                              .band_rows = layout->component[0].band_rows};
    int status = create_tables(c, variant);
    if (status == SCT_OK && route->is_to_srgb)
        status = create_transform(c, picture, report);
    for (int ci = 0; ci < route->out.n_components && status == SCT_OK; ci++)
        status = create_out(c, layout, ci);
    if (status < 0)
        sct_convert_free(c);
    return status;
}

void sct_convert_free(struct sct_convert *c)
{
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++) {
        sct_mem_free(c->out[ci].plane.data);
        sct_mem_free(c->out[ci].rows);
    }
    sct_icc_transform_free(c->transform);
    sct_mem_free(c->scratch);
    sct_mem_free(c->from_linear);
    memset(c, 0, sizeof *c);
}

/* ---- 16 bits ----------------------------------------------------------------------- */

static uint8_t *scratch_row(const struct sct_convert *c, int ci, int i)
{
    return c->scratch + (size_t)(ci * N_SCRATCH + i) * c->scratch_row;
}

/* A row of each component, of samples of either depth. */
union row {
    uint8_t *narrow;
    uint16_t *wide;
};

/* Gray with alpha, to be laid on a background of colour: three equal rows, and alpha. */
static void expand_gray(const struct sct_convert *c, union row row[4])
{
    row[3] = row[1];
    for (int ci = 1; ci < 3; ci++) {
        row[ci].narrow = scratch_row(c, ci, SPARE);
        memcpy(row[ci].wide, row[0].wide, (size_t)c->width * sizeof(uint16_t));
    }
}

/* Chroma beside an alpha: what nobody sees must not tint its neighbours, so its means are
 * weighed by alpha. Premultiplied rows are kept for that until their pair is complete. */
static int weighs_chroma(const struct sct_convert *c)
{
    return c->route.out.model == SCT_YCC && c->route.out.has_alpha && c->n_colours == 3;
}

static void keep_row(const struct sct_convert *c, const union row row[4], int parity)
{
    for (int ci = 0; ci < 4; ci++)
        memcpy(scratch_row(c, ci, KEPT + parity), row[ci].wide,
               (size_t)c->width * sizeof(uint16_t));
}

static int has_alpha(const struct sct_convert *c)
{
    return c->route.is_premultiplied;
}

/* Whether what is transparent is laid on the background. */
static int flattens(const struct sct_convert *c)
{
    return has_alpha(c) && !c->route.out.has_alpha;
}

/* Colours beside alpha, before gray is expanded. */
static int count_straight(const struct sct_convert *c)
{
    return c->n_in - has_alpha(c);
}

static void divide_alpha(const struct sct_convert *c, const union row row[4])
{
    const int n = count_straight(c);
    for (int ci = 0; ci < n; ci++)
        sct_colour_unpremultiply(row[ci].wide, row[n].wide, c->width);
}

/* Onto the background, which is in the same light. */
static void flatten(const struct sct_convert *c, union row row[4])
{
    if (c->n_in == 2 && c->n_colours == 3)
        expand_gray(c, row);
    for (int ci = 0; ci < c->n_colours; ci++)
        sct_colour_flatten(row[ci].wide, row[c->n_colours].wide, c->background[ci],
                           c->width);
}

static void leave_linear_light(const struct sct_convert *c, const union row row[4], int n)
{
    for (int ci = 0; ci < n && c->route.is_linear; ci++)
        sct_colour_look_up(row[ci].wide, c->from_linear, c->width);
}

static void run_transform(const struct sct_convert *c, const union row row[4], int width)
{
    const void *in[4];
    void *out[3];
    for (int ci = 0; ci < 4; ci++)
        in[ci] = row[ci].wide;
    for (int ci = 0; ci < 3; ci++)
        out[ci] = row[ci].wide;
    sct_icc_transform_run(c->transform, in, out, width);
}

static void convert_colours(const struct sct_convert *c, const union row row[4])
{
    if (c->model == SCT_YCC || c->model == SCT_YCCK)
        sct_colour_ycc_to_rgb(row[0].narrow, row[1].narrow, row[2].narrow, c->is_limited,
                              c->width);
    /* Inks are the complement of RGB (T.872, 6.5.4). */
    for (int ci = 0; ci < 3 && c->model == SCT_YCCK; ci++)
        for (int x = 0; x < c->width; x++)
            row[ci].narrow[x] = (uint8_t)(255 - row[ci].narrow[x]);
    if (c->transform)
        run_transform(c, row, c->width);
}

/* What comes becomes gray or RGB, straight, beside alpha if that stays. */
static void normalise(const struct sct_convert *c, union row row[4])
{
    const int n = count_straight(c);
    const int flattens_first = flattens(c) && !c->transform;
    if (flattens_first)
        flatten(c, row);
    else if (has_alpha(c))
        divide_alpha(c, row);
    if (c->route.out.has_alpha)
        sct_colour_unscale_alpha(row[n].wide, c->width);
    leave_linear_light(c, row, flattens_first ? c->n_colours : n);
    convert_colours(c, row);
    if (!flattens(c) || flattens_first)
        return;
    for (int ci = 0; ci < n; ci++) /* the background is sRGB, as colours are only now */
        sct_colour_premultiply(row[ci].wide, row[n].wide, c->width);
    flatten(c, row);
}

/* ---- 8 bits ------------------------------------------------------------------------ */

/* Row `parity` of up to two, in 8 bits: rgb[ci], or all three the same for gray. */
static void narrow_row(const struct sct_convert *c, const union row row[4], int parity,
                       uint8_t *rgb[3])
{
    for (int ci = 0; ci < c->n_colours; ci++) {
        rgb[ci] = row[ci].narrow;
        if (c->route.depth == 16) {
            rgb[ci] = scratch_row(c, ci, NARROW + parity);
            sct_colour_narrow(rgb[ci], row[ci].wide, c->width);
        }
    }
    if (c->n_colours == 1)
        rgb[1] = rgb[2] = rgb[0];
}

static void copy_row(uint8_t *to, const uint8_t *from, int width)
{
    memcpy(to, from, (size_t)width);
}

static void write_luma(struct sct_convert *c, int i, uint8_t *const rgb[3])
{
    uint8_t *to = c->out[0].rows[i];
    const int is_limited = c->route.out.is_limited;
    if (c->n_colours == 1 && is_limited)
        sct_colour_limit(to, rgb[0], c->width);
    else if (c->n_colours == 1)
        copy_row(to, rgb[0], c->width);
    else
        sct_colour_rgb_to_luma(to, rgb[0], rgb[1], rgb[2], is_limited, c->width);
}

/* Kept rows, shrunk to chroma's grid and made straight again, as 8-bit RGB. Chroma has as many
 * samples there. */
static void weigh_rows(const struct sct_convert *c, uint8_t *rgb[3][MAX_SUB], int n_rows,
                       int step)
{
    const int width = c->out[1].plane.width;
    union row shrunk[4];
    for (int ci = 0; ci < 4; ci++) {
        const uint16_t *const rows[MAX_SUB] = {
            (const void *)scratch_row(c, ci, KEPT),
            (const void *)scratch_row(c, ci, KEPT + 1)};
        shrunk[ci].narrow = scratch_row(c, ci, SPARE);
        sct_colour_shrink(shrunk[ci].wide, rows, n_rows, step, c->width);
    }
    for (int ci = 0; ci < 3; ci++) {
        sct_colour_unpremultiply(shrunk[ci].wide, shrunk[3].wide, width);
        if (c->route.is_linear)
            sct_colour_look_up(shrunk[ci].wide, c->from_linear, width);
    }
    if (c->transform)
        run_transform(c, shrunk, width);
    for (int ci = 0; ci < 3; ci++) {
        rgb[ci][0] = scratch_row(c, ci, KEPT);
        sct_colour_narrow(rgb[ci][0], shrunk[ci].wide, width);
    }
}

/* One row of both chroma planes from the n_rows of luma above it. */
static void write_chroma(struct sct_convert *c, int row, uint8_t *rgb[3][MAX_SUB],
                         int n_rows)
{
    uint8_t *const cb = c->out[1].rows[row], *const cr = c->out[2].rows[row];
    const uint8_t *in[3][MAX_SUB];
    int step = c->route.out.component[0].h, width = c->width;
    if (c->n_colours == 1) {
        memset(cb, CHROMA_MIDDLE, (size_t)c->out[1].plane.width);
        memset(cr, CHROMA_MIDDLE, (size_t)c->out[2].plane.width);
        return;
    }
    if (weighs_chroma(c)) {
        weigh_rows(c, rgb, n_rows, step);
        width = c->out[1].plane.width;
        n_rows = step = 1;
    }
    for (int ci = 0; ci < 3; ci++)
        for (int i = 0; i < MAX_SUB; i++)
            in[ci][i] = rgb[ci][i];
    sct_colour_rgb_to_chroma(cb, cr, in, n_rows, step, c->route.out.is_limited, width);
}

/* ---- a band ------------------------------------------------------------------------ */

static void write_16(struct sct_convert *c, int i, const union row row[4])
{
    for (int ci = 0; ci < c->route.out.n_components; ci++) {
        const int is_colour = ci < c->route.out.n_components - c->route.out.has_alpha;
        const int from = !is_colour ? c->n_colours : c->n_colours == 1 ? 0 : ci;
        memcpy(c->out[ci].rows[i], row[from].wide, (size_t)c->width * sizeof(uint16_t));
    }
}

static void write_alpha(struct sct_convert *c, int i, const union row row[4])
{
    const int alpha = c->route.out.n_components - 1;
    if (c->route.out.has_alpha)
        sct_colour_narrow(c->out[alpha].rows[i], row[c->n_colours].wide, c->width);
}

static void write_8(struct sct_convert *c, int i, uint8_t *const rgb[3])
{
    const int n_out = c->route.out.n_components - c->route.out.has_alpha;
    for (int ci = 0; ci < n_out; ci++)
        if (c->route.out.is_limited) /* gray */
            sct_colour_limit(c->out[ci].rows[i], rgb[ci], c->width);
        else
            copy_row(c->out[ci].rows[i], rgb[ci], c->width);
}

static void convert_row(struct sct_convert *c, int i, union row row[4],
                        uint8_t *rgb[3][MAX_SUB])
{
    const int v = c->route.out.model == SCT_YCC ? c->route.out.component[0].v : 1;
    const int parity = i % v;
    uint8_t *now[3];

    if (weighs_chroma(c))
        keep_row(c, row, parity);
    normalise(c, row);
    if (c->route.out.depth == 16) {
        write_16(c, i, row);
        return;
    }
    narrow_row(c, row, parity, now);
    write_alpha(c, i, row);
    if (c->route.out.model != SCT_YCC) {
        write_8(c, i, now);
        return;
    }
    write_luma(c, i, now);
    for (int ci = 0; ci < 3; ci++)
        rgb[ci][parity] = now[ci];
}

void sct_convert_band(struct sct_convert *c, uint8_t *const *rows[SCT_MAX_COMPONENTS])
{
    const int n_rows = sct_min(c->band_rows, c->height - c->next_band * c->band_rows);
    const int v = c->route.out.component[0].v;
    uint8_t *rgb[3][MAX_SUB] = {{NULL}};

    for (int i = 0; i < n_rows; i++) {
        union row row[SCT_MAX_COMPONENTS] = {{NULL}};
        for (int ci = 0; ci < c->n_in; ci++) {
            void *const samples = rows[ci][i];
            if (c->route.depth == 16)
                row[ci].wide = samples;
            else
                row[ci].narrow = samples;
        }
        convert_row(c, i, row, rgb);
        if (c->route.out.model == SCT_YCC && (i % v == v - 1 || i == n_rows - 1))
            write_chroma(c, i / v, rgb, i % v + 1);
    }
    for (int ci = 0; ci < c->route.out.n_components; ci++)
        rows[ci] = c->out[ci].rows;
    c->next_band++;
}
