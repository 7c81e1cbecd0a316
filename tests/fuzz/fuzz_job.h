/* Whole jobs out of any bytes: the picture, and from its last bytes what is to be done to it. For
 * the targets that run the pipeline. */
#ifndef SCT_FUZZ_JOB_H
#define SCT_FUZZ_JOB_H

#include "capture.h"
#include "fuzz.h"
#include "scantling.h"

enum { FUZZ_MAX_VARIANTS = 3 };

/* About 300 KB: on the heap. */
struct fuzz_job {
    struct capture_input input;
    struct capture_files files;
    struct sct_variant variants[FUZZ_MAX_VARIANTS];
    struct sct_job job;
    struct sct_result result;
};

/* Owned by the caller, freed with fuzz_job_free. The input is read in pieces, of any size. */
struct fuzz_job *fuzz_job_make(struct fuzz_options *options, const uint8_t *data,
                               size_t size);
void fuzz_job_free(struct fuzz_job *f);

/* Plans or runs it from the start, and checks what holds of every job: the status is known and
 * told, every target that was opened has been closed, with SCT_OK only if the job is. */
int fuzz_job_plan(struct fuzz_job *f);
int fuzz_job_run(struct fuzz_job *f);

/* Whether one output of a job that went well is what was announced: format, size, and it decodes
 * to its end. */
void fuzz_job_check_output(const struct fuzz_job *f, int i);

#endif
