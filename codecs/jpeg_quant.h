/* Private to the JPEG codec: how much of each coef is worth its bytes. */
#ifndef SCT_JPEG_QUANT_H
#define SCT_JPEG_QUANT_H

#include "encoder.h"
#include "jpeg_writer.h"

/* Fills in what depends on the quality: tables of the frame, which component has which, and
 * quantisers. frame.n_components is set. */
void sct_jpeg_quant_plan(struct sct_jpeg_writer_spec *spec, enum sct_model model,
                         int quality);

#endif
