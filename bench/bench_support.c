/* See bench_support.h. */
#define _POSIX_C_SOURCE 200809L
#include "bench_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

const char *bench_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int bench_read_file(const char *path, struct bench_file *f)
{
    memset(f, 0, sizeof *f);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        if (file)
            fclose(file);
        return -1;
    }
    const long size = ftell(file);
    rewind(file);
    f->n_bytes = size > 0 ? (size_t)size : 0;
    f->bytes = malloc(f->n_bytes + 1);
    const int ok = f->bytes && fread(f->bytes, 1, f->n_bytes, file) == f->n_bytes;
    fclose(file);
    if (!ok)
        bench_free_file(f);
    return ok ? 0 : -1;
}

void bench_free_file(struct bench_file *f)
{
    free(f->bytes);
    memset(f, 0, sizeof *f);
}

static int read_bytes(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct bench_file *f = ctx;
    const size_t left = f->n_bytes - f->offset;
    *n = left < capacity ? left : capacity;
    memcpy(buffer, f->bytes + f->offset, *n);
    f->offset += *n;
    return SCT_OK;
}

struct sct_source bench_source(struct bench_file *f)
{
    return (struct sct_source){.read = read_bytes, .ctx = f};
}
