/* The forker, and the child that does one job.
 *
 * Why a forker: a process with threads must not fork and go on with anything but a few
 * system calls, as some other thread may have held a lock (malloc's, stdio's, a library's)
 * at that moment. The forker is itself forked before there are threads, and never has any,
 * so its children are in order. It is small, too, and so are they, whatever the process in
 * front of it has in memory.
 *
 *     forker:  wait for a job -> fork -> close what is the child's -> wait for the word ->
 *              kill -> waitpid -> tell how it ended
 *     child:   read the request, enter the sandbox, run the job, send the result, _exit
 *
 * Invariants
 *   1. The forker has open: control, /dev/null three times, and nothing else between jobs.
 *      The child: channel and input, and no way to the forker or to other jobs.
 *   2. The child has entered the sandbox before it reads the first byte of the input.
 *   3. Only the forker reaps its child, so the process that it kills is the child. */
#define _GNU_SOURCE 1
#include "isolate_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "infile.h"
#include "wire.h"

/* ---- the child --------------------------------------------------------------------- */

struct child_sink {
    struct child *child;
    int variant;
    uint8_t *buffer; /* SCT_WIRE_BYTES of them while it is open */
    size_t n_bytes;
};

struct child {
    int channel;
    struct sct_wire_request request;
    struct sct_job job;
    struct sct_variant variant[SCT_MAX_VARIANTS];
    uint8_t *data;
    struct sct_infile in;
    struct child_sink sink[SCT_MAX_VARIANTS];
    struct sct_result result;
    struct sct_wire_result wire;
};

static void copy_word(char to[SCT_WIRE_WORD], const char *word)
{
    memset(to, 0, SCT_WIRE_WORD);
    if (word)
        strncpy(to, word, SCT_WIRE_WORD - 1);
}

/* Sends a message and returns the answer. */
static int ask(const struct child *c, const struct sct_wire_message *message,
               const void *bytes)
{
    int32_t status;
    if (sct_wire_write(c->channel, message, sizeof *message) != 0 ||
        sct_wire_write(c->channel, bytes, message->n_bytes) != 0 ||
        sct_wire_read(c->channel, &status, sizeof status) != 0)
        _exit(SCT_WIRE_EXIT_CHANNEL);
    return status;
}

static int flush_sink(struct child_sink *sink)
{
    const struct sct_wire_message message = {.kind = SCT_WIRE_WRITE,
                                             .variant = sink->variant,
                                             .n_bytes = (uint32_t)sink->n_bytes};
    const int status =
        sink->n_bytes > 0 ? ask(sink->child, &message, sink->buffer) : SCT_OK;
    sink->n_bytes = 0;
    return status;
}

static int write_bytes(void *ctx, const void *data, size_t n)
{
    struct child_sink *const sink = ctx;
    for (const uint8_t *p = data; n > 0;) {
        if (sink->n_bytes == SCT_WIRE_BYTES) {
            const int status = flush_sink(sink);
            if (status != SCT_OK)
                return status;
        }
        const size_t room = SCT_WIRE_BYTES - sink->n_bytes;
        const size_t piece = n < room ? n : room;
        memcpy(sink->buffer + sink->n_bytes, p, piece);
        sink->n_bytes += piece;
        p += piece;
        n -= piece;
    }
    return SCT_OK;
}

static int open_output(void *ctx, int variant, const struct sct_output *output,
                       struct sct_sink *out)
{
    struct child *const c = ctx;
    struct child_sink *const sink = &c->sink[variant];
    struct sct_wire_message message = {.kind = SCT_WIRE_OPEN,
                                       .variant = variant,
                                       .width = output->width,
                                       .height = output->height};
    copy_word(message.format, output->format);
    *sink = (struct child_sink){.child = c, .variant = variant};
    sink->buffer = malloc(SCT_WIRE_BYTES);
    if (!sink->buffer)
        return SCT_ERR_MEMORY;
    const int status = ask(c, &message, NULL);
    if (status != SCT_OK) {
        free(sink->buffer);
        return status;
    }
    *out = (struct sct_sink){.write = write_bytes, .ctx = sink};
    return SCT_OK;
}

static int close_output(void *ctx, int variant, int status)
{
    struct child *const c = ctx;
    struct child_sink *const sink = &c->sink[variant];
    struct sct_wire_message message = {.kind = SCT_WIRE_CLOSE, .variant = variant};
    if (status == SCT_OK)
        status = flush_sink(sink);
    message.status = status;
    const int answer = ask(c, &message, NULL);
    free(sink->buffer);
    return status == SCT_OK ? answer : status;
}

static void send_result(struct child *c)
{
    const struct sct_result *const r = &c->result;
    struct sct_wire_result *const w = &c->wire;
    const struct sct_wire_message message = {.kind = SCT_WIRE_RESULT,
                                             .n_bytes = sizeof *w};
    w->status = r->status;
    w->report = r->report;
    copy_word(w->format, r->format);
    w->width = r->width;
    w->height = r->height;
    w->bytes = r->bytes;
    w->n_outputs = r->n_outputs;
    for (int i = 0; i < r->n_outputs; i++) {
        w->output[i].width = r->output[i].width;
        w->output[i].height = r->output[i].height;
        w->output[i].status = r->output[i].status;
        w->output[i].quality = r->output[i].quality;
        w->output[i].is_unchanged = r->output[i].is_unchanged;
        copy_word(w->output[i].format, r->output[i].format);
    }
    w->ms = r->ms;
    snprintf(w->input_message, sizeof w->input_message, "%s", c->in.message);
    if (sct_wire_write(c->channel, &message, sizeof message) != 0 ||
        sct_wire_write(c->channel, w, sizeof *w) != 0)
        _exit(SCT_WIRE_EXIT_CHANNEL);
}

/* All memory that a job may take, its input where that is in memory, and a margin for what
 * the limit's estimate leaves out. It is there to keep a decoder that has been taken over
 * from taking the machine, and not to refuse pictures; the job's own limit does that. */
static size_t limit_data(const struct sct_wire_request *request)
{
    const size_t margin = (size_t)256 << 20;
    const size_t max_bytes = request->limits.max_memory_bytes
                                 ? request->limits.max_memory_bytes
                                 : SCT_MAX_MEMORY_BYTES;
    if (max_bytes > SIZE_MAX / 4 || request->n_bytes > SIZE_MAX / 4)
        return SIZE_MAX;
    return 2 * max_bytes + request->n_bytes + margin;
}

static _Noreturn void run_child(int channel, int input, const sct_sandbox *sandbox)
{
    struct child *const c = calloc(1, sizeof *c);
    if (!c || sct_wire_read(channel, &c->request, sizeof c->request) != 0)
        _exit(SCT_WIRE_EXIT_CHANNEL);
    const struct sct_wire_request *const request = &c->request;
    if (sct_sandbox_enter(sandbox, limit_data(request)) != 0)
        _exit(SCT_WIRE_EXIT_SANDBOX);
    c->channel = channel;
    c->data = request->n_bytes ? malloc(request->n_bytes) : NULL;
    if ((request->n_bytes && !c->data) ||
        sct_wire_read(channel, c->variant,
                      (size_t)request->n_variants * sizeof *c->variant) != 0 ||
        sct_wire_read(channel, c->data, request->n_bytes) != 0)
        _exit(SCT_WIRE_EXIT_CHANNEL);
    sct_infile_resume(&c->in, input, c->data, request->n_bytes);
    c->job = (struct sct_job){
        .source = sct_infile_source(&c->in),
        .variants = c->variant,
        .n_variants = request->n_variants,
        .target = {.open = open_output, .close = close_output, .ctx = c},
        .limits = request->limits,
        .salvage = request->salvage,
        .linear = request->linear,
        .dsp = request->has_dsp ? &request->dsp : NULL,
    };
    if (request->is_plan)
        (void)sct_job_plan(&c->job, &c->result);
    else
        (void)sct_job_run(&c->job, &c->result);
    send_result(c);
    _exit(0);
}

/* ---- the forker -------------------------------------------------------------------- */

/* The byte and its descriptors; those that did not come are -1. 0, or -1 when nobody is
 * there any more. */
static int receive_job(int control, int fd[2])
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } ancillary;
    char byte;
    struct iovec piece = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &ancillary,
                             .msg_controllen = sizeof ancillary};
    ssize_t n;
    fd[0] = fd[1] = -1;
    do {
        n = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n != 1)
        return -1;
    const struct cmsghdr *const c = CMSG_FIRSTHDR(&message);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
    return 0;
}

static void close_file(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) /* too late for the signal */
        _exit(0);
}

static void fork_job(int control, const sct_sandbox *sandbox)
{
    struct sct_wire_end end = {0};
    int fd[2], is_over;
    char byte;
    if (receive_job(control, fd) != 0)
        _exit(0);
    const pid_t self = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        die_with(self);
        close(control);
        run_child(fd[0], fd[1], sandbox);
    }
    if (pid < 0)
        end.fork_error = errno;
    close_file(fd[0]);
    close_file(fd[1]);
    is_over = sct_wire_read(control, &byte, 1) != 0;
    if (pid > 0) {
        kill(pid, SIGKILL); /* does nothing to one that has ended */
        while (waitpid(pid, &end.wait_status, 0) < 0 && errno == EINTR)
            ;
    }
    if (is_over || sct_wire_write(control, &end, sizeof end) != 0)
        _exit(0);
}

/* Leaves nothing open but the control socket, which is moved to the first free place, and
 * /dev/null in the places of the standard streams. */
static int close_others(int control)
{
    enum { CONTROL = 3 };
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        _exit(1);
    for (int fd = STDIN_FILENO; fd < CONTROL; fd++) {
#ifdef SCT_SANITIZED
        if (fd == STDERR_FILENO) /* where their reports go */
            continue;
#endif
        dup2(null, fd);
    }
    if (control != CONTROL)
        dup2(control, CONTROL);
    if (close_range(CONTROL + 1, ~0u, 0) != 0) { /* before Linux 5.9 */
        const long n = sysconf(_SC_OPEN_MAX);
        for (int fd = CONTROL + 1; fd < n; fd++)
            close(fd);
    }
    return CONTROL;
}

_Noreturn void sct_forker_run(int control, const sct_sandbox *sandbox, pid_t parent)
{
    /* What a terminal, or who stops a group of processes, sends goes to all of them. The one
     * that cleans up answers it, and takes the others along. */
    static const int not_ours[] = {SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1,
                                   SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF};
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
        sigaddset(&mask, not_ours[i]);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    die_with(parent);
    control = close_others(control);
    for (;;)
        fork_job(control, sandbox);
}

/* ---- preparing --------------------------------------------------------------------- */

struct practice {
    uint8_t bytes[4096]; /* a picture of one pixel */
    size_t n_bytes, position;
};

static int read_practice(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct practice *const p = ctx;
    *n = p->n_bytes - p->position < capacity ? p->n_bytes - p->position : capacity;
    memcpy(buffer, p->bytes + p->position, *n);
    p->position += *n;
    return SCT_OK;
}

static int write_practice(void *ctx, const void *data, size_t n)
{
    struct practice *const p = ctx;
    if (n > sizeof p->bytes - p->n_bytes)
        return SCT_ERR_IO;
    memcpy(p->bytes + p->n_bytes, data, n);
    p->n_bytes += n;
    return SCT_OK;
}

static int open_practice(void *ctx, int variant, const struct sct_output *output,
                         struct sct_sink *sink)
{
    (void)variant;
    (void)output;
    *sink = (struct sct_sink){.write = write_practice, .ctx = ctx};
    return SCT_OK;
}

static int close_practice(void *ctx, int variant, int status)
{
    (void)ctx;
    (void)variant;
    return status;
}

static void write_first(struct practice *p)
{
    const struct sct_encoder_spec spec = {.width = 1,
                                          .height = 1,
                                          .model = SCT_GRAY,
                                          .n_components = 1,
                                          .component[0] = {.h = 1, .v = 1},
                                          .quality = 80,
                                          .sink = {.write = write_practice, .ctx = p}};
    struct sct_encoder_layout layout;
    sct_encoder *encoder;
    uint8_t row[64] = {0};
    uint8_t *const rows[8] = {row, row, row, row, row, row, row, row};
    uint8_t *const *const planes[SCT_MAX_COMPONENTS] = {rows};
    if (sct_jpeg_encoder.open(&encoder, &spec, &layout) != SCT_OK)
        return;
    if (sct_jpeg_encoder.write_band(encoder, planes) == SCT_OK)
        (void)sct_jpeg_encoder.finish(encoder);
    sct_jpeg_encoder.close(encoder);
}

static void practise(struct practice *from, struct practice *to,
                     const struct sct_encoder_ops *format, struct sct_result *result)
{
    struct sct_variant variant = sct_variant_default();
    variant.width = variant.height = 1;
    variant.format = format;
    const struct sct_job job = {
        .source = {.read = read_practice, .ctx = from},
        .variants = &variant,
        .n_variants = 1,
        .target = {.open = open_practice, .close = close_practice, .ctx = to}};
    from->position = to->n_bytes = 0;
    (void)sct_job_run(&job, result);
}

void sct_forker_prepare(void)
{
    struct sct_result *const result = malloc(sizeof *result);
    struct practice first = {.n_bytes = 0}, second = {.n_bytes = 0}, third;
    if (result) {
        write_first(&first);
        for (int i = 0; sct_encoder_at(i); i++) {
            practise(&first, &second, sct_encoder_at(i), result);
            practise(&second, &third, sct_encoder_at(i), result);
        }
    }
    free(result);
}
