/* Answers for batches: see the header. */
#include "batch_answer.h"

#include <jansson.h>
#include <stdlib.h>

int sct_batch_answer(struct sct_answer *answer, const struct sct_event_message *message,
                     int n_messages, const unsigned char *is_left)
{
    json_t *const items = json_array();
    int failed = 0;
    for (int i = 0; i < n_messages; i++) {
        if (is_left[i])
            failed |= json_array_append_new(
                items, json_pack("{s:s}", "itemIdentifier", message[i].id));
    }
    json_t *const root = json_pack("{s:o}", "batchItemFailures", items);
    char *const text = root && !failed ? json_dumps(root, JSON_COMPACT) : NULL;
    if (text)
        sct_buffer_text(&answer->body, text);
    json_decref(root);
    free(text);
    return text && !answer->body.has_failed ? SCT_OK : SCT_ERR_MEMORY;
}
