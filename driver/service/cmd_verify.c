/* scantling verify: which outputs are missing, or not of what their source is now. Reads nothing but
 * lists and what is known of the objects. */
#define _GNU_SOURCE 1
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "help.h"
#include "survey.h"
#include "text.h"
#include "verdict.h"

struct verify {
    struct sct_settings settings;
    struct sct_survey survey;
    sct_credentials *credentials;
    struct sct_log log;
    atomic_int n_complete, n_incomplete, n_failed, n_missing;
};

struct inspector {
    struct verify *command;
    sct_effect *effect;
    sct_store *target;
};

static void end_inspecting(void *ctx)
{
    struct inspector *const k = ctx;
    sct_effect_free(k->effect);
    sct_store_close(k->target);
    free(k);
}

static void *begin_inspecting(void *ctx)
{
    struct inspector *const k = calloc(1, sizeof *k);
    struct sct_report report = {.message = ""};
    if (!k)
        return NULL;
    k->command = ctx;
    const struct sct_store_spec how = {.credentials = k->command->credentials};
    if (sct_effect_create(&k->effect, &k->command->settings.recipe) == SCT_OK &&
        sct_store_open(&k->target, k->command->settings.target, &how, &report) == SCT_OK)
        return k;
    sct_log_message(&k->command->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
    end_inspecting(k);
    return NULL;
}

static void say_missing(struct inspector *k, const struct sct_event_record *record, int i)
{
    const struct sct_recipe *const recipe = &k->command->settings.recipe;
    const char *const output = sct_effect_key(k->effect, i);
    const struct sct_log_field field[] = {
        sct_log_text("store", record->store), sct_log_text("key", record->key),
        sct_log_text("variant", recipe->variant[i].name),
        sct_log_text("output", output ? output : "")};
    k->command->n_missing++;
    sct_log_event(&k->command->log, SCT_LOG_WARN, "missing", field, 4);
}

static int inspect(struct inspector *k, const struct sct_event_record *record)
{
    struct verify *const v = k->command;
    struct sct_report report = {.message = ""};
    int current[SCT_MAX_VARIANTS], n = 0;
    /* A list says what the content is, so the source need not be asked. */
    const struct sct_effect_spec spec = {.target = k->target, .only = SCT_EFFECT_ALL};
    const int status = sct_effect_look(k->effect, &spec, record, current, &report);
    if (status != SCT_OK) {
        sct_log_message(&v->log, SCT_LOG_ERROR, "failed", "%s: %s: %s", record->key,
                        sct_verdict_of(status).word, report.message);
        v->n_failed++;
        return sct_verdict_of(status).is_transient ? status : SCT_OK;
    }
    for (int i = 0; i < v->settings.recipe.n_variants; i++) {
        if (!current[i])
            say_missing(k, record, i);
        n += current[i];
    }
    if (n == v->settings.recipe.n_variants)
        v->n_complete++;
    else
        v->n_incomplete++;
    return SCT_OK;
}

/* Keys that end in a slash stand for folders. */
static int inspect_all(void *ctx, const struct sct_event_record *record, int n)
{
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < n; i++)
        if (record[i].key[strlen(record[i].key) - 1] != '/')
            status = inspect(ctx, &record[i]);
    return status;
}

static int take(void *ctx, const char *name, const char *value)
{
    struct verify *const v = ctx;
    if (strcmp(name, "prefix") == 0 && value)
        v->survey.prefix = value;
    else if (strcmp(name, "state") == 0 && value)
        v->survey.state_path = value;
    else
        return 0;
    return 2;
}

/* In a bucket that is not there everything would be missing. */
static int check_target(const char *url, const struct sct_store_spec *how,
                        struct sct_report *report)
{
    sct_store *store;
    int status = sct_store_open(&store, url, how, report);
    if (status != SCT_OK)
        return status;
    status = sct_store_check(store);
    if (status != SCT_OK)
        sct_report_fail(report, status, "%s: %s", url, sct_store_message(store));
    sct_store_close(store);
    return status;
}

static int prepare(struct verify *v)
{
    struct sct_settings *const s = &v->settings;
    struct sct_report report = {.message = ""};
    if (s->n_sources == 0 || !s->target) {
        sct_text_complain("verify: --source and --target are wanted");
        return SCT_ERR_ARGUMENT;
    }
    v->log.out = stdout;
    v->log.is_json = s->json;
    v->log.level = s->quiet ? SCT_LOG_WARN : SCT_LOG_INFO;
    if (sct_credentials_create(&v->credentials, NULL) != SCT_OK)
        return SCT_ERR_MEMORY;
    const struct sct_store_spec how = {.credentials = v->credentials};
    int status = sct_settings_finish(s, &how, &report);
    if (status == SCT_OK)
        status = check_target(s->target, &how, &report);
    if (status != SCT_OK)
        sct_text_complain("verify: %s", report.message);
    return status;
}

static int run(struct verify *v)
{
    int64_t n_seen = 0;
    v->survey.settings = &v->settings;
    v->survey.credentials = v->credentials;
    v->survey.log = &v->log;
    v->survey.batch = SCT_SURVEY_BATCH;
    v->survey.begin = begin_inspecting;
    v->survey.visit = inspect_all;
    v->survey.end = end_inspecting;
    v->survey.ctx = v;
    const int status = sct_survey_run(&v->survey, &n_seen);
    const struct sct_log_field field[] = {
        sct_log_number("seen", (double)n_seen), sct_log_number("complete", v->n_complete),
        sct_log_number("incomplete", v->n_incomplete),
        sct_log_number("missing", v->n_missing), sct_log_number("failed", v->n_failed)};
    sct_log_event(&v->log, SCT_LOG_INFO, status == SCT_OK ? "complete" : "interrupted",
                  field, 5);
    if (status < 0)
        return SCT_EXIT_ALL;
    return status == SCT_DONE || v->n_incomplete + v->n_failed > 0 ? SCT_EXIT_SOME
                                                                   : SCT_EXIT_OK;
}

int sct_command_verify(int argc, char **argv)
{
    struct verify *const v = calloc(1, sizeof *v);
    int exit_status = SCT_EXIT_USAGE;
    if (!v)
        return SCT_EXIT_ALL;
    v->survey.prefix = "";
    const int status = sct_settings_read(&v->settings, argc, argv, take, v);
    if (status == SCT_DONE) {
        fputs(sct_help_verify(), stdout);
        exit_status = SCT_EXIT_OK;
    } else if (status == SCT_OK && prepare(v) == SCT_OK) {
        exit_status = run(v);
    }
    sct_credentials_free(v->credentials);
    sct_settings_free(&v->settings);
    free(v);
    return sct_command_close_stdout(exit_status);
}
