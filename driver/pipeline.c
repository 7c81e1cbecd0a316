/* The pipeline: the whole program in one loop, and the only file that knows both codecs
 * and resizers.
 *
 *                       +-> variant 0: resizer per component -> outlet -> sink
 *     decoder ----------+-> variant 1: ...
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
 *   3. No target is closed with SCT_OK before every variant is whole. */
#include "scantling.h"

#include "bits.h"
#include "icc.h"
#include "intake.h"
#include "mem.h"
#include "outlet.h"
#include "prepare.h"
#include "stopwatch.h"

#include <assert.h>
#include <string.h>

struct variant_run {
    struct sct_outlet outlet;
    sct_resizer *resizer[SCT_MAX_COMPONENTS];
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
    struct sct_outlet_shared shared;
    struct variant_run *variants;
    struct sct_stopwatch watch;
};

/* ---- plan -------------------------------------------------------------------------- */

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

static int plan_outlets(struct run *run)
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
        run->variants[i].outlet.output = &run->result->output[i];
    for (int i = 0; i < job->n_variants; i++) {
        struct sct_outlet *o = &run->variants[i].outlet;
        const int status = sct_outlet_plan(o, &run->shared, i);
        if (status < 0)
            return status;
        keeps |= o->is_copied || o->has_rival;
    }
    run->result->n_outputs = job->n_variants;
    if (!keeps)
        sct_intake_forget(&run->intake);
    return SCT_OK;
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
        for (int ci = 0; ci < run->picture.n_components && !v->outlet.is_copied; ci++) {
            struct sct_resizer_spec spec = {.x = v->outlet.geometry.component[ci].x,
                                            .y = v->outlet.geometry.component[ci].y,
                                            .filter = v->outlet.variant.filter,
                                            .domain = run->picture.domain,
                                            .depth = v->outlet.route.depth,
                                            .dsp = &run->dsp,
                                            .like = last};
            sct_route_range(&v->outlet.route, &run->picture, ci, &spec.gain,
                            &spec.offset);
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
    size_t n = run->picture.decoder_bytes;
    if (sct_prepare_is_needed(&run->picture, run->job->linear))
        n = sct_size_add(n, sct_prepare_bytes(&run->picture, run->job->linear));
    for (int i = 0; i < run->job->n_variants; i++) {
        const struct variant_run *v = &run->variants[i];
        for (int ci = 0; ci < run->picture.n_components && !v->outlet.is_copied; ci++)
            n = sct_size_add(n, sct_resizer_bytes(v->resizer[ci]));
        n = sct_size_add(n, sct_outlet_bytes(&v->outlet));
    }
    if (n <= run->limits.max_memory_bytes)
        return SCT_OK;
    return sct_report_fail(&run->result->report, SCT_ERR_TOO_LARGE,
                           "needs about %zu MiB of memory, over the limit of %zu MiB",
                           (n >> 20) + 1, run->limits.max_memory_bytes >> 20);
}

/* Tells the decoder which coefs of component ci anybody looks at: the layout of its blocks. */
static struct sct_block_layout tell_corner(struct run *run, int ci)
{
    struct sct_corner all = {1, 1};
    if (run->picture.domain == SCT_SAMPLES)
        return sct_block_layout_for(all); /* means nothing to them */
    for (int i = 0; i < run->job->n_variants; i++) {
        const struct variant_run *v = &run->variants[i];
        if (v->outlet.is_copied)
            continue;
        const struct sct_corner own = sct_resizer_corner(v->resizer[ci]);
        all.n_u = sct_max(all.n_u, own.n_u);
        all.n_v = sct_max(all.n_v, own.n_v);
    }
    run->ops->want_corner(run->decoder, ci, all);
    return sct_block_layout_for(all);
}

static int allocate_resizers(struct run *run)
{
    for (int ci = 0; ci < run->picture.n_components; ci++) {
        const struct sct_block_layout layout = tell_corner(run, ci);
        for (int i = 0; i < run->job->n_variants; i++) {
            const struct variant_run *v = &run->variants[i];
            const int status = v->outlet.is_copied
                                   ? SCT_OK
                                   : sct_resizer_allocate(v->resizer[ci], &layout);
            if (status < 0)
                return status;
        }
    }
    return SCT_OK;
}

static int plan(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = sct_outlet_plan_metadata(&run->variants[i].outlet);
    if (status == SCT_OK)
        status = plan_resizers(run);
    if (status == SCT_OK)
        status = check_memory(run);
    if (status < 0)
        return status;
    status = allocate_resizers(run);
    if (status == SCT_OK && sct_prepare_is_needed(&run->picture, run->job->linear))
        status = sct_prepare_create(&run->prepare, &run->picture, run->job->linear);
    return status;
}

/* ---- outputs ----------------------------------------------------------------------- */

static int open_output(struct run *run, struct variant_run *v)
{
    struct sct_encoder_layout planes;
    int ring_rows[SCT_MAX_COMPONENTS];
    const int status = sct_outlet_open(&v->outlet, &planes);
    if (status < 0 || v->outlet.is_copied)
        return status;
    plan_rings(run, v, &planes, ring_rows);
    return sct_outlet_allocate(&v->outlet, &planes, ring_rows);
}

static int open_outputs(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = open_output(run, &run->variants[i]);
    return status;
}

/* Finishes every file, then publishes them all. */
static int publish(struct run *run)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = sct_outlet_finish(&run->variants[i].outlet);
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++)
        status = sct_outlet_publish(&run->variants[i].outlet);
    return status;
}

/* ---- run --------------------------------------------------------------------------- */

/* Pulls all rows that a component has ready. */
static void drain(struct variant_run *v, int ci)
{
    while (sct_outplanes_wants_row(&v->outlet.planes, ci) &&
           sct_resizer_bands_wanted(v->resizer[ci]) == 0)
    {
        const int status =
            sct_resizer_pull(v->resizer[ci], sct_outplanes_row(&v->outlet.planes, ci));
        assert(status == SCT_OK);
        (void)status;
        sct_outplanes_filled(&v->outlet.planes, ci);
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

static int run_variants(struct run *run, const struct sct_band *band,
                        struct sct_times *ms)
{
    int status = SCT_OK;
    for (int i = 0; i < run->job->n_variants && status == SCT_OK; i++) {
        if (run->variants[i].outlet.is_copied)
            continue;
        if (run->picture.domain == SCT_SAMPLES)
            resize_samples(run, &run->variants[i], band);
        else
            resize_blocks(run, &run->variants[i], band);
        sct_stopwatch_charge_sample(&run->watch, &ms->resize);
        status = sct_outlet_write(&run->variants[i].outlet);
        sct_stopwatch_charge_sample(&run->watch, &ms->encode);
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
    sct_stopwatch_charge_sample(&run->watch, &ms->decode);
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
    sct_stopwatch_begin_band(&run->watch, 0);
    int status = run_band(run, 0, &run->result->ms);
    const double since_ms = sct_cpu_ms();
    for (int n = 1; status == SCT_OK; n++) {
        sct_stopwatch_begin_band(&run->watch, n);
        status = run_band(run, n, &sample);
    }
    sct_stopwatch_spread(&run->watch, &run->result->ms, &sample, since_ms);
    return status == SCT_DONE ? SCT_OK : status;
}

/* ---- the job ----------------------------------------------------------------------- */

static int begin(struct run *run, const struct sct_job *job, struct sct_result *result)
{
    memset(result, 0, sizeof *result);
    *run = (struct run){.job = job, .result = result, .watch.mark_ms = sct_cpu_ms()};
    run->limits = job->limits;
    sct_limits_fill(&run->limits);
    if (job->dsp)
        run->dsp = *job->dsp;
    else if (sct_dsp_init(&run->dsp, NULL) < 0)
        return SCT_ERR_UNSUPPORTED;
    run->shared =
        (struct sct_outlet_shared){.job = job,
                                   .picture = &run->picture,
                                   .dsp = &run->dsp,
                                   .intake = &run->intake,
                                   .max_memory_bytes = run->limits.max_memory_bytes,
                                   .result = result};
    const int status = open_decoder(run);
    return status < 0 ? status : plan_outlets(run);
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
        for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
            sct_resizer_free(run->variants[i].resizer[ci]);
        sct_outlet_close(&run->variants[i].outlet, status);
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
    sct_stopwatch_charge(&run.watch, &result->ms.plan);
    result->ms.total = result->ms.plan;
    return end(&run, status);
}

int sct_job_run(const struct sct_job *job, struct sct_result *result)
{
    struct run run;
    const double start_ms = sct_cpu_ms();
    int status = begin(&run, job, result);
    if (status == SCT_OK)
        status = plan(&run);
    sct_stopwatch_charge(&run.watch, &result->ms.plan);
    if (status == SCT_OK)
        status = run_bands(&run);
    if (status == SCT_OK)
        status = publish(&run);
    sct_stopwatch_charge(&run.watch, &result->ms.encode);
    status = end(&run, status);
    result->ms.total = sct_cpu_ms() - start_ms;
    return status;
}
