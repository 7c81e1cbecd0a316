/* What the files of the effect share. Of the effect only. */
#ifndef SCT_EFFECT_STATE_H
#define SCT_EFFECT_STATE_H

#include "effect.h"
#include "feed.h"
#include "origin.h"

enum sct_slot_state {
    SCT_SLOT_UNWANTED,
    SCT_SLOT_UNKNOWN, /* not looked at yet */
    SCT_SLOT_CURRENT,
    SCT_SLOT_STALE,
    SCT_SLOT_MISSING, /* to be made, in place of what replaces[] names */
    SCT_SLOT_OTHER,   /* another source's */
    SCT_SLOT_BEATEN,  /* while it was made somebody else has written it */
    SCT_SLOT_MADE
};

/* One variant's output. */
struct sct_slot {
    enum sct_slot_state state;
    char *key;
    const struct sct_encoder_ops *format; /* that key is for */
    int is_guess;                         /* of format: from the source's name */
    char replaces[SCT_ETAG_BYTES];        /* "": there is nothing yet */
    struct sct_attributes attributes;
    struct sct_put put;
    sct_store_writer *writer;
    struct sct_output output;
};

struct sct_effect {
    const struct sct_recipe *recipe;
    const struct sct_effect_spec *spec;
    const struct sct_event_record *record;
    struct sct_origin wanted; /* without settings, which are each slot's */
    struct sct_effect_result result;
    struct sct_slot slot[SCT_MAX_VARIANTS];
    /* The job: */
    struct sct_feed feed;
    struct sct_variant variant[SCT_MAX_VARIANTS];
    int index[SCT_MAX_VARIANTS]; /* of each of the job's variants among all */
    struct sct_result job_result;
    struct sct_object object; /* scratch */
};

/* Notes a failure in the outcome: the status, and the message of a store, or NULL. Returns the
 * status. */
int sct_effect_fail(struct sct_effect *e, int status, const sct_store *store);

/* Whether the source that is open is still what was opened. SCT_OK, or SCT_ERR_IO, which is in the
 * outcome. */
int sct_effect_check_source(struct sct_effect *e);

/* The outputs. All return SCT_OK, or a failure that is in the outcome. */
int sct_slots_begin(struct sct_effect *e); /* names them; formats may be guesses */
void sct_slots_end(struct sct_effect *e);
/* At those that are UNKNOWN or BEATEN. May guess: when the first is not there the others are
 * taken to be missing, too, which writing finds out. */
int sct_slots_look(struct sct_effect *e, int may_guess);
int sct_slots_know_format(struct sct_effect *e, const struct sct_encoder_ops *format);
void sct_slots_recheck(struct sct_effect *e); /* the source's etag has become known */
int sct_slots_count(const struct sct_effect *e, enum sct_slot_state state);
int sct_slots_remove(struct sct_effect *e);
struct sct_target sct_slots_target(struct sct_effect *e);

#endif
