/* The worker's loop, with a queue and hands that do what a test says. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>

#include "worker.h"

enum { MAX_MESSAGES = 64 };

/* ---- a queue ------------------------------------------------------------------------- */

/* A message on it. Its body is an event of ours whose key says what becomes of it. */
struct queued {
    char id[16], body[512];
    enum { QUEUED, HELD, GONE } state;
    int n_receives, n_extended, hidden_s;
};

struct fake {
    pthread_mutex_t lock;
    struct queued message[MAX_MESSAGES];
    int n_messages;
    int receive_status, n_receive_failures; /* of the next so many calls */
    int n_delete_failures, n_deletes, n_receives;
    int is_measured_full;
    sct_worker *worker;
    int stop_after; /* records handled; 0: never */
    int n_handled, n_running, most_running;
    char seen[MAX_MESSAGES * 4][64]; /* keys in the order in which they were handled */
};

static void rest(int ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static void put(struct fake *f, const char *body)
{
    struct queued *const m = &f->message[f->n_messages];
    snprintf(m->id, sizeof m->id, "m%d", f->n_messages++);
    snprintf(m->body, sizeof m->body, "%s", body);
}

static void put_key(struct fake *f, const char *key)
{
    char body[256];
    snprintf(
        body, sizeof body,
        "{\"scantling\":\"1\",\"event\":\"created\",\"store\":\"s3://b\",\"key\":\"%s\"}",
        key);
    put(f, body);
}

static void hand_out(struct queued *m, struct sct_sqs_message *out)
{
    memset(out, 0, sizeof *out);
    m->state = HELD;
    m->hidden_s = -1;
    out->id = out->receipt = m->id;
    out->body = m->body;
    out->n_receives = ++m->n_receives;
}

static int receive(void *ctx, const struct sct_sqs_receipt *how,
                   struct sct_sqs_message *message, int *n, struct sct_report *report)
{
    struct fake *const f = ctx;
    assert_in_range(how->max_messages, 1, SCT_SQS_MAX_RECEIVE);
    *n = 0;
    pthread_mutex_lock(&f->lock);
    f->n_receives++;
    const int fails = f->n_receive_failures > 0;
    f->n_receive_failures -= fails;
    for (int i = 0; !fails && i < f->n_messages && *n < how->max_messages; i++)
        if (f->message[i].state == QUEUED)
            hand_out(&f->message[i], &message[(*n)++]);
    pthread_mutex_unlock(&f->lock);
    if (*n == 0)
        rest(1);
    return fails ? sct_report_fail(report, f->receive_status, "as told") : SCT_OK;
}

static int measure(void *ctx, struct sct_sqs_depth *depth, struct sct_report *report)
{
    struct fake *const f = ctx;
    (void)report;
    memset(depth, 0, sizeof *depth);
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->n_messages; i++) {
        depth->n_waiting += f->message[i].state == QUEUED;
        depth->n_in_flight += f->message[i].state == HELD;
    }
    pthread_mutex_unlock(&f->lock);
    return SCT_OK;
}

static struct queued *find(struct fake *f, const char *receipt)
{
    struct queued *const m = &f->message[atoi(receipt + 1)];
    assert_string_equal(m->id, receipt);
    assert_int_equal(m->state, HELD);
    return m;
}

static int remove_messages(void *ctx, struct sct_sqs_entry *entry, int n,
                           struct sct_report *report)
{
    struct fake *const f = ctx;
    pthread_mutex_lock(&f->lock);
    f->n_deletes++;
    const int fails = f->n_delete_failures > 0;
    f->n_delete_failures -= fails;
    for (int i = 0; i < n; i++) {
        struct queued *const m = find(f, entry[i].receipt);
        entry[i].status = fails ? SCT_ERR_IO : SCT_OK;
        if (!fails)
            m->state = GONE;
    }
    pthread_mutex_unlock(&f->lock);
    return fails ? sct_report_fail(report, SCT_ERR_IO, "as told") : SCT_OK;
}

static int hide(void *ctx, struct sct_sqs_entry *entry, int n, struct sct_report *report)
{
    struct fake *const f = ctx;
    (void)report;
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < n; i++) {
        struct queued *const m = find(f, entry[i].receipt);
        entry[i].status = SCT_OK;
        m->n_extended++;
        m->hidden_s = entry[i].visibility_s;
        if (strstr(m->body, "again") || strstr(m->body, "failed"))
            m->state = m->n_receives == 3 ? GONE : QUEUED; /* a redrive policy */
        else if (entry[i].visibility_s == 0)
            m->state = QUEUED;
    }
    pthread_mutex_unlock(&f->lock);
    return SCT_OK;
}

/* ---- hands --------------------------------------------------------------------------- */

struct hand {
    struct fake *fake;
    struct sct_effect_result result;
};

static void *open_hand(void *ctx)
{
    struct hand *const h = calloc(1, sizeof *h);
    h->fake = ctx;
    return h;
}

static void close_hand(void *hand)
{
    free(hand);
}

static enum sct_service_end handle(void *hand, const struct sct_event_record *record,
                                   const char *original, const char *request_id)
{
    struct hand *const h = hand;
    struct fake *const f = h->fake;
    const char *const key = record->key ? record->key : "malformed";
    assert_non_null(original);
    assert_int_equal(request_id[0], 'm');
    pthread_mutex_lock(&f->lock);
    snprintf(f->seen[f->n_handled++], sizeof *f->seen, "%s", key);
    f->n_running++;
    if (f->n_running > f->most_running)
        f->most_running = f->n_running;
    const int stops = f->n_handled == f->stop_after;
    pthread_mutex_unlock(&f->lock);
    if (stops)
        sct_worker_stop(f->worker);
    rest(strstr(key, "slow") ? 3500 : 2);
    pthread_mutex_lock(&f->lock);
    f->n_running--;
    pthread_mutex_unlock(&f->lock);
    memset(&h->result, 0, sizeof h->result);
    if (strstr(key, "again") || strstr(key, "failed"))
        sct_outcome_fail(&h->result.outcome, SCT_ERR_IO, "as told");
    else if (record->status != SCT_OK)
        sct_outcome_fail(&h->result.outcome, record->status, record->problem);
    return strstr(key, "again")    ? SCT_SERVICE_AGAIN
           : strstr(key, "failed") ? SCT_SERVICE_FAILED
                                   : SCT_SERVICE_DONE;
}

static const struct sct_effect_result *result_of(void *hand)
{
    return &((struct hand *)hand)->result;
}

/* ---- a worker of them ---------------------------------------------------------------- */

static const struct sct_log silent = {.out = NULL};

static int setup(void **state)
{
    struct fake *const f = *state = calloc(1, sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    return 0;
}

static int teardown(void **state)
{
    struct fake *const f = *state;
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

/* Runs until the queue is empty or the fake stops it; what it comes to. */
static struct sct_worker_sums work_off(struct fake *f, int n_threads, int expected)
{
    const struct sct_worker_spec spec = {
        .queue = {receive, measure, remove_messages, hide, f},
        .hands = {open_hand, close_hand, handle, result_of, f},
        .n_threads = n_threads,
        .wait_s = 1,
        .visibility_s = 2,
        .backoff_s = 8,
        .drains = 1,
        .log = &silent};
    struct sct_report report = {.message = ""};
    assert_int_equal(sct_worker_create(&f->worker, &spec), SCT_OK);
    assert_int_equal(sct_worker_run(f->worker, &report), expected);
    const struct sct_worker_sums sums = sct_worker_sums(f->worker);
    assert_true(sct_worker_is_alive(f->worker));
    assert_false(sct_worker_is_ready(f->worker));
    sct_worker_free(f->worker);
    return sums;
}

static int count_in(const struct fake *f, int state)
{
    int n = 0;
    for (int i = 0; i < f->n_messages; i++)
        n += (int)f->message[i].state == state;
    return n;
}

/* ---- tests --------------------------------------------------------------------------- */

static void what_is_done_is_deleted_in_batches(void **state)
{
    struct fake *const f = *state;
    for (int i = 0; i < MAX_MESSAGES; i++)
        put_key(f, "a.jpg");
    const struct sct_worker_sums sums = work_off(f, 3, SCT_OK);
    assert_int_equal(count_in(f, GONE), MAX_MESSAGES);
    assert_int_equal(sums.n_messages, MAX_MESSAGES);
    assert_int_equal(sums.n_fine, MAX_MESSAGES);
    assert_in_range(f->most_running, 1, 3);
    assert_in_range(f->n_deletes, 1, MAX_MESSAGES / 4);
}

static void what_failed_stays_and_is_hidden_for_longer_and_longer(void **state)
{
    struct fake *const f = *state;
    put_key(f, "again.jpg");
    put_key(f, "failed.jpg");
    const struct sct_worker_sums sums = work_off(f, 1, SCT_OK);
    assert_int_equal(sums.n_retried, 6); /* three times each, then redriven */
    assert_int_equal(sums.n_messages, 0);
    assert_int_equal(f->n_deletes, 0);
    for (int i = 0; i < 2; i++)
        assert_in_range(f->message[i].hidden_s, 1, 32);
}

static void a_message_goes_when_all_of_its_records_have_ended(void **state)
{
    struct fake *const f = *state;
    const char *const record =
        "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":"
        "\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":"
        "\"%s\"}}}";
    char one[200], two[200], body[512];
    snprintf(one, sizeof one, record, "a.jpg");
    snprintf(two, sizeof two, record, "again.jpg");
    snprintf(body, sizeof body, "{\"Records\":[%s,%s]}", one, one);
    put(f, body);
    snprintf(body, sizeof body, "{\"Records\":[%s,%s]}", one, two);
    put(f, body);
    const struct sct_worker_sums sums = work_off(f, 1, SCT_OK);
    assert_int_equal(sums.n_messages, 1);
    assert_int_equal(f->n_handled, 8);
    assert_int_equal(f->message[1].n_receives, 3);
}

static void what_holds_no_record_or_a_bad_one_is_a_message_too(void **state)
{
    struct fake *const f = *state;
    put(f, "{\"Event\":\"s3:TestEvent\"}");
    put(f, "no event");
    const struct sct_worker_sums sums = work_off(f, 1, SCT_OK);
    assert_int_equal(sums.n_messages, 2);
    assert_int_equal(f->n_handled, 1);
    assert_string_equal(f->seen[0], "malformed");
    assert_int_equal(sums.n_failed, 1);
}

static void what_takes_long_is_hidden_again(void **state)
{
    struct fake *const f = *state;
    put_key(f, "slow.jpg"); /* longer than the 2 s that it is hidden */
    put_key(f, "a.jpg");    /* waits for it */
    work_off(f, 1, SCT_OK);
    for (int i = 0; i < 2; i++) {
        assert_in_range(f->message[i].n_extended, 2, 5);
        assert_int_equal(f->message[i].hidden_s, 2);
        assert_int_equal(f->message[i].n_receives, 1);
    }
}

static void what_has_not_begun_is_handed_back(void **state)
{
    struct fake *const f = *state;
    for (int i = 0; i < 20; i++)
        put_key(f, "a.jpg");
    f->stop_after = 3;
    const struct sct_worker_sums sums = work_off(f, 1, SCT_OK);
    assert_int_equal(sums.n_messages, 3);
    assert_int_equal(count_in(f, GONE), 3);
    assert_int_equal(count_in(f, QUEUED), 17); /* nothing stays hidden */
}

static void a_queue_that_does_not_answer_is_asked_again(void **state)
{
    struct fake *const f = *state;
    put_key(f, "a.jpg");
    f->receive_status = SCT_ERR_IO;
    f->n_receive_failures = 1;
    work_off(f, 1, SCT_OK);
    assert_int_equal(count_in(f, GONE), 1);
}

static void a_queue_that_refuses_ends_it(void **state)
{
    struct fake *const f = *state;
    put_key(f, "a.jpg");
    f->receive_status = SCT_ERR_DENIED;
    f->n_receive_failures = 1;
    work_off(f, 1, SCT_ERR_DENIED);
    assert_int_equal(f->n_receives, 1);
    assert_int_equal(count_in(f, QUEUED), 1);
}

static void a_delete_that_fails_is_repeated(void **state)
{
    struct fake *const f = *state;
    put_key(f, "a.jpg");
    f->n_delete_failures = 2;
    const struct sct_worker_sums sums = work_off(f, 1, SCT_OK);
    assert_int_equal(f->n_deletes, 3);
    assert_int_equal(f->n_handled, 1);
    assert_int_equal(sums.n_messages, 1);
}

#define worker_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        worker_test(what_is_done_is_deleted_in_batches),
        worker_test(what_failed_stays_and_is_hidden_for_longer_and_longer),
        worker_test(a_message_goes_when_all_of_its_records_have_ended),
        worker_test(what_holds_no_record_or_a_bad_one_is_a_message_too),
        worker_test(what_takes_long_is_hidden_again),
        worker_test(what_has_not_begun_is_handed_back),
        worker_test(a_queue_that_does_not_answer_is_asked_again),
        worker_test(a_queue_that_refuses_ends_it),
        worker_test(a_delete_that_fails_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
