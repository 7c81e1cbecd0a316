/* The Lambda Runtime API: invocations in, answers out, one after the other.
 *
 *     sct_runtime_open(&runtime, &spec, &report);
 *     if (something is wrong with the settings)
 *         return sct_runtime_fail_init(runtime, "Runtime.HandlerNotFound", message), 1;
 *     status = sct_runtime_run(runtime, handle, ctx);
 *     sct_runtime_close(runtime);
 *
 * Source: "Using the Lambda runtime API for custom runtimes" in the AWS Lambda Developer
 * Guide, version 2018-06-01. How we differ from other runtimes is told in README.md.
 * Everything happens in the thread that calls. Servers. */
#ifndef SCT_RUNTIME_H
#define SCT_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "io.h"
#include "log.h"

enum {
    SCT_RUNTIME_MAX_BYTES = 6 << 20, /* of an event, and of an answer */
    SCT_ERROR_TYPE_BYTES = 64
};

typedef struct sct_runtime sct_runtime;

struct sct_runtime_spec {
    const char *api;     /* "host:port"; NULL: AWS_LAMBDA_RUNTIME_API */
    struct sct_log *log; /* borrowed; gets the id of each request while it lasts */
    int stop_fd; /* ends the wait for an event when there is something to read; 0: none */
};

/* One event. All strings are borrowed until the handler returns, and "" where nothing was
 * said. */
struct sct_invocation {
    const char *payload; /* ends in a zero that does not count */
    size_t payload_bytes;
    const char *request_id;
    const char
        *trace_id; /* for X-Amzn-Trace-Id; in the environment, too, as _X_AMZN_TRACE_ID */
    const char *function_arn;
    int64_t deadline_ms; /* since 1970; INT64_MAX: none */
};

/* Until Lambda kills us, by our clock; not below 0. */
int64_t sct_invocation_remaining_ms(const struct sct_invocation *invocation);

/* What a handler says. Empty at first, and wiped behind it. */
struct sct_answer {
    struct sct_buffer body;                /* JSON */
    char error_type[SCT_ERROR_TYPE_BYTES]; /* "Function.Truncated"; "": none */
    char error_message[512];
};

/* Fails an answer and returns `status`. type: "Function." or "Runtime." and a word that begins with
 * a capital letter; NULL: by the status, as in "Function.NotFound". */
int sct_answer_fail(struct sct_answer *answer, int status, const char *type,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* SCT_OK: answer->body is the answer. Otherwise the invocation has failed, as sct_answer_fail has
 * said or, if nobody did, as the status says. */
typedef int sct_handle_fn(void *ctx, const struct sct_invocation *invocation,
                          struct sct_answer *answer);

/* SCT_OK; SCT_ERR_ARGUMENT: there is no API; SCT_ERR_MEMORY, SCT_ERR_UNSUPPORTED. Nothing is sent
 * yet. */
int sct_runtime_open(sct_runtime **out, const struct sct_runtime_spec *spec,
                     struct sct_report *report);
void sct_runtime_close(sct_runtime *r); /* accepts NULL */

/* Says that there will be no invocations; the process is to end with exit status 1. */
void sct_runtime_fail_init(sct_runtime *r, const char *type, const char *message);

/* Handles invocations until something is there to be read from stop_fd: SCT_OK. An answer that is
 * too large, or that the API does not take, fails its invocation and no more. SCT_ERR_IO,
 * SCT_ERR_TIMEOUT, SCT_ERR_MEMORY: the API cannot be reached or is broken, as the log says; the
 * process is to end with exit status 1, and Lambda starts another. */
int sct_runtime_run(sct_runtime *r, sct_handle_fn *handle, void *ctx);

#endif
