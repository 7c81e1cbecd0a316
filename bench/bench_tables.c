/* bench_tables FILE.jpg...: Huffman tables for pictures like these, of which each weighs the
 * same: a class of codecs/jpeg_tables.c, as C. Files of several scans or sizes will do: what
 * is counted are the symbols that their levels would be in one scan. How much larger the files are
 * than with tables of their own goes to stderr.
 *
 *     bench_tables out/q80-*.jpg */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "dsp.h"
#include "jpeg_entropy.h"

enum { N_CLASSES = 2, N_AC = 256 }; /* luma, chroma */

struct tally {
    struct sct_jpeg_counts counts[N_CLASSES];
};

struct tables {
    struct sct_jpeg_table dc[N_CLASSES], ac[N_CLASSES];
    struct sct_jpeg_codes codes[N_CLASSES];
};

/* ---- counting ---- */

static void count_block(struct sct_jpeg_counts *counts, const JCOEF *block, int *last_dc)
{
    int16_t levels[64];
    uint64_t nonzero = 0;
    for (int k = 0; k < 64; k++) {
        const int i = sct_zigzag[k];
        levels[i] = block[i % 8 * 8 + i / 8]; /* libjpeg has them the other way round */
        nonzero |= (uint64_t)(levels[i] != 0) << k;
    }
    sct_jpeg_count_block(counts, levels[0] - *last_dc, levels, nonzero);
    *last_dc = levels[0];
}

/* Blocks in the order of MCUs. */
static void count_component(struct sct_jpeg_counts *counts, j_decompress_ptr cinfo,
                            jvirt_barray_ptr array, const jpeg_component_info *c)
{
    const JDIMENSION h = (JDIMENSION)c->h_samp_factor, v = (JDIMENSION)c->v_samp_factor;
    int last_dc = 0;
    for (JDIMENSION y0 = 0; y0 < c->height_in_blocks; y0 += v)
        for (JDIMENSION x0 = 0; x0 < c->width_in_blocks; x0 += h)
            for (JDIMENSION i = 0; i < h * v; i++) {
                const JDIMENSION x = x0 + i % h, y = y0 + i / h;
                if (x >= c->width_in_blocks || y >= c->height_in_blocks)
                    continue;
                JBLOCKARRAY row = cinfo->mem->access_virt_barray((j_common_ptr)cinfo,
                                                                 array, y, 1, FALSE);
                count_block(counts, row[0][x], &last_dc);
            }
}

static int count_file(const char *path, struct tally *tally)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    memset(tally, 0, sizeof *tally);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_stdio_src(&cinfo, file);
    (void)jpeg_read_header(&cinfo, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&cinfo);
    for (int ci = 0; ci < cinfo.num_components; ci++)
        count_component(&tally->counts[ci > 0], &cinfo, arrays[ci], &cinfo.comp_info[ci]);
    jpeg_destroy_decompress(&cinfo);
    fclose(file);
    return 0;
}

/* ---- fitting ---- */

static int is_symbol(int ac)
{
    return ac == SCT_JPEG_EOB || ac == SCT_JPEG_ZRL || (ac % 16 >= 1 && ac % 16 <= 10);
}

static double sum_counts(const struct sct_jpeg_counts *counts)
{
    double sum = 0;
    for (int i = 0; i < SCT_JPEG_DC_SIZES; i++)
        sum += counts->dc[i];
    for (int i = 0; i < N_AC; i++)
        sum += counts->ac[i];
    return sum;
}

/* A symbol that never occurred counts once, where all together count some millions. */
static void fit_all(struct tables *tables, const struct tally *tallies, int n)
{
    for (int class = 0; class < N_CLASSES; class ++) {
        double dc[SCT_JPEG_DC_SIZES] = {0}, ac[N_AC] = {0};
        struct sct_jpeg_counts sum = {.dc = {0}};
        for (int f = 0; f < n; f++) {
            const struct sct_jpeg_counts *counts = &tallies[f].counts[class];
            const double weight = 4e6 / n / (1 + sum_counts(counts));
            for (int i = 0; i < SCT_JPEG_DC_SIZES; i++)
                dc[i] += weight * counts->dc[i];
            for (int i = 0; i < N_AC; i++)
                ac[i] += weight * counts->ac[i];
        }
        for (int i = 0; i < SCT_JPEG_DC_SIZES; i++)
            sum.dc[i] = 1 + (uint32_t)dc[i];
        for (int i = 0; i < N_AC; i++)
            sum.ac[i] = is_symbol(i) ? 1 + (uint32_t)ac[i] : 0;
        sct_jpeg_table_fit(&tables->dc[class], sum.dc, SCT_JPEG_DC_SIZES);
        sct_jpeg_table_fit(&tables->ac[class], sum.ac, N_AC);
        sct_jpeg_codes_build(&tables->codes[class], &tables->dc[class],
                             &tables->ac[class]);
    }
}

/* Codes and values, without the bytes around them. */
static double count_bits(const struct tally *tally, const struct tables *tables)
{
    double bits = 0;
    for (int class = 0; class < N_CLASSES; class ++) {
        for (int i = 0; i < SCT_JPEG_DC_SIZES; i++)
            bits += (double)tally->counts[class].dc[i] *
                    sct_jpeg_code_bits(tables->codes[class].dc[i]);
        for (int i = 0; i < N_AC; i++)
            bits += (double)tally->counts[class].ac[i] *
                    sct_jpeg_code_bits(tables->codes[class].ac[i]);
    }
    return bits;
}

/* ---- output ---- */

static void print_table(const char *name, const struct sct_jpeg_table *table)
{
    int n = 0;
    printf(".%s = {.n_codes = {0", name);
    for (int i = 1; i <= 16; i++) {
        printf(", %d", table->n_codes[i]);
        n += table->n_codes[i];
    }
    printf("}, .symbols = {");
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", table->symbols[i]);
    printf("}}");
}

int main(int argc, char **argv)
{
    const int n = argc - 1;
    struct tally *tallies = calloc((size_t)(n > 0 ? n : 1), sizeof *tallies);
    struct tables all, own;
    double excess = 0, worst = 0;

    if (n < 1 || !tallies) {
        fprintf(stderr, "usage: bench_tables FILE.jpg...\n");
        return 2;
    }
    for (int f = 0; f < n; f++)
        if (count_file(argv[f + 1], &tallies[f]) != 0)
            return 1;
    fit_all(&all, tallies, n);
    for (int class = 0; class < N_CLASSES; class ++) {
        printf("{");
        print_table("dc", &all.dc[class]);
        printf(", ");
        print_table("ac", &all.ac[class]);
        printf("},\n");
    }
    for (int f = 0; f < n; f++) {
        fit_all(&own, &tallies[f], 1);
        const double ratio =
            count_bits(&tallies[f], &all) / count_bits(&tallies[f], &own);
        excess += (ratio - 1) / n;
        worst = ratio - 1 > worst ? ratio - 1 : worst;
    }
    fprintf(stderr, "%d files: %.1f %% larger than with their own, %.1f %% at most\n", n,
            100 * excess, 100 * worst);
    free(tallies);
    return 0;
}
