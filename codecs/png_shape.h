/* Private to the PNG encoder: the smallest type of PNG that holds a picture exactly.
 *
 *     rows --add--> what was seen --choose--> gray, gray and alpha, RGB, RGBA, palette
 *
 * What was seen only grows: has a colour, has transparency, needs 16 bits, more colours. The
 * type is certain as soon as even the worst rows to come could not change it. */
#ifndef SCT_PNG_SHAPE_H
#define SCT_PNG_SHAPE_H

#include <stddef.h>
#include <stdint.h>

enum { SCT_PNG_MAX_COLOURS = 256, SCT_PNG_HASH_SIZE = 1024 };

/* Rows as they come: interleaved samples, 1 to 4, of 8 or 16 bits. */
struct sct_png_rows_in {
    int width, n_samples, has_alpha, depth;
    int64_t n_pixels; /* of the picture */
    int keeps_model;  /* a profile is written with it: colours stay RGB, grays gray */
};

struct sct_png_seen {
    int has_colour, has_alpha, needs_16;
    int gray_bits; /* that grays need: 1, 2, 4, 8 */
    int n_colours; /* SCT_PNG_MAX_COLOURS + 1: too many */
};

struct sct_png_shape {
    int colour_type, bit_depth; /* as in IHDR */
};

struct sct_png_stats {
    struct sct_png_rows_in in;
    struct sct_png_seen seen, worst;
    uint32_t colours[SCT_PNG_MAX_COLOURS]; /* R G B A, R in the highest byte */
    uint16_t hash[SCT_PNG_HASH_SIZE];      /* index of a colour, + 1 */
};

void sct_png_stats_init(struct sct_png_stats *stats, const struct sct_png_rows_in *in);

void sct_png_stats_add(struct sct_png_stats *stats, const void *row);

/* The type for all rows so far; *is_certain: and for whatever comes. */
struct sct_png_shape sct_png_stats_choose(const struct sct_png_stats *stats,
                                          int *is_certain);

/* For a palette, after the last row: moves colours with transparency to the front, which
 * makes tRNS short. Returns how many there are. */
int sct_png_stats_sort(struct sct_png_stats *stats);

/* Bytes of a scan line in that shape. */
size_t sct_png_shape_line_bytes(const struct sct_png_shape *shape, int width);

/* A row in that shape, without its filter byte, samples of 16 bits in the machine's order. */
void sct_png_shape_pack(const struct sct_png_stats *stats,
                        const struct sct_png_shape *shape, const void *row, void *line);

#endif
