/* Blocks: how the coefs of one 8x8 block lie in memory, between a decoder and a resizer.
 *
 * Only a corner of a block is stored, u < n_u and v < n_v, in one of two shapes. A *pair*
 * is two horizontal frequencies (u, u + 1) of one v, side by side; a *lane* is one v:
 *
 *     8 lanes   | v0: u0 u1 | v1: u0 u1 | ... | v7: u0 u1 |   16 int16 for every pair,
 *               | v0: u2 u3 | v1: u2 u3 | ...                 2 to 8 frequencies
 *     4 lanes   | v0: u0 u1 | ... | v3: u0 u1 | v0: u2 u3 | ... | v3: u2 u3 |
 *                                                             16 int16 are all: 4 x 4
 *
 * so that in either 16 int16 are one 256-bit vector of products. Thumbnails need no more
 * than 4 x 4 frequencies: a quarter of the memory, and half of the multiplications. */
#ifndef SCT_BLOCK_H
#define SCT_BLOCK_H

/* In what form a component reaches a resizer. */
enum sct_domain { SCT_SAMPLES, SCT_COEFS };

/* The coefs of a block that somebody looks at: u < n_u and v < n_v, 1..8 each. */
struct sct_corner {
    int n_u, n_v;
};

struct sct_block_layout {
    int n_pairs; /* of horizontal frequencies, 1..4 */
    int n_lanes; /* vertical frequencies, 8 or 4 */
    int n_coefs; /* int16 from a block to the next, 16..64 */
};

static inline struct sct_block_layout sct_block_layout_for(struct sct_corner corner)
{
    const int n_lanes = corner.n_u <= 4 && corner.n_v <= 4 ? 4 : 8;
    const int n_pairs = n_lanes == 4 ? 2 : (corner.n_u + 1) / 2;
    return (struct sct_block_layout){n_pairs, n_lanes, n_pairs * n_lanes * 2};
}

/* Where coef(u, v) stands in its block; -1 if the layout has no place for it. */
static inline int sct_block_position(const struct sct_block_layout *l, int u, int v)
{
    if (u >= 2 * l->n_pairs || v >= l->n_lanes)
        return -1;
    return (u / 2 * l->n_lanes + v) * 2 + u % 2;
}

#endif
