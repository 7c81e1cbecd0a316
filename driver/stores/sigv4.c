/* Signature Version 4.
 *
 *     request --> canonical request --> SHA-256 --> string to sign --> HMAC --> signature
 *                                                        key: HMAC of HMAC of ... the secret
 *
 * Parameters of a query and headers are both lists of pairs that are sorted by name. What a
 * name is sorted by differs: parameters by their encoded spelling, headers in lower case. */
#define _GNU_SOURCE 1
#include "sigv4.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "crypto_table.h"
#include "mem.h"
#include "status.h"

enum { HASH_BYTES = 32 };

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* Pairs in the form in which they are signed; both strings are owned. */
struct pair_list {
    struct {
        char *name, *value;
    } pair[SCT_SIGV4_MAX_PAIRS];
    int n;
    int status; /* the first failure */
};

static void free_pairs(struct pair_list *l)
{
    for (int i = 0; i < l->n; i++) {
        sct_mem_free(l->pair[i].name);
        if (l->pair[i].value)
            explicit_bzero(l->pair[i].value, strlen(l->pair[i].value));
        sct_mem_free(l->pair[i].value);
    }
    l->n = 0;
}

static void add_pair(struct pair_list *l, char *name, char *value)
{
    if (l->n == SCT_SIGV4_MAX_PAIRS || !name || !value) {
        l->status = name && value ? SCT_ERR_ARGUMENT : SCT_ERR_MEMORY;
        sct_mem_free(name);
        sct_mem_free(value);
        return;
    }
    l->pair[l->n].name = name;
    l->pair[l->n].value = value;
    l->n++;
}

static void add_parameter(struct pair_list *l, const char *name, const char *value)
{
    struct sct_buffer encoded_name = {0}, encoded_value = {0};
    sct_buffer_encode(&encoded_name, name, 0);
    sct_buffer_encode(&encoded_value, value, 0);
    add_pair(l, sct_buffer_take(&encoded_name), sct_buffer_take(&encoded_value));
}

/* Spaces at both ends go, several in a row become one. */
static char *normalize_value(const char *value)
{
    struct sct_buffer b = {0};
    const char *end = value + strlen(value);
    while (*value == ' ' || *value == '\t')
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (const char *s = value; s < end; s++) {
        if (!(s[0] == ' ' && s[1] == ' '))
            sct_buffer_add(&b, s, 1);
    }
    return sct_buffer_take(&b);
}

static void add_header(struct pair_list *l, const char *name, const char *value)
{
    char *const lower = sct_buffer_copy(name);
    for (char *s = lower; s && *s; s++)
        *s = (char)tolower((unsigned char)*s);
    add_pair(l, lower, normalize_value(value));
}

static int compare_pairs(const void *a, const void *b)
{
    const char *const *const x = a, *const *const y =
                                        b; /* name and value, in that order */
    const int by_name = strcmp(x[0], y[0]);
    return by_name ? by_name : strcmp(x[1], y[1]);
}

static void sort_pairs(struct pair_list *l)
{
    if (l->n > 1)
        qsort(l->pair, (size_t)l->n, sizeof l->pair[0], compare_pairs);
}

static void join_query(struct sct_buffer *b, const struct pair_list *query)
{
    for (int i = 0; i < query->n; i++)
        sct_buffer_format(b, "%s%s=%s", i > 0 ? "&" : "", query->pair[i].name,
                          query->pair[i].value);
}

static void join_names(struct sct_buffer *b, const struct pair_list *headers)
{
    for (int i = 0; i < headers->n; i++)
        sct_buffer_format(b, "%s%s", i > 0 ? ";" : "", headers->pair[i].name);
}

static void write_hex(char out[SCT_SHA256_HEX_BYTES],
                      const unsigned char hash[HASH_BYTES])
{
    for (int i = 0; i < HASH_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

int sct_sha256_hex(char out[SCT_SHA256_HEX_BYTES], const void *data, size_t n_bytes)
{
    const struct sct_crypto *const crypto = sct_crypto_load();
    unsigned char hash[HASH_BYTES] = {0};
    if (!crypto)
        return SCT_ERR_UNSUPPORTED;
    crypto->EVP_Digest(data, n_bytes, hash, NULL, crypto->EVP_sha256(), NULL);
    write_hex(out, hash);
    return SCT_OK;
}

/* hash = HMAC-SHA256(key, text); hash may be the key. */
static void mac(const struct sct_crypto *crypto, unsigned char hash[HASH_BYTES],
                const void *key, size_t key_bytes, const char *text)
{
    unsigned char result[HASH_BYTES] = {0};
    crypto->HMAC(crypto->EVP_sha256(), key, (int)key_bytes, (const unsigned char *)text,
                 strlen(text), result, NULL);
    memcpy(hash, result, HASH_BYTES);
    explicit_bzero(result, sizeof result);
}

/* "20130524T000000Z"; its first 8 characters are the day. */
static void write_date(char date[17], int64_t time_s)
{
    const time_t t = (time_t)time_s;
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    strftime(date, 17, "%Y%m%dT%H%M%SZ", &tm);
}

static void write_scope(struct sct_buffer *b, const struct sct_sigv4_request *r,
                        const char *date)
{
    sct_buffer_format(b, "%.8s/%s/%s/aws4_request", date, r->region, r->service);
}

static void write_path(struct sct_buffer *b, const struct sct_sigv4_request *r,
                       int is_signed)
{
    if (!is_signed || strcmp(r->service, "s3") == 0) {
        sct_buffer_encode(b, r->path, 1);
        return;
    }
    struct sct_buffer once = {0};
    sct_buffer_encode(&once, r->path, 1);
    char *const encoded = sct_buffer_take(&once);
    if (encoded)
        sct_buffer_encode(b, encoded, 1);
    else
        b->has_failed = 1;
    sct_mem_free(encoded);
}

/* The signature of sorted pairs. */
static int compute_signature(char out[SCT_SHA256_HEX_BYTES],
                             const struct sct_sigv4_request *r,
                             const struct sct_aws_keys *keys,
                             const struct pair_list *query,
                             const struct pair_list *headers, const char *date)
{
    const struct sct_crypto *const crypto = sct_crypto_load();
    struct sct_buffer canonical = {0}, to_sign = {0}, secret = {0};
    char hash_hex[SCT_SHA256_HEX_BYTES];
    unsigned char key[HASH_BYTES];
    const char day[9] = {date[0], date[1], date[2], date[3], date[4],
                         date[5], date[6], date[7], '\0'};

    if (!crypto)
        return SCT_ERR_UNSUPPORTED;
    sct_buffer_format(&canonical, "%s\n", r->method);
    write_path(&canonical, r, 1);
    sct_buffer_text(&canonical, "\n");
    join_query(&canonical, query);
    sct_buffer_text(&canonical, "\n");
    for (int i = 0; i < headers->n; i++)
        sct_buffer_format(&canonical, "%s:%s\n", headers->pair[i].name,
                          headers->pair[i].value);
    sct_buffer_text(&canonical, "\n");
    join_names(&canonical, headers);
    sct_buffer_format(&canonical, "\n%s", r->payload_hash);
    sct_sha256_hex(hash_hex, canonical.data, canonical.n_bytes);

    sct_buffer_format(&to_sign, "%s\n%s\n", algorithm, date);
    write_scope(&to_sign, r, date);
    sct_buffer_format(&to_sign, "\n%s", hash_hex);

    sct_buffer_format(&secret, "AWS4%s", keys->secret_key);
    const int status = canonical.has_failed || to_sign.has_failed || secret.has_failed
                           ? SCT_ERR_MEMORY
                           : SCT_OK;
    if (status == SCT_OK) {
        mac(crypto, key, secret.data, secret.n_bytes, day);
        mac(crypto, key, key, sizeof key, r->region);
        mac(crypto, key, key, sizeof key, r->service);
        mac(crypto, key, key, sizeof key, "aws4_request");
        mac(crypto, key, key, sizeof key, to_sign.data);
        write_hex(out, key);
        explicit_bzero(key, sizeof key);
    }
    sct_buffer_free(&secret);
    sct_buffer_free(&to_sign);
    sct_buffer_free(&canonical);
    return status;
}

static int has_token(const struct sct_aws_keys *keys)
{
    return keys->token && keys->token[0];
}

int sct_sigv4_sign(struct sct_signed *out, const struct sct_sigv4_request *r,
                   const struct sct_aws_keys *keys)
{
    struct pair_list query = {.n = 0}, headers = {.n = 0};
    struct sct_buffer target = {0}, authorization = {0};
    char signature[SCT_SHA256_HEX_BYTES];
    memset(out, 0, sizeof *out);
    write_date(out->date, r->time_s);

    for (int i = 0; i < r->n_query; i++)
        add_parameter(&query, r->query[i].name, r->query[i].value);
    add_header(&headers, "host", r->host);
    add_header(&headers, "x-amz-date", out->date);
    if (strcmp(r->service, "s3") == 0)
        add_header(&headers, "x-amz-content-sha256", r->payload_hash);
    if (has_token(keys))
        add_header(&headers, "x-amz-security-token", keys->token);
    for (int i = 0; i < r->n_headers; i++)
        add_header(&headers, r->header[i].name, r->header[i].value);
    sort_pairs(&query);
    sort_pairs(&headers);
    int status = query.status ? query.status : headers.status;
    if (status == SCT_OK)
        status = compute_signature(signature, r, keys, &query, &headers, out->date);
    if (status != SCT_OK)
        goto done;

    write_path(&target, r, 0);
    if (query.n > 0)
        sct_buffer_text(&target, "?");
    join_query(&target, &query);
    sct_buffer_format(&authorization, "%s Credential=%s/", algorithm, keys->access_key);
    write_scope(&authorization, r, out->date);
    sct_buffer_text(&authorization, ",SignedHeaders=");
    join_names(&authorization, &headers);
    sct_buffer_format(&authorization, ",Signature=%s", signature);
    out->target = sct_buffer_take(&target);
    out->authorization = sct_buffer_take(&authorization);
    if (!out->target || !out->authorization)
        status = SCT_ERR_MEMORY;
done:
    free_pairs(&query);
    free_pairs(&headers);
    return status;
}

void sct_signed_free(struct sct_signed *s)
{
    sct_mem_free(s->target);
    sct_mem_free(s->authorization);
    s->target = s->authorization = NULL;
}

/* The parameters that a presigned URL has beside the caller's. */
static void add_presign_parameters(struct pair_list *query,
                                   const struct sct_sigv4_request *r,
                                   const struct sct_aws_keys *keys,
                                   const struct pair_list *headers, const char *date,
                                   int64_t expires_s)
{
    char expires[24];
    struct sct_buffer credential = {0}, names = {0};
    snprintf(expires, sizeof expires, "%lld", (long long)expires_s);
    sct_buffer_format(&credential, "%s/", keys->access_key);
    write_scope(&credential, r, date);
    join_names(&names, headers);
    if (credential.has_failed || names.has_failed)
        query->status = SCT_ERR_MEMORY;
    else {
        add_parameter(query, "X-Amz-Algorithm", algorithm);
        add_parameter(query, "X-Amz-Credential", credential.data);
        add_parameter(query, "X-Amz-Date", date);
        add_parameter(query, "X-Amz-Expires", expires);
        add_parameter(query, "X-Amz-SignedHeaders", names.data);
        if (has_token(keys))
            add_parameter(query, "X-Amz-Security-Token", keys->token);
    }
    sct_buffer_free(&credential);
    sct_buffer_free(&names);
}

int sct_sigv4_presign(char **url, const struct sct_sigv4_request *request,
                      const struct sct_aws_keys *keys, const char *scheme,
                      int64_t expires_s)
{
    struct sct_sigv4_request r = *request;
    struct pair_list query = {.n = 0}, headers = {.n = 0};
    struct sct_buffer b = {0};
    char date[17], signature[SCT_SHA256_HEX_BYTES];
    *url = NULL;
    if (expires_s < 1 || expires_s > SCT_SIGV4_MAX_EXPIRES_S)
        return SCT_ERR_ARGUMENT;
    r.payload_hash = SCT_SIGV4_UNSIGNED;
    write_date(date, r.time_s);

    add_header(&headers, "host", r.host);
    for (int i = 0; i < r.n_headers; i++)
        add_header(&headers, r.header[i].name, r.header[i].value);
    sort_pairs(&headers);
    for (int i = 0; i < r.n_query; i++)
        add_parameter(&query, r.query[i].name, r.query[i].value);
    add_presign_parameters(&query, &r, keys, &headers, date, expires_s);
    sort_pairs(&query);
    int status = query.status ? query.status : headers.status;
    if (status == SCT_OK)
        status = compute_signature(signature, &r, keys, &query, &headers, date);
    if (status == SCT_OK) {
        sct_buffer_format(&b, "%s://%s", scheme, r.host);
        write_path(&b, &r, 0);
        sct_buffer_text(&b, "?");
        join_query(&b, &query);
        sct_buffer_format(&b, "&X-Amz-Signature=%s", signature);
        *url = sct_buffer_take(&b);
        status = *url ? SCT_OK : SCT_ERR_MEMORY;
    }
    free_pairs(&query);
    free_pairs(&headers);
    return status;
}
