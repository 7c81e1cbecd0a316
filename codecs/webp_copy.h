/* Private to the WebP codec: the encoder's `copy`; encoder.h has the contract. */
#ifndef SCT_WEBP_COPY_H
#define SCT_WEBP_COPY_H

#include "encoder.h"

int sct_webp_copy(const struct sct_encoder_spec *spec, const uint8_t *file,
                  size_t n_bytes);

#endif
