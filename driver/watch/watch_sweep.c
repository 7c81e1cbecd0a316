/* Sweeping: outputs do not say of which file they are, but by its hash.
 *
 *     sources, all hashes --> outputs whose source is not among them: removed
 *                         --> sources again: who has come since is put into the queue, so that an
 *                             output that was made and removed meanwhile is made once more
 *
 * A folder is known by its inode and the kind of its file system: both stay when it is mounted again, and
 * what a share hides has others. */
#define _GNU_SOURCE 1
#include "watch_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "origin.h"
#include "walk.h"
#include "watch_log.h"
#include "watch_sources.h"
#include "watch_tree.h"

struct sweep {
    struct sct_watch *watch;
    sct_sources *sources;
    sct_store *target;
    struct sct_object listed, known;
    char ours[SCT_ORIGIN_SOURCE_BYTES]; /* of any key */
    int n_removed;
    const char *doubt; /* why nothing is removed, or NULL */
    char identity[64]; /* of the source folder */
};

static int is_orphan(struct sweep *s)
{
    struct sct_origin origin;
    sct_origin_read(&origin, &s->known.attributes);
    return sct_origin_is_same_store(origin.source, s->ours) &&
           !sct_sources_have(s->sources, origin.source) &&
           !(s->watch->failures && sct_failures_holds(s->watch->failures, origin.source));
}

static int refuse(const struct sweep *s)
{
    const struct sct_watch *const w = s->watch;
    sct_watch_log_trouble(&w->options->common,
                          "%s %s, and %s has outputs of it: nothing is removed (is "
                          "everything mounted? --mirror-deletes=all removes them)",
                          w->options->source, s->doubt, w->options->target);
    return SCT_DONE;
}

static int sweep_output(struct sweep *s)
{
    char *path = NULL;
    int status = sct_store_head(s->target, s->listed.key, NULL, &s->known);
    if (status == SCT_ERR_NOT_FOUND)
        return SCT_OK;
    if (status != SCT_OK || !is_orphan(s))
        return status;
    if (s->doubt)
        return refuse(s);
    status = sct_store_delete(s->target, s->listed.key, NULL);
    if (status != SCT_OK)
        return status;
    s->n_removed++;
    if (asprintf(&path, "%s/%s", s->watch->target, s->listed.key) < 0)
        return SCT_ERR_MEMORY;
    sct_watch_log_event(&s->watch->options->common, "removed", path);
    free(path);
    return SCT_OK;
}

static int sweep_outputs(struct sweep *s, const char *prefix, int (*wants_end)(void *ctx),
                         void *ctx)
{
    sct_store_list *list;
    int is_refused = 0, status = sct_store_list_open(s->target, prefix, "", &list);
    if (status != SCT_OK)
        return status;
    while (!wants_end(ctx) && (status = sct_store_list_next(list, &s->listed)) == SCT_OK)
        if ((status = sweep_output(s)) != SCT_OK) {
            is_refused = status == SCT_DONE;
            break;
        }
    sct_store_list_close(list);
    return status == SCT_DONE && !is_refused ? SCT_OK : status;
}

static int enter_folder(void *ctx, const char *folder)
{
    (void)ctx;
    return sct_tree_is_ignored(folder) ? -1 : 0;
}

static void queue_newcomer(void *ctx, const char *key, const struct stat *st)
{
    const struct sweep *const s = ctx;
    const struct sct_watch *const w = s->watch;
    char source[SCT_ORIGIN_SOURCE_BYTES];
    (void)st;
    if (sct_tree_is_ignored(key))
        return;
    if (sct_origin_hash(source, w->source_url, key) != SCT_OK ||
        !sct_sources_have(s->sources, source))
        sct_queue_put(w->queue, key, sct_queue_now(), SCT_SIGHT_FOUND);
}

/* What begins the keys of all outputs of a folder, if that can be said. For free. */
static char *find_prefix(const struct sct_watch *watch, const char *folder)
{
    static const char first[] = "{folder}";
    char *prefix = NULL;
    const int is_known =
        folder[0] && strncmp(watch->recipe.key, first, sizeof first - 1) == 0;
    return asprintf(&prefix, "%s%s", is_known ? folder : "", is_known ? "/" : "") < 0
               ? NULL
               : prefix;
}

static int begin_sweep(struct sweep *s, struct sct_report *report)
{
    const struct sct_watch *const w = s->watch;
    char *missed;
    int status = sct_sources_create(&s->sources, w->source, w->source_url, &missed);
    if (status == SCT_ERR_IO)
        sct_report_fail(report, status, "%s cannot be looked at",
                        missed[0] ? missed : w->options->source);
    free(missed);
    if (status == SCT_OK)
        status = sct_origin_hash(s->ours, w->source_url, "");
    return status == SCT_OK ? sct_watch_open_target(w, &s->target, report) : status;
}

/* "": cannot be found out. */
static void identify(char identity[64], int folder)
{
    struct statfs fs;
    struct stat st;
    identity[0] = '\0';
    if (fstat(folder, &st) == 0 && fstatfs(folder, &fs) == 0)
        snprintf(identity, 64, "%llx %llx", (unsigned long long)st.st_ino,
                 (unsigned long long)fs.f_type);
}

/* The store's part of any source's name. */
static void name_store(char name[SCT_ORIGIN_SOURCE_BYTES], const struct sweep *s)
{
    snprintf(name, SCT_ORIGIN_SOURCE_BYTES, "%.*s", (int)strcspn(s->ours, "-"), s->ours);
}

static const char *find_doubt(struct sweep *s)
{
    const struct sct_watch *const w = s->watch;
    char name[SCT_ORIGIN_SOURCE_BYTES];
    identify(s->identity, w->source);
    name_store(name, s);
    if (w->options->mirrors_empty)
        return NULL;
    if (sct_sources_are_none(s->sources))
        return "has no file at all";
    if (w->failures && s->identity[0] &&
        sct_failures_differ(w->failures, name, s->identity))
        return "is not the folder that it was";
    return NULL;
}

/* Not of an empty folder: it may be the wrong one. */
static void keep_identity(const struct sweep *s)
{
    const struct sct_watch *const w = s->watch;
    char name[SCT_ORIGIN_SOURCE_BYTES];
    name_store(name, s);
    if (w->failures && s->identity[0] && !sct_sources_are_none(s->sources))
        (void)!sct_failures_keep(w->failures, name, s->identity);
}

int sct_watch_sweep(struct sct_watch *watch, const char *folder, int is_seen,
                    int (*wants_end)(void *ctx), void *ctx)
{
    struct sweep *const s = calloc(1, sizeof *s);
    struct sct_report report = {.message = ""};
    char *const prefix = find_prefix(watch, folder);
    const struct sct_walk walk = {.enter = enter_folder, .see = queue_newcomer, .ctx = s};
    int status = SCT_ERR_MEMORY;
    if (!s || !prefix)
        goto done;
    s->watch = watch;
    status = begin_sweep(s, &report);
    if (status != SCT_OK)
        goto done;
    if (!is_seen)
        s->doubt = find_doubt(s);
    status = sweep_outputs(s, prefix, wants_end, ctx);
    if (status < 0)
        sct_report_fail(&report, status, "%s", sct_store_message(s->target));
    if (s->n_removed > 0 && sct_walk_folder(watch->source, "", &walk) != SCT_OK)
        status = SCT_ERR_MEMORY;
    if (status == SCT_OK && !is_seen)
        keep_identity(s);
done:
    if (status < 0)
        sct_watch_log_trouble(&watch->options->common,
                              "outputs of what is gone are not removed: %s",
                              report.message[0] ? report.message : "out of memory");
    if (s) {
        sct_store_close(s->target);
        sct_sources_free(s->sources);
    }
    free(s);
    free(prefix);
    return status;
}
