/* JSON Web Tokens (RFC 7519, 7515; RFC 8725 for what to beware of): who somebody is, signed by who
 * may say so. */
#ifndef SCT_JWT_H
#define SCT_JWT_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "jwt_keys.h"

enum { SCT_JWT_MAX_BYTES = 8192, SCT_JWT_SUBJECT_BYTES = 256 };

/* All borrowed. */
struct sct_jwt_rules {
    const sct_jwt_keys *keys;
    const char *issuer;   /* what "iss" has to be */
    const char *audience; /* what "aud" has to be, or to have among others */
    int leeway_s;         /* by how much clocks may differ */
};

struct sct_jwt_claims {
    char subject[SCT_JWT_SUBJECT_BYTES]; /* UTF-8, never empty */
    double expires_s;                    /* since 1970 */
};

/* Reads a token in compact form at the time now_s. SCT_OK: one of the keys has signed it, it is
 * from the issuer and for the audience, and now is its time; "exp", "iss", "aud" and "sub"
 * have to be there. SCT_ERR_DENIED, with the reason in the report, for anything else that the bytes
 * may be, and where there is no memory to find out. What the token says is not believed before its
 * signature is right. */
int sct_jwt_verify(struct sct_jwt_claims *claims, const char *token, size_t n_bytes,
                   const struct sct_jwt_rules *rules, int64_t now_s,
                   struct sct_report *report);

#endif
