/* Which libjpeg-turbo this has been built with. The macro is a bare 2.1.5, not a string.
 */
#include <stdio.h>

#include <jpeglib.h>

#include "decoder.h"

#define STRING_OF(x)          #x
#define EXPANDED_STRING_OF(x) STRING_OF(x)

const char *sct_jpeg_version(void)
{
#ifdef LIBJPEG_TURBO_VERSION
    return EXPANDED_STRING_OF(LIBJPEG_TURBO_VERSION);
#else
    return "unknown (not libjpeg-turbo)";
#endif
}
