/* Exchanges on one multi handle of libcurl.
 *
 *     curl --write callback--> buffer --sct_exchange_read--> caller
 *
 * Invariants:
 *   1. data[begin..end) is what has arrived and has not been read;
 *   2. an exchange is paused only while its buffer has no room for what arrives, and goes on
 *      as soon as somebody reads from it;
 *   3. is_done says that libcurl is finished with it; result is then its outcome. */
#define _GNU_SOURCE 1
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "curl_table.h"
#include "mem.h"

enum { SLOW_BYTES_PER_S = 1024, CONNECT_MS = 5000, STALL_S = 20, POLL_MS = 1000 };

struct sct_http {
    struct sct_curl curl;
    CURLM *multi;
    char *ca_file; /* NULL: libcurl's own */
};

struct sct_exchange {
    sct_http *http;
    CURL *easy;
    struct curl_slist *headers;
    size_t begin, end;
    int is_paused, is_done, n_sends, stop_fd;
    CURLcode result;
    char message[CURL_ERROR_SIZE];
    unsigned char data[SCT_EXCHANGE_BYTES];
};

static char *find_ca_file(void)
{
    static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt"};
    const char *const wanted = getenv("AWS_CA_BUNDLE");
    if (wanted && wanted[0])
        return sct_buffer_copy(wanted);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (access(usual[i], R_OK) == 0)
            return sct_buffer_copy(usual[i]);
    }
    return NULL;
}

int sct_http_create(sct_http **out, struct sct_report *report)
{
    sct_http *const http = sct_mem_alloc(sizeof *http);
    *out = NULL;
    if (!http)
        return SCT_ERR_MEMORY;
    const int status = sct_curl_load(&http->curl, report);
    if (status != SCT_OK) {
        sct_mem_free(http);
        return status;
    }
    http->ca_file = find_ca_file();
    http->multi = http->curl.multi_init();
    if (!http->multi) {
        sct_http_free(http);
        return SCT_ERR_MEMORY;
    }
    *out = http;
    return SCT_OK;
}

void sct_http_free(sct_http *http)
{
    if (!http)
        return;
    if (http->multi)
        http->curl.multi_cleanup(http->multi);
    sct_curl_unload(&http->curl);
    sct_mem_free(http->ca_file);
    sct_mem_free(http);
}

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
    sct_exchange *const x = ctx;
    n *= size;
    if (x->begin > 0 && n > sizeof x->data - x->end) {
        memmove(x->data, x->data + x->begin, x->end - x->begin);
        x->end -= x->begin;
        x->begin = 0;
    }
    if (n > sizeof x->data - x->end) {
        x->is_paused = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    memcpy(x->data + x->end, data, n);
    x->end += n;
    return n;
}

/* libcurl sends a request again by itself when a connection that was used before turns out to
 * be closed. */
static int count_send(void *ctx, char *to, char *from, int to_port, int from_port)
{
    sct_exchange *const x = ctx;
    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    x->n_sends++;
    return CURL_PREREQFUNC_OK;
}

static int set_headers(sct_exchange *x, const struct sct_http_request *r)
{
    static const char *const unwanted[] = {"Expect:", "Content-Type:"};
    const struct sct_curl *const curl = &x->http->curl;
    /* A later header does not replace an earlier one: leave out what the caller sends. */
    const int n_unwanted = (int)(sizeof unwanted / sizeof *unwanted);
    for (int i = -n_unwanted; i < r->n_headers; i++) {
        const char *const header = i < 0 ? unwanted[n_unwanted + i] : r->header[i];
        int is_replaced = 0;
        for (int k = 0; i < 0 && k < r->n_headers; k++)
            is_replaced |= strncasecmp(r->header[k], header, strlen(header)) == 0;
        if (is_replaced)
            continue;
        struct curl_slist *const longer = curl->slist_append(x->headers, header);
        if (!longer)
            return SCT_ERR_MEMORY;
        x->headers = longer;
    }
    return SCT_OK;
}

static void set_options(sct_exchange *x, const struct sct_http_request *r)
{
    __typeof__(curl_easy_setopt) *const set = x->http->curl.easy_setopt;
    CURL *const easy = x->easy;
    set(easy, CURLOPT_URL, r->url);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_PATH_AS_IS, 1L); /* a key may be "a/../b" */
    set(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    set(easy, CURLOPT_HTTPHEADER, x->headers);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_TCP_NODELAY, 1L);
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(r->connect_ms ? r->connect_ms : CONNECT_MS));
    if (r->stall_s >= 0) {
        set(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
        set(easy, CURLOPT_LOW_SPEED_TIME, (long)(r->stall_s ? r->stall_s : STALL_S));
    }
    set(easy, CURLOPT_TIMEOUT_MS, (long)r->total_ms);
    set(easy, CURLOPT_ERRORBUFFER, x->message);
    set(easy, CURLOPT_WRITEFUNCTION, take_body);
    set(easy, CURLOPT_WRITEDATA, x);
    set(easy, CURLOPT_PREREQFUNCTION, count_send);
    set(easy, CURLOPT_PREREQDATA, x);
    set(easy, CURLOPT_PRIVATE, x);
    if (r->is_direct)
        set(easy, CURLOPT_NOPROXY, "*");
    if (x->http->ca_file)
        set(easy, CURLOPT_CAINFO, x->http->ca_file);
    if (strcmp(r->method, "HEAD") == 0) {
        set(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (r->body || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0) {
        set(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_bytes);
        set(easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
    }
    set(easy, CURLOPT_CUSTOMREQUEST, r->method);
}

int sct_http_start(sct_http *http, const struct sct_http_request *request,
                   sct_exchange **out)
{
    sct_exchange *const x = sct_mem_alloc(sizeof *x);
    *out = NULL;
    if (!x)
        return SCT_ERR_MEMORY;
    x->http = http;
    x->stop_fd = request->stop_fd;
    x->easy = http->curl.easy_init();
    if (!x->easy || set_headers(x, request) != SCT_OK)
        goto fail;
    set_options(x, request);
    if (http->curl.multi_add_handle(http->multi, x->easy) != CURLM_OK)
        goto fail;
    *out = x;
    return SCT_OK;
fail:
    sct_exchange_end(x);
    return SCT_ERR_MEMORY;
}

void sct_exchange_end(sct_exchange *x)
{
    if (!x)
        return;
    const struct sct_curl *const curl = &x->http->curl;
    if (x->easy) {
        curl->multi_remove_handle(x->http->multi, x->easy);
        curl->easy_cleanup(x->easy);
    }
    curl->slist_free_all(x->headers);
    sct_mem_free(x);
}

/* Moves all exchanges on as far as they go. */
static CURLMcode move_on(sct_http *http)
{
    const struct sct_curl *const curl = &http->curl;
    int n;
    const CURLMcode code = curl->multi_perform(http->multi, &n);
    for (CURLMsg *m = curl->multi_info_read(http->multi, &n); m;
         m = curl->multi_info_read(http->multi, &n))
    {
        sct_exchange *x = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl->easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
        x->is_done = 1;
        x->result = m->data.result;
    }
    return code;
}

static int outcome_of(sct_exchange *x)
{
    if (x->result == CURLE_OK)
        return SCT_OK;
    if (!x->message[0])
        strncpy(x->message, x->http->curl.easy_strerror(x->result),
                sizeof x->message - 1);
    switch (x->result) {
    case CURLE_OPERATION_TIMEDOUT: return SCT_ERR_TIMEOUT;
    case CURLE_OUT_OF_MEMORY: return SCT_ERR_MEMORY;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return SCT_ERR_ARGUMENT;
    default: return SCT_ERR_IO;
    }
}

/* Until there is something to read, or nothing more will come. An answer that has begun to arrive
 * when it is to stop is waited for: whoever sent it takes it for delivered. */
static int wait_for_body(sct_exchange *x)
{
    const struct sct_curl *const curl = &x->http->curl;
    struct curl_waitfd stop = {.fd = x->stop_fd, .events = CURL_WAIT_POLLIN};
    int is_stopped = 0;
    while (x->begin == x->end && !x->is_done) {
        if (x->is_paused) {
            x->is_paused = 0;
            curl->easy_pause(x->easy, CURLPAUSE_CONT);
        }
        CURLMcode code = move_on(x->http);
        if (code == CURLM_OK && x->begin == x->end && !x->is_done) {
            if (is_stopped && sct_exchange_status(x) == 0)
                return SCT_DONE;
            const unsigned n_stops = x->stop_fd > 0 && !is_stopped;
            code = curl->multi_poll(x->http->multi, &stop, n_stops, POLL_MS, NULL);
            is_stopped |= n_stops > 0 && stop.revents != 0;
        }
        if (code != CURLM_OK) {
            strncpy(x->message, curl->multi_strerror(code), sizeof x->message - 1);
            return SCT_ERR_IO;
        }
    }
    return x->begin < x->end ? SCT_OK : outcome_of(x);
}

int sct_exchange_wait(sct_exchange *x)
{
    return wait_for_body(x);
}

int sct_exchange_read(sct_exchange *x, void *buffer, size_t capacity, size_t *n)
{
    *n = 0;
    const int status = wait_for_body(x);
    if (status != SCT_OK)
        return status;
    *n = x->end - x->begin < capacity ? x->end - x->begin : capacity;
    memcpy(buffer, x->data + x->begin, *n);
    x->begin += *n;
    if (x->begin == x->end)
        x->begin = x->end = 0;
    return SCT_OK;
}

int sct_exchange_status(const sct_exchange *x)
{
    long code = 0;
    x->http->curl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &code);
    return (int)code;
}

int sct_exchange_sends(const sct_exchange *x)
{
    return x->n_sends;
}

/* Of an empty header libcurl 7.88 leaves a part of the line's end. */
static const char *value_of(const struct curl_header *h)
{
    return h->value[0] == '\r' || h->value[0] == '\n' ? "" : h->value;
}

const char *sct_exchange_header(const sct_exchange *x, const char *name)
{
    struct curl_header *h;
    return x->http->curl.easy_header(x->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK
               ? value_of(h)
               : "";
}

int sct_exchange_next_header(const sct_exchange *x, void **at, const char **name,
                             const char **value)
{
    struct curl_header *const h =
        x->http->curl.easy_nextheader(x->easy, CURLH_HEADER, -1, *at);
    *at = h;
    if (!h)
        return 0;
    *name = h->name;
    *value = value_of(h);
    return 1;
}

int64_t sct_exchange_length(const sct_exchange *x)
{
    curl_off_t n = -1;
    x->http->curl.easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n);
    return n;
}

const char *sct_exchange_message(const sct_exchange *x)
{
    return x->message;
}
