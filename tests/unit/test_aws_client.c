/* Clients of AWS: where they look for a service, and what they take for a header. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws_client.h"

/* The endpoint that it comes to; "" where it does not open. */
static void check_endpoint(const char *service, const char *region, const char *endpoint,
                           const char *subdomain, const char *wanted,
                           const char *wanted_region)
{
    struct sct_report report = {.message = ""};
    struct sct_aws_client c = {.service = service};
    assert_int_equal(sct_credentials_create(&c.credentials, NULL), SCT_OK);
    strcpy(c.region, region);
    const int status = sct_aws_client_open(&c, endpoint, subdomain, &report);
    if (wanted) {
        assert_int_equal(status, SCT_OK);
        assert_string_equal(c.endpoint, wanted);
        assert_string_equal(c.host, strstr(wanted, "://") + 3);
        assert_string_equal(c.region, wanted_region);
    } else {
        assert_int_equal(status, SCT_ERR_ARGUMENT);
        assert_string_not_equal(report.message, "");
    }
    sct_credentials_free(c.credentials);
    sct_aws_client_free(&c);
}

static void services_are_where_aws_has_them(void **state)
{
    static const char local[] = "http://127.0.0.1:5000";
    (void)state;
    setenv("AWS_REGION", "eu-west-1", 1);
    check_endpoint("s3", "", NULL, "bucket", "https://bucket.s3.eu-west-1.amazonaws.com",
                   "eu-west-1");
    check_endpoint("s3", "", NULL, "", "https://s3.eu-west-1.amazonaws.com", "eu-west-1");
    check_endpoint("sqs", "cn-north-1", NULL, "",
                   "https://sqs.cn-north-1.amazonaws.com.cn", "cn-north-1");
    check_endpoint("sqs", "us-east-2", "https://sqs.example/", "", "https://sqs.example",
                   "us-east-2");
    check_endpoint("s3", "", "https://s3.example/path", "", NULL, NULL);
    check_endpoint("s3", "", "ftp://s3.example", "", NULL, NULL);
    unsetenv("AWS_REGION");
    check_endpoint("s3", "", local, "", local, "us-east-1");
    check_endpoint("s3", "", NULL, "", NULL, NULL);
}

static void trace_ids_are_headers(void **state)
{
    static const char id[] = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    static const char *const bad[] = {"a\r\nx-amz-acl: public-read", "a\tb", "\xc3\xa4"};
    struct sct_aws_client c = {.service = "s3"};
    (void)state;
    assert_int_equal(sct_aws_client_trace(&c, id), SCT_OK);
    assert_string_equal(c.trace_id, id);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sct_aws_client_trace(&c, bad[i]), SCT_ERR_ARGUMENT);
        assert_null(c.trace_id);
    }
    assert_int_equal(sct_aws_client_trace(&c, id), SCT_OK);
    assert_int_equal(sct_aws_client_trace(&c, ""), SCT_OK);
    assert_null(c.trace_id);
    assert_int_equal(sct_aws_client_trace(&c, NULL), SCT_OK);
    assert_null(c.trace_id);
    sct_aws_client_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_are_where_aws_has_them),
        cmocka_unit_test(trace_ids_are_headers),
    };
    setenv("HOME", "/nonexistent", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    unsetenv("AWS_DEFAULT_REGION");
    unsetenv("AWS_PROFILE");
    unsetenv("AWS_CONFIG_FILE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
