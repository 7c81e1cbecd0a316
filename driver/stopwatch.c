/* See stopwatch.h. */
#define _POSIX_C_SOURCE 200809L
#include "stopwatch.h"

#include <time.h>

double sct_cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

double sct_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

void sct_stopwatch_charge(struct sct_stopwatch *w, double *stage_ms)
{
    const double now = sct_cpu_ms();
    *stage_ms += now - w->mark_ms;
    w->mark_ms = now;
}

/* Which ones follows multiples of the golden ratio: encoding comes around every few bands, and
 * any fixed step could fall in with it. */
static int is_sampled_band(int n)
{
    return n == 0 || (uint32_t)(n - 1) * UINT32_C(0x9E3779B9) < UINT32_MAX / 8;
}

void sct_stopwatch_begin_band(struct sct_stopwatch *w, int n)
{
    w->is_sampled = is_sampled_band(n);
    if (w->is_sampled && n > 0)
        w->mark_ms = sct_cpu_ms();
}

void sct_stopwatch_charge_sample(struct sct_stopwatch *w, double *stage_ms)
{
    if (w->is_sampled)
        sct_stopwatch_charge(w, stage_ms);
}

void sct_stopwatch_spread(struct sct_stopwatch *w, struct sct_times *ms,
                          const struct sct_times *sample, double since_ms)
{
    const double sum = sample->decode + sample->resize + sample->encode;
    const double scale = sum > 0 ? (sct_cpu_ms() - since_ms) / sum : 0;
    ms->decode += sample->decode * scale;
    ms->resize += sample->resize * scale;
    ms->encode += sample->encode * scale;
    w->mark_ms = sct_cpu_ms();
}
