/* How long each slot of the dsp table takes, for every implementation that this CPU runs.
 *
 *     bench_kernel [--json] [--runs N]
 *     bench_kernel --once DSP SHAPE
 *
 * The shapes are those of real jobs: a 4000 pixels wide photograph to 1600 and to 400, by
 * blocks of coefficients and by scan lines (values of -128..127). CPU time of this
 * process; the implementations take turns in every run, so that a busy machine hurts all
 * of them alike, and the median of the runs is shown. `ratio` is the reference's time over
 * the implementation's.
 *
 * --once measures nothing: it calls one slot once, between two calls of mark_trace, and
 * prints the number of samples. bench/arm-model runs it in an emulator and reads the
 * trace between the two. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dsp.h"
#include "mem.h"

enum { MAX_IMPLS = 8, MAX_RUNS = 101, DEFAULT_RUNS = 15, MAX_ROWS = 32 };

enum { PERIOD = 200, OVER_READ = 8 }; /* rows of weights repeat, as they mostly do */

static const double min_run_ns =
    1e6; /* calls are repeated until one run takes this long */

enum slot { PACK, HORZ, VERT, FDCT, QUANTISE };

struct shape {
    const char *name;
    enum slot slot;
    int src_units; /* horz: units in a source row */
    int dst_width; /* pack, fdct, quantise: samples in a row */
    int n_units;   /* vert: pair rows */
    int n_pairs;
    int n_lanes;
    int unit_stride;
    int n_planes;
};

static const struct shape shapes[] = {
    {"pack 4928", PACK, 0, 4928, 0, 0, 0, 0, 0},
    {"horz blocks 4000->1600", HORZ, 500, 1600, 3, 3, 8, 48, 3},
    {"horz blocks 4000->2400", HORZ, 500, 2400, 3, 4, 8, 64, 4},
    {"horz blocks 4000->1080", HORZ, 500, 1080, 4, 2, 8, 64, 2},
    {"horz blocks 4000->400, 8 lanes", HORZ, 500, 400, 9, 2, 8, 64, 2},
    {"horz blocks 4000->400, 4 lanes", HORZ, 500, 400, 9, 2, 4, 16, 2},
    {"horz samples 4000->1600", HORZ, 2000, 1600, 9, 1, 8, SCT_GROUP, 4},
    {"horz samples 4000->400", HORZ, 2000, 400, 31, 1, 8, SCT_GROUP, 4},
    {"vert 1600, 9 rows", VERT, 0, 1600, 9, 0, 0, 0, 0},
    {"vert 400, 18 rows", VERT, 0, 400, 18, 0, 0, 0, 0},
    {"fdct 200 blocks", FDCT, 0, 1600, 0, 0, 0, 0, 0},
    {"quantise 200 blocks", QUANTISE, 0, 1600, 0, 0, 0, 0, 0},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* One shape's buffers; the values are arbitrary but not constant. */
struct job {
    const struct shape *shape;
    struct sct_horz horz;
    int32_t *first, *weight_at;
    int16_t *weights;
    int16_t *src; /* pack: the groups that are written */
    int16_t *row[MAX_ROWS];
    uint8_t *bytes;
    int16_t *levels; /* quantise: the coefs are in src */
    uint32_t *activity;
    uint64_t *nonzero;
    uint16_t *strengths;
    struct sct_quantiser quantiser;
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static int16_t *alloc_values(size_t n, int range)
{
    int16_t *p = sct_mem_alloc(sct_size_mul(n, sizeof *p));
    uint32_t state = 1;
    for (size_t i = 0; p && i < n; i++)
        p[i] = (int16_t)((int)(next_random(&state) >> 8) % range - range / 2);
    return p;
}

static void free_job(struct job *job)
{
    sct_mem_free(job->first);
    sct_mem_free(job->weight_at);
    sct_mem_free(job->weights);
    sct_mem_free(job->src);
    for (int r = 0; r < MAX_ROWS; r++)
        sct_mem_free(job->row[r]);
    sct_mem_free(job->bytes);
    sct_mem_free(job->levels);
    sct_mem_free(job->activity);
    sct_mem_free(job->nonzero);
    sct_mem_free(job->strengths);
}

/* Buffers of a row of blocks, and steps of 10, which leave about one level in six. */
static int create_blocks(struct job *job, const struct shape *s)
{
    const size_t width = (size_t)s->dst_width, n_blocks = width / 8;
    job->src = alloc_values(width * 8, 256);
    job->levels = alloc_values(width * 8, 256);
    job->bytes = sct_mem_alloc(width * 8);
    job->activity = sct_mem_alloc(n_blocks * sizeof *job->activity);
    job->nonzero = sct_mem_alloc(n_blocks * sizeof *job->nonzero);
    job->strengths = sct_mem_alloc(n_blocks * sizeof *job->strengths);
    if (!job->src || !job->levels || !job->bytes || !job->activity || !job->nonzero ||
        !job->strengths)
        return SCT_ERR_MEMORY;
    for (int i = 0; i < 64; i++) {
        job->quantiser.reciprocal[i] = (1 << 22) / 160;
        job->quantiser.scale[i] = 1 << 10;
        job->quantiser.rounding[i] = 80;
        job->quantiser.zero[i] = 107;
    }
    return SCT_OK;
}

static int create_job(struct job *job, const struct shape *s)
{
    memset(job, 0, sizeof *job);
    job->shape = s;
    const size_t width = (size_t)s->dst_width;
    const int n_rows = s->slot == HORZ ? s->n_planes : s->slot == VERT ? s->n_units : 0;
    const size_t row_bytes = sct_size_align(2 * width * sizeof(int16_t));

    for (int r = 0; r < n_rows; r++)
        if (!(job->row[r] = alloc_values(row_bytes / sizeof(int16_t), 4096)))
            goto fail;
    if (s->slot == PACK) {
        job->src = alloc_values((width + 1) / 2 * SCT_GROUP, 256);
        job->bytes = sct_mem_alloc(width * SCT_LANES);
        if (!job->src || !job->bytes)
            goto fail;
    } else if (s->slot == VERT) {
        job->weights = alloc_values(2 * (size_t)s->n_units, 4096);
        job->bytes = sct_mem_alloc(width);
        if (!job->weights || !job->bytes)
            goto fail;
    } else if (s->slot == FDCT || s->slot == QUANTISE) {
        if (create_blocks(job, s) != SCT_OK)
            goto fail;
    } else {
        job->first = sct_mem_alloc(width * sizeof *job->first);
        job->weight_at = sct_mem_alloc(width * sizeof *job->weight_at);
        job->weights = alloc_values(
            (size_t)(PERIOD * s->n_units * s->n_pairs * 2) + OVER_READ, 4096);
        job->src = alloc_values((size_t)s->src_units * (size_t)s->unit_stride,
                                s->unit_stride == SCT_GROUP ? 256 : 2048);
        if (!job->first || !job->weight_at || !job->weights || !job->src)
            goto fail;
        const int period_units = (s->src_units - s->n_units) * PERIOD / s->dst_width;
        for (int x = 0; x < s->dst_width; x++) { /* evenly spread */
            job->weight_at[x] = x % PERIOD * s->n_units * s->n_pairs * 2;
            job->first[x] =
                x / PERIOD * period_units + x % PERIOD * period_units / PERIOD;
        }
        job->horz = (struct sct_horz){.first = job->first,
                                      .at = job->weight_at,
                                      .weights = job->weights,
                                      .dst_width = s->dst_width,
                                      .n_units = s->n_units,
                                      .n_pairs = s->n_pairs,
                                      .n_lanes = s->n_lanes,
                                      .unit_stride = s->unit_stride,
                                      .n_planes = s->n_planes,
                                      .shift = 14,
                                      .period = PERIOD,
                                      .period_units = period_units};
    }
    return SCT_OK;

fail:
    free_job(job);
    return SCT_ERR_MEMORY;
}

static void run_fdct(struct job *job, const struct sct_dsp *dsp)
{
    const uint8_t *rows[8];
    for (int y = 0; y < 8; y++)
        rows[y] = job->bytes + (ptrdiff_t)y * job->shape->dst_width;
    dsp->fdct(job->levels, job->activity, rows, job->shape->dst_width / 8);
}

static void run_job(struct job *job, const struct sct_dsp *dsp, int n_calls)
{
    const struct shape *s = job->shape;
    for (int i = 0; i < n_calls; i++) {
        if (s->slot == PACK)
            dsp->pack(job->src, job->bytes, s->dst_width, s->dst_width);
        else if (s->slot == HORZ)
            dsp->horz(job->row, job->src, &job->horz);
        else if (s->slot == FDCT)
            run_fdct(job, dsp);
        else if (s->slot == QUANTISE)
            dsp->quantise(job->levels, job->nonzero, job->src, job->strengths,
                          &job->quantiser, s->dst_width / 8);
        else
            dsp->vert(job->bytes, (const int16_t *const *)job->row, job->weights,
                      s->n_units, s->dst_width, 1 << 17, 18);
    }
}

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_calls(struct job *job, const struct sct_dsp *dsp, int n_calls)
{
    const double begin = cpu_ns();
    run_job(job, dsp, n_calls);
    return cpu_ns() - begin;
}

/* Calls for which a run takes min_run_ns; warms the caches at the same time. */
static int count_calls(struct job *job, const struct sct_dsp *dsp)
{
    int n = 1;
    while (n < 1 << 24 && time_calls(job, dsp, n) < min_run_ns)
        n *= 2;
    return n;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct figures { /* of one call; low and high are quartiles */
    double median_ns, low_ns, high_ns;
};

static void measure(struct job *job, const struct sct_dsp *impls, int n_impls, int n_runs,
                    struct figures *figures)
{
    double ns[MAX_IMPLS][MAX_RUNS];
    int n_calls[MAX_IMPLS];

    for (int i = 0; i < n_impls; i++)
        n_calls[i] = count_calls(job, &impls[i]);
    for (int run = 0; run < n_runs; run++)
        for (int i = 0; i < n_impls; i++)
            ns[i][run] = time_calls(job, &impls[i], n_calls[i]) / n_calls[i];
    for (int i = 0; i < n_impls; i++) {
        qsort(ns[i], (size_t)n_runs, sizeof ns[i][0], compare_doubles);
        figures[i] = (struct figures){.median_ns = ns[i][n_runs / 2],
                                      .low_ns = ns[i][n_runs / 4],
                                      .high_ns = ns[i][n_runs - 1 - n_runs / 4]};
    }
}

/* Samples that one call makes: `ps/sample` is per one of these. */
static int count_samples(const struct shape *s)
{
    return s->slot == PACK   ? s->dst_width * SCT_LANES
           : s->slot == HORZ ? s->dst_width * 2 * s->n_planes
           : s->slot == VERT ? s->dst_width
                             : s->dst_width * 8;
}

/* Bytes that one call reads and writes at least, weights left out, which stay in the cache:
 * what memory would have to move if nothing else did. */
static double count_bytes(const struct shape *s)
{
    const double width = s->dst_width, value = sizeof(int16_t);
    switch (s->slot) {
    case PACK: return width * SCT_LANES + (width + 1) / 2 * SCT_GROUP * value;
    case HORZ:
        return (double)s->src_units * s->unit_stride * value +
               2 * width * value * s->n_planes;
    case VERT: return 2 * width * value * s->n_units + width;
    case FDCT: return width * 8 * (1 + value);
    case QUANTISE: return width * 8 * 2 * value;
    }
    return 0;
}

/* A name to look for in a trace. */
__attribute__((noinline)) static void mark_trace(void)
{
    __asm__ volatile("" ::: "memory");
}

static int run_once(const char *dsp_name, const char *shape_name)
{
    struct sct_dsp dsp;
    struct job job;
    int k = 0;

    while (k < N_SHAPES && strcmp(shapes[k].name, shape_name) != 0)
        k++;
    if (k == N_SHAPES || sct_dsp_init(&dsp, dsp_name) != SCT_OK) {
        fprintf(stderr, "bench_kernel: no such shape, or not run by this CPU: %s, %s\n",
                shape_name, dsp_name);
        return 2;
    }
    if (create_job(&job, &shapes[k]) != SCT_OK) {
        fprintf(stderr, "bench_kernel: out of memory\n");
        return 1;
    }
    mark_trace();
    run_job(&job, &dsp, 1);
    mark_trace();
    printf("%d\n", count_samples(&shapes[k]));
    free_job(&job);
    return 0;
}

static void print_results(int json, const struct shape *s, const struct sct_dsp *impls,
                          int n_impls, const struct figures *figures, int n_runs,
                          int is_first)
{
    for (int i = 0; i < n_impls; i++) {
        const struct figures *f = &figures[i];
        const double ps_per_ns = 1000.0 / count_samples(s), ps = f->median_ns * ps_per_ns;
        const double ratio = figures[0].median_ns / f->median_ns;
        if (json)
            printf("%s  {\"shape\": \"%s\", \"dsp\": \"%s\", \"ns\": %.1f, "
                   "\"ps_per_sample\": %.1f, \"ps_low\": %.1f, \"ps_high\": %.1f, "
                   "\"n_runs\": %d, \"bytes_per_sample\": %.3f, \"ratio\": %.2f}",
                   is_first && i == 0 ? "" : ",\n", s->name, impls[i].name, f->median_ns,
                   ps, f->low_ns * ps_per_ns, f->high_ns * ps_per_ns, n_runs,
                   count_bytes(s) / count_samples(s), ratio);
        else
            printf("%-32s %-6s %10.0f %10.0f %8.2f\n", i ? "" : s->name, impls[i].name,
                   f->median_ns, ps, ratio);
    }
}

int main(int argc, char **argv)
{
    struct sct_dsp impls[MAX_IMPLS];
    int n_impls = 0, json = 0, n_runs = DEFAULT_RUNS;

    if (argc == 4 && strcmp(argv[1], "--once") == 0)
        return run_once(argv[2], argv[3]);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = 1;
        } else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc &&
                   (n_runs = atoi(argv[i + 1])) >= 1 && n_runs <= MAX_RUNS)
        {
            i++;
        } else {
            fprintf(stderr,
                    "usage: bench_kernel [--json] [--runs 1..%d]\n"
                    "       bench_kernel --once DSP SHAPE\n",
                    MAX_RUNS);
            return 2;
        }
    }
    for (int i = 0; sct_dsp_name_at(i) && n_impls < MAX_IMPLS; i++) /* "c" is the first */
        if (sct_dsp_init(&impls[n_impls], sct_dsp_name_at(i)) == SCT_OK)
            n_impls++;

    if (json)
        printf("[\n");
    else
        printf("%-32s %-6s %10s %10s %8s\n", "shape", "dsp", "ns/call", "ps/sample",
               "ratio");
    for (int k = 0; k < N_SHAPES; k++) {
        struct job job;
        struct figures figures[MAX_IMPLS];
        if (create_job(&job, &shapes[k]) != SCT_OK) {
            fprintf(stderr, "bench_kernel: out of memory\n");
            return 1;
        }
        measure(&job, impls, n_impls, n_runs, figures);
        print_results(json, &shapes[k], impls, n_impls, figures, n_runs, k == 0);
        free_job(&job);
    }
    if (json)
        printf("\n]\n");
    return 0;
}
