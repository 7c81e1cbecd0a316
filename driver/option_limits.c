/* Limits, in options and in the environment; see option_parts.h. */
#include "option_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* The same limits in the environment; options take precedence. */
static const struct {
    const char *name;
    int option;
} limit_variables[] = {{"SCANTLING_MAX_PIXELS", OPT_MAX_PIXELS},
                       {"SCANTLING_MAX_SIDE", OPT_MAX_SIDE},
                       {"SCANTLING_MAX_WHOLE_PIXELS", OPT_MAX_WHOLE_PIXELS},
                       {"SCANTLING_MAX_INPUT", OPT_MAX_INPUT},
                       {"SCANTLING_MAX_METADATA", OPT_MAX_METADATA},
                       {"SCANTLING_MAX_SCANS", OPT_MAX_SCANS},
                       {"SCANTLING_MAX_MEMORY", OPT_MAX_MEMORY},
                       {"SCANTLING_TIMEOUT", OPT_TIMEOUT}};

/* `name` is that of the option or of the variable. SCT_DONE: no limit. */
static int take_named_limit(int c, const char *name, const char *text,
                            struct sct_limits *limits)
{
    int64_t value;
    int status;
    switch (c) {
    case OPT_MAX_PIXELS:
        return sct_option_take_amount(name, text, 1000, &limits->max_pixels);
    case OPT_MAX_SIDE:
        return sct_option_take_number(name, text, 1 << 24, &limits->max_side);
    case OPT_MAX_WHOLE_PIXELS:
        return sct_option_take_amount(name, text, 1000, &limits->max_whole_pixels);
    case OPT_MAX_INPUT:
        return sct_option_take_amount(name, text, 1024, &limits->max_input_bytes);
    case OPT_MAX_METADATA:
        return sct_option_take_amount(name, text, 1024, &limits->max_metadata_bytes);
    case OPT_MAX_SCANS:
        return sct_option_take_number(name, text, 1000000, &limits->max_scans);
    case OPT_MAX_MEMORY:
        status = sct_option_take_amount(name, text, 1024, &value);
        if (status == SCT_OK)
            limits->max_memory_bytes = (size_t)value;
        return status;
    case OPT_TIMEOUT: return sct_option_take_seconds(name, text, &limits->max_seconds);
    default: return SCT_DONE;
    }
}

static const char *name_limit(int c)
{
    static const struct option limits[] = {LIMIT_OPTIONS, {NULL, 0, NULL, 0}};
    for (int i = 0; limits[i].name; i++)
        if (limits[i].val == c)
            return limits[i].name;
    return "";
}

int sct_option_take_limit(int c, const char *text, struct sct_limits *limits)
{
    char name[32];
    snprintf(name, sizeof name, "--%s", name_limit(c));
    return take_named_limit(c, name, text, limits);
}

/* An empty variable is none. */
int sct_option_take_environment(struct sct_limits *limits)
{
    int status = SCT_OK;
    for (size_t i = 0; i < sizeof limit_variables / sizeof *limit_variables; i++) {
        const char *const text = getenv(limit_variables[i].name);
        if (text && text[0] && status == SCT_OK)
            status = take_named_limit(limit_variables[i].option, limit_variables[i].name,
                                      text, limits);
    }
    return status;
}

void sct_option_fill_limits(struct sct_limits *limits)
{
    if (limits->max_pixels == 0)
        limits->max_pixels = SCT_MAX_PIXELS;
    if (limits->max_side == 0)
        limits->max_side = SCT_MAX_PICTURE_SIDE;
    if (limits->max_scans == 0)
        limits->max_scans = SCT_MAX_SCANS;
    if (limits->max_whole_pixels == 0)
        limits->max_whole_pixels = SCT_MAX_WHOLE_PIXELS;
    if (limits->max_metadata_bytes == 0)
        limits->max_metadata_bytes = SCT_MAX_METADATA_BYTES;
    if (limits->max_memory_bytes == 0)
        limits->max_memory_bytes = SCT_MAX_MEMORY_BYTES;
    if (limits->max_input_bytes == 0)
        limits->max_input_bytes = SCT_MAX_INPUT_BYTES;
}
