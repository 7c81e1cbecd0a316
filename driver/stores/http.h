/* HTTP exchanges over libcurl: bodies in as a stream, out from memory.
 *
 * One sct_http is one pool of connections that are kept and used again; it and all of its
 * exchanges belong to one thread at a time. Several exchanges may be open at once: whoever
 * waits for one of them moves all. What arrives is buffered up to SCT_EXCHANGE_BYTES for each;
 * then the server is made to wait. TLS certificates are verified, redirections are not followed,
 * and proxies are used as https_proxy and no_proxy say. */
#ifndef SCT_HTTP_H
#define SCT_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"

enum { SCT_EXCHANGE_BYTES = 1 << 18 };

typedef struct sct_http sct_http;
typedef struct sct_exchange sct_exchange;

struct sct_http_request {
    const char *method, *url;
    const char *const *header; /* [n_headers]: "Name: value" or, to send none, "Name:" */
    int n_headers;
    const void *body; /* borrowed until the exchange ends; NULL: none */
    size_t body_bytes;
    int connect_ms; /* for the connection; 0: 5 s */
    int stall_s;    /* below 1 KB/s for so long: given up; 0: 20 s; -1: any time */
    int total_ms;   /* for everything; 0: any time */
    int is_direct;  /* never through a proxy */
    int stop_fd;    /* when there is something to read from it, an answer that has not
                       begun to arrive is no longer waited for; 0: none */
};

/* SCT_OK, SCT_ERR_MEMORY, or SCT_ERR_UNSUPPORTED without a libcurl. Certificates are
 * checked against AWS_CA_BUNDLE where that is set, or else the system's. */
int sct_http_create(sct_http **out, struct sct_report *report);
void sct_http_free(sct_http *http); /* after all of its exchanges; accepts NULL */

/* Begins. Of the request only the body is borrowed. SCT_OK, SCT_ERR_MEMORY. */
int sct_http_start(sct_http *http, const struct sct_http_request *request,
                   sct_exchange **out);

/* Waits until status and headers are there. SCT_OK; SCT_DONE: stop_fd; SCT_ERR_IO,
 * SCT_ERR_TIMEOUT, or SCT_ERR_ARGUMENT for what is no URL: sct_exchange_message says why. */
int sct_exchange_wait(sct_exchange *x);

/* Of the answer, after sct_exchange_wait: 200, 404, ... */
int sct_exchange_status(const sct_exchange *x);

/* How often the request has been sent: more than once when a connection that had been kept was
 * closed. The first may have had its effect. */
int sct_exchange_sends(const sct_exchange *x);

/* The value of a header, "" where there is none; valid until the exchange ends. */
const char *sct_exchange_header(const sct_exchange *x, const char *name);

/* Walks over all headers: *at is NULL at first. 1, or 0 at the end. */
int sct_exchange_next_header(const sct_exchange *x, void **at, const char **name,
                             const char **value);

/* Bytes of the body that were announced; -1: not known. */
int64_t sct_exchange_length(const sct_exchange *x);

/* Up to `capacity` bytes of the body, as soon as there are any; *n is 0 at the end and only
 * there. A body that ends before its announced length is SCT_ERR_IO. Statuses as of
 * sct_exchange_wait. */
int sct_exchange_read(sct_exchange *x, void *buffer, size_t capacity, size_t *n);

const char *sct_exchange_message(const sct_exchange *x); /* of a failure, or "" */

/* Ends it, early or not; a connection whose answer has been read to its end is used again.
 * Accepts NULL. */
void sct_exchange_end(sct_exchange *x);

#endif
