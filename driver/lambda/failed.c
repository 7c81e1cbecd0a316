/* failed: what has come to nothing is moved out of the uploads, and noted.
 *
 *     failures --> each: failed_move.c --> a line of the log --> an item of the table
 *
 * Reads a failure queue of SQS, in all of the shapes of failure.h, or is a destination itself. All
 * of it may be done twice: what is there is found there, and the table counts a request once. What
 * may pass goes back to the queue alone, in {"batchItemFailures": [...]}; so does what is refused: the
 * failure queue's own redrive policy ends that. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch_answer.h"
#include "dynamodb.h"
#include "failed_move.h"
#include "handlers.h"
#include "settings.h"
#include "source_url.h"
#include "verdict.h"
#include "words.h"

enum { MAX_DAYS = 36500 };

struct failed {
    struct sct_settings settings; /* of which the sources */
    sct_credentials *credentials;
    sct_store *to, *from; /* from: of from_url, where failures came from last */
    char *from_url;
    sct_dynamodb *table; /* NULL: none */
    int64_t keep_days;   /* its items; 0: for ever */
    struct sct_log *log;
    const char *trace_id;
};

/* ---- settings ------------------------------------------------------------------------ */

static void end_failed(void *ctx)
{
    struct failed *const f = ctx;
    sct_store_close(f->from);
    sct_store_close(f->to);
    free(f->from_url);
    sct_dynamodb_close(f->table);
    sct_credentials_free(f->credentials);
    sct_settings_free(&f->settings);
}

static const char *read_variable(const char *name)
{
    const char *const value = getenv(name);
    return value && value[0] ? value : NULL;
}

static int read_days(int64_t *days, struct sct_report *report)
{
    const char *const text = read_variable("SCANTLING_FAILED_DAYS");
    if (!text || sct_integer_parse(text, 1, MAX_DAYS, days) == SCT_OK)
        return SCT_OK;
    return sct_report_fail(report, SCT_ERR_ARGUMENT,
                           "SCANTLING_FAILED_DAYS: '%.40s' is not a whole number from 1 "
                           "to 36500",
                           text);
}

static int check_apart(const struct sct_settings *s, const char *store,
                       struct sct_report *report)
{
    if (!store)
        return sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "SCANTLING_FAILED_STORE is missing: where failed pictures go");
    if (s->n_sources == 0)
        return sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "SCANTLING_SOURCE is missing: which stores pictures may be moved out of");
    int status = SCT_OK;
    for (int i = 0; i < s->n_sources && status == SCT_OK; i++)
        status = sct_effect_check_apart(s->source[i], store, report);
    return status;
}

static int begin_failed(void *ctx, struct sct_log *log, struct sct_report *report)
{
    struct failed *const f = ctx;
    const char *const store = read_variable("SCANTLING_FAILED_STORE");
    const char *const table = read_variable("SCANTLING_FAILED_TABLE");
    f->log = log;
    int status = sct_settings_init(&f->settings, report);
    if (status == SCT_OK)
        status = read_days(&f->keep_days, report);
    if (status == SCT_OK)
        status = check_apart(&f->settings, store, report);
    if (status == SCT_OK)
        status = sct_credentials_create(&f->credentials, NULL);
    const struct sct_store_spec how = {.credentials = f->credentials, .makes_folder = 1};
    if (status == SCT_OK)
        status = sct_store_open(&f->to, store, &how, report);
    if (status == SCT_OK && table)
        status = sct_dynamodb_open(&f->table, table, f->credentials, report);
    return status;
}

/* ---- one failure --------------------------------------------------------------------- */

static int open_source(struct failed *f, const char *url, struct sct_report *report)
{
    const struct sct_store_spec how = {.credentials = f->credentials};
    if (f->from_url && strcmp(f->from_url, url) == 0)
        return sct_store_trace(f->from, f->trace_id);
    sct_store_close(f->from);
    free(f->from_url);
    f->from = NULL;
    f->from_url = NULL;
    int status = sct_store_open(&f->from, url, &how, report);
    if (status == SCT_OK && !(f->from_url = strdup(url)))
        status = SCT_ERR_MEMORY;
    return status == SCT_OK ? sct_store_trace(f->from, f->trace_id) : status;
}

/* What the table knows an object by: its version, or else its content. */
static const char *find_version(const struct sct_failure *failure)
{
    const struct sct_event_record *const r = &failure->record;
    return r->status != SCT_OK ? failure->request_id
           : r->version        ? r->version
           : r->etag           ? r->etag
                               : "-";
}

#define UPDATE                                                                           \
    "SET #verdict = :verdict, #message = :message, #last = :time, "                      \
    "#first = if_not_exists(#first, :time)"
#define MOVED     ", #moved = :moved"
#define NOT_MOVED ", #moved = if_not_exists(#moved, :moved)" /* by an earlier delivery */
#define EXPIRES   ", #expires = :expires"
#define ADD       " ADD #count :one, #requests :ids"
enum { UPDATE_BYTES = sizeof UPDATE NOT_MOVED EXPIRES ADD };

static void write_update(char out[UPDATE_BYTES], int is_moved, int expires)
{
    snprintf(out, UPDATE_BYTES, "%s%s%s%s", UPDATE, is_moved ? MOVED : NOT_MOVED,
             expires ? EXPIRES : "", ADD);
}

/* Counts it, once for each request. */
static int note(struct failed *f, const struct sct_failure *failure,
                const struct sct_failed_place *place, struct sct_report *report)
{
    const struct sct_event_record *const r = &failure->record;
    char now[SCT_CLOCK_BYTES], expires[24], *object = NULL;
    struct sct_report why = {.message = ""};
    sct_clock_print(now);
    snprintf(expires, sizeof expires, "%lld",
             (long long)time(NULL) + (long long)f->keep_days * 86400);
    if (!f->table)
        return SCT_OK;
    if (asprintf(&object, "%s%s%s", r->status == SCT_OK ? r->store : "(malformed)",
                 r->status == SCT_OK ? "/" : "", r->status == SCT_OK ? r->key : "") < 0)
        return SCT_ERR_MEMORY;
    const char *const id = failure->request_id[0] ? failure->request_id : "-";
    const char *const version = find_version(failure);
    const struct sct_dynamodb_value key[] = {
        {"object", "S", object}, {"version", "S", version[0] ? version : "-"}};
    const struct sct_dynamodb_value name[] = {
        {"#verdict", "", "verdict"},   {"#message", "", "message"},
        {"#first", "", "first_time"},  {"#last", "", "last_time"},
        {"#count", "", "count"},       {"#moved", "", "moved_to"},
        {"#requests", "", "requests"}, {"#expires", "", "expires_at"}};
    const struct sct_dynamodb_value value[] = {
        {":verdict", "S", failure->verdict},
        {":message", "S", failure->message},
        {":time", "S", failure->time[0] ? failure->time : now},
        {":moved", "S", place->key},
        {":one", "N", "1"},
        {":ids", "SS", id},
        {":id", "S", id},
        {":expires", "N", expires}};
    const int is_kept = f->keep_days == 0; /* then the last of both is not used */
    char update[UPDATE_BYTES];
    write_update(update, place->key[0] != '\0', !is_kept);
    const struct sct_dynamodb_request request = {
        .key = key,
        .n_keys = 2,
        .update = update,
        .condition = "attribute_not_exists(#requests) OR NOT contains(#requests, :id)",
        .name = name,
        .n_names = is_kept ? 7 : 8,
        .value = value,
        .n_values = is_kept ? 7 : 8};
    const int status = sct_dynamodb_update(f->table, &request, &why);
    free(object);
    if (status == SCT_OK || status == SCT_ERR_PRECONDITION)
        return SCT_OK;
    return sct_report_fail(report, status, "the table: %s", why.message);
}

static void say(const struct failed *f, const struct sct_failure *failure,
                const struct sct_failed_place *place, int status, const char *trouble)
{
    static const char *const names[] = {"moved", "replaced", "gone", "noted"};
    const struct sct_event_record *const r = &failure->record;
    const int is_fine = status == SCT_OK;
    const struct sct_log_field field[] = {
        sct_log_text("store", r->store ? r->store : ""),
        sct_log_text("key", r->key ? r->key : ""),
        sct_log_text("version", r->version ? r->version : ""),
        sct_log_text("verdict", failure->verdict),
        sct_log_text("message", failure->message),
        sct_log_text("time", failure->time),
        sct_log_number("tries", failure->n_tries),
        sct_log_text("moved_to", place->key),
        sct_log_text("trouble", trouble)};
    sct_log_event(f->log, is_fine ? SCT_LOG_WARN : SCT_LOG_ERROR,
                  is_fine ? names[place->end] : "again", field, is_fine ? 8 : 9);
}

static int handle_failure(struct failed *f, const struct sct_failure *failure,
                          struct sct_report *report)
{
    const struct sct_event_record *const r = &failure->record;
    const struct sct_settings *const s = &f->settings;
    struct sct_failed_place place = {.end = SCT_FAILED_NOTHING, .key = ""};
    int status = SCT_OK;
    if (r->status == SCT_OK &&
        sct_source_holds(s->source, s->n_sources, r->store, r->key)) {
        status = open_source(f, r->store, report);
        if (status == SCT_OK)
            status = sct_failed_move(f->from, f->to, failure, &place, report);
    }
    if (status == SCT_OK)
        status = note(f, failure, &place, report);
    say(f, failure, &place, status, report->message);
    return status;
}

/* ---- an invocation ------------------------------------------------------------------- */

static int work(struct failed *f, const struct sct_failure_list *list,
                struct sct_answer *answer)
{
    unsigned char *const is_left = calloc((size_t)list->n_messages + 1, 1);
    int status = is_left ? SCT_OK : SCT_ERR_MEMORY;
    for (int i = 0; i < list->n_failures && is_left; i++) {
        struct sct_report report = {.message = ""};
        const struct sct_failure *const failure = &list->failure[i];
        const int ended = handle_failure(f, failure, &report);
        if (ended != SCT_OK && failure->record.message >= 0)
            is_left[failure->record.message] = 1;
        else if (ended != SCT_OK && status == SCT_OK)
            status = sct_answer_fail(answer, ended, NULL, "%s: %s",
                                     sct_verdict_of(ended).word, report.message);
    }
    if (status == SCT_OK)
        status = sct_batch_answer(answer, list->message, list->n_messages, is_left);
    free(is_left);
    return status;
}

static int handle_failed(void *ctx, const struct sct_invocation *invocation,
                         struct sct_answer *answer)
{
    struct failed *const f = ctx;
    struct sct_failure_list list;
    f->trace_id = invocation->trace_id[0] ? invocation->trace_id : NULL;
    int status = sct_failure_parse(&list, invocation->payload, invocation->payload_bytes);
    if (status == SCT_OK)
        status = sct_store_trace(f->to, f->trace_id);
    if (status == SCT_OK)
        status = work(f, &list, answer);
    sct_failure_list_free(&list);
    return status;
}

const struct sct_handler sct_handler_failed = {.name = "failed",
                                               .ctx_bytes = sizeof(struct failed),
                                               .begin = begin_failed,
                                               .handle = handle_failed,
                                               .end = end_failed};
