/* --json: one object per input, on one line. Command only. */
#ifndef SCT_REPORT_JSON_H
#define SCT_REPORT_JSON_H

#include <stdio.h>

#include "outcome.h"

/* Prints the line. SCT_OK; SCT_ERR_MEMORY: there is no line. Errors of `out` are left for
 * ferror. */
int sct_report_json_print(FILE *out, const struct sct_outcome *outcome);

struct sct_info; /* see info.h */
int sct_report_json_print_info(FILE *out, const struct sct_info *info);

struct sct_comparison; /* see comparison.h */
int sct_report_json_print_comparison(FILE *out, const struct sct_comparison *c);

#endif
