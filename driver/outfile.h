/* Output files of one input, as a target of the pipeline. Command only.
 *
 *     a file      is written under a temporary name and renamed when it is whole; it gets
 * the input's permissions, masked by the umask stdout (-), a device or a pipe cannot be
 * renamed: the output is kept in memory until it is whole and then written, so that a
 * failure writes nothing
 *
 * Nothing is synced to the disk: after a power failure the file may be gone or old, as
 * after cp; whoever needs more runs sync once, at the end, which is cheaper than once for
 * every picture. */
#ifndef SCT_OUTFILE_H
#define SCT_OUTFILE_H

#include <sys/types.h>

#include "scantling.h"
#include "tempfiles.h"

typedef struct sct_outset sct_outset;

struct sct_outset_spec {
    sct_tempfiles *tempfiles; /* borrowed */
    char *const *path; /* [n]: where each variant of the job goes, or "-"; borrowed */
    int n;
    mode_t mode;       /* permissions before the umask */
    int makes_folders; /* create missing folders on the way */
};

/* SCT_OK or SCT_ERR_MEMORY; *out is NULL on failure. */
int sct_outset_create(sct_outset **out, const struct sct_outset_spec *spec);
void sct_outset_free(sct_outset *set); /* accepts NULL */

struct sct_target sct_outset_target(sct_outset *set);

/* Why the first output that failed did, or "". */
const char *sct_outset_message(const sct_outset *set);

/* Whether output i is there now, whole, under its name. */
int sct_outset_is_published(const sct_outset *set, int i);

#endif
