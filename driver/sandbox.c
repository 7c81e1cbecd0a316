/* The sandbox: the list of system calls, compiled by libseccomp into a program that the
 * kernel runs before each of them.
 *
 * Invariants of a process in it:
 *   1. it gets no descriptor that it does not have: no open, no socket, no recvmsg, no dup;
 *   2. no memory becomes executable, and none is shared with others;
 *   3. it can neither start, nor signal, nor trace a process.
 *
 * The program is a few hundred bytes, the same for all; libseccomp takes longer to make it
 * than the kernel to load it, so it is made once and kept. */
#define _GNU_SOURCE 1
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status.h"

enum {
    MAX_PROGRAM_BYTES = 16384, /* of a pipe's 65536, into which it is written first */
    MAP_TYPE_MASK = 0x0f       /* of mmap's flags: shared, private, ... */
};

struct sct_sandbox {
    struct sock_fprog program;
    struct sock_filter filter[MAX_PROGRAM_BYTES / sizeof(struct sock_filter)];
};

/* What a job takes beside mmap and mprotect, which have conditions. */
static const int allowed[] = {
    SCMP_SYS(read),            /* the input; answers */
    SCMP_SYS(write),           /* outputs and the result, by way of the channel */
    SCMP_SYS(brk),             /* malloc */
    SCMP_SYS(munmap),          /* malloc */
    SCMP_SYS(mremap),          /* realloc */
    SCMP_SYS(madvise),         /* free */
    SCMP_SYS(futex),           /* locks */
    SCMP_SYS(getrandom),       /* malloc's first call */
    SCMP_SYS(clock_gettime),   /* a thread's CPU time; the other clocks need no call */
    SCMP_SYS(rt_sigprocmask),  /* setjmp's relatives */
    SCMP_SYS(rt_sigreturn),    /* the way back from a signal, */
    SCMP_SYS(restart_syscall), /* and from a stop */
    SCMP_SYS(exit_group),
#ifdef SCT_SANITIZED
    /* The sanitizers' runtime, which is in the process too. Still no descriptor is to be
     * had; what it would open for the details of an error report it cannot. */
    SCMP_SYS(close),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
#endif
};

/* 0 or a negative errno. */
static int fill_filter(scmp_filter_ctx filter)
{
    /* Calls by another architecture's numbers (x32, ia32). */
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; !error && i < sizeof allowed / sizeof *allowed; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    if (!error)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!error)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                 SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_TYPE_MASK, MAP_PRIVATE));
    return error;
}

/* libseccomp writes to files only. 0 or an errno. */
static int export_filter(sct_sandbox *s, scmp_filter_ctx filter)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
        return errno;
    int error = -seccomp_export_bpf(filter, fd[1]);
    if (!error) {
        const ssize_t n = read(fd[0], s->filter, sizeof s->filter);
        if (n < (ssize_t)sizeof *s->filter || (size_t)n == sizeof s->filter)
            error = n < 0 ? errno : EOVERFLOW;
        else
            s->program = (struct sock_fprog){
                .len = (unsigned short)((size_t)n / sizeof *s->filter),
                .filter = s->filter};
    }
    close(fd[0]);
    close(fd[1]);
    return error;
}

/* 0 or an errno: EOPNOTSUPP when it could be entered and stops nothing. */
static int try_out(const sct_sandbox *s)
{
    int status;
    const pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (pid == 0) {
        const int error = sct_sandbox_enter(s, SIZE_MAX);
        if (!error)
            (void)socket(AF_UNIX, SOCK_STREAM, 0);
        _exit(error);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return 0;
    return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EOPNOTSUPP;
}

int sct_sandbox_create(sct_sandbox **out, char *message, size_t message_bytes)
{
    int error = ENOMEM;
    scmp_filter_ctx filter = NULL;
    sct_sandbox *const s = malloc(sizeof *s);
    *out = NULL;
    if (!s)
        goto fail;
    filter =
        seccomp_init(SCMP_ACT_KILL_PROCESS); /* fails where the kernel cannot do that */
    error = filter ? -fill_filter(filter) : ENOSYS;
    if (!error)
        error = export_filter(s, filter);
    if (!error)
        error = try_out(s);
    if (error)
        goto fail;
    seccomp_release(filter);
    *out = s;
    return SCT_OK;
fail:
    if (filter)
        seccomp_release(filter);
    free(s);
    snprintf(message, message_bytes, "the sandbox (seccomp) does not work here: %s",
             strerror(error));
    return error == ENOMEM ? SCT_ERR_MEMORY : SCT_ERR_UNSUPPORTED;
}

void sct_sandbox_free(sct_sandbox *s)
{
    free(s);
}

/* Never more than it is now. 0 or an errno. */
static int lower_limit(int resource, size_t wanted)
{
    struct rlimit limit;
    if (wanted == SIZE_MAX)
        return 0;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        return errno;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted)
        limit.rlim_max = wanted;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0 ? 0 : errno;
}

int sct_sandbox_enter(const sct_sandbox *s, size_t data_bytes)
{
#ifdef SCT_SANITIZED
    data_bytes = SIZE_MAX; /* shadow memory is far larger than all of it */
#endif
    int error = lower_limit(RLIMIT_CORE, 0);
    if (!error)
        error = lower_limit(RLIMIT_DATA, data_bytes);
    if (error)
        return error;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &s->program, 0, 0) != 0)
        return errno;
    return 0;
}

void sct_sandbox_describe(char *out, size_t n)
{
    const struct scmp_version *const v = seccomp_version();
    snprintf(out, n, "seccomp (libseccomp %u.%u.%u)", v->major, v->minor, v->micro);
}
