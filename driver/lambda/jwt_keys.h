/* Public keys by which signatures of tokens are checked: of RSA (2048 to 8192 bits), of ECDSA on
 * P-256, and of Ed25519, as PEM or as a JSON Web Key Set (RFC 7517).
 *
 * A key is good for one algorithm, by its kind. What a token says about its algorithm can
 * therefore be wrong, and cannot change how a key is used. */
#ifndef SCT_JWT_KEYS_H
#define SCT_JWT_KEYS_H

#include <stddef.h>

#include "io.h"

enum { SCT_JWT_MAX_KEYS = 32, SCT_JWT_MAX_KEYS_BYTES = 1 << 18 };

enum sct_jwt_algorithm { SCT_JWT_RS256, SCT_JWT_ES256, SCT_JWT_EDDSA };

typedef struct sct_jwt_keys sct_jwt_keys;

/* From the text of one or more PEM blocks "PUBLIC KEY", or of a key set; keys of a set that are of
 * another kind, or not for signatures, are passed over. SCT_OK; SCT_ERR_ARGUMENT with a message:
 * no keys, or bad ones; SCT_ERR_UNSUPPORTED: no OpenSSL 3 on this machine; SCT_ERR_MEMORY. */
int sct_jwt_keys_create(sct_jwt_keys **out, const char *text, struct sct_report *report);
void sct_jwt_keys_free(sct_jwt_keys *keys); /* accepts NULL */

int sct_jwt_keys_count(const sct_jwt_keys *keys);

/* Whether `signature` over `data` is by one of the keys for this algorithm: by one that is called
 * `id`, or that has no name; id NULL: by any. */
int sct_jwt_keys_verify(const sct_jwt_keys *keys, enum sct_jwt_algorithm algorithm,
                        const char *id, const void *data, size_t n_bytes,
                        const void *signature, size_t signature_bytes);

#endif
