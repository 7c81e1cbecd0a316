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

/* Notes a failure; "" is what there is to say about the status in general. */
void sct_outcome_fail(struct sct_outcome *o, int status, const char *message);

/* Whether it is fine and all that has been written is the input's own data. */
static inline int sct_outcome_is_unchanged(const struct sct_outcome *o)
{
    int n = 0;
    for (int i = 0; i < o->n_outputs; i++) {
        if (!o->result.output[i].is_unchanged)
            return 0;
        n++;
    }
    return o->status == SCT_OK && n > 0;
}

/* Bytes that output i has less than the input; below 0 where it has more. */
static inline int64_t sct_outcome_saved_bytes(const struct sct_outcome *o, int i)
{
    return (int64_t)o->result.bytes - (int64_t)o->result.output[i].bytes;
}

/* All outcomes of a command together. */
struct sct_sum {
    int n_inputs, n_fine; /* reported so far */
    int n_outputs;        /* written */
    uint64_t bytes, output_bytes;
    int64_t saved_bytes; /* of each output, its input's bytes less its own */
};

#endif
