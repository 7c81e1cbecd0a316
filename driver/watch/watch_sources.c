/* Sources: all their hashes, sorted; or one, looked for on the way. */
#define _GNU_SOURCE 1
#include "watch_sources.h"

#include <stdlib.h>
#include <string.h>

#include "origin.h"
#include "walk.h"

typedef char source_name[SCT_ORIGIN_SOURCE_BYTES];

struct sct_sources {
    const char *url; /* while it is filled */
    source_name *name;
    size_t n, capacity;
    int status;
    char *missed; /* the first folder that could not be looked at */
};

static void add_source(void *ctx, const char *key, const struct stat *st)
{
    sct_sources *const s = ctx;
    (void)st;
    if (s->status != SCT_OK)
        return;
    if (s->n == s->capacity) {
        const size_t capacity = s->capacity ? s->capacity * 2 : 256;
        source_name *const larger = realloc(s->name, capacity * sizeof *larger);
        if (!larger) {
            s->status = SCT_ERR_MEMORY;
            return;
        }
        s->name = larger;
        s->capacity = capacity;
    }
    s->status = sct_origin_hash(s->name[s->n], s->url, key);
    s->n += s->status == SCT_OK;
}

static void miss_folder(void *ctx, const char *path, int error)
{
    sct_sources *const s = ctx;
    (void)error;
    if (s->status != SCT_OK)
        return;
    s->missed = strdup(path);
    s->status = s->missed ? SCT_ERR_IO : SCT_ERR_MEMORY;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

int sct_sources_create(sct_sources **out, int folder, const char *url, char **path)
{
    sct_sources *const s = *out = calloc(1, sizeof *s);
    const struct sct_walk walk = {.see = add_source, .miss = miss_folder, .ctx = s};
    *path = NULL;
    if (!s)
        return SCT_ERR_MEMORY;
    s->url = url;
    int status = sct_walk_folder(folder, "", &walk);
    if (status == SCT_OK)
        status = s->status;
    if (status != SCT_OK) {
        *path = s->missed;
        s->missed = NULL;
        sct_sources_free(s);
        *out = NULL;
        return status;
    }
    if (s->n > 1)
        qsort(s->name, s->n, sizeof *s->name, compare);
    return SCT_OK;
}

void sct_sources_free(sct_sources *s)
{
    if (!s)
        return;
    free(s->missed);
    free(s->name);
    free(s);
}

int sct_sources_are_none(const sct_sources *s)
{
    return s->n == 0;
}

int sct_sources_have(const sct_sources *s, const char *source)
{
    return s->n > 0 && bsearch(source, s->name, s->n, sizeof *s->name, compare) != NULL;
}

/* ---- one of them ------------------------------------------------------------------- */

struct search {
    const char *url, *wanted;
    int may_be_there; /* it is, or it cannot be found out: the search is over */
};

static int enter_folder(void *ctx, const char *folder)
{
    const struct search *const s = ctx;
    (void)folder;
    return s->may_be_there ? -1 : 0;
}

static void compare_source(void *ctx, const char *key, const struct stat *st)
{
    struct search *const s = ctx;
    source_name name;
    (void)st;
    if (!s->may_be_there)
        s->may_be_there =
            sct_origin_hash(name, s->url, key) != SCT_OK || strcmp(name, s->wanted) == 0;
}

static void give_up(void *ctx, const char *path, int error)
{
    struct search *const s = ctx;
    (void)path;
    (void)error;
    s->may_be_there = 1;
}

int sct_sources_may_have(int folder, const char *url, const char *source)
{
    struct search search = {.url = url, .wanted = source};
    const struct sct_walk walk = {
        .enter = enter_folder, .see = compare_source, .miss = give_up, .ctx = &search};
    return sct_walk_folder(folder, "", &walk) != SCT_OK || search.may_be_there;
}
