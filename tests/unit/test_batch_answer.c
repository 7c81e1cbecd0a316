/* Answers for batches: every message that is left is named, or there is no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "batch_answer.h"

static const struct sct_event_message messages[] = {
    {.id = "m-0"}, {.id = "m-1"}, {.id = "\"\\"}, {.id = "m-3"}};
static const unsigned char is_left[] = {1, 0, 1, 1};
static const char whole[] =
    "{\"batchItemFailures\":[{\"itemIdentifier\":\"m-0\"},"
    "{\"itemIdentifier\":\"\\\"\\\\\"},{\"itemIdentifier\":\"m-3\"}]}";

static int n_allocs_left = -1; /* of jansson; -1: as many as wanted */

static void *alloc_json(size_t n_bytes)
{
    if (n_allocs_left == 0)
        return NULL;
    if (n_allocs_left > 0)
        n_allocs_left--;
    return malloc(n_bytes);
}

static void what_is_left_is_named(void **state)
{
    struct sct_answer answer = {.error_type = ""};
    (void)state;
    assert_int_equal(sct_batch_answer(&answer, messages, 4, is_left), SCT_OK);
    assert_string_equal(answer.body.data, whole);
    sct_buffer_reset(&answer.body);
    assert_int_equal(sct_batch_answer(&answer, messages, 0, is_left), SCT_OK);
    assert_string_equal(answer.body.data, "{\"batchItemFailures\":[]}");
    sct_buffer_free(&answer.body);
}

static void without_memory_there_is_no_answer(void **state)
{
    int status = SCT_ERR_MEMORY, n = 0;
    (void)state;
    json_set_alloc_funcs(alloc_json, free);
    for (; status != SCT_OK && n < 1000; n++) {
        struct sct_answer answer = {.error_type = ""};
        n_allocs_left = n;
        status = sct_batch_answer(&answer, messages, 4, is_left);
        if (status == SCT_OK)
            assert_string_equal(answer.body.data, whole);
        else
            assert_int_equal(status, SCT_ERR_MEMORY);
        sct_buffer_free(&answer.body);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(status, SCT_OK);
    assert_in_range(n, 5, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_named),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
