/* Keys of uploads. */
#define _GNU_SOURCE 1
#include "upload_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "sigv4.h"
#include "status.h"

enum { MAX_SUBJECT_BYTES = 48, MAX_ENDING_BYTES = 8, RANDOM_BYTES = 16, HASH_CHARS = 32 };

static int is_plain(const char *subject)
{
    const size_t n = strspn(subject, "abcdefghijklmnopqrstuvwxyz0123456789"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_");
    return n > 0 && n <= MAX_SUBJECT_BYTES && subject[n] == '\0';
}

/* '~' is in no plain subject, so that nobody can be called like somebody else's hash. */
static int name_folder(char folder[MAX_SUBJECT_BYTES + 1], const char *subject)
{
    char hash[SCT_SHA256_HEX_BYTES];
    if (is_plain(subject)) {
        strcpy(folder, subject);
        return SCT_OK;
    }
    const int status = sct_sha256_hex(hash, subject, strlen(subject));
    if (status == SCT_OK)
        snprintf(folder, MAX_SUBJECT_BYTES + 1, "~%.*s", HASH_CHARS, hash);
    return status;
}

/* The usual one, or the letters and digits of the subtype: "image/x-odd" -> "xodd". */
static void choose_ending(char ending[MAX_ENDING_BYTES + 1], const char *content_type)
{
    const char *const slash = strchr(content_type, '/');
    size_t n = 0;
    for (const char *s = slash ? slash + 1 : ""; *s && n < MAX_ENDING_BYTES; s++) {
        if ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9'))
            ending[n++] = *s;
    }
    ending[n] = '\0';
    if (strcmp(ending, "jpeg") == 0 || n == 0)
        strcpy(ending, n == 0 ? "bin" : "jpg");
}

static int fill_randomly(unsigned char *bytes, size_t n_bytes)
{
    ssize_t n;
    do
        n = getrandom(bytes, n_bytes, 0);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)n_bytes ? SCT_OK : SCT_ERR_IO;
}

int sct_upload_key_make(char key[SCT_UPLOAD_KEY_BYTES], const char *subject,
                        const char *content_type)
{
    char folder[MAX_SUBJECT_BYTES + 1], ending[MAX_ENDING_BYTES + 1];
    char name[2 * RANDOM_BYTES + 1];
    unsigned char noise[RANDOM_BYTES];
    int status = name_folder(folder, subject);
    if (status == SCT_OK)
        status = fill_randomly(noise, sizeof noise);
    if (status != SCT_OK)
        return status;
    for (int i = 0; i < RANDOM_BYTES; i++)
        snprintf(name + 2 * i, 3, "%02x", (unsigned)noise[i]);
    choose_ending(ending, content_type);
    snprintf(key, SCT_UPLOAD_KEY_BYTES, "%s/%s.%s", folder, name, ending);
    return SCT_OK;
}
