/* What a job's two processes say to each other: between isolate.c, which is trusted, and
 * isolate_child.c, which is until it has entered the sandbox. Structs go over as they are in
 * memory: both are one program, forked. Command only.
 *
 *     trusted to child    request, variants, bytes of the input that have been read before
 *     child to trusted    message (and n_bytes behind it), again and again
 *     trusted to child    its answer, an int32_t status, to all but SCT_WIRE_RESULT
 *
 * Pointers go to the child only. What comes back is text and figures, to be doubted. */
#ifndef SCT_WIRE_H
#define SCT_WIRE_H

#include <errno.h>
#include <unistd.h>

#include "scantling.h"

enum { SCT_WIRE_BYTES = 1 << 16, SCT_WIRE_WORD = 16 };

struct sct_wire_request {
    int is_plan; /* sct_job_plan, not sct_job_run */
    int n_variants, salvage, linear, has_dsp;
    struct sct_limits limits;
    struct sct_dsp dsp;
    size_t n_bytes; /* of the input, behind the variants; they come before the file's */
};

enum sct_wire_kind {
    SCT_WIRE_OPEN = 1, /* the target's open: variant, width, height, format */
    SCT_WIRE_WRITE,    /* its sink: variant, n_bytes <= SCT_WIRE_BYTES */
    SCT_WIRE_CLOSE,    /* its close: variant, status */
    SCT_WIRE_RESULT    /* the last one: n_bytes = sizeof(struct sct_wire_result) */
};

struct sct_wire_message {
    int32_t kind, variant, status, width, height;
    uint32_t n_bytes;
    char format[SCT_WIRE_WORD];
};

/* struct sct_result without its pointers. */
struct sct_wire_result {
    int status;
    struct sct_report report;
    char format[SCT_WIRE_WORD];
    int width, height;
    uint64_t bytes;
    int n_outputs;
    struct {
        int width, height, status, quality, is_unchanged;
        char format[SCT_WIRE_WORD];
    } output[SCT_MAX_VARIANTS];
    struct sct_times ms;
    char input_message[128]; /* struct sct_infile's */
};

/* Why a child ends before it has sent a result, by its exit status. */
enum { SCT_WIRE_EXIT_SANDBOX = 100, SCT_WIRE_EXIT_CHANNEL = 101 };

/* What the forker says when a job is over. */
struct sct_wire_end {
    int fork_error;  /* an errno: there was no process */
    int wait_status; /* of waitpid */
};

/* All n bytes, with no calls but read and write. 0, or -1 at the end or on an error. */
static inline int sct_wire_read(int fd, void *data, size_t n)
{
    for (char *p = data; n > 0;) {
        const ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

static inline int sct_wire_write(int fd, const void *data, size_t n)
{
    for (const char *p = data; n > 0;) {
        const ssize_t written = write(fd, p, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        p += written;
        n -= (size_t)written;
    }
    return 0;
}

#endif
