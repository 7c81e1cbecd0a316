/* A small HTTP server for those who look after a worker:
 *
 *     /metrics   the counters, for Prometheus
 *     /healthz   200 while it is alive: whoever gets no answer, or 503, starts it anew
 *     /readyz    200 while it takes work, 503 before and after
 *
 * on threads of its own, with libmicrohttpd, which is loaded when it is needed. Without TLS and
 * without passwords: for addresses that only those can reach. */
#ifndef SCT_METRICS_SERVER_H
#define SCT_METRICS_SERVER_H

#include "metrics.h"

typedef struct sct_metrics_server sct_metrics_server;

/* All borrowed; called from the server's threads. NULL: yes. */
struct sct_probes {
    int (*is_alive)(void *ctx);
    int (*is_ready)(void *ctx);
    void *ctx;
};

enum { SCT_ADDRESS_BYTES = 80 };

/* Listens on "127.0.0.1:9090", "[::1]:9090" or ":9090" (every address). Port 0: any; the address
 * says which. SCT_OK; SCT_ERR_ARGUMENT: no such address, or not free; SCT_ERR_UNSUPPORTED: no
 * libmicrohttpd on this machine, or not in this build; SCT_ERR_MEMORY. With a message. */
int sct_metrics_server_create(sct_metrics_server **out, const char *address,
                              sct_metrics *metrics, const struct sct_probes *probes,
                              struct sct_report *report);
const char *sct_metrics_server_address(const sct_metrics_server *s);

/* Ends all connections. Accepts NULL. */
void sct_metrics_server_free(sct_metrics_server *s);

#endif
