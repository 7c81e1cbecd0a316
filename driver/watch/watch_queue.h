/* What is to be looked at, and when: keys of a folder, each once, with the time from which on it is
 * its turn. Several threads take; any thread puts. Command only. */
#ifndef SCT_WATCH_QUEUE_H
#define SCT_WATCH_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "watch_tree.h"

typedef struct sct_queue sct_queue;

/* One key. Whoever took it may change all but the key, down to seen_ms. */
struct sct_entry {
    char *key;
    int is_complete; /* somebody has closed it or moved it here: need not be waited for */
    int is_new;      /* it was created, and nobody has closed it since */
    int n_tries;     /* that met trouble which is not its own */
    int n_late;      /* that took too long, or crashed the decoder */
    int trouble;     /* the status that it waits for to be over, or SCT_OK */
    int is_told;     /* that it cannot be opened */
    char seen_mark[48]; /* when it was looked at before, or "" */
    int64_t seen_ms;

    int64_t due_ms; /* the queue's, from here on */
    int will_be_complete, will_be_new;
    enum { SCT_ENTRY_WAITS, SCT_ENTRY_RUNS, SCT_ENTRY_RUNS_AGAIN } state;
    size_t place;           /* in the heap, while it waits */
    struct sct_entry *next; /* with the same hash */
};

/* SCT_OK or SCT_ERR_MEMORY; *out is NULL on failure. */
int sct_queue_create(sct_queue **out);
void sct_queue_free(sct_queue *q); /* nobody may be taking any more; accepts NULL */

/* Milliseconds of a clock that is never set. */
int64_t sct_queue_now(void);

/* It is the key's turn from due_ms on, and not later because it was to wait for something, if it is
 * COMPLETE or GONE now. What is FOUND is as complete as it was before; what is CREATED, or comes after
 * it was GONE, is not. A key that is being worked on gets another turn afterwards, as if it was new then. SCT_OK or
 * SCT_ERR_MEMORY. */
int sct_queue_put(sct_queue *q, const char *key, int64_t due_ms, enum sct_sight sight);

/* Waits for the next. NULL: there is none and will be none. Every one that is taken is handed to
 * one of the two below. */
struct sct_entry *sct_queue_take(sct_queue *q);

/* Done with it, but for another turn that somebody wants. */
void sct_queue_finish(sct_queue *q, struct sct_entry *entry);

/* Not done: it waits until then, or for a put. */
void sct_queue_return(sct_queue *q, struct sct_entry *entry, int64_t due_ms);

/* Nobody gets anything any more. */
void sct_queue_stop(sct_queue *q);

/* Nothing more will be put: ends when all is done. */
void sct_queue_close(sct_queue *q);

#endif
