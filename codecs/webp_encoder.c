/* The WebP encoder: rows are gathered into planes, and libwebp encodes them at the end.
 *
 *     lossy     Y, Cb, Cr and alpha as they come, 4:2:0 and of limited range: what VP8 stores;
 *               gray gets chroma without colour
 *     lossless  interleaved ARGB, one uint32_t a pixel
 *     libwebp --> webp_sink.c (metadata) --> sink
 *
 * 1. Colours pass through. Where alpha is 0 libwebp may change them: nobody can see it.
 * 2. The output depends on the planes and the spec alone: one thread.
 * 3. status is sticky: after a failure every call repeats it.
 * 4. With a limit on bytes a lossy file is made in memory, at one quality after the other, and
 *    libwebp leaves the planes as they are but for colours where alpha is 0, which it makes the same
 *    again. */
#include "encoder.h"

#include <string.h>

#include <webp/encode.h>

#include "bits.h"
#include "fit.h"
#include "mem.h"
#include "memsink.h"
#include "webp_copy.h"
#include "webp_score.h"
#include "webp_sink.h"

enum {
    BAND_ROWS = 8,     /* of a component with v = 1 */
    DEFAULT_LEVEL = 6, /* of lossless compression, as cwebp's */
    MIB = 1 << 20
};

struct sct_encoder {
    struct sct_report *report;
    struct sct_webp_sink sink;
    struct sct_encoder_layout layout;
    int n_components, n_colours; /* colours: 1 or 3; alpha is not one */
    WebPConfig config;
    WebPPicture picture;
    uint8_t *icc;
    uint8_t *samples;                   /* all planes, or all pixels */
    uint8_t *plane[SCT_MAX_COMPONENTS]; /* lossy: of component ci */
    size_t stride_bytes[SCT_MAX_COMPONENTS];
    int quality;              /* of the spec; at the end, the file's; 0: lossless */
    size_t max_bytes;         /* of a lossy file; 0: any */
    int wanted_score;         /* likewise */
    struct sct_dsp dsp;       /* with a wanted score, as is... */
    sct_webp_score *score;    /* ...this */
    struct sct_sink target;   /* the spec's */
    struct sct_memsink trial; /* a file at... */
    int trial_quality;        /* ...this quality; 0: there is none */
    int next_band;
    int is_finished;
    int status;
};

static int has_factors(const struct sct_encoder_spec *spec, int ci, int h, int v)
{
    return spec->component[ci].h == h && spec->component[ci].v == v;
}

/* Whether component ci is sampled as often as the first, or half as often both ways. */
static int has_grid(const struct sct_encoder_spec *spec, int ci, int is_half)
{
    const int h = spec->component[0].h, v = spec->component[0].v;
    if (h < 1 || v < 1 || (is_half && (h % 2 || v % 2)))
        return 0;
    return has_factors(spec, ci, is_half ? h / 2 : h, is_half ? v / 2 : v);
}

static int takes_planes(const struct sct_encoder_spec *spec)
{
    const int is_ycc = spec->model == SCT_YCC, is_rgb = spec->model == SCT_RGB;
    const int n_colours = spec->model == SCT_GRAY ? 1 : 3;

    if ((spec->depth != 0 && spec->depth != 8) ||
        spec->n_components != n_colours + !!spec->has_alpha)
        return 0;
    if (spec->lossless ? spec->is_limited || !(is_rgb || spec->model == SCT_GRAY)
                       : !spec->is_limited || !(is_ycc || spec->model == SCT_GRAY))
        return 0;
    for (int ci = 0; ci < spec->n_components; ci++)
        if (!has_grid(spec, ci, is_ycc && (ci == 1 || ci == 2)))
            return 0;
    return 1;
}

static int check_spec(const struct sct_encoder_spec *spec)
{
    if (spec->score < 0 || spec->score > 99)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "a score of %d makes no sense", spec->score);
    if (spec->width < 1 || spec->height < 1 ||
        (!spec->lossless && (spec->quality < 1 || spec->quality > 100)) ||
        spec->compression < SCT_COMPRESSION_DEFAULT || spec->compression > 9)
        return sct_report_fail(
            spec->report, SCT_ERR_ARGUMENT,
            "%d x %d pixels at quality %d, compression %d make no sense", spec->width,
            spec->height, spec->quality, spec->compression);
    if (spec->width > WEBP_MAX_DIMENSION || spec->height > WEBP_MAX_DIMENSION)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "%d x %d: a side of a WebP has at most %d pixels",
                               spec->width, spec->height, WEBP_MAX_DIMENSION);
    if (!takes_planes(spec))
        return sct_report_fail(
            spec->report, SCT_ERR_UNSUPPORTED, "%s WebP is written from %s",
            spec->lossless ? "lossless" : "lossy",
            spec->lossless ? "RGB or gray of full range and 8 bits"
                           : "4:2:0 YCbCr or gray of limited range and 8 bits");
    const size_t n_metadata =
        sct_size_add(sct_size_add(spec->icc ? spec->icc_bytes : 0, spec->exif.n_bytes),
                     spec->xmp.n_bytes);
    if (n_metadata > SCT_WEBP_MAX_METADATA_BYTES)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "%zu bytes of metadata do not fit in a WebP", n_metadata);
    return SCT_OK;
}

/* ---- plan -------------------------------------------------------------------------- */

static void plan_layout(struct sct_encoder_layout *layout,
                        const struct sct_encoder_spec *spec)
{
    const int v_max = spec->model == SCT_YCC ? 2 : 1;
    layout->n_bands = sct_div_up(spec->height, BAND_ROWS * v_max);
    for (int ci = 0; ci < spec->n_components; ci++) {
        const int by = v_max == 2 && (ci == 1 || ci == 2) ? 2 : 1;
        layout->component[ci].width = sct_div_up(spec->width, by);
        layout->component[ci].height = sct_div_up(spec->height, by);
        layout->component[ci].band_rows = BAND_ROWS * v_max / by;
        layout->component[ci].padded_width = layout->component[ci].width;
    }
}

/* Bytes of the planes: Y, Cb, Cr and perhaps alpha; or of the pixels. */
static size_t count_samples(const struct sct_encoder_spec *spec)
{
    const size_t width = (size_t)spec->width, height = (size_t)spec->height;
    if (spec->lossless)
        return sct_size_mul(sct_size_mul(width, height), sizeof(uint32_t));
    const size_t luma = sct_size_mul(sct_size_align(width), height);
    const size_t chroma = sct_size_mul(sct_size_align((width + 1) / 2), (height + 1) / 2);
    return sct_size_add(sct_size_mul(luma, 1 + !!spec->has_alpha),
                        sct_size_mul(chroma, 2));
}

/* What libwebp takes while it encodes, beside the planes; as measured with libwebp 1.2.4 on
 * noise, which is the worst that can be. Lossy pictures are kept as tokens, more of them at
 * higher quality; alpha is coded before that, losslessly. Lossless ones take hash chains, and
 * histograms whose number has a bound. */
static size_t count_library_bytes(const struct sct_encoder_spec *spec)
{
    const size_t n_pixels = sct_size_mul((size_t)spec->width, (size_t)spec->height);
    if (!spec->lossless)
        return sct_size_mul(n_pixels, spec->has_alpha      ? 40
                                      : spec->quality > 50 ? 27
                                                           : 14);
    const size_t most = (size_t)(spec->compression == 9 ? 160 : 40) * MIB;
    const size_t histograms = sct_size_mul(n_pixels, 76);
    return sct_size_add(sct_size_mul(n_pixels, 34),
                        histograms < most ? histograms : most);
}

/* What a search for the quality takes. Files are in memory; none is longer than its samples by
 * much. A blob that grows is there twice. */
static size_t count_search(const struct sct_encoder_spec *spec)
{
    const size_t longest = sct_size_mul(count_samples(spec), 2);
    if (spec->lossless || (spec->max_bytes == 0 && spec->score == 0))
        return 0;
    if (spec->score == 0)
        return sct_size_mul(spec->max_bytes < longest ? spec->max_bytes : longest, 3);
    return sct_size_add(sct_size_mul(longest, 3),
                        sct_webp_score_bytes(spec->width, spec->height));
}

static size_t count_bytes(const struct sct_encoder_spec *spec)
{
    struct sct_encoder_spec quiet = *spec;
    quiet.report = NULL;
    if (check_spec(&quiet) != SCT_OK)
        return 0;
    return sct_size_add(sct_size_add(count_samples(spec), count_search(spec)),
                        count_library_bytes(spec));
}

/* ---- open and close ---------------------------------------------------------------- */

static void close_encoder(sct_encoder *e)
{
    if (!e)
        return;
    WebPPictureFree(&e->picture); /* planes are ours: it only forgets them */
    sct_memsink_free(&e->trial);
    sct_webp_score_free(e->score);
    sct_mem_free(e->samples);
    sct_mem_free(e->icc);
    sct_mem_free(e);
}

static int hear_bytes(const uint8_t *data, size_t n_bytes, const WebPPicture *picture)
{
    struct sct_encoder *e = picture->custom_ptr;
    return sct_webp_sink_write(&e->sink, data, n_bytes) == SCT_OK;
}

static int configure(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    static const int methods[] = {2, 4,
                                  6}; /* of libwebp, by effort: README.md has figures */
    const int level =
        spec->compression == SCT_COMPRESSION_DEFAULT ? DEFAULT_LEVEL : spec->compression;
    if (!WebPConfigInit(&e->config) || !WebPPictureInit(&e->picture))
        return 0; /* another libwebp than that of the headers */
    if (spec->lossless)
        return WebPConfigLosslessPreset(&e->config, level);
    e->config.quality = (float)spec->quality;
    e->config.method = methods[sct_clamp(spec->effort, 0, 2)];
    return WebPValidateConfig(&e->config);
}

static void aim_lossless(struct sct_encoder *e)
{
    e->picture.use_argb = 1;
    e->picture.argb = (uint32_t *)(void *)e->samples; /* aligned to SCT_ALIGN */
    e->picture.argb_stride = e->picture.width;
}

static void aim_lossy(struct sct_encoder *e, int has_alpha)
{
    const int width = e->picture.width, height = e->picture.height;
    const size_t luma_stride = sct_size_align((size_t)width);
    const size_t chroma_stride = sct_size_align((size_t)(width + 1) / 2);
    const size_t chroma_bytes = chroma_stride * (size_t)((height + 1) / 2);
    uint8_t *const y = e->samples, *const u = y + luma_stride * (size_t)height;
    uint8_t *const v = u + chroma_bytes, *const a = v + chroma_bytes;

    e->picture.colorspace = has_alpha ? WEBP_YUV420A : WEBP_YUV420;
    e->picture.y = y;
    e->picture.u = u;
    e->picture.v = v;
    e->picture.a = has_alpha ? a : NULL;
    e->picture.y_stride = e->picture.a_stride = (int)luma_stride;
    e->picture.uv_stride = (int)chroma_stride;
    if (e->n_colours == 1)
        memset(u, 128, 2 * chroma_bytes);

    int ci = 0;
    e->plane[ci] = y;
    e->stride_bytes[ci++] = luma_stride;
    if (e->n_colours == 3) {
        e->plane[ci] = u;
        e->stride_bytes[ci++] = chroma_stride;
        e->plane[ci] = v;
        e->stride_bytes[ci++] = chroma_stride;
    }
    if (has_alpha) {
        e->plane[ci] = a;
        e->stride_bytes[ci] = luma_stride;
    }
}

/* The profile is needed at the end, and borrowed only during open. */
static int keep_icc(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    if (!spec->icc || spec->icc_bytes == 0)
        return 1;
    e->icc = sct_mem_alloc(spec->icc_bytes);
    if (!e->icc)
        return 0;
    memcpy(e->icc, spec->icc, spec->icc_bytes);
    e->sink.icc = (struct sct_bytes){e->icc, spec->icc_bytes};
    return 1;
}

/* What a wanted score needs. */
static int open_score(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    if (e->wanted_score == 0)
        return SCT_OK;
    if (spec->dsp)
        e->dsp = *spec->dsp;
    else if (sct_dsp_init(&e->dsp, NULL) != SCT_OK)
        return SCT_ERR_UNSUPPORTED;
    if (sct_webp_score_create(&e->score, &e->picture, e->n_colours == 1, &e->dsp) !=
        SCT_OK)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for a score");
    return SCT_OK;
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
    e->n_components = spec->n_components;
    e->n_colours = spec->n_components - !!spec->has_alpha;
    e->quality = spec->lossless ? 0 : spec->quality;
    e->max_bytes = spec->lossless ? 0 : spec->max_bytes;
    e->wanted_score = spec->lossless ? 0 : spec->score;
    e->target = spec->sink;
    plan_layout(&e->layout, spec);
    sct_webp_sink_init(&e->sink, &spec->sink, spec->width, spec->height);
    e->sink.exif = spec->exif;
    e->sink.xmp = spec->xmp;
    if (spec->iptc.n_bytes)
        sct_report_warn(spec->report, "a WebP has no place for IPTC");

    status = SCT_ERR_MEMORY;
    e->samples = sct_mem_alloc(count_samples(spec));
    if (!e->samples || !keep_icc(e, spec)) {
        sct_report_fail(spec->report, status, "no memory for the picture");
        goto fail;
    }
    if (!configure(e, spec)) {
        status = sct_report_fail(spec->report, SCT_ERR_UNSUPPORTED,
                                 "libwebp refuses the settings, or is another version");
        goto fail;
    }
    e->picture.width = spec->width;
    e->picture.height = spec->height;
    e->picture.writer = hear_bytes;
    e->picture.custom_ptr = e;
    if (spec->lossless)
        aim_lossless(e);
    else
        aim_lossy(e, spec->has_alpha);
    status = open_score(e, spec);
    if (status != SCT_OK)
        goto fail;
    *layout = e->layout;
    *out = e;
    return SCT_OK;

fail:
    close_encoder(e);
    return status;
}

/* ---- data -------------------------------------------------------------------------- */

static void take_pixels(struct sct_encoder *e, int y,
                        const uint8_t *const row[SCT_MAX_COMPONENTS])
{
    uint32_t *to = e->picture.argb + (ptrdiff_t)y * e->picture.argb_stride;
    const uint8_t *const r = row[0], *const g = row[e->n_colours == 3 ? 1 : 0];
    const uint8_t *const b = row[e->n_colours == 3 ? 2 : 0];
    const uint8_t *const a =
        e->n_components > e->n_colours ? row[e->n_components - 1] : NULL;
    for (int x = 0; x < e->picture.width; x++)
        to[x] = (uint32_t)(a ? a[x] : 255) << 24 | (uint32_t)r[x] << 16 |
                (uint32_t)g[x] << 8 | b[x];
}

static int write_band(sct_encoder *e, uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    if (e->status != SCT_OK)
        return e->status;
    if (e->next_band >= e->layout.n_bands)
        return sct_report_fail(e->report, SCT_ERR_ARGUMENT, "one band too many");
    for (int ci = 0; ci < e->n_components && !e->config.lossless; ci++) {
        const int first = e->next_band * e->layout.component[ci].band_rows;
        const int n_rows = sct_min(e->layout.component[ci].band_rows,
                                   e->layout.component[ci].height - first);
        for (int i = 0; i < n_rows; i++)
            memcpy(e->plane[ci] + (size_t)(first + i) * e->stride_bytes[ci], rows[ci][i],
                   (size_t)e->layout.component[ci].width);
    }
    const int y = e->next_band * BAND_ROWS;
    for (int i = 0; e->config.lossless && i < BAND_ROWS && y + i < e->picture.height; i++)
    {
        const uint8_t *row[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < e->n_components; ci++)
            row[ci] = rows[ci][i];
        take_pixels(e, y + i, row);
    }
    e->next_band++;
    return SCT_OK;
}

static int explain_error(const struct sct_encoder *e)
{
    /* libwebp 1.2.4 has no error code when it fails to write the coefficients. */
    if (e->sink.status != SCT_OK)
        return sct_report_fail(e->report, SCT_ERR_IO, "writing the output failed");
    switch (e->picture.error_code) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
        return sct_report_fail(e->report, SCT_ERR_MEMORY, "no memory for libwebp");
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG:
        return sct_report_fail(e->report, SCT_ERR_TOO_LARGE,
                               "more data than a WebP can hold; a lower quality may do");
    default:
        return sct_report_fail(e->report, SCT_ERR_ARGUMENT, "libwebp's error %d",
                               (int)e->picture.error_code);
    }
}

/* ---- the end ----------------------------------------------------------------------- */

/* Everything into the sink. */
static int write_file(struct sct_encoder *e)
{
    if (!WebPEncode(&e->config, &e->picture))
        return explain_error(e);
    if (sct_webp_sink_finish(&e->sink) != SCT_OK)
        return sct_report_fail(e->report, SCT_ERR_IO, "writing the output failed");
    return SCT_OK;
}

/* A file of that quality in memory, where it has no more than max_bytes. */
static int try_quality(struct sct_encoder *e, int quality, size_t max_bytes)
{
    sct_memsink_free(&e->trial);
    sct_memsink_init(&e->trial, max_bytes, e->report);
    const struct sct_sink sink = sct_memsink_sink(&e->trial);
    sct_webp_sink_restart(&e->sink, &sink);
    e->config.quality = (float)quality;
    e->trial_quality = quality;
    const int status = write_file(e);
    return e->trial.kept.status < 0 ? e->trial.kept.status : status;
}

static int estimate_score(struct sct_encoder *e, int quality, double *score)
{
    const int status = try_quality(e, quality, SIZE_MAX);
    if (status < 0)
        return status;
    if (sct_webp_score_estimate(e->score, e->trial.kept.data, e->trial.kept.n_bytes,
                                score) == SCT_OK)
        return SCT_OK;
    return sct_report_fail(e->report, SCT_ERR_MEMORY, "no memory for libwebp");
}

/* The lowest quality with the score, up to the spec's. */
static int reach_score(struct sct_encoder *e)
{
    struct sct_reach reach;
    double score = 0;
    sct_webp_score_start(e->score);
    for (int q = sct_reach_start(&reach, e->quality); q;
         q = sct_reach_next(&reach, score >= e->wanted_score))
    {
        const int status = estimate_score(e, q, &score);
        if (status < 0)
            return status;
    }
    e->quality = reach.quality;
    return SCT_OK;
}

/* The highest quality, up to the spec's, at which the file is short enough. The first one may be
 * there, whole, from the search for a score. */
static int fit_quality(struct sct_encoder *e)
{
    struct sct_fit fit;
    for (int q = sct_fit_start(&fit, e->quality); q;
         q = sct_fit_next(&fit, e->trial.n_bytes <= e->max_bytes))
    {
        const int status =
            q == e->trial_quality ? SCT_OK : try_quality(e, q, e->max_bytes);
        if (status < 0)
            return status;
    }
    if (fit.quality == 0)
        return sct_report_fail(e->report, SCT_ERR_TOO_LARGE,
                               "%zu bytes are too few: at quality 1 it would be %llu",
                               e->max_bytes, (unsigned long long)e->trial.n_bytes);
    e->quality = fit.quality;
    return SCT_OK;
}

static int write_lossy(struct sct_encoder *e)
{
    const struct sct_blob *kept = &e->trial.kept;
    int status = e->wanted_score > 0 ? reach_score(e) : SCT_OK;
    if (status == SCT_OK && e->max_bytes > 0)
        status = fit_quality(e);
    if (status < 0)
        return status;
    if (e->trial_quality == e->quality && kept->data) {
        if (e->target.write(e->target.ctx, kept->data, kept->n_bytes) == SCT_OK)
            return SCT_OK;
        return sct_report_fail(e->report, SCT_ERR_IO, "writing the output failed");
    }
    sct_webp_sink_restart(&e->sink, &e->target);
    e->config.quality = (float)e->quality;
    return write_file(e);
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
    e->status = e->config.lossless ? write_file(e) : write_lossy(e);
    return e->status;
}

static int tell_quality(const sct_encoder *e)
{
    return e->quality;
}

const struct sct_encoder_ops sct_webp_encoder = {
    .name = "webp",
    .extension = "webp",
    .loss = SCT_LOSS_BY_CHOICE,
    .is_colour_only = 1,
    .takes = takes_planes,
    .bytes = count_bytes,
    .open = open_encoder,
    .write_band = write_band,
    .finish = finish_encoder,
    .quality = tell_quality,
    .copy = sct_webp_copy,
    .close = close_encoder,
};
