/* Names of what is in picture.h. */
#include "picture.h"

int sct_model_components(enum sct_model model)
{
    switch (model) {
    case SCT_GRAY: return 1;
    case SCT_YCC:
    case SCT_RGB: return 3;
    case SCT_CMYK:
    case SCT_YCCK: return 4;
    }
    return 0;
}

const char *sct_model_name(enum sct_model model)
{
    switch (model) {
    case SCT_GRAY: return "gray";
    case SCT_YCC: return "ycc";
    case SCT_RGB: return "rgb";
    case SCT_CMYK: return "cmyk";
    case SCT_YCCK: return "ycck";
    }
    return "unknown";
}
