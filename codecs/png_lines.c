/* See png_lines.h.
 *
 *     source --> input --> ISA-L --> rows[now]: filter byte, line --> unfiltered --> line
 *                                     ^ rows[other], the line above
 *
 * The checksum behind the deflate stream (Adler-32) is not looked at: chunks have their own. */
#include "png_lines.h"

#ifdef SCT_HAVE_ISAL

#include <string.h>

#include <isa-l.h>

#include "mem.h"
#include "png_unfilter.h"

enum { INPUT_BYTES = 16384, WRAPPER_BYTES = 2 };

struct sct_png_lines {
    struct inflate_state inflate;
    size_t line_bytes;
    int pixel_bytes, is_deep; /* deep: samples of 16 bits */
    int now;                  /* the row that is read */
    int has_wrapper;          /* the two bytes of zlib's header have passed */
    uint8_t *rows[2];         /* the filter byte, then the line */
    uint8_t input[INPUT_BYTES];
};

static size_t row_bytes(size_t line_bytes)
{
    return sct_size_align(sct_size_add(line_bytes, 1));
}

size_t sct_png_lines_bytes(size_t line_bytes)
{
    return sct_size_add(sct_size_align(sizeof(struct sct_png_lines)),
                        sct_size_mul(row_bytes(line_bytes), 2));
}

int sct_png_lines_are_built(void)
{
    return 1;
}

static int count_samples(int colour_type)
{
    switch (colour_type) {
    case SPNG_COLOR_TYPE_TRUECOLOR: return 3;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA: return 2;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA: return 4;
    default: return 1;
    }
}

sct_png_lines *sct_png_lines_create(const struct sct_png_source *source,
                                    size_t line_bytes)
{
    sct_png_lines *l = sct_mem_alloc(sct_png_lines_bytes(line_bytes));
    if (!l)
        return NULL;
    const int bits = count_samples(source->colour_type) * source->bit_depth;
    l->line_bytes = line_bytes;
    l->pixel_bytes = bits < 8 ? 1 : bits / 8;
    l->is_deep = source->bit_depth == 16;
    l->rows[0] = (uint8_t *)l + sct_size_align(sizeof *l);
    l->rows[1] = l->rows[0] + row_bytes(line_bytes);
    isal_inflate_init(&l->inflate);
    return l;
}

void sct_png_lines_free(sct_png_lines *l)
{
    sct_mem_free(l);
}

static int fill_input(sct_png_lines *l, struct sct_png_source *source)
{
    size_t n;
    if (sct_png_source_data(source, l->input, sizeof l->input, &n) != SCT_OK)
        return SPNG_IO_EOF;
    l->inflate.next_in = l->input;
    l->inflate.avail_in = (uint32_t)n;
    return 0;
}

/* zlib's header (RFC 1950, 2.2): deflate, a window of up to 32 KiB, no dictionary. */
static int read_wrapper(sct_png_lines *l, struct sct_png_source *source)
{
    uint8_t wrapper[WRAPPER_BYTES];
    for (int i = 0; i < WRAPPER_BYTES; i++) {
        const int error = l->inflate.avail_in ? 0 : fill_input(l, source);
        if (error)
            return error;
        wrapper[i] = *l->inflate.next_in++;
        l->inflate.avail_in--;
    }
    l->has_wrapper = 1;
    if ((wrapper[0] & 15) != 8 || wrapper[0] >> 4 > 7 || wrapper[1] & 32 ||
        (wrapper[0] * 256 + wrapper[1]) % 31)
        return SPNG_EZLIB;
    return 0;
}

/* Inflates the filter byte and the line behind it. */
static int inflate_row(sct_png_lines *l, struct sct_png_source *source)
{
    int error = l->has_wrapper ? 0 : read_wrapper(l, source);
    l->inflate.next_out = l->rows[l->now];
    l->inflate.avail_out = (uint32_t)l->line_bytes + 1;
    while (!error && l->inflate.avail_out) {
        if (l->inflate.block_state == ISAL_BLOCK_FINISH)
            return SPNG_EZLIB; /* the stream is over, the picture is not */
        const uint32_t before = l->inflate.avail_out;
        const int status = isal_inflate(&l->inflate);
        if (status != ISAL_DECOMP_OK && status != ISAL_END_INPUT)
            return SPNG_EZLIB;
        if (l->inflate.avail_out == before && !l->inflate.avail_in &&
            l->inflate.block_state != ISAL_BLOCK_FINISH)
            error = fill_input(l, source);
    }
    return error;
}

static void copy_line(const sct_png_lines *l, uint8_t *line)
{
    const uint8_t *from = l->rows[l->now] + 1;
    if (!l->is_deep) {
        memcpy(line, from, l->line_bytes);
        return;
    }
    uint16_t *to = (void *)line;
    for (size_t i = 0; i < l->line_bytes / 2; i++)
        to[i] = (uint16_t)(from[2 * i] * 256 + from[2 * i + 1]);
}

int sct_png_lines_read(sct_png_lines *l, struct sct_png_source *source, uint8_t *line)
{
    const int error = inflate_row(l, source);
    uint8_t *row = l->rows[l->now];
    if (error)
        return error;
    if (!sct_png_unfilter(row + 1, l->rows[!l->now] + 1, l->line_bytes, l->pixel_bytes,
                          row[0]))
        return SPNG_EFILTER;
    copy_line(l, line);
    l->now = !l->now;
    return 0;
}

#else

size_t sct_png_lines_bytes(size_t line_bytes)
{
    (void)line_bytes;
    return 0;
}

int sct_png_lines_are_built(void)
{
    return 0;
}

sct_png_lines *sct_png_lines_create(const struct sct_png_source *source,
                                    size_t line_bytes)
{
    (void)source;
    (void)line_bytes;
    return NULL;
}

void sct_png_lines_free(sct_png_lines *l)
{
    (void)l;
}

int sct_png_lines_read(sct_png_lines *l, struct sct_png_source *source, uint8_t *line)
{
    (void)l;
    (void)source;
    (void)line;
    return SPNG_EZLIB;
}

#endif
