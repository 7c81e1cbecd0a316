/* The words of events: keys, names of buckets and stores, ETags, kinds. Of events only. */
#ifndef SCT_EVENT_WORDS_H
#define SCT_EVENT_WORDS_H

#include <stddef.h>

#include "event.h"

/* NULL, or what is wrong: empty, longer than max_bytes, no UTF-8. */
const char *sct_event_check_key(const char *key, size_t max_bytes);

/* Whether it is safe between the slashes of a URL: 1..255 of A-Z a-z 0-9 . _ - */
int sct_event_bucket_is_valid(const char *name);

/* "s3://bucket", with a prefix or without; "file:///folder". */
int sct_event_store_is_valid(const char *url);

/* 1..SCT_EVENT_SEQUENCER_DIGITS hexadecimal digits. */
int sct_event_sequencer_is_valid(const char *text);

/* eventName of S3, with or without "s3:" in front; detail-type of EventBridge. */
enum sct_event_kind sct_event_kind_of(const char *name);

#endif
