/* The keeper: what has to be told to the queue about the messages that are held, in batches.
 *
 *     DELETE  as soon as there are ten, or one has waited for DELETE_MS, or nothing else is to come
 *     HIDE    at once
 *     others  extended when half of their visibility is over
 *
 * What the queue does not take is told again on the next turn, as long as the message is ours; after
 * that it comes again by itself. */
#define _GNU_SOURCE 1
#include <string.h>
#include <time.h>

#include "clock.h"
#include "worker_state.h"

enum { TURN_MS = 100, DELETE_MS = 200, FULL_BATCH = 10, MAX_BATCH = 100, EMF_MS = 60000 };

typedef int (*tell_fn)(void *ctx, struct sct_sqs_entry *entry, int n,
                       struct sct_report *report);

/* Messages to be told about, of which no other thread lets go meanwhile: only the keeper frees
 * what is done, and receipts are never changed. */
struct batch {
    struct sct_held *held[MAX_BATCH];
    struct sct_sqs_entry entry[MAX_BATCH];
    int n;
};

static void add(struct batch *b, struct sct_held *h, int visibility_s)
{
    const struct sct_sqs_entry entry = {.receipt = h->message.receipt,
                                        .visibility_s = visibility_s};
    b->held[b->n] = h;
    b->entry[b->n++] = entry;
}

static void let_go(sct_worker *w, struct sct_held *h)
{
    sct_sqs_message_free(&h->message);
    memset(h, 0, sizeof *h);
    pthread_cond_broadcast(&w->changed);
}

/* Those in a state that is done; too few to be worth a request are left for later. */
static void pick_done(sct_worker *w, enum sct_held_state state, struct batch *b)
{
    const int64_t now_ms = sct_worker_now();
    int is_due =
        state == SCT_HELD_HIDE || w->is_closed || w->n_waiting + w->n_running == 0;
    b->n = 0;
    for (int i = 0; i < w->n_slots && b->n < MAX_BATCH; i++) {
        struct sct_held *const h = &w->held[i];
        if (h->state != state)
            continue;
        if (h->expires_ms < now_ms && state == SCT_HELD_HIDE) {
            let_go(w, h); /* it is anybody's already */
            continue;
        }
        is_due |= now_ms - h->done_ms >= DELETE_MS;
        add(b, h, h->hide_s);
    }
    if (!is_due && b->n < FULL_BATCH)
        b->n = 0;
}

static void pick_expiring(sct_worker *w, struct batch *b)
{
    const int64_t now_ms = sct_worker_now();
    b->n = 0;
    for (int i = 0; i < w->n_slots && b->n < MAX_BATCH; i++) {
        struct sct_held *const h = &w->held[i];
        const int64_t left_ms = h->expires_ms - now_ms;
        const int64_t held_ms = now_ms - h->received_ms;
        if ((h->state == SCT_HELD_WAITS || h->state == SCT_HELD_RUNS) && !h->is_lost &&
            left_ms < w->spec.visibility_s * 500LL &&
            held_ms + w->spec.visibility_s * 1000LL < SCT_SQS_MAX_VISIBILITY_S * 1000LL)
            add(b, h, w->spec.visibility_s);
    }
}

/* Without the lock: the queue may take its time. */
static void tell(sct_worker *w, const char *what, tell_fn fn, struct batch *b)
{
    struct sct_report report = {.message = ""};
    if (b->n == 0)
        return;
    pthread_mutex_unlock(&w->lock);
    if (fn(w->spec.queue.ctx, b->entry, b->n, &report) != SCT_OK)
        sct_log_message(w->spec.log, SCT_LOG_WARN, "queue", "%s: %s", what,
                        report.message);
    pthread_mutex_lock(&w->lock);
}

/* What is told, or will never be. */
static void settle(sct_worker *w, struct batch *b)
{
    const int64_t now_ms = sct_worker_now();
    for (int i = 0; i < b->n; i++) {
        const int status = b->entry[i].status;
        if (status != SCT_OK && status != SCT_ERR_ARGUMENT &&
            b->held[i]->expires_ms >= now_ms && !w->is_closed)
            continue;
        w->sums.n_messages += status == SCT_OK && b->held[i]->state == SCT_HELD_DELETE;
        let_go(w, b->held[i]);
    }
}

static void note_extended(sct_worker *w, struct batch *b, int64_t asked_ms)
{
    for (int i = 0; i < b->n; i++) {
        if (b->entry[i].status == SCT_OK)
            b->held[i]->expires_ms = asked_ms + w->spec.visibility_s * 1000LL;
        else
            b->held[i]->is_lost = b->entry[i].status == SCT_ERR_ARGUMENT;
    }
}

/* Without the lock: whoever reads the lines may take his time. */
static void print_emf(sct_worker *w, int is_last)
{
    if (!w->spec.emf || !w->spec.metrics ||
        (!is_last && sct_worker_now() - w->emf_ms < EMF_MS))
        return;
    w->emf_ms = sct_worker_now();
    pthread_mutex_unlock(&w->lock);
    sct_metrics_print_emf(w->spec.metrics, w->spec.emf, sct_clock_now_ms());
    pthread_mutex_lock(&w->lock);
}

static void set_gauges(const sct_worker *w)
{
    int n_held = 0;
    for (int i = 0; i < w->n_slots; i++)
        n_held += w->held[i].state != SCT_HELD_FREE;
    sct_metrics_set(w->spec.metrics, SCT_GAUGE_RUNNING, w->n_running);
    sct_metrics_set(w->spec.metrics, SCT_GAUGE_HELD, n_held);
}

static int holds_any(const sct_worker *w)
{
    for (int i = 0; i < w->n_slots; i++)
        if (w->held[i].state != SCT_HELD_FREE)
            return 1;
    return 0;
}

static void turn(sct_worker *w, struct batch *b)
{
    pick_expiring(w, b);
    const int64_t asked_ms = sct_worker_now();
    tell(w, "extending", w->spec.queue.hide, b);
    note_extended(w, b, asked_ms);
    pick_done(w, SCT_HELD_HIDE, b);
    tell(w, "hiding", w->spec.queue.hide, b);
    settle(w, b);
    pick_done(w, SCT_HELD_DELETE, b);
    tell(w, "deleting", w->spec.queue.remove, b);
    settle(w, b);
    w->keeper_ms = sct_worker_now();
}

void *sct_worker_keep(void *worker)
{
    sct_worker *const w = worker;
    struct batch b;
    pthread_mutex_lock(&w->lock);
    while (!w->is_closed || holds_any(w)) {
        turn(w, &b);
        if (w->spec.metrics)
            set_gauges(w);
        print_emf(w, 0);
        if (!w->is_closed)
            sct_worker_wait(w, TURN_MS);
    }
    if (w->spec.metrics)
        set_gauges(w);
    print_emf(w, 1);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}
