/* The loop that receives, and the threads that work: see the header.
 *
 * Invariants:
 *   1. a slot changes hands by its state alone, under the lock: the receiver fills what is FREE, a thread
 *      takes what WAITS and gives back what RUNS, the keeper frees what is to be deleted or hidden;
 *   2. no more messages are received than n_threads beyond those that run, so that others get them
 *      who could begin at once. */
#define _GNU_SOURCE 1
#include "worker.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "mem.h"
#include "stopwatch.h"
#include "verdict.h"
#include "worker_state.h"

enum {
    N_EMPTY = 3,        /* polls, before the queue is asked whether it is empty */
    MEASURE_MS = 15000, /* between measurements for metrics */
    PAUSE_MS = 2000,    /* after the queue did not answer */
    ALIVE_MS = 300000,
    EMPTY_PAUSE_MS = 300 /* between polls that do not wait, while it drains */
};

int64_t sct_worker_now(void)
{
    return (int64_t)sct_wall_ms();
}

void sct_worker_wait(sct_worker *w, int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&w->changed, &w->lock, &t);
}

int sct_worker_create(sct_worker **out, const struct sct_worker_spec *spec)
{
    pthread_condattr_t steady;
    sct_worker *const w = *out = sct_mem_alloc(sizeof *w);
    if (!w)
        return SCT_ERR_MEMORY;
    w->spec = *spec;
    /* Running, waiting, and as many again that are done and not told yet. */
    w->n_slots = 4 * spec->n_threads + 2 * SCT_SQS_MAX_RECEIVE;
    w->held = sct_mem_alloc(sct_size_mul((size_t)w->n_slots, sizeof *w->held));
    w->thread = sct_mem_alloc(sct_size_mul((size_t)spec->n_threads, sizeof *w->thread));
    if (getrandom(&w->noise, sizeof w->noise, 0) != sizeof w->noise)
        w->noise = (unsigned)time(NULL);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &steady);
    pthread_condattr_destroy(&steady);
    w->receiver_ms = w->keeper_ms = w->emf_ms = sct_worker_now();
    if (w->held && w->thread)
        return SCT_OK;
    sct_worker_free(w);
    *out = NULL;
    return SCT_ERR_MEMORY;
}

void sct_worker_free(sct_worker *w)
{
    if (!w)
        return;
    for (int i = 0; w->held && i < w->n_slots; i++)
        sct_sqs_message_free(&w->held[i].message);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    sct_mem_free(w->held);
    sct_mem_free(w->thread);
    sct_mem_free(w);
}

void sct_worker_stop(sct_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_stopping = 1;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

int sct_worker_is_alive(sct_worker *w)
{
    const int64_t now_ms = sct_worker_now();
    pthread_mutex_lock(&w->lock);
    const int is_alive =
        now_ms - w->receiver_ms < ALIVE_MS && now_ms - w->keeper_ms < ALIVE_MS;
    pthread_mutex_unlock(&w->lock);
    return is_alive;
}

int sct_worker_is_ready(sct_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const int is_ready = w->is_answered && !w->is_stopping;
    pthread_mutex_unlock(&w->lock);
    return is_ready;
}

struct sct_worker_sums sct_worker_sums(sct_worker *w)
{
    pthread_mutex_lock(&w->lock);
    const struct sct_worker_sums sums = w->sums;
    pthread_mutex_unlock(&w->lock);
    return sums;
}

/* ---- threads ------------------------------------------------------------------------- */

/* The one that has waited longest; NULL: none. */
static struct sct_held *find_waiting(sct_worker *w)
{
    struct sct_held *first = NULL;
    for (int i = 0; i < w->n_slots; i++) {
        struct sct_held *const h = &w->held[i];
        if (h->state == SCT_HELD_WAITS && (!first || h->number < first->number))
            first = h;
    }
    return first;
}

static void give_back(struct sct_held *h, int hide_s)
{
    h->done_ms = sct_worker_now();
    h->hide_s = hide_s;
    h->state = hide_s == SCT_WORKER_DELETE ? SCT_HELD_DELETE : SCT_HELD_HIDE;
}

static void *work(void *worker)
{
    sct_worker *const w = worker;
    void *const hand = w->spec.hands.open(w->spec.hands.ctx);
    pthread_mutex_lock(&w->lock);
    if (!hand) { /* there may be others; without any nothing would ever be done */
        w->status = SCT_ERR_MEMORY;
        w->is_stopping = 1;
        pthread_cond_broadcast(&w->changed);
    }
    while (!w->is_stopping) {
        struct sct_held *const h = find_waiting(w);
        if (!h) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        h->state = SCT_HELD_RUNS;
        w->n_waiting--;
        w->n_running++;
        pthread_cond_broadcast(&w->changed); /* there is room for another */
        pthread_mutex_unlock(&w->lock);
        const int hide_s = sct_worker_handle(w, hand, &h->message);
        pthread_mutex_lock(&w->lock);
        w->n_running--;
        give_back(h, hide_s);
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    if (hand)
        w->spec.hands.close(hand);
    return NULL;
}

/* ---- receiving ----------------------------------------------------------------------- */

static int count_free(const sct_worker *w)
{
    int n = 0;
    for (int i = 0; i < w->n_slots; i++)
        n += w->held[i].state == SCT_HELD_FREE;
    return n;
}

/* How many more messages there is a place for; waits for the first. 0: stopped. */
static int wait_for_room(sct_worker *w)
{
    int n = 0;
    pthread_mutex_lock(&w->lock);
    while (!w->is_stopping && n <= 0) {
        const int n_free = count_free(w);
        n = 2 * w->spec.n_threads - w->n_running - w->n_waiting;
        if (w->n_waiting >= w->spec.n_threads)
            n = 0;
        n = n < n_free ? n : n_free;
        w->receiver_ms = sct_worker_now();
        if (n <= 0)
            sct_worker_wait(w, 1000);
    }
    if (w->is_stopping)
        n = 0;
    pthread_mutex_unlock(&w->lock);
    return n < SCT_SQS_MAX_RECEIVE ? n : SCT_SQS_MAX_RECEIVE;
}

/* Their visibility has begun at most as long ago as an answer takes. */
static void hold(sct_worker *w, const struct sct_sqs_message *message, int n)
{
    const int64_t now_ms = sct_worker_now();
    int at = 0;
    pthread_mutex_lock(&w->lock);
    w->is_answered = 1;
    for (int i = 0; i < n; i++) {
        while (w->held[at].state != SCT_HELD_FREE)
            at++;
        struct sct_held *const h = &w->held[at];
        h->state = SCT_HELD_WAITS;
        h->message = message[i];
        h->number = w->n_received++;
        h->received_ms = now_ms;
        h->expires_ms = now_ms + w->spec.visibility_s * 1000LL;
    }
    w->n_waiting += n;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* Rests, unless it is stopped. */
static void pause_for(sct_worker *w, int ms)
{
    const int64_t until_ms = sct_worker_now() + ms;
    pthread_mutex_lock(&w->lock);
    for (int64_t now = sct_worker_now(); now < until_ms && !w->is_stopping;
         now = sct_worker_now())
        sct_worker_wait(w, (int)(until_ms - now));
    pthread_mutex_unlock(&w->lock);
}

/* Whether there is nothing left, with us or others. What is hidden counts as there: it will be seen
 * again. */
static int is_empty(sct_worker *w)
{
    struct sct_report report = {.message = ""};
    struct sct_sqs_depth depth;
    pthread_mutex_lock(&w->lock);
    const int n_held = w->n_slots - count_free(w);
    pthread_mutex_unlock(&w->lock);
    return n_held == 0 &&
           w->spec.queue.measure(w->spec.queue.ctx, &depth, &report) == SCT_OK &&
           depth.n_waiting + depth.n_in_flight + depth.n_delayed == 0;
}

static void measure(sct_worker *w, int64_t *measured_ms)
{
    struct sct_report report = {.message = ""};
    struct sct_sqs_depth depth;
    const int64_t now_ms = sct_worker_now();
    if (!w->spec.metrics || (*measured_ms > 0 && now_ms - *measured_ms < MEASURE_MS))
        return;
    *measured_ms = now_ms;
    if (w->spec.queue.measure(w->spec.queue.ctx, &depth, &report) != SCT_OK) {
        sct_metrics_count(w->spec.metrics, SCT_TROUBLE_QUEUE);
        sct_metrics_forget(w->spec.metrics, SCT_GAUGE_WAITING);
        sct_metrics_forget(w->spec.metrics, SCT_GAUGE_IN_FLIGHT);
        return;
    }
    sct_metrics_set(w->spec.metrics, SCT_GAUGE_WAITING, depth.n_waiting);
    sct_metrics_set(w->spec.metrics, SCT_GAUGE_IN_FLIGHT, depth.n_in_flight);
}

/* One poll. SCT_OK with *n; a permanent failure. What may pass is waited for. */
static int poll_queue(sct_worker *w, int n_room, int *n, struct sct_report *report)
{
    struct sct_sqs_message message[SCT_SQS_MAX_RECEIVE];
    const struct sct_sqs_receipt how = {
        .max_messages = n_room,
        /* The first answer comes at once: it says that we are ready. */
        .wait_s = w->is_answered ? w->spec.wait_s : 0,
        .visibility_s = w->spec.visibility_s};
    const int status = w->spec.queue.receive(w->spec.queue.ctx, &how, message, n, report);
    if (status == SCT_OK) {
        hold(w, message, *n);
        return SCT_OK;
    }
    if (!sct_verdict_of(status).is_transient && status != SCT_ERR_CORRUPT)
        return status;
    sct_log_message(w->spec.log, SCT_LOG_WARN, "queue", "receiving: %s", report->message);
    if (w->spec.metrics)
        sct_metrics_count(w->spec.metrics, SCT_TROUBLE_QUEUE);
    report->message[0] = '\0';
    pthread_mutex_lock(&w->lock);
    w->is_answered = 0;
    pthread_mutex_unlock(&w->lock);
    pause_for(w, PAUSE_MS);
    *n = 0;
    return SCT_DONE;
}

static int receive_on(sct_worker *w, struct sct_report *report)
{
    int64_t measured_ms = 0;
    int n_empty = 0, n = 0, status = SCT_OK;
    for (int n_room = wait_for_room(w); n_room > 0; n_room = wait_for_room(w)) {
        measure(w, &measured_ms);
        status = poll_queue(w, n_room, &n, report);
        if (status < 0)
            return status;
        n_empty = status == SCT_OK && n == 0 ? n_empty + 1 : 0;
        if (!w->spec.drains || n_empty == 0)
            continue;
        if (n_empty >= N_EMPTY && is_empty(w))
            return SCT_OK;
        if (w->spec.wait_s == 0)
            pause_for(w, EMPTY_PAUSE_MS);
    }
    return SCT_OK;
}

/* ---- all of it ----------------------------------------------------------------------- */

static int start_threads(sct_worker *w)
{
    while (w->n_threads < w->spec.n_threads &&
           pthread_create(&w->thread[w->n_threads], NULL, work, w) == 0)
        w->n_threads++;
    return w->n_threads > 0 ? SCT_OK : SCT_ERR_MEMORY;
}

/* What runs is waited for; what has not begun goes back at once. */
static void finish(sct_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_stopping = 1;
    for (int i = 0; i < w->n_slots; i++)
        if (w->held[i].state == SCT_HELD_WAITS)
            give_back(&w->held[i], 0);
    w->n_waiting = 0;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->n_threads; i++)
        pthread_join(w->thread[i], NULL);
    pthread_mutex_lock(&w->lock);
    w->is_closed = 1;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->keeper, NULL);
}

int sct_worker_run(sct_worker *w, struct sct_report *report)
{
    if (pthread_create(&w->keeper, NULL, sct_worker_keep, w) != 0)
        return SCT_ERR_MEMORY;
    int status = start_threads(w);
    if (status == SCT_OK)
        status = receive_on(w, report);
    finish(w);
    if (status == SCT_OK && w->status != SCT_OK)
        status = sct_report_fail(report, w->status, "a thread could not begin");
    return status;
}
