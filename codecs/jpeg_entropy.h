/* Private to the JPEG codec: levels become Huffman codes (T.81, F.1.2 and annexes C and K.2).
 *
 * A block comes as its 64 levels, in the order of the kernel's fdct, and a mask that says which
 * are not 0: bit k for the one at k in zigzag order. From one bit of the mask to the next is a
 * run. Codes and the bits of a level behind them go out at once: a table has an entry for
 * every run and size of level.
 *
 *     entry   [ code, moved up by the level's size: 27 bits | bits of both: 5 ] */
#ifndef SCT_JPEG_ENTROPY_H
#define SCT_JPEG_ENTROPY_H

#include <stdint.h>

enum {
    SCT_JPEG_DC_SIZES = 12, /* 0..11 bits of a difference, with samples of 8 bits */
    SCT_JPEG_MAX_AC = 1023, /* the largest magnitudes of baseline, and of DC levels */
    SCT_JPEG_ZRL = 0xf0,    /* AC symbols are run << 4 | size; these two have no level */
    SCT_JPEG_EOB = 0,
    SCT_JPEG_MAX_BLOCK_BYTES = 512 /* that one block can become, stuffing included */
};

/* A table as DHT has it: n_codes[1..16] codes of each length, their symbols in order. */
struct sct_jpeg_table {
    uint8_t n_codes[17];
    uint8_t symbols[256];
};

/* The same for writing. A symbol that the table lacks has an entry of 0. */
struct sct_jpeg_codes {
    uint32_t dc[SCT_JPEG_DC_SIZES];
    uint32_t ac[256];
};

/* How often each symbol occurs. */
struct sct_jpeg_counts {
    uint32_t dc[SCT_JPEG_DC_SIZES];
    uint32_t ac[256];
};

void sct_jpeg_codes_build(struct sct_jpeg_codes *codes, const struct sct_jpeg_table *dc,
                          const struct sct_jpeg_table *ac);

/* The bits of a code and of the level behind it; 0: there is no such code. */
static inline int sct_jpeg_code_bits(uint32_t entry)
{
    return entry & 31;
}

/* The table with the fewest bits for n_symbols symbols that occur `counts` times; those with 0
 * are left out. Codes have at most 16 bits, and none is all ones. */
void sct_jpeg_table_fit(struct sct_jpeg_table *table, const uint32_t *counts,
                        int n_symbols);

/* Bits on their way into a buffer. */
struct sct_jpeg_bits {
    uint64_t bits; /* the last of them at the bottom */
    int n_free;    /* above them, 1..64 */
    uint8_t *at;   /* where the next bytes go: the caller sees to their room */
};

void sct_jpeg_bits_init(struct sct_jpeg_bits *w, uint8_t *at);

/* Writes a block to w->at, at most SCT_JPEG_MAX_BLOCK_BYTES. `difference`: of its DC level to
 * the one before, -2047..2047; other levels are within SCT_JPEG_MAX_AC. Bit 0 of
 * `nonzero` does not matter. */
void sct_jpeg_put_block(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                        int difference, const int16_t levels[64], uint64_t nonzero);

/* Counts the symbols of a block. */
void sct_jpeg_count_block(struct sct_jpeg_counts *counts, int difference,
                          const int16_t levels[64], uint64_t nonzero);

/* The parts of a progressive file (T.81, G.1.2), without successive approximation: DC levels
 * alone, and the AC levels at places k0 to k1 of one component. `nonzero` has no bits but those.
 * Blocks that have nothing more in the band are counted in *eob_run, 0 at first, and
 * written together: when one that has follows, when there are many, and at the end of
 * the scan by put_eob_run. At most SCT_JPEG_MAX_BLOCK_BYTES each. */
void sct_jpeg_put_dc(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                     int difference);
void sct_jpeg_put_band(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                       uint32_t *eob_run, const int16_t levels[64], uint64_t nonzero,
                       int k0, int k1);
void sct_jpeg_put_eob_run(struct sct_jpeg_bits *w, const struct sct_jpeg_codes *codes,
                          uint32_t *eob_run);
void sct_jpeg_count_dc(struct sct_jpeg_counts *counts, int difference);
void sct_jpeg_count_band(struct sct_jpeg_counts *counts, uint32_t *eob_run,
                         const int16_t levels[64], uint64_t nonzero, int k0, int k1);
void sct_jpeg_count_eob_run(struct sct_jpeg_counts *counts, uint32_t *eob_run);

/* Writes what is left, filled up with ones to a whole byte: at most 16 bytes. */
void sct_jpeg_bits_flush(struct sct_jpeg_bits *w);

#endif
