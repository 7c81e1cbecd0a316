/* Settings: one table of names for options and variables. */
#define _GNU_SOURCE 1
#include "settings.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limit_words.h"
#include "mem.h"
#include "text.h"
#include "verdict.h"
#include "words.h"

enum { MAX_JOBS = 256 };

enum kind { TEXT, FLAG, SPECIAL };

#define AT(field) offsetof(struct sct_settings, field)

static const struct {
    const char *name;
    enum kind kind;
    size_t offset;
} settings_known[] = {
    {"variants", TEXT, AT(variants)},
    {"queue", TEXT, AT(queue)},
    {"failed", TEXT, AT(failed)},
    {"mirror-deletes", FLAG, AT(recipe.mirror_deletes)},
    {"salvage", FLAG, AT(recipe.salvage)},
    {"linear", FLAG, AT(recipe.linear)},
    {"no-sandbox", FLAG, AT(without_sandbox)},
    {"json", FLAG, AT(json)},
    {"quiet", FLAG, AT(quiet)},
    {"source", SPECIAL, 0},
    {"target", SPECIAL, 0},
    {"jobs", SPECIAL, 0},
    {"key", SPECIAL, 0},
    {"cache-control", SPECIAL, 0},
};

enum { N_SETTINGS = sizeof settings_known / sizeof *settings_known };

static int find(const char *name)
{
    for (int i = 0; i < N_SETTINGS; i++)
        if (strcmp(settings_known[i].name, name) == 0)
            return i;
    return -1;
}

int sct_settings_has(const char *name)
{
    const int i = find(name);
    if (i >= 0)
        return settings_known[i].kind == FLAG ? 1 : 2;
    for (int k = 0; sct_limits_name_at(k); k++)
        if (strcmp(sct_limits_name_at(k), name) == 0)
            return 2;
    return 0;
}

/* ---- one setting --------------------------------------------------------------------- */

static int refuse(const char *name, const char *value, const char *wanted,
                  struct sct_report *report)
{
    return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s: '%.80s' is not %s", name, value,
                           wanted);
}

static int take_jobs(struct sct_settings *s, const char *value, struct sct_report *report)
{
    int64_t n;
    if (sct_integer_parse(value, 0, MAX_JOBS, &n) != SCT_OK)
        return refuse("jobs", value, "a whole number from 0 to 256", report);
    const long n_cpus = n == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : (long)n;
    s->n_jobs = n_cpus < 1 ? 1 : n_cpus > MAX_JOBS ? MAX_JOBS : (int)n_cpus;
    return SCT_OK;
}

static void forget_sources(struct sct_settings *s)
{
    while (s->n_sources > 0)
        sct_mem_free((char *)s->source[--s->n_sources]);
}

/* A bare word is more likely a bucket whose s3:// was forgotten than a folder that is to be made. */
static int is_store(const char *value)
{
    struct stat s;
    return (stat(value, &s) == 0 && S_ISDIR(s.st_mode)) ||
           strncmp(value, "s3://", 5) == 0 || strncmp(value, "file://", 7) == 0 ||
           value[0] == '/' || value[0] == '.';
}

static int take_store(struct sct_settings *s, const char *name, const char *value,
                      struct sct_report *report)
{
    const int is_source = name[0] == 's';
    if (value[0] && !is_store(value))
        return refuse(
            name, value,
            "s3://bucket/prefix, file:///folder, or the path of a folder; one that "
            "is to be made begins with / or ./",
            report);
    char *const url = value[0] ? sct_store_canonical(value) : NULL;
    if (value[0] && !url)
        return refuse(name, value, "a store", report);
    if (!is_source) {
        sct_mem_free((char *)s->target);
        s->target = url;
    } else if (url && s->n_sources < SCT_SERVICE_MAX_SOURCES) {
        s->source[s->n_sources++] = url;
    } else if (url) {
        sct_mem_free(url);
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "source: there can be at most %d",
                               SCT_SERVICE_MAX_SOURCES);
    }
    return SCT_OK;
}

static int take_special(struct sct_settings *s, const char *name, const char *value,
                        struct sct_report *report)
{
    struct sct_recipe *const r = &s->recipe;
    if (strcmp(name, "jobs") == 0)
        return take_jobs(s, value, report);
    if (strcmp(name, "source") == 0 || strcmp(name, "target") == 0)
        return take_store(s, name, value, report);
    const int is_key = strcmp(name, "key") == 0;
    const size_t size = is_key ? sizeof r->key : sizeof r->cache_control;
    if (strlen(value) >= size || (is_key && !value[0]))
        return refuse(name, value, is_key ? "a template of keys" : "so short a text",
                      report);
    strcpy(is_key ? r->key : r->cache_control, value);
    s->has_key |= is_key;
    return SCT_OK;
}

static int take_flag(int *flag, const char *name, const char *value,
                     struct sct_report *report)
{
    if (strcmp(value, "1") == 0 || strcmp(value, "true") == 0)
        *flag = 1;
    else if (strcmp(value, "0") == 0 || strcmp(value, "false") == 0)
        *flag = 0;
    else
        return refuse(name, value, "1 or 0", report);
    return SCT_OK;
}

int sct_settings_take(struct sct_settings *s, const char *name, const char *value,
                      struct sct_report *report)
{
    const int i = find(name);
    const char *wanted = "";
    if (i < 0)
        return sct_limits_take(&s->recipe.limits, name, value, &wanted) == SCT_OK
                   ? SCT_OK
                   : refuse(name, value, wanted, report);
    void *const place = (char *)s + settings_known[i].offset;
    switch (settings_known[i].kind) {
    case TEXT: *(const char **)place = value[0] ? value : NULL; return SCT_OK;
    case FLAG: return take_flag(place, name, value, report);
    case SPECIAL: break;
    }
    return take_special(s, name, value, report);
}

/* ---- the environment ----------------------------------------------------------------- */

static int take_sources(struct sct_settings *s, const char *text,
                        struct sct_report *report)
{
    int status = SCT_OK;
    char *rest = NULL, *const copy = strdup(text);
    if (!copy)
        return SCT_ERR_MEMORY;
    for (char *one = strtok_r(copy, ",", &rest); one && status == SCT_OK;
         one = strtok_r(NULL, ",", &rest))
        status = take_store(s, "source", one + strspn(one, " "), report);
    free(copy);
    return status;
}

int sct_settings_init(struct sct_settings *s, struct sct_report *report)
{
    memset(s, 0, sizeof *s);
    sct_recipe_init(&s->recipe);
    s->n_jobs = 1;
    int status = sct_limits_from_environment(&s->recipe.limits, report);
    for (int i = 0; status == SCT_OK && i < N_SETTINGS; i++) {
        const char *const name = settings_known[i].name;
        char variable[48];
        sct_limits_name_variable(variable, sizeof variable, name);
        const char *const text = getenv(variable);
        if (!text || (!text[0] && strcmp(name, "cache-control") != 0))
            continue;
        struct sct_report why = {.message = ""};
        status = strcmp(name, "source") == 0 ? take_sources(s, text, &why)
                                             : sct_settings_take(s, name, text, &why);
        if (status != SCT_OK)
            sct_report_fail(report, status, "%s: %s", variable, why.message);
    }
    return status;
}

void sct_settings_free(struct sct_settings *s)
{
    forget_sources(s);
    sct_mem_free((char *)s->target);
    s->target = NULL;
}

int sct_settings_finish(struct sct_settings *s, const struct sct_store_spec *spec,
                        struct sct_report *report)
{
    char key[SCT_KEY_TEMPLATE_BYTES];
    if (!s->variants)
        return sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "which sizes? --variants, or SCANTLING_VARIANTS, is missing");
    memcpy(key, s->recipe.key, sizeof key);
    int status = sct_recipe_load(&s->recipe, s->variants, spec, report);
    if (s->has_key) /* over that of the file */
        memcpy(s->recipe.key, key, sizeof key);
    if (status == SCT_OK)
        status = sct_recipe_seal(&s->recipe, report);
    return status;
}

/* ---- the command line ---------------------------------------------------------------- */

struct parsing {
    struct sct_settings *settings;
    const char *command;
    int (*take)(void *ctx, const char *name, const char *value);
    void *ctx;
    int has_sources; /* on the command line, which replace those of the environment */
};

/* How many words the option has used; below 0 after a complaint. */
static int take_option(struct parsing *p, const char *name, const char *attached,
                       const char *next)
{
    struct sct_report report = {.message = ""};
    const int kind = sct_settings_has(name);
    const char *const value = attached ? attached : next;
    if (kind == 0) {
        const int n = p->take ? p->take(p->ctx, name, value) : 0;
        if (n == 0)
            sct_text_complain("%s: there is no option --%s; see 'scantling %s --help'",
                              p->command, name, p->command);
        return n == 0 ? -1 : n > 1 && attached ? 1 : n;
    }
    if (kind == 2 && !value) {
        sct_text_complain("%s: --%s needs a value", p->command, name);
        return -1;
    }
    if (strcmp(name, "source") == 0 && !p->has_sources) {
        p->has_sources = 1;
        forget_sources(p->settings);
    }
    const char *const text = kind == 1 && !attached ? "1" : value;
    if (sct_settings_take(p->settings, name, text, &report) != SCT_OK) {
        sct_text_complain("%s: --%s", p->command, report.message);
        return -1;
    }
    return kind == 2 && !attached ? 2 : 1;
}

static int take_word(struct parsing *p, const char *word, const char *next)
{
    char name[64];
    if (strncmp(word, "-j", 2) == 0 && word[2] != '-')
        return take_option(p, "jobs", word[2] ? word + 2 : NULL, next);
    const char *const equals = strchr(word, '=');
    const size_t n = equals ? (size_t)(equals - word) : strlen(word);
    if (strncmp(word, "--", 2) != 0 || n < 3 || n - 2 >= sizeof name) {
        sct_text_complain("%s: '%s' makes no sense here; see 'scantling %s --help'",
                          p->command, word, p->command);
        return -1;
    }
    memcpy(name, word + 2, n - 2);
    name[n - 2] = '\0';
    return take_option(p, name, equals ? equals + 1 : NULL, next);
}

int sct_settings_parse(struct sct_settings *s, int argc, char **argv,
                       int (*take)(void *ctx, const char *name, const char *value),
                       void *ctx)
{
    struct parsing p = {.settings = s, .command = argv[0], .take = take, .ctx = ctx};
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return SCT_DONE;
        const int n = take_word(&p, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (n < 0)
            return SCT_ERR_ARGUMENT;
        i += n;
    }
    return SCT_OK;
}

int sct_settings_read(struct sct_settings *s, int argc, char **argv,
                      int (*take)(void *ctx, const char *name, const char *value),
                      void *ctx)
{
    struct sct_report report = {.message = ""};
    const int status = sct_settings_init(s, &report);
    if (status == SCT_OK)
        return sct_settings_parse(s, argc, argv, take, ctx);
    sct_text_complain("%s: %s", argv[0],
                      report.message[0] ? report.message : sct_verdict_explain(status));
    return SCT_ERR_ARGUMENT;
}
