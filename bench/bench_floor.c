/* bench_floor [--runs N] PHOTO.jpg...: what our jobs cost beside what they cannot do without.
 *
 *     entropy   decoding alone, of the coefs that the job wants
 *     encode    libjpeg-turbo's encode of the planes that the job makes, alone
 *     job       the whole job; its stages plan, decode, resize, encode
 *
 * Per photograph and width, thread CPU time, everything in memory, alternating, medians:
 *
 *     plan      planning over the job                                at most 2 %
 *     resize    resizing all planes over entropy: 1600 wide          at most 1/3
 *                                                  400 wide          at most 1/10
 *     floor     1600 wide: the job over entropy + encode             at most 1.5
 *     six       2048, 1600, 1080, 720, 400, 200 wide from one decode,
 *               over 2048 alone                                      at most 2.2
 *
 * The last line is the median over the photographs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "bench_turbo.h"
#include "capture.h"
#include "geometry.h"

enum { MAX_RUNS = 101, MAX_PHOTOS = 100, N_SIX = 6, N_FIGURES = 6, JOB_QUALITY = 80 };

static const int six[N_SIX] = {2048, 1600, 1080, 720, 400, 200};

static struct sct_variant make_variant(int width)
{
    struct sct_variant v = sct_variant_default();
    v.width = width;
    v.quality = JOB_QUALITY;
    v.quality_exact = 1; /* nothing is copied, whatever the photograph was saved at */
    return v;
}

/* ---- the job ----------------------------------------------------------------------- */

static void run_job(struct bench_file *photo, const struct sct_variant *variants, int n,
                    struct sct_times *ms)
{
    static struct capture_files files;
    static struct sct_result result;
    const struct sct_job job = {.source = bench_source(photo),
                                .variants = variants,
                                .n_variants = n,
                                .target = capture_target(&files)};
    photo->offset = 0;
    if (sct_job_run(&job, &result) != SCT_OK) {
        fprintf(stderr, "bench_floor: %s\n", result.report.message);
        exit(1);
    }
    *ms = result.ms;
    capture_free_files(&files);
    memset(&files, 0, sizeof files);
    files.fail_close_of = -1;
}

/* ---- entropy decoding alone -------------------------------------------------------- */

/* The corners of blocks that a variant's resizers look at. */
static void find_corners(const struct sct_picture *picture, const struct sct_variant *v,
                         struct sct_corner corners[SCT_MAX_COMPONENTS])
{
    struct sct_geometry g;
    struct sct_dsp dsp;
    if (sct_dsp_init(&dsp, NULL) < 0 || sct_geometry_plan(&g, picture, v, NULL) < 0)
        exit(1);
    for (int ci = 0; ci < g.n_components; ci++) {
        const struct sct_resizer_spec spec = {.x = g.component[ci].x,
                                              .y = g.component[ci].y,
                                              .filter = v->filter,
                                              .domain = SCT_COEFS,
                                              .dsp = &dsp};
        sct_resizer *r;
        if (sct_resizer_plan(&r, &spec) < 0)
            exit(1);
        corners[ci] = sct_resizer_corner(r);
        sct_resizer_free(r);
    }
}

static double run_entropy(struct bench_file *photo, const struct sct_variant *v)
{
    static struct sct_reader reader;
    const struct sct_source source = bench_source(photo);
    const struct sct_decoder_spec spec = {.reader = &reader};
    const struct sct_decoder_ops *ops;
    struct sct_picture picture;
    struct sct_band band;
    sct_decoder *decoder;
    struct sct_corner corners[SCT_MAX_COMPONENTS];
    photo->offset = 0;
    double start = bench_cpu_ms();
    sct_reader_init(&reader, &source);
    if (sct_decoder_open(&ops, &decoder, &spec, &picture) < 0)
        exit(1);
    double ms = bench_cpu_ms() - start;
    find_corners(&picture, v, corners); /* not part of it */
    start = bench_cpu_ms();
    for (int ci = 0; ci < picture.n_components; ci++)
        ops->want_corner(decoder, ci, corners[ci]);
    while (ops->read_band(decoder, &band) == SCT_OK)
        ;
    ops->close(decoder);
    return ms + bench_cpu_ms() - start;
}

/* ---- */

enum { WIDE, SMALL, N_JOBS };

/* plan 1600, plan 400, resize 1600, resize 400, floor, six */
static int measure(const char *path, int n_runs, double figures[N_FIGURES])
{
    static double entropy[N_JOBS][MAX_RUNS], encode[MAX_RUNS], plan[N_JOBS][MAX_RUNS],
        resize[N_JOBS][MAX_RUNS], total[N_JOBS][MAX_RUNS], one[MAX_RUNS], all[MAX_RUNS];
    const struct sct_variant jobs[N_JOBS] = {make_variant(1600), make_variant(400)};
    struct sct_variant sizes[N_SIX];
    struct bench_file photo;
    struct bench_planes planes;
    struct sct_times ms;
    if (bench_read_file(path, &photo) < 0)
        return 0;
    for (int i = 0; i < N_SIX; i++)
        sizes[i] = make_variant(six[i]);
    bench_make_planes(&photo, &jobs[WIDE], &planes);
    for (int i = 0; i < n_runs; i++) {
        for (int k = 0; k < N_JOBS; k++) {
            entropy[k][i] = run_entropy(&photo, &jobs[k]);
            run_job(&photo, &jobs[k], 1, &ms);
            plan[k][i] = ms.plan;
            resize[k][i] = ms.resize;
            total[k][i] = ms.total;
        }
        encode[i] = bench_turbo_encode(&planes, JOB_QUALITY);
        run_job(&photo, sizes, 1, &ms);
        one[i] = ms.total;
        run_job(&photo, sizes, N_SIX, &ms);
        all[i] = ms.total;
    }
    double e[N_JOBS], t[N_JOBS];
    const double enc = bench_median(encode, n_runs);
    for (int k = 0; k < N_JOBS; k++) {
        e[k] = bench_median(entropy[k], n_runs);
        t[k] = bench_median(total[k], n_runs);
        figures[k] = bench_median(plan[k], n_runs) / t[k] * 100;
        figures[2 + k] = bench_median(resize[k], n_runs) / e[k];
    }
    figures[4] = t[WIDE] / (e[WIDE] + enc);
    figures[5] = bench_median(all, n_runs) / bench_median(one, n_runs);
    printf(
        "%-30.30s %7.2f %7.2f %7.2f %7.2f %7.2f | %6.2f %6.2f %8.3f %8.3f %6.2f %6.2f\n",
        bench_file_name(path), e[WIDE], enc, t[WIDE], e[SMALL], t[SMALL], figures[0],
        figures[1], figures[2], figures[3], figures[4], figures[5]);
    fflush(stdout);
    bench_free_planes(&planes);
    bench_free_file(&photo);
    return 1;
}

int main(int argc, char **argv)
{
    static double figures[N_FIGURES][MAX_PHOTOS];
    int n_runs = 9, n = 0, i = 1;
    if (argc > 2 && strcmp(argv[1], "--runs") == 0) {
        n_runs = atoi(argv[2]);
        i = 3;
    }
    if (i >= argc || n_runs < 1 || n_runs > MAX_RUNS) {
        fprintf(stderr, "usage: bench_floor [--runs N] PHOTO.jpg...\n");
        return 2;
    }
    printf("%-30s %7s %7s %7s %7s %7s | %13s %17s %6s %6s\n", "CPU ms", "entropy",
           "encode", "job", "entropy", "job", "plan, %", "resize / entropy", "floor",
           "six");
    printf("%-30s %7s %7s %7s %7s %7s | %6s %6s %8s %8s\n", "", "1600", "1600", "1600",
           "400", "400", "1600", "400", "1600", "400");
    for (; i < argc && n < MAX_PHOTOS; i++) {
        double f[N_FIGURES];
        if (!measure(argv[i], n_runs, f))
            continue;
        for (int k = 0; k < N_FIGURES; k++)
            figures[k][n] = f[k];
        n++;
    }
    if (!n)
        return 1;
    printf("%-30s %39s |", "median", "");
    for (int k = 0; k < N_FIGURES; k++)
        printf(k == 2 || k == 3 ? " %8.3f" : " %6.2f", bench_median(figures[k], n));
    printf("\n");
    return 0;
}
