/* Objects into S3.
 *
 *     add --> buffer --64 MiB--> CreateMultipartUpload, UploadPart of 16 MiB ...
 *     commit --> PutObject, or UploadPart, CompleteMultipartUpload
 *     abort  --> nothing,   or AbortMultipartUpload
 *
 * Invariants:
 *   1. upload_id != NULL exactly while there is an upload that must be completed or aborted;
 *   2. conditions are given to the request that makes the object appear.
 *
 * A conditional request may have had its effect although its answer was lost; repeated, it then
 * meets its own object. Whether it is ours is decided by length, type and attributes. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "s3_parse.h"
#include "store_s3.h"

enum { PART_BYTES = 16 << 20, MAX_PARTS = 10000 };

struct s3_writer {
    struct sct_store_writer base;
    struct sct_put put;
    char *key, *path;
    char *upload_id;
    int n_parts;
    uint64_t total_bytes;
    struct sct_buffer data;
    struct sct_buffer parts; /* the XML of those that are there */
};

static struct sct_s3_store *s3_of(sct_store *s)
{
    return (struct sct_s3_store *)s;
}

int sct_s3_write(sct_store *s, const char *key, const struct sct_put *put,
                 sct_store_writer **writer)
{
    struct s3_writer *const w = sct_mem_alloc(sizeof *w);
    if (!w)
        return SCT_ERR_MEMORY;
    w->base.store = s;
    w->put = *put;
    w->key = sct_buffer_copy(key);
    w->path = sct_s3_path(s3_of(s), key);
    if (!w->key || !w->path) {
        sct_s3_abort(&w->base);
        return SCT_ERR_MEMORY;
    }
    *writer = &w->base;
    return SCT_OK;
}

/* ---- uploads in parts --------------------------------------------------------------- */

static int begin_upload(struct s3_writer *w)
{
    struct sct_s3_store *const s = s3_of(w->base.store);
    struct sct_s3_headers h = {.n = 0};
    const struct sct_pair query = {"uploads", ""};
    struct sct_aws_answer answer = {.exchange = NULL};
    int status = sct_s3_put_headers(s, &h, &w->put, 0);
    if (status != SCT_OK)
        return status;
    const struct sct_aws_request request = {.method = "POST",
                                            .path = w->path,
                                            .query = &query,
                                            .n_query = 1,
                                            .header = h.pair,
                                            .n_headers = h.n};
    status = sct_aws_call(&s->client, &request, &answer, &s->base.report);
    if (status == SCT_OK) {
        status = sct_s3_parse_element(&w->upload_id, "UploadId", answer.body.data,
                                      answer.body.n_bytes);
        if (status == SCT_ERR_CORRUPT)
            status = sct_report_fail(&s->base.report, SCT_ERR_IO,
                                     "the server begins an upload and does not name it");
    }
    sct_buffer_text(&w->parts, "<CompleteMultipartUpload>");
    sct_aws_answer_free(&answer);
    return status;
}

static int upload_part(struct s3_writer *w, const void *data, size_t n_bytes)
{
    struct sct_s3_store *const s = s3_of(w->base.store);
    char number[16];
    const struct sct_pair query[] = {{"partNumber", number}, {"uploadId", w->upload_id}};
    const struct sct_aws_request request = {.method = "PUT",
                                            .path = w->path,
                                            .query = query,
                                            .n_query = 2,
                                            .body = data,
                                            .body_bytes = n_bytes};
    struct sct_aws_answer answer;
    if (w->n_parts == MAX_PARTS)
        return sct_report_fail(&s->base.report, SCT_ERR_TOO_LARGE,
                               "an object of more than 10,000 parts");
    snprintf(number, sizeof number, "%d", ++w->n_parts);
    const int status = sct_aws_call(&s->client, &request, &answer, &s->base.report);
    if (status == SCT_OK) {
        char etag[SCT_ETAG_BYTES];
        snprintf(etag, sizeof etag, "%s", sct_exchange_header(answer.exchange, "etag"));
        sct_s3_unquote(etag);
        etag[strcspn(etag, "<>&\"")] = '\0';
        sct_buffer_format(&w->parts,
                          "<Part><PartNumber>%s</PartNumber><ETag>\"%s\"</ETag></Part>",
                          number, etag);
    }
    sct_aws_answer_free(&answer);
    return status;
}

/* Uploads whole parts, and with is_end the rest. */
static int upload_parts(struct s3_writer *w, int is_end)
{
    size_t begin = 0;
    int status = SCT_OK;
    while (status == SCT_OK && w->data.n_bytes - begin >= PART_BYTES) {
        status = upload_part(w, w->data.data + begin, PART_BYTES);
        begin += PART_BYTES;
    }
    if (status == SCT_OK && is_end && w->data.n_bytes > begin) {
        status = upload_part(w, w->data.data + begin, w->data.n_bytes - begin);
        begin = w->data.n_bytes;
    }
    if (begin > 0 && w->data.n_bytes >= begin) {
        w->data.n_bytes -= begin;
        memmove(w->data.data, w->data.data + begin, w->data.n_bytes);
    }
    return status;
}

static void abort_upload(struct s3_writer *w)
{
    struct sct_s3_store *const s = s3_of(w->base.store);
    const struct sct_pair query = {"uploadId", w->upload_id};
    const struct sct_aws_request request = {
        .method = "DELETE", .path = w->path, .query = &query, .n_query = 1};
    struct sct_report unheard = {.message = ""}; /* what failed before matters more */
    struct sct_aws_answer answer;
    sct_aws_call(&s->client, &request, &answer, &unheard);
    sct_aws_answer_free(&answer);
    sct_mem_free(w->upload_id);
    w->upload_id = NULL;
}

int sct_s3_add(sct_store_writer *writer, const void *data, size_t n_bytes)
{
    struct s3_writer *const w = (struct s3_writer *)writer;
    const unsigned char *p = data;
    w->total_bytes += n_bytes;
    while (n_bytes > 0) {
        const size_t limit = w->upload_id ? PART_BYTES : SCT_S3_SINGLE_BYTES;
        if (w->data.n_bytes >= limit) {
            int status = w->upload_id ? SCT_OK : begin_upload(w);
            if (status == SCT_OK)
                status = upload_parts(w, 0);
            if (status != SCT_OK)
                return status;
            continue;
        }
        const size_t room = limit - w->data.n_bytes;
        const size_t n = n_bytes < room ? n_bytes : room;
        sct_buffer_add(&w->data, p, n);
        if (w->data.has_failed)
            return SCT_ERR_MEMORY;
        p += n;
        n_bytes -= n;
    }
    return SCT_OK;
}

/* ---- the end ------------------------------------------------------------------------ */

/* After a lost answer: whether what is there is what we wrote. A status where nobody could say, with
 * its report in the store. */
static int find_ours(struct s3_writer *w, struct sct_object *out, int *is_ours)
{
    struct sct_store *const s = w->base.store;
    const struct sct_attributes nothing = {.n_bytes = 0};
    const struct sct_attributes *const a =
        w->put.attributes ? w->put.attributes : &nothing;
    struct sct_object *const found = sct_mem_alloc(sizeof *found);
    const char *name, *value;
    const int status = found ? sct_s3_head(s, w->key, NULL, found) : SCT_ERR_MEMORY;
    int is_same = status == SCT_OK && found->bytes == w->total_bytes &&
                  found->attributes.n_bytes == a->n_bytes;
    for (size_t at = 0; is_same && sct_attributes_next(a, &at, &name, &value);)
        is_same = strcmp(sct_attributes_get(&found->attributes, name), value) == 0;
    if (is_same && w->put.content_type)
        is_same = strcmp(found->content_type, w->put.content_type) == 0;
    if (is_same) {
        memcpy(out->etag, found->etag, sizeof out->etag);
        memcpy(out->version, found->version, sizeof out->version);
    }
    sct_mem_free(found);
    *is_ours = is_same;
    return status;
}

/* Sends the request that makes the object appear. */
static int send_last(struct s3_writer *w, const struct sct_aws_request *request,
                     struct sct_aws_answer *answer, struct sct_object *out)
{
    struct sct_store *const s = w->base.store;
    struct sct_report why = {.message = ""};
    const int status = sct_aws_call(&s3_of(s)->client, request, answer, &why);
    /* An upload that has been completed is not found any more. */
    const int may_be_ours =
        answer->was_ambiguous &&
        (status == SCT_ERR_PRECONDITION || (status == SCT_ERR_NOT_FOUND && w->upload_id));
    if (may_be_ours) {
        int is_ours;
        const int looked = find_ours(w, out, &is_ours);
        if (is_ours)
            return SCT_DONE;
        if (looked == SCT_ERR_IO || looked == SCT_ERR_TIMEOUT || looked == SCT_ERR_MEMORY)
            return looked; /* another try may tell */
    }
    if (status != SCT_OK) {
        s->report = why; /* not why looking at what is there failed */
        return status;
    }
    sct_s3_describe(out, answer->exchange);
    return SCT_OK;
}

static int complete_upload(struct s3_writer *w, struct sct_object *out)
{
    struct sct_s3_store *const s = s3_of(w->base.store);
    struct sct_s3_headers all = {.n = 0};
    struct sct_pair header[4] = {{"content-type", "application/xml"}};
    struct sct_aws_answer answer = {.exchange = NULL};
    int n = 1;
    int status = upload_parts(w, 1);
    if (status == SCT_OK)
        status = sct_s3_put_headers(s, &all, &w->put, 1);
    for (int i = 0; i < all.n; i++) {
        if (strncmp(all.pair[i].name, "if-", 3) == 0)
            header[n++] = all.pair[i];
    }
    sct_buffer_text(&w->parts, "</CompleteMultipartUpload>");
    if (status == SCT_OK && w->parts.has_failed)
        status = SCT_ERR_MEMORY;
    if (status != SCT_OK)
        return status;
    const struct sct_pair query = {"uploadId", w->upload_id};
    const struct sct_aws_request request = {.method = "POST",
                                            .path = w->path,
                                            .query = &query,
                                            .n_query = 1,
                                            .header = header,
                                            .n_headers = n,
                                            .body = w->parts.data,
                                            .body_bytes = w->parts.n_bytes,
                                            .stall_s = SCT_S3_LONG_STALL_S};
    status = send_last(w, &request, &answer, out);
    char *etag = NULL;
    if (status == SCT_OK && sct_s3_parse_element(&etag, "ETag", answer.body.data,
                                                 answer.body.n_bytes) == SCT_OK)
    {
        snprintf(out->etag, sizeof out->etag, "%s", etag);
        sct_s3_unquote(out->etag);
    }
    sct_mem_free(etag);
    if (status == SCT_OK || status == SCT_DONE) {
        sct_mem_free(w->upload_id);
        w->upload_id = NULL;
    }
    sct_aws_answer_free(&answer);
    return status;
}

static int put_object(struct s3_writer *w, struct sct_object *out)
{
    struct sct_s3_store *const s = s3_of(w->base.store);
    struct sct_s3_headers h = {.n = 0};
    struct sct_aws_answer answer = {.exchange = NULL};
    int status = sct_s3_put_headers(s, &h, &w->put, 1);
    if (status != SCT_OK)
        return status;
    const struct sct_aws_request request = {.method = "PUT",
                                            .path = w->path,
                                            .header = h.pair,
                                            .n_headers = h.n,
                                            .body = w->data.data,
                                            .body_bytes = w->data.n_bytes};
    status = send_last(w, &request, &answer, out);
    sct_aws_answer_free(&answer);
    return status;
}

int sct_s3_commit(sct_store_writer *writer, struct sct_object *out)
{
    struct s3_writer *const w = (struct s3_writer *)writer;
    const int status = w->upload_id ? complete_upload(w, out) : put_object(w, out);
    out->bytes = w->total_bytes;
    sct_s3_abort(writer);
    return status == SCT_DONE ? SCT_OK : status;
}

void sct_s3_abort(sct_store_writer *writer)
{
    struct s3_writer *const w = (struct s3_writer *)writer;
    if (w->upload_id)
        abort_upload(w);
    sct_buffer_free(&w->data);
    sct_buffer_free(&w->parts);
    sct_mem_free(w->key);
    sct_mem_free(w->path);
    sct_mem_free(w);
}
