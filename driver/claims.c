/* Claims: a hash table with open addressing. Never more than half full, so that a search
 * always ends at a free place. */
#define _GNU_SOURCE 1
#include "claims.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

/* FNV-1a, 64 bits. */
static uint64_t hash_path(const char *path)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 0x100000001b3u;
    return h;
}

static struct sct_claim *find_place(const struct sct_claims *c, const char *path)
{
    size_t i = (size_t)hash_path(path) & (c->n_places - 1);
    while (c->place[i].path && strcmp(c->place[i].path, path) != 0)
        i = (i + 1) & (c->n_places - 1);
    return &c->place[i];
}

static int grow_table(struct sct_claims *c)
{
    struct sct_claims larger = {.n_places = c->n_places ? c->n_places * 2 : 64,
                                .n_claims = c->n_claims};
    larger.place = calloc(larger.n_places, sizeof *larger.place);
    if (!larger.place)
        return SCT_ERR_MEMORY;
    for (size_t i = 0; i < c->n_places; i++) {
        if (c->place[i].path)
            *find_place(&larger, c->place[i].path) = c->place[i];
    }
    free(c->place);
    *c = larger;
    return SCT_OK;
}

int sct_claims_add(struct sct_claims *claims, const char *path, int item, int variant,
                   const struct sct_claim **other)
{
    if (claims->n_claims + 1 > claims->n_places / 2 && grow_table(claims) != SCT_OK)
        return SCT_ERR_MEMORY;
    struct sct_claim *const place = find_place(claims, path);
    if (place->path) {
        *other = place;
        return SCT_ERR_ARGUMENT;
    }
    place->path = strdup(path);
    if (!place->path)
        return SCT_ERR_MEMORY;
    place->item = item;
    place->variant = variant;
    claims->n_claims++;
    return SCT_OK;
}

void sct_claims_free(struct sct_claims *claims)
{
    for (size_t i = 0; i < claims->n_places; i++)
        free(claims->place[i].path);
    free(claims->place);
    claims->place = NULL;
    claims->n_places = claims->n_claims = 0;
}
