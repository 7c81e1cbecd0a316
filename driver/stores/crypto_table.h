/* libcrypto of OpenSSL, loaded when it is first needed, for the same reason as libcurl (see
 * curl_table.h): linked, it nearly doubles the time that the command takes to start. With
 * SCT_STORES_LINKED the table is filled by the linker. */
#ifndef SCT_CRYPTO_TABLE_H
#define SCT_CRYPTO_TABLE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

struct sct_crypto {
    __typeof__(EVP_Digest) *EVP_Digest;
    __typeof__(EVP_sha256) *EVP_sha256;
    __typeof__(HMAC) *HMAC;
};

/* The table, the same for all threads; NULL where there is no libcrypto of OpenSSL 3. */
const struct sct_crypto *sct_crypto_load(void);

#endif
