/* Failures: what reaches a failure queue, in all its shapes, as one flat list of records with what
 * became of them.
 *
 *     ours            {"scantling": "1", "failure": {"verdict": ...}, "event": our event}
 *     dead letter     of an asynchronous Lambda: the original event, and in the attributes of the
 *                     message RequestID, ErrorCode and ErrorMessage
 *     redrive         of a queue: the original message and nothing else, received too often
 *     destination     {"requestContext": ..., "requestPayload": the original event,
 *                     "responsePayload": {"errorMessage": ...}}
 *
 * each as the body of a message of SQS, {"Records": [{"body": ...}]}; the last three also through
 * a topic of SNS, and the last by itself or from EventBridge, in "detail". An original event is
 * any that event.h knows, with any number of records, each of which is a failure.
 *
 * The verdict of those that are not ours is the word that their error message begins with, where it
 * is one of ours ("corrupt: ..."), or that of the error's type ("Function.Corrupt"), "timeout" where
 * Lambda says so, and otherwise "exhausted": it was tried as often as allowed. Command and servers. */
#ifndef SCT_FAILURE_H
#define SCT_FAILURE_H

#include "clock.h"
#include "event.h"

enum {
    SCT_FAILURE_WORD_BYTES = 32,
    SCT_FAILURE_TEXT_BYTES = 512,
    SCT_FAILURE_ID_BYTES = 128,
    SCT_FAILURE_MAX_ORIGINAL_BYTES = 32768 /* 6 times that, escaped, fits in a message */
};

enum sct_failure_shape {
    SCT_FAILURE_OURS,
    SCT_FAILURE_DEAD_LETTER,
    SCT_FAILURE_REDRIVE,
    SCT_FAILURE_DESTINATION
};

struct sct_failure {
    /* Which object; record.message is the index of the message in the list, or -1. A bad
     * record, of which only `problem` is known, is a failure too. */
    struct sct_event_record record;
    enum sct_failure_shape shape;
    char verdict[SCT_FAILURE_WORD_BYTES]; /* "corrupt" */
    char message[SCT_FAILURE_TEXT_BYTES]; /* for people; "" */
    char request_id
        [SCT_FAILURE_ID_BYTES]; /* of what failed; that of the message where it is
                                                not said: the same when it is delivered again */
    char time[SCT_CLOCK_BYTES]; /* when it failed; "": not said */
    int n_tries;                /* that it had; 0: not said */
    int is_permanent;           /* whether it is known that no retry will help */
};

struct sct_failure_list {
    struct sct_failure *failure;
    int n_failures;
    struct sct_event_message *message; /* as of sct_event: may have no failure */
    int n_messages;
    int failure_capacity, message_capacity;
};

/* A message of a queue, as it was received. Strings are borrowed; NULL: not said. */
struct sct_failure_message {
    const char *id, *receipt, *body;
    const char *request_id, *error_message; /* its attributes */
    int n_receives;
    int64_t sent_ms;
};

/* Reads what a Lambda on a failure queue is invoked with. SCT_OK: look at the failures; what cannot
 * be read is one, with a bad record. SCT_ERR_MEMORY. To be freed in any case. */
int sct_failure_parse(struct sct_failure_list *list, const char *text, size_t n_bytes);

/* Adds the failures of one message to a list, which is zeroed at first. SCT_OK, SCT_ERR_MEMORY. */
int sct_failure_add(struct sct_failure_list *list,
                    const struct sct_failure_message *message);
void sct_failure_list_free(struct sct_failure_list *list);

/* What there is to say about a failure of ours. */
struct sct_failure_note {
    const struct sct_event_record *record;
    const char *verdict, *message, *time; /* RFC 3339 */
    int is_permanent;
    const char
        *original; /* the message that a bad record is from; of a good one not used */
};

/* The message for the failure queue, in ASCII; NULL when there is no memory. The caller frees it. */
char *sct_failure_write(const struct sct_failure_note *note);

/* Our event about a record, as it stands in that message; the same. */
char *sct_failure_write_event(const struct sct_event_record *record);

#endif
