/* Codes of errors, from the error references of Amazon S3 and the common errors of AWS. */
#define _GNU_SOURCE 1
#include "aws_error.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "xml.h"

struct known_code {
    const char *code;
    enum sct_aws_remedy remedy;
};

static const struct known_code known[] = {
    {"InternalError", SCT_AWS_REPEAT},
    {"InternalFailure", SCT_AWS_REPEAT},
    {"InternalServerError", SCT_AWS_REPEAT},
    {"ServiceUnavailable", SCT_AWS_REPEAT},
    {"RequestTimeout", SCT_AWS_REPEAT},
    {"RequestTimeoutException", SCT_AWS_REPEAT},
    {"OperationAborted", SCT_AWS_REPEAT},
    {"ConditionalRequestConflict", SCT_AWS_REPEAT},
    {"TransactionInProgressException", SCT_AWS_REPEAT},
    {"IDPCommunicationError", SCT_AWS_REPEAT},
    {"IncompleteBody", SCT_AWS_REPEAT},
    {"BadDigest", SCT_AWS_REPEAT}, /* damaged on its way */
    {"XAmzContentSHA256Mismatch", SCT_AWS_REPEAT},
    {"SlowDown", SCT_AWS_SLOW_DOWN},
    {"Throttling", SCT_AWS_SLOW_DOWN},
    {"ThrottlingException", SCT_AWS_SLOW_DOWN},
    {"ThrottledException", SCT_AWS_SLOW_DOWN},
    {"RequestThrottled", SCT_AWS_SLOW_DOWN},
    {"RequestThrottledException", SCT_AWS_SLOW_DOWN},
    {"TooManyRequestsException", SCT_AWS_SLOW_DOWN},
    {"ProvisionedThroughputExceededException", SCT_AWS_SLOW_DOWN},
    {"RequestLimitExceeded", SCT_AWS_SLOW_DOWN},
    {"BandwidthLimitExceeded", SCT_AWS_SLOW_DOWN},
    {"ExpiredToken", SCT_AWS_NEW_CREDENTIALS},
    {"ExpiredTokenException", SCT_AWS_NEW_CREDENTIALS},
    {"TokenRefreshRequired", SCT_AWS_NEW_CREDENTIALS},
    {"RequestExpired", SCT_AWS_NEW_CREDENTIALS},
    {"RequestTimeTooSkewed", SCT_AWS_SET_CLOCK},
    {"RequestInTheFuture", SCT_AWS_SET_CLOCK},
};

/* Codes of other services than S3, whose HTTP status is 400 whatever is wrong. */
struct meaning {
    const char *code;
    int status;
    const char *advice;
};

static const struct meaning meanings[] = {
    {"QueueDoesNotExist", SCT_ERR_NOT_FOUND, "there is no such queue"},
    {"AWS.SimpleQueueService.NonExistentQueue", SCT_ERR_NOT_FOUND,
     "there is no such queue"},
    {"ResourceNotFoundException", SCT_ERR_NOT_FOUND, "there is no such table"},
    {"ConditionalCheckFailedException", SCT_ERR_PRECONDITION,
     "the item is not as required"},
    {"AccessDenied", SCT_ERR_DENIED, ""},
    {"AccessDeniedException", SCT_ERR_DENIED, "access denied"},
    {"UnrecognizedClientException", SCT_ERR_DENIED, "the access key is unknown"},
    {"InvalidSignatureException", SCT_ERR_DENIED,
     "the secret key is not the one of this access key"},
    {"NoSuchBucket", SCT_ERR_NOT_FOUND, "there is no such bucket"},
    {"InvalidAccessKeyId", SCT_ERR_DENIED, "the access key is unknown"},
    {"SignatureDoesNotMatch", SCT_ERR_DENIED,
     "the secret key is not the one of this access key"},
    {"EntityTooLarge", SCT_ERR_TOO_LARGE, ""},
    {"NotImplemented", SCT_ERR_UNSUPPORTED, ""}, /* conditions, by Swift */
};

/* NULL: its HTTP status says it. */
static const struct meaning *find_meaning(const char *code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (strcmp(code, meanings[i].code) == 0)
            return &meanings[i];
    }
    return NULL;
}

/* Copies what fits. */
static void take(char *out, size_t out_bytes, const char *text)
{
    snprintf(out, out_bytes, "%s", text);
}

static int take_element(void *ctx, const char *path, const char *text)
{
    static const char query[] =
        "ErrorResponse/"; /* around <Error> in the query protocol */
    struct sct_aws_error *const e = ctx;
    if (strncmp(path, query, sizeof query - 1) == 0)
        path += sizeof query - 1;
    if (strcmp(path, "Error/Code") == 0)
        take(e->code, sizeof e->code, text);
    else if (strcmp(path, "Error/Message") == 0)
        take(e->message, sizeof e->message, text);
    else if (strcmp(path, "Error/Region") == 0)
        take(e->region, sizeof e->region, text);
    else if (strcmp(path, "Error/RequestId") == 0 || strcmp(path, "RequestId") == 0)
        take(e->request_id, sizeof e->request_id, text);
    return SCT_OK;
}

/* {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "..."} */
static void take_json(struct sct_aws_error *e, const char *body, size_t n_bytes)
{
    json_t *const root = json_loadb(body, n_bytes, 0, NULL);
    const char *type = json_string_value(json_object_get(root, "__type"));
    const char *message = json_string_value(json_object_get(root, "message"));
    if (!message)
        message = json_string_value(json_object_get(root, "Message"));
    if (type && strchr(type, '#'))
        type = strchr(type, '#') + 1;
    if (type)
        take(e->code, sizeof e->code, type);
    if (message)
        take(e->message, sizeof e->message, message);
    json_decref(root);
}

int sct_aws_error_parse(struct sct_aws_error *e, const char *body, size_t n_bytes)
{
    struct sct_aws_error found = {.code = ""};
    if (n_bytes == 0)
        return 0;
    if (body[0] == '{')
        take_json(&found, body, n_bytes);
    else
        sct_xml_walk(body, n_bytes, take_element, &found); /* also half of it is of use */
    if (!found.code[0])
        return 0;
    take(e->code, sizeof e->code, found.code);
    take(e->message, sizeof e->message, found.message);
    if (found.region[0])
        take(e->region, sizeof e->region, found.region);
    if (found.request_id[0])
        take(e->request_id, sizeof e->request_id, found.request_id);
    return 1;
}

enum sct_aws_remedy sct_aws_error_remedy(const struct sct_aws_error *e)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(e->code, known[i].code) == 0)
            return known[i].remedy;
    }
    switch (e->http_status) {
    case 429: return SCT_AWS_SLOW_DOWN;
    case 408:
    case 409:
    case 500:
    case 502:
    case 503:
    case 504: return SCT_AWS_REPEAT;
    case 400: /* of HEAD, which has no body: most often these */
        return e->code[0] ? SCT_AWS_GIVE_UP : SCT_AWS_NEW_CREDENTIALS;
    default: return SCT_AWS_GIVE_UP;
    }
}

static int is_other_region(const struct sct_aws_error *e)
{
    return e->http_status == 301 || e->http_status == 307 ||
           strcmp(e->code, "PermanentRedirect") == 0 ||
           strcmp(e->code, "AuthorizationHeaderMalformed") == 0 ||
           strcmp(e->code, "IllegalLocationConstraintException") == 0;
}

int sct_aws_error_status(const struct sct_aws_error *e)
{
    if (is_other_region(e))
        return SCT_ERR_ARGUMENT;
    switch (sct_aws_error_remedy(e)) {
    case SCT_AWS_REPEAT:
    case SCT_AWS_SLOW_DOWN: return SCT_ERR_IO;
    case SCT_AWS_NEW_CREDENTIALS:
    case SCT_AWS_SET_CLOCK: return SCT_ERR_DENIED;
    case SCT_AWS_GIVE_UP: break;
    }
    const struct meaning *const meaning = find_meaning(e->code);
    if (meaning)
        return meaning->status;
    switch (e->http_status) {
    case 401:
    case 403: return SCT_ERR_DENIED;
    case 404:
    case 410: return SCT_ERR_NOT_FOUND;
    case 304:
    case 412: return SCT_ERR_PRECONDITION;
    case 413: return SCT_ERR_TOO_LARGE;
    default: return e->http_status >= 500 ? SCT_ERR_IO : SCT_ERR_ARGUMENT;
    }
}

/* What to do about it, for people; "" where their message says enough. */
static const char *advise(const struct sct_aws_error *e)
{
    if (sct_aws_error_remedy(e) == SCT_AWS_NEW_CREDENTIALS)
        return e->code[0]
                   ? "the credentials have expired, and there are no newer ones"
                   : "the request makes no sense to the server, or the credentials "
                     "have expired";
    if (sct_aws_error_remedy(e) == SCT_AWS_SET_CLOCK)
        return "the clock of this machine is wrong";
    const struct meaning *const meaning = find_meaning(e->code);
    if (meaning && meaning->advice[0])
        return meaning->advice;
    switch (e->http_status) {
    case 403:
        return "access denied; without the right to list, a missing object looks so too";
    case 404: return "there is no such object";
    case 412: return "the object is not, or is no more, as required";
    default: return "";
    }
}

int sct_aws_error_report(const struct sct_aws_error *e, const char *region,
                         struct sct_report *report)
{
    const int status = sct_aws_error_status(e);
    const char *const advice = advise(e);
    if (is_other_region(e))
        return sct_report_fail(report, status,
                               "the bucket is in region %s, and was asked for in %s: set "
                               "AWS_REGION",
                               e->region[0] ? e->region : "(not said)", region);
    struct sct_buffer b = {0};
    sct_buffer_format(&b, "%d", e->http_status);
    if (e->code[0])
        sct_buffer_format(&b, " %s", e->code);
    if (e->message[0] && !advice[0])
        sct_buffer_format(&b, ": %s", e->message);
    if (e->request_id[0])
        sct_buffer_format(&b, ", request %s", e->request_id);
    sct_report_fail(report, status, "%s%s%s%s", advice, advice[0] ? " (" : "",
                    b.data ? b.data : "", advice[0] ? ")" : "");
    sct_buffer_free(&b);
    return status;
}
