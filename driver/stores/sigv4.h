/* AWS Signature Version 4, in headers and in presigned URLs.
 *
 * Source: "Signature Version 4 signing process" in the IAM User Guide, and "Authenticating
 * Requests" in the Amazon S3 API reference, whose examples are our tests. Paths and queries
 * are given as they are meant, without any encoding; the signer encodes them and says what
 * to request, so that what is sent is what was signed.
 *
 * S3 encodes a path once; all other services sign the encoded path encoded again. Paths of
 * other services must not hold "." and ".." segments or doubled slashes, which those
 * services would normalise. All functions are reentrant. */
#ifndef SCT_SIGV4_H
#define SCT_SIGV4_H

#include <stddef.h>
#include <stdint.h>

enum {
    SCT_SIGV4_MAX_PAIRS = 48, /* headers, or parameters of a query, ours included */
    SCT_SIGV4_MAX_EXPIRES_S = 7 * 86400,
    SCT_SHA256_HEX_BYTES = 65
};

#define SCT_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

struct sct_aws_keys {
    const char *access_key, *secret_key;
    const char *token; /* of temporary credentials; NULL or "": none */
};

struct sct_pair {
    const char *name, *value;
};

struct sct_sigv4_request {
    const char *method;            /* "GET" */
    const char *host;              /* as in the Host header, with its port if any */
    const char *path;              /* "/bucket/key", not encoded */
    const struct sct_pair *query;  /* not encoded, in any order */
    const struct sct_pair *header; /* to be signed beside ours */
    int n_query, n_headers;
    const char *payload_hash; /* hexadecimal SHA-256 of the body, or SCT_SIGV4_UNSIGNED */
    const char *region, *service; /* "eu-central-1", "s3" */
    int64_t time_s;               /* since 1970, UTC */
};

struct sct_signed {
    char *target;        /* what to request: encoded path and query */
    char *authorization; /* value of the header Authorization */
    char date[17];       /* value of x-amz-date */
};

/* Signs in headers. The caller sends Host, Authorization, x-amz-date, the token, if any, as
 * x-amz-security-token, for S3 payload_hash as x-amz-content-sha256, and all of
 * request->header. SCT_OK, SCT_ERR_ARGUMENT (too many pairs), SCT_ERR_MEMORY,
 * SCT_ERR_UNSUPPORTED (no OpenSSL 3 on this machine); *out is freed
 * with sct_signed_free in any case. */
int sct_sigv4_sign(struct sct_signed *out, const struct sct_sigv4_request *request,
                   const struct sct_aws_keys *keys);
void sct_signed_free(struct sct_signed *s);

/* Signs in the query: *url, for sct_mem_free, is good for `expires_s` (1 to 7 days) seconds
 * from request->time_s on, for whoever sends all of request->header with it. The body is
 * not signed. scheme is "https" or "http". Statuses as above. */
int sct_sigv4_presign(char **url, const struct sct_sigv4_request *request,
                      const struct sct_aws_keys *keys, const char *scheme,
                      int64_t expires_s);

/* The hexadecimal SHA-256 of some bytes. SCT_OK or SCT_ERR_UNSUPPORTED. */
int sct_sha256_hex(char out[SCT_SHA256_HEX_BYTES], const void *data, size_t n_bytes);

#endif
