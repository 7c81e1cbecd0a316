/* Limits by their names. */
#include "limit_words.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

enum kind { PIXELS, BYTES, SIZE, NUMBER, SECONDS };

static const struct {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct sct_limits */
    int max;       /* of a NUMBER, and the same in words */
    const char *wanted;
} limits_known[] = {
    {"max-pixels", PIXELS, offsetof(struct sct_limits, max_pixels), 0, ""},
    {"max-side", NUMBER, offsetof(struct sct_limits, max_side), 1 << 24,
     "a whole number from 1 to 16777216"},
    {"max-whole-pixels", PIXELS, offsetof(struct sct_limits, max_whole_pixels), 0, ""},
    {"max-input", BYTES, offsetof(struct sct_limits, max_input_bytes), 0, ""},
    {"max-metadata", BYTES, offsetof(struct sct_limits, max_metadata_bytes), 0, ""},
    {"max-scans", NUMBER, offsetof(struct sct_limits, max_scans), 1000000,
     "a whole number from 1 to 1000000"},
    {"max-memory", SIZE, offsetof(struct sct_limits, max_memory_bytes), 0, ""},
    {"timeout", SECONDS, offsetof(struct sct_limits, max_seconds), 0, ""},
};

enum { N_LIMITS = sizeof limits_known / sizeof *limits_known };

const char *sct_limits_name_at(int i)
{
    return i < N_LIMITS ? limits_known[i].name : NULL;
}

int sct_limits_take(struct sct_limits *limits, const char *name, const char *text,
                    const char **wanted)
{
    int i = 0, status = SCT_OK;
    int64_t value = 0;
    while (i < N_LIMITS && strcmp(limits_known[i].name, name) != 0)
        i++;
    if (i == N_LIMITS)
        return SCT_DONE;
    void *const place = (char *)limits + limits_known[i].offset;
    switch (limits_known[i].kind) {
    case PIXELS:
        *wanted = "a number of pixels, such as 268M";
        status = sct_amount_parse(text, 1000, PTRDIFF_MAX, place);
        break;
    case BYTES:
        *wanted = "a number of bytes, such as 512M";
        status = sct_amount_parse(text, 1024, PTRDIFF_MAX, place);
        break;
    case SIZE:
        *wanted = "a number of bytes, such as 512M";
        status = sct_amount_parse(text, 1024, PTRDIFF_MAX, &value);
        if (status == SCT_OK)
            *(size_t *)place = (size_t)value;
        break;
    case NUMBER:
        *wanted = limits_known[i].wanted;
        status = sct_integer_parse(text, 1, limits_known[i].max, &value);
        if (status == SCT_OK)
            *(int *)place = (int)value;
        break;
    case SECONDS:
        *wanted = "a number of seconds, such as 10 or 0.5";
        status = sct_seconds_parse(text, place);
        break;
    }
    return status;
}

void sct_limits_name_variable(char *out, size_t n, const char *name)
{
    snprintf(out, n, "SCANTLING_%s", name);
    for (char *p = out; *p; p++)
        *p = (char)(*p == '-' ? '_' : toupper((unsigned char)*p));
}

int sct_limits_from_environment(struct sct_limits *limits, struct sct_report *report)
{
    for (int i = 0; i < N_LIMITS; i++) {
        char variable[48];
        const char *wanted = "";
        sct_limits_name_variable(variable, sizeof variable, limits_known[i].name);
        const char *const text = getenv(variable);
        if (!text || !text[0])
            continue;
        if (sct_limits_take(limits, limits_known[i].name, text, &wanted) != SCT_OK)
            return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s: '%.60s' is not %s",
                                   variable, text, wanted);
    }
    return SCT_OK;
}
