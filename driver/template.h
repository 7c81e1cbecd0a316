/* Names with placeholders in braces; {{ and }} are plain braces. Command only. */
#ifndef SCT_TEMPLATE_H
#define SCT_TEMPLATE_H

#include <stddef.h>

/* What stands at p, which is not the end: placeholder i of `names` (>= 0, *n bytes long), a plain
 * character (-1, *n bytes long: 2 for a doubled brace), or -2 for something we do not know. */
int sct_template_read(const char *p, const char *const *names, int n_names, size_t *n);

#endif
