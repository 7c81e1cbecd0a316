/* A service: what a thread of a worker, or a Lambda function, has to work on records: its stores,
 * its effect, and where failures go.
 *
 *     record --> [effect] --> fine, or nothing to do ---------> DONE
 *                    |------> will fail again: failure queue --> DONE
 *                    '------> may pass ------------------------> AGAIN: whoever delivered it
 *                                                                delivers it once more
 *
 * A permanent failure that cannot be handed to the failure queue is AGAIN, too: nothing is lost.
 * Without a failure queue it is FAILED, and the caller's to raise. A service belongs to one thread at a
 * time; threads share the credentials and the recipe. */
#ifndef SCT_SERVICE_H
#define SCT_SERVICE_H

#include "effect.h"
#include "log.h"
#include "metrics.h"

typedef struct sct_service sct_service;

enum { SCT_SERVICE_MAX_SOURCES = 16 };

struct sct_service_spec { /* all borrowed for as long as the service lives */
    const struct sct_recipe *recipe;
    const char *target; /* URL */
    /* Prefixes that a record's store must have, "s3://uploads"; none: any bucket's but the target's. */
    const char *source[SCT_SERVICE_MAX_SOURCES];
    int n_sources;
    const char *failed_queue; /* URL of SQS; NULL: failures are the caller's */
    sct_credentials *credentials;
    const struct sct_log *log;
    sct_isolate *isolate; /* NULL: no sandbox */
    int is_durable;       /* of folders */
    int checks_target; /* a request when it is created: whether there is such a bucket */
    sct_metrics *metrics; /* NULL: none */
};

enum sct_service_end {
    SCT_SERVICE_DONE,
    SCT_SERVICE_AGAIN,
    SCT_SERVICE_FAILED,
};

/* Whether sources and target are apart and can be opened; nothing is contacted. SCT_OK; otherwise
 * *out is NULL, with a message. */
int sct_service_create(sct_service **out, const struct sct_service_spec *spec,
                       struct sct_report *report);
void sct_service_free(sct_service *s); /* accepts NULL */

/* Goes into all requests that follow; NULL: none. */
int sct_service_trace(sct_service *s, const char *trace_id);

/* Works on a record until a deadline (CLOCK_REALTIME; 0: none). `original` is the text that it
 * came in, for failures that cannot name an object. One line of the log says what became of it. */
enum sct_service_end sct_service_handle(sct_service *s,
                                        const struct sct_event_record *record,
                                        int64_t deadline_ms, const char *original,
                                        const char *request_id);

/* Of what sct_service_handle did last; borrowed until its next call. */
const struct sct_effect_result *sct_service_result(const sct_service *s);

#endif
