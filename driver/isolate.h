/* Jobs in processes of their own, each in the sandbox: what a picture that takes over its
 * decoder can reach is its own outputs. Command and servers; Linux.
 *
 *     this process   |  forker (one for each job at a time)  |  child, one for each job
 *     --------------------------------------------------------------------------------
 *     opens the input -- descriptor --------------------------> enters the sandbox
 *     target.open, write, close <------------- messages ------- decodes, resizes, encodes
 *     the result      <--------------------------------------- and ends
 *
 * The target runs here, so names, temporary files and whatever else it guarantees are as they
 * are without. The child has no descriptor but its input and one end of a socket. It dies
 * with this process, and nobody's death is this process's. */
#ifndef SCT_ISOLATE_H
#define SCT_ISOLATE_H

#include "infile.h"
#include "scantling.h"

typedef struct sct_isolate sct_isolate;

/* Makes sure that the sandbox works, and starts the forkers, for n_jobs jobs at a time.
 *
 * To be called before the first thread is started, because it forks, and by a thread that
 * lives as long as the result. SCT_OK; SCT_ERR_UNSUPPORTED: no sandbox in this build, or
 * under this kernel; SCT_ERR_MEMORY; SCT_ERR_IO: no processes, no descriptors. Then *out is
 * NULL and `message` says why. */
int sct_isolate_create(sct_isolate **out, int n_jobs, char *message,
                       size_t message_bytes);
void sct_isolate_free(sct_isolate *iso); /* accepts NULL */

/* sct_job_run, or sct_job_plan when is_plan, in a process of its own; by several threads at
 * the same time, which wait for each other when they are more than n_jobs. The source is
 * `in`, whatever the job has for one. filter, format and dsp of the job must be the library's
 * own. Without iso (NULL) the job is done in this process.
 *
 * A child that has not ended half a second after limits.max_seconds is killed, whatever it is at:
 * SCT_ERR_TIMEOUT, as when it sees that by itself.
 *
 * Returns result->status: as theirs, and SCT_ERR_CRASHED when the child came to another end
 * than its own; the report says which. SCT_ERR_IO also when the forker is gone. Outputs that
 * the target had closed before a crash remain, and result->output[i].status is SCT_OK. */
int sct_isolate_run(sct_isolate *iso, const struct sct_job *job, struct sct_infile *in,
                    int is_plan, struct sct_result *result);

/* Whether this build has a sandbox at all. */
int sct_isolate_is_built_in(void);

/* What is behind it, for --version: "seccomp (libseccomp 2.5.4)", or "not built in". */
void sct_isolate_describe(char *out, size_t n);

#endif
