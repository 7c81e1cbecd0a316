/* See outlet.h. */
#include "outlet.h"

#include <assert.h>
#include <string.h>

#include "bits.h"
#include "mem.h"

/* ---- plan -------------------------------------------------------------------------- */

/* Whether nothing has to be done to the picture itself: it is as large as it is to be, upright,
 * and in its colours. */
static int may_copy(const struct sct_outlet *o)
{
    const struct sct_picture *p = o->shared->picture;
    return o->geometry.width == p->width && o->geometry.height == p->height &&
           p->orientation == 1 && !o->route.is_to_srgb && o->variant.format->copy &&
           strcmp(o->variant.format->name, p->format) == 0;
}

/* Whether it is asked for something that the file may not be. */
static int is_to_be_encoded(const struct sct_variant *v)
{
    return v->quality_exact || v->max_bytes > 0 || v->score > 0;
}

static void choose_format(struct sct_variant *v, const struct sct_picture *picture)
{
    if (!v->format)
        v->format = sct_encoder_find(picture->format);
    if (!v->format)
        v->format = &sct_jpeg_encoder;
}

int sct_outlet_plan(struct sct_outlet *o, const struct sct_outlet_shared *shared,
                    int index)
{
    const struct sct_job *job = shared->job;
    o->shared = shared;
    o->index = index;
    o->variant = job->variants[index];
    choose_format(&o->variant, shared->picture);
    const int status = sct_route_plan(&o->route, &o->geometry, shared->picture,
                                      &o->variant, job->linear, &shared->result->report);
    if (status < 0)
        return status;
    const int is_wanted = is_to_be_encoded(&o->variant);
    o->has_rival = may_copy(o) && (is_wanted || job->salvage);
    o->is_copied = may_copy(o) && !o->has_rival;
    o->output->is_unchanged = may_copy(o) && !is_wanted;
    o->output->width = o->geometry.width;
    o->output->height = o->geometry.height;
    o->output->format = o->variant.format->name;
    o->output->extension = o->variant.format->extension;
    return SCT_OK;
}

int sct_outlet_plan_metadata(struct sct_outlet *o)
{
    const struct sct_picture *picture = o->shared->picture;
    const struct sct_metadata_spec spec = {.mode = o->variant.metadata,
                                           .exif = picture->exif,
                                           .xmp = picture->xmp,
                                           .iptc = picture->iptc,
                                           .width = o->geometry.width,
                                           .height = o->geometry.height,
                                           .report = &o->shared->result->report};
    if (spec.mode == SCT_METADATA_NONE)
        return SCT_OK;
    return sct_metadata_make(&o->metadata, &spec);
}

/* ---- the encoder's spec ------------------------------------------------------------ */

/* Whether the output is in the colours of the picture's profile, and may say so: a gray profile
 * fits no colours. */
static int keeps_icc(const struct sct_outlet *o)
{
    const int was_gray = o->shared->picture->model == SCT_GRAY;
    const int is_gray =
        o->route.out.model == SCT_GRAY && !o->variant.format->is_colour_only;
    return o->variant.icc == SCT_ICC_KEEP && !o->route.is_to_srgb && was_gray == is_gray;
}

/* Whether the encoder can find the quality for a score: it can, of these models. */
static int finds_quality(const struct sct_outlet *o)
{
    const enum sct_model model = o->route.out.model;
    return o->variant.format->quality && (model == SCT_YCC || model == SCT_GRAY);
}

/* The variant's, or less where the source was saved at less in the same format. Where a score is
 * wanted that cannot be had, the default. */
static int choose_quality(const struct sct_outlet *o)
{
    const struct sct_picture *p = o->shared->picture;
    if (o->variant.score > 0 && !finds_quality(o))
        return sct_variant_default().quality;
    const int is_known =
        p->quality > 0 && strcmp(o->variant.format->name, p->format) == 0;
    if (!is_known || o->variant.quality_exact)
        return o->variant.quality;
    return sct_min(o->variant.quality, p->quality);
}

static int is_lossy(const struct sct_variant *variant)
{
    return variant->format->loss == SCT_LOSS_ALWAYS ||
           (variant->format->loss == SCT_LOSS_BY_CHOICE && !variant->lossless);
}

/* Whether Huffman tables of its own are worth more to a JPEG than they cost: 2 to 3 % of a
 * thumbnail's bytes, for some tenths of a millisecond and 136 bytes a block. */
static int is_small(const struct sct_outlet *o)
{
    enum { SMALL_PIXELS = 1 << 18 };
    return o->variant.effort > 0 &&
           o->geometry.width <= SMALL_PIXELS / o->geometry.height;
}

static struct sct_encoder_spec make_spec(const struct sct_outlet *o)
{
    const struct sct_picture *picture = o->shared->picture;
    struct sct_encoder_spec spec = {.width = o->geometry.width,
                                    .height = o->geometry.height,
                                    .model = o->route.out.model,
                                    .has_alpha = o->route.out.has_alpha,
                                    .is_limited = o->route.out.is_limited,
                                    .depth = o->route.out.depth,
                                    .n_components = o->route.out.n_components,
                                    .quality = choose_quality(o),
                                    .lossless = o->variant.lossless,
                                    .compression = o->variant.compression,
                                    .progressive = o->variant.progressive,
                                    .optimize = o->variant.optimize || is_small(o),
                                    .effort = o->variant.effort,
                                    .score = finds_quality(o) ? o->variant.score : 0,
                                    .max_bytes = o->variant.max_bytes,
                                    .dsp = o->shared->dsp,
                                    .has_adobe = picture->has_adobe,
                                    .icc = keeps_icc(o) ? picture->icc : NULL,
                                    .icc_bytes = keeps_icc(o) ? picture->icc_bytes : 0,
                                    .exif = o->metadata.exif,
                                    .xmp = o->metadata.xmp,
                                    .iptc = o->metadata.iptc,
                                    .drops_colour = o->variant.icc != SCT_ICC_KEEP,
                                    .sink = o->sink,
                                    .report = &o->shared->result->report};
    for (int ci = 0; ci < spec.n_components; ci++) {
        spec.component[ci].h = o->route.out.component[ci].h;
        spec.component[ci].v = o->route.out.component[ci].v;
    }
    return spec;
}

size_t sct_outlet_bytes(const struct sct_outlet *o)
{
    static const int no_rings[SCT_MAX_COMPONENTS] = {0};
    if (o->is_copied)
        return 0;
    const struct sct_encoder_spec spec = make_spec(o);
    return sct_size_add(sct_outplanes_bytes(&o->geometry, o->route.depth, no_rings),
                        o->variant.format->bytes(&spec));
}

/* ---- open -------------------------------------------------------------------------- */

static int count_and_write(void *ctx, const void *data, size_t n)
{
    struct sct_outlet *o = ctx;
    o->output->bytes += n;
    return o->sink.write(o->sink.ctx, data, n);
}

static struct sct_sink counting_sink(struct sct_outlet *o)
{
    return (struct sct_sink){.write = count_and_write, .ctx = o};
}

int sct_outlet_open(struct sct_outlet *o, struct sct_encoder_layout *planes)
{
    const struct sct_outlet_shared *shared = o->shared;
    const struct sct_target *target = &shared->job->target;
    struct sct_encoder_layout layout;
    int status = target->open(target->ctx, o->index, o->output, &o->sink);
    if (status < 0)
        return status;
    o->is_target_open = 1;
    if (o->is_copied)
        return SCT_OK;
    struct sct_encoder_spec spec = make_spec(o);
    o->output->quality = is_lossy(&o->variant) ? spec.quality : 0;
    spec.sink = counting_sink(o);
    if (o->has_rival) {
        sct_memsink_init(&o->encoded, shared->max_memory_bytes, &shared->result->report);
        spec.sink = sct_memsink_sink(&o->encoded);
    }
    status = o->variant.format->open(&o->encoder, &spec, &layout);
    if (status < 0)
        return status;
    *planes = layout;
    if (o->route.is_direct)
        return SCT_OK;
    sct_convert_layout(&layout, shared->picture->n_components, planes);
    return sct_convert_create(&o->convert, shared->picture, &o->route, &o->variant,
                              &layout, &shared->result->report);
}

int sct_outlet_allocate(struct sct_outlet *o, const struct sct_encoder_layout *planes,
                        const int ring_rows[SCT_MAX_COMPONENTS])
{
    return sct_outplanes_create(&o->planes, &o->geometry, o->route.depth, planes,
                                ring_rows);
}

/* ---- run --------------------------------------------------------------------------- */

int sct_outlet_write(struct sct_outlet *o)
{
    uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
    int status = SCT_OK;
    while (status == SCT_OK && sct_outplanes_band(&o->planes, rows) == SCT_OK) {
        if (!o->route.is_direct)
            sct_convert_band(&o->convert, rows);
        status = o->variant.format->write_band(o->encoder, rows);
    }
    return o->encoded.kept.status < 0 ? o->encoded.kept.status : status;
}

/* ---- the end ----------------------------------------------------------------------- */

/* The file once more, with the metadata that are wanted. */
static int copy_file(struct sct_outlet *o, const struct sct_sink *sink,
                     struct sct_report *report)
{
    struct sct_intake *intake = o->shared->intake;
    const int status = sct_intake_drain(intake);
    if (status < 0)
        return status;
    struct sct_encoder_spec spec = make_spec(o);
    spec.sink = *sink;
    spec.report = report;
    return o->variant.format->copy(&spec, intake->kept, intake->n_kept);
}

static int write_copy(struct sct_outlet *o)
{
    const struct sct_sink sink = counting_sink(o);
    o->output->is_unchanged = 1;
    o->output->quality = 0;
    return copy_file(o, &sink, &o->shared->result->report);
}

static int write_encoded(struct sct_outlet *o)
{
    const struct sct_blob *encoded = &o->encoded.kept;
    o->output->is_unchanged = 0;
    if (count_and_write(o, encoded->data, encoded->n_bytes) == SCT_OK)
        return SCT_OK;
    return sct_report_fail(&o->shared->result->report, SCT_ERR_IO,
                           "writing the output failed");
}

/* Whether the encoder's file is better than one of n_bytes, the copy: where there is a limit, the
 * copy is as long as it fits. */
static int is_encoded_better(const struct sct_outlet *o, uint64_t n_bytes)
{
    if (o->variant.max_bytes > 0)
        return n_bytes > o->variant.max_bytes;
    return is_to_be_encoded(&o->variant) && o->encoded.n_bytes <= n_bytes;
}

/* Writes the file, or what the encoder has made where that is better. A damaged file is not
 * wanted, and one that cannot be copied is no failure as long as there is the other. */
static int write_better(struct sct_outlet *o)
{
    const int has_encoded = o->encoded.kept.data != NULL;
    struct sct_report quiet = {.n_warnings = 0};
    uint64_t n_bytes = 0;
    const struct sct_sink counter = sct_memsink_counter(&n_bytes);
    if (has_encoded && o->shared->result->report.damage)
        return write_encoded(o);
    const int status = copy_file(o, &counter, &quiet);
    if (o->shared->intake->status < 0 || status == SCT_ERR_MEMORY)
        return status;
    if (has_encoded && (status < 0 || is_encoded_better(o, n_bytes)))
        return write_encoded(o);
    return write_copy(o);
}

static int finish_encoder(struct sct_outlet *o)
{
    const struct sct_encoder_ops *format = o->variant.format;
    assert(o->planes.next_band == o->planes.n_bands);
    const int status = format->finish(o->encoder);
    if (o->encoded.kept.status < 0)
        return o->encoded.kept.status;
    if (status == SCT_OK && format->quality)
        o->output->quality = format->quality(o->encoder);
    return status == SCT_OK && o->has_rival ? write_better(o) : status;
}

/* Lossless files are as long as they are, and so is the input's. */
static int check_bytes(const struct sct_outlet *o)
{
    const unsigned long long n_bytes = o->output->bytes;
    if (o->variant.max_bytes == 0 || n_bytes <= o->variant.max_bytes)
        return SCT_OK;
    return sct_report_fail(&o->shared->result->report, SCT_ERR_TOO_LARGE,
                           "%zu bytes are too few: without loss it would be %llu",
                           o->variant.max_bytes, n_bytes);
}

int sct_outlet_finish(struct sct_outlet *o)
{
    const int status = o->is_copied ? write_copy(o) : finish_encoder(o);
    return status == SCT_OK ? check_bytes(o) : status;
}

int sct_outlet_publish(struct sct_outlet *o)
{
    const struct sct_target *target = &o->shared->job->target;
    o->is_target_open = 0;
    o->output->status = target->close(target->ctx, o->index, SCT_OK);
    return o->output->status;
}

void sct_outlet_close(struct sct_outlet *o, int status)
{
    if (o->encoder)
        o->variant.format->close(o->encoder);
    sct_metadata_free(&o->metadata);
    sct_memsink_free(&o->encoded);
    sct_outplanes_free(&o->planes);
    sct_convert_free(&o->convert);
    if (o->is_target_open) {
        const struct sct_target *target = &o->shared->job->target;
        (void)target->close(target->ctx, o->index, status);
        o->output->status = status;
    } else if (status < 0 && !o->output->bytes) {
        o->output->status = status;
    }
}
