/* Whether two stores are apart: outputs in the uploads would be uploads themselves, for ever. */
#include <string.h>

#include "effect.h"
#include "mem.h"
#include "store.h"

/* Whether `outer` is `inner`, or a folder on the way to it. */
static int holds(const char *outer, const char *inner)
{
    const size_t n = strlen(outer);
    return strncmp(outer, inner, n) == 0 &&
           (inner[n] == '\0' || inner[n] == '/' || (n > 0 && outer[n - 1] == '/'));
}

int sct_effect_check_apart(const char *source, const char *target,
                           struct sct_report *report)
{
    char *const a = sct_store_canonical(source), *const b = sct_store_canonical(target);
    int status = SCT_OK;
    if (!a || !b)
        status = sct_report_fail(report, SCT_ERR_ARGUMENT, "'%.200s' is no store",
                                 a ? target : source);
    else if (holds(a, b) || holds(b, a))
        status = sct_report_fail(
            report, SCT_ERR_ARGUMENT,
            "%.100s and %.100s overlap: outputs would be uploads again", source, target);
    sct_mem_free(a);
    sct_mem_free(b);
    return status;
}
