/* The worker: messages of a queue, each worked off and then deleted, until somebody says stop.
 *
 *     receive --> slots --> threads: every record of a message --> hands (a service)
 *                   ^                                   |
 *                   '-- keeper: extends, deletes, hides <'
 *
 * A message is deleted when all of its records have ended: well, for nothing, or as a permanent
 * failure that the failure queue has taken. Otherwise it stays, hidden for a while that grows with the
 * number of its receipts, and so reaches the queue's redrive policy. What is done twice, because
 * a message came twice, is the effect's to notice.
 *
 * Queue and hands are tables of functions, so that tests need neither. Command and servers. */
#ifndef SCT_WORKER_H
#define SCT_WORKER_H

#include "log.h"
#include "metrics.h"
#include "service.h"
#include "sqs.h"

/* Contracts as of sqs.h. receive and measure are called by the thread that runs the worker, the other
 * two by the keeper. */
struct sct_worker_queue {
    int (*receive)(void *ctx, const struct sct_sqs_receipt *how,
                   struct sct_sqs_message *message, int *n, struct sct_report *report);
    int (*measure)(void *ctx, struct sct_sqs_depth *depth, struct sct_report *report);
    int (*remove)(void *ctx, struct sct_sqs_entry *entry, int n,
                  struct sct_report *report);
    int (*hide)(void *ctx, struct sct_sqs_entry *entry, int n, struct sct_report *report);
    void *ctx;
};

/* What a thread works with: one hand each. Contracts as of service.h. */
struct sct_worker_hands {
    void *(*open)(void *ctx); /* NULL: there is none, and it has been said why */
    void (*close)(void *hand);
    enum sct_service_end (*handle)(void *hand, const struct sct_event_record *record,
                                   const char *original, const char *request_id);
    const struct sct_effect_result *(*result)(void *hand);
    void *ctx;
};

struct sct_worker_spec {
    struct sct_worker_queue queue;
    struct sct_worker_hands hands;
    int n_threads;
    int wait_s;       /* of long polls */
    int visibility_s; /* at a time; extended while a message is held */
    int backoff_s; /* a failed message is hidden for up to this, doubled with each receipt */
    int drains;    /* ends when the queue is empty */
    const struct sct_log *log; /* borrowed */
    sct_metrics
        *metrics; /* gets gauges; what is counted is the hands' matter; NULL: none */
    FILE *emf;    /* gets lines about metrics every minute, and at the end; NULL: none */
};

typedef struct sct_worker sct_worker;

struct sct_worker_sums {
    int64_t n_messages;       /* deleted */
    int64_t n_fine, n_failed; /* records; failed: for good */
    int64_t n_retried;        /* left in the queue, to come again */
};

/* SCT_OK, SCT_ERR_MEMORY. */
int sct_worker_create(sct_worker **out, const struct sct_worker_spec *spec);
void sct_worker_free(sct_worker *w); /* accepts NULL */

/* Works until it is stopped or, if it drains, the queue is empty. What runs is finished, what has
 * not begun is handed back. SCT_OK; SCT_ERR_MEMORY: no threads; what the queue says when that is
 * permanent, with a message. Once. */
int sct_worker_run(sct_worker *w, struct sct_report *report);

/* To be called from any thread, but not from a signal's handler. A long poll that is under way is
 * waited for: what it brings would otherwise be hidden from everybody for a while. */
void sct_worker_stop(sct_worker *w);

/* Of any thread. Alive: all loops have turned lately. Ready: the queue answers, and it is not
 * stopping. */
int sct_worker_is_alive(sct_worker *w);
int sct_worker_is_ready(sct_worker *w);

struct sct_worker_sums sct_worker_sums(sct_worker *w);

#endif
