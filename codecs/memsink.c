/* See memsink.h. */
#include "memsink.h"

void sct_memsink_init(struct sct_memsink *m, size_t max_bytes, struct sct_report *report)
{
    *m = (struct sct_memsink){.max_bytes = max_bytes, .report = report};
}

void sct_memsink_free(struct sct_memsink *m)
{
    sct_blob_free(&m->kept);
}

static int keep(void *ctx, const void *data, size_t n)
{
    struct sct_memsink *const m = ctx;
    if (m->kept.status < 0)
        return SCT_ERR_IO;
    m->n_bytes += n;
    if (m->n_bytes > m->max_bytes) {
        sct_blob_free(&m->kept);
        return SCT_OK;
    }
    sct_blob_put(&m->kept, data, n);
    if (m->kept.status == SCT_OK)
        return SCT_OK;
    sct_report_fail(m->report, m->kept.status, "no memory for an output");
    return SCT_ERR_IO;
}

struct sct_sink sct_memsink_sink(struct sct_memsink *m)
{
    return (struct sct_sink){.write = keep, .ctx = m};
}

static int count(void *ctx, const void *data, size_t n)
{
    (void)data;
    *(uint64_t *)ctx += n;
    return SCT_OK;
}

struct sct_sink sct_memsink_counter(uint64_t *n_bytes)
{
    return (struct sct_sink){.write = count, .ctx = n_bytes};
}
