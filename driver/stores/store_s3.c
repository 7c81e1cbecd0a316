/* The S3 store: where it is, and the operations that are one request. Reading, writing and
 * lists, which are several, have files of their own.
 *
 *     s3://bucket/prefix + key --> https://bucket.s3.region.amazonaws.com/prefix/key
 *                              or  endpoint/bucket/prefix/key  (AWS_ENDPOINT_URL_S3 or
 *                                  AWS_ENDPOINT_URL, and buckets with a dot, which no certificate
 *                                  for *.s3... covers) */
#define _GNU_SOURCE 1
#include "store_s3.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "mem.h"
#include "s3_parse.h"

static const char attribute_prefix[] = "x-amz-meta-";

static struct sct_s3_store *s3_of(sct_store *s)
{
    return (struct sct_s3_store *)s;
}

/* ---- opening ------------------------------------------------------------------------ */

static void close_s3(sct_store *store)
{
    struct sct_s3_store *const s = s3_of(store);
    sct_aws_client_free(&s->client);
    sct_credentials_free(s->own_credentials);
    sct_mem_free(s->bucket);
    sct_mem_free(s->prefix);
    sct_mem_free(s);
}

/* "s3://bucket/prefix/" */
static int take_url(struct sct_s3_store *s, const char *url, struct sct_report *report)
{
    const char *const name = url + strlen("s3://");
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const char *const rest = name[n] == '/' ? name + n + 1 : name + n;
    const size_t rest_bytes = strlen(rest);
    struct sct_buffer bucket = {0}, prefix = {0};
    if (n < 3 || n > 255 || (name[n] != '/' && name[n] != '\0') || name[0] == '.' ||
        rest_bytes >= SCT_MAX_KEY_BYTES)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "a bucket's URL is s3://bucket or s3://bucket/prefix");
    sct_buffer_add(&bucket, name, n);
    sct_buffer_text(&prefix, rest);
    if (rest_bytes > 0 && rest[rest_bytes - 1] != '/')
        sct_buffer_text(&prefix, "/");
    s->bucket = sct_buffer_take(&bucket);
    s->prefix = sct_buffer_take(&prefix);
    return s->bucket && s->prefix ? SCT_OK : SCT_ERR_MEMORY;
}

static int open_client(struct sct_s3_store *s, struct sct_report *report)
{
    const char *const endpoint = sct_aws_endpoint("AWS_ENDPOINT_URL_S3");
    s->client.service = "s3";
    s->is_path_style = endpoint || strchr(s->bucket, '.');
    return sct_aws_client_open(&s->client, endpoint, s->is_path_style ? "" : s->bucket,
                               report);
}

static int open_s3(sct_store **out, const char *url, const struct sct_store_spec *spec,
                   struct sct_report *report)
{
    struct sct_s3_store *const s = sct_mem_alloc(sizeof *s);
    if (!s)
        return SCT_ERR_MEMORY;
    s->base.ops = &sct_store_s3;
    s->client.n_tries = spec->n_tries;
    s->client.stall_s = spec->stall_s;
    s->client.credentials = spec->credentials;
    int status = take_url(s, url, report);
    if (status == SCT_OK && !s->client.credentials) {
        status = sct_credentials_create(&s->own_credentials, NULL);
        s->client.credentials = s->own_credentials;
    }
    if (status == SCT_OK)
        status = open_client(s, report);
    if (status == SCT_OK)
        *out = &s->base;
    else
        close_s3(&s->base);
    return status;
}

static int trace_s3(sct_store *store, const char *trace_id)
{
    return sct_aws_client_trace(&s3_of(store)->client, trace_id);
}

/* ---- what requests have in common --------------------------------------------------- */

char *sct_s3_path(const struct sct_s3_store *s, const char *key)
{
    struct sct_buffer b = {0};
    if (s->is_path_style)
        sct_buffer_format(&b, "/%s", s->bucket);
    if (!s->is_path_style || key[0])
        sct_buffer_text(&b, "/");
    if (key[0])
        sct_buffer_format(&b, "%s%s", s->prefix, key);
    return sct_buffer_take(&b);
}

void sct_s3_add_header(struct sct_s3_headers *h, const char *name, const char *value)
{
    h->pair[h->n].name = name;
    h->pair[h->n].value = value;
    h->n++;
}

static int is_header_value(const char *value)
{
    for (; *value; value++) {
        if (*value < ' ' || *value > '~')
            return 0;
    }
    return 1;
}

static int quote_etag(char out[SCT_ETAG_BYTES + 2], const char *etag)
{
    const int n = snprintf(out, SCT_ETAG_BYTES + 2, "\"%s\"", etag);
    return n > 0 && n < SCT_ETAG_BYTES + 2 && is_header_value(etag) && !strchr(etag, '"');
}

int sct_s3_put_headers(struct sct_s3_store *s, struct sct_s3_headers *h,
                       const struct sct_put *put, int has_conditions)
{
    const char *const type = put->content_type && put->content_type[0]
                                 ? put->content_type
                                 : "application/octet-stream";
    const char *name, *value;
    int n = 0;
    sct_s3_add_header(h, "content-type", type);
    if (put->cache_control && put->cache_control[0])
        sct_s3_add_header(h, "cache-control", put->cache_control);
    if (!is_header_value(type) ||
        (put->cache_control && !is_header_value(put->cache_control)))
        return sct_report_fail(&s->base.report, SCT_ERR_ARGUMENT,
                               "content type and cache control must be printable ASCII");
    for (size_t at = 0;
         put->attributes && sct_attributes_next(put->attributes, &at, &name, &value); n++)
    {
        snprintf(h->name[n], sizeof h->name[n], "%s%s", attribute_prefix, name);
        sct_s3_add_header(h, h->name[n], value);
    }
    if (!has_conditions)
        return SCT_OK;
    if (put->if_none)
        sct_s3_add_header(h, "if-none-match", "*");
    if (put->if_match) {
        if (!quote_etag(h->etag, put->if_match))
            return sct_report_fail(&s->base.report, SCT_ERR_ARGUMENT,
                                   "'%.80s' is no etag", put->if_match);
        sct_s3_add_header(h, "if-match", h->etag);
    }
    return SCT_OK;
}

/* Copies a header, "" where it would not fit: half of one means something else. */
static void take_header(char *out, size_t out_bytes, const char *value)
{
    if (strlen(value) < out_bytes)
        strcpy(out, value);
}

static void take_attribute(struct sct_object *out, const char *name, const char *value)
{
    char lower[SCT_ATTRIBUTE_NAME_BYTES];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof lower; n++)
        lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    if (!name[n]) /* ours have such names and values; what others left is passed over */
        sct_attributes_set(&out->attributes, lower, value);
}

void sct_s3_describe(struct sct_object *out, const sct_exchange *x)
{
    const size_t n = sizeof attribute_prefix - 1;
    const int64_t length = sct_exchange_length(x);
    struct tm tm = {0};
    void *at = NULL;
    const char *name, *value;
    out->bytes = length > 0 ? (uint64_t)length : 0;
    take_header(out->etag, sizeof out->etag, sct_exchange_header(x, "etag"));
    sct_s3_unquote(out->etag);
    take_header(out->version, sizeof out->version,
                sct_exchange_header(x, "x-amz-version-id"));
    take_header(out->content_type, sizeof out->content_type,
                sct_exchange_header(x, "content-type"));
    take_header(out->cache_control, sizeof out->cache_control,
                sct_exchange_header(x, "cache-control"));
    if (strptime(sct_exchange_header(x, "last-modified"), "%a, %d %b %Y %H:%M:%S GMT",
                 &tm))
        out->mtime_s = (int64_t)timegm(&tm);
    while (sct_exchange_next_header(x, &at, &name, &value)) {
        if (strncasecmp(name, attribute_prefix, n) == 0)
            take_attribute(out, name + n, value);
    }
}

/* ---- operations --------------------------------------------------------------------- */

int sct_s3_head(sct_store *store, const char *key, const char *version,
                struct sct_object *out)
{
    struct sct_s3_store *const s = s3_of(store);
    char *const path = sct_s3_path(s, key);
    const struct sct_pair query = {"versionId", version};
    const struct sct_aws_request request = {
        .method = "HEAD", .path = path, .query = &query, .n_query = version != NULL};
    struct sct_aws_answer answer;
    if (!path)
        return SCT_ERR_MEMORY;
    const int status = sct_aws_call(&s->client, &request, &answer, &store->report);
    if (status == SCT_OK)
        sct_s3_describe(out, answer.exchange);
    sct_aws_answer_free(&answer);
    sct_mem_free(path);
    return status;
}

static int remove_s3(sct_store *store, const char *key, const char *version)
{
    struct sct_s3_store *const s = s3_of(store);
    char *const path = sct_s3_path(s, key);
    const struct sct_pair query = {"versionId", version};
    const struct sct_aws_request request = {
        .method = "DELETE", .path = path, .query = &query, .n_query = version != NULL};
    struct sct_aws_answer answer;
    if (!path)
        return SCT_ERR_MEMORY;
    int status = sct_aws_call(&s->client, &request, &answer, &store->report);
    if (status == SCT_ERR_NOT_FOUND && strcmp(answer.error.code, "NoSuchBucket") != 0)
        status = SCT_OK;
    sct_aws_answer_free(&answer);
    sct_mem_free(path);
    return status;
}

/* "/bucket/key?versionId=...", encoded, for sct_mem_free. */
static char *name_source(const struct sct_s3_store *s, const char *key,
                         const struct sct_object *source)
{
    struct sct_buffer b = {0};
    sct_buffer_format(&b, "/%s/", s->bucket);
    sct_buffer_encode(&b, s->prefix, 1);
    sct_buffer_encode(&b, key, 1);
    if (source && source->version[0]) {
        sct_buffer_text(&b, "?versionId=");
        sct_buffer_encode(&b, source->version, 0);
    }
    return sct_buffer_take(&b);
}

static int copy_s3(sct_store *from_store, const char *from_key,
                   const struct sct_object *source, sct_store *to_store,
                   const char *to_key, const struct sct_put *put)
{
    const uint64_t max_bytes = 5ULL << 30; /* of CopyObject */
    struct sct_s3_store *const from = s3_of(from_store), *const to = s3_of(to_store);
    struct sct_s3_headers h = {.n = 0};
    struct sct_aws_answer answer = {.exchange = NULL};
    char quoted[SCT_ETAG_BYTES + 2];
    const int is_same_service = from->is_path_style && to->is_path_style
                                    ? strcmp(from->client.host, to->client.host) == 0
                                    : !from->is_path_style && !to->is_path_style;
    if (!is_same_service || (source && source->bytes > max_bytes) ||
        strcmp(from->client.region, to->client.region) != 0)
        return SCT_DONE;
    char *const path = sct_s3_path(to, to_key);
    char *const name = name_source(from, from_key, source);
    int status = path && name ? SCT_OK : SCT_ERR_MEMORY;
    if (status == SCT_OK && put)
        status = sct_s3_put_headers(to, &h, put, 1);
    if (status != SCT_OK)
        goto done;
    sct_s3_add_header(&h, "x-amz-copy-source", name);
    sct_s3_add_header(&h, "x-amz-metadata-directive", put ? "REPLACE" : "COPY");
    if (source && source->etag[0] && quote_etag(quoted, source->etag))
        sct_s3_add_header(&h, "x-amz-copy-source-if-match", quoted);
    const struct sct_aws_request request = {
        .method = "PUT",
        .path = path,
        .header = h.pair,
        .n_headers = h.n,
        .stall_s =
            source && source->bytes <= SCT_S3_SINGLE_BYTES ? 0 : SCT_S3_LONG_STALL_S};
    status = sct_aws_call(&to->client, &request, &answer, &to_store->report);
done:
    sct_aws_answer_free(&answer);
    sct_mem_free(name);
    sct_mem_free(path);
    return status;
}

static int presign_s3(sct_store *store, const char *method, const char *key,
                      const struct sct_pair *header, int n_headers, int64_t expires_s,
                      char **url)
{
    const struct sct_s3_store *const s = s3_of(store);
    const struct sct_aws_client *const c = &s->client;
    char *const path = sct_s3_path(s, key);
    const char *const scheme_end = strstr(c->endpoint, "://");
    char scheme[8];
    struct sct_aws_keys keys;
    int status = sct_credentials_get(c->credentials, &keys, &store->report);
    if (status == SCT_OK && !path)
        status = SCT_ERR_MEMORY;
    if (status == SCT_OK) {
        const struct sct_sigv4_request request = {.method = method,
                                                  .host = c->host,
                                                  .path = path,
                                                  .header = header,
                                                  .n_headers = n_headers,
                                                  .region = c->region,
                                                  .service = c->service,
                                                  .time_s = (int64_t)time(NULL) +
                                                            c->clock_offset_s};
        snprintf(scheme, sizeof scheme, "%.*s", (int)(scheme_end - c->endpoint),
                 c->endpoint);
        status = sct_sigv4_presign(url, &request, &keys, scheme, expires_s);
        if (status == SCT_ERR_ARGUMENT)
            sct_report_fail(&store->report, status, "a URL is good for 1 s to 7 days");
    }
    sct_aws_keys_free(&keys);
    sct_mem_free(path);
    return status;
}

const struct sct_store_ops sct_store_s3 = {
    .scheme = "s3",
    .open = open_s3,
    .close = close_s3,
    .trace = trace_s3,
    .head = sct_s3_head,
    .get = sct_s3_get,
    .read = sct_s3_read,
    .close_reader = sct_s3_close_reader,
    .write = sct_s3_write,
    .add = sct_s3_add,
    .commit = sct_s3_commit,
    .abort = sct_s3_abort,
    .copy = copy_s3,
    .remove = remove_s3,
    .presign = presign_s3,
    .check = sct_s3_check,
    .list = sct_s3_list,
    .next = sct_s3_list_next,
    .close_list = sct_s3_list_close,
};
