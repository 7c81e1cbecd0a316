/* Function URLs: requests as Lambda writes them, and answers as it reads them. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "fail_alloc.h"
#include "function_url.h"

static const char request_text[] =
    "{\"version\":\"2.0\",\"rawPath\":\"/a%20b\",\"rawQueryString\":\"c=d&e\","
    "\"headers\":{\"Content-Type\":\"text/plain\",\"x-odd\":7},"
    "\"requestContext\":{\"http\":{\"method\":\"GET\"},\"authorizer\":{\"iam\":{"
    "\"userId\":\"AIDA\"}}},\"body\":\"Zm9vAA==\",\"isBase64Encoded\":true}";

static const char body_is_cut[] =
    "{\"version\":\"2.0\",\"requestContext\":{\"http\":{\"method\":\"GET\"}},"
    "\"body\":\"Zm9\",\"isBase64Encoded\":true}";

static int parse(struct sct_url_request *r, const char *text)
{
    struct sct_report report = {.message = ""};
    return sct_url_request_parse(r, text, strlen(text), &report);
}

static void requests_are_read(void **state)
{
    struct sct_url_request r;
    (void)state;
    assert_int_equal(parse(&r, request_text), SCT_OK);
    assert_string_equal(r.method, "GET");
    assert_string_equal(r.path, "/a%20b");
    assert_string_equal(r.query, "c=d&e");
    assert_string_equal(r.user, "AIDA");
    assert_int_equal(r.body.n_bytes, 4);
    assert_memory_equal(r.body.data, "foo\0", 4);
    assert_string_equal(sct_url_request_header(&r, "content-type"), "text/plain");
    assert_string_equal(sct_url_request_header(&r, "x-odd"), "");
    assert_string_equal(sct_url_request_header(&r, "accept"), "");
    sct_url_request_free(&r);
}

static void requests_of_another_kind_are_not(void **state)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{\"version\":\"1.0\",\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
        "{\"version\":\"2.0\",\"requestContext\":{\"http\":{}}}",
        "{\"version\":\"2.0\",\"requestContext\":[]}",
        body_is_cut};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sct_url_request r;
        assert_int_equal(parse(&r, texts[i]), SCT_ERR_CORRUPT);
        assert_string_equal(sct_url_request_header(&r, "a"), "");
        sct_url_request_free(&r);
    }
}

static void memory_that_runs_out_is_no_request(void **state)
{
    int status = SCT_ERR_MEMORY;
    (void)state;
    for (failing_allocation = 0; status != SCT_OK; failing_allocation++) {
        struct sct_url_request r;
        n_allocations = 0;
        status = parse(&r, request_text);
        assert_int_equal(status,
                         n_allocations > failing_allocation ? SCT_ERR_MEMORY : SCT_OK);
        sct_url_request_free(&r);
    }
    failing_allocation = -1;
}

static void assert_answer(const struct sct_url_answer *answer, const char *expected)
{
    struct sct_buffer out = {0};
    assert_int_equal(sct_url_answer_print(&out, answer), SCT_OK);
    assert_string_equal(out.data, expected);
    sct_buffer_free(&out);
}

static void answers_are_text_or_bytes(void **state)
{
    const struct sct_pair header = {"content-type", "image/png"};
    struct sct_url_answer answer = {.status = 200,
                                    .header = &header,
                                    .n_headers = 1,
                                    .body = "\x89PNG",
                                    .body_bytes = 4};
    struct sct_buffer out = {0};
    (void)state;
    assert_int_equal(sct_url_answer_print(&out, &answer), SCT_ERR_MEMORY);
    sct_buffer_free(&out);
    answer.is_binary = 1;
    assert_answer(&answer,
                  "{\"statusCode\":200,\"headers\":{\"content-type\":\"image/png\"},"
                  "\"body\":\"iVBORw==\",\"isBase64Encoded\":true}");
    const struct sct_url_answer empty = {.status = 204};
    assert_answer(
        &empty,
        "{\"statusCode\":204,\"headers\":{},\"body\":\"\",\"isBase64Encoded\":false}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(requests_of_another_kind_are_not),
        cmocka_unit_test(memory_that_runs_out_is_no_request),
        cmocka_unit_test(answers_are_text_or_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
