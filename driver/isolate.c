/* Jobs in sandboxed processes: the side that is trusted.
 *
 *     forkers   [ idle | idle | busy | gone ]       one job each; who wants one waits for it
 *     a job     request -> { message -> target -> answer } -> result, or the channel's end
 *               -> the word to the forker -> how the child ended
 *
 * Each job has a channel of its own, and the child never sees the forker's, so that nothing
 * that a child says can be taken for another one's words, or the forker's.
 *
 * A target's outputs, as seen from here:
 *
 *     NEW --open--> OPEN --close--> DONE or, when both sides said SCT_OK, PUBLISHED
 *       '-- open failed ----------> DONE
 *
 * Invariants
 *   1. Any message that does not fit the state is the end of the child.
 *   2. Whatever happens to the child, every target that was opened is closed, once.
 *   3. From what the child says, only figures within their bounds and text that is copied
 *      with its end get into the result; the result of a run is SCT_OK only if every output
 *      is PUBLISHED.
 *   4. Nothing that is done on a channel outlasts the deadline. The child keeps to the limit on
 *      time by itself, where it gets to look at the clock; that is why it has a grace. */
#define _GNU_SOURCE 1
#include "isolate.h"

#include "bits.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "isolate_child.h"
#include "sandbox.h"
#include "stopwatch.h"
#include "wire.h"

static const double GRACE_MS = 500; /* on top of the limit on time */

struct forker {
    pid_t pid;
    int control;
    enum { FORKER_IDLE, FORKER_BUSY, FORKER_GONE } state;
};

struct sct_isolate {
    sct_sandbox *sandbox;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int n_forkers;
    struct forker forker[]; /* n_forkers; states under the lock */
};

struct conversation {
    const struct sct_job *job;
    struct sct_infile *in;
    int is_plan, has_result, is_broken, is_late;
    int channel;
    double deadline_ms; /* by sct_wall_ms; 0: none */
    enum {
        OUTPUT_NEW,
        OUTPUT_OPEN,
        OUTPUT_DONE,
        OUTPUT_PUBLISHED
    } state[SCT_MAX_VARIANTS];
    struct sct_sink sink[SCT_MAX_VARIANTS];
    struct sct_output output[SCT_MAX_VARIANTS];
    struct sct_wire_result wire;
    uint8_t bytes[SCT_WIRE_BYTES];
};

/* ---- forkers ----------------------------------------------------------------------- */

/* 0 or an errno. */
static int start_forker(struct forker *f, const sct_sandbox *sandbox)
{
    const pid_t self = getpid();
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
        return errno;
    f->pid = fork();
    if (f->pid == 0)
        sct_forker_run(fd[1], sandbox, self);
    const int error = errno;
    close(fd[1]);
    if (f->pid < 0) {
        close(fd[0]);
        return error;
    }
    f->control = fd[0];
    f->state = FORKER_IDLE;
    return 0;
}

static void stop_forker(const struct forker *f)
{
    close(f->control);
    while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int sct_isolate_create(sct_isolate **out, int n_jobs, char *message, size_t message_bytes)
{
    sct_sandbox *sandbox;
    *out = NULL;
    tzset(); /* Little CMS looks at the clock, and libc would then open /etc/localtime */
    int status = sct_sandbox_create(&sandbox, message, message_bytes);
    if (status != SCT_OK)
        return status;
    sct_isolate *const iso =
        calloc(1, sizeof *iso + (size_t)n_jobs * sizeof iso->forker[0]);
    if (!iso) {
        snprintf(message, message_bytes, "out of memory");
        sct_sandbox_free(sandbox);
        return SCT_ERR_MEMORY;
    }
    iso->sandbox = sandbox;
    pthread_mutex_init(&iso->lock, NULL);
    pthread_cond_init(&iso->freed, NULL);
    sct_forker_prepare();
    while (iso->n_forkers < n_jobs) {
        const int error = start_forker(&iso->forker[iso->n_forkers], sandbox);
        if (error) {
            snprintf(message, message_bytes, "cannot start processes for the sandbox: %s",
                     strerror(error));
            sct_isolate_free(iso);
            return SCT_ERR_IO;
        }
        iso->n_forkers++;
    }
    *out = iso;
    return SCT_OK;
}

void sct_isolate_free(sct_isolate *iso)
{
    if (!iso)
        return;
    for (int i = 0; i < iso->n_forkers; i++)
        stop_forker(&iso->forker[i]);
    pthread_cond_destroy(&iso->freed);
    pthread_mutex_destroy(&iso->lock);
    sct_sandbox_free(iso->sandbox);
    free(iso);
}

/* NULL: all of them are gone. */
static struct forker *take_forker(sct_isolate *iso)
{
    struct forker *taken = NULL;
    int n_busy;
    pthread_mutex_lock(&iso->lock);
    do {
        n_busy = 0;
        for (int i = 0; i < iso->n_forkers && !taken; i++) {
            n_busy += iso->forker[i].state == FORKER_BUSY;
            if (iso->forker[i].state == FORKER_IDLE)
                taken = &iso->forker[i];
        }
        if (!taken && n_busy > 0)
            pthread_cond_wait(&iso->freed, &iso->lock);
    } while (!taken && n_busy > 0);
    if (taken)
        taken->state = FORKER_BUSY;
    pthread_mutex_unlock(&iso->lock);
    return taken;
}

static void give_forker(sct_isolate *iso, struct forker *f, int is_gone)
{
    pthread_mutex_lock(&iso->lock);
    f->state = is_gone ? FORKER_GONE : FORKER_IDLE;
    pthread_cond_broadcast(&iso->freed);
    pthread_mutex_unlock(&iso->lock);
}

/* ---- the channel ------------------------------------------------------------------- */

/* Until the channel is ready for `events`, or the time is over. */
static int wait_for(struct conversation *t, short events)
{
    struct pollfd p = {.fd = t->channel, .events = events};
    for (;;) {
        int wait_ms = -1;
        if (t->deadline_ms > 0) {
            const double left_ms = t->deadline_ms - sct_wall_ms();
            t->is_late = left_ms <= 0;
            wait_ms = (int)fmin(ceil(left_ms), 60000);
        }
        if (t->is_late)
            return -1;
        const int n = poll(&p, 1, wait_ms);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -1;
    }
}

/* All n bytes, in time. 0 or -1. */
static int receive(struct conversation *t, void *data, size_t n)
{
    for (char *p = data; n > 0;) {
        if (wait_for(t, POLLIN) != 0)
            return -1;
        const ssize_t got = recv(t->channel, p, n, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return -1;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

/* The same; nobody's SIGPIPE. */
static int send_all(struct conversation *t, const void *data, size_t n)
{
    for (const char *p = data; n > 0;) {
        if (wait_for(t, POLLOUT) != 0)
            return -1;
        const ssize_t sent = send(t->channel, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (sent <= 0)
            return -1;
        p += sent;
        n -= (size_t)sent;
    }
    return 0;
}

/* ---- beginning --------------------------------------------------------------------- */

/* One byte to a forker, which is waiting for it; nobody's SIGPIPE. */
static int send_word(int control)
{
    const char byte = 'k';
    ssize_t n;
    do {
        n = send(control, &byte, 1, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : -1;
}

/* One byte, with a descriptor or two (input < 0: one). */
static int send_job(int control, int channel, int input)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } ancillary = {0};
    const int fd[2] = {channel, input};
    const size_t n_bytes = (input < 0 ? 1 : 2) * sizeof(int);
    char byte = 'j';
    struct iovec piece = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = CMSG_SPACE(n_bytes)};
    struct cmsghdr *const c = CMSG_FIRSTHDR(&message);
    ssize_t n;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n_bytes);
    memcpy(CMSG_DATA(c), fd, n_bytes);
    do {
        n = sendmsg(control, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == 1 ? 0 : -1;
}

static int send_request(struct conversation *t)
{
    const struct sct_job *const job = t->job;
    const struct sct_infile *const in = t->in;
    const struct sct_wire_request request = {
        .is_plan = t->is_plan,
        .n_variants = job->n_variants,
        .salvage = job->salvage,
        .linear = job->linear,
        .has_dsp = job->dsp != NULL,
        .limits = job->limits,
        .dsp = job->dsp ? *job->dsp : (struct sct_dsp){0},
        .n_bytes = in->n_bytes - in->position,
    };
    if (send_all(t, &request, sizeof request) != 0 ||
        send_all(t, job->variants, (size_t)job->n_variants * sizeof *job->variants) != 0)
        return -1;
    return request.n_bytes ? send_all(t, in->data + in->position, request.n_bytes) : 0;
}

/* ---- listening --------------------------------------------------------------------- */

/* The encoder of a name that the child sent, or NULL. */
static const struct sct_encoder_ops *find_format(const char word[SCT_WIRE_WORD])
{
    return memchr(word, '\0', SCT_WIRE_WORD) ? sct_encoder_find(word) : NULL;
}

static int is_error(int status)
{
    return status < 0 && status >= SCT_ERR_CRASHED;
}

/* Does what the message asks for, and sets *answer. Whether it may be asked for. */
static int obey(struct conversation *t, const struct sct_wire_message *m, int32_t *answer)
{
    const int i = m->variant;
    const struct sct_target *const target = &t->job->target;
    if (t->is_plan || i < 0 || i >= t->job->n_variants)
        return 0;
    struct sct_output *const output = &t->output[i];
    switch (m->kind) {
    case SCT_WIRE_OPEN: {
        const struct sct_encoder_ops *const format = find_format(m->format);
        if (t->state[i] != OUTPUT_NEW || m->width < 1 || m->height < 1 || !format)
            return 0;
        output->width = m->width;
        output->height = m->height;
        output->format = format->name;
        output->extension = format->extension;
        *answer = target->open(target->ctx, i, output, &t->sink[i]);
        t->state[i] = *answer == SCT_OK ? OUTPUT_OPEN : OUTPUT_DONE;
        output->status = *answer;
        return 1;
    }
    case SCT_WIRE_WRITE:
        if (t->state[i] != OUTPUT_OPEN || m->n_bytes > sizeof t->bytes ||
            receive(t, t->bytes, m->n_bytes) != 0)
            return 0;
        output->bytes += m->n_bytes;
        *answer = t->sink[i].write(t->sink[i].ctx, t->bytes, m->n_bytes);
        return 1;
    case SCT_WIRE_CLOSE:
        if (t->state[i] != OUTPUT_OPEN || (m->status != SCT_OK && !is_error(m->status)))
            return 0;
        *answer = target->close(target->ctx, i, m->status);
        t->state[i] =
            m->status == SCT_OK && *answer == SCT_OK ? OUTPUT_PUBLISHED : OUTPUT_DONE;
        output->status = m->status == SCT_OK ? *answer : m->status;
        return 1;
    default: return 0;
    }
}

static void listen_to(struct conversation *t)
{
    struct sct_wire_message m;
    while (receive(t, &m, sizeof m) == 0) {
        int32_t answer = SCT_OK;
        if (m.kind == SCT_WIRE_RESULT) {
            t->has_result =
                m.n_bytes == sizeof t->wire && receive(t, &t->wire, sizeof t->wire) == 0;
            t->is_broken = !t->has_result;
            return;
        }
        if (!obey(t, &m, &answer)) {
            t->is_broken = 1;
            return;
        }
        if (send_all(t, &answer, sizeof answer) != 0)
            return;
    }
}

/* ---- the result -------------------------------------------------------------------- */

static int is_possible(const struct conversation *t)
{
    const struct sct_wire_result *const w = &t->wire;
    if (w->status != SCT_OK && !is_error(w->status))
        return 0;
    if (w->width < 0 || w->height < 0 || w->report.n_warnings < 0)
        return 0;
    if (w->n_outputs != 0 && w->n_outputs != t->job->n_variants)
        return 0;
    if (w->report.damage && w->report.damage != SCT_ERR_TRUNCATED &&
        w->report.damage != SCT_ERR_CORRUPT)
        return 0;
    for (int i = 0; i < t->job->n_variants && w->status == SCT_OK; i++)
        if (t->is_plan ? w->output[i].width < 1 || w->output[i].height < 1
                       : t->state[i] != OUTPUT_PUBLISHED)
            return 0;
    return 1;
}

static double take_ms(double ms)
{
    return isfinite(ms) && ms >= 0 ? ms : 0;
}

static void copy_text(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    to[n - 1] = '\0';
}

static void take_result(const struct conversation *t, struct sct_result *result)
{
    const struct sct_wire_result *const w = &t->wire;
    const struct sct_encoder_ops *const format = find_format(w->format);
    result->status = w->status;
    result->report = w->report;
    copy_text(result->report.message, w->report.message, sizeof w->report.message);
    copy_text(result->report.warning, w->report.warning, sizeof w->report.warning);
    copy_text(t->in->message, w->input_message, sizeof t->in->message);
    result->format = format ? format->name : NULL;
    result->width = w->width;
    result->height = w->height;
    result->bytes = w->bytes;
    result->n_outputs = w->n_outputs;
    result->ms = (struct sct_times){.plan = take_ms(w->ms.plan),
                                    .decode = take_ms(w->ms.decode),
                                    .resize = take_ms(w->ms.resize),
                                    .encode = take_ms(w->ms.encode),
                                    .total = take_ms(w->ms.total)};
    for (int i = 0; i < w->n_outputs; i++) {
        const struct sct_encoder_ops *const made = find_format(w->output[i].format);
        result->output[i].quality = sct_clamp(w->output[i].quality, 0, 100);
        result->output[i].is_unchanged = w->output[i].is_unchanged != 0;
        if (t->output[i].format) /* opened: we know more than the child */
            continue;
        result->output[i].width = w->output[i].width;
        result->output[i].height = w->output[i].height;
        result->output[i].format = made ? made->name : NULL;
        result->output[i].extension = made ? made->extension : NULL;
        result->output[i].status =
            is_error(w->output[i].status) ? w->output[i].status : 0;
    }
}

/* What there is to say about a child that did not say it itself. */
static int explain_end(const struct conversation *t, const struct sct_wire_end *end,
                       struct sct_report *report)
{
    const int wait_status = end->wait_status;
    if (end->fork_error)
        return sct_report_fail(report, SCT_ERR_MEMORY, "cannot start a process: %s",
                               strerror(end->fork_error));
    if (t->is_late)
        return sct_report_fail(report, SCT_ERR_TIMEOUT,
                               "stopped after %.3g seconds, the limit on time",
                               t->job->limits.max_seconds);
    if (t->is_broken || t->has_result)
        return sct_report_fail(report, SCT_ERR_CRASHED,
                               "the decoder crashed (it answered nonsense)");
    if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGSYS)
        return sct_report_fail(report, SCT_ERR_CRASHED,
                               "the decoder was stopped by the sandbox");
    if (WIFSIGNALED(wait_status) &&
        WTERMSIG(wait_status) == SIGKILL) /* no program kills itself so */
        return sct_report_fail(
            report, SCT_ERR_MEMORY,
            "the decoder was killed; perhaps the system had no memory left");
    if (WIFSIGNALED(wait_status))
        return sct_report_fail(report, SCT_ERR_CRASHED, "the decoder crashed (signal %d)",
                               WTERMSIG(wait_status));
    if (WEXITSTATUS(wait_status) == SCT_WIRE_EXIT_SANDBOX)
        return sct_report_fail(report, SCT_ERR_IO,
                               "the decoder was not started: no sandbox");
    return sct_report_fail(report, SCT_ERR_CRASHED,
                           "the decoder crashed (exit status %d)",
                           WEXITSTATUS(wait_status));
}

static void finish(struct conversation *t, const struct sct_wire_end *end,
                   struct sct_result *result)
{
    const int is_told = t->has_result && is_possible(t);
    if (is_told)
        take_result(t, result);
    else if (end)
        result->status = explain_end(t, end, &result->report);
    else
        result->status = sct_report_fail(&result->report, SCT_ERR_IO,
                                         "the process that starts decoders is gone");
    for (int i = 0; i < t->job->n_variants; i++) {
        if (t->state[i] == OUTPUT_OPEN) {
            (void)t->job->target.close(t->job->target.ctx, i, result->status);
            t->output[i].status = result->status;
        }
        t->output[i].quality = result->output[i].quality;
        t->output[i].is_unchanged = result->output[i].is_unchanged;
        if (t->output[i].format)
            result->output[i] = t->output[i];
        else if (!is_told)
            result->output[i].status = result->status;
    }
}

/* ---- a job ------------------------------------------------------------------------- */

/* Through a forker; whether that is still there. */
static int converse(struct conversation *t, const struct forker *f, int child_end,
                    struct sct_wire_end *end)
{
    const int is_there = send_job(f->control, child_end, t->in->fd) == 0;
    close(child_end); /* or we would not see the child's end close */
    if (t->job->limits.max_seconds > 0)
        t->deadline_ms = sct_wall_ms() + t->job->limits.max_seconds * 1e3 + GRACE_MS;
    if (is_there && send_request(t) == 0)
        listen_to(t);
    return is_there && send_word(f->control) == 0 &&
           sct_wire_read(f->control, end, sizeof *end) == 0;
}

static int run_isolated(sct_isolate *iso, struct conversation *t,
                        struct sct_result *result)
{
    int fd[2];
    struct sct_wire_end end;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0) {
        result->status =
            sct_report_fail(&result->report, SCT_ERR_IO, "cannot talk to the sandbox: %s",
                            strerror(errno));
        return result->status;
    }
    struct forker *const f = take_forker(iso);
    if (f) {
        t->channel = fd[0];
        const int is_there = converse(t, f, fd[1], &end);
        give_forker(iso, f, !is_there);
        finish(t, is_there ? &end : NULL, result);
    } else {
        close(fd[1]);
        finish(t, NULL, result);
    }
    close(fd[0]);
    return result->status;
}

int sct_isolate_run(sct_isolate *iso, const struct sct_job *job, struct sct_infile *in,
                    int is_plan, struct sct_result *result)
{
    if (!iso) {
        struct sct_job here = *job;
        here.source = sct_infile_source(in);
        return is_plan ? sct_job_plan(&here, result) : sct_job_run(&here, result);
    }
    memset(result, 0, sizeof *result);
    if (job->n_variants < 1 || job->n_variants > SCT_MAX_VARIANTS) {
        result->status = sct_report_fail(&result->report, SCT_ERR_ARGUMENT,
                                         "%d variants: 1 to %d are possible",
                                         job->n_variants, SCT_MAX_VARIANTS);
        return result->status;
    }
    struct conversation *const t = calloc(1, sizeof *t);
    if (!t) {
        result->status =
            sct_report_fail(&result->report, SCT_ERR_MEMORY, "out of memory");
        return result->status;
    }
    t->job = job;
    t->in = in;
    t->is_plan = is_plan;
    const int status = run_isolated(iso, t, result);
    free(t);
    return status;
}

int sct_isolate_is_built_in(void)
{
    return 1;
}

void sct_isolate_describe(char *out, size_t n)
{
    sct_sandbox_describe(out, n);
}
