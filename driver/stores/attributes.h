/* Attributes: names and values that a store keeps with an object, S3's "user metadata". (What
 * is called metadata elsewhere here is a picture's.)
 *
 * They travel as HTTP headers: names are lower-case letters, digits and '-', at most 64
 * bytes; values are printable ASCII without spaces at either end, so whoever wants more encodes
 * it; all of them together take at most 2 KB. Plain data, to be copied by assignment; zeroed is empty. */
#ifndef SCT_ATTRIBUTES_H
#define SCT_ATTRIBUTES_H

#include <stddef.h>

enum {
    SCT_ATTRIBUTES_BYTES = 2048,
    SCT_ATTRIBUTE_NAME_BYTES = 65,
    SCT_MAX_ATTRIBUTES = 24
};

struct sct_attributes {
    size_t n_bytes;
    char text[SCT_ATTRIBUTES_BYTES]; /* name, 0, value, 0, name, ... */
};

/* Adds, or replaces. SCT_OK; SCT_ERR_ARGUMENT for what may not be; SCT_ERR_TOO_LARGE; on failure
 * nothing has changed. */
int sct_attributes_set(struct sct_attributes *a, const char *name, const char *value);

/* The value, or "". */
const char *sct_attributes_get(const struct sct_attributes *a, const char *name);

/* Walks: *at is 0 at first. 1, or 0 at the end. */
int sct_attributes_next(const struct sct_attributes *a, size_t *at, const char **name,
                        const char **value);

#endif
