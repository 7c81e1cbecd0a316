/* Keys of uploads, which the uploader cannot choose:
 *
 *     alice/3f0c...e1.jpg       subject / 128 random bits . by the content type
 *     ~5d41402a.../9b22...webp  a subject that is no plain word: 128 bits of its SHA-256 */
#ifndef SCT_UPLOAD_KEY_H
#define SCT_UPLOAD_KEY_H

enum { SCT_UPLOAD_KEY_BYTES = 128 };

/* content_type: "image/jpeg", lower-case. SCT_OK; SCT_ERR_IO: no random numbers;
 * SCT_ERR_UNSUPPORTED: no OpenSSL 3. */
int sct_upload_key_make(char key[SCT_UPLOAD_KEY_BYTES], const char *subject,
                        const char *content_type);

#endif
