/* Failures: see the header for their shapes.
 *
 *     sct_failure_parse -> Records: each -> sct_failure_add -> read_body -+-> topic: unwrap, again
 *             |                 '--> Sns: unwrap ---^                    +-> ours
 *             '--> detail, or as it is: destination                      +-> destination
 *                                                                        '-> an event, as it is
 *
 * What is around a failure only says how it failed; which objects it is about is always asked of
 * event.h, so that nothing is read in two ways. */
#define _GNU_SOURCE 1
#include "failure.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_field.h"
#include "mem.h"
#include "text.h"

/* How it failed, of all records of a message. */
struct circumstances {
    struct sct_failure failure; /* all but the record */
    int message;
};

static void take(char *out, size_t out_bytes, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n >= out_bytes)
        n = out_bytes - 1;
    while (text && text[n] && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--; /* not in the middle of a character */
    if (n > 0)
        memcpy(out, text, n);
    out[n] = '\0';
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int64_t number_of(const json_t *object, const char *name)
{
    const json_t *const value = json_object_get(object, name);
    const char *const text = json_string_value(value);
    return text ? strtoll(text, NULL, 10) : json_integer_value(value);
}

static int count_of(int64_t n)
{
    return n > 0 && n < INT32_MAX ? (int)n : 0;
}

/* ---- the list ----------------------------------------------------------------------- */

static void *grow(void *array, int n, int *capacity, size_t item_bytes)
{
    if (n < *capacity)
        return array;
    const int larger = *capacity ? *capacity * 2 : 8;
    void *const grown = sct_mem_alloc(sct_size_mul((size_t)larger, item_bytes));
    if (!grown)
        return NULL;
    if (n > 0)
        memcpy(grown, array, (size_t)n * item_bytes);
    sct_mem_free(array);
    *capacity = larger;
    return grown;
}

/* Takes over the record. */
static int add_failure(struct sct_failure_list *list, const struct circumstances *c,
                       struct sct_event_record *record)
{
    void *const grown = grow(list->failure, list->n_failures, &list->failure_capacity,
                             sizeof *list->failure);
    if (!grown)
        return SCT_ERR_MEMORY;
    list->failure = grown;
    struct sct_failure *const f = &list->failure[list->n_failures++];
    *f = c->failure;
    f->record = *record;
    f->record.message = c->message;
    record->block = NULL;
    if (record->status == SCT_OK || c->failure.shape == SCT_FAILURE_OURS)
        return SCT_OK;
    take(f->verdict, sizeof f->verdict, sct_event_verdict(record->status).word);
    char *const problem =
        sct_text_utf8(record->problem); /* it may quote half a character */
    take(f->message, sizeof f->message, problem);
    free(problem);
    f->is_permanent = 1;
    return SCT_OK;
}

/* All records of an event have failed in the same way. */
static int add_event(struct sct_failure_list *list, const struct circumstances *c,
                     const char *text, size_t n_bytes)
{
    struct sct_event event;
    int status = sct_event_parse(&event, text, n_bytes);
    for (int i = 0; i < event.n_records && status == SCT_OK; i++)
        status = add_failure(list, c, &event.record[i]);
    sct_event_free(&event);
    return status;
}

static int add_json(struct sct_failure_list *list, const struct circumstances *c,
                    const json_t *event)
{
    char *const text = event ? json_dumps(event, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (event && !text)
        return SCT_ERR_MEMORY;
    const int status = add_event(list, c, text ? text : "", text ? strlen(text) : 0);
    free(text);
    return status;
}

/* ---- how it failed ------------------------------------------------------------------ */

/* Whether a word of n bytes is one of ours for something that failed. */
static int is_verdict(const char *word, size_t n)
{
    for (int status = SCT_ERR_ARGUMENT; status >= SCT_ERR_PRECONDITION; status--) {
        const char *const name = sct_status_name(status);
        if (strlen(name) == n && memcmp(name, word, n) == 0)
            return 1;
    }
    return n == strlen("malformed") && memcmp(word, "malformed", n) == 0;
}

/* What an error message that is not ours tells. */
static void take_error(struct sct_failure *f, const char *message)
{
    const char *const colon = message ? strstr(message, ": ") : NULL;
    const size_t n = colon ? (size_t)(colon - message) : 0;
    take(f->verdict, sizeof f->verdict, "exhausted");
    if (n > 0 && n < sizeof f->verdict && is_verdict(message, n)) {
        memcpy(f->verdict, message, n);
        f->verdict[n] = '\0';
        message = colon + 2;
    } else if (message && strstr(message, "Task timed out after")) {
        take(f->verdict, sizeof f->verdict, "timeout");
    }
    take(f->message, sizeof f->message, message);
}

/* "Function.NotAnImage", as our functions fail, is "not_an_image". */
static void take_error_type(struct sct_failure *f, const char *type)
{
    static const char prefix[] = "Function.";
    char word[SCT_FAILURE_WORD_BYTES];
    size_t n = 0;
    if (!type || strncmp(type, prefix, sizeof prefix - 1) != 0 ||
        strcmp(f->verdict, "exhausted") != 0)
        return;
    for (const char *p = type + sizeof prefix - 1; *p && n + 2 < sizeof word; p++) {
        if (isupper((unsigned char)*p) && n > 0)
            word[n++] = '_';
        word[n++] = (char)tolower((unsigned char)*p);
    }
    if (is_verdict(word, n)) {
        word[n] = '\0';
        take(f->verdict, sizeof f->verdict, word);
    }
}

static void take_time(struct sct_failure *f, int64_t ms)
{
    const time_t s = (time_t)(ms / 1000);
    struct tm tm;
    if (ms <= 0 || ms > 253402300799999 || !gmtime_r(&s, &tm))
        return;
    const size_t n = strftime(f->time, sizeof f->time, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(f->time + n, sizeof f->time - n, ".%03dZ", (int)(ms % 1000));
}

static int is_ours(const json_t *body)
{
    return text_of(body, "scantling") && json_is_object(json_object_get(body, "failure"));
}

static int read_ours(struct sct_failure_list *list, struct circumstances *c,
                     const json_t *body)
{
    const json_t *const failure = json_object_get(body, "failure");
    const json_t *const event = json_object_get(body, "event");
    const char *const word = text_of(failure, "verdict");
    struct sct_failure *const f = &c->failure;
    f->shape = SCT_FAILURE_OURS;
    take(f->verdict, sizeof f->verdict, word && word[0] ? word : "exhausted");
    take(f->message, sizeof f->message, text_of(failure, "message"));
    if (text_of(failure, "time"))
        take(f->time, sizeof f->time, text_of(failure, "time"));
    f->is_permanent = json_is_true(json_object_get(failure, "permanent"));
    if (json_is_string(event)) /* a message in which nothing could be read */
        return add_event(list, c, json_string_value(event), json_string_length(event));
    return add_json(list, c, event);
}

static int is_destination(const json_t *body)
{
    return json_object_get(body, "requestPayload") &&
           json_is_object(json_object_get(body, "requestContext"));
}

static int read_destination(struct sct_failure_list *list, struct circumstances *c,
                            const json_t *body)
{
    const json_t *const context = json_object_get(body, "requestContext");
    const json_t *const response = json_object_get(body, "responsePayload");
    struct sct_failure *const f = &c->failure;
    f->shape = SCT_FAILURE_DESTINATION;
    take_error(f, text_of(response, "errorMessage"));
    take_error_type(f, text_of(response, "errorType"));
    if (!f->message[0])
        take(f->message, sizeof f->message, text_of(context, "condition"));
    if (text_of(context, "requestId"))
        take(f->request_id, sizeof f->request_id, text_of(context, "requestId"));
    if (text_of(body, "timestamp"))
        take(f->time, sizeof f->time, text_of(body, "timestamp"));
    f->n_tries = count_of(number_of(context, "approximateInvokeCount"));
    return add_json(list, c, json_object_get(body, "requestPayload"));
}

/* ---- what is around it -------------------------------------------------------------- */

static int add_message(struct sct_failure_list *list, const struct sct_failure_message *m)
{
    void *const grown = grow(list->message, list->n_messages, &list->message_capacity,
                             sizeof *list->message);
    const size_t id_bytes = strlen(m->id) + 1;
    const size_t receipt_bytes = m->receipt ? strlen(m->receipt) + 1 : 0;
    if (grown)
        list->message = grown;
    char *const block = sct_mem_alloc(sct_size_add(id_bytes, receipt_bytes));
    if (!grown || !block) {
        sct_mem_free(block);
        return SCT_ERR_MEMORY;
    }
    struct sct_event_message *const out = &list->message[list->n_messages++];
    memcpy(block, m->id, id_bytes);
    if (m->receipt)
        memcpy(block + id_bytes, m->receipt, receipt_bytes);
    out->id = out->block = block;
    out->receipt = m->receipt ? block + id_bytes : NULL;
    return SCT_OK;
}

/* A value of "MessageAttributes": {"Type": "String", "Value": ...} of SNS, {"stringValue": ...} of SQS
 * as Lambda is given it. */
static const char *attribute_of(const json_t *attributes, const char *name)
{
    const json_t *const a = json_object_get(attributes, name);
    const char *const text = text_of(a, "stringValue");
    return text ? text : text_of(a, "Value");
}

static void take_attributes(struct sct_failure *f, const char *request_id,
                            const char *error_message)
{
    if (!request_id && !error_message)
        return;
    f->shape = SCT_FAILURE_DEAD_LETTER;
    take_error(f, error_message);
    if (request_id)
        take(f->request_id, sizeof f->request_id, request_id);
}

static json_t *load(const char *text, size_t n_bytes)
{
    char problem[320];
    json_t *root = NULL;
    const struct sct_field place = {.value = json_true()};
    sct_field_load(&place, text, n_bytes, &root, problem, sizeof problem);
    return root;
}

/* A body; what cannot be read is left to the reader of events, which says why. */
static int read_body(struct sct_failure_list *list, struct circumstances *c,
                     const char *text, size_t n_bytes, int n_wraps)
{
    json_t *const body = load(text, n_bytes);
    const char *const type = text_of(body, "Type"), *const inner =
                                                        text_of(body, "Message");
    int status;
    if (inner && type && strcmp(type, "Notification") == 0 &&
        n_wraps < SCT_EVENT_MAX_WRAPS) {
        const json_t *const attributes = json_object_get(body, "MessageAttributes");
        take_attributes(&c->failure, attribute_of(attributes, "RequestID"),
                        attribute_of(attributes, "ErrorMessage"));
        status = read_body(list, c, inner, strlen(inner), n_wraps + 1);
    } else if (is_ours(body)) {
        status = read_ours(list, c, body);
    } else if (is_destination(body)) {
        status = read_destination(list, c, body);
    } else if (is_destination(json_object_get(body, "detail"))) {
        status = read_destination(list, c, json_object_get(body, "detail"));
    } else {
        status = add_event(list, c, text, n_bytes);
    }
    json_decref(body);
    return status;
}

int sct_failure_add(struct sct_failure_list *list,
                    const struct sct_failure_message *message)
{
    struct circumstances c = {.failure = {.shape = SCT_FAILURE_REDRIVE},
                              .message = list->n_messages};
    struct sct_failure *const f = &c.failure;
    take(f->verdict, sizeof f->verdict, "exhausted");
    take(f->request_id, sizeof f->request_id, message->id);
    f->n_tries = message->n_receives;
    take_time(f, message->sent_ms);
    take_attributes(f, message->request_id, message->error_message);
    const int status = add_message(list, message);
    return status == SCT_OK ? read_body(list, &c, message->body, strlen(message->body), 0)
                            : status;
}

/* One of "Records": a message of SQS, or one of SNS. */
static int read_entry(struct sct_failure_list *list, const json_t *entry)
{
    const json_t *const sns = json_object_get(entry, "Sns");
    const json_t *const attributes = json_object_get(entry, "messageAttributes");
    const json_t *const known = json_object_get(entry, "attributes");
    struct circumstances c = {.failure = {.shape = SCT_FAILURE_DEAD_LETTER},
                              .message = -1};
    const struct sct_failure_message m = {
        .id = text_of(entry, "messageId"),
        .receipt = text_of(entry, "receiptHandle"),
        .body = text_of(entry, "body"),
        .request_id = attribute_of(attributes, "RequestID"),
        .error_message = attribute_of(attributes, "ErrorMessage"),
        .n_receives = count_of(number_of(known, "ApproximateReceiveCount")),
        .sent_ms = number_of(known, "SentTimestamp")};
    if (m.id && m.id[0] && m.body)
        return sct_failure_add(list, &m);
    const json_t *const said = json_object_get(sns, "MessageAttributes");
    const char *const text = text_of(sns, "Message");
    take_error(&c.failure, NULL);
    take(c.failure.request_id, sizeof c.failure.request_id, text_of(sns, "MessageId"));
    take_attributes(&c.failure, attribute_of(said, "RequestID"),
                    attribute_of(said, "ErrorMessage"));
    if (text)
        return read_body(list, &c, text, strlen(text), 0);
    return add_json(list, &c, entry);
}

static int holds_messages(const json_t *records)
{
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *const entry = json_array_get(records, i);
        if (json_object_get(entry, "body") || json_object_get(entry, "Sns"))
            return 1;
    }
    return 0;
}

int sct_failure_parse(struct sct_failure_list *list, const char *text, size_t n_bytes)
{
    static const struct sct_failure_list empty;
    struct circumstances c = {.failure = {.shape = SCT_FAILURE_DEAD_LETTER},
                              .message = -1};
    json_t *const root = load(text, n_bytes);
    const json_t *const records = json_object_get(root, "Records");
    int status = SCT_OK;
    *list = empty;
    if (!holds_messages(records) || json_array_size(records) > SCT_EVENT_MAX_RECORDS) {
        take_error(&c.failure, NULL);
        status = read_body(list, &c, text, n_bytes, 0);
    } else {
        for (size_t i = 0; i < json_array_size(records) && status == SCT_OK; i++)
            status = read_entry(list, json_array_get(records, i));
    }
    json_decref(root);
    return status;
}

void sct_failure_list_free(struct sct_failure_list *list)
{
    static const struct sct_failure_list empty;
    for (int i = 0; i < list->n_failures; i++)
        sct_mem_free(list->failure[i].record.block);
    for (int i = 0; i < list->n_messages; i++)
        sct_mem_free(list->message[i].block);
    sct_mem_free(list->failure);
    sct_mem_free(list->message);
    *list = empty;
}

/* ---- writing ------------------------------------------------------------------------ */

static void set_text(json_t *object, const char *name, const char *text)
{
    char *const valid = text ? sct_text_utf8(text) : NULL;
    if (valid)
        json_object_set_new(object, name, json_string(valid));
    free(valid);
}

/* What is known of the object, as in our events. */
static void set_object(json_t *object, const struct sct_event_record *record)
{
    set_text(object, "store", record->store);
    set_text(object, "key", record->key);
    set_text(object, "version", record->version);
    set_text(object, "etag", record->etag);
    set_text(object, "sequencer", record->sequencer);
    if (record->size >= 0)
        json_object_set_new(object, "size", json_integer(record->size));
}

static json_t *make_event(const struct sct_event_record *record)
{
    json_t *const event =
        json_pack("{s:s, s:s}", "scantling", "1", "event",
                  record->kind == SCT_EVENT_REMOVED ? "removed" : "created");
    set_object(event, record);
    return event;
}

static json_t *make_original(const char *original)
{
    char *const valid = sct_text_utf8(original ? original : "");
    size_t n = valid ? strlen(valid) : 0;
    if (n > SCT_FAILURE_MAX_ORIGINAL_BYTES)
        n = SCT_FAILURE_MAX_ORIGINAL_BYTES;
    while (n > 0 && ((unsigned char)valid[n] & 0xC0) == 0x80)
        n--;
    json_t *const text = valid ? json_stringn(valid, n) : NULL;
    free(valid);
    return text;
}

char *sct_failure_write_event(const struct sct_event_record *record)
{
    json_t *const event = make_event(record);
    char *const text = event ? json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(event);
    return text;
}

char *sct_failure_write(const struct sct_failure_note *note)
{
    const int is_good = note->record->status == SCT_OK;
    json_t *const failure = json_pack("{s:b}", "permanent", note->is_permanent);
    if (is_good) {
        set_object(failure, note->record);
        set_text(failure, "region", note->record->region);
    }
    set_text(failure, "verdict", note->verdict);
    set_text(failure, "message", note->message);
    set_text(failure, "time", note->time);
    json_t *const root =
        json_pack("{s:s, s:o, s:o}", "scantling", "1", "failure", failure, "event",
                  is_good ? make_event(note->record) : make_original(note->original));
    char *const text = root ? json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(root);
    return text;
}
