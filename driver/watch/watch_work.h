/* What is done about one key of the source, whatever has become of it: its effect, retries, and the
 * failed folder. The only reason for which a file is moved is that it is a failure itself; whatever
 * else is wrong is waited for. Command only. */
#ifndef SCT_WATCH_WORK_H
#define SCT_WATCH_WORK_H

#include <pthread.h>

#include "credentials.h"
#include "failures.h"
#include "isolate.h"
#include "options.h"
#include "recipe.h"
#include "watch_queue.h"

enum { SCT_WATCH_N_STATUSES = 16 };

struct sct_watch {
    const struct sct_watch_options *options; /* borrowed, as all pointers here */
    const char *source_url;                  /* file:// and the real path */
    const char *target; /* real path of a folder, or URL of a store */
    int source;         /* the folder */
    struct sct_recipe recipe;
    sct_credentials *credentials;
    sct_queue *queue;
    sct_isolate *isolate;   /* NULL: no sandbox */
    sct_failures *failures; /* NULL: failed inputs stay where they are */

    pthread_mutex_t lock; /* of what follows */
    int n_fine, n_failed;
    int n_left; /* of those that failed: with --once, for reasons that are not theirs */
    /* How many wait for trouble of that kind to be over, by -status. */
    int n_troubled[SCT_WATCH_N_STATUSES];
};

/* Makes the recipe out of the options, the lock and the counts. SCT_OK, SCT_ERR_MEMORY, or
 * SCT_ERR_ARGUMENT with a message. */
int sct_watch_init(struct sct_watch *watch, struct sct_report *report);

/* The target as a store; of one thread. SCT_OK, or a status and a message. */
int sct_watch_open_target(const struct sct_watch *watch, sct_store **out,
                          struct sct_report *report);

/* Takes from the queue until there is nothing more; any number of threads. SCT_OK, or a status and
 * a message before it has taken anything. */
int sct_watch_work(struct sct_watch *watch, struct sct_report *report);

#endif
