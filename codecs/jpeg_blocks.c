/* Dequantising, in two steps per block: products in libjpeg's order, which compilers turn
 * into vectors, then 4-byte moves of pairs into their groups:
 *
 *     row v of the block:  [u0 u1][u2 u3][u4 u5][u6 u7]
 *                             |      |
 *     group 0, lane v <-------'      '-------> group 1, lane v */
#include "jpeg_blocks.h"

#include <string.h>

#include "bits.h"

void sct_jpeg_quant_init(struct sct_jpeg_quant *q, const uint16_t quantval[64])
{
    q->is_narrow = 1;
    for (int i = 0; i < 64; i++) {
        q->wide[i] = quantval[i];
        q->narrow[i] = (int16_t)(quantval[i] & INT16_MAX);
        if (quantval[i] > INT16_MAX)
            q->is_narrow = 0;
    }
}

/* The first n_v rows. |coef| <= 2^15 and quant < 2^16: the product fits in 32 bits. */
static inline void multiply(int16_t *product, const int16_t *src,
                            const struct sct_jpeg_quant *q, int n_v)
{
    if (q->is_narrow)
        for (int v = 0; v < n_v; v++)
            for (int u = 0; u < 8; u++)
                product[v * 8 + u] = sct_sat_i16(src[v * 8 + u] * q->narrow[v * 8 + u]);
    else
        for (int v = 0; v < n_v; v++)
            for (int u = 0; u < 8; u++)
                product[v * 8 + u] = sct_sat_i16(src[v * 8 + u] * q->wide[v * 8 + u]);
}

void sct_jpeg_block_dequantise(int16_t dst[64], const int16_t src[64],
                               const struct sct_jpeg_quant *q)
{
    multiply(dst, src, q, 8);
}

void sct_jpeg_block_lay_out(int16_t *dst, const int16_t src[64],
                            const struct sct_block_layout *layout)
{
    const int n_v = layout->n_lanes;
    for (int p = 0; p < layout->n_pairs; p++)
        for (int v = 0; v < n_v; v++)
            memcpy(dst + (p * n_v + v) * 2, src + v * 8 + p * 2, 2 * sizeof *dst);
}

void sct_jpeg_blocks_dequantise(int16_t *dst, const int16_t *src,
                                const struct sct_jpeg_quant *q, int n_blocks,
                                const struct sct_block_layout *layout)
{
    int16_t product[64];
    for (int b = 0; b < n_blocks; b++, src += 64, dst += layout->n_coefs) {
        multiply(product, src, q, layout->n_lanes);
        sct_jpeg_block_lay_out(dst, product, layout);
    }
}
