/* Whether two stores are apart: outputs in the uploads would be uploads themselves, for ever. */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "effect.h"
#include "mem.h"
#include "store.h"

/* With a slash at its end, and folders by their real names. For free. */
static char *normalise(const char *url)
{
    const char *path = url;
    if (strncmp(url, "file://", 7) == 0)
        path = url + 7;
    char *const real = strstr(path, "://") ? NULL : realpath(path, NULL);
    const char *const name = real ? real : path;
    const size_t n = strlen(name);
    char *const out = malloc(n + 2);
    if (out) {
        memcpy(out, name, n);
        strcpy(out + n, n > 0 && name[n - 1] == '/' ? "" : "/");
    }
    free(real);
    return out;
}

int sct_effect_check_apart(const char *source, const char *target,
                           struct sct_report *report)
{
    char *const a = normalise(source), *const b = normalise(target);
    int status = a && b ? SCT_OK : SCT_ERR_MEMORY;
    if (status == SCT_OK &&
        (strncmp(a, b, strlen(a)) == 0 || strncmp(a, b, strlen(b)) == 0))
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "%s and %s overlap: outputs would be uploads again",
                                 source, target);
    free(a);
    free(b);
    return status;
}
