/* Metrics for a test: adds what lines on stdin say, tells what they make of it.
 *
 *     add VERDICT READ_BYTES WRITTEN_BYTES N_OUTPUTS DURATION_MS
 *     gauge INDEX VALUE
 *     emf           lines of the embedded metric format, then an empty one
 *     alive 0|1, ready 0|1
 *
 * The first line of stdout is the address that it serves on. Argument: memory in MB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics_server.h"
#include "verdict.h"

static int state[2] = {1, 1};

static int is_alive(void *ctx)
{
    return ((const int *)ctx)[0];
}

static int is_ready(void *ctx)
{
    return ((const int *)ctx)[1];
}

static void add(sct_metrics *m, const char *line)
{
    struct sct_metrics_sample s = {
        .ms = {.plan = 1, .decode = 20, .resize = 5, .encode = 4}};
    char word[32];
    unsigned long long n_read, n_written;
    if (sscanf(line, "%31s %llu %llu %d %lf", word, &n_read, &n_written, &s.n_outputs,
               &s.duration_ms) != 5)
        exit(2);
    s.verdict = strcmp(word, "ok") == 0 ? "ok" : sct_verdict_skipped().word;
    s.read_bytes = n_read;
    s.written_bytes = n_written;
    sct_metrics_add(m, &s);
}

int main(int argc, char **argv)
{
    static char line[256];
    struct sct_report report = {.message = ""};
    struct sct_metrics_spec spec;
    const struct sct_probes probes = {is_alive, is_ready, state};
    sct_metrics *m;
    sct_metrics_server *server;
    sct_metrics_spec_init(&spec);
    if (argc > 1)
        spec.memory_mb = atoi(argv[1]);
    if (sct_metrics_create(&m, &spec) != SCT_OK)
        return 1;
    if (sct_metrics_server_create(&server, argc > 2 ? argv[2] : "127.0.0.1:0", m, &probes,
                                  &report) != SCT_OK)
    {
        fprintf(stderr, "%s\n", report.message);
        sct_metrics_free(m);
        return 3;
    }
    puts(sct_metrics_server_address(server));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "add ", 4) == 0)
            add(m, line + 4);
        else if (strncmp(line, "gauge ", 6) == 0)
            sct_metrics_set(m, (enum sct_gauge)atoi(line + 6), atoll(line + 8));
        else if (strncmp(line, "forget ", 7) == 0)
            sct_metrics_forget(m, (enum sct_gauge)atoi(line + 7));
        else if (strncmp(line, "trouble ", 8) == 0)
            sct_metrics_count(m, (enum sct_trouble)atoi(line + 8));
        else if (strncmp(line, "alive ", 6) == 0 || strncmp(line, "ready ", 6) == 0)
            state[line[0] == 'r'] = atoi(line + 6);
        else
            sct_metrics_print_emf(m, stdout, 1700000000123);
        puts("");
        fflush(stdout);
    }
    sct_metrics_server_free(server);
    sct_metrics_free(m);
    return 0;
}
