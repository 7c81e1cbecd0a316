/* What a variant is when nobody says otherwise. */
#include "scantling.h"

const char *sct_version(void)
{
    return SCT_VERSION;
}

struct sct_variant sct_variant_default(void)
{
    return (struct sct_variant){
        .fit = SCT_FIT_INSIDE,
        .filter = sct_filter_at(0),
        .quality = 80,
        .subsampling = SCT_SUB_420,
        .compression = SCT_COMPRESSION_DEFAULT,
        .effort = 1,
        .depth = 8,
        .background = {255, 255, 255},
    };
}
