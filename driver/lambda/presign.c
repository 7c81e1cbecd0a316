/* presign: a function URL that hands out URLs for uploads.
 *
 *     POST {"type": "image/jpeg", "bytes": 123456}      Authorization: Bearer TOKEN, or AWS_IAM
 *     200  {"url": ..., "method": "PUT", "headers": {...}, "key": ..., "expires": ...}
 *
 * Who asks is found out before anything of the body is looked at. The URL is good for one object of
 * that type and length, under a key that is made here, and once: with if-none-match a second
 * upload is refused. All else is answered with {"error": ..., "message": ...}. */
#define _GNU_SOURCE 1
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "function_url.h"
#include "handlers.h"
#include "mem.h"
#include "presign_settings.h"
#include "store.h"
#include "upload_key.h"

enum { MAX_BODY_BYTES = 4096, MAX_HEADERS = 8, DATE_BYTES = 32 };

struct presign {
    struct sct_presign_settings settings;
    sct_store *store;
    struct sct_log *log;
};

/* What will be answered. Header values are static or of the request. */
struct reply {
    int status;
    char *body; /* for free; NULL: none */
    struct sct_pair header[MAX_HEADERS];
    int n_headers;
    char message[256];
};

/* An upload that somebody wants, once it has been found right. */
struct wish {
    char subject[SCT_JWT_SUBJECT_BYTES];
    const char *type; /* of the settings */
    int64_t n_bytes;
};

/* ---- replies ------------------------------------------------------------------------ */

static void add_header(struct reply *reply, const char *name, const char *value)
{
    if (reply->n_headers < MAX_HEADERS)
        reply->header[reply->n_headers++] = (struct sct_pair){name, value};
}

/* 0, for `return refuse(...)`. */
static int refuse(struct reply *reply, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct reply *reply, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reply->message, sizeof reply->message, format, args);
    va_end(args);
    reply->status = status;
    return 0;
}

static const char *word_of(int status)
{
    switch (status) {
    case 401: return "unauthorized";
    case 403: return "forbidden";
    case 405: return "method_not_allowed";
    case 413: return "too_large";
    case 415: return "unsupported_type";
    default: return "bad_request";
    }
}

/* NULL: the origin may not read what we answer. */
static const char *allow_origin(const struct sct_words *origins, const char *origin)
{
    for (int i = 0; origin[0] && i < origins->n; i++) {
        if (strcmp(origins->word[i], "*") == 0)
            return "*";
        if (strcmp(origins->word[i], origin) == 0)
            return origins->word[i];
    }
    return NULL;
}

static int print_reply(struct sct_buffer *out, struct reply *reply)
{
    if (reply->message[0]) {
        json_t *const json = json_pack("{s:s, s:s}", "error", word_of(reply->status),
                                       "message", reply->message);
        reply->body = json ? json_dumps(json, JSON_COMPACT) : NULL;
        json_decref(json);
        if (!reply->body)
            return SCT_ERR_MEMORY;
    }
    if (reply->body)
        add_header(reply, "content-type", "application/json");
    add_header(reply, "cache-control", "no-store");
    const struct sct_url_answer answer = {.status = reply->status,
                                          .header = reply->header,
                                          .n_headers = reply->n_headers,
                                          .body = reply->body,
                                          .body_bytes =
                                              reply->body ? strlen(reply->body) : 0};
    return sct_url_answer_print(out, &answer);
}

/* ---- who asks, and for what --------------------------------------------------------- */

static int refuse_token(struct reply *reply, const char *why)
{
    add_header(reply, "www-authenticate", "Bearer");
    return refuse(reply, 401, "%s", why);
}

static int check_token(const struct presign *p, const struct sct_url_request *r,
                       struct wish *wish, struct reply *reply)
{
    static const char scheme[] = "Bearer ";
    const char *const header = sct_url_request_header(r, "authorization");
    struct sct_jwt_claims claims;
    struct sct_report why = {.message = ""};
    if (strncasecmp(header, scheme, strlen(scheme)) != 0)
        return refuse_token(reply, "this wants \"Authorization: Bearer TOKEN\"");
    const char *const token = header + strlen(scheme);
    if (sct_jwt_verify(&claims, token, strlen(token), &p->settings.rules,
                       (int64_t)time(NULL), &why) != SCT_OK)
        return refuse_token(reply, why.message);
    strcpy(wish->subject, claims.subject);
    return 1;
}

static int check_iam(const struct sct_url_request *r, struct wish *wish,
                     struct reply *reply)
{
    if (!r->user[0] || strlen(r->user) >= sizeof wish->subject)
        return refuse(reply, 403, "this wants a function URL with AuthType AWS_IAM");
    strcpy(wish->subject, r->user);
    return 1;
}

static const char *find_type(const struct sct_words *types, const char *wanted)
{
    for (int i = 0; wanted && i < types->n; i++) {
        if (strcasecmp(types->word[i], wanted) == 0)
            return types->word[i];
    }
    return NULL;
}

static int check_wish(const struct presign *p, const json_t *body, struct wish *wish,
                      struct reply *reply)
{
    const struct sct_presign_settings *const s = &p->settings;
    const json_t *const type = json_object_get(body, "type");
    const json_t *const bytes = json_object_get(body, "bytes");
    if (!json_is_string(type) || !json_is_integer(bytes))
        return refuse(reply, 400,
                      "the body is to be {\"type\": \"image/jpeg\", \"bytes\": 123456}");
    wish->type = find_type(&s->types, json_string_value(type));
    wish->n_bytes = json_integer_value(bytes);
    if (!wish->type)
        return refuse(reply, 415, "files of this type are not taken");
    if (wish->n_bytes < s->min_bytes)
        return refuse(reply, 400, "a file has at least %lld bytes",
                      (long long)s->min_bytes);
    if (wish->n_bytes > s->max_bytes)
        return refuse(reply, 413, "a file has at most %lld bytes",
                      (long long)s->max_bytes);
    return 1;
}

static int check_body(const struct presign *p, const struct sct_url_request *r,
                      struct wish *wish, struct reply *reply)
{
    static const char json_type[] = "application/json";
    const size_t n = strlen(json_type);
    const char *const type = sct_url_request_header(r, "content-type");
    if (strncasecmp(type, json_type, n) != 0 || (type[n] && !strchr("; ", type[n])))
        return refuse(reply, 415, "the body has to be of type application/json");
    if (r->body.n_bytes > MAX_BODY_BYTES)
        return refuse(reply, 413, "the body has at most %d bytes", MAX_BODY_BYTES);
    json_t *const body = json_loadb(r->body.data ? r->body.data : "", r->body.n_bytes,
                                    JSON_REJECT_DUPLICATES, NULL);
    const int is_fine = check_wish(p, body, wish, reply);
    json_decref(body);
    return is_fine;
}

/* Answers OPTIONS, or refuses it. */
static int answer_preflight(const struct presign *p, const char *allowed,
                            struct reply *reply)
{
    if (!allowed)
        return refuse(reply, 403, "no requests from this origin");
    add_header(reply, "access-control-allow-methods", "POST");
    add_header(reply, "access-control-allow-headers",
               p->settings.uses_iam ? "authorization, content-type, x-amz-date, "
                                      "x-amz-security-token, x-amz-content-sha256"
                                    : "authorization, content-type");
    add_header(reply, "access-control-max-age", "600");
    reply->status = 204;
    return 0;
}

/* 1: the wish is to be fulfilled; 0: the reply is complete. */
static int judge(const struct presign *p, const struct sct_url_request *r,
                 struct wish *wish, struct reply *reply)
{
    const struct sct_words *const origins = &p->settings.origins;
    const char *const allowed =
        allow_origin(origins, sct_url_request_header(r, "origin"));
    if (origins->n > 0)
        add_header(reply, "vary", "origin");
    if (allowed)
        add_header(reply, "access-control-allow-origin", allowed);
    if (strcmp(r->method, "OPTIONS") == 0 && origins->n > 0)
        return answer_preflight(p, allowed, reply);
    if (strcmp(r->method, "POST") != 0) {
        add_header(reply, "allow", origins->n > 0 ? "POST, OPTIONS" : "POST");
        return refuse(reply, 405, "this takes POST only");
    }
    const int is_known =
        p->settings.uses_iam ? check_iam(r, wish, reply) : check_token(p, r, wish, reply);
    return is_known && check_body(p, r, wish, reply);
}

/* ---- the URL ------------------------------------------------------------------------ */

static void print_date(char out[DATE_BYTES], int64_t time_s)
{
    const time_t t = (time_t)time_s;
    struct tm utc;
    strftime(out, DATE_BYTES, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
}

/* For free; NULL when there is no memory. */
static char *make_body(const char *url, const char *key, const struct sct_pair *header,
                       int n_headers, const char *expires)
{
    json_t *const headers = json_object();
    int failed = 0;
    for (int i = 0; i < n_headers; i++)
        failed |=
            json_object_set_new(headers, header[i].name, json_string(header[i].value));
    json_t *const json =
        json_pack("{s:s, s:s, s:o, s:s, s:s}", "url", url, "method", "PUT", "headers",
                  headers, "key", key, "expires", expires);
    char *const body = json && !failed ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return body;
}

static int fulfil(struct presign *p, const struct wish *wish, struct reply *reply)
{
    char length[24], key[SCT_UPLOAD_KEY_BYTES], expires[DATE_BYTES], *url = NULL;
    const struct sct_pair headers[] = {
        {"content-type", wish->type}, {"content-length", length}, {"if-none-match", "*"}};
    const int n_headers = (int)(sizeof headers / sizeof *headers);
    const struct sct_log_field fields[] = {
        sct_log_text("key", key), sct_log_text("type", wish->type),
        sct_log_number("bytes", (double)wish->n_bytes)};
    snprintf(length, sizeof length, "%lld", (long long)wish->n_bytes);
    print_date(expires, (int64_t)time(NULL) + p->settings.expires_s);
    int status = sct_upload_key_make(key, wish->subject, wish->type);
    if (status == SCT_OK)
        status = sct_store_presign(p->store, "PUT", key, headers, n_headers,
                                   p->settings.expires_s, &url);
    if (status == SCT_OK) {
        reply->status = 200;
        reply->body = make_body(url, key, headers, n_headers, expires);
        status = reply->body ? SCT_OK : SCT_ERR_MEMORY;
    }
    sct_mem_free(url);
    if (status == SCT_OK)
        sct_log_event(p->log, SCT_LOG_INFO, "presigned", fields, 3);
    return status;
}

/* ---- the handler -------------------------------------------------------------------- */

static void log_refusal(const struct presign *p, const struct reply *reply)
{
    const struct sct_log_field fields[] = {sct_log_number("status", reply->status),
                                           sct_log_text("message", reply->message)};
    if (reply->message[0])
        sct_log_event(p->log, SCT_LOG_WARN, "refused", fields, 2);
}

static int handle_presign(void *ctx, const struct sct_invocation *invocation,
                          struct sct_answer *answer)
{
    struct presign *const p = ctx;
    struct sct_url_request request;
    struct sct_report why = {.message = ""};
    struct reply reply = {.status = 0};
    struct wish wish = {.type = NULL};
    int status = sct_url_request_parse(&request, invocation->payload,
                                       invocation->payload_bytes, &why);
    if (status == SCT_ERR_CORRUPT) {
        refuse(&reply, 400, "%s", why.message);
        status = SCT_OK;
    } else if (status == SCT_OK && judge(p, &request, &wish, &reply)) {
        status = fulfil(p, &wish, &reply);
        if (status != SCT_OK && sct_store_message(p->store)[0])
            sct_answer_fail(answer, status, NULL, "%s", sct_store_message(p->store));
    }
    log_refusal(p, &reply);
    if (status == SCT_OK)
        status = print_reply(&answer->body, &reply);
    free(reply.body);
    sct_url_request_free(&request);
    return status;
}

static void end_presign(void *ctx)
{
    struct presign *const p = ctx;
    sct_store_close(p->store);
    sct_presign_settings_free(&p->settings);
}

/* A URL is made once for nothing: of a folder there are none, which is to be said now. */
static int try_presigning(struct presign *p, struct sct_report *report)
{
    char *url = NULL;
    const int status =
        sct_store_presign(p->store, "PUT", "key", NULL, 0, p->settings.expires_s, &url);
    sct_mem_free(url);
    return status == SCT_OK ? SCT_OK
                            : sct_report_fail(report, status, "SCANTLING_UPLOADS: %s",
                                              sct_store_message(p->store));
}

static int begin_presign(void *ctx, struct sct_log *log, struct sct_report *report)
{
    const struct sct_store_spec spec = {.stall_s = 0};
    struct presign *const p = ctx;
    p->log = log;
    int status = sct_presign_settings_read(&p->settings, report);
    if (status == SCT_OK)
        status = sct_store_open(&p->store, p->settings.uploads, &spec, report);
    if (status == SCT_OK)
        status = try_presigning(p, report);
    return status;
}

const struct sct_handler sct_handler_presign = {
    .name = "presign",
    .ctx_bytes = sizeof(struct presign),
    .begin = begin_presign,
    .handle = handle_presign,
    .end = end_presign,
};
