/* Keys of outputs: where in a target the variants of a source go, given the source's own key.
 *
 *     {folder}   2024/summer/    of the source, with its slash; nothing at the top
 *     {file}     a.jpg           its last part
 *     {stem}     a               the same without extension
 *     {name}     large           of the variant
 *     {ext}      webp            of the output
 *
 * The default, SCT_KEY_DEFAULT, gives every source a folder of its own: whatever the sources are
 * called, a.png and a.jpg for example, their outputs have different keys. Sizes in pixels are no
 * part of keys, which are known without reading the picture. Command and servers. */
#ifndef SCT_KEYS_H
#define SCT_KEYS_H

#include <stddef.h>

#include "scantling.h"

#define SCT_KEY_DEFAULT "{folder}{file}/{name}.{ext}"

enum { SCT_KEY_TEMPLATE_BYTES = 512 };

/* Whether the template is one, stays below the target, and has different keys for all variants of
 * a source. SCT_OK; SCT_ERR_ARGUMENT: `message` says what is wrong. */
int sct_key_check(const char *template, const struct sct_variant *variant, int n_variants,
                  char *message, size_t message_bytes);

/* The key of one output. `format` is the one that is written. NULL when there is no memory; the
 * caller frees it. */
char *sct_key_expand(const char *template, const char *source_key,
                     const struct sct_variant *variant,
                     const struct sct_encoder_ops *format);

#endif
