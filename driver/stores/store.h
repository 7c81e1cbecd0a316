/* Stores: where objects live. A folder and a bucket behind the same handful of operations.
 *
 *     file:///folder      a folder, also as a plain path: store_file.c
 *     s3://bucket/prefix  Amazon S3, or what speaks its language: store_s3.c
 *
 * An object is bytes under a key, with attributes, a content type and a cache control. It appears
 * whole or not at all, and is never changed, only replaced. Its etag changes when it is replaced.
 * Keys are UTF-8 of 1 to 1024 bytes, "holiday/photo.jpg", relative to the store; what else a
 * key may be is the store's matter. The etag and version of an object are opaque.
 *
 *     sct_store *s;
 *     sct_store_open(&s, "s3://uploads", &spec, &report);
 *     sct_store_get(s, "photo.jpg", NULL, &reader, &object);
 *     job.source = sct_store_reader_source(reader);    // is decoded while it arrives
 *     ...
 *     sct_store_reader_close(reader);
 *
 * A store, with its readers, writers and lists, belongs to one thread at a time; threads
 * open one each and share the credentials. Requests that failed for a passing reason have been
 * repeated by the time that a status says so.
 *
 * Statuses, for all functions; sct_store_message has a sentence for each failure:
 *
 *     SCT_ERR_NOT_FOUND      no such object, version or bucket                   permanent
 *     SCT_ERR_DENIED         not ours to read or write, or the credentials       permanent
 *                            have expired and there are no others
 *     SCT_ERR_PRECONDITION   put: if_none and there is one, if_match and it is   permanent
 *                            another; whoever raced decides what that means
 *     SCT_ERR_ARGUMENT       a key, name or URL that cannot be; a bucket in      permanent
 *                            another region, which the message names
 *     SCT_ERR_TOO_LARGE      more than the store takes                           permanent
 *     SCT_ERR_UNSUPPORTED    no such kind of store in this build                 permanent
 *     SCT_ERR_IO             the network, the disk, a server that is overloaded  transient
 *     SCT_ERR_TIMEOUT        nothing has moved for too long                      transient
 *     SCT_ERR_MEMORY                                                             transient */
#ifndef SCT_STORE_H
#define SCT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "attributes.h"
#include "credentials.h"
#include "io.h"

enum {
    SCT_MAX_KEY_BYTES = 1024,
    SCT_ETAG_BYTES = 128,
    SCT_OBJECT_VERSION_BYTES = 1025,
    SCT_HEADER_BYTES = 128
};

typedef struct sct_store sct_store;
typedef struct sct_store_reader sct_store_reader;
typedef struct sct_store_writer sct_store_writer;
typedef struct sct_store_list sct_store_list;

/* How to open a store; zeroed is fine. */
struct sct_store_spec {
    sct_credentials *credentials; /* borrowed; NULL: the store's own */
    int makes_folder;             /* a folder that is not there is made */
    int is_durable; /* folder: synced to the disk before it is there; otherwise as after cp */
    int stall_s; /* S3: give up when so little moves for so long; 0: as SCANTLING_STALL says, or 20 s */
    int n_tries; /* S3: how often at most; 0: 5 */
};

struct sct_object {
    char key[SCT_MAX_KEY_BYTES + 1]; /* filled in by lists only */
    uint64_t bytes;
    char etag[SCT_ETAG_BYTES];              /* without quotes */
    char version[SCT_OBJECT_VERSION_BYTES]; /* "" where there are none */
    int64_t mtime_s;                        /* since 1970 */
    char content_type[SCT_HEADER_BYTES];    /* these three: not by lists; "": not known */
    char cache_control[SCT_HEADER_BYTES];
    struct sct_attributes attributes;
};

/* How an object is to be written; zeroed: without condition, as application/octet-stream.
 * All borrowed until the object is committed. */
struct sct_put {
    const char *content_type, *cache_control;
    const struct sct_attributes *attributes;
    int if_none;          /* only where there is no object */
    const char *if_match; /* only in place of the object with this etag */
};

/* SCT_OK and *out, or a status and a message in the report. A bucket is not contacted yet. */
int sct_store_open(sct_store **out, const char *url, const struct sct_store_spec *spec,
                   struct sct_report *report);
void sct_store_close(sct_store *s); /* after all that was opened from it; accepts NULL */

/* Why the last call that failed did; "" before. */
const char *sct_store_message(const sct_store *s);

/* The one spelling of a store's URL, for sct_mem_free: of a folder "file://" and its absolute path without
 * links, whether it is there or not; of others the URL without a slash at its end. NULL: no memory,
 * or no such URL. */
char *sct_store_canonical(const char *url);

/* The path of the folder that a URL names, decoded, for sct_mem_free. NULL: it names none, or there
 * is no memory. */
char *sct_store_folder(const char *url);

/* Whether there is such a bucket. SCT_OK, also where that is not for us to know, and of folders, which were
 * there when they were opened; SCT_ERR_NOT_FOUND; what else a request may fail with. */
int sct_store_check(sct_store *s);

/* X-Amzn-Trace-Id of what follows, by which AWS detects loops; copied. NULL or "": none. */
int sct_store_trace(sct_store *s, const char *trace_id);

/* What is known of an object. version: NULL for the current one. */
int sct_store_head(sct_store *s, const char *key, const char *version,
                   struct sct_object *out);

/* Opens for reading; out as above. The bytes are pulled, some hundred KB ahead. A connection that
 * breaks on the way is made again from where it was, as long as the object is the same. */
int sct_store_get(sct_store *s, const char *key, const char *version,
                  sct_store_reader **reader, struct sct_object *out);
struct sct_source sct_store_reader_source(sct_store_reader *r); /* valid until close */
void sct_store_reader_close(sct_store_reader *r); /* early or not; accepts NULL */

/* Whether what is read is still as it was when it was opened: files can be changed in place, while
 * objects in a bucket are only replaced. By any thread, also while another one reads. */
int sct_store_reader_is_current(const sct_store_reader *r);

/* Writes an object of n_bytes from memory. out (may be NULL) gets bytes, etag and version. */
int sct_store_put(sct_store *s, const char *key, const void *data, size_t n_bytes,
                  const struct sct_put *put, struct sct_object *out);

/* The same in pieces: bytes go into the sink, then commit makes the object appear, or abort
 * leaves no trace. Both take the writer over; commit after a failed write fails too. S3 keeps up
 * to 64 MiB in memory and above that uploads in parts. */
int sct_store_write(sct_store *s, const char *key, const struct sct_put *put,
                    sct_store_writer **writer);
struct sct_sink sct_store_writer_sink(sct_store_writer *w);
int sct_store_writer_commit(sct_store_writer *w, struct sct_object *out);
void sct_store_writer_abort(sct_store_writer *w); /* accepts NULL */

/* Copies an object, within a store or from one to another, inside the server where it can do
 * that. source->version and source->etag, where they are not "", must be those of the object
 * (SCT_ERR_PRECONDITION). put: NULL keeps type, cache control and attributes; its conditions hold
 * as for sct_store_put, where the server knows them of copies: Amazon's does. After an answer that
 * was lost, if_none may meet the copy itself. The message is in `to`. */
int sct_store_copy(sct_store *from, const char *from_key, const struct sct_object *source,
                   sct_store *to, const char *to_key, const struct sct_put *put);

/* Deletes; SCT_OK also where there was none. version: NULL for the current one. */
int sct_store_delete(sct_store *s, const char *key, const char *version);

/* A URL, for sct_mem_free, with which anyone may do `method` to the object for `expires_s` seconds
 * (1 s to 7 days, and no longer than the credentials live) without credentials. Whoever uses it
 * must send header[0..n_headers) as given: that binds an upload to its type and length. SCT_ERR_UNSUPPORTED
 * in a folder. */
int sct_store_presign(sct_store *s, const char *method, const char *key,
                      const struct sct_pair *header, int n_headers, int64_t expires_s,
                      char **url);

/* Lists the objects whose keys begin with `prefix` ("": all) and come behind `after` ("": from the
 * first), in the order of their bytes. Pages are fetched as they are needed. */
int sct_store_list_open(sct_store *s, const char *prefix, const char *after,
                        sct_store_list **list);
int sct_store_list_next(sct_store_list *l,
                        struct sct_object *out); /* SCT_DONE at the end */
void sct_store_list_close(sct_store_list *l);    /* accepts NULL */

#endif
