/* One input's job, from a file to files, and its outcome. Command only. */
#ifndef SCT_FILEJOB_H
#define SCT_FILEJOB_H

#include "infile.h"
#include "isolate.h"
#include "options.h"
#include "outcome.h"
#include "outfile.h"

/* All borrowed. */
struct sct_filejob {
    const struct sct_options *options;
    sct_isolate *isolate; /* NULL: no sandbox */
    sct_outset *outset;
    struct sct_target target; /* the outset's, or something in front of it */
    const struct sct_variant *variant;
    int n;                  /* of variants */
    const int *has_changed; /* what fails is the input's having changed meanwhile */
};

/* Runs the job, or plans it when it is a dry run. The outcome's status, message, result and
 * is_there are set; its paths and names are the caller's. */
void sct_filejob_run(const struct sct_filejob *job, struct sct_infile *in,
                     struct sct_outcome *o);

#endif
