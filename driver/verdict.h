/* Verdicts: the one word that says what became of an input, and whether trying again may
 * help. Scripts, queues and alarms match on the words; they come from kernel/status.c. */
#ifndef SCT_VERDICT_H
#define SCT_VERDICT_H

#include "status.h"

struct sct_verdict {
    const char *word; /* "ok", "skipped", "truncated", ...; static storage */
    int is_failure;
    int is_transient; /* of a failure: the same input may work later or elsewhere */
};

struct sct_verdict sct_verdict_of(int status);

/* Whether a failure says something of the picture itself. Of all else (stores, networks, rights,
 * disks, memory) the picture knows nothing: it is to be kept where it is, and tried again. */
int sct_verdict_is_of_picture(int status);

/* Nothing to do: all outputs were there already. */
struct sct_verdict sct_verdict_skipped(void);

/* Fine, and all outputs are what came in, without what is dropped of its metadata. */
struct sct_verdict sct_verdict_unchanged(void);

/* A sentence for a failure about which nobody left a message; static storage. */
const char *sct_verdict_explain(int status);

#endif
