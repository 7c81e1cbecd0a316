/* The outputs of one source: what they are called, what is there, and how they are written.
 *
 *     UNKNOWN --> CURRENT, STALE, OTHER
 *        ^----.--> MISSING --> MADE
 *              '-- BEATEN <--'
 *
 * Looking costs a request for each output. When the first one is not there the others are taken
 * to be missing too: their writing on condition that there is nothing finds out otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "effect_state.h"
#include "mem.h"
#include "paths.h"

int sct_slots_count(const struct sct_effect *e, enum sct_slot_state state)
{
    int n = 0;
    for (int i = 0; i < e->recipe->n_variants; i++)
        n += e->slot[i].state == state;
    return n;
}

/* ---- names --------------------------------------------------------------------------- */

/* What the source's name says; JPEG where that is nothing. */
static const struct sct_encoder_ops *guess_format(const char *key)
{
    const char *const dot = strrchr(sct_path_leaf(key), '.');
    const char *const name = dot ? dot + 1 : "";
    for (int i = 0; sct_encoder_at(i); i++)
        if (strcasecmp(name, sct_encoder_at(i)->extension) == 0 ||
            strcasecmp(name, sct_encoder_at(i)->name) == 0)
            return sct_encoder_at(i);
    return &sct_jpeg_encoder;
}

static int name_slot(struct sct_effect *e, int i, const struct sct_encoder_ops *format)
{
    struct sct_slot *const slot = &e->slot[i];
    free(slot->key);
    slot->format = format;
    slot->replaces[0] = '\0';
    slot->state = SCT_SLOT_UNKNOWN;
    slot->key =
        sct_key_expand(e->recipe->key, e->record->key, &e->recipe->variant[i], format);
    return slot->key ? SCT_OK : sct_effect_fail(e, SCT_ERR_MEMORY, NULL);
}

int sct_slots_begin(struct sct_effect *e)
{
    const struct sct_encoder_ops *const guess = guess_format(e->record->key);
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < e->recipe->n_variants; i++) {
        const struct sct_encoder_ops *const format = e->recipe->variant[i].format;
        if (e->spec->only != SCT_EFFECT_ALL && e->spec->only != i)
            continue;
        e->slot[i].is_guess = !format;
        status = name_slot(e, i, format ? format : guess);
    }
    return status;
}

void sct_slots_end(struct sct_effect *e)
{
    for (int i = 0; i < e->recipe->n_variants; i++)
        free(e->slot[i].key);
    memset(e->slot, 0, sizeof e->slot);
}

int sct_slots_know_format(struct sct_effect *e, const struct sct_encoder_ops *format)
{
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < e->recipe->n_variants; i++) {
        struct sct_slot *const slot = &e->slot[i];
        if (!slot->is_guess)
            continue;
        slot->is_guess = 0;
        if (slot->format != (format ? format : &sct_jpeg_encoder))
            status = name_slot(e, i, format ? format : &sct_jpeg_encoder);
    }
    return status == SCT_OK ? sct_slots_look(e, 1) : status;
}

/* ---- what is there ------------------------------------------------------------------- */

static enum sct_slot_state judge(struct sct_effect *e, int i)
{
    struct sct_origin there, wanted = e->wanted;
    memcpy(wanted.settings, e->recipe->settings[i], sizeof wanted.settings);
    sct_origin_read(&there, &e->slot[i].attributes);
    switch (sct_origin_compare(&there, &wanted)) {
    case SCT_RELATION_CURRENT: return SCT_SLOT_CURRENT;
    case SCT_RELATION_LATER: return SCT_SLOT_STALE;
    case SCT_RELATION_EARLIER: return SCT_SLOT_MISSING;
    case SCT_RELATION_OTHER: break;
    }
    const struct sct_effect_spec *const spec = e->spec;
    return e->record->kind == SCT_EVENT_CREATED && spec->may_replace &&
                   spec->may_replace(spec->may_replace_ctx, there.source)
               ? SCT_SLOT_MISSING
               : SCT_SLOT_OTHER;
}

static int look_at(struct sct_effect *e, int i)
{
    struct sct_slot *const slot = &e->slot[i];
    sct_store *const target = e->spec->target;
    const int status = sct_store_head(target, slot->key, NULL, &e->object);
    slot->replaces[0] = '\0';
    if (status == SCT_ERR_NOT_FOUND) {
        slot->state = SCT_SLOT_MISSING;
        return SCT_OK;
    }
    if (status != SCT_OK)
        return sct_effect_fail(e, status, target);
    memcpy(slot->replaces, e->object.etag, sizeof slot->replaces);
    slot->attributes = e->object.attributes;
    slot->state = judge(e, i);
    return SCT_OK;
}

int sct_slots_look(struct sct_effect *e, int may_guess)
{
    int is_first = 1, is_new = 0, status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < e->recipe->n_variants; i++) {
        struct sct_slot *const slot = &e->slot[i];
        if (slot->state != SCT_SLOT_UNKNOWN && slot->state != SCT_SLOT_BEATEN)
            continue;
        if (is_new && slot->state == SCT_SLOT_UNKNOWN) {
            slot->state = SCT_SLOT_MISSING;
            continue;
        }
        status = look_at(e, i);
        is_new = may_guess && is_first && slot->state == SCT_SLOT_MISSING &&
                 !slot->replaces[0];
        is_first = 0;
    }
    return status;
}

void sct_slots_recheck(struct sct_effect *e)
{
    for (int i = 0; i < e->recipe->n_variants; i++)
        if (e->slot[i].state == SCT_SLOT_MISSING && e->slot[i].replaces[0])
            e->slot[i].state = judge(e, i);
}

/* ---- writing ------------------------------------------------------------------------- */

/* What is there was made of an event, and this record knows of none: that event remains the latest
 * that is known, or an older one could come and replace this output. */
static void keep_sequencer(const struct sct_slot *slot, struct sct_origin *origin)
{
    struct sct_origin there;
    if (origin->sequencer[0] || !slot->replaces[0])
        return;
    sct_origin_read(&there, &slot->attributes);
    if (strcmp(there.source, origin->source) == 0)
        memcpy(origin->sequencer, there.sequencer, sizeof origin->sequencer);
}

static int open_output(void *ctx, int k, const struct sct_output *output,
                       struct sct_sink *sink)
{
    struct sct_effect *const e = ctx;
    const int i = e->index[k];
    struct sct_slot *const slot = &e->slot[i];
    struct sct_origin origin = e->wanted;
    memcpy(origin.settings, e->recipe->settings[i], sizeof origin.settings);
    keep_sequencer(slot, &origin);
    memset(&slot->attributes, 0, sizeof slot->attributes);
    int status = sct_origin_write(&origin, &slot->attributes);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, NULL);
    slot->put = (struct sct_put){
        .content_type = sct_recipe_content_type(output->format),
        .cache_control = e->recipe->cache_control[0] ? e->recipe->cache_control : NULL,
        .attributes = &slot->attributes,
        .if_none = !slot->replaces[0],
        .if_match = slot->replaces[0] ? slot->replaces : NULL};
    status = sct_store_write(e->spec->target, slot->key, &slot->put, &slot->writer);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, e->spec->target);
    *sink = sct_store_writer_sink(slot->writer);
    return SCT_OK;
}

/* One that was beaten is no failure: whoever was faster is looked at afterwards. What was made of
 * a feed that broke is a picture that ends early at best. */
static int close_output(void *ctx, int k, int status)
{
    struct sct_effect *const e = ctx;
    struct sct_slot *const slot = &e->slot[e->index[k]];
    sct_store_writer *const writer = slot->writer;
    slot->writer = NULL;
    if (status == SCT_OK)
        status = e->feed.status;
    if (status == SCT_OK)
        status = sct_effect_check_source(e);
    if (status != SCT_OK) {
        sct_store_writer_abort(writer);
        return status;
    }
    status = sct_store_writer_commit(writer, &e->object);
    if (status == SCT_ERR_PRECONDITION) {
        slot->state = SCT_SLOT_BEATEN;
        return SCT_OK;
    }
    if (status != SCT_OK)
        return sct_effect_fail(e, status, e->spec->target);
    slot->state = SCT_SLOT_MADE;
    return SCT_OK;
}

struct sct_target sct_slots_target(struct sct_effect *e)
{
    const struct sct_target target = {
        .open = open_output, .close = close_output, .ctx = e};
    return target;
}

/* ---- removing ------------------------------------------------------------------------ */

static int remove_slot(struct sct_effect *e, int i)
{
    struct sct_slot *const slot = &e->slot[i];
    int status = look_at(e, i);
    if (status != SCT_OK || !slot->replaces[0] || slot->state == SCT_SLOT_OTHER ||
        slot->state == SCT_SLOT_STALE)
        return status;
    status = sct_store_delete(e->spec->target, slot->key, NULL);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, e->spec->target);
    slot->state = SCT_SLOT_MADE;
    return SCT_OK;
}

/* Nobody knows any more which format the source had; the last one removed is what is told. */
static int remove_guesses(struct sct_effect *e, int i)
{
    struct sct_slot *const slot = &e->slot[i];
    const struct sct_encoder_ops *removed = NULL;
    int status = SCT_OK;
    for (int k = 0; status == SCT_OK && sct_encoder_at(k); k++) {
        status = name_slot(e, i, sct_encoder_at(k));
        if (status == SCT_OK)
            status = remove_slot(e, i);
        if (slot->state == SCT_SLOT_MADE)
            removed = slot->format;
    }
    if (status == SCT_OK && removed) {
        status = name_slot(e, i, removed);
        slot->state = SCT_SLOT_MADE;
    }
    return status;
}

/* The folder that only outputs of this source are in, where the template says that there is one; for
 * free. NULL: there is none, or no memory, which `status` tells. */
static char *name_own_folder(struct sct_effect *e, int *status)
{
    static const char mark[] = "{file}/";
    char part[sizeof e->recipe->key];
    const char *const at = strstr(e->recipe->key, mark);
    if (!at)
        return NULL;
    snprintf(part, sizeof part, "%.*s", (int)(at - e->recipe->key + (long)strlen(mark)),
             e->recipe->key);
    char *const folder =
        sct_key_expand(part, e->record->key, &e->recipe->variant[0], &sct_jpeg_encoder);
    if (!folder)
        *status = sct_effect_fail(e, SCT_ERR_MEMORY, NULL);
    return folder;
}

static int remove_former(struct sct_effect *e, const char *key)
{
    sct_store *const target = e->spec->target;
    struct sct_origin there;
    int status = sct_store_head(target, key, NULL, &e->object);
    if (status == SCT_ERR_NOT_FOUND)
        return SCT_OK;
    if (status == SCT_OK) {
        sct_origin_read(&there, &e->object.attributes);
        const enum sct_relation relation = sct_origin_compare(&there, &e->wanted);
        if (relation == SCT_RELATION_OTHER || relation == SCT_RELATION_LATER)
            return SCT_OK;
        status = sct_store_delete(target, key, NULL);
    }
    return status == SCT_OK ? status : sct_effect_fail(e, status, target);
}

/* Outputs of variants that are wanted no more: whoever takes a picture back takes those back, too. */
static int remove_former_variants(struct sct_effect *e)
{
    int status = SCT_OK;
    struct sct_object object;
    sct_store_list *list;
    char *const folder = name_own_folder(e, &status);
    if (!folder)
        return status;
    status = sct_store_list_open(e->spec->target, folder, "", &list);
    free(folder);
    if (status != SCT_OK)
        return sct_effect_fail(e, status, e->spec->target);
    while ((status = sct_store_list_next(list, &object)) == SCT_OK)
        if ((status = remove_former(e, object.key)) != SCT_OK)
            break;
    sct_store_list_close(list);
    return status == SCT_DONE ? (int)SCT_OK : sct_effect_fail(e, status, e->spec->target);
}

int sct_slots_remove(struct sct_effect *e)
{
    int status = SCT_OK;
    for (int i = 0; status == SCT_OK && i < e->recipe->n_variants; i++)
        if (e->slot[i].state != SCT_SLOT_UNWANTED)
            status = e->slot[i].is_guess ? remove_guesses(e, i) : remove_slot(e, i);
    if (status == SCT_OK && e->spec->only == SCT_EFFECT_ALL)
        status = remove_former_variants(e);
    return status;
}
