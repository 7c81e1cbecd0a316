/* Any bytes as an event. Every record is either complete and within the limits or says what is wrong
 * with it, and messages are all there for those who answer for them. */
#include "event.h"
#include "event_words.h"
#include "fuzz.h"
#include "text.h"

static void check_message(const struct sct_event_message *m)
{
    FUZZ_CHECK(m->id && m->id[0], "a message without an id");
}

static void check_bad(const struct sct_event_record *r)
{
    FUZZ_CHECK(r->status == SCT_ERR_CORRUPT || r->status == SCT_ERR_UNSUPPORTED ||
                   r->status == SCT_ERR_TOO_LARGE,
               "%d", r->status);
    FUZZ_CHECK(r->problem && r->problem[0], "%d without a problem", r->status);
    FUZZ_CHECK(sct_event_verdict(r->status).is_failure, "%d", r->status);
    FUZZ_CHECK(!sct_event_verdict(r->status).is_transient, "%d", r->status);
}

static void check_good(const struct sct_event_record *r)
{
    FUZZ_CHECK(!r->problem, "%s", r->problem);
    FUZZ_CHECK(r->name && r->name[0], "no name");
    FUZZ_CHECK(r->store && sct_event_store_is_valid(r->store), "store");
    FUZZ_CHECK(r->key && r->key[0] && sct_text_is_utf8(r->key), "key");
    FUZZ_CHECK(strlen(r->key) <= 4 * SCT_EVENT_KEY_BYTES, "%zu", strlen(r->key));
    FUZZ_CHECK(!r->sequencer || sct_event_sequencer_is_valid(r->sequencer), "%s",
               r->sequencer);
    FUZZ_CHECK(r->size >= -1, "%lld", (long long)r->size);
    FUZZ_CHECK(r->kind >= SCT_EVENT_CREATED && r->kind <= SCT_EVENT_OTHER, "%d", r->kind);
}

/* An order: of three, two comparisons say the third. */
static void check_order(const char *a, const char *b, const char *c)
{
    const int ab = sct_sequencer_compare(a, b), bc = sct_sequencer_compare(b, c);
    FUZZ_CHECK(sct_sequencer_compare(b, a) == -ab, "%s %s", a, b);
    if (ab <= 0 && bc <= 0)
        FUZZ_CHECK(sct_sequencer_compare(a, c) <= 0, "%s %s %s", a, b, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sct_event event;
    const char *seen[3] = {"0", "8", "ff"};
    const int status = sct_event_parse(&event, (const char *)data, size);
    FUZZ_CHECK(status == SCT_OK || status == SCT_ERR_MEMORY, "%d", status);
    FUZZ_CHECK(event.n_records <= 2 * SCT_EVENT_MAX_RECORDS, "%d", event.n_records);
    for (int i = 0; i < event.n_messages; i++)
        check_message(&event.message[i]);
    for (int i = 0; i < event.n_records; i++) {
        const struct sct_event_record *const r = &event.record[i];
        FUZZ_CHECK(r->message >= -1 && r->message < event.n_messages, "%d", r->message);
        if (r->status != SCT_OK)
            check_bad(r);
        else
            check_good(r);
        if (r->sequencer)
            seen[i % 3] = r->sequencer;
    }
    check_order(seen[0], seen[1], seen[2]);
    sct_event_free(&event);
    return 0;
}
