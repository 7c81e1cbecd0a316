/* See jpeg_trellis.h.
 *
 *     node     0 (the DC level)   1   2   3 ...   the levels that are not 0, by their places
 *     cost     of the best path that ends here, with what is lost by the levels that it skips
 *     skipped  what would be lost by skipping all up to here
 *
 * Costs are in 65536ths of a squared step: at most 63 * (2 * 2^16 + 16 * 26 * 2^16) fits. */
#include "jpeg_trellis.h"

#include <stdlib.h>

#include "bits.h"

enum {
    STEP = 256,     /* errors are in 256ths of a step */
    MAX_SKIPS = 8,  /* levels in a row that a path may skip, but at its end */
    MAX_SKIPPED = 2 /* no larger level is ever made 0 */
};

static int count_bits(unsigned magnitude)
{
    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

void sct_jpeg_trellis_init(struct sct_jpeg_trellis *t, const uint8_t steps[64],
                           const struct sct_jpeg_codes *codes)
{
    const int zrl_bits = sct_jpeg_code_bits(codes->ac[SCT_JPEG_ZRL]);

    for (int i = 0; i < 64; i++)
        t->ratio[i] = ((1u << 20) + 8u * steps[i]) / (16u * steps[i]);
    for (int size = 1; size <= 10; size++)
        for (int run = 0; run < 64; run++)
            t->bits[size][run] =
                (uint8_t)(run / 16 * zrl_bits +
                          sct_jpeg_code_bits(codes->ac[run % 16 << 4 | size]));
    t->end_bits = (uint8_t)sct_jpeg_code_bits(codes->ac[SCT_JPEG_EOB]);
}

struct node {
    uint32_t cost, skipped;
    uint8_t place, from; /* in zigzag order; the node before it on the path */
    int16_t level;       /* its magnitude on that path */
};

static uint32_t square(int error)
{
    return (uint32_t)(error * error);
}

/* The best way to a node that keeps `level`, if it is better than the one that it has. */
static inline void find_path(struct node *nodes, int n, int level, uint32_t loss,
                             const struct sct_jpeg_trellis *t, uint32_t lambda)
{
    const uint8_t *const bits = t->bits[count_bits((unsigned)level)];
    struct node *const node = &nodes[n];

    for (int from = n - 1; from >= sct_max(0, n - 1 - MAX_SKIPS); from--) {
        const int run = node->place - nodes[from].place - 1;
        const uint32_t cost = nodes[from].cost + nodes[n - 1].skipped -
                              nodes[from].skipped + lambda * bits[run] + loss;
        if (cost < node->cost) {
            node->cost = cost;
            node->from = (uint8_t)from;
            node->level = (int16_t)level;
        }
        if (nodes[from].level > MAX_SKIPPED)
            break;
    }
}

uint64_t sct_jpeg_trellis_block(const struct sct_jpeg_trellis *t, int16_t levels[64],
                                uint64_t nonzero, const int16_t coefs[64],
                                uint32_t lambda)
{
    struct node nodes[64];
    int n = 0;

    nodes[0] = (struct node){.level = 0};
    for (uint64_t left = nonzero & ~UINT64_C(1); left; left &= left - 1) {
        const int k = __builtin_ctzll(left), i = sct_zigzag[k];
        const int level = abs(levels[i]);
        const int ratio = (int)((uint32_t)abs(coefs[i]) * t->ratio[i] >> 12);
        const uint32_t loss = square(ratio - level * STEP);
        nodes[++n] = (struct node){.cost = UINT32_MAX, .place = (uint8_t)k};
        find_path(nodes, n, level, loss, t, lambda);
        if (level > 1 && (level & (level - 1)) == 0)
            find_path(nodes, n, level - 1, square(ratio - (level - 1) * STEP), t, lambda);
        nodes[n].skipped = nodes[n - 1].skipped + square(sct_min(ratio, 3 * STEP));
    }

    /* Where the path ends; behind the last place there is no end of block. */
    int last = 0;
    uint32_t best = UINT32_MAX;
    for (int i = n; i >= 0; i--) {
        const uint32_t cost = nodes[i].cost + nodes[n].skipped - nodes[i].skipped +
                              (nodes[i].place < 63 ? lambda * t->end_bits : 0);
        if (cost < best) {
            best = cost;
            last = i;
        }
        if (nodes[i].level > MAX_SKIPPED)
            break;
    }

    uint64_t kept = nonzero & 1;
    for (int i = n; i > 0; i--) {
        int16_t *const level = &levels[sct_zigzag[nodes[i].place]];
        if (i != last) {
            *level = 0;
            continue;
        }
        *level = (int16_t)(*level < 0 ? -nodes[i].level : nodes[i].level);
        kept |= UINT64_C(1) << nodes[i].place;
        last = nodes[i].from;
    }
    return kept;
}
