/* The JPEG decoder: two lanes behind one contract.
 *
 *     open --------> HEADER: up to the first SOS, by libjpeg-turbo; limits; nothing that
 *                            grows with the picture
 *     read_band ...: streamed: jpeg_stream.c decodes one iMCU row at a time
 *                    whole:    the first call is jpeg_read_coefficients, one long loop over
 *                              all scans; each gives one iMCU row, dequantised into `blocks`
 *                    pixels:   for who wants RGB: libjpeg's scan lines, 8 at a time
 *
 * While libjpeg reads the data it calls back twice: the progress monitor before each iMCU row
 * (limits, which components came) and the messages (damage). The streaming decoder tells what
 * it meets as events. README.md has the rules by which these are damage; record_damage is
 * where all of them end.
 *
 * 1. status is sticky: after an error, or SCT_DONE, read_band repeats it.
 * 2. Without salvage the first damage leaves libjpeg at once; with it damage is only
 * recorded.
 * 3. libjpeg may stop half way with an error of its own (a broken header of a later
 * scan). When everything was there by then, or with salvage, the input is closed and
 *    jpeg_read_coefficients called again: it goes on where it was, meets EOI and returns
 * what there is. That is done once. */
#include "decoder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "jpeg_blocks.h"
#include "jpeg_common.h"
#include "jpeg_edge.h"
#include "jpeg_header.h"
#include "jpeg_lanes.h"
#include "jpeg_stream.h"
#include "mem.h"

enum {
    DECODER_BYTES =
        512 * 1024,    /* libjpeg's tables and ours, at most, without the coefs */
    MARKER_BYTES = 128 /* what a saved marker costs beside its bytes, at most */
};

struct sct_decoder {
    struct jpeg_decompress_struct cinfo;
    struct sct_jpeg_errors errors;
    struct sct_jpeg_source source;
    struct jpeg_progress_mgr progress;
    struct sct_report *report;
    struct sct_limits limits; /* without zeros */
    int salvage, wants_rgb, allows_cmyk;

    struct sct_picture picture;
    int sof; /* marker of the frame header */
    int has_comment;
    int is_progressive,
        is_arithmetic;   /* libjpeg's copy changes with a stray second SOF */
    size_t marker_bytes; /* memory of saved markers */
    JOCTET *icc;         /* malloc'ed by libjpeg */

    int in_data;                      /* the header is read */
    int has_started;                  /* the first scan has begun */
    int has_scan[SCT_MAX_COMPONENTS]; /* the component was part of a scan */
    int damage, damaged_row;          /* as in the report */

    int n_u, n_v;
    int may_stream;
    int is_streamed; /* our own entropy decoder reads the picture... */
    sct_jpeg_stream *stream;
    jvirt_barray_ptr *coefs; /* ...or libjpeg has read it whole */
    int16_t *blocks;         /* one band: all rows of component 0, then of 1, ... */
    uint8_t *samples; /* pixels: a scan line of libjpeg's, then 8 rows of each plane */
    struct sct_jpeg_quant quant[SCT_MAX_COMPONENTS];
    struct sct_band band;
    int next_band, n_bands;
    int status;
};

/* ---- damage ------------------------------------------------------------------------ */

/* The first row of pixels of the iMCU row that libjpeg is at; 0 between scans. */
static int find_row(const struct sct_decoder *d, JDIMENSION imcu_row)
{
    if (imcu_row >= d->cinfo.total_iMCU_rows)
        return 0;
    return (int)imcu_row * d->cinfo.max_v_samp_factor * DCTSIZE;
}

static void record_damage(struct sct_decoder *d, int status, int row, const char *text)
{
    if (d->damage == SCT_OK) {
        d->damage = status;
        d->damaged_row = row;
        if (d->salvage)
            sct_report_warn(d->report, "%s", text);
    }
    d->damaged_row = sct_min(d->damaged_row, row);
}

static void publish_damage(const struct sct_decoder *d)
{
    if (d->report && d->damage != SCT_OK) {
        d->report->damage = d->damage;
        d->report->damaged_row = d->damaged_row;
    }
}

/* Damage that was met inside a guarded step. */
static void meet_damage(struct sct_decoder *d, int status, int row, const char *text)
{
    record_damage(d, status, row, text);
    if (!d->salvage)
        sct_jpeg_stop(&d->errors, status, "%s", text);
}

/* Whether, with the scans up to this one, each component has all its coefs to the last
 * bit. */
static int has_all_scans(const struct sct_decoder *d)
{
    for (int ci = 0; ci < d->picture.n_components; ci++) {
        if (!d->has_scan[ci])
            return 0;
        for (int i = 0; d->is_progressive && i < DCTSIZE2; i++)
            if (d->cinfo.coef_bits[ci][i] != 0)
                return 0;
    }
    return 1;
}

/* The same, and that this scan has come to its last row. */
static int is_complete(const struct sct_decoder *d)
{
    return d->has_started && d->cinfo.input_iMCU_row >= d->cinfo.total_iMCU_rows &&
           has_all_scans(d);
}

/* The first row that a missing restart marker may have spoilt: it is noticed at the end
 * of the interval. */
static int find_interval_row(const struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;
    const JDIMENSION n_mcus = cinfo->MCUs_per_row ? cinfo->MCUs_per_row : 1;
    const JDIMENSION n_rows = (cinfo->restart_interval + n_mcus - 1) / n_mcus;
    const JDIMENSION at = cinfo->input_iMCU_row;
    return find_row(d, at >= cinfo->total_iMCU_rows || at < n_rows ? 0 : at - n_rows);
}

static void judge_warning(struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;
    const int code = cinfo->err->msg_code;
    const int is_in_scan =
        d->has_started && cinfo->input_iMCU_row < cinfo->total_iMCU_rows;
    int row = find_row(d, cinfo->input_iMCU_row);
    char text[JMSG_LENGTH_MAX], place[JMSG_LENGTH_MAX + 40];

    cinfo->err->format_message((j_common_ptr)cinfo, text);
    switch (code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
    case JWRN_JPEG_EOF:
    case JWRN_NOT_SEQUENTIAL: sct_report_warn(d->report, "%s", text); return;
    case JWRN_EXTRANEOUS_DATA:
        /* Behind a scan, or in the header, it is somebody's padding. Before a restart
         * marker it is data that decoding should have used up. */
        if (!is_in_scan) {
            sct_report_warn(d->report, "%s", text);
            return;
        }
        break;
    case JWRN_MUST_RESYNC:
        if (!d->source.has_ended)
            row = find_interval_row(d);
        break;
    case JWRN_ARITH_BAD_CODE: /* it goes on past the end, with zeros, until they make no
                                 sense */
        if (d->source.has_ended)
            row = find_row(d, d->source.end_imcu_row);
        break;
    default: break;
    }
    if (d->source.has_ended && (code == JWRN_HIT_MARKER || code == JWRN_MUST_RESYNC ||
                                code == JWRN_ARITH_BAD_CODE))
    {
        snprintf(place, sizeof place, "the data ends in row %d of %d", row,
                 d->picture.height);
        if (!has_all_scans(d)) /* the scans that never come are missing in every row */
            row = 0;
        meet_damage(d, SCT_ERR_TRUNCATED, row, place);
    } else {
        snprintf(place, sizeof place, "%s, in row %d of %d", text, row,
                 d->picture.height);
        meet_damage(d, SCT_ERR_CORRUPT, row, place);
    }
}

/* After the last scan: what is missing without any message of libjpeg's. */
static void judge_end(struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;

    for (int ci = 0; ci < d->picture.n_components; ci++)
        if (!d->has_scan[ci])
            meet_damage(d, d->source.has_ended ? SCT_ERR_TRUNCATED : SCT_ERR_CORRUPT, 0,
                        "a component has no data");
    if (!d->source.has_ended)
        return;
    if (!has_all_scans(d))
        meet_damage(d, SCT_ERR_TRUNCATED, 0, "the data ends before the last scan");
    /* Arithmetic decoding makes sense of an end wherever it comes (T.81, D.2.6). */
    if (d->is_arithmetic && d->source.end_imcu_row < cinfo->total_iMCU_rows)
        meet_damage(d, SCT_ERR_TRUNCATED, find_row(d, d->source.end_imcu_row),
                    "the data ends inside an arithmetic scan");
    if (d->damage == SCT_OK)
        sct_report_warn(d->report, "the end-of-image marker is missing");
}

/* The same rules for what the streaming decoder tells. Whether to go on. */
static int judge_event(void *ctx, enum sct_jpeg_event event, int imcu_row, int at_end)
{
    struct sct_decoder *d = ctx;
    static const char *const texts[] = {
        [SCT_JPEG_BAD_CODE] = "bad Huffman code",
        [SCT_JPEG_BAD_DC] = "DC differences out of range",
        [SCT_JPEG_SHORT] = "premature end of data segment",
        [SCT_JPEG_EXTRA] = "extraneous bytes before a restart marker",
        [SCT_JPEG_RESYNC] = "another marker where a restart marker should be"};
    const int row_height = 8 * d->picture.v_max;
    char text[128];
    int status = SCT_ERR_CORRUPT;

    if (event == SCT_JPEG_RESYNC && !at_end)
        imcu_row = sct_max(0, imcu_row - sct_jpeg_stream_interval_rows(d->stream));
    const int row = imcu_row * row_height;
    if (at_end && (event == SCT_JPEG_SHORT || event == SCT_JPEG_RESYNC)) {
        snprintf(text, sizeof text, "the data ends in row %d of %d", row,
                 d->picture.height);
        status = SCT_ERR_TRUNCATED;
    } else {
        snprintf(text, sizeof text, "%s, in row %d of %d", texts[event], row,
                 d->picture.height);
    }
    record_damage(d, status, row, text);
    if (!d->salvage)
        (void)sct_report_fail(d->report, status, "%s", text);
    return d->salvage;
}

/* ---- libjpeg's callbacks ----------------------------------------------------------- */

static void hear_message(j_common_ptr common, int level)
{
    struct sct_decoder *d = common->client_data;
    const int *parameters = common->err->msg_parm.i;

    if (d->source.closed)
        return;
    if (level < 0) {
        judge_warning(d);
    } else if (common->err->msg_code == JTRC_SOF) {
        if (!d->sof)
            d->sof = parameters[0];
    } else if (common->err->msg_code == JTRC_MISC_MARKER && !d->in_data) {
        const int marker = parameters[0];
        if (marker == JPEG_COM)
            d->has_comment = 1;
        if (marker == JPEG_APP0 + 1 || marker == JPEG_APP0 + 2 ||
            marker == JPEG_APP0 + 13)
            d->marker_bytes += MARKER_BYTES + (size_t)(unsigned)parameters[1];
        if (marker == JPEG_APP0 + 13) /* twice: jpeg_header.c may join the pieces */
            d->marker_bytes += (size_t)(unsigned)parameters[1];
        if ((uint64_t)d->marker_bytes > (uint64_t)d->limits.max_metadata_bytes)
            sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                          "more than %lld bytes of metadata, the limit on metadata",
                          (long long)d->limits.max_metadata_bytes);
        if (d->marker_bytes > d->limits.max_memory_bytes)
            sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                          "the header's metadata exceed the limit on memory, %zu bytes",
                          d->limits.max_memory_bytes);
    }
}

static void explain(struct sct_decoder *d, int status, const char *text)
{
    d->errors.status = status;
    snprintf(d->errors.text, sizeof d->errors.text, "%s", text);
}

static void explain_marker(struct sct_decoder *d, int marker)
{
    if (marker == 0xC3 || marker == 0xCB)
        explain(d, SCT_ERR_UNSUPPORTED, "lossless JPEG is not supported");
    else if (marker == 0xF7)
        explain(d, SCT_ERR_UNSUPPORTED, "JPEG-LS is not supported");
    else if ((marker >= 0xC5 && marker <= 0xCF) || marker == 0xDE || marker == 0xDF)
        explain(d, SCT_ERR_UNSUPPORTED, "hierarchical JPEG is not supported");
}

static void explain_error(j_common_ptr common)
{
    struct sct_decoder *d = common->client_data;
    const int parameter = common->err->msg_parm.i[0];

    switch (common->err->msg_code) {
    case JERR_FILE_READ: explain(d, SCT_ERR_IO, "reading the input failed"); return;
    case JERR_INPUT_EOF:
        explain(d, SCT_ERR_TRUNCATED, "the data ends in the header");
        return;
    case JERR_NO_IMAGE: explain(d, SCT_ERR_CORRUPT, "a JPEG without a picture"); return;
    case JERR_SOF_UNSUPPORTED:
    case JERR_UNKNOWN_MARKER: explain_marker(d, parameter); break;
    case JERR_EMPTY_IMAGE:
        if (d->cinfo.image_width > 0 && d->cinfo.num_components > 0)
            explain(d, SCT_ERR_UNSUPPORTED,
                    "a height that follows the first scan (DNL) is not supported");
        else
            explain(d, SCT_ERR_CORRUPT, "the width is 0, or there are no components");
        return;
    case JERR_BAD_PRECISION:
        if (parameter == 12 || parameter == 16) {
            explain(d, SCT_ERR_UNSUPPORTED, "only 8 bits per sample are supported");
            return;
        }
        break;
    case JERR_IMAGE_TOO_BIG:
        explain(d, SCT_ERR_TOO_LARGE,
                "a side of more than 65500 pixels, the limit on pixels of libjpeg");
        return;
    case JERR_NO_BACKING_STORE:
        explain(d, SCT_ERR_TOO_LARGE, "decoding would exceed the limit on memory");
        return;
    default: break;
    }
    if (d->source.has_ended && !d->source.closed)
        explain(d, SCT_ERR_TRUNCATED, "the data ends in a marker between scans");
}

static void watch_progress(j_common_ptr common)
{
    struct sct_decoder *d = common->client_data;
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;

    if (d->source.closed) /* an error may have left the scan's components half read */
        return;
    d->has_started = 1;
    for (int i = 0; i < cinfo->comps_in_scan; i++)
        d->has_scan[cinfo->cur_comp_info[i]->component_index] = 1;
    if (cinfo->input_scan_number > d->limits.max_scans)
        sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                      "more than %d scans, the limit on scans", d->limits.max_scans);
}

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
    d->n_u = d->n_v = 8;

    sct_jpeg_errors_init(&d->errors);
    d->errors.on_error = explain_error;
    d->errors.on_message = hear_message;
    sct_jpeg_source_init(&d->source, spec->reader);
    d->progress.progress_monitor = watch_progress;
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

static void set_corner(sct_decoder *d, int n_u, int n_v)
{
    d->n_u = sct_clamp(n_u, 1, 8);
    d->n_v = sct_clamp(n_v, 1, 8);
}

/* ---- data -------------------------------------------------------------------------- */

/* ---- streamed ---- */

static int start_stream(struct sct_decoder *d)
{
    const struct sct_jpeg_stream_spec spec = {.cinfo = &d->cinfo,
                                              .picture = &d->picture,
                                              .reader = d->source.reader,
                                              .n_u = d->n_u,
                                              .n_v = d->n_v,
                                              .on_event = judge_event,
                                              .ctx = d};
    const int status = sct_jpeg_stream_create(&d->stream, &spec);
    if (status == SCT_ERR_MEMORY)
        return sct_report_fail(d->report, status, "no memory for a band");
    if (status < 0) {
        record_damage(d, status, 0, "a Huffman table that is none");
        publish_damage(d);
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
    publish_damage(d);
    if (status == SCT_ERR_IO)
        return sct_report_fail(d->report, status, "reading the input failed");
    if (status < 0)
        return d->damage; /* judge_event has said what it is */
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
        judge_end(d);
}

/* Reads all scans. On failure the report is complete. */
static int read_scans(struct sct_decoder *d)
{
    int status = sct_jpeg_guard(&d->errors, read_coefs, d);

    if (is_about_data(status) && (d->salvage || d->damage == SCT_OK)) {
        const int can_go_on = d->has_started && (d->salvage || is_complete(d));
        if (is_complete(d)) /* damaged, perhaps, but not here */
            sct_report_warn(d->report, "behind the complete picture: %s", d->errors.text);
        else
            record_damage(d, status,
                          has_all_scans(d) ? find_row(d, d->cinfo.input_iMCU_row) : 0,
                          d->errors.text);
        if (can_go_on) {
            sct_jpeg_source_close(&d->cinfo);
            status = sct_jpeg_guard(&d->errors, read_coefs, d);
        }
    }
    publish_damage(d);
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
    const struct sct_block_layout layout = sct_block_layout_for(d->n_u, d->n_v);
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
    const struct sct_block_layout layout = sct_block_layout_for(d->n_u, d->n_v);

    for (int ci = 0; ci < d->picture.n_components; ci++) {
        const struct sct_component *c = &d->picture.component[ci];
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
    publish_damage(d);
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

/* Up to EOI. Not jpeg_finish_decompress, which frees what judge_end looks at. */
static void read_end(void *ctx)
{
    struct sct_decoder *d = ctx;
    while (!jpeg_input_complete(&d->cinfo))
        if (jpeg_consume_input(&d->cinfo) == JPEG_SUSPENDED)
            break;
    judge_end(d);
}

/* With all rows delivered: an error now is behind the picture, or damage that can be salvaged. */
static int finish_pixels(struct sct_decoder *d)
{
    const int status = sct_jpeg_guard(&d->errors, read_end, d);
    if (!is_about_data(status))
        return status;
    if (d->damage == SCT_OK && is_complete(d)) {
        sct_report_warn(d->report, "behind the complete picture: %s", d->errors.text);
        return SCT_OK;
    }
    record_damage(d, status, 0, d->errors.text);
    return d->salvage ? SCT_OK : status;
}

static int read_pixels(struct sct_decoder *d, struct sct_band *band)
{
    const int is_over = d->next_band == d->n_bands;
    const int status =
        is_over ? finish_pixels(d) : sct_jpeg_guard(&d->errors, read_scan_lines, d);
    publish_damage(d);
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
