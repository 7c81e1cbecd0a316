/* Private to the PNG codec: the encoder's `copy`; encoder.h has the contract. */
#ifndef SCT_PNG_COPY_H
#define SCT_PNG_COPY_H

#include "encoder.h"

int sct_png_copy(const struct sct_encoder_spec *spec, const uint8_t *file,
                 size_t n_bytes);

#endif
