/* The counters, and what is told of them: see the header.
 *
 * Invariants:
 *   1. everything but the specification is read and written under the lock;
 *   2. `told` of a verdict is what lines have said; what is counted never goes back. */
#define _GNU_SOURCE 1
#include "metrics.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"

enum {
    MAX_VERDICTS = 24,
    MAX_VALUES = 100, /* of one metric in a line, by CloudWatch's rules */
    N_STAGES = 4
};

/* us-east-1, August 2024; aws.amazon.com/lambda/pricing */
#if defined(__aarch64__)
static const double default_usd_per_gb_s = 0.0000133334;
#else
static const double default_usd_per_gb_s = 0.0000166667;
#endif

static const double bucket_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                  0.5,   1.0,  2.5,   5.0,  10,  30};

enum { N_BUCKETS = sizeof bucket_s / sizeof *bucket_s };

static const char *const stage_names[N_STAGES] = {"plan", "decode", "resize", "encode"};

/* Sums over records. */
struct sums {
    uint64_t n_records, n_outputs, read_bytes, written_bytes;
    double stage_ms[N_STAGES], gb_s;
};

struct verdict_counters {
    const char *word;
    struct sums counted, told;
    double duration_ms[MAX_VALUES]; /* of those not told yet, as many as fit */
    int n_durations;
};

struct sct_metrics {
    struct sct_metrics_spec spec;
    pthread_mutex_t lock;
    struct verdict_counters verdict[MAX_VERDICTS];
    int n_verdicts;
    uint64_t n_in_bucket[N_BUCKETS + 1]; /* the last: all that are slower */
    double duration_s;
    int64_t gauge[SCT_N_GAUGES];
    int is_set[SCT_N_GAUGES];
    uint64_t trouble[SCT_N_TROUBLES];
};

/* ---- counting ----------------------------------------------------------------------- */

void sct_metrics_spec_init(struct sct_metrics_spec *spec)
{
    const char *const memory = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    const char *const name = getenv("AWS_LAMBDA_FUNCTION_NAME");
    const char *const price = getenv("SCANTLING_USD_PER_GB_S");
    spec->service = name && name[0] ? name : "scantling";
    spec->memory_mb = memory ? atoi(memory) : 0;
    spec->usd_per_gb_s = price ? strtod(price, NULL) : 0;
}

int sct_metrics_create(sct_metrics **out, const struct sct_metrics_spec *spec)
{
    sct_metrics *const m = *out = sct_mem_alloc(sizeof *m);
    if (!m)
        return SCT_ERR_MEMORY;
    m->spec = *spec;
    if (!spec->service || !spec->service[0])
        m->spec.service = "scantling";
    if (!(spec->usd_per_gb_s > 0))
        m->spec.usd_per_gb_s = default_usd_per_gb_s;
    pthread_mutex_init(&m->lock, NULL);
    return SCT_OK;
}

void sct_metrics_free(sct_metrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    sct_mem_free(m);
}

/* There are fewer verdicts than room for them; one too many would be counted with the last. */
static struct verdict_counters *find_verdict(sct_metrics *m, const char *word)
{
    for (int i = 0; i < m->n_verdicts; i++)
        if (strcmp(m->verdict[i].word, word) == 0)
            return &m->verdict[i];
    if (m->n_verdicts == MAX_VERDICTS)
        return &m->verdict[MAX_VERDICTS - 1];
    m->verdict[m->n_verdicts].word = word;
    return &m->verdict[m->n_verdicts++];
}

static void add_sample(struct sums *s, const struct sct_metrics_sample *sample,
                       int memory_mb)
{
    const double stage_ms[N_STAGES] = {sample->ms.plan, sample->ms.decode,
                                       sample->ms.resize, sample->ms.encode};
    s->n_records++;
    s->n_outputs += (uint64_t)sample->n_outputs;
    s->read_bytes += sample->read_bytes;
    s->written_bytes += sample->written_bytes;
    s->gb_s += memory_mb / 1024.0 * sample->duration_ms / 1000.0;
    for (int i = 0; i < N_STAGES; i++)
        s->stage_ms[i] += stage_ms[i];
}

void sct_metrics_add(sct_metrics *m, const struct sct_metrics_sample *sample)
{
    const double s = sample->duration_ms / 1000.0;
    int bucket = 0;
    while (bucket < N_BUCKETS && s > bucket_s[bucket])
        bucket++;
    pthread_mutex_lock(&m->lock);
    struct verdict_counters *const v = find_verdict(m, sample->verdict);
    add_sample(&v->counted, sample, m->spec.memory_mb);
    if (v->n_durations < MAX_VALUES)
        v->duration_ms[v->n_durations++] = sample->duration_ms;
    m->n_in_bucket[bucket]++;
    m->duration_s += s;
    pthread_mutex_unlock(&m->lock);
}

void sct_metrics_set(sct_metrics *m, enum sct_gauge gauge, int64_t value)
{
    pthread_mutex_lock(&m->lock);
    m->gauge[gauge] = value;
    m->is_set[gauge] = 1;
    pthread_mutex_unlock(&m->lock);
}

void sct_metrics_forget(sct_metrics *m, enum sct_gauge gauge)
{
    pthread_mutex_lock(&m->lock);
    m->is_set[gauge] = 0;
    pthread_mutex_unlock(&m->lock);
}

void sct_metrics_count(sct_metrics *m, enum sct_trouble trouble)
{
    pthread_mutex_lock(&m->lock);
    m->trouble[trouble]++;
    pthread_mutex_unlock(&m->lock);
}

static struct sums sum_all(const sct_metrics *m)
{
    struct sums all = {.n_records = 0};
    for (int i = 0; i < m->n_verdicts; i++) {
        const struct sums *const s = &m->verdict[i].counted;
        all.n_records += s->n_records;
        all.n_outputs += s->n_outputs;
        all.read_bytes += s->read_bytes;
        all.written_bytes += s->written_bytes;
        all.gb_s += s->gb_s;
        for (int j = 0; j < N_STAGES; j++)
            all.stage_ms[j] += s->stage_ms[j];
    }
    return all;
}

/* ---- the embedded metric format ----------------------------------------------------- */

/* A line that is being made: values at its top, and what they are called in `metrics`. */
struct line {
    json_t *root, *metrics;
    int has_failed;
};

static void add_value(struct line *l, const char *name, const char *unit, json_t *value)
{
    l->has_failed |= json_object_set_new(l->root, name, value);
    l->has_failed |= json_array_append_new(
        l->metrics, json_pack("{s:s, s:s}", "Name", name, "Unit", unit));
}

static json_t *make_durations(const struct verdict_counters *v)
{
    json_t *const list = json_array();
    for (int i = 0; i < v->n_durations; i++)
        json_array_append_new(list, json_real(v->duration_ms[i]));
    return list;
}

static void add_values(struct line *l, const sct_metrics *m,
                       const struct verdict_counters *v)
{
    static const char *const names[N_STAGES] = {"PlanTime", "DecodeTime", "ResizeTime",
                                                "EncodeTime"};
    const struct sums *const now = &v->counted, *const before = &v->told;
    const double gb_s = now->gb_s - before->gb_s;
    const struct {
        const char *name, *unit;
        uint64_t value;
    } count[] = {
        {"Records", "Count", now->n_records - before->n_records},
        {"Outputs", "Count", now->n_outputs - before->n_outputs},
        {"BytesIn", "Bytes", now->read_bytes - before->read_bytes},
        {"BytesOut", "Bytes", now->written_bytes - before->written_bytes},
    };
    for (size_t i = 0; i < sizeof count / sizeof *count; i++)
        add_value(l, count[i].name, count[i].unit,
                  json_integer((json_int_t)count[i].value));
    add_value(l, "Duration", "Milliseconds", make_durations(v));
    for (int i = 0; i < N_STAGES; i++)
        add_value(l, names[i], "Milliseconds",
                  json_real(now->stage_ms[i] - before->stage_ms[i]));
    if (m->spec.memory_mb <= 0)
        return;
    add_value(l, "GBSeconds", "None", json_real(gb_s));
    add_value(l, "EstimatedCostUSD", "None", json_real(gb_s * m->spec.usd_per_gb_s));
}

/* Of one verdict; NULL when there is no memory. */
static char *make_line(const sct_metrics *m, const struct verdict_counters *v,
                       int64_t now_ms)
{
    struct line l = {.root = json_object(), .metrics = json_array()};
    json_t *const metadata =
        json_pack("{s:I, s:[{s:s, s:[[s, s]], s:O}]}", "Timestamp", (json_int_t)now_ms,
                  "CloudWatchMetrics", "Namespace", "Scantling", "Dimensions", "Service",
                  "Verdict", "Metrics", l.metrics);
    l.has_failed |= json_object_set_new(l.root, "_aws", metadata);
    l.has_failed |= json_object_set_new(l.root, "Service", json_string(m->spec.service));
    l.has_failed |= json_object_set_new(l.root, "Verdict", json_string(v->word));
    add_values(&l, m, v);
    char *const text =
        l.has_failed ? NULL : json_dumps(l.root, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(l.metrics);
    json_decref(l.root);
    return text;
}

int sct_metrics_print_emf(sct_metrics *m, FILE *out, int64_t now_ms)
{
    int status = SCT_OK;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < m->n_verdicts && status == SCT_OK; i++) {
        struct verdict_counters *const v = &m->verdict[i];
        if (v->counted.n_records == v->told.n_records)
            continue;
        char *const line = make_line(m, v, now_ms);
        if (line) {
            fprintf(out, "%s\n", line);
            fflush(out);
            v->told = v->counted;
            v->n_durations = 0;
        }
        status = line ? SCT_OK : SCT_ERR_MEMORY;
        free(line);
    }
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* ---- the text exposition format ----------------------------------------------------- */

static void begin_family(struct sct_buffer *b, const char *name, const char *type,
                         const char *help)
{
    sct_buffer_format(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_counter(struct sct_buffer *b, const char *name, const char *help,
                        double value)
{
    begin_family(b, name, "counter", help);
    sct_buffer_format(b, "%s %.17g\n", name, value);
}

static void add_histogram(struct sct_buffer *b, const sct_metrics *m)
{
    static const char name[] = "scantling_record_duration_seconds";
    uint64_t n = 0;
    begin_family(b, name, "histogram", "Time from the beginning of a record to its end.");
    for (int i = 0; i < N_BUCKETS; i++) {
        n += m->n_in_bucket[i];
        sct_buffer_format(b, "%s_bucket{le=\"%g\"} %llu\n", name, bucket_s[i],
                          (unsigned long long)n);
    }
    n += m->n_in_bucket[N_BUCKETS];
    sct_buffer_format(b, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.17g\n%s_count %llu\n",
                      name, (unsigned long long)n, name, m->duration_s, name,
                      (unsigned long long)n);
}

static void add_gauges(struct sct_buffer *b, const sct_metrics *m)
{
    static const struct {
        const char *name, *help;
    } gauge[SCT_N_GAUGES] = {
        {"scantling_queue_waiting_messages", "Messages in the queue, approximately."},
        {"scantling_queue_in_flight_messages",
         "Messages received by anybody and not done, approximately."},
        {"scantling_running_records", "Records that are being worked on here."},
        {"scantling_held_messages", "Messages received here and not done."},
    };
    for (int i = 0; i < SCT_N_GAUGES; i++) {
        if (!m->is_set[i])
            continue;
        begin_family(b, gauge[i].name, "gauge", gauge[i].help);
        sct_buffer_format(b, "%s %lld\n", gauge[i].name, (long long)m->gauge[i]);
    }
}

static void add_all(struct sct_buffer *b, const sct_metrics *m)
{
    const struct sums all = sum_all(m);
    begin_family(b, "scantling_build_info", "gauge", "What is running.");
    sct_buffer_format(b, "scantling_build_info{version=\"%s\"} 1\n", SCT_VERSION);
    begin_family(b, "scantling_records_total", "counter",
                 "Records of events, by what became of them.");
    for (int i = 0; i < m->n_verdicts; i++)
        sct_buffer_format(b, "scantling_records_total{verdict=\"%s\"} %llu\n",
                          m->verdict[i].word,
                          (unsigned long long)m->verdict[i].counted.n_records);
    add_counter(b, "scantling_outputs_total", "Pictures written.", (double)all.n_outputs);
    add_counter(b, "scantling_read_bytes_total", "Bytes of sources that were read.",
                (double)all.read_bytes);
    add_counter(b, "scantling_written_bytes_total", "Bytes of outputs that were written.",
                (double)all.written_bytes);
    begin_family(b, "scantling_stage_seconds_total", "counter",
                 "Time of each stage of the jobs.");
    for (int i = 0; i < N_STAGES; i++)
        sct_buffer_format(b, "scantling_stage_seconds_total{stage=\"%s\"} %.17g\n",
                          stage_names[i], all.stage_ms[i] / 1000.0);
    add_histogram(b, m);
    if (m->spec.memory_mb > 0) {
        add_counter(b, "scantling_gb_seconds_total",
                    "Memory that is paid for, times duration.", all.gb_s);
        add_counter(b, "scantling_estimated_cost_usd_total", "That, times its price.",
                    all.gb_s * m->spec.usd_per_gb_s);
    }
    add_counter(b, "scantling_queue_errors_total", "Requests to the queue that failed.",
                (double)m->trouble[SCT_TROUBLE_QUEUE]);
    add_counter(b, "scantling_undelivered_failures_total",
                "Failures that the failure queue did not take; they come again.",
                (double)m->trouble[SCT_TROUBLE_UNDELIVERED]);
    add_gauges(b, m);
}

char *sct_metrics_expose(sct_metrics *m)
{
    struct sct_buffer b = {0};
    pthread_mutex_lock(&m->lock);
    add_all(&b, m);
    pthread_mutex_unlock(&m->lock);
    return sct_buffer_take(&b);
}
