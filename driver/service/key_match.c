/* Matching keys: for each variant and format the template is a regular expression, and what it finds
 * counts when it leads to the same key again. */
#define _GNU_SOURCE 1
#include "key_match.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"

enum { N_GROUPS = 10 };

int sct_key_is_reversible(const char *template)
{
    return strstr(template, "{file}") != NULL;
}

static void quote(struct sct_buffer *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)text[i]) && (unsigned char)text[i] < 128)
            sct_buffer_add(out, "\\", 1);
        sct_buffer_add(out, &text[i], 1);
    }
}

/* Where the groups of the first {folder} and the first {file} are; 0: there is none. */
struct groups {
    int n, folder, file;
};

static size_t translate(struct sct_buffer *out, const char *p, struct groups *groups,
                        const char *name, const char *extension)
{
    static const char *const words[] = {"{folder}", "{file}", "{stem}", "{name}",
                                        "{ext}"};
    if ((p[0] == '{' && p[1] == '{') || (p[0] == '}' && p[1] == '}')) {
        quote(out, p, 1);
        return 2;
    }
    for (int i = 0; i < 5; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(p, words[i], n) != 0)
            continue;
        if (i == 3) {
            quote(out, name, strlen(name));
        } else if (i == 4) {
            quote(out, extension, strlen(extension));
        } else {
            int *const group = i == 0 ? &groups->folder : &groups->file;
            groups->n++;
            if (i < 2 && *group == 0)
                *group = groups->n;
            sct_buffer_text(out, i == 0 ? "(.*/|)" : "([^/]+)");
        }
        return n;
    }
    quote(out, p, 1);
    return 1;
}

static char *copy_source(const char *key, const regmatch_t *match, const struct groups *g)
{
    const regmatch_t *const folder = &match[g->folder], *const file = &match[g->file];
    const size_t n_folder = g->folder ? (size_t)(folder->rm_eo - folder->rm_so) : 0;
    const size_t n_file = (size_t)(file->rm_eo - file->rm_so);
    char *const source = malloc(n_folder + n_file + 1);
    if (source) {
        memcpy(source, key + (g->folder ? folder->rm_so : 0), n_folder);
        memcpy(source + n_folder, key + file->rm_so, n_file);
        source[n_folder + n_file] = '\0';
    }
    return source;
}

static int match_format(const struct sct_recipe *recipe, int i,
                        const struct sct_encoder_ops *format, const char *key,
                        char **source_key)
{
    const struct sct_variant *const v = &recipe->variant[i];
    struct sct_buffer pattern = {0};
    struct groups groups = {0, 0, 0};
    regmatch_t match[N_GROUPS + 1];
    regex_t regex;
    sct_buffer_text(&pattern, "^");
    for (const char *p = recipe->key; *p;)
        p += translate(&pattern, p, &groups, v->name, format->extension);
    sct_buffer_text(&pattern, "$");
    int status = pattern.has_failed ? SCT_ERR_MEMORY : SCT_ERR_NOT_FOUND;
    if (status == SCT_ERR_NOT_FOUND && groups.file > 0 && groups.n <= N_GROUPS &&
        regcomp(&regex, pattern.data, REG_EXTENDED) == 0)
    {
        if (regexec(&regex, key, N_GROUPS + 1, match, 0) == 0) {
            char *const source = copy_source(key, match, &groups);
            char *const again =
                source ? sct_key_expand(recipe->key, source, v, format) : NULL;
            status = !again                    ? SCT_ERR_MEMORY
                     : strcmp(again, key) == 0 ? SCT_OK
                                               : SCT_ERR_NOT_FOUND;
            free(again);
            if (status == SCT_OK)
                *source_key = source;
            else
                free(source);
        }
        regfree(&regex);
    }
    sct_buffer_free(&pattern);
    return status;
}

int sct_key_match(const struct sct_recipe *recipe, const char *output_key, int *variant,
                  char **source_key)
{
    *source_key = NULL;
    for (int i = 0; i < recipe->n_variants; i++) {
        const struct sct_encoder_ops *const wanted = recipe->variant[i].format;
        for (int k = 0; sct_encoder_at(k); k++) {
            if (wanted && wanted != sct_encoder_at(k))
                continue;
            *variant = i;
            const int status =
                match_format(recipe, i, sct_encoder_at(k), output_key, source_key);
            if (status != SCT_ERR_NOT_FOUND)
                return status;
        }
    }
    return SCT_ERR_NOT_FOUND;
}
