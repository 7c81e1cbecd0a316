/* Private to the PNG decoder: scan lines become planar rows.
 *
 *     colour type               rows
 *     gray, all depths          gray [alpha: tRNS]
 *     gray and alpha            gray alpha
 *     RGB                       R G B [alpha: tRNS]
 *     RGBA                      R G B alpha
 *     palette                   R G B, or gray where all entries are, [alpha: tRNS]
 *
 * Samples of 1, 2 and 4 bits are scaled to 0..255; samples of 16 bits stay. */
#ifndef SCT_PNG_ROWS_H
#define SCT_PNG_ROWS_H

#include <spng.h>

#include "picture.h"

struct sct_png_rows {
    int width, bit_depth, colour_type;
    int n_colours; /* components without alpha: 1 or 3 */
    int has_alpha;
    int n_components;
    int depth; /* of the rows: 8 or 16 */
    /* Gray of up to 8 bits with tRNS or fewer than 8 bits, and palettes: lut[ci][index]. */
    int has_lut;
    uint8_t lut[SCT_MAX_COMPONENTS][256];
    int n_entries;    /* of the palette, or all that there can be */
    uint16_t trns[3]; /* the transparent colour, otherwise */
};

/* plte: for palettes; trns: NULL when there is none. may_be_gray: a palette of grays makes
 * gray rows. */
void sct_png_rows_init(struct sct_png_rows *rows, const struct spng_ihdr *ihdr,
                       const struct spng_plte *plte, const struct spng_trns *trns,
                       int may_be_gray);

/* Bytes of a scan line without its filter byte; the width is up to SCT_PNG_MAX_SIDE. */
size_t sct_png_rows_line_bytes(const struct spng_ihdr *ihdr);

/* `line`: in SPNG_FMT_PNG, that is samples of 16 bits in the machine's order; aligned to 2.
 * `indices`: scratch of width bytes. to[ci]: a row of width samples of `depth` bits. Returns
 * whether all palette indices are inside the palette; others are black. */
int sct_png_rows_unpack(const struct sct_png_rows *rows, const void *line,
                        uint8_t *indices, void *const to[SCT_MAX_COMPONENTS]);

#endif
