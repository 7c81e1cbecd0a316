/* The outputs of sources that went while nobody watched, or with their whole folder. Command only. */
#ifndef SCT_WATCH_SWEEP_H
#define SCT_WATCH_SWEEP_H

#include "watch_work.h"

/* Removes what was made of files of this source that are not there any more. `folder`: of those below
 * it alone, as far as keys tell; "": of all. Ends early when `wants_end` says so, which is asked
 * often. What goes wrong is logged; then nothing more is removed. */
void sct_watch_sweep(struct sct_watch *watch, const char *folder,
                     int (*wants_end)(void *ctx), void *ctx);

#endif
