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

/* Whether store/key begins with `prefix`, whole names of folders only. */
static int is_within(const char *prefix, const char *store, const char *key)
{
    const size_t n = strlen(prefix), n_store = strlen(store);
    const char *rest = key;
    if (n > n_store) {
        if (strncmp(prefix, store, n_store) != 0 || prefix[n_store] != '/')
            return 0;
        const size_t n_key = n - n_store - 1;
        if (strncmp(prefix + n_store + 1, key, n_key) != 0)
            return 0;
        rest = key + n_key;
        return n_key == 0 || rest[-1] == '/' || *rest == '/' || *rest == '\0';
    }
    return strncmp(prefix, store, n) == 0 &&
           (store[n] == '\0' || store[n] == '/' || (n > 0 && prefix[n - 1] == '/'));
}

int sct_source_holds(const char *const *source, int n, const char *store, const char *key)
{
    for (int i = 0; i < n; i++)
        if (is_within(source[i], store, key))
            return 1;
    return 0;
}
