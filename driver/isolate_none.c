/* Built where there is no sandbox: who asks for one is told, and never goes without. */
#include "isolate.h"

#include <stdio.h>

int sct_isolate_create(sct_isolate **out, int n_jobs, char *message, size_t message_bytes)
{
    (void)n_jobs;
    *out = NULL;
    snprintf(message, message_bytes, "this build has no sandbox");
    return SCT_ERR_UNSUPPORTED;
}

void sct_isolate_free(sct_isolate *iso)
{
    (void)iso;
}

int sct_isolate_run(sct_isolate *iso, const struct sct_job *job, struct sct_infile *in,
                    int is_plan, struct sct_result *result)
{
    (void)iso; /* is NULL */
    struct sct_job here = *job;
    here.source = sct_infile_source(in);
    return is_plan ? sct_job_plan(&here, result) : sct_job_run(&here, result);
}

int sct_isolate_is_built_in(void)
{
    return 0;
}

void sct_isolate_describe(char *out, size_t n)
{
    snprintf(out, n, "not built in");
}
