/* Lines for people. See the header for what they look like. */
#include "report_text.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "verdict.h"

static void print_name(FILE *out, const char *name)
{
    char *const escaped = sct_text_escape(name);
    fputs(escaped ? escaped : "?", out);
    free(escaped);
}

static void print_output(FILE *out, const struct sct_outcome *o, int i)
{
    const struct sct_output *const output = &o->result.output[i];
    print_name(out, o->input);
    fputs(" -> ", out);
    print_name(out, o->path[i]);
    fprintf(out, " %dx%d", output->width, output->height);
    if (o->is_dry_run) {
        fputs(" (dry run)\n", out);
        return;
    }
    char size[16];
    sct_text_bytes(size, output->bytes);
    fprintf(out, " %s%s", size, output->is_unchanged ? " unchanged" : "");
    if (i == o->n_outputs - 1)
        fprintf(out, " %.*f ms", o->result.ms.total < 10 ? 1 : 0, o->result.ms.total);
    fputc('\n', out);
}

void sct_report_text_print(FILE *out, const struct sct_outcome *o)
{
    if (o->is_skipped) {
        print_name(out, o->input);
        fputs(": skipped, all outputs are there\n", out);
        return;
    }
    for (int i = 0; i < o->n_outputs && o->status == SCT_OK; i++)
        print_output(out, o, i);
}

void sct_report_text_sum(FILE *out, const struct sct_sum *sum)
{
    char in[16], written[16], saved[16];
    sct_text_bytes(in, sum->bytes);
    sct_text_bytes(written, sum->output_bytes);
    sct_text_bytes(saved, (uint64_t)llabs(sum->saved_bytes));
    fprintf(out, "%d of %d inputs, %d outputs: %s in, %s out, %s %s\n", sum->n_fine,
            sum->n_inputs, sum->n_outputs, in, written, saved,
            sum->saved_bytes < 0 ? "more" : "saved");
}

void sct_report_text_complain(const struct sct_outcome *o, int wants_warnings)
{
    const char *const input = strcmp(o->input, "-") == 0 ? "stdin" : o->input;
    const struct sct_report *const report = &o->result.report;
    if (o->status < 0)
        sct_text_complain("%s: %s: %s", input, sct_verdict_of(o->status).word,
                          o->message);
    else if (report->damage)
        sct_text_complain("%s: salvaged: %s: damaged from row %d on", input,
                          sct_status_name(report->damage), report->damaged_row);
    if (wants_warnings && report->n_warnings == 1)
        sct_text_complain("%s: warning: %s", input, report->warning);
    else if (wants_warnings && report->n_warnings > 1)
        sct_text_complain("%s: warning: %s (and %d more)", input, report->warning,
                          report->n_warnings - 1);
}
