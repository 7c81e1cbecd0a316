/* The functions of `bootstrap`, by the names that _HANDLER selects.
 *
 * A new one is a `const struct sct_handler` in a file of its own, declared here, and a line in
 * handlers.c. Servers. */
#ifndef SCT_HANDLERS_H
#define SCT_HANDLERS_H

#include "runtime.h"

struct sct_handler {
    const char *name; /* "presign" */

    size_t ctx_bytes; /* of what it works with, which is zeroed at first */

    /* Reads its settings from the environment and makes all that can be made before there is an
     * invocation. SCT_OK; or a status and, in the report, what is wrong with which variable. The
     * log is borrowed until `end`. */
    int (*begin)(void *ctx, struct sct_log *log, struct sct_report *report);

    sct_handle_fn *handle;  /* see runtime.h */
    void (*end)(void *ctx); /* in any case, also after a begin that failed */
};

extern const struct sct_handler sct_handler_failed, sct_handler_presign,
    sct_handler_render, sct_handler_resize;

/* NULL where there is none of this name. "bootstrap.presign" is "presign", since tools want a dot
 * there: what stands before the last dot does not count. */
const struct sct_handler *sct_handler_find(const char *name);

/* "presign, resize, ...": all names, for messages. */
enum { SCT_HANDLER_NAMES_BYTES = 128 };
void sct_handler_list(char out[SCT_HANDLER_NAMES_BYTES]);

#endif
