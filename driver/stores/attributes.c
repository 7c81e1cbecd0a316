/* Attributes as one run of texts. */
#include "attributes.h"

#include <string.h>

#include "status.h"

int sct_attributes_next(const struct sct_attributes *a, size_t *at, const char **name,
                        const char **value)
{
    if (*at >= a->n_bytes)
        return 0;
    *name = a->text + *at;
    *value = *name + strlen(*name) + 1;
    *at = (size_t)(*value - a->text) + strlen(*value) + 1;
    return 1;
}

static int is_name(const char *name)
{
    const size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n < SCT_ATTRIBUTE_NAME_BYTES && name[n] == '\0';
}

static int is_value(const char *value)
{
    const size_t n = strlen(value);
    for (size_t i = 0; i < n; i++) {
        if (value[i] < ' ' || value[i] > '~')
            return 0;
    }
    return n == 0 || (value[0] != ' ' && value[n - 1] != ' ');
}

int sct_attributes_set(struct sct_attributes *a, const char *name, const char *value)
{
    struct sct_attributes b = {0};
    const char *old_name, *old_value;
    int n = 0;
    if (!is_name(name) || !is_value(value))
        return SCT_ERR_ARGUMENT;
    for (size_t at = 0; sct_attributes_next(a, &at, &old_name, &old_value);) {
        if (strcmp(old_name, name) == 0)
            continue;
        const size_t n_bytes = (size_t)(a->text + at - old_name);
        memcpy(b.text + b.n_bytes, old_name, n_bytes);
        b.n_bytes += n_bytes;
        n++;
    }
    const size_t name_bytes = strlen(name) + 1, value_bytes = strlen(value) + 1;
    if (n == SCT_MAX_ATTRIBUTES || value_bytes > sizeof b.text ||
        name_bytes + value_bytes > sizeof b.text - b.n_bytes)
        return SCT_ERR_TOO_LARGE;
    memcpy(b.text + b.n_bytes, name, name_bytes);
    memcpy(b.text + b.n_bytes + name_bytes, value, value_bytes);
    b.n_bytes += name_bytes + value_bytes;
    *a = b;
    return SCT_OK;
}

const char *sct_attributes_get(const struct sct_attributes *a, const char *name)
{
    const char *found, *value;
    for (size_t at = 0; sct_attributes_next(a, &at, &found, &value);) {
        if (strcmp(found, name) == 0)
            return value;
    }
    return "";
}
