/* Names of outputs, from -o TARGET or without one. Command only.
 *
 *     TARGET                        one output is called
 *     (none)                        {stem}-{name}.{ext}, next to its input
 *     folder/, an existing folder   folder/{stem}.{ext} when there is one --size,
 *                                   folder/{stem}-{name}.{ext} otherwise; the folder is
 *                                   created if missing
 *     out/{stem}_{width}.{ext}      the pattern, filled in; folders are created if missing
 *     file.jpg                      that; one input and one size only
 *     -                             stdout; one input and one size only
 *
 * A name that ends in .jpg, .jpeg, .png or .webp decides the format where nobody has said
 * one.
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
    int has_stem, has_name, has_ext,
        has_size;     /* which placeholders there are; size: width or height */
    int needs_format; /* has_ext, and a variant takes the input's format */
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

/* The format that the target's name ends in, or NULL: it leaves that open. */
const struct sct_encoder_ops *sct_names_format(const char *output);

/* The path for one output; "-" is stdout. width and height only matter if has_size, `format`
 * is for variants that have none, if needs_format. NULL when there is no memory; the caller
 * frees it. */
char *sct_names_expand(const struct sct_names *names, const char *input,
                       const struct sct_variant *variant,
                       const struct sct_encoder_ops *format, int width, int height);

#endif
