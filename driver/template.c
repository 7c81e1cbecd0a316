/* Names with placeholders: reading one token at a time. */
#include "template.h"

#include <string.h>

int sct_template_read(const char *p, const char *const *names, int n_names, size_t *n)
{
    *n = 1;
    if (*p != '{' && *p != '}')
        return -1;
    if (p[1] == *p) {
        *n = 2;
        return -1;
    }
    if (*p == '}')
        return -2;
    *n = strcspn(p, "}");
    if (!p[*n])
        return -2;
    *n += 1;
    for (int i = 0; i < n_names; i++) {
        if (strlen(names[i]) + 2 == *n && strncmp(p + 1, names[i], *n - 2) == 0)
            return i;
    }
    return -2;
}
