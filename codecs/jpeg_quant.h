/* Private to the JPEG codec: how much of each coef is worth its bytes. */
#ifndef SCT_JPEG_QUANT_H
#define SCT_JPEG_QUANT_H

#include "encoder.h"
#include "jpeg_writer.h"

/* Fills in what depends on the quality: tables of the frame, which component has which, and
 * quantisers. frame.n_components is set. */
void sct_jpeg_quant_plan(struct sct_jpeg_writer_spec *spec, enum sct_model model,
                         int quality);

/* The luma table alone, ours or libjpeg's, in the order of the kernel's fdct. */
void sct_jpeg_quant_luma(uint8_t steps[64], int quality, int is_gray);
void sct_jpeg_quant_standard(uint8_t steps[64], int quality);

#endif
