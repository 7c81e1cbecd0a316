/* What credentials look like in files and in answers. All of it is untrusted; nothing here
 * reads a file or the network. */
#ifndef SCT_CREDENTIALS_PARSE_H
#define SCT_CREDENTIALS_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* Credentials of their own memory; wiped and freed with sct_aws_secret_free. */
struct sct_aws_secret {
    char *access_key, *secret_key, *token; /* token may be NULL */
    int64_t expires_s;                     /* since 1970; 0: never */
};

/* Fills it with copies; token may be NULL or "". SCT_OK or SCT_ERR_MEMORY. */
int sct_aws_secret_fill(struct sct_aws_secret *s, const char *access_key,
                        const char *secret_key, const char *token);
void sct_aws_secret_free(struct sct_aws_secret *s);

/* The answer of the container endpoint and of instance metadata: AccessKeyId, SecretAccessKey,
 * Token, Expiration. SCT_OK, SCT_ERR_CORRUPT, SCT_ERR_MEMORY; *s is zeroed on failure. */
int sct_credentials_parse_json(struct sct_aws_secret *s, const char *text,
                               size_t n_bytes);

/* The answer of STS to AssumeRoleWithWebIdentity. Statuses as above. */
int sct_credentials_parse_sts(struct sct_aws_secret *s, const char *text, size_t n_bytes);

/* Looks `key` up in the profile of a shared file. In ~/.aws/config the section is called
 * "profile NAME" (is_config), or "default". The last one counts; settings that are indented
 * belong to another one and are passed over. The value, for sct_mem_free; NULL when it is not
 * there or there is no memory. With key NULL: "" when there is such a section. */
char *sct_profile_find(const char *text, const char *profile, int is_config,
                       const char *key);

/* "2026-01-31T12:00:00Z", also with a fraction, as seconds since 1970; -1 for what is
 * no such date. */
int64_t sct_date_parse_iso(const char *text);

#endif
