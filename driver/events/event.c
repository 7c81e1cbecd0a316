/* Events: see the header for their shapes.
 *
 *     text -> read_text -> read_document -+-> Records: read_entry -+-> s3:   read_notification
 *               ^                         |                        +-> body: read_message -.
 *               |                         |                        '-> Sns.Message --------+
 *               |                         +-> detail-type: read_bus                        |
 *               |                         +-> scantling: read_ours; of a failure, its event |
 *               |                         +-> Type: Notification: Message -----------------+
 *               '----------------------------------- one wrap more ------------------------'
 *
 * Invariants:
 *   1. whatever is read adds at least one record, good or bad, or is a test, an empty list of
 *      records, or the event is given up for want of memory;
 *   2. a record's strings are in its own block, so that nothing of the JSON outlives the call. */
#include "event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "event_field.h"
#include "event_words.h"
#include "mem.h"

enum { PROBLEM_BYTES = 320, ENCODED_KEY_BYTES = 3 * SCT_EVENT_KEY_BYTES };

struct reader {
    struct sct_event *event;
    int message; /* that is being read, or -1 */
    int n_wraps;
    struct sct_buffer key; /* decoded, of the record that is being read */
    char problem[PROBLEM_BYTES];
};

static int read_text(struct reader *r, const struct sct_field *field, const char *text,
                     size_t n_bytes);

/* Room for one more of `item_bytes` each; the array is zeroed behind n. */
static int grow(void **array, int n, int *capacity, size_t item_bytes)
{
    if (n < *capacity)
        return SCT_OK;
    const int larger = *capacity ? *capacity * 2 : 8;
    void *const grown = sct_mem_alloc(sct_size_mul((size_t)larger, item_bytes));
    if (!grown)
        return SCT_ERR_MEMORY;
    if (n > 0)
        memcpy(grown, *array, (size_t)n * item_bytes);
    sct_mem_free(*array);
    *array = grown;
    *capacity = larger;
    return SCT_OK;
}

/* Moves n strings, of which some are NULL, into one block of their own. */
static int own_strings(const char **string[], int n, char **block)
{
    size_t n_bytes = 1;
    for (int i = 0; i < n; i++)
        if (*string[i])
            n_bytes = sct_size_add(n_bytes, strlen(*string[i]) + 1);
    char *p = *block = sct_mem_alloc(n_bytes);
    if (!p)
        return SCT_ERR_MEMORY;
    for (int i = 0; i < n; i++) {
        if (!*string[i])
            continue;
        const size_t length = strlen(*string[i]) + 1;
        memcpy(p, *string[i], length);
        *string[i] = p;
        p += length;
    }
    return SCT_OK;
}

static int add_record(struct reader *r, struct sct_event_record record)
{
    struct sct_event *const e = r->event;
    const char **strings[] = {&record.problem,   &record.name,    &record.store,
                              &record.key,       &record.version, &record.etag,
                              &record.sequencer, &record.region};
    if (grow((void **)&e->record, e->n_records, &e->record_capacity, sizeof *e->record) !=
            SCT_OK ||
        own_strings(strings, sizeof strings / sizeof *strings, &record.block) != SCT_OK)
        return SCT_ERR_MEMORY;
    record.message = r->message;
    e->record[e->n_records++] = record;
    return SCT_OK;
}

/* A bad record, with r->problem; for want of memory there is none. */
static int fail_record(struct reader *r, int status)
{
    const struct sct_event_record record = {
        .status = status, .problem = r->problem, .size = -1};
    return status == SCT_ERR_MEMORY ? status : add_record(r, record);
}

__attribute__((format(printf, 4, 5))) static int refuse(struct reader *r, int status,
                                                        const struct sct_field *field,
                                                        const char *format, ...)
{
    char what[192];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    sct_field_describe(field, what, r->problem, sizeof r->problem);
    return fail_record(r, status);
}

static int need(struct reader *r, const struct sct_field *field, const char **out)
{
    return sct_field_need_string(field, out, r->problem, sizeof r->problem);
}

static int take(struct reader *r, const struct sct_field *field, const char **out)
{
    return sct_field_take_string(field, out, r->problem, sizeof r->problem);
}

/* ---- one record -------------------------------------------------------------------- */

/* What the shapes of a record call its parts. */
struct shape {
    struct sct_field object; /* with key, size, ... in it */
    const char *version_name, *etag_name;
    int is_encoded; /* the key */
    size_t max_key_bytes;
    struct sct_event_record record; /* kind, name, store and region */
};

static int take_size(struct reader *r, const struct sct_field *size, int64_t *out)
{
    *out = -1;
    if (!sct_field_is_there(size))
        return SCT_OK;
    if (json_is_integer(size->value) && json_integer_value(size->value) >= 0) {
        *out = json_integer_value(size->value);
        return SCT_OK;
    }
    sct_field_describe(size, "is no whole number from 0", r->problem, sizeof r->problem);
    return SCT_ERR_CORRUPT;
}

/* ETags stand between quotation marks in HTTP, and with some servers here too. */
static void strip_quotes(const char **etag, char *buffer, size_t n_bytes)
{
    const size_t n = *etag ? strlen(*etag) : 0;
    if (n < 2 || n > n_bytes || (*etag)[0] != '"' || (*etag)[n - 1] != '"')
        return;
    memcpy(buffer, *etag + 1, n - 2);
    buffer[n - 2] = '\0';
    *etag = buffer;
}

/* NULL, or what is wrong with it. */
static const char *decode_key(struct sct_buffer *out, const char *encoded)
{
    sct_buffer_reset(out);
    const int status = sct_buffer_decode(out, encoded, 1);
    sct_buffer_add(out, "", 0); /* at least */
    return status == SCT_OK            ? NULL
           : status == SCT_ERR_CORRUPT ? "has a % without two hexadecimal digits"
                                       : "holds a zero byte";
}

/* The key into record->key, decoded into r->key where that is needed. */
static int take_key(struct reader *r, const struct shape *shape,
                    struct sct_event_record *record)
{
    const struct sct_field key = sct_field_member(&shape->object, "key");
    const char *wrong = NULL;
    int status = need(r, &key, &record->key);
    if (status != SCT_OK)
        return status;
    if (shape->is_encoded && strlen(record->key) > ENCODED_KEY_BYTES) {
        wrong = "is too long";
    } else if (shape->is_encoded) {
        wrong = decode_key(&r->key, record->key);
        if (r->key.has_failed)
            return SCT_ERR_MEMORY;
        record->key = r->key.data;
    }
    if (!wrong)
        wrong = sct_event_check_key(record->key, shape->max_key_bytes);
    if (!wrong)
        return SCT_OK;
    sct_field_describe(&key, wrong, r->problem, sizeof r->problem);
    return SCT_ERR_CORRUPT;
}

static int read_object(struct reader *r, const struct shape *shape)
{
    char etag[256];
    const struct sct_field size = sct_field_member(&shape->object, "size");
    const struct sct_field version =
        sct_field_member(&shape->object, shape->version_name);
    const struct sct_field tag = sct_field_member(&shape->object, shape->etag_name);
    const struct sct_field sequencer = sct_field_member(&shape->object, "sequencer");
    struct sct_event_record record = shape->record;
    int status = take_key(r, shape, &record);
    if (status == SCT_OK)
        status = take_size(r, &size, &record.size);
    if (status == SCT_OK)
        status = take(r, &version, &record.version);
    if (status == SCT_OK)
        status = take(r, &tag, &record.etag);
    if (status == SCT_OK)
        status = take(r, &sequencer, &record.sequencer);
    if (status != SCT_OK)
        return fail_record(r, status);
    if (record.sequencer && !sct_event_sequencer_is_valid(record.sequencer))
        return refuse(r, SCT_ERR_CORRUPT, &sequencer, "is no hexadecimal number");
    strip_quotes(&record.etag, etag, sizeof etag);
    return add_record(r, record);
}

/* A bucket as a store, "s3://name". */
static int take_bucket(struct reader *r, const struct sct_field *bucket, char store[264])
{
    const struct sct_field field = sct_field_member(bucket, "name");
    const char *name;
    const int status = need(r, &field, &name);
    if (status == SCT_OK && !sct_event_bucket_is_valid(name)) {
        sct_field_describe(&field, "is no name of a bucket", r->problem,
                           sizeof r->problem);
        return SCT_ERR_CORRUPT;
    }
    if (status == SCT_OK)
        snprintf(store, 264, "s3://%s", name);
    return status;
}

/* What both shapes of AWS go on with, once it is known that they are what they seem. */
static int read_bucket(struct reader *r, struct shape *shape,
                       const struct sct_field *name, const struct sct_field *region,
                       const struct sct_field *bucket)
{
    char store[264];
    shape->record.store = store;
    int status = need(r, name, &shape->record.name);
    if (status == SCT_OK)
        status = take(r, region, &shape->record.region);
    if (status == SCT_OK)
        status = take_bucket(r, bucket, store);
    if (status != SCT_OK)
        return fail_record(r, status);
    shape->record.kind = sct_event_kind_of(shape->record.name);
    return read_object(r, shape);
}

static int read_notification(struct reader *r, const struct sct_field *entry)
{
    const struct sct_field s3 = sct_field_member(entry, "s3");
    const struct sct_field bucket = sct_field_member(&s3, "bucket");
    const struct sct_field version = sct_field_member(entry, "eventVersion");
    const struct sct_field name = sct_field_member(entry, "eventName");
    const struct sct_field region = sct_field_member(entry, "awsRegion");
    const char *number;
    struct shape shape = {.object = sct_field_member(&s3, "object"),
                          .version_name = "versionId",
                          .etag_name = "eTag",
                          .is_encoded = 1,
                          .max_key_bytes = SCT_EVENT_KEY_BYTES};
    const int status = need(r, &version, &number);
    if (status == SCT_OK && strncmp(number, "2.", 2) != 0)
        return refuse(r, SCT_ERR_UNSUPPORTED, &version, "is %.20s; only 2.x is known",
                      number);
    return status == SCT_OK ? read_bucket(r, &shape, &name, &region, &bucket)
                            : fail_record(r, status);
}

static int read_bus(struct reader *r, const struct sct_field *event)
{
    const struct sct_field source = sct_field_member(event, "source");
    const struct sct_field type = sct_field_member(event, "detail-type");
    const struct sct_field region = sct_field_member(event, "region");
    const struct sct_field detail = sct_field_member(event, "detail");
    const struct sct_field bucket = sct_field_member(&detail, "bucket");
    const char *word;
    struct shape shape = {.object = sct_field_member(&detail, "object"),
                          .version_name = "version-id",
                          .etag_name = "etag",
                          .max_key_bytes = SCT_EVENT_KEY_BYTES};
    const int status = need(r, &source, &word);
    if (status == SCT_OK && strcmp(word, "aws.s3") != 0)
        return refuse(r, SCT_ERR_UNSUPPORTED, &source, "is %.60s; only aws.s3 is known",
                      word);
    return status == SCT_OK ? read_bucket(r, &shape, &type, &region, &bucket)
                            : fail_record(r, status);
}

static int read_ours(struct reader *r, const struct sct_field *event)
{
    const struct sct_field version = sct_field_member(event, "scantling");
    const struct sct_field name = sct_field_member(event, "event");
    const struct sct_field store = sct_field_member(event, "store");
    const char *number;
    struct shape shape = {.object = *event,
                          .version_name = "version",
                          .etag_name = "etag",
                          .max_key_bytes = 4 * SCT_EVENT_KEY_BYTES};
    int status = need(r, &version, &number);
    if (status == SCT_OK && strcmp(number, "1") != 0)
        return refuse(r, SCT_ERR_UNSUPPORTED, &version, "is %.20s; only 1 is known",
                      number);
    if (status == SCT_OK)
        status = need(r, &name, &shape.record.name);
    if (status == SCT_OK)
        status = need(r, &store, &shape.record.store);
    if (status != SCT_OK)
        return fail_record(r, status);
    if (!sct_event_store_is_valid(shape.record.store))
        return refuse(r, SCT_ERR_CORRUPT, &store, "is no file:///folder or s3://bucket");
    const int is_removed = strcmp(shape.record.name, "removed") == 0;
    if (!is_removed && strcmp(shape.record.name, "created") != 0)
        return refuse(r, SCT_ERR_UNSUPPORTED, &name,
                      "is %.20s; created and removed are known", shape.record.name);
    shape.record.kind = is_removed ? SCT_EVENT_REMOVED : SCT_EVENT_CREATED;
    return read_object(r, &shape);
}

/* ---- what is around it ------------------------------------------------------------- */

/* A text in a string of another. */
static int read_wrapped(struct reader *r, const struct sct_field *field)
{
    const char *text;
    const int status = need(r, field, &text);
    if (status != SCT_OK)
        return fail_record(r, status);
    if (r->n_wraps == SCT_EVENT_MAX_WRAPS - 1)
        return refuse(r, SCT_ERR_TOO_LARGE, field, "is one text too many in another");
    r->n_wraps++;
    const int read = read_text(r, field, text, strlen(text));
    r->n_wraps--;
    return read;
}

static int add_message(struct reader *r, const char *id, const char *receipt)
{
    struct sct_event *const e = r->event;
    struct sct_event_message message = {.id = id, .receipt = receipt};
    const char **strings[] = {&message.id, &message.receipt};
    if (grow((void **)&e->message, e->n_messages, &e->message_capacity,
             sizeof *e->message) != SCT_OK ||
        own_strings(strings, 2, &message.block) != SCT_OK)
        return SCT_ERR_MEMORY;
    e->message[e->n_messages] = message;
    r->message = e->n_messages++;
    return SCT_OK;
}

/* Of SQS. A message in a message is still the outer one: that is what the queue knows. */
static int read_message(struct reader *r, const struct sct_field *entry)
{
    const struct sct_field id_field = sct_field_member(entry, "messageId");
    const struct sct_field receipt_field = sct_field_member(entry, "receiptHandle");
    const struct sct_field body = sct_field_member(entry, "body");
    const char *id, *receipt;
    const int outer = r->message;
    if (outer >= 0)
        return read_wrapped(r, &body);
    int status = need(r, &id_field, &id);
    if (status == SCT_OK)
        status = take(r, &receipt_field, &receipt);
    if (status != SCT_OK)
        return fail_record(r, status);
    status = add_message(r, id, receipt);
    if (status == SCT_OK)
        status = read_wrapped(r, &body);
    r->message = outer;
    return status;
}

static int read_entry(struct reader *r, const struct sct_field *entry)
{
    if (!json_is_object(entry->value))
        return refuse(r, SCT_ERR_CORRUPT, entry, "is no object");
    const struct sct_field source = sct_field_member(entry, "eventSource");
    const char *const word = json_string_value(source.value);
    if (json_object_get(entry->value, "body") || (word && strcmp(word, "aws:sqs") == 0))
        return read_message(r, entry);
    if (json_object_get(entry->value, "Sns")) {
        const struct sct_field sns = sct_field_member(entry, "Sns");
        const struct sct_field text = sct_field_member(&sns, "Message");
        return read_wrapped(r, &text);
    }
    if (json_object_get(entry->value, "s3") || !word || strcmp(word, "aws:s3") == 0)
        return read_notification(r, entry);
    return refuse(r, SCT_ERR_UNSUPPORTED, &source, "is %.60s, which is not known", word);
}

static int read_entries(struct reader *r, const struct sct_field *records)
{
    const size_t n = json_array_size(records->value);
    if (!json_is_array(records->value))
        return refuse(r, SCT_ERR_CORRUPT, records, "is no list");
    if (n + (size_t)r->event->n_records > SCT_EVENT_MAX_RECORDS)
        return refuse(r, SCT_ERR_TOO_LARGE, records,
                      "brings the event to more than %d records", SCT_EVENT_MAX_RECORDS);
    int status = SCT_OK;
    for (size_t i = 0; i < n && status == SCT_OK; i++) {
        const struct sct_field entry = sct_field_element(records, i);
        status = read_entry(r, &entry);
    }
    return status;
}

static int has_word(const json_t *object, const char *name, const char *word)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text && strcmp(text, word) == 0;
}

static int read_document(struct reader *r, const struct sct_field *event)
{
    const json_t *const value = event->value;
    if (!json_is_object(value))
        return refuse(r, SCT_ERR_CORRUPT, event, "is no object");
    if (json_object_get(value, "Records")) {
        const struct sct_field records = sct_field_member(event, "Records");
        return read_entries(r, &records);
    }
    if (json_object_get(value, "detail-type"))
        return read_bus(r, event);
    if (json_object_get(value, "scantling") && json_object_get(value, "failure")) {
        /* put back on the queue as it is; text: a message in which nothing could be read */
        const struct sct_field failed = sct_field_member(event, "event");
        return json_is_string(failed.value) ? read_wrapped(r, &failed)
                                            : read_document(r, &failed);
    }
    if (json_object_get(value, "scantling"))
        return read_ours(r, event);
    if (has_word(value, "Type", "Notification")) {
        const struct sct_field text = sct_field_member(event, "Message");
        return read_wrapped(r, &text);
    }
    if (has_word(value, "Event", "s3:TestEvent")) {
        r->event->n_tests++;
        return SCT_OK;
    }
    return refuse(r, SCT_ERR_UNSUPPORTED, event, "is none of those that are known");
}

static int read_text(struct reader *r, const struct sct_field *field, const char *text,
                     size_t n_bytes)
{
    json_t *root;
    int status =
        sct_field_load(field, text, n_bytes, &root, r->problem, sizeof r->problem);
    if (status != SCT_OK)
        return fail_record(r, status);
    struct sct_field event = *field; /* the same place, now with what is in the text */
    event.value = root;
    status = read_document(r, &event);
    json_decref(root);
    return status;
}

int sct_event_parse(struct sct_event *event, const char *text, size_t n_bytes)
{
    static const struct sct_event empty;
    struct reader r = {.event = event, .message = -1};
    const json_t *const there = json_true(); /* the event is, whatever it holds */
    const struct sct_field root = {.value = there};
    *event = empty;
    const int status = read_text(&r, &root, text, n_bytes);
    sct_buffer_free(&r.key);
    return status;
}

void sct_event_free(struct sct_event *event)
{
    static const struct sct_event empty;
    for (int i = 0; i < event->n_records; i++)
        sct_mem_free(event->record[i].block);
    for (int i = 0; i < event->n_messages; i++)
        sct_mem_free(event->message[i].block);
    sct_mem_free(event->record);
    sct_mem_free(event->message);
    *event = empty;
}

struct sct_verdict sct_event_verdict(int status)
{
    struct sct_verdict verdict = sct_verdict_of(status);
    if (status == SCT_ERR_CORRUPT)
        verdict.word = "malformed";
    return verdict;
}
