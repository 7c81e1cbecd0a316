/* Limits, in options and in the environment; see option_parts.h. */
#include "option_parts.h"

#include <stdio.h>

#include "limit_words.h"
#include "text.h"

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
    char option[32];
    const char *const name = name_limit(c), *wanted = "";
    const int status = sct_limits_take(limits, name, text, &wanted);
    snprintf(option, sizeof option, "--%s", name);
    return status == SCT_ERR_ARGUMENT ? sct_option_refuse(option, text, wanted) : status;
}

int sct_option_take_environment(struct sct_limits *limits)
{
    struct sct_report report = {.message = ""};
    const int status = sct_limits_from_environment(limits, &report);
    if (status != SCT_OK)
        sct_text_complain("%s", report.message);
    return status;
}
