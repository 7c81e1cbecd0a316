/* One record after the other; stores of sources are opened when a record first names them. */
#define _GNU_SOURCE 1
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "failure.h"
#include "source_url.h"
#include "sqs.h"
#include "stopwatch.h"
#include "verdict.h"

struct source {
    char *url;
    sct_store *store;
};

struct sct_service {
    const struct sct_service_spec *spec;
    sct_effect *effect;
    sct_store *target;
    struct source source[SCT_SERVICE_MAX_SOURCES];
    int n_sources, next_source; /* the one to be replaced when there are too many */
    sct_sqs *failed;
    char *trace_id;
    const struct sct_effect_result *result;
    struct sct_effect_result
        refusal; /* of a record that does not get as far as the effect */
};

/* ---- opening ------------------------------------------------------------------------- */

int sct_service_create(sct_service **out, const struct sct_service_spec *spec,
                       struct sct_report *report)
{
    sct_service *const s = *out = calloc(1, sizeof *s);
    const struct sct_store_spec how = {.credentials = spec->credentials,
                                       .makes_folder = 1,
                                       .is_durable = spec->is_durable};
    int status = s ? SCT_OK : SCT_ERR_MEMORY;
    for (int i = 0; status == SCT_OK && i < spec->n_sources; i++)
        status = sct_effect_check_apart(spec->source[i], spec->target, report);
    if (status == SCT_OK) {
        s->spec = spec;
        status = sct_store_open(&s->target, spec->target, &how, report);
    }
    if (status == SCT_OK && spec->checks_target) {
        status = sct_store_check(s->target);
        if (status != SCT_OK)
            sct_report_fail(report, status, "%s: %s", spec->target,
                            sct_store_message(s->target));
    }
    if (status == SCT_OK)
        status = sct_effect_create(&s->effect, spec->recipe);
    if (status == SCT_OK && spec->failed_queue)
        status = sct_sqs_open(&s->failed, spec->failed_queue, spec->credentials, report);
    if (status != SCT_OK) {
        sct_service_free(s);
        *out = NULL;
    }
    return status;
}

void sct_service_free(sct_service *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n_sources; i++) {
        sct_store_close(s->source[i].store);
        free(s->source[i].url);
    }
    sct_sqs_close(s->failed);
    sct_effect_free(s->effect);
    sct_store_close(s->target);
    free(s->trace_id);
    free(s);
}

int sct_service_trace(sct_service *s, const char *trace_id)
{
    free(s->trace_id);
    s->trace_id = trace_id && trace_id[0] ? strdup(trace_id) : NULL;
    int status = sct_store_trace(s->target, s->trace_id);
    for (int i = 0; status == SCT_OK && i < s->n_sources; i++)
        status = sct_store_trace(s->source[i].store, s->trace_id);
    if (status == SCT_OK && s->failed)
        status = sct_sqs_trace(s->failed, s->trace_id);
    return status;
}

/* ---- sources ------------------------------------------------------------------------- */

/* Unless it is a source, no folder: whoever may write to the queue is not to have this machine's
 * pictures published. */
static int is_allowed(const struct sct_service_spec *spec,
                      const struct sct_event_record *record)
{
    return spec->n_sources > 0 ? sct_source_holds(spec->source, spec->n_sources,
                                                  record->store, record->key)
                               : strncmp(record->store, "s3:", 3) == 0;
}

static int open_source(sct_service *s, const char *url, sct_store **out,
                       struct sct_report *report)
{
    const struct sct_store_spec how = {.credentials = s->spec->credentials};
    for (int i = 0; i < s->n_sources; i++) {
        *out = s->source[i].store;
        if (strcmp(s->source[i].url, url) == 0)
            return SCT_OK;
    }
    char *const name = strdup(url);
    int status = name ? sct_store_open(out, url, &how, report) : (int)SCT_ERR_MEMORY;
    const int is_open = status == SCT_OK;
    if (is_open)
        status = sct_store_trace(*out, s->trace_id);
    if (status != SCT_OK) {
        if (is_open)
            sct_store_close(*out);
        free(name);
        return status;
    }
    struct source *place = &s->source[s->n_sources];
    if (s->n_sources < SCT_SERVICE_MAX_SOURCES) {
        s->n_sources++;
    } else {
        place = &s->source[s->next_source++ % SCT_SERVICE_MAX_SOURCES];
        sct_store_close(place->store);
        free(place->url);
    }
    *place = (struct source){name, *out};
    return SCT_OK;
}

/* ---- a record ------------------------------------------------------------------------ */

static const struct sct_effect_result *refuse(sct_service *s,
                                              const struct sct_event_record *record,
                                              int status, const char *message)
{
    struct sct_effect_result *const r = &s->refusal;
    memset(r, 0, sizeof *r);
    r->outcome.input = record->key ? record->key : "";
    sct_outcome_fail(&r->outcome, status, message);
    r->etag = "";
    return r;
}

/* An output is no upload, whoever lets the target's events come here. */
static const struct sct_effect_result *ignore(sct_service *s,
                                              const struct sct_event_record *record)
{
    struct sct_effect_result *const r = &s->refusal;
    memset(r, 0, sizeof *r);
    r->outcome.input = record->key;
    r->outcome.is_skipped = 1;
    r->kind = SCT_EFFECT_IGNORED;
    return r;
}

static const struct sct_effect_result *
work(sct_service *s, const struct sct_event_record *record, int64_t deadline_ms)
{
    struct sct_report report = {.message = ""};
    struct sct_effect_spec spec = {.target = s->target,
                                   .isolate = s->spec->isolate,
                                   .deadline_ms = deadline_ms,
                                   .only = SCT_EFFECT_ALL};
    if (record->status == SCT_OK) {
        if (sct_source_holds(&s->spec->target, 1, record->store, record->key))
            return ignore(s, record);
        if (!is_allowed(s->spec, record))
            return refuse(s, record, SCT_ERR_ARGUMENT,
                          "the object is not in a source of this service");
        const int status = open_source(s, record->store, &spec.source, &report);
        if (status != SCT_OK)
            return refuse(s, record, status, report.message);
    }
    return sct_effect_run(s->effect, &spec, record);
}

static struct sct_verdict find_verdict(const sct_service *s,
                                       const struct sct_event_record *record)
{
    return record->status != SCT_OK ? sct_event_verdict(record->status)
                                    : sct_effect_verdict(s->result);
}

/* Whether the failure queue has it. */
static int hand_over(sct_service *s, const struct sct_event_record *record,
                     const char *original, const char *request_id)
{
    const struct sct_outcome *const o = &s->result->outcome;
    char now[SCT_CLOCK_BYTES];
    struct sct_report report = {.message = ""};
    const struct sct_verdict verdict = find_verdict(s, record);
    struct sct_event_record known =
        *record; /* what failed, and not what comes after it */
    sct_clock_print(now);
    if (record->status == SCT_OK && !known.etag && s->result->etag[0])
        known.etag = s->result->etag;
    const struct sct_failure_note note = {.record = &known,
                                          .verdict = verdict.word,
                                          .message = o->message,
                                          .time = now,
                                          .is_permanent = 1,
                                          .original = original};
    char *const body = sct_failure_write(&note);
    const struct sct_sqs_attribute attribute[] = {
        {"ErrorCode", "String", verdict.word},
        {"ErrorMessage", "String", o->message[0] ? o->message : verdict.word},
        {"RequestID", "String", request_id}};
    struct sct_sqs_entry entry = {.body = body,
                                  .attribute = attribute,
                                  .n_attributes = request_id && request_id[0] ? 3 : 2};
    const int status =
        body ? sct_sqs_send(s->failed, &entry, 1, &report) : (int)SCT_ERR_MEMORY;
    free(body);
    if (status != SCT_OK)
        sct_log_message(s->spec->log, SCT_LOG_ERROR, "failure_not_delivered", "%s: %s",
                        o->input, report.message);
    if (status != SCT_OK && s->spec->metrics)
        sct_metrics_count(s->spec->metrics, SCT_TROUBLE_UNDELIVERED);
    return status == SCT_OK;
}

static const char *name_of(const struct sct_effect_result *r)
{
    static const char *const names[] = {"made", "current", "stale",
                                        "gone", "removed", "ignored"};
    return r->outcome.status != SCT_OK ? sct_effect_may_pass(r) ? "again" : "failed"
                                       : names[r->kind];
}

static void count(const sct_service *s, const struct sct_event_record *record,
                  double duration_ms)
{
    const struct sct_effect_result *const r = s->result;
    const struct sct_metrics_sample sample = {.verdict = find_verdict(s, record).word,
                                              .read_bytes = r->read_bytes,
                                              .written_bytes = r->written_bytes,
                                              .n_outputs = r->outcome.n_outputs,
                                              .duration_ms = duration_ms,
                                              .ms = r->outcome.result.ms};
    sct_metrics_add(s->spec->metrics, &sample);
}

static void say(const sct_service *s, const struct sct_event_record *record)
{
    const struct sct_effect_result *const r = s->result;
    const struct sct_outcome *const o = &r->outcome;
    const int is_bad = o->status != SCT_OK;
    const struct sct_verdict verdict = find_verdict(s, record);
    struct sct_log_field field[12];
    int n = 0;
    field[n++] = sct_log_text("store", record->store ? record->store : "");
    field[n++] = sct_log_text("key", o->input);
    field[n++] = sct_log_text("verdict", verdict.word);
    if (is_bad)
        field[n++] = sct_log_text("message", o->message);
    if (record->sequencer)
        field[n++] = sct_log_text("sequencer", record->sequencer);
    if (r->kind == SCT_EFFECT_MADE && !is_bad) {
        field[n++] = sct_log_number("outputs", o->n_outputs);
        field[n++] = sct_log_number("bytes_in", (double)r->read_bytes);
        field[n++] = sct_log_number("bytes_out", (double)r->written_bytes);
        field[n++] = sct_log_number("cpu_ms", o->result.ms.total);
        field[n++] = sct_log_number("decode_ms", o->result.ms.decode);
        field[n++] = sct_log_number("resize_ms", o->result.ms.resize);
        field[n++] = sct_log_number("encode_ms", o->result.ms.encode);
    }
    sct_log_event(s->spec->log, is_bad ? SCT_LOG_WARN : SCT_LOG_INFO, name_of(r), field,
                  n);
}

enum sct_service_end sct_service_handle(sct_service *s,
                                        const struct sct_event_record *record,
                                        int64_t deadline_ms, const char *original,
                                        const char *request_id)
{
    const double began_ms = sct_wall_ms();
    s->result = work(s, record, deadline_ms);
    say(s, record);
    if (s->spec->metrics)
        count(s, record, sct_wall_ms() - began_ms);
    if (s->result->outcome.status == SCT_OK)
        return SCT_SERVICE_DONE;
    if (sct_effect_may_pass(s->result))
        return SCT_SERVICE_AGAIN;
    if (!s->failed)
        return SCT_SERVICE_FAILED;
    return hand_over(s, record, original, request_id) ? SCT_SERVICE_DONE
                                                      : SCT_SERVICE_AGAIN;
}

const struct sct_effect_result *sct_service_result(const sct_service *s)
{
    return s->result;
}
