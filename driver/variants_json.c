/* variants.json through jansson. Strict on purpose: a key that is spelt wrong is an error
 * and not a setting that silently does nothing. The rules are those of
 * variants.schema.json, and two that a schema cannot state: no key twice in an object, no
 * name twice in the list. */
#include "variants_json.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "keys.h"
#include "words.h"

struct loader {
    char *message;
    size_t message_bytes;
    const char *path;
    char where[SCT_NAME_BYTES + 32]; /* "defaults", "variant 2", "variant \"small\"" */
};

__attribute__((format(printf, 2, 3))) static int fail_load(const struct loader *l,
                                                           const char *format, ...)
{
    const int n = snprintf(l->message, l->message_bytes, "%s: %s%s", l->path, l->where,
                           l->where[0] ? ": " : "");
    if (n >= 0 && (size_t)n < l->message_bytes) {
        va_list args;
        va_start(args, format);
        vsnprintf(l->message + n, l->message_bytes - (size_t)n, format, args);
        va_end(args);
    }
    return SCT_ERR_ARGUMENT;
}

/* JSON knows no integers: 80.0 is 80. */
static int take_integer(const struct loader *l, const char *key, const json_t *value,
                        int max, int *out)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 1 && number <= max) ||
        number != floor(number))
        return fail_load(l, "\"%s\" must be a whole number from 1 to %d", key, max);
    *out = (int)number;
    return SCT_OK;
}

/* The same where 0 is one of them. */
static int take_level(const struct loader *l, const char *key, const json_t *value,
                      int max, int *out)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= max) ||
        number != floor(number))
        return fail_load(l, "\"%s\" must be a whole number from 0 to %d", key, max);
    *out = (int)number;
    return SCT_OK;
}

static int take_boolean(const struct loader *l, const char *key, const json_t *value,
                        int *out)
{
    if (!json_is_boolean(value))
        return fail_load(l, "\"%s\" must be true or false", key);
    *out = json_is_true(value);
    return SCT_OK;
}

/* A number, or "auto". */
static int take_quality(const struct loader *l, const json_t *value,
                        struct sct_variant *v)
{
    const char *const word = json_string_value(value);
    if (!word) {
        v->score = 0;
        return take_integer(l, "quality", value, 100, &v->quality);
    }
    if (strncmp(word, "auto", 4) != 0 ||
        sct_quality_parse(word, &v->quality, &v->score) != SCT_OK)
        return fail_load(l, "\"quality\" must be a whole number from 1 to 100, "
                            "\"auto\" or \"auto:SCORE\"");
    return SCT_OK;
}

/* What may stand in "defaults" and in every variant. SCT_DONE: not such a key. */
static int take_setting(const struct loader *l, const char *key, const json_t *value,
                        struct sct_variant *v)
{
    if (strcmp(key, "enlarge") == 0)
        return take_boolean(l, key, value, &v->enlarge);
    if (strcmp(key, "progressive") == 0)
        return take_boolean(l, key, value, &v->progressive);
    if (strcmp(key, "optimize") == 0)
        return take_boolean(l, key, value, &v->optimize);
    if (strcmp(key, "quality") == 0)
        return take_quality(l, value, v);
    if (strcmp(key, "quality_exact") == 0)
        return take_boolean(l, key, value, &v->quality_exact);
    if (strcmp(key, "lossless") == 0)
        return take_boolean(l, key, value, &v->lossless);
    if (strcmp(key, "compression") == 0)
        return take_level(l, key, value, 9, &v->compression);
    if (strcmp(key, "effort") == 0)
        return take_level(l, key, value, SCT_MAX_EFFORT, &v->effort);
    if (strcmp(key, "max_bytes") == 0) {
        int max_bytes = 0;
        const int status = take_integer(l, key, value, INT32_MAX, &max_bytes);
        if (status == SCT_OK)
            v->max_bytes = (size_t)max_bytes;
        return status;
    }
    if (strcmp(key, "depth") == 0) {
        const double depth = json_number_value(value);
        if (depth != 8 && depth != 16)
            return fail_load(l, "\"depth\" must be 8 or 16");
        v->depth = (int)depth;
        return SCT_OK;
    }

    /* The rest are words; what is no string is as wrong as an unknown word. */
    const char *const word = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(key, "fit") == 0) {
        if (sct_fit_parse(word, &v->fit) != SCT_OK)
            return fail_load(l, "\"fit\" must be \"inside\", \"cover\" or \"fill\"");
        return SCT_OK;
    }
    if (strcmp(key, "subsampling") == 0) {
        if (sct_subsampling_parse(word, &v->subsampling) != SCT_OK)
            return fail_load(l,
                             "\"subsampling\" must be \"4:2:0\", \"4:2:2\", \"4:4:4\" or "
                             "\"source\"");
        return SCT_OK;
    }
    if (strcmp(key, "format") == 0) {
        char list[64];
        sct_format_list(list, sizeof list);
        if (sct_format_parse(word, &v->format) != SCT_OK)
            return fail_load(l, "\"format\" must be one of: %s", list);
        return SCT_OK;
    }
    if (strcmp(key, "icc") == 0) {
        if (sct_icc_parse(word, &v->icc) != SCT_OK)
            return fail_load(l, "\"icc\" must be \"keep\", \"srgb\" or \"drop\"");
        return SCT_OK;
    }
    if (strcmp(key, "metadata") == 0) {
        if (sct_metadata_parse(word, &v->metadata) != SCT_OK)
            return fail_load(l, "\"metadata\" must be \"none\", \"copyright\" or "
                                "\"all\"");
        return SCT_OK;
    }
    if (strcmp(key, "background") == 0) {
        if (sct_colour_parse(word, v->background) != SCT_OK)
            return fail_load(l, "\"background\" must be a colour, such as \"white\" or "
                                "\"#ffe4c4\"");
        return SCT_OK;
    }
    if (strcmp(key, "filter") == 0) {
        v->filter = sct_filter_find(word);
        if (!v->filter)
            return fail_load(
                l, "\"filter\" must be \"lanczos3\", \"lanczos2\", \"catmull-rom\", "
                   "\"mitchell\", \"triangle\" or \"area\"");
        return SCT_OK;
    }
    return SCT_DONE;
}

static int take_size(const struct loader *l, const json_t *value, struct sct_variant *v)
{
    if (json_is_number(value)) {
        const int status = take_integer(l, "size", value, SCT_MAX_SIDE, &v->width);
        v->height = v->width;
        return status;
    }
    if (!json_is_string(value) ||
        sct_size_parse(json_string_value(value), &v->width, &v->height) != SCT_OK)
        return fail_load(l, "\"size\" must be a number or a string: " SCT_SIZE_FORMS);
    return SCT_OK;
}

static int take_name(struct loader *l, const json_t *value, struct sct_variant *v)
{
    const char *const name = json_is_string(value) ? json_string_value(value) : "";
    if (!sct_name_is_valid(name))
        return fail_load(
            l, "\"name\" must be 1 to 63 letters, digits, '.', '_' or '-', and a "
               "letter or digit first");
    snprintf(v->name, sizeof v->name, "%s", name);
    snprintf(l->where, sizeof l->where, "variant \"%s\"", name);
    return SCT_OK;
}

static int load_defaults(struct loader *l, json_t *object, struct sct_variant *v)
{
    const char *key;
    json_t *value;
    snprintf(l->where, sizeof l->where, "\"defaults\"");
    if (!json_is_object(object))
        return fail_load(l, "must be an object");
    json_object_foreach(object, key, value)
    {
        const int status = take_setting(l, key, value, v);
        if (status == SCT_DONE)
            return fail_load(l, "unknown key \"%s\"", key);
        if (status != SCT_OK)
            return status;
    }
    l->where[0] = '\0';
    return SCT_OK;
}

static int load_variant(struct loader *l, json_t *object, struct sct_variant *v)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return fail_load(l, "must be an object");
    /* The name first, so that the other complaints can tell it. */
    if (!json_object_get(object, "name"))
        return fail_load(l, "\"name\" is missing");
    int status = take_name(l, json_object_get(object, "name"), v);
    if (status != SCT_OK)
        return status;
    int has_size = 0, has_side = 0;
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "name") == 0) {
            continue;
        } else if (strcmp(key, "size") == 0) {
            has_size = 1;
            status = take_size(l, value, v);
        } else if (strcmp(key, "width") == 0) {
            has_side = 1;
            status = take_integer(l, key, value, SCT_MAX_SIDE, &v->width);
        } else if (strcmp(key, "height") == 0) {
            has_side = 1;
            status = take_integer(l, key, value, SCT_MAX_SIDE, &v->height);
        } else {
            status = take_setting(l, key, value, v);
        }
        if (status == SCT_DONE)
            return fail_load(l, "unknown key \"%s\"", key);
        if (status != SCT_OK)
            return status;
    }
    if (has_size && has_side)
        return fail_load(l, "\"size\" excludes \"width\" and \"height\"");
    if (!has_size && !has_side)
        return fail_load(l, "one of \"size\", \"width\" and \"height\" is missing");
    return SCT_OK;
}

static int load_list(struct loader *l, json_t *list, const struct sct_variant *defaults,
                     struct sct_variant *variant, int *n_variants)
{
    const size_t n = json_array_size(list);
    if (!json_is_array(list) || n < 1 || n > SCT_MAX_VARIANTS)
        return fail_load(l, "\"variants\" must be a list of 1 to %d variants",
                         SCT_MAX_VARIANTS);
    for (size_t i = 0; i < n; i++) {
        snprintf(l->where, sizeof l->where, "variant %zu", i + 1);
        variant[i] = *defaults;
        const int status = load_variant(l, json_array_get(list, i), &variant[i]);
        if (status != SCT_OK)
            return status;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(variant[k].name, variant[i].name) == 0)
                return fail_load(l, "the name is there twice");
        }
    }
    *n_variants = (int)n;
    return SCT_OK;
}

static int take_key(const struct loader *l, const json_t *value,
                    const struct sct_variant *variant, int n_variants, char *key)
{
    char message[256];
    const char *const template = json_string_value(value);
    if (!template)
        return fail_load(l, "\"key\" must be a string");
    if (sct_key_check(template, variant, n_variants, message, sizeof message) != SCT_OK)
        return fail_load(l, "\"key\": %s", message);
    if (key)
        memcpy(key, template, strlen(template) + 1);
    return SCT_OK;
}

/* The document, which it frees; NULL with the error: there is none. */
static int load_document(json_t *root, const json_error_t *error, struct loader *l,
                         struct sct_variant *variant, int *n_variants, char *key_template)
{
    struct sct_variant defaults = sct_variant_default();
    const char *key;
    json_t *value;
    int status = SCT_OK;

    if (!root) {
        if (error->line > 0)
            snprintf(l->message, l->message_bytes, "%s:%d:%d: %s", l->path, error->line,
                     error->column, error->text);
        else
            snprintf(l->message, l->message_bytes, "%s", error->text);
        return SCT_ERR_ARGUMENT;
    }
    if (!json_is_object(root)) {
        status = fail_load(l, "must be an object with the key \"variants\"");
        goto done;
    }
    json_object_foreach(root, key, value)
    {
        if (strcmp(key, "$schema") == 0 && !json_is_string(value))
            status = fail_load(l, "\"$schema\" must be a string");
        else if (strcmp(key, "$schema") != 0 && strcmp(key, "defaults") != 0 &&
                 strcmp(key, "variants") != 0 && strcmp(key, "key") != 0)
            status = fail_load(l, "unknown key \"%s\"", key);
        if (status != SCT_OK)
            goto done;
    }
    if (json_object_get(root, "defaults"))
        status = load_defaults(l, json_object_get(root, "defaults"), &defaults);
    if (status == SCT_OK)
        status = load_list(l, json_object_get(root, "variants"), &defaults, variant,
                           n_variants);
    if (key_template)
        key_template[0] = '\0';
    if (status == SCT_OK && json_object_get(root, "key"))
        status =
            take_key(l, json_object_get(root, "key"), variant, *n_variants, key_template);
done:
    json_decref(root);
    return status;
}

int sct_variants_load(const char *path, struct sct_variant variant[SCT_MAX_VARIANTS],
                      int *n_variants, char *key, char *message, size_t message_bytes)
{
    struct loader l = {.message = message, .message_bytes = message_bytes, .path = path};
    json_error_t error;
    json_t *const root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    return load_document(root, &error, &l, variant, n_variants, key);
}

int sct_variants_parse(const char *text, size_t n_bytes, const char *path,
                       struct sct_variant variant[SCT_MAX_VARIANTS], int *n_variants,
                       char *key, char *message, size_t message_bytes)
{
    struct loader l = {.message = message, .message_bytes = message_bytes, .path = path};
    json_error_t error;
    json_t *const root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &error);
    return load_document(root, &error, &l, variant, n_variants, key);
}
