/* Tokens: the examples of RFC 7515 and RFC 8037, tokens signed here with keys of all kinds, and
 * what those send who have no key. Base64 and the keys of uploads, too. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base64.h"
#include "fail_alloc.h"
#include "jwt.h"
#include "mem.h"
#include "upload_key.h"

enum { NOW_S = 1700000000 };

static const char good_claims[] =
    "{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"alice\","
    "\"exp\":1700000060,\"nbf\":1699999990}";

/* ---- signing ------------------------------------------------------------------------ */

/* A key of each kind, made once. */
static struct {
    const char *name;
    EVP_PKEY *key;
} signer[] = {{"RS256", NULL}, {"ES256", NULL}, {"EdDSA", NULL}};

enum { RSA_SIGNER, EC_SIGNER, ED_SIGNER, N_SIGNERS };

static int make_signers(void **state)
{
    (void)state;
    signer[RSA_SIGNER].key = EVP_RSA_gen(2048);
    signer[EC_SIGNER].key = EVP_EC_gen("P-256");
    signer[ED_SIGNER].key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return signer[RSA_SIGNER].key && signer[EC_SIGNER].key && signer[ED_SIGNER].key ? 0
                                                                                    : -1;
}

static int free_signers(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIGNERS; i++)
        EVP_PKEY_free(signer[i].key);
    return 0;
}

static void add_base64url(struct sct_buffer *out, const void *data, size_t n_bytes)
{
    struct sct_buffer text = {0};
    sct_base64_encode(&text, data, n_bytes);
    for (size_t i = 0; i < text.n_bytes && text.data[i] != '='; i++) {
        const char c = text.data[i];
        sct_buffer_add(out, c == '+' ? "-" : c == '/' ? "_" : &c, 1);
    }
    sct_buffer_free(&text);
}

static size_t sign_raw(unsigned char out[1024], EVP_PKEY *key, const void *data, size_t n)
{
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    const EVP_MD *const hash = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    size_t n_out = 1024;
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, hash, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &n_out, data, n), 1);
    EVP_MD_CTX_free(ctx);
    if (!EVP_PKEY_is_a(key, "EC"))
        return n_out;
    const unsigned char *at = out;
    ECDSA_SIG *const pair = d2i_ECDSA_SIG(NULL, &at, (long)n_out);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

/* For sct_mem_free. header NULL: the usual one. */
static char *make_token(int i, const char *header, const char *claims)
{
    struct sct_buffer token = {0};
    unsigned char signature[1024];
    char usual[64];
    snprintf(usual, sizeof usual, "{\"alg\":\"%s\"}", signer[i].name);
    header = header ? header : usual;
    add_base64url(&token, header, strlen(header));
    sct_buffer_text(&token, ".");
    add_base64url(&token, claims, strlen(claims));
    const size_t n = sign_raw(signature, signer[i].key, token.data, token.n_bytes);
    sct_buffer_text(&token, ".");
    add_base64url(&token, signature, n);
    return sct_buffer_take(&token);
}

/* For free. */
static char *make_pem(EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    char *data;
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    const long n = BIO_get_mem_data(bio, &data);
    char *const pem = strndup(data, (size_t)n);
    BIO_free(bio);
    return pem;
}

static sct_jwt_keys *read_keys(const char *text)
{
    struct sct_report report = {.message = ""};
    sct_jwt_keys *keys;
    const int status = sct_jwt_keys_create(&keys, text, &report);
    if (status != SCT_OK)
        print_message("%s\n", report.message);
    assert_int_equal(status, SCT_OK);
    return keys;
}

static sct_jwt_keys *keys_of(int i)
{
    char *const pem = make_pem(signer[i].key);
    sct_jwt_keys *const keys = read_keys(pem);
    free(pem);
    return keys;
}

/* ---- judging ------------------------------------------------------------------------ */

static int verify_at(const sct_jwt_keys *keys, const char *token, int64_t now_s,
                     struct sct_jwt_claims *claims, struct sct_report *report)
{
    const struct sct_jwt_rules rules = {
        .keys = keys, .issuer = "issuer", .audience = "uploads", .leeway_s = 30};
    report->message[0] = '\0';
    return sct_jwt_verify(claims, token, strlen(token), &rules, now_s, report);
}

static void assert_accepted(const sct_jwt_keys *keys, const char *token)
{
    struct sct_jwt_claims claims;
    struct sct_report report;
    const int status = verify_at(keys, token, NOW_S, &claims, &report);
    if (status != SCT_OK)
        print_message("%s: %s\n", token, report.message);
    assert_int_equal(status, SCT_OK);
    assert_string_equal(claims.subject, "alice");
}

/* It is refused, and the reason holds these words. */
static void assert_refused(const sct_jwt_keys *keys, const char *token, const char *words)
{
    struct sct_jwt_claims claims;
    struct sct_report report;
    assert_int_equal(verify_at(keys, token, NOW_S, &claims, &report), SCT_ERR_DENIED);
    if (!strstr(report.message, words))
        print_message("\"%s\" does not say \"%s\"\n", report.message, words);
    assert_non_null(strstr(report.message, words));
}

static void assert_claims_refused(const char *claims, const char *words)
{
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    char *const token = make_token(ED_SIGNER, NULL, claims);
    assert_refused(keys, token, words);
    sct_mem_free(token);
    sct_jwt_keys_free(keys);
}

static void assert_header_refused(const char *header, const char *words)
{
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    char *const token = make_token(ED_SIGNER, header, good_claims);
    assert_refused(keys, token, words);
    sct_mem_free(token);
    sct_jwt_keys_free(keys);
}

/* ---- published examples ------------------------------------------------------------- */

static void assert_example(const char *jwk, enum sct_jwt_algorithm algorithm,
                           const char *data, const char *signature)
{
    struct sct_buffer set = {0}, bytes = {0};
    sct_buffer_format(&set, "{\"keys\":[%s]}", jwk);
    sct_jwt_keys *const keys = read_keys(set.data);
    assert_int_equal(sct_jwt_keys_count(keys), 1);
    assert_int_equal(
        sct_base64_decode(&bytes, SCT_BASE64_URL, signature, strlen(signature)), SCT_OK);
    assert_true(sct_jwt_keys_verify(keys, algorithm, NULL, data, strlen(data), bytes.data,
                                    bytes.n_bytes));
    assert_false(sct_jwt_keys_verify(keys, algorithm, NULL, data, strlen(data) - 1,
                                     bytes.data, bytes.n_bytes));
    sct_jwt_keys_free(keys);
    sct_buffer_free(&set);
    sct_buffer_free(&bytes);
}

static void rfc_7515_rs256_is_right(void **state)
{
    (void)state;
    assert_example(
        "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ"
        "PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0"
        "LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD"
        "Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
        "PAcDTW9gb54h4FRWyuXpoQ\"}",
        SCT_JWT_RS256,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF"
        "5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK"
        "5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt"
        "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
        "p0igcN_IoypGlUPQGe77Rw");
}

static void rfc_7515_es256_is_right(void **state)
{
    (void)state;
    assert_example(
        "{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        SCT_JWT_ES256,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-K"
        "g6NU1Q");
}

static void rfc_8037_eddsa_is_right(void **state)
{
    (void)state;
    assert_example(
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
        "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        SCT_JWT_EDDSA, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_M"
        "uM0KAg");
}

/* ---- tokens of ours ----------------------------------------------------------------- */

static void tokens_of_all_kinds_are_accepted(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIGNERS; i++) {
        sct_jwt_keys *const keys = keys_of(i);
        char *const token = make_token(i, NULL, good_claims);
        assert_accepted(keys, token);
        sct_mem_free(token);
        sct_jwt_keys_free(keys);
    }
}

static void signatures_of_es256_with_short_numbers_are_read(void **state)
{
    /* One in 128 has an r or s of 31 bytes. */
    sct_jwt_keys *const keys = keys_of(EC_SIGNER);
    (void)state;
    for (int i = 0; i < 300; i++) {
        char *const token = make_token(EC_SIGNER, NULL, good_claims);
        assert_accepted(keys, token);
        sct_mem_free(token);
    }
    sct_jwt_keys_free(keys);
}

static void keys_of_others_do_not_count(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIGNERS; i++) {
        for (int k = 0; k < N_SIGNERS; k++) {
            sct_jwt_keys *const keys = keys_of(k);
            char *const token = make_token(i, NULL, good_claims);
            if (i != k)
                assert_refused(keys, token, "not by any of the keys");
            sct_mem_free(token);
            sct_jwt_keys_free(keys);
        }
    }
}

static void several_keys_may_be_in_one_pem(void **state)
{
    struct sct_buffer text = {0};
    (void)state;
    for (int i = 0; i < N_SIGNERS; i++) {
        char *const pem = make_pem(signer[i].key);
        sct_buffer_format(&text, "# key %d\r\n%s\n", i, pem);
        free(pem);
    }
    sct_jwt_keys *const keys = read_keys(text.data);
    assert_int_equal(sct_jwt_keys_count(keys), N_SIGNERS);
    for (int i = 0; i < N_SIGNERS; i++) {
        char *const token = make_token(i, NULL, good_claims);
        assert_accepted(keys, token);
        sct_mem_free(token);
    }
    sct_jwt_keys_free(keys);
    sct_buffer_free(&text);
}

/* {"keys": [the Ed25519 key with these other fields]}, for sct_mem_free */
static char *make_set(const char *fields)
{
    unsigned char raw[32];
    size_t n = sizeof raw;
    struct sct_buffer x = {0}, set = {0};
    EVP_PKEY_get_raw_public_key(signer[ED_SIGNER].key, raw, &n);
    add_base64url(&x, raw, n);
    sct_buffer_format(&set,
                      "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"%s}]}",
                      x.data, fields);
    sct_buffer_free(&x);
    return sct_buffer_take(&set);
}

static void the_id_of_a_key_chooses_among_keys(void **state)
{
    char *const set = make_set(",\"kid\":\"one\",\"use\":\"sig\",\"alg\":\"EdDSA\"");
    sct_jwt_keys *const keys = read_keys(set);
    char *const named =
        make_token(ED_SIGNER, "{\"alg\":\"EdDSA\",\"kid\":\"one\"}", good_claims);
    char *const other =
        make_token(ED_SIGNER, "{\"alg\":\"EdDSA\",\"kid\":\"two\"}", good_claims);
    char *const nameless = make_token(ED_SIGNER, NULL, good_claims);
    (void)state;
    assert_accepted(keys, named);
    assert_accepted(keys, nameless);
    assert_refused(keys, other, "not by any of the keys");
    sct_mem_free(named);
    sct_mem_free(other);
    sct_mem_free(nameless);
    sct_mem_free(set);
    sct_jwt_keys_free(keys);
}

static void assert_keys_refused(const char *text, const char *words)
{
    struct sct_report report = {.message = ""};
    sct_jwt_keys *keys;
    assert_int_equal(sct_jwt_keys_create(&keys, text, &report), SCT_ERR_ARGUMENT);
    assert_null(keys);
    if (!strstr(report.message, words))
        print_message("\"%s\" does not say \"%s\"\n", report.message, words);
    assert_non_null(strstr(report.message, words));
}

static void keys_for_something_else_are_passed_over(void **state)
{
    static const char *const fields[] = {",\"use\":\"enc\"", ",\"alg\":\"RS256\""};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char *const set = make_set(fields[i]);
        assert_keys_refused(set, "there is no public key");
        sct_mem_free(set);
    }
    assert_keys_refused("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
                        "there is no public key");
}

static void bad_keys_are_refused(void **state)
{
    EVP_PKEY *const small = EVP_RSA_gen(1024), *const curve = EVP_EC_gen("P-384");
    char *const small_pem = make_pem(small), *const curve_pem = make_pem(curve);
    (void)state;
    assert_keys_refused(small_pem, "2048");
    assert_keys_refused(curve_pem, "P-256");
    assert_keys_refused("", "there is no public key");
    assert_keys_refused("{", "no set of keys");
    assert_keys_refused("{\"keys\":7}", "no list");
    assert_keys_refused(
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}",
        "\"x\" of a key");
    /* Not on the curve. */
    assert_keys_refused("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}]}",
                        "");
    assert_keys_refused("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n",
                        "something else than PUBLIC KEY");
    assert_keys_refused("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n",
                        "is no public key");
    assert_keys_refused("-----BEGIN PUBLIC KEY-----\n???\n-----END PUBLIC KEY-----\n",
                        "is not base64");
    free(small_pem);
    free(curve_pem);
    EVP_PKEY_free(small);
    EVP_PKEY_free(curve);
}

/* ---- hostile tokens ----------------------------------------------------------------- */

static void tokens_without_a_signature_are_refused(void **state)
{
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    struct sct_buffer token = {0};
    (void)state;
    sct_buffer_text(&token, "eyJhbGciOiJub25lIn0."); /* {"alg":"none"} */
    add_base64url(&token, good_claims, strlen(good_claims));
    sct_buffer_text(&token, ".");
    assert_refused(keys, token.data, "alg");
    token.data[strcspn(token.data, ".")] = '_';
    assert_refused(keys, token.data, "three parts");
    sct_buffer_free(&token);
    sct_jwt_keys_free(keys);
}

/* The classic: HMAC, with the public key as the secret that everybody knows. */
static void the_public_key_is_no_secret(void **state)
{
    char *const pem = make_pem(signer[RSA_SIGNER].key);
    sct_jwt_keys *const keys = keys_of(RSA_SIGNER);
    struct sct_buffer token = {0};
    unsigned char mac[32];
    unsigned n;
    (void)state;
    sct_buffer_text(&token, "eyJhbGciOiJIUzI1NiJ9."); /* {"alg":"HS256"} */
    add_base64url(&token, good_claims, strlen(good_claims));
    HMAC(EVP_sha256(), pem, (int)strlen(pem), (unsigned char *)token.data, token.n_bytes,
         mac, &n);
    sct_buffer_text(&token, ".");
    add_base64url(&token, mac, n);
    assert_refused(keys, token.data, "alg");
    sct_buffer_free(&token);
    sct_jwt_keys_free(keys);
    free(pem);
}

static void headers_are_taken_at_their_word_only(void **state)
{
    (void)state;
    assert_header_refused("{}", "alg");
    assert_header_refused("{\"alg\":\"eddsa\"}", "alg");
    assert_header_refused("{\"alg\":\"None\"}", "alg");
    assert_header_refused("{\"alg\":[\"EdDSA\"]}", "alg");
    assert_header_refused("{\"alg\":\"PS256\"}", "alg");
    assert_header_refused("{\"alg\":\"ES256\"}", "not by any of the keys");
    assert_header_refused("{\"alg\":\"RS256\"}", "not by any of the keys");
    assert_header_refused("{\"alg\":\"RS256\",\"alg\":\"EdDSA\"}", "header");
    assert_header_refused("{\"alg\":\"EdDSA\",\"crit\":[\"exp\"]}", "crit");
    assert_header_refused("{\"alg\":\"EdDSA\",\"kid\":7}", "kid");
    assert_header_refused("[\"EdDSA\"]", "header");
    assert_header_refused("", "header");
}

static void damaged_tokens_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIGNERS; i++) {
        sct_jwt_keys *const keys = keys_of(i);
        char *const token = make_token(i, NULL, good_claims);
        struct sct_jwt_claims claims;
        struct sct_report report;
        const size_t n = strlen(token);
        for (size_t k = 0; k < n; k++)
        { /* another byte; the last one may leave bits over */
            const char was = token[k];
            token[k] = was == 'A' ? 'B' : 'A';
            assert_int_equal(verify_at(keys, token, NOW_S, &claims, &report),
                             SCT_ERR_DENIED);
            token[k] = '=';
            assert_int_equal(verify_at(keys, token, NOW_S, &claims, &report),
                             SCT_ERR_DENIED);
            token[k] = was;
        }
        for (size_t k = 0; k < n; k++) { /* cut off */
            const char was = token[k];
            token[k] = '\0';
            assert_int_equal(verify_at(keys, token, NOW_S, &claims, &report),
                             SCT_ERR_DENIED);
            token[k] = was;
        }
        assert_accepted(keys, token);
        sct_mem_free(token);
        sct_jwt_keys_free(keys);
    }
}

static void tokens_with_more_parts_or_padding_are_refused(void **state)
{
    static const char *const ends[] = {".", ".e30", "=", "==", " ", "\n", "A"};
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *const token = make_token(ED_SIGNER, NULL, good_claims);
        struct sct_buffer longer = {0};
        sct_buffer_format(&longer, "%s%s", token, ends[i]);
        assert_refused(keys, longer.data, "");
        sct_buffer_free(&longer);
        sct_mem_free(token);
    }
    sct_jwt_keys_free(keys);
}

static void huge_tokens_are_refused_unread(void **state)
{
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    char *const token = malloc(20 << 20);
    (void)state;
    assert_non_null(token);
    memset(token, 'A', 20 << 20);
    token[100] = token[200] = '.';
    token[(20 << 20) - 1] = '\0';
    assert_refused(keys, token, "too long");
    free(token);
    sct_jwt_keys_free(keys);
}

static void nested_headers_do_no_harm(void **state)
{
    char *const deep = malloc(5001);
    (void)state;
    assert_non_null(deep);
    memset(deep, '[', 5000);
    deep[5000] = '\0';
    assert_header_refused(deep, "header");
    free(deep);
}

/* ---- claims ------------------------------------------------------------------------- */

static void claims_have_to_be_right(void **state)
{
    (void)state;
    assert_claims_refused("{\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":1700000060}",
                          "iss");
    assert_claims_refused(
        "{\"iss\":\"Issuer\",\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":1700000060}",
        "iss");
    assert_claims_refused(
        "{\"iss\":[\"issuer\"],\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":1700000060}",
        "iss");
    assert_claims_refused("{\"iss\":\"issuer\",\"sub\":\"a\",\"exp\":1700000060}", "aud");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":\"upload\",\"sub\":\"a\",\"exp\":1700000060}",
        "aud");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":[\"b\"],\"sub\":\"a\",\"exp\":1700000060}", "aud");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":[\"uploads\",7],\"sub\":\"a\",\"exp\":1700000060}",
        "aud");
    assert_claims_refused("{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"a\"}",
                          "exp");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":\"1700000060\"}",
        "exp");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":1e999}",
        "payload");
    assert_claims_refused("{\"iss\":\"issuer\",\"aud\":\"uploads\",\"exp\":1700000060}",
                          "sub");
    assert_claims_refused(
        "{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"\",\"exp\":1700000060}",
        "sub");
    assert_claims_refused("{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"a\\u0000b\","
                          "\"exp\":1700000060}",
                          "payload");
    assert_claims_refused("{\"iss\":\"issuer\",\"aud\":\"uploads\",\"sub\":\"a\",\"exp\":"
                          "1,\"exp\":1700000060}",
                          "payload");
    assert_claims_refused("[]", "payload");
    assert_claims_refused("", "payload");
    assert_claims_refused("{\"iss\":\"issuer\"", "payload");
}

static void the_audience_may_be_among_others(void **state)
{
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    char *const token = make_token(ED_SIGNER, NULL,
                                   "{\"iss\":\"issuer\",\"aud\":[\"a\",\"uploads\"],"
                                   "\"sub\":\"alice\",\"exp\":1700000060.5}");
    (void)state;
    assert_accepted(keys, token);
    sct_mem_free(token);
    sct_jwt_keys_free(keys);
}

static void tokens_have_their_time_give_or_take_the_leeway(void **state)
{
    static const struct {
        int64_t now_s;
        int status;
    } cases[] = {{1699999959, SCT_ERR_DENIED}, {1699999960, SCT_OK},
                 {1700000089, SCT_OK},         {1700000090, SCT_ERR_DENIED},
                 {0, SCT_ERR_DENIED},          {INT64_MAX, SCT_ERR_DENIED}};
    sct_jwt_keys *const keys = keys_of(ED_SIGNER);
    char *const token = make_token(ED_SIGNER, NULL, good_claims);
    struct sct_jwt_claims claims;
    struct sct_report report;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(verify_at(keys, token, cases[i].now_s, &claims, &report),
                         cases[i].status);
    sct_mem_free(token);
    sct_jwt_keys_free(keys);
}

/* ---- memory ------------------------------------------------------------------------- */

static void without_memory_nobody_is_let_in(void **state)
{
    for (int i = 0; i < N_SIGNERS; i++) {
        sct_jwt_keys *const keys = keys_of(i);
        char *const token = make_token(i, NULL, good_claims);
        struct sct_jwt_claims claims;
        struct sct_report report;
        int status = SCT_ERR_DENIED;
        for (failing_allocation = 0; status != SCT_OK; failing_allocation++) {
            n_allocations = 0;
            status = verify_at(keys, token, NOW_S, &claims, &report);
            assert_int_equal(status, n_allocations > failing_allocation ? SCT_ERR_DENIED
                                                                        : SCT_OK);
        }
        failing_allocation = -1;
        sct_mem_free(token);
        sct_jwt_keys_free(keys);
    }
    (void)state;
}

static void without_memory_there_are_no_keys(void **state)
{
    char *const set = make_set(",\"kid\":\"one\"");
    char *const pem = make_pem(signer[RSA_SIGNER].key);
    const char *const texts[] = {set, pem};
    (void)state;
    for (int i = 0; i < 2; i++) {
        int status = SCT_ERR_MEMORY;
        for (failing_allocation = 0; status != SCT_OK; failing_allocation++) {
            sct_jwt_keys *keys;
            n_allocations = 0;
            status = sct_jwt_keys_create(&keys, texts[i], NULL);
            assert_int_equal(status, n_allocations > failing_allocation ? SCT_ERR_MEMORY
                                                                        : SCT_OK);
            sct_jwt_keys_free(keys);
        }
        failing_allocation = -1;
    }
    sct_mem_free(set);
    free(pem);
}

/* ---- base64, keys of uploads -------------------------------------------------------- */

static void assert_decoded(enum sct_base64 alphabet, const char *text,
                           const char *expected)
{
    struct sct_buffer out = {0};
    const int status = sct_base64_decode(&out, alphabet, text, strlen(text));
    assert_int_equal(status, expected ? SCT_OK : SCT_ERR_CORRUPT);
    if (expected)
        assert_string_equal(out.data ? out.data : "", expected);
    sct_buffer_free(&out);
}

static void base64_has_one_text_for_each_value(void **state)
{
    (void)state;
    assert_decoded(SCT_BASE64_PLAIN, "", "");
    assert_decoded(SCT_BASE64_PLAIN, "Zg==", "f");
    assert_decoded(SCT_BASE64_PLAIN, "Zm9vYg==", "foob");
    assert_decoded(SCT_BASE64_URL, "Zm9vYmE", "fooba");
    assert_decoded(SCT_BASE64_URL, "Pz8_", "???");
    assert_decoded(SCT_BASE64_PLAIN, "Pz8/", "???");
    static const char *const bad[] = {
        "Zg", "Zg=", "Zh==", "Z===", "====", "Zm9v\n", "Pz8_", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_decoded(SCT_BASE64_PLAIN, bad[i], NULL);
    static const char *const bad_url[] = {"Z", "Zh", "Zg==", "Pz8/", "Zm9v ", "Zm9vZ"};
    for (size_t i = 0; i < sizeof bad_url / sizeof *bad_url; i++)
        assert_decoded(SCT_BASE64_URL, bad_url[i], NULL);
}

static void base64_comes_back(void **state)
{
    unsigned char bytes[256];
    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)(i * 167);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct sct_buffer text = {0}, out = {0};
        sct_base64_encode(&text, bytes, n);
        assert_int_equal(text.n_bytes, (n + 2) / 3 * 4);
        assert_int_equal(sct_base64_decode(&out, SCT_BASE64_PLAIN,
                                           text.data ? text.data : "", text.n_bytes),
                         SCT_OK);
        assert_int_equal(out.n_bytes, n);
        if (n > 0)
            assert_memory_equal(out.data, bytes, n);
        sct_buffer_free(&text);
        sct_buffer_free(&out);
    }
}

static void upload_keys_cannot_be_chosen(void **state)
{
    static const struct {
        const char *subject, *type, *folder, *ending;
    } cases[] = {
        {"alice", "image/jpeg", "alice/", ".jpg"},
        {"Bob_2-x", "image/png", "Bob_2-x/", ".png"},
        {"../../etc", "image/webp", "~", ".webp"},
        {"a@example.org", "image/svg+xml", "~", ".svgxml"},
        {"", "image/+", "~e3b0c44298fc1c149afbf4c8996fb924/", ".bin"},
        {"~e3b0c44298fc1c149afbf4c8996fb924", "image/x-very-long-name", "~", ".xverylon"},
    };
    char key[SCT_UPLOAD_KEY_BYTES], again[SCT_UPLOAD_KEY_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const folder = cases[i].folder, *const ending = cases[i].ending;
        assert_int_equal(sct_upload_key_make(key, cases[i].subject, cases[i].type),
                         SCT_OK);
        assert_int_equal(sct_upload_key_make(again, cases[i].subject, cases[i].type),
                         SCT_OK);
        assert_int_equal(strncmp(key, folder, strlen(folder)), 0);
        assert_string_equal(key + strlen(key) - strlen(ending), ending);
        assert_int_equal(strlen(strchr(key, '/')), 1 + 32 + strlen(ending));
        assert_string_not_equal(key, again);
        assert_null(strstr(key, ".."));
    }
    assert_string_not_equal(strndupa(key, 33), "~e3b0c44298fc1c149afbf4c8996fb924");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_7515_rs256_is_right),
        cmocka_unit_test(rfc_7515_es256_is_right),
        cmocka_unit_test(rfc_8037_eddsa_is_right),
        cmocka_unit_test(tokens_of_all_kinds_are_accepted),
        cmocka_unit_test(signatures_of_es256_with_short_numbers_are_read),
        cmocka_unit_test(keys_of_others_do_not_count),
        cmocka_unit_test(several_keys_may_be_in_one_pem),
        cmocka_unit_test(the_id_of_a_key_chooses_among_keys),
        cmocka_unit_test(keys_for_something_else_are_passed_over),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(tokens_without_a_signature_are_refused),
        cmocka_unit_test(the_public_key_is_no_secret),
        cmocka_unit_test(headers_are_taken_at_their_word_only),
        cmocka_unit_test(damaged_tokens_are_refused),
        cmocka_unit_test(tokens_with_more_parts_or_padding_are_refused),
        cmocka_unit_test(huge_tokens_are_refused_unread),
        cmocka_unit_test(nested_headers_do_no_harm),
        cmocka_unit_test(claims_have_to_be_right),
        cmocka_unit_test(the_audience_may_be_among_others),
        cmocka_unit_test(tokens_have_their_time_give_or_take_the_leeway),
        cmocka_unit_test(without_memory_nobody_is_let_in),
        cmocka_unit_test(without_memory_there_are_no_keys),
        cmocka_unit_test(base64_has_one_text_for_each_value),
        cmocka_unit_test(base64_comes_back),
        cmocka_unit_test(upload_keys_cannot_be_chosen),
    };
    return cmocka_run_group_tests(tests, make_signers, free_signers);
}
