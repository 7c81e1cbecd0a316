/* Sources as people write them, and as events name them. Command and servers. */
#ifndef SCT_SOURCE_URL_H
#define SCT_SOURCE_URL_H

#include "io.h"

/* "s3://bucket/prefix" becomes "s3://bucket" and "prefix/": events name a bucket without a prefix. A
 * folder becomes "file:///" and its real path, and "". Both for sct_mem_free. SCT_OK or
 * SCT_ERR_MEMORY; then both are NULL. */
int sct_source_split(const char *source, char **store, char **prefix);

/* Whether one of n sources holds an object: an event names its bucket, and the prefix of a source
 * goes on in the key. */
int sct_source_holds(const char *const *source, int n, const char *store,
                     const char *key);

#endif
