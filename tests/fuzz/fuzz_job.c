/* See fuzz_job.h. */
#include "fuzz_job.h"

enum { MAX_PIXELS = 1 << 20, MAX_MEMORY_BYTES = 1 << 26 };

static void choose_variant(struct sct_variant *v, struct fuzz_options *o)
{
    *v = sct_variant_default();
    v->width = fuzz_take(o, 256);
    v->height = fuzz_take(o, 256);
    const int flags = fuzz_take(o, 256);
    const int more = fuzz_take(o, 256);
    v->fit = (enum sct_fit)(flags % 3);
    v->format = sct_encoder_at(more % 4); /* past the last: the source's */
    v->enlarge = flags >> 2 & 1;
    v->lossless = flags >> 3 & 1;
    v->progressive = flags >> 4 & 1;
    v->optimize = flags >> 5 & 1;
    v->quality_exact = flags >> 6 & 1;
    v->depth = flags >> 7 ? 16 : 8;
    v->icc = (enum sct_icc)((more >> 2) % 3);
    v->subsampling = (enum sct_subsampling)(more >> 4 & 3);
    v->quality = 1 + fuzz_take(o, 100);
    v->compression = fuzz_take(o, 11) - 1;
    v->background[1] = (uint8_t)fuzz_take(o, 256);
    v->filter = sct_filter_at(fuzz_take(o, 4));
    v->effort = fuzz_take(o, SCT_MAX_EFFORT + 1);
    v->score = fuzz_take(o, 4) == 0 ? fuzz_take(o, 100) : 0;
    v->max_bytes = fuzz_take(o, 4) == 0 ? (size_t)(1 + 16 * fuzz_take(o, 256)) : 0;
}

struct fuzz_job *fuzz_job_make(struct fuzz_options *options, const uint8_t *data,
                               size_t size)
{
    struct fuzz_job *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    const int n_variants = 1 + fuzz_take(options, FUZZ_MAX_VARIANTS);
    const int flags = fuzz_take(options, 256);
    f->input = (struct capture_input){
        .bytes = data,
        .n_bytes = size,
        .fail_at = SIZE_MAX,
        .piece_bytes = flags & 4 ? 1 + (size_t)fuzz_take(options, 256) : 0};
    for (int i = 0; i < n_variants; i++)
        choose_variant(&f->variants[i], options);
    f->job = (struct sct_job){.source = capture_source(&f->input),
                              .variants = f->variants,
                              .n_variants = n_variants,
                              .target = capture_target(&f->files),
                              .limits = {.max_pixels = MAX_PIXELS,
                                         .max_scans = 20,
                                         .max_metadata_bytes = 1 << 20,
                                         .max_memory_bytes = MAX_MEMORY_BYTES,
                                         .max_seconds = 5},
                              .salvage = flags & 1,
                              .linear = flags >> 1 & 1};
    return f;
}

void fuzz_job_free(struct fuzz_job *f)
{
    capture_free_files(&f->files);
    free(f);
}

static void rewind_job(struct fuzz_job *f)
{
    capture_free_files(&f->files);
    f->job.target = capture_target(&f->files);
    f->input.offset = 0;
}

static void check_status(const struct fuzz_job *f, int status)
{
    FUZZ_CHECK(status == f->result.status, "returned %d, told %d", status,
               f->result.status);
    if (status != SCT_OK)
        fuzz_check_failure(status, &f->result.report);
    else
        FUZZ_CHECK(f->result.n_outputs == f->job.n_variants, "%d", f->result.n_outputs);
}

int fuzz_job_plan(struct fuzz_job *f)
{
    rewind_job(f);
    const int status = sct_job_plan(&f->job, &f->result);
    check_status(f, status);
    FUZZ_CHECK(f->files.n_opened == 0, "%d opened by planning", f->files.n_opened);
    return status;
}

int fuzz_job_run(struct fuzz_job *f)
{
    rewind_job(f);
    const int status = sct_job_run(&f->job, &f->result);
    check_status(f, status);
    FUZZ_CHECK(status != SCT_OK || f->files.n_opened == f->job.n_variants, "%d opened",
               f->files.n_opened);
    for (int i = 0; i < f->job.n_variants; i++) {
        const struct capture_file *file = &f->files.file[i];
        FUZZ_CHECK(!file->is_open, "output %d was not closed", i);
        if (i < f->files.n_opened)
            FUZZ_CHECK(file->close_status == status, "output %d closed with %d, not %d",
                       i, file->close_status, status);
        FUZZ_CHECK(f->result.output[i].status == status || status == SCT_OK ||
                       i >= f->files.n_opened,
                   "output %d says %d", i, f->result.output[i].status);
    }
    return status;
}

void fuzz_job_check_output(const struct fuzz_job *f, int i)
{
    const struct capture_file *file = &f->files.file[i];
    const struct sct_output *told = &f->result.output[i];
    struct fuzz_memory memory = {.data = file->bytes, .size = file->n_bytes};
    const struct sct_source source = {fuzz_read, &memory};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct sct_report report = {.message = ""};
    const struct sct_decoder_ops *ops;
    struct sct_picture picture;
    struct sct_band band;
    sct_decoder *decoder;

    if (!reader)
        abort();
    sct_reader_init(reader, &source);
    /* Where there is no room to encode what was salvaged, it is copied, damaged as it is. */
    const struct sct_decoder_spec spec = {.reader = reader,
                                          .limits = {.max_pixels = 1 << 26},
                                          .salvage = told->is_unchanged && f->job.salvage,
                                          .report = &report};
    int status = sct_decoder_open(&ops, &decoder, &spec, &picture);
    FUZZ_CHECK(status == SCT_OK, "output %d, %s: %s", i, told->format, report.message);
    FUZZ_CHECK(strcmp(picture.format, told->format) == 0, "%s", picture.format);
    FUZZ_CHECK(picture.width == told->width && picture.height == told->height,
               "%d x %d, announced as %d x %d", picture.width, picture.height,
               told->width, told->height);
    FUZZ_CHECK(picture.orientation == 1, "%d", picture.orientation);
    FUZZ_CHECK(told->bytes == file->n_bytes, "%zu bytes", file->n_bytes);
    while ((status = ops->read_band(decoder, &band)) == SCT_OK)
        ;
    FUZZ_CHECK(status == SCT_DONE, "output %d, %s%s: %s", i, told->format,
               told->is_unchanged ? ", copied" : "", report.message);
    ops->close(decoder);
    free(reader);
}
