/* libcrypto of OpenSSL, loaded when it is first needed, for the same reason as libcurl (see
 * curl_table.h): linked, it nearly doubles the time that the command takes to start. With
 * SCT_STORES_LINKED the table is filled by the linker. */
#ifndef SCT_CRYPTO_TABLE_H
#define SCT_CRYPTO_TABLE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#define SCT_CRYPTO_FUNCTIONS(X)                                                          \
    X(EVP_Digest)                                                                        \
    X(EVP_sha256)                                                                        \
    X(HMAC)                                                                              \
    X(d2i_PUBKEY)                                                                        \
    X(EVP_PKEY_free)                                                                     \
    X(EVP_PKEY_get_bits)                                                                 \
    X(EVP_PKEY_get_group_name)                                                           \
    X(EVP_PKEY_is_a)                                                                     \
    X(EVP_MD_CTX_new)                                                                    \
    X(EVP_MD_CTX_free)                                                                   \
    X(EVP_DigestVerifyInit)                                                              \
    X(EVP_DigestVerify)

struct sct_crypto {
#define SCT_CRYPTO_POINTER(name) __typeof__(name) *name;
    SCT_CRYPTO_FUNCTIONS(SCT_CRYPTO_POINTER)
#undef SCT_CRYPTO_POINTER
};

/* The table, the same for all threads; NULL where there is no libcrypto of OpenSSL 3. */
const struct sct_crypto *sct_crypto_load(void);

#endif
