/* What is in a source folder, by the hashes that outputs name their sources by. Command only. */
#ifndef SCT_WATCH_SOURCES_H
#define SCT_WATCH_SOURCES_H

typedef struct sct_sources sct_sources;

/* Looks through the folder, which is the store `url`. SCT_OK; SCT_ERR_IO: not all of it could be
 * looked at, *path is where, to be freed by the caller; SCT_ERR_MEMORY; SCT_ERR_UNSUPPORTED without
 * libcrypto. */
int sct_sources_create(sct_sources **out, int folder, const char *url, char **path);
void sct_sources_free(sct_sources *s); /* accepts NULL */

int sct_sources_are_none(const sct_sources *s);
int sct_sources_have(const sct_sources *s, const char *source);

/* Whether one is there, or it cannot be found out: looks through the folder until it is found. */
int sct_sources_may_have(int folder, const char *url, const char *source);

#endif
