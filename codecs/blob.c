/* Bytes that grow: the capacity doubles. */
#include "blob.h"

#include <string.h>

#include "mem.h"

enum { FIRST_BYTES = 256 };

static void make_room(struct sct_blob *b, size_t n_bytes)
{
    const size_t wanted = sct_size_add(b->n_bytes, n_bytes);
    size_t capacity = b->capacity ? b->capacity : FIRST_BYTES;

    if (wanted <= b->capacity)
        return;
    while (capacity < wanted && capacity != SCT_SIZE_BAD)
        capacity = sct_size_mul(capacity, 2);
    uint8_t *data = sct_mem_alloc(capacity);
    if (!data) {
        b->status = SCT_ERR_MEMORY;
        return;
    }
    if (b->n_bytes)
        memcpy(data, b->data, b->n_bytes);
    sct_mem_free(b->data);
    b->data = data;
    b->capacity = capacity;
}

void sct_blob_put(struct sct_blob *b, const void *data, size_t n_bytes)
{
    if (b->status == SCT_OK)
        make_room(b, n_bytes);
    if (b->status != SCT_OK || n_bytes == 0)
        return;
    memcpy(b->data + b->n_bytes, data, n_bytes);
    b->n_bytes += n_bytes;
}

void sct_blob_put_string(struct sct_blob *b, const char *text)
{
    sct_blob_put(b, text, strlen(text));
}

void sct_blob_put_u16le(struct sct_blob *b, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    sct_blob_put(b, bytes, sizeof bytes);
}

void sct_blob_put_u32le(struct sct_blob *b, uint32_t value)
{
    sct_blob_put_u16le(b, value & 0xFFFF);
    sct_blob_put_u16le(b, value >> 16);
}

void sct_blob_free(struct sct_blob *b)
{
    sct_mem_free(b->data);
    *b = (struct sct_blob){.data = NULL};
}
