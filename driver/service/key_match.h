/* Which source and variant an output's key is of: sct_key_expand the other way round. Command and
 * servers. */
#ifndef SCT_KEY_MATCH_H
#define SCT_KEY_MATCH_H

#include "recipe.h"

/* The source's key must be in the template whole: with {file}, and with {folder} if sources have
 * folders. Whether it is. */
int sct_key_is_reversible(const char *template);

/* SCT_OK: *variant is the index in the recipe, *source_key for free. Where a key can be read in
 * several ways, the variant with the longest name has it ("a-x-large.jpg" is "x-large" of "a", not
 * "large" of "a-x"), and then the source with the longest folder and file. SCT_ERR_NOT_FOUND: no
 * source would have this output. SCT_ERR_MEMORY. */
int sct_key_match(const struct sct_recipe *recipe, const char *output_key, int *variant,
                  char **source_key);

#endif
