/* bench_encode [--runs N] [--quality Q] PHOTO.jpg...: our JPEG encoder beside libjpeg-turbo's.
 *
 * Each photograph is resized to 1600 and to 400 wide; the planes of that, 4:2:0 or gray, are
 * encoded at quality 80 in memory: by libjpeg-turbo's standard encode, then at each effort with
 * the settings that a job has, and at effort 1 without Huffman tables of its own. Alternating,
 * thread CPU time, medians of the runs. Printed are libjpeg-turbo's milliseconds and the others
 * over them; the last line of a width is the median over the photographs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "bench_turbo.h"

enum { MAX_RUNS = 201, MAX_PHOTOS = 100, N_OURS = 4, BAND_ROWS = 16 };

static const struct {
    const char *name;
    int effort, fits; /* tables to small pictures, as jobs do */
} ours[N_OURS] = {{"effort 0", 0, 0},
                  {"effort 1", 1, 1},
                  {"effort 2", 2, 1},
                  {"1, tables given", 1, 0}};

static int count_bytes(void *ctx, const void *data, size_t n)
{
    (void)data;
    *(size_t *)ctx += n;
    return SCT_OK;
}

static double encode(const struct bench_planes *p, int effort, int optimize, int quality)
{
    enum { SMALL_PIXELS = 1 << 18 }; /* as in driver/outlet.c */
    size_t n_bytes = 0;
    struct sct_encoder_layout layout;
    sct_encoder *e;
    struct sct_encoder_spec spec = {.width = p->width,
                                    .height = p->height,
                                    .model = p->n_components == 1 ? SCT_GRAY : SCT_YCC,
                                    .n_components = p->n_components,
                                    .quality = quality,
                                    .effort = effort,
                                    .optimize = optimize && effort > 0 &&
                                                p->width <= SMALL_PIXELS / p->height,
                                    .sink = {.write = count_bytes, .ctx = &n_bytes}};
    for (int ci = 0; ci < p->n_components; ci++) {
        spec.component[ci].h = p->component[ci].h;
        spec.component[ci].v = p->component[ci].v;
    }
    const double start = bench_cpu_ms();
    int status = sct_jpeg_encoder.open(&e, &spec, &layout);
    for (int band = 0; band < layout.n_bands && status == SCT_OK; band++) {
        uint8_t *row[SCT_MAX_COMPONENTS][BAND_ROWS];
        uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < p->n_components; ci++) {
            const int n_rows = layout.component[ci].band_rows;
            const ptrdiff_t stride = p->component[ci].stride;
            for (int i = 0; i < n_rows; i++)
                row[ci][i] =
                    p->component[ci].samples + ((ptrdiff_t)band * n_rows + i) * stride;
            rows[ci] = row[ci];
        }
        status = sct_jpeg_encoder.write_band(e, rows);
    }
    if (status != SCT_OK || sct_jpeg_encoder.finish(e) != SCT_OK)
        exit(1);
    sct_jpeg_encoder.close(e);
    return bench_cpu_ms() - start;
}

/* libjpeg-turbo's milliseconds, and ours over them. */
static void measure(struct bench_file *photo, int width, int n_runs, int quality,
                    double figures[1 + N_OURS])
{
    static double ms[1 + N_OURS][MAX_RUNS];
    struct sct_variant v = sct_variant_default();
    struct bench_planes planes;
    v.width = width;
    v.quality_exact = 1; /* nothing is copied */
    bench_make_planes(photo, &v, &planes);
    for (int i = 0; i < n_runs; i++) {
        ms[0][i] = bench_turbo_encode(&planes, quality);
        for (int k = 0; k < N_OURS; k++)
            ms[1 + k][i] = encode(&planes, ours[k].effort, ours[k].fits, quality);
    }
    bench_free_planes(&planes);
    figures[0] = bench_median(ms[0], n_runs);
    for (int k = 0; k < N_OURS; k++)
        figures[1 + k] = bench_median(ms[1 + k], n_runs) / figures[0];
}

static void print_row(const char *label, const double figures[1 + N_OURS])
{
    printf("%-30.30s %7.2f", label, figures[0]);
    for (int k = 0; k < N_OURS; k++)
        printf(" %15.2f", figures[1 + k]);
    printf("\n");
    fflush(stdout);
}

static void measure_all(char **paths, int n_paths, int width, int n_runs, int quality)
{
    static double figures[1 + N_OURS][MAX_PHOTOS];
    double row[1 + N_OURS];
    int n = 0;
    printf("\n%4d wide, quality %-12d %7s", width, quality, "ms");
    for (int k = 0; k < N_OURS; k++)
        printf(" %15s", ours[k].name);
    printf("\n");
    for (int i = 0; i < n_paths && n < MAX_PHOTOS; i++) {
        struct bench_file photo;
        if (bench_read_file(paths[i], &photo) < 0)
            continue;
        measure(&photo, width, n_runs, quality, row);
        bench_free_file(&photo);
        print_row(bench_file_name(paths[i]), row);
        for (int k = 0; k < 1 + N_OURS; k++)
            figures[k][n] = row[k];
        n++;
    }
    for (int k = 0; k < 1 + N_OURS && n > 0; k++)
        row[k] = bench_median(figures[k], n);
    if (n > 0)
        print_row("median", row);
}

int main(int argc, char **argv)
{
    int n_runs = 31, quality = 80, i = 1;
    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--runs") == 0)
            n_runs = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--quality") == 0)
            quality = atoi(argv[i + 1]);
        else
            break;
    }
    if (i >= argc || n_runs < 1 || n_runs > MAX_RUNS || quality < 1 || quality > 100) {
        fprintf(stderr, "usage: bench_encode [--runs N] [--quality Q] PHOTO.jpg...\n");
        return 2;
    }
    measure_all(argv + i, argc - i, 1600, n_runs, quality);
    measure_all(argv + i, argc - i, 400, n_runs, quality);
    return 0;
}
