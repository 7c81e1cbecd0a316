/* The words that the command line and variants.json share. Everything is read by hand:
 * strtol would take signs, blanks and hexadecimal that nobody means in a size. */
#include "words.h"

#include <string.h>

/* Reads digits at *text and moves past them. -1 when there are none, when they start with
 * 0, or when they exceed max. */
static int64_t take_number(const char **text, int64_t max)
{
    const char *s = *text;
    if (*s < '1' || *s > '9')
        return -1;
    int64_t value = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        const int digit = *s - '0';
        if (value > (max - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *text = s;
    return value;
}

int sct_size_parse(const char *text, int *width, int *height)
{
    int64_t w = 0, h = 0;
    if (*text != 'x') {
        w = take_number(&text, SCT_MAX_SIDE);
        if (w < 0)
            return SCT_ERR_ARGUMENT;
    }
    if (*text == '\0') {
        h = w; /* never reached for an empty text: take_number has refused it */
    } else {
        if (*text++ != 'x')
            return SCT_ERR_ARGUMENT;
        if (*text != '\0' || w == 0) {
            h = take_number(&text, SCT_MAX_SIDE);
            if (h < 0 || *text != '\0')
                return SCT_ERR_ARGUMENT;
        }
    }
    *width = (int)w;
    *height = (int)h;
    return SCT_OK;
}

int sct_fit_parse(const char *text, enum sct_fit *fit)
{
    if (strcmp(text, "inside") == 0)
        *fit = SCT_FIT_INSIDE;
    else if (strcmp(text, "cover") == 0)
        *fit = SCT_FIT_COVER;
    else if (strcmp(text, "fill") == 0)
        *fit = SCT_FIT_FILL;
    else
        return SCT_ERR_ARGUMENT;
    return SCT_OK;
}

int sct_subsampling_parse(const char *text, enum sct_subsampling *sub)
{
    if (strcmp(text, "4:2:0") == 0)
        *sub = SCT_SUB_420;
    else if (strcmp(text, "4:2:2") == 0)
        *sub = SCT_SUB_422;
    else if (strcmp(text, "4:4:4") == 0)
        *sub = SCT_SUB_444;
    else if (strcmp(text, "source") == 0)
        *sub = SCT_SUB_SOURCE;
    else
        return SCT_ERR_ARGUMENT;
    return SCT_OK;
}

int sct_integer_parse(const char *text, int64_t min, int64_t max, int64_t *value)
{
    int64_t n = 0;
    if (strcmp(text, "0") == 0)
        text++;
    else
        n = take_number(&text, max);
    if (n < min || n > max || *text != '\0')
        return SCT_ERR_ARGUMENT;
    *value = n;
    return SCT_OK;
}

int sct_amount_parse(const char *text, int64_t unit, int64_t max, int64_t *value)
{
    int64_t n = take_number(&text, max);
    if (n < 0)
        return SCT_ERR_ARGUMENT;
    int steps = 0;
    switch (*text) {
    case 'K':
    case 'k': steps = 1; break;
    case 'M': steps = 2; break;
    case 'G': steps = 3; break;
    default: break;
    }
    if (steps > 0)
        text++;
    if (*text != '\0')
        return SCT_ERR_ARGUMENT;
    for (; steps > 0; steps--) {
        if (n > max / unit)
            return SCT_ERR_ARGUMENT;
        n *= unit;
    }
    *value = n;
    return SCT_OK;
}

int sct_name_is_valid(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t n = strlen(text);
    return n >= 1 && n < SCT_NAME_BYTES && strspn(text, letters) >= 1 &&
           strspn(text, others) == n;
}
