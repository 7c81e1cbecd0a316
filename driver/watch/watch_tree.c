/* The tree: one inotify watch for each folder.
 *
 * A folder is watched before it is listed, so that nothing falls between: what is seen twice is put
 * into the queue once. A folder that moves away takes its watches along, which would then name paths
 * that are not true any more; so they are dropped, and made anew where it arrives.
 *
 * A folder that cannot be read cannot be watched either. When its rights change, the folder above it
 * is told, if its attributes are watched: they are, there alone, since chmod -R would flood the queue.
 *
 * Invariant: watch[] is sorted by wd, and has each wd once. */
#define _GNU_SOURCE 1
#include "watch_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "paths.h"
#include "status.h"
#include "walk.h"

enum {
    WANTED = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
             IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
};

struct watch {
    int wd;
    char *folder; /* below the root; "" is the root */
};

struct sct_tree {
    char *root;
    int root_fd, notify_fd;
    sct_see_function *see;
    void *ctx;
    struct watch *watch;
    size_t n, capacity;
    char **unreadable; /* folders of which that has been said */
    size_t n_unreadable;
    int is_watched, is_blind, status; /* status: sticky, of callbacks */
};

int sct_tree_is_ignored(const char *path)
{
    static const char *const endings[] = {"~", ".part", ".tmp"};
    const char *const leaf = sct_path_leaf(path);
    const size_t n = strlen(leaf);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t length = strlen(endings[i]);
        if (n >= length && strcasecmp(leaf + n - length, endings[i]) == 0)
            return 1;
    }
    return leaf[0] == '.';
}

/* ---- watches ----------------------------------------------------------------------- */

/* Where wd is, or would be. */
static size_t find_place(const sct_tree *t, int wd)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (t->watch[middle].wd < wd)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int note_watch(sct_tree *t, int wd, const char *folder)
{
    const size_t i = find_place(t, wd);
    char *const copy = strdup(folder);
    if (!copy)
        return SCT_ERR_MEMORY;
    if (i < t->n && t->watch[i].wd == wd) {
        free(t->watch[i].folder); /* the same folder; perhaps under a new name */
        t->watch[i].folder = copy;
        return SCT_OK;
    }
    if (t->n == t->capacity) {
        const size_t capacity = t->capacity ? t->capacity * 2 : 64;
        struct watch *const larger = realloc(t->watch, capacity * sizeof *larger);
        if (!larger) {
            free(copy);
            return SCT_ERR_MEMORY;
        }
        t->watch = larger;
        t->capacity = capacity;
    }
    memmove(&t->watch[i + 1], &t->watch[i], (t->n - i) * sizeof *t->watch);
    t->watch[i].wd = wd;
    t->watch[i].folder = copy;
    t->n++;
    return SCT_OK;
}

static void forget_watch(sct_tree *t, int wd)
{
    const size_t i = find_place(t, wd);
    if (i == t->n || t->watch[i].wd != wd)
        return;
    free(t->watch[i].folder);
    t->n--;
    memmove(&t->watch[i], &t->watch[i + 1], (t->n - i) * sizeof *t->watch);
}

static int is_within(const char *folder, const char *outer)
{
    const size_t n = strlen(outer);
    return strncmp(folder, outer, n) == 0 && (folder[n] == '/' || folder[n] == '\0');
}

/* A folder and all below it. */
static void drop_watches(sct_tree *t, const char *folder)
{
    for (size_t i = t->n; i-- > 0;) {
        if (is_within(t->watch[i].folder, folder)) {
            const int wd = t->watch[i].wd;
            inotify_rm_watch(t->notify_fd, wd);
            forget_watch(t, wd);
        }
    }
}

/* ---- folders that cannot be read --------------------------------------------------- */

static int is_known_unreadable(const sct_tree *t, const char *folder)
{
    for (size_t i = 0; i < t->n_unreadable; i++)
        if (strcmp(t->unreadable[i], folder) == 0)
            return 1;
    return 0;
}

/* A folder and all below it. Whether there was one. */
static int forget_unreadable(sct_tree *t, const char *folder)
{
    const size_t n = t->n_unreadable;
    for (size_t i = n; i-- > 0;) {
        if (is_within(t->unreadable[i], folder)) {
            free(t->unreadable[i]);
            t->unreadable[i] = t->unreadable[--t->n_unreadable];
        }
    }
    return t->n_unreadable < n;
}

static int note_unreadable(sct_tree *t, const char *folder)
{
    char **const larger = realloc(t->unreadable, (t->n_unreadable + 1) * sizeof *larger);
    if (!larger)
        return SCT_ERR_MEMORY;
    t->unreadable = larger;
    t->unreadable[t->n_unreadable] = strdup(folder);
    if (!t->unreadable[t->n_unreadable])
        return SCT_ERR_MEMORY;
    t->n_unreadable++;
    return SCT_OK;
}

/* FOLDER's path from the system's root; NULL when there is no memory. */
static char *path_of(const sct_tree *t, const char *folder, size_t n)
{
    char *path = NULL;
    return asprintf(&path, "%s/%.*s", t->root, (int)n, folder) < 0 ? NULL : path;
}

static int watch_rights(const sct_tree *t, const char *folder)
{
    const size_t n = (size_t)(sct_path_leaf(folder) - folder);
    char *const above = path_of(t, folder, n);
    if (!above)
        return SCT_ERR_MEMORY;
    inotify_add_watch(t->notify_fd, above, WANTED | IN_ATTRIB);
    free(above);
    return SCT_OK;
}

static void miss_folder(void *ctx, const char *folder, int error)
{
    sct_tree *const t = ctx;
    (void)error;
    if (t->is_watched && folder[0] && watch_rights(t, folder) != SCT_OK)
        t->status = SCT_ERR_MEMORY;
    if (is_known_unreadable(t, folder))
        return;
    t->see(t->ctx, SCT_SIGHT_UNREADABLE, folder);
    if (note_unreadable(t, folder) != SCT_OK)
        t->status = SCT_ERR_MEMORY;
}

/* ---- scans ------------------------------------------------------------------------- */

static int enter_folder(void *ctx, const char *folder)
{
    sct_tree *const t = ctx;
    if (sct_tree_is_ignored(folder))
        return -1;
    if (!t->is_watched)
        return 0;
    char *const path = path_of(t, folder, strlen(folder));
    if (!path) {
        t->status = SCT_ERR_MEMORY;
        return -1;
    }
    const int wd = inotify_add_watch(t->notify_fd, path, WANTED);
    if (wd < 0 && (errno == ENOSPC || errno == ENOMEM))
        t->is_blind = 1; /* otherwise it is gone again, or is going to be missed */
    if (wd >= 0 && note_watch(t, wd, folder) != SCT_OK)
        t->status = SCT_ERR_MEMORY;
    free(path);
    return 0;
}

static void see_file(void *ctx, const char *key, const struct stat *st)
{
    sct_tree *const t = ctx;
    (void)st;
    if (!sct_tree_is_ignored(key))
        t->see(t->ctx, SCT_SIGHT_FOUND, key);
}

static int scan_from(sct_tree *t, const char *folder)
{
    const struct sct_walk walk = {
        .enter = enter_folder, .see = see_file, .miss = miss_folder, .ctx = t};
    const int status = sct_walk_folder(t->root_fd, folder, &walk);
    return status == SCT_OK ? t->status : status;
}

int sct_tree_scan(sct_tree *tree, int is_watched)
{
    tree->is_watched = is_watched;
    tree->is_blind = 0;
    return scan_from(tree, "");
}

/* ---- events ------------------------------------------------------------------------ */

static int take_folder_event(sct_tree *t, uint32_t mask, const char *folder)
{
    if (sct_tree_is_ignored(folder))
        return SCT_OK;
    if (mask & (IN_MOVED_FROM | IN_DELETE)) {
        drop_watches(t, folder);
        forget_unreadable(t, folder);
        t->see(t->ctx, SCT_SIGHT_FOLDER_GONE, folder);
        return SCT_OK;
    }
    const int is_new = (mask & (IN_CREATE | IN_MOVED_TO)) != 0;
    const int has_rights = (mask & IN_ATTRIB) && forget_unreadable(t, folder);
    return is_new || has_rights ? scan_from(t, folder) : SCT_OK;
}

static void take_file_event(sct_tree *t, uint32_t mask, const char *key)
{
    if (sct_tree_is_ignored(key))
        return;
    if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
        t->see(t->ctx, SCT_SIGHT_COMPLETE, key);
    else if (mask & (IN_MOVED_FROM | IN_DELETE))
        t->see(t->ctx, SCT_SIGHT_GONE, key);
    else if (mask & IN_CREATE) /* nobody need ever close it: link(2) */
        t->see(t->ctx, SCT_SIGHT_CREATED, key);
}

static int take_event(sct_tree *t, const struct inotify_event *e)
{
    if (e->mask & IN_Q_OVERFLOW) {
        t->see(t->ctx, SCT_SIGHT_OVERFLOW, "");
        return scan_from(t, "");
    }
    if (e->mask & IN_IGNORED) {
        forget_watch(t, e->wd);
        return SCT_OK;
    }
    const size_t i = find_place(t, e->wd);
    if (i == t->n || t->watch[i].wd != e->wd || e->len == 0)
        return SCT_OK; /* of a watch that has been dropped */
    const char *const folder = t->watch[i].folder;
    char *key = NULL;
    int status = SCT_OK;
    if (asprintf(&key, "%s%s%s", folder, folder[0] ? "/" : "", e->name) < 0)
        return SCT_ERR_MEMORY;
    if (e->mask & IN_ISDIR)
        status = take_folder_event(t, e->mask, key);
    else
        take_file_event(t, e->mask, key);
    free(key);
    return status;
}

int sct_tree_read(sct_tree *tree)
{
    char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
    for (;;) {
        const ssize_t n = read(tree->notify_fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SCT_OK; /* nothing more */
        for (ssize_t i = 0; i < n;) {
            const struct inotify_event *const e =
                (const struct inotify_event *)(const void *)(buffer + i);
            const int status = take_event(tree, e);
            if (status != SCT_OK)
                return status;
            i += (ssize_t)(sizeof *e + e->len);
        }
    }
}

/* ---- the tree ---------------------------------------------------------------------- */

int sct_tree_create(sct_tree **out, const char *path, sct_see_function *see, void *ctx,
                    char *message, size_t message_bytes)
{
    sct_tree *const t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return SCT_ERR_MEMORY;
    t->see = see;
    t->ctx = ctx;
    t->notify_fd = -1;
    t->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    t->root = t->root_fd >= 0 ? realpath(path, NULL) : NULL;
    if (t->root)
        t->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (t->notify_fd < 0) {
        snprintf(message, message_bytes, "cannot watch %s: %s", path, strerror(errno));
        sct_tree_free(t);
        return SCT_ERR_IO;
    }
    *out = t;
    return SCT_OK;
}

void sct_tree_free(sct_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->n; i++)
        free(tree->watch[i].folder);
    for (size_t i = 0; i < tree->n_unreadable; i++)
        free(tree->unreadable[i]);
    free(tree->unreadable);
    if (tree->notify_fd >= 0)
        close(tree->notify_fd);
    if (tree->root_fd >= 0)
        close(tree->root_fd);
    free(tree->watch);
    free(tree->root);
    free(tree);
}

int sct_tree_folder(const sct_tree *tree)
{
    return tree->root_fd;
}

int sct_tree_is_gone(const sct_tree *tree)
{
    struct stat st;
    return fstat(tree->root_fd, &st) != 0 || st.st_nlink == 0;
}

int sct_tree_is_blind(const sct_tree *tree)
{
    return tree->is_blind;
}

int sct_tree_descriptor(const sct_tree *tree)
{
    return tree->notify_fd;
}
