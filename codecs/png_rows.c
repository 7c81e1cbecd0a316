/* See png_rows.h. Plain loops with restrict, one per number of interleaved samples, which
 * compilers turn into shuffles where the machine has them. */
#include "png_rows.h"

#include <string.h>

size_t sct_png_rows_line_bytes(const struct spng_ihdr *ihdr)
{
    static const uint8_t n_samples[7] = {1, 0, 3, 1, 2, 0, 4};
    const size_t n_bits = (size_t)n_samples[ihdr->color_type] * ihdr->bit_depth;
    return ((size_t)ihdr->width * n_bits + 7) / 8;
}

/* ---- planning ------------------------------------------------------------------------ */

static int has_colour(const struct spng_plte *plte)
{
    for (uint32_t i = 0; i < plte->n_entries; i++)
        if (plte->entries[i].red != plte->entries[i].green ||
            plte->entries[i].red != plte->entries[i].blue)
            return 1;
    return 0;
}

static void fill_palette(struct sct_png_rows *rows, const struct spng_plte *plte,
                         const struct spng_trns *trns)
{
    rows->n_entries = (int)plte->n_entries;
    for (uint32_t i = 0; i < plte->n_entries; i++) {
        rows->lut[0][i] = plte->entries[i].red;
        if (rows->n_colours == 3) {
            rows->lut[1][i] = plte->entries[i].green;
            rows->lut[2][i] = plte->entries[i].blue;
        }
    }
    if (trns) {
        memset(rows->lut[rows->n_colours], 255, 256);
        memcpy(rows->lut[rows->n_colours], trns->type3_alpha, trns->n_type3_entries);
    }
}

static void fill_grays(struct sct_png_rows *rows, const struct spng_trns *trns)
{
    const int max = (1 << rows->bit_depth) - 1;
    for (int i = 0; i <= max; i++)
        rows->lut[0][i] = (uint8_t)(i * (255 / max));
    if (trns) {
        memset(rows->lut[1], 255, 256);
        rows->lut[1][trns->gray & max] = 0;
    }
}

void sct_png_rows_init(struct sct_png_rows *rows, const struct spng_ihdr *ihdr,
                       const struct spng_plte *plte, const struct spng_trns *trns,
                       int may_be_gray)
{
    const int type = ihdr->color_type;

    memset(rows, 0, sizeof *rows);
    rows->width = (int)ihdr->width;
    rows->bit_depth = ihdr->bit_depth;
    rows->colour_type = type;
    rows->depth = ihdr->bit_depth == 16 ? 16 : 8;
    rows->n_entries = 256;
    rows->n_colours =
        type == SPNG_COLOR_TYPE_GRAYSCALE || type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                (type == SPNG_COLOR_TYPE_INDEXED && may_be_gray && !has_colour(plte))
            ? 1
            : 3;
    rows->has_alpha = trns || type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                      type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
    rows->n_components = rows->n_colours + rows->has_alpha;
    if (type == SPNG_COLOR_TYPE_INDEXED) {
        rows->has_lut = 1;
        fill_palette(rows, plte, trns);
    } else if (type == SPNG_COLOR_TYPE_GRAYSCALE && rows->depth == 8 &&
               (trns || rows->bit_depth < 8))
    {
        rows->has_lut = 1;
        fill_grays(rows, trns);
    } else if (trns) {
        const uint16_t mask = rows->depth == 16 ? 0xFFFF : 0xFF;
        rows->trns[0] = (rows->n_colours == 1 ? trns->gray : trns->red) & mask;
        rows->trns[1] = trns->green & mask;
        rows->trns[2] = trns->blue & mask;
    }
}

/* ---- lines --------------------------------------------------------------------------- */

static void unpack_bits(uint8_t *restrict to, const uint8_t *restrict from, int width,
                        int bit_depth)
{
    const int mask = (1 << bit_depth) - 1, per_byte = 8 / bit_depth;
    int x = 0;
    for (; x + per_byte <= width; x += per_byte, from++)
        for (int i = 0; i < per_byte; i++)
            to[x + i] = (uint8_t)(*from >> (8 - bit_depth * (i + 1)) & mask);
    for (int i = 0; x < width; x++, i++)
        to[x] = (uint8_t)(*from >> (8 - bit_depth * (i + 1)) & mask);
}

static void look_up(uint8_t *restrict to, const uint8_t *restrict indices,
                    const uint8_t *restrict lut, int width)
{
    for (int x = 0; x < width; x++)
        to[x] = lut[indices[x]];
}

static int are_below(const uint8_t *indices, int width, int n)
{
    uint8_t max = 0;
    for (int x = 0; x < width; x++)
        max = indices[x] > max ? indices[x] : max;
    return max < n;
}

static int unpack_indices(const struct sct_png_rows *rows, const uint8_t *line,
                          uint8_t *indices, void *const *to)
{
    if (rows->bit_depth < 8) {
        unpack_bits(indices, line, rows->width, rows->bit_depth);
        line = indices;
    }
    for (int ci = 0; ci < rows->n_components; ci++)
        look_up(to[ci], line, rows->lut[ci], rows->width);
    return rows->n_entries >= 1 << rows->bit_depth ||
           are_below(line, rows->width, rows->n_entries);
}

/* Interleaved samples apart, and alpha from a transparent colour: for both sample types. */
#define DEFINE_SPLIT(type, suffix)                                                       \
    static void split2_##suffix(type *restrict a, type *restrict b,                      \
                                const type *restrict from, int width)                    \
    {                                                                                    \
        for (int x = 0; x < width; x++) {                                                \
            a[x] = from[2 * x];                                                          \
            b[x] = from[2 * x + 1];                                                      \
        }                                                                                \
    }                                                                                    \
    static void split3_##suffix(type *restrict a, type *restrict b, type *restrict c,    \
                                const type *restrict from, int width)                    \
    {                                                                                    \
        for (int x = 0; x < width; x++) {                                                \
            a[x] = from[3 * x];                                                          \
            b[x] = from[3 * x + 1];                                                      \
            c[x] = from[3 * x + 2];                                                      \
        }                                                                                \
    }                                                                                    \
    static void split4_##suffix(type *restrict a, type *restrict b, type *restrict c,    \
                                type *restrict d, const type *restrict from, int width)  \
    {                                                                                    \
        for (int x = 0; x < width; x++) {                                                \
            a[x] = from[4 * x];                                                          \
            b[x] = from[4 * x + 1];                                                      \
            c[x] = from[4 * x + 2];                                                      \
            d[x] = from[4 * x + 3];                                                      \
        }                                                                                \
    }                                                                                    \
    static void key1_##suffix(type *restrict alpha, const type *restrict a,              \
                              const uint16_t *key, int width)                            \
    {                                                                                    \
        const type ka = (type)key[0];                                                    \
        for (int x = 0; x < width; x++)                                                  \
            alpha[x] = (type) - (a[x] != ka);                                            \
    }                                                                                    \
    static void key3_##suffix(type *restrict alpha, const type *restrict a,              \
                              const type *restrict b, const type *restrict c,            \
                              const uint16_t *key, int width)                            \
    {                                                                                    \
        const type ka = (type)key[0], kb = (type)key[1], kc = (type)key[2];              \
        for (int x = 0; x < width; x++)                                                  \
            alpha[x] = (type) - ((a[x] != ka) | (b[x] != kb) | (c[x] != kc));            \
    }                                                                                    \
    static void unpack_##suffix(const struct sct_png_rows *rows, const type *line,       \
                                void *const *to)                                         \
    {                                                                                    \
        const int width = rows->width;                                                   \
        switch (rows->colour_type) {                                                     \
        case SPNG_COLOR_TYPE_GRAYSCALE:                                                  \
            memcpy(to[0], line, (size_t)width * sizeof *line);                           \
            if (rows->has_alpha)                                                         \
                key1_##suffix(to[1], to[0], rows->trns, width);                          \
            break;                                                                       \
        case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:                                            \
            split2_##suffix(to[0], to[1], line, width);                                  \
            break;                                                                       \
        case SPNG_COLOR_TYPE_TRUECOLOR:                                                  \
            split3_##suffix(to[0], to[1], to[2], line, width);                           \
            if (rows->has_alpha)                                                         \
                key3_##suffix(to[3], to[0], to[1], to[2], rows->trns, width);            \
            break;                                                                       \
        default: split4_##suffix(to[0], to[1], to[2], to[3], line, width); break;        \
        }                                                                                \
    }

DEFINE_SPLIT(uint8_t, u8)
DEFINE_SPLIT(uint16_t, u16)

int sct_png_rows_unpack(const struct sct_png_rows *rows, const void *line,
                        uint8_t *indices, void *const to[SCT_MAX_COMPONENTS])
{
    if (rows->has_lut)
        return unpack_indices(rows, line, indices, to);
    if (rows->depth == 16)
        unpack_u16(rows, line, to);
    else
        unpack_u8(rows, line, to);
    return 1;
}
