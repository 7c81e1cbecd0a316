/* Any bytes as a variants.json. What is accepted is within the ranges of the schema; what is
 * refused says why. */
#include "fuzz.h"
#include "keys.h"
#include "variants_json.h"
#include "words.h"

static void check_variant(const struct sct_variant *v)
{
    FUZZ_CHECK(memchr(v->name, 0, sizeof v->name) && sct_name_is_valid(v->name), "name");
    FUZZ_CHECK(v->width >= 0 && v->width <= SCT_MAX_SIDE && v->height >= 0 &&
                   v->height <= SCT_MAX_SIDE && v->width + v->height > 0,
               "%d x %d", v->width, v->height);
    FUZZ_CHECK(v->fit >= SCT_FIT_INSIDE && v->fit <= SCT_FIT_FILL, "%d", v->fit);
    FUZZ_CHECK(v->icc >= SCT_ICC_KEEP && v->icc <= SCT_ICC_DROP, "%d", v->icc);
    FUZZ_CHECK(v->subsampling >= SCT_SUB_420 && v->subsampling <= SCT_SUB_SOURCE, "%d",
               v->subsampling);
    FUZZ_CHECK(v->quality >= 1 && v->quality <= 100, "%d", v->quality);
    FUZZ_CHECK(v->score >= 0 && v->score <= 99, "%d", v->score);
    FUZZ_CHECK(v->compression >= SCT_COMPRESSION_DEFAULT && v->compression <= 9, "%d",
               v->compression);
    FUZZ_CHECK(v->effort >= 0 && v->effort <= SCT_MAX_EFFORT, "%d", v->effort);
    FUZZ_CHECK(v->depth == 8 || v->depth == 16, "%d", v->depth);
    FUZZ_CHECK(v->filter, "no filter");
    FUZZ_CHECK(
        (v->enlarge | v->lossless | v->progressive | v->optimize | v->quality_exact) <= 1,
        "no boolean");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char untouched[] = "untouched";
    struct sct_variant *variant = calloc(SCT_MAX_VARIANTS, sizeof *variant);
    char message[200], key[SCT_KEY_TEMPLATE_BYTES] = "";
    int n = -1;
    if (!variant)
        abort();
    strcpy(message, untouched);
    const int status = sct_variants_parse((const char *)data, size, "fuzz.json", variant,
                                          &n, key, message, sizeof message);
    if (status == SCT_OK) {
        FUZZ_CHECK(n >= 1 && n <= SCT_MAX_VARIANTS, "%d variants", n);
        FUZZ_CHECK(memchr(key, 0, sizeof key), "no end");
        FUZZ_CHECK(!key[0] ||
                       sct_key_check(key, variant, n, message, sizeof message) == SCT_OK,
                   "%s", key);
        for (int i = 0; i < n; i++) {
            check_variant(&variant[i]);
            for (int k = 0; k < i; k++)
                FUZZ_CHECK(strcmp(variant[i].name, variant[k].name) != 0, "%s twice",
                           variant[i].name);
        }
    } else {
        FUZZ_CHECK(status == SCT_ERR_ARGUMENT, "%d", status);
        FUZZ_CHECK(memchr(message, 0, sizeof message), "no end");
        FUZZ_CHECK(strcmp(message, untouched) != 0 && message[0], "no message");
    }
    free(variant);
    return 0;
}
