/* The intake: what stands between a job's source and its decoder. It counts bytes and time
 * against their limits, and keeps the file for outputs that are going to be what came in. */
#ifndef SCT_INTAKE_H
#define SCT_INTAKE_H

#include "decoder.h"

struct sct_intake {
    struct sct_source inner;
    struct sct_report *report; /* borrowed */
    uint64_t max_bytes, n_bytes;
    double max_ms, start_ms; /* wall-clock time; max_ms 0: as long as it takes */
    int status;              /* sticky: SCT_ERR_TOO_LARGE, _TIMEOUT, _MEMORY */

    int keeps;
    uint8_t *kept; /* what has come so far; owned */
    size_t n_kept, capacity_bytes, max_kept_bytes;
};

/* limits: without zeros, except that of time. It keeps the file until it is told to forget. */
void sct_intake_init(struct sct_intake *in, const struct sct_source *inner,
                     const struct sct_limits *limits, struct sct_report *report);
void sct_intake_free(struct sct_intake *in); /* accepts a zeroed one */

/* The source for the decoder. Where a limit is exceeded it fails, as any source may, and
 * in->status says why; the report has the message. */
struct sct_source sct_intake_source(struct sct_intake *in);

/* SCT_OK, or SCT_ERR_TIMEOUT, with a message, once the time is over. */
int sct_intake_check_time(struct sct_intake *in);

/* Nobody will want the file: frees what is kept. */
void sct_intake_forget(struct sct_intake *in);

/* Reads what the decoder has left: then kept, n_kept are the whole file. SCT_ERR_IO, or
 * in->status. */
int sct_intake_drain(struct sct_intake *in);

#endif
