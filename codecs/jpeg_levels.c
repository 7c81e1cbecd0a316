/* See jpeg_levels.h. */
#include "jpeg_levels.h"

#include "bits.h"
#include "mem.h"

/* ---- plan ---- */

/* The next array: where it lies in `memory`, or NULL while bytes are counted only. */
static void *take(uint8_t *memory, size_t *at, int n, size_t item_bytes)
{
    void *const array = memory ? memory + *at : NULL;
    *at = sct_size_add(*at, sct_size_align(sct_size_mul((size_t)n, item_bytes)));
    return array;
}

size_t sct_jpeg_levels_init(struct sct_jpeg_levels *levels,
                            const struct sct_jpeg_frame *frame, enum sct_jpeg_keep keep,
                            const struct sct_dsp *dsp, uint8_t *memory)
{
    size_t at = 0;

    *levels = (struct sct_jpeg_levels){
        .keep = keep, .n_components = frame->n_components, .dsp = dsp};
    for (int ci = 0; ci < frame->n_components; ci++) {
        struct sct_jpeg_component *c = &levels->component[ci];
        const int width = frame->component[ci].width_blocks;
        const int height = frame->component[ci].height_blocks;
        const int n_rows = keep ? height : frame->component[ci].v;
        const int n_coef_rows = keep == SCT_JPEG_KEEP_COEFS ? height : 1;
        const size_t row_bytes = sct_size_mul((size_t)width, 64 * sizeof(int16_t));
        c->h = frame->component[ci].h;
        c->v = frame->component[ci].v;
        c->width_blocks = width;
        c->height_blocks = height;
        c->huffman = frame->component[ci].huffman;
        c->levels = take(memory, &at, n_rows, row_bytes);
        c->nonzero = take(memory, &at, n_rows, (size_t)width * sizeof *c->nonzero);
        c->coefs = take(memory, &at, n_coef_rows, row_bytes);
        c->activity = take(memory, &at, n_coef_rows, (size_t)width * sizeof *c->activity);
        c->strengths =
            take(memory, &at, n_coef_rows, (size_t)width * sizeof *c->strengths);
    }
    return at;
}

/* ---- run ---- */

int sct_jpeg_levels_rows(const struct sct_jpeg_component *c, int mcu_row)
{
    return sct_min(c->v, c->height_blocks - mcu_row * c->v);
}

ptrdiff_t sct_jpeg_levels_first(const struct sct_jpeg_levels *levels,
                                const struct sct_jpeg_component *c, int mcu_row)
{
    return levels->keep ? (ptrdiff_t)mcu_row * c->v * c->width_blocks : 0;
}

/* How busy a block is, 0..65535, on a scale of logarithms, of which the fraction is taken for
 * linear between powers of two: from an activity of 580, as dsp.h has it, to 26 times that. */
static uint16_t find_strength(uint32_t activity)
{
    enum { FLAT = 37600, RANGE = 19350 }; /* in 4096ths of a power of two */
    const uint32_t x = activity | 1;
    const int n = 31 - __builtin_clz(x);
    const int log2_q12 = (n << 12) + (int)((x << (31 - n) & 0x7fffffffu) >> 19);
    return (uint16_t)(sct_clamp(log2_q12 - FLAT, 0, RANGE) * 65535LL / RANGE);
}

void sct_jpeg_levels_push(struct sct_jpeg_levels *levels, int ci, int mcu_row,
                          const uint8_t *const *rows, const struct sct_quantiser *q)
{
    const struct sct_jpeg_component *c = &levels->component[ci];
    const int n_rows = sct_jpeg_levels_rows(c, mcu_row), n = c->width_blocks;
    const int keeps_coefs = levels->keep == SCT_JPEG_KEEP_COEFS;

    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const ptrdiff_t b = sct_jpeg_levels_first(levels, c, mcu_row) + i * n;
        const ptrdiff_t from = keeps_coefs ? b : 0;
        levels->dsp->fdct(c->coefs + 64 * from, c->activity + from, rows + 8 * i, n);
        for (ptrdiff_t x = from; x < from + n; x++)
            c->strengths[x] = find_strength(c->activity[x]);
        if (!keeps_coefs)
            levels->dsp->quantise(c->levels + 64 * b, c->nonzero + b, c->coefs,
                                  c->strengths, q, n);
    }
}

void sct_jpeg_levels_quantise(struct sct_jpeg_levels *levels, int ci,
                              const struct sct_quantiser *q)
{
    const struct sct_jpeg_component *c = &levels->component[ci];
    levels->dsp->quantise(c->levels, c->nonzero, c->coefs, c->strengths, q,
                          c->width_blocks * c->height_blocks);
}
