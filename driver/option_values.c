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

int sct_option_take_seconds(const char *name, const char *text, double *seconds)
{
    if (sct_seconds_parse(text, seconds) == SCT_OK)
        return SCT_OK;
    return sct_option_refuse(name, text, "a number of seconds, such as 10 or 0.5");
}

int sct_option_take_background(const char *text, uint8_t background[3])
{
    if (sct_colour_parse(text, background) == SCT_OK)
        return SCT_OK;
    return sct_option_refuse("--background", text, "a colour, such as white or #ffe4c4");
}
