/* Sources: a store, and where in it. */
#define _GNU_SOURCE 1
#include "source_url.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"

int sct_source_split(const char *source, char **store, char **prefix)
{
    struct sct_buffer url = {0}, path = {0};
    const char *const bucket = strncmp(source, "s3://", 5) == 0 ? source + 5 : NULL;
    const char *const slash = bucket ? strchr(bucket, '/') : NULL;
    char *const real = strstr(source, "://") ? NULL : realpath(source, NULL);
    if (real) {
        sct_buffer_text(&url, "file://");
        sct_buffer_encode(&url, real, 1);
    } else if (slash) {
        sct_buffer_add(&url, source, (size_t)(slash - source));
        sct_buffer_text(&path, slash + 1);
        if (slash[1] && source[strlen(source) - 1] != '/')
            sct_buffer_text(&path, "/");
    } else {
        sct_buffer_text(&url, source);
    }
    free(real);
    *store = sct_buffer_take(&url);
    *prefix = sct_buffer_take(&path);
    if (*store && *prefix)
        return SCT_OK;
    sct_mem_free(*store);
    sct_mem_free(*prefix);
    *store = *prefix = NULL;
    return SCT_ERR_MEMORY;
}
