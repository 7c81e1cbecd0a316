/* Objects of S3 as streams, and lists of them.
 *
 *     GET --> bytes ... broken --> back off --> GET with Range and If-Match --> bytes ... end
 *
 * Nothing is lost by a broken connection but its time: the next one goes on where it was, if the
 * object is still the same. Without progress there are as many tries as for any request. */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "s3_parse.h"
#include "store_s3.h"

enum { N_TRIES = 5 };

struct s3_reader {
    struct sct_store_reader base;
    struct sct_aws_answer answer;
    char *path, *version; /* version: NULL for the current one */
    char etag[SCT_ETAG_BYTES];
    int64_t total_bytes; /* -1: not known */
    int64_t position;
    int n_failures; /* since the last progress */
};

static struct sct_s3_store *s3_of(sct_store *s)
{
    return (struct sct_s3_store *)s;
}

/* From the current position on. */
static int request_rest(struct s3_reader *r, struct sct_report *report)
{
    struct sct_aws_client *const c = &s3_of(r->base.store)->client;
    char range[48], etag[SCT_ETAG_BYTES + 2];
    const struct sct_pair query = {"versionId", r->version};
    struct sct_pair header[2];
    struct sct_aws_request request = {.method = "GET",
                                      .path = r->path,
                                      .query = &query,
                                      .n_query = r->version != NULL,
                                      .header = header};
    snprintf(range, sizeof range, "bytes=%" PRId64 "-", r->position);
    snprintf(etag, sizeof etag, "\"%s\"", r->etag);
    if (r->position > 0)
        header[request.n_headers++] = (struct sct_pair){"range", range};
    if (r->etag[0]) /* not the first time */
        header[request.n_headers++] = (struct sct_pair){"if-match", etag};
    sct_aws_answer_free(&r->answer);
    const int status = sct_aws_stream(c, &request, &r->answer, report);
    if (status == SCT_OK && r->position > 0 && r->answer.error.http_status != 206)
        return sct_report_fail(report, SCT_ERR_IO,
                               "the connection broke, and the server sends no ranges");
    return status;
}

int sct_s3_get(sct_store *store, const char *key, const char *version,
               sct_store_reader **reader, struct sct_object *out)
{
    struct s3_reader *const r = sct_mem_alloc(sizeof *r);
    if (!r)
        return SCT_ERR_MEMORY;
    r->base.store = store;
    r->path = sct_s3_path(s3_of(store), key);
    r->version = version ? sct_buffer_copy(version) : NULL;
    int status = r->path && (!version || r->version) ? SCT_OK : SCT_ERR_MEMORY;
    if (status == SCT_OK)
        status = request_rest(r, &store->report);
    if (status != SCT_OK) {
        sct_s3_close_reader(&r->base);
        return status;
    }
    sct_s3_describe(out, r->answer.exchange);
    memcpy(r->etag, out->etag, sizeof r->etag);
    r->total_bytes = sct_exchange_length(r->answer.exchange);
    *reader = &r->base;
    return SCT_OK;
}

void sct_s3_close_reader(sct_store_reader *reader)
{
    struct s3_reader *const r = (struct s3_reader *)reader;
    sct_aws_answer_free(&r->answer);
    sct_mem_free(r->path);
    sct_mem_free(r->version);
    sct_mem_free(r);
}

/* The connection broke for this reason: makes another, or gives up. */
static int resume(struct s3_reader *r, int status)
{
    struct sct_aws_client *const c = &s3_of(r->base.store)->client;
    struct sct_report why = {.message = ""};
    const int n_tries = c->n_tries > 0 ? c->n_tries : N_TRIES;
    sct_report_fail(&why, status, "the connection broke after %" PRId64 " bytes: %s",
                    r->position, sct_exchange_message(r->answer.exchange));
    if (++r->n_failures >= n_tries || (r->position > 0 && !r->etag[0]))
        return sct_report_fail(&r->base.store->report, status, "%s", why.message);
    sct_aws_back_off(c, r->n_failures - 1, 0);
    memset(&why, 0, sizeof why);
    status = request_rest(r, &why);
    if (status == SCT_OK)
        return SCT_OK;
    if (status == SCT_ERR_PRECONDITION || status == SCT_ERR_NOT_FOUND)
        return sct_report_fail(&r->base.store->report, SCT_ERR_IO,
                               "the object was replaced while it was read");
    return sct_report_fail(&r->base.store->report, status, "%s", why.message);
}

int sct_s3_read(sct_store_reader *reader, void *buffer, size_t capacity, size_t *n)
{
    struct s3_reader *const r = (struct s3_reader *)reader;
    *n = 0;
    while (r->total_bytes < 0 || r->position < r->total_bytes) {
        int status = r->answer.exchange
                         ? sct_exchange_read(r->answer.exchange, buffer, capacity, n)
                         : SCT_ERR_IO;
        if (status == SCT_OK && *n > 0) {
            r->position += (int64_t)*n;
            r->n_failures = 0;
            return SCT_OK;
        }
        if (status == SCT_OK && r->total_bytes < 0)
            return SCT_OK; /* its length was not announced: this is the end */
        if (status == SCT_OK)
            status = SCT_ERR_IO;
        if (status != SCT_ERR_IO && status != SCT_ERR_TIMEOUT)
            return status;
        if (!r->answer.exchange)
            return status; /* it has failed before */
        status = resume(r, status);
        if (status != SCT_OK) {
            sct_aws_answer_free(&r->answer);
            return status;
        }
    }
    return SCT_OK;
}

/* ---- lists -------------------------------------------------------------------------- */

struct s3_list {
    struct sct_store_list base;
    char *path, *prefix, *after; /* prefix and after: with the store's own */
    int i, is_last;
    struct sct_s3_page page;
};

static char *join(const char *a, const char *b)
{
    struct sct_buffer joined = {0};
    sct_buffer_format(&joined, "%s%s", a, b);
    return sct_buffer_take(&joined);
}

int sct_s3_list(sct_store *store, const char *prefix, const char *after,
                sct_store_list **list)
{
    const struct sct_s3_store *const s = s3_of(store);
    struct s3_list *const l = sct_mem_alloc(sizeof *l);
    if (!l)
        return SCT_ERR_MEMORY;
    l->base.store = store;
    l->path = sct_s3_path(s, "");
    l->prefix = join(s->prefix, prefix);
    l->after = after[0] ? join(s->prefix, after) : sct_buffer_copy("");
    if (!l->path || !l->prefix || !l->after) {
        sct_s3_list_close(&l->base);
        return SCT_ERR_MEMORY;
    }
    *list = &l->base;
    return SCT_OK;
}

void sct_s3_list_close(sct_store_list *list)
{
    struct s3_list *const l = (struct s3_list *)list;
    sct_s3_page_free(&l->page);
    sct_mem_free(l->path);
    sct_mem_free(l->prefix);
    sct_mem_free(l->after);
    sct_mem_free(l);
}

static int fetch_page(struct s3_list *l)
{
    struct sct_store *const store = l->base.store;
    struct sct_pair query[6] = {
        {"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1000"}};
    struct sct_aws_request request = {
        .method = "GET", .path = l->path, .query = query, .n_query = 3};
    struct sct_aws_answer answer;
    if (l->prefix[0])
        query[request.n_query++] = (struct sct_pair){"prefix", l->prefix};
    if (l->page.next)
        query[request.n_query++] = (struct sct_pair){"continuation-token", l->page.next};
    else if (l->after[0])
        query[request.n_query++] = (struct sct_pair){"start-after", l->after};
    int status = sct_aws_call(&s3_of(store)->client, &request, &answer, &store->report);
    if (status == SCT_OK) {
        status = sct_s3_page_parse(&l->page, answer.body.data, answer.body.n_bytes);
        if (status == SCT_ERR_CORRUPT)
            status = sct_report_fail(&store->report, SCT_ERR_IO,
                                     "the server's list makes no sense");
    }
    sct_aws_answer_free(&answer);
    l->i = 0;
    l->is_last = status == SCT_OK && !l->page.is_truncated;
    return status;
}

/* A list of next to nothing: unlike HEAD, its answer says what it is that is not there. */
int sct_s3_check(sct_store *s)
{
    sct_store_list *list;
    int status = sct_s3_list(s, ".scantling/nothing/", "", &list);
    if (status == SCT_OK) {
        status = fetch_page((struct s3_list *)list);
        sct_s3_list_close(list);
    }
    return status == SCT_ERR_DENIED ? (int)SCT_OK : status;
}

int sct_s3_list_next(sct_store_list *list, struct sct_object *out)
{
    struct s3_list *const l = (struct s3_list *)list;
    const size_t n_own = strlen(s3_of(list->store)->prefix);
    for (;;) {
        while (l->i == l->page.n_entries) {
            if (l->is_last)
                return SCT_DONE;
            const int status = fetch_page(l);
            if (status != SCT_OK)
                return status;
        }
        const int i = l->i++;
        const char *const key = l->page.texts.data + l->page.entry[i].key_at;
        const char *const etag = l->page.texts.data + l->page.entry[i].etag_at;
        const size_t n = strlen(key);
        /* The prefix itself may be an object, as consoles make "folders"; it has no key here. */
        if (n <= n_own || strncmp(key, l->prefix, strlen(l->prefix)) != 0)
            continue;
        memcpy(out->key, key + n_own, n - n_own + 1);
        snprintf(out->etag, sizeof out->etag, "%s", etag);
        out->bytes = l->page.entry[i].bytes;
        out->mtime_s = l->page.entry[i].mtime_s;
        return SCT_OK;
    }
}
