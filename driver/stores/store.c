/* Stores: finds the kind, checks what is common to all, and copies between different ones. */
#define _GNU_SOURCE 1
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"
#include "paths.h"
#include "store_ops.h"

enum { COPY_BYTES = 65536 };

int sct_store_open(sct_store **out, const char *url, const struct sct_store_spec *spec,
                   struct sct_report *report)
{
    static const struct sct_store_ops *const kinds[] = {&sct_store_file, &sct_store_s3};
    static const struct sct_store_spec defaults = {.credentials = NULL};
    const char *const colon = strstr(url, "://");
    *out = NULL;
    if (!colon) /* a plain path */
        return sct_store_file.open(out, url, spec ? spec : &defaults, report);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const size_t n = strlen(kinds[i]->scheme);
        if ((size_t)(colon - url) == n && strncmp(url, kinds[i]->scheme, n) == 0)
            return kinds[i]->open(out, url, spec ? spec : &defaults, report);
    }
    return sct_report_fail(report, SCT_ERR_ARGUMENT,
                           "'%.*s' is no kind of store; there are file:// and s3://",
                           (int)(colon - url), url);
}

void sct_store_close(sct_store *s)
{
    if (s)
        s->ops->close(s);
}

const char *sct_store_message(const sct_store *s)
{
    return s->report.message;
}

int sct_store_check(sct_store *s)
{
    return s->ops->check ? s->ops->check(s) : SCT_OK;
}

int sct_store_trace(sct_store *s, const char *trace_id)
{
    return s->ops->trace ? s->ops->trace(s, trace_id) : SCT_OK;
}

/* Every call begins here: with no message, and a key that can be. */
static int begin(sct_store *s, const char *key)
{
    const struct sct_report nothing = {.message = ""};
    const size_t n = strlen(key);
    s->report = nothing;
    if (n >= 1 && n <= SCT_MAX_KEY_BYTES)
        return SCT_OK;
    return sct_report_fail(&s->report, SCT_ERR_ARGUMENT,
                           "a key has 1 to 1024 bytes, this one has %zu", n);
}

int sct_store_head(sct_store *s, const char *key, const char *version,
                   struct sct_object *out)
{
    const int status = begin(s, key);
    memset(out, 0, sizeof *out);
    return status == SCT_OK ? s->ops->head(s, key, version, out) : status;
}

int sct_store_get(sct_store *s, const char *key, const char *version,
                  sct_store_reader **reader, struct sct_object *out)
{
    const int status = begin(s, key);
    *reader = NULL;
    memset(out, 0, sizeof *out);
    return status == SCT_OK ? s->ops->get(s, key, version, reader, out) : status;
}

static int read_some(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    sct_store_reader *const r = ctx;
    /* Sources have one way to fail; the message says which it was. */
    return r->store->ops->read(r, buffer, capacity, n) == SCT_OK ? SCT_OK : SCT_ERR_IO;
}

struct sct_source sct_store_reader_source(sct_store_reader *r)
{
    const struct sct_source source = {.read = read_some, .ctx = r};
    return source;
}

void sct_store_reader_close(sct_store_reader *r)
{
    if (r)
        r->store->ops->close_reader(r);
}

int sct_store_reader_is_current(const sct_store_reader *r)
{
    return !r->store->ops->is_current || r->store->ops->is_current(r);
}

int sct_store_write(sct_store *s, const char *key, const struct sct_put *put,
                    sct_store_writer **writer)
{
    static const struct sct_put plain = {.content_type = NULL};
    const int status = begin(s, key);
    *writer = NULL;
    return status == SCT_OK ? s->ops->write(s, key, put ? put : &plain, writer) : status;
}

static int write_some(void *ctx, const void *data, size_t n)
{
    sct_store_writer *const w = ctx;
    if (w->status == SCT_OK)
        w->status = w->store->ops->add(w, data, n);
    return w->status == SCT_OK ? SCT_OK : SCT_ERR_IO;
}

struct sct_sink sct_store_writer_sink(sct_store_writer *w)
{
    const struct sct_sink sink = {.write = write_some, .ctx = w};
    return sink;
}

int sct_store_writer_commit(sct_store_writer *w, struct sct_object *out)
{
    struct sct_object unwanted;
    const int status = w->status;
    if (status != SCT_OK) {
        sct_store_writer_abort(w);
        return status;
    }
    memset(out ? out : &unwanted, 0, sizeof *out);
    return w->store->ops->commit(w, out ? out : &unwanted);
}

void sct_store_writer_abort(sct_store_writer *w)
{
    if (w)
        w->store->ops->abort(w);
}

int sct_store_put(sct_store *s, const char *key, const void *data, size_t n_bytes,
                  const struct sct_put *put, struct sct_object *out)
{
    sct_store_writer *writer;
    const int status = sct_store_write(s, key, put, &writer);
    if (status != SCT_OK)
        return status;
    write_some(writer, data, n_bytes);
    return sct_store_writer_commit(writer, out);
}

/* Whether `found` is the object that was meant. */
static int is_same(const struct sct_object *meant, const struct sct_object *found)
{
    return !meant ||
           ((!meant->etag[0] || strcmp(meant->etag, found->etag) == 0) &&
            (!meant->version[0] || strcmp(meant->version, found->version) == 0));
}

static int copy_bytes(sct_store_reader *reader, sct_store_writer *writer)
{
    char part[COPY_BYTES];
    size_t n = 1;
    int status = SCT_OK;
    while (status == SCT_OK && n > 0) {
        status = reader->store->ops->read(reader, part, sizeof part, &n);
        if (status == SCT_OK && n > 0 && write_some(writer, part, n) != SCT_OK)
            return writer->status;
    }
    return status;
}

static int copy_through_us(sct_store *from, const char *from_key,
                           const struct sct_object *source, sct_store *to,
                           const char *to_key, const struct sct_put *put)
{
    struct sct_object found;
    sct_store_reader *reader = NULL;
    sct_store_writer *writer = NULL;
    const char *const version = source && source->version[0] ? source->version : NULL;
    int status = sct_store_get(from, from_key, version, &reader, &found);
    if (status == SCT_OK && !is_same(source, &found))
        status = sct_report_fail(&from->report, SCT_ERR_PRECONDITION,
                                 "the object has been replaced since");
    const struct sct_put same = {.content_type = found.content_type,
                                 .cache_control = found.cache_control,
                                 .attributes = &found.attributes};
    if (status == SCT_OK)
        status = sct_store_write(to, to_key, put ? put : &same, &writer);
    if (status == SCT_OK)
        status = copy_bytes(reader, writer);
    if (status == SCT_OK) {
        status = sct_store_writer_commit(writer, NULL);
        writer = NULL;
    }
    sct_store_writer_abort(writer);
    sct_store_reader_close(reader);
    if (status != SCT_OK && !to->report.message[0])
        sct_report_fail(&to->report, status, "%s", from->report.message);
    return status;
}

int sct_store_copy(sct_store *from, const char *from_key, const struct sct_object *source,
                   sct_store *to, const char *to_key, const struct sct_put *put)
{
    int status = begin(from, from_key);
    if (status == SCT_OK)
        status = begin(to, to_key);
    if (status != SCT_OK)
        return status;
    status = from->ops == to->ops && to->ops->copy
                 ? to->ops->copy(from, from_key, source, to, to_key, put)
                 : SCT_DONE;
    return status == SCT_DONE ? copy_through_us(from, from_key, source, to, to_key, put)
                              : status;
}

int sct_store_delete(sct_store *s, const char *key, const char *version)
{
    const int status = begin(s, key);
    return status == SCT_OK ? s->ops->remove(s, key, version) : status;
}

int sct_store_presign(sct_store *s, const char *method, const char *key,
                      const struct sct_pair *header, int n_headers, int64_t expires_s,
                      char **url)
{
    const int status = begin(s, key);
    *url = NULL;
    if (status != SCT_OK)
        return status;
    if (!s->ops->presign)
        return sct_report_fail(&s->report, SCT_ERR_UNSUPPORTED,
                               "a folder has no URLs for others");
    return s->ops->presign(s, method, key, header, n_headers, expires_s, url);
}

int sct_store_list_open(sct_store *s, const char *prefix, const char *after,
                        sct_store_list **list)
{
    const struct sct_report nothing = {.message = ""};
    s->report = nothing;
    *list = NULL;
    if (strlen(prefix) > SCT_MAX_KEY_BYTES || strlen(after) > SCT_MAX_KEY_BYTES)
        return sct_report_fail(&s->report, SCT_ERR_ARGUMENT,
                               "a prefix has at most 1024 bytes");
    return s->ops->list(s, prefix, after, list);
}

int sct_store_list_next(sct_store_list *l, struct sct_object *out)
{
    memset(out, 0, sizeof *out);
    return l->store->ops->next(l, out);
}

void sct_store_list_close(sct_store_list *l)
{
    if (l)
        l->store->ops->close_list(l);
}

char *sct_store_canonical(const char *url)
{
    struct sct_buffer out = {0};
    if (strstr(url, "://") && strncmp(url, "file:", 5) != 0) {
        size_t n = strlen(url);
        while (n > 0 && url[n - 1] == '/' && url[n - 2] != '/')
            n--;
        sct_buffer_add(&out, url, n);
        return sct_buffer_take(&out);
    }
    char *const folder = sct_store_folder(url), *inside = NULL, *path = NULL;
    if (folder && asprintf(&inside, "%s/x", folder) < 0)
        inside = NULL;
    if (inside)
        path = sct_path_canonical(inside);
    if (path) {
        path[strlen(path) - 2] = '\0'; /* "/x" */
        sct_buffer_text(&out, "file://");
        sct_buffer_encode(&out, path[0] ? path : "/", 1);
    }
    free(path);
    free(inside);
    sct_mem_free(folder);
    return path ? sct_buffer_take(&out) : NULL;
}
