/* Base64 (RFC 4648), read strictly: no white space, no byte that is not in the alphabet, no bits
 * left over, so that there is one text for each value. */
#ifndef SCT_BASE64_H
#define SCT_BASE64_H

#include "buffer.h"

enum sct_base64 {
    SCT_BASE64_PLAIN, /* '+' and '/', with padding */
    SCT_BASE64_URL    /* '-' and '_', without */
};

/* Adds what the text means. SCT_OK, SCT_ERR_CORRUPT, SCT_ERR_MEMORY. */
int sct_base64_decode(struct sct_buffer *out, enum sct_base64 alphabet, const char *text,
                      size_t n_bytes);

/* Adds the text, in SCT_BASE64_PLAIN. */
void sct_base64_encode(struct sct_buffer *out, const void *data, size_t n_bytes);

#endif
