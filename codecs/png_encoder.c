/* The PNG encoder: planar rows become the smallest type of PNG that holds them.
 *
 *     planes --interleave--> wide rows --+--> kept until the type is certain
 *                                        +--pack--> line --> png_deflate.c --> sink
 *
 * The type stands in the header, so nothing is written before it is certain: for a photograph
 * after a few rows, for a drawing, or alpha that is opaque everywhere, at the end.
 *
 * 1. `kept` has room for the whole picture; once the file has begun only its first row is
 * used.
 * 2. The output depends on the planes and the spec alone: no time stamps.
 * 3. status is sticky: after a failure every call repeats it. Nothing is written to a sink
 * that has failed. */
#include "encoder.h"

#include <string.h>

#include <spng.h>

#include "bits.h"
#include "mem.h"
#include "png_common.h"
#include "png_copy.h"
#include "png_deflate.h"
#include "png_shape.h"

enum { BAND_ROWS = 8, MAX_METADATA_BYTES = INT32_MAX - 4096 };

struct sct_encoder {
    spng_ctx *spng; /* for what stands before the picture */
    struct sct_png_deflate deflate;
    struct sct_sink sink;
    int has_sink_failed;
    struct sct_report *report;
    struct sct_encoder_layout layout;
    int width, height, depth, n_components, compression;
    struct sct_bytes exif;
    uint8_t *icc; /* a copy: the header is written after open */
    size_t icc_bytes;
    char *xmp; /* a copy with a zero behind it */
    size_t xmp_bytes;

    struct sct_png_stats stats;
    struct sct_png_shape shape;
    int has_begun;
    uint8_t *kept; /* wide rows */
    size_t wide_bytes;
    uint8_t *line; /* one in the file's type */
    size_t line_bytes;
    int n_kept, next_band;
    int is_finished;
    int status;
};

static int takes_planes(const struct sct_encoder_spec *spec)
{
    const int n = sct_model_components(spec->model) + (spec->has_alpha != 0);

    if ((spec->model != SCT_GRAY && spec->model != SCT_RGB) || spec->is_limited ||
        (spec->depth != 0 && spec->depth != 8 && spec->depth != 16))
        return 0;
    for (int ci = 1; ci < n; ci++)
        if (spec->component[ci].h != spec->component[0].h ||
            spec->component[ci].v != spec->component[0].v)
            return 0;
    return 1;
}

static int check_spec(const struct sct_encoder_spec *spec)
{
    if (!takes_planes(spec))
        return sct_report_fail(
            spec->report, SCT_ERR_UNSUPPORTED,
            "a PNG has gray or RGB planes of one size, of 8 or 16 bits");
    if (spec->n_components != sct_model_components(spec->model) + (spec->has_alpha != 0))
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "%d components do not fit the colour model",
                               spec->n_components);
    if (spec->width < 1 || spec->height < 1 ||
        spec->compression < SCT_COMPRESSION_DEFAULT || spec->compression > 9)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "%d x %d pixels with compression %d make no sense",
                               spec->width, spec->height, spec->compression);
    if (spec->width > SCT_PNG_MAX_SIDE || spec->height > SCT_PNG_MAX_SIDE)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "%d x %d: the limit on a side is %d pixels", spec->width,
                               spec->height, SCT_PNG_MAX_SIDE);
    if ((spec->icc && spec->icc_bytes > MAX_METADATA_BYTES) ||
        spec->exif.n_bytes > MAX_METADATA_BYTES || spec->xmp.n_bytes > MAX_METADATA_BYTES)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "metadata that do not fit in a chunk of a PNG");
    return SCT_OK;
}

static size_t count_wide_bytes(const struct sct_encoder_spec *spec)
{
    return (size_t)spec->width * (size_t)spec->n_components *
           (size_t)(spec->depth == 16 ? 2 : 1);
}

/* The rows, until the type is certain: all of them, at worst. */
static size_t count_bytes(const struct sct_encoder_spec *spec)
{
    struct sct_encoder_spec quiet = *spec;
    quiet.report = NULL;
    if (check_spec(&quiet) != SCT_OK)
        return 0;
    return sct_size_mul(count_wide_bytes(spec), (size_t)spec->height);
}

/* ---- open and close ------------------------------------------------------------------ */

static void close_encoder(sct_encoder *e)
{
    if (!e)
        return;
    spng_ctx_free(e->spng);
    sct_png_deflate_free(&e->deflate);
    sct_mem_free(e->icc);
    sct_mem_free(e->xmp);
    sct_mem_free(e->kept);
    sct_mem_free(e->line);
    sct_mem_free(e);
}

static int write_chunk(void *ctx, const uint8_t *data, size_t n)
{
    struct sct_encoder *e = ctx;

    if (e->has_sink_failed || e->sink.write(e->sink.ctx, data, n) != SCT_OK)
        e->has_sink_failed = 1;
    return !e->has_sink_failed;
}

static int write_bytes(spng_ctx *spng, void *user, void *data, size_t n)
{
    (void)spng;
    return write_chunk(user, data, n) ? 0 : SPNG_IO_ERROR;
}

static int fail(struct sct_encoder *e, int error)
{
    if (e->has_sink_failed)
        return sct_report_fail(e->report, SCT_ERR_IO, "writing the output failed");
    return sct_report_fail(e->report, sct_png_status(error), "%s", spng_strerror(error));
}

/* Of what the header needs, copies of what the caller may take away. */
static int copy_metadata(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    if (spec->icc && spec->icc_bytes > 0) {
        e->icc = sct_mem_alloc(spec->icc_bytes);
        if (!e->icc)
            return SCT_ERR_MEMORY;
        memcpy(e->icc, spec->icc, spec->icc_bytes);
        e->icc_bytes = spec->icc_bytes;
    }
    if (spec->xmp.n_bytes > 0) {
        e->xmp = sct_mem_alloc(sct_size_add(spec->xmp.n_bytes, 1));
        if (!e->xmp)
            return SCT_ERR_MEMORY;
        memcpy(e->xmp, spec->xmp.data, spec->xmp.n_bytes);
        e->xmp_bytes = strlen(e->xmp); /* text ends with the first zero */
    }
    e->exif = spec->exif;
    return SCT_OK;
}

static int allocate(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    if (copy_metadata(e, spec) != SCT_OK)
        return SCT_ERR_MEMORY;
    e->wide_bytes = count_wide_bytes(spec);
    e->kept = sct_mem_alloc(sct_size_mul(e->wide_bytes, (size_t)spec->height));
    e->line = sct_mem_alloc(e->wide_bytes); /* no type is wider */
    e->spng = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!e->kept || !e->line || !e->spng ||
        spng_set_png_stream(e->spng, write_bytes, e) != SPNG_OK)
        return SCT_ERR_MEMORY;
    return SCT_OK;
}

/* libspng looks at metadata now and writes it with the header. */
static int set_metadata(struct sct_encoder *e)
{
    int error = 0;
    if (e->icc) {
        struct spng_iccp iccp = {.profile_name = "ICC profile",
                                 .profile_len = e->icc_bytes,
                                 .profile = (char *)e->icc};
        error = spng_set_iccp(e->spng, &iccp);
    }
    if (!error && e->exif.n_bytes > 0) {
        struct spng_exif exif = {.length = e->exif.n_bytes,
                                 .data = (char *)(uintptr_t)e->exif.data};
        error = spng_set_exif(e->spng, &exif);
        if (error)
            return sct_report_fail(e->report, SCT_ERR_ARGUMENT, "EXIF that is no TIFF");
    }
    if (!error && e->xmp_bytes > 0) {
        static char empty[1];
        struct spng_text text = {.keyword = "XML:com.adobe.xmp",
                                 .type = SPNG_ITXT,
                                 .length = e->xmp_bytes,
                                 .text = e->xmp,
                                 .language_tag = empty,
                                 .translated_keyword = empty};
        error = spng_set_text(e->spng, &text, 1);
    }
    return error ? fail(e, error) : SCT_OK;
}

static void plan_layout(struct sct_encoder *e)
{
    e->layout.n_bands = sct_div_up(e->height, BAND_ROWS);
    for (int ci = 0; ci < e->n_components; ci++) {
        e->layout.component[ci].width = e->width;
        e->layout.component[ci].height = e->height;
        e->layout.component[ci].band_rows = BAND_ROWS;
        e->layout.component[ci].padded_width = e->width;
    }
}

static int open_encoder(sct_encoder **out, const struct sct_encoder_spec *spec,
                        struct sct_encoder_layout *layout)
{
    *out = NULL;

    int status = check_spec(spec);
    if (status != SCT_OK)
        return status;
    struct sct_encoder *e = sct_mem_alloc(sizeof *e);
    if (!e)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for an encoder");
    e->report = spec->report;
    e->sink = spec->sink;
    e->width = spec->width;
    e->height = spec->height;
    e->depth = spec->depth == 16 ? 16 : 8;
    e->n_components = spec->n_components;
    e->compression = spec->compression;
    status = allocate(e, spec);
    if (status != SCT_OK) {
        sct_report_fail(spec->report, status, "no memory for rows of a PNG");
        goto fail;
    }

    const struct sct_png_rows_in in = {.width = e->width,
                                       .n_samples = e->n_components,
                                       .has_alpha = spec->has_alpha != 0,
                                       .depth = e->depth,
                                       .n_pixels = (int64_t)e->width * e->height,
                                       .keeps_model = e->icc != NULL};
    sct_png_stats_init(&e->stats, &in);
    status = set_metadata(e);
    if (status != SCT_OK)
        goto fail;
    plan_layout(e);
    *layout = e->layout;
    *out = e;
    return SCT_OK;

fail:
    close_encoder(e);
    return status;
}

/* ---- rows ---------------------------------------------------------------------------- */

static int set_palette(struct sct_encoder *e)
{
    struct spng_plte plte = {.n_entries = (uint32_t)e->stats.seen.n_colours};
    struct spng_trns trns = {.n_type3_entries = 0};

    trns.n_type3_entries = (uint32_t)sct_png_stats_sort(&e->stats);
    for (uint32_t i = 0; i < plte.n_entries; i++) {
        const uint32_t colour = e->stats.colours[i];
        plte.entries[i].red = (uint8_t)(colour >> 24);
        plte.entries[i].green = (uint8_t)(colour >> 16);
        plte.entries[i].blue = (uint8_t)(colour >> 8);
        trns.type3_alpha[i] = (uint8_t)colour;
    }
    int error = spng_set_plte(e->spng, &plte);
    if (!error && trns.n_type3_entries > 0)
        error = spng_set_trns(e->spng, &trns);
    return error;
}

/* Samples of 16 bits stand in the file with the high byte first. */
static void swap_line(uint8_t *line, size_t n_bytes)
{
    for (size_t i = 0; i + 1 < n_bytes; i += 2) {
        uint16_t sample;
        memcpy(&sample, line + i, sizeof sample);
        line[i] = (uint8_t)(sample >> 8);
        line[i + 1] = (uint8_t)sample;
    }
}

static int encode_row(struct sct_encoder *e, const void *wide)
{
    sct_png_shape_pack(&e->stats, &e->shape, wide, e->line);
    if (e->shape.bit_depth == 16)
        swap_line(e->line, e->line_bytes);
    return sct_png_deflate_line(&e->deflate, e->line) == SCT_OK ? SCT_OK : fail(e, 0);
}

static int start_deflate(struct sct_encoder *e)
{
    const int bit_depth = e->shape.bit_depth;
    const int is_indices =
        e->shape.colour_type == SPNG_COLOR_TYPE_INDEXED || bit_depth < 8;
    const struct sct_png_deflate_spec spec = {
        .line_bytes = e->line_bytes,
        .pixel_bytes = is_indices ? 1 : e->line_bytes / (size_t)e->width,
        .is_indices = is_indices,
        .compression = e->compression,
        .write = write_chunk,
        .ctx = e};
    if (sct_png_deflate_init(&e->deflate, &spec) != SCT_OK)
        return sct_report_fail(e->report, SCT_ERR_MEMORY, "no memory for zlib");
    return SCT_OK;
}

/* The type is certain: the header, and all rows that were kept. */
static int begin_file(struct sct_encoder *e)
{
    struct spng_ihdr ihdr = {.width = (uint32_t)e->width,
                             .height = (uint32_t)e->height,
                             .bit_depth = (uint8_t)e->shape.bit_depth,
                             .color_type = (uint8_t)e->shape.colour_type};
    int error = spng_set_ihdr(e->spng, &ihdr);

    e->has_begun = 1;
    e->line_bytes = sct_png_shape_line_bytes(&e->shape, e->width);
    if (!error && e->shape.colour_type == SPNG_COLOR_TYPE_INDEXED)
        error = set_palette(e);
    if (error)
        return fail(e, error);
    int status = start_deflate(e);
    if (status != SCT_OK)
        return status;
    error = spng_encode_chunks(e->spng); /* all that stand before the picture */
    if (error || e->has_sink_failed)
        return fail(e, error);
    for (int y = 0; y < e->n_kept && status == SCT_OK; y++)
        status = encode_row(e, e->kept + (size_t)y * e->wide_bytes);
    return status;
}

/* Samples of one row side by side. */
#define DEFINE_INTERLEAVE(type, suffix)                                                  \
    static void interleave_##suffix(type *restrict to, uint8_t *const *planes, int n,    \
                                    int width)                                           \
    {                                                                                    \
        const type *restrict a = (const type *)(const void *)planes[0];                  \
        const type *restrict b = (const type *)(const void *)planes[n > 1 ? 1 : 0];      \
        const type *restrict c = (const type *)(const void *)planes[n > 2 ? 2 : 0];      \
        const type *restrict d = (const type *)(const void *)planes[n > 3 ? 3 : 0];      \
        switch (n) {                                                                     \
        case 1: memcpy(to, a, (size_t)width * sizeof *to); break;                        \
        case 2:                                                                          \
            for (int x = 0; x < width; x++) {                                            \
                to[2 * x] = a[x];                                                        \
                to[2 * x + 1] = b[x];                                                    \
            }                                                                            \
            break;                                                                       \
        case 3:                                                                          \
            for (int x = 0; x < width; x++) {                                            \
                to[3 * x] = a[x];                                                        \
                to[3 * x + 1] = b[x];                                                    \
                to[3 * x + 2] = c[x];                                                    \
            }                                                                            \
            break;                                                                       \
        default:                                                                         \
            for (int x = 0; x < width; x++) {                                            \
                to[4 * x] = a[x];                                                        \
                to[4 * x + 1] = b[x];                                                    \
                to[4 * x + 2] = c[x];                                                    \
                to[4 * x + 3] = d[x];                                                    \
            }                                                                            \
        }                                                                                \
    }

DEFINE_INTERLEAVE(uint8_t, u8)
DEFINE_INTERLEAVE(uint16_t, u16)

static void interleave(const struct sct_encoder *e, uint8_t *to,
                       uint8_t *const *const rows[SCT_MAX_COMPONENTS], int i)
{
    uint8_t *planes[SCT_MAX_COMPONENTS] = {NULL};
    for (int ci = 0; ci < e->n_components; ci++)
        planes[ci] = rows[ci][i];
    if (e->depth == 16)
        interleave_u16((uint16_t *)(void *)to, planes, e->n_components, e->width);
    else
        interleave_u8(to, planes, e->n_components, e->width);
}

static int keep_rows(struct sct_encoder *e, uint8_t *const *const *rows, int n_rows)
{
    int is_certain;
    for (int i = 0; i < n_rows; i++) {
        uint8_t *wide = e->kept + (size_t)e->n_kept++ * e->wide_bytes;
        interleave(e, wide, rows, i);
        sct_png_stats_add(&e->stats, wide);
    }
    e->shape = sct_png_stats_choose(&e->stats, &is_certain);
    return is_certain ? begin_file(e) : SCT_OK;
}

static int pass_rows(struct sct_encoder *e, uint8_t *const *const *rows, int n_rows)
{
    int status = SCT_OK;
    for (int i = 0; i < n_rows && status == SCT_OK; i++) {
        interleave(e, e->kept, rows, i);
        status = encode_row(e, e->kept);
    }
    return status;
}

static int write_band(sct_encoder *e, uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    if (e->status != SCT_OK)
        return e->status;
    if (e->next_band >= e->layout.n_bands)
        return sct_report_fail(e->report, SCT_ERR_ARGUMENT, "one band too many");
    const int n_rows = sct_min(BAND_ROWS, e->height - e->next_band * BAND_ROWS);
    e->status = e->has_begun ? pass_rows(e, rows, n_rows) : keep_rows(e, rows, n_rows);
    e->next_band++;
    return e->status;
}

static int finish_encoder(sct_encoder *e)
{
    if (e->status != SCT_OK)
        return e->status;
    if (e->next_band < e->layout.n_bands || e->is_finished)
        return sct_report_fail(e->report, SCT_ERR_ARGUMENT,
                               "finished after %d of %d bands, or twice", e->next_band,
                               e->layout.n_bands);
    e->is_finished = 1;
    if (!e->has_begun)
        e->status = begin_file(e);
    if (e->status == SCT_OK && (sct_png_deflate_finish(&e->deflate) != SCT_OK ||
                                sct_png_deflate_chunk(&e->deflate, "IEND") != SCT_OK))
        e->status = fail(e, 0);
    return e->status;
}

const struct sct_encoder_ops sct_png_encoder = {
    .name = "png",
    .extension = "png",
    .loss = SCT_LOSS_NEVER,
    .takes = takes_planes,
    .bytes = count_bytes,
    .open = open_encoder,
    .write_band = write_band,
    .finish = finish_encoder,
    .copy = sct_png_copy,
    .close = close_encoder,
};
