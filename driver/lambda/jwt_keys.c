/* Keys, all by way of one form: the SubjectPublicKeyInfo of RFC 5280, which is what a PEM block
 * holds, and what the numbers of a JSON Web Key are put together to.
 *
 *     PEM ---- base64 ------------------.
 *     JWK ---- n, e / x, y / x --- DER ---> d2i_PUBKEY --> kind, size --> key[] */
#define _GNU_SOURCE 1
#include "jwt_keys.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base64.h"
#include "crypto_table.h"
#include "mem.h"

enum {
    MIN_RSA_BITS = 2048,
    MAX_RSA_BITS = 8192,
    P256_BYTES = 32,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_SEQUENCE = 0x30
};

struct key {
    enum sct_jwt_algorithm algorithm;
    char *id; /* NULL: none */
    EVP_PKEY *key;
};

struct sct_jwt_keys {
    const struct sct_crypto *crypto;
    int n;
    struct key key[SCT_JWT_MAX_KEYS];
};

static const char *const algorithm_names[] = {"RS256", "ES256", "EdDSA"};

/* ---- DER ---------------------------------------------------------------------------- */

/* Tag, length and content; at most 64 KiB of it. */
static void add_element(struct sct_buffer *to, unsigned char tag, const void *content,
                        size_t n_bytes)
{
    const unsigned char head[] = {tag, 0x82, (unsigned char)(n_bytes >> 8),
                                  (unsigned char)n_bytes};
    const unsigned char middle[] = {tag, 0x81, (unsigned char)n_bytes};
    const unsigned char small[] = {tag, (unsigned char)n_bytes};
    if (n_bytes > UINT16_MAX)
        to->has_failed = 1;
    else if (n_bytes > 255)
        sct_buffer_add(to, head, sizeof head);
    else if (n_bytes > 127)
        sct_buffer_add(to, middle, sizeof middle);
    else
        sct_buffer_add(to, small, sizeof small);
    sct_buffer_add(to, content, n_bytes);
}

/* A number that is not negative, from its bytes, the most significant first. */
static void add_integer(struct sct_buffer *to, const unsigned char *bytes, size_t n_bytes)
{
    struct sct_buffer content = {0};
    while (n_bytes > 1 && bytes[0] == 0) {
        bytes++;
        n_bytes--;
    }
    if (n_bytes == 0 || bytes[0] >= 0x80)
        sct_buffer_add(&content, "", 1);
    sct_buffer_add(&content, bytes, n_bytes);
    to->has_failed |= content.has_failed;
    add_element(to, DER_INTEGER, content.data, content.n_bytes);
    sct_buffer_free(&content);
}

/* SEQUENCE { first, second } */
static void add_pair_of_integers(struct sct_buffer *to, const struct sct_buffer *first,
                                 const struct sct_buffer *second)
{
    struct sct_buffer content = {0};
    add_integer(&content, (const unsigned char *)first->data, first->n_bytes);
    add_integer(&content, (const unsigned char *)second->data, second->n_bytes);
    to->has_failed |= content.has_failed;
    add_element(to, DER_SEQUENCE, content.data, content.n_bytes);
    sct_buffer_free(&content);
}

/* SEQUENCE { algorithm, BIT STRING of all bits of the key } */
static void add_key_info(struct sct_buffer *to, const void *algorithm,
                         size_t algorithm_bytes, const struct sct_buffer *key)
{
    struct sct_buffer bits = {0}, content = {0};
    sct_buffer_add(&bits, "", 1); /* how many bits of the last byte do not count */
    sct_buffer_add(&bits, key->data, key->n_bytes);
    sct_buffer_add(&content, algorithm, algorithm_bytes);
    add_element(&content, DER_BITS, bits.data, bits.n_bytes);
    to->has_failed |= key->has_failed | bits.has_failed | content.has_failed;
    add_element(to, DER_SEQUENCE, content.data, content.n_bytes);
    sct_buffer_free(&bits);
    sct_buffer_free(&content);
}

/* ---- one key ------------------------------------------------------------------------ */

/* NULL: it may be used. */
static const char *judge_key(const struct sct_crypto *crypto, struct key *k)
{
    char group[32] = "";
    size_t n;
    if (crypto->EVP_PKEY_is_a(k->key, "RSA")) {
        const int n_bits = crypto->EVP_PKEY_get_bits(k->key);
        k->algorithm = SCT_JWT_RS256;
        return n_bits >= MIN_RSA_BITS && n_bits <= MAX_RSA_BITS
                   ? NULL
                   : "RSA keys have 2048 to 8192 bits";
    }
    if (crypto->EVP_PKEY_is_a(k->key, "EC")) {
        k->algorithm = SCT_JWT_ES256;
        return crypto->EVP_PKEY_get_group_name(k->key, group, sizeof group, &n) &&
                       strcmp(group, "prime256v1") == 0
                   ? NULL
                   : "of the elliptic curves there is only P-256";
    }
    k->algorithm = SCT_JWT_EDDSA;
    return crypto->EVP_PKEY_is_a(k->key, "ED25519")
               ? NULL
               : "keys are of RSA, of ECDSA on P-256, or of Ed25519";
}

/* Adds the key of a SubjectPublicKeyInfo. id may be NULL. */
static int add_key(sct_jwt_keys *keys, const struct sct_buffer *info, const char *id,
                   struct sct_report *report)
{
    if (info->has_failed)
        return SCT_ERR_MEMORY;
    if (keys->n == SCT_JWT_MAX_KEYS)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "there are more than %d keys",
                               SCT_JWT_MAX_KEYS);
    const unsigned char *const begin = (const unsigned char *)info->data;
    const unsigned char *at = begin;
    struct key *const k = &keys->key[keys->n];
    k->key = begin ? keys->crypto->d2i_PUBKEY(NULL, &at, (long)info->n_bytes) : NULL;
    if (!k->key)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "key %d is no public key",
                               keys->n + 1);
    keys->n++;
    if (at != begin + info->n_bytes)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "key %d has garbage behind it",
                               keys->n);
    const char *const problem = judge_key(keys->crypto, k);
    if (problem)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "key %d: %s", keys->n, problem);
    k->id = id ? sct_buffer_copy(id) : NULL;
    return id && !k->id ? SCT_ERR_MEMORY : SCT_OK;
}

/* ---- PEM ---------------------------------------------------------------------------- */

static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----";
static const char pem_end[] = "-----END PUBLIC KEY-----";

static int add_pem(sct_jwt_keys *keys, const char *begin, const char *end,
                   struct sct_report *report)
{
    struct sct_buffer text = {0}, info = {0};
    for (const char *s = begin; s < end; s++) {
        if (!strchr(" \t\r\n", *s))
            sct_buffer_add(&text, s, 1);
    }
    int status = text.has_failed ? SCT_ERR_MEMORY
                                 : sct_base64_decode(&info, SCT_BASE64_PLAIN, text.data,
                                                     text.n_bytes);
    if (status == SCT_ERR_CORRUPT)
        status = sct_report_fail(report, SCT_ERR_ARGUMENT, "key %d is not base64",
                                 keys->n + 1);
    if (status == SCT_OK)
        status = add_key(keys, &info, NULL, report);
    sct_buffer_free(&text);
    sct_buffer_free(&info);
    return status;
}

static int add_all_pem(sct_jwt_keys *keys, const char *text, struct sct_report *report)
{
    int status = SCT_OK;
    for (const char *at = text; status == SCT_OK && (at = strstr(at, "-----BEGIN "));) {
        const char *const end = strstr(at, pem_end);
        if (strncmp(at, pem_begin, strlen(pem_begin)) != 0 || !end)
            return sct_report_fail(report, SCT_ERR_ARGUMENT,
                                   "there is something else than PUBLIC KEY in the PEM");
        status = add_pem(keys, at + strlen(pem_begin), end, report);
        at = end + strlen(pem_end);
    }
    return status;
}

/* ---- JSON Web Keys ------------------------------------------------------------------ */

static const char *find_text(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* wanted_bytes: 0 for any. */
static int take_number(struct sct_buffer *out, const json_t *jwk, const char *name,
                       size_t wanted_bytes, struct sct_report *report)
{
    const char *const text = find_text(jwk, name);
    const int status = sct_base64_decode(out, SCT_BASE64_URL, text, strlen(text));
    if (status == SCT_ERR_MEMORY)
        return status;
    if (status != SCT_OK || out->n_bytes == 0 ||
        (wanted_bytes && out->n_bytes != wanted_bytes))
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "\"%s\" of a key is wrong",
                               name);
    return SCT_OK;
}

static int make_rsa(struct sct_buffer *info, const json_t *jwk, struct sct_report *report)
{
    static const unsigned char rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    struct sct_buffer n = {0}, e = {0}, key = {0};
    int status = take_number(&n, jwk, "n", 0, report);
    if (status == SCT_OK)
        status = take_number(&e, jwk, "e", 0, report);
    if (status == SCT_OK) {
        add_pair_of_integers(&key, &n, &e);
        add_key_info(info, rsa, sizeof rsa, &key);
    }
    sct_buffer_free(&n);
    sct_buffer_free(&e);
    sct_buffer_free(&key);
    return status;
}

static int make_p256(struct sct_buffer *info, const json_t *jwk,
                     struct sct_report *report)
{
    static const unsigned char p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
                                         0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    struct sct_buffer x = {0}, y = {0}, point = {0};
    int status = take_number(&x, jwk, "x", P256_BYTES, report);
    if (status == SCT_OK)
        status = take_number(&y, jwk, "y", P256_BYTES, report);
    if (status == SCT_OK) {
        sct_buffer_text(&point, "\x04"); /* not compressed */
        sct_buffer_add(&point, x.data, x.n_bytes);
        sct_buffer_add(&point, y.data, y.n_bytes);
        add_key_info(info, p256, sizeof p256, &point);
    }
    sct_buffer_free(&x);
    sct_buffer_free(&y);
    sct_buffer_free(&point);
    return status;
}

static int make_ed25519(struct sct_buffer *info, const json_t *jwk,
                        struct sct_report *report)
{
    static const unsigned char ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
    struct sct_buffer x = {0};
    const int status = take_number(&x, jwk, "x", 32, report);
    if (status == SCT_OK)
        add_key_info(info, ed25519, sizeof ed25519, &x);
    sct_buffer_free(&x);
    return status;
}

static int is_wanted(const json_t *jwk, const char *kty, const char *crv,
                     enum sct_jwt_algorithm algorithm)
{
    const char *const use = find_text(jwk, "use"), *const alg = find_text(jwk, "alg");
    return strcmp(find_text(jwk, "kty"), kty) == 0 &&
           (!crv || strcmp(find_text(jwk, "crv"), crv) == 0) &&
           (!use[0] || strcmp(use, "sig") == 0) &&
           (!alg[0] || strcmp(alg, algorithm_names[algorithm]) == 0);
}

static int add_jwk(sct_jwt_keys *keys, const json_t *jwk, struct sct_report *report)
{
    struct sct_buffer info = {0};
    int status;
    if (is_wanted(jwk, "RSA", NULL, SCT_JWT_RS256))
        status = make_rsa(&info, jwk, report);
    else if (is_wanted(jwk, "EC", "P-256", SCT_JWT_ES256))
        status = make_p256(&info, jwk, report);
    else if (is_wanted(jwk, "OKP", "Ed25519", SCT_JWT_EDDSA))
        status = make_ed25519(&info, jwk, report);
    else
        return SCT_OK;
    if (status == SCT_OK)
        status =
            add_key(keys, &info, json_string_value(json_object_get(jwk, "kid")), report);
    sct_buffer_free(&info);
    return status;
}

static int add_set(sct_jwt_keys *keys, const char *text, struct sct_report *report)
{
    json_error_t error;
    json_t *const set = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const json_t *const list = json_object_get(set, "keys");
    const json_t *jwk;
    size_t i;
    int status = SCT_OK;
    if (!json_is_array(list))
        status = sct_report_fail(report, SCT_ERR_ARGUMENT, "this is no set of keys: %s",
                                 set ? "there is no list \"keys\"" : error.text);
    json_array_foreach(list, i, jwk)
    {
        if (status == SCT_OK)
            status = add_jwk(keys, jwk, report);
    }
    json_decref(set);
    return status;
}

/* ---- all of them -------------------------------------------------------------------- */

int sct_jwt_keys_create(sct_jwt_keys **out, const char *text, struct sct_report *report)
{
    *out = NULL;
    if (strnlen(text, SCT_JWT_MAX_KEYS_BYTES + 1) > SCT_JWT_MAX_KEYS_BYTES)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "the keys are too large");
    sct_jwt_keys *const keys = sct_mem_alloc(sizeof *keys);
    if (!keys)
        return SCT_ERR_MEMORY;
    keys->crypto = sct_crypto_load();
    const size_t n_spaces = strspn(text, " \t\r\n");
    int status = !keys->crypto           ? sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                                                           "this needs OpenSSL 3 (Debian: libssl3)")
                 : text[n_spaces] == '{' ? add_set(keys, text, report)
                                         : add_all_pem(keys, text, report);
    if (status == SCT_OK && keys->n == 0)
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "there is no public key, neither in PEM nor in JSON");
    if (status == SCT_OK)
        *out = keys;
    else
        sct_jwt_keys_free(keys);
    return status;
}

void sct_jwt_keys_free(sct_jwt_keys *keys)
{
    if (!keys)
        return;
    for (int i = 0; i < keys->n; i++) {
        keys->crypto->EVP_PKEY_free(keys->key[i].key);
        sct_mem_free(keys->key[i].id);
    }
    sct_mem_free(keys);
}

int sct_jwt_keys_count(const sct_jwt_keys *keys)
{
    return keys->n;
}

static int verify(const struct sct_crypto *crypto, const struct key *k, const void *data,
                  size_t n_bytes, const void *signature, size_t signature_bytes)
{
    const EVP_MD *const hash =
        k->algorithm == SCT_JWT_EDDSA ? NULL : crypto->EVP_sha256();
    EVP_MD_CTX *const ctx = crypto->EVP_MD_CTX_new();
    const int is_right =
        ctx && crypto->EVP_DigestVerifyInit(ctx, NULL, hash, NULL, k->key) == 1 &&
        crypto->EVP_DigestVerify(ctx, signature, signature_bytes, data, n_bytes) == 1;
    crypto->EVP_MD_CTX_free(ctx);
    return is_right;
}

/* RFC 7518, 3.4: r and s, each of 32 bytes. OpenSSL wants SEQUENCE { r, s }. */
static void convert_p256(struct sct_buffer *out, const unsigned char *signature)
{
    struct sct_buffer r = {0}, s = {0};
    sct_buffer_add(&r, signature, P256_BYTES);
    sct_buffer_add(&s, signature + P256_BYTES, P256_BYTES);
    out->has_failed |= r.has_failed | s.has_failed;
    add_pair_of_integers(out, &r, &s);
    sct_buffer_free(&r);
    sct_buffer_free(&s);
}

int sct_jwt_keys_verify(const sct_jwt_keys *keys, enum sct_jwt_algorithm algorithm,
                        const char *id, const void *data, size_t n_bytes,
                        const void *signature, size_t signature_bytes)
{
    struct sct_buffer der = {0};
    int is_right = 0;
    if (algorithm == SCT_JWT_ES256) {
        if (signature_bytes != 2 * P256_BYTES)
            return 0;
        convert_p256(&der, signature);
        signature = der.data;
        signature_bytes = der.n_bytes;
    }
    for (int i = 0; i < keys->n && !is_right && !der.has_failed; i++) {
        const struct key *const k = &keys->key[i];
        if (k->algorithm == algorithm && (!id || !k->id || strcmp(id, k->id) == 0))
            is_right = verify(keys->crypto, k, data, n_bytes, signature, signature_bytes);
    }
    sct_buffer_free(&der);
    return is_right;
}
