/* One input's job. Who of all those that take part knows best why it failed says so. */
#include "filejob.h"

#include <stdio.h>

#include "verdict.h"

void sct_filejob_run(const struct sct_filejob *fj, struct sct_infile *in,
                     struct sct_outcome *o)
{
    const struct sct_options *const options = fj->options;
    const struct sct_job job = {
        .variants = fj->variant,
        .n_variants = fj->n,
        .target = fj->target,
        .limits = options->limits,
        .salvage = options->salvage,
        .linear = options->linear,
        .dsp = &options->dsp,
    };
    const int status =
        sct_isolate_run(fj->isolate, &job, in, options->dry_run, &o->result);
    for (int i = 0; i < fj->n; i++)
        o->is_there[i] =
            options->dry_run ? status == SCT_OK : sct_outset_is_published(fj->outset, i);
    /* The file that could not be read or written knows more than the codec that noticed. */
    const char *message = o->result.report.message;
    if (status != SCT_OK && *fj->has_changed)
        message = "the file has changed while it was being worked on";
    else if (status != SCT_OK && in->message[0])
        message = in->message;
    else if (status != SCT_OK && sct_outset_message(fj->outset)[0])
        message = sct_outset_message(fj->outset);
    if (status != SCT_OK)
        sct_outcome_fail(o, status, message);
    else if (o->result.report.damage)
        snprintf(o->message, sizeof o->message, "%s",
                 message[0] ? message : sct_verdict_explain(o->result.report.damage));
}
