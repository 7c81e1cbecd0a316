/* A stopwatch: the CPU time of a job by its stages; and the clocks that durations are read from.
 *
 * A look at a thread's clock is a system call, and three of them for every band would be 2 % of a
 * small job. So after band 0, which is not like the others, about one in eight is timed, and
 * stands for all. */
#ifndef SCT_STOPWATCH_H
#define SCT_STOPWATCH_H

#include "scantling.h"

struct sct_stopwatch {
    double mark_ms; /* CPU time at the last change of stage */
    int is_sampled; /* whether the stages of this band are timed */
};

/* CPU time of this thread; time since some moment, which never goes back. */
double sct_cpu_ms(void);
double sct_wall_ms(void);

/* Books the time since the last mark on a stage. */
void sct_stopwatch_charge(struct sct_stopwatch *w, double *stage_ms);

/* Band n comes next. */
void sct_stopwatch_begin_band(struct sct_stopwatch *w, int n);

/* Books it if this band is timed. */
void sct_stopwatch_charge_sample(struct sct_stopwatch *w, double *stage_ms);

/* Spreads the time since then over the stages of *ms as the samples were. */
void sct_stopwatch_spread(struct sct_stopwatch *w, struct sct_times *ms,
                          const struct sct_times *sample, double since_ms);

#endif
