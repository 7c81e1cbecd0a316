/* What is done about one key of the source, whatever has become of it: made into its variants, left
 * alone because they are there, retried, moved to the failed folder, or its variants removed.
 * Command only. */
#ifndef SCT_WATCH_WORK_H
#define SCT_WATCH_WORK_H

#include <pthread.h>

#include "failures.h"
#include "isolate.h"
#include "options.h"
#include "tempfiles.h"
#include "watch_queue.h"

struct sct_work; /* of one thread */

struct sct_watch {
    const struct sct_watch_options *options; /* borrowed, as all pointers here */
    const char *target;                      /* real path, without a slash at its end */
    int source, target_fd;                   /* the folders */
    sct_queue *queue;
    sct_isolate *isolate; /* NULL: no sandbox */
    sct_tempfiles *tempfiles;
    sct_failures *failures;              /* NULL: failed inputs stay where they are */
    char settings[SCT_MAX_VARIANTS][20]; /* hash of each variant */

    pthread_mutex_t lock;  /* of what follows */
    struct sct_work *busy; /* what the threads are writing */
    int n_fine, n_failed;
};

/* Fills in settings, lock, busy and counts. SCT_OK or SCT_ERR_MEMORY. */
int sct_watch_init(struct sct_watch *watch);

/* Takes from the queue until there is nothing more; any number of threads. SCT_OK, or
 * SCT_ERR_MEMORY before it has taken anything. */
int sct_watch_work(struct sct_watch *watch);

/* Looks through the target: removes temporary files that were left behind, if nobody can be writing
 * any (has_leftovers), and the outputs whose sources are gone (with mirror_deletes). */
void sct_watch_sweep(struct sct_watch *watch, int has_leftovers);

#endif
