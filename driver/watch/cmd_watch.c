/* scantling watch: pictures that appear in a folder become their variants in another, or in any
 * other store.
 *
 *     inotify, signals -> this thread -> queue -> n_jobs threads { watch_work.c }
 *
 * In this order, for reasons: check that the folders do not overlap; the sandbox's processes, which
 * are forked; signals blocked, before there are threads that could get them; the lock on the target,
 * where it is a folder; failures that were left half done; the threads; the watch, and then the scan. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "help.h"
#include "mem.h"
#include "text.h"
#include "watch_folders.h"
#include "watch_log.h"
#include "watch_sweep.h"
#include "watch_tree.h"
#include "watch_work.h"

/* While blind: scans for what comes; sweeps, which ask about every output, for what goes. */
enum { CHECK_MS = 2000, BLIND_SCAN_MS = 30000, BLIND_SWEEP_MS = 600000 };

struct command {
    struct sct_watch_options *options;
    struct sct_watch watch;
    sct_tree *tree;
    sct_tempfiles *tempfiles; /* of the failed folder */
    /* Owned: the paths of source and target, where the target is a folder (otherwise NULL), and what
     * the watch calls them. */
    char *source_folder, *target_folder, *source_url, *target;
    int target_fd; /* holds the lock; -1: none */
    int signals;   /* a signalfd */
    int over;      /* an eventfd: the threads have ended */
    int n_signals; /* so far */
    pthread_t *thread;
    int n_threads;
    atomic_int n_able; /* threads that work, or have to find out whether they can */
    int status;        /* sticky, of what is seen */
    /* Owned: below which folder sources have gone, as far as is known; "": anywhere; NULL: nowhere. */
    char *sweep_folder;
    int64_t scanned_ms, swept_ms; /* when all was, the last time */
    int is_sweep_seen;            /* all that it is for has been seen to go */
    int is_gone;                  /* the source folder is */
    int is_refused;               /* to remove outputs at the start */
    int n_unseen; /* folders that cannot be read, and sweeps that failed */
};

/* ---- signals ----------------------------------------------------------------------- */

/* How often somebody has wanted us to stop. The second time we do at once: what was running is
 * made again at the next start. */
static int read_signals(struct command *c)
{
    struct signalfd_siginfo info;
    while (read(c->signals, &info, sizeof info) == (ssize_t)sizeof info)
        c->n_signals++;
    if (c->n_signals < 2)
        return c->n_signals;
    sct_tempfiles_abandon(c->tempfiles);
    _exit(SCT_EXIT_ALL);
}

static int wants_end(void *ctx)
{
    return read_signals(ctx) > 0;
}

/* ---- what is seen ------------------------------------------------------------------ */

/* A sweep takes long, and one does for all that has happened. */
static void want_sweep(struct command *c, const char *folder, int is_seen)
{
    if (!c->options->mirror_deletes)
        return;
    c->is_sweep_seen = is_seen && (c->is_sweep_seen || !c->sweep_folder);
    char *const wanted = strdup(c->sweep_folder ? "" : folder);
    if (!wanted)
        c->status = SCT_ERR_MEMORY;
    free(c->sweep_folder);
    c->sweep_folder = wanted;
}

static int sweep(struct command *c)
{
    char *const folder = c->sweep_folder;
    c->sweep_folder = NULL;
    if (!folder)
        return SCT_OK;
    const int status = sct_watch_sweep(&c->watch, folder, c->is_sweep_seen, wants_end, c);
    c->n_unseen += status < 0;
    if (!folder[0])
        c->swept_ms = sct_queue_now();
    free(folder);
    return status;
}

static void see(void *ctx, enum sct_sight sight, const char *key)
{
    struct command *const c = ctx;
    const struct sct_watch_options *const o = c->options;
    const int64_t due_ms = sct_queue_now();
    switch (sight) {
    case SCT_SIGHT_OVERFLOW: /* and nobody knows what has gone */
        sct_watch_log_event(&o->common, "overflow", "");
        want_sweep(c, "", 0);
        return;
    case SCT_SIGHT_FOLDER_GONE: want_sweep(c, key, 1); return;
    case SCT_SIGHT_UNREADABLE:
        c->n_unseen++;
        sct_watch_log_trouble(&o->common, "%s/%s cannot be read: nothing in it is seen",
                              c->source_folder, key);
        return;
    case SCT_SIGHT_FOUND: /* whether it is complete is found out when it is opened */
    case SCT_SIGHT_CREATED:
    case SCT_SIGHT_COMPLETE:
    case SCT_SIGHT_GONE: break;
    }
    if (sct_queue_put(c->watch.queue, key, due_ms, sight) != SCT_OK)
        c->status = SCT_ERR_MEMORY;
}

/* ---- starting ---------------------------------------------------------------------- */

static int name_stores(struct command *c)
{
    const struct sct_watch_options *const o = c->options;
    struct stat st;
    c->source_folder = sct_store_folder(o->source);
    c->target_folder = sct_store_folder(o->target);
    if (!c->source_folder || stat(c->source_folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
        sct_text_complain("%s is no folder", o->source);
        return SCT_ERR_ARGUMENT;
    }
    const int status =
        sct_watch_folders_prepare(c->source_folder, c->target_folder, o->failed);
    if (status != SCT_OK)
        return status;
    c->source_url = sct_watch_folders_url(c->source_folder);
    c->target = c->target_folder ? realpath(c->target_folder, NULL) : strdup(o->target);
    c->watch.source_url = c->source_url;
    c->watch.target = c->target;
    return c->source_url && c->target ? SCT_OK : SCT_ERR_MEMORY;
}

/* On, unless somebody said otherwise or the build has none. Never quietly without. */
static int start_sandbox(struct command *c)
{
    const struct sct_watch_options *const o = c->options;
    char message[160];
    if (o->without_sandbox)
        return SCT_OK;
    if (!sct_isolate_is_built_in() && !o->common.sandbox) {
        sct_watch_log_trouble(&o->common, "this build has no sandbox; going on without");
        return SCT_OK;
    }
    const int status =
        sct_isolate_create(&c->watch.isolate, o->common.n_jobs, message, sizeof message);
    if (status == SCT_OK)
        return SCT_OK;
    sct_text_complain("--sandbox: %s; --no-sandbox does without", message);
    return SCT_ERR_ARGUMENT;
}

static int block_signals(struct command *c)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    c->over = eventfd(0, EFD_CLOEXEC);
    return c->signals < 0 || c->over < 0 ? SCT_ERR_MEMORY : SCT_OK;
}

/* One at a time works on a folder. A bucket has no such lock: there conditional writes decide. */
static int lock_target(struct command *c)
{
    const char *const path = c->target_folder;
    if (!path)
        return SCT_OK;
    c->target_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->target_fd >= 0 && flock(c->target_fd, LOCK_EX | LOCK_NB) == 0)
        return SCT_OK;
    if (errno == EWOULDBLOCK)
        sct_text_complain("%s: another watch is at work there", path);
    else
        sct_text_complain("%s: %s", path, strerror(errno));
    return SCT_ERR_ARGUMENT;
}

/* Whether there could be such a store; a bucket is not contacted. */
static int open_target(struct command *c, struct sct_report *report)
{
    sct_store *store;
    int status = sct_credentials_create(&c->watch.credentials, NULL);
    if (status == SCT_OK)
        status = sct_watch_open_target(&c->watch, &store, report);
    if (status == SCT_OK)
        sct_store_close(store);
    return status;
}

static int open_source(struct command *c)
{
    const struct sct_watch_options *const o = c->options;
    char message[512] = "out of memory";
    int status =
        sct_tree_create(&c->tree, c->source_folder, see, c, message, sizeof message);
    if (status == SCT_OK) {
        c->watch.source = sct_tree_folder(c->tree);
        if (o->failed)
            status = sct_failures_create(&c->watch.failures, o->failed, c->watch.source,
                                         c->tempfiles, message, sizeof message);
    }
    if (status == SCT_OK)
        return status;
    sct_text_complain("%s", message);
    return SCT_ERR_ARGUMENT;
}

/* Without any there is nothing to wait for. */
static void lose_threads(struct command *c, int n)
{
    if (atomic_fetch_sub(&c->n_able, n) > n)
        return;
    sct_watch_log_trouble(&c->options->common, "no thread works; giving up");
    sct_queue_stop(c->watch.queue);
}

static int has_threads(struct command *c)
{
    return atomic_load(&c->n_able) > 0;
}

static void *work(void *p)
{
    struct command *const c = p;
    struct sct_report report = {.message = ""};
    if (sct_watch_work(&c->watch, &report) == SCT_OK)
        return NULL;
    sct_watch_log_trouble(&c->options->common, "a thread does not work: %s",
                          report.message[0] ? report.message : "out of memory");
    lose_threads(c, 1);
    return NULL;
}

static int start_threads(struct command *c)
{
    const int n = c->options->common.n_jobs;
    c->thread = calloc((size_t)n, sizeof *c->thread);
    atomic_store(&c->n_able, n);
    while (c->thread && c->n_threads < n &&
           pthread_create(&c->thread[c->n_threads], NULL, work, c) == 0)
        c->n_threads++;
    if (c->n_threads > 0 && c->n_threads < n)
        lose_threads(c, n - c->n_threads);
    return c->n_threads > 0 ? SCT_OK : SCT_ERR_MEMORY;
}

static int start(struct command *c)
{
    struct sct_report report = {.message = ""};
    int status = sct_watch_init(&c->watch, &report);
    if (status == SCT_OK)
        status = name_stores(c);
    if (status == SCT_OK)
        status = start_sandbox(c);
    if (status == SCT_OK)
        status = block_signals(c);
    if (status == SCT_OK)
        status = lock_target(c);
    if (status == SCT_OK)
        status = open_target(c, &report);
    if (status == SCT_OK)
        status = sct_tempfiles_create_unguarded(&c->tempfiles);
    if (status == SCT_OK)
        status = open_source(c);
    if (status == SCT_OK)
        status = sct_queue_create(&c->watch.queue);
    if (status != SCT_OK && report.message[0])
        sct_text_complain("%s", report.message);
    return status;
}

/* ---- running ----------------------------------------------------------------------- */

static int scan(struct command *c)
{
    const int status = sct_tree_scan(c->tree, !c->options->once);
    c->scanned_ms = sct_queue_now();
    if (sct_tree_is_blind(c->tree))
        sct_watch_log_trouble(
            &c->options->common,
            "not all folders can be watched (fs.inotify.max_user_watches); "
            "looking again every %d s",
            BLIND_SCAN_MS / 1000);
    return status == SCT_OK ? c->status : status;
}

/* What inotify does not say while not all folders are watched. */
static int look_around(struct command *c)
{
    const int64_t now = sct_queue_now();
    if (!sct_tree_is_blind(c->tree) || now - c->scanned_ms <= BLIND_SCAN_MS)
        return SCT_OK;
    const int status = scan(c);
    if (!sct_tree_is_blind(c->tree) || now - c->swept_ms > BLIND_SWEEP_MS)
        want_sweep(c, "", 0);
    return status;
}

/* Until a signal comes, or the source is gone, or no thread is left. */
static int watch_on(struct command *c)
{
    struct pollfd fds[2] = {{.fd = c->signals, .events = POLLIN},
                            {.fd = sct_tree_descriptor(c->tree), .events = POLLIN}};
    int status = SCT_OK;
    while (status == SCT_OK && c->n_signals == 0 && has_threads(c) &&
           !(c->is_gone = sct_tree_is_gone(c->tree)))
    {
        const int n = poll(fds, 2, CHECK_MS);
        if (n > 0 && fds[0].revents && read_signals(c) > 0)
            break;
        if (n > 0 && fds[1].revents)
            status = sct_tree_read(c->tree);
        if (status == SCT_OK)
            status = look_around(c);
        if (status == SCT_OK)
            status = c->status;
        if (status == SCT_OK)
            (void)sweep(c); /* has said why, if it could not */
    }
    if (c->is_gone)
        sct_watch_log_trouble(&c->options->common, "%s is gone", c->options->source);
    sct_queue_stop(c->watch.queue);
    return status;
}

/* While this thread waits for the others: a signal ends it early, as ever. */
static void *stop_at_signal(void *p)
{
    struct command *const c = p;
    struct pollfd fds[2] = {{.fd = c->signals, .events = POLLIN},
                            {.fd = c->over, .events = POLLIN}};
    while (!fds[1].revents)
        if (poll(fds, 2, -1) > 0 && fds[0].revents && read_signals(c) > 0)
            sct_queue_stop(c->watch.queue);
    return NULL;
}

static void join_threads(struct command *c)
{
    for (int i = 0; i < c->n_threads; i++)
        pthread_join(c->thread[i], NULL);
    c->n_threads = 0;
}

static int run(struct command *c)
{
    const struct sct_watch_options *const o = c->options;
    pthread_t guard;
    char text[96];
    snprintf(text, sizeof text, "%d variants, %d at a time, %s sandbox",
             o->common.n_variants, o->common.n_jobs, c->watch.isolate ? "in a" : "no");
    sct_watch_log_event(&o->common, "started", text);
    int status = start_threads(c);
    if (status == SCT_OK)
        status = scan(c);
    if (status == SCT_OK) {
        want_sweep(c, "", 0);
        c->is_refused = sweep(c) == SCT_DONE;
    }
    if (status == SCT_OK && !o->once && !c->is_refused)
        status = watch_on(c);
    else if (status == SCT_OK && c->n_signals == 0 && !c->is_refused)
        sct_queue_close(c->watch.queue);
    else
        sct_queue_stop(c->watch.queue);
    const int has_guard = pthread_create(&guard, NULL, stop_at_signal, c) == 0;
    join_threads(c);
    if (has_guard) {
        eventfd_write(c->over, 1);
        pthread_join(guard, NULL);
    }
    int n = snprintf(text, sizeof text, "%d fine, %d failed", c->watch.n_fine,
                     c->watch.n_failed);
    if (c->watch.n_left > 0)
        snprintf(text + n, sizeof text - (size_t)n, ", of which %d stay where they are",
                 c->watch.n_left);
    sct_watch_log_event(&o->common, "stopped", text);
    return status;
}

static void finish(struct command *c)
{
    sct_queue_free(c->watch.queue);
    sct_failures_free(c->watch.failures);
    sct_tempfiles_free(c->tempfiles);
    sct_credentials_free(c->watch.credentials);
    sct_isolate_free(c->watch.isolate);
    sct_tree_free(c->tree);
    if (c->target_fd >= 0)
        close(c->target_fd);
    if (c->signals >= 0)
        close(c->signals);
    if (c->over >= 0)
        close(c->over);
    free(c->thread);
    sct_mem_free(c->source_folder);
    sct_mem_free(c->target_folder);
    sct_mem_free(c->source_url);
    free(c->target);
    free(c->sweep_folder);
    free(c->options);
}

static int find_exit(struct command *c)
{
    const struct sct_watch *const w = &c->watch;
    if (!has_threads(c) || c->is_refused)
        return SCT_EXIT_ALL;
    if (c->is_gone)
        return SCT_EXIT_SOME;
    return c->options->once ? sct_exit_for(w->n_fine, w->n_failed + c->n_unseen)
                            : SCT_EXIT_OK;
}

int sct_command_watch(int argc, char **argv)
{
    struct command c = {
        .options = malloc(sizeof *c.options), .signals = -1, .over = -1, .target_fd = -1};
    int exit_status = SCT_EXIT_USAGE;
    c.watch.options = c.options;
    int status =
        c.options ? sct_watch_options_parse(c.options, argc, argv) : SCT_ERR_MEMORY;
    if (status == SCT_OK && c.options->common.wants_help) {
        fputs(sct_help_watch(), stdout);
        finish(&c);
        return sct_command_close_stdout(SCT_EXIT_OK);
    }
    if (status == SCT_OK)
        status = start(&c);
    if (status == SCT_OK)
        status = run(&c);
    if (status == SCT_ERR_MEMORY) {
        sct_text_complain("out of memory");
        exit_status = SCT_EXIT_ALL;
    } else if (status == SCT_OK) {
        exit_status = find_exit(&c);
    }
    finish(&c);
    return sct_command_close_stdout(exit_status);
}
