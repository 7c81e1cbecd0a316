/* What the files of the S3 store share. Private to them. */
#ifndef SCT_STORE_S3_H
#define SCT_STORE_S3_H

#include "aws_client.h"
#include "store_ops.h"

/* Headers of a request that writes. */
enum { SCT_S3_MAX_HEADERS = SCT_MAX_ATTRIBUTES + 10 };

enum {
    SCT_S3_SINGLE_BYTES = 64 << 20, /* what is larger is written in parts */
    /* While S3 copies something large, or puts its parts together: it sends white space
     * meanwhile, or nothing. */
    SCT_S3_LONG_STALL_S = 300
};

struct sct_s3_store {
    struct sct_store base;
    struct sct_aws_client client;
    sct_credentials *own_credentials; /* NULL: the caller's */
    char *bucket, *prefix;            /* prefix: "" or with a slash at its end */
    int is_path_style;
};

struct sct_s3_headers {
    struct sct_pair pair[SCT_S3_MAX_HEADERS];
    int n;
    char name[SCT_MAX_ATTRIBUTES][SCT_ATTRIBUTE_NAME_BYTES + 16]; /* x-amz-meta-... */
    char etag[SCT_ETAG_BYTES + 2];                                /* if-match, quoted */
};

/* The path of a key in requests, for sct_mem_free; key "" is the bucket. */
char *sct_s3_path(const struct sct_s3_store *s, const char *key);

/* The headers that say how an object is to be written, and with has_conditions when. They
 * point into h and put. SCT_OK; SCT_ERR_ARGUMENT for what can be no header. */
int sct_s3_put_headers(struct sct_s3_store *s, struct sct_s3_headers *h,
                       const struct sct_put *put, int has_conditions);
void sct_s3_add_header(struct sct_s3_headers *h, const char *name, const char *value);

/* What an answer's headers say of an object. */
void sct_s3_describe(struct sct_object *out, const sct_exchange *x);

int sct_s3_head(sct_store *s, const char *key, const char *version,
                struct sct_object *out);

int sct_s3_write(sct_store *s, const char *key, const struct sct_put *put,
                 sct_store_writer **writer);
int sct_s3_add(sct_store_writer *w, const void *data, size_t n_bytes);
int sct_s3_commit(sct_store_writer *w, struct sct_object *out);
void sct_s3_abort(sct_store_writer *w);

int sct_s3_get(sct_store *s, const char *key, const char *version,
               sct_store_reader **reader, struct sct_object *out);
int sct_s3_read(sct_store_reader *r, void *buffer, size_t capacity, size_t *n);
void sct_s3_close_reader(sct_store_reader *r);

int sct_s3_check(sct_store *s);
int sct_s3_list(sct_store *s, const char *prefix, const char *after,
                sct_store_list **list);
int sct_s3_list_next(sct_store_list *l, struct sct_object *out);
void sct_s3_list_close(sct_store_list *l);

#endif
