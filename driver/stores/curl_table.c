/* The table of libcurl's functions. */
#define _GNU_SOURCE 1
#include "curl_table.h"

#include <dlfcn.h>

#include "library.h"

#ifdef SCT_STORES_LINKED
int sct_curl_load(struct sct_curl *curl, struct sct_report *report)
{
    (void)report;
    curl->library = NULL;
#define FILL_IN(name) curl->name = curl_##name;
    SCT_CURL_FUNCTIONS(FILL_IN)
#undef FILL_IN
    curl->global_init(CURL_GLOBAL_DEFAULT);
    return SCT_OK;
}

void sct_curl_unload(struct sct_curl *curl)
{
    curl->global_cleanup();
}
#else
int sct_curl_load(struct sct_curl *curl, struct sct_report *report)
{
    curl->library = sct_library_open("libcurl.so.4");
    if (!curl->library)
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                               "this needs libcurl (Debian: libcurl4): %s", dlerror());
#define LOOK_UP(name)                                                                    \
    if (!sct_library_find(curl->library, "curl_" #name, &curl->name))                    \
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED,                              \
                               "libcurl is too old: it has no curl_" #name);
    SCT_CURL_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    curl->global_init(CURL_GLOBAL_DEFAULT);
    return SCT_OK;
}

void sct_curl_unload(struct sct_curl *curl)
{
    /* The library stays: OpenSSL below it does not survive being unloaded. */
    curl->global_cleanup();
}
#endif
