/* One key after the other.
 *
 *     look --> is it quiet? --> effect --> judge
 *       |          '- wait                   |- fine
 *       '- gone: effect, unless it is us     |- it has changed meanwhile: look again
 *          who have moved it away            |- trouble, not its own: wait for the end of it
 *                                            '- failed, itself: moved away
 *
 * What is there, who may write, and what a process that was killed has left is the effect's matter.
 *
 * Invariants
 *   1. A file is judged a failure only when it has been quiet, nobody has it open for writing, and it
 *      is still the one that was looked at: somebody may just be writing it.
 *   2. An output of another source that is still there stays. */
#define _GNU_SOURCE 1
#include "watch_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "effect.h"
#include "mark.h"
#include "origin.h"
#include "verdict.h"
#include "watch_log.h"
#include "watch_sources.h"

/* PATIENCE: times --settle for a file that was created and, as far as we know, never closed, before it
 * is a failure: where nobody can say whether it is still open. */
enum { FIRST_DELAY_MS = 1000, MAX_DELAY_MS = 60000, PATIENCE = 30 };

static const int64_t FINISHED = -1;

/* Of one thread. */
struct work {
    struct sct_watch *watch;
    sct_store *source, *target;
    sct_effect *effect;
    const char *key;
    /* The other source that was last asked about for this key, or "", and whether it is gone. */
    char other[SCT_ORIGIN_SOURCE_BYTES];
    int is_other_gone;
    struct stat st;
    char mark[SCT_MARK_BYTES];
    char name[SCT_ORIGIN_SOURCE_BYTES]; /* of this source, in outputs and markers */
    const struct sct_effect_result *result;
    struct sct_outcome
        outcome; /* of the result, with outputs as they are told to people */
    char *path[SCT_MAX_VARIANTS];
};

/* ---- is it finished? --------------------------------------------------------------- */

/* FINISHED when nobody has written for so long, or the time when to look again. */
static int64_t find_quiet(const struct work *k, struct sct_entry *entry, double settle_ms)
{
    const int64_t now = sct_queue_now();
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const double age_ms = (double)(t.tv_sec - k->st.st_mtim.tv_sec) * 1000 +
                          (double)(t.tv_nsec - k->st.st_mtim.tv_nsec) / 1e6;
    if (age_ms >= settle_ms)
        return FINISHED;
    /* The time of modification can be anything; what we have seen ourselves counts, too. */
    if (strcmp(entry->seen_mark, k->mark) == 0) {
        const int64_t quiet_ms = entry->seen_ms + (int64_t)settle_ms;
        return now >= quiet_ms ? FINISHED : quiet_ms;
    }
    snprintf(entry->seen_mark, sizeof entry->seen_mark, "%s", k->mark);
    entry->seen_ms = now;
    return now + (int64_t)(age_ms > 0 ? settle_ms - age_ms : settle_ms) + 1;
}

/* The same, where somebody may have it open. Nobody need ever close what link(2) has made: that is as
 * complete as what was there before. */
static int64_t find_rest(const struct work *k, struct sct_entry *entry, int has_writer,
                         int is_final)
{
    const double settle_ms = k->watch->options->settle_seconds * 1000;
    if (has_writer == 0)
        entry->is_new = 0;
    if (has_writer == 1)
        return sct_queue_now() + (int64_t)settle_ms + 1;
    return find_quiet(k, entry,
                      is_final && entry->is_new ? settle_ms * PATIENCE : settle_ms);
}

/* ---- the effect -------------------------------------------------------------------- */

/* It takes a look at the whole source: once for all outputs of a key, which mostly have one other
 * source. */
static int is_gone(struct work *k, const char *source)
{
    const struct sct_watch *const w = k->watch;
    if (strcmp(k->other, source) != 0) {
        snprintf(k->other, sizeof k->other, "%s", source);
        k->is_other_gone = !sct_sources_may_have(w->source, w->source_url, source);
    }
    return k->is_other_gone;
}

/* The target is the watch's own: what nobody has made may go, what a source has made that is gone,
 * and what was made of the same file when the source folder was elsewhere. */
static int may_replace(void *ctx, const char *source)
{
    struct work *const k = ctx;
    char ours[SCT_ORIGIN_SOURCE_BYTES];
    if (!source[0])
        return 1;
    if (sct_origin_hash(ours, k->watch->source_url, k->key) != SCT_OK)
        return 0;
    if (!sct_origin_is_same_store(source, ours))
        return strcmp(sct_origin_key(source), sct_origin_key(ours)) == 0;
    return is_gone(k, source);
}

/* "TARGET/KEY" instead of keys. */
static void name_outputs(struct work *k)
{
    k->outcome = k->result->outcome;
    for (int i = 0; i < SCT_MAX_VARIANTS; i++) {
        free(k->path[i]);
        k->path[i] = NULL;
    }
    for (int i = 0; i < k->outcome.n_outputs; i++) {
        if (asprintf(&k->path[i], "%s/%s", k->watch->target, k->outcome.path[i]) < 0)
            k->path[i] = NULL;
        else
            k->outcome.path[i] = k->path[i];
    }
}

/* The folder may have been replaced, a share mounted. It is not made: nobody could tell. */
static int reopen_target(struct work *k)
{
    const struct sct_store_spec spec = {.credentials = k->watch->credentials};
    struct sct_report report = {.message = ""};
    sct_store *target;
    const int status = sct_store_open(&target, k->watch->target, &spec, &report);
    if (status != SCT_OK) {
        memset(&k->outcome, 0, sizeof k->outcome);
        k->outcome.input = k->key;
        sct_outcome_fail(&k->outcome, status, report.message);
        return status;
    }
    sct_store_close(k->target);
    k->target = target;
    return SCT_OK;
}

static void run_effect(struct work *k, const struct sct_entry *entry,
                       enum sct_event_kind kind)
{
    if (entry->trouble && reopen_target(k) != SCT_OK)
        return;
    const struct sct_effect_spec spec = {.source = k->source,
                                         .target = k->target,
                                         .isolate = k->watch->isolate,
                                         .only = SCT_EFFECT_ALL,
                                         .may_replace = may_replace,
                                         .may_replace_ctx = k};
    const struct sct_event_record record = {
        .kind = kind, .store = k->watch->source_url, .key = k->key, .size = -1};
    k->other[0] = '\0';
    k->result = sct_effect_run(k->effect, &spec, &record);
    name_outputs(k);
}

/* ---- the outcome ------------------------------------------------------------------- */

static void count(struct sct_watch *w, int is_fine)
{
    pthread_mutex_lock(&w->lock);
    w->n_fine += is_fine;
    w->n_failed += !is_fine;
    pthread_mutex_unlock(&w->lock);
}

/* A file that cannot be opened is its own trouble; any other is that of all that have it. */
enum trouble { OF_FILE, OF_ALL };

static int is_given_up(const struct work *k, const struct sct_entry *entry)
{
    const struct sct_watch_options *const o = k->watch->options;
    return o->once && entry->n_tries >= o->n_retries && k->outcome.status != SCT_OK;
}

/* Said when it begins, and when nobody has it any more. */
static void set_trouble(struct work *k, struct sct_entry *entry, int status,
                        int64_t delay_ms)
{
    struct sct_watch *const w = k->watch;
    const int old = entry->trouble;
    if (status == old)
        return;
    entry->trouble = status;
    pthread_mutex_lock(&w->lock);
    const int is_first = status && w->n_troubled[-status]++ == 0;
    const int is_over = old && --w->n_troubled[-old] == 0;
    pthread_mutex_unlock(&w->lock);
    if (is_first)
        sct_watch_log_retry(&w->options->common, &k->outcome, delay_ms);
    if (is_over && !is_given_up(k, entry))
        sct_watch_log_event(&w->options->common, "recovered", sct_verdict_of(old).word);
}

static void end_trouble(struct work *k, struct sct_entry *entry)
{
    set_trouble(k, entry, SCT_OK, 0);
    entry->is_told = 0;
}

static int64_t find_delay(int *n_tries)
{
    int64_t delay_ms = FIRST_DELAY_MS;
    for (int i = 0; i < *n_tries && delay_ms < MAX_DELAY_MS; i++)
        delay_ms *= 2;
    (*n_tries)++;
    return delay_ms < MAX_DELAY_MS ? delay_ms : MAX_DELAY_MS;
}

/* Whatever it is, it says nothing against the file, which stays: for as long as it takes, or, with
 * --once, until the next run. */
static int64_t wait_for_end(struct work *k, struct sct_entry *entry, enum trouble trouble)
{
    struct sct_watch *const w = k->watch;
    const struct sct_watch_options *const o = w->options;
    if (is_given_up(k, entry)) {
        sct_watch_log_outcome(&o->common, &k->outcome, NULL);
        count(w, 0);
        pthread_mutex_lock(&w->lock);
        w->n_left++;
        pthread_mutex_unlock(&w->lock);
        return FINISHED;
    }
    const int64_t delay_ms = find_delay(&entry->n_tries);
    if (trouble == OF_ALL) {
        set_trouble(k, entry, k->outcome.status, delay_ms);
    } else if (!entry->is_told) {
        entry->is_told = 1;
        sct_watch_log_retry(&o->common, &k->outcome, delay_ms);
    }
    return sct_queue_now() + delay_ms;
}

/* Trouble of the failed folder is trouble like any other. */
static int64_t give_up(struct work *k, struct sct_entry *entry)
{
    struct sct_watch *const w = k->watch;
    const struct sct_verdict verdict = sct_verdict_of(k->outcome.status);
    const struct sct_failed_input failed = {.key = k->key,
                                            .mark = k->mark,
                                            .verdict = verdict.word,
                                            .message = k->outcome.message,
                                            .is_permanent = !verdict.is_transient,
                                            .source = k->name};
    char *where = NULL, message[512];
    const int status = w->failures ? sct_failures_take(w->failures, &failed, &where,
                                                       message, sizeof message)
                                   : SCT_OK;
    /* A new file in its place, or none, or somebody writes it. */
    if (status == SCT_DONE) {
        entry->is_complete = 0;
        return sct_queue_now();
    }
    if (status != SCT_OK && sct_mark_is_still(w->source, k->key, k->mark)) {
        sct_outcome_fail(&k->outcome, status, message);
        return wait_for_end(k, entry, OF_ALL);
    }
    sct_watch_log_outcome(&w->options->common, &k->outcome, where);
    if (status != SCT_OK)
        sct_watch_log_trouble(&w->options->common, "%s was moved away: %s", k->key,
                              message[0] ? message : "out of memory");
    free(where);
    count(w, 0);
    return FINISHED;
}

static int64_t retry(struct work *k, struct sct_entry *entry)
{
    const int64_t delay_ms = find_delay(&entry->n_late);
    sct_watch_log_retry(&k->watch->options->common, &k->outcome, delay_ms);
    return sct_queue_now() + delay_ms;
}

/* Whether the picture failed, or its key meets that of another: nothing else is a reason to move it
 * away. What the job has not said itself may be the store's. */
static int is_its_own(const struct work *k)
{
    const struct sct_outcome *const o = &k->outcome;
    const char *const said = o->result.report.message;
    if (o->status == SCT_ERR_PRECONDITION)
        return 1;
    return sct_verdict_is_of_picture(o->status) && said[0] &&
           strncmp(o->message, said, sizeof o->message - 1) == 0;
}

/* These may have been the machine, which had too much to do, or no memory. */
static int may_pass(int status)
{
    return sct_verdict_of(status).is_transient || status == SCT_ERR_CRASHED;
}

static int64_t find_final_rest(struct work *k, struct sct_entry *entry)
{
    char mark[SCT_MARK_BYTES];
    const int fd = sct_mark_open(k->watch->source, k->key, &k->st, mark);
    if (fd < 0)
        return sct_queue_now();
    const int has_writer = sct_mark_has_writer(fd);
    close(fd);
    return find_rest(k, entry, has_writer, 1);
}

static int64_t judge(struct work *k, struct sct_entry *entry)
{
    struct sct_watch *const w = k->watch;
    const struct sct_watch_options *const o = w->options;
    if (k->outcome.status == SCT_OK && k->result->kind == SCT_EFFECT_GONE)
        return FINISHED; /* it is going to be seen */
    if (k->outcome.status == SCT_OK) {
        if (w->failures && sct_failures_release(w->failures, k->name) != 0)
            sct_watch_log_trouble(&o->common, "%s stays marked as moved away", k->key);
        sct_watch_log_outcome(&o->common, &k->outcome, NULL);
        count(w, 1);
        return FINISHED;
    }
    if (!sct_mark_is_still(w->source, k->key, k->mark)) {
        entry->is_complete = 0;
        return sct_queue_now();
    }
    if (!is_its_own(k))
        return wait_for_end(k, entry, OF_ALL);
    if (may_pass(k->outcome.status) && entry->n_late < o->n_retries)
        return retry(k, entry);
    const int64_t due_ms = find_final_rest(k, entry);
    return due_ms == FINISHED ? give_up(k, entry) : due_ms;
}

/* ---- one key ----------------------------------------------------------------------- */

static int64_t handle_gone(struct work *k, struct sct_entry *entry)
{
    const struct sct_watch *const w = k->watch;
    if (!w->recipe.mirror_deletes ||
        (w->failures && sct_failures_holds(w->failures, k->name)))
        return FINISHED;
    run_effect(k, entry, SCT_EVENT_REMOVED);
    if (k->outcome.status != SCT_OK)
        return wait_for_end(k, entry, OF_ALL);
    if (k->result->kind == SCT_EFFECT_MADE) /* it has come back meanwhile */
        sct_watch_log_outcome(&w->options->common, &k->outcome, NULL);
    for (int i = 0; i < k->outcome.n_outputs && k->result->kind == SCT_EFFECT_REMOVED;
         i++)
        sct_watch_log_event(&w->options->common, "removed", k->outcome.path[i]);
    return FINISHED;
}

static int64_t fail(struct work *k, struct sct_entry *entry, int status,
                    const char *message, enum trouble trouble)
{
    memset(&k->outcome, 0, sizeof k->outcome);
    k->outcome.input = k->key;
    sct_outcome_fail(&k->outcome, status, message);
    return wait_for_end(k, entry, trouble);
}

/* When to look again, or FINISHED. */
static int64_t handle(struct work *k, struct sct_entry *entry)
{
    k->key = entry->key;
    const int named = sct_origin_hash(k->name, k->watch->source_url, k->key);
    if (named != SCT_OK)
        return fail(k, entry, named, "", OF_ALL);
    const int fd = sct_mark_open(k->watch->source, entry->key, &k->st, k->mark);
    if (fd == -ELOOP || fd == -EISDIR)
        return FINISHED;
    if (fd == -ENOENT || fd == -ENOTDIR)
        return handle_gone(k, entry);
    if (fd < 0)
        return fail(k, entry, SCT_ERR_IO, strerror(-fd), OF_FILE);
    const int has_writer = entry->is_complete ? 0 : sct_mark_has_writer(fd);
    close(fd);
    if (has_writer == 1 && k->watch->options->once) /* who knows for how long */
        return fail(k, entry, SCT_ERR_IO, "somebody has it open for writing", OF_FILE);
    if (!entry->is_complete) {
        const int64_t due_ms = find_rest(k, entry, has_writer, 0);
        if (due_ms != FINISHED)
            return due_ms;
    }
    run_effect(k, entry, SCT_EVENT_CREATED);
    return judge(k, entry);
}

/* ---- threads ----------------------------------------------------------------------- */

int sct_watch_open_target(const struct sct_watch *watch, sct_store **out,
                          struct sct_report *report)
{
    const struct sct_store_spec spec = {.credentials = watch->credentials,
                                        .makes_folder = 1};
    return sct_store_open(out, watch->target, &spec, report);
}

static int open_work(struct work *k, struct sct_report *report)
{
    int status = sct_store_open(&k->source, k->watch->source_url, NULL, report);
    if (status == SCT_OK)
        status = sct_watch_open_target(k->watch, &k->target, report);
    if (status == SCT_OK)
        status = sct_effect_create(&k->effect, &k->watch->recipe);
    return status;
}

static void close_work(struct work *k)
{
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        free(k->path[i]);
    sct_effect_free(k->effect);
    sct_store_close(k->target);
    sct_store_close(k->source);
    free(k);
}

int sct_watch_work(struct sct_watch *watch, struct sct_report *report)
{
    struct work *const k = calloc(1, sizeof *k);
    if (!k)
        return SCT_ERR_MEMORY;
    k->watch = watch;
    const int status = open_work(k, report);
    for (struct sct_entry *entry;
         status == SCT_OK && (entry = sct_queue_take(watch->queue));) {
        const int64_t due_ms = handle(k, entry);
        if (due_ms == FINISHED) {
            end_trouble(k, entry);
            sct_queue_finish(watch->queue, entry);
        } else {
            sct_queue_return(watch->queue, entry, due_ms);
        }
    }
    close_work(k);
    return status;
}

int sct_watch_init(struct sct_watch *watch, struct sct_report *report)
{
    const struct sct_watch_options *const o = watch->options;
    struct sct_recipe *const r = &watch->recipe;
    sct_recipe_init(r);
    memcpy(r->variant, o->common.variant, sizeof r->variant);
    r->n_variants = o->common.n_variants;
    snprintf(r->key, sizeof r->key, "%s", o->key);
    if (o->cache_control && strlen(o->cache_control) >= sizeof r->cache_control)
        return sct_report_fail(report, SCT_ERR_ARGUMENT,
                               "--cache-control: '%.80s...' is too long",
                               o->cache_control);
    if (o->cache_control)
        snprintf(r->cache_control, sizeof r->cache_control, "%s", o->cache_control);
    r->salvage = o->common.salvage;
    r->linear = o->common.linear;
    r->mirror_deletes = o->mirror_deletes;
    r->limits = o->common.limits;
    r->dsp = o->common.dsp;
    watch->n_fine = watch->n_failed = watch->n_left = 0;
    memset(watch->n_troubled, 0, sizeof watch->n_troubled);
    if (pthread_mutex_init(&watch->lock, NULL) != 0)
        return SCT_ERR_MEMORY;
    return sct_recipe_seal(r, report);
}
