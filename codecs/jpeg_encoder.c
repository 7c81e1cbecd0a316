/* The JPEG encoder: planes go into our own writer, or into libjpeg-turbo's raw data interface,
 * one iMCU row a band. libjpeg-turbo writes what stands in front of the tables in any case.
 *
 *     plane       [ width .. | last sample repeated ]         in the caller's rows, to whole
 *     last band   [ rows ... | pointers to the last row again ]                        iMCUs
 *
 * 1. Colours pass through: the model is written as it is.
 * 2. The output depends on the planes and the spec alone: integer DCT (JDCT_ISLOW), which
 * is bit-exact on every machine; no time stamps, no metadata but what the spec has.
 * 3. status is sticky: after a failure every call repeats it. */
#include "encoder.h"

#include <string.h>

#include "bits.h"
#include "fit.h"
#include "jpeg_app.h"
#include "jpeg_common.h"
#include "jpeg_quant.h"
#include "jpeg_strip.h"
#include "jpeg_tables.h"
#include "jpeg_writer.h"
#include "mem.h"

enum { MAX_BAND_ROWS = 4 * DCTSIZE };

struct sct_encoder {
    struct jpeg_compress_struct cinfo;
    struct sct_jpeg_errors errors;
    struct sct_jpeg_sink sink;
    struct sct_report *report;
    const struct sct_encoder_spec *spec; /* during open only */
    struct sct_encoder_layout layout;
    int h[SCT_MAX_COMPONENTS], v[SCT_MAX_COMPONENTS]; /* reduced sampling factors */
    struct sct_dsp dsp;
    sct_jpeg_writer *writer; /* NULL: libjpeg codes the planes */
    enum sct_model model;
    int quality;      /* of the spec; at the end, the file's */
    int score;        /* 0: any */
    size_t max_bytes; /* 0: any */
    int next_band;
    int is_finished;
    int status;
    uint8_t *const *const *rows; /* during write_band only */
};

static const struct {
    int n_components;
    J_COLOR_SPACE color_space;
} models[] = {
    [SCT_GRAY] = {1, JCS_GRAYSCALE}, [SCT_YCC] = {3, JCS_YCbCr}, [SCT_RGB] = {3, JCS_RGB},
    [SCT_CMYK] = {4, JCS_CMYK},      [SCT_YCCK] = {4, JCS_YCCK},
};

static int check_spec(const struct sct_encoder_spec *spec)
{
    const unsigned model = (unsigned)spec->model;

    if (model >= sizeof models / sizeof models[0] ||
        spec->n_components != models[model].n_components)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "%d components do not fit the colour model",
                               spec->n_components);
    if (spec->effort < 0 || spec->effort > SCT_MAX_EFFORT)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "an effort of %d makes no sense", spec->effort);
    if (spec->score < 0 || spec->score > 99)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "a score of %d makes no sense", spec->score);
    if (spec->width < 1 || spec->height < 1 || spec->quality < 1 || spec->quality > 100)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "%d x %d pixels at quality %d make no sense", spec->width,
                               spec->height, spec->quality);
    if (spec->width > JPEG_MAX_DIMENSION || spec->height > JPEG_MAX_DIMENSION)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "%d x %d: a side of a JPEG has at most %ld pixels",
                               spec->width, spec->height, (long)JPEG_MAX_DIMENSION);
    for (int ci = 0; ci < spec->n_components; ci++)
        if (spec->component[ci].h < 1 || spec->component[ci].h > 4 ||
            spec->component[ci].v < 1 || spec->component[ci].v > 4)
            return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                                   "sampling factors are 1 to 4, not %d and %d",
                                   spec->component[ci].h, spec->component[ci].v);
    /* Four components without the marker are read as plain CMYK by everybody. */
    if (spec->model == SCT_YCCK && !spec->has_adobe)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "YCCK cannot be written without an Adobe marker");
    return SCT_OK;
}

static int find_common_divisor(int a, int b)
{
    return b ? find_common_divisor(b, a % b) : a;
}

/* Divides the sampling factors by what they have in common, which changes no grid: a
 * component alone is 1x1, and 2x2 everywhere is 4:4:4. */
static void reduce_factors(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    int h = 0, v = 0;
    for (int ci = 0; ci < spec->n_components; ci++) {
        h = find_common_divisor(spec->component[ci].h, h);
        v = find_common_divisor(spec->component[ci].v, v);
    }
    for (int ci = 0; ci < spec->n_components; ci++) {
        e->h[ci] = spec->component[ci].h / h;
        e->v[ci] = spec->component[ci].v / v;
    }
}

static int plan_layout(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    int h_max = 1, v_max = 1, n_blocks = 0;

    reduce_factors(e, spec);
    for (int ci = 0; ci < spec->n_components; ci++) {
        h_max = sct_max(h_max, e->h[ci]);
        v_max = sct_max(v_max, e->v[ci]);
        n_blocks += e->h[ci] * e->v[ci];
    }
    if (n_blocks > C_MAX_BLOCKS_IN_MCU)
        return sct_report_fail(
            spec->report, SCT_ERR_UNSUPPORTED,
            "the sampling factors make %d blocks in an MCU, and a JPEG "
            "has at most %d",
            n_blocks, C_MAX_BLOCKS_IN_MCU);

    const int imcus_across = sct_div_up(spec->width, 8 * h_max);
    e->layout.n_bands = sct_div_up(spec->height, 8 * v_max);
    for (int ci = 0; ci < spec->n_components; ci++) {
        e->layout.component[ci].width = sct_div_up(spec->width * e->h[ci], h_max);
        e->layout.component[ci].height = sct_div_up(spec->height * e->v[ci], v_max);
        e->layout.component[ci].band_rows = 8 * e->v[ci];
        e->layout.component[ci].padded_width = imcus_across * 8 * e->h[ci];
    }
    return SCT_OK;
}

/* Four inks are for printers: where they can be converted to sRGB, that is preferred. open
 * would write them. */
static int takes_planes(const struct sct_encoder_spec *spec)
{
#ifdef SCT_HAVE_ICC
    if (spec->model == SCT_CMYK || spec->model == SCT_YCCK)
        return 0;
#endif
    return !spec->has_alpha && !spec->is_limited && spec->depth <= 8;
}

/* Whether the quality is only known at the end. The estimate of scores knows no other models. */
static int searches_quality(const struct sct_encoder_spec *spec)
{
    return spec->max_bytes > 0 ||
           (spec->score > 0 && (spec->model == SCT_YCC || spec->model == SCT_GRAY));
}

/* What our own writer makes of a spec that has been checked, but for the parts that only a file
 * in the making has. */
static void plan_writer(struct sct_jpeg_writer_spec *w, const struct sct_encoder *e,
                        const struct sct_encoder_spec *spec)
{
    *w = (struct sct_jpeg_writer_spec){
        .frame = {.width = spec->width,
                  .height = spec->height,
                  .is_progressive = spec->effort > 1 || spec->progressive,
                  .n_components = spec->n_components},
        .keep = searches_quality(spec) ? SCT_JPEG_KEEP_COEFS
                : spec->effort > 1 || spec->optimize || spec->progressive
                    ? SCT_JPEG_KEEP_LEVELS
                    : SCT_JPEG_KEEP_NOTHING};
    for (int ci = 0; ci < spec->n_components; ci++) {
        w->frame.component[ci].h = e->h[ci];
        w->frame.component[ci].v = e->v[ci];
    }
    sct_jpeg_frame_plan(&w->frame);
}

static int uses_writer(const struct sct_encoder_spec *spec)
{
    return spec->effort > 0 || searches_quality(spec);
}

/* libjpeg keeps coefs as arrays of whole iMCUs. */
static size_t count_libjpeg_bytes(const struct sct_encoder *e,
                                  const struct sct_encoder_spec *spec)
{
    size_t sum = 0;
    for (int ci = 0; ci < spec->n_components; ci++) {
        const size_t band_samples =
            sct_size_mul((size_t)e->layout.component[ci].padded_width,
                         (size_t)e->layout.component[ci].band_rows);
        const size_t n_samples = sct_size_mul(band_samples, (size_t)e->layout.n_bands);
        sum = sct_size_add(sum, sct_size_mul(n_samples, sizeof(JCOEF)));
    }
    return sum;
}

/* Progressive scans and Huffman tables of its own need all of the picture twice. */
static size_t count_bytes(const struct sct_encoder_spec *spec)
{
    struct sct_encoder_spec quiet = *spec;
    struct sct_encoder e = {.next_band = 0};
    struct sct_jpeg_writer_spec w;

    quiet.report = NULL;
    if ((!spec->progressive && !spec->optimize && spec->effort < 2 &&
         !searches_quality(spec)) ||
        check_spec(&quiet) != SCT_OK || plan_layout(&e, &quiet) != SCT_OK)
        return 0;
    if (!uses_writer(spec))
        return count_libjpeg_bytes(&e, spec);
    plan_writer(&w, &e, spec);
    return sct_jpeg_writer_bytes(&w);
}

static void close_encoder(sct_encoder *e)
{
    if (!e)
        return;
    sct_jpeg_writer_free(e->writer);
    jpeg_destroy_compress(&e->cinfo);
    sct_mem_free(e);
}

static int put_segment(void *ctx, int marker, const void *prefix, size_t prefix_bytes,
                       const uint8_t *data, size_t n_bytes)
{
    j_compress_ptr cinfo = ctx;
    const uint8_t *p = prefix;

    jpeg_write_m_header(cinfo, marker, (unsigned)(prefix_bytes + n_bytes));
    for (size_t i = 0; i < prefix_bytes; i++)
        jpeg_write_m_byte(cinfo, p[i]);
    for (size_t i = 0; i < n_bytes; i++)
        jpeg_write_m_byte(cinfo, data[i]);
    return SCT_OK; /* failures jump */
}

/* Behind JFIF's or Adobe's marker, in the order in which most programs write them. */
static void write_metadata(struct sct_encoder *e)
{
    const struct sct_encoder_spec *spec = e->spec;
    const struct sct_jpeg_app_sink sink = {put_segment, &e->cinfo};

    (void)sct_jpeg_app_write(SCT_JPEG_APP_EXIF, spec->exif, &sink, spec->report);
    (void)sct_jpeg_app_write(SCT_JPEG_APP_XMP, spec->xmp, &sink, spec->report);
    if (spec->icc && spec->icc_bytes > 0)
        jpeg_write_icc_profile(&e->cinfo, spec->icc, (unsigned)spec->icc_bytes);
    (void)sct_jpeg_app_write(SCT_JPEG_APP_IPTC, spec->iptc, &sink, spec->report);
}

static void start_file(void *ctx)
{
    struct sct_encoder *e = ctx;
    const struct sct_encoder_spec *spec = e->spec;
    struct jpeg_compress_struct *cinfo = &e->cinfo;

    jpeg_create_compress(cinfo);
    cinfo->dest = &e->sink.manager;
    cinfo->image_width = (JDIMENSION)spec->width;
    cinfo->image_height = (JDIMENSION)spec->height;
    cinfo->input_components = spec->n_components;
    cinfo->in_color_space = models[spec->model].color_space;
    jpeg_set_defaults(cinfo);
    jpeg_set_colorspace(cinfo, models[spec->model].color_space);
    for (int ci = 0; ci < spec->n_components; ci++) {
        cinfo->comp_info[ci].h_samp_factor = e->h[ci];
        cinfo->comp_info[ci].v_samp_factor = e->v[ci];
    }
    if (spec->model == SCT_CMYK)
        cinfo->write_Adobe_marker = spec->has_adobe ? TRUE : FALSE;
    jpeg_set_quality(cinfo, spec->quality, TRUE);
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->optimize_coding = spec->optimize ? TRUE : FALSE;
    cinfo->raw_data_in = TRUE;
    if (spec->progressive)
        jpeg_simple_progression(cinfo);
    jpeg_start_compress(cinfo, TRUE);
    write_metadata(e);
}

/* The writer takes over behind the metadata. */
static int open_writer(struct sct_encoder *e, const struct sct_encoder_spec *spec)
{
    const struct sct_jpeg_table_pair *tables = sct_jpeg_tables_find(spec->quality);
    struct sct_jpeg_writer_spec w;

    if (spec->dsp)
        e->dsp = *spec->dsp;
    else if (sct_dsp_init(&e->dsp, NULL) != SCT_OK)
        return SCT_ERR_UNSUPPORTED;
    plan_writer(&w, e, spec);
    w.dsp = &e->dsp;
    w.sink = &e->sink;
    for (int ci = 0; ci < spec->n_components; ci++) {
        w.frame.component[ci].id = e->cinfo.comp_info[ci].component_id;
        w.frame.component[ci].huffman = e->cinfo.comp_info[ci].dc_tbl_no;
    }
    for (int i = 0; i < 2; i++) {
        w.table[i].dc = &tables[i].dc;
        w.table[i].ac = &tables[i].ac;
    }
    sct_jpeg_quant_plan(&w, spec->model, spec->quality);
    return sct_jpeg_writer_create(&e->writer, &w);
}

static int open_encoder(sct_encoder **out, const struct sct_encoder_spec *spec,
                        struct sct_encoder_layout *layout)
{
    enum { MAX_ICC_BYTES = 255 * 65519 }; /* 255 APP2 markers full of it */
    *out = NULL;

    int status = check_spec(spec);
    if (status != SCT_OK)
        return status;
    if (spec->icc && spec->icc_bytes > MAX_ICC_BYTES)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "an ICC profile of %zu bytes does not fit in a JPEG",
                               spec->icc_bytes);
    struct sct_encoder *e = sct_mem_alloc(sizeof *e);
    if (!e)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for an encoder");
    e->report = spec->report;
    e->model = spec->model;
    e->quality = spec->quality;
    e->score = spec->model == SCT_YCC || spec->model == SCT_GRAY ? spec->score : 0;
    e->max_bytes = spec->max_bytes;

    sct_jpeg_errors_init(&e->errors);
    sct_jpeg_sink_init(&e->sink, &spec->sink);
    e->cinfo.err = &e->errors.manager;

    status = plan_layout(e, spec);
    if (status != SCT_OK)
        goto fail;
    e->spec = spec;
    status = sct_jpeg_guard(&e->errors, start_file, e);
    e->spec = NULL;
    if (status != SCT_OK) {
        sct_report_fail(spec->report, status, "%s", e->errors.text);
        goto fail;
    }
    if (uses_writer(spec)) {
        status = open_writer(e, spec);
        if (status != SCT_OK) {
            sct_report_fail(spec->report, status, "the picture's tables cannot be made");
            goto fail;
        }
    }
    *layout = e->layout;
    *out = e;
    return SCT_OK;

fail:
    close_encoder(e);
    return status;
}

/* Rows of whole iMCUs: right of the picture the last sample is repeated, below it the last
 * row. */
static void pad_rows(struct sct_encoder *e,
                     uint8_t *rows[SCT_MAX_COMPONENTS][MAX_BAND_ROWS])
{
    for (int ci = 0; ci < e->cinfo.num_components; ci++) {
        const int width = e->layout.component[ci].width;
        const int band_rows = e->layout.component[ci].band_rows;
        const int n_rows =
            sct_min(band_rows, e->layout.component[ci].height - e->next_band * band_rows);
        for (int i = 0; i < band_rows; i++) {
            uint8_t *row = e->rows[ci][sct_min(i, n_rows - 1)];
            if (i < n_rows)
                memset(row + width, row[width - 1],
                       (size_t)(e->layout.component[ci].padded_width - width));
            rows[ci][i] = row;
        }
    }
}

static void write_rows(void *ctx)
{
    struct sct_encoder *e = ctx;
    uint8_t *rows[SCT_MAX_COMPONENTS][MAX_BAND_ROWS];
    JSAMPARRAY planes[SCT_MAX_COMPONENTS];

    pad_rows(e, rows);
    for (int ci = 0; ci < e->cinfo.num_components; ci++)
        planes[ci] = rows[ci];
    jpeg_write_raw_data(&e->cinfo, planes,
                        (JDIMENSION)(e->cinfo.max_v_samp_factor * DCTSIZE));
}

static int run_step(struct sct_encoder *e, void (*step)(void *ctx))
{
    e->status = sct_jpeg_guard(&e->errors, step, e);
    if (e->status != SCT_OK)
        sct_report_fail(e->report, e->status, "%s", e->errors.text);
    return e->status;
}

/* The same without libjpeg. */
static int use_writer(struct sct_encoder *e)
{
    uint8_t *rows[SCT_MAX_COMPONENTS][MAX_BAND_ROWS];
    const uint8_t *const *planes[SCT_MAX_COMPONENTS] = {NULL};

    pad_rows(e, rows);
    for (int ci = 0; ci < e->cinfo.num_components; ci++)
        planes[ci] = (const uint8_t *const *)rows[ci];
    return sct_jpeg_writer_write(e->writer, planes);
}

static int fail_to_write(struct sct_encoder *e, int status)
{
    e->status = status;
    if (status != SCT_OK)
        sct_report_fail(e->report, status, "writing the output failed");
    return status;
}

static int write_band(sct_encoder *e, uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    if (e->status != SCT_OK)
        return e->status;
    if (e->next_band >= e->layout.n_bands)
        return sct_report_fail(e->report, SCT_ERR_ARGUMENT, "one band too many");
    e->rows = rows;
    const int status =
        e->writer ? fail_to_write(e, use_writer(e)) : run_step(e, write_rows);
    e->rows = NULL;
    e->next_band++;
    return status;
}

static void finish_file(void *ctx)
{
    struct sct_encoder *e = ctx;
    jpeg_finish_compress(&e->cinfo);
}

/* Quantises the coefs that the writer has kept. */
static void set_quality(struct sct_encoder *e, int quality)
{
    struct sct_jpeg_writer_spec w = {.frame = {.n_components = e->cinfo.num_components}};
    sct_jpeg_quant_plan(&w, e->model, quality);
    sct_jpeg_writer_quantise(e->writer, &w);
}

/* The lowest quality with the score, up to the spec's. */
static void reach_score(struct sct_encoder *e)
{
    struct sct_reach reach;
    for (int q = sct_reach_start(&reach, e->quality); q;
         q = sct_reach_next(&reach, sct_jpeg_writer_score(e->writer) >= e->score))
        set_quality(e, q);
    e->quality = reach.quality;
}

/* How long the file would be. */
static size_t try_quality(struct sct_encoder *e, int quality)
{
    set_quality(e, quality);
    return sct_size_add(sct_jpeg_sink_bytes(&e->sink),
                        sct_jpeg_writer_measure(e->writer));
}

/* The highest quality, up to the spec's, at which the file is short enough. */
static int fit_quality(struct sct_encoder *e)
{
    struct sct_fit fit;
    size_t n_bytes = 0;
    for (int q = sct_fit_start(&fit, e->quality); q;
         q = sct_fit_next(&fit, n_bytes <= e->max_bytes))
        n_bytes = try_quality(e, q);
    if (fit.quality == 0)
        return sct_report_fail(e->report, SCT_ERR_TOO_LARGE,
                               "%zu bytes are too few: at quality 1 it would be %zu",
                               e->max_bytes, n_bytes);
    if (fit.tried != fit.quality)
        set_quality(e, fit.quality);
    e->quality = fit.quality;
    return SCT_OK;
}

static int finish_writer(struct sct_encoder *e)
{
    if (e->score > 0) {
        reach_score(e);
        set_quality(e, e->quality);
    }
    if (e->max_bytes > 0)
        e->status = fit_quality(e);
    if (e->status != SCT_OK)
        return e->status;
    return fail_to_write(e, sct_jpeg_writer_finish(e->writer));
}

static int tell_quality(const struct sct_encoder *e)
{
    return e->quality;
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
    return e->writer ? finish_writer(e) : run_step(e, finish_file);
}

static int copy_file(const struct sct_encoder_spec *spec, const uint8_t *file,
                     size_t n_bytes)
{
    const struct sct_jpeg_strip_options options = {.exif = spec->exif,
                                                   .xmp = spec->xmp,
                                                   .iptc = spec->iptc,
                                                   .drops_icc = !spec->icc,
                                                   .ends_early = 1,
                                                   .report = spec->report};
    sct_jpeg_strip *strip;
    int status = sct_jpeg_strip_create(&strip, &options, &spec->sink);
    if (status != SCT_OK)
        return status;
    (void)sct_jpeg_strip_write(strip, file, n_bytes); /* errors stay */
    status = sct_jpeg_strip_finish(strip);
    sct_jpeg_strip_free(strip);
    return status;
}

const struct sct_encoder_ops sct_jpeg_encoder = {
    .name = "jpeg",
    .extension = "jpg",
    .takes = takes_planes,
    .bytes = count_bytes,
    .open = open_encoder,
    .write_band = write_band,
    .finish = finish_encoder,
    .quality = tell_quality,
    .copy = copy_file,
    .close = close_encoder,
};
