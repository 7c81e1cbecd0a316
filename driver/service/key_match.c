/* Matching keys: the template is read beside the key.
 *
 *     {folder}{file}-{name}.{ext}
 *     2024/   a.jpg -large .webp      name and ext are known; folder and file take as much as
 *                                     they can, and give back while what follows does not fit
 *
 * What a placeholder has taken once it stands for everywhere, and a file decides its stem: what
 * is found leads to the same key again. */
#define _GNU_SOURCE 1
#include "key_match.h"

#include <stdlib.h>
#include <string.h>

#include "template.h"

enum word { FOLDER, FILE_NAME, STEM, NAME, EXT, N_WORDS };

static const char *const words[N_WORDS] = {"folder", "file", "stem", "name", "ext"};

struct span {
    const char *text; /* NULL: not known yet */
    size_t n_bytes;
};

int sct_key_is_reversible(const char *template)
{
    size_t n;
    for (const char *p = template; *p; p += n) {
        if (sct_template_read(p, words, N_WORDS, &n) == FILE_NAME)
            return 1;
    }
    return 0;
}

static struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* As in sct_key_expand: without the last dot and what follows, unless it begins with that dot. */
static struct span stem_of(struct span file)
{
    const char *const dot = memrchr(file.text, '.', file.n_bytes);
    if (dot && dot != file.text)
        file.n_bytes = (size_t)(dot - file.text);
    return file;
}

static int are_equal(struct span a, struct span b)
{
    return a.n_bytes == b.n_bytes && memcmp(a.text, b.text, a.n_bytes) == 0;
}

/* Whether the word can be this; then it is known, and what follows from it, too. */
static int set_word(struct span known[N_WORDS], enum word word, struct span value)
{
    if (word == FOLDER ? value.n_bytes > 0 && value.text[value.n_bytes - 1] != '/'
                       : value.n_bytes == 0)
        return 0;
    if (word == FILE_NAME) {
        const struct span stem = stem_of(value);
        if (known[STEM].text && !are_equal(known[STEM], stem))
            return 0;
        known[STEM] = stem;
    }
    known[word] = value;
    return 1;
}

/* Whether the rest of the key is what the rest of the template says. Then all words of the template
 * are known. */
static int match_rest(struct span known[N_WORDS], const char *template, const char *key)
{
    size_t n;
    if (!*template)
        return !*key;
    const int word = sct_template_read(template, words, N_WORDS, &n);
    const struct span value = word >= 0 ? known[word] : (struct span){template, 1};
    if (value.text)
        return strncmp(key, value.text, value.n_bytes) == 0 &&
               match_rest(known, template + n, key + value.n_bytes);
    const size_t most = word == FOLDER ? strlen(key) : strcspn(key, "/");
    for (size_t i = most + 1; i-- > 0;) {
        struct span trial[N_WORDS];
        memcpy(trial, known, sizeof trial);
        if (set_word(trial, (enum word)word, (struct span){key, i}) &&
            match_rest(trial, template + n, key + i))
        {
            memcpy(known, trial, sizeof trial);
            return 1;
        }
    }
    return 0;
}

static int match_variant(const struct sct_recipe *recipe, const struct sct_variant *v,
                         const char *key, struct span known[N_WORDS])
{
    for (int i = 0; sct_encoder_at(i); i++) {
        const struct sct_encoder_ops *const format = sct_encoder_at(i);
        const struct span start[N_WORDS] = {
            [NAME] = span_of(v->name), [EXT] = span_of(format->extension)};
        memcpy(known, start, sizeof start);
        if ((!v->format || v->format == format) && match_rest(known, recipe->key, key))
            return known[FILE_NAME].text != NULL;
    }
    return 0;
}

static char *join(struct span a, struct span b)
{
    char *const text = malloc(a.n_bytes + b.n_bytes + 1);
    if (!text)
        return NULL;
    if (a.n_bytes > 0)
        memcpy(text, a.text, a.n_bytes);
    memcpy(text + a.n_bytes, b.text, b.n_bytes);
    text[a.n_bytes + b.n_bytes] = '\0';
    return text;
}

int sct_key_match(const struct sct_recipe *recipe, const char *output_key, int *variant,
                  char **source_key)
{
    struct span found[N_WORDS] = {{NULL, 0}}, known[N_WORDS];
    *source_key = NULL;
    for (int i = 0; i < recipe->n_variants; i++) {
        const struct sct_variant *const v = &recipe->variant[i];
        if ((found[NAME].text && strlen(v->name) <= found[NAME].n_bytes) ||
            !match_variant(recipe, v, output_key, known))
            continue;
        memcpy(found, known, sizeof found);
        *variant = i;
    }
    if (!found[NAME].text)
        return SCT_ERR_NOT_FOUND;
    *source_key = join(found[FOLDER], found[FILE_NAME]);
    return *source_key ? SCT_OK : SCT_ERR_MEMORY;
}
