/* Moving a failed object: see the header. */
#define _GNU_SOURCE 1
#include "failed_move.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 256, ETAG_IN_KEY = 32, MAX_COPIES = 3 };

struct move {
    sct_store *from, *to;
    const struct sct_failure *failure;
    struct sct_failed_place *place;
    struct sct_report *report;
    struct sct_object source, copy;
};

static int fail(const struct move *m, int status, const sct_store *store)
{
    return sct_report_fail(m->report, status, "%s", sct_store_message(store));
}

static int look(const struct move *m, sct_store *store, const char *key,
                const char *version, struct sct_object *out)
{
    memset(out, 0, sizeof *out);
    const int status = sct_store_head(store, key, version, out);
    return status == SCT_OK || status == SCT_ERR_NOT_FOUND ? status
                                                           : fail(m, status, store);
}

/* Attributes are printable ASCII, without spaces at either end. What does not fit is in the table. */
static int set_attribute(struct sct_attributes *a, const char *name, const char *value)
{
    char text[MESSAGE_BYTES];
    size_t n = 0;
    for (; value[n] && n + 1 < sizeof text; n++)
        text[n] = value[n] >= ' ' && value[n] <= '~' ? value[n] : '?';
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
    const char *const first = text + strspn(text, " ");
    return *first ? sct_attributes_set(a, name, first) : SCT_OK;
}

/* Whether an object in the failure store is the copy of this content. */
static int is_copy(const struct sct_object *there, const char *etag)
{
    return etag && etag[0] &&
           strcmp(sct_attributes_get(&there->attributes, "failed-etag"), etag) == 0;
}

/* Finds where the content is or may be put: place->key. SCT_OK: it is there; SCT_DONE: it is
 * free. */
static int find_place(struct move *m, const char *etag)
{
    const char *const key = m->failure->record.key;
    char *const out = m->place->key;
    char word[ETAG_IN_KEY + 1];
    size_t n = 0;
    snprintf(out, sizeof m->place->key, "%s", key);
    int status = look(m, m->to, out, NULL, &m->copy);
    if (status == SCT_ERR_NOT_FOUND)
        return SCT_DONE;
    if (status != SCT_OK || is_copy(&m->copy, etag))
        return status;
    for (const char *p = etag; *p && n < ETAG_IN_KEY; p++)
        if (isalnum((unsigned char)*p))
            word[n++] = *p;
    word[n] = '\0';
    const int room = SCT_MAX_KEY_BYTES - 1 - (int)n;
    snprintf(out, sizeof m->place->key, "%.*s.%s", room, key, word);
    status = look(m, m->to, out, NULL, &m->copy);
    if (status == SCT_ERR_NOT_FOUND)
        return SCT_DONE;
    if (status == SCT_OK && !is_copy(&m->copy, etag))
        return sct_report_fail(m->report, SCT_ERR_PRECONDITION,
                               "%.160s is there, and no failed object", out);
    return status;
}

static int copy(struct move *m)
{
    struct sct_attributes a = m->source.attributes;
    const struct sct_put put = {.content_type = m->source.content_type,
                                .cache_control = m->source.cache_control,
                                .attributes = &a,
                                .if_none = 1};
    if (set_attribute(&a, "failed-etag", m->source.etag) != SCT_OK) {
        memset(&a, 0, sizeof a); /* rather this one than the uploader's */
        set_attribute(&a, "failed-etag", m->source.etag);
    }
    set_attribute(&a, "failed-version", m->source.version);
    set_attribute(&a, "failed-verdict", m->failure->verdict);
    set_attribute(&a, "failed-message", m->failure->message);
    const int status = sct_store_copy(m->from, m->failure->record.key, &m->source, m->to,
                                      m->place->key, &put);
    if (status != SCT_OK)
        return fail(m, status, m->to);
    return look(m, m->to, m->place->key, NULL, &m->copy);
}

/* Another content of the key may take the place between the look and the copy: then there is
 * another place, or it was this content, copied by another delivery. */
static int find_or_copy(struct move *m)
{
    int status = SCT_ERR_PRECONDITION;
    for (int i = 0; i < MAX_COPIES && status == SCT_ERR_PRECONDITION; i++) {
        status = find_place(m, m->source.etag);
        if (status != SCT_DONE)
            return status;
        status = copy(m);
    }
    return status;
}

/* Whether a version is of one content for ever. "null" is what a bucket calls all contents that it
 * has put in each other's place. */
static int is_version(const char *version)
{
    return version && version[0] && strcmp(version, "null") != 0;
}

/* Of what was copied and nothing else. Where there are no versions, somebody may have replaced it
 * meanwhile: it is looked at once more. */
static int remove_source(struct move *m)
{
    const char *const key = m->failure->record.key, *const version = m->source.version;
    if (!is_version(version)) {
        struct sct_object now;
        const int status = look(m, m->from, key, NULL, &now);
        if (status == SCT_ERR_NOT_FOUND ||
            (status == SCT_OK && strcmp(now.etag, m->source.etag) != 0))
            return SCT_OK;
        if (status != SCT_OK)
            return status;
    }
    const int status = sct_store_delete(m->from, key, version[0] ? version : NULL);
    return status == SCT_OK ? status : fail(m, status, m->from);
}

/* The source is gone: moved already, or removed by somebody. */
static int look_for_copy(struct move *m)
{
    const char *const etag = m->failure->record.etag;
    m->place->end = SCT_FAILED_GONE;
    if (!etag)
        return SCT_OK;
    const int status = find_place(m, etag);
    if (status == SCT_OK)
        m->place->end = SCT_FAILED_MOVED;
    else
        m->place->key[0] = '\0';
    return status == SCT_DONE || status == SCT_ERR_PRECONDITION ? SCT_OK : status;
}

static int is_same_content(const struct move *m)
{
    const struct sct_event_record *const r = &m->failure->record;
    return (!r->etag || strcmp(r->etag, m->source.etag) == 0) &&
           (r->size < 0 || (uint64_t)r->size == m->source.bytes);
}

int sct_failed_move(sct_store *from, sct_store *to, const struct sct_failure *failure,
                    struct sct_failed_place *place, struct sct_report *report)
{
    const struct sct_event_record *const r = &failure->record;
    struct move m = {
        .from = from, .to = to, .failure = failure, .place = place, .report = report};
    place->end = SCT_FAILED_NOTHING;
    place->key[0] = '\0';
    if (r->kind != SCT_EVENT_CREATED || (!r->etag && !is_version(r->version)))
        return SCT_OK;
    int status = look(&m, from, r->key, r->version, &m.source);
    if (status == SCT_ERR_NOT_FOUND)
        return look_for_copy(&m);
    if (status != SCT_OK)
        return status;
    if (!is_same_content(&m)) {
        place->end = SCT_FAILED_REPLACED;
        return SCT_OK;
    }
    status = find_or_copy(&m);
    if (status == SCT_OK &&
        (m.copy.bytes != m.source.bytes || !is_copy(&m.copy, m.source.etag)))
        status = sct_report_fail(report, SCT_ERR_IO,
                                 "%.160s is not what was copied there", place->key);
    if (status == SCT_OK)
        status = remove_source(&m);
    if (status == SCT_OK)
        place->end = SCT_FAILED_MOVED;
    return status;
}
