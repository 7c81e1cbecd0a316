/* Any bytes as what comes from the network, or out of somebody's ~/.aws: pages of S3's lists, its
 * other answers and errors, credentials. What is accepted is complete, and fit to be sent on as
 * part of a header. */
#include "aws_error.h"
#include "credentials_parse.h"
#include "fuzz.h"
#include "mem.h"
#include "s3_parse.h"

static void check_page(const uint8_t *data, size_t size)
{
    static struct sct_s3_page page;
    const int status = sct_s3_page_parse(&page, (const char *)data, size);
    FUZZ_CHECK(status == SCT_OK || status == SCT_ERR_CORRUPT, "%d", status);
    for (int i = 0; status == SCT_OK && i < page.n_entries; i++) {
        FUZZ_CHECK(page.entry[i].key_at < page.texts.n_bytes &&
                       page.entry[i].etag_at < page.texts.n_bytes,
                   "entry %d", i);
        const size_t n = strlen(page.texts.data + page.entry[i].key_at);
        FUZZ_CHECK(n >= 1 && n <= 1024, "a key of %zu bytes", n);
    }
    FUZZ_CHECK(status != SCT_OK || !page.is_truncated || page.next, "no next page");
    sct_s3_page_free(&page);
}

static void check_element(const uint8_t *data, size_t size)
{
    char *text;
    const int status = sct_s3_parse_element(&text, "ETag", (const char *)data, size);
    FUZZ_CHECK((status == SCT_OK) == (text != NULL), "%d", status);
    FUZZ_CHECK(!text || text[0], "empty");
    sct_mem_free(text);
}

static void check_error(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 301, 400, 403, 404, 409, 412, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct sct_aws_error e = {.http_status = statuses[i]};
        struct sct_report report = {.message = ""};
        sct_aws_error_parse(&e, (const char *)data, size);
        fuzz_check_failure(sct_aws_error_report(&e, "us-east-1", &report), &report);
    }
}

static int is_header_value(const char *text)
{
    for (const char *s = text; *s; s++) {
        if (*s <= ' ' || *s > '~')
            return 0;
    }
    return text[0] != '\0';
}

static void check_secret(struct sct_aws_secret *s, int status)
{
    if (status == SCT_OK) {
        FUZZ_CHECK(is_header_value(s->access_key) && is_header_value(s->secret_key),
                   "keys");
        FUZZ_CHECK(!s->token || is_header_value(s->token), "token");
        FUZZ_CHECK(s->expires_s >= 0, "%lld", (long long)s->expires_s);
    } else {
        FUZZ_CHECK(status == SCT_ERR_CORRUPT, "%d", status);
        FUZZ_CHECK(!s->access_key && !s->secret_key && !s->token, "half of it is left");
    }
    sct_aws_secret_free(s);
}

static void check_profile(const uint8_t *data, size_t size)
{
    char *const text = malloc(size + 1);
    if (!text)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (int is_config = 0; is_config <= 1; is_config++) {
        char *const value =
            sct_profile_find(text, "default", is_config, "aws_access_key_id");
        char *const section = sct_profile_find(text, "default", is_config, NULL);
        FUZZ_CHECK(!value || section, "a value outside of the profile");
        FUZZ_CHECK(!value || !strpbrk(value, "\n"), "two lines");
        sct_mem_free(section);
        sct_mem_free(value);
    }
    sct_date_parse_iso(text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sct_aws_secret secret;
    check_page(data, size);
    check_element(data, size);
    check_error(data, size);
    check_secret(&secret, sct_credentials_parse_json(&secret, (const char *)data, size));
    check_secret(&secret, sct_credentials_parse_sts(&secret, (const char *)data, size));
    check_profile(data, size);
    return 0;
}
