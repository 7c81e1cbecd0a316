/* JSON through jansson, XML through expat, and the shared files by hand. */
#define _GNU_SOURCE 1
#include "credentials_parse.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "mem.h"
#include "status.h"
#include "xml.h"

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    sct_mem_free(text);
}

void sct_aws_secret_free(struct sct_aws_secret *s)
{
    const struct sct_aws_secret nothing = {.access_key = NULL};
    wipe(s->access_key);
    wipe(s->secret_key);
    wipe(s->token);
    *s = nothing;
}

int sct_aws_secret_fill(struct sct_aws_secret *s, const char *access_key,
                        const char *secret_key, const char *token)
{
    const int has_token = token && token[0];
    s->access_key = sct_buffer_copy(access_key);
    s->secret_key = sct_buffer_copy(secret_key);
    s->token = has_token ? sct_buffer_copy(token) : NULL;
    if (s->access_key && s->secret_key && (!has_token || s->token))
        return SCT_OK;
    sct_aws_secret_free(s);
    return SCT_ERR_MEMORY;
}

int64_t sct_date_parse_iso(const char *text)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest && *rest == '.') {
        do {
            rest++;
        } while (isdigit((unsigned char)*rest));
    }
    return rest && strcmp(rest, "Z") == 0 ? (int64_t)timegm(&tm) : -1;
}

/* Keys and tokens become headers: printable, and not empty. */
static int is_header_value(const char *text)
{
    for (const char *s = text; *s; s++) {
        if (*s <= ' ' || *s > '~')
            return 0;
    }
    return text[0] != '\0';
}

/* Complete, or SCT_ERR_CORRUPT and nothing. */
static int judge_secret(struct sct_aws_secret *s)
{
    if (s->access_key && s->secret_key && is_header_value(s->access_key) &&
        is_header_value(s->secret_key) && (!s->token || is_header_value(s->token)) &&
        s->expires_s >= 0)
        return SCT_OK;
    sct_aws_secret_free(s);
    return SCT_ERR_CORRUPT;
}

int sct_credentials_parse_json(struct sct_aws_secret *s, const char *text, size_t n_bytes)
{
    const struct sct_aws_secret nothing = {.access_key = NULL};
    int status = SCT_OK;
    *s = nothing;
    json_t *const root = json_loadb(text, n_bytes, 0, NULL);
    const char *const access = json_string_value(json_object_get(root, "AccessKeyId"));
    const char *const secret =
        json_string_value(json_object_get(root, "SecretAccessKey"));
    const char *const token = json_string_value(json_object_get(root, "Token"));
    const char *const expires = json_string_value(json_object_get(root, "Expiration"));
    if (access && secret) {
        status = sct_aws_secret_fill(s, access, secret, token);
        s->expires_s = expires ? sct_date_parse_iso(expires) : 0;
    }
    json_decref(root);
    return status == SCT_OK ? judge_secret(s) : status;
}

static int take_sts_element(void *ctx, const char *path, const char *text)
{
    static const char prefix[] = "AssumeRoleWithWebIdentityResponse/"
                                 "AssumeRoleWithWebIdentityResult/Credentials/";
    struct sct_aws_secret *const s = ctx;
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return SCT_OK;
    const char *const name = path + sizeof prefix - 1;
    char **const place = strcmp(name, "AccessKeyId") == 0       ? &s->access_key
                         : strcmp(name, "SecretAccessKey") == 0 ? &s->secret_key
                         : strcmp(name, "SessionToken") == 0    ? &s->token
                                                                : NULL;
    if (strcmp(name, "Expiration") == 0)
        s->expires_s = sct_date_parse_iso(text);
    if (!place)
        return SCT_OK;
    wipe(*place);
    *place = sct_buffer_copy(text);
    return *place ? SCT_OK : SCT_ERR_MEMORY;
}

int sct_credentials_parse_sts(struct sct_aws_secret *s, const char *text, size_t n_bytes)
{
    const struct sct_aws_secret nothing = {.access_key = NULL};
    *s = nothing;
    const int status = sct_xml_walk(text, n_bytes, take_sts_element, s);
    if (status != SCT_OK) {
        sct_aws_secret_free(s);
        return status;
    }
    return judge_secret(s);
}

/* A piece of a line, without the spaces around it. */
struct piece {
    const char *text;
    size_t n_bytes;
};

static struct piece trim(const char *begin, const char *end)
{
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    const struct piece p = {begin, (size_t)(end - begin)};
    return p;
}

static int is_text(struct piece p, const char *text)
{
    return p.n_bytes == strlen(text) && memcmp(p.text, text, p.n_bytes) == 0;
}

/* Whether "[...]" is the section of the profile. */
static int is_section_of(struct piece name, const char *profile, int is_config)
{
    static const char word[] = "profile";
    if (!is_config || strcmp(profile, "default") == 0) {
        if (is_text(name, profile))
            return 1;
    }
    if (!is_config || name.n_bytes < sizeof word ||
        memcmp(name.text, word, sizeof word - 1) != 0 ||
        !isblank((unsigned char)name.text[sizeof word - 1]))
        return 0;
    return is_text(trim(name.text + sizeof word, name.text + name.n_bytes), profile);
}

/* Where the value ends: at a comment, which begins behind white space. */
static const char *find_comment(const char *begin, const char *end)
{
    for (const char *s = begin; s + 1 < end; s++) {
        if (isblank((unsigned char)s[0]) && (s[1] == '#' || s[1] == ';'))
            return s;
    }
    return end;
}

char *sct_profile_find(const char *text, const char *profile, int is_config,
                       const char *key)
{
    int is_inside = 0, was_there = 0;
    struct piece found = {NULL, 0};
    for (const char *line = text; *line;) {
        const char *const end = strchrnul(line, '\n');
        const struct piece all = trim(line, end);
        const char *const equals = memchr(line, '=', (size_t)(end - line));
        if (line[0] == '[') {
            const char *const bracket = memchr(line, ']', (size_t)(end - line));
            is_inside =
                bracket && is_section_of(trim(line + 1, bracket), profile, is_config);
            was_there |= is_inside;
        } else if (is_inside && key && equals && !isblank((unsigned char)line[0]) &&
                   all.text[0] != '#' && all.text[0] != ';' &&
                   is_text(trim(line, equals), key))
        {
            found = trim(equals + 1, find_comment(equals + 1, end));
        }
        line = *end ? end + 1 : end;
    }
    if (!key && was_there)
        return sct_buffer_copy("");
    if (!found.text)
        return NULL;
    struct sct_buffer b = {0};
    sct_buffer_add(&b, found.text, found.n_bytes);
    return sct_buffer_take(&b);
}
