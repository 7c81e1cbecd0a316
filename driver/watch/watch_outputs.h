/* The outputs of a watch: where they are, and how they go. Command only. */
#ifndef SCT_WATCH_OUTPUTS_H
#define SCT_WATCH_OUTPUTS_H

#include "watch_work.h"

/* The path of an output, in the real target. NULL when there is no memory; the caller frees it. */
char *sct_watch_output(const struct sct_watch *watch, const char *key,
                       const struct sct_variant *variant,
                       const struct sct_encoder_ops *format);

/* Whether a path leads into the target, and no link on the way out of it. */
int sct_watch_is_below(const struct sct_watch *watch, const char *path);

/* Removes the outputs that carry the stamp of this source, which is gone, and folders that are empty
 * then. */
void sct_watch_remove_outputs(const struct sct_watch *watch, const char *key);

#endif
