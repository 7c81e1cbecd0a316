/* Sources: a store, and where in it. */
#include "source_url.h"

#include <string.h>

#include "buffer.h"
#include "mem.h"
#include "store.h"

int sct_source_split(const char *source, char **store, char **prefix)
{
    struct sct_buffer url = {0}, path = {0};
    char *const canonical = sct_store_canonical(source);
    const char *const bucket =
        canonical && strncmp(canonical, "s3://", 5) == 0 ? canonical + 5 : NULL;
    const char *const slash = bucket ? strchr(bucket, '/') : NULL;
    if (canonical)
        sct_buffer_add(&url, canonical,
                       slash ? (size_t)(slash - canonical) : strlen(canonical));
    if (slash)
        sct_buffer_format(&path, "%s/", slash + 1);
    url.has_failed |= !canonical;
    sct_mem_free(canonical);
    *store = sct_buffer_take(&url);
    *prefix = sct_buffer_take(&path);
    if (*store && *prefix)
        return SCT_OK;
    sct_mem_free(*store);
    sct_mem_free(*prefix);
    *store = *prefix = NULL;
    return SCT_ERR_MEMORY;
}

/* Whether store/key begins with `prefix`, whole names of folders only. A folder is itself and nothing
 * else, or "file:///uploads/../private" would be in it. */
static int is_within(const char *prefix, const char *store, const char *key)
{
    const size_t n = strlen(prefix), n_store = strlen(store);
    if (strcmp(prefix, store) == 0)
        return 1;
    if (strncmp(store, "s3://", 5) != 0 || n <= n_store ||
        strncmp(prefix, store, n_store) != 0 || prefix[n_store] != '/')
        return 0;
    const size_t n_key = n - n_store - 1;
    return strncmp(prefix + n_store + 1, key, n_key) == 0 &&
           (n_key == 0 || key[n_key - 1] == '/' || key[n_key] == '/');
}

int sct_source_holds(const char *const *source, int n, const char *store, const char *key)
{
    for (int i = 0; i < n; i++)
        if (is_within(source[i], store, key))
            return 1;
    return 0;
}
