/* Values that several options have; see option_parts.h. */
#include "option_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

int sct_option_refuse(const char *option, const char *value, const char *wanted)
{
    sct_text_complain("%s: '%s' is not %s", option, value, wanted);
    return SCT_ERR_ARGUMENT;
}

int sct_option_take_number(const char *option, const char *text, int max, int *out)
{
    char wanted[48];
    int64_t value;
    if (sct_integer_parse(text, 1, max, &value) == SCT_OK) {
        *out = (int)value;
        return SCT_OK;
    }
    snprintf(wanted, sizeof wanted, "a whole number from 1 to %d", max);
    return sct_option_refuse(option, text, wanted);
}

int sct_option_take_amount(const char *name, const char *text, int64_t unit, int64_t *out)
{
    if (sct_amount_parse(text, unit, PTRDIFF_MAX, out) == SCT_OK)
        return SCT_OK;
    return sct_option_refuse(name, text,
                             unit == 1000 ? "a number of pixels, such as 268M"
                                          : "a number of bytes, such as 512M");
}

int sct_option_take_seconds(const char *name, const char *text, double *seconds)
{
    char *end;
    const double value = strtod(text, &end);
    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end ||
        !(value > 0 && value <= 1e6))
        return sct_option_refuse(name, text, "a number of seconds, such as 10 or 0.5");
    *seconds = value;
    return SCT_OK;
}

int sct_option_take_background(const char *text, uint8_t background[3])
{
    if (sct_colour_parse(text, background) == SCT_OK)
        return SCT_OK;
    return sct_option_refuse("--background", text, "a colour, such as white or #ffe4c4");
}
