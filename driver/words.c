/* The words that the command line and variants.json share. Everything is read by hand:
 * strtol would take signs, blanks and hexadecimal that nobody means in a size. */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
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

int sct_icc_parse(const char *text, enum sct_icc *icc)
{
    if (strcmp(text, "keep") == 0)
        *icc = SCT_ICC_KEEP;
    else if (strcmp(text, "srgb") == 0)
        *icc = SCT_ICC_SRGB;
    else if (strcmp(text, "drop") == 0)
        *icc = SCT_ICC_DROP;
    else
        return SCT_ERR_ARGUMENT;
    return SCT_OK;
}

int sct_metadata_parse(const char *text, enum sct_metadata_mode *mode)
{
    if (strcmp(text, "none") == 0)
        *mode = SCT_METADATA_NONE;
    else if (strcmp(text, "copyright") == 0)
        *mode = SCT_METADATA_COPYRIGHT;
    else if (strcmp(text, "all") == 0)
        *mode = SCT_METADATA_ALL;
    else
        return SCT_ERR_ARGUMENT;
    return SCT_OK;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    const char *const found = c ? strchr(digits, lower) : NULL;
    return found ? (int)(found - digits) : -1;
}

int sct_colour_parse(const char *text, uint8_t rgb[3])
{
    static const struct {
        const char *name, *digits;
    } names[] = {{"black", "000000"},  {"silver", "c0c0c0"},  {"gray", "808080"},
                 {"white", "ffffff"},  {"maroon", "800000"},  {"red", "ff0000"},
                 {"purple", "800080"}, {"fuchsia", "ff00ff"}, {"green", "008000"},
                 {"lime", "00ff00"},   {"olive", "808000"},   {"yellow", "ffff00"},
                 {"navy", "000080"},   {"blue", "0000ff"},    {"teal", "008080"},
                 {"aqua", "00ffff"}};
    const char *digits = text[0] == '#' ? text + 1 : text;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i].name) == 0)
            digits = names[i].digits;
    const size_t n = strlen(digits);
    uint8_t value[3];
    if (n != 3 && n != 6)
        return SCT_ERR_ARGUMENT;
    for (size_t i = 0; i < 3; i++) {
        const int high = digit_of(digits[n == 3 ? i : 2 * i]);
        const int low = digit_of(digits[n == 3 ? i : 2 * i + 1]);
        if (high < 0 || low < 0)
            return SCT_ERR_ARGUMENT;
        value[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(rgb, value, sizeof value);
    return SCT_OK;
}

int sct_format_parse(const char *text, const struct sct_encoder_ops **format)
{
    const struct sct_encoder_ops *const found = sct_encoder_find(text);
    if (!found && strcmp(text, "source") != 0)
        return SCT_ERR_ARGUMENT;
    *format = found;
    return SCT_OK;
}

void sct_format_list(char *out, size_t size)
{
    size_t n = 0;
    for (int i = 0; sct_encoder_at(i) && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s ", sct_encoder_at(i)->name);
    if (n < size)
        snprintf(out + n, size - n, "source");
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

int sct_quality_parse(const char *text, int *quality, int *score)
{
    static const char word[] = "auto";
    const size_t n = sizeof word - 1;
    const int is_auto = strncmp(text, word, n) == 0;
    int64_t value = 75;

    if (is_auto && text[n] != '\0' &&
        (text[n] != ':' || sct_integer_parse(text + n + 1, 1, 99, &value) != SCT_OK))
        return SCT_ERR_ARGUMENT;
    if (!is_auto && sct_integer_parse(text, 1, 100, &value) != SCT_OK)
        return SCT_ERR_ARGUMENT;
    *quality = is_auto ? 100 : (int)value;
    *score = is_auto ? (int)value : 0;
    return SCT_OK;
}

int sct_seconds_parse(const char *text, double *seconds)
{
    char *end;
    const double value = strtod(text, &end);
    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end ||
        !(value > 0 && value <= 1e6))
        return SCT_ERR_ARGUMENT;
    *seconds = value;
    return SCT_OK;
}
