/* Private to the JPEG codec: Huffman tables for the streaming decoder.
 *
 * A window of the next bits is looked up, and one entry says as much as the window holds:
 *
 *     dc    one difference
 *     ac    up to two coefficients
 *     skip  as many codes as fit, when their values are not wanted
 *
 * Within a block position k runs from 1 to 63 in zigzag order. A code of run r and size s
 * (T.81, F.1.2.2) moves r + 1 positions; ZRL moves 16; EOB ends the block: it is written
 * as a move past 63. */
#ifndef SCT_JPEG_HUFFMAN_H
#define SCT_JPEG_HUFFMAN_H

#include <stdint.h>

enum {
    SCT_DC_BITS = 10, /* windows: a picture's tables should fit in the L1 cache */
    SCT_AC_BITS = 11,
    SCT_SKIP_BITS = 12,
    SCT_END_OF_BLOCK = 64
};

/* A value whose bits reach out of the window is completed by the reader: `value` is what
 * it is when the missing n_missing bits are 0, and n_bits counts them. */
struct sct_dc_entry {
    int16_t value;
    uint8_t n_missing;
    uint8_t n_bits; /* code and value together; 0: not even the code is in the window */
};

struct sct_ac_entry {
    int16_t value0;
    int8_t value1;            /* its bits are all in the window, so it is small */
    uint8_t n_missing;        /* of value0; then there is no second one */
    uint8_t offset0, offset1; /* from k to the positions of the values; a missing value is
                                 a 0 at a position that nobody has written or will need */
    uint8_t advance; /* from k to the next code's; SCT_END_OF_BLOCK or more: EOB */
    uint8_t n_bits;  /* of all codes and values; 0: not even one code is in the window */
};

struct sct_skip_entry {
    uint8_t n_bits;  /* as above; the last value may reach out of the window */
    uint8_t advance; /* as above: EOB adds SCT_END_OF_BLOCK to what came before it */
};

/* One symbol at a time, for what the windows do not hold (T.81, F.2.2.3). */
struct sct_code_lengths {
    int32_t
        max_code[18];   /* largest code of each length; -1: none; [17] stops any search */
    int32_t offset[17]; /* from a code to its symbol's index */
    uint8_t symbol[256];
};

struct sct_dc_table {
    struct sct_dc_entry entry[1 << SCT_DC_BITS];
    struct sct_code_lengths codes;
};

struct sct_ac_table {
    struct sct_ac_entry entry[1 << SCT_AC_BITS];
    struct sct_skip_entry skip[1 << SCT_SKIP_BITS];
    struct sct_code_lengths codes;
};

/* Build a table from DHT's counts per length (n_codes[1..16]) and symbols (T.81,
 * B.2.4.2). SCT_ERR_CORRUPT when these are no prefix code, or a DC symbol is above 15:
 * what libjpeg-turbo refuses too. */
int sct_dc_table_build(struct sct_dc_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256]);
int sct_ac_table_build(struct sct_ac_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256]);

/* The value of `size` bits that were read as `bits` (T.81, F.2.2.1, EXTEND); size <= 16.
 */
static inline int sct_huffman_extend(int bits, int size)
{
    return size && bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

#endif
