/* A queue of Amazon SQS: see the header.
 *
 * A batch: entries -> requests of at most 10 entries and SCT_SQS_MAX_BYTES -> answers that name entries
 * by their id, which is the index in the batch. Those that failed for the service's own reasons
 * are in the next round, up to N_ROUNDS. */
#define _GNU_SOURCE 1
#include "sqs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_json.h"
#include "mem.h"
#include "text.h"

enum { MAX_BATCH = 10, N_ROUNDS = 4 };

struct sct_sqs {
    struct sct_aws_json service;
    char *url;
};

/* ---- opening ------------------------------------------------------------------------ */

/* "sqs.REGION.amazonaws.com", "vpce-1.sqs.REGION.vpce.amazonaws.com", or of old
 * "REGION.queue.amazonaws.com". 1, or 0: not said. */
static int find_region(const char *host, size_t n_bytes, char region[SCT_REGION_BYTES])
{
    char copy[256], *rest = copy, *label, *before = NULL;
    if (n_bytes >= sizeof copy)
        return 0;
    memcpy(copy, host, n_bytes);
    copy[n_bytes] = '\0';
    if (!strstr(copy, ".amazonaws.com"))
        return 0;
    while ((label = strtok_r(rest, ".", &rest))) {
        const char *found = NULL;
        if (strcmp(label, "sqs") == 0 || strcmp(label, "sqs-fips") == 0)
            found = strtok_r(rest, ".", &rest);
        else if (strcmp(label, "queue") == 0)
            found = before;
        if (found && strlen(found) < SCT_REGION_BYTES && strcmp(found, "amazonaws") != 0)
            return strcpy(region, found) != NULL;
        before = label;
    }
    return 0;
}

static int open_queue(sct_sqs *q, const char *url, sct_credentials *credentials,
                      struct sct_report *report)
{
    const char *const scheme_end = strstr(url, "://");
    const char *const host = scheme_end ? scheme_end + 3 : NULL;
    const char *const slash = host ? strchr(host, '/') : NULL;
    char region[SCT_REGION_BYTES];
    struct sct_buffer endpoint = {0};
    if (!slash || slash == host || !slash[1] || strncmp(url, "http", 4) != 0)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "'%.120s' is no URL of a queue, "
                               "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME",
                               url);
    sct_buffer_add(&endpoint, url, (size_t)(slash - url));
    q->url = sct_buffer_copy(url);
    const struct sct_aws_place place = {
        .service = "sqs",
        .prefix = "AmazonSQS.",
        .endpoint_variable = "AWS_ENDPOINT_URL_SQS",
        .endpoint = endpoint.data,
        .region = find_region(host, (size_t)(slash - host), region) ? region : NULL};
    const int status = q->url && !endpoint.has_failed
                           ? sct_aws_json_open(&q->service, &place, credentials, report)
                           : SCT_ERR_MEMORY;
    sct_buffer_free(&endpoint);
    return status;
}

int sct_sqs_open(sct_sqs **out, const char *queue_url, sct_credentials *credentials,
                 struct sct_report *report)
{
    sct_sqs *const q = sct_mem_alloc(sizeof *q);
    *out = NULL;
    if (!q)
        return SCT_ERR_MEMORY;
    const int status = open_queue(q, queue_url, credentials, report);
    if (status == SCT_OK)
        *out = q;
    else
        sct_sqs_close(q);
    return status;
}

void sct_sqs_close(sct_sqs *q)
{
    if (!q)
        return;
    sct_aws_json_close(&q->service);
    sct_mem_free(q->url);
    sct_mem_free(q);
}

int sct_sqs_trace(sct_sqs *q, const char *trace_id)
{
    return sct_aws_client_trace(&q->service.client, trace_id);
}

/* ---- receiving ---------------------------------------------------------------------- */

static int64_t number_of(const json_t *object, const char *name)
{
    const json_t *const value = json_object_get(object, name);
    const char *const text = json_string_value(value);
    return text ? strtoll(text, NULL, 10) : json_integer_value(value);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* A message whose id, receipt or body is missing is none of SQS. */
static int take_message(struct sct_sqs_message *m, json_t *json)
{
    const json_t *const known = json_object_get(json, "Attributes");
    json_t *const said = json_object_get(json, "MessageAttributes");
    memset(m, 0, sizeof *m);
    m->id = json_string_value(json_object_get(json, "MessageId"));
    m->receipt = json_string_value(json_object_get(json, "ReceiptHandle"));
    m->body = json_string_value(json_object_get(json, "Body"));
    if (!m->id || !m->receipt || !m->body)
        return 0;
    const int64_t n_receives = number_of(known, "ApproximateReceiveCount");
    m->n_receives = n_receives > 0 && n_receives < INT32_MAX ? (int)n_receives : 0;
    m->sent_ms = number_of(known, "SentTimestamp");
    for (void *i = json_object_iter(said); i; i = json_object_iter_next(said, i)) {
        const json_t *const value = json_object_iter_value(i);
        const char *const text = json_string_value(json_object_get(value, "StringValue"));
        const struct sct_sqs_attribute a = {json_object_iter_key(i),
                                            text_of(value, "DataType"), text};
        if (text && m->n_attributes < SCT_SQS_MAX_ATTRIBUTES)
            m->attribute[m->n_attributes++] = a;
    }
    m->json = json_incref(json);
    return 1;
}

int sct_sqs_receive(sct_sqs *q, const struct sct_sqs_receipt *how,
                    struct sct_sqs_message *message, int *n, struct sct_report *report)
{
    json_t *answer = NULL;
    json_t *const body = json_pack(
        "{s:s, s:i, s:i, s:[s], s:[ss]}", "QueueUrl", q->url, "MaxNumberOfMessages",
        how->max_messages, "WaitTimeSeconds", how->wait_s, "MessageAttributeNames", "All",
        "AttributeNames", "ApproximateReceiveCount", "SentTimestamp");
    if (body && how->visibility_s > 0)
        json_object_set_new(body, "VisibilityTimeout", json_integer(how->visibility_s));
    *n = 0;
    const int status =
        sct_aws_json_call(&q->service, "ReceiveMessage", body,
                          how->wait_s + q->service.client.stall_s, &answer, report);
    if (status != SCT_OK)
        return status;
    const json_t *const list = json_object_get(answer, "Messages");
    for (size_t i = 0; i < json_array_size(list) && *n < how->max_messages; i++)
        *n += take_message(&message[*n], json_array_get(list, i));
    json_decref(answer);
    return SCT_OK;
}

void sct_sqs_message_free(struct sct_sqs_message *m)
{
    json_decref(m->json);
    m->json = NULL;
    m->id = m->receipt = m->body = NULL;
}

/* ---- batches ------------------------------------------------------------------------ */

struct batch {
    const char *operation;
    json_t *(*describe)(const struct sct_sqs_entry *e, const char *id);
    int is_sent; /* bodies count against SCT_SQS_MAX_BYTES */
};

static size_t entry_bytes(const struct sct_sqs_entry *e)
{
    size_t n = strlen(e->body);
    for (int i = 0; i < e->n_attributes; i++)
        n += strlen(e->attribute[i].name) + strlen(e->attribute[i].type) +
             strlen(e->attribute[i].value);
    return n;
}

static void fail_entry(struct sct_sqs_entry *e, int status, const char *problem)
{
    e->status = status;
    snprintf(e->problem, sizeof e->problem, "%s", problem);
}

/* Gives entries the statuses that an answer says. Those that it does not name have come to nothing
 * that we know of. */
static void take_results(const json_t *answer, struct sct_sqs_entry *entry, int n)
{
    const json_t *const fine = json_object_get(answer, "Successful");
    const json_t *const failed = json_object_get(answer, "Failed");
    for (size_t i = 0; i < json_array_size(fine); i++) {
        const int64_t id = number_of(json_array_get(fine, i), "Id");
        if (id >= 0 && id < n && entry[id].status == SCT_NEED_INPUT)
            fail_entry(&entry[id], SCT_OK, "");
    }
    for (size_t i = 0; i < json_array_size(failed); i++) {
        const json_t *const why = json_array_get(failed, i);
        const int64_t id = number_of(why, "Id");
        char problem[160];
        snprintf(problem, sizeof problem, "%.60s: %.60s", text_of(why, "Code"),
                 text_of(why, "Message"));
        if (id >= 0 && id < n && entry[id].status == SCT_NEED_INPUT)
            fail_entry(&entry[id],
                       json_is_true(json_object_get(why, "SenderFault"))
                           ? SCT_ERR_ARGUMENT
                           : SCT_ERR_IO,
                       problem);
    }
}

/* Asks for entries index[0..n_picked) of entry[0..n). */
static int send_request(sct_sqs *q, const struct batch *b, struct sct_sqs_entry *entry,
                        int n, const int *index, int n_picked, struct sct_report *report)
{
    json_t *const list = json_array();
    json_t *answer = NULL;
    int status = SCT_OK;
    for (int i = 0; i < n_picked; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", index[i]);
        entry[index[i]].status = SCT_NEED_INPUT;
        if (json_array_append_new(list, b->describe(&entry[index[i]], id)) != 0)
            status = SCT_ERR_MEMORY;
    }
    json_t *const body = json_pack("{s:s, s:o}", "QueueUrl", q->url, "Entries", list);
    if (status == SCT_OK)
        status = sct_aws_json_call(&q->service, b->operation, body, 0, &answer, report);
    else
        json_decref(body);
    if (status == SCT_OK)
        take_results(answer, entry, n);
    json_decref(answer);
    for (int i = 0; i < n_picked; i++) {
        struct sct_sqs_entry *const e = &entry[index[i]];
        if (e->status == SCT_NEED_INPUT)
            fail_entry(e, status != SCT_OK ? status : SCT_ERR_IO,
                       status != SCT_OK ? report->message
                                        : "the answer is silent about it");
    }
    return status;
}

/* All entries that are still wanted, once. SCT_OK unless a request failed as a whole. */
static int do_round(sct_sqs *q, const struct batch *b, struct sct_sqs_entry *entry, int n,
                    struct sct_report *report)
{
    int index[MAX_BATCH], n_picked = 0, status = SCT_OK;
    size_t n_bytes = 0;
    for (int i = 0; i < n && status == SCT_OK; i++) {
        if (entry[i].status != SCT_ERR_IO)
            continue;
        const size_t bytes = b->is_sent ? entry_bytes(&entry[i]) : 0;
        if (bytes > SCT_SQS_MAX_BYTES) {
            fail_entry(&entry[i], SCT_ERR_TOO_LARGE, "too large for a message");
            continue;
        }
        if (n_picked == MAX_BATCH || n_bytes + bytes > SCT_SQS_MAX_BYTES) {
            status = send_request(q, b, entry, n, index, n_picked, report);
            n_picked = 0;
            n_bytes = 0;
        }
        index[n_picked++] = i;
        n_bytes += bytes;
    }
    if (n_picked > 0 && status == SCT_OK)
        status = send_request(q, b, entry, n, index, n_picked, report);
    return status;
}

static int do_batch(sct_sqs *q, const struct batch *b, struct sct_sqs_entry *entry, int n,
                    struct sct_report *report)
{
    int status = SCT_OK, n_left = n;
    for (int i = 0; i < n; i++)
        fail_entry(&entry[i], SCT_ERR_IO, "not tried");
    for (int round = 0; round < N_ROUNDS && n_left > 0 && status == SCT_OK; round++) {
        if (round > 0)
            sct_aws_back_off(&q->service.client, round, 0);
        status = do_round(q, b, entry, n, report);
        n_left = 0;
        for (int i = 0; i < n; i++)
            n_left += entry[i].status == SCT_ERR_IO;
    }
    for (int i = 0; i < n; i++)
        if (entry[i].status != SCT_OK)
            return sct_report_fail(report, entry[i].status, "%s", entry[i].problem);
    return SCT_OK;
}

static json_t *describe_delete(const struct sct_sqs_entry *e, const char *id)
{
    return json_pack("{s:s, s:s}", "Id", id, "ReceiptHandle", e->receipt);
}

int sct_sqs_delete(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                   struct sct_report *report)
{
    static const struct batch b = {"DeleteMessageBatch", describe_delete, 0};
    return do_batch(q, &b, entry, n, report);
}

static json_t *describe_visibility(const struct sct_sqs_entry *e, const char *id)
{
    return json_pack("{s:s, s:s, s:i}", "Id", id, "ReceiptHandle", e->receipt,
                     "VisibilityTimeout", e->visibility_s);
}

int sct_sqs_change_visibility(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                              struct sct_report *report)
{
    static const struct batch b = {"ChangeMessageVisibilityBatch", describe_visibility,
                                   0};
    return do_batch(q, &b, entry, n, report);
}

/* Attributes are XML's characters and no others, or the message is refused. NULL: no memory. */
static json_t *make_attribute(const struct sct_sqs_attribute *a)
{
    char *const text = sct_text_utf8(a->value);
    for (char *p = text; p && *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    json_t *const value =
        json_pack("{s:s, s:s}", "DataType", a->type, "StringValue", text ? text : "");
    free(text);
    return value;
}

static json_t *describe_send(const struct sct_sqs_entry *e, const char *id)
{
    json_t *const attributes = json_object();
    for (int i = 0; i < e->n_attributes; i++)
        json_object_set_new(attributes, e->attribute[i].name,
                            make_attribute(&e->attribute[i]));
    json_t *const root = json_pack("{s:s, s:s, s:i}", "Id", id, "MessageBody", e->body,
                                   "DelaySeconds", e->delay_s);
    if (root && e->n_attributes > 0)
        json_object_set(root, "MessageAttributes", attributes);
    json_decref(attributes);
    return root;
}

int sct_sqs_send(sct_sqs *q, struct sct_sqs_entry *entry, int n,
                 struct sct_report *report)
{
    static const struct batch b = {"SendMessageBatch", describe_send, 1};
    return do_batch(q, &b, entry, n, report);
}

/* ---- attributes --------------------------------------------------------------------- */

int sct_sqs_measure(sct_sqs *q, struct sct_sqs_depth *depth, struct sct_report *report)
{
    json_t *answer = NULL;
    const int status = sct_aws_json_call(
        &q->service, "GetQueueAttributes",
        json_pack("{s:s, s:[sss]}", "QueueUrl", q->url, "AttributeNames",
                  "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                  "ApproximateNumberOfMessagesDelayed"),
        0, &answer, report);
    const json_t *const said = json_object_get(answer, "Attributes");
    depth->n_waiting = number_of(said, "ApproximateNumberOfMessages");
    depth->n_in_flight = number_of(said, "ApproximateNumberOfMessagesNotVisible");
    depth->n_delayed = number_of(said, "ApproximateNumberOfMessagesDelayed");
    json_decref(answer);
    return status;
}
