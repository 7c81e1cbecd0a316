/* See jpeg_entropy.h. */
#include "jpeg_entropy.h"

#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "dsp.h"

enum { LENGTH_BITS = 5, MAX_CODE_BITS = 16 };

/* ---- tables ---- */

static uint32_t make_entry(uint32_t code, int n_bits, int size)
{
    return code << size << LENGTH_BITS | (uint32_t)(n_bits + size);
}

/* Codes count up, and get a bit longer where a length ends (T.81, annex C). */
static void build_entries(uint32_t *entries, int n_entries,
                          const struct sct_jpeg_table *table, int size_mask)
{
    const uint8_t *symbol = table->symbols;
    uint32_t code = 0;

    memset(entries, 0, (size_t)n_entries * sizeof *entries);
    for (int n_bits = 1; n_bits <= MAX_CODE_BITS; n_bits++, code <<= 1)
        for (int i = 0; i < table->n_codes[n_bits]; i++, code++, symbol++)
            if (*symbol < n_entries)
                entries[*symbol] = make_entry(code, n_bits, *symbol & size_mask);
}

void sct_jpeg_codes_build(struct sct_jpeg_codes *codes, const struct sct_jpeg_table *dc,
                          const struct sct_jpeg_table *ac)
{
    build_entries(codes->dc, SCT_JPEG_DC_SIZES, dc, 15);
    build_entries(codes->ac, 256, ac, 15);
}

/* ---- fitting ---- */

/* A tree over the symbols that occur, and one more that occurs least, whose code is the one of
 * all ones and is not used. Nodes are numbered: leaves, then pairs in the order of their
 * making; no sum of counts gets smaller on the way, so the two smallest stand at the fronts of
 * two queues. */
struct fit {
    int n_leaves;
    int symbol[257]; /* by count, ascending; the first is the one too many */
    uint32_t count[257];
    int parent[2 * 257];
    int depth[2 * 257];
};

/* Insertion from the front keeps equal counts in the order of their symbols, downwards: the same
 * tables come out everywhere. */
static void sort_leaves(struct fit *f, const uint32_t *counts, int n_symbols)
{
    f->n_leaves = 1;
    f->symbol[0] = -1;
    f->count[0] = 0;
    for (int s = n_symbols - 1; s >= 0; s--) {
        int i = f->n_leaves;
        if (!counts[s])
            continue;
        for (; f->count[i - 1] > counts[s]; i--) {
            f->count[i] = f->count[i - 1];
            f->symbol[i] = f->symbol[i - 1];
        }
        f->count[i] = counts[s];
        f->symbol[i] = s;
        f->n_leaves++;
    }
}

static void grow_tree(struct fit *f)
{
    uint64_t sum[2 * 257];
    const int n = f->n_leaves;
    int leaf = 0, pair = n; /* fronts of the queues */

    for (int i = 0; i < n; i++)
        sum[i] = f->count[i];
    for (int node = n; node < 2 * n - 1; node++) {
        sum[node] = 0;
        for (int k = 0; k < 2; k++) {
            const int takes_leaf = leaf < n && (pair == node || sum[leaf] <= sum[pair]);
            const int child = takes_leaf ? leaf++ : pair++;
            sum[node] += sum[child];
            f->parent[child] = node;
        }
    }
    f->depth[2 * n - 2] = 0;
    for (int node = 2 * n - 3; node >= 0; node--)
        f->depth[node] = f->depth[f->parent[node]] + 1;
}

/* Codes of more than 16 bits are cut to 16, and others get longer to make room: the rarest of
 * those that have less. `room`: what a code of 16 bits takes is 1. */
static void limit_depths(struct fit *f)
{
    int room = 1 << MAX_CODE_BITS;
    for (int i = 0; i < f->n_leaves; i++) {
        f->depth[i] = sct_min(f->depth[i], MAX_CODE_BITS);
        room -= 1 << (MAX_CODE_BITS - f->depth[i]);
    }
    while (room < 0) {
        int i = 0;
        while (f->depth[i] == MAX_CODE_BITS)
            i++;
        f->depth[i]++;
        room += 1 << (MAX_CODE_BITS - f->depth[i]);
    }
}

void sct_jpeg_table_fit(struct sct_jpeg_table *table, const uint32_t *counts,
                        int n_symbols)
{
    struct fit f;
    int n = 0;

    memset(table, 0, sizeof *table);
    sort_leaves(&f, counts, n_symbols);
    if (f.n_leaves == 1)
        return;
    grow_tree(&f);
    limit_depths(&f);
    for (int n_bits = 1; n_bits <= MAX_CODE_BITS; n_bits++)
        for (int i = f.n_leaves - 1; i > 0; i--)
            if (f.depth[i] == n_bits) {
                table->n_codes[n_bits]++;
                table->symbols[n++] = (uint8_t)f.symbol[i];
            }
}

/* ---- bits ---- */

void sct_jpeg_bits_init(struct sct_jpeg_bits *w, uint8_t *at)
{
    *w = (struct sct_jpeg_bits){.n_free = 64, .at = at};
}

static inline int has_byte_of_ones(uint64_t x)
{
    return (x & ~(x + UINT64_C(0x0101010101010101)) & UINT64_C(0x8080808080808080)) != 0;
}

/* Writes the n topmost bytes; a byte of ones is followed by one of zeros. */
static uint8_t *put_stuffed(uint8_t *at, uint64_t bytes, int n)
{
    for (; n > 0; n--, bytes <<= 8) {
        *at++ = (uint8_t)(bytes >> 56);
        if (at[-1] == 0xff)
            *at++ = 0;
    }
    return at;
}

static inline uint8_t *put_8_bytes(uint8_t *at, uint64_t bytes)
{
    if (has_byte_of_ones(bytes))
        return put_stuffed(at, bytes, 8);
    for (int i = 0; i < 8; i++) /* one store, and a swap of bytes */
        at[i] = (uint8_t)(bytes >> (56 - 8 * i));
    return at + 8;
}

/* `value` has no bits above the n lowest; n <= 27. */
static inline void put_bits(struct sct_jpeg_bits *w, uint64_t value, int n)
{
    if (n < w->n_free) {
        w->bits = w->bits << n | value;
        w->n_free -= n;
        return;
    }
    const int n_left = n - w->n_free; /* that do not fit */
    w->at = put_8_bytes(w->at, w->bits << w->n_free | value >> n_left);
    w->bits = value; /* what has been written is above the rest, and pushed out in time */
    w->n_free = 64 - n_left;
}

void sct_jpeg_bits_flush(struct sct_jpeg_bits *w)
{
    const int n_bits = 64 - w->n_free;
    const int n_bytes = (n_bits + 7) / 8;
    const int n_ones = n_bytes * 8 - n_bits;

    if (n_bytes > 0)
        w->at = put_stuffed(
            w->at, ((w->bits << n_ones) | ((1u << n_ones) - 1)) << (64 - n_bytes * 8),
            n_bytes);
    sct_jpeg_bits_init(w, w->at);
}

/* ---- blocks ---- */

static inline int count_bits(unsigned magnitude)
{
    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

/* The bits of a level are those of its magnitude, or their complement below 0 (T.81,
 * F.1.2.1). */
static inline void put_level(struct sct_jpeg_bits *w, uint32_t entry, int level, int size)
{
    const uint32_t value = (uint32_t)(level + (level >> 31)) & ((1u << size) - 1);
    put_bits(w, (entry >> LENGTH_BITS) | value, (int)(entry & ((1 << LENGTH_BITS) - 1)));
}

/* AC levels from place k0 on. Returns the place of the last one, k0 - 1 if there is none. */
static inline int put_runs(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                           const int16_t levels[64], uint64_t nonzero, int k0)
{
    int last = k0 - 1;
    for (; nonzero; nonzero &= nonzero - 1) {
        const int k = __builtin_ctzll(nonzero);
        const int level = levels[sct_zigzag[k]];
        const int size = count_bits((unsigned)abs(level));
        int run = k - last - 1;
        for (; run > 15; run -= 16)
            put_level(w, codes->ac[SCT_JPEG_ZRL], 0, 0);
        put_level(w, codes->ac[run << 4 | size], level, size);
        last = k;
    }
    return last;
}

static inline int count_runs(struct sct_jpeg_counts *counts, const int16_t levels[64],
                             uint64_t nonzero, int k0)
{
    int last = k0 - 1;
    for (; nonzero; nonzero &= nonzero - 1) {
        const int k = __builtin_ctzll(nonzero);
        const int size = count_bits((unsigned)abs(levels[sct_zigzag[k]]));
        const int run = k - last - 1;
        counts->ac[SCT_JPEG_ZRL] += (uint32_t)run / 16;
        counts->ac[run % 16 << 4 | size]++;
        last = k;
    }
    return last;
}

static inline void put_difference(struct sct_jpeg_bits *w,
                                  const struct sct_jpeg_codes *codes, int difference)
{
    const int size = count_bits((unsigned)abs(difference));
    put_level(w, codes->dc[size], difference, size);
}

void sct_jpeg_put_block(struct sct_jpeg_bits *writer, const struct sct_jpeg_codes *codes,
                        int difference, const int16_t levels[64], uint64_t nonzero)
{
    struct sct_jpeg_bits w = *writer; /* in registers */
    put_difference(&w, codes, difference);
    if (put_runs(&w, codes, levels, nonzero & ~UINT64_C(1), 1) < 63)
        put_level(&w, codes->ac[SCT_JPEG_EOB], 0, 0);
    *writer = w;
}

void sct_jpeg_count_block(struct sct_jpeg_counts *counts, int difference,
                          const int16_t levels[64], uint64_t nonzero)
{
    sct_jpeg_count_dc(counts, difference);
    if (count_runs(counts, levels, nonzero & ~UINT64_C(1), 1) < 63)
        counts->ac[SCT_JPEG_EOB]++;
}

/* ---- progressive ---- */

enum { MAX_EOB_RUN = 0x7fff };

void sct_jpeg_put_dc(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                     int difference)
{
    put_difference(w, codes, difference);
}

void sct_jpeg_count_dc(struct sct_jpeg_counts *counts, int difference)
{
    counts->dc[count_bits((unsigned)abs(difference))]++;
}

/* A symbol for the length of the run in bits, then its bits but the first. */
void sct_jpeg_put_eob_run(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                          uint32_t *eob_run)
{
    if (*eob_run == 0)
        return;
    const int n = count_bits(*eob_run) - 1;
    put_level(w, codes->ac[n << 4], 0, 0);
    put_bits(w, *eob_run & ((1u << n) - 1), n);
    *eob_run = 0;
}

void sct_jpeg_count_eob_run(struct sct_jpeg_counts *counts, uint32_t *eob_run)
{
    if (*eob_run > 0)
        counts->ac[(count_bits(*eob_run) - 1) << 4]++;
    *eob_run = 0;
}

void sct_jpeg_put_band(struct sct_jpeg_bits *writer, const struct sct_jpeg_codes *codes,
                       uint32_t *eob_run, const int16_t levels[64], uint64_t nonzero,
                       int k0, int k1)
{
    struct sct_jpeg_bits w = *writer;
    if (nonzero)
        sct_jpeg_put_eob_run(&w, codes, eob_run);
    if (put_runs(&w, codes, levels, nonzero, k0) < k1 && ++*eob_run == MAX_EOB_RUN)
        sct_jpeg_put_eob_run(&w, codes, eob_run);
    *writer = w;
}

void sct_jpeg_count_band(struct sct_jpeg_counts *counts, uint32_t *eob_run,
                         const int16_t levels[64], uint64_t nonzero, int k0, int k1)
{
    if (nonzero)
        sct_jpeg_count_eob_run(counts, eob_run);
    if (count_runs(counts, levels, nonzero, k0) < k1 && ++*eob_run == MAX_EOB_RUN)
        sct_jpeg_count_eob_run(counts, eob_run);
}
