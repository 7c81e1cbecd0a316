/* The loop of the Runtime API over libcurl.
 *
 *     GET next --> struct sct_invocation --> handler --> POST response or error
 *        ^                                                     |
 *        '-------------- the same connection -----------------'
 *
 * Invariants:
 *   1. `next` is the exchange that brought the invocation, and all strings of that are in it, so it
 *      is open until the answer has been taken; its connection is free again once it has been read;
 *   2. an invocation is answered once: a second answer follows only where the API has refused the
 *      first (413), or where nobody knows whether it arrived; then the API says 403 to it;
 *   3. what the API says that is no matter of one invocation (a 5xx, 403 to `next`, no connection)
 *      ends the loop. */
#define _GNU_SOURCE 1
#include "runtime.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "http.h"
#include "mem.h"
#include "scantling.h"
#include "text.h"
#include "verdict.h"

enum { N_TRIES = 3, FIRST_PAUSE_MS = 50, MAX_SAID_BYTES = 4096 };

static const char too_large_type[] = "Function.ResponseSizeTooLarge";

struct sct_runtime {
    sct_http *http;
    struct sct_buffer base; /* "http://host:port/2018-06-01/runtime/" */
    struct sct_log *log;
    int stop_fd;
    sct_exchange *next;
    struct sct_buffer payload;
};

int64_t sct_invocation_remaining_ms(const struct sct_invocation *invocation)
{
    if (invocation->deadline_ms == INT64_MAX)
        return INT64_MAX;
    const int64_t now_ms = sct_clock_now_ms();
    return invocation->deadline_ms > now_ms ? invocation->deadline_ms - now_ms : 0;
}

/* ---- errors ------------------------------------------------------------------------- */

/* "not_found" -> "Function.NotFound" */
static void name_type(char type[SCT_ERROR_TYPE_BYTES], int status)
{
    char *p = stpcpy(type, "Function.");
    int starts_word = 1;
    for (const char *s = sct_status_name(status); *s; s++) {
        if (*s != '_')
            *p++ = (char)(starts_word && *s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
        starts_word = *s == '_';
    }
    *p = '\0';
}

int sct_answer_fail(struct sct_answer *answer, int status, const char *type,
                    const char *format, ...)
{
    va_list args;
    if (type)
        snprintf(answer->error_type, sizeof answer->error_type, "%s", type);
    else
        name_type(answer->error_type, status);
    va_start(args, format);
    vsnprintf(answer->error_message, sizeof answer->error_message, format, args);
    va_end(args);
    return status;
}

/* For free; NULL when there is no memory. */
static char *make_error(const char *type, const char *message)
{
    char *const text = sct_text_utf8(message);
    json_t *const error = json_pack("{s:s, s:s, s:[]}", "errorType", type, "errorMessage",
                                    text ? text : "", "stackTrace");
    char *const body = error ? json_dumps(error, JSON_COMPACT) : NULL;
    json_decref(error);
    free(text);
    return body;
}

/* ---- opening ------------------------------------------------------------------------ */

/* Ends the invocation. */
static void forget(sct_runtime *r)
{
    sct_exchange_end(r->next);
    r->next = NULL;
    sct_buffer_free(&r->payload);
}

int sct_runtime_open(sct_runtime **out, const struct sct_runtime_spec *spec,
                     struct sct_report *report)
{
    const char *const api = spec->api ? spec->api : getenv("AWS_LAMBDA_RUNTIME_API");
    *out = NULL;
    if (!api || !api[0])
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "AWS_LAMBDA_RUNTIME_API is not set: this program is "
                               "started by AWS Lambda");
    sct_runtime *const r = sct_mem_alloc(sizeof *r);
    if (!r)
        return SCT_ERR_MEMORY;
    r->log = spec->log;
    r->stop_fd = spec->stop_fd;
    r->payload.max_bytes = SCT_RUNTIME_MAX_BYTES;
    sct_buffer_format(&r->base, "http://%s/2018-06-01/runtime/", api);
    int status = sct_http_create(&r->http, report);
    if (status == SCT_OK && r->base.has_failed)
        status = SCT_ERR_MEMORY;
    if (status == SCT_OK)
        *out = r;
    else
        sct_runtime_close(r);
    return status;
}

void sct_runtime_close(sct_runtime *r)
{
    if (!r)
        return;
    forget(r);
    sct_http_free(r->http);
    sct_buffer_free(&r->base);
    sct_mem_free(r);
}

/* ---- posting ------------------------------------------------------------------------ */

static void pause_before(int i)
{
    const long ms = FIRST_PAUSE_MS << i;
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

/* Reads what the API says to the end, so that its connection can be used again. */
static int read_rest(sct_exchange *x, struct sct_buffer *said)
{
    char part[1024];
    size_t n = 1;
    int status = SCT_OK;
    while (status == SCT_OK && n > 0) {
        status = sct_exchange_read(x, part, sizeof part, &n);
        if (said->n_bytes + n <= MAX_SAID_BYTES)
            sct_buffer_add(said, part, n);
    }
    return status;
}

struct post {
    const char *path; /* behind the base */
    const void *body;
    size_t body_bytes;
    const char *error_type; /* NULL: it is no error */
};

/* SCT_OK: *http_status is the answer. */
static int post_once(sct_runtime *r, const struct post *post, int *http_status,
                     struct sct_buffer *said)
{
    struct sct_buffer url = {0}, type = {0};
    sct_exchange *x = NULL;
    sct_buffer_format(&url, "%s%s", r->base.data, post->path);
    sct_buffer_format(&type, "Lambda-Runtime-Function-Error-Type: %s",
                      post->error_type ? post->error_type : "");
    const char *const headers[] = {"Content-Type: application/json",
                                   "User-Agent: scantling/" SCT_VERSION, type.data};
    const struct sct_http_request request = {
        .method = "POST",
        .url = url.data,
        .header = headers,
        .n_headers = post->error_type ? 3 : 2,
        .body = post->body,
        .body_bytes = post->body_bytes,
        .is_direct = 1,
    };
    int status = url.has_failed || type.has_failed
                     ? SCT_ERR_MEMORY
                     : sct_http_start(r->http, &request, &x);
    if (status == SCT_OK)
        status = sct_exchange_wait(x);
    if (status == SCT_OK) {
        *http_status = sct_exchange_status(x);
        status = read_rest(x, said);
    } else if (x) {
        sct_buffer_text(said, sct_exchange_message(x));
    }
    sct_exchange_end(x);
    sct_buffer_free(&url);
    sct_buffer_free(&type);
    return status;
}

/* Posts until somebody answers. SCT_OK: *http_status. */
static int post_answer(sct_runtime *r, const struct post *post, int *http_status)
{
    struct sct_buffer said = {0};
    int status = SCT_ERR_IO;
    for (int i = 0; i < N_TRIES; i++) {
        if (i > 0)
            pause_before(i - 1);
        sct_buffer_reset(&said);
        status = post_once(r, post, http_status, &said);
        if (status != SCT_ERR_IO && status != SCT_ERR_TIMEOUT)
            break;
    }
    if (status != SCT_OK)
        sct_log_message(r->log, SCT_LOG_ERROR, "runtime_unreachable", "%s: %s",
                        post->path, said.data ? said.data : "no memory");
    else if (*http_status / 100 != 2)
        sct_log_message(r->log, SCT_LOG_WARN, "answer_refused", "%s: status %d: %s",
                        post->path, *http_status, said.data ? said.data : "");
    sct_buffer_free(&said);
    return status;
}

static int post_error(sct_runtime *r, const char *path, const char *type,
                      const char *message, int *http_status)
{
    const struct sct_log_field fields[] = {sct_log_text("error_type", type),
                                           sct_log_text("message", message)};
    char *const body = make_error(type, message);
    const struct post post = {.path = path,
                              .body = body,
                              .body_bytes = body ? strlen(body) : 0,
                              .error_type = type};
    sct_log_event(r->log, SCT_LOG_ERROR, "error", fields, 2);
    const int status = body ? post_answer(r, &post, http_status) : SCT_ERR_MEMORY;
    free(body);
    return status;
}

void sct_runtime_fail_init(sct_runtime *r, const char *type, const char *message)
{
    int http_status;
    post_error(r, "init/error", type, message, &http_status);
}

/* ---- invocations -------------------------------------------------------------------- */

static int read_payload(sct_runtime *r)
{
    char part[16384];
    size_t n = 1;
    int status = SCT_OK;
    while (status == SCT_OK && n > 0) {
        status = sct_exchange_read(r->next, part, sizeof part, &n);
        sct_buffer_add(&r->payload, part, n);
    }
    return status;
}

/* One wait for an event. SCT_OK, SCT_DONE, or why there is none, with a message. */
static int fetch_once(sct_runtime *r, struct sct_report *report)
{
    struct sct_buffer url = {0};
    const char *const headers[] = {"User-Agent: scantling/" SCT_VERSION};
    sct_buffer_format(&url, "%sinvocation/next", r->base.data);
    const struct sct_http_request request = {.method = "GET",
                                             .url = url.data,
                                             .header = headers,
                                             .n_headers = 1,
                                             .stall_s = -1,
                                             .is_direct = 1,
                                             .stop_fd = r->stop_fd};
    int status =
        url.has_failed ? SCT_ERR_MEMORY : sct_http_start(r->http, &request, &r->next);
    sct_buffer_free(&url);
    if (status != SCT_OK)
        return status;
    status = sct_exchange_wait(r->next);
    if (status == SCT_OK)
        status = read_payload(r);
    if (status < 0)
        sct_report_fail(report, status, "%s", sct_exchange_message(r->next));
    return status;
}

/* So that nothing is asked for that would not be handled. */
static int is_stopped(const sct_runtime *r)
{
    struct pollfd stop = {.fd = r->stop_fd, .events = POLLIN};
    return r->stop_fd > 0 && poll(&stop, 1, 0) > 0;
}

/* Waits for an event, for as long as it takes. SCT_OK: r->next and r->payload are it. */
static int fetch(sct_runtime *r)
{
    struct sct_report report = {.message = ""};
    int status = SCT_ERR_IO;
    for (int i = 0; i < N_TRIES; i++) {
        if (i > 0)
            pause_before(i - 1);
        forget(r);
        status = fetch_once(r, &report);
        if (status != SCT_ERR_IO && status != SCT_ERR_TIMEOUT)
            break;
    }
    if (status < 0) {
        sct_log_message(r->log, SCT_LOG_FATAL, "runtime_unreachable",
                        "invocation/next: %s",
                        report.message[0] ? report.message : sct_verdict_explain(status));
    } else if (status == SCT_OK && sct_exchange_status(r->next) != 200) {
        sct_log_message(r->log, SCT_LOG_FATAL, "runtime_broken",
                        "invocation/next: status %d", sct_exchange_status(r->next));
        status = SCT_ERR_IO;
    }
    return status;
}

static void describe(const sct_runtime *r, struct sct_invocation *v)
{
    const char *const deadline =
        sct_exchange_header(r->next, "Lambda-Runtime-Deadline-Ms");
    char *end;
    v->payload = r->payload.data ? r->payload.data : "";
    v->payload_bytes = r->payload.n_bytes;
    v->request_id = sct_exchange_header(r->next, "Lambda-Runtime-Aws-Request-Id");
    v->trace_id = sct_exchange_header(r->next, "Lambda-Runtime-Trace-Id");
    v->function_arn = sct_exchange_header(r->next, "Lambda-Runtime-Invoked-Function-Arn");
    errno = 0;
    v->deadline_ms = strtoll(deadline, &end, 10);
    if (end == deadline || *end || errno || v->deadline_ms < 0)
        v->deadline_ms = INT64_MAX;
    if (v->trace_id[0])
        setenv("_X_AMZN_TRACE_ID", v->trace_id, 1);
    else
        unsetenv("_X_AMZN_TRACE_ID");
}

static int fill_in(struct sct_answer *answer, int status)
{
    if (answer->error_type[0])
        return status;
    return sct_answer_fail(answer, status, NULL, "%s",
                           answer->error_message[0] ? answer->error_message
                                                    : sct_verdict_explain(status));
}

static int run_handler(sct_runtime *r, const struct sct_invocation *v,
                       sct_handle_fn *handle, void *ctx, struct sct_answer *answer)
{
    if (r->payload.has_failed)
        return sct_answer_fail(answer, SCT_ERR_TOO_LARGE, NULL,
                               "the event is larger than 6 MiB, or than the memory");
    const int status = handle(ctx, v, answer);
    if (status != SCT_OK)
        return fill_in(answer, status);
    if (answer->body.has_failed)
        return sct_answer_fail(answer, SCT_ERR_TOO_LARGE, too_large_type,
                               "the answer is larger than 6 MiB, or than the memory");
    return SCT_OK;
}

/* "invocation/ID/response" */
static struct sct_buffer make_path(const struct sct_invocation *v, const char *end)
{
    struct sct_buffer path = {0};
    sct_buffer_text(&path, "invocation/");
    sct_buffer_encode(&path, v->request_id, 0);
    sct_buffer_text(&path, end);
    return path;
}

static int post_body(sct_runtime *r, const struct sct_invocation *v,
                     const struct sct_buffer *body, int *http_status)
{
    struct sct_buffer path = make_path(v, "/response");
    const struct post post = {.path = path.data,
                              .body = body->data ? body->data : "",
                              .body_bytes = body->n_bytes};
    const int status =
        path.has_failed ? SCT_ERR_MEMORY : post_answer(r, &post, http_status);
    sct_buffer_free(&path);
    return status;
}

static int post_failure(sct_runtime *r, const struct sct_invocation *v,
                        const struct sct_answer *answer, int *http_status)
{
    struct sct_buffer path = make_path(v, "/error");
    const int status = path.has_failed ? SCT_ERR_MEMORY
                                       : post_error(r, path.data, answer->error_type,
                                                    answer->error_message, http_status);
    sct_buffer_free(&path);
    return status;
}

/* SCT_OK: the API has heard of it, or has said that it is none of its business. */
static int post_outcome(sct_runtime *r, const struct sct_invocation *v, int outcome,
                        struct sct_answer *answer)
{
    int status = SCT_OK, http_status = 0;
    if (outcome == SCT_OK) {
        status = post_body(r, v, &answer->body, &http_status);
        if (status == SCT_OK && http_status == 413)
            outcome = sct_answer_fail(answer, SCT_ERR_TOO_LARGE, too_large_type,
                                      "an answer of %zu bytes is too large",
                                      answer->body.n_bytes);
    }
    if (outcome != SCT_OK)
        status = post_failure(r, v, answer, &http_status);
    return status == SCT_OK && http_status >= 500 ? SCT_ERR_IO : status;
}

int sct_runtime_run(sct_runtime *r, sct_handle_fn *handle, void *ctx)
{
    struct sct_answer answer = {.body.max_bytes = SCT_RUNTIME_MAX_BYTES};
    int status = SCT_OK;
    while (status == SCT_OK) {
        struct sct_invocation v;
        status = is_stopped(r) ? SCT_DONE : fetch(r);
        if (status != SCT_OK)
            break;
        describe(r, &v);
        r->log->request_id = v.request_id;
        const int outcome = run_handler(r, &v, handle, ctx, &answer);
        status = post_outcome(r, &v, outcome, &answer);
        r->log->request_id = NULL;
        answer.error_type[0] = answer.error_message[0] = '\0';
        sct_buffer_free(&answer.body);
    }
    return status == SCT_DONE ? SCT_OK : status;
}
