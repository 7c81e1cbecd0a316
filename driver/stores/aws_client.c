/* The loop around a request:
 *
 *     credentials --> sign --> send --> 2xx ------------------------> done
 *          ^                    '-----> error --> remedy --> none --> failed
 *          '---- back off <---------------------------'
 */
#define _GNU_SOURCE 1
#include "aws_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "mem.h"
#include "scantling.h"

enum {
    N_TRIES = 5,
    BASE_MS = 100,
    SLOW_BASE_MS = 500,
    MAX_WAIT_MS = 20000,
    STALL_S = 20,
    MAX_STALL_S = 600,
    MAX_BODY_BYTES = 16 << 20,
    MAX_ERROR_BYTES = 1 << 16,
    N_OWN_HEADERS = 6
};

const char *sct_aws_endpoint(const char *variable)
{
    const char *const variables[] = {variable, "AWS_ENDPOINT_URL"};
    const char *const ignored = getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (ignored && strcasecmp(ignored, "true") == 0)
        return NULL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *const value = getenv(variables[i]);
        if (value && value[0])
            return value;
    }
    return NULL;
}

/* SCANTLING_STALL. */
static int find_stall(int *stall_s, struct sct_report *report)
{
    const char *const text = getenv("SCANTLING_STALL");
    char *end = NULL;
    *stall_s = STALL_S;
    if (!text || !text[0])
        return SCT_OK;
    const long s = strtol(text, &end, 10);
    if (*end || s < 1 || s > MAX_STALL_S)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "SCANTLING_STALL is '%.20s', not 1 to %d seconds", text,
                               MAX_STALL_S);
    *stall_s = (int)s;
    return SCT_OK;
}

static int connect_to(struct sct_aws_client *c, const char *endpoint,
                      struct sct_report *report)
{
    const char *const host = strstr(endpoint, "://");
    size_t n = strlen(endpoint);
    if ((strncmp(endpoint, "https://", 8) != 0 && strncmp(endpoint, "http://", 7) != 0) ||
        !host[3])
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "the endpoint '%.100s' is no http:// or https:// URL",
                               endpoint);
    if (endpoint[n - 1] == '/')
        n--;
    if (memchr(host + 3, '/', n - (size_t)(host + 3 - endpoint)))
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "the endpoint '%.100s' must end with its host", endpoint);
    const int status = c->stall_s == 0 ? find_stall(&c->stall_s, report) : (int)SCT_OK;
    if (status != SCT_OK)
        return status;
    struct sct_buffer b = {0};
    sct_buffer_add(&b, endpoint, n);
    c->endpoint = sct_buffer_take(&b);
    if (!c->endpoint)
        return SCT_ERR_MEMORY;
    c->host = strstr(c->endpoint, "://") + 3;
    if (getrandom(&c->noise, sizeof c->noise, 0) != sizeof c->noise)
        c->noise = (unsigned)time(NULL);
    return sct_http_create(&c->http, report);
}

static int find_region(struct sct_aws_client *c, int has_endpoint,
                       struct sct_report *report)
{
    struct sct_report why = {.message = ""};
    if (c->region[0])
        return SCT_OK;
    const int status = sct_credentials_region(c->credentials, c->region, &why);
    if (status == SCT_OK)
        return SCT_OK;
    if (!has_endpoint)
        return sct_report_fail(report, status, "%s", why.message);
    strcpy(c->region, "us-east-1");
    return SCT_OK;
}

int sct_aws_client_open(struct sct_aws_client *c, const char *endpoint,
                        const char *subdomain, struct sct_report *report)
{
    struct sct_buffer url = {0};
    int status = find_region(c, endpoint != NULL, report);
    if (status != SCT_OK)
        return status;
    if (endpoint)
        return connect_to(c, endpoint, report);
    sct_buffer_format(&url, "https://%s%s%s.%s.amazonaws.com%s", subdomain,
                      subdomain[0] ? "." : "", c->service, c->region,
                      strncmp(c->region, "cn-", 3) == 0 ? ".cn" : "");
    status = url.has_failed ? SCT_ERR_MEMORY : connect_to(c, url.data, report);
    sct_buffer_free(&url);
    return status;
}

int sct_aws_client_trace(struct sct_aws_client *c, const char *trace_id)
{
    sct_mem_free(c->trace_id);
    c->trace_id = NULL;
    if (!trace_id || !trace_id[0])
        return SCT_OK;
    for (const char *t = trace_id; *t; t++) {
        if (*t < ' ' || *t > '~')
            return SCT_ERR_ARGUMENT;
    }
    c->trace_id = sct_buffer_copy(trace_id);
    return c->trace_id ? SCT_OK : SCT_ERR_MEMORY;
}

void sct_aws_client_free(struct sct_aws_client *c)
{
    sct_http_free(c->http);
    sct_mem_free(c->endpoint);
    sct_mem_free(c->trace_id);
    c->http = NULL;
    c->endpoint = c->trace_id = NULL;
}

void sct_aws_answer_free(struct sct_aws_answer *answer)
{
    sct_exchange_end(answer->exchange);
    answer->exchange = NULL;
    sct_buffer_free(&answer->body);
}

void sct_aws_back_off(struct sct_aws_client *c, int i, int slows_down)
{
    const int base = slows_down ? SLOW_BASE_MS : BASE_MS;
    const int most = i < 8 && (base << i) < MAX_WAIT_MS ? base << i : MAX_WAIT_MS;
    const int ms = (int)((double)most * rand_r(&c->noise) / ((double)RAND_MAX + 1));
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* ---- one try ------------------------------------------------------------------------ */

/* Lines of headers, owned. */
struct lines {
    char *line[SCT_SIGV4_MAX_PAIRS + N_OWN_HEADERS];
    int n;
    int has_failed;
};

/* "name: " would tell libcurl to leave the header out; "name;" is an empty one. */
static void add_line(struct lines *l, const char *name, const char *value)
{
    struct sct_buffer b = {0};
    sct_buffer_format(&b, value[0] ? "%s: %s" : "%s;", name, value);
    l->line[l->n] = sct_buffer_take(&b);
    l->has_failed |= l->line[l->n] == NULL;
    l->n++;
}

static void free_lines(struct lines *l)
{
    for (int i = 0; i < l->n; i++) {
        if (l->line[i])
            explicit_bzero(l->line[i], strlen(l->line[i]));
        sct_mem_free(l->line[i]);
    }
}

/* Signs with these keys, and begins. */
static int start(struct sct_aws_client *c, const struct sct_aws_request *r,
                 const struct sct_aws_keys *keys, sct_exchange **x)
{
    char hash[SCT_SHA256_HEX_BYTES];
    struct sct_signed s = {.target = NULL};
    struct lines l = {.n = 0};
    struct sct_buffer url = {0};
    const struct sct_sigv4_request to_sign = {.method = r->method,
                                              .host = c->host,
                                              .path = r->path,
                                              .query = r->query,
                                              .header = r->header,
                                              .n_query = r->n_query,
                                              .n_headers = r->n_headers,
                                              .payload_hash = hash,
                                              .region = c->region,
                                              .service = c->service,
                                              .time_s = (int64_t)time(NULL) +
                                                        c->clock_offset_s};
    int status = sct_sha256_hex(hash, r->body, r->body_bytes);
    if (status == SCT_OK)
        status = sct_sigv4_sign(&s, &to_sign, keys);
    if (status != SCT_OK)
        goto done;
    for (int i = 0; i < r->n_headers; i++)
        add_line(&l, r->header[i].name, r->header[i].value);
    add_line(&l, "Authorization", s.authorization);
    add_line(&l, "x-amz-date", s.date);
    add_line(&l, "User-Agent", "scantling/" SCT_VERSION);
    if (strcmp(c->service, "s3") == 0)
        add_line(&l, "x-amz-content-sha256", hash);
    if (keys->token && keys->token[0])
        add_line(&l, "x-amz-security-token", keys->token);
    if (c->trace_id)
        add_line(&l, "X-Amzn-Trace-Id", c->trace_id);
    sct_buffer_format(&url, "%s%s", c->endpoint, s.target);
    if (l.has_failed || url.has_failed) {
        status = SCT_ERR_MEMORY;
        goto done;
    }
    const struct sct_http_request request = {.method = r->method,
                                             .url = url.data,
                                             .header = (const char *const *)l.line,
                                             .n_headers = l.n,
                                             .body = r->body,
                                             .body_bytes = r->body_bytes,
                                             .stall_s =
                                                 r->stall_s ? r->stall_s : c->stall_s};
    status = sct_http_start(c->http, &request, x);
done:
    sct_buffer_free(&url);
    free_lines(&l);
    sct_signed_free(&s);
    return status;
}

/* Reads what is left of the body into answer->body. */
static int read_body(struct sct_aws_answer *a, size_t max_bytes)
{
    char part[16384];
    size_t n = 1;
    int status = SCT_OK;
    a->body.max_bytes = max_bytes;
    sct_buffer_reset(&a->body);
    while (status == SCT_OK && n > 0 && !a->body.has_failed) {
        status = sct_exchange_read(a->exchange, part, sizeof part, &n);
        sct_buffer_add(&a->body, part, n);
    }
    return status == SCT_OK && a->body.has_failed ? SCT_ERR_TOO_LARGE : status;
}

static void take_header(char *out, size_t out_bytes, const char *value)
{
    if (value[0])
        snprintf(out, out_bytes, "%s", value);
}

/* One try. SCT_OK: there was an answer, and answer->error.http_status is what it was. */
static int try_once(struct sct_aws_client *c, const struct sct_aws_request *r,
                    const struct sct_aws_keys *keys, int reads_body,
                    struct sct_aws_answer *a)
{
    const struct sct_aws_error nothing = {.http_status = 0};
    sct_aws_answer_free(a);
    a->error = nothing;
    int status = start(c, r, keys, &a->exchange);
    if (status == SCT_OK)
        status = sct_exchange_wait(a->exchange);
    if (status != SCT_OK)
        return status;
    struct sct_aws_error *const e = &a->error;
    e->http_status = sct_exchange_status(a->exchange);
    take_header(e->request_id, sizeof e->request_id,
                sct_exchange_header(a->exchange, "x-amz-request-id"));
    take_header(e->request_id, sizeof e->request_id,
                sct_exchange_header(a->exchange, "x-amzn-requestid"));
    take_header(e->region, sizeof e->region,
                sct_exchange_header(a->exchange, "x-amz-bucket-region"));
    a->was_ambiguous |= sct_exchange_sends(a->exchange) > 1;
    const int is_fine = e->http_status / 100 == 2;
    if (is_fine && !reads_body)
        return SCT_OK;
    status = read_body(a, is_fine ? MAX_BODY_BYTES : MAX_ERROR_BYTES);
    if (!is_fine &&
        status != SCT_OK) /* an error whose text breaks off is still that error */
        status = SCT_OK;
    if (a->body.data)
        sct_aws_error_parse(e, a->body.data, a->body.n_bytes);
    /* HEAD has no body to say this in. */
    if (e->http_status == 400 && !e->code[0] && e->region[0] &&
        strcmp(e->region, c->region) != 0)
        strcpy(e->code, "AuthorizationHeaderMalformed");
    return status;
}

/* ---- all of them -------------------------------------------------------------------- */

/* The service's clock minus ours, from the answer's date. */
static void set_clock(struct sct_aws_client *c, const struct sct_aws_answer *a)
{
    struct tm tm = {0};
    const char *const date = sct_exchange_header(a->exchange, "date");
    if (strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
        c->clock_offset_s = (int64_t)timegm(&tm) - (int64_t)time(NULL);
}

static int fail_transport(const struct sct_aws_client *c, const struct sct_aws_answer *a,
                          int status, struct sct_report *report)
{
    const char *const why = a->exchange ? sct_exchange_message(a->exchange) : "";
    if (status == SCT_ERR_UNSUPPORTED)
        return sct_report_fail(
            report, status, "this needs OpenSSL 3 (Debian: libssl3): no libcrypto.so.3");
    if (status == SCT_ERR_MEMORY || status == SCT_ERR_ARGUMENT)
        return sct_report_fail(report, status, "the request could not be made%s%s",
                               why[0] ? ": " : "", why);
    return sct_report_fail(report, status, "%s: %s", c->host,
                           status == SCT_ERR_TOO_LARGE ? "the answer is too long"
                           : why[0]                    ? why
                                                       : "the connection broke");
}

static int send_patiently(struct sct_aws_client *c, const struct sct_aws_request *r,
                          int reads_body, struct sct_aws_answer *a,
                          struct sct_report *report)
{
    const int n_tries = c->n_tries > 0 ? c->n_tries : N_TRIES;
    int was_mended = 0, status = SCT_OK;
    memset(a, 0, sizeof *a);
    for (int i = 0;; i++) {
        struct sct_aws_keys keys;
        status = sct_credentials_get(c->credentials, &keys, report);
        if (status != SCT_OK)
            return status;
        status = try_once(c, r, &keys, reads_body, a);
        a->n_tries++;
        const int is_answer = status == SCT_OK;
        if (is_answer && a->error.http_status / 100 == 2 && !a->error.code[0]) {
            sct_aws_keys_free(&keys);
            return SCT_OK;
        }
        enum sct_aws_remedy remedy = SCT_AWS_GIVE_UP;
        if (is_answer)
            remedy = sct_aws_error_remedy(&a->error);
        else if (status == SCT_ERR_IO || status == SCT_ERR_TIMEOUT)
            remedy = SCT_AWS_REPEAT;
        if (remedy == SCT_AWS_NEW_CREDENTIALS && !was_mended)
            sct_credentials_refuse(c->credentials, &keys);
        else if (remedy == SCT_AWS_SET_CLOCK && !was_mended)
            set_clock(c, a);
        sct_aws_keys_free(&keys);
        const int mends =
            remedy == SCT_AWS_NEW_CREDENTIALS || remedy == SCT_AWS_SET_CLOCK;
        if (remedy == SCT_AWS_GIVE_UP || i >= n_tries - 1 || (mends && was_mended))
            return is_answer ? sct_aws_error_report(&a->error, c->region, report)
                             : fail_transport(c, a, status, report);
        was_mended |= mends;
        a->was_ambiguous |=
            !is_answer || a->error.http_status >= 500 || a->error.http_status / 100 == 2;
        if (!mends)
            sct_aws_back_off(c, i, remedy == SCT_AWS_SLOW_DOWN);
    }
}

int sct_aws_stream(struct sct_aws_client *c, const struct sct_aws_request *request,
                   struct sct_aws_answer *answer, struct sct_report *report)
{
    return send_patiently(c, request, 0, answer, report);
}

int sct_aws_call(struct sct_aws_client *c, const struct sct_aws_request *request,
                 struct sct_aws_answer *answer, struct sct_report *report)
{
    return send_patiently(c, request, 1, answer, report);
}
