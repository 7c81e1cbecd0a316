/* Services of AWS that speak JSON 1.0 (SQS, DynamoDB): one operation is one POST to "/", with its
 * name in X-Amz-Target. On top of stores/aws_client.h, whose promises about repetitions hold. */
#ifndef SCT_AWS_JSON_H
#define SCT_AWS_JSON_H

#include <jansson.h>

#include "aws_client.h"

struct sct_aws_json {
    struct sct_aws_client client;
    sct_credentials *own_credentials;
    const char *prefix; /* of the operations: "AmazonSQS." */
};

/* What a service is called, and where it is; all but region and host in static storage. */
struct sct_aws_place {
    const char *service, *prefix;  /* "sqs", "AmazonSQS." */
    const char *endpoint_variable; /* "AWS_ENDPOINT_URL_SQS" */
    const char
        *endpoint;      /* where that and AWS_ENDPOINT_URL are not set; NULL: AWS's own */
    const char *region; /* NULL: that of the credentials */
};

/* credentials: borrowed, NULL for its own. Nothing is contacted yet. SCT_OK; the statuses of
 * sct_aws_client_open. sct_aws_json_close in any case. */
int sct_aws_json_open(struct sct_aws_json *j, const struct sct_aws_place *place,
                      sct_credentials *credentials, struct sct_report *report);
void sct_aws_json_close(struct sct_aws_json *j);

/* Does an operation: takes over `body` (NULL: there was no memory for it) and gives an object, for
 * json_decref, in *answer (may be NULL: not wanted). stall_s: 0 for the client's. SCT_OK, or the
 * statuses of store.h with a message; SCT_ERR_CORRUPT for an answer that is no JSON object. */
int sct_aws_json_call(struct sct_aws_json *j, const char *operation, json_t *body,
                      int stall_s, json_t **answer, struct sct_report *report);

#endif
