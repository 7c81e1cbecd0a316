/* The outputs of a watch. What goes is only what says of itself whose it is. */
#define _GNU_SOURCE 1
#include "watch_outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"
#include "keys.h"
#include "paths.h"
#include "stamp.h"
#include "walk.h"
#include "watch_log.h"

char *sct_watch_output(const struct sct_watch *watch, const char *key,
                       const struct sct_variant *variant,
                       const struct sct_encoder_ops *format)
{
    char *const output = sct_key_expand(watch->options->key, key, variant, format);
    char *path = NULL;
    if (output && asprintf(&path, "%s/%s", watch->target, output) < 0)
        path = NULL;
    free(output);
    return path;
}

int sct_watch_is_below(const struct sct_watch *watch, const char *path)
{
    const size_t n = strlen(watch->target);
    char *const canonical = sct_path_canonical(path);
    const int is_below =
        canonical && strncmp(canonical, watch->target, n) == 0 && canonical[n] == '/';
    free(canonical);
    return is_below;
}

/* Upwards from a file that is gone, as long as nothing is left. */
static void remove_folders(const struct sct_watch *w, char *path)
{
    const size_t n_target = strlen(w->target);
    for (char *slash; (slash = strrchr(path, '/')) && (size_t)(slash - path) > n_target;)
    {
        *slash = '\0';
        if (rmdir(path) != 0)
            return;
    }
}

/* Takes the path over. */
static void remove_output(const struct sct_watch *w, const char *key, char *path)
{
    struct sct_stamp *const stamp = malloc(sizeof *stamp);
    if (path && stamp && sct_watch_is_below(w, path) && sct_stamp_read(path, stamp) &&
        strcmp(stamp->key, key) == 0 && sct_stamp_remove(path) == 0)
    {
        sct_watch_log_event(&w->options->common, "removed", path);
        remove_folders(w, path);
    }
    free(stamp);
    free(path);
}

void sct_watch_remove_outputs(const struct sct_watch *watch, const char *key)
{
    const struct sct_options *const o = &watch->options->common;
    for (int i = 0; i < o->n_variants; i++) {
        const struct sct_variant *const v = &o->variant[i];
        /* Which format the source had nobody knows any more. */
        for (int j = 0; v->format ? j < 1 : sct_encoder_at(j) != NULL; j++)
            remove_output(watch, key,
                          sct_watch_output(watch, key, v,
                                           v->format ? v->format : sct_encoder_at(j)));
    }
}

/* ---- sweeping ---------------------------------------------------------------------- */

struct sweep {
    struct sct_watch *watch;
    int has_leftovers;
    struct sct_stamp stamp;
};

static int is_missing(const struct sct_watch *w, const char *key)
{
    const int fd =
        sct_beneath_open_unlinked(w->source, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0)
        close(fd);
    return fd == -ENOENT || fd == -ENOTDIR;
}

static void sweep_file(void *ctx, const char *key, const struct stat *st)
{
    struct sweep *const s = ctx;
    const struct sct_watch *const w = s->watch;
    char *path = NULL;
    (void)st;
    if (asprintf(&path, "%s/%s", w->target, key) < 0)
        return;
    if (s->has_leftovers && sct_tempfiles_is_one(sct_path_leaf(key))) {
        unlink(path);
        remove_folders(w, path);
    } else if (w->options->mirror_deletes && sct_path_leaf(key)[0] != '.' &&
               sct_stamp_read(path, &s->stamp) && is_missing(w, s->stamp.key))
    {
        remove_output(w, s->stamp.key, path);
        path = NULL;
    }
    free(path);
}

void sct_watch_sweep(struct sct_watch *watch, int has_leftovers)
{
    struct sweep *const s = calloc(1, sizeof *s);
    if (!s)
        return;
    s->watch = watch;
    s->has_leftovers = has_leftovers;
    const struct sct_walk walk = {.see = sweep_file, .ctx = s};
    sct_walk_folder(watch->target_fd, "", &walk);
    free(s);
}
