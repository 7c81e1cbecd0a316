/* Pages of lists, and single elements. */
#define _GNU_SOURCE 1
#include "s3_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "credentials_parse.h"
#include "mem.h"
#include "status.h"
#include "xml.h"

enum { MAX_KEY_BYTES = 1024 };

static const char contents[] = "ListBucketResult/Contents/";

void sct_s3_unquote(char *etag)
{
    const size_t n = strlen(etag);
    if (n >= 2 && etag[0] == '"' && etag[n - 1] == '"') {
        memmove(etag, etag + 1, n - 2);
        etag[n - 2] = '\0';
    }
}

static size_t keep_text(struct sct_s3_page *page, const char *text)
{
    const size_t at = page->texts.n_bytes;
    sct_buffer_add(&page->texts, text, strlen(text) + 1);
    return at;
}

static int keep_key(struct sct_s3_page *page, const char *encoded, size_t *at)
{
    *at = page->texts.n_bytes;
    const int status = sct_buffer_decode(&page->texts, encoded, 1);
    const size_t n = page->texts.n_bytes - *at;
    sct_buffer_add(&page->texts, "", 1);
    if (page->texts.has_failed)
        return SCT_ERR_MEMORY;
    return status == SCT_OK && n > 0 && n <= MAX_KEY_BYTES ? SCT_OK : SCT_ERR_CORRUPT;
}

/* One element of an entry; the entry that is being read is the one behind the last. */
static int take_entry_element(struct sct_s3_page *page, const char *name,
                              const char *text)
{
    if (page->n_entries == SCT_S3_PAGE_ENTRIES)
        return SCT_ERR_CORRUPT;
    if (strcmp(name, "Key") == 0) {
        return keep_key(page, text, &page->entry[page->n_entries].key_at);
    } else if (strcmp(name, "ETag") == 0) {
        const size_t at = keep_text(page, text);
        page->entry[page->n_entries].etag_at = at;
        if (!page->texts.has_failed)
            sct_s3_unquote(page->texts.data + at);
    } else if (strcmp(name, "Size") == 0) {
        char *end;
        page->entry[page->n_entries].bytes = strtoull(text, &end, 10);
        if (!isdigit((unsigned char)text[0]) || *end)
            return SCT_ERR_CORRUPT;
    } else if (strcmp(name, "LastModified") == 0) {
        page->entry[page->n_entries].mtime_s = sct_date_parse_iso(text);
    }
    return SCT_OK;
}

static int take_element(void *ctx, const char *path, const char *text)
{
    struct sct_s3_page *const page = ctx;
    const size_t n = sizeof contents - 1;
    if (strncmp(path, contents, n) == 0)
        return take_entry_element(page, path + n, text);
    if (strlen(path) == n - 1 && strncmp(path, contents, n - 1) == 0) {
        /* texts begins with a zero, so 0 says that there was no key. */
        if (page->n_entries == SCT_S3_PAGE_ENTRIES ||
            !page->entry[page->n_entries].key_at)
            return SCT_ERR_CORRUPT;
        page->n_entries++;
    } else if (strcmp(path, "ListBucketResult/IsTruncated") == 0) {
        page->is_truncated = strcmp(text, "true") == 0;
    } else if (strcmp(path, "ListBucketResult/NextContinuationToken") == 0) {
        sct_mem_free(page->next);
        page->next = sct_buffer_copy(text);
        return page->next ? SCT_OK : SCT_ERR_MEMORY;
    }
    return page->texts.has_failed ? SCT_ERR_MEMORY : SCT_OK;
}

int sct_s3_page_parse(struct sct_s3_page *page, const char *data, size_t n_bytes)
{
    sct_s3_page_free(page);
    sct_buffer_add(&page->texts, "", 1);
    const int status = sct_xml_walk(data, n_bytes, take_element, page);
    if (status != SCT_OK)
        return status;
    /* A page that says there is more and not where would be fetched for ever. */
    return page->is_truncated && !page->next ? SCT_ERR_CORRUPT : SCT_OK;
}

void sct_s3_page_free(struct sct_s3_page *page)
{
    sct_buffer_free(&page->texts);
    sct_mem_free(page->next);
    memset(page, 0, sizeof *page);
}

struct wanted {
    const char *name;
    char *text;
};

static int take_wanted(void *ctx, const char *path, const char *text)
{
    struct wanted *const w = ctx;
    const char *const slash = strchr(path, '/');
    if (w->text || !slash || strcmp(slash + 1, w->name) != 0)
        return SCT_OK;
    w->text = sct_buffer_copy(text);
    return w->text ? SCT_OK : SCT_ERR_MEMORY;
}

int sct_s3_parse_element(char **text, const char *name, const char *data, size_t n_bytes)
{
    struct wanted w = {.name = name};
    int status = sct_xml_walk(data, n_bytes, take_wanted, &w);
    if (status == SCT_OK && (!w.text || !w.text[0]))
        status = SCT_ERR_CORRUPT;
    if (status != SCT_OK) {
        sct_mem_free(w.text);
        w.text = NULL;
    }
    *text = w.text;
    return status;
}
