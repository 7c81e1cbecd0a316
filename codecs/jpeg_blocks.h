/* Private to the JPEG codec: coefs as libjpeg stores them become blocks as the kernel
 * wants them. */
#ifndef SCT_JPEG_BLOCKS_H
#define SCT_JPEG_BLOCKS_H

#include <stdint.h>

#include "block.h"

/* A quantisation table, in natural order: number v * 8 + u. */
struct sct_jpeg_quant {
    int is_narrow;      /* all fit in 15 bits, as in every 8-bit table */
    int16_t narrow[64]; /* meaningful when is_narrow */
    int32_t wide[64];
};

void sct_jpeg_quant_init(struct sct_jpeg_quant *q, const uint16_t quantval[64]);

/* Multiplies n_blocks blocks by the table, saturates to 16 bits and lays them out:
 * coef(u, v) is src[v * 8 + u]. All that the layout has room for is written. */
void sct_jpeg_blocks_dequantise(int16_t *dst, const int16_t *src,
                                const struct sct_jpeg_quant *q, int n_blocks,
                                const struct sct_block_layout *layout);

/* The same for one block, but in natural order: dst[v * 8 + u]. And such a block laid out. */
void sct_jpeg_block_dequantise(int16_t dst[64], const int16_t src[64],
                               const struct sct_jpeg_quant *q);
void sct_jpeg_block_lay_out(int16_t *dst, const int16_t src[64],
                            const struct sct_block_layout *layout);

#endif
