/* The outcome of one input: all that the reports need. Command only. */
#ifndef SCT_OUTCOME_H
#define SCT_OUTCOME_H

#include "scantling.h"

struct sct_outcome {
    const char *input; /* as it was given; borrowed */
    int status;
    int is_skipped;    /* all outputs were there already */
    int is_dry_run;    /* outputs are planned, not written */
    char message[256]; /* why it failed, or "" */
    struct sct_result result;
    /* Of the job's variants, which may be fewer than were asked for; borrowed. */
    int n_outputs;
    const char *path[SCT_MAX_VARIANTS], *name[SCT_MAX_VARIANTS];
    int is_there[SCT_MAX_VARIANTS]; /* written, or would be in a dry run */
};

#endif
