/* Credentials from the environment and from files in a home of their own, and the parsers of
 * what servers answer. The servers themselves are in stores_test.py. */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "credentials.h"
#include "credentials_parse.h"
#include "mem.h"

static char home[] = "/tmp/scantling-home-XXXXXX";

static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_PROFILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_CONFIG_FILE",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_ROLE_ARN",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION"};

static void write_home(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/.aws/%s", home, name);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void remove_home(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/.aws/%s", home, name);
    unlink(path);
}

/* Before each test: no variable, no file, and no instance to be asked. */
static int begin_test(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    setenv("HOME", home, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    remove_home("credentials");
    remove_home("config");
    return 0;
}

/* What is found, as "access secret token"; or the failure, as "status message". */
static const char *find(const char *profile)
{
    static char text[512];
    sct_credentials *c;
    struct sct_aws_keys keys;
    struct sct_report report = {.message = ""};
    assert_int_equal(sct_credentials_create(&c, profile), SCT_OK);
    const int status = sct_credentials_get(c, &keys, &report);
    if (status == SCT_OK)
        snprintf(text, sizeof text, "%s %s %s", keys.access_key, keys.secret_key,
                 keys.token ? keys.token : "-");
    else
        snprintf(text, sizeof text, "%s %s", sct_status_name(status), report.message);
    sct_aws_keys_free(&keys);
    sct_credentials_free(c);
    return text;
}

static void assert_fails(const char *profile, const char *word, const char *part)
{
    const char *const text = find(profile);
    if (strncmp(text, word, strlen(word)) != 0 || !strstr(text, part))
        fail_msg("'%s' is not '%s ...%s...'", text, word, part);
}

static void the_environment_comes_first(void **state)
{
    (void)state;
    write_home("credentials",
               "[default]\naws_access_key_id=FILE\naws_secret_access_key=fs\n");
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    assert_fails(NULL, "argument", "AWS_SECRET_ACCESS_KEY is not");
    setenv("AWS_SECRET_ACCESS_KEY", "es", 1);
    assert_string_equal(find(NULL), "ENV es -");
    setenv("AWS_SESSION_TOKEN", "et", 1);
    assert_string_equal(find(NULL), "ENV es et");
    assert_string_equal(find("default"), "FILE fs -"); /* asked for by name */
    setenv("AWS_ACCESS_KEY_ID", "", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "", 1); /* empty is not set */
    assert_string_equal(find(NULL), "FILE fs -");
}

static void profiles_are_found_in_both_files(void **state)
{
    (void)state;
    write_home("credentials", "# comment\n"
                              "[default]\n"
                              "aws_access_key_id = A1\n"
                              "aws_secret_access_key = s/1+=  # not part of it\n"
                              "[other]\n"
                              "aws_access_key_id=A2\r\n"
                              "aws_secret_access_key=s2\r\n"
                              "aws_session_token=t2\r\n");
    write_home("config", "[default]\nregion = eu-west-1\n"
                         "[profile third]\n"
                         "aws_access_key_id=A3\n"
                         "s3 =\n"
                         "  aws_access_key_id = nested\n"
                         "aws_secret_access_key=s3\n"
                         "[third]\naws_access_key_id=not-this\n");
    assert_string_equal(find(NULL), "A1 s/1+= -");
    setenv("AWS_PROFILE", "other", 1);
    assert_string_equal(find(NULL), "A2 s2 t2");
    setenv("AWS_PROFILE", "third", 1);
    assert_string_equal(find(NULL), "A3 s3 -");
    assert_string_equal(find("other"), "A2 s2 t2");
    setenv("AWS_PROFILE", "fourth", 1);
    assert_fails(NULL, "argument", "no profile 'fourth'");
}

static void files_may_be_elsewhere(void **state)
{
    char path[128];
    (void)state;
    write_home("elsewhere", "[default]\naws_access_key_id=E\naws_secret_access_key=s\n");
    snprintf(path, sizeof path, "%s/.aws/elsewhere", home);
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    assert_string_equal(find(NULL), "E s -");
    remove_home("elsewhere");
    assert_fails(NULL, "denied", "no AWS credentials");
}

static void what_is_not_supported_is_named(void **state)
{
    (void)state;
    write_home("config", "[default]\ncredential_process = /bin/true\n"
                         "[profile r]\nrole_arn=arn:x\nsource_profile=default\n"
                         "[profile half]\naws_access_key_id=A\n");
    assert_fails(NULL, "unsupported", "credential_process");
    assert_fails("r", "unsupported", "source_profile");
    assert_fails("half", "argument", "half a pair");
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.2.example.org/", 1);
    assert_fails(NULL, "argument", "must be https");
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX: b", 1);
    assert_fails(NULL, "argument", "several lines");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere", 1);
    assert_fails(NULL, "argument", "no role");
    setenv("AWS_ROLE_ARN", "arn:x", 1);
    assert_fails(NULL, "io", "cannot read /nowhere");
}

static void the_region_is_found_and_checked(void **state)
{
    sct_credentials *c;
    char region[SCT_REGION_BYTES];
    struct sct_report report = {.message = ""};
    (void)state;
    assert_int_equal(sct_credentials_create(&c, NULL), SCT_OK);
    assert_int_equal(sct_credentials_region(c, region, &report), SCT_ERR_ARGUMENT);
    assert_non_null(strstr(report.message, "AWS_REGION"));
    write_home("config", "[default]\nregion = eu-west-1\n");
    assert_int_equal(sct_credentials_region(c, region, &report), SCT_OK);
    assert_string_equal(region, "eu-west-1");
    setenv("AWS_DEFAULT_REGION", "us-west-2", 1);
    assert_int_equal(sct_credentials_region(c, region, &report), SCT_OK);
    assert_string_equal(region, "us-west-2");
    setenv("AWS_REGION", "evil.example.org/", 1); /* would become part of a host name */
    assert_int_equal(sct_credentials_region(c, region, &report), SCT_OK);
    assert_string_equal(region, "us-west-2");
    sct_credentials_free(c);
}

static void refused_ones_are_looked_for_again(void **state)
{
    sct_credentials *c;
    struct sct_aws_keys old, new, stale;
    struct sct_report report = {.message = ""};
    (void)state;
    write_home("credentials",
               "[default]\naws_access_key_id=A\naws_secret_access_key=s\n");
    assert_int_equal(sct_credentials_create(&c, NULL), SCT_OK);
    assert_int_equal(sct_credentials_get(c, &old, &report), SCT_OK);
    write_home("credentials",
               "[default]\naws_access_key_id=B\naws_secret_access_key=s\n");
    assert_int_equal(sct_credentials_get(c, &stale, &report), SCT_OK);
    assert_string_equal(stale.access_key, "A");
    sct_credentials_refuse(c, &old);
    assert_int_equal(sct_credentials_get(c, &new, &report), SCT_OK);
    assert_string_equal(new.access_key, "B");
    sct_credentials_refuse(c, &old); /* too late: these are not the current ones */
    remove_home("credentials");
    sct_aws_keys_free(&stale);
    assert_int_equal(sct_credentials_get(c, &stale, &report), SCT_OK);
    assert_string_equal(stale.access_key, "B");
    sct_aws_keys_free(&old);
    sct_aws_keys_free(&new);
    sct_aws_keys_free(&stale);
    sct_credentials_free(c);
}

static void answers_of_endpoints_are_parsed(void **state)
{
    static const char fine[] =
        "{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
        "\"Token\":\"t\",\"Expiration\":\"2026-01-31T12:00:00.123Z\",\"More\":1}";
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"AccessKeyId\":\"A\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":5}",
        "{\"AccessKeyId\":\"A\\r\\nX: y\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"\"}",
        "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}"};
    struct sct_aws_secret s;
    (void)state;
    assert_int_equal(sct_credentials_parse_json(&s, fine, sizeof fine - 1), SCT_OK);
    assert_string_equal(s.access_key, "A");
    assert_string_equal(s.token, "t");
    assert_int_equal(s.expires_s, 1769860800);
    sct_aws_secret_free(&s);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sct_credentials_parse_json(&s, bad[i], strlen(bad[i])),
                         SCT_ERR_CORRUPT);
        assert_null(s.access_key);
    }
}

static void answers_of_sts_are_parsed(void **state)
{
    static const char fine[] =
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/\">"
        "<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>t+/=</SessionToken>"
        "<SecretAccessKey>s</SecretAccessKey><Expiration>2026-01-31T12:00:00Z</"
        "Expiration>"
        "<AccessKeyId>A</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>";
    static const char entity[] = "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>";
    struct sct_aws_secret s;
    (void)state;
    assert_int_equal(sct_credentials_parse_sts(&s, fine, sizeof fine - 1), SCT_OK);
    assert_string_equal(s.access_key, "A");
    assert_string_equal(s.secret_key, "s");
    assert_string_equal(s.token, "t+/=");
    sct_aws_secret_free(&s);
    assert_int_equal(sct_credentials_parse_sts(&s, fine, sizeof fine - 9),
                     SCT_ERR_CORRUPT);
    assert_int_equal(sct_credentials_parse_sts(&s, entity, sizeof entity - 1),
                     SCT_ERR_CORRUPT);
    assert_int_equal(sct_credentials_parse_sts(&s, "<a/>", 4), SCT_ERR_CORRUPT);
}

static int make_home(void **state)
{
    char path[128];
    (void)state;
    if (!mkdtemp(home))
        return -1;
    snprintf(path, sizeof path, "%s/.aws", home);
    return mkdir(path, 0700);
}

static int drop_home(void **state)
{
    char path[128];
    begin_test(state);
    snprintf(path, sizeof path, "%s/.aws", home);
    rmdir(path);
    return rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_environment_comes_first, begin_test),
        cmocka_unit_test_setup(profiles_are_found_in_both_files, begin_test),
        cmocka_unit_test_setup(files_may_be_elsewhere, begin_test),
        cmocka_unit_test_setup(what_is_not_supported_is_named, begin_test),
        cmocka_unit_test_setup(settings_that_make_no_sense_are_refused, begin_test),
        cmocka_unit_test_setup(the_region_is_found_and_checked, begin_test),
        cmocka_unit_test_setup(refused_ones_are_looked_for_again, begin_test),
        cmocka_unit_test_setup(answers_of_endpoints_are_parsed, begin_test),
        cmocka_unit_test_setup(answers_of_sts_are_parsed, begin_test),
    };
    return cmocka_run_group_tests(tests, make_home, drop_home);
}
