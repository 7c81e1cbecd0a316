/* Private to the PNG encoder: scan lines become IDAT chunks.
 *
 * What zlib is asked to do follows the lines: of filtered photographs searching for matches makes
 * the file larger, and takes most of the time; of drawings and screenshots it is everything. */
#ifndef SCT_PNG_DEFLATE_H
#define SCT_PNG_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include <zlib.h>

#include "png_filter.h"

struct sct_png_deflate_spec {
    size_t line_bytes, pixel_bytes; /* pixel_bytes as in png_filter.h */
    int is_indices;  /* a palette, or fewer than 8 bits: filters do nothing for them */
    int compression; /* 0..9, or SCT_COMPRESSION_DEFAULT */
    /* A chunk, whole. Returns whether it could be written. */
    int (*write)(void *ctx, const uint8_t *chunk, size_t n_bytes);
    void *ctx;
};

struct sct_png_deflate {
    struct sct_png_deflate_spec spec;
    z_stream zlib;
    int has_begun;
    int level, strategy;
    uint8_t *lines; /* owned: above, and one for each filter, with its type in front */
    uint8_t *above;
    uint8_t *work[SCT_PNG_N_FILTERS];
    uint8_t *chunk; /* owned */

    uint32_t n_pixels,
        n_equal; /* that have been seen lately; that equal their left neighbour */
};

/* SCT_OK or SCT_ERR_MEMORY. Needs sct_png_deflate_free in any case; a zeroed one may be
 * freed as well. */
int sct_png_deflate_init(struct sct_png_deflate *d,
                         const struct sct_png_deflate_spec *spec);
void sct_png_deflate_free(struct sct_png_deflate *d);

/* A line, in the file's byte order. SCT_OK or SCT_ERR_IO. */
int sct_png_deflate_line(struct sct_png_deflate *d, const uint8_t *line);

/* After the last line: the rest. SCT_OK or SCT_ERR_IO. */
int sct_png_deflate_finish(struct sct_png_deflate *d);

/* Writes a chunk without data, as IEND: SCT_OK or SCT_ERR_IO. */
int sct_png_deflate_chunk(const struct sct_png_deflate *d, const char *type);

#endif
