/* What an AWS service says when it refuses, and what that means for us. Untrusted. */
#ifndef SCT_AWS_ERROR_H
#define SCT_AWS_ERROR_H

#include <stddef.h>

#include "io.h"

struct sct_aws_error {
    int http_status;
    char code[64];     /* "SlowDown"; "" where the answer has none */
    char message[160]; /* theirs */
    char region[64];   /* of the bucket, where it is said */
    char request_id[96];
};

enum sct_aws_remedy {
    SCT_AWS_GIVE_UP,
    SCT_AWS_REPEAT,          /* it may pass: broken, busy, two at once */
    SCT_AWS_SLOW_DOWN,       /* the same, and we are the reason */
    SCT_AWS_NEW_CREDENTIALS, /* ours have expired */
    SCT_AWS_SET_CLOCK        /* ours is wrong */
};

/* Takes code, message, region and request id from an answer in XML (S3, SQS's and STS's query
 * protocol) or JSON (DynamoDB, SQS, Lambda). e->http_status stays; what the body does not say
 * stays too. 1: the body is such an answer. */
int sct_aws_error_parse(struct sct_aws_error *e, const char *body, size_t n_bytes);

/* What to do about it. */
enum sct_aws_remedy sct_aws_error_remedy(const struct sct_aws_error *e);

/* The status that it becomes once nothing helps; statuses as in store.h. */
int sct_aws_error_status(const struct sct_aws_error *e);

/* That, with a sentence: what, why, and for the support the id of the request. `region` is where
 * we have been asking. */
int sct_aws_error_report(const struct sct_aws_error *e, const char *region,
                         struct sct_report *report);

#endif
