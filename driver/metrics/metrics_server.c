/* The server of metrics and probes: see the header. */
#define _GNU_SOURCE 1
#include "metrics_server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mem.h"
#include "microhttpd_table.h"

enum { MAX_CONNECTIONS = 32, IDLE_S = 30 };

struct sct_metrics_server {
    const struct sct_microhttpd *mhd;
    struct MHD_Daemon *daemon;
    sct_metrics *metrics;
    struct sct_probes probes;
    char host[64], address[SCT_ADDRESS_BYTES];
};

/* ---- answers ------------------------------------------------------------------------ */

/* Answers with a text that is copied. */
static enum MHD_Result answer(const sct_metrics_server *s, struct MHD_Connection *c,
                              unsigned status, const char *type, const char *text)
{
    struct MHD_Response *const response = s->mhd->MHD_create_response_from_buffer(
        strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    s->mhd->MHD_add_response_header(response, "Content-Type", type);
    s->mhd->MHD_add_response_header(response, "Cache-Control", "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        s->mhd->MHD_add_response_header(response, "Allow", "GET, HEAD");
    const enum MHD_Result result = s->mhd->MHD_queue_response(c, status, response);
    s->mhd->MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_probe(const sct_metrics_server *s, struct MHD_Connection *c,
                                    int (*probe)(void *ctx))
{
    const int is_fine = !probe || probe(s->probes.ctx);
    return answer(s, c, is_fine ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                  "text/plain", is_fine ? "yes\n" : "no\n");
}

static enum MHD_Result answer_metrics(const sct_metrics_server *s,
                                      struct MHD_Connection *c)
{
    char *const text = sct_metrics_expose(s->metrics);
    if (!text)
        return MHD_NO;
    const enum MHD_Result result =
        answer(s, c, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text);
    sct_mem_free(text);
    return result;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_bytes, void **request)
{
    const sct_metrics_server *const s = ctx;
    (void)version;
    (void)upload;
    (void)request;
    if (*upload_bytes > 0) { /* nobody wants it */
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "GET it\n");
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(s, c);
    if (strcmp(url, "/healthz") == 0)
        return answer_probe(s, c, s->probes.is_alive);
    if (strcmp(url, "/readyz") == 0)
        return answer_probe(s, c, s->probes.is_ready);
    return answer(s, c, MHD_HTTP_NOT_FOUND, "text/plain", "/metrics /healthz /readyz\n");
}

/* ---- where it listens --------------------------------------------------------------- */

/* Takes "host:port" apart. 1, or 0 for what is no such thing. */
static int take_address(const char *address, char host[64], const char **port)
{
    const char *const colon = strrchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : 0;
    const int is_bracketed = n >= 2 && address[0] == '[' && address[n - 1] == ']';
    if (!colon || !colon[1] || n >= 64 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        (!is_bracketed && memchr(address, ':', n)))
        return 0;
    address += is_bracketed;
    n -= is_bracketed ? 2 : 0;
    memcpy(host, address, n);
    host[n] = '\0';
    *port = colon + 1;
    return atoi(*port) <= 65535;
}

static int listen_on(sct_metrics_server *s, const struct addrinfo *a)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD |
                           (a->ai_family == AF_INET6 ? MHD_USE_IPv6 : MHD_NO_FLAG);
    s->daemon = s->mhd->MHD_start_daemon(
        flags, 0, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR, a->ai_addr,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END);
    if (!s->daemon)
        return 0;
    const union MHD_DaemonInfo *const info =
        s->mhd->MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    const int is_v6 = strchr(s->host, ':') != NULL;
    snprintf(s->address, sizeof s->address, "%s%s%s:%u", is_v6 ? "[" : "", s->host,
             is_v6 ? "]" : "", info ? info->port : 0u);
    return 1;
}

static int start(sct_metrics_server *s, const char *address, struct sct_report *report)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const char *port;
    if (!take_address(address, s->host, &port))
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "'%.60s' is no address, ADDRESS:PORT or :PORT", address);
    const int error = getaddrinfo(s->host[0] ? s->host : NULL, port, &hints, &found);
    if (error)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "%.60s: %s", address,
                               gai_strerror(error));
    s->mhd = sct_microhttpd_load();
    int status = SCT_OK;
    if (!s->mhd)
        status = sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                                 "this needs libmicrohttpd (Debian: libmicrohttpd12)");
    else if (!listen_on(s, found))
        status =
            sct_report_fail(report, SCT_ERR_ARGUMENT, "cannot listen on %.60s", address);
    freeaddrinfo(found);
    return status;
}

int sct_metrics_server_create(sct_metrics_server **out, const char *address,
                              sct_metrics *metrics, const struct sct_probes *probes,
                              struct sct_report *report)
{
    sct_metrics_server *const s = sct_mem_alloc(sizeof *s);
    *out = NULL;
    if (!s)
        return SCT_ERR_MEMORY;
    s->metrics = metrics;
    s->probes = *probes;
    const int status = start(s, address, report);
    if (status == SCT_OK)
        *out = s;
    else
        sct_metrics_server_free(s);
    return status;
}

const char *sct_metrics_server_address(const sct_metrics_server *s)
{
    return s->address;
}

void sct_metrics_server_free(sct_metrics_server *s)
{
    if (!s)
        return;
    if (s->daemon)
        s->mhd->MHD_stop_daemon(s->daemon);
    sct_mem_free(s);
}
