/* One key after the other.
 *
 *     open --> is it quiet? --> which outputs are missing? --> job --> judge
 *       |          '- wait            '- none: skipped          |        |- fine
 *       '- gone: mirror                 '- another's: failed    |        |- may pass: wait, retry
 *                                        '- being written: wait '        '- failed: moved away
 *
 * Invariants
 *   1. An output gets its name only while its source is, by its mark, what was opened.
 *   2. No two threads write the same output at a time; and none that carries the stamp of another
 *      source that is still there.
 *   3. A file is judged a failure only when it has been quiet: somebody may just be writing it. */
#define _GNU_SOURCE 1
#include "watch_work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "filejob.h"
#include "keys.h"
#include "outfile.h"
#include "paths.h"
#include "sniff.h"
#include "stamp.h"
#include "variant_hash.h"
#include "verdict.h"
#include "watch_log.h"
#include "watch_outputs.h"

enum { BUSY_MS = 50, FIRST_DELAY_MS = 1000, MAX_DELAY_MS = 60000 };

static const int64_t FINISHED = -1;

struct sct_work {
    struct sct_watch *watch;
    struct sct_work *next; /* of those that are busy */
    struct sct_infile in;
    struct stat st;
    struct sct_stamp stamp, other; /* of this source; what is read */
    struct sct_outcome outcome;
    int has_changed;
    int n; /* of outputs to be made */
    struct sct_variant variant[SCT_MAX_VARIANTS];
    int index[SCT_MAX_VARIANTS]; /* among all variants */
    char *path[SCT_MAX_VARIANTS];
    int is_beside[SCT_MAX_VARIANTS]; /* where the stamp goes */
};

/* ---- is it finished? --------------------------------------------------------------- */

/* FINISHED when nobody has written for a while, or the time when to look again. */
static int64_t find_quiet(const struct sct_work *k, struct sct_entry *entry)
{
    const double settle_ms = k->watch->options->settle_seconds * 1000;
    const int64_t now = sct_queue_now();
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const double age_ms = (double)(t.tv_sec - k->st.st_mtim.tv_sec) * 1000 +
                          (double)(t.tv_nsec - k->st.st_mtim.tv_nsec) / 1e6;
    if (age_ms >= settle_ms)
        return FINISHED;
    /* The time of modification can be anything; what we have seen ourselves counts, too. */
    if (strcmp(entry->seen_mark, k->stamp.mark) == 0) {
        const int64_t quiet_ms = entry->seen_ms + (int64_t)settle_ms;
        return now >= quiet_ms ? FINISHED : quiet_ms;
    }
    snprintf(entry->seen_mark, sizeof entry->seen_mark, "%s", k->stamp.mark);
    entry->seen_ms = now;
    return now + (int64_t)(age_ms > 0 ? settle_ms - age_ms : settle_ms) + 1;
}

/* ---- the outputs ------------------------------------------------------------------- */

/* The format that the file itself has and we write, or NULL. */
static const struct sct_encoder_ops *find_format(int fd)
{
    uint8_t head[SCT_SNIFF_BYTES];
    const ssize_t n = pread(fd, head, sizeof head, 0);
    const struct sct_decoder_ops *const ops =
        n > 0 ? sct_decoder_find(head, (size_t)n) : NULL;
    return ops ? sct_encoder_find(ops->name) : NULL;
}

/* Whether the source that a stamp names is still there. */
static int has_source(const struct sct_watch *w, const char *key)
{
    const int fd =
        sct_beneath_open_unlinked(w->source, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Notes what is to be done for variant i. SCT_OK, or a failure in the outcome. */
static int list_output(struct sct_work *k, int i, const struct sct_encoder_ops *format)
{
    const struct sct_watch *const w = k->watch;
    const struct sct_variant *const v = &w->options->common.variant[i];
    char *const path =
        sct_watch_output(w, k->stamp.key, v, v->format ? v->format : format);
    if (!path) {
        sct_outcome_fail(&k->outcome, SCT_ERR_MEMORY, "");
        return SCT_ERR_MEMORY;
    }
    const int n = k->n;
    k->path[n] = path; /* owned from here on */
    if (!sct_watch_is_below(w, path)) {
        snprintf(k->outcome.message, sizeof k->outcome.message,
                 "%.200s is outside of the target", path);
        return k->outcome.status = SCT_ERR_ARGUMENT;
    }
    if (sct_stamp_read(path, &k->other)) {
        const int is_ours = strcmp(k->other.key, k->stamp.key) == 0;
        if (is_ours && strcmp(k->other.mark, k->stamp.mark) == 0 &&
            strcmp(k->other.settings, w->settings[i]) == 0)
        {
            free(path); /* it is there */
            k->path[n] = NULL;
            return SCT_OK;
        }
        if (!is_ours && has_source(w, k->other.key)) {
            snprintf(k->outcome.message, sizeof k->outcome.message,
                     "%.110s is there already, made of %.110s", path, k->other.key);
            return k->outcome.status = SCT_ERR_ARGUMENT;
        }
    }
    k->variant[n] = *v;
    k->index[n] = i;
    k->outcome.path[n] = path;
    k->outcome.name[n] = v->name;
    k->n++;
    return SCT_OK;
}

static int list_outputs(struct sct_work *k)
{
    const struct sct_options *const o = &k->watch->options->common;
    const struct sct_encoder_ops *const format = find_format(k->in.fd);
    for (int i = 0; i < o->n_variants; i++)
        if (list_output(k, i, format) != SCT_OK)
            return k->outcome.status;
    k->outcome.n_outputs = k->n;
    k->outcome.is_skipped = k->n == 0;
    return SCT_OK;
}

/* Whether somebody else is writing one of them; otherwise they are ours until leave_busy. */
static int enter_busy(struct sct_work *k)
{
    struct sct_watch *const w = k->watch;
    int is_taken = 0;
    pthread_mutex_lock(&w->lock);
    for (const struct sct_work *other = w->busy; other; other = other->next)
        for (int i = 0; i < k->n; i++)
            for (int j = 0; j < other->n; j++)
                is_taken |= strcmp(k->path[i], other->path[j]) == 0;
    if (!is_taken) {
        k->next = w->busy;
        w->busy = k;
    }
    pthread_mutex_unlock(&w->lock);
    return !is_taken;
}

static void leave_busy(struct sct_work *k)
{
    struct sct_watch *const w = k->watch;
    pthread_mutex_lock(&w->lock);
    struct sct_work **link = &w->busy;
    while (*link != k)
        link = &(*link)->next;
    *link = k->next;
    pthread_mutex_unlock(&w->lock);
}

/* Output i is whole. Is what it was made of still what is there? Then it gets its stamp. */
static int seal_output(void *ctx, int i, int fd)
{
    struct sct_work *const k = ctx;
    struct stat st;
    char mark[48] = "";
    if (fstat(k->in.fd, &st) == 0)
        sct_stamp_mark(mark, &st);
    if (strcmp(mark, k->stamp.mark) != 0) {
        k->has_changed = 1;
        return SCT_ERR_IO;
    }
    memcpy(k->stamp.settings, k->watch->settings[k->index[i]], sizeof k->stamp.settings);
    k->is_beside[i] = sct_stamp_put(fd, &k->stamp) != SCT_OK;
    return SCT_OK;
}

static void run_job(struct sct_work *k)
{
    struct sct_watch *const w = k->watch;
    sct_outset *outset = NULL;
    const struct sct_outset_spec spec = {.tempfiles = w->tempfiles,
                                         .path = k->path,
                                         .n = k->n,
                                         .mode = k->st.st_mode & 0777,
                                         .makes_folders = 1,
                                         .seal = seal_output,
                                         .seal_ctx = k};
    const int status = sct_outset_create(&outset, &spec);
    if (status != SCT_OK) {
        sct_outcome_fail(&k->outcome, status, "");
        return;
    }
    const struct sct_filejob job = {.options = &w->options->common,
                                    .isolate = w->isolate,
                                    .outset = outset,
                                    .target = sct_outset_target(outset),
                                    .variant = k->variant,
                                    .n = k->n,
                                    .has_changed = &k->has_changed};
    sct_filejob_run(&job, &k->in, &k->outcome);
    for (int i = 0; i < k->n; i++) {
        if (!k->is_beside[i] || !k->outcome.is_there[i])
            continue;
        memcpy(k->stamp.settings, w->settings[k->index[i]], sizeof k->stamp.settings);
        sct_stamp_put_beside(w->tempfiles, k->path[i], &k->stamp);
    }
    sct_outset_free(outset);
}

/* ---- the outcome ------------------------------------------------------------------- */

static void count(struct sct_watch *w, int is_fine)
{
    pthread_mutex_lock(&w->lock);
    w->n_fine += is_fine;
    w->n_failed += !is_fine;
    pthread_mutex_unlock(&w->lock);
}

static int64_t give_up(struct sct_work *k)
{
    struct sct_watch *const w = k->watch;
    const struct sct_verdict verdict = sct_verdict_of(k->outcome.status);
    const struct sct_failure failure = {.key = k->stamp.key,
                                        .mark = k->stamp.mark,
                                        .verdict = verdict.word,
                                        .message = k->outcome.message,
                                        .is_permanent = !verdict.is_transient};
    char *where = NULL, message[512];
    const int status = w->failures ? sct_failures_take(w->failures, &failure, &where,
                                                       message, sizeof message)
                                   : SCT_OK;
    if (status == SCT_DONE) /* a new file in its place, or none */
        return sct_queue_now();
    sct_watch_log_outcome(&w->options->common, &k->outcome, where);
    if (status != SCT_OK)
        sct_watch_log_trouble(&w->options->common, "%s cannot be moved away: %s",
                              k->stamp.key, message[0] ? message : "out of memory");
    free(where);
    count(w, 0);
    return FINISHED;
}

static int64_t retry(struct sct_work *k, struct sct_entry *entry)
{
    int64_t delay_ms = FIRST_DELAY_MS;
    for (int i = 0; i < entry->n_tries && delay_ms < MAX_DELAY_MS; i++)
        delay_ms *= 2;
    entry->n_tries++;
    sct_watch_log_retry(&k->watch->options->common, &k->outcome, delay_ms);
    return sct_queue_now() + delay_ms;
}

static int64_t judge(struct sct_work *k, struct sct_entry *entry)
{
    const struct sct_watch_options *const o = k->watch->options;
    if (k->outcome.status == SCT_OK) {
        sct_watch_log_outcome(&o->common, &k->outcome, NULL);
        count(k->watch, 1);
        return FINISHED;
    }
    if (k->has_changed) {
        entry->is_complete = 0;
        return sct_queue_now();
    }
    if (sct_verdict_of(k->outcome.status).is_transient && entry->n_tries < o->n_retries)
        return retry(k, entry);
    const int64_t due_ms = find_quiet(k, entry);
    return due_ms == FINISHED ? give_up(k) : due_ms;
}

/* ---- one key ----------------------------------------------------------------------- */

/* It cannot be opened: gone, a link, or not ours to read. */
static int64_t handle_missing(struct sct_work *k, struct sct_entry *entry, int error)
{
    struct sct_watch *const w = k->watch;
    if (error == ELOOP)
        return FINISHED;
    if (error == ENOENT || error == ENOTDIR) {
        if (w->options->mirror_deletes)
            sct_watch_remove_outputs(w, entry->key);
        return FINISHED;
    }
    sct_outcome_fail(&k->outcome, SCT_ERR_IO, strerror(error));
    if (entry->n_tries < w->options->n_retries)
        return retry(k, entry);
    sct_watch_log_outcome(&w->options->common, &k->outcome, NULL);
    count(w, 0);
    return FINISHED; /* without its mark it cannot be moved safely: it stays */
}

static int64_t handle_open(struct sct_work *k, struct sct_entry *entry)
{
    if (fstat(k->in.fd, &k->st) != 0 || !S_ISREG(k->st.st_mode))
        return FINISHED;
    sct_stamp_mark(k->stamp.mark, &k->st);
    if (!entry->is_complete) {
        const int64_t due_ms = find_quiet(k, entry);
        if (due_ms != FINISHED)
            return due_ms;
    }
    if (list_outputs(k) == SCT_OK && k->n > 0) {
        if (!enter_busy(k))
            return sct_queue_now() + BUSY_MS;
        run_job(k);
        leave_busy(k);
    }
    return judge(k, entry);
}

/* When to look again, or FINISHED. */
static int64_t handle(struct sct_work *k, struct sct_entry *entry)
{
    struct sct_watch *const w = k->watch;
    memset(&k->outcome, 0, sizeof k->outcome);
    k->outcome.input = entry->key;
    k->n = k->has_changed = 0;
    memset(k->path, 0, sizeof k->path);
    memset(k->is_beside, 0, sizeof k->is_beside);
    if (strlen(entry->key) >= sizeof k->stamp.key)
        return FINISHED; /* no path that the system could open */
    memcpy(k->stamp.key, entry->key, strlen(entry->key) + 1);
    const int fd = sct_beneath_open_unlinked(w->source, entry->key,
                                             O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return handle_missing(k, entry, -fd);
    sct_infile_resume(&k->in, fd, NULL, 0);
    const int64_t due_ms = handle_open(k, entry);
    sct_infile_close(&k->in);
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        free(k->path[i]);
    return due_ms;
}

int sct_watch_work(struct sct_watch *watch)
{
    struct sct_work *const k = calloc(1, sizeof *k);
    if (!k)
        return SCT_ERR_MEMORY;
    k->watch = watch;
    for (struct sct_entry *entry; (entry = sct_queue_take(watch->queue));) {
        const int64_t due_ms = handle(k, entry);
        if (due_ms == FINISHED)
            sct_queue_finish(watch->queue, entry);
        else
            sct_queue_return(watch->queue, entry, due_ms);
    }
    free(k);
    return SCT_OK;
}

int sct_watch_init(struct sct_watch *watch)
{
    const struct sct_options *const o = &watch->options->common;
    for (int i = 0; i < o->n_variants; i++)
        sct_variant_hash(watch->settings[i], &o->variant[i], o->linear, o->salvage);
    watch->busy = NULL;
    watch->n_fine = watch->n_failed = 0;
    return pthread_mutex_init(&watch->lock, NULL) == 0 ? SCT_OK : SCT_ERR_MEMORY;
}
