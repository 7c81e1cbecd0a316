/* A pool of threads that works through numbered items and hands the results back in
 * order. */
#ifndef SCT_POOL_H
#define SCT_POOL_H

struct sct_pool_work {
    int n_items, n_jobs; /* n_jobs threads at most; 1 works in the calling thread */
    /* Does item i, on any thread, at the same time as others. Not 0: take no new items.
     */
    int (*run)(void *ctx, int i);
    /* Item i is finished. Called in the order of the items and never twice at a time,
     * perhaps on another thread than run. May be NULL. */
    void (*finish)(void *ctx, int i);
    void *ctx;
};

/* Returns how many items were done: all of them, or those before the stop, without gaps;
 * or SCT_ERR_MEMORY before anything was done. Runs on fewer threads when the system
 * grants fewer. */
int sct_pool_run(const struct sct_pool_work *work);

#endif
