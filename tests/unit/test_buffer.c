/* Buffers: texts that are percent-encoded, and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"
#include "mem.h"
#include "status.h"

static void what_is_encoded_is_decoded(void **state)
{
    char text[256];
    (void)state;
    for (int i = 0; i < 255; i++)
        text[i] = (char)(i + 1);
    text[255] = '\0';
    for (int is_form = 0; is_form < 2; is_form++) {
        struct sct_buffer encoded = {0}, decoded = {0};
        sct_buffer_encode(&encoded, text, 1 - is_form);
        assert_null(strpbrk(encoded.data, " +\x80"));
        assert_int_equal(sct_buffer_decode(&decoded, encoded.data, is_form), SCT_OK);
        assert_string_equal(decoded.data, text);
        sct_buffer_free(&encoded);
        sct_buffer_free(&decoded);
    }
}

static void escapes_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        int plus_is_space, status;
        const char *decoded;
    } cases[] = {
        {"", 0, SCT_OK, ""},
        {"a%2fB%2F", 0, SCT_OK, "a/B/"},
        {"a+b%2B", 0, SCT_OK, "a+b+"},
        {"a+b%2B", 1, SCT_OK, "a b+"},
        {"100%25", 1, SCT_OK, "100%"},
        {"a%", 0, SCT_ERR_CORRUPT, "a"},
        {"a%2", 0, SCT_ERR_CORRUPT, "a"},
        {"a%2g", 0, SCT_ERR_CORRUPT, "a"},
        {"a%G2", 0, SCT_ERR_CORRUPT, "a"},
        {"a% 2", 1, SCT_ERR_CORRUPT, "a"},
        {"a%+2", 1, SCT_ERR_CORRUPT, "a"},
        {"a%00b", 0, SCT_ERR_ARGUMENT, "a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sct_buffer b = {0};
        assert_int_equal(sct_buffer_decode(&b, cases[i].text, cases[i].plus_is_space),
                         cases[i].status);
        char *const text = sct_buffer_take(&b);
        assert_string_equal(text, cases[i].decoded);
        sct_mem_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded),
        cmocka_unit_test(escapes_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
