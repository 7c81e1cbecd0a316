/* Any bytes as what a failure queue delivers. Every failure has a verdict and either an object or what is
 * wrong; what is written about it is read as the same failure. */
#include "failure.h"
#include "fuzz.h"
#include "text.h"

static void check_text(const char *text, size_t n_bytes, const char *name)
{
    FUZZ_CHECK(memchr(text, 0, n_bytes), "%s has no end", name);
    FUZZ_CHECK(sct_text_is_utf8(text), "%s is no UTF-8", name);
}

static void check_failure(const struct sct_failure_list *list,
                          const struct sct_failure *f)
{
    check_text(f->verdict, sizeof f->verdict, "verdict");
    check_text(f->message, sizeof f->message, "message");
    check_text(f->request_id, sizeof f->request_id, "request_id");
    check_text(f->time, sizeof f->time, "time");
    FUZZ_CHECK(f->verdict[0], "no verdict");
    FUZZ_CHECK(f->n_tries >= 0, "%d", f->n_tries);
    FUZZ_CHECK(f->record.message >= -1 && f->record.message < list->n_messages, "%d",
               f->record.message);
    if (f->record.status == SCT_OK)
        FUZZ_CHECK(f->record.store && f->record.key && f->record.key[0], "no object");
    else
        FUZZ_CHECK(f->record.problem && f->record.problem[0], "no problem");
}

/* Ours, of this failure, says the same. */
static void check_round_trip(const struct sct_failure *f)
{
    const struct sct_failure_note note = {.record = &f->record,
                                          .verdict = f->verdict,
                                          .message = f->message,
                                          .time = f->time,
                                          .is_permanent = f->is_permanent,
                                          .original = f->record.problem};
    struct sct_failure_list again;
    char *const text = sct_failure_write(&note);
    if (!text)
        return;
    FUZZ_CHECK(sct_failure_parse(&again, text, strlen(text)) == SCT_OK, "%s", text);
    FUZZ_CHECK(again.n_failures == 1, "%d of %s", again.n_failures, text);
    const struct sct_failure *const g = &again.failure[0];
    FUZZ_CHECK(strcmp(f->verdict, g->verdict) == 0, "%s", text);
    FUZZ_CHECK(strcmp(f->message, g->message) == 0, "%s", text);
    FUZZ_CHECK(!f->is_permanent == !g->is_permanent, "%s", text);
    if (f->record.status == SCT_OK) {
        FUZZ_CHECK(g->record.status == SCT_OK, "%s", text);
        FUZZ_CHECK(strcmp(f->record.key, g->record.key) == 0, "%s", text);
        FUZZ_CHECK(strcmp(f->record.store, g->record.store) == 0, "%s", text);
        FUZZ_CHECK(f->record.size == g->record.size, "%s", text);
    }
    sct_failure_list_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sct_failure_list list;
    const int status = sct_failure_parse(&list, (const char *)data, size);
    FUZZ_CHECK(status == SCT_OK || status == SCT_ERR_MEMORY, "%d", status);
    for (int i = 0; i < list.n_failures; i++) {
        check_failure(&list, &list.failure[i]);
        if (i < 8)
            check_round_trip(&list.failure[i]);
    }
    sct_failure_list_free(&list);
    return 0;
}
