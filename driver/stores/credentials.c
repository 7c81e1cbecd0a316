/* Credentials that are kept, and looked for again in time.
 *
 *     get: lock { still good? else ask the sources } copy, unlock
 *
 * Invariants:
 *   1. everything behind `lock` is touched with it held;
 *   2. `secret` is complete or empty. */
#define _GNU_SOURCE 1
#include "credentials.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "credentials_parse.h"
#include "credentials_sources.h"
#include "mem.h"

enum {
    REFRESH_S = 300, /* before they expire */
    RETRY_S = 30     /* when asking failed and the old ones still serve */
};

struct sct_credentials {
    pthread_mutex_t lock;
    struct sct_key_sources sources;
    struct sct_aws_secret secret;
    int64_t refresh_s; /* when to look again; meaningful while secret is not empty */
};

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

int sct_credentials_create(sct_credentials **out, const char *profile)
{
    sct_credentials *const c = sct_mem_alloc(sizeof *c);
    *out = NULL;
    if (!c)
        return SCT_ERR_MEMORY;
    if (profile)
        c->sources.profile = sct_buffer_copy(profile);
    if ((profile && !c->sources.profile) || pthread_mutex_init(&c->lock, NULL) != 0) {
        sct_mem_free(c->sources.profile);
        sct_mem_free(c);
        return SCT_ERR_MEMORY;
    }
    *out = c;
    return SCT_OK;
}

void sct_credentials_free(sct_credentials *c)
{
    if (!c)
        return;
    sct_http_free(c->sources.http);
    sct_aws_secret_free(&c->secret);
    pthread_mutex_destroy(&c->lock);
    sct_mem_free(c->sources.profile);
    sct_mem_free(c);
}

/* With the lock held. */
static int refresh(sct_credentials *c, struct sct_report *report)
{
    struct sct_aws_secret fresh;
    struct sct_report why = {.message = ""};
    const int64_t now = now_s();
    if (c->secret.access_key && (c->secret.expires_s == 0 || now < c->refresh_s))
        return SCT_OK;
    const int status = sct_key_sources_ask(&c->sources, &fresh, &why);
    if (status != SCT_OK && c->secret.access_key && now < c->secret.expires_s) {
        c->refresh_s = now + RETRY_S;
        return SCT_OK;
    }
    sct_aws_secret_free(&c->secret);
    if (status != SCT_OK)
        return sct_report_fail(report, status, "%s", why.message);
    c->secret = fresh;
    /* What is handed out with less time than that left is used for half of it. */
    c->refresh_s = fresh.expires_s - now > 2 * REFRESH_S
                       ? fresh.expires_s - REFRESH_S
                       : now + (fresh.expires_s - now) / 2;
    return SCT_OK;
}

int sct_credentials_get(sct_credentials *c, struct sct_aws_keys *keys,
                        struct sct_report *report)
{
    struct sct_aws_secret copy = {.access_key = NULL};
    memset(keys, 0, sizeof *keys);
    pthread_mutex_lock(&c->lock);
    int status = refresh(c, report);
    if (status == SCT_OK)
        status = sct_aws_secret_fill(&copy, c->secret.access_key, c->secret.secret_key,
                                     c->secret.token);
    pthread_mutex_unlock(&c->lock);
    keys->access_key = copy.access_key;
    keys->secret_key = copy.secret_key;
    keys->token = copy.token;
    return status;
}

void sct_aws_keys_free(struct sct_aws_keys *keys)
{
    struct sct_aws_secret copy = {.access_key = (char *)(uintptr_t)keys->access_key,
                                  .secret_key = (char *)(uintptr_t)keys->secret_key,
                                  .token = (char *)(uintptr_t)keys->token};
    sct_aws_secret_free(&copy);
    memset(keys, 0, sizeof *keys);
}

void sct_credentials_refuse(sct_credentials *c, const struct sct_aws_keys *keys)
{
    pthread_mutex_lock(&c->lock);
    if (c->secret.access_key && strcmp(c->secret.access_key, keys->access_key) == 0 &&
        strcmp(c->secret.secret_key, keys->secret_key) == 0)
        sct_aws_secret_free(&c->secret);
    pthread_mutex_unlock(&c->lock);
}

int sct_credentials_region(sct_credentials *c, char region[SCT_REGION_BYTES],
                           struct sct_report *report)
{
    pthread_mutex_lock(&c->lock);
    const int status = sct_key_sources_region(&c->sources, region, report);
    pthread_mutex_unlock(&c->lock);
    return status;
}
