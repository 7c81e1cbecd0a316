/* --json: one object per input, on one line. Command only. */
#ifndef SCT_REPORT_JSON_H
#define SCT_REPORT_JSON_H

#include <stdio.h>

#include "outcome.h"

/* Prints the line. SCT_OK; SCT_ERR_MEMORY: there is no line. Errors of `out` are left for
 * ferror. */
int sct_report_json_print(FILE *out, const struct sct_outcome *outcome);

/* The same of a log: with "time" and "event" in front, and "failed", where the input is now, behind
 * (NULL: nothing). */
int sct_report_json_print_event(FILE *out, const char *event,
                                const struct sct_outcome *outcome, const char *failed);

/* "retry" of such a log: input, verdict, message, and delay_ms, a number. */
int sct_report_json_print_retry(FILE *out, const struct sct_outcome *outcome,
                                int64_t delay_ms);

/* A line of a log without an outcome: time, event, and n pairs of keys and texts. */
int sct_report_json_print_log(FILE *out, const char *event, int n,
                              const char *const pair[][2]);

struct sct_info; /* see info.h */
int sct_report_json_print_info(FILE *out, const struct sct_info *info);

struct sct_comparison; /* see comparison.h */
int sct_report_json_print_comparison(FILE *out, const struct sct_comparison *c);

#endif
