/* One operation of a service that speaks JSON. */
#include "aws_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sct_aws_json_open(struct sct_aws_json *j, const struct sct_aws_place *place,
                      sct_credentials *credentials, struct sct_report *report)
{
    const char *const configured = sct_aws_endpoint(place->endpoint_variable);
    int status = SCT_OK;
    j->prefix = place->prefix;
    j->client.service = place->service;
    j->client.credentials = credentials;
    if (!credentials) {
        status = sct_credentials_create(&j->own_credentials, NULL);
        j->client.credentials = j->own_credentials;
    }
    if (status != SCT_OK)
        return status;
    if (place->region)
        snprintf(j->client.region, sizeof j->client.region, "%s", place->region);
    return sct_aws_client_open(&j->client, configured ? configured : place->endpoint, "",
                               report);
}

void sct_aws_json_close(struct sct_aws_json *j)
{
    sct_aws_client_free(&j->client);
    sct_credentials_free(j->own_credentials);
    j->own_credentials = NULL;
}

static int read_answer(const struct sct_aws_answer *answer, const char *operation,
                       json_t **out, struct sct_report *report)
{
    json_error_t error;
    *out = json_loadb(answer->body.data ? answer->body.data : "", answer->body.n_bytes, 0,
                      &error);
    if (json_is_object(*out))
        return SCT_OK;
    json_decref(*out);
    *out = NULL;
    return sct_report_fail(report, SCT_ERR_CORRUPT, "the answer to %s is no JSON object",
                           operation);
}

int sct_aws_json_call(struct sct_aws_json *j, const char *operation, json_t *body,
                      int stall_s, json_t **answer, struct sct_report *report)
{
    char target[96];
    struct sct_aws_answer a;
    char *const text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    const struct sct_pair header[] = {{"content-type", "application/x-amz-json-1.0"},
                                      {"x-amz-target", target}};
    const struct sct_aws_request request = {.method = "POST",
                                            .path = "/",
                                            .header = header,
                                            .n_headers = 2,
                                            .body = text,
                                            .body_bytes = text ? strlen(text) : 0,
                                            .stall_s = stall_s};
    json_decref(body);
    if (!text)
        return SCT_ERR_MEMORY;
    snprintf(target, sizeof target, "%s%s", j->prefix, operation);
    int status = sct_aws_call(&j->client, &request, &a, report);
    if (status == SCT_OK && answer)
        status = read_answer(&a, operation, answer, report);
    sct_aws_answer_free(&a);
    free(text);
    return status;
}
