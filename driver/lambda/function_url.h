/* Requests and answers of a Lambda function URL, payload format 2.0.
 *
 * Source: "Invoking Lambda function URLs" in the AWS Lambda Developer Guide. What is in a request is
 * of strangers: all of it may be anything. */
#ifndef SCT_FUNCTION_URL_H
#define SCT_FUNCTION_URL_H

#include <stddef.h>

#include "buffer.h"
#include "io.h"
#include "sigv4.h"

struct json_t;

/* Strings are borrowed from the request, and "" where nothing was said. */
struct sct_url_request {
    struct json_t *json;
    const char *method; /* "POST" */
    const char *path;   /* "/a/b", as it was sent: encoded */
    const char *query;  /* "a=b&c=d", likewise */
    const char *user;   /* userId of the caller, as AWS_IAM has found out */
    struct sct_buffer body;
};

/* SCT_OK; SCT_ERR_CORRUPT with a message: it is no such request; SCT_ERR_MEMORY. To be freed in any
 * case. */
int sct_url_request_parse(struct sct_url_request *r, const char *payload, size_t n_bytes,
                          struct sct_report *report);
void sct_url_request_free(struct sct_url_request *r);

/* The value of a header, "" where there is none. The case of the name does not matter. */
const char *sct_url_request_header(const struct sct_url_request *r, const char *name);

/* All borrowed. */
struct sct_url_answer {
    int status; /* 200 */
    const struct sct_pair *header;
    int n_headers;
    const void *body;
    size_t body_bytes;
    int is_binary; /* the body is no UTF-8: it travels as base64, a third longer */
};

/* Adds the JSON that Lambda makes the HTTP answer of. SCT_OK; SCT_ERR_MEMORY, also for a body that
 * says it is UTF-8 and is not. */
int sct_url_answer_print(struct sct_buffer *out, const struct sct_url_answer *answer);

#endif
