/* Private to codecs and the pipeline: bytes that grow.
 *
 * A failure sticks: whatever is put into a blob after it has no effect, so that one look at
 * `status` at the end is enough. */
#ifndef SCT_BLOB_H
#define SCT_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* All zeros: an empty one. */
struct sct_blob {
    uint8_t *data; /* sct_mem_alloc's */
    size_t n_bytes, capacity;
    int status; /* SCT_OK, or SCT_ERR_MEMORY */
};

void sct_blob_put(struct sct_blob *b, const void *data, size_t n_bytes);
void sct_blob_put_string(struct sct_blob *b, const char *text);
void sct_blob_put_u16le(struct sct_blob *b, unsigned value);
void sct_blob_put_u32le(struct sct_blob *b, uint32_t value);

/* Frees the bytes, and makes it empty. */
void sct_blob_free(struct sct_blob *b);

#endif
