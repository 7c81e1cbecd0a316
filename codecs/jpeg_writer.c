/* See jpeg_writer.h.
 *
 * 1. Blocks of an MCU that lie past the right or the bottom edge of their component have no
 *    levels: they are coded as the DC level before them, and nothing else.
 * 2. From one MCU to the next the sink's buffer has room for the largest MCU. */
#include "jpeg_writer.h"

#include <string.h>

#include "bits.h"
#include "jpeg_score.h"
#include "mem.h"

enum { MAX_MCU_BYTES = C_MAX_BLOCKS_IN_MCU * SCT_JPEG_MAX_BLOCK_BYTES };

struct sct_jpeg_writer {
    struct sct_jpeg_writer_spec spec;
    struct sct_jpeg_levels levels;
    struct sct_jpeg_sink *trial; /* where coefs are kept: writes nothing, but counts */
    size_t trial_bytes;
    int n_huffman; /* tables of each class */
    struct sct_jpeg_codes codes[2];
    struct sct_jpeg_counts counts[2];
    struct sct_jpeg_bits bits;
    int last_dc[SCT_MAX_COMPONENTS];
    int next_row; /* of MCUs */
};

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
typedef void block_fn(struct sct_jpeg_writer *w, const struct sct_jpeg_component *c,
                      int difference, const int16_t levels[64], uint64_t nonzero);

static void put_block(struct sct_jpeg_writer *w, const struct sct_jpeg_component *c,
                      int difference, const int16_t levels[64], uint64_t nonzero)
{
    sct_jpeg_put_block(&w->bits, &w->codes[c->huffman], difference, levels, nonzero);
}

static void count_block(struct sct_jpeg_writer *w, const struct sct_jpeg_component *c,
                        int difference, const int16_t levels[64], uint64_t nonzero)
{
    sct_jpeg_count_block(&w->counts[c->huffman], difference, levels, nonzero);
}

static void put_dc(struct sct_jpeg_writer *w, const struct sct_jpeg_component *c,
                   int difference, const int16_t levels[64], uint64_t nonzero)
{
    (void)levels, (void)nonzero;
    sct_jpeg_put_dc(&w->bits, &w->codes[c->huffman], difference);
}

static void count_dc(struct sct_jpeg_writer *w, const struct sct_jpeg_component *c,
                     int difference, const int16_t levels[64], uint64_t nonzero)
{
    (void)levels, (void)nonzero;
    sct_jpeg_count_dc(&w->counts[c->huffman], difference);
}

static void visit_component(struct sct_jpeg_writer *w, int ci, int mcu_row, int mcu,
                            block_fn *visit)
{
    const struct sct_jpeg_component *c = &w->levels.component[ci];
    const int n_rows = sct_jpeg_levels_rows(c, mcu_row), n = c->width_blocks;
    const ptrdiff_t first = sct_jpeg_levels_first(&w->levels, c, mcu_row);

    for (int i = 0; i < c->v; i++)
        for (int x = mcu * c->h; x < (mcu + 1) * c->h; x++) {
            const ptrdiff_t b = first + (ptrdiff_t)i * n + x;
            if (i >= n_rows || x >= n) {
                visit(w, c, 0, c->levels, 0);
                continue;
            }
            const int16_t *levels = c->levels + 64 * b;
            visit(w, c, levels[0] - w->last_dc[ci], levels, c->nonzero[b]);
            w->last_dc[ci] = levels[0];
        }
}

static void visit_mcu(struct sct_jpeg_writer *w, int mcu_row, int mcu, block_fn *visit)
{
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        visit_component(w, ci, mcu_row, mcu, visit);
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

static void count_all(struct sct_jpeg_writer *w, block_fn *count)
{
    memset(w->counts, 0, sizeof w->counts);
    memset(w->last_dc, 0, sizeof w->last_dc);
    for (int row = 0; row < w->spec.frame.mcus_down; row++)
        for (int mcu = 0; mcu < w->spec.frame.mcus_across; mcu++)
            visit_mcu(w, row, mcu, count);
}

static int put_all(struct sct_jpeg_writer *w, block_fn *put)
{
    int status = SCT_OK;
    memset(w->last_dc, 0, sizeof w->last_dc);
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
    const struct sct_jpeg_component *c = &w->levels.component[ci];
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
    const struct sct_jpeg_component *c = &w->levels.component[ci];
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
            if (w->levels.component[ci].huffman == bands[i].huffman)
                status = put_ac_scan(w, ci, bands[i].k0, bands[i].k1);
    return status;
}

/* ---- create, and free ---- */

size_t sct_jpeg_writer_bytes(const struct sct_jpeg_writer_spec *spec)
{
    struct sct_jpeg_levels levels;
    size_t n = sct_jpeg_levels_init(&levels, &spec->frame, spec->keep, NULL, NULL);
    n = sct_size_add(n, sct_size_align(sizeof(struct sct_jpeg_writer)));
    if (spec->keep == SCT_JPEG_KEEP_COEFS)
        n = sct_size_add(n, sct_size_align(sizeof(struct sct_jpeg_sink)));
    return n;
}

static int count_trial(void *ctx, const void *data, size_t n)
{
    struct sct_jpeg_writer *w = ctx;
    (void)data;
    w->trial_bytes += n;
    return SCT_OK;
}

/* In memory: the writer, its levels, the sink of trials. */
static void place(struct sct_jpeg_writer *w)
{
    uint8_t *const memory = (uint8_t *)w + sct_size_align(sizeof *w);
    const size_t n = sct_jpeg_levels_init(&w->levels, &w->spec.frame, w->spec.keep,
                                          w->spec.dsp, memory);
    if (w->spec.keep == SCT_JPEG_KEEP_COEFS)
        w->trial = (struct sct_jpeg_sink *)(void *)(memory + n);
    for (int ci = 0; ci < w->levels.n_components; ci++)
        w->n_huffman = sct_max(w->n_huffman, w->levels.component[ci].huffman + 1);
}

int sct_jpeg_writer_create(sct_jpeg_writer **out, const struct sct_jpeg_writer_spec *spec)
{
    struct sct_jpeg_writer *w = sct_mem_alloc(sct_jpeg_writer_bytes(spec));
    *out = w;
    if (!w)
        return SCT_ERR_MEMORY;
    w->spec = *spec;
    place(w);
    const int status = spec->keep ? SCT_OK : start_baseline(w);
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

static const struct sct_quantiser *find_quantiser(const struct sct_jpeg_writer *w, int ci)
{
    return &w->spec.quantiser[w->spec.frame.component[ci].quant];
}

int sct_jpeg_writer_write(sct_jpeg_writer *w,
                          const uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        sct_jpeg_levels_push(&w->levels, ci, w->next_row, rows[ci],
                             find_quantiser(w, ci));
    const int status = w->spec.keep ? SCT_OK : put_row(w, w->next_row, put_block);
    w->next_row++;
    return status;
}

void sct_jpeg_writer_quantise(sct_jpeg_writer *w, const struct sct_jpeg_writer_spec *spec)
{
    memcpy(w->spec.quantiser, spec->quantiser, sizeof w->spec.quantiser);
    memcpy(w->spec.frame.quant, spec->frame.quant, sizeof w->spec.frame.quant);
    for (int ci = 0; ci < w->spec.frame.n_components; ci++)
        sct_jpeg_levels_quantise(&w->levels, ci, find_quantiser(w, ci));
}

double sct_jpeg_writer_score(const sct_jpeg_writer *w)
{
    return sct_jpeg_score_estimate(&w->levels, &w->spec.frame);
}

int sct_jpeg_writer_finish(sct_jpeg_writer *w)
{
    int status = SCT_OK;
    if (w->spec.frame.is_progressive)
        status = put_progressive(w);
    else if (w->spec.keep)
        status = put_fitted(w);
    if (status == SCT_OK)
        status = end_scan(w);
    if (status != SCT_OK)
        return status;
    sct_jpeg_sink_take(w->spec.sink, sct_jpeg_put_eoi(w->bits.at));
    return sct_jpeg_sink_flush(w->spec.sink);
}

size_t sct_jpeg_writer_measure(sct_jpeg_writer *w)
{
    const struct sct_sink counter = {count_trial, w};
    struct sct_jpeg_sink *const sink = w->spec.sink;

    w->trial_bytes = 0;
    sct_jpeg_sink_init(w->trial, &counter);
    sct_jpeg_sink_take(w->trial, w->trial->buffer);
    w->spec.sink = w->trial;
    (void)sct_jpeg_writer_finish(w); /* cannot fail */
    w->spec.sink = sink;
    return w->trial_bytes;
}
