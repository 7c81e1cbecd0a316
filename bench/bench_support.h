/* What the benchmarks share: time, medians, files in memory. */
#ifndef SCT_BENCH_SUPPORT_H
#define SCT_BENCH_SUPPORT_H

#include <stddef.h>

#include "io.h"

/* CPU time of the calling thread. */
double bench_cpu_ms(void);

/* Sorts the values. */
double bench_median(double *values, int n);

/* What follows the last slash. */
const char *bench_file_name(const char *path);

/* A file in memory, and a source over it: offset 0 starts again. */
struct bench_file {
    unsigned char *bytes; /* owned: bench_free_file */
    size_t n_bytes, offset;
};

/* 0, or -1 after a message on stderr. */
int bench_read_file(const char *path, struct bench_file *file);
void bench_free_file(struct bench_file *file);
struct sct_source bench_source(struct bench_file *file);

#endif
