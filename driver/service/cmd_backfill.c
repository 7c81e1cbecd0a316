/* scantling backfill: what is in the sources already, as if it were uploaded now. Either it is worked on
 * here, or it is put on a queue for others. */
#define _GNU_SOURCE 1
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "failure.h"
#include "help.h"
#include "service.h"
#include "sqs.h"
#include "survey.h"
#include "text.h"

struct backfill {
    struct sct_settings settings;
    struct sct_survey survey;
    struct sct_service_spec spec;
    sct_credentials *credentials;
    sct_isolate *isolate;
    struct sct_log log;
    atomic_int n_fine, n_failed, n_again, n_sent;
};

/* ---- onto a queue -------------------------------------------------------------------- */

struct sender {
    struct backfill *command;
    sct_sqs *queue;
};

static void *begin_sending(void *ctx)
{
    struct sender *const s = calloc(1, sizeof *s);
    struct sct_report report = {.message = ""};
    if (!s)
        return NULL;
    s->command = ctx;
    if (sct_sqs_open(&s->queue, s->command->settings.queue, s->command->credentials,
                     &report) == SCT_OK)
        return s;
    sct_log_message(&s->command->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
    free(s);
    return NULL;
}

static int send_records(void *ctx, const struct sct_event_record *record, int n)
{
    struct sender *const s = ctx;
    struct sct_sqs_entry entry[SCT_SURVEY_BATCH] = {{.receipt = NULL}};
    char *body[SCT_SURVEY_BATCH] = {NULL};
    struct sct_report report = {.message = ""};
    int status = SCT_OK;
    for (int i = 0; i < n; i++) {
        entry[i].body = body[i] = sct_failure_write_event(&record[i]);
        if (!body[i])
            status = SCT_ERR_MEMORY;
    }
    if (status == SCT_OK)
        status = sct_sqs_send(s->queue, entry, n, &report);
    if (status == SCT_OK)
        s->command->n_sent += n;
    else
        sct_log_message(&s->command->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
    for (int i = 0; i < n; i++)
        free(body[i]);
    return status;
}

static void end_sending(void *ctx)
{
    struct sender *const s = ctx;
    sct_sqs_close(s->queue);
    free(s);
}

/* ---- here ---------------------------------------------------------------------------- */

struct worker {
    struct backfill *command;
    sct_service *service;
};

static void *begin_working(void *ctx)
{
    struct worker *const w = calloc(1, sizeof *w);
    struct sct_report report = {.message = ""};
    if (!w)
        return NULL;
    w->command = ctx;
    if (sct_service_create(&w->service, &w->command->spec, &report) == SCT_OK)
        return w;
    sct_log_message(&w->command->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
    free(w);
    return NULL;
}

/* What may pass is not waited for: it is told, and the next backfill finds it missing. */
static int work_on(void *ctx, const struct sct_event_record *record, int n)
{
    struct worker *const w = ctx;
    for (int i = 0; i < n; i++) {
        const enum sct_service_end end =
            sct_service_handle(w->service, &record[i], 0, NULL, NULL);
        if (end == SCT_SERVICE_AGAIN)
            w->command->n_again++;
        else if (sct_service_result(w->service)->outcome.status != SCT_OK)
            w->command->n_failed++;
        else
            w->command->n_fine++;
    }
    return SCT_OK;
}

static void end_working(void *ctx)
{
    struct worker *const w = ctx;
    sct_service_free(w->service);
    free(w);
}

/* ---- the command --------------------------------------------------------------------- */

static int take(void *ctx, const char *name, const char *value)
{
    struct backfill *const b = ctx;
    if (strcmp(name, "prefix") == 0 && value) {
        b->survey.prefix = value;
    } else if (strcmp(name, "state") == 0 && value) {
        b->survey.state_path = value;
    } else if (strcmp(name, "since") == 0 && value) {
        if (sct_survey_parse_since(value, &b->survey.since_s) == SCT_OK)
            return 2;
        sct_text_complain(
            "backfill: --since: '%s' is no date such as 2026-11-01, and not "
            "so long ago as 7d or 12h are",
            value);
        return -1;
    } else {
        return 0;
    }
    return 2;
}

static int refuse(const char *message)
{
    sct_text_complain("backfill: %s", message);
    return SCT_ERR_ARGUMENT;
}

static int start_sandbox(struct backfill *b)
{
    char message[160];
    if (b->settings.without_sandbox || !sct_isolate_is_built_in())
        return SCT_OK;
    if (sct_isolate_create(&b->isolate, b->settings.n_jobs, message, sizeof message) ==
        SCT_OK)
        return SCT_OK;
    sct_text_complain("backfill: no sandbox: %s; --no-sandbox does without", message);
    return SCT_ERR_ARGUMENT;
}

/* The sandbox forks: before there are threads. */
static int prepare(struct backfill *b)
{
    struct sct_settings *const s = &b->settings;
    struct sct_report report = {.message = ""};
    struct sct_store_spec how = {.credentials = NULL};
    if (s->n_sources == 0)
        return refuse("--source is missing");
    if (!s->queue && !s->target)
        return refuse("--target is missing, or --queue, for others to do the work");
    if (s->queue && s->failed && strcmp(s->queue, s->failed) == 0)
        return refuse("--failed is --queue: failures would be worked on again");
    b->log.out = stdout;
    b->log.is_json = s->json;
    b->log.level = s->quiet ? SCT_LOG_WARN : SCT_LOG_INFO;
    int status = s->queue ? SCT_OK : start_sandbox(b);
    if (status == SCT_OK && sct_credentials_create(&b->credentials, NULL) != SCT_OK)
        status = refuse("out of memory");
    how.credentials = b->credentials;
    if (status == SCT_OK && !s->queue)
        status = sct_settings_finish(s, &how, &report);
    for (int i = 0; status == SCT_OK && s->target && i < s->n_sources; i++)
        status = sct_effect_check_apart(s->source[i], s->target, &report);
    if (status != SCT_OK && report.message[0])
        refuse(report.message);
    return status;
}

static int run(struct backfill *b)
{
    const struct sct_settings *const s = &b->settings;
    int64_t n_seen = 0;
    b->spec = (struct sct_service_spec){.recipe = &s->recipe,
                                        .target = s->target,
                                        .n_sources = s->n_sources,
                                        .failed_queue = s->failed,
                                        .credentials = b->credentials,
                                        .log = &b->log,
                                        .isolate = b->isolate,
                                        .checks_target = 1};
    memcpy(b->spec.source, s->source, sizeof b->spec.source);
    b->survey.settings = s;
    b->survey.credentials = b->credentials;
    b->survey.log = &b->log;
    b->survey.batch = s->queue ? SCT_SURVEY_BATCH : 1;
    b->survey.begin = s->queue ? begin_sending : begin_working;
    b->survey.visit = s->queue ? send_records : work_on;
    b->survey.end = s->queue ? end_sending : end_working;
    b->survey.ctx = b;
    const int status = sct_survey_run(&b->survey, &n_seen);
    const struct sct_log_field field[] = {
        sct_log_number("seen", (double)n_seen), sct_log_number("fine", b->n_fine),
        sct_log_number("failed", b->n_failed),  sct_log_number("again", b->n_again),
        sct_log_number("queued", b->n_sent),
    };
    sct_log_event(&b->log, SCT_LOG_INFO, status == SCT_OK ? "complete" : "interrupted",
                  field, 5);
    if (status < 0)
        return n_seen > 0 ? SCT_EXIT_SOME : SCT_EXIT_ALL;
    return status == SCT_DONE
               ? SCT_EXIT_SOME
               : sct_exit_for(b->n_fine + b->n_sent, b->n_failed + b->n_again);
}

int sct_command_backfill(int argc, char **argv)
{
    struct backfill *const b = calloc(1, sizeof *b);
    int exit_status = SCT_EXIT_USAGE;
    if (!b)
        return SCT_EXIT_ALL;
    b->survey.prefix = "";
    const int status = sct_settings_read(&b->settings, argc, argv, take, b);
    if (status == SCT_DONE) {
        fputs(sct_help_backfill(), stdout);
        exit_status = SCT_EXIT_OK;
    } else if (status == SCT_OK && prepare(b) == SCT_OK) {
        exit_status = run(b);
    }
    sct_isolate_free(b->isolate);
    sct_credentials_free(b->credentials);
    sct_settings_free(&b->settings);
    free(b);
    return sct_command_close_stdout(exit_status);
}
