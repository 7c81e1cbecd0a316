/* Claims: who is going to write which path, so that no two outputs have the same. */
#ifndef SCT_CLAIMS_H
#define SCT_CLAIMS_H

#include <stddef.h>

struct sct_claim {
    char *path; /* canonical, owned; NULL: a free place */
    int item, variant;
};

/* Zeroed is empty. */
struct sct_claims {
    struct sct_claim *place; /* n_places of them, a power of two */
    size_t n_places, n_claims;
};

/* Claims a canonical path, copied. SCT_OK; SCT_ERR_ARGUMENT: taken, *other is by whom,
 * borrowed until the next call; SCT_ERR_MEMORY. */
int sct_claims_add(struct sct_claims *claims, const char *path, int item, int variant,
                   const struct sct_claim **other);
void sct_claims_free(struct sct_claims *claims);

#endif
