/* Private to the JPEG codec: blocks that reach past the right or the bottom edge.
 *
 * What an encoder puts behind the edge is padding, and may be anything: some cameras leave
 * there what was in memory. A resizer gives it weight 0, but it only sees a corner of the
 * coefs, and what the others would have cancelled shows in the last rows of the picture. So
 * the padding is replaced, before anybody looks, by the smoothest continuation of the n
 * samples that belong to the picture. Along one axis, with C of kernel/README.md, F' minimises
 *
 *     sum over u > 0 of 3^u F'[u]^2    where  sum over u of C[u][i] F'[u] =
 *                                         sum over u of C[u][i] F[u]   for all i < n
 *
 * 3^u being what frequencies of photographs fall by; what is flat stays flat. That is linear in F: F' = P F. */
#ifndef SCT_JPEG_EDGE_H
#define SCT_JPEG_EDGE_H

#include <stdint.h>

#include "picture.h"

struct sct_jpeg_edge {
    int last_x, last_y; /* the column and the row of blocks in question; -1: none */
    double across[8][8], down[8][8]; /* P of the two axes */
};

void sct_jpeg_edge_init(struct sct_jpeg_edge *e, const struct sct_component *c);

/* Whether block (x, y) is one of them. */
static inline int sct_jpeg_edge_has(const struct sct_jpeg_edge *e, int x, int y)
{
    return x == e->last_x || y == e->last_y;
}

/* Replaces the padding of block (x, y), dequantised, in natural order: number v * 8 + u. */
void sct_jpeg_edge_continue(const struct sct_jpeg_edge *e, int x, int y,
                            int16_t block[64]);

#endif
