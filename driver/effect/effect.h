/* The effect: what becomes of one record of an event. The same for whatever delivered it: a queue,
 * Lambda, a folder, a list of what is there.
 *
 *     record --> what is in the target? --> all there: skipped, nothing is read
 *                 |                         of a later event: stale, likewise
 *                 '--> source, decoded once --> each missing output, written on the condition
 *                                               that nobody has been faster; who was beaten
 *                                               looks again
 *
 * Events come several times and in any order; the effect is that of one in time: an output's
 * origin (origin.h) says what it was made of, an older event does not undo a newer one, and
 * two at once both succeed, of which one writes. Nothing has to be cleaned up after a process
 * that was killed.
 *
 * Whether outputs of two sources could have the same key depends on the template; the later one
 * fails then, permanently, unless may_replace says otherwise. Command and servers. */
#ifndef SCT_EFFECT_H
#define SCT_EFFECT_H

#include "event.h"
#include "isolate.h"
#include "outcome.h"
#include "recipe.h"

/* One thread's memory, used for one record after the other. */
typedef struct sct_effect sct_effect;

enum sct_effect_kind {
    SCT_EFFECT_MADE,    /* at least one output */
    SCT_EFFECT_CURRENT, /* all outputs were there */
    SCT_EFFECT_STALE,   /* what is there is newer */
    SCT_EFFECT_GONE,    /* the source is not there any more */
    SCT_EFFECT_REMOVED, /* the outputs of a source that is gone, as many as there were; where the
                           template has a folder for each source, of former variants, too */
    SCT_EFFECT_IGNORED /* nothing that concerns pictures */
};

struct sct_effect_result {
    enum sct_effect_kind kind;  /* where outcome.status is SCT_OK; is_skipped: not MADE or
                                  REMOVED */
    struct sct_outcome outcome; /* input: the key; path: the outputs' keys */
    const char *etag;           /* of the source, as far as it is known; "" */
    uint64_t read_bytes, written_bytes;
};

/* What a record is worked on with, all borrowed. The stores are this thread's; source is opened on
 * record->store as it is, so that the record's key is one of its keys. */
struct sct_effect_spec {
    sct_store *source, *target;
    sct_isolate *isolate; /* NULL: no sandbox */
    int64_t deadline_ms;  /* of CLOCK_REALTIME; 0: none */
    int only;             /* index of the one variant wanted, or SCT_EFFECT_ALL */
    /* Whether an output may be replaced that another source has, or nobody: `source` is that of its
     * origin, or "". For who knows that the other one is gone for good. NULL: never. */
    int (*may_replace)(void *ctx, const char *source);
    void *may_replace_ctx;
};

enum { SCT_EFFECT_ALL = -1 };

/* The recipe is borrowed. SCT_OK or SCT_ERR_MEMORY. */
int sct_effect_create(sct_effect **out, const struct sct_recipe *recipe);
void sct_effect_free(sct_effect *e); /* accepts NULL */

/* Does what the record asks for; a record that is bad in itself is its own failure. Never
 * fails otherwise than in the result, which is borrowed until the next call. */
const struct sct_effect_result *sct_effect_run(sct_effect *e,
                                               const struct sct_effect_spec *spec,
                                               const struct sct_event_record *record);

/* Only looks: current[i] says of each variant (of spec->only alone, where that is one) whether its
 * output is there and up to date, as far as can be known without reading the source; the rest of it
 * is 0. SCT_OK; the statuses of store.h, with a message in the report. */
int sct_effect_look(sct_effect *e, const struct sct_effect_spec *spec,
                    const struct sct_event_record *record, int current[SCT_MAX_VARIANTS],
                    struct sct_report *report);

/* The key of variant i of what sct_effect_run or sct_effect_look has worked on last; NULL: not
 * looked at. Borrowed until the next call. */
const char *sct_effect_key(const sct_effect *e, int i);

/* Whether it is a failure after which the same record may succeed: when there is more time, the target is
 * there again, or somebody has given the rights that are missing. Not where the picture, the record
 * or the key of an output is the reason. */
static inline int sct_effect_may_pass(const struct sct_effect_result *result)
{
    const int status = result->outcome.status;
    return status == SCT_ERR_TIMEOUT ||
           (status < 0 && status != SCT_ERR_ARGUMENT && status != SCT_ERR_PRECONDITION &&
            !sct_verdict_is_of_picture(status));
}

/* The verdict: as of the outcome, "skipped" for CURRENT, STALE, GONE and IGNORED. */
struct sct_verdict sct_effect_verdict(const struct sct_effect_result *result);

/* Whether outputs would be uploads, or uploads outputs: one of the stores is in the other. URLs as
 * for sct_store_open. SCT_OK, or SCT_ERR_ARGUMENT with a message. */
int sct_effect_check_apart(const char *source, const char *target,
                           struct sct_report *report);

#endif
