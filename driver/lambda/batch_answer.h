/* What a function on a queue of SQS answers: which messages of its batch are not done.
 *
 *     {"batchItemFailures": [{"itemIdentifier": "<messageId>"}]}
 *
 * SQS deletes the others, so an answer that leaves one out would lose it: there is none, then.
 * Source: "Reporting batch item failures" in the AWS Lambda Developer Guide. Servers. */
#ifndef SCT_BATCH_ANSWER_H
#define SCT_BATCH_ANSWER_H

#include "event.h"
#include "runtime.h"

/* Names the messages of which is_left[i] is not 0. SCT_OK; SCT_ERR_MEMORY: the invocation has to
 * fail, so that all of them come again. */
int sct_batch_answer(struct sct_answer *answer, const struct sct_event_message *message,
                     int n_messages, const unsigned char *is_left);

#endif
