/* The JPEG decoder: two lanes behind one contract.
 *
 *     open --------> HEADER: up to the first SOS, by libjpeg-turbo; limits; nothing that
 *                            grows with the picture
 *     read_band ...: streamed: jpeg_stream.c decodes one iMCU row at a time
 *                    whole:    the first call is jpeg_read_coefficients, one long loop over
 *                              all scans; each gives one iMCU row, dequantised into `blocks`
 *                    pixels:   for who wants RGB: libjpeg's scan lines, 8 at a time
 *
 * What is wrong with the data is judged in jpeg_damage.c.
 *
 * 1. status is sticky: after an error, or SCT_DONE, read_band repeats it.
 * 2. libjpeg may stop half way with an error of its own (a broken header of a later scan).
 *    When everything was there by then, or with salvage, the input is closed and
 *    jpeg_read_coefficients called again: it goes on where it was, meets EOI and returns
 *    what there is. That is done once. */
#include "decoder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "jpeg_blocks.h"
#include "jpeg_common.h"
#include "jpeg_damage.h"
#include "jpeg_edge.h"
#include "jpeg_header.h"
#include "jpeg_lanes.h"
#include "jpeg_stream.h"
#include "mem.h"

enum {
    DECODER_BYTES = 512 * 1024 /* libjpeg's tables and ours, at most, without the coefs */
};

/* ---- open and close ---------------------------------------------------------------- */

static void close_decoder(sct_decoder *d)
{
    if (!d)
        return;
    jpeg_destroy_decompress(&d->cinfo);
    free(d->icc);
    sct_jpeg_stream_free(d->stream);
    sct_mem_free(d->blocks);
    sct_mem_free(d->samples);
    sct_mem_free(d);
}

static int probe_jpeg(const uint8_t *head, size_t n_bytes)
{
    return n_bytes >= 2 && head[0] == 0xFF && head[1] == 0xD8 &&
           (n_bytes < 3 || head[2] == 0xFF);
}

/* What libjpeg makes of the picture: RGB, gray or CMYK, without subsampling. */
static void describe_pixels(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    const int has_inks = p->model == SCT_CMYK || p->model == SCT_YCCK;
    if (has_inks && !d->allows_cmyk)
        sct_jpeg_stop(&d->errors, SCT_ERR_UNSUPPORTED,
                      "four inks cannot be decoded to RGB here");
    p->domain = SCT_SAMPLES;
    p->model = p->model == SCT_GRAY ? SCT_GRAY : has_inks ? SCT_CMYK : SCT_RGB;
    p->h_max = p->v_max = 1;
    for (int ci = 0; ci < p->n_components; ci++)
        p->component[ci] =
            (struct sct_component){.h = 1,
                                   .v = 1,
                                   .width = p->width,
                                   .height = p->height,
                                   .width_blocks = sct_div_up(p->width, DCTSIZE),
                                   .height_blocks = sct_div_up(p->height, DCTSIZE)};
}

static void read_header(void *ctx)
{
    struct sct_decoder *d = ctx;
    struct jpeg_decompress_struct *cinfo = &d->cinfo;
    unsigned icc_bytes = 0;

    jpeg_create_decompress(cinfo); /* zeroes everything but err and client_data */
    cinfo->src = &d->source.manager;
    cinfo->mem->max_memory_to_use = d->limits.max_memory_bytes > LONG_MAX
                                        ? LONG_MAX
                                        : (long)d->limits.max_memory_bytes;
    jpeg_save_markers(cinfo, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(cinfo, JPEG_APP0 + 2, 0xFFFF);
    jpeg_save_markers(cinfo, JPEG_APP0 + 13, 0xFFFF);

    d->source.must_not_end = 1;
    jpeg_read_header(cinfo, TRUE);
    d->source.must_not_end = 0;

    /* What comes between scans is of no use to us, and would only fill memory. */
    jpeg_save_markers(cinfo, JPEG_APP0 + 1, 0);
    jpeg_save_markers(cinfo, JPEG_APP0 + 2, 0);
    jpeg_save_markers(cinfo, JPEG_APP0 + 13, 0);

    if (sct_jpeg_header_describe(&d->picture, cinfo, d->sof) != SCT_OK)
        sct_jpeg_stop(&d->errors, SCT_ERR_UNSUPPORTED, "%d components are not supported",
                      cinfo->num_components);
    d->picture.has_comment = d->has_comment;
    if (d->wants_rgb)
        describe_pixels(d);
    d->is_streamed =
        d->may_stream && !d->wants_rgb && sct_jpeg_stream_can_read(cinfo, &d->picture);
    d->is_progressive = cinfo->progressive_mode;
    d->is_arithmetic = cinfo->arith_code;
    if (jpeg_read_icc_profile(cinfo, &d->icc, &icc_bytes)) {
        d->picture.icc = d->icc;
        d->picture.icc_bytes = icc_bytes;
    }
    d->in_data = 1;
}

static size_t count_coef_bytes(const struct jpeg_decompress_struct *cinfo)
{
    size_t sum = 0;
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        const jpeg_component_info *c = &cinfo->comp_info[ci];
        const size_t h = (size_t)c->h_samp_factor, v = (size_t)c->v_samp_factor;
        const size_t width = (c->width_in_blocks + h - 1) / h * h;
        const size_t height = (c->height_in_blocks + v - 1) / v * v;
        sum =
            sct_size_add(sum, sct_size_mul(sct_size_mul(width, height), sizeof(JBLOCK)));
    }
    return sum;
}

static size_t count_row_bytes(const struct sct_component *c)
{
    return sct_size_mul((size_t)c->width_blocks, sizeof(JBLOCK)); /* a multiple of 64 */
}

static size_t count_band_bytes(const struct sct_picture *picture)
{
    size_t sum = 0;
    for (int ci = 0; ci < picture->n_components; ci++)
        sum = sct_size_add(sum, sct_size_mul(count_row_bytes(&picture->component[ci]),
                                             (size_t)picture->component[ci].v));
    return sum;
}

/* Pixels: a scan line of all components, which has at most four, and a band. */
static size_t count_plane_stride(const struct sct_picture *picture)
{
    return sct_size_align((size_t)picture->width);
}

static size_t count_sample_bytes(const struct sct_picture *picture)
{
    return sct_size_mul(count_plane_stride(picture),
                        (size_t)picture->n_components * (DCTSIZE + 1));
}

static int check_limits(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    const int64_t n_pixels = (int64_t)p->width * p->height;

    if (n_pixels > d->limits.max_pixels)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%d x %d is %lld pixels, the limit on pixels is %lld",
                               p->width, p->height, (long long)n_pixels,
                               (long long)d->limits.max_pixels);
    p->decoder_bytes = DECODER_BYTES;
    if (d->is_streamed) {
        p->decoder_bytes = sct_size_add(p->decoder_bytes, sct_jpeg_stream_bytes(p));
    } else if (d->wants_rgb) { /* libjpeg keeps the coefs of several scans */
        p->decoder_bytes = sct_size_add(p->decoder_bytes, count_sample_bytes(p));
        if (jpeg_has_multiple_scans(&d->cinfo))
            p->decoder_bytes =
                sct_size_add(p->decoder_bytes, count_coef_bytes(&d->cinfo));
    } else {
        p->decoder_bytes = sct_size_add(p->decoder_bytes, count_coef_bytes(&d->cinfo));
        p->decoder_bytes = sct_size_add(p->decoder_bytes, count_band_bytes(p));
    }
    p->decoder_bytes = sct_size_add(p->decoder_bytes, d->marker_bytes);
    p->decoder_bytes = sct_size_add(p->decoder_bytes, p->icc_bytes);
    if (p->decoder_bytes > d->limits.max_memory_bytes)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "decoding takes %zu bytes, the limit on memory is %zu",
                               p->decoder_bytes, d->limits.max_memory_bytes);
    return SCT_OK;
}

/* What goes with the picture and will not come out with it. A gain map lies behind the
 * picture as MPF does, with an index of that kind or not: one warning says it. */
static void warn_of_losses(const struct sct_decoder *d)
{
    if (d->picture.has_gain_map)
        sct_report_warn(d->report, "a gain map (Ultra HDR) was dropped");
    else if (d->picture.has_mpf)
        sct_report_warn(d->report,
                        "further pictures behind the first one (MPF) were dropped");
}

static int open_lane(sct_decoder **out, const struct sct_decoder_spec *spec,
                     struct sct_picture *picture, int may_stream)
{
    *out = NULL;
    struct sct_decoder *d = sct_mem_alloc(sizeof *d);
    if (!d)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for a decoder");

    d->report = spec->report;
    d->salvage = spec->salvage;
    d->wants_rgb = spec->wants_rgb >= SCT_RGB_ALWAYS;
    d->allows_cmyk = spec->wants_rgb == SCT_RGB_OR_CMYK_ALWAYS;
    d->may_stream = may_stream;
    d->limits = spec->limits;
    sct_limits_fill(&d->limits);
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
        d->corner[ci] = (struct sct_corner){8, 8};

    sct_jpeg_errors_init(&d->errors);
    sct_jpeg_source_init(&d->source, spec->reader);
    sct_jpeg_damage_listen(d);
    d->cinfo.err = &d->errors.manager;
    d->cinfo.client_data = d;

    int status = sct_jpeg_guard(&d->errors, read_header, d);
    if (status != SCT_OK)
        sct_report_fail(d->report, status, "%s", d->errors.text);
    else
        status = check_limits(d);
    if (status != SCT_OK) {
        close_decoder(d);
        return status;
    }
    warn_of_losses(d);
    d->cinfo.progress = &d->progress;
    d->n_bands = sct_div_up(d->picture.height, 8 * d->picture.v_max);
    *picture = d->picture;
    *out = d;
    return SCT_OK;
}

static void set_corner(sct_decoder *d, int ci, struct sct_corner corner)
{
    d->corner[ci] =
        (struct sct_corner){sct_clamp(corner.n_u, 1, 8), sct_clamp(corner.n_v, 1, 8)};
}

/* ---- data -------------------------------------------------------------------------- */

/* ---- streamed ---- */

static int start_stream(struct sct_decoder *d)
{
    const struct sct_jpeg_stream_spec spec = {.cinfo = &d->cinfo,
                                              .picture = &d->picture,
                                              .reader = d->source.reader,
                                              .corner = d->corner,
                                              .on_event = sct_jpeg_damage_judge_event,
                                              .ctx = d};
    const int status = sct_jpeg_stream_create(&d->stream, &spec);
    if (status == SCT_ERR_MEMORY)
        return sct_report_fail(d->report, status, "no memory for a band");
    if (status < 0) {
        sct_jpeg_damage_record(d, status, 0, "a Huffman table that is none");
        sct_jpeg_damage_publish(d);
        return sct_report_fail(d->report, status, "a Huffman table that is none");
    }
    return SCT_OK;
}

/* What follows the scan cannot hurt the picture any more. */
static void finish_stream(struct sct_decoder *d)
{
    size_t n_skipped;
    int at_end;
    const int marker = sct_jpeg_stream_finish(d->stream, &n_skipped, &at_end);
    if (n_skipped)
        sct_report_warn(d->report, "%zu extraneous bytes behind the scan", n_skipped);
    if (at_end && d->damage == SCT_OK)
        sct_report_warn(d->report, "the end-of-image marker is missing");
    if (!at_end && marker != JPEG_EOI)
        sct_report_warn(d->report, "marker 0x%02x behind the scan was ignored",
                        (unsigned)marker);
}

static int read_streamed(struct sct_decoder *d, struct sct_band *band)
{
    int status = sct_jpeg_stream_read(d->stream, band);
    if (status == SCT_OK)
        return SCT_OK;
    if (status == SCT_DONE)
        finish_stream(d);
    sct_jpeg_damage_publish(d);
    if (status == SCT_ERR_IO)
        return sct_report_fail(d->report, status, "reading the input failed");
    if (status < 0)
        return d->damage; /* sct_jpeg_damage_judge_event has said what it is */
    return status;
}

/* ---- read whole ---- */

/* Whether an error is one that the rest of a picture may survive. */
static int is_about_data(int status)
{
    return status == SCT_ERR_CORRUPT || status == SCT_ERR_TRUNCATED ||
           status == SCT_ERR_UNSUPPORTED;
}

static void read_coefs(void *ctx)
{
    struct sct_decoder *d = ctx;
    d->coefs = jpeg_read_coefficients(&d->cinfo);
    if (!d->source.closed)
        sct_jpeg_damage_judge_end(d);
}

/* Reads all scans. On failure the report is complete. */
static int read_scans(struct sct_decoder *d)
{
    int status = sct_jpeg_guard(&d->errors, read_coefs, d);

    if (is_about_data(status) && (d->salvage || d->damage == SCT_OK)) {
        const int can_go_on = d->has_started && (d->salvage || sct_jpeg_is_complete(d));
        if (sct_jpeg_is_complete(d)) /* damaged, perhaps, but not here */
            sct_report_warn(d->report, "behind the complete picture: %s", d->errors.text);
        else
            sct_jpeg_damage_record(d, status, sct_jpeg_damage_row(d), d->errors.text);
        if (can_go_on) {
            sct_jpeg_source_close(&d->cinfo);
            status = sct_jpeg_guard(&d->errors, read_coefs, d);
        }
    }
    sct_jpeg_damage_publish(d);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->errors.text);
    return SCT_OK;
}

static int start_coefs(struct sct_decoder *d)
{
    d->blocks = sct_mem_alloc(count_band_bytes(&d->picture));
    if (!d->blocks)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for a band");

    const int status = read_scans(d);
    if (status != SCT_OK)
        return status;

    int16_t *blocks = d->blocks;
    for (int ci = 0; ci < d->picture.n_components; ci++) {
        const struct sct_component *c = &d->picture.component[ci];
        /* the table as it was when the component's first scan began */
        const JQUANT_TBL *table = d->cinfo.comp_info[ci].quant_table;
        if (table)
            sct_jpeg_quant_init(&d->quant[ci], table->quantval);
        d->band.component[ci].blocks = blocks;
        d->band.component[ci].stride_bytes = (ptrdiff_t)count_row_bytes(c);
        blocks += count_row_bytes(c) / sizeof *blocks * (size_t)c->v;
    }
    return SCT_OK;
}

/* The blocks of row y of component ci that reach past an edge, once more. */
static void continue_blocks(const struct sct_decoder *d, int ci, int y, JBLOCKROW from,
                            int16_t *to)
{
    const struct sct_component *c = &d->picture.component[ci];
    const struct sct_block_layout layout = sct_block_layout_for(d->corner[ci]);
    struct sct_jpeg_edge edge;
    sct_jpeg_edge_init(&edge, c);
    for (int x = y == edge.last_y ? 0 : c->width_blocks - 1; x < c->width_blocks; x++) {
        int16_t block[DCTSIZE2];
        if (!sct_jpeg_edge_has(&edge, x, y))
            continue;
        sct_jpeg_block_dequantise(block, from[x], &d->quant[ci]);
        sct_jpeg_edge_continue(&edge, x, y, block);
        sct_jpeg_block_lay_out(to + (ptrdiff_t)x * layout.n_coefs, block, &layout);
    }
}

static void fill_band(void *ctx)
{
    struct sct_decoder *d = ctx;
    j_common_ptr common = (j_common_ptr)&d->cinfo;

    for (int ci = 0; ci < d->picture.n_components; ci++) {
        const struct sct_component *c = &d->picture.component[ci];
        const struct sct_block_layout layout = sct_block_layout_for(d->corner[ci]);
        const int first = d->next_band * c->v;
        const int n_rows = sct_min(c->v, c->height_blocks - first);
        JBLOCKARRAY rows = d->cinfo.mem->access_virt_barray(
            common, d->coefs[ci], (JDIMENSION)first, (JDIMENSION)n_rows, FALSE);
        /* A component without any scan has no table, only zeros: the rows stay as they
         * are. */
        for (int i = 0; i < n_rows && d->cinfo.comp_info[ci].quant_table; i++) {
            int16_t *to =
                d->blocks + (d->band.component[ci].blocks - d->blocks) +
                i * d->band.component[ci].stride_bytes / (ptrdiff_t)sizeof(int16_t);
            sct_jpeg_blocks_dequantise(to, rows[i][0], &d->quant[ci], c->width_blocks,
                                       &layout);
            continue_blocks(d, ci, first + i, rows[i], to);
        }
        d->band.component[ci].n_rows = n_rows;
    }
}

static int read_whole(struct sct_decoder *d, struct sct_band *band)
{
    if (d->next_band == d->n_bands)
        return SCT_DONE;
    const int status = sct_jpeg_guard(&d->errors, fill_band, d);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->errors.text);
    d->next_band++;
    *band = d->band;
    return SCT_OK;
}

/* ---- pixels ---- */

static void start_decompress(void *ctx)
{
    struct sct_decoder *d = ctx;
    d->cinfo.out_color_space = d->picture.model == SCT_GRAY   ? JCS_GRAYSCALE
                               : d->picture.model == SCT_CMYK ? JCS_CMYK
                                                              : JCS_RGB;
    jpeg_start_decompress(&d->cinfo);
}

static int start_pixels(struct sct_decoder *d)
{
    d->samples = sct_mem_alloc(count_sample_bytes(&d->picture));
    if (!d->samples)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for a band");
    const int status = sct_jpeg_guard(&d->errors, start_decompress, d);
    sct_jpeg_damage_publish(d);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->errors.text);
    return SCT_OK;
}

static uint8_t *plane_row(const struct sct_decoder *d, int ci, int i)
{
    const int n = d->picture.n_components;
    return d->samples + (size_t)(n + ci * DCTSIZE + i) * count_plane_stride(&d->picture);
}

static void split_pixels(const struct sct_decoder *d, int i)
{
    const int n = d->picture.n_components, width = d->picture.width;
    for (int ci = 0; ci < n; ci++) {
        uint8_t *to = plane_row(d, ci, i);
        const uint8_t *from = d->samples + ci;
        for (int x = 0; x < width; x++)
            to[x] = from[(ptrdiff_t)x * n];
    }
}

static void read_scan_lines(void *ctx)
{
    struct sct_decoder *d = ctx;
    const int first = d->next_band * DCTSIZE;
    const int n_rows = sct_min(DCTSIZE, d->picture.height - first);
    for (int i = 0; i < n_rows; i++) {
        JSAMPROW line = d->samples;
        (void)jpeg_read_scanlines(&d->cinfo, &line, 1);
        split_pixels(d, i);
    }
    for (int ci = 0; ci < d->picture.n_components; ci++) {
        d->band.component[ci].samples = plane_row(d, ci, 0);
        d->band.component[ci].stride_bytes = (ptrdiff_t)count_plane_stride(&d->picture);
        d->band.component[ci].n_rows = n_rows;
    }
}

/* Up to EOI. Not jpeg_finish_decompress, which frees what judging looks at. */
static void read_end(void *ctx)
{
    struct sct_decoder *d = ctx;
    while (!jpeg_input_complete(&d->cinfo))
        if (jpeg_consume_input(&d->cinfo) == JPEG_SUSPENDED)
            break;
    sct_jpeg_damage_judge_end(d);
}

/* With all rows delivered: an error now is behind the picture, or damage that can be salvaged. */
static int finish_pixels(struct sct_decoder *d)
{
    const int status = sct_jpeg_guard(&d->errors, read_end, d);
    if (!is_about_data(status))
        return status;
    if (d->damage == SCT_OK && sct_jpeg_is_complete(d)) {
        sct_report_warn(d->report, "behind the complete picture: %s", d->errors.text);
        return SCT_OK;
    }
    sct_jpeg_damage_record(d, status, 0, d->errors.text);
    return d->salvage ? SCT_OK : status;
}

static int read_pixels(struct sct_decoder *d, struct sct_band *band)
{
    const int is_over = d->next_band == d->n_bands;
    const int status =
        is_over ? finish_pixels(d) : sct_jpeg_guard(&d->errors, read_scan_lines, d);
    sct_jpeg_damage_publish(d);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->errors.text);
    if (is_over)
        return SCT_DONE;
    d->next_band++;
    *band = d->band;
    return SCT_OK;
}

/* ---- */

static int start(struct sct_decoder *d)
{
    if (d->wants_rgb)
        return start_pixels(d);
    return d->is_streamed ? start_stream(d) : start_coefs(d);
}

static int read_band(sct_decoder *d, struct sct_band *band)
{
    if (d->status == SCT_OK && !d->blocks && !d->stream && !d->samples)
        d->status = start(d);
    if (d->status != SCT_OK)
        return d->status;
    if (d->wants_rgb)
        d->status = read_pixels(d, band);
    else
        d->status = d->is_streamed ? read_streamed(d, band) : read_whole(d, band);
    return d->status;
}

static int open_whole(sct_decoder **out, const struct sct_decoder_spec *spec,
                      struct sct_picture *picture)
{
    return open_lane(out, spec, picture, 0);
}

static int open_best(sct_decoder **out, const struct sct_decoder_spec *spec,
                     struct sct_picture *picture)
{
    return open_lane(out, spec, picture, 1);
}

const struct sct_decoder_ops sct_jpeg_decoder = {
    .name = "jpeg",
    .probe = probe_jpeg,
    .open = open_best,
    .want_corner = set_corner,
    .read_band = read_band,
    .close = close_decoder,
};

const struct sct_decoder_ops sct_jpeg_decoder_whole = {
    .name = "jpeg",
    .probe = probe_jpeg,
    .open = open_whole,
    .want_corner = set_corner,
    .read_band = read_band,
    .close = close_decoder,
};
