/* Requests to one AWS service: signed, sent, and repeated while that may help.
 *
 * Repeated are broken connections, 5xx, throttling, 409 of two at once, and, once each, what new
 * credentials or a corrected clock may mend. Before the i-th repetition it waits for a random
 * part of 0.1 s * 2^i, or of five times that when the service asks us to slow down, at most 20 s
 * ("full jitter"). A client belongs to one thread at a time. */
#ifndef SCT_AWS_CLIENT_H
#define SCT_AWS_CLIENT_H

#include "aws_error.h"
#include "buffer.h"
#include "credentials.h"
#include "http.h"
#include "sigv4.h"

struct sct_aws_client {
    sct_http *http;
    sct_credentials *credentials; /* borrowed */
    char *endpoint;               /* "https://host[:port]" */
    const char *host;             /* in endpoint */
    const char *service;          /* "s3"; static storage */
    char region[SCT_REGION_BYTES];
    char *trace_id;         /* NULL: none */
    int n_tries;            /* 0: 5 */
    int stall_s;            /* below 1 KB/s for so long: given up, and repeated */
    int64_t clock_offset_s; /* the service's clock minus ours */
    unsigned noise;
};

struct sct_aws_request {
    const char *method, *path;    /* not encoded */
    const struct sct_pair *query; /* [n_query], not encoded */
    const struct sct_pair *header;
    int n_query, n_headers;
    const void *body; /* borrowed */
    size_t body_bytes;
    int stall_s; /* 0: the client's */
};

/* What became of a request; sct_aws_answer_free in any case. */
struct sct_aws_answer {
    struct sct_aws_error error; /* http_status: also of success */
    sct_exchange *exchange; /* of success: its headers, and its body unless it is in: */
    struct sct_buffer body;
    int n_tries;       /* that it took */
    int was_ambiguous; /* an earlier try may have had its effect */
};

/* The endpoint that the environment names for a service, in `variable` ("AWS_ENDPOINT_URL_S3") or
 * else in AWS_ENDPOINT_URL; NULL: none, or to be ignored. */
const char *sct_aws_endpoint(const char *variable);

/* Opens a client that is zeroed but for its service, its credentials and, where they are known, its
 * region, n_tries and stall_s. endpoint: "https://host:port" or "http://..." with nothing behind but a
 * slash; NULL: AWS's own in that region, "https://SERVICE.REGION.amazonaws.com", behind `subdomain`
 * and a dot where that is not "". A region of "" becomes that of the credentials, or, with an endpoint, where
 * there is none, us-east-1: a local server does not care. A stall_s of 0 becomes what SCANTLING_STALL
 * says, or 20. SCT_OK; SCT_ERR_ARGUMENT for other URLs and stalls, and the statuses of
 * sct_credentials_region; SCT_ERR_MEMORY, SCT_ERR_UNSUPPORTED; freed in any case. */
int sct_aws_client_open(struct sct_aws_client *c, const char *endpoint,
                        const char *subdomain, struct sct_report *report);
void sct_aws_client_free(struct sct_aws_client *c);

/* X-Amzn-Trace-Id of all requests from now on; copied. NULL or "": none. SCT_OK, SCT_ERR_MEMORY;
 * SCT_ERR_ARGUMENT for what can be no header: then there is none. */
int sct_aws_client_trace(struct sct_aws_client *c, const char *trace_id);

/* Sends, and waits for the headers of success; the body is to be read from answer->exchange.
 * SCT_OK for 2xx; or the statuses of store.h, with a message in the report and answer->error. */
int sct_aws_stream(struct sct_aws_client *c, const struct sct_aws_request *request,
                   struct sct_aws_answer *answer, struct sct_report *report);

/* The same, and reads the whole body, of at most 16 MiB. Where success carries an error in its
 * body, as S3's may that take long, it is one. */
int sct_aws_call(struct sct_aws_client *c, const struct sct_aws_request *request,
                 struct sct_aws_answer *answer, struct sct_report *report);

void sct_aws_answer_free(struct sct_aws_answer *answer);

/* Waits as before the i-th repetition. */
void sct_aws_back_off(struct sct_aws_client *c, int i, int slows_down);

#endif
