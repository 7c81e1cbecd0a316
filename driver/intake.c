/* See intake.h. */
#define _POSIX_C_SOURCE 200809L
#include "intake.h"

#include "mem.h"
#include "stopwatch.h"

#include <string.h>

enum { FIRST_BYTES = 1 << 17, DRAIN_BYTES = 1 << 14 };

void sct_intake_init(struct sct_intake *in, const struct sct_source *inner,
                     const struct sct_limits *limits, struct sct_report *report)
{
    *in = (struct sct_intake){.inner = *inner,
                              .report = report,
                              .max_bytes = (uint64_t)limits->max_input_bytes,
                              .max_ms = limits->max_seconds * 1e3,
                              .start_ms = sct_wall_ms(),
                              .keeps = 1,
                              .max_kept_bytes = limits->max_memory_bytes};
}

void sct_intake_forget(struct sct_intake *in)
{
    sct_mem_free(in->kept);
    in->kept = NULL;
    in->n_kept = in->capacity_bytes = 0;
    in->keeps = 0;
}

void sct_intake_free(struct sct_intake *in)
{
    sct_intake_forget(in);
}

int sct_intake_check_time(struct sct_intake *in)
{
    if (in->max_ms > 0 && in->status == SCT_OK &&
        sct_wall_ms() - in->start_ms > in->max_ms)
        in->status = sct_report_fail(in->report, SCT_ERR_TIMEOUT,
                                     "not done after %.3g seconds, the limit on time",
                                     in->max_ms / 1e3);
    return in->status;
}

static int grow(struct sct_intake *in, size_t wanted)
{
    size_t capacity = in->capacity_bytes ? in->capacity_bytes : FIRST_BYTES;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > in->max_kept_bytes)
        return sct_report_fail(in->report, SCT_ERR_TOO_LARGE,
                               "keeping the file would exceed the limit on memory, %zu "
                               "bytes",
                               in->max_kept_bytes);
    uint8_t *const larger = sct_mem_alloc(capacity);
    if (!larger)
        return SCT_ERR_MEMORY;
    if (in->n_kept)
        memcpy(larger, in->kept, in->n_kept);
    sct_mem_free(in->kept);
    in->kept = larger;
    in->capacity_bytes = capacity;
    return SCT_OK;
}

static int keep(struct sct_intake *in, const void *data, size_t n)
{
    int status = SCT_OK;
    if (in->n_kept + n > in->capacity_bytes)
        status = grow(in, in->n_kept + n);
    if (status == SCT_OK && n) {
        memcpy(in->kept + in->n_kept, data, n);
        in->n_kept += n;
    }
    return status;
}

static int read_guarded(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct sct_intake *const in = ctx;
    *n = 0;
    if (sct_intake_check_time(in) < 0)
        return SCT_ERR_IO;
    const int status = in->inner.read(in->inner.ctx, buffer, capacity, n);
    if (status < 0)
        return status;
    in->n_bytes += *n;
    if (in->n_bytes > in->max_bytes)
        in->status = sct_report_fail(in->report, SCT_ERR_TOO_LARGE,
                                     "more than %llu bytes, the limit on input",
                                     (unsigned long long)in->max_bytes);
    else if (in->keeps)
        in->status = keep(in, buffer, *n);
    return in->status == SCT_OK ? SCT_OK : SCT_ERR_IO;
}

struct sct_source sct_intake_source(struct sct_intake *in)
{
    return (struct sct_source){.read = read_guarded, .ctx = in};
}

int sct_intake_drain(struct sct_intake *in)
{
    uint8_t rest[DRAIN_BYTES];
    size_t n = 1;
    int status = SCT_OK;
    while (n > 0 && status == SCT_OK)
        status = read_guarded(in, rest, sizeof rest, &n);
    return in->status < 0 ? in->status : status;
}
