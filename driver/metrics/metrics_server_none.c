/* Without libmicrohttpd. */
#include "metrics_server.h"

int sct_metrics_server_create(sct_metrics_server **out, const char *address,
                              sct_metrics *metrics, const struct sct_probes *probes,
                              struct sct_report *report)
{
    (void)address;
    (void)metrics;
    (void)probes;
    *out = NULL;
    return sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                           "this build has no libmicrohttpd (SCT_WITH_METRICS)");
}

const char *sct_metrics_server_address(const sct_metrics_server *s)
{
    (void)s;
    return "";
}

void sct_metrics_server_free(sct_metrics_server *s)
{
    (void)s;
}
