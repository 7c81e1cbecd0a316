/* What a person reads: lines about outputs on stdout, about trouble on stderr. Command
 * only. */
#ifndef SCT_REPORT_TEXT_H
#define SCT_REPORT_TEXT_H

#include <stdio.h>

#include "outcome.h"

/* "photo.jpg -> photo-1600.jpg 1600x1200 312 kB 41 ms", one line per output; the CPU time
 * is that of the whole input and stands on its last line. Nothing for failures. */
void sct_report_text_print(FILE *out, const struct sct_outcome *outcome);

/* "3 of 4 inputs, 6 outputs: 12 MB in, 1.4 MB out, 22 MB saved". */
void sct_report_text_sum(FILE *out, const struct sct_sum *sum);

/* "scantling: photo.jpg: truncated: data ends at row 512 of 3024" on stderr, and likewise
 * what was salvaged, and warnings when they are wanted. Nothing when all is well. */
void sct_report_text_complain(const struct sct_outcome *outcome, int wants_warnings);

#endif
