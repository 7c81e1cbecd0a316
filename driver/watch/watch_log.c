/* What a watch says. Lines come from several threads, each in one piece. */
#define _GNU_SOURCE 1
#include "watch_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "report_json.h"
#include "report_text.h"
#include "text.h"
#include "verdict.h"

void sct_watch_log_outcome(const struct sct_options *o, const struct sct_outcome *outcome,
                           const char *where)
{
    const char *const event = outcome->status != SCT_OK ? "failed"
                              : outcome->is_skipped     ? "skipped"
                                                        : "done";
    if (o->json) {
        sct_report_json_print_event(stdout, event, outcome, where);
        return;
    }
    sct_report_text_complain(outcome, !o->quiet);
    if (o->quiet || outcome->is_skipped)
        return;
    flockfile(stdout);
    sct_report_text_print(stdout, outcome);
    fflush(stdout);
    funlockfile(stdout);
}

void sct_watch_log_retry(const struct sct_options *o, const struct sct_outcome *outcome,
                         int64_t delay_ms)
{
    if (o->json)
        sct_report_json_print_retry(stdout, outcome, delay_ms);
    else /* it may be the last that is heard for long: also with --quiet */
        sct_text_complain("%s: %s: %s; trying again, first in %lld ms", outcome->input,
                          sct_verdict_of(outcome->status).word, outcome->message,
                          (long long)delay_ms);
}

void sct_watch_log_event(const struct sct_options *o, const char *event, const char *text)
{
    const char *const pairs[][2] = {{"text", text}};
    if (o->json) {
        sct_report_json_print_log(stdout, event, text[0] ? 1 : 0, pairs);
    } else if (!o->quiet) {
        char *const escaped = sct_text_escape(text);
        printf("%s%s%s\n", event, text[0] ? ": " : "", escaped ? escaped : "?");
        fflush(stdout);
        free(escaped);
    }
}

void sct_watch_log_trouble(const struct sct_options *o, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    sct_text_complain("%s", text ? text : "out of memory");
    if (o->json && text) {
        const char *const pairs[][2] = {{"message", text}};
        sct_report_json_print_log(stdout, "trouble", 1, pairs);
    }
    free(text);
}
