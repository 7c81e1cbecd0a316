/* Metrics: what was done, counted once and told in two ways.
 *
 *     records --> sct_metrics_add --> counters -+-> sct_metrics_print_emf: a line of JSON for each
 *                                               |   verdict, since the last time; CloudWatch takes
 *                                               |   it out of the log
 *                                               '-> sct_metrics_expose: all, for Prometheus
 *
 * CloudWatch bills every combination of dimensions: there are two, service and verdict. Any
 * thread may call any of the functions. Command and servers. */
#ifndef SCT_METRICS_H
#define SCT_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "scantling.h"

typedef struct sct_metrics sct_metrics;

struct sct_metrics_spec {
    const char
        *service;  /* borrowed: "worker", the name of the function; "": "scantling" */
    int memory_mb; /* that is paid for; 0: not known, then there is no cost */
    double usd_per_gb_s; /* 0: that of the architecture */
};

/* One record. */
struct sct_metrics_sample {
    const char *verdict; /* static storage */
    uint64_t read_bytes, written_bytes;
    int n_outputs;
    double duration_ms;  /* from its beginning to its end */
    struct sct_times ms; /* total is not looked at */
};

enum sct_gauge {
    SCT_GAUGE_WAITING,   /* in the queue; the rest of it as far as it is known */
    SCT_GAUGE_IN_FLIGHT, /* received by anybody and not done */
    SCT_GAUGE_RUNNING,   /* being worked on here */
    SCT_GAUGE_HELD,      /* messages received here and not done */
    SCT_N_GAUGES
};

enum sct_trouble {
    SCT_TROUBLE_QUEUE,       /* a request to the queue failed */
    SCT_TROUBLE_UNDELIVERED, /* a failure that the failure queue did not take */
    SCT_N_TROUBLES
};

/* Of the environment: AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, and
 * SCANTLING_USD_PER_GB_S. */
void sct_metrics_spec_init(struct sct_metrics_spec *spec);

/* SCT_OK or SCT_ERR_MEMORY. */
int sct_metrics_create(sct_metrics **out, const struct sct_metrics_spec *spec);
void sct_metrics_free(sct_metrics *m); /* accepts NULL */

void sct_metrics_add(sct_metrics *m, const struct sct_metrics_sample *sample);
void sct_metrics_set(sct_metrics *m, enum sct_gauge gauge, int64_t value);
void sct_metrics_forget(sct_metrics *m,
                        enum sct_gauge gauge); /* not known any more: not told */
void sct_metrics_count(sct_metrics *m, enum sct_trouble trouble); /* Prometheus only */

/* Lines in the embedded metric format about what was added since the last call: none where that
 * is nothing. now_ms: since 1970. SCT_OK; SCT_ERR_MEMORY: told next time. */
int sct_metrics_print_emf(sct_metrics *m, FILE *out, int64_t now_ms);

/* All of it in the text exposition format 0.0.4; freed with sct_mem_free. NULL: no memory. */
char *sct_metrics_expose(sct_metrics *m);

#endif
