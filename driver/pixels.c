/* See pixels.h.
 *
 *     bands -> by the profile to sRGB -> laid on the background -> planes -> turned upright
 *
 * A gray picture has one plane, which stands for all three, unless it is laid on a colour. */
#include "pixels.h"

#include <string.h>

#include "bits.h"
#include "colour.h"
#include "geometry.h"
#include "icc.h"
#include "intake.h"
#include "mem.h"
#include "orient.h"

enum { TURNED_ROWS = 64 }; /* at once: see orient.c */

struct reading {
    struct sct_limits limits;
    struct sct_report *report;
    struct sct_reader *reader;
    struct sct_intake intake;
    const struct sct_decoder_ops *ops;
    sct_decoder *decoder;
    struct sct_picture picture;
    sct_icc_transform *transform; /* NULL: it is in sRGB */
    uint16_t background[3];
    int depth, n_planes;        /* of what is made */
    struct sct_plane stored[3]; /* owned */
    size_t row_bytes;           /* of a row of 16 bits */
    uint8_t *scratch;           /* four of them */
};

/* ---- plan -------------------------------------------------------------------------- */

static int open_decoder(struct reading *r, const struct sct_source *source)
{
    r->reader = sct_mem_alloc(sizeof *r->reader);
    if (!r->reader)
        return SCT_ERR_MEMORY;
    sct_intake_init(&r->intake, source, &r->limits, r->report);
    sct_intake_forget(&r->intake);
    const struct sct_source counted = sct_intake_source(&r->intake);
    sct_reader_init(r->reader, &counted);
    const struct sct_decoder_spec spec = {.reader = r->reader,
                                          .limits = r->limits,
                                          .wants_rgb = SCT_RGB_OR_CMYK_ALWAYS,
                                          .report = r->report};
    return sct_decoder_open(&r->ops, &r->decoder, &spec, &r->picture);
}

static int plan_colours(struct reading *r)
{
    struct sct_picture *const p = &r->picture;
    const int has_inks = p->model == SCT_CMYK;
    const int fits =
        p->icc ? sct_icc_check(p->icc, p->icc_bytes, p->model, r->report) : SCT_OK;
    if (fits == SCT_ERR_MEMORY)
        return fits;
    if (fits < 0) /* the report has a warning */
        p->icc = NULL;
    if (!has_inks && (!p->icc || sct_icc_is_srgb(p->icc, p->icc_bytes)))
        return SCT_OK;
    const struct sct_icc_spec spec = {.icc = p->icc,
                                      .icc_bytes = p->icc_bytes,
                                      .model = p->model,
                                      .is_inverted = p->has_adobe,
                                      .depth = p->depth,
                                      .n_pixels = (int64_t)p->width * p->height,
                                      .report = r->report};
    return sct_icc_transform_create(&r->transform, &spec);
}

static int allocate(struct reading *r)
{
    const struct sct_picture *const p = &r->picture;
    r->depth = p->has_alpha ? 16 : p->depth;
    r->n_planes = p->model == SCT_GRAY && !p->has_alpha ? 1 : 3;
    r->row_bytes = sct_size_align(sct_size_mul((size_t)p->width, sizeof(uint16_t)));
    const size_t stride =
        sct_size_align(sct_size_mul((size_t)p->width, (size_t)r->depth / 8));
    const size_t plane_bytes = sct_size_mul(stride, (size_t)p->height);
    /* and one plane more while they are turned */
    const size_t needed = sct_size_add(
        p->decoder_bytes, sct_size_mul(plane_bytes, (size_t)r->n_planes + 1));
    if (needed > r->limits.max_memory_bytes)
        return sct_report_fail(r->report, SCT_ERR_TOO_LARGE,
                               "needs about %zu MiB of memory, over the limit of %zu MiB",
                               (needed >> 20) + 1, r->limits.max_memory_bytes >> 20);
    r->scratch = sct_mem_alloc(sct_size_mul(r->row_bytes, SCT_MAX_COMPONENTS));
    if (!r->scratch)
        return SCT_ERR_MEMORY;
    for (int c = 0; c < r->n_planes; c++) {
        r->stored[c] = (struct sct_plane){.data = sct_mem_alloc(plane_bytes),
                                          .stride_bytes = (ptrdiff_t)stride,
                                          .width = p->width,
                                          .height = p->height};
        if (!r->stored[c].data)
            return SCT_ERR_MEMORY;
    }
    return SCT_OK;
}

static int plan(struct reading *r, const struct sct_source *source)
{
    int status = open_decoder(r, source);
    if (status == SCT_OK &&
        sct_max(r->picture.width, r->picture.height) > r->limits.max_side)
        status = sct_report_fail(r->report, SCT_ERR_TOO_LARGE,
                                 "%d x %d: the limit on a side is %d pixels",
                                 r->picture.width, r->picture.height, r->limits.max_side);
    if (status == SCT_OK)
        status = plan_colours(r);
    return status == SCT_OK ? allocate(r) : status;
}

/* ---- rows -------------------------------------------------------------------------- */

static void *scratch_row(const struct reading *r, int i)
{
    return r->scratch + (size_t)i * r->row_bytes;
}

/* Opaque stays as it is, to the last bit. */
static void lay_on(uint16_t *c, const uint16_t *alpha, uint16_t background, int n)
{
    for (int x = 0; x < n; x++) {
        const uint64_t sum = (uint64_t)c[x] * alpha[x] +
                             (uint64_t)background * (uint64_t)(UINT16_MAX - alpha[x]);
        c[x] = (uint16_t)((sum + UINT16_MAX / 2) / UINT16_MAX);
    }
}

/* Colours come in the picture's depth and become 16 bits. */
static void flatten_row(const struct reading *r, void *const colours[3],
                        const void *alpha, int y)
{
    const int n = r->picture.width, is_gray = r->picture.model == SCT_GRAY;
    uint16_t *const wide_alpha = scratch_row(r, 3);
    if (r->picture.depth == 8)
        sct_colour_widen(wide_alpha, alpha, n);
    else
        memcpy(wide_alpha, alpha, (size_t)n * sizeof *wide_alpha);
    for (int c = 0; c < 3; c++) {
        const void *const colour = colours[is_gray ? 0 : c];
        uint16_t *const row = (void *)sct_plane_row(&r->stored[c], y);
        if (r->picture.depth == 8)
            sct_colour_widen(row, colour, n);
        else
            memcpy(row, colour, (size_t)n * sizeof *row);
        lay_on(row, wide_alpha, r->background[c], n);
    }
}

/* in: the components as they come, alpha last. */
static void take_row(const struct reading *r, const void *const in[SCT_MAX_COMPONENTS],
                     int y)
{
    const struct sct_picture *const p = &r->picture;
    const int n_colours = p->model == SCT_GRAY ? 1 : 3; /* that come out */
    void *colours[3];
    for (int c = 0; c < n_colours; c++)
        colours[c] = p->has_alpha ? scratch_row(r, c) : sct_plane_row(&r->stored[c], y);
    if (r->transform)
        sct_icc_transform_run(r->transform, in, colours, p->width);
    else
        for (int c = 0; c < n_colours; c++)
            memcpy(colours[c], in[c], (size_t)p->width * (size_t)p->depth / 8);
    if (p->has_alpha)
        flatten_row(r, colours, in[p->n_components - 1], y);
}

static void take_band(const struct reading *r, const struct sct_band *band, int y)
{
    for (int i = 0; i < band->component[0].n_rows; i++) {
        const void *in[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < r->picture.n_components; ci++)
            in[ci] = (const char *)band->component[ci].samples +
                     i * band->component[ci].stride_bytes;
        take_row(r, in, y + i);
    }
}

static int read_bands(struct reading *r)
{
    struct sct_band band;
    int y = 0, status = SCT_OK;
    while (status == SCT_OK) {
        status = sct_intake_check_time(&r->intake);
        if (status == SCT_OK)
            status = r->ops->read_band(r->decoder, &band);
        if (status == SCT_OK) {
            take_band(r, &band, y);
            y += band.component[0].n_rows;
        }
    }
    return status == SCT_DONE ? SCT_OK : status;
}

/* ---- upright ----------------------------------------------------------------------- */

static int turn(struct sct_plane *plane, const struct reading *r)
{
    const struct sct_plane stored = *plane;
    struct sct_plane upright = {.data = NULL};
    sct_geometry_upright(&r->picture, &upright.width, &upright.height);
    const size_t stride =
        sct_size_align(sct_size_mul((size_t)upright.width, (size_t)r->depth / 8));
    upright.stride_bytes = (ptrdiff_t)stride;
    upright.data = sct_mem_alloc(sct_size_mul(stride, (size_t)upright.height));
    if (!upright.data)
        return SCT_ERR_MEMORY;
    for (int y = 0; y < upright.height; y += TURNED_ROWS) {
        const struct sct_plane rows = {.data = sct_plane_row(&upright, y),
                                       .stride_bytes = upright.stride_bytes,
                                       .width = upright.width,
                                       .height =
                                           sct_min(TURNED_ROWS, upright.height - y)};
        sct_orient_rows(&rows, &stored, r->depth, r->picture.orientation, y);
    }
    sct_mem_free(stored.data);
    *plane = upright;
    return SCT_OK;
}

static int turn_planes(struct reading *r)
{
    int status = SCT_OK;
    for (int c = 0; c < r->n_planes && status == SCT_OK && r->picture.orientation != 1;
         c++)
        status = turn(&r->stored[c], r);
    return status;
}

/* ---- */

static void hand_over(struct sct_pixels *pixels, struct reading *r)
{
    pixels->rgb.depth = r->depth;
    pixels->bytes = r->reader->total_bytes;
    for (int c = 0; c < 3; c++)
        pixels->rgb.plane[c] = r->stored[r->n_planes == 1 ? 0 : c];
    for (int c = 0; c < 3; c++) {
        pixels->owned[c] = r->stored[c].data;
        r->stored[c].data = NULL;
    }
}

int sct_pixels_read(struct sct_pixels *pixels, const struct sct_source *source,
                    const struct sct_limits *limits, const uint8_t background[3],
                    struct sct_report *report)
{
    struct reading r = {.limits = *limits, .report = report};
    memset(pixels, 0, sizeof *pixels);
    for (int c = 0; c < 3; c++)
        r.background[c] = (uint16_t)(background[c] * 257);

    int status = plan(&r, source);
    if (status == SCT_OK)
        status = read_bands(&r);
    if (status == SCT_OK)
        status = turn_planes(&r);
    if (r.intake.status < 0) /* knows better than the decoder that ran out of input */
        status = r.intake.status;
    if (status == SCT_OK)
        hand_over(pixels, &r);

    for (int c = 0; c < 3; c++)
        sct_mem_free(r.stored[c].data);
    sct_mem_free(r.scratch);
    sct_icc_transform_free(r.transform);
    if (r.decoder)
        r.ops->close(r.decoder);
    sct_intake_free(&r.intake);
    sct_mem_free(r.reader);
    return status;
}

void sct_pixels_free(struct sct_pixels *pixels)
{
    for (int c = 0; c < 3; c++)
        sct_mem_free(pixels->owned[c]);
    memset(pixels, 0, sizeof *pixels);
}
