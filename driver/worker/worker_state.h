/* What the files of the worker share. */
#ifndef SCT_WORKER_STATE_H
#define SCT_WORKER_STATE_H

#include <pthread.h>

#include "worker.h"

/* FREE -> WAITS -> RUNS -> DELETED or HIDDEN -> FREE; WAITS -> HIDDEN when the worker stops. */
enum sct_held_state {
    SCT_HELD_FREE,
    SCT_HELD_WAITS,
    SCT_HELD_RUNS,
    SCT_HELD_DELETE,
    SCT_HELD_HIDE
};

/* A message that is held. */
struct sct_held {
    enum sct_held_state state;
    struct sct_sqs_message message;
    uint64_t number;     /* in the order of receipt */
    int64_t received_ms; /* these three by sct_worker_now */
    int64_t expires_ms;  /* then others may get it */
    int64_t done_ms;
    int hide_s;  /* in HIDE: for how long */
    int is_lost; /* the queue does not know the receipt any more */
};

struct sct_worker {
    struct sct_worker_spec spec;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct sct_held *held;
    int n_slots, n_waiting, n_running;
    uint64_t n_received;
    int is_stopping; /* nothing is begun any more */
    int is_closed;   /* all threads are done: the keeper is to finish */
    int is_answered; /* the queue has answered lately */
    int64_t receiver_ms, keeper_ms, emf_ms; /* when they turned last */
    int status;                             /* why it stops by itself, or SCT_OK */
    struct sct_worker_sums sums;
    unsigned noise;
    pthread_t *thread, keeper;
    int n_threads;
};

/* Milliseconds of a clock that is never set. */
int64_t sct_worker_now(void);

/* What is to become of a message: how long it is to be hidden in s, or SCT_WORKER_DELETE. */
enum { SCT_WORKER_DELETE = -1 };
int sct_worker_handle(sct_worker *w, void *hand, const struct sct_sqs_message *message);

/* The keeper's thread. */
void *sct_worker_keep(void *worker);

/* Waits for a change, at most so long; under the lock. */
void sct_worker_wait(sct_worker *w, int ms);

#endif
