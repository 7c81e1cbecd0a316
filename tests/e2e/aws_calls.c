/* Queues, tables and URLs by hand, for tests: one call for each line of JSON on stdin, one line of JSON for
 * each on stdout.
 *
 *     {"do": "receive", "queue": URL, "max": 10, "wait": 0, "visibility": 30}
 *     {"do": "delete" or "hide" or "send" or "measure", "queue": URL, "entries": [{...}, ...]}
 *     {"do": "update", "table": NAME, "key": [[name, type, text], ...],
 *      "update": ..., "condition": ..., "names": [...], "values": [...]}
 *     {"do": "presign", "store": URL, "method": "PUT", "key": KEY, "headers": {NAME: VALUE, ...}} */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb.h"
#include "mem.h"
#include "sqs.h"
#include "store.h"

#include <jansson.h>

enum { MAX_ENTRIES = 64, MAX_VALUES = 16 };

static const char *text_in(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static int number_in(const json_t *o, const char *name)
{
    return (int)json_integer_value(json_object_get(o, name));
}

static json_t *describe_message(const struct sct_sqs_message *m)
{
    json_t *const attributes = json_object();
    for (int i = 0; i < m->n_attributes; i++)
        json_object_set_new(attributes, m->attribute[i].name,
                            json_string(m->attribute[i].value));
    return json_pack("{s:s, s:s, s:s, s:i, s:b, s:o}", "id", m->id, "receipt", m->receipt,
                     "body", m->body, "n_receives", m->n_receives, "is_dated",
                     m->sent_ms > 0, "attributes", attributes);
}

static json_t *receive(sct_sqs *q, const json_t *call, int *status,
                       struct sct_report *report)
{
    struct sct_sqs_message message[SCT_SQS_MAX_RECEIVE];
    const struct sct_sqs_receipt how = {.max_messages = number_in(call, "max"),
                                        .wait_s = number_in(call, "wait"),
                                        .visibility_s = number_in(call, "visibility")};
    json_t *const list = json_array();
    int n = 0;
    *status = sct_sqs_receive(q, &how, message, &n, report);
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, describe_message(&message[i]));
        sct_sqs_message_free(&message[i]);
    }
    return list;
}

static int take_attributes(const json_t *said, struct sct_sqs_attribute *out)
{
    int n = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)said, name, value)
    {
        const struct sct_sqs_attribute a = {name, "String", json_string_value(value)};
        out[n++] = a;
    }
    return n;
}

static json_t *do_batch(sct_sqs *q, const json_t *call, int *status,
                        struct sct_report *report)
{
    static struct sct_sqs_attribute attribute[MAX_ENTRIES][SCT_SQS_MAX_ATTRIBUTES];
    static struct sct_sqs_entry entry[MAX_ENTRIES];
    const json_t *const list = json_object_get(call, "entries");
    const char *const what = text_in(call, "do");
    const int n = (int)json_array_size(list);
    json_t *const results = json_array();
    for (int i = 0; i < n; i++) {
        const json_t *const e = json_array_get(list, (size_t)i);
        const struct sct_sqs_entry one = {
            .receipt = text_in(e, "receipt"),
            .visibility_s = number_in(e, "visibility"),
            .body = text_in(e, "body"),
            .attribute = attribute[i],
            .n_attributes =
                take_attributes(json_object_get(e, "attributes"), attribute[i])};
        entry[i] = one;
    }
    *status = strcmp(what, "send") == 0 ? sct_sqs_send(q, entry, n, report)
              : strcmp(what, "delete") == 0
                  ? sct_sqs_delete(q, entry, n, report)
                  : sct_sqs_change_visibility(q, entry, n, report);
    for (int i = 0; i < n; i++)
        json_array_append_new(
            results, json_string(entry[i].status == SCT_OK ? "ok" : entry[i].problem));
    return results;
}

static json_t *call_queue(const json_t *call, int *status, struct sct_report *report)
{
    struct sct_sqs_depth depth = {.n_waiting = 0};
    const char *const what = text_in(call, "do");
    json_t *result = NULL;
    sct_sqs *q;
    *status = sct_sqs_open(&q, text_in(call, "queue"), NULL, report);
    if (*status != SCT_OK)
        return NULL;
    if (strcmp(what, "receive") == 0) {
        result = receive(q, call, status, report);
    } else if (strcmp(what, "measure") == 0) {
        *status = sct_sqs_measure(q, &depth, report);
        result = json_pack("[I, I, I]", (json_int_t)depth.n_waiting,
                           (json_int_t)depth.n_in_flight, (json_int_t)depth.n_delayed);
    } else {
        result = do_batch(q, call, status, report);
    }
    sct_sqs_close(q);
    return result;
}

static int take_values(const json_t *call, const char *name,
                       struct sct_dynamodb_value out[MAX_VALUES])
{
    const json_t *const list = json_object_get(call, name);
    const int n = (int)json_array_size(list);
    for (int i = 0; i < n; i++) {
        const json_t *const v = json_array_get(list, (size_t)i);
        out[i].name = json_string_value(json_array_get(v, 0));
        out[i].type = json_string_value(json_array_get(v, 1));
        out[i].text = json_string_value(json_array_get(v, 2));
    }
    return n;
}

static void call_table(const json_t *call, int *status, struct sct_report *report)
{
    struct sct_dynamodb_value key[MAX_VALUES], name[MAX_VALUES], value[MAX_VALUES];
    const struct sct_dynamodb_request request = {
        .key = key,
        .n_keys = take_values(call, "key", key),
        .update = text_in(call, "update"),
        .condition = text_in(call, "condition"),
        .name = name,
        .n_names = take_values(call, "names", name),
        .value = value,
        .n_values = take_values(call, "values", value)};
    sct_dynamodb *d;
    *status = sct_dynamodb_open(&d, text_in(call, "table"), NULL, report);
    if (*status == SCT_OK)
        *status = sct_dynamodb_update(d, &request, report);
    sct_dynamodb_close(d);
}

static json_t *presign(json_t *call, int *status, struct sct_report *report)
{
    const struct sct_store_spec spec = {.credentials = NULL};
    struct sct_pair header[MAX_VALUES];
    const char *name;
    json_t *value, *answer = NULL;
    sct_store *s;
    char *url = NULL;
    int n = 0;
    json_object_foreach(json_object_get(call, "headers"), name, value)
    {
        if (n < MAX_VALUES)
            header[n++] = (struct sct_pair){name, json_string_value(value)};
    }
    *status = sct_store_open(&s, text_in(call, "store"), &spec, report);
    if (*status != SCT_OK)
        return NULL;
    *status = sct_store_presign(s, text_in(call, "method"), text_in(call, "key"), header,
                                n, 60, &url);
    if (*status == SCT_OK)
        answer = json_string(url);
    else
        sct_report_fail(report, *status, "%s", sct_store_message(s));
    sct_mem_free(url);
    sct_store_close(s);
    return answer;
}

int main(void)
{
    static char line[1 << 21];
    while (fgets(line, sizeof line, stdin)) {
        struct sct_report report = {.message = ""};
        int status = SCT_ERR_ARGUMENT;
        json_t *const call = json_loads(line, 0, NULL);
        json_t *result = NULL;
        if (json_object_get(call, "store"))
            result = presign(call, &status, &report);
        else if (json_object_get(call, "table"))
            call_table(call, &status, &report);
        else
            result = call_queue(call, &status, &report);
        json_t *const answer =
            json_pack("{s:s, s:s, s:o*}", "status", sct_status_name(status), "message",
                      report.message, "result", result);
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(answer);
        json_decref(call);
    }
    return 0;
}
