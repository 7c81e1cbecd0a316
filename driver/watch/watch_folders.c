/* See watch_folders.h. Names are compared first, since folders that are still to be made have nothing
 * else, then the folders themselves, whatever they are called. */
#define _GNU_SOURCE 1
#include "watch_folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "mem.h"
#include "paths.h"
#include "store.h"
#include "text.h"
#include "walk.h"

static int make_folder(const char *path)
{
    char *folder = NULL;
    const int error =
        asprintf(&folder, "%s/", path) < 0 ? ENOMEM : sct_path_make_folders(folder);
    free(folder);
    if (!error)
        return SCT_OK;
    sct_text_complain("cannot create %s: %s", path, strerror(error));
    return SCT_ERR_ARGUMENT;
}

/* What would become of two folders in each other; the failed one is the second. */
static int refuse(const char *a, const char *b, int is_failed)
{
    sct_text_complain("%s and %s overlap: %s", a, b,
                      is_failed
                          ? "failed inputs belong neither to the source nor to the target"
                          : "outputs would become inputs");
    return SCT_ERR_ARGUMENT;
}

static int is_prefix(const char *outer, const char *path)
{
    const size_t n = strlen(outer);
    return strncmp(outer, path, n) == 0 &&
           (path[n] == '/' || path[n] == '\0' || (n > 0 && outer[n - 1] == '/'));
}

/* By name, before there is anything: folders that are still to be made are below what is there. */
static int refuse_names(const char *a, const char *b, int is_failed)
{
    char *const x = sct_store_canonical(a), *const y = sct_store_canonical(b);
    int status = x && y ? SCT_OK : SCT_ERR_MEMORY;
    if (x && y && (is_prefix(x, y) || is_prefix(y, x)))
        status = refuse(a, b, is_failed);
    sct_mem_free(x);
    sct_mem_free(y);
    return status;
}

/* Whatever they are called. */
static int refuse_overlap(const char *a, const char *b, int is_failed)
{
    const int is_in = sct_walk_is_within(a, b), contains = sct_walk_is_within(b, a);
    if (is_in == 0 && contains == 0)
        return SCT_OK;
    if (is_in > 0 || contains > 0)
        return refuse(a, b, is_failed);
    sct_text_complain("%s, %s: %s", a, b, strerror(errno));
    return SCT_ERR_ARGUMENT;
}

int sct_watch_folders_prepare(const char *source, const char *target, const char *failed)
{
    const struct {
        const char *a, *b;
        int is_failed;
    } pair[] = {{source, target, 0}, {source, failed, 1}, {target, failed, 1}};
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < 3; i++)
        if (pair[i].a && pair[i].b)
            status = refuse_names(pair[i].a, pair[i].b, pair[i].is_failed);
    if (status == SCT_OK && target)
        status = make_folder(target);
    if (status == SCT_OK && failed)
        status = make_folder(failed);
    for (int i = 0; status == SCT_OK && i < 3; i++)
        if (pair[i].a && pair[i].b)
            status = refuse_overlap(pair[i].a, pair[i].b, pair[i].is_failed);
    return status;
}

char *sct_watch_folders_url(const char *folder)
{
    struct sct_buffer url = {0};
    char *const path = realpath(folder, NULL);
    if (!path)
        return NULL;
    sct_buffer_format(&url, "file://");
    sct_buffer_encode(&url, path, 1);
    free(path);
    return sct_buffer_take(&url);
}
