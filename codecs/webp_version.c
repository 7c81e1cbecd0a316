/* Which libwebp this has been built with. Its headers do not tell: the build does. */
#include "decoder.h"

const char *sct_webp_version(void)
{
    return SCT_LIBWEBP_VERSION;
}
