/* AWS credentials and region, from where AWS's own tools look for them.
 *
 *     1. the environment      AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     2. shared files         ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE,
 *                             AWS_CONFIG_FILE), profile AWS_PROFILE or "default"
 *     3. web identity         AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, or
 *                             the same of the profile: AssumeRoleWithWebIdentity of STS
 *     4. container endpoint   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
 *                             AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE
 *     5. instance metadata    IMDSv2; not with AWS_EC2_METADATA_DISABLED=true
 *
 * The first that is set up counts; when it fails, that is the failure. Profiles that want
 * role_arn with source_profile, credential_process or sso_* are refused by name. What expires is
 * fetched again five minutes before it does; when that fails, the old ones serve until
 * they expire. */
#ifndef SCT_CREDENTIALS_H
#define SCT_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "sigv4.h"

enum { SCT_REGION_BYTES = 64 };

typedef struct sct_credentials sct_credentials;

/* Looks for nothing yet. profile: NULL for AWS_PROFILE's. SCT_OK or SCT_ERR_MEMORY. All
 * functions below may be called from several threads at once; while one fetches, the others
 * wait for it. */
int sct_credentials_create(sct_credentials **out, const char *profile);
void sct_credentials_free(sct_credentials *c); /* accepts NULL */

/* A copy of what is valid now, for sct_aws_keys_free. SCT_OK; SCT_ERR_DENIED: there are
 * none, or the service that hands them out says no; SCT_ERR_IO, SCT_ERR_TIMEOUT: it could
 * not be reached; SCT_ERR_ARGUMENT: a setting makes no sense; SCT_ERR_MEMORY. */
int sct_credentials_get(sct_credentials *c, struct sct_aws_keys *keys,
                        struct sct_report *report);
void sct_aws_keys_free(
    struct sct_aws_keys *keys); /* wipes them; accepts what is zeroed */

/* A server has refused these as expired: if they are still the current ones, they are forgotten,
 * and the next sct_credentials_get looks anew. */
void sct_credentials_refuse(sct_credentials *c, const struct sct_aws_keys *keys);

/* AWS_REGION, AWS_DEFAULT_REGION, the profile's "region", or the instance's. SCT_OK, or
 * SCT_ERR_ARGUMENT with a message where there is none. */
int sct_credentials_region(sct_credentials *c, char region[SCT_REGION_BYTES],
                           struct sct_report *report);

#endif
