/* A queue of Amazon SQS.
 *
 *     sct_sqs *q;
 *     sct_sqs_open(&q, "https://sqs.eu-central-1.amazonaws.com/123456789012/uploads", NULL, &report);
 *     sct_sqs_receive(q, &how, message, &n, &report);
 *     ...                                        // nobody else gets them for visibility_s
 *     sct_sqs_delete(q, entry, n, &report);
 *
 * Messages come at least once. One that is not deleted comes again after its visibility timeout,
 * and after so many receipts as the queue's redrive policy says goes to the dead-letter queue. A queue
 * belongs to one thread at a time; threads open one each and share the credentials.
 *
 * Statuses are those of store.h; SCT_ERR_NOT_FOUND is a queue that is not there. */
#ifndef SCT_SQS_H
#define SCT_SQS_H

#include <stdint.h>

#include "credentials.h"
#include "io.h"

enum {
    SCT_SQS_MAX_RECEIVE = 10,
    SCT_SQS_MAX_WAIT_S = 20,
    SCT_SQS_MAX_VISIBILITY_S = 43200, /* 12 h since the message was received */
    SCT_SQS_MAX_ATTRIBUTES = 10,
    SCT_SQS_MAX_BYTES = 262144 /* of a message with its attributes, and of a batch */
};

typedef struct sct_sqs sct_sqs;
struct json_t;

struct sct_sqs_attribute {
    const char *name, *type, *value; /* type: "String", "Number" */
};

/* What was received; strings are borrowed from it until sct_sqs_message_free. */
struct sct_sqs_message {
    const char *id, *receipt, *body;
    int n_receives;  /* ApproximateReceiveCount, from 1; 0: not said */
    int64_t sent_ms; /* since 1970; 0: not said */
    struct sct_sqs_attribute attribute[SCT_SQS_MAX_ATTRIBUTES];
    int n_attributes; /* those that are texts or numbers */
    struct json_t *json;
};

struct sct_sqs_receipt {
    int max_messages; /* 1..SCT_SQS_MAX_RECEIVE */
    int wait_s;       /* 0..SCT_SQS_MAX_WAIT_S: long polling */
    int visibility_s; /* 0: the queue's own */
};

/* One of a batch. The batch is cut into requests as the service wants them. */
struct sct_sqs_entry {
    const char *receipt; /* to delete, or to change the visibility of */
    int visibility_s;    /* 0: anybody may have it at once */
    const char *body;    /* to send */
    const struct sct_sqs_attribute *attribute;
    int n_attributes;
    int delay_s; /* before anybody gets what is sent; 0..900 */

    int status;        /* out; what passes has been tried again */
    char problem[256]; /* out: why, or "" */
};

struct sct_sqs_depth { /* all of them approximate, says AWS */
    int64_t n_waiting, n_in_flight, n_delayed;
};

/* Region and endpoint are those of the URL, unless AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL says
 * otherwise. credentials: borrowed, or NULL for its own. Nothing is contacted yet. SCT_OK;
 * SCT_ERR_ARGUMENT, SCT_ERR_MEMORY, SCT_ERR_UNSUPPORTED: *out is NULL. */
int sct_sqs_open(sct_sqs **out, const char *queue_url, sct_credentials *credentials,
                 struct sct_report *report);
void sct_sqs_close(sct_sqs *q); /* accepts NULL */

/* As of sct_aws_client_trace. */
int sct_sqs_trace(sct_sqs *q, const char *trace_id);

/* Up to max_messages into message[0..*n), none after wait_s without any. */
int sct_sqs_receive(sct_sqs *q, const struct sct_sqs_receipt *how,
                    struct sct_sqs_message *message, int *n, struct sct_report *report);
void sct_sqs_message_free(struct sct_sqs_message *m); /* accepts what is zeroed */

/* Each entry gets its status. SCT_OK when all are; otherwise the first that is not, with a
 * message. A receipt that is not valid any more is SCT_ERR_ARGUMENT. */
int sct_sqs_delete(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                   struct sct_report *report);
int sct_sqs_change_visibility(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                              struct sct_report *report);
int sct_sqs_send(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                 struct sct_report *report);

int sct_sqs_measure(sct_sqs *q, struct sct_sqs_depth *depth, struct sct_report *report);

#endif
