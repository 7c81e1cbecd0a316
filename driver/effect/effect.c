/* The effect of one record, as effect.h draws it.
 *
 * Invariants
 *   1. Nothing is written but on the condition of what was seen: that there is nothing, or an
 *      output of this very source that is older, or one that may be replaced.
 *   2. An output's origin names the content that was read, which may be newer than what the event
 *      speaks of; then the event of that content finds it made.
 *   3. A record leaves all outputs, or a failure.
 *   4. An output gets its name only while the source is as it was when it was opened: a file that
 *      is written while it is read is a failure that may pass. */
#define _GNU_SOURCE 1
#include "effect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "effect_state.h"
#include "paths.h"
#include "verdict.h"

enum { N_ROUNDS = 5, MARGIN_MS = 400, LEAST_MS = 500 };

int sct_effect_create(sct_effect **out, const struct sct_recipe *recipe)
{
    *out = calloc(1, sizeof **out);
    if (*out)
        (*out)->recipe = recipe;
    return *out ? SCT_OK : SCT_ERR_MEMORY;
}

void sct_effect_free(sct_effect *e)
{
    if (e)
        sct_slots_end(e);
    free(e);
}

const char *sct_effect_key(const sct_effect *e, int i)
{
    return e->slot[i].key;
}

int sct_effect_fail(struct sct_effect *e, int status, const sct_store *store)
{
    if (e->result.outcome.status == SCT_OK)
        sct_outcome_fail(&e->result.outcome, status,
                         store ? sct_store_message(store) : "");
    return status;
}

/* ---- beginning ----------------------------------------------------------------------- */

static int note_source(struct sct_effect *e)
{
    const struct sct_event_record *const r = e->record;
    struct sct_origin *const wanted = &e->wanted;
    memset(wanted, 0, sizeof *wanted);
    snprintf(wanted->etag, sizeof wanted->etag, "%s", r->etag ? r->etag : "");
    if (r->version && strcmp(r->version, "null") != 0) /* of a bucket without versions */
        snprintf(wanted->version, sizeof wanted->version, "%s", r->version);
    snprintf(wanted->sequencer, sizeof wanted->sequencer, "%s",
             r->sequencer ? r->sequencer : "");
    const int status = sct_origin_hash(wanted->source, r->store, r->key);
    return status == SCT_OK ? status : sct_effect_fail(e, status, NULL);
}

static int begin(struct sct_effect *e, const struct sct_effect_spec *spec,
                 const struct sct_event_record *record)
{
    struct sct_outcome *const o = &e->result.outcome;
    sct_slots_end(e);
    memset(&e->result, 0, sizeof e->result);
    e->spec = spec;
    e->record = record;
    o->input = record->key ? record->key : "";
    if (record->status != SCT_OK) {
        sct_outcome_fail(o, record->status, record->problem ? record->problem : "");
        return record->status;
    }
    const int status = note_source(e);
    return status == SCT_OK ? sct_slots_begin(e) : status;
}

static const char *version_of(const struct sct_effect *e)
{
    return e->wanted.version[0] ? e->wanted.version : NULL;
}

/* There is no such object. SCT_DONE, unless it is the whole store that is not there, about whose
 * objects nothing is known then. */
static int be_gone(struct sct_effect *e)
{
    const int status = sct_store_check(e->spec->source);
    return status == SCT_OK ? (int)SCT_DONE : sct_effect_fail(e, status, e->spec->source);
}

/* Asks for the content where the record does not say. SCT_DONE: there is no such object. */
static int know_content(struct sct_effect *e)
{
    sct_store *const source = e->spec->source;
    if (e->wanted.etag[0])
        return SCT_OK;
    const int status = sct_store_head(source, e->record->key, version_of(e), &e->object);
    if (status == SCT_ERR_NOT_FOUND)
        return be_gone(e);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, source);
    memcpy(e->wanted.etag, e->object.etag, sizeof e->wanted.etag);
    return SCT_OK;
}

/* ---- the job ------------------------------------------------------------------------- */

/* Seconds that a job may take; 0: any. SCT_ERR_TIMEOUT: it is too late to begin. */
static int find_time(struct sct_effect *e, double *seconds)
{
    *seconds = e->recipe->limits.max_seconds;
    if (e->spec->deadline_ms == 0)
        return SCT_OK;
    const int64_t left_ms = e->spec->deadline_ms - MARGIN_MS - sct_clock_now_ms();
    if (left_ms < LEAST_MS) {
        sct_outcome_fail(&e->result.outcome, SCT_ERR_TIMEOUT,
                         "too little time is left for another picture");
        return SCT_ERR_TIMEOUT;
    }
    if (*seconds == 0 || *seconds > (double)left_ms / 1000)
        *seconds = (double)left_ms / 1000;
    return SCT_OK;
}

static int list_missing(struct sct_effect *e)
{
    int n = 0;
    for (int i = 0; i < e->recipe->n_variants; i++) {
        if (e->slot[i].state != SCT_SLOT_MISSING)
            continue;
        e->variant[n] = e->recipe->variant[i];
        e->index[n++] = i;
    }
    return n;
}

int sct_effect_check_source(struct sct_effect *e)
{
    if (sct_store_reader_is_current(e->feed.reader))
        return SCT_OK;
    if (e->result.outcome.status == SCT_OK)
        sct_outcome_fail(&e->result.outcome, SCT_ERR_IO,
                         "it has changed while it was read");
    return SCT_ERR_IO;
}

/* Who knows best why it failed: the target has said so already; then the source; then the codec. */
static int explain(struct sct_effect *e, int status)
{
    if (e->feed.status != SCT_OK)
        return sct_effect_fail(e, e->feed.status, e->spec->source);
    if (status != SCT_OK && sct_effect_check_source(e) != SCT_OK)
        return e->result.outcome.status;
    if (status != SCT_OK && e->result.outcome.status == SCT_OK)
        sct_outcome_fail(&e->result.outcome, status, e->job_result.report.message);
    return e->result.outcome.status;
}

static int run_job(struct sct_effect *e, int n)
{
    const struct sct_recipe *const recipe = e->recipe;
    struct sct_job job = {.variants = e->variant,
                          .n_variants = n,
                          .target = sct_slots_target(e),
                          .limits = recipe->limits,
                          .salvage = recipe->salvage,
                          .linear = recipe->linear,
                          .dsp = &recipe->dsp};
    struct sct_infile *in = NULL;
    int status = find_time(e, &job.limits.max_seconds);
    if (status != SCT_OK)
        return status;
    if (e->spec->isolate && !(in = sct_feed_pump(&e->feed)))
        return sct_effect_fail(e, SCT_ERR_MEMORY, NULL);
    job.source = sct_feed_source(&e->feed);
    status = in ? sct_isolate_run(e->spec->isolate, &job, in, 0, &e->job_result)
                : sct_job_run(&job, &e->job_result);
    sct_feed_end_pump(&e->feed);
    for (int k = 0; k < n; k++)
        e->slot[e->index[k]].output = e->job_result.output[k];
    e->result.read_bytes += e->job_result.bytes;
    return explain(e, status);
}

/* Reads the source, and makes what is missing. SCT_OK, also where somebody was faster; SCT_DONE:
 * there is no source. */
static int make_missing(struct sct_effect *e)
{
    sct_store_reader *reader;
    int status = sct_store_get(e->spec->source, e->record->key, version_of(e), &reader,
                               &e->object);
    if (status == SCT_ERR_NOT_FOUND)
        return be_gone(e);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, e->spec->source);
    if (e->object.etag[0])
        memcpy(e->wanted.etag, e->object.etag, sizeof e->wanted.etag);
    sct_feed_open(&e->feed, reader);
    if (e->feed.status == SCT_OK) {
        const struct sct_decoder_ops *const decoder =
            sct_decoder_find(e->feed.head, e->feed.n_head);
        sct_slots_recheck(e);
        status =
            sct_slots_know_format(e, decoder ? sct_encoder_find(decoder->name) : NULL);
    } else {
        status = sct_effect_fail(e, SCT_ERR_IO, e->spec->source);
    }
    const int n =
        status == SCT_OK && sct_slots_count(e, SCT_SLOT_OTHER) == 0 ? list_missing(e) : 0;
    if (n > 0)
        status = run_job(e, n);
    sct_feed_close(&e->feed);
    return status;
}

/* ---- kinds of records ---------------------------------------------------------------- */

static int refuse_others(struct sct_effect *e)
{
    for (int i = 0; i < e->recipe->n_variants; i++) {
        if (e->slot[i].state != SCT_SLOT_OTHER)
            continue;
        char message[256];
        snprintf(message, sizeof message,
                 "%.160s is there already, and not made of this source", e->slot[i].key);
        sct_outcome_fail(&e->result.outcome, SCT_ERR_PRECONDITION, message);
        return SCT_ERR_PRECONDITION;
    }
    return SCT_OK;
}

/* Whether there are outputs that may be missing: those with a guessed name are, until the source
 * has been looked at, unless they are there. */
static int has_work(const struct sct_effect *e)
{
    for (int i = 0; i < e->recipe->n_variants; i++)
        if (e->slot[i].state == SCT_SLOT_MISSING ||
            (e->slot[i].state == SCT_SLOT_OTHER && e->slot[i].is_guess))
            return 1;
    return 0;
}

static int make(struct sct_effect *e)
{
    int status = know_content(e);
    for (int round = 0; status == SCT_OK && round < N_ROUNDS; round++) {
        status = sct_slots_look(e, 1);
        if (status != SCT_OK)
            break;
        if (!has_work(e))
            return refuse_others(e);
        status = make_missing(e);
        if (status == SCT_OK)
            status = refuse_others(e);
        if (status == SCT_OK && sct_slots_count(e, SCT_SLOT_BEATEN) == 0 && !has_work(e))
            return SCT_OK;
    }
    if (status == SCT_OK) {
        sct_outcome_fail(&e->result.outcome, SCT_ERR_IO,
                         "others keep replacing the outputs");
        return SCT_ERR_IO;
    }
    return status;
}

/* A source that is there again is left to its own event. SCT_DONE: it has come back while its outputs
 * were removed, and what its event has made may be among them. */
static int remove_outputs(struct sct_effect *e)
{
    sct_store *const source = e->spec->source;
    int status = sct_store_head(source, e->record->key, NULL, &e->object);
    if (status == SCT_OK)
        return SCT_OK;
    if (status == SCT_ERR_NOT_FOUND) {
        status = be_gone(e);
        if (status != SCT_DONE)
            return status;
        status = sct_slots_remove(e);
        if (status != SCT_OK)
            return status;
        status = sct_store_head(source, e->record->key, NULL, &e->object);
        if (status == SCT_ERR_NOT_FOUND)
            return SCT_OK;
    }
    return status == SCT_OK ? SCT_DONE : sct_effect_fail(e, status, source);
}

/* As if the record were of what is there now. */
static int begin_anew(struct sct_effect *e)
{
    memcpy(e->wanted.etag, e->object.etag, sizeof e->wanted.etag);
    e->wanted.version[0] = '\0';
    sct_slots_end(e);
    return sct_slots_begin(e);
}

static int handle(struct sct_effect *e)
{
    int is_wanted = e->record->kind == SCT_EVENT_CREATED, status = SCT_OK;
    e->result.kind = SCT_EFFECT_IGNORED;
    if (e->record->kind == SCT_EVENT_REMOVED && e->recipe->mirror_deletes) {
        e->result.kind = SCT_EFFECT_REMOVED;
        status = remove_outputs(e);
        is_wanted = status == SCT_DONE;
        if (is_wanted)
            status = begin_anew(e);
    }
    /* Keys that end in a slash stand for folders. */
    if (status != SCT_OK || !is_wanted || sct_path_leaf(e->record->key)[0] == '\0')
        return status;
    status = make(e);
    e->result.kind = status == SCT_DONE                       ? SCT_EFFECT_GONE
                     : sct_slots_count(e, SCT_SLOT_MADE) > 0  ? SCT_EFFECT_MADE
                     : sct_slots_count(e, SCT_SLOT_STALE) > 0 ? SCT_EFFECT_STALE
                                                              : SCT_EFFECT_CURRENT;
    return status == SCT_DONE ? SCT_OK : status;
}

static void report(struct sct_effect *e)
{
    struct sct_outcome *const o = &e->result.outcome;
    struct sct_result *const r = &o->result;
    *r = e->job_result;
    r->n_outputs = 0;
    for (int i = 0; i < e->recipe->n_variants; i++) {
        if (e->slot[i].state != SCT_SLOT_MADE)
            continue;
        const int n = o->n_outputs++;
        o->path[n] = e->slot[i].key;
        o->name[n] = e->recipe->variant[i].name;
        o->is_there[n] = e->result.kind != SCT_EFFECT_REMOVED;
        r->output[n] = e->slot[i].output;
        r->n_outputs = o->n_outputs;
        e->result.written_bytes += e->slot[i].output.bytes;
    }
    o->is_skipped = o->status == SCT_OK && e->result.kind != SCT_EFFECT_MADE &&
                    e->result.kind != SCT_EFFECT_REMOVED;
    e->result.etag = e->wanted.etag;
}

const struct sct_effect_result *sct_effect_run(sct_effect *e,
                                               const struct sct_effect_spec *spec,
                                               const struct sct_event_record *record)
{
    memset(&e->job_result, 0, sizeof e->job_result);
    if (begin(e, spec, record) == SCT_OK)
        handle(e);
    report(e);
    return &e->result;
}

int sct_effect_look(sct_effect *e, const struct sct_effect_spec *spec,
                    const struct sct_event_record *record, int current[SCT_MAX_VARIANTS],
                    struct sct_report *report_)
{
    int status = begin(e, spec, record);
    memset(current, 0, SCT_MAX_VARIANTS * sizeof *current);
    if (status == SCT_OK)
        status = know_content(e);
    if (status == SCT_OK)
        status = sct_slots_look(e, 0);
    for (int i = 0; status == SCT_OK && i < e->recipe->n_variants; i++)
        current[i] = e->slot[i].state == SCT_SLOT_CURRENT;
    if (status == SCT_DONE)
        return sct_report_fail(report_, SCT_ERR_NOT_FOUND, "there is no such object");
    if (status != SCT_OK)
        sct_report_fail(report_, status, "%s", e->result.outcome.message);
    return status;
}

struct sct_verdict sct_effect_verdict(const struct sct_effect_result *result)
{
    const struct sct_outcome *const o = &result->outcome;
    if (o->status == SCT_OK && o->is_skipped)
        return sct_verdict_skipped();
    if (o->status == SCT_OK && sct_outcome_is_unchanged(o))
        return sct_verdict_unchanged();
    return sct_verdict_of(o->status);
}
