/* Private to the JPEG codec: Huffman tables for the streaming decoder.
 *
 * A window of the next bits is looked up, and one entry says as much as the window holds:
 *
 *     first  the DC difference of a block, and the code that follows it
 *     ac     up to two codes
 *     skip   as many codes as fit, when their values are not wanted
 *
 * Within a block position k runs from 1 to 63 in zigzag order. A code of run r and size s
 * (T.81, F.1.2.2) moves r + 1 positions; ZRL moves 16; EOB ends the block: it is written as
 * a move past 63. */
#ifndef SCT_JPEG_HUFFMAN_H
#define SCT_JPEG_HUFFMAN_H

#include <stdint.h>

enum {
    SCT_FIRST_BITS = 9, /* windows: a picture's tables should fit in the L1 cache */
    SCT_MAX_AC_BITS = 11,
    SCT_SKIP_BITS = 12,
    SCT_MISSING_BITS = 8, /* of a value may stand behind its window */
    SCT_ENTRY_BITS = 18,  /* in all: a refill of 56 lasts for three entries */
    SCT_END_OF_BLOCK = 64
};

/* Each field is one load; nothing is shifted out of a word. */
struct sct_huffman_entry {
    uint8_t n_bits; /* of all codes and values, at most SCT_ENTRY_BITS; 0: the window does
                        not say, search */
    uint8_t missing; /* mask of those last bits that the window does not hold: the reader
                        adds them to value0; then there is no second value */
    uint8_t advance; /* from k to the next code's; SCT_END_OF_BLOCK or more: EOB */
    uint8_t offset0; /* from k to the positions of the values (DC: k is 0); a missing */
    uint8_t offset1; /* value is a 0 at a position that nobody has written */
    int8_t value1;
    int16_t value0; /* as it is when the missing bits are 0 */
};

/* The same for codes whose values are not wanted. The last value may reach out of the
 * window. */
struct sct_skip_entry {
    uint8_t n_bits, advance;
};

/* One symbol at a time, for what the windows do not hold (T.81, F.2.2.3). */
struct sct_code_lengths {
    int32_t
        max_code[18];   /* largest code of each length; -1: none; [17] stops any search */
    int32_t offset[17]; /* from a code to its symbol's index */
    uint8_t symbol[256];
    uint8_t n_codes[17];
    int n_symbols;
};

struct sct_dc_table {
    struct sct_code_lengths codes;
};

struct sct_ac_table {
    struct sct_huffman_entry entry[1 << SCT_MAX_AC_BITS];
    struct sct_skip_entry skip[1 << SCT_SKIP_BITS];
    struct sct_code_lengths codes;
    int bits;     /* the window of entries */
    int max_size; /* of the values in entries, in bits */
};

/* What a block begins with: one for every pair of tables that a component uses. */
struct sct_first_table {
    struct sct_huffman_entry entry[1 << SCT_FIRST_BITS];
};

/* Build a table from DHT's counts per length (n_codes[1..16]) and symbols (T.81, B.2.4.2).
 * `bits`: the window of its entries, 1..SCT_MAX_AC_BITS: a larger one holds two codes more
 * often, and leaves less of the cache to others.
 * Entries only hold AC values of up to max_size bits, so that a quantiser of INT16_MAX >>
 * max_size or less cannot take them out of 16 bits; larger ones, which no real picture
 * has, are searched for. SCT_ERR_CORRUPT when these are no prefix code, or a DC symbol is
 * above 15: what libjpeg-turbo refuses too. */
int sct_dc_table_build(struct sct_dc_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256]);
int sct_ac_table_build(struct sct_ac_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256], int bits, int max_size);
void sct_first_table_build(struct sct_first_table *t, const struct sct_dc_table *dc,
                           const struct sct_ac_table *ac);

/* The value of `size` bits that were read as `bits` (T.81, F.2.2.1, EXTEND); size <= 16.
 */
static inline int sct_huffman_extend(int bits, int size)
{
    return size && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

#endif
