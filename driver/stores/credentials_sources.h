/* Where credentials and region come from; credentials.h has the list. Nothing is kept here but
 * the connections: see credentials.h for that. One thread at a time. */
#ifndef SCT_CREDENTIALS_SOURCES_H
#define SCT_CREDENTIALS_SOURCES_H

#include "credentials.h"
#include "credentials_parse.h"
#include "http.h"

struct sct_key_sources {
    char *profile;  /* NULL: not asked for by name */
    sct_http *http; /* NULL until there is something to ask */
};

/* Statuses as of sct_credentials_get; *out is zeroed on failure. */
int sct_key_sources_ask(struct sct_key_sources *s, struct sct_aws_secret *out,
                        struct sct_report *report);

/* Statuses as of sct_credentials_region. */
int sct_key_sources_region(struct sct_key_sources *s, char region[SCT_REGION_BYTES],
                           struct sct_report *report);

#endif
