/* Failures: every shape in which they reach a failure queue, as AWS writes them and as we do. */
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

#include "failure.h"
#include "mem.h"

/* ---- memory that runs out ---------------------------------------------------------- */

void *__real_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes);

static int n_allocs_left = -1; /* -1: as many as wanted */

void *__wrap_sct_mem_alloc(size_t size_bytes)
{
    if (n_allocs_left == 0)
        return NULL;
    if (n_allocs_left > 0)
        n_allocs_left--;
    return __real_sct_mem_alloc(size_bytes);
}

/* ---- failures as they are sent ----------------------------------------------------- */

#define S3_RECORD(key)                                                                   \
    "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-west-1\","  \
    "\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{\"name\":\"uploads\"},"     \
    "\"object\":{\"key\":\"" key "\",\"size\":5,\"eTag\":\"e7\",\"sequencer\":\"0A\"}}}"
#define S3_EVENT "{\"Records\":[" S3_RECORD("a+b.jpg") "]}"

#define DESTINATION(response)                                                            \
    "{\"version\":\"1.0\",\"timestamp\":\"2019-11-14T18:16:05.568Z\","                   \
    "\"requestContext\":"                                                                \
    "{\"requestId\":\"e4b46cbf\",\"functionArn\":\"arn:aws:lambda:x\","                  \
    "\"condition\":\"RetriesExhausted\",\"approximateInvokeCount\":3},"                  \
    "\"requestPayload\":" S3_EVENT ",\"responseContext\":{\"statusCode\":200,"           \
    "\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"},"                  \
    "\"responsePayload\":" response "}"

static const char dead_letter_attributes[] =
    "{\"RequestID\":{\"stringValue\":\"3b4ac5dc\",\"dataType\":\"String\"},"
    "\"ErrorCode\":{\"stringValue\":\"200\",\"dataType\":\"Number\"},"
    "\"ErrorMessage\":{\"stringValue\":\"corrupt: row 3 is wrong\",\"dataType\":"
    "\"String\"}}";

static char *quote(const char *text)
{
    json_t *const string = json_string(text);
    char *const quoted = json_dumps(string, JSON_ENCODE_ANY);
    json_decref(string);
    assert_non_null(quoted);
    return quoted;
}

/* A message of SQS as Lambda is given it; the caller frees it. */
static char *deliver(const char *body, const char *attributes)
{
    char *const quoted = quote(body), *all = NULL;
    assert_true(asprintf(&all,
                         "{\"Records\":[{\"messageId\":\"m-1\",\"receiptHandle\":\"r-1\","
                         "\"body\":%s,\"attributes\":{\"ApproximateReceiveCount\":\"4\","
                         "\"SentTimestamp\":\"1715677862417\"},\"messageAttributes\":%s,"
                         "\"eventSource\":\"aws:sqs\"}]}",
                         quoted, attributes) > 0);
    free(quoted);
    return all;
}

static void parse(struct sct_failure_list *list, const char *text)
{
    assert_int_equal(sct_failure_parse(list, text, strlen(text)), SCT_OK);
}

static void parse_delivered(struct sct_failure_list *list, const char *body,
                            const char *attributes)
{
    char *const text = deliver(body, attributes);
    parse(list, text);
    free(text);
    assert_int_equal(list->n_messages, 1);
    assert_string_equal(list->message[0].id, "m-1");
    assert_string_equal(list->message[0].receipt, "r-1");
}

static void check_object(const struct sct_failure *f)
{
    assert_int_equal(f->record.status, SCT_OK);
    assert_string_equal(f->record.store, "s3://uploads");
    assert_string_equal(f->record.key, "a b.jpg");
    assert_string_equal(f->record.etag, "e7");
    assert_string_equal(f->record.sequencer, "0A");
    assert_int_equal(f->record.size, 5);
}

static void check_words(const struct sct_failure *f, const char *verdict,
                        const char *message, const char *request_id)
{
    assert_string_equal(f->verdict, verdict);
    assert_string_equal(f->message, message);
    assert_string_equal(f->request_id, request_id);
}

/* ---- shapes ------------------------------------------------------------------------ */

static void a_redriven_message_is_exhausted(void **state)
{
    struct sct_failure_list list;
    (void)state;
    parse_delivered(&list, S3_EVENT, "{}");
    assert_int_equal(list.n_failures, 1);
    check_object(&list.failure[0]);
    check_words(&list.failure[0], "exhausted", "", "m-1");
    assert_int_equal(list.failure[0].shape, SCT_FAILURE_REDRIVE);
    assert_int_equal(list.failure[0].n_tries, 4);
    assert_int_equal(list.failure[0].record.message, 0);
    assert_false(list.failure[0].is_permanent);
    assert_string_equal(list.failure[0].time, "2024-05-14T09:11:02.417Z");
    sct_failure_list_free(&list);
}

static void a_dead_letter_has_its_words_in_attributes(void **state)
{
    struct sct_failure_list list;
    (void)state;
    parse_delivered(&list, S3_EVENT, dead_letter_attributes);
    assert_int_equal(list.n_failures, 1);
    check_object(&list.failure[0]);
    check_words(&list.failure[0], "corrupt", "row 3 is wrong", "3b4ac5dc");
    assert_int_equal(list.failure[0].shape, SCT_FAILURE_DEAD_LETTER);
    sct_failure_list_free(&list);
}

static void a_destination_has_all_in_its_envelope(void **state)
{
    static const char envelope[] =
        DESTINATION("{\"errorMessage\":\"2019-11-14T18:16:05Z e4b46cbf Task timed out "
                    "after 3.00 seconds\"}");
    struct sct_failure_list list;
    char *bus = NULL;
    (void)state;
    parse_delivered(&list, envelope, "{}");
    check_object(&list.failure[0]);
    assert_string_equal(list.failure[0].verdict, "timeout");
    assert_string_equal(list.failure[0].request_id, "e4b46cbf");
    assert_string_equal(list.failure[0].time, "2019-11-14T18:16:05.568Z");
    assert_int_equal(list.failure[0].n_tries, 3);
    sct_failure_list_free(&list);

    parse(&list, envelope); /* another Lambda as the destination */
    assert_int_equal(list.n_failures, 1);
    check_object(&list.failure[0]);
    assert_int_equal(list.failure[0].record.message, -1);
    sct_failure_list_free(&list);

    assert_true(
        asprintf(&bus,
                 "{\"version\":\"0\",\"detail-type\":\"Lambda Function Invocation "
                 "Result - Failure\",\"source\":\"lambda\",\"detail\":%s}",
                 envelope) > 0);
    parse_delivered(&list, bus, "{}");
    free(bus);
    check_object(&list.failure[0]);
    assert_int_equal(list.failure[0].shape, SCT_FAILURE_DESTINATION);
    sct_failure_list_free(&list);
}

static void a_destination_without_an_answer_says_why(void **state)
{
    struct sct_failure_list list;
    (void)state;
    parse_delivered(&list, DESTINATION("null"), "{}");
    check_words(&list.failure[0], "exhausted", "RetriesExhausted", "e4b46cbf");
    sct_failure_list_free(&list);
    parse_delivered(&list,
                    DESTINATION("{\"errorMessage\":\"row 3\",\"errorType\":"
                                "\"Function.NotAnImage\"}"),
                    "{}");
    check_words(&list.failure[0], "not_an_image", "row 3", "e4b46cbf");
    sct_failure_list_free(&list);
}

static void a_topic_is_looked_through(void **state)
{
    struct sct_failure_list list;
    char *const quoted = quote(S3_EVENT), *text = NULL;
    (void)state;
    assert_true(asprintf(&text,
                         "{\"Type\":\"Notification\",\"MessageId\":\"n\",\"Message\":%s,"
                         "\"MessageAttributes\":{\"RequestID\":{\"Type\":\"String\","
                         "\"Value\":\"rq\"},\"ErrorMessage\":{\"Type\":\"String\","
                         "\"Value\":\"io: gone\"}}}",
                         quoted) > 0);
    parse_delivered(&list, text, "{}");
    free(text);
    check_object(&list.failure[0]);
    check_words(&list.failure[0], "io", "gone", "rq");
    sct_failure_list_free(&list);

    assert_true(
        asprintf(&text,
                 "{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{\"MessageId\":"
                 "\"n-1\",\"Message\":%s,\"MessageAttributes\":{\"ErrorMessage\":"
                 "{\"Type\":\"String\",\"Value\":\"odd\"}}}}]}",
                 quoted) > 0);
    parse(&list, text);
    free(text);
    free(quoted);
    check_object(&list.failure[0]);
    check_words(&list.failure[0], "exhausted", "odd", "n-1");
    assert_int_equal(list.n_messages, 0);
    sct_failure_list_free(&list);
}

static void every_record_is_a_failure(void **state)
{
    struct sct_failure_list list;
    (void)state;
    parse_delivered(&list, "{\"Records\":[" S3_RECORD("a") "," S3_RECORD("%ZZ") "]}",
                    "{}");
    assert_int_equal(list.n_failures, 2);
    assert_string_equal(list.failure[0].record.key, "a");
    assert_int_equal(list.failure[1].record.status, SCT_ERR_CORRUPT);
    assert_string_equal(list.failure[1].verdict, "malformed");
    assert_string_equal(list.failure[1].message, list.failure[1].record.problem);
    assert_true(list.failure[1].is_permanent);
    sct_failure_list_free(&list);
}

static void what_is_no_failure_is_one(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"Records\":[{\"body\":7}]}",
                                        "{\"scantling\":\"1\",\"failure\":{}}"};
    struct sct_failure_list list;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        parse(&list, texts[i]);
        assert_int_equal(list.n_failures, 1);
        assert_int_not_equal(list.failure[0].record.status, SCT_OK);
        assert_string_not_equal(list.failure[0].verdict, "");
        sct_failure_list_free(&list);
    }
}

static void a_test_event_is_a_message_without_failures(void **state)
{
    struct sct_failure_list list;
    (void)state;
    parse_delivered(&list, "{\"Event\":\"s3:TestEvent\"}", "{}");
    assert_int_equal(list.n_failures, 0);
    sct_failure_list_free(&list);
}

/* ---- ours -------------------------------------------------------------------------- */

static const struct sct_event_record odd_record = {.message = -1,
                                                   .kind = SCT_EVENT_CREATED,
                                                   .name = "ObjectCreated:Put",
                                                   .store = "s3://uploads",
                                                   .key = "ä/漢 +%41\"\\\n.jpg",
                                                   .version = "v1",
                                                   .etag = "e7",
                                                   .sequencer = "0aFF",
                                                   .region = "eu-west-1",
                                                   .size = 1LL << 40};

static void ours_comes_back_as_it_was_written(void **state)
{
    const struct sct_failure_note note = {.record = &odd_record,
                                          .verdict = "truncated",
                                          .message = "ends \xff early",
                                          .time = "2024-05-14T09:11:02.417Z",
                                          .is_permanent = 1};
    struct sct_failure_list list;
    char *const text = sct_failure_write(&note);
    (void)state;
    assert_non_null(text);
    for (const char *p = text; *p; p++)
        assert_in_range(*p, ' ', '~');
    parse_delivered(&list, text, "{}");
    free(text);
    const struct sct_failure *const f = &list.failure[0];
    assert_int_equal(f->shape, SCT_FAILURE_OURS);
    assert_string_equal(f->record.key, odd_record.key);
    assert_string_equal(f->record.version, "v1");
    assert_string_equal(f->record.sequencer, "0aFF");
    assert_int_equal(f->record.size, odd_record.size);
    check_words(f, "truncated", "ends \xEF\xBF\xBD early", "m-1");
    assert_string_equal(f->time, note.time);
    assert_true(f->is_permanent);
    sct_failure_list_free(&list);
}

static void ours_is_an_event_when_it_is_put_back(void **state)
{
    const struct sct_failure_note note = {.record = &odd_record, .verdict = "io"};
    char *const text = sct_failure_write(&note);
    struct sct_event event;
    (void)state;
    assert_int_equal(sct_event_parse(&event, text, strlen(text)), SCT_OK);
    free(text);
    assert_int_equal(event.n_records, 1);
    assert_int_equal(event.record[0].status, SCT_OK);
    assert_string_equal(event.record[0].key, odd_record.key);
    sct_event_free(&event);
}

static void a_malformed_message_is_kept_in_ours(void **state)
{
    const struct sct_event_record bad = {
        .status = SCT_ERR_CORRUPT, .problem = "the event is no JSON", .size = -1};
    struct sct_failure_note note = {.record = &bad,
                                    .verdict = "malformed",
                                    .message = bad.problem,
                                    .original = "{\"a"};
    struct sct_failure_list list;
    char *text = sct_failure_write(&note);
    (void)state;
    assert_non_null(strstr(text, "\"event\":\"{\\\"a\""));
    parse_delivered(&list, text, "{}");
    free(text);
    assert_int_equal(list.n_failures, 1);
    check_words(&list.failure[0], "malformed", "the event is no JSON", "m-1");
    assert_int_equal(list.failure[0].record.status, SCT_ERR_CORRUPT);
    sct_failure_list_free(&list);

    char *const large = calloc(1, 200001);
    memset(large, 1, 200000);
    note.original = large;
    text = sct_failure_write(&note);
    assert_in_range(strlen(text), 32768, 262144 - 4096);
    free(text);
    free(large);
}

static void memory_that_runs_out_is_told(void **state)
{
    char *const text = deliver("{\"Records\":[" S3_RECORD("a") "," S3_RECORD("b") "]}",
                               dead_letter_attributes);
    int status = SCT_ERR_MEMORY;
    (void)state;
    for (int n = 0; status == SCT_ERR_MEMORY; n++) {
        struct sct_failure_list list;
        n_allocs_left = n;
        status = sct_failure_parse(&list, text, strlen(text));
        n_allocs_left = -1;
        if (status == SCT_OK)
            assert_int_equal(list.n_failures, 2);
        sct_failure_list_free(&list);
    }
    assert_int_equal(status, SCT_OK);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redriven_message_is_exhausted),
        cmocka_unit_test(a_dead_letter_has_its_words_in_attributes),
        cmocka_unit_test(a_destination_has_all_in_its_envelope),
        cmocka_unit_test(a_destination_without_an_answer_says_why),
        cmocka_unit_test(a_topic_is_looked_through),
        cmocka_unit_test(every_record_is_a_failure),
        cmocka_unit_test(what_is_no_failure_is_one),
        cmocka_unit_test(a_test_event_is_a_message_without_failures),
        cmocka_unit_test(ours_comes_back_as_it_was_written),
        cmocka_unit_test(ours_is_an_event_when_it_is_put_back),
        cmocka_unit_test(a_malformed_message_is_kept_in_ours),
        cmocka_unit_test(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
