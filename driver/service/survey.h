/* A survey: all objects of the sources, in the order of their keys, visited by several threads; goes
 * on where an earlier one has stopped.
 *
 *     list --> records, a few at a time --> threads: visit
 *       ^                                       |
 *       '-- state file: every object up to this key has been visited <--'
 *
 * The state file is replaced every few seconds and when a signal ends the survey, and removed
 * when it is complete. What was being visited in a process that was killed is visited again. Command
 * only. */
#ifndef SCT_SURVEY_H
#define SCT_SURVEY_H

#include <stdint.h>

#include "event.h"
#include "log.h"
#include "settings.h"

enum { SCT_SURVEY_BATCH = 10 };

struct sct_survey {
    const struct sct_settings *settings; /* sources and jobs; all borrowed */
    sct_credentials *credentials;
    const struct sct_log *log;
    const char *prefix;     /* of keys, or "" */
    const char *state_path; /* NULL: none */
    int64_t since_s;        /* objects that are older are left out; 0: none */
    int batch;              /* how many records a visit gets, 1..SCT_SURVEY_BATCH */

    /* What a thread visits with; NULL: it cannot begin, and has complained. */
    void *(*begin)(void *ctx);
    /* SCT_OK; below 0: the survey ends, and these are visited again. */
    int (*visit)(void *thread, const struct sct_event_record *record, int n);
    void (*end)(void *thread);
    void *ctx;
};

/* SCT_OK: all have been visited; SCT_DONE: a signal (SIGINT, SIGTERM) has ended it; or what a store or
 * a visit has failed with, after a line in the log. n_seen (may be NULL): objects visited. */
int sct_survey_run(const struct sct_survey *survey, int64_t *n_seen);

/* "2026-11-01", "2026-11-01T12:00:00Z", or "7d", "12h": so long ago. SCT_OK or SCT_ERR_ARGUMENT. */
int sct_survey_parse_since(const char *text, int64_t *since_s);

#endif
