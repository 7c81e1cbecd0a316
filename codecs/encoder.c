/* Finds an encoder by name. */
#include "encoder.h"

#include <string.h>

static const struct sct_encoder_ops *const encoders[] = {
    &sct_jpeg_encoder,
#ifdef SCT_HAVE_PNG
    &sct_png_encoder,
#endif
#ifdef SCT_HAVE_WEBP
    &sct_webp_encoder,
#endif
};

const struct sct_encoder_ops *sct_encoder_at(int i)
{
    const int n = (int)(sizeof encoders / sizeof encoders[0]);
    return i >= 0 && i < n ? encoders[i] : NULL;
}

const struct sct_encoder_ops *sct_encoder_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof encoders / sizeof encoders[0]; i++)
        if (!strcmp(name, encoders[i]->name) || !strcmp(name, encoders[i]->extension))
            return encoders[i];
    return NULL;
}
