/* Events: what a queue, a topic, a bus or S3 itself says about objects, in all its wrappings, as
 * one flat list of records.
 *
 *     S3 notification                    {"Records": [{"s3": ...}]}
 *     EventBridge                        {"detail-type": "Object Created", "detail": ...}
 *     ours                               {"scantling": "1", "event": "created", "store": ...}
 *     a failure of ours                  {"scantling": "1", "failure": ..., "event": one of these,
 *                                        or what could not be read, as text}
 *     s3:TestEvent                       {"Event": "s3:TestEvent"}: read, and nothing to do
 *
 * each as it is, or as text inside of SNS {"Records": [{"Sns": {"Message": ...}}]}, of SQS
 * {"Records": [{"body": ...}]}, or of SNS inside of SQS.
 *
 * Ours says of a folder, or of a bucket, what the others say of buckets:
 *
 *     {"scantling": "1", "event": "created" or "removed", "store": "file:///srv/uploads",
 *      "key": "2024/a b.jpg", "size": 87, "etag": "...", "sequencer": "17F3A0..."}
 *
 * with the key as it is, not URL-encoded; size, etag, version and sequencer may be missing.
 *
 * Whatever the bytes are, each record that is wrong says so by itself and leaves the others in
 * peace. Fields that are not needed are not looked at. Command and servers. */
#ifndef SCT_EVENT_H
#define SCT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "verdict.h"

enum {
    SCT_EVENT_MAX_BYTES = 6 << 20, /* what Lambda can be sent */
    SCT_EVENT_MAX_DEPTH = 32,      /* of objects and lists in each other; in each text */
    SCT_EVENT_MAX_VALUES = 500000, /* in each text: bounds the memory that it takes */
    SCT_EVENT_MAX_RECORDS = 10000, /* the largest batch of SQS */
    SCT_EVENT_MAX_WRAPS = 3,       /* texts in each other */
    SCT_EVENT_KEY_BYTES = 1024,    /* of S3; ours may have four times that */
    SCT_EVENT_SEQUENCER_DIGITS = 127 /* several times what S3 has */
};

enum sct_event_kind {
    SCT_EVENT_CREATED, /* the object is there, new or replaced */
    SCT_EVENT_REMOVED, /* it is gone, or hidden by a delete marker, or expired */
    SCT_EVENT_OTHER    /* tags, restores, storage classes: nothing to do */
};

/* Strings are borrowed from the event; NULL: not said. */
struct sct_event_record {
    int status; /* SCT_OK. SCT_ERR_CORRUPT: malformed; SCT_ERR_UNSUPPORTED: another version, or
                   no event that we know; SCT_ERR_TOO_LARGE: a limit. Then only `problem` and
                   `message` mean anything */
    const char *problem; /* "Records[3].s3.object.key is missing" */
    int message;         /* index of the SQS message that it came in; -1: none */

    enum sct_event_kind kind;
    const char *name;      /* "ObjectCreated:Put", "Object Created", "created" */
    const char *store;     /* "s3://bucket" or "file:///folder" */
    const char *key;       /* decoded; UTF-8, never empty */
    const char *version;   /* of a bucket with versions */
    const char *etag;      /* without quotation marks */
    const char *sequencer; /* hexadecimal; see sct_sequencer_compare */
    const char *region;    /* "eu-central-1" */
    int64_t size;          /* in bytes; -1: not said */
    char *block;           /* owned: where the strings are */
};

/* What a partial batch answer, and a delete, has to name. A message can hold no record, as that of
 * s3:TestEvent; then it is done. */
struct sct_event_message {
    const char *id;      /* messageId */
    const char *receipt; /* receiptHandle, or NULL */
    char *block;         /* owned */
};

struct sct_event {
    struct sct_event_record *record;
    int n_records;
    struct sct_event_message *message;
    int n_messages;
    int n_tests; /* s3:TestEvent */
    int record_capacity, message_capacity;
};

/* Reads an event; `text` is only needed for the call. SCT_OK: look at the records, of which any
 * may be bad; a text that cannot be read at all is one bad record. SCT_ERR_MEMORY: there is no
 * event. To be freed in any case. */
int sct_event_parse(struct sct_event *event, const char *text, size_t n_bytes);
void sct_event_free(struct sct_event *event);

/* The verdict of a record's status: "malformed" for SCT_ERR_CORRUPT, otherwise the usual word. */
struct sct_verdict sct_event_verdict(int status);

/* Which of two events of one key came later: below 0 when a did, as strcmp. They are compared as
 * S3 says: the shorter one padded with zeros on its right. Upper and lower case are the same. NULL
 * is equal to everything: nothing is known. */
int sct_sequencer_compare(const char *a, const char *b);

#endif
