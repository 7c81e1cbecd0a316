/* The sources of credentials, asked in their order until one is set up. */
#define _GNU_SOURCE 1
#include "credentials_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "mem.h"
#include "xml.h"

enum {
    MAX_FILE_BYTES = 1 << 20,
    MAX_ANSWER_BYTES = 1 << 16,
    N_TRIES = 3,
    METADATA_MS = 2000,
};

/* SCT_OK; SCT_DONE: this source is not set up; or why it failed. */
typedef int source_fn(struct sct_key_sources *s, struct sct_aws_secret *out,
                      struct sct_report *report);

/* A variable that is set and not empty, or NULL. */
static const char *find_variable(const char *name)
{
    const char *const value = getenv(name);
    return value && value[0] ? value : NULL;
}

static int is_true(const char *name)
{
    const char *const value = find_variable(name);
    return value && strcasecmp(value, "true") == 0;
}

/* ---- files -------------------------------------------------------------------------- */

/* The whole file, for wipe_text; NULL when it cannot be read. */
static char *read_file(const char *path)
{
    struct sct_buffer b = {.max_bytes = MAX_FILE_BYTES};
    char part[4096];
    FILE *const f = fopen(path, "re");
    if (!f)
        return NULL;
    for (size_t n = fread(part, 1, sizeof part, f); n > 0;
         n = fread(part, 1, sizeof part, f))
        sct_buffer_add(&b, part, n);
    b.has_failed |= ferror(f) != 0;
    fclose(f);
    explicit_bzero(part, sizeof part);
    return sct_buffer_take(&b);
}

static void wipe_text(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    sct_mem_free(text);
}

static char *read_shared_file(int is_config)
{
    const char *const named =
        find_variable(is_config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE");
    const char *const home = find_variable("HOME");
    struct sct_buffer path = {0};
    if (named)
        return read_file(named);
    if (!home)
        return NULL;
    sct_buffer_format(&path, "%s/.aws/%s", home, is_config ? "config" : "credentials");
    char *const text = path.has_failed ? NULL : read_file(path.data);
    sct_buffer_free(&path);
    return text;
}

static const char *find_profile(const struct sct_key_sources *s)
{
    if (s->profile)
        return s->profile;
    const char *const named = find_variable("AWS_PROFILE");
    return named ? named : "default";
}

/* A setting of the profile, from ~/.aws/credentials or else ~/.aws/config; key NULL: whether
 * there is such a profile. For wipe_text; NULL: none. */
static char *find_setting(const struct sct_key_sources *s, const char *key)
{
    char *value = NULL;
    for (int is_config = 0; is_config <= 1 && !value; is_config++) {
        char *const text = read_shared_file(is_config);
        if (text)
            value = sct_profile_find(text, find_profile(s), is_config, key);
        wipe_text(text);
    }
    return value;
}

/* ---- answers ------------------------------------------------------------------------ */

static void pause_ms(int ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* The whole answer to a request. SCT_OK with any HTTP status. */
static int fetch_once(struct sct_key_sources *s, const struct sct_http_request *request,
                      struct sct_buffer *body, int *http_status,
                      struct sct_report *report)
{
    sct_exchange *x = NULL;
    char part[4096];
    size_t n = 1;
    int status = s->http ? SCT_OK : sct_http_create(&s->http, report);
    if (status == SCT_OK)
        status = sct_http_start(s->http, request, &x);
    if (status == SCT_OK)
        status = sct_exchange_wait(x);
    while (status == SCT_OK && n > 0) {
        status = sct_exchange_read(x, part, sizeof part, &n);
        sct_buffer_add(body, part, n);
    }
    explicit_bzero(part, sizeof part);
    if (status == SCT_OK && body->has_failed)
        status = SCT_ERR_IO;
    if (status != SCT_OK)
        sct_report_fail(report, status, "credentials: %s: %s", request->url,
                        x && sct_exchange_message(x)[0]
                            ? sct_exchange_message(x)
                            : "no memory, or an answer too long");
    else
        *http_status = sct_exchange_status(x);
    sct_exchange_end(x);
    return status;
}

/* The same with patience. Only 200 is SCT_OK. */
static int fetch(struct sct_key_sources *s, const struct sct_http_request *request,
                 struct sct_buffer *body, struct sct_report *report)
{
    int status = SCT_ERR_IO;
    body->max_bytes = MAX_ANSWER_BYTES;
    for (int i = 0; i < N_TRIES; i++) {
        struct sct_report why = {.message = ""};
        int http_status = 0;
        sct_buffer_reset(body);
        status = fetch_once(s, request, body, &http_status, &why);
        if (status == SCT_OK && http_status == 200)
            return SCT_OK;
        if (status == SCT_OK) {
            status =
                http_status >= 500 || http_status == 429 ? SCT_ERR_IO : SCT_ERR_DENIED;
            sct_report_fail(&why, status, "credentials: %s answers %d", request->url,
                            http_status);
        }
        if ((status != SCT_ERR_IO && status != SCT_ERR_TIMEOUT) || i == N_TRIES - 1) {
            sct_report_fail(report, status, "%s", why.message);
            break;
        }
        pause_ms(100 << i);
    }
    return status;
}

/* ---- sources ------------------------------------------------------------------------ */

static int ask_environment(struct sct_key_sources *s, struct sct_aws_secret *out,
                           struct sct_report *report)
{
    const char *const access = find_variable("AWS_ACCESS_KEY_ID");
    const char *const secret = find_variable("AWS_SECRET_ACCESS_KEY");
    if (s->profile || (!access && !secret)) /* a profile asked for by name comes first */
        return SCT_DONE;
    if (!access || !secret)
        return sct_report_fail(report, SCT_ERR_ARGUMENT, "%s is set and %s is not",
                               access ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                               access ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return sct_aws_secret_fill(out, access, secret, find_variable("AWS_SESSION_TOKEN"));
}

/* Why a profile without keys has none that we could use; SCT_DONE when it is none of ours. */
static int explain_profile(struct sct_key_sources *s, struct sct_report *report)
{
    static const char *const foreign[] = {"credential_process", "source_profile",
                                          "credential_source", "sso_session",
                                          "sso_start_url"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char *const value = find_setting(s, foreign[i]);
        wipe_text(value);
        if (value)
            return sct_report_fail(
                report, SCT_ERR_UNSUPPORTED,
                "profile '%s' uses %s, which is not supported; 'aws configure "
                "export-credentials --format env' turns it into variables",
                find_profile(s), foreign[i]);
    }
    return SCT_DONE;
}

static int ask_shared_files(struct sct_key_sources *s, struct sct_aws_secret *out,
                            struct sct_report *report)
{
    const int is_named = s->profile || find_variable("AWS_PROFILE");
    char *const found = find_setting(s, NULL);
    char *const access = find_setting(s, "aws_access_key_id");
    char *const secret = find_setting(s, "aws_secret_access_key");
    char *const token = find_setting(s, "aws_session_token");
    int status;
    if (access && secret)
        status = sct_aws_secret_fill(out, access, secret, token);
    else if (access || secret)
        status =
            sct_report_fail(report, SCT_ERR_ARGUMENT,
                            "profile '%s' has only half a pair of keys", find_profile(s));
    else if (!found && is_named)
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "there is no profile '%s' in ~/.aws/config or "
                                 "~/.aws/credentials",
                                 find_profile(s));
    else
        status = found ? explain_profile(s, report) : SCT_DONE;
    wipe_text(token);
    wipe_text(secret);
    wipe_text(access);
    sct_mem_free(found);
    return status;
}

static int take_error_code(void *ctx, const char *path, const char *text)
{
    char *const message = ctx;
    if (strcmp(path, "ErrorResponse/Error/Code") == 0)
        snprintf(message, 64, "%s", text);
    return SCT_OK;
}

/* AssumeRoleWithWebIdentity is not signed: the token is the proof. */
static int assume_role(struct sct_key_sources *s, const char *role, const char *token,
                       struct sct_aws_secret *out, struct sct_report *report)
{
    static const char *const headers[] = {
        "Content-Type: application/x-www-form-urlencoded"};
    const char *endpoint = find_variable("AWS_ENDPOINT_URL_STS");
    const char *const session = find_variable("AWS_ROLE_SESSION_NAME");
    const char *region = find_variable("AWS_REGION");
    char *const profile_region = find_setting(s, "region");
    struct sct_buffer url = {0}, form = {0}, answer = {0};
    if (!endpoint)
        endpoint = find_variable("AWS_ENDPOINT_URL");
    if (!region)
        region = find_variable("AWS_DEFAULT_REGION");
    if (!region)
        region = profile_region;
    if (endpoint)
        sct_buffer_text(&url, endpoint);
    else if (region)
        sct_buffer_format(&url, "https://sts.%s.amazonaws.com%s/", region,
                          strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    else
        sct_buffer_text(&url, "https://sts.amazonaws.com/");
    sct_buffer_text(&form,
                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
    sct_buffer_encode(&form, role, 0);
    sct_buffer_text(&form, "&RoleSessionName=");
    sct_buffer_encode(&form, session ? session : "scantling", 0);
    sct_buffer_text(&form, "&WebIdentityToken=");
    sct_buffer_encode(&form, token, 0);
    int status = url.has_failed || form.has_failed ? SCT_ERR_MEMORY : SCT_OK;
    if (status == SCT_OK) {
        const struct sct_http_request request = {.method = "POST",
                                                 .url = url.data,
                                                 .header = headers,
                                                 .n_headers = 1,
                                                 .body = form.data,
                                                 .body_bytes = form.n_bytes};
        struct sct_report why = {.message = ""};
        char code[64] = "";
        status = fetch(s, &request, &answer, &why);
        if (status == SCT_ERR_DENIED && answer.data)
            sct_xml_walk(answer.data, answer.n_bytes, take_error_code, code);
        if (status != SCT_OK)
            sct_report_fail(report, status, "%s%s%s", why.message, code[0] ? ": " : "",
                            code);
    }
    if (status == SCT_OK) {
        status = sct_credentials_parse_sts(out, answer.data, answer.n_bytes);
        if (status == SCT_ERR_CORRUPT)
            status = sct_report_fail(report, SCT_ERR_IO,
                                     "credentials: the answer of STS makes no sense");
    }
    sct_buffer_free(&answer);
    sct_buffer_free(&form);
    sct_buffer_free(&url);
    wipe_text(profile_region);
    return status;
}

static int ask_web_identity(struct sct_key_sources *s, struct sct_aws_secret *out,
                            struct sct_report *report)
{
    char *const profile_file = find_setting(s, "web_identity_token_file");
    char *const profile_role = find_setting(s, "role_arn");
    const char *file = find_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = find_variable("AWS_ROLE_ARN");
    char *token = NULL;
    int status = SCT_DONE;
    if (!file || s->profile) {
        file = profile_file;
        role = profile_role;
    }
    if (!file)
        goto done;
    if (!role) {
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "web identity: a token file is set and no role "
                                 "(AWS_ROLE_ARN)");
        goto done;
    }
    token = read_file(file); /* each time: it is renewed */
    if (!token) {
        status =
            sct_report_fail(report, SCT_ERR_IO, "web identity: cannot read %s", file);
        goto done;
    }
    token[strcspn(token, "\r\n")] = '\0';
    status = assume_role(s, role, token, out, report);
done:
    wipe_text(token);
    wipe_text(profile_role);
    wipe_text(profile_file);
    return status;
}

/* Whom the token may be sent to without TLS: this machine, and the agents of ECS and EKS. */
static int is_safe_endpoint(const char *url)
{
    static const char *const safe[] = {"http://127.",           "http://localhost",
                                       "http://[::1]",          "http://169.254.170.2",
                                       "http://169.254.170.23", "http://[fd00:ec2::23]"};
    if (strncmp(url, "https://", 8) == 0)
        return 1;
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
        const size_t n = strlen(safe[i]);
        if (strncmp(url, safe[i], n) == 0 &&
            (safe[i][n - 1] == '.' || (url[n] && strchr(":/?", url[n])) || !url[n]))
            return 1;
    }
    return 0;
}

static int parse_answer(struct sct_aws_secret *out, const struct sct_buffer *answer,
                        const char *from, struct sct_report *report)
{
    const int status = sct_credentials_parse_json(out, answer->data, answer->n_bytes);
    return status == SCT_ERR_CORRUPT
               ? sct_report_fail(report, SCT_ERR_IO,
                                 "credentials: the answer of the %s makes no sense", from)
               : status;
}

static int ask_container(struct sct_key_sources *s, struct sct_aws_secret *out,
                         struct sct_report *report)
{
    const char *const relative = find_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *const full = find_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *const file = find_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = find_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    struct sct_buffer url = {0}, authorization = {0}, answer = {0};
    char *file_token = NULL;
    int status = SCT_OK;
    if (!relative && !full)
        return SCT_DONE;
    sct_buffer_format(&url, "%s%s", relative ? "http://169.254.170.2" : "",
                      relative ? relative : full);
    if (url.has_failed) {
        status = SCT_ERR_MEMORY;
    } else if (!is_safe_endpoint(url.data)) {
        status =
            sct_report_fail(report, SCT_ERR_ARGUMENT,
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an "
                            "address of this machine");
    } else if (file) {
        token = file_token = read_file(file);
        if (!token)
            status =
                sct_report_fail(report, SCT_ERR_IO, "credentials: cannot read %s", file);
    }
    if (status == SCT_OK && token) {
        if (file_token)
            file_token[strcspn(file_token, "\r\n")] = '\0';
        if (strpbrk(token, "\r\n"))
            status =
                sct_report_fail(report, SCT_ERR_ARGUMENT,
                                "AWS_CONTAINER_AUTHORIZATION_TOKEN has several lines");
        sct_buffer_format(&authorization, "Authorization: %s", token);
        if (authorization.has_failed)
            status = SCT_ERR_MEMORY;
    }
    if (status == SCT_OK) {
        const char *const header = authorization.data;
        const struct sct_http_request request = {.method = "GET",
                                                 .url = url.data,
                                                 .header = &header,
                                                 .n_headers = header != NULL,
                                                 .connect_ms = METADATA_MS,
                                                 .total_ms = 5 * METADATA_MS,
                                                 .is_direct = 1};
        status = fetch(s, &request, &answer, report);
    }
    if (status == SCT_OK)
        status = parse_answer(out, &answer, "container endpoint", report);
    wipe_text(file_token);
    sct_buffer_free(&answer);
    sct_buffer_free(&authorization);
    sct_buffer_free(&url);
    return status;
}

static const char *find_metadata_service(void)
{
    const char *const named = find_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    return named ? named : "http://169.254.169.254";
}

/* A document of the instance; with header NULL it asks for a session's token. */
static int fetch_metadata(struct sct_key_sources *s, const char *path, const char *header,
                          struct sct_buffer *answer, struct sct_report *report)
{
    static const char ttl[] = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
    const char *const service = find_metadata_service();
    const size_t n = strlen(service);
    const char *const sent = header ? header : ttl;
    struct sct_buffer url = {0};
    sct_buffer_format(&url, "%.*s%s", (int)(n > 0 && service[n - 1] == '/' ? n - 1 : n),
                      service, path);
    const struct sct_http_request request = {.method = header ? "GET" : "PUT",
                                             .url = url.data,
                                             .header = &sent,
                                             .n_headers = 1,
                                             .connect_ms = METADATA_MS / 2,
                                             .total_ms = METADATA_MS,
                                             .is_direct = 1};
    const int status =
        url.has_failed ? SCT_ERR_MEMORY : fetch(s, &request, answer, report);
    sct_buffer_free(&url);
    return status;
}

/* The header with a session's token, for sct_buffer_free. One that does not answer at all is
 * no instance: SCT_DONE. */
static int begin_session(struct sct_key_sources *s, struct sct_buffer *header,
                         struct sct_report *report)
{
    struct sct_buffer token = {0};
    if (is_true("AWS_EC2_METADATA_DISABLED"))
        return SCT_DONE;
    int status = fetch_metadata(s, "/latest/api/token", NULL, &token, report);
    if (status == SCT_OK && token.data && !strpbrk(token.data, "\r\n"))
        sct_buffer_format(header, "X-aws-ec2-metadata-token: %s", token.data);
    else if (status == SCT_OK || status == SCT_ERR_IO || status == SCT_ERR_TIMEOUT ||
             status == SCT_ERR_DENIED)
        status = SCT_DONE;
    if (status == SCT_OK && header->has_failed)
        status = SCT_ERR_MEMORY;
    sct_buffer_free(&token);
    return status;
}

static int ask_instance(struct sct_key_sources *s, struct sct_aws_secret *out,
                        struct sct_report *report)
{
    static const char base[] = "/latest/meta-data/iam/security-credentials/";
    struct sct_buffer header = {0}, role = {0}, path = {0}, answer = {0};
    struct sct_report unheard = {.message = ""};
    int status = begin_session(s, &header, &unheard);
    if (status == SCT_OK)
        status = fetch_metadata(s, base, header.data, &role, report);
    if (status == SCT_OK) {
        sct_buffer_text(&path, base);
        if (role.data) {
            role.data[strcspn(role.data, "\r\n")] = '\0';
            sct_buffer_encode(&path, role.data, 0);
        }
        status = path.has_failed
                     ? SCT_ERR_MEMORY
                     : fetch_metadata(s, path.data, header.data, &answer, report);
    }
    if (status == SCT_OK)
        status = parse_answer(out, &answer, "instance", report);
    sct_buffer_free(&answer);
    sct_buffer_free(&path);
    sct_buffer_free(&role);
    sct_buffer_free(&header);
    return status;
}

/* ---- all of them -------------------------------------------------------------------- */

int sct_key_sources_ask(struct sct_key_sources *s, struct sct_aws_secret *out,
                        struct sct_report *report)
{
    static source_fn *const sources[] = {ask_environment, ask_shared_files,
                                         ask_web_identity, ask_container, ask_instance};
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const int status = sources[i](s, out, report);
        if (status != SCT_DONE)
            return status;
    }
    return sct_report_fail(
        report, SCT_ERR_DENIED,
        "no AWS credentials: not in the environment, not in ~/.aws, and "
        "neither container nor instance has any");
}

/* Regions become part of host names. */
static int take_region(char region[SCT_REGION_BYTES], const char *text)
{
    const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (n == 0 || n >= SCT_REGION_BYTES || text[n])
        return SCT_DONE;
    memcpy(region, text, n + 1);
    return SCT_OK;
}

int sct_key_sources_region(struct sct_key_sources *s, char region[SCT_REGION_BYTES],
                           struct sct_report *report)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    struct sct_buffer header = {0}, answer = {0};
    struct sct_report unheard = {.message = ""};
    int status = SCT_DONE;
    for (size_t i = 0; i < sizeof variables / sizeof *variables && status == SCT_DONE;
         i++) {
        if (find_variable(variables[i]))
            status = take_region(region, find_variable(variables[i]));
    }
    char *const setting = status == SCT_DONE ? find_setting(s, "region") : NULL;
    if (setting)
        status = take_region(region, setting);
    wipe_text(setting);
    if (status == SCT_DONE && begin_session(s, &header, &unheard) == SCT_OK &&
        fetch_metadata(s, "/latest/meta-data/placement/region", header.data, &answer,
                       &unheard) == SCT_OK &&
        answer.data)
        status = take_region(region, answer.data);
    sct_buffer_free(&answer);
    sct_buffer_free(&header);
    if (status == SCT_OK)
        return SCT_OK;
    return sct_report_fail(report, SCT_ERR_ARGUMENT,
                           "no AWS region: set AWS_REGION, or 'region' in ~/.aws/config");
}
