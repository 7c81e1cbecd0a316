/* bootstrap: the program that AWS Lambda starts. _HANDLER says which function it is.
 *
 *     SIGTERM --> signalfd --.
 *     Runtime API --> runtime.c --> handler
 *
 * SIGTERM is blocked before there are threads, and is read where the runtime waits: what is being
 * worked on is finished. */
#define _GNU_SOURCE 1
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "handlers.h"
#include "mem.h"
#include "verdict.h"

static int block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    const int fd = signalfd(-1, &signals, SFD_CLOEXEC);
    return fd < 0 ? 0 : fd;
}

static int refuse(sct_runtime *runtime, const char *name)
{
    char names[SCT_HANDLER_NAMES_BYTES], message[512];
    sct_handler_list(names);
    snprintf(message, sizeof message, "there is no handler \"%s\"; there are: %s", name,
             names);
    sct_runtime_fail_init(runtime, "Runtime.HandlerNotFound", message);
    return SCT_ERR_ARGUMENT;
}

static int run(sct_runtime *runtime, struct sct_log *log)
{
    const char *const name = getenv("_HANDLER");
    const struct sct_handler *const handler = sct_handler_find(name ? name : "");
    struct sct_report report = {.message = ""};
    if (!handler)
        return refuse(runtime, name ? name : "");
    void *const ctx = sct_mem_alloc(handler->ctx_bytes);
    int status = ctx ? handler->begin(ctx, log, &report) : (int)SCT_ERR_MEMORY;
    if (status != SCT_OK)
        sct_runtime_fail_init(runtime, "Function.InitError",
                              report.message[0] ? report.message
                                                : sct_verdict_explain(status));
    else
        status = sct_runtime_run(runtime, handler->handle, ctx);
    if (ctx)
        handler->end(ctx);
    sct_mem_free(ctx);
    return status;
}

int main(void)
{
    struct sct_log log = sct_log_from_environment(stdout);
    struct sct_report report = {.message = ""};
    sct_runtime *runtime;
    const struct sct_runtime_spec spec = {.log = &log, .stop_fd = block_signals()};
    int status = sct_runtime_open(&runtime, &spec, &report);
    if (status == SCT_OK)
        status = run(runtime, &log);
    else
        sct_log_message(&log, SCT_LOG_FATAL, "not_started", "%s",
                        report.message[0] ? report.message : sct_verdict_explain(status));
    sct_runtime_close(runtime);
    return status == SCT_OK ? 0 : 1;
}
