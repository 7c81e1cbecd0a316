/* Recipes: read, checked, and hashed once. */
#include "recipe.h"

#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"
#include "variants_json.h"

enum { MAX_FILE_BYTES = 1 << 20, MESSAGE_BYTES = 256 };

void sct_recipe_init(struct sct_recipe *r)
{
    memset(r, 0, sizeof *r);
    snprintf(r->key, sizeof r->key, "%s", SCT_KEY_DEFAULT);
    snprintf(r->cache_control, sizeof r->cache_control, "%s", SCT_CACHE_CONTROL_DEFAULT);
    sct_dsp_init(&r->dsp, NULL);
}

int sct_recipe_seal(struct sct_recipe *r, struct sct_report *report)
{
    char message[MESSAGE_BYTES];
    if (r->n_variants < 1)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "there are no variants");
    if (sct_key_check(r->key, r->variant, r->n_variants, message, sizeof message) !=
        SCT_OK)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s", message);
    for (int i = 0; i < r->n_variants; i++)
        sct_variant_hash(r->settings[i], &r->variant[i], r->linear, r->salvage);
    return SCT_OK;
}

static int parse(struct sct_recipe *r, const char *text, size_t n_bytes, const char *name,
                 struct sct_report *report)
{
    char key[SCT_KEY_TEMPLATE_BYTES] = "", message[MESSAGE_BYTES];
    if (sct_variants_parse(text, n_bytes, name, r->variant, &r->n_variants, key, message,
                           sizeof message) != SCT_OK)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s", message);
    if (key[0])
        memcpy(r->key, key, sizeof r->key);
    return SCT_OK;
}

static int read_object(sct_store *store, const char *key, struct sct_buffer *text,
                       struct sct_report *report)
{
    sct_store_reader *reader;
    struct sct_object object;
    char piece[4096];
    int status = sct_store_get(store, key, NULL, &reader, &object);
    if (status != SCT_OK)
        return sct_report_fail(report, status, "%s", sct_store_message(store));
    const struct sct_source source = sct_store_reader_source(reader);
    for (size_t n = 1; status == SCT_OK && n > 0 && !text->has_failed;) {
        status = source.read(source.ctx, piece, sizeof piece, &n);
        if (status == SCT_OK)
            sct_buffer_add(text, piece, n);
    }
    sct_store_reader_close(reader);
    if (status != SCT_OK)
        return sct_report_fail(report, status, "%s", sct_store_message(store));
    if (text->has_failed)
        return sct_report_fail(report, SCT_ERR_TOO_LARGE, "no variants.json is so large");
    return SCT_OK;
}

/* "s3://bucket/folder/variants.json": a store and a key. */
static int load_object(struct sct_recipe *r, const char *url,
                       const struct sct_store_spec *spec, struct sct_report *report)
{
    struct sct_buffer text = {.max_bytes = MAX_FILE_BYTES};
    sct_store *store = NULL;
    char *const folder = sct_buffer_copy(url);
    char *const slash = folder ? strrchr(folder, '/') : NULL;
    int status = folder ? SCT_OK : SCT_ERR_MEMORY;
    if (slash)
        *slash = '\0';
    if (status == SCT_OK)
        status = sct_store_open(&store, folder, spec, report);
    if (status == SCT_OK)
        status = read_object(store, slash + 1, &text, report);
    if (status == SCT_OK)
        status = parse(r, text.data ? text.data : "", text.n_bytes, url, report);
    sct_store_close(store);
    sct_buffer_free(&text);
    sct_mem_free(folder);
    return status;
}

int sct_recipe_load(struct sct_recipe *r, const char *variants,
                    const struct sct_store_spec *spec, struct sct_report *report)
{
    char key[SCT_KEY_TEMPLATE_BYTES] = "", message[MESSAGE_BYTES];
    if (variants[strspn(variants, " \t\r\n")] == '{')
        return parse(r, variants, strlen(variants), "variants", report);
    if (strstr(variants, "://"))
        return load_object(r, variants, spec, report);
    if (sct_variants_load(variants, r->variant, &r->n_variants, key, message,
                          sizeof message) != SCT_OK)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s", message);
    if (key[0])
        memcpy(r->key, key, sizeof r->key);
    return SCT_OK;
}

const char *sct_recipe_content_type(const char *format)
{
    return strcmp(format, "png") == 0    ? "image/png"
           : strcmp(format, "webp") == 0 ? "image/webp"
                                         : "image/jpeg";
}
