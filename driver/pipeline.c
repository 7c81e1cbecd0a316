/* The pipeline: the whole program in one loop, and the only file that knows both codecs
 * and resizers.
 *
 *                       +-> variant 0: resizer per component -> outplanes -> encoder -> sink
 *     decoder ----------+-> variant 1: ...               (convert) --^
 *      bands  (prepare) +-> ...
 *
 *     open the decoder; plan every variant; create resizers; tell the decoder the corner
 *     while it hands over a band: for each variant, for each component: push; pull rows;
 *                                 write the bands that are complete
 *     finish every encoder, then publish: close the targets with SCT_OK
 *
 * Invariants
 *   1. Limits are checked from estimates before the memory is taken.
 *   2. No target is opened before the first band has been decoded: a picture that cannot be
 *      read leaves no trace.
 *   3. No target is closed with SCT_OK before every variant is whole.
 *   4. What need not change is the file itself, copied (is_copied). Where it is to be encoded
 *      anyway, the smaller of the two is published, and where damage may turn up that is to be
 *      salvaged, the one that is whole (has_rival). */
#define _POSIX_C_SOURCE 200809L
#include "scantling.h"

#include "bits.h"
#include "convert.h"
#include "geometry.h"
#include "icc.h"
#include "intake.h"
#include "mem.h"
#include "memsink.h"
#include "outplanes.h"
#include "prepare.h"
#include "route.h"

#include <assert.h>
#include <string.h>
#include <time.h>

struct variant_run {
    struct sct_variant variant; /* with a format */
    int is_copied;              /* not resized: the file is written again */
    int has_rival; /* resized, but the file may be written; see write_better */
    struct sct_memsink encoded; /* where there is a rival: what the encoder writes */
    struct sct_route route;
    struct sct_geometry geometry;
    struct sct_metadata metadata; /* of the output */
    sct_resizer *resizer[SCT_MAX_COMPONENTS];
    sct_encoder *encoder;
    struct sct_outplanes planes;
    struct sct_convert convert; /* unless the route is direct */
    int is_target_open;
    struct sct_sink sink;      /* the target's */
    struct sct_output *output; /* in the result: counts the bytes */
};

struct run {
    const struct sct_job *job;
    struct sct_result *result;
    struct sct_dsp dsp;
    struct sct_limits limits; /* without zeros, except that of time */
    struct sct_intake intake;
    struct sct_reader *reader;
    const struct sct_decoder_ops *ops;
    sct_decoder *decoder;
    struct sct_picture picture;
    struct sct_prepare prepare; /* where samples need it */
    struct variant_run *variants;
    double mark_ms; /* CPU time at the last change of stage */
    int is_sampled; /* whether the stages of this band are timed */
};

/* ---- time -------------------------------------------------------------------------- */

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Books the time since the last mark on a stage. */
static void charge(struct run *run, double *stage_ms)
{
    const double now = cpu_ms();
    *stage_ms += now - run->mark_ms;
    run->mark_ms = now;
}

/* A look at a thread's clock is a system call, and three of them for every band would be
 * 2 % of a small job. So after the first band, which is not like the others, about one in
 * eight is timed, and stands for all. Which ones follows multiples of the golden ratio:
 * encoding comes around every few bands, and any fixed step could fall in with it. */
static int is_sampled_band(int n)
{
    return (uint32_t)(n - 1) * UINT32_C(0x9E3779B9) < UINT32_MAX / 8;
}

static void charge_sample(struct run *run, double *stage_ms)
{
    if (run->is_sampled)
        charge(run, stage_ms);
}

/* Spreads the time since the first band over the stages as the samples were. */
static void charge_samples(struct run *run, const struct sct_times *sample,
                           double since_ms)
{
    struct sct_times *ms = &run->result->ms;
    const double sum = sample->decode + sample->resize + sample->encode;
    const double scale = sum > 0 ? (cpu_ms() - since_ms) / sum : 0;
    ms->decode += sample->decode * scale;
    ms->resize += sample->resize * scale;
    ms->encode += sample->encode * scale;
    run->mark_ms = cpu_ms();
}

/* ---- plan -------------------------------------------------------------------------- */

static void set_limits(struct run *run)
{
    run->limits = run->job->limits;
    if (!run->limits.max_pixels)
        run->limits.max_pixels = SCT_MAX_PIXELS;
    if (!run->limits.max_scans)
        run->limits.max_scans = SCT_MAX_SCANS;
    if (!run->limits.max_memory_bytes)
        run->limits.max_memory_bytes = SCT_MAX_MEMORY_BYTES;
    if (!run->limits.max_input_bytes)
        run->limits.max_input_bytes = SCT_MAX_INPUT_BYTES;
    if (!run->limits.max_side)
        run->limits.max_side = SCT_MAX_PICTURE_SIDE;
}

static int open_decoder(struct run *run)
{
    struct sct_result *result = run->result;
    run->reader = sct_mem_alloc(sizeof *run->reader);
    if (!run->reader)
        return SCT_ERR_MEMORY;
    sct_intake_init(&run->intake, &run->job->source, &run->limits, &result->report);
    const struct sct_source source = sct_intake_source(&run->intake);
    sct_reader_init(run->reader, &source);
    const struct sct_decoder_spec spec = {
        .reader = run->reader,
        .limits = run->limits,
        .salvage = run->job->salvage,
        .wants_rgb = run->job->linear ? SCT_RGB_ALWAYS : SCT_RGB_WITH_ALPHA,
        .report = &result->report};
    const int status = sct_decoder_open(&run->ops, &run->decoder, &spec, &run->picture);
    if (status < 0)
        return status;
    result->format = run->picture.format;
    sct_geometry_upright(&run->picture, &result->width, &result->height);
    if (run->picture.icc) {
        const int fits = sct_icc_check(run->picture.icc, run->picture.icc_bytes,
                                       run->picture.model, &result->report);
        if (fits == SCT_ERR_MEMORY)
            return fits;
        if (fits < 0) /* the report has a warning */
            run->picture.icc = NULL;
    }
    if (result->width > run->limits.max_side || result->height > run->limits.max_side)
        return sct_report_fail(&result->report, SCT_ERR_TOO_LARGE,
                               "%d x %d: the limit on a side is %d pixels", result->width,
                               result->height, run->limits.max_side);
    return SCT_OK;
}

/* Whether nothing has to be done to the picture itself: it is as large as it is to be, upright,
 * and in its colours. */
static int may_copy(const struct run *run, const struct variant_run *v)
{
    const struct sct_picture *p = &run->picture;
    return v->geometry.width == p->width && v->geometry.height == p->height &&
           p->orientation == 1 && !v->route.is_to_srgb && v->variant.format->copy &&
           strcmp(v->variant.format->name, p->format) == 0;
}

/* Whether it is asked for something that the file may not be. */
static int is_to_be_encoded(const struct sct_variant *v)
{
    return v->quality_exact || v->max_bytes > 0 || v->score > 0;
}

static int plan_geometries(struct run *run)
{
    const struct sct_job *job = run->job;
    if (job->n_variants < 1 || job->n_variants > SCT_MAX_VARIANTS)
        return sct_report_fail(&run->result->report, SCT_ERR_ARGUMENT,
                               "%d variants: 1 to %d are possible", job->n_variants,
                               SCT_MAX_VARIANTS);
    int keeps = 0;
    run->variants = sct_mem_alloc((size_t)job->n_variants * sizeof *run->variants);
    if (!run->variants)
        return SCT_ERR_MEMORY;
    for (int i = 0; i < job->n_variants; i++) /* all: end looks at them after a failure */
        run->variants[i].output = &run->result->output[i];
    for (int i = 0; i < job->n_variants; i++) {
        struct variant_run *v = &run->variants[i];
        v->variant = job->variants[i];
        if (!v->variant.format)
            v->variant.format = sct_encoder_find(run->picture.format);
        if (!v->variant.format)
            v->variant.format = &sct_jpeg_encoder;
        const int status = sct_route_plan(&v->route, &v->geometry, &run->picture,
                                          &v->variant, job->linear, &run->result->report);
        if (status < 0)
            return status;
        v->has_rival =
            may_copy(run, v) && (is_to_be_encoded(&v->variant) || job->salvage);
        v->is_copied = may_copy(run, v) && !v->has_rival;
        v->output->is_unchanged = may_copy(run, v) && !is_to_be_encoded(&v->variant);
        keeps |= v->is_copied || v->has_rival;
        v->output->width = v->geometry.width;
        v->output->height = v->geometry.height;
        v->output->format = v->variant.format->name;
        v->output->extension = v->variant.format->extension;
    }
    run->result->n_outputs = job->n_variants;
    if (!keeps)
        sct_intake_forget(&run->intake);
    return SCT_OK;
}

/* Whether the output is in the colours of the picture's profile, and may say so: a gray profile
 * fits no colours. */
static int keeps_icc(const struct run *run, const struct variant_run *v)
{
    const int was_gray = run->picture.model == SCT_GRAY;
    return v->variant.icc == SCT_ICC_KEEP && !v->route.is_to_srgb &&
           was_gray ==
               (v->route.out.model == SCT_GRAY && !v->variant.format->is_colour_only);
}

/* Whether the encoder can find the quality for a score: it can, of these models. */
static int finds_quality(const struct variant_run *v)
{
    const enum sct_model model = v->route.out.model;
    return v->variant.format->quality && (model == SCT_YCC || model == SCT_GRAY);
}

/* The variant's, or less where the source was saved at less in the same format. Where a score is
 * wanted that cannot be had, the default. */
static int choose_quality(const struct run *run, const struct variant_run *v)
{
    const struct sct_picture *p = &run->picture;
    if (v->variant.score > 0 && !finds_quality(v))
        return sct_variant_default().quality;
    const int is_known =
        p->quality > 0 && strcmp(v->variant.format->name, p->format) == 0;
    if (!is_known || v->variant.quality_exact)
        return v->variant.quality;
    return sct_min(v->variant.quality, p->quality);
}

static int is_lossy(const struct sct_variant *variant)
{
    return variant->format->loss == SCT_LOSS_ALWAYS ||
           (variant->format->loss == SCT_LOSS_BY_CHOICE && !variant->lossless);
}

/* Whether Huffman tables of its own are worth more to a JPEG than they cost: 2 to 3 % of a
 * thumbnail's bytes, for some tenths of a millisecond and 136 bytes a block. */
static int is_small(const struct variant_run *v)
{
    enum { SMALL_PIXELS = 1 << 18 };
    return v->variant.effort > 0 &&
           v->geometry.width <= SMALL_PIXELS / v->geometry.height;
}

static void encoder_spec(const struct run *run, const struct variant_run *v,
                         struct sct_encoder_spec *spec)
{
    const struct sct_picture *picture = &run->picture;
    *spec =
        (struct sct_encoder_spec){.width = v->geometry.width,
                                  .height = v->geometry.height,
                                  .model = v->route.out.model,
                                  .has_alpha = v->route.out.has_alpha,
                                  .is_limited = v->route.out.is_limited,
                                  .depth = v->route.out.depth,
                                  .n_components = v->route.out.n_components,
                                  .quality = choose_quality(run, v),
                                  .lossless = v->variant.lossless,
                                  .compression = v->variant.compression,
                                  .progressive = v->variant.progressive,
                                  .optimize = v->variant.optimize || is_small(v),
                                  .effort = v->variant.effort,
                                  .score = finds_quality(v) ? v->variant.score : 0,
                                  .max_bytes = v->variant.max_bytes,
                                  .dsp = &run->dsp,
                                  .has_adobe = picture->has_adobe,
                                  .icc = keeps_icc(run, v) ? picture->icc : NULL,
                                  .icc_bytes = keeps_icc(run, v) ? picture->icc_bytes : 0,
                                  .exif = v->metadata.exif,
                                  .xmp = v->metadata.xmp,
                                  .iptc = v->metadata.iptc,
                                  .drops_colour = v->variant.icc != SCT_ICC_KEEP,
                                  .sink = v->sink,
                                  .report = &run->result->report};
    for (int ci = 0; ci < spec->n_components; ci++) {
        spec->component[ci].h = v->route.out.component[ci].h;
        spec->component[ci].v = v->route.out.component[ci].v;
    }
}

/* Rows of component ci that are ready when n bands have been pushed. */
static int rows_after(const struct run *run, const struct variant_run *v, int ci, int n)
{
    const int unit = run->picture.domain == SCT_SAMPLES ? SCT_BLOCK : 1;
    return sct_resizer_rows_after(v->resizer[ci],
                                  n * run->picture.component[ci].v * unit);
}

/* The components of one variant become ready at different times: chroma's filter reaches
 * further. How far they drift apart follows from the geometry, so run it once without
 * pictures. */
static void plan_rings(const struct run *run, const struct variant_run *v,
                       const struct sct_encoder_layout *layout,
                       int ring_rows[SCT_MAX_COMPONENTS])
{
    int n_bands = 0;
    for (int ci = 0; ci < run->picture.n_components; ci++) {
        const struct sct_component *c = &run->picture.component[ci];
        n_bands = sct_max(n_bands, sct_div_up(c->height, c->v * SCT_BLOCK));
        ring_rows[ci] = 1;
    }
    int taken = 0; /* output bands that have been written */
    for (int n = 1; n <= n_bands; n++) {
        int complete = INT32_MAX;
        for (int ci = 0; ci < run->picture.n_components; ci++) {
            const int band_rows = layout->component[ci].band_rows;
            const int rows = rows_after(run, v, ci, n);
            ring_rows[ci] = sct_max(ring_rows[ci], rows - taken * band_rows);
            complete = sct_min(complete, rows / band_rows);
        }
        taken = complete;
    }
}

/* Plans the resizers of all variants. Each may copy from the one before it: Cr from Cb. */
static int plan_resizers(struct run *run)
{
    const sct_resizer *last = NULL;
    for (int i = 0; i < run->job->n_variants; i++) {
        struct variant_run *v = &run->variants[i];
        for (int ci = 0; ci < run->picture.n_components && !v->is_copied; ci++) {
            struct sct_resizer_spec spec = {.x = v->geometry.component[ci].x,
                                            .y = v->geometry.component[ci].y,
                                            .filter = v->variant.filter,
                                            .domain = run->picture.domain,
                                            .depth = v->route.depth,
                                            .dsp = &run->dsp,
                                            .like = last};
            sct_route_range(&v->route, &run->picture, ci, &spec.gain, &spec.offset);
            const int status = sct_resizer_plan(&v->resizer[ci], &spec);
            if (status < 0)
                return status;
            last = v->resizer[ci];
        }
    }
    return SCT_OK;
}

/* Adds up what the variants' resizers and encoders take, and planes that are kept whole;
 * rings of rows are small beside them. */
static int check_memory(const struct run *run)
{
    static const int no_rings[SCT_MAX_COMPONENTS] = {0};
    size_t n = run->picture.decoder_bytes;
    if (sct_prepare_is_needed(&run->picture, run->job->linear))
        n = sct_size_add(n, sct_prepare_bytes(&run->picture, run->job->linear));
    for (int i = 0; i < run->job->n_variants; i++) {
        const struct variant_run *v = &run->variants[i];
        if (v->is_copied)
            continue;
        for (int ci = 0; ci < run->picture.n_components; ci++)
            n = sct_size_add(n, sct_resizer_bytes(v->resizer[ci]));
        n = sct_size_add(n, sct_outplanes_bytes(&v->geometry, v->route.depth, no_rings));
        struct sct_encoder_spec spec;
        encoder_spec(run, v, &spec);
        n = sct_size_add(n, v->variant.format->bytes(&spec));
    }
    if (n <= run->limits.max_memory_bytes)
        return SCT_OK;
    return sct_report_fail(&run->result->report, SCT_ERR_TOO_LARGE,
                           "needs about %zu MiB of memory, over the limit of %zu MiB",
                           (n >> 20) + 1, run->limits.max_memory_bytes >> 20);
}

static int allocate_resizers(struct run *run, struct variant_run *v,
                             const struct sct_block_layout *layout)
{
    for (int ci = 0; ci < run->picture.n_components && !v->is_copied; ci++) {
        const int status = sct_resizer_allocate(v->resizer[ci], layout);
        if (status < 0)
            return status;
    }
    return SCT_OK;
}

/* Tells the decoder which coefs anybody looks at: the layout of its blocks. */
static struct sct_block_layout tell_corner(struct run *run)
{
    int corner_u = 1, corner_v = 1;
    if (run->picture.domain == SCT_SAMPLES)
        return sct_block_layout_for(SCT_BLOCK, SCT_BLOCK); /* means nothing to them */
    for (int i = 0; i < run->job->n_variants; i++) {
        for (int ci = 0; ci < run->picture.n_components; ci++) {
            int u, v;
            if (run->variants[i].is_copied)
                break;
            sct_resizer_corner(run->variants[i].resizer[ci], &u, &v);
            corner_u = sct_max(corner_u, u);
            corner_v = sct_max(corner_v, v);
        }
    }
    run->ops->want_corner(run->decoder, corner_u, corner_v);
    return sct_block_layout_for(corner_u, corner_v);
}

/* What of the metadata goes along. Outputs are upright, copied ones too. */
static int plan_metadata(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++) {
        struct variant_run *v = &run->variants[i];
        const struct sct_metadata_spec spec = {.mode = v->variant.metadata,
                                               .exif = run->picture.exif,
                                               .xmp = run->picture.xmp,
                                               .iptc = run->picture.iptc,
                                               .width = v->geometry.width,
                                               .height = v->geometry.height,
                                               .report = &run->result->report};
        if (spec.mode != SCT_METADATA_NONE)
            status = sct_metadata_make(&v->metadata, &spec);
    }
    return status;
}

static int plan(struct run *run)
{
    int status = plan_metadata(run);
    if (status == SCT_OK)
        status = plan_resizers(run);
    if (status == SCT_OK)
        status = check_memory(run);
    if (status < 0)
        return status;
    const struct sct_block_layout layout = tell_corner(run);
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = allocate_resizers(run, &run->variants[i], &layout);
    if (status == SCT_OK && sct_prepare_is_needed(&run->picture, run->job->linear))
        status = sct_prepare_create(&run->prepare, &run->picture, run->job->linear);
    return status;
}

/* ---- outputs ----------------------------------------------------------------------- */

static int count_and_write(void *ctx, const void *data, size_t n)
{
    struct variant_run *v = ctx;
    v->output->bytes += n;
    return v->sink.write(v->sink.ctx, data, n);
}

static int open_output(struct run *run, int i)
{
    struct variant_run *v = &run->variants[i];
    struct sct_encoder_spec spec;
    struct sct_encoder_layout layout, planes;
    int ring_rows[SCT_MAX_COMPONENTS];
    int status = run->job->target.open(run->job->target.ctx, i, v->output, &v->sink);
    if (status < 0)
        return status;
    v->is_target_open = 1;
    if (v->is_copied)
        return SCT_OK;
    encoder_spec(run, v, &spec);
    v->output->quality = is_lossy(&v->variant) ? spec.quality : 0;
    spec.sink = (struct sct_sink){.write = count_and_write, .ctx = v};
    if (v->has_rival) {
        sct_memsink_init(&v->encoded, run->limits.max_memory_bytes, &run->result->report);
        spec.sink = sct_memsink_sink(&v->encoded);
    }
    status = v->variant.format->open(&v->encoder, &spec, &layout);
    if (status < 0)
        return status;
    planes = layout;
    if (!v->route.is_direct) {
        sct_convert_layout(&layout, run->picture.n_components, &planes);
        status = sct_convert_create(&v->convert, &run->picture, &v->route, &v->variant,
                                    &layout, &run->result->report);
        if (status < 0)
            return status;
    }
    plan_rings(run, v, &planes, ring_rows);
    return sct_outplanes_create(&v->planes, &v->geometry, v->route.depth, &planes,
                                ring_rows);
}

static int open_outputs(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = open_output(run, i);
    return status;
}

/* The file once more, with the metadata that are wanted. */
static int copy_file(struct run *run, struct variant_run *v, const struct sct_sink *sink,
                     struct sct_report *report)
{
    struct sct_encoder_spec spec;
    const int status = sct_intake_drain(&run->intake);
    if (status < 0)
        return status;
    encoder_spec(run, v, &spec);
    spec.sink = *sink;
    spec.report = report;
    return v->variant.format->copy(&spec, run->intake.kept, run->intake.n_kept);
}

static int write_encoded(struct run *run, struct variant_run *v,
                         const struct sct_sink *sink)
{
    v->output->is_unchanged = 0;
    if (sink->write(sink->ctx, v->encoded.kept.data, (size_t)v->encoded.n_bytes) ==
        SCT_OK)
        return SCT_OK;
    return sct_report_fail(&run->result->report, SCT_ERR_IO, "writing the output failed");
}

/* Writes the file, or what the encoder has made where that is wanted and not larger. A damaged
 * file is not wanted, and one that cannot be copied is no failure as long as there is the other. */
static int write_better(struct run *run, struct variant_run *v,
                        const struct sct_sink *sink)
{
    struct sct_report quiet = {.n_warnings = 0};
    uint64_t n_bytes = 0;
    const struct sct_sink counter = sct_memsink_counter(&n_bytes);
    if (run->result->report.damage && v->encoded.kept.data)
        return write_encoded(run, v, sink);
    const int status = copy_file(run, v, &counter, &quiet);
    if (run->intake.status < 0 || status == SCT_ERR_MEMORY)
        return status;
    const int is_wanted = v->variant.max_bytes > 0 ? n_bytes > v->variant.max_bytes
                                                   : is_to_be_encoded(&v->variant) &&
                                                         v->encoded.n_bytes <= n_bytes;
    if (v->encoded.kept.data && (status < 0 || is_wanted))
        return write_encoded(run, v, sink);
    v->output->is_unchanged = 1;
    v->output->quality = 0;
    return copy_file(run, v, sink, &run->result->report);
}

/* Lossless files are as long as they are, and so is the input's. */
static int check_bytes(struct run *run, const struct variant_run *v)
{
    const unsigned long long n_bytes = v->output->bytes;
    if (v->variant.max_bytes == 0 || n_bytes <= v->variant.max_bytes)
        return SCT_OK;
    return sct_report_fail(&run->result->report, SCT_ERR_TOO_LARGE,
                           "%zu bytes are too few: without loss it would be %llu",
                           v->variant.max_bytes, n_bytes);
}

/* Makes one file whole. */
static int finish_output(struct run *run, struct variant_run *v)
{
    const struct sct_sink sink = {.write = count_and_write, .ctx = v};
    if (v->is_copied)
        return copy_file(run, v, &sink, &run->result->report);
    assert(v->planes.next_band == v->planes.n_bands);
    const int status = v->variant.format->finish(v->encoder);
    if (v->encoded.kept.status < 0)
        return v->encoded.kept.status;
    if (status == SCT_OK && v->variant.format->quality)
        v->output->quality = v->variant.format->quality(v->encoder);
    return status == SCT_OK && v->has_rival ? write_better(run, v, &sink) : status;
}

/* Finishes every file, then publishes them all. */
static int publish(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++) {
        status = finish_output(run, &run->variants[i]);
        if (status == SCT_OK)
            status = check_bytes(run, &run->variants[i]);
    }
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++) {
        struct variant_run *v = &run->variants[i];
        v->is_target_open = 0;
        status = run->job->target.close(run->job->target.ctx, i, SCT_OK);
        v->output->status = status;
    }
    return status;
}

/* ---- run --------------------------------------------------------------------------- */

/* Pulls all rows that a component has ready. */
static void drain(struct variant_run *v, int ci)
{
    while (sct_outplanes_wants_row(&v->planes, ci) &&
           sct_resizer_bands_wanted(v->resizer[ci]) == 0)
    {
        const int status =
            sct_resizer_pull(v->resizer[ci], sct_outplanes_row(&v->planes, ci));
        assert(status == SCT_OK);
        (void)status;
        sct_outplanes_filled(&v->planes, ci);
    }
}

static void push_samples(struct variant_run *v, int ci, const struct sct_band *band)
{
    const uint8_t *row = band->component[ci].samples;
    const ptrdiff_t stride = band->component[ci].stride_bytes;
    int n_left = band->component[ci].n_rows;
    while (n_left > 0) {
        const int n = sct_resizer_push_rows(v->resizer[ci], row, stride, n_left);
        drain(v, ci);
        row += n * stride;
        n_left -= n;
    }
}

static void resize_samples(const struct run *run, struct variant_run *v,
                           const struct sct_band *band)
{
    for (int ci = 0; ci < run->picture.n_components; ci++)
        push_samples(v, ci, band);
}

static void resize_blocks(const struct run *run, struct variant_run *v,
                          const struct sct_band *band)
{
    for (int ci = 0; ci < run->picture.n_components; ci++) {
        const uint8_t *row = (const uint8_t *)band->component[ci].blocks;
        for (int i = 0; i < band->component[ci].n_rows; i++) {
            const int status = sct_resizer_push(v->resizer[ci], row);
            assert(status != SCT_PULL_FIRST);
            (void)status;
            drain(v, ci);
            row += band->component[ci].stride_bytes;
        }
    }
}

static int encode_bands(struct variant_run *v)
{
    uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
    int status = SCT_OK;
    while (status == SCT_OK && sct_outplanes_band(&v->planes, rows) == SCT_OK) {
        if (!v->route.is_direct)
            sct_convert_band(&v->convert, rows);
        status = v->variant.format->write_band(v->encoder, rows);
    }
    return v->encoded.kept.status < 0 ? v->encoded.kept.status : status;
}

static int run_variants(struct run *run, const struct sct_band *band,
                        struct sct_times *ms)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++) {
        if (run->variants[i].is_copied)
            continue;
        if (run->picture.domain == SCT_SAMPLES)
            resize_samples(run, &run->variants[i], band);
        else
            resize_blocks(run, &run->variants[i], band);
        charge_sample(run, &ms->resize);
        status = encode_bands(&run->variants[i]);
        charge_sample(run, &ms->encode);
    }
    return status;
}

/* The next band through everything. */
static int run_band(struct run *run, int n, struct sct_times *ms)
{
    struct sct_band band;
    int status = sct_intake_check_time(&run->intake);
    if (status == SCT_OK)
        status = run->ops->read_band(run->decoder, &band);
    charge_sample(run, &ms->decode);
    if (status == SCT_OK && n == 0)
        status = open_outputs(run);
    if (status != SCT_OK)
        return status;
    if (run->prepare.rows) {
        struct sct_band prepared;
        sct_prepare_band(&run->prepare, &band, &prepared);
        return run_variants(run, &prepared, ms);
    }
    return run_variants(run, &band, ms);
}

static int run_bands(struct run *run)
{
    struct sct_times sample = {0};
    run->is_sampled = 1;
    int status = run_band(run, 0, &run->result->ms);
    const double since_ms = cpu_ms();
    for (int n = 1; status == SCT_OK; n++) {
        run->is_sampled = is_sampled_band(n);
        if (run->is_sampled)
            run->mark_ms = cpu_ms();
        status = run_band(run, n, &sample);
    }
    charge_samples(run, &sample, since_ms);
    return status == SCT_DONE ? SCT_OK : status;
}

/* ---- the job ----------------------------------------------------------------------- */

static int begin(struct run *run, const struct sct_job *job, struct sct_result *result)
{
    memset(result, 0, sizeof *result);
    *run = (struct run){.job = job, .result = result, .mark_ms = cpu_ms()};
    set_limits(run);
    if (job->dsp)
        run->dsp = *job->dsp;
    else if (sct_dsp_init(&run->dsp, NULL) < 0)
        return SCT_ERR_UNSUPPORTED;
    const int status = open_decoder(run);
    return status < 0 ? status : plan_geometries(run);
}

/* Copies stay animated. */
static void warn_of_frames(const struct run *run)
{
    int n_encoded = 0;
    for (int i = 0; i < run->job->n_variants; i++)
        n_encoded += !run->result->output[i].is_unchanged;
    if (run->picture.is_animated && n_encoded > 0)
        sct_report_warn(&run->result->report, "animated: only the first frame is used");
}

static int end(struct run *run, int status)
{
    struct sct_result *result = run->result;
    if (run->intake.status < 0) /* what the decoder took for a source that fails */
        status = run->intake.status;
    if (status == SCT_OK)
        warn_of_frames(run);
    for (int i = 0; run->variants && i < run->job->n_variants; i++) {
        struct variant_run *v = &run->variants[i];
        for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
            sct_resizer_free(v->resizer[ci]);
        if (v->encoder)
            v->variant.format->close(v->encoder);
        sct_metadata_free(&v->metadata);
        sct_memsink_free(&v->encoded);
        sct_outplanes_free(&v->planes);
        sct_convert_free(&v->convert);
        if (v->is_target_open) {
            (void)run->job->target.close(run->job->target.ctx, i, status);
            v->output->status = status;
        } else if (status < 0 && !v->output->bytes) {
            v->output->status = status;
        }
    }
    sct_prepare_free(&run->prepare);
    if (run->decoder)
        run->ops->close(run->decoder);
    result->bytes = run->intake.n_bytes;
    sct_intake_free(&run->intake);
    sct_mem_free(run->variants);
    sct_mem_free(run->reader);
    if (status == SCT_ERR_MEMORY)
        (void)sct_report_fail(&result->report, status, "out of memory");
    result->status = status;
    return status;
}

int sct_job_plan(const struct sct_job *job, struct sct_result *result)
{
    struct run run;
    int status = begin(&run, job, result);
    if (status == SCT_OK)
        status = plan_resizers(&run);
    if (status == SCT_OK)
        status = check_memory(&run);
    charge(&run, &result->ms.plan);
    result->ms.total = result->ms.plan;
    return end(&run, status);
}

int sct_job_run(const struct sct_job *job, struct sct_result *result)
{
    struct run run;
    const double start_ms = cpu_ms();
    int status = begin(&run, job, result);
    if (status == SCT_OK)
        status = plan(&run);
    charge(&run, &result->ms.plan);
    if (status == SCT_OK)
        status = run_bands(&run);
    if (status == SCT_OK)
        status = publish(&run);
    charge(&run, &result->ms.encode);
    status = end(&run, status);
    result->ms.total = cpu_ms() - start_ms;
    return status;
}
