/* The outputs of sources that went while nobody watched, or with their whole folder. Command only. */
#ifndef SCT_WATCH_SWEEP_H
#define SCT_WATCH_SWEEP_H

#include "watch_work.h"

/* Removes what was made of files of this source that are not there any more, but for those that were
 * moved to the failed folder. `folder`: of those below it alone, as far as keys tell; "": of all.
 * is_seen: somebody has seen them go. Otherwise nothing is removed, unless mirrors_empty, when the source
 * has no file at all, or is not the folder that it was the last time, as far as the failed folder knows:
 * then it is rather a share that is not mounted. Ends early when `wants_end` says so, which is asked
 * often. SCT_OK; SCT_DONE: refused; a status: nothing more is removed. All but SCT_OK is logged. */
int sct_watch_sweep(struct sct_watch *watch, const char *folder, int is_seen,
                    int (*wants_end)(void *ctx), void *ctx);

#endif
