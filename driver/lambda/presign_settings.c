/* The environment of `presign`. */
#define _GNU_SOURCE 1
#include "presign_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sigv4.h"
#include "words.h"

static const char *get_or(const char *name, const char *otherwise)
{
    const char *const value = getenv(name);
    return value && value[0] ? value : otherwise;
}

static int require(const char **value, const char *name, struct sct_report *report)
{
    *value = get_or(name, NULL);
    return *value ? SCT_OK
                  : sct_report_fail(report, SCT_ERR_ARGUMENT, "%s is not set", name);
}

static int take_number(int64_t *number, const char *name, int64_t otherwise, int64_t low,
                       int64_t high, struct sct_report *report)
{
    const char *const text = get_or(name, NULL);
    *number = otherwise;
    if (!text || sct_integer_parse(text, low, high, number) == SCT_OK)
        return SCT_OK;
    return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s is a number from %lld to %lld",
                           name, (long long)low, (long long)high);
}

static int take_words(struct sct_words *words, const char *name, const char *otherwise,
                      struct sct_report *report)
{
    char *rest = NULL;
    words->text = sct_buffer_copy(get_or(name, otherwise));
    if (!words->text)
        return SCT_ERR_MEMORY;
    for (char *word = strtok_r(words->text, ", ", &rest); word;
         word = strtok_r(NULL, ", ", &rest))
    {
        if (words->n == (int)(sizeof words->word / sizeof *words->word))
            return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s has more than %d words",
                                   name, words->n);
        words->word[words->n++] = word;
    }
    return SCT_OK;
}

/* RFC 6838, in lower case, and without what a signature or a log might stumble over. */
static int is_content_type(const char *text)
{
    static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-";
    const size_t n = strspn(text, part);
    const size_t n_behind = text[n] == '/' ? strspn(text + n + 1, part) : 0;
    return n > 0 && n_behind > 0 && text[n + 1 + n_behind] == '\0' &&
           n + 1 + n_behind <= 100;
}

static int take_limits(struct sct_presign_settings *s, struct sct_report *report)
{
    int status = take_words(&s->types, "SCANTLING_UPLOAD_TYPES",
                            "image/jpeg,image/png,image/webp", report);
    for (int i = 0; status == SCT_OK && i < s->types.n; i++) {
        if (!is_content_type(s->types.word[i]))
            status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                     "SCANTLING_UPLOAD_TYPES: %s is no content type in "
                                     "lower case",
                                     s->types.word[i]);
    }
    /* 5 GB is the most that one PUT brings into S3. */
    if (status == SCT_OK)
        status = take_number(&s->max_bytes, "SCANTLING_UPLOAD_MAX_BYTES", 50000000, 1,
                             5000000000, report);
    if (status == SCT_OK)
        status = take_number(&s->min_bytes, "SCANTLING_UPLOAD_MIN_BYTES", 1, 0,
                             s->max_bytes, report);
    if (status == SCT_OK)
        status = take_number(&s->expires_s, "SCANTLING_UPLOAD_EXPIRES", 300, 1,
                             SCT_SIGV4_MAX_EXPIRES_S, report);
    return status;
}

static int read_file(struct sct_buffer *out, const char *path, struct sct_report *report)
{
    char part[4096];
    FILE *const file = fopen(path, "re");
    out->max_bytes = SCT_JWT_MAX_KEYS_BYTES;
    for (size_t n = file ? 1 : 0; n > 0 && !out->has_failed;) {
        n = fread(part, 1, sizeof part, file);
        sct_buffer_add(out, part, n);
    }
    const int is_bad = !file || ferror(file) || out->has_failed;
    if (is_bad)
        sct_report_fail(report, SCT_ERR_IO, "SCANTLING_JWT_KEYS_FILE: %s: %s", path,
                        out->has_failed ? "too large" : strerror(errno));
    if (file)
        fclose(file);
    return is_bad ? SCT_ERR_IO : SCT_OK;
}

static int take_keys(struct sct_presign_settings *s, struct sct_report *report)
{
    const char *const text = get_or("SCANTLING_JWT_KEYS", NULL);
    const char *const path = get_or("SCANTLING_JWT_KEYS_FILE", NULL);
    const char *const name = text ? "SCANTLING_JWT_KEYS" : "SCANTLING_JWT_KEYS_FILE";
    struct sct_buffer file = {0};
    struct sct_report why = {.message = ""};
    int status = SCT_OK;
    if (!text == !path)
        return sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "one of SCANTLING_JWT_KEYS and SCANTLING_JWT_KEYS_FILE has "
            "to be set");
    if (path)
        status = read_file(&file, path, report);
    if (status == SCT_OK) {
        status = sct_jwt_keys_create(&s->keys,
                                     text        ? text
                                     : file.data ? file.data
                                                 : "",
                                     &why);
        if (status != SCT_OK)
            sct_report_fail(report, status, "%s: %s", name, why.message);
    }
    sct_buffer_free(&file);
    s->rules.keys = s->keys;
    return status;
}

static int take_authorisation(struct sct_presign_settings *s, struct sct_report *report)
{
    const char *kind;
    int64_t leeway_s = 0;
    int status = require(&kind, "SCANTLING_AUTH", report);
    if (status != SCT_OK)
        return status;
    s->uses_iam = strcmp(kind, "iam") == 0;
    if (s->uses_iam)
        return SCT_OK;
    if (strcmp(kind, "jwt") != 0)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "SCANTLING_AUTH is \"jwt\" or \"iam\"");
    status = take_keys(s, report);
    if (status == SCT_OK)
        status = require(&s->rules.issuer, "SCANTLING_JWT_ISSUER", report);
    if (status == SCT_OK)
        status = require(&s->rules.audience, "SCANTLING_JWT_AUDIENCE", report);
    if (status == SCT_OK)
        status = take_number(&leeway_s, "SCANTLING_JWT_LEEWAY", 30, 0, 300, report);
    s->rules.leeway_s = (int)leeway_s;
    return status;
}

int sct_presign_settings_read(struct sct_presign_settings *s, struct sct_report *report)
{
    const struct sct_presign_settings nothing = {.uploads = NULL};
    *s = nothing;
    int status = require(&s->uploads, "SCANTLING_UPLOADS", report);
    if (status == SCT_OK)
        status = take_authorisation(s, report);
    if (status == SCT_OK)
        status = take_limits(s, report);
    if (status == SCT_OK)
        status = take_words(&s->origins, "SCANTLING_CORS_ORIGINS", "", report);
    return status;
}

void sct_presign_settings_free(struct sct_presign_settings *s)
{
    sct_jwt_keys_free(s->keys);
    sct_mem_free(s->types.text);
    sct_mem_free(s->origins.text);
}
