/* Sources as people write them, and as events name them. Command and servers. */
#ifndef SCT_SOURCE_URL_H
#define SCT_SOURCE_URL_H

#include "io.h"

/* "s3://bucket/prefix" becomes "s3://bucket" and "prefix/": events name a bucket without a prefix. A
 * folder becomes its URL in the one spelling (sct_store_canonical), and "". Both for sct_mem_free.
 * SCT_OK or SCT_ERR_MEMORY; then both are NULL. */
int sct_source_split(const char *source, char **store, char **prefix);

/* Whether one of n sources, in the one spelling, holds an object: an event names its bucket, and the
 * prefix of a source goes on in the key. A folder has to be named as it is spelled here. */
int sct_source_holds(const char *const *source, int n, const char *store,
                     const char *key);

#endif
