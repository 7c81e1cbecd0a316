/* One message: all of its records, one after the other, and what that makes of it.
 *
 *     record --> DONE ----------------> nothing more to do
 *            '-> AGAIN, FAILED -------> the message stays: it comes again, or is redriven */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "worker_state.h"

enum { MAX_BACKOFF_S = 900 };

static void count(sct_worker *w, enum sct_service_end end,
                  const struct sct_effect_result *result)
{
    const int is_fine = result->outcome.status == SCT_OK;
    pthread_mutex_lock(&w->lock);
    w->sums.n_fine += is_fine;
    w->sums.n_failed += !is_fine && end == SCT_SERVICE_DONE;
    w->sums.n_retried += end != SCT_SERVICE_DONE;
    pthread_mutex_unlock(&w->lock);
}

/* Full jitter. */
static int find_backoff(sct_worker *w, int n_receives)
{
    int most = w->spec.backoff_s;
    for (int i = 1; i < n_receives && most < MAX_BACKOFF_S; i++)
        most *= 2;
    if (most > MAX_BACKOFF_S)
        most = MAX_BACKOFF_S;
    pthread_mutex_lock(&w->lock);
    const int s = most > 0 ? 1 + rand_r(&w->noise) % most : 0;
    pthread_mutex_unlock(&w->lock);
    return s;
}

int sct_worker_handle(sct_worker *w, void *hand, const struct sct_sqs_message *message)
{
    const struct sct_worker_hands *const hands = &w->spec.hands;
    struct sct_event event;
    const int status = sct_event_parse(&event, message->body, strlen(message->body));
    int must_stay = status != SCT_OK;
    for (int i = 0; i < event.n_records && status == SCT_OK; i++) {
        const enum sct_service_end end =
            hands->handle(hand, &event.record[i], message->body, message->id);
        count(w, end, hands->result(hand));
        must_stay |= end != SCT_SERVICE_DONE;
    }
    sct_event_free(&event);
    return must_stay ? find_backoff(w, message->n_receives) : SCT_WORKER_DELETE;
}
