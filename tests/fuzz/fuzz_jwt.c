/* Any bytes as what strangers send to `presign`: a token, as it is and with every signature taken for
 * right; a set of keys; a request of a function URL. What is accepted is within its limits. */
#include "function_url.h"
#include "fuzz.h"
#include "jwt.h"
#include "text.h"

enum { NOW_S = 1700000000, LEEWAY_S = 30 };

/* The public key of RFC 8037's example, so that its signature is right. */
static const char key_set[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                              "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static int believes_everything;

int __real_sct_jwt_keys_verify(const sct_jwt_keys *keys, enum sct_jwt_algorithm algorithm,
                               const char *id, const void *data, size_t n_bytes,
                               const void *signature, size_t signature_bytes);
int __wrap_sct_jwt_keys_verify(const sct_jwt_keys *keys, enum sct_jwt_algorithm algorithm,
                               const char *id, const void *data, size_t n_bytes,
                               const void *signature, size_t signature_bytes);

int __wrap_sct_jwt_keys_verify(const sct_jwt_keys *keys, enum sct_jwt_algorithm algorithm,
                               const char *id, const void *data, size_t n_bytes,
                               const void *signature, size_t signature_bytes)
{
    const int is_right = __real_sct_jwt_keys_verify(keys, algorithm, id, data, n_bytes,
                                                    signature, signature_bytes);
    return is_right || believes_everything;
}

static int check_token(const sct_jwt_keys *keys, const uint8_t *data, size_t size)
{
    const struct sct_jwt_rules rules = {
        .keys = keys, .issuer = "issuer", .audience = "uploads", .leeway_s = LEEWAY_S};
    struct sct_jwt_claims claims;
    struct sct_report report = {.message = ""};
    const int status =
        sct_jwt_verify(&claims, (const char *)data, size, &rules, NOW_S, &report);
    FUZZ_CHECK(status == SCT_OK || status == SCT_ERR_DENIED, "%d", status);
    if (status != SCT_OK) {
        fuzz_check_failure(status, &report);
        return status;
    }
    FUZZ_CHECK(claims.subject[0] && sct_text_is_utf8(claims.subject), "subject");
    FUZZ_CHECK(claims.expires_s > NOW_S - LEEWAY_S, "%g", claims.expires_s);
    return status;
}

static void check_keys(const char *text)
{
    struct sct_report report = {.message = ""};
    sct_jwt_keys *keys;
    const int status = sct_jwt_keys_create(&keys, text, &report);
    FUZZ_CHECK((status == SCT_OK) == (keys != NULL), "%d", status);
    if (status != SCT_OK)
        fuzz_check_failure(status, &report);
    else
        FUZZ_CHECK(sct_jwt_keys_count(keys) >= 1, "no keys");
    sct_jwt_keys_free(keys);
}

static void check_request(const uint8_t *data, size_t size)
{
    struct sct_url_request r;
    struct sct_report report = {.message = ""};
    const int status = sct_url_request_parse(&r, (const char *)data, size, &report);
    if (status != SCT_OK)
        fuzz_check_failure(status, &report);
    else
        FUZZ_CHECK(r.method[0] && r.path && r.query && r.user, "method");
    FUZZ_CHECK(sct_url_request_header(&r, "authorization") != NULL, "header");
    sct_url_request_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sct_jwt_keys *keys;
    char *const text = malloc(size + 1);
    if (!text || (!keys && sct_jwt_keys_create(&keys, key_set, NULL) != SCT_OK))
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    believes_everything = 0;
    const int is_signed = check_token(keys, data, size) == SCT_OK;
    believes_everything = 1;
    FUZZ_CHECK(!is_signed || check_token(keys, data, size) == SCT_OK,
               "signed, and refused");
    if (!is_signed)
        check_token(keys, data, size);
    check_keys(text);
    check_request(data, size);
    free(text);
    return 0;
}
