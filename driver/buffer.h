/* A buffer of bytes that grows: texts that are put together, answers that are read whole.
 *
 * Failure sticks: when there is no memory, or a limit is reached, all further additions do
 * nothing and sct_buffer_take gives NULL, so that a whole text needs one check at its end.
 * What has been freed is wiped first: keys pass through here. Command and servers. */
#ifndef SCT_BUFFER_H
#define SCT_BUFFER_H

#include <stddef.h>

struct sct_buffer {
    char *data;     /* always ends in a zero that does not count; NULL while empty */
    size_t n_bytes; /* without that zero */
    size_t capacity;
    size_t max_bytes; /* 0: none */
    int has_failed;
};

void sct_buffer_add(struct sct_buffer *b, const void *data, size_t n_bytes);
void sct_buffer_text(struct sct_buffer *b, const char *text);
void sct_buffer_format(struct sct_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Percent-encodes all but the unreserved characters of RFC 3986; with keeps_slashes not
 * '/' either. */
void sct_buffer_encode(struct sct_buffer *b, const char *text, int keeps_slashes);

/* The other way round, as S3 and forms do it with plus_is_space: then '+' is a space. SCT_OK, also
 * when the buffer fails. SCT_ERR_CORRUPT: a '%' without two hexadecimal digits; SCT_ERR_ARGUMENT:
 * %00, which no text can hold. What is before it has been added. */
int sct_buffer_decode(struct sct_buffer *b, const char *text, int plus_is_space);

/* The text, "" where nothing was added; freed with sct_mem_free. NULL after a failure. The
 * buffer is empty afterwards. */
char *sct_buffer_take(struct sct_buffer *b);

/* Forgets the bytes and keeps the memory; a failure is forgotten too. */
void sct_buffer_reset(struct sct_buffer *b);
void sct_buffer_free(struct sct_buffer *b);

/* A copy for sct_mem_free; NULL when there is no memory. */
char *sct_buffer_copy(const char *text);

#endif
