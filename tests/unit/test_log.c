/* Lines of a log: whatever the texts hold, a line is a line and JSON is JSON. */
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

#include "log.h"

static const char odd[] = "a \"b\"\n\x1b[31m \xff \xc3\xa4";

static const char time_form[] = "2024-05-14T09:11:02.417Z";

/* What `log` says of one event, for free. */
static char *say(struct sct_log log, enum sct_log_level level,
                 const struct sct_log_field *field, int n_fields)
{
    char *text = NULL;
    size_t n;
    log.out = open_memstream(&text, &n);
    assert_non_null(log.out);
    sct_log_event(&log, level, "event", field, n_fields);
    fclose(log.out);
    return text;
}

static void text_is_one_line_that_can_be_taken_apart(void **state)
{
    const struct sct_log log = {.request_id = "id 1"};
    const struct sct_log_field fields[] = {
        sct_log_text("key", "a.jpg"), sct_log_text("odd", odd), sct_log_text("none", ""),
        sct_log_number("n", 12345678901.0), sct_log_number("ms", 0.25)};
    char *const line = say(log, SCT_LOG_WARN, fields, 5);
    (void)state;
    assert_string_equal(line + strlen(time_form),
                        " WARN event request_id=\"id 1\" key=a.jpg "
                        "odd=\"a \\\"b\\\"\\n\\x1b[31m \\xff \xc3\xa4\" none=\"\" "
                        "n=12345678901 ms=0.25\n");
    free(line);
}

static void json_is_json(void **state)
{
    const struct sct_log log = {.is_json = 1, .request_id = "id"};
    const struct sct_log_field fields[] = {
        sct_log_text("odd", odd), sct_log_number("n", -3), sct_log_number("ms", 0.25)};
    char *const line = say(log, SCT_LOG_ERROR, fields, 3);
    json_t *const json = json_loads(line, 0, NULL);
    const char *time, *level, *event, *id, *text;
    double ms;
    json_int_t n;
    (void)state;
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_int_equal(json_unpack(json, "{s:s, s:s, s:s, s:s, s:s, s:I, s:f}", "timestamp",
                                 &time, "level", &level, "event", &event, "requestId",
                                 &id, "odd", &text, "n", &n, "ms", &ms),
                     0);
    assert_int_equal(strlen(time), strlen(time_form));
    assert_string_equal(level, "ERROR");
    assert_string_equal(event, "event");
    assert_string_equal(id, "id");
    assert_string_equal(text, "a \"b\"\n\x1b[31m \xef\xbf\xbd \xc3\xa4");
    assert_int_equal(n, -3);
    assert_true(ms == 0.25);
    json_decref(json);
    free(line);
}

static void levels_below_are_not_said(void **state)
{
    (void)state;
    for (int level = SCT_LOG_TRACE; level <= SCT_LOG_FATAL; level++) {
        const struct sct_log log = {.level = SCT_LOG_WARN};
        char *const line = say(log, (enum sct_log_level)level, NULL, 0);
        assert_int_equal(line[0] != '\0', level >= SCT_LOG_WARN);
        free(line);
    }
    const struct sct_log silent = {.out = NULL};
    assert_false(sct_log_says(&silent, SCT_LOG_FATAL));
    sct_log_event(&silent, SCT_LOG_FATAL, "event", NULL, 0);
}

static void the_environment_chooses(void **state)
{
    static const struct {
        const char *format, *level;
        int is_json;
        enum sct_log_level expected;
    } cases[] = {{"JSON", "DEBUG", 1, SCT_LOG_DEBUG},
                 {"json", "fatal", 1, SCT_LOG_FATAL},
                 {"Text", "WARNING", 0, SCT_LOG_INFO},
                 {"", "", 0, SCT_LOG_INFO}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("AWS_LAMBDA_LOG_FORMAT", cases[i].format, 1);
        setenv("AWS_LAMBDA_LOG_LEVEL", cases[i].level, 1);
        const struct sct_log log = sct_log_from_environment(stdout);
        assert_int_equal(log.is_json, cases[i].is_json);
        assert_int_equal(log.level, cases[i].expected);
    }
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    unsetenv("AWS_LAMBDA_LOG_LEVEL");
    assert_int_equal(sct_log_from_environment(stdout).level, SCT_LOG_INFO);
}

static void messages_that_are_too_long_are_cut(void **state)
{
    const struct sct_log log = {.is_json = 1};
    char *const text = calloc(1, 5001);
    char *line = NULL;
    size_t n;
    struct sct_log to = log;
    (void)state;
    assert_non_null(text);
    memset(text, 'x', 5000);
    to.out = open_memstream(&line, &n);
    sct_log_message(&to, SCT_LOG_INFO, "event", "%s", text);
    fclose(to.out);
    assert_true(n > 1000 && n < 2000);
    assert_int_equal(line[n - 1], '\n');
    free(line);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_one_line_that_can_be_taken_apart),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(levels_below_are_not_said),
        cmocka_unit_test(the_environment_chooses),
        cmocka_unit_test(messages_that_are_too_long_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
