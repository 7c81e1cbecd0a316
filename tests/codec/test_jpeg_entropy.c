/* Our own entropy coding, read back by libjpeg: levels come out as they went in. */
#include "jpeg_strict.h"

#include "dsp.h"
#include "jpeg_entropy.h"
#include "jpeg_frame.h"

/* ---- pictures of levels ------------------------------------------------------------ */

enum levels {
    SPARSE,
    DENSE,
    LARGEST,
    ALTERNATING,
    LONG_RUNS,
    LAST_ONLY,
    ZEROS,
    N_LEVELS
};

static uint32_t random_state = 1;

static uint32_t random_u32(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8 ^ random_state << 13;
}

static int random_level(int most)
{
    return (int)(random_u32() % (uint32_t)(2 * most + 1)) - most;
}

static void fill_block(int16_t levels[64], enum levels kind)
{
    memset(levels, 0, 64 * sizeof *levels);
    for (int k = 0; k < 64; k++) {
        int16_t *level = &levels[sct_zigzag[k]];
        const int most = 1 << random_u32() % 10;
        switch (kind) {
        case SPARSE: *level = (int16_t)(random_u32() % 9 ? 0 : random_level(2)); break;
        case DENSE: *level = (int16_t)random_level(most); break;
        case LARGEST: *level = (int16_t)(random_u32() % 2 ? 1023 : -1023); break;
        case ALTERNATING: *level = (int16_t)(k % 2 ? random_level(most) : 0); break;
        case LONG_RUNS: *level = (int16_t)(random_u32() % 40 ? 0 : 1); break;
        case LAST_ONLY: *level = (int16_t)(k == 63 ? -1 : 0); break;
        default: break;
        }
    }
}

/* The blocks of each component, row by row, and the picture's frame. */
struct drawing {
    struct sct_jpeg_frame frame;
    int16_t *levels[SCT_MAX_COMPONENTS];
};

static struct drawing draw(int n_components, const char *factors, int width, int height,
                           enum levels kind)
{
    struct drawing d = {.frame = {.width = width,
                                  .height = height,
                                  .n_components = n_components,
                                  .n_quants = 1}};
    for (int ci = 0; ci < n_components; ci++) {
        d.frame.component[ci].id = ci + 1;
        d.frame.component[ci].h = factors[2 * ci] - '0';
        d.frame.component[ci].v = factors[2 * ci + 1] - '0';
        d.frame.component[ci].huffman = ci > 0;
    }
    for (int i = 0; i < 64; i++)
        d.frame.quant[0][i] = (uint8_t)(i + 1);
    sct_jpeg_frame_plan(&d.frame);
    for (int ci = 0; ci < n_components; ci++) {
        const int n =
            d.frame.component[ci].width_blocks * d.frame.component[ci].height_blocks;
        d.levels[ci] = malloc((size_t)n * 64 * sizeof(int16_t));
        assert_non_null(d.levels[ci]);
        for (int b = 0; b < n; b++)
            fill_block(d.levels[ci] + 64 * b,
                       kind == N_LEVELS ? random_u32() % N_LEVELS : kind);
    }
    return d;
}

static void free_drawing(struct drawing *d)
{
    for (int ci = 0; ci < d->frame.n_components; ci++)
        free(d->levels[ci]);
}

/* ---- writing ----------------------------------------------------------------------- */

static uint64_t find_nonzero(const int16_t levels[64])
{
    uint64_t mask = 0;
    for (int k = 0; k < 64; k++)
        mask |= (uint64_t)(levels[sct_zigzag[k]] != 0) << k;
    return mask;
}

/* Goes through all blocks in the order of the file; blocks past the edges have only the DC level
 * before them. */
static void visit_blocks(const struct drawing *d,
                         void (*visit)(void *ctx, int huffman, int difference,
                                       const int16_t levels[64], uint64_t nonzero),
                         void *ctx)
{
    const struct sct_jpeg_frame *f = &d->frame;
    int last_dc[SCT_MAX_COMPONENTS] = {0};

    for (int mcu = 0; mcu < f->mcus_across * f->mcus_down; mcu++)
        for (int ci = 0; ci < f->n_components; ci++) {
            const int h = f->component[ci].h, v = f->component[ci].v;
            for (int i = 0; i < h * v; i++) {
                const int x = mcu % f->mcus_across * h + i % h;
                const int y = mcu / f->mcus_across * v + i / h;
                const int n = f->component[ci].width_blocks;
                const int is_outside = x >= n || y >= f->component[ci].height_blocks;
                const int16_t *levels =
                    d->levels[ci] + (is_outside ? 0 : (ptrdiff_t)(y * n + x) * 64);
                const int dc = is_outside ? last_dc[ci] : levels[0];
                visit(ctx, f->component[ci].huffman, dc - last_dc[ci], levels,
                      is_outside ? 0 : find_nonzero(levels));
                last_dc[ci] = dc;
            }
        }
}

static void count_block(void *ctx, int huffman, int difference, const int16_t levels[64],
                        uint64_t nonzero)
{
    struct sct_jpeg_counts *counts = ctx;
    sct_jpeg_count_block(&counts[huffman], difference, levels, nonzero);
}

struct writing {
    struct sct_jpeg_codes codes[2];
    struct sct_jpeg_bits bits;
};

static void put_block(void *ctx, int huffman, int difference, const int16_t levels[64],
                      uint64_t nonzero)
{
    struct writing *w = ctx;
    const uint8_t *const before = w->bits.at;
    sct_jpeg_put_block(&w->bits, &w->codes[huffman], difference, levels, nonzero);
    assert_true(w->bits.at - before <= SCT_JPEG_MAX_BLOCK_BYTES);
}

/* With tables that fit the picture; `flat` counts all symbols alike on top. */
static struct bytes write_drawing(const struct drawing *d, int flat)
{
    const struct sct_jpeg_frame *f = &d->frame;
    const int n_huffman = f->n_components > 1 ? 2 : 1;
    struct sct_jpeg_counts counts[2] = {{{0}, {0}}};
    struct writing w;
    size_t capacity = 8192;

    for (int ci = 0; ci < f->n_components; ci++)
        capacity += (size_t)f->mcus_across * (size_t)f->mcus_down *
                    (size_t)(f->component[ci].h * f->component[ci].v) *
                    SCT_JPEG_MAX_BLOCK_BYTES;
    struct bytes file = {malloc(capacity), 0};
    assert_non_null(file.data);
    uint8_t *at = file.data;
    *at++ = 0xff;
    *at++ = 0xd8;
    at = sct_jpeg_put_frame(at, f);
    visit_blocks(d, count_block, counts);
    for (int i = 0; i < n_huffman; i++) {
        struct sct_jpeg_table dc, ac;
        for (int s = 0; flat && s < SCT_JPEG_DC_SIZES; s++)
            counts[i].dc[s]++;
        for (int s = 0; flat && s < 256; s++)
            counts[i].ac[s] +=
                s == SCT_JPEG_ZRL || s == SCT_JPEG_EOB || (s % 16 >= 1 && s % 16 <= 10);
        sct_jpeg_table_fit(&dc, counts[i].dc, SCT_JPEG_DC_SIZES);
        sct_jpeg_table_fit(&ac, counts[i].ac, 256);
        at = sct_jpeg_put_table(at, 0, i, &dc);
        at = sct_jpeg_put_table(at, 1, i, &ac);
        sct_jpeg_codes_build(&w.codes[i], &dc, &ac);
    }
    at = sct_jpeg_put_scan(at, f, 0, f->n_components, 0, 63);
    assert_true(at - file.data <= SCT_JPEG_MAX_HEADER_BYTES);
    sct_jpeg_bits_init(&w.bits, at);
    visit_blocks(d, put_block, &w);
    sct_jpeg_bits_flush(&w.bits);
    file.size = (size_t)(sct_jpeg_put_eoi(w.bits.at) - file.data);
    assert_true(file.size <= capacity);
    return file;
}

/* ---- reading ----------------------------------------------------------------------- */

static void compare_component(j_decompress_ptr cinfo, jvirt_barray_ptr array,
                              const struct drawing *d, int ci)
{
    const int width = d->frame.component[ci].width_blocks;
    assert_int_equal(cinfo->comp_info[ci].width_in_blocks, width);
    assert_int_equal(cinfo->comp_info[ci].height_in_blocks,
                     d->frame.component[ci].height_blocks);
    for (int y = 0; y < d->frame.component[ci].height_blocks; y++) {
        JBLOCKARRAY row = cinfo->mem->access_virt_barray((j_common_ptr)cinfo, array,
                                                         (JDIMENSION)y, 1, FALSE);
        for (int x = 0; x < width; x++)
            for (int i = 0; i < 64; i++) /* libjpeg has them the other way round */
                assert_int_equal(row[0][x][i % 8 * 8 + i / 8],
                                 d->levels[ci][(y * width + x) * 64 + i]);
    }
}

static void expect_levels(const struct bytes *file, const struct drawing *d)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;

    cinfo.err = strict_errors(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, file->data, file->size);
    jpeg_read_header(&cinfo, TRUE);
    assert_int_equal(cinfo.image_width, d->frame.width);
    assert_int_equal(cinfo.image_height, d->frame.height);
    assert_int_equal(cinfo.num_components, d->frame.n_components);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&cinfo);
    for (int ci = 0; ci < cinfo.num_components; ci++) {
        const JQUANT_TBL *quant = cinfo.comp_info[ci].quant_table;
        for (int i = 0; i < 64; i++)
            assert_int_equal(quant->quantval[i % 8 * 8 + i / 8], i + 1);
        compare_component(&cinfo, arrays[ci], d, ci);
    }
    jpeg_finish_decompress(&cinfo);
    jpeg_destroy_decompress(&cinfo);
}

/* ---- tests ------------------------------------------------------------------------- */

static const struct {
    int n_components;
    const char *factors;
} samplings[] = {{1, "11"},     {3, "111111"}, {3, "211111"},   {3, "221111"},
                 {3, "121111"}, {3, "411111"}, {3, "222111"},   {3, "112211"},
                 {3, "311111"}, {3, "141111"}, {4, "11111111"}, {4, "21111121"}};

static void levels_survive_every_sampling_and_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},   {7, 9},   {8, 8},   {9, 7},
                                   {17, 15}, {33, 31}, {65, 63}, {100, 41}};
    for (size_t i = 0; i < sizeof samplings / sizeof *samplings; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
            for (int kind = 0; kind <= N_LEVELS; kind++) {
                struct drawing d = draw(samplings[i].n_components, samplings[i].factors,
                                        sizes[k][0], sizes[k][1], (enum levels)kind);
                struct bytes file = write_drawing(&d, kind % 2);
                expect_levels(&file, &d);
                bytes_free(&file);
                free_drawing(&d);
            }
}

/* All 8 bits of a byte are ones again and again: each is followed by a zero. */
static void bytes_of_ones_are_stuffed(void **state)
{
    (void)state;
    struct drawing d = draw(1, "11", 200, 200, LARGEST);
    for (int i = 0; i < 25 * 25 * 64; i++) /* 1023 is ten ones */
        d.levels[0][i] = (int16_t)abs(d.levels[0][i]);
    struct bytes file = write_drawing(&d, 0);
    size_t n_stuffed = 0;
    for (size_t i = 0; i + 1 < file.size; i++)
        n_stuffed += file.data[i] == 0xff && file.data[i + 1] == 0;
    assert_true(n_stuffed > 10000);
    expect_levels(&file, &d);
    bytes_free(&file);
    free_drawing(&d);
}

/* Counts that grow like Fibonacci's numbers make the longest codes there are. */
static void codes_have_at_most_16_bits(void **state)
{
    (void)state;
    for (int n_symbols = 1; n_symbols <= 256; n_symbols++) {
        uint32_t counts[256], a = 1, b = 1;
        struct sct_jpeg_table table;
        double room = 1.0;
        int n = 0;
        for (int s = 0; s < n_symbols; s++) {
            counts[s] = a;
            const uint32_t next = s < 40 ? a + b : b;
            a = b;
            b = next;
        }
        sct_jpeg_table_fit(&table, counts, n_symbols);
        for (int i = 1; i <= 16; i++) {
            n += table.n_codes[i];
            room -= table.n_codes[i] / (double)(1 << i);
        }
        assert_int_equal(n, n_symbols);
        assert_true(room > 0.0); /* for the code of all ones */
    }
}

static void fitted_tables_give_frequent_symbols_short_codes(void **state)
{
    (void)state;
    const uint32_t counts[5] = {1, 0, 8, 4, 2};
    struct sct_jpeg_table table;
    sct_jpeg_table_fit(&table, counts, 5);
    static const uint8_t symbols[4] = {2, 3, 4, 0};
    for (int i = 1; i <= 4; i++)
        assert_int_equal(table.n_codes[i], 1);
    assert_memory_equal(table.symbols, symbols, sizeof symbols);
}

static void tables_of_nothing_are_empty(void **state)
{
    (void)state;
    const uint32_t counts[3] = {0};
    struct sct_jpeg_table table;
    sct_jpeg_table_fit(&table, counts, 3);
    for (int i = 0; i <= 16; i++)
        assert_int_equal(table.n_codes[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_survive_every_sampling_and_size),
        cmocka_unit_test(bytes_of_ones_are_stuffed),
        cmocka_unit_test(codes_have_at_most_16_bits),
        cmocka_unit_test(fitted_tables_give_frequent_symbols_short_codes),
        cmocka_unit_test(tables_of_nothing_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
