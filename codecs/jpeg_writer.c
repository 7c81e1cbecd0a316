/* See jpeg_writer.h.
 *
 * A row of MCUs is transformed and quantised component by component, a row of blocks at a
 * time, and then coded MCU by MCU:
 *
 *     levels of a component   [ v rows of blocks, or all of them ][ width_blocks ][ 64 ]
 *     MCU                     h * v blocks of each component
 *
 * 1. Blocks of an MCU that lie past the right or the bottom edge of their component have no
 *    levels: they are coded as the DC level before them, and nothing else.
 * 2. From one MCU to the next the sink's buffer has room for the largest MCU. */
#include "jpeg_writer.h"

#include <string.h>

#include "bits.h"
#include "mem.h"

enum { MAX_MCU_BYTES = C_MAX_BLOCKS_IN_MCU * SCT_JPEG_MAX_BLOCK_BYTES };

struct component {
    const struct sct_quantiser *quantiser;
    int h, v, width_blocks, height_blocks;
    int huffman;
    int16_t *levels;   /* v rows of blocks */
    uint64_t *nonzero; /* masks of the same */
    int last_dc;
};

struct sct_jpeg_writer {
    struct sct_jpeg_writer_spec spec;
    struct component component[SCT_MAX_COMPONENTS];
    int n_huffman; /* tables of each class */
    struct sct_jpeg_codes codes[2];
    struct sct_jpeg_counts counts[2];
    struct sct_jpeg_bits bits;
    int16_t *coefs;      /* of a row of blocks */
    uint32_t *activity;  /* likewise, and ... */
    uint16_t *strengths; /* ... what of it is used */
    int next_row;        /* of MCUs */
};

/* ---- plan ---- */

/* The next array of a plan: where it lies in `memory`, or NULL while bytes are counted only. */
static void *take(uint8_t *memory, size_t *at, int n, size_t item_bytes)
{
    void *const array = memory ? memory + *at : NULL;
    *at = sct_size_add(*at, sct_size_align(sct_size_mul((size_t)n, item_bytes)));
    return array;
}

/* Gives each array its place in the memory behind the writer itself. */
static size_t place(struct sct_jpeg_writer *w, const struct sct_jpeg_writer_spec *spec,
                    uint8_t *memory)
{
    const struct sct_jpeg_frame *frame = &spec->frame;
    size_t at = sct_size_align(sizeof *w);
    int max_width = 0;

    for (int ci = 0; ci < frame->n_components; ci++) {
        struct component *c = &w->component[ci];
        const int width = frame->component[ci].width_blocks;
        const int n_rows =
            frame->component[ci].v * (spec->is_kept ? frame->mcus_down : 1);
        const size_t row_bytes = sct_size_mul((size_t)width, 64 * sizeof(int16_t));
        c->levels = take(memory, &at, n_rows, row_bytes);
        c->nonzero = take(memory, &at, n_rows, (size_t)width * sizeof(uint64_t));
        max_width = sct_max(max_width, width);
    }
    w->coefs = take(memory, &at, max_width, 64 * sizeof(int16_t));
    w->activity = take(memory, &at, max_width, sizeof(uint32_t));
    w->strengths = take(memory, &at, max_width, sizeof(uint16_t));
    return at;
}

size_t sct_jpeg_writer_bytes(const struct sct_jpeg_writer_spec *spec)
{
    struct sct_jpeg_writer w;
    return place(&w, spec, NULL);
}

/* ---- codes ---- */

static int make_room(struct sct_jpeg_writer *w, size_t n_bytes)
{
    sct_jpeg_sink_take(w->spec.sink, w->bits.at);
    w->bits.at = sct_jpeg_sink_room(w->spec.sink, n_bytes);
    return w->bits.at ? SCT_OK : SCT_ERR_IO;
}

static int start_frame(struct sct_jpeg_writer *w)
{
    uint8_t *const at = sct_jpeg_sink_room(w->spec.sink, SCT_JPEG_MAX_HEADER_BYTES);
    if (!at)
        return SCT_ERR_IO;
    sct_jpeg_bits_init(&w->bits, sct_jpeg_put_frame(at, &w->spec.frame));
    return SCT_OK;
}

/* Everything before the first MCU of a file of one scan. */
static int start_single_scan(struct sct_jpeg_writer *w,
                             const struct sct_jpeg_table *dc[2],
                             const struct sct_jpeg_table *ac[2])
{
    const struct sct_jpeg_frame *frame = &w->spec.frame;
    if (start_frame(w) != SCT_OK || make_room(w, SCT_JPEG_MAX_HEADER_BYTES) != SCT_OK)
        return SCT_ERR_IO;
    uint8_t *at = w->bits.at;
    for (int i = 0; i < w->n_huffman; i++) {
        at = sct_jpeg_put_table(at, 0, i, dc[i]);
        at = sct_jpeg_put_table(at, 1, i, ac[i]);
        sct_jpeg_codes_build(&w->codes[i], dc[i], ac[i]);
    }
    w->bits.at = sct_jpeg_put_scan(at, frame, 0, frame->n_components, 0, 63);
    return SCT_OK;
}

static int start_baseline(struct sct_jpeg_writer *w)
{
    const struct sct_jpeg_table *dc[2], *ac[2];
    for (int i = 0; i < w->n_huffman; i++) {
        dc[i] = w->spec.table[i].dc;
        ac[i] = w->spec.table[i].ac;
    }
    return start_single_scan(w, dc, ac);
}

static int end_scan(struct sct_jpeg_writer *w)
{
    if (make_room(w, SCT_JPEG_MAX_BLOCK_BYTES) != SCT_OK)
        return SCT_ERR_IO;
    sct_jpeg_bits_flush(&w->bits);
    return SCT_OK;
}

/* What is done with a block. */
typedef void block_fn(struct sct_jpeg_writer *w, const struct component *c,
                      int difference, const int16_t levels[64], uint64_t nonzero);

static void put_block(struct sct_jpeg_writer *w, const struct component *c,
                      int difference, const int16_t levels[64], uint64_t nonzero)
{
    sct_jpeg_put_block(&w->bits, &w->codes[c->huffman], difference, levels, nonzero);
}

static void count_block(struct sct_jpeg_writer *w, const struct component *c,
                        int difference, const int16_t levels[64], uint64_t nonzero)
{
    sct_jpeg_count_block(&w->counts[c->huffman], difference, levels, nonzero);
}

static void put_dc(struct sct_jpeg_writer *w, const struct component *c, int difference,
                   const int16_t levels[64], uint64_t nonzero)
{
    (void)levels, (void)nonzero;
    sct_jpeg_put_dc(&w->bits, &w->codes[c->huffman], difference);
}

static void count_dc(struct sct_jpeg_writer *w, const struct component *c, int difference,
                     const int16_t levels[64], uint64_t nonzero)
{
    (void)levels, (void)nonzero;
    sct_jpeg_count_dc(&w->counts[c->huffman], difference);
}

/* Rows of blocks in a row of MCUs that have samples. */
static int count_rows(const struct component *c, int mcu_row)
{
    return sct_min(c->v, c->height_blocks - mcu_row * c->v);
}

/* Where the levels of a row of MCUs begin. */
static ptrdiff_t first_block(const struct sct_jpeg_writer *w, const struct component *c,
                             int mcu_row)
{
    return w->spec.is_kept ? (ptrdiff_t)mcu_row * c->v * c->width_blocks : 0;
}

static void visit_component(struct sct_jpeg_writer *w, struct component *c, int mcu_row,
                            int mcu, block_fn *visit)
{
    const int n_rows = count_rows(c, mcu_row), n = c->width_blocks;
    const ptrdiff_t first = first_block(w, c, mcu_row);

    for (int i = 0; i < c->v; i++)
        for (int x = mcu * c->h; x < (mcu + 1) * c->h; x++) {
            const ptrdiff_t b = first + (ptrdiff_t)i * n + x;
            if (i >= n_rows || x >= n) {
                visit(w, c, 0, c->levels, 0);
                continue;
            }
            const int16_t *levels = c->levels + 64 * b;
            visit(w, c, levels[0] - c->last_dc, levels, c->nonzero[b]);
            c->last_dc = levels[0];
        }
}

static void visit_mcu(struct sct_jpeg_writer *w, int mcu_row, int mcu, block_fn *visit)
{
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        visit_component(w, &w->component[ci], mcu_row, mcu, visit);
}

static int put_row(struct sct_jpeg_writer *w, int mcu_row, block_fn *put)
{
    for (int mcu = 0; mcu < w->spec.frame.mcus_across; mcu++) {
        if (make_room(w, MAX_MCU_BYTES) != SCT_OK)
            return SCT_ERR_IO;
        visit_mcu(w, mcu_row, mcu, put);
    }
    return SCT_OK;
}

/* ---- kept levels: one scan ---- */

static void forget_dc(struct sct_jpeg_writer *w)
{
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        w->component[ci].last_dc = 0;
}

static void count_all(struct sct_jpeg_writer *w, block_fn *count)
{
    memset(w->counts, 0, sizeof w->counts);
    forget_dc(w);
    for (int row = 0; row < w->spec.frame.mcus_down; row++)
        for (int mcu = 0; mcu < w->spec.frame.mcus_across; mcu++)
            visit_mcu(w, row, mcu, count);
}

static int put_all(struct sct_jpeg_writer *w, block_fn *put)
{
    int status = SCT_OK;
    forget_dc(w);
    for (int row = 0; row < w->spec.frame.mcus_down && status == SCT_OK; row++)
        status = put_row(w, row, put);
    return status;
}

static int put_fitted(struct sct_jpeg_writer *w)
{
    struct sct_jpeg_table fitted[2][2];
    const struct sct_jpeg_table *dc[2], *ac[2];

    count_all(w, count_block);
    for (int i = 0; i < w->n_huffman; i++) {
        sct_jpeg_table_fit(&fitted[0][i], w->counts[i].dc, SCT_JPEG_DC_SIZES);
        sct_jpeg_table_fit(&fitted[1][i], w->counts[i].ac, 256);
        dc[i] = &fitted[0][i];
        ac[i] = &fitted[1][i];
    }
    const int status = start_single_scan(w, dc, ac);
    return status == SCT_OK ? put_all(w, put_block) : status;
}

/* ---- kept levels: progressive ---- */

static int put_dc_scan(struct sct_jpeg_writer *w)
{
    const struct sct_jpeg_frame *frame = &w->spec.frame;
    const struct sct_jpeg_table none = {.n_codes = {0}};

    if (make_room(w, SCT_JPEG_MAX_HEADER_BYTES) != SCT_OK)
        return SCT_ERR_IO;
    count_all(w, count_dc);
    for (int i = 0; i < w->n_huffman; i++) {
        struct sct_jpeg_table dc;
        sct_jpeg_table_fit(&dc, w->counts[i].dc, SCT_JPEG_DC_SIZES);
        w->bits.at = sct_jpeg_put_table(w->bits.at, 0, i, &dc);
        sct_jpeg_codes_build(&w->codes[i], &dc, &none);
    }
    w->bits.at = sct_jpeg_put_scan(w->bits.at, frame, 0, frame->n_components, 0, 0);
    return put_all(w, put_dc);
}

/* The bits of places k0 to k1. */
static uint64_t band_mask(int k0, int k1)
{
    return (~UINT64_C(0) >> (63 - k1)) & (~UINT64_C(0) << k0);
}

static int start_ac_scan(struct sct_jpeg_writer *w, int ci, int k0, int k1)
{
    const struct component *c = &w->component[ci];
    const struct sct_jpeg_table none = {.n_codes = {0}};
    const ptrdiff_t n_blocks = (ptrdiff_t)c->width_blocks * c->height_blocks;
    struct sct_jpeg_counts counts = {.dc = {0}};
    struct sct_jpeg_table ac;
    uint32_t eob_run = 0;

    for (ptrdiff_t b = 0; b < n_blocks; b++)
        sct_jpeg_count_band(&counts, &eob_run, c->levels + 64 * b,
                            c->nonzero[b] & band_mask(k0, k1), k0, k1);
    sct_jpeg_count_eob_run(&counts, &eob_run);
    sct_jpeg_table_fit(&ac, counts.ac, 256);
    sct_jpeg_codes_build(&w->codes[0], &none, &ac);
    if (make_room(w, SCT_JPEG_MAX_HEADER_BYTES) != SCT_OK)
        return SCT_ERR_IO;
    w->bits.at = sct_jpeg_put_table(w->bits.at, 1, c->huffman, &ac);
    w->bits.at = sct_jpeg_put_scan(w->bits.at, &w->spec.frame, ci, 1, k0, k1);
    return SCT_OK;
}

/* Blocks row by row: there are no MCUs in a scan of one component. */
static int put_ac_scan(struct sct_jpeg_writer *w, int ci, int k0, int k1)
{
    const struct component *c = &w->component[ci];
    const ptrdiff_t n_blocks = (ptrdiff_t)c->width_blocks * c->height_blocks;
    uint32_t eob_run = 0;

    if (end_scan(w) != SCT_OK || start_ac_scan(w, ci, k0, k1) != SCT_OK)
        return SCT_ERR_IO;
    for (ptrdiff_t b = 0; b < n_blocks; b++) {
        if (make_room(w, SCT_JPEG_MAX_BLOCK_BYTES) != SCT_OK)
            return SCT_ERR_IO;
        sct_jpeg_put_band(&w->bits, &w->codes[0], &eob_run, c->levels + 64 * b,
                          c->nonzero[b] & band_mask(k0, k1), k0, k1);
    }
    if (make_room(w, SCT_JPEG_MAX_BLOCK_BYTES) != SCT_OK)
        return SCT_ERR_IO;
    sct_jpeg_put_eob_run(&w->bits, &w->codes[0], &eob_run);
    return SCT_OK;
}

static int put_progressive(struct sct_jpeg_writer *w)
{
    static const struct {
        int huffman, k0, k1;
    } bands[] = {{0, 1, 2}, {1, 1, 63}, {0, 3, 63}};

    int status = start_frame(w);
    if (status == SCT_OK)
        status = put_dc_scan(w);
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++)
        for (int ci = 0; ci < w->spec.frame.n_components && status == SCT_OK; ci++)
            if (w->component[ci].huffman == bands[i].huffman)
                status = put_ac_scan(w, ci, bands[i].k0, bands[i].k1);
    return status;
}

/* ---- create, and free ---- */

int sct_jpeg_writer_create(sct_jpeg_writer **out, const struct sct_jpeg_writer_spec *spec)
{
    struct sct_jpeg_writer *w = sct_mem_alloc(sct_jpeg_writer_bytes(spec));
    *out = w;
    if (!w)
        return SCT_ERR_MEMORY;
    place(w, spec, (uint8_t *)w);
    w->spec = *spec;
    for (int ci = 0; ci < spec->frame.n_components; ci++) {
        struct component *c = &w->component[ci];
        c->quantiser = &w->spec.quantiser[spec->frame.component[ci].quant];
        c->h = spec->frame.component[ci].h;
        c->v = spec->frame.component[ci].v;
        c->width_blocks = spec->frame.component[ci].width_blocks;
        c->height_blocks = spec->frame.component[ci].height_blocks;
        c->huffman = spec->frame.component[ci].huffman;
        w->n_huffman = sct_max(w->n_huffman, c->huffman + 1);
    }
    const int status = spec->is_kept ? SCT_OK : start_baseline(w);
    if (status != SCT_OK) {
        sct_jpeg_writer_free(w);
        *out = NULL;
    }
    return status;
}

void sct_jpeg_writer_free(sct_jpeg_writer *w)
{
    sct_mem_free(w);
}

/* ---- run ---- */

/* How busy a block is, 0..65535, on a scale of logarithms (of which the fraction is taken for
 * linear between powers of two): from an activity of FLAT to one of BUSY, as dsp.h has it. */
static uint16_t find_strength(uint32_t activity)
{
    enum {
        FLAT_Q12 = 37600,
        RANGE_Q12 = 19350
    }; /* 4096 * log2 of 580, and of 26 times that */
    const uint32_t x = activity | 1;
    const int n = 31 - __builtin_clz(x);
    const int log2_q12 = (n << 12) + (int)((x << (31 - n) & 0x7fffffffu) >> 19);
    const int above = sct_clamp(log2_q12 - FLAT_Q12, 0, RANGE_Q12);
    return (uint16_t)(above * 65535LL / RANGE_Q12);
}

static void make_levels(struct sct_jpeg_writer *w, struct component *c,
                        const uint8_t *const *rows)
{
    const int n_rows = count_rows(c, w->next_row), n = c->width_blocks;
    const ptrdiff_t first = first_block(w, c, w->next_row);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        const ptrdiff_t b = first + i * n;
        w->spec.dsp->fdct(w->coefs, w->activity, rows + 8 * i, n);
        for (int x = 0; x < n; x++)
            w->strengths[x] = find_strength(w->activity[x]);
        w->spec.dsp->quantise(c->levels + 64 * b, c->nonzero + b, w->coefs, w->strengths,
                              c->quantiser, n);
    }
}

int sct_jpeg_writer_write(sct_jpeg_writer *w,
                          const uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        make_levels(w, &w->component[ci], rows[ci]);
    const int status = w->spec.is_kept ? SCT_OK : put_row(w, w->next_row, put_block);
    w->next_row++;
    return status;
}

int sct_jpeg_writer_finish(sct_jpeg_writer *w)
{
    int status = SCT_OK;
    if (w->spec.frame.is_progressive)
        status = put_progressive(w);
    else if (w->spec.is_kept)
        status = put_fitted(w);
    if (status == SCT_OK)
        status = end_scan(w);
    if (status != SCT_OK)
        return status;
    sct_jpeg_sink_take(w->spec.sink, sct_jpeg_put_eoi(w->bits.at));
    return sct_jpeg_sink_flush(w->spec.sink);
}
