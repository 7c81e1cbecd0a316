/* Keys of outputs: a template that has been checked once is filled in for every output. */
#define _GNU_SOURCE 1
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "template.h"

enum placeholder { FOLDER, FILE_NAME, STEM, NAME, EXT, N_PLACEHOLDERS };

static const char *const placeholder_names[N_PLACEHOLDERS] = {"folder", "file", "stem",
                                                              "name", "ext"};

static int read_token(const char *p, size_t *n)
{
    return sct_template_read(p, placeholder_names, N_PLACEHOLDERS, n);
}

/* No part may be empty, "." or "..": it would be another place than it seems. */
static int stays_below(const char *template)
{
    for (const char *p = template;; p++) {
        const size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return 0;
        p += n;
        if (!*p)
            return 1;
    }
}

/* Whether outputs of one source get the same key. */
static int are_same(const struct sct_variant *a, const struct sct_variant *b,
                    const int has[N_PLACEHOLDERS])
{
    if (has[NAME] && strcmp(a->name, b->name) != 0)
        return 0;
    return !(has[EXT] && a->format && b->format && a->format != b->format);
}

int sct_key_check(const char *template, const struct sct_variant *variant, int n_variants,
                  char *message, size_t message_bytes)
{
    int has[N_PLACEHOLDERS] = {0};
    size_t n;
    if (strlen(template) >= SCT_KEY_TEMPLATE_BYTES || !stays_below(template)) {
        snprintf(
            message, message_bytes,
            "'%.80s' is no key: parts with single slashes between them, none of which "
            "is . or ..",
            template);
        return SCT_ERR_ARGUMENT;
    }
    for (const char *p = template; *p; p += n) {
        const int token = read_token(p, &n);
        if (token >= 0)
            has[token] = 1;
        if (token == FOLDER && (p[n] == '/' || !p[n])) {
            snprintf(message, message_bytes,
                     "'%.80s': {folder} has a slash at its end already", template);
            return SCT_ERR_ARGUMENT;
        }
        if (token != -2)
            continue;
        snprintf(
            message, message_bytes,
            "'%.80s' has something else in braces than {folder} {file} {stem} {name} "
            "{ext}",
            template);
        return SCT_ERR_ARGUMENT;
    }
    if (!has[FILE_NAME] && !has[STEM]) {
        snprintf(message, message_bytes,
                 "'%.80s' is one key for all sources; use {file} or {stem} in it",
                 template);
        return SCT_ERR_ARGUMENT;
    }
    for (int i = 0; i < n_variants; i++) {
        for (int k = 0; k < i; k++) {
            if (!are_same(&variant[i], &variant[k], has))
                continue;
            snprintf(
                message, message_bytes,
                "'%.80s' is one key for several variants; use {name} and {ext} in it",
                template);
            return SCT_ERR_ARGUMENT;
        }
    }
    return SCT_OK;
}

char *sct_key_expand(const char *template, const char *source_key,
                     const struct sct_variant *variant,
                     const struct sct_encoder_ops *format)
{
    const char *const leaf = sct_path_leaf(source_key), *const dot = strrchr(leaf, '.');
    const size_t stem_bytes = dot && dot != leaf ? (size_t)(dot - leaf) : strlen(leaf);
    char *key = NULL;
    size_t size, n;
    FILE *const out = open_memstream(&key, &size);
    if (!out)
        return NULL;
    for (const char *p = template; *p; p += n) {
        switch (read_token(p, &n)) {
        case FOLDER: fwrite(source_key, 1, (size_t)(leaf - source_key), out); break;
        case FILE_NAME: fputs(leaf, out); break;
        case STEM: fwrite(leaf, 1, stem_bytes, out); break;
        case NAME: fputs(variant->name, out); break;
        case EXT: fputs(format ? format->extension : "jpg", out); break;
        default: fputc(*p, out); break;
        }
    }
    const int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(key);
        return NULL;
    }
    return key;
}
