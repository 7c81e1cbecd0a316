/* What a kind of store consists of; the contracts are those of store.h. Keys have been looked
 * at: 1 to 1024 bytes. Failures leave their message in store->report. */
#ifndef SCT_STORE_OPS_H
#define SCT_STORE_OPS_H

#include "store.h"

struct sct_store_ops {
    const char *scheme; /* "s3" */
    int (*open)(sct_store **out, const char *url, const struct sct_store_spec *spec,
                struct sct_report *report);
    void (*close)(sct_store *s);
    int (*check)(sct_store *s); /* NULL: it is there */
    int (*trace)(sct_store *s, const char *trace_id);
    int (*head)(sct_store *s, const char *key, const char *version,
                struct sct_object *out);
    int (*get)(sct_store *s, const char *key, const char *version,
               sct_store_reader **reader, struct sct_object *out);
    int (*read)(sct_store_reader *r, void *buffer, size_t capacity, size_t *n);
    void (*close_reader)(sct_store_reader *r);
    int (*is_current)(const sct_store_reader *r); /* NULL: always */
    int (*write)(sct_store *s, const char *key, const struct sct_put *put,
                 sct_store_writer **writer);
    int (*add)(sct_store_writer *w, const void *data, size_t n_bytes);
    int (*commit)(sct_store_writer *w, struct sct_object *out); /* frees it */
    void (*abort)(sct_store_writer *w);                         /* frees it */
    /* Within stores of this kind. NULL, or SCT_DONE: it has to go through us. */
    int (*copy)(sct_store *from, const char *from_key, const struct sct_object *source,
                sct_store *to, const char *to_key, const struct sct_put *put);
    int (*remove)(sct_store *s, const char *key, const char *version);
    int (*presign)(sct_store *s, const char *method, const char *key,
                   const struct sct_pair *header, int n_headers, int64_t expires_s,
                   char **url); /* NULL: unsupported */
    int (*list)(sct_store *s, const char *prefix, const char *after,
                sct_store_list **list);
    int (*next)(sct_store_list *l, struct sct_object *out);
    void (*close_list)(sct_store_list *l);
};

/* What all stores begin with, and all readers, writers and lists. */
struct sct_store {
    const struct sct_store_ops *ops;
    struct sct_report report;
};

struct sct_store_reader {
    sct_store *store;
};

struct sct_store_writer {
    sct_store *store;
    int status; /* the first failure of a write */
};

struct sct_store_list {
    sct_store *store;
};

extern const struct sct_store_ops sct_store_file, sct_store_s3;

#endif
