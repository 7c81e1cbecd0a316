/* See png_deflate.h.
 *
 *     line --filter--> work[type] --> zlib --> chunk --> write
 *
 * How, depends on how many of the pixels lately equal the one to their left:
 *
 *     at least half     a drawing: no filter, matches, searched for at the level
 *     less              a photograph: the filter with the smallest sum; Huffman codes alone,
 *                       and runs of one byte where at least one pixel of 64 is such a one. From
 *                       level 7 on, if somebody asks for that: matches, with Z_FILTERED, at ten
 *                       times the time
 *
 * Beside Sub and Up by the smallest sum and level 3 for all (encoding alone, bench_job): three
 * photographs of 1600 pixels take 0.4 of the time and are 5 to 17 % smaller, since matches in
 * noise cost more bits than the literals that they replace; 42 screenshots and plots take 0.9 of
 * it and are 19 % smaller. */
#include "png_deflate.h"

#include <string.h>

#include "encoder.h"
#include "mem.h"
#include "png_common.h"

enum {
    DEFAULT_LEVEL = 6, /* of zlib, where it searches for matches */
    PATIENT_LEVEL = 7,
    CHUNK_HEADER = 8,
    CHUNK_BYTES = 32768, /* of data in a chunk */
    CHUNK_SUM = 4,
    FORGET_AT = 16384 /* pixels, after which they count half */
};

/* ---- plan ---------------------------------------------------------------------------- */

static void *allocate(void *opaque, unsigned n, unsigned size)
{
    (void)opaque;
    return sct_mem_alloc(sct_size_mul(n, size));
}

static void release(void *opaque, void *memory)
{
    (void)opaque;
    sct_mem_free(memory);
}

int sct_png_deflate_init(struct sct_png_deflate *d,
                         const struct sct_png_deflate_spec *spec)
{
    const size_t stride = sct_size_align(sct_size_add(spec->line_bytes, 1));
    memset(d, 0, sizeof *d);
    d->spec = *spec;
    d->level =
        spec->compression == SCT_COMPRESSION_DEFAULT ? DEFAULT_LEVEL : spec->compression;
    d->strategy = Z_DEFAULT_STRATEGY;
    d->zlib.zalloc = allocate;
    d->zlib.zfree = release;
    d->lines = sct_mem_alloc(sct_size_mul(stride, SCT_PNG_N_FILTERS + 1));
    d->chunk = sct_mem_alloc(CHUNK_HEADER + CHUNK_BYTES + CHUNK_SUM);
    if (!d->lines || !d->chunk || deflateInit(&d->zlib, d->level) != Z_OK)
        return SCT_ERR_MEMORY;
    d->has_begun = 1;
    d->above = d->lines;
    for (int type = 0; type < SCT_PNG_N_FILTERS; type++) {
        d->work[type] = d->lines + (size_t)(type + 1) * stride + 1;
        d->work[type][-1] = (uint8_t)type;
    }
    d->zlib.next_out = d->chunk + CHUNK_HEADER;
    d->zlib.avail_out = CHUNK_BYTES;
    return SCT_OK;
}

void sct_png_deflate_free(struct sct_png_deflate *d)
{
    if (d->has_begun)
        deflateEnd(&d->zlib);
    sct_mem_free(d->lines);
    sct_mem_free(d->chunk);
    memset(d, 0, sizeof *d);
}

/* ---- chunks -------------------------------------------------------------------------- */

/* Writes a chunk whose n_bytes of data stand behind room for its header. */
static int write_chunk(const struct sct_png_deflate *d, uint8_t *chunk, const char *type,
                       size_t n_bytes)
{
    sct_png_write_u32(chunk, (uint32_t)n_bytes);
    memcpy(chunk + 4, type, 4);
    sct_png_write_u32(chunk + CHUNK_HEADER + n_bytes,
                      (uint32_t)crc32(0, chunk + 4, (uInt)n_bytes + 4));
    return d->spec.write(d->spec.ctx, chunk, CHUNK_HEADER + n_bytes + CHUNK_SUM)
               ? SCT_OK
               : SCT_ERR_IO;
}

int sct_png_deflate_chunk(const struct sct_png_deflate *d, const char *type)
{
    uint8_t chunk[CHUNK_HEADER + CHUNK_SUM];
    return write_chunk(d, chunk, type, 0);
}

static int flush_chunk(struct sct_png_deflate *d)
{
    const size_t n_bytes = CHUNK_BYTES - d->zlib.avail_out;
    d->zlib.next_out = d->chunk + CHUNK_HEADER;
    d->zlib.avail_out = CHUNK_BYTES;
    return n_bytes ? write_chunk(d, d->chunk, "IDAT", n_bytes) : SCT_OK;
}

/* ---- lines --------------------------------------------------------------------------- */

/* Pixels that equal their left neighbour. */
static size_t count_equal(const uint8_t *line, size_t n_bytes, size_t step)
{
    size_t n = 0;
    for (size_t i = step; i + step <= n_bytes; i += step)
        n += memcmp(line + i, line + i - step, step) == 0;
    return n;
}

static size_t count_equal_pixels(const uint8_t *line, size_t n_bytes, size_t step)
{
    switch (step) { /* a constant for each loop */
    case 1: return count_equal(line, n_bytes, 1);
    case 2: return count_equal(line, n_bytes, 2);
    case 3: return count_equal(line, n_bytes, 3);
    case 4: return count_equal(line, n_bytes, 4);
    case 6: return count_equal(line, n_bytes, 6);
    default: return count_equal(line, n_bytes, 8);
    }
}

static void look_at(struct sct_png_deflate *d, const uint8_t *line)
{
    const size_t n_bytes = d->spec.line_bytes, step = d->spec.pixel_bytes;
    d->n_pixels += (uint32_t)(n_bytes / step);
    d->n_equal += (uint32_t)count_equal_pixels(line, n_bytes, step);
    while (d->n_pixels > FORGET_AT) {
        d->n_pixels /= 2;
        d->n_equal /= 2;
    }
}

static int is_drawing(const struct sct_png_deflate *d)
{
    return 2 * d->n_equal >= d->n_pixels;
}

static int choose_strategy(const struct sct_png_deflate *d)
{
    if (is_drawing(d))
        return Z_DEFAULT_STRATEGY;
    if (d->spec.compression >= PATIENT_LEVEL)
        return Z_FILTERED;
    return 64 * d->n_equal >= d->n_pixels ? Z_RLE : Z_HUFFMAN_ONLY;
}

static int set_strategy(struct sct_png_deflate *d, int strategy)
{
    int status = SCT_OK;
    if (strategy == d->strategy)
        return SCT_OK;
    d->strategy = strategy;
    while (status == SCT_OK && deflateParams(&d->zlib, d->level, strategy) == Z_BUF_ERROR)
        status = flush_chunk(d);
    return status;
}

static int deflate_bytes(struct sct_png_deflate *d, uint8_t *bytes, size_t n_bytes)
{
    int status = SCT_OK;
    d->zlib.next_in = bytes;
    d->zlib.avail_in = (uInt)n_bytes;
    while (status == SCT_OK && d->zlib.avail_in > 0) {
        (void)deflate(&d->zlib, Z_NO_FLUSH); /* there is room: it cannot fail */
        if (d->zlib.avail_out == 0)
            status = flush_chunk(d);
    }
    return status;
}

int sct_png_deflate_line(struct sct_png_deflate *d, const uint8_t *line)
{
    const size_t n = d->spec.line_bytes;
    int type = 0, status = SCT_OK;
    if (!d->spec.is_indices && d->level > 0) {
        look_at(d, line);
        status = set_strategy(d, choose_strategy(d));
        if (!is_drawing(d))
            type = sct_png_filter(d->work, line, d->above, n, d->spec.pixel_bytes);
        memcpy(d->above, line, n);
    }
    if (type == 0)
        memcpy(d->work[0], line, n);
    return status == SCT_OK ? deflate_bytes(d, d->work[type] - 1, n + 1) : status;
}

int sct_png_deflate_finish(struct sct_png_deflate *d)
{
    int status = SCT_OK, result = Z_OK;
    while (status == SCT_OK && result == Z_OK) {
        result = deflate(&d->zlib, Z_FINISH);
        status = flush_chunk(d);
    }
    return status;
}
