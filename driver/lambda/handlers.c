/* The table of functions. */
#define _GNU_SOURCE 1
#include "handlers.h"

#include <stdio.h>
#include <string.h>

static const struct sct_handler *const handlers[] = {
    &sct_handler_failed,
    &sct_handler_presign,
    &sct_handler_render,
    &sct_handler_resize,
};

const struct sct_handler *sct_handler_find(const char *name)
{
    const char *const dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        if (strcmp(dot ? dot + 1 : name, handlers[i]->name) == 0)
            return handlers[i];
    }
    return NULL;
}

void sct_handler_list(char out[SCT_HANDLER_NAMES_BYTES])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        n += (size_t)snprintf(out + n, SCT_HANDLER_NAMES_BYTES - n, "%s%s",
                              i > 0 ? ", " : "", handlers[i]->name);
        if (n >= SCT_HANDLER_NAMES_BYTES)
            return;
    }
}
