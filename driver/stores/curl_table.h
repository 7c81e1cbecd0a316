/* libcurl, loaded when it is first needed.
 *
 * Debian's libcurl brings thirty libraries along and 4 ms of CPU time with them, five times
 * what the command takes to start, and `scantling resize photo.jpg` never calls it. So its
 * functions are looked up at run time. With SCT_STORES_LINKED, for programs that are linked
 * statically, the table is filled by the linker. */
#ifndef SCT_CURL_TABLE_H
#define SCT_CURL_TABLE_H

#define CURL_DISABLE_TYPECHECK 1 /* its macros would not let us take addresses */
#include <curl/curl.h>

#include "io.h"

#define SCT_CURL_FUNCTIONS(X)                                                            \
    X(global_init)                                                                       \
    X(global_cleanup)                                                                    \
    X(easy_init)                                                                         \
    X(easy_setopt)                                                                       \
    X(easy_getinfo)                                                                      \
    X(easy_pause)                                                                        \
    X(easy_header)                                                                       \
    X(easy_nextheader)                                                                   \
    X(easy_strerror)                                                                     \
    X(easy_cleanup)                                                                      \
    X(multi_init)                                                                        \
    X(multi_add_handle)                                                                  \
    X(multi_remove_handle)                                                               \
    X(multi_perform)                                                                     \
    X(multi_poll)                                                                        \
    X(multi_info_read)                                                                   \
    X(multi_strerror)                                                                    \
    X(multi_cleanup)                                                                     \
    X(slist_append)                                                                      \
    X(slist_free_all)

struct sct_curl {
    void *library; /* NULL: linked */
#define SCT_CURL_POINTER(name) __typeof__(curl_##name) *name;
    SCT_CURL_FUNCTIONS(SCT_CURL_POINTER)
#undef SCT_CURL_POINTER
};

/* SCT_OK, or SCT_ERR_UNSUPPORTED with a message where there is no libcurl. Loading it again
 * is cheap: the system counts. */
int sct_curl_load(struct sct_curl *curl, struct sct_report *report);
void sct_curl_unload(struct sct_curl *curl);

#endif
