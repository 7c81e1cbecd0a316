/* Signatures: the five examples of the Amazon S3 API reference ("Authenticating Requests"),
 * and what those do not show. sigv4_test.py compares with botocore. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "sigv4.h"
#include "status.h"

static const struct sct_aws_keys example_keys = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

static struct sct_sigv4_request example_request(const char *method, const char *path)
{
    static char hash_of_nothing[SCT_SHA256_HEX_BYTES];
    sct_sha256_hex(hash_of_nothing, "", 0);
    const struct sct_sigv4_request r = {
        .method = method,
        .host = "examplebucket.s3.amazonaws.com",
        .path = path,
        .payload_hash = hash_of_nothing,
        .region = "us-east-1",
        .service = "s3",
        .time_s = 1369353600, /* 20130524T000000Z */
    };
    return r;
}

/* The request is signed as the documentation says, and `target` is what is requested. */
static void assert_signature(const struct sct_sigv4_request *r, const char *target,
                             const char *names, const char *signature)
{
    struct sct_signed s;
    char expected[512];
    assert_int_equal(sct_sigv4_sign(&s, r, &example_keys), SCT_OK);
    snprintf(expected, sizeof expected,
             "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
             "aws4_request,SignedHeaders=%s,Signature=%s",
             names, signature);
    assert_string_equal(s.target, target);
    assert_string_equal(s.authorization, expected);
    assert_string_equal(s.date, "20130524T000000Z");
    sct_signed_free(&s);
}

static void get_with_a_range_signs_as_published(void **state)
{
    const struct sct_pair range = {"Range", "bytes=0-9"};
    struct sct_sigv4_request r = example_request("GET", "/test.txt");
    (void)state;
    r.header = &range;
    r.n_headers = 1;
    assert_signature(&r, "/test.txt", "host;range;x-amz-content-sha256;x-amz-date",
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void put_signs_as_published(void **state)
{
    static const char body[] = "Welcome to Amazon S3.";
    const struct sct_pair headers[] = {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                       {"Date", "Fri, 24 May 2013 00:00:00 GMT"}};
    struct sct_sigv4_request r = example_request("PUT", "/test$file.text");
    char hash[SCT_SHA256_HEX_BYTES];
    (void)state;
    sct_sha256_hex(hash, body, sizeof body - 1);
    r.payload_hash = hash;
    r.header = headers;
    r.n_headers = 2;
    assert_signature(&r, "/test%24file.text",
                     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void a_parameter_without_value_signs_as_published(void **state)
{
    const struct sct_pair query = {"lifecycle", ""};
    struct sct_sigv4_request r = example_request("GET", "/");
    (void)state;
    r.query = &query;
    r.n_query = 1;
    assert_signature(&r, "/?lifecycle=", "host;x-amz-content-sha256;x-amz-date",
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void parameters_sign_as_published_in_any_order(void **state)
{
    const struct sct_pair query[] = {{"prefix", "J"}, {"max-keys", "2"}};
    struct sct_sigv4_request r = example_request("GET", "/");
    (void)state;
    r.query = query;
    r.n_query = 2;
    assert_signature(&r, "/?max-keys=2&prefix=J", "host;x-amz-content-sha256;x-amz-date",
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void a_presigned_url_is_as_published(void **state)
{
    const struct sct_sigv4_request r = example_request("GET", "/test.txt");
    char *url;
    (void)state;
    assert_int_equal(sct_sigv4_presign(&url, &r, &example_keys, "https", 86400), SCT_OK);
    assert_string_equal(
        url,
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_"
        "request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    sct_mem_free(url);
}

static void parameters_are_sorted_by_name_before_value(void **state)
{
    /* As whole texts "a-b=1" would come before "a=2", because '-' is less than '='. */
    const struct sct_pair query[] = {{"a-b", "1"}, {"a", "2"}, {"a", "10"}};
    struct sct_sigv4_request r = example_request("GET", "/");
    struct sct_signed s;
    (void)state;
    r.query = query;
    r.n_query = 3;
    assert_int_equal(sct_sigv4_sign(&s, &r, &example_keys), SCT_OK);
    assert_string_equal(s.target, "/?a=10&a=2&a-b=1");
    sct_signed_free(&s);
}

static void urls_live_between_a_second_and_a_week(void **state)
{
    const struct sct_sigv4_request r = example_request("GET", "/test.txt");
    char *url;
    (void)state;
    assert_int_equal(sct_sigv4_presign(&url, &r, &example_keys, "https", 0),
                     SCT_ERR_ARGUMENT);
    assert_int_equal(
        sct_sigv4_presign(&url, &r, &example_keys, "https", SCT_SIGV4_MAX_EXPIRES_S + 1),
        SCT_ERR_ARGUMENT);
    assert_null(url);
}

static void more_pairs_than_fit_are_refused(void **state)
{
    struct sct_pair query[SCT_SIGV4_MAX_PAIRS + 1];
    struct sct_sigv4_request r = example_request("GET", "/");
    struct sct_signed s;
    (void)state;
    for (int i = 0; i <= SCT_SIGV4_MAX_PAIRS; i++) {
        query[i].name = "n";
        query[i].value = "v";
    }
    r.query = query;
    r.n_query = SCT_SIGV4_MAX_PAIRS + 1;
    assert_int_equal(sct_sigv4_sign(&s, &r, &example_keys), SCT_ERR_ARGUMENT);
    sct_signed_free(&s);
}

static int allocations_left = -1; /* below 0: any number */

void *__real_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return __real_sct_mem_alloc(size_bytes);
}

static void every_allocation_may_fail(void **state)
{
    const struct sct_pair query[] = {{"prefix", "J"}, {"max-keys", "2"}};
    struct sct_sigv4_request r = example_request("GET", "/test.txt");
    int status = SCT_ERR_MEMORY, n = 0;
    (void)state;
    r.query = query;
    r.n_query = 2;
    for (; status != SCT_OK && n < 1000; n++) {
        struct sct_signed s;
        allocations_left = n;
        status = sct_sigv4_sign(&s, &r, &example_keys);
        allocations_left = -1;
        assert_true(status == SCT_OK || status == SCT_ERR_MEMORY);
        sct_signed_free(&s);
    }
    assert_int_equal(status, SCT_OK);
    assert_true(n > 10);
    status = SCT_ERR_MEMORY;
    for (n = 0; status != SCT_OK && n < 1000; n++) {
        char *url;
        allocations_left = n;
        status = sct_sigv4_presign(&url, &r, &example_keys, "https", 60);
        allocations_left = -1;
        assert_true(status == SCT_OK ? url != NULL : status == SCT_ERR_MEMORY && !url);
        sct_mem_free(url);
    }
    assert_int_equal(status, SCT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_with_a_range_signs_as_published),
        cmocka_unit_test(put_signs_as_published),
        cmocka_unit_test(a_parameter_without_value_signs_as_published),
        cmocka_unit_test(parameters_sign_as_published_in_any_order),
        cmocka_unit_test(a_presigned_url_is_as_published),
        cmocka_unit_test(parameters_are_sorted_by_name_before_value),
        cmocka_unit_test(urls_live_between_a_second_and_a_week),
        cmocka_unit_test(more_pairs_than_fit_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
