/* resize: events in any of their shapes; each record becomes its variants, once.
 *
 *     SQS         each message is done when all of its records are: the others are named in
 *                 {"batchItemFailures": [...]}
 *     all others  what may pass fails the whole invocation, after everything else is done: Lambda
 *                 repeats it, and what is done is found done
 *
 * Permanent failures go to the failure queue at once. Without one they fail the message, or the
 * invocation, too, so that the platform's own dead-letter queue gets them. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_answer.h"
#include "clock.h"
#include "event.h"
#include "handlers.h"
#include "service.h"
#include "settings.h"
#include "verdict.h"

struct resize {
    struct sct_settings settings;
    struct sct_service_spec spec;
    sct_credentials *credentials;
    sct_service *service;
    sct_metrics *metrics;
    struct sct_log *log;
};

static void end_resize(void *ctx)
{
    struct resize *const r = ctx;
    sct_service_free(r->service);
    sct_metrics_free(r->metrics);
    sct_credentials_free(r->credentials);
    sct_settings_free(&r->settings);
}

static int begin_resize(void *ctx, struct sct_log *log, struct sct_report *report)
{
    struct resize *const r = ctx;
    struct sct_settings *const s = &r->settings;
    struct sct_metrics_spec metrics;
    r->log = log;
    int status = sct_settings_init(s, report);
    if (status == SCT_OK && !s->target)
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "SCANTLING_TARGET is missing: where outputs go");
    if (status == SCT_OK)
        status = sct_credentials_create(&r->credentials, NULL);
    const struct sct_store_spec how = {.credentials = r->credentials};
    if (status == SCT_OK)
        status = sct_settings_finish(s, &how, report);
    sct_metrics_spec_init(&metrics);
    if (status == SCT_OK)
        status = sct_metrics_create(&r->metrics, &metrics);
    r->spec = (struct sct_service_spec){.recipe = &s->recipe,
                                        .target = s->target,
                                        .n_sources = s->n_sources,
                                        .failed_queue = s->failed,
                                        .credentials = r->credentials,
                                        .log = r->log,
                                        .metrics = r->metrics};
    memcpy(r->spec.source, s->source, sizeof r->spec.source);
    return status == SCT_OK ? sct_service_create(&r->service, &r->spec, report) : status;
}

/* What has come of an event's records. */
struct tally {
    unsigned char *is_left; /* of each message: not done */
    int n_fine, n_left;
    int status; /* of the first that is left */
    char message[400];
};

static void note_left(struct tally *tally, const struct sct_event_record *record,
                      const struct sct_effect_result *result)
{
    const struct sct_outcome *const o = &result->outcome;
    if (record->message >= 0)
        tally->is_left[record->message] = 1;
    if (tally->n_left++ > 0)
        return;
    tally->status = o->status;
    snprintf(tally->message, sizeof tally->message, "%s: %.120s: %.220s",
             record->status != SCT_OK ? sct_event_verdict(record->status).word
                                      : sct_verdict_of(o->status).word,
             o->input, o->message);
}

static int print_answer(struct sct_answer *answer, const struct sct_event *event,
                        const struct tally *tally)
{
    if (event->n_messages > 0)
        return sct_batch_answer(answer, event->message, event->n_messages,
                                tally->is_left);
    sct_buffer_format(&answer->body, "{\"records\":%d}", tally->n_fine);
    return answer->body.has_failed ? SCT_ERR_MEMORY : SCT_OK;
}

static int work(struct resize *r, const struct sct_invocation *invocation,
                struct sct_event *event, struct tally *tally)
{
    const int64_t deadline_ms =
        invocation->deadline_ms == INT64_MAX ? 0 : invocation->deadline_ms;
    tally->is_left = calloc((size_t)event->n_messages + 1, 1);
    if (!tally->is_left)
        return SCT_ERR_MEMORY;
    for (int i = 0; i < event->n_records; i++) {
        const struct sct_event_record *const record = &event->record[i];
        if (sct_service_handle(r->service, record, deadline_ms, invocation->payload,
                               invocation->request_id) == SCT_SERVICE_DONE)
            tally->n_fine++;
        else
            note_left(tally, record, sct_service_result(r->service));
    }
    return SCT_OK;
}

static void print_metrics(struct resize *r)
{
    sct_metrics_print_emf(r->metrics, stdout, sct_clock_now_ms());
    fflush(stdout);
}

static int handle_resize(void *ctx, const struct sct_invocation *invocation,
                         struct sct_answer *answer)
{
    struct resize *const r = ctx;
    struct sct_event event;
    struct tally tally = {.is_left = NULL};
    int status = sct_event_parse(&event, invocation->payload, invocation->payload_bytes);
    if (status == SCT_OK)
        status = sct_service_trace(r->service, invocation->trace_id);
    if (status == SCT_OK)
        status = work(r, invocation, &event, &tally);
    print_metrics(r);
    if (status == SCT_OK && tally.n_left > 0 && event.n_messages == 0)
        status = sct_answer_fail(answer, tally.status, NULL, "%s", tally.message);
    else if (status == SCT_OK)
        status = print_answer(answer, &event, &tally);
    free(tally.is_left);
    sct_event_free(&event);
    return status;
}

const struct sct_handler sct_handler_resize = {.name = "resize",
                                               .ctx_bytes = sizeof(struct resize),
                                               .begin = begin_resize,
                                               .handle = handle_resize,
                                               .end = end_resize};
