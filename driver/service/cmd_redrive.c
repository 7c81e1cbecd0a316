/* scantling redrive: failures go back to the queue that work comes from, as the events that they were.
 *
 *     failure queue --> which objects? --> send to the queue --> then, and only then, delete
 *
 * Killed in between, an event is there twice, which does no harm. What cannot be read, and what is
 * not wanted (--verdict), stays. */
#define _GNU_SOURCE 1
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "commands.h"
#include "failure.h"
#include "help.h"
#include "settings.h"
#include "sqs.h"
#include "text.h"

enum { WAIT_S = 2, VISIBILITY_S = 300, N_EMPTY = 2, MAX_VERDICTS = 16 };

struct left {
    char *id, *receipt; /* of its last delivery */
};

struct redrive {
    struct sct_settings settings;
    struct sct_log log;
    sct_credentials *credentials;
    sct_sqs *failed, *queue;
    const char *verdict[MAX_VERDICTS]; /* which are wanted; none: all */
    int n_verdicts, is_dry_run, signals;
    struct left *left; /* messages that stay */
    size_t n_seen;
    int n_sent, n_would_send, n_left, status;
};

/* ---- messages that stay -------------------------------------------------------------- */

static struct left *find_left(const struct redrive *r, const char *id)
{
    for (size_t i = 0; i < r->n_seen; i++)
        if (strcmp(r->left[i].id, id) == 0)
            return &r->left[i];
    return NULL;
}

/* Delivered once more: only the last receipt counts. */
static int was_seen(struct redrive *r, const struct sct_sqs_message *m)
{
    struct left *const left = find_left(r, m->id);
    char *const receipt = left ? strdup(m->receipt) : NULL;
    if (receipt) {
        free(left->receipt);
        left->receipt = receipt;
    }
    return left != NULL;
}

static void leave(struct redrive *r, const struct sct_sqs_message *m)
{
    struct left *const larger = realloc(r->left, (r->n_seen + 1) * sizeof *larger);
    r->n_left++;
    if (!larger) {
        r->status = SCT_ERR_MEMORY;
        return;
    }
    r->left = larger;
    larger[r->n_seen] = (struct left){strdup(m->id), strdup(m->receipt)};
    r->n_seen++;
    if (!larger[r->n_seen - 1].id || !larger[r->n_seen - 1].receipt) {
        free(larger[r->n_seen - 1].id);
        free(larger[r->n_seen - 1].receipt);
        r->n_seen--;
        r->status = SCT_ERR_MEMORY;
    }
}

/* Anybody may have them at once: the next redrive, too. */
static void give_back(struct redrive *r)
{
    struct sct_report report = {.message = ""};
    struct sct_sqs_entry *const entry = calloc(r->n_seen + 1, sizeof *entry);
    for (size_t i = 0; entry && i < r->n_seen; i++)
        entry[i].receipt = r->left[i].receipt;
    if (!entry ||
        (r->n_seen > 0 &&
         sct_sqs_change_visibility(r->failed, entry, (int)r->n_seen, &report) != SCT_OK))
        sct_log_message(&r->log, SCT_LOG_WARN, "trouble",
                        "what stays is hidden for up to %d s: %s", VISIBILITY_S,
                        report.message);
    free(entry);
}

/* ---- one message --------------------------------------------------------------------- */

static int is_wanted(const struct redrive *r, const struct sct_failure *f)
{
    int is_listed = r->n_verdicts == 0;
    for (int i = 0; i < r->n_verdicts; i++)
        is_listed |= strcmp(r->verdict[i], f->verdict) == 0;
    return is_listed && f->record.status == SCT_OK;
}

static void say(const struct redrive *r, const char *event, const struct sct_failure *f)
{
    const struct sct_log_field field[] = {
        sct_log_text("store", f->record.store ? f->record.store : ""),
        sct_log_text("key", f->record.key       ? f->record.key
                            : f->record.problem ? f->record.problem
                                                : ""),
        sct_log_text("verdict", f->verdict), sct_log_text("message", f->message)};
    sct_log_event(&r->log, SCT_LOG_INFO, event, field, 4);
}

static int send_failures(struct redrive *r, const struct sct_failure_list *list)
{
    struct sct_report report = {.message = ""};
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < list->n_failures; i++) {
        struct sct_sqs_entry entry = {.receipt = NULL};
        char *const body = sct_failure_write_event(&list->failure[i].record);
        entry.body = body;
        status = body ? sct_sqs_send(r->queue, &entry, 1, &report) : (int)SCT_ERR_MEMORY;
        free(body);
        if (status == SCT_OK)
            say(r, "sent", &list->failure[i]);
        else
            sct_log_message(&r->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
    }
    return status;
}

/* All of a message's failures, or none: it can only be deleted whole. Whether it is to be. */
static int handle(struct redrive *r, const struct sct_sqs_message *m)
{
    struct sct_failure_list list = {.n_failures = 0};
    struct sct_failure_message message = {.id = m->id,
                                          .receipt = m->receipt,
                                          .body = m->body,
                                          .n_receives = m->n_receives,
                                          .sent_ms = m->sent_ms};
    for (int i = 0; i < m->n_attributes; i++) {
        if (strcmp(m->attribute[i].name, "RequestID") == 0)
            message.request_id = m->attribute[i].value;
        if (strcmp(m->attribute[i].name, "ErrorMessage") == 0)
            message.error_message = m->attribute[i].value;
    }
    int status = sct_failure_add(&list, &message), is_complete = list.n_failures > 0;
    for (int i = 0; i < list.n_failures; i++)
        is_complete &= is_wanted(r, &list.failure[i]);
    if (status == SCT_OK && is_complete && !r->is_dry_run)
        status = send_failures(r, &list);
    else
        for (int i = 0; i < list.n_failures; i++)
            say(r, is_complete ? "would_send" : "left", &list.failure[i]);
    if (is_complete && r->is_dry_run)
        r->n_would_send += list.n_failures;
    if (status != SCT_OK)
        r->status = status;
    if (status == SCT_OK && is_complete && !r->is_dry_run)
        r->n_sent += list.n_failures;
    else
        leave(r, m);
    sct_failure_list_free(&list);
    return status == SCT_OK && is_complete && !r->is_dry_run;
}

/* ---- the queue ----------------------------------------------------------------------- */

static void delete_messages(struct redrive *r, struct sct_sqs_entry *entry, int n)
{
    struct sct_report report = {.message = ""};
    if (n > 0 && sct_sqs_delete(r->failed, entry, n, &report) != SCT_OK)
        sct_log_message(&r->log, SCT_LOG_WARN, "trouble", "sent, but not deleted: %s",
                        report.message);
}

/* How many of what came had not been seen; below 0: failed. */
static int redrive_some(struct redrive *r)
{
    const struct sct_sqs_receipt how = {.max_messages = SCT_SQS_MAX_RECEIVE,
                                        .wait_s = WAIT_S,
                                        .visibility_s = VISIBILITY_S};
    struct sct_sqs_message message[SCT_SQS_MAX_RECEIVE];
    struct sct_sqs_entry done[SCT_SQS_MAX_RECEIVE] = {{.receipt = NULL}};
    struct sct_report report = {.message = ""};
    int n = 0, n_done = 0, n_new = 0;
    const int status = sct_sqs_receive(r->failed, &how, message, &n, &report);
    if (status != SCT_OK) {
        sct_log_message(&r->log, SCT_LOG_ERROR, "trouble", "%s", report.message);
        return status;
    }
    for (int i = 0; i < n && r->status == SCT_OK; i++) {
        if (was_seen(r, &message[i]))
            continue;
        n_new++;
        if (handle(r, &message[i]))
            done[n_done++].receipt = message[i].receipt;
    }
    delete_messages(r, done, n_done);
    for (int i = 0; i < n; i++)
        sct_sqs_message_free(&message[i]);
    return r->status == SCT_OK ? n_new : r->status;
}

static int was_interrupted(const struct redrive *r)
{
    struct signalfd_siginfo info;
    return read(r->signals, &info, sizeof info) == (ssize_t)sizeof info;
}

/* Messages that nobody gets now, which are not ours. */
static int64_t count_hidden(struct redrive *r)
{
    struct sct_sqs_depth depth;
    struct sct_report report = {.message = ""};
    return sct_sqs_measure(r->failed, &depth, &report) == SCT_OK ? depth.n_in_flight : 0;
}

static int run(struct redrive *r)
{
    int is_over = 0, n = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    for (int n_empty = 0; n_empty < N_EMPTY && n >= 0 && !is_over;
         n_empty = n == 0 ? n_empty + 1 : 0)
    {
        n = redrive_some(r);
        is_over = was_interrupted(r);
    }
    close(r->signals);
    give_back(r);
    const int64_t n_hidden = n == 0 ? count_hidden(r) : 0;
    const struct sct_log_field field[] = {
        sct_log_number("sent", r->n_sent), sct_log_number("would_send", r->n_would_send),
        sct_log_number("left", r->n_left), sct_log_number("hidden", (double)n_hidden)};
    sct_log_event(&r->log, SCT_LOG_INFO, n < 0 || is_over ? "interrupted" : "complete",
                  field, 4);
    if (n_hidden > 0) /* the queue's own count lags behind: no failure */
        sct_log_message(
            &r->log, SCT_LOG_WARN, "trouble",
            "about %d messages are hidden: somebody else has them, or a redrive "
            "that was killed had; those come back within %d s",
            (int)n_hidden, VISIBILITY_S);
    if (n < 0)
        return r->n_sent > 0 ? SCT_EXIT_SOME : SCT_EXIT_ALL;
    return is_over ? SCT_EXIT_SOME : SCT_EXIT_OK;
}

/* ---- the command --------------------------------------------------------------------- */

static int take(void *ctx, const char *name, const char *value)
{
    struct redrive *const r = ctx;
    if (strcmp(name, "dry-run") == 0) {
        r->is_dry_run = 1;
        return 1;
    }
    if (strcmp(name, "verdict") != 0 || !value || r->n_verdicts == MAX_VERDICTS)
        return 0;
    r->verdict[r->n_verdicts++] = value;
    return 2;
}

static int prepare(struct redrive *r)
{
    const struct sct_settings *const s = &r->settings;
    struct sct_report report = {.message = ""};
    if (!s->failed || (!s->queue && !r->is_dry_run)) {
        sct_text_complain(
            "redrive: --failed and --queue are wanted: from where to where");
        return SCT_ERR_ARGUMENT;
    }
    if (s->queue && strcmp(s->failed, s->queue) == 0) {
        sct_text_complain(
            "redrive: --failed is --queue: failures would go round for ever");
        return SCT_ERR_ARGUMENT;
    }
    r->log = (struct sct_log){.out = stdout,
                              .is_json = s->json,
                              .level = s->quiet ? SCT_LOG_WARN : SCT_LOG_INFO};
    int status = sct_credentials_create(&r->credentials, NULL);
    if (status == SCT_OK)
        status = sct_sqs_open(&r->failed, s->failed, r->credentials, &report);
    if (status == SCT_OK && s->queue)
        status = sct_sqs_open(&r->queue, s->queue, r->credentials, &report);
    if (status != SCT_OK)
        sct_text_complain("redrive: %s", report.message);
    return status;
}

int sct_command_redrive(int argc, char **argv)
{
    struct redrive *const r = calloc(1, sizeof *r);
    int exit_status = SCT_EXIT_USAGE;
    if (!r)
        return SCT_EXIT_ALL;
    const int status = sct_settings_read(&r->settings, argc, argv, take, r);
    if (status == SCT_DONE) {
        fputs(sct_help_redrive(), stdout);
        exit_status = SCT_EXIT_OK;
    } else if (status == SCT_OK && prepare(r) == SCT_OK) {
        exit_status = run(r);
    }
    for (size_t i = 0; i < r->n_seen; i++) {
        free(r->left[i].id);
        free(r->left[i].receipt);
    }
    free(r->left);
    sct_sqs_close(r->failed);
    sct_sqs_close(r->queue);
    sct_credentials_free(r->credentials);
    sct_settings_free(&r->settings);
    free(r);
    return sct_command_close_stdout(exit_status);
}
