/* See png_shape.h. */
#include "png_shape.h"

#include <string.h>

#include <spng.h>

/* Sample i of a row. */
static inline unsigned get_sample(const void *row, int depth, int i)
{
    return depth == 16 ? ((const uint16_t *)row)[i] : ((const uint8_t *)row)[i];
}

/* The same in 8 bits, where that is exact. */
static inline unsigned get_sample8(const void *row, int depth, int i)
{
    return depth == 16 ? ((const uint16_t *)row)[i] >> 8 : ((const uint8_t *)row)[i];
}

void sct_png_stats_init(struct sct_png_stats *stats, const struct sct_png_rows_in *in)
{
    const int is_colour = in->n_samples - in->has_alpha == 3;

    memset(stats, 0, sizeof *stats);
    stats->in = *in;
    stats->seen.gray_bits = 1;
    stats->seen.has_colour = is_colour && in->keeps_model;
    stats->worst = (struct sct_png_seen){.has_colour = is_colour,
                                         .has_alpha = in->has_alpha,
                                         .needs_16 = in->depth == 16,
                                         .gray_bits = 8,
                                         .n_colours = SCT_PNG_MAX_COLOURS + 1};
}

/* ---- looking at rows ------------------------------------------------------------------ */

static int find_16(const struct sct_png_rows_in *in, const uint16_t *row)
{
    unsigned difference = 0;
    for (int i = 0; i < in->width * in->n_samples; i++)
        difference |= (unsigned)(row[i] >> 8 ^ row[i]) & 0xFF;
    return difference != 0;
}

static int find_colour(const struct sct_png_rows_in *in, const void *row)
{
    unsigned difference = 0;
    for (int x = 0; x < in->width; x++) {
        const unsigned red = get_sample(row, in->depth, x * in->n_samples);
        difference |= red ^ get_sample(row, in->depth, x * in->n_samples + 1);
        difference |= red ^ get_sample(row, in->depth, x * in->n_samples + 2);
    }
    return difference != 0;
}

static int find_alpha(const struct sct_png_rows_in *in, const void *row)
{
    const unsigned opaque = (1u << in->depth) - 1;
    unsigned all = opaque;
    for (int x = 0; x < in->width; x++)
        all &= get_sample(row, in->depth, (x + 1) * in->n_samples - 1);
    return all != opaque;
}

/* Bits that the first samples need; those of grays. */
static int count_gray_bits(const struct sct_png_rows_in *in, const void *row, int n_bits)
{
    for (int x = 0; x < in->width && n_bits < 8; x++) {
        const unsigned v = get_sample8(row, in->depth, x * in->n_samples);
        if (n_bits == 1 && v % 255)
            n_bits = 2;
        if (n_bits == 2 && v % 85)
            n_bits = 4;
        if (n_bits == 4 && v % 17)
            n_bits = 8;
    }
    return n_bits;
}

static inline uint32_t get_colour(const struct sct_png_rows_in *in, const void *row,
                                  int x)
{
    const int at = x * in->n_samples, n_colours = in->n_samples - in->has_alpha;
    const uint32_t first = get_sample8(row, in->depth, at);
    const uint32_t second = n_colours == 3 ? get_sample8(row, in->depth, at + 1) : first;
    const uint32_t third = n_colours == 3 ? get_sample8(row, in->depth, at + 2) : first;
    const uint32_t alpha =
        in->has_alpha ? get_sample8(row, in->depth, at + in->n_samples - 1) : 255;
    return first << 24 | second << 16 | third << 8 | alpha;
}

/* Where the colour is in the hash, or where it would go: at most 257 of 1024 are taken. */
static inline unsigned find_slot(const struct sct_png_stats *stats, uint32_t colour)
{
    unsigned slot = (colour * 2654435761u) >> 22;
    while (stats->hash[slot] && stats->colours[stats->hash[slot] - 1] != colour)
        slot = (slot + 1) % SCT_PNG_HASH_SIZE;
    return slot;
}

static void count_colours(struct sct_png_stats *stats, const void *row)
{
    struct sct_png_seen *seen = &stats->seen;
    uint32_t before = 0;
    for (int x = 0; x < stats->in.width; x++) {
        const uint32_t colour = get_colour(&stats->in, row, x);
        if (x > 0 && colour == before)
            continue;
        before = colour;
        const unsigned slot = find_slot(stats, colour);
        if (stats->hash[slot])
            continue;
        if (++seen->n_colours > SCT_PNG_MAX_COLOURS)
            return;
        stats->colours[seen->n_colours - 1] = colour;
        stats->hash[slot] = (uint16_t)seen->n_colours;
    }
}

void sct_png_stats_add(struct sct_png_stats *stats, const void *row)
{
    const struct sct_png_rows_in *in = &stats->in;
    struct sct_png_seen *seen = &stats->seen;

    if (stats->worst.needs_16 && !seen->needs_16)
        seen->needs_16 = find_16(in, row);
    if (stats->worst.has_colour && !seen->has_colour)
        seen->has_colour = find_colour(in, row);
    if (stats->worst.has_alpha && !seen->has_alpha)
        seen->has_alpha = find_alpha(in, row);
    if (!seen->needs_16 && !seen->has_colour && !seen->has_alpha)
        seen->gray_bits = count_gray_bits(in, row, seen->gray_bits);
    if (!seen->needs_16 && seen->n_colours <= SCT_PNG_MAX_COLOURS)
        count_colours(stats, row);
}

/* ---- choosing ------------------------------------------------------------------------- */

static int count_index_bits(int n_colours)
{
    return n_colours <= 2 ? 1 : n_colours <= 4 ? 2 : n_colours <= 16 ? 4 : 8;
}

static struct sct_png_shape choose(const struct sct_png_rows_in *in,
                                   const struct sct_png_seen *seen)
{
    static const int types[2][2] = {
        {SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA},
        {SPNG_COLOR_TYPE_TRUECOLOR, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA}};
    const int is_gray_only = in->n_samples - in->has_alpha == 1 && in->keeps_model;
    struct sct_png_shape shape = {types[seen->has_colour][seen->has_alpha], 8};
    int pixel_bits = 8 * ((seen->has_colour ? 3 : 1) + seen->has_alpha);

    if (seen->needs_16) {
        shape.bit_depth = 16;
        return shape;
    }
    if (!seen->has_colour && !seen->has_alpha)
        shape.bit_depth = pixel_bits = seen->gray_bits;
    if (seen->n_colours > SCT_PNG_MAX_COLOURS || is_gray_only)
        return shape;
    const int index_bits = count_index_bits(seen->n_colours);
    const int64_t saved_bytes = (pixel_bits - index_bits) * in->n_pixels / 8;
    if (saved_bytes > 24 + 4 * (int64_t)seen->n_colours) /* PLTE and tRNS */
        shape = (struct sct_png_shape){SPNG_COLOR_TYPE_INDEXED, index_bits};
    return shape;
}

struct sct_png_shape sct_png_stats_choose(const struct sct_png_stats *stats,
                                          int *is_certain)
{
    const struct sct_png_shape shape = choose(&stats->in, &stats->seen);
    const struct sct_png_shape worst = choose(&stats->in, &stats->worst);
    *is_certain =
        shape.colour_type == worst.colour_type && shape.bit_depth == worst.bit_depth;
    return shape;
}

int sct_png_stats_sort(struct sct_png_stats *stats)
{
    uint32_t sorted[SCT_PNG_MAX_COLOURS];
    int n = 0, n_transparent;

    for (int i = 0; i < stats->seen.n_colours; i++)
        if ((stats->colours[i] & 0xFF) != 0xFF)
            sorted[n++] = stats->colours[i];
    n_transparent = n;
    for (int i = 0; i < stats->seen.n_colours; i++)
        if ((stats->colours[i] & 0xFF) == 0xFF)
            sorted[n++] = stats->colours[i];

    memset(stats->hash, 0, sizeof stats->hash);
    for (int i = 0; i < n; i++) { /* slots look at colours that are in the hash already */
        stats->colours[i] = sorted[i];
        stats->hash[find_slot(stats, sorted[i])] = (uint16_t)(i + 1);
    }
    return n_transparent;
}

/* ---- packing -------------------------------------------------------------------------- */

/* Samples of a pixel in that shape. */
static int count_samples(const struct sct_png_shape *shape)
{
    static const int n_samples[7] = {1, 0, 3, 1, 2, 0, 4};
    return n_samples[shape->colour_type];
}

size_t sct_png_shape_line_bytes(const struct sct_png_shape *shape, int width)
{
    const size_t pixel_bits = (size_t)(count_samples(shape) * shape->bit_depth);
    return ((size_t)width * pixel_bits + 7) / 8;
}

/* values of `n_bits` bits, the first one in the highest */
static void put_bits(uint8_t *line, int x, int n_bits, unsigned value)
{
    const int per_byte = 8 / n_bits, i = x % per_byte;
    if (i == 0)
        line[x / per_byte] = 0;
    line[x / per_byte] |= (uint8_t)(value << (8 - n_bits * (i + 1)));
}

static void pack_indices(const struct sct_png_stats *stats, int n_bits, const void *row,
                         uint8_t *line)
{
    uint32_t before = 0;
    unsigned index = 0;
    for (int x = 0; x < stats->in.width; x++) {
        const uint32_t colour = get_colour(&stats->in, row, x);
        if (x == 0 || colour != before)
            index = stats->hash[find_slot(stats, colour)] - 1u;
        before = colour;
        put_bits(line, x, n_bits, index);
    }
}

void sct_png_shape_pack(const struct sct_png_stats *stats,
                        const struct sct_png_shape *shape, const void *row, void *line)
{
    const struct sct_png_rows_in *in = &stats->in;
    const int n = count_samples(shape), has_alpha = n == 2 || n == 4;

    if (shape->colour_type == SPNG_COLOR_TYPE_INDEXED) {
        pack_indices(stats, shape->bit_depth, row, line);
    } else if (n == in->n_samples && shape->bit_depth == in->depth) {
        memcpy(line, row, sct_png_shape_line_bytes(shape, in->width));
    } else if (shape->bit_depth < 8) {
        for (int x = 0; x < in->width; x++)
            put_bits(line, x, shape->bit_depth,
                     get_sample8(row, in->depth, x * in->n_samples) >>
                         (8 - shape->bit_depth));
    } else {
        for (int x = 0; x < in->width; x++)
            for (int i = 0; i < n; i++) {
                const int at =
                    x * in->n_samples + (has_alpha && i == n - 1 ? in->n_samples - 1 : i);
                if (shape->bit_depth == 16)
                    ((uint16_t *)line)[x * n + i] = ((const uint16_t *)row)[at];
                else
                    ((uint8_t *)line)[x * n + i] =
                        (uint8_t)get_sample8(row, in->depth, at);
            }
    }
}
