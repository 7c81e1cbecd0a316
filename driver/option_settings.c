/* Options that describe outputs; see option_parts.h. */
#include "option_parts.h"

#include <stdio.h>
#include <string.h>

#include "text.h"
#include "variants_json.h"
#include "words.h"

static int take_filter(const char *text, const struct sct_filter **filter)
{
    *filter = sct_filter_find(text);
    if (*filter)
        return SCT_OK;
    char list[160] = "one of:";
    for (int i = 0; sct_filter_at(i); i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, " %s", sct_filter_at(i)->name);
    }
    return sct_option_refuse("--filter", text, list);
}

static int take_size(struct sct_option_reading *r, const char *text)
{
    int width, height;
    if (sct_size_parse(text, &width, &height) != SCT_OK)
        return sct_option_refuse("--size", text, SCT_SIZE_FORMS);
    for (int i = 0; i < r->n_sizes; i++) {
        if (strcmp(r->size[i], text) == 0) {
            sct_text_complain("--size: '%s' is there twice", text);
            return SCT_ERR_ARGUMENT;
        }
    }
    if (r->n_sizes == SCT_MAX_VARIANTS) {
        sct_text_complain("--size: '%s' is one too many: %d are possible", text,
                          SCT_MAX_VARIANTS);
        return SCT_ERR_ARGUMENT;
    }
    r->size[r->n_sizes++] = text;
    return SCT_OK;
}

/* A list with commas, each format once. */
static int take_formats(struct sct_option_reading *r, const char *text)
{
    char word[16], wanted[80] = "one of: ";
    r->n_formats = 0;
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, ",");
        const struct sct_encoder_ops *format = NULL;
        int is_known = n < sizeof word && r->n_formats < MAX_FORMATS;
        if (is_known) {
            memcpy(word, p, n);
            word[n] = '\0';
            is_known = sct_format_parse(word, &format) == SCT_OK;
        }
        if (!is_known) {
            sct_format_list(wanted + strlen(wanted), sizeof wanted - strlen(wanted));
            return sct_option_refuse("--format", text, wanted);
        }
        for (int i = 0; i < r->n_formats; i++)
            if (r->format[i] == format)
                return sct_option_refuse("--format", text,
                                         "a list with every format once");
        r->format[r->n_formats++] = format;
        p += n;
        if (!*p)
            return SCT_OK;
    }
}

int sct_option_take_setting(struct sct_option_reading *r, int c, const char *text)
{
    struct sct_variant *const v = &r->common;
    const char *name = NULL;
    int status = SCT_OK;
    int64_t value;
    switch (c) {
    case 's':
        name = "--size";
        status = take_size(r, text);
        break;
    case OPT_FIT:
        name = "--fit";
        if (sct_fit_parse(text, &v->fit) != SCT_OK)
            status = sct_option_refuse(name, text, "one of: inside cover fill");
        break;
    case OPT_ENLARGE:
        name = "--enlarge";
        v->enlarge = 1;
        break;
    case 'q':
        name = "--quality";
        if (sct_quality_parse(text, &v->quality, &v->score) != SCT_OK)
            status = sct_option_refuse(
                name, text, "a whole number from 1 to 100, auto or auto:SCORE");
        break;
    case 'f':
        name = "--format";
        status = take_formats(r, text);
        break;
    case OPT_FILTER:
        name = "--filter";
        status = take_filter(text, &v->filter);
        break;
    case OPT_SUBSAMPLING:
        name = "--subsampling";
        if (sct_subsampling_parse(text, &v->subsampling) != SCT_OK)
            status = sct_option_refuse(name, text, "one of: 4:2:0 4:2:2 4:4:4 source");
        break;
    case OPT_PROGRESSIVE:
        name = "--progressive";
        v->progressive = 1;
        break;
    case OPT_OPTIMIZE:
        name = "--optimize";
        v->optimize = 1;
        break;
    case OPT_QUALITY_EXACT:
        name = "--quality-exact";
        v->quality_exact = 1;
        break;
    case OPT_LOSSLESS:
        name = "--lossless";
        v->lossless = 1;
        break;
    case OPT_COMPRESSION:
        name = "--compression";
        if (sct_integer_parse(text, 0, 9, &value) != SCT_OK)
            status = sct_option_refuse(name, text, "a whole number from 0 to 9");
        else
            v->compression = (int)value;
        break;
    case OPT_EFFORT:
        name = "--effort";
        if (sct_integer_parse(text, 0, SCT_MAX_EFFORT, &value) != SCT_OK)
            status = sct_option_refuse(name, text, "0, 1 or 2");
        else
            v->effort = (int)value;
        break;
    case OPT_MAX_BYTES:
        name = "--max-bytes";
        if (sct_amount_parse(text, 1000, INT32_MAX, &value) != SCT_OK)
            status = sct_option_refuse(name, text,
                                       "a number of bytes, such as 150000 or 150K");
        else
            v->max_bytes = (size_t)value;
        break;
    case OPT_DEPTH:
        name = "--depth";
        if (strcmp(text, "8") != 0 && strcmp(text, "16") != 0)
            status = sct_option_refuse(name, text, "8 or 16");
        v->depth = strcmp(text, "16") == 0 ? 16 : 8;
        break;
    case OPT_BACKGROUND:
        name = "--background";
        status = sct_option_take_background(text, v->background);
        break;
    case OPT_ICC:
        name = "--icc";
        if (sct_icc_parse(text, &v->icc) != SCT_OK)
            status = sct_option_refuse(name, text, "one of: keep srgb drop");
        break;
    case OPT_METADATA:
        name = "--metadata";
        if (sct_metadata_parse(text, &v->metadata) != SCT_OK)
            status = sct_option_refuse(name, text, "one of: none copyright all");
        break;
    default: return SCT_DONE;
    }
    if (!r->setting)
        r->setting = name;
    return status;
}

int sct_option_make_variants(struct sct_option_reading *r)
{
    struct sct_options *const o = r->o;
    if (r->variants_path) {
        char message[512];
        if (r->setting) {
            sct_text_complain("%s and --variants exclude each other: put it into '%s'",
                              r->setting, r->variants_path);
            return SCT_ERR_ARGUMENT;
        }
        o->has_variants_file = 1;
        if (sct_variants_load(r->variants_path, o->variant, &o->n_variants,
                              r->variants_key, message, sizeof message) == SCT_OK)
            return SCT_OK;
        sct_text_complain("--variants: %s", message);
        return SCT_ERR_ARGUMENT;
    }
    if (r->n_sizes == 0) {
        sct_text_complain(
            "which size? Say --size, or --variants; see 'scantling %s --help'",
            r->command);
        return SCT_ERR_ARGUMENT;
    }
    if (r->n_formats == 0)
        r->format[r->n_formats++] = NULL;
    if (r->n_sizes * r->n_formats > SCT_MAX_VARIANTS) {
        sct_text_complain(
            "%d sizes in %d formats: at most %d pictures can be made at once", r->n_sizes,
            r->n_formats, SCT_MAX_VARIANTS);
        return SCT_ERR_ARGUMENT;
    }
    for (int i = 0; i < r->n_sizes * r->n_formats; i++) {
        struct sct_variant *const v = &o->variant[i];
        const char *const size = r->size[i / r->n_formats];
        *v = r->common;
        v->format = r->format[i % r->n_formats];
        (void)sct_size_parse(size, &v->width, &v->height); /* has been checked */
        snprintf(v->name, sizeof v->name, "%s", size);
    }
    o->n_variants = r->n_sizes * r->n_formats;
    return SCT_OK;
}
