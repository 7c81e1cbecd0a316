/* What a watch says: a line for each event, for people or in JSON. Command only. */
#ifndef SCT_WATCH_LOG_H
#define SCT_WATCH_LOG_H

#include "options.h"
#include "outcome.h"

/* Outcomes: done, skipped or failed; `where` is where a failed input is now, or NULL. */
void sct_watch_log_outcome(const struct sct_options *o, const struct sct_outcome *outcome,
                           const char *where);

/* It failed, and is tried again, as is what fails in the same way after it: that is not said. */
void sct_watch_log_retry(const struct sct_options *o, const struct sct_outcome *outcome,
                         int64_t delay_ms);

/* Anything else: "started", "removed", "overflow", "recovered", "stopped". `text` is a file, or says
 * more. */
void sct_watch_log_event(const struct sct_options *o, const char *event,
                         const char *text);

/* Something is wrong with the watch itself; on stderr, and in JSON also on stdout. */
void sct_watch_log_trouble(const struct sct_options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
