/* Function URLs: JSON in, JSON out. */
#define _GNU_SOURCE 1
#include "function_url.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64.h"

static const char *find_text(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int take_body(struct sct_url_request *r, struct sct_report *report)
{
    const json_t *const body = json_object_get(r->json, "body");
    const char *const text = json_string_value(body);
    int status = SCT_OK;
    if (text && json_is_true(json_object_get(r->json, "isBase64Encoded")))
        status =
            sct_base64_decode(&r->body, SCT_BASE64_PLAIN, text, json_string_length(body));
    else if (text)
        sct_buffer_add(&r->body, text, json_string_length(body));
    if (status == SCT_ERR_CORRUPT)
        return sct_report_fail(report, status, "the request's body is not base64");
    return r->body.has_failed ? SCT_ERR_MEMORY : status;
}

int sct_url_request_parse(struct sct_url_request *r, const char *payload, size_t n_bytes,
                          struct sct_report *report)
{
    const struct sct_url_request nothing = {.json = NULL};
    *r = nothing;
    r->json = json_loadb(payload, n_bytes, 0, NULL);
    const json_t *const context = json_object_get(r->json, "requestContext");
    const json_t *const http = json_object_get(context, "http");
    const json_t *const authorizer = json_object_get(context, "authorizer");
    r->method = find_text(http, "method");
    r->path = find_text(r->json, "rawPath");
    r->query = find_text(r->json, "rawQueryString");
    r->user = find_text(json_object_get(authorizer, "iam"), "userId");
    if (strcmp(find_text(r->json, "version"), "2.0") != 0 || !r->method[0])
        return sct_report_fail(
            report, SCT_ERR_CORRUPT,
            "this is no request of a function URL (payload format 2.0)");
    return take_body(r, report);
}

void sct_url_request_free(struct sct_url_request *r)
{
    json_decref(r->json);
    r->json = NULL;
    sct_buffer_free(&r->body);
}

const char *sct_url_request_header(const struct sct_url_request *r, const char *name)
{
    json_t *const headers = json_object_get(r->json, "headers");
    const char *key;
    json_t *value;
    json_object_foreach(headers, key, value)
    {
        if (strcasecmp(key, name) == 0 && json_is_string(value))
            return json_string_value(value);
    }
    return "";
}

static json_t *make_body(const struct sct_url_answer *a)
{
    struct sct_buffer text = {0};
    if (!a->is_binary)
        return json_stringn(a->body ? a->body : "", a->body_bytes);
    sct_base64_encode(&text, a->body, a->body_bytes);
    json_t *const body =
        text.has_failed ? NULL
                        : json_stringn_nocheck(text.data ? text.data : "", text.n_bytes);
    sct_buffer_free(&text);
    return body;
}

int sct_url_answer_print(struct sct_buffer *out, const struct sct_url_answer *answer)
{
    json_t *const json = json_object(), *const headers = json_object();
    int failed = 0;
    for (int i = 0; i < answer->n_headers; i++)
        failed |= json_object_set_new(headers, answer->header[i].name,
                                      json_string(answer->header[i].value));
    failed |= json_object_set_new(json, "statusCode", json_integer(answer->status));
    failed |= json_object_set_new(json, "headers", headers);
    failed |= json_object_set_new(json, "body", make_body(answer));
    failed |=
        json_object_set_new(json, "isBase64Encoded", json_boolean(answer->is_binary));
    char *const text = failed ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        return SCT_ERR_MEMORY;
    sct_buffer_text(out, text);
    free(text);
    return out->has_failed ? SCT_ERR_MEMORY : SCT_OK;
}
