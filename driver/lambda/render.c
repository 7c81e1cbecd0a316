/* render: an output that is not there yet is made when somebody first asks for it. A function URL, as
 * the second origin of a CDN behind the bucket of the outputs.
 *
 *     GET /2024/a.jpg/large.jpg --> which source, which variant? --> the effect, for that one
 *         --> 200 and the picture; or, where it is too large for an answer, 302 to the bucket
 *
 * Only what variants.json names is ever made, so nobody can have sizes made that nobody wants. What
 * can be asked for has to be read off the key: the template must have {file} in it. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "function_url.h"
#include "handlers.h"
#include "key_match.h"
#include "mem.h"
#include "service.h"
#include "settings.h"
#include "source_url.h"
#include "verdict.h"

enum {
    MAX_PICTURE_BYTES = 4 << 20, /* in base64 and with its headers below 6 MiB */
    REDIRECT_S = 300,
    MAX_HEADERS = 6
};

struct render {
    struct sct_settings settings;
    sct_credentials *credentials;
    sct_effect *effect;
    sct_store *source, *target;
    char *source_url, *prefix; /* for sct_mem_free */
    struct sct_log *log;
};

struct reply {
    int status;
    struct sct_pair header[MAX_HEADERS];
    int n_headers;
    struct sct_buffer body;
    char *location; /* for sct_mem_free */
    char length[24];
    struct sct_object object;
};

/* ---- settings ------------------------------------------------------------------------ */

static void end_render(void *ctx)
{
    struct render *const r = ctx;
    sct_effect_free(r->effect);
    sct_store_close(r->source);
    sct_store_close(r->target);
    sct_mem_free(r->source_url);
    sct_mem_free(r->prefix);
    sct_credentials_free(r->credentials);
    sct_settings_free(&r->settings);
}

static int check_settings(const struct sct_settings *s, struct sct_report *report)
{
    if (!s->target)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "SCANTLING_TARGET is missing: where outputs go");
    if (s->n_sources != 1)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "SCANTLING_SOURCE must be one store: an output's key does "
                               "not say which");
    return sct_effect_check_apart(s->source[0], s->target, report);
}

static int open_stores(struct render *r, struct sct_report *report)
{
    const struct sct_store_spec how = {.credentials = r->credentials, .makes_folder = 1};
    int status = sct_source_split(r->settings.source[0], &r->source_url, &r->prefix);
    if (status == SCT_OK)
        status = sct_store_open(&r->source, r->source_url, &how, report);
    if (status == SCT_OK)
        status = sct_store_open(&r->target, r->settings.target, &how, report);
    return status;
}

static int begin_render(void *ctx, struct sct_log *log, struct sct_report *report)
{
    struct render *const r = ctx;
    struct sct_settings *const s = &r->settings;
    r->log = log;
    int status = sct_settings_init(s, report);
    if (status == SCT_OK)
        status = check_settings(s, report);
    if (status == SCT_OK)
        status = sct_credentials_create(&r->credentials, NULL);
    const struct sct_store_spec how = {.credentials = r->credentials};
    if (status == SCT_OK)
        status = sct_settings_finish(s, &how, report);
    if (status == SCT_OK && !sct_key_is_reversible(s->recipe.key))
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "'%.80s' does not say which source an output is of; "
                                 "render needs {file} in it",
                                 s->recipe.key);
    if (status == SCT_OK)
        status = open_stores(r, report);
    if (status == SCT_OK)
        status = sct_effect_create(&r->effect, &s->recipe);
    return status;
}

/* ---- replies ------------------------------------------------------------------------- */

static void add_header(struct reply *reply, const char *name, const char *value)
{
    if (value[0] && reply->n_headers < MAX_HEADERS)
        reply->header[reply->n_headers++] = (struct sct_pair){name, value};
}

/* What went wrong, for a while: a CDN keeps it, so that a broken picture costs little. */
static int refuse(struct reply *reply, int status, const char *word)
{
    sct_buffer_reset(&reply->body);
    reply->status = status;
    reply->n_headers = 0;
    add_header(reply, "content-type", "application/json");
    add_header(reply, "cache-control", status >= 500 ? "no-store" : "public, max-age=60");
    if (status == 405)
        add_header(reply, "allow", "GET, HEAD");
    if (status == 503)
        add_header(reply, "retry-after", "1");
    sct_buffer_format(&reply->body, "{\"error\":\"%s\"}", word);
    return SCT_OK;
}

/* What a source comes to that has been worked on and has no such output. */
static int refuse_outcome(struct reply *reply, const struct sct_effect_result *result)
{
    const int status = result->outcome.status;
    if (status == SCT_OK) /* gone, or a content that has another format */
        return refuse(reply, 404, "not_found");
    return refuse(reply, sct_effect_may_pass(result) ? 503 : 422,
                  sct_verdict_of(status).word);
}

/* A URL is signed for one method. */
static int redirect(struct render *r, struct reply *reply, const char *key, int is_head)
{
    if (sct_store_presign(r->target, is_head ? "HEAD" : "GET", key, NULL, 0, REDIRECT_S,
                          &reply->location) != SCT_OK)
        return refuse(reply, 503, "too_large");
    reply->status = 302;
    add_header(reply, "location", reply->location);
    add_header(reply, "cache-control", "no-store");
    return SCT_OK;
}

static int read_picture(sct_store_reader *reader, struct sct_buffer *body)
{
    const struct sct_source source = sct_store_reader_source(reader);
    char piece[65536];
    int status = SCT_OK;
    for (size_t n = 1; status == SCT_OK && n > 0;) {
        status = source.read(source.ctx, piece, sizeof piece, &n);
        if (status == SCT_OK)
            sct_buffer_add(body, piece, n);
    }
    return status == SCT_OK && body->has_failed ? SCT_ERR_MEMORY : status;
}

/* SCT_ERR_NOT_FOUND: there is no such output. */
static int send_output(struct render *r, struct reply *reply, const char *key,
                       int is_head)
{
    sct_store_reader *reader = NULL;
    int status = is_head ? sct_store_head(r->target, key, NULL, &reply->object)
                         : sct_store_get(r->target, key, NULL, &reader, &reply->object);
    const int is_large = reply->object.bytes > MAX_PICTURE_BYTES;
    if (status == SCT_OK && !is_head && !is_large)
        status = read_picture(reader, &reply->body);
    sct_store_reader_close(reader);
    if (status != SCT_OK)
        return status;
    if (is_large)
        return redirect(r, reply, key, is_head);
    reply->status = 200;
    add_header(reply, "content-type", reply->object.content_type);
    add_header(reply, "cache-control", reply->object.cache_control);
    snprintf(reply->length, sizeof reply->length, "%llu",
             (unsigned long long)reply->object.bytes);
    if (is_head)
        add_header(reply, "content-length", reply->length);
    return SCT_OK;
}

/* ---- requests ------------------------------------------------------------------------ */

/* "/a%20b" is the key "a b"; for sct_mem_free. SCT_ERR_NOT_FOUND: no object can have it. */
static int decode_path(const char *path, char **key)
{
    struct sct_buffer b = {0};
    const int status = sct_buffer_decode(&b, path + (path[0] == '/'), 0);
    const int is_key =
        status == SCT_OK && b.n_bytes > 0 && b.n_bytes <= SCT_MAX_KEY_BYTES;
    *key = sct_buffer_take(&b);
    return !*key ? SCT_ERR_MEMORY : is_key ? SCT_OK : SCT_ERR_NOT_FOUND;
}

static int make(struct render *r, struct reply *reply, const char *key, int is_head,
                int variant, const char *source_key,
                const struct sct_invocation *invocation)
{
    const struct sct_effect_spec spec = {
        .source = r->source,
        .target = r->target,
        .deadline_ms = invocation->deadline_ms == INT64_MAX ? 0 : invocation->deadline_ms,
        .only = variant};
    const struct sct_event_record record = {.kind = SCT_EVENT_CREATED,
                                            .message = -1,
                                            .store = r->source_url,
                                            .key = source_key,
                                            .size = -1};
    const struct sct_effect_result *const result =
        sct_effect_run(r->effect, &spec, &record);
    const struct sct_log_field field[] = {
        sct_log_text("key", key), sct_log_text("source", source_key),
        sct_log_text("verdict", sct_effect_verdict(result).word),
        sct_log_text("message", result->outcome.message),
        sct_log_number("cpu_ms", result->outcome.result.ms.total)};
    sct_log_event(r->log, result->outcome.status == SCT_OK ? SCT_LOG_INFO : SCT_LOG_WARN,
                  "rendered", field, 5);
    if (result->outcome.status != SCT_OK || result->kind == SCT_EFFECT_GONE)
        return refuse_outcome(reply, result);
    const int status = send_output(r, reply, key, is_head);
    return status == SCT_ERR_NOT_FOUND ? refuse_outcome(reply, result) : status;
}

static int answer_request(struct render *r, struct reply *reply,
                          const struct sct_url_request *request,
                          const struct sct_invocation *invocation)
{
    const int is_head = strcmp(request->method, "HEAD") == 0;
    char *key, *source_key = NULL;
    int variant;
    if (!is_head && strcmp(request->method, "GET") != 0)
        return refuse(reply, 405, "method");
    int status = decode_path(request->path, &key);
    if (status == SCT_OK)
        status = sct_key_match(&r->settings.recipe, key, &variant, &source_key);
    if (status == SCT_OK && strncmp(source_key, r->prefix, strlen(r->prefix)) != 0)
        status = SCT_ERR_NOT_FOUND;
    if (status == SCT_OK) { /* somebody else may have been faster */
        status = send_output(r, reply, key, is_head);
        if (status == SCT_ERR_NOT_FOUND)
            status = make(r, reply, key, is_head, variant, source_key, invocation);
    }
    free(source_key);
    sct_mem_free(key);
    if (status == SCT_ERR_NOT_FOUND || status == SCT_ERR_ARGUMENT)
        return refuse(reply, 404, "not_found");
    return status == SCT_OK ? SCT_OK : refuse(reply, 503, sct_verdict_of(status).word);
}

static int handle_render(void *ctx, const struct sct_invocation *invocation,
                         struct sct_answer *answer)
{
    struct render *const r = ctx;
    struct sct_report report = {.message = ""};
    struct sct_url_request request;
    struct reply *const reply = calloc(1, sizeof *reply);
    if (!reply)
        return SCT_ERR_MEMORY;
    int status = sct_url_request_parse(&request, invocation->payload,
                                       invocation->payload_bytes, &report);
    if (status != SCT_OK)
        sct_answer_fail(answer, status, NULL, "%s", report.message);
    if (status == SCT_OK)
        status = sct_store_trace(r->source, invocation->trace_id);
    if (status == SCT_OK)
        status = sct_store_trace(r->target, invocation->trace_id);
    if (status == SCT_OK)
        status = answer_request(r, reply, &request, invocation);
    const struct sct_url_answer out = {.status = reply->status,
                                       .header = reply->header,
                                       .n_headers = reply->n_headers,
                                       .body = reply->body.data,
                                       .body_bytes = reply->body.n_bytes,
                                       .is_binary = reply->status == 200};
    if (status == SCT_OK)
        status = sct_url_answer_print(&answer->body, &out);
    sct_url_request_free(&request);
    sct_buffer_free(&reply->body);
    sct_mem_free(reply->location);
    free(reply);
    return status;
}

const struct sct_handler sct_handler_render = {.name = "render",
                                               .ctx_bytes = sizeof(struct render),
                                               .begin = begin_render,
                                               .handle = handle_render,
                                               .end = end_render};
