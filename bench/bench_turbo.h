/* The yardstick of encoders: libjpeg-turbo's standard encode of the planes that a job makes. */
#ifndef SCT_BENCH_TURBO_H
#define SCT_BENCH_TURBO_H

#include "bench_support.h"
#include "scantling.h"

/* The planes of a job's result, 4:2:0 or gray, each row padded to whole MCUs by repeating its
 * last sample, and as many rows as whole iMCU rows take. */
struct bench_planes {
    int width, height, n_components;
    struct {
        int h, v, stride, n_rows;
        uint8_t *samples; /* owned: bench_free_planes */
    } component[SCT_MAX_COMPONENTS];
};

/* Ends the program where the job fails. */
void bench_make_planes(struct bench_file *photo, const struct sct_variant *v,
                       struct bench_planes *p);
void bench_free_planes(struct bench_planes *p);

/* CPU milliseconds: baseline, the standard Huffman tables, into memory. */
double bench_turbo_encode(const struct bench_planes *p, int quality);

#endif
