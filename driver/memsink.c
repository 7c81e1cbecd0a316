/* See memsink.h. */
#include "memsink.h"

#include "mem.h"

#include <string.h>

enum { FIRST_BYTES = 1 << 16 };

void sct_memsink_init(struct sct_memsink *m, size_t max_bytes, struct sct_report *report)
{
    *m = (struct sct_memsink){.max_bytes = max_bytes, .report = report};
}

void sct_memsink_free(struct sct_memsink *m)
{
    sct_mem_free(m->data);
    m->data = NULL;
    m->capacity = 0;
}

static int make_room(struct sct_memsink *m, size_t wanted)
{
    size_t capacity = m->capacity ? m->capacity : FIRST_BYTES;
    while (capacity < wanted)
        capacity = sct_size_mul(capacity, 2);
    uint8_t *const larger = sct_mem_alloc(capacity);
    if (!larger)
        return sct_report_fail(m->report, SCT_ERR_MEMORY, "no memory for an output");
    if (m->data)
        memcpy(larger, m->data, (size_t)m->n_bytes);
    sct_mem_free(m->data);
    m->data = larger;
    m->capacity = capacity;
    return SCT_OK;
}

static int keep(void *ctx, const void *data, size_t n)
{
    struct sct_memsink *const m = ctx;
    if (m->n_bytes > m->max_bytes || n > m->max_bytes - m->n_bytes) {
        sct_memsink_free(m);
        m->n_bytes += n;
        return SCT_OK;
    }
    const size_t wanted = (size_t)m->n_bytes + n;
    if (m->status == SCT_OK && wanted > m->capacity)
        m->status = make_room(m, wanted);
    if (m->status < 0)
        return SCT_ERR_IO;
    if (n)
        memcpy(m->data + m->n_bytes, data, n);
    m->n_bytes = wanted;
    return SCT_OK;
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
