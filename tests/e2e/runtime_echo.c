/* A function whose events say what it is to do, to try the Runtime API with:
 *
 *     nothing                  answers with nothing
 *     echo ...                 answers with its own event
 *     about                    answers with what it is told about the invocation
 *     large N                  answers with N bytes
 *     sleep MS                 does so, then as "about"
 *     fail STATUS [TYPE]       fails
 *     exit                     ends its process, as a crash does
 *
 * With _HANDLER=bad it fails while it starts. SIGTERM ends it. */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime.h"

static int tell(const struct sct_invocation *v, struct sct_answer *answer)
{
    const char *const trace = getenv("_X_AMZN_TRACE_ID");
    sct_buffer_format(
        &answer->body,
        "{\"id\": \"%s\", \"arn\": \"%s\", \"trace\": \"%s\", \"variable\": \"%s\", "
        "\"remaining_ms\": %" PRId64 "}",
        v->request_id, v->function_arn, v->trace_id, trace ? trace : "",
        sct_invocation_remaining_ms(v));
    return SCT_OK;
}

static int fill(struct sct_answer *answer, long n_bytes)
{
    sct_buffer_text(&answer->body, "\"");
    for (long i = 2; i < n_bytes; i++)
        sct_buffer_text(&answer->body, "x");
    sct_buffer_text(&answer->body, "\"");
    return SCT_OK;
}

static int fail(struct sct_answer *answer, const char *words)
{
    int status;
    char type[SCT_ERROR_TYPE_BYTES] = "";
    if (sscanf(words, "%d %63s", &status, type) < 1)
        return SCT_ERR_ARGUMENT;
    return type[0] ? sct_answer_fail(answer, status, type, "as \"told\"\n") : status;
}

static int handle(void *ctx, const struct sct_invocation *v, struct sct_answer *answer)
{
    const char *const words = v->payload;
    const char *const rest = strchr(words, ' ');
    (void)ctx;
    if (strncmp(words, "echo", 4) == 0)
        sct_buffer_add(&answer->body, words, v->payload_bytes);
    if (strncmp(words, "large ", 6) == 0)
        return fill(answer, atol(rest));
    if (strncmp(words, "fail ", 5) == 0)
        return fail(answer, rest);
    if (strcmp(words, "exit") == 0)
        _exit(7);
    if (strncmp(words, "sleep ", 6) == 0)
        usleep((useconds_t)atol(rest) * 1000);
    if (strcmp(words, "about") == 0 || strncmp(words, "sleep ", 6) == 0)
        return tell(v, answer);
    return SCT_OK;
}

int main(void)
{
    struct sct_log log = sct_log_from_environment(stdout);
    struct sct_report report = {.message = ""};
    sct_runtime *runtime;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    const struct sct_runtime_spec spec = {.log = &log,
                                          .stop_fd = signalfd(-1, &signals, 0)};
    if (sct_runtime_open(&runtime, &spec, &report) != SCT_OK) {
        fprintf(stderr, "runtime_echo: %s\n", report.message);
        return 1;
    }
    const char *const name = getenv("_HANDLER");
    int status = SCT_ERR_ARGUMENT;
    if (name && strcmp(name, "bad") == 0)
        sct_runtime_fail_init(runtime, "Function.InitError", "it was to be so");
    else
        status = sct_runtime_run(runtime, handle, NULL);
    sct_runtime_close(runtime);
    return status == SCT_OK ? 0 : 1;
}
