/* Any bytes through the whole pipeline, with options out of the last bytes. A plan and a run have
 * to agree, and what is published has to be what was announced. */
#include "fuzz_job.h"

/* All that a plan tells of the outputs. */
static void check_plan(const struct fuzz_job *f, const struct sct_output *planned)
{
    for (int i = 0; i < f->job.n_variants; i++) {
        const struct sct_output *o = &f->result.output[i];
        FUZZ_CHECK(o->width == planned[i].width && o->height == planned[i].height,
                   "%d x %d, planned as %d x %d", o->width, o->height, planned[i].width,
                   planned[i].height);
        FUZZ_CHECK(o->format == planned[i].format, "%s", o->format);
        const struct sct_variant *v = &f->job.variants[i];
        if (!f->job.salvage && !v->quality_exact && !v->score && !v->max_bytes)
            FUZZ_CHECK(o->is_unchanged == planned[i].is_unchanged, "%d", o->is_unchanged);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_options options = {data, size};
    struct fuzz_job *f = fuzz_job_make(&options, data, size);
    struct sct_output planned[FUZZ_MAX_VARIANTS];

    const int plan = fuzz_job_plan(f);
    memcpy(planned, f->result.output, sizeof planned);
    const int run = fuzz_job_run(f);
    FUZZ_CHECK(plan == SCT_OK || plan == run || plan == SCT_ERR_TIMEOUT ||
                   run == SCT_ERR_TIMEOUT,
               "planned %s, run %s", sct_status_name(plan), sct_status_name(run));
    if (run == SCT_OK) {
        check_plan(f, planned);
        for (int i = 0; i < f->job.n_variants; i++)
            fuzz_job_check_output(f, i);
    }
    fuzz_job_free(f);
    return 0;
}
