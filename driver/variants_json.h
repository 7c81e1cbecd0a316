/* variants.json: the sizes somebody wants of every picture. The same file serves the
 * command and everything built on it; variants.schema.json describes it. Command only.
 *
 *     { "defaults": { "quality": 75 },
 *       "variants": [ { "name": "large", "size": 1600 },
 *                     { "name": "square", "width": 200, "height": 200, "fit": "cover" } ]
 * } */
#ifndef SCT_VARIANTS_JSON_H
#define SCT_VARIANTS_JSON_H

#include <stddef.h>

#include "scantling.h"

/* Reads at most SCT_MAX_VARIANTS variants, and the template of keys that watch uses (see keys.h;
 * SCT_KEY_TEMPLATE_BYTES; "" when there is none; `key` may be NULL). SCT_OK; SCT_ERR_ARGUMENT: the file cannot be
 * read or is not right, and `message` says where and why. */
int sct_variants_load(const char *path, struct sct_variant variant[SCT_MAX_VARIANTS],
                      int *n_variants, char *key, char *message, size_t message_bytes);

/* The same for the content of such a file; `path` is for the message. */
int sct_variants_parse(const char *text, size_t n_bytes, const char *path,
                       struct sct_variant variant[SCT_MAX_VARIANTS], int *n_variants,
                       char *key, char *message, size_t message_bytes);

#endif
