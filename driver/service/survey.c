/* Surveys. One thread at a time holds the list, so batches are handed out in the order of keys.
 *
 * Invariants, under the lock
 *   1. each busy thread knows which key came before its batch: all keys up to the least of these have
 *      been visited, and that is what the state file says;
 *   2. a batch whose visit failed stays unvisited: its thread keeps being busy with it. */
#define _GNU_SOURCE 1
#include "survey.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "credentials_parse.h"
#include "mem.h"
#include "source_url.h"
#include "stopwatch.h"
#include "words.h"

enum { SAVE_S = 3, TELL_S = 10 };

struct surveyor {
    struct run *run;
    pthread_t thread;
    int is_busy;
    char before[SCT_MAX_KEY_BYTES + 1]; /* the key listed before what it is busy with */
    struct sct_object object[SCT_SURVEY_BATCH];
    struct sct_event_record record[SCT_SURVEY_BATCH];
};

struct run {
    const struct sct_survey *survey;
    struct surveyor *surveyor;
    int n_surveyors;
    pthread_mutex_t lock; /* of all that follows, and of the list */
    int source;           /* index of the one that is listed */
    sct_store *store;
    sct_store_list *list;
    char *url, *prefix; /* of the source: its store's, and of the keys in it */
    char last[SCT_MAX_KEY_BYTES + 1]; /* handed out */
    char *
        wanted; /* what the visits are for: another target or other variants are another survey */
    int status, signals;
    int64_t n_seen, saved_s, told_s;
};

int sct_survey_parse_since(const char *text, int64_t *since_s)
{
    const size_t n = strlen(text);
    int64_t value;
    char digits[16];
    if (n > 1 && n < sizeof digits && (text[n - 1] == 'd' || text[n - 1] == 'h')) {
        memcpy(digits, text, n - 1);
        digits[n - 1] = '\0';
        if (sct_integer_parse(digits, 1, 100000, &value) != SCT_OK)
            return SCT_ERR_ARGUMENT;
        *since_s = (int64_t)time(NULL) - value * (text[n - 1] == 'd' ? 86400 : 3600);
        return SCT_OK;
    }
    char full[32];
    snprintf(full, sizeof full, "%s%s", text, n == 10 ? "T00:00:00Z" : "");
    *since_s = sct_date_parse_iso(full);
    return *since_s > 0 && n < sizeof full - 1 ? SCT_OK : SCT_ERR_ARGUMENT;
}

/* ---- the state file ------------------------------------------------------------------ */

static const char *find_visited(const struct run *r)
{
    const char *visited = r->last;
    for (int i = 0; i < r->n_surveyors; i++)
        if (r->surveyor[i].is_busy && strcmp(r->surveyor[i].before, visited) < 0)
            visited = r->surveyor[i].before;
    return visited;
}

static void save(struct run *r, const char *after)
{
    const char *const path = r->survey->state_path;
    char *temp = NULL;
    if (!path || asprintf(&temp, "%s.tmp", path) < 0)
        return;
    json_t *const state =
        json_pack("{s:s, s:s, s:s, s:s, s:I}", "source",
                  r->survey->settings->source[r->source], "prefix", r->survey->prefix,
                  "wanted", r->wanted, "after", after, "seen", (json_int_t)r->n_seen);
    if (!state || json_dump_file(state, temp, JSON_COMPACT) != 0 ||
        rename(temp, path) != 0)
        sct_log_message(r->survey->log, SCT_LOG_WARN, "trouble", "%s: %s", path,
                        strerror(errno));
    json_decref(state);
    free(temp);
}

/* The target or the queue, and the variants by their hashes. NULL: no memory. */
static char *describe_wanted(const struct sct_settings *s)
{
    struct sct_buffer text = {0};
    sct_buffer_text(&text, s->queue ? s->queue : s->target ? s->target : "");
    for (int i = 0; !s->queue && i < s->recipe.n_variants; i++)
        sct_buffer_format(&text, " %s", s->recipe.settings[i]);
    if (!s->queue)
        sct_buffer_format(&text, " %s", s->recipe.key);
    return sct_buffer_take(&text);
}

/* Where to go on: source, and key in r->last. */
static int load(struct run *r)
{
    const struct sct_survey *const survey = r->survey;
    json_t *const state = survey->state_path && access(survey->state_path, F_OK) == 0
                              ? json_load_file(survey->state_path, 0, NULL)
                              : NULL;
    const char *source, *prefix, *wanted, *after;
    json_int_t seen = 0;
    if (!survey->state_path || access(survey->state_path, F_OK) != 0)
        return SCT_OK;
    int status = SCT_ERR_ARGUMENT;
    if (json_unpack(state, "{s:s, s:s, s:s, s:s, s:I}", "source", &source, "prefix",
                    &prefix, "wanted", &wanted, "after", &after, "seen", &seen) == 0 &&
        strcmp(prefix, survey->prefix) == 0 && strcmp(wanted, r->wanted) == 0 &&
        strlen(after) < sizeof r->last)
        for (int i = 0; status != SCT_OK && i < survey->settings->n_sources; i++) {
            if (strcmp(survey->settings->source[i], source) != 0)
                continue;
            r->source = i;
            r->n_seen = seen;
            strcpy(r->last, after);
            status = SCT_OK;
        }
    json_decref(state);
    if (status != SCT_OK)
        sct_log_message(survey->log, SCT_LOG_ERROR, "trouble",
                        "%s is no state of this survey, of the same sources to the same "
                        "target or queue with the same variants; remove it to begin anew",
                        survey->state_path);
    else
        sct_log_message(survey->log, SCT_LOG_INFO, "resumed", "behind %s", r->last);
    return status;
}

/* ---- the list ------------------------------------------------------------------------ */

static int split_source(struct run *r, const char *source)
{
    char *folder = NULL;
    struct sct_buffer prefix = {0};
    const int status = sct_source_split(source, &r->url, &folder);
    if (status != SCT_OK)
        return status;
    sct_buffer_text(&prefix, folder);
    sct_buffer_text(&prefix, r->survey->prefix);
    sct_mem_free(folder);
    r->prefix = sct_buffer_take(&prefix);
    return r->prefix ? SCT_OK : SCT_ERR_MEMORY;
}

static void close_source(struct run *r)
{
    sct_store_list_close(r->list);
    sct_store_close(r->store);
    sct_mem_free(r->url);
    sct_mem_free(r->prefix);
    r->list = NULL;
    r->store = NULL;
    r->url = r->prefix = NULL;
}

static int fail(struct run *r, int status, const char *message)
{
    sct_log_message(r->survey->log, SCT_LOG_ERROR, "trouble", "%s: %s",
                    r->survey->settings->source[r->source],
                    message[0] ? message : sct_status_name(status));
    return r->status = status;
}

static int open_source(struct run *r)
{
    const struct sct_store_spec how = {.credentials = r->survey->credentials};
    struct sct_report report = {.message = ""};
    int status = split_source(r, r->survey->settings->source[r->source]);
    if (status == SCT_OK)
        status = sct_store_open(&r->store, r->url, &how, &report);
    if (status != SCT_OK)
        return fail(r, status, report.message);
    status = sct_store_list_open(r->store, r->prefix, r->last, &r->list);
    return status == SCT_OK ? status : fail(r, status, sct_store_message(r->store));
}

/* The next object that is recent enough. SCT_OK, SCT_DONE at the end of the source. */
static int list_next(struct run *r, struct sct_object *object)
{
    int status = SCT_OK;
    do {
        status = sct_store_list_next(r->list, object);
    } while (status == SCT_OK && object->mtime_s < r->survey->since_s);
    if (status < 0)
        return fail(r, status, sct_store_message(r->store));
    return status;
}

/* Fills a batch. Its number; 0: there is nothing more, or the run has ended. */
static int take_batch(struct run *r, struct surveyor *s)
{
    int n = 0;
    memcpy(s->before, r->last, sizeof s->before);
    while (n < r->survey->batch && list_next(r, &s->object[n]) == SCT_OK)
        n++;
    if (n == 0 || r->status != SCT_OK)
        return 0;
    memcpy(r->last, s->object[n - 1].key, sizeof r->last);
    s->is_busy = 1;
    for (int i = 0; i < n; i++)
        s->record[i] = (struct sct_event_record){.kind = SCT_EVENT_CREATED,
                                                 .message = -1,
                                                 .name = "created",
                                                 .store = r->url,
                                                 .key = s->object[i].key,
                                                 .etag = s->object[i].etag,
                                                 .size = (int64_t)s->object[i].bytes};
    return n;
}

/* ---- threads ------------------------------------------------------------------------- */

static void keep_up(struct run *r)
{
    const int64_t now = (int64_t)(1e-3 * sct_wall_ms());
    if (now - r->saved_s >= SAVE_S) {
        r->saved_s = now;
        save(r, find_visited(r));
    }
    if (now - r->told_s >= TELL_S) {
        const struct sct_log_field field[] = {sct_log_number("seen", (double)r->n_seen),
                                              sct_log_text("key", r->last)};
        r->told_s = now;
        sct_log_event(r->survey->log, SCT_LOG_INFO, "progress", field, 2);
    }
}

static int was_interrupted(struct run *r)
{
    struct signalfd_siginfo info;
    if (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info &&
        r->status == SCT_OK)
        r->status = SCT_DONE;
    return r->status != SCT_OK;
}

static void *survey(void *ctx)
{
    struct surveyor *const s = ctx;
    struct run *const r = s->run;
    void *const thread = r->survey->begin(r->survey->ctx);
    pthread_mutex_lock(&r->lock);
    if (!thread && r->status == SCT_OK)
        r->status = SCT_ERR_MEMORY;
    for (int n; thread && !was_interrupted(r) && (n = take_batch(r, s)) > 0;) {
        pthread_mutex_unlock(&r->lock);
        const int status = r->survey->visit(thread, s->record, n);
        pthread_mutex_lock(&r->lock);
        if (status != SCT_OK) {
            if (r->status == SCT_OK)
                r->status = status;
            break;
        }
        s->is_busy = 0;
        r->n_seen += n;
        keep_up(r);
    }
    pthread_mutex_unlock(&r->lock);
    if (thread)
        r->survey->end(thread);
    return NULL;
}

static int survey_source(struct run *r)
{
    int n = 0;
    if (open_source(r) != SCT_OK)
        return r->status;
    while (n < r->n_surveyors &&
           pthread_create(&r->surveyor[n].thread, NULL, survey, &r->surveyor[n]) == 0)
        n++;
    for (int i = 0; i < n; i++)
        pthread_join(r->surveyor[i].thread, NULL);
    close_source(r);
    return n > 0 ? r->status : (int)SCT_ERR_MEMORY;
}

static int survey_all(struct run *r)
{
    int status = SCT_OK;
    while (status == SCT_OK && r->source < r->survey->settings->n_sources) {
        status = survey_source(r);
        if (status != SCT_OK) {
            save(r, find_visited(r));
        } else {
            r->source++;
            r->last[0] = '\0';
        }
    }
    if (status == SCT_OK && r->survey->state_path)
        unlink(r->survey->state_path);
    return status;
}

static int block_signals(struct run *r, sigset_t *before)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, before);
    r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return r->signals < 0 ? SCT_ERR_MEMORY : SCT_OK;
}

int sct_survey_run(const struct sct_survey *survey, int64_t *n_seen)
{
    sigset_t before;
    struct run r = {.survey = survey, .n_surveyors = survey->settings->n_jobs};
    r.saved_s = r.told_s = (int64_t)(1e-3 * sct_wall_ms());
    int status = block_signals(&r, &before);
    r.surveyor = calloc((size_t)r.n_surveyors, sizeof *r.surveyor);
    r.wanted = describe_wanted(survey->settings);
    if (!r.surveyor || !r.wanted)
        status = SCT_ERR_MEMORY;
    for (int i = 0; status == SCT_OK && i < r.n_surveyors; i++)
        r.surveyor[i].run = &r;
    if (status == SCT_OK)
        status = load(&r);
    if (status == SCT_OK && pthread_mutex_init(&r.lock, NULL) != 0)
        status = SCT_ERR_MEMORY;
    if (status == SCT_OK) {
        status = survey_all(&r);
        pthread_mutex_destroy(&r.lock);
    }
    if (r.signals >= 0)
        close(r.signals);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(r.surveyor);
    sct_mem_free(r.wanted);
    if (n_seen)
        *n_seen = r.n_seen;
    return status;
}
