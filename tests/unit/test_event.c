/* Events: every shape in which S3's reach us, as AWS and others really write them, and what is said
 * of those that are wrong. */
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

#include "event.h"
#include "event_words.h"
#include "mem.h"
#include "status.h"

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

/* ---- events as they are sent ------------------------------------------------------- */

static const char s3_put[] =
    "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\","
    "\"awsRegion\":\"eu-central-1\",\"eventTime\":\"2024-05-14T09:11:02.417Z\","
    "\"eventName\":\"ObjectCreated:Put\","
    "\"userIdentity\":{\"principalId\":\"AWS:AROAEXAMPLE:uploader\"},"
    "\"requestParameters\":{\"sourceIPAddress\":\"203.0.113.9\"},"
    "\"responseElements\":{\"x-amz-request-id\":\"C3D13FE58DE4C810\","
    "\"x-amz-id-2\":\"FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/"
    "JRWeUWerMUE5JgHvANOjpD\"},"
    "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"pictures\","
    "\"bucket\":{\"name\":\"my-uploads\",\"ownerIdentity\":{\"principalId\":"
    "\"A3NL1KOZZKExample\"},"
    "\"arn\":\"arn:aws:s3:::my-uploads\"},"
    "\"object\":{\"key\":\"summer+2024/caf%C3%A9%2B1%252.jpg\",\"size\":2914820,"
    "\"eTag\":\"d41d8cd98f00b204e9800998ecf8427e\","
    "\"versionId\":\"096fKKXTRTtl3on89fVO.nfljtsv6qko\","
    "\"sequencer\":\"0055AED6DCD90281E5\"}}}]}";

static const char s3_removed[] =
    "{\"Records\":[{\"eventVersion\":\"2.3\",\"eventSource\":\"aws:s3\","
    "\"awsRegion\":\"us-east-1\",\"eventTime\":\"2024-05-14T09:12:00.000Z\","
    "\"eventName\":\"ObjectRemoved:DeleteMarkerCreated\","
    "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"bucket\":{\"name\":\"b\"},"
    "\"object\":{\"key\":\"a.jpg\",\"eTag\":\"\",\"versionId\":null}}}]}";

static const char bus_created[] =
    "{\"version\":\"0\",\"id\":\"17793124-05d4-b198-2fde-7ededc63b103\","
    "\"detail-type\":\"Object "
    "Created\",\"source\":\"aws.s3\",\"account\":\"111122223333\","
    "\"time\":\"2021-11-12T00:00:00Z\",\"region\":\"ca-central-1\","
    "\"resources\":[\"arn:aws:s3:::amzn-s3-demo-bucket1\"],"
    "\"detail\":{\"version\":\"0\",\"bucket\":{\"name\":\"amzn-s3-demo-bucket1\"},"
    "\"object\":{\"key\":\"a+b%20c d.jpg\",\"size\":5,"
    "\"etag\":\"b1946ac92492d2347c6235b4d2611184\","
    "\"version-id\":\"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e\",\"sequencer\":"
    "\"617f08299329d189\"},"
    "\"request-id\":\"N4N7GDK58NMKJ12R\",\"requester\":\"123456789012\","
    "\"source-ip-address\":\"1.2.3.4\",\"reason\":\"PutObject\"}}";

static const char bus_deleted[] =
    "{\"version\":\"0\",\"detail-type\":\"Object Deleted\",\"source\":\"aws.s3\","
    "\"region\":\"ca-central-1\",\"detail\":{\"version\":\"0\",\"bucket\":{\"name\":"
    "\"b1\"},"
    "\"object\":{\"key\":\"a.jpg\",\"etag\":\"\\\"d41d\\\"\",\"version-id\":"
    "\"1QW9g1Z99\","
    "\"sequencer\":\"617b\"},\"reason\":\"DeleteObject\","
    "\"deletion-type\":\"Delete Marker Created\"}}";

static const char test_event[] =
    "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\","
    "\"Time\":\"2014-10-13T15:57:02.089Z\",\"Bucket\":\"bucketname\","
    "\"RequestId\":\"5582815E1AEA5ADF\",\"HostId\":"
    "\"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB\"}";

static const char ours[] =
    "{\"scantling\":\"1\",\"event\":\"created\",\"store\":\"file:///srv/uploads\","
    "\"key\":\"2024/a+b %41.jpg\",\"size\":87,\"sequencer\":\"17f3a0\"}";

/* A text as a string of JSON; the caller frees it. */
static char *quote(const char *text)
{
    json_t *const string = json_string(text);
    char *const quoted = json_dumps(string, JSON_ENCODE_ANY);
    json_decref(string);
    assert_non_null(quoted);
    return quoted;
}

/* Puts a text into a frame of which %s is the quoted text; the caller frees it. */
static char *wrap(const char *before, const char *text, const char *after)
{
    char *const quoted = quote(text);
    const size_t n = strlen(before) + strlen(quoted) + strlen(after) + 1;
    char *const all = malloc(n);
    assert_non_null(all);
    snprintf(all, n, "%s%s%s", before, quoted, after);
    free(quoted);
    return all;
}

#define SQS_RECORD(id)                                                                   \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"AQEB-" id                             \
    "\",\"attributes\":{\"ApproximateReceiveCount\":\"1\"},\"messageAttributes\":{},"    \
    "\"md5OfBody\":\"7b27\",\"eventSource\":\"aws:sqs\","                                \
    "\"eventSourceARN\":\"arn:aws:sqs:eu-central-1:123456789012:q\",\"body\":"

static char *wrap_sqs(const char *text)
{
    return wrap("{\"Records\":[" SQS_RECORD("m-1"), text, "}]}");
}

static char *wrap_sns(const char *text)
{
    return wrap("{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\","
                "\"EventSubscriptionArn\":\"arn:aws:sns:x\",\"Sns\":{\"Type\":"
                "\"Notification\",\"MessageId\":\"95df\",\"TopicArn\":\"arn:aws:sns:t\","
                "\"Subject\":\"Amazon S3 Notification\",\"Message\":",
                text, ",\"Timestamp\":\"2024-01-01T00:00:00.000Z\"}}]}");
}

/* What a topic puts into a queue. */
static char *wrap_topic(const char *text)
{
    return wrap("{\"Type\":\"Notification\",\"MessageId\":\"22b8\",\"TopicArn\":\"arn\","
                "\"Subject\":\"Amazon S3 Notification\",\"Message\":",
                text, ",\"SignatureVersion\":\"1\",\"Signature\":\"EXAMPLEpH+\"}");
}

static void parse(struct sct_event *event, const char *text)
{
    assert_int_equal(sct_event_parse(event, text, strlen(text)), SCT_OK);
}

/* The one record of a text, which is fine. */
static const struct sct_event_record *parse_one(struct sct_event *event, const char *text)
{
    parse(event, text);
    assert_int_equal(event->n_records, 1);
    if (event->record[0].status != SCT_OK)
        fail_msg("%s", event->record[0].problem);
    return &event->record[0];
}

/* ---- every shape ------------------------------------------------------------------- */

static void check_s3_put(const struct sct_event_record *r)
{
    assert_int_equal(r->kind, SCT_EVENT_CREATED);
    assert_string_equal(r->name, "ObjectCreated:Put");
    assert_string_equal(r->store, "s3://my-uploads");
    assert_string_equal(r->key, "summer 2024/caf\xc3\xa9+1%2.jpg");
    assert_string_equal(r->version, "096fKKXTRTtl3on89fVO.nfljtsv6qko");
    assert_string_equal(r->etag, "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(r->sequencer, "0055AED6DCD90281E5");
    assert_string_equal(r->region, "eu-central-1");
    assert_true(r->size == 2914820);
}

static void a_notification_is_read(void **state)
{
    struct sct_event event;
    (void)state;
    const struct sct_event_record *const r = parse_one(&event, s3_put);
    check_s3_put(r);
    assert_int_equal(r->message, -1);
    assert_int_equal(event.n_messages, 0);
    sct_event_free(&event);
}

static void a_removal_needs_neither_size_nor_version(void **state)
{
    struct sct_event event;
    (void)state;
    const struct sct_event_record *const r = parse_one(&event, s3_removed);
    assert_int_equal(r->kind, SCT_EVENT_REMOVED);
    assert_string_equal(r->key, "a.jpg");
    assert_null(r->version);
    assert_null(r->sequencer);
    assert_null(r->etag);
    assert_true(r->size == -1);
    sct_event_free(&event);
}

static void keys_of_the_bus_are_taken_as_they_are(void **state)
{
    struct sct_event event;
    (void)state;
    const struct sct_event_record *r = parse_one(&event, bus_created);
    assert_int_equal(r->kind, SCT_EVENT_CREATED);
    assert_string_equal(r->key, "a+b%20c d.jpg");
    assert_string_equal(r->store, "s3://amzn-s3-demo-bucket1");
    assert_string_equal(r->version, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
    assert_string_equal(r->etag, "b1946ac92492d2347c6235b4d2611184");
    assert_string_equal(r->sequencer, "617f08299329d189");
    assert_string_equal(r->region, "ca-central-1");
    sct_event_free(&event);

    r = parse_one(&event, bus_deleted);
    assert_int_equal(r->kind, SCT_EVENT_REMOVED);
    assert_string_equal(r->etag, "d41d");
    sct_event_free(&event);
}

static void our_own_is_read(void **state)
{
    struct sct_event event;
    (void)state;
    const struct sct_event_record *const r = parse_one(&event, ours);
    assert_int_equal(r->kind, SCT_EVENT_CREATED);
    assert_string_equal(r->store, "file:///srv/uploads");
    assert_string_equal(r->key, "2024/a+b %41.jpg");
    assert_true(r->size == 87);
    sct_event_free(&event);
}

/* In a queue, in a topic, in a queue behind a topic, and the bus in a queue. */
static void wrappings_make_no_difference(void **state)
{
    struct sct_event event;
    (void)state;
    char *const topic = wrap_topic(s3_put);
    char *const texts[] = {wrap_sqs(s3_put), wrap_sns(s3_put), wrap_sqs(topic), topic};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct sct_event_record *const r = parse_one(&event, texts[i]);
        check_s3_put(r);
        if (i % 2 == 0 && i < 3) {
            assert_int_equal(event.n_messages, 1);
            assert_string_equal(event.message[r->message].id, "m-1");
            assert_string_equal(event.message[r->message].receipt, "AQEB-m-1");
        } else {
            assert_int_equal(r->message, -1);
        }
        sct_event_free(&event);
        free(texts[i]);
    }
    char *const bus = wrap_sqs(bus_created);
    assert_string_equal(parse_one(&event, bus)->key, "a+b%20c d.jpg");
    sct_event_free(&event);
    free(bus);
}

#define FAILURE "{\"scantling\":\"1\",\"failure\":{\"verdict\":\"malformed\"},\"event\":"

/* A failure of ours that was put back on the work queue, with the event as such or as text. */
static void a_failure_is_the_event_in_it(void **state)
{
    struct sct_event event;
    (void)state;
    char *const as_text = wrap(FAILURE, s3_put, "}");
    char *as_object = NULL;
    assert_true(asprintf(&as_object, FAILURE "%s}", s3_put) > 0);
    char *const texts[] = {as_text, as_object, wrap_sqs(as_text), wrap_sqs(as_object)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_s3_put(parse_one(&event, texts[i]));
        sct_event_free(&event);
        free(texts[i]);
    }
    char *const odd = wrap(FAILURE, "what is that", "}");
    parse(&event, odd);
    assert_int_equal(event.n_records, 1);
    assert_int_equal(event.record[0].status, SCT_ERR_CORRUPT);
    sct_event_free(&event);
    free(odd);
}

static void a_test_event_has_nothing_to_do(void **state)
{
    struct sct_event event;
    (void)state;
    parse(&event, test_event);
    assert_int_equal(event.n_records, 0);
    assert_int_equal(event.n_tests, 1);
    sct_event_free(&event);

    char *const queued = wrap_sqs(test_event);
    parse(&event, queued);
    assert_int_equal(event.n_records, 0);
    assert_int_equal(event.n_tests, 1);
    assert_int_equal(event.n_messages, 1); /* which is done, then */
    sct_event_free(&event);
    free(queued);
}

static void no_records_are_fine(void **state)
{
    struct sct_event event;
    (void)state;
    parse(&event, "{\"Records\":[]}");
    assert_int_equal(event.n_records, 0);
    sct_event_free(&event);
}

#define S3_RECORD(key)                                                                   \
    "{\"eventVersion\":\"2.1\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":"  \
    "{\"name\":\"b\"},\"object\":{\"key\":\"" key "\"}}}"

/* A batch of a queue: each message for itself. */
static void a_bad_message_leaves_the_others_alone(void **state)
{
    struct sct_event event;
    (void)state;
    char *const two = quote("{\"Records\":[" S3_RECORD("a") "," S3_RECORD("b") "]}");
    char *const bad = quote("{\"Records\":[{\"eventVersion\":\"2.1\"");
    char *const one = quote("{\"Records\":[" S3_RECORD("c") "]}");
    char text[4000];
    snprintf(text, sizeof text,
             "{\"Records\":[" SQS_RECORD("m-1") "%s}," SQS_RECORD(
                 "m-2") "%s}," SQS_RECORD("m-3") "%s}]}",
             two, bad, one);
    parse(&event, text);
    assert_int_equal(event.n_messages, 3);
    assert_int_equal(event.n_records, 4);
    assert_string_equal(event.record[0].key, "a");
    assert_string_equal(event.record[1].key, "b");
    assert_int_equal(event.record[1].message, 0);
    assert_int_equal(event.record[2].status, SCT_ERR_CORRUPT);
    assert_string_equal(event.message[event.record[2].message].id, "m-2");
    assert_non_null(
        strstr(event.record[2].problem, "Records[1].body is no JSON: line 1"));
    assert_string_equal(event.record[3].key, "c");
    assert_string_equal(event.message[event.record[3].message].id, "m-3");
    sct_event_free(&event);
    free(two);
    free(bad);
    free(one);
}

static void kinds_are_told_apart(void **state)
{
    static const struct {
        const char *name;
        enum sct_event_kind kind;
    } cases[] = {
        {"ObjectCreated:Put", SCT_EVENT_CREATED},
        {"ObjectCreated:Post", SCT_EVENT_CREATED},
        {"ObjectCreated:Copy", SCT_EVENT_CREATED},
        {"s3:ObjectCreated:CompleteMultipartUpload", SCT_EVENT_CREATED},
        {"ObjectRemoved:Delete", SCT_EVENT_REMOVED},
        {"s3:ObjectRemoved:DeleteMarkerCreated", SCT_EVENT_REMOVED},
        {"LifecycleExpiration:Delete", SCT_EVENT_REMOVED},
        {"ObjectRestore:Completed", SCT_EVENT_OTHER},
        {"ObjectTagging:Put", SCT_EVENT_OTHER},
        {"ObjectAcl:Put", SCT_EVENT_OTHER},
        {"Something:New", SCT_EVENT_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sct_event event;
        char text[400];
        snprintf(text, sizeof text,
                 "{\"Records\":[{\"eventVersion\":\"2.0\",\"eventName\":\"%s\",\"s3\":{"
                 "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}",
                 cases[i].name);
        assert_int_equal(parse_one(&event, text)->kind, cases[i].kind);
        sct_event_free(&event);
    }
}

static void keys_are_decoded(void **state)
{
    static const struct {
        const char *encoded, *key;
    } cases[] = {
        {"a+b", "a b"},
        {"a%2Bb", "a+b"},
        {"a%2bb", "a+b"},
        {"a%20b", "a b"},
        {"a%2Fb", "a/b"},
        {"a/b", "a/b"},
        {"100%25", "100%"},
        {"%2525", "%25"},
        {"%E6%97%A5%E6%9C%AC.png", "\xe6\x97\xa5\xe6\x9c\xac.png"},
        {"..%2F..%2Fetc%2Fpasswd", "../../etc/passwd"}, /* a key like any other, in S3 */
        {"%0A%09", "\n\t"},
        {"&$@=;:,?!'()*", "&$@=;:,?!'()*"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sct_event event;
        char text[400];
        snprintf(text, sizeof text,
                 "{\"Records\":[{\"eventVersion\":\"2.0\",\"eventName\":\"x\",\"s3\":{"
                 "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"%s\"}}}]}",
                 cases[i].encoded);
        assert_string_equal(parse_one(&event, text)->key, cases[i].key);
        sct_event_free(&event);
    }
}

static void keys_may_have_1024_bytes_however_they_are_encoded(void **state)
{
    (void)state;
    for (int n = 1023; n <= 1025; n++) {
        for (int is_escaped = 0; is_escaped <= 1; is_escaped++) {
            struct sct_event event;
            char text[4096] =
                "{\"Records\":[{\"eventVersion\":\"2.0\",\"eventName\":\"x\","
                "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"";
            for (int i = 0; i < n; i++)
                strcat(text, is_escaped ? "%41" : "A");
            strcat(text, "\"}}}]}");
            parse(&event, text);
            assert_int_equal(event.record[0].status,
                             n <= 1024 ? SCT_OK : SCT_ERR_CORRUPT);
            if (n <= 1024)
                assert_int_equal(strlen(event.record[0].key), n);
            else
                assert_string_equal(event.record[0].problem,
                                    "Records[0].s3.object.key is too long");
            sct_event_free(&event);
        }
    }
}

/* ---- what is wrong is named -------------------------------------------------------- */

static const struct {
    const char *text;
    int status;
    const char *problem;
} bad_events[] = {
    {"", SCT_ERR_CORRUPT, "the event is no JSON: line 1, column 0"},
    {"[]", SCT_ERR_CORRUPT, "the event is no object"},
    {"{\"Records\":[}", SCT_ERR_CORRUPT, "the event is no JSON: line 1, column 13"},
    {"{\"Records\":[],\"Records\":[]}", SCT_ERR_CORRUPT, "duplicate object key"},
    {"{\"Records\":{}}", SCT_ERR_CORRUPT, "Records is no list"},
    {"{\"Records\":null}", SCT_ERR_CORRUPT, "Records is missing"},
    {"{\"Records\":[7]}", SCT_ERR_CORRUPT, "Records[0] is no object"},
    {"{}", SCT_ERR_UNSUPPORTED, "the event is none of those that are known"},
    {"{\"Event\":\"s3:OtherEvent\"}", SCT_ERR_UNSUPPORTED, "none of those"},
    {"{\"Records\":[{\"eventSource\":\"aws:kinesis\"}]}", SCT_ERR_UNSUPPORTED,
     "Records[0].eventSource is aws:kinesis, which is not known"},
    {"{\"Records\":[{\"eventSource\":\"aws:s3\"}]}", SCT_ERR_CORRUPT,
     "Records[0].eventVersion is missing"},
    {"{\"Records\":[{\"eventVersion\":\"3.0\",\"s3\":{}}]}", SCT_ERR_UNSUPPORTED,
     "Records[0].eventVersion is 3.0; only 2.x is known"},
    {"{\"Records\":[{\"eventVersion\":\"22.0\",\"s3\":{}}]}", SCT_ERR_UNSUPPORTED,
     "Records[0].eventVersion is 22.0; only 2.x is known"},
    {"{\"Records\":[{\"eventVersion\":2,\"s3\":{}}]}", SCT_ERR_CORRUPT,
     "Records[0].eventVersion is no string"},
    {"{\"Records\":[{\"eventVersion\":\"2.1\",\"s3\":{}}]}", SCT_ERR_CORRUPT,
     "Records[0].eventName is missing"},
    {"{\"Records\":[{\"eventVersion\":\"2.1\",\"eventName\":\"x\",\"s3\":{}}]}",
     SCT_ERR_CORRUPT, "Records[0].s3.bucket is missing"},
    {"{\"Records\":[{\"eventVersion\":\"2.1\",\"eventName\":\"x\",\"s3\":[]}]}",
     SCT_ERR_CORRUPT, "Records[0].s3 is no object"},
    {"{\"Records\":[{\"eventVersion\":\"2.1\",\"eventName\":\"x\",\"s3\":{\"bucket\":{"
     "\"name\":\"a/../b\"}}}]}",
     SCT_ERR_CORRUPT, "Records[0].s3.bucket.name is no name of a bucket"},
    {"{\"Records\":[{\"eventVersion\":\"2.1\",\"eventName\":\"x\",\"s3\":{\"bucket\":{"
     "\"name\":\"b\"},\"object\":{}}}]}",
     SCT_ERR_CORRUPT, "Records[0].s3.object.key is missing"},
    {"{\"Records\":[" S3_RECORD("") "]}", SCT_ERR_CORRUPT,
     "Records[0].s3.object.key is empty"},
    {"{\"Records\":[" S3_RECORD("100%") "]}", SCT_ERR_CORRUPT,
     "Records[0].s3.object.key has a % without two hexadecimal digits"},
    {"{\"Records\":[" S3_RECORD("%4") "]}", SCT_ERR_CORRUPT, "has a % without"},
    {"{\"Records\":[" S3_RECORD("%zz") "]}", SCT_ERR_CORRUPT, "has a % without"},
    {"{\"Records\":[" S3_RECORD("a%00b") "]}", SCT_ERR_CORRUPT,
     "Records[0].s3.object.key holds a zero byte"},
    {"{\"Records\":[" S3_RECORD("a\\u0000b") "]}", SCT_ERR_CORRUPT,
     "the event is no JSON"},
    {"{\"Records\":[" S3_RECORD("%FF") "]}", SCT_ERR_CORRUPT,
     "Records[0].s3.object.key is no UTF-8"},
    {"{\"Records\":[{\"messageId\":\"m\",\"body\":7}]}", SCT_ERR_CORRUPT,
     "Records[0].body is no string"},
    {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"\"}]}", SCT_ERR_CORRUPT,
     "Records[0].body is empty"},
    {"{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"m\"}]}", SCT_ERR_CORRUPT,
     "Records[0].body is missing"},
    {"{\"Records\":[{\"body\":\"{}\"}]}", SCT_ERR_CORRUPT,
     "Records[0].messageId is missing"},
    {"{\"Records\":[{\"messageId\":\"m\",\"body\":\"{\\\"Records\\\":[{}]}\"}]}",
     SCT_ERR_CORRUPT, "Records[0].body.Records[0].eventVersion is missing"},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":{}}]}", SCT_ERR_CORRUPT,
     "Records[0].Sns.Message is missing"},
    {"{\"Records\":[{\"EventSource\":\"aws:sns\",\"Sns\":7}]}", SCT_ERR_CORRUPT,
     "Records[0].Sns is no object"},
    {"{\"Type\":\"Notification\"}", SCT_ERR_CORRUPT, "Message is missing"},
    {"{\"detail-type\":\"Object Created\"}", SCT_ERR_CORRUPT, "source is missing"},
    {"{\"detail-type\":\"Order placed\",\"source\":\"shop\"}", SCT_ERR_UNSUPPORTED,
     "source is shop; only aws.s3 is known"},
    {"{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\"}", SCT_ERR_CORRUPT,
     "detail is missing"},
    {"{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\",\"detail\":{\"bucket\":{"
     "\"name\":\"b\"},\"object\":{\"key\":\"k\",\"sequencer\":\"later\"}}}",
     SCT_ERR_CORRUPT, "detail.object.sequencer is no hexadecimal number"},
    {"{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\",\"detail\":{\"bucket\":{"
     "\"name\":\"b\"},\"object\":{\"key\":\"k\",\"size\":-1}}}",
     SCT_ERR_CORRUPT, "detail.object.size is no whole number from 0"},
    {"{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\",\"detail\":{\"bucket\":{"
     "\"name\":\"b\"},\"object\":{\"key\":\"k\",\"etag\":7}}}",
     SCT_ERR_CORRUPT, "detail.object.etag is no string"},
    {"{\"scantling\":\"2\"}", SCT_ERR_UNSUPPORTED, "scantling is 2; only 1 is known"},
    {"{\"scantling\":\"1\",\"event\":\"created\",\"store\":\"/srv\",\"key\":\"k\"}",
     SCT_ERR_CORRUPT, "store is no file:///folder or s3://bucket"},
    {"{\"scantling\":\"1\",\"event\":\"created\",\"store\":\"s3://a b/\",\"key\":\"k\"}",
     SCT_ERR_CORRUPT, "store is no file:///folder or s3://bucket"},
    {"{\"scantling\":\"1\",\"event\":\"moved\",\"store\":\"file:///s\",\"key\":\"k\"}",
     SCT_ERR_UNSUPPORTED, "event is moved; created and removed are known"},
    {"{\"scantling\":\"1\",\"event\":\"created\",\"store\":\"file:///s\"}",
     SCT_ERR_CORRUPT, "key is missing"},
};

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_events / sizeof *bad_events; i++) {
        struct sct_event event;
        parse(&event, bad_events[i].text);
        assert_int_equal(event.n_records, 1);
        const struct sct_event_record *const r = &event.record[0];
        if (r->status != bad_events[i].status ||
            !strstr(r->problem, bad_events[i].problem))
            fail_msg("%s\n  gives %d: %s", bad_events[i].text, r->status, r->problem);
        assert_null(r->key);
        sct_event_free(&event);
    }
}

static void every_prefix_of_an_event_is_refused(void **state)
{
    (void)state;
    char *const topic = wrap_topic(s3_put), *const text = wrap_sqs(topic);
    for (size_t n = 0; n < strlen(text); n++) {
        struct sct_event event;
        char *const prefix = malloc(n + 1); /* exact, for sanitizers */
        memcpy(prefix, text, n);
        assert_int_equal(sct_event_parse(&event, prefix, n), SCT_OK);
        assert_int_equal(event.n_records, 1);
        assert_int_equal(event.record[0].status, SCT_ERR_CORRUPT);
        sct_event_free(&event);
        free(prefix);
    }
    free(text);
    free(topic);
}

static void one_bad_record_is_one_of_many(void **state)
{
    struct sct_event event;
    (void)state;
    parse(&event, "{\"Records\":[" S3_RECORD("a") "," S3_RECORD("b") ",{}," S3_RECORD(
                      "%") "," S3_RECORD("c") "]}");
    assert_int_equal(event.n_records, 5);
    assert_string_equal(event.record[2].problem, "Records[2].eventVersion is missing");
    assert_non_null(strstr(event.record[3].problem, "Records[3].s3.object.key has a %"));
    assert_string_equal(event.record[4].key, "c");
    sct_event_free(&event);
}

static void words_of_verdicts_are_right(void **state)
{
    (void)state;
    assert_string_equal(sct_event_verdict(SCT_ERR_CORRUPT).word, "malformed");
    assert_string_equal(sct_event_verdict(SCT_ERR_UNSUPPORTED).word, "unsupported");
    assert_string_equal(sct_event_verdict(SCT_ERR_TOO_LARGE).word, "too_large");
    assert_string_equal(sct_event_verdict(SCT_OK).word, "ok");
    assert_false(sct_event_verdict(SCT_ERR_CORRUPT).is_transient);
    assert_true(sct_event_verdict(SCT_ERR_MEMORY).is_transient);
}

/* ---- limits ------------------------------------------------------------------------ */

static void expect_too_large(const char *text, size_t n_bytes, const char *problem)
{
    struct sct_event event;
    assert_int_equal(sct_event_parse(&event, text, n_bytes), SCT_OK);
    assert_int_equal(event.n_records, 1);
    assert_int_equal(event.record[0].status, SCT_ERR_TOO_LARGE);
    if (!strstr(event.record[0].problem, problem))
        fail_msg("%s", event.record[0].problem);
    sct_event_free(&event);
}

/* `n` times the same, between a beginning and an end; the caller frees it. */
static char *repeat(const char *begin, const char *middle, size_t n, const char *end)
{
    const size_t length = strlen(middle);
    char *const text = malloc(strlen(begin) + n * length + strlen(end) + 1);
    assert_non_null(text);
    char *p = stpcpy(text, begin);
    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, middle);
    strcpy(p, end);
    return text;
}

static void depth_is_limited(void **state)
{
    struct sct_event event;
    (void)state;
    char *const deep = repeat("", "[", 100000, "");
    expect_too_large(deep, strlen(deep), "the event is nested deeper than 32 levels");
    free(deep);
    /* What stands in a string is no depth. */
    parse(&event,
          "{\"Records\":[" S3_RECORD("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[") "]}");
    assert_int_equal(event.record[0].status, SCT_OK);
    sct_event_free(&event);
}

static void size_and_numbers_are_limited(void **state)
{
    struct sct_event event;
    (void)state;
    char *text = repeat("{\"a\":\"", "x", SCT_EVENT_MAX_BYTES, "\"}");
    expect_too_large(text, strlen(text),
                     "the event has 6291464 bytes; the limit is 6291456");
    free(text);
    text = repeat("{\"Records\":[0", ",0", SCT_EVENT_MAX_VALUES, "]}");
    expect_too_large(text, strlen(text), "the event holds more than 500000 values");
    free(text);
    text = repeat("{\"Records\":[0", ",0", SCT_EVENT_MAX_RECORDS, "]}");
    expect_too_large(text, strlen(text),
                     "Records brings the event to more than 10000 records");
    free(text);
    text = repeat("{\"Records\":[0", ",0", SCT_EVENT_MAX_RECORDS - 1, "]}");
    parse(&event, text);
    assert_int_equal(event.n_records, SCT_EVENT_MAX_RECORDS);
    sct_event_free(&event);
    free(text);
}

static void texts_in_texts_are_limited(void **state)
{
    (void)state;
    char *const one = wrap_topic(s3_put), *const two = wrap_topic(one);
    char *const three = wrap_topic(two);
    struct sct_event event;
    check_s3_put(parse_one(&event, two));
    sct_event_free(&event);
    expect_too_large(three, strlen(three),
                     "Message.Message.Message is one text too many");
    free(one);
    free(two);
    free(three);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    char *const text =
        wrap_sqs("{\"Records\":[" S3_RECORD("a") ",{}," S3_RECORD("b") "]}");
    int status = SCT_ERR_MEMORY, n = 0;
    for (; status != SCT_OK; n++) {
        struct sct_event event;
        n_allocs_left = n;
        status = sct_event_parse(&event, text, strlen(text));
        n_allocs_left = -1;
        assert_true(status == SCT_OK || status == SCT_ERR_MEMORY);
        sct_event_free(&event);
    }
    assert_true(n > 4);
    free(text);
}

/* ---- sequencers -------------------------------------------------------------------- */

static void sequencers_are_padded_on_their_right(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"0055AED6DCD90281E5", "0055AED6DCD90281E5", 0},
        {"0055AED6DCD90281E5", "0055AED6DCD90281E6", -1},
        {"0055AED6DCD90281E5", "0055AED6DCD90281E", 1},
        {"0055AED6DCD90281E0", "0055AED6DCD90281E", 0},
        {"1", "0FFFFFFF", 1}, /* as a fraction, not as a number */
        {"1", "10000001", -1},
        {"1", "1000", 0},
        {"abcdef", "ABCDEF", 0},
        {"9", "a", -1},
        {NULL, "1", 0},
        {"1", NULL, 0},
        {NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(sct_sequencer_compare(cases[i].a, cases[i].b), cases[i].order);
        assert_int_equal(sct_sequencer_compare(cases[i].b, cases[i].a), -cases[i].order);
    }
}

/* An output keeps all of it, in SCT_SEQUENCER_BYTES. */
static void sequencers_have_an_end(void **state)
{
    char digits[SCT_EVENT_SEQUENCER_DIGITS + 2];
    (void)state;
    memset(digits, 'a', sizeof digits);
    digits[SCT_EVENT_SEQUENCER_DIGITS + 1] = '\0';
    assert_false(sct_event_sequencer_is_valid(digits));
    digits[SCT_EVENT_SEQUENCER_DIGITS] = '\0';
    assert_true(sct_event_sequencer_is_valid(digits));
    digits[0] = 'g';
    assert_false(sct_event_sequencer_is_valid(digits));
    assert_false(sct_event_sequencer_is_valid(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notification_is_read),
        cmocka_unit_test(a_removal_needs_neither_size_nor_version),
        cmocka_unit_test(keys_of_the_bus_are_taken_as_they_are),
        cmocka_unit_test(our_own_is_read),
        cmocka_unit_test(wrappings_make_no_difference),
        cmocka_unit_test(a_failure_is_the_event_in_it),
        cmocka_unit_test(a_test_event_has_nothing_to_do),
        cmocka_unit_test(no_records_are_fine),
        cmocka_unit_test(a_bad_message_leaves_the_others_alone),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(keys_are_decoded),
        cmocka_unit_test(keys_may_have_1024_bytes_however_they_are_encoded),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(every_prefix_of_an_event_is_refused),
        cmocka_unit_test(one_bad_record_is_one_of_many),
        cmocka_unit_test(words_of_verdicts_are_right),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(size_and_numbers_are_limited),
        cmocka_unit_test(texts_in_texts_are_limited),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(sequencers_are_padded_on_their_right),
        cmocka_unit_test(sequencers_have_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
