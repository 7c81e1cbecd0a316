/* Answers of S3 in XML. Untrusted. */
#ifndef SCT_S3_PARSE_H
#define SCT_S3_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum { SCT_S3_PAGE_ENTRIES = 1000 };

/* A page of ListObjectsV2 with encoding-type=url. */
struct sct_s3_page {
    struct sct_buffer
        texts; /* keys, decoded, and etags without quotes; each with its zero */
    struct {
        size_t key_at, etag_at; /* in texts */
        uint64_t bytes;
        int64_t mtime_s;
    } entry[SCT_S3_PAGE_ENTRIES];
    int n_entries;
    int is_truncated;
    char *next; /* the token of the next page, for sct_mem_free; NULL: none */
};

/* SCT_OK, SCT_ERR_CORRUPT, SCT_ERR_MEMORY. Whatever the page held before is gone; freed with
 * sct_s3_page_free, also when it failed. */
int sct_s3_page_parse(struct sct_s3_page *page, const char *data, size_t n_bytes);
void sct_s3_page_free(struct sct_s3_page *page);

/* The text of an element right below the root, whatever that is called (servers differ): UploadId,
 * ETag. For sct_mem_free. SCT_OK, SCT_ERR_CORRUPT where it is not there, SCT_ERR_MEMORY. */
int sct_s3_parse_element(char **text, const char *name, const char *data, size_t n_bytes);

/* Without the quotes around it, in place. */
void sct_s3_unquote(char *etag);

#endif
