/* The queue.
 *
 *     put -> [waits] -- take, when due --> [runs] -- finish --> gone
 *               ^                            |  '-- put --> [runs again] -- finish --.
 *               |                            '-- return                              |
 *               '----------------------------+----------------------------------------'
 *
 * Invariants, under the lock:
 *   1. every key has one entry, which is in the table;
 *   2. those that wait are in the heap, ordered by due_ms, heap[i]->place == i; no others are. */
#define _GNU_SOURCE 1
#include "watch_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status.h"
#include "stopwatch.h"

struct sct_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct sct_entry **heap;
    size_t n_waiting;         /* the heap has room for all entries, also those that run */
    struct sct_entry **table; /* n_lists of them, a power of two */
    size_t n_lists, n_entries;
    int is_stopped, is_closed;
};

enum { FIRST_LISTS = 256 };

int64_t sct_queue_now(void)
{
    return (int64_t)sct_wall_ms();
}

/* ---- heap -------------------------------------------------------------------------- */

static void set_place(sct_queue *q, size_t i, struct sct_entry *entry)
{
    q->heap[i] = entry;
    entry->place = i;
}

static void rise(sct_queue *q, size_t i)
{
    struct sct_entry *const entry = q->heap[i];
    for (; i > 0 && q->heap[(i - 1) / 2]->due_ms > entry->due_ms; i = (i - 1) / 2)
        set_place(q, i, q->heap[(i - 1) / 2]);
    set_place(q, i, entry);
}

static void sink(sct_queue *q, size_t i)
{
    struct sct_entry *const entry = q->heap[i];
    for (size_t child; (child = 2 * i + 1) < q->n_waiting; i = child) {
        if (child + 1 < q->n_waiting &&
            q->heap[child + 1]->due_ms < q->heap[child]->due_ms)
            child++;
        if (q->heap[child]->due_ms >= entry->due_ms)
            break;
        set_place(q, i, q->heap[child]);
    }
    set_place(q, i, entry);
}

static void wait_until(sct_queue *q, struct sct_entry *entry, int64_t due_ms)
{
    entry->state = SCT_ENTRY_WAITS;
    entry->due_ms = due_ms;
    set_place(q, q->n_waiting++, entry);
    rise(q, entry->place);
    pthread_cond_broadcast(&q->changed);
}

/* ---- table ------------------------------------------------------------------------- */

/* FNV-1a, 64 bits. */
static uint64_t hash_key(const char *key)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    return h;
}

static struct sct_entry **find_list(struct sct_entry **table, size_t n_lists,
                                    const char *key)
{
    return &table[(size_t)hash_key(key) & (n_lists - 1)];
}

/* Room for one more entry, in heap and table. */
static int grow(sct_queue *q)
{
    if (q->n_entries < q->n_lists)
        return SCT_OK;
    const size_t n = q->n_lists ? q->n_lists * 2 : FIRST_LISTS;
    struct sct_entry **const heap = realloc(q->heap, n * sizeof(*heap));
    if (!heap)
        return SCT_ERR_MEMORY;
    q->heap = heap;
    struct sct_entry **const table = calloc(n, sizeof(*table));
    if (!table)
        return SCT_ERR_MEMORY;
    for (size_t i = 0; i < q->n_lists; i++) {
        for (struct sct_entry *e = q->table[i], *next; e; e = next) {
            struct sct_entry **const list = find_list(table, n, e->key);
            next = e->next;
            e->next = *list;
            *list = e;
        }
    }
    free(q->table);
    q->table = table;
    q->n_lists = n;
    return SCT_OK;
}

static struct sct_entry *find_entry(const sct_queue *q, const char *key)
{
    struct sct_entry *e = q->n_lists ? *find_list(q->table, q->n_lists, key) : NULL;
    while (e && strcmp(e->key, key) != 0)
        e = e->next;
    return e;
}

static struct sct_entry *add_entry(sct_queue *q, const char *key)
{
    struct sct_entry *const e = grow(q) == SCT_OK ? calloc(1, sizeof *e) : NULL;
    if (!e || !(e->key = strdup(key))) {
        free(e);
        return NULL;
    }
    struct sct_entry **const list = find_list(q->table, q->n_lists, key);
    e->next = *list;
    *list = e;
    q->n_entries++;
    return e;
}

static void drop_entry(sct_queue *q, struct sct_entry *entry)
{
    struct sct_entry **link = find_list(q->table, q->n_lists, entry->key);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    q->n_entries--;
    free(entry->key);
    free(entry);
}

/* ---- the queue --------------------------------------------------------------------- */

int sct_queue_create(sct_queue **out)
{
    pthread_condattr_t attributes;
    sct_queue *const q = calloc(1, sizeof *q);
    *out = NULL;
    if (!q || pthread_condattr_init(&attributes) != 0) {
        free(q);
        return SCT_ERR_MEMORY;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    const int failed = pthread_mutex_init(&q->lock, NULL) != 0 ||
                       pthread_cond_init(&q->changed, &attributes) != 0;
    pthread_condattr_destroy(&attributes);
    if (failed) {
        free(q);
        return SCT_ERR_MEMORY;
    }
    *out = q;
    return SCT_OK;
}

void sct_queue_free(sct_queue *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_lists; i++)
        while (q->table[i])
            drop_entry(q, q->table[i]);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q->table);
    free(q->heap);
    free(q);
}

static void note_sight(int *is_complete, int *is_new, enum sct_sight sight)
{
    if (sight == SCT_SIGHT_FOUND)
        return;
    *is_complete = sight == SCT_SIGHT_COMPLETE;
    *is_new = sight == SCT_SIGHT_CREATED;
}

int sct_queue_put(sct_queue *q, const char *key, int64_t due_ms, enum sct_sight sight)
{
    int status = SCT_OK;
    pthread_mutex_lock(&q->lock);
    struct sct_entry *e = find_entry(q, key);
    if (!e) {
        e = add_entry(q, key);
        if (e)
            wait_until(q, e, due_ms);
        else
            status = SCT_ERR_MEMORY;
    } else if (e->state == SCT_ENTRY_WAITS && sight != SCT_SIGHT_FOUND &&
               due_ms < e->due_ms) {
        e->due_ms = due_ms;
        rise(q, e->place);
        pthread_cond_broadcast(&q->changed);
    }
    if (e && e->state == SCT_ENTRY_WAITS) {
        note_sight(&e->is_complete, &e->is_new, sight);
    } else if (e) {
        note_sight(&e->will_be_complete, &e->will_be_new, sight);
        e->state = SCT_ENTRY_RUNS_AGAIN;
    }
    pthread_mutex_unlock(&q->lock);
    return status;
}

/* Until something changes, or it is the first one's turn. */
static void wait_for_change(sct_queue *q)
{
    if (q->n_waiting == 0) {
        pthread_cond_wait(&q->changed, &q->lock);
        return;
    }
    const int64_t due = q->heap[0]->due_ms;
    const struct timespec until = {.tv_sec = (time_t)(due / 1000),
                                   .tv_nsec = (long)(due % 1000) * 1000000};
    pthread_cond_timedwait(&q->changed, &q->lock, &until);
}

struct sct_entry *sct_queue_take(sct_queue *q)
{
    struct sct_entry *e = NULL;
    pthread_mutex_lock(&q->lock);
    while (!q->is_stopped && !(q->is_closed && q->n_entries == 0)) {
        if (q->n_waiting > 0 && q->heap[0]->due_ms <= sct_queue_now()) {
            e = q->heap[0];
            q->n_waiting--;
            if (q->n_waiting > 0) {
                set_place(q, 0, q->heap[q->n_waiting]);
                sink(q, 0);
            }
            e->state = SCT_ENTRY_RUNS;
            break;
        }
        wait_for_change(q);
    }
    pthread_mutex_unlock(&q->lock);
    return e;
}

/* Somebody has put it while it ran: it is as if it was put now. */
static void begin_again(sct_queue *q, struct sct_entry *entry)
{
    entry->is_complete = entry->will_be_complete;
    entry->is_new = entry->will_be_new;
    entry->will_be_complete = entry->will_be_new = 0;
    entry->n_tries = entry->n_late = 0;
    wait_until(q, entry, sct_queue_now());
}

void sct_queue_finish(sct_queue *q, struct sct_entry *entry)
{
    pthread_mutex_lock(&q->lock);
    if (entry->state == SCT_ENTRY_RUNS_AGAIN)
        begin_again(q, entry);
    else
        drop_entry(q, entry);
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void sct_queue_return(sct_queue *q, struct sct_entry *entry, int64_t due_ms)
{
    pthread_mutex_lock(&q->lock);
    if (entry->state == SCT_ENTRY_RUNS_AGAIN)
        begin_again(q, entry);
    else
        wait_until(q, entry, due_ms);
    pthread_mutex_unlock(&q->lock);
}

static void set_flag(sct_queue *q, int *flag)
{
    pthread_mutex_lock(&q->lock);
    *flag = 1;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

void sct_queue_stop(sct_queue *q)
{
    set_flag(q, &q->is_stopped);
}

void sct_queue_close(sct_queue *q)
{
    set_flag(q, &q->is_closed);
}
