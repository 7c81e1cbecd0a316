/* What the function `presign` is told by its environment. README.md lists the variables. */
#ifndef SCT_PRESIGN_SETTINGS_H
#define SCT_PRESIGN_SETTINGS_H

#include <stdint.h>

#include "buffer.h"
#include "io.h"
#include "jwt.h"

enum { SCT_PRESIGN_MAX_WORDS = 32 };

/* A list that was written with commas. */
struct sct_words {
    char *text; /* owned, cut into words */
    const char *word[SCT_PRESIGN_MAX_WORDS];
    int n;
};

struct sct_presign_settings {
    const char *uploads; /* URL of the store, borrowed from the environment */
    int uses_iam;        /* otherwise tokens */
    sct_jwt_keys *keys;
    struct sct_jwt_rules rules;
    struct sct_words types;   /* content types, lower-case */
    struct sct_words origins; /* of CORS; none: no CORS; "*": any */
    int64_t min_bytes, max_bytes, expires_s;
};

/* SCT_OK; SCT_ERR_ARGUMENT with a message that names the variable; SCT_ERR_IO: the file of keys
 * cannot be read; SCT_ERR_UNSUPPORTED, SCT_ERR_MEMORY. To be freed in any case. */
int sct_presign_settings_read(struct sct_presign_settings *s, struct sct_report *report);
void sct_presign_settings_free(struct sct_presign_settings *s);

#endif
