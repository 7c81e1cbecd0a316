/* expat, with limits: the path of open elements, and the text of the innermost. */
#include "xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "mem.h"
#include "status.h"

enum { MAX_LEVELS = 16, PATH_BYTES = 512, TEXT_BYTES = 8192 };

struct walker {
    XML_Parser parser;
    sct_xml_end *end;
    void *ctx;
    int status;
    int n_levels;
    size_t path_bytes, text_bytes;
    size_t parent_bytes[MAX_LEVELS]; /* of the path, without this element */
    char path[PATH_BYTES], text[TEXT_BYTES];
};

static void stop(struct walker *w, int status)
{
    if (w->status == SCT_OK)
        w->status = status;
    XML_StopParser(w->parser, XML_FALSE);
}

static void begin_element(void *ctx, const char *name, const char **attributes)
{
    struct walker *const w = ctx;
    const size_t n = strlen(name);
    (void)attributes;
    if (w->status != SCT_OK)
        return;
    if (w->n_levels == MAX_LEVELS || n + 2 > sizeof w->path - w->path_bytes) {
        stop(w, SCT_ERR_CORRUPT);
        return;
    }
    w->parent_bytes[w->n_levels++] = w->path_bytes;
    if (w->path_bytes > 0)
        w->path[w->path_bytes++] = '/';
    memcpy(w->path + w->path_bytes, name, n + 1);
    w->path_bytes += n;
    w->text_bytes = 0;
}

static void add_text(void *ctx, const char *text, int n)
{
    struct walker *const w = ctx;
    if (w->status != SCT_OK)
        return;
    if ((size_t)n >= sizeof w->text - w->text_bytes) {
        stop(w, SCT_ERR_CORRUPT);
        return;
    }
    memcpy(w->text + w->text_bytes, text, (size_t)n);
    w->text_bytes += (size_t)n;
}

static void end_element(void *ctx, const char *name)
{
    struct walker *const w = ctx;
    (void)name;
    if (w->status != SCT_OK)
        return;
    w->text[w->text_bytes] = '\0';
    const int status = w->end(w->ctx, w->path, w->text);
    if (status != SCT_OK) {
        stop(w, status);
        return;
    }
    w->path_bytes = w->parent_bytes[--w->n_levels];
    w->path[w->path_bytes] = '\0';
    w->text_bytes = 0;
}

static void refuse_document_type(void *ctx, const char *name, const char *system,
                                 const char *public, int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    stop(ctx, SCT_ERR_CORRUPT);
}

int sct_xml_walk(const char *data, size_t n_bytes, sct_xml_end *end, void *ctx)
{
    if (n_bytes > INT_MAX)
        return SCT_ERR_CORRUPT;
    for (; n_bytes > 0 && strchr(" \t\r\n", *data) && *data; data++)
        n_bytes--; /* S3 sends some to keep a connection alive */
    struct walker *const w = sct_mem_alloc(sizeof *w);
    int status = SCT_ERR_MEMORY;
    if (!w)
        return status;
    w->end = end;
    w->ctx = ctx;
    w->parser = XML_ParserCreate(NULL);
    if (!w->parser)
        goto done;
    XML_SetUserData(w->parser, w);
    XML_SetElementHandler(w->parser, begin_element, end_element);
    XML_SetCharacterDataHandler(w->parser, add_text);
    XML_SetStartDoctypeDeclHandler(w->parser, refuse_document_type);
    const enum XML_Status parsed = XML_Parse(w->parser, data, (int)n_bytes, XML_TRUE);
    status = w->status;
    if (parsed != XML_STATUS_OK && status == SCT_OK)
        status = XML_GetErrorCode(w->parser) == XML_ERROR_NO_MEMORY ? SCT_ERR_MEMORY
                                                                    : SCT_ERR_CORRUPT;
    XML_ParserFree(w->parser);
done:
    sct_mem_free(w);
    return status;
}
