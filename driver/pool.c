/* The pool.
 *
 *     items   0 1 2 3 4 5 6 7 8 ...
 *             |   |   |     '-- next: the first that nobody has taken
 *             |   |   '-------- taken, running or done
 *             |   '------------ finished_up_to: the first that is not yet handed back
 *             '---------------- handed back
 *
 * Invariants, under the lock:
 *   1. items are taken in order, so those taken are 0 .. next - 1 without gaps;
 *   2. items before finished_up_to have been handed back, in order, each once;
 *   3. whoever completes item finished_up_to hands back it and all that are done behind
 * it. */
#include "pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "status.h"

enum { MAX_THREADS = 256 };

struct pool {
    const struct sct_pool_work *work;
    pthread_mutex_t lock;
    unsigned char *is_done;
    int next, finished_up_to, is_stopped;
};

static void *work_items(void *p)
{
    struct pool *const pool = p;
    const struct sct_pool_work *const w = pool->work;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_stopped && pool->next < w->n_items) {
        const int i = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        const int stop = w->run(w->ctx, i);
        pthread_mutex_lock(&pool->lock);
        pool->is_stopped |= stop != 0;
        pool->is_done[i] = 1;
        while (pool->finished_up_to < pool->next && pool->is_done[pool->finished_up_to]) {
            if (w->finish)
                w->finish(w->ctx, pool->finished_up_to);
            pool->finished_up_to++;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

int sct_pool_run(const struct sct_pool_work *work)
{
    struct pool pool = {.work = work};
    pthread_t thread[MAX_THREADS];
    int n_wanted = work->n_jobs < work->n_items ? work->n_jobs : work->n_items;
    if (n_wanted > MAX_THREADS)
        n_wanted = MAX_THREADS;
    if (work->n_items < 1)
        return 0;
    pool.is_done = calloc((size_t)work->n_items, 1);
    if (!pool.is_done)
        return SCT_ERR_MEMORY;
    if (pthread_mutex_init(&pool.lock, NULL) != 0) {
        free(pool.is_done);
        return SCT_ERR_MEMORY;
    }
    /* The caller is one of the workers. */
    int n_started = 0;
    while (n_started < n_wanted - 1 &&
           pthread_create(&thread[n_started], NULL, work_items, &pool) == 0)
        n_started++;
    work_items(&pool);
    for (int i = 0; i < n_started; i++)
        pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&pool.lock);
    free(pool.is_done);
    return pool.finished_up_to;
}
