/* The recipe: all that is wanted of every object, the same for each of them. Command and
 * servers. */
#ifndef SCT_RECIPE_H
#define SCT_RECIPE_H

#include "keys.h"
#include "scantling.h"
#include "store.h"
#include "variant_hash.h"

#define SCT_CACHE_CONTROL_DEFAULT "public, max-age=31536000, immutable"

struct sct_recipe {
    struct sct_variant variant[SCT_MAX_VARIANTS];
    int n_variants;
    char key[SCT_KEY_TEMPLATE_BYTES];     /* of the outputs; see keys.h */
    char cache_control[SCT_HEADER_BYTES]; /* "": none */
    int salvage, linear;                  /* as of sct_job */
    int mirror_deletes;                   /* whether outputs go when their source does */
    struct sct_limits limits;
    struct sct_dsp dsp;
    char settings[SCT_MAX_VARIANTS][17]; /* sct_recipe_seal: the hash of each variant */
};

/* No variants yet; everything else as it is by default, on the CPU's best kernels. */
void sct_recipe_init(struct sct_recipe *r);

/* To be called when all else is set: checks the template of keys and fills in the hashes. SCT_OK;
 * SCT_ERR_ARGUMENT with a message. */
int sct_recipe_seal(struct sct_recipe *r, struct sct_report *report);

/* Reads variants.json, and the template of keys where it has one: from a path, from an object
 * ("s3://bucket/variants.json"), or, beginning with '{', from the text itself. SCT_OK; the
 * statuses of store.h, and SCT_ERR_ARGUMENT for what is not right in it, with a message. */
int sct_recipe_load(struct sct_recipe *r, const char *variants,
                    const struct sct_store_spec *spec, struct sct_report *report);

/* What a format is called in HTTP: "image/jpeg". */
const char *sct_recipe_content_type(const char *format);

#endif
