/* A table of Amazon DynamoDB: see the header. */
#include "dynamodb.h"

#include <string.h>

#include "aws_json.h"
#include "mem.h"

struct sct_dynamodb {
    struct sct_aws_json service;
    char *table;
};

int sct_dynamodb_open(sct_dynamodb **out, const char *table, sct_credentials *credentials,
                      struct sct_report *report)
{
    static const struct sct_aws_place place = {.service = "dynamodb",
                                               .prefix = "DynamoDB_20120810.",
                                               .endpoint_variable =
                                                   "AWS_ENDPOINT_URL_DYNAMODB"};
    sct_dynamodb *const d = sct_mem_alloc(sizeof *d);
    *out = NULL;
    if (!d)
        return SCT_ERR_MEMORY;
    d->table = sct_buffer_copy(table);
    const int status = d->table
                           ? sct_aws_json_open(&d->service, &place, credentials, report)
                           : SCT_ERR_MEMORY;
    if (status == SCT_OK)
        *out = d;
    else
        sct_dynamodb_close(d);
    return status;
}

void sct_dynamodb_close(sct_dynamodb *d)
{
    if (!d)
        return;
    sct_aws_json_close(&d->service);
    sct_mem_free(d->table);
    sct_mem_free(d);
}

/* {name: {type: text}} for each; NULL when there is no memory. */
static json_t *make_values(const struct sct_dynamodb_value *value, int n)
{
    json_t *const object = json_object();
    for (int i = 0; i < n; i++) {
        const char *const format = strcmp(value[i].type, "SS") == 0 ? "{s:[s]}" : "{s:s}";
        json_object_set_new(object, value[i].name,
                            json_pack(format, value[i].type, value[i].text));
    }
    if (json_object_size(object) == (size_t)n)
        return object;
    json_decref(object);
    return NULL;
}

static void add_text(json_t *body, const char *name, const char *text)
{
    if (text)
        json_object_set_new(body, name, json_string(text));
}

static void add_names(json_t *body, const struct sct_dynamodb_request *r)
{
    json_t *const names = json_object();
    for (int i = 0; i < r->n_names; i++)
        add_text(names, r->name[i].name, r->name[i].text);
    if (r->n_names > 0)
        json_object_set(body, "ExpressionAttributeNames", names);
    json_decref(names);
}

int sct_dynamodb_update(sct_dynamodb *d, const struct sct_dynamodb_request *request,
                        struct sct_report *report)
{
    json_t *const body = json_pack("{s:s, s:o, s:s}", "TableName", d->table, "Key",
                                   make_values(request->key, request->n_keys),
                                   "UpdateExpression", request->update);
    if (body) {
        add_text(body, "ConditionExpression", request->condition);
        add_names(body, request);
        if (request->n_values > 0)
            json_object_set_new(body, "ExpressionAttributeValues",
                                make_values(request->value, request->n_values));
    }
    return sct_aws_json_call(&d->service, "UpdateItem", body, 0, NULL, report);
}
