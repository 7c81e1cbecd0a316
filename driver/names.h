/* Names of outputs, from -o TARGET or without one. Command only.
 *
 *     TARGET                        one output is called
 *     (none)                        {stem}-{name}.{ext}, next to its input
 *     folder/, an existing folder   folder/{stem}.{ext} when there is one --size,
 *                                   folder/{stem}-{name}.{ext} otherwise; created if
 * missing out/{stem}_{width}.{ext}      the pattern, filled in; folders are created if
 * missing file.jpg                      that; one input and one size only
 *     -                             stdout; one input and one size only
 *
 * {stem} is the input's file name without folder and extension ("stdin" for stdin),
 * {name} that of the variant: its name in variants.json, or the --size as it was typed.
 * {{ and }} are plain braces. The default uses the name, not the size in pixels: it is
 * known without reading the picture, it is the same for portraits and landscapes, and
 * small pictures, which all keep their size, do not collide. */
#ifndef SCT_NAMES_H
#define SCT_NAMES_H

#include "scantling.h"

struct sct_names {
    char *pattern;       /* owned; NULL: stdout */
    int is_beside_input; /* the pattern starts in the input's folder */
    int makes_folders;
    int has_stem, has_name,
        has_size; /* which placeholders there are; size: width or height */
};

struct sct_names_spec {
    const char *output; /* -o, or NULL */
    const struct sct_variant *variants;
    int n_variants;
    int has_variants_file; /* --variants: names are always part of the output's name */
    char *const *inputs;
    int n_inputs;
};

/* SCT_ERR_ARGUMENT after a complaint about what is wrong with the target, SCT_ERR_MEMORY.
 */
int sct_names_create(struct sct_names *names, const struct sct_names_spec *spec);
void sct_names_free(struct sct_names *names);

/* The path for one output; "-" is stdout. width and height only matter if has_size. NULL
 * when there is no memory; the caller frees it. */
char *sct_names_expand(const struct sct_names *names, const char *input,
                       const struct sct_variant *variant, int width, int height);

#endif
