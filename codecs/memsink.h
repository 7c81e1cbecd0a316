/* A sink that keeps what it gets in memory, until it is known whether that is wanted. */
#ifndef SCT_MEMSINK_H
#define SCT_MEMSINK_H

#include "blob.h"
#include "io.h"

struct sct_memsink {
    struct sct_blob kept; /* all, or nothing once it is too much; its status sticks */
    size_t max_bytes;
    uint64_t n_bytes; /* that have come; above max_bytes they are counted and forgotten */
    struct sct_report *report; /* borrowed */
};

/* Nothing has to be freed before the first write. */
void sct_memsink_init(struct sct_memsink *m, size_t max_bytes, struct sct_report *report);
void sct_memsink_free(struct sct_memsink *m); /* accepts a zeroed one */

/* The sink; m stays where it is. Where there is no memory writing fails, as it may in any sink,
 * and m->kept.status says why; the report has the message. */
struct sct_sink sct_memsink_sink(struct sct_memsink *m);

/* A sink that keeps nothing and adds up what it gets. */
struct sct_sink sct_memsink_counter(uint64_t *n_bytes);

#endif
