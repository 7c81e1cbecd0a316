/* scantling worker: the pictures that a queue tells of become their variants.
 *
 *     signals --> guard -.          .--> threads: services
 *     this thread --> worker.c <---+--> keeper
 *                                   '--> metrics_server.c
 *
 * In this order, for reasons: the sandbox's processes, which are forked; signals blocked, before
 * there are threads that could get them; the server; the worker. */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "help.h"
#include "metrics_server.h"
#include "settings.h"
#include "text.h"
#include "words.h"
#include "worker.h"

enum {
    DEFAULT_WAIT_S = 20,
    DRAIN_WAIT_S = 2,
    DEFAULT_VISIBILITY_S = 60,
    DEFAULT_BACKOFF_S = 15
};

struct worker_options {
    const char *metrics; /* --metrics ADDRESS, or NULL */
    int emf, drains, wait_s, visibility_s, backoff_s, memory_mb;
};

struct command {
    struct sct_settings settings;
    struct worker_options options;
    struct sct_log log;
    sct_credentials *credentials;
    sct_isolate *isolate;
    sct_sqs *receiving, *keeping; /* the same queue, for two threads */
    sct_metrics *metrics;
    sct_metrics_server *server;
    struct sct_service_spec service;
    sct_worker *worker;
    sigset_t signals;
};

/* ---- options ------------------------------------------------------------------------- */

static int take_number(const char *name, const char *value, int min, int max, int *out)
{
    int64_t number;
    if (value && sct_integer_parse(value, min, max, &number) == SCT_OK) {
        *out = (int)number;
        return 2;
    }
    sct_text_complain("--%s: '%s' is not a whole number from %d to %d", name,
                      value ? value : "", min, max);
    return -1;
}

static int take_option(void *ctx, const char *name, const char *value)
{
    struct worker_options *const o = ctx;
    if (strcmp(name, "drain") == 0)
        return o->drains = 1;
    if (strcmp(name, "emf") == 0)
        return o->emf = 1;
    if (strcmp(name, "wait") == 0)
        return take_number(name, value, 0, SCT_SQS_MAX_WAIT_S, &o->wait_s);
    if (strcmp(name, "visibility") == 0)
        return take_number(name, value, 2, 3600, &o->visibility_s);
    if (strcmp(name, "backoff") == 0)
        return take_number(name, value, 0, 900, &o->backoff_s);
    if (strcmp(name, "memory") == 0)
        return take_number(name, value, 1, 1 << 24, &o->memory_mb);
    if (strcmp(name, "metrics") != 0)
        return 0;
    if (!value)
        sct_text_complain("--metrics needs an address, 127.0.0.1:9090 or :9090");
    o->metrics = value;
    return value ? 2 : -1;
}

static int complain(int status, const struct sct_report *report)
{
    if (status != SCT_OK && status != SCT_DONE)
        sct_text_complain("worker: %s", report->message[0] ? report->message
                                                           : sct_verdict_explain(status));
    return status;
}

static int read_options(struct command *c, int argc, char **argv)
{
    struct worker_options *const o = &c->options;
    *o = (struct worker_options){.wait_s = -1,
                                 .visibility_s = DEFAULT_VISIBILITY_S,
                                 .backoff_s = DEFAULT_BACKOFF_S};
    const int status = sct_settings_read(&c->settings, argc, argv, take_option, o);
    if (status != SCT_OK)
        return status;
    if (o->wait_s < 0)
        o->wait_s = o->drains ? DRAIN_WAIT_S : DEFAULT_WAIT_S;
    if (!c->settings.queue || !c->settings.target) {
        sct_text_complain("worker: --%s is missing; see 'scantling worker --help'",
                          c->settings.queue ? "target" : "queue");
        return SCT_ERR_ARGUMENT;
    }
    if (c->settings.failed && strcmp(c->settings.failed, c->settings.queue) == 0) {
        sct_text_complain(
            "worker: --failed is --queue: failures would be worked on again");
        return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

/* ---- what the worker works with ------------------------------------------------------ */

static int receive(void *ctx, const struct sct_sqs_receipt *how,
                   struct sct_sqs_message *message, int *n, struct sct_report *report)
{
    return sct_sqs_receive(((struct command *)ctx)->receiving, how, message, n, report);
}

static int measure(void *ctx, struct sct_sqs_depth *depth, struct sct_report *report)
{
    return sct_sqs_measure(((struct command *)ctx)->receiving, depth, report);
}

static int remove_messages(void *ctx, struct sct_sqs_entry *entry, int n,
                           struct sct_report *report)
{
    return sct_sqs_delete(((struct command *)ctx)->keeping, entry, n, report);
}

static int hide(void *ctx, struct sct_sqs_entry *entry, int n, struct sct_report *report)
{
    return sct_sqs_change_visibility(((struct command *)ctx)->keeping, entry, n, report);
}

static void *open_hand(void *ctx)
{
    struct command *const c = ctx;
    struct sct_report report = {.message = ""};
    sct_service *service;
    const int status = sct_service_create(&service, &c->service, &report);
    if (status != SCT_OK)
        sct_log_message(&c->log, SCT_LOG_ERROR, "trouble", "%s: %s",
                        sct_status_name(status), report.message);
    return service;
}

static void close_hand(void *hand)
{
    sct_service_free(hand);
}

static enum sct_service_end handle(void *hand, const struct sct_event_record *record,
                                   const char *original, const char *request_id)
{
    return sct_service_handle(hand, record, 0, original, request_id);
}

static const struct sct_effect_result *result_of(void *hand)
{
    return sct_service_result(hand);
}

static int is_alive(void *ctx)
{
    return sct_worker_is_alive(((struct command *)ctx)->worker);
}

static int is_ready(void *ctx)
{
    return sct_worker_is_ready(((struct command *)ctx)->worker);
}

/* ---- starting ------------------------------------------------------------------------ */

/* On, unless somebody said otherwise or the build has none. */
static int start_sandbox(struct command *c, struct sct_report *report)
{
    char message[160];
    if (c->settings.without_sandbox || !sct_isolate_is_built_in())
        return SCT_OK;
    const int status =
        sct_isolate_create(&c->isolate, c->settings.n_jobs, message, sizeof message);
    return status == SCT_OK ? status
                            : sct_report_fail(report, status,
                                              "%s; --no-sandbox does without", message);
}

static int create_metrics(struct command *c)
{
    struct sct_metrics_spec spec;
    sct_metrics_spec_init(&spec);
    spec.service = "worker";
    if (c->options.memory_mb > 0)
        spec.memory_mb = c->options.memory_mb;
    return sct_metrics_create(&c->metrics, &spec);
}

static int start_server(struct command *c, struct sct_report *report)
{
    const struct sct_probes probes = {is_alive, is_ready, c};
    return c->options.metrics ? sct_metrics_server_create(&c->server, c->options.metrics,
                                                          c->metrics, &probes, report)
                              : SCT_OK;
}

static void describe_service(struct command *c)
{
    struct sct_service_spec *const s = &c->service;
    *s = (struct sct_service_spec){.recipe = &c->settings.recipe,
                                   .target = c->settings.target,
                                   .n_sources = c->settings.n_sources,
                                   .failed_queue = c->settings.failed,
                                   .credentials = c->credentials,
                                   .log = &c->log,
                                   .isolate = c->isolate,
                                   .metrics = c->metrics,
                                   .is_durable = 1,
                                   .checks_target = 1};
    memcpy(s->source, c->settings.source, sizeof s->source);
}

/* Whether a thread could work, before there is any. */
static int check_service(struct command *c, struct sct_report *report)
{
    sct_service *service;
    const int status = sct_service_create(&service, &c->service, report);
    sct_service_free(service);
    return status;
}

static int create_worker(struct command *c)
{
    const struct worker_options *const o = &c->options;
    const struct sct_worker_spec spec = {
        .queue = {receive, measure, remove_messages, hide, c},
        .hands = {open_hand, close_hand, handle, result_of, c},
        .n_threads = c->settings.n_jobs,
        .wait_s = o->wait_s,
        .visibility_s = o->visibility_s,
        .backoff_s = o->backoff_s,
        .drains = o->drains,
        .log = &c->log,
        .metrics = c->metrics,
        .emf = o->emf ? stdout : NULL};
    return sct_worker_create(&c->worker, &spec);
}

static int start(struct command *c, struct sct_report *report)
{
    const char *const queue = c->settings.queue;
    int status = start_sandbox(c, report);
    sigemptyset(&c->signals);
    sigaddset(&c->signals, SIGINT);
    sigaddset(&c->signals, SIGTERM);
    sigaddset(&c->signals, SIGHUP);
    sigaddset(&c->signals, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &c->signals, NULL);
    if (status == SCT_OK)
        status = sct_credentials_create(&c->credentials, NULL);
    const struct sct_store_spec store = {.credentials = c->credentials};
    if (status == SCT_OK)
        status = sct_settings_finish(&c->settings, &store, report);
    if (status == SCT_OK)
        status = sct_sqs_open(&c->receiving, queue, c->credentials, report);
    if (status == SCT_OK)
        status = sct_sqs_open(&c->keeping, queue, c->credentials, report);
    if (status == SCT_OK)
        status = create_metrics(c);
    describe_service(c);
    if (status == SCT_OK)
        status = check_service(c, report);
    if (status == SCT_OK)
        status = create_worker(c);
    return status == SCT_OK ? start_server(c, report) : status;
}

/* ---- running ------------------------------------------------------------------------- */

static int wait_for_signal(const struct command *c)
{
    int number;
    while (sigwait(&c->signals, &number) != 0)
        ;
    return number;
}

/* The first signal ends it in good order, the second at once: what was begun comes again. SIGRTMIN is
 * ours: it has ended. (pthread_cancel needs a library that may not be there.) */
static void *guard(void *p)
{
    struct command *const c = p;
    int number = wait_for_signal(c);
    if (number == SIGRTMIN)
        return NULL;
    sct_log_message(&c->log, SCT_LOG_INFO, "stopping", "%s", strsignal(number));
    sct_worker_stop(c->worker);
    if (wait_for_signal(c) != SIGRTMIN)
        _exit(SCT_EXIT_ALL);
    return NULL;
}

static void log_sums(const struct command *c, const char *event,
                     const struct sct_worker_sums *s)
{
    const struct sct_log_field field[] = {
        sct_log_number("messages", (double)s->n_messages),
        sct_log_number("fine", (double)s->n_fine),
        sct_log_number("failed", (double)s->n_failed),
        sct_log_number("retried", (double)s->n_retried)};
    sct_log_event(&c->log, SCT_LOG_INFO, event, field, 4);
}

static int run(struct command *c, struct sct_report *report)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, guard, c) != 0)
        return SCT_ERR_MEMORY;
    sct_log_message(&c->log, SCT_LOG_INFO, "started", "%d variants, %d at a time%s%s%s",
                    c->settings.recipe.n_variants, c->settings.n_jobs,
                    c->isolate ? ", in a sandbox" : "", c->server ? ", metrics on " : "",
                    c->server ? sct_metrics_server_address(c->server) : "");
    const int status = sct_worker_run(c->worker, report);
    const struct sct_worker_sums sums = sct_worker_sums(c->worker);
    pthread_kill(thread, SIGRTMIN);
    pthread_join(thread, NULL);
    log_sums(c, "stopped", &sums);
    return status;
}

static void finish(struct command *c)
{
    sct_metrics_server_free(c->server);
    sct_worker_free(c->worker);
    sct_metrics_free(c->metrics);
    sct_sqs_close(c->receiving);
    sct_sqs_close(c->keeping);
    sct_isolate_free(c->isolate);
    sct_credentials_free(c->credentials);
    sct_settings_free(&c->settings);
    free(c);
}

int sct_command_worker(int argc, char **argv)
{
    struct command *const c = calloc(1, sizeof *c);
    struct sct_report report = {.message = ""};
    int exit_status = SCT_EXIT_USAGE;
    if (!c)
        return SCT_EXIT_ALL;
    int status = read_options(c, argc, argv);
    if (status == SCT_DONE) {
        fputs(sct_help_worker(), stdout);
        exit_status = SCT_EXIT_OK;
        goto done;
    }
    if (status != SCT_OK)
        goto done;
    c->log = sct_log_from_environment(stdout);
    c->log.is_json |= c->settings.json;
    if (c->settings.quiet)
        c->log.level = SCT_LOG_WARN;
    status = complain(start(c, &report), &report);
    if (status != SCT_OK)
        goto done;
    status = complain(run(c, &report), &report);
    const struct sct_worker_sums sums = sct_worker_sums(c->worker);
    exit_status = status != SCT_OK     ? SCT_EXIT_ALL
                  : !c->options.drains ? SCT_EXIT_OK
                  : sums.n_failed == 0 ? SCT_EXIT_OK
                  : sums.n_fine > 0    ? SCT_EXIT_SOME
                                       : SCT_EXIT_ALL;
done:
    finish(c);
    return sct_command_close_stdout(exit_status);
}
