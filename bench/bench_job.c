/* bench_job [--runs N] [--cpu NAME] [--widths W,W,...] [--format NAME] [--compression N]
 *           [--out FILE] FILE...
 *
 * Whole jobs in memory, warm, on one thread: reads each file once, then resizes it N
 * times to all widths at once (quality 80, 4:2:0, lanczos3, the file's own format unless
 * another is named) and prints one JSON object per file: medians of the CPU milliseconds by
 * stage, and the bytes of each output. --out keeps the first output of the last file.
 * bench/compare and bench/formats run it beside sharp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "scantling.h"

enum { MAX_RUNS = 1000 };

/* Outputs are kept in memory, as a server would before it sends them. */
struct output {
    unsigned char *bytes;
    size_t n_bytes, capacity;
};

static int write_output(void *ctx, const void *data, size_t n)
{
    struct output *out = ctx;
    if (out->n_bytes + n > out->capacity) {
        out->capacity = 2 * (out->n_bytes + n);
        out->bytes = realloc(out->bytes, out->capacity);
        if (!out->bytes)
            return SCT_ERR_IO;
    }
    memcpy(out->bytes + out->n_bytes, data, n);
    out->n_bytes += n;
    return SCT_OK;
}

static int open_output(void *ctx, int variant, const struct sct_output *output,
                       struct sct_sink *sink)
{
    struct output *out = (struct output *)ctx + variant;
    (void)output;
    out->n_bytes = 0;
    *sink = (struct sct_sink){.write = write_output, .ctx = out};
    return SCT_OK;
}

static int close_output(void *ctx, int variant, int status)
{
    (void)ctx;
    (void)variant;
    (void)status;
    return SCT_OK;
}

/* 0, or -1 after a message on stderr. */
static int keep_output(const char *path, const struct output *out)
{
    FILE *file = fopen(path, "wb");
    const int ok = file && fwrite(out->bytes, 1, out->n_bytes, file) == out->n_bytes;
    if ((file && fclose(file) != 0) || !ok) {
        perror(path);
        return -1;
    }
    return 0;
}

static int measure(const char *path, struct sct_job *job, int n_runs, const char *kept)
{
    static double ms[5][MAX_RUNS];
    static struct output outputs[SCT_MAX_VARIANTS];
    static struct sct_result result;
    struct bench_file in;
    if (bench_read_file(path, &in) < 0)
        return 1;
    job->source = bench_source(&in);
    job->target = (struct sct_target){open_output, close_output, outputs};
    for (int i = -1; i < n_runs; i++) { /* the first one warms up */
        in.offset = 0;
        if (sct_job_run(job, &result) != SCT_OK) {
            fprintf(stderr, "%s: %s\n", path, result.report.message);
            bench_free_file(&in);
            return 1;
        }
        const struct sct_times *t = &result.ms;
        const double values[5] = {t->plan, t->decode, t->resize, t->encode, t->total};
        for (int k = 0; k < 5 && i >= 0; k++)
            ms[k][i] = values[k];
    }
    printf(
        "{\"file\": \"%s\", \"width\": %d, \"height\": %d, \"bytes_in\": %zu, \"ms\": {",
        path, result.width, result.height, in.n_bytes);
    static const char *const names[5] = {"plan", "decode", "resize", "encode", "total"};
    for (int k = 0; k < 5; k++)
        printf("%s\"%s\": %.3f", k ? ", " : "", names[k], bench_median(ms[k], n_runs));
    printf("}, \"bytes_out\": [");
    for (int i = 0; i < job->n_variants; i++)
        printf("%s%zu", i ? ", " : "", outputs[i].n_bytes);
    printf("]}\n");
    fflush(stdout);
    bench_free_file(&in);
    return kept && keep_output(kept, &outputs[0]) < 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_job [--runs N] [--cpu NAME] [--widths W,W,...] [--format NAME] "
            "[--compression N] [--out FILE] FILE...\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct sct_variant variants[SCT_MAX_VARIANTS];
    struct sct_dsp dsp;
    int n_runs = 9, n_variants = 0, failed = 0, i = 1;
    const char *cpu = NULL, *widths = "1600", *format = NULL, *kept = NULL;
    int compression = SCT_COMPRESSION_DEFAULT;

    for (; i < argc && argv[i][0] == '-'; i += 2) {
        if (i + 1 >= argc)
            return usage();
        if (strcmp(argv[i], "--runs") == 0)
            n_runs = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--cpu") == 0)
            cpu = argv[i + 1];
        else if (strcmp(argv[i], "--widths") == 0)
            widths = argv[i + 1];
        else if (strcmp(argv[i], "--format") == 0)
            format = argv[i + 1];
        else if (strcmp(argv[i], "--compression") == 0)
            compression = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--out") == 0)
            kept = argv[i + 1];
        else
            return usage();
    }
    if (i == argc || n_runs < 1 || n_runs > MAX_RUNS ||
        sct_dsp_init(&dsp, cpu) != SCT_OK || (format && !sct_encoder_find(format)))
        return usage();
    for (const char *p = widths; *p && n_variants < SCT_MAX_VARIANTS;) {
        char *end;
        variants[n_variants] = sct_variant_default();
        variants[n_variants].quality_exact = 1; /* no copies, no lower quality */
        variants[n_variants].format = format ? sct_encoder_find(format) : NULL;
        variants[n_variants].compression = compression;
        variants[n_variants++].width = (int)strtol(p, &end, 10);
        p = *end == ',' ? end + 1 : "";
    }
    struct sct_job job = {.variants = variants, .n_variants = n_variants, .dsp = &dsp};
    for (; i < argc; i++)
        failed |= measure(argv[i], &job, n_runs, kept);
    return failed;
}
