/* The sandbox: what ends a process that is in it, and what does not. Each case is a process of
 * its own, which enters and then does one thing. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox.h"
#include "status.h"

enum { CANNOT_RUN = 77 };

static sct_sandbox *sandbox;
static int open_fd[2]; /* a pipe that is open before */
static void *page;     /* of memory, from before */

static void *map(int protection, int flags)
{
    return mmap(NULL, 4096, protection, flags | MAP_ANONYMOUS, -1, 0);
}

/* ---- what is not allowed ----------------------------------------------------------- */

static void call_open(void)
{
    (void)!open("/dev/null", O_RDONLY);
}

static void call_old_open(void)
{
#ifdef SYS_open
    (void)syscall(SYS_open, "/dev/null", O_RDONLY);
#else
    call_open();
#endif
}

static void call_openat2(void)
{
    uint64_t how[3] = {O_RDONLY, 0, 0};
    (void)syscall(SYS_openat2, AT_FDCWD, "/dev/null", how, sizeof how);
}

static void call_creat(void)
{
    (void)!open("/tmp/never-there", O_WRONLY | O_CREAT, 0600);
}

static void call_stat(void)
{
    struct stat st;
    (void)!stat("/", &st);
}

static void call_readlink(void)
{
    char text[16];
    (void)!readlink("/proc/self", text, sizeof text);
}

static void call_unlink(void)
{
    (void)!unlink("/never/there");
}

static void call_rename(void)
{
    (void)!rename("/never/there", "/never/here");
}

static void call_chdir(void)
{
    (void)!chdir("/");
}

static void call_socket(void)
{
    (void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void call_socketpair(void)
{
    int fd[2];
    (void)!socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
}

static void call_connect(void)
{
    (void)!connect(open_fd[0], NULL, 0);
}

static void call_recvmsg(void) /* descriptors could come that way */
{
    struct msghdr message = {0};
    (void)!recvmsg(open_fd[0], &message, 0);
}

static void call_dup(void)
{
    (void)!dup(open_fd[0]);
}

static void call_pipe(void)
{
    int fd[2];
    (void)!pipe(fd);
}

static void call_memfd(void)
{
    (void)!memfd_create("x", 0);
}

static void call_ioctl(void)
{
    (void)syscall(SYS_ioctl, open_fd[0], 0, 0);
}

static void call_io_uring(void)
{
    (void)syscall(SYS_io_uring_setup, 1, NULL);
}

static void call_execve(void)
{
    char *words[] = {(char *)"true", NULL};
    (void)!execve("/bin/true", words, NULL);
}

static void call_execveat(void)
{
    char *words[] = {(char *)"true", NULL};
    (void)syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, NULL, 0);
}

static void call_fork(void)
{
    if (fork() == 0)
        _exit(0);
}

static void call_clone3(void)
{
    (void)syscall(SYS_clone3, NULL, 0);
}

static void call_kill(void)
{
    (void)!kill(getppid(), 0);
}

static void call_tgkill(void)
{
    (void)syscall(SYS_tgkill, 1, 1, 0);
}

static void call_ptrace(void)
{
    (void)!ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static void call_process_vm_readv(void)
{
    (void)syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
}

static void call_prctl(void)
{
    (void)!prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void call_bpf(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}

static void map_executable(void)
{
    (void)map(PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static void map_shared(void)
{
    (void)map(PROT_READ | PROT_WRITE, MAP_SHARED);
}

static void make_executable(void)
{
    (void)!mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

/* ---- what is ----------------------------------------------------------------------- */

static void read_and_write(void)
{
    char byte = 'x';
    if (write(open_fd[1], &byte, 1) != 1 || read(open_fd[0], &byte, 1) != 1)
        _exit(1);
}

static void use_memory(void)
{
    char *p = malloc(100);
    for (size_t n = 100; p && n < (size_t)64 << 20; n = n * 3 + 1) {
        char *const larger = realloc(p, n);
        if (!larger)
            _exit(1);
        p = larger;
        memset(p, 1, n);
    }
    free(p);
    if (map(PROT_READ | PROT_WRITE, MAP_PRIVATE) == MAP_FAILED ||
        mprotect(page, 4096, PROT_READ) != 0)
        _exit(1);
}

static void read_clocks(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0 ||
        clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        _exit(1);
}

static void do_nothing(void) {}

/* ---- cases ------------------------------------------------------------------------- */

static int end_of(void (*act)(void), size_t data_bytes)
{
    int status;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int error = sct_sandbox_enter(sandbox, data_bytes);
        if (error)
            _exit(99);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void whatever_opens_starts_or_tells_is_the_end(void **state)
{
    static const struct {
        const char *name;
        void (*act)(void);
    } cases[] = {
        {"open", call_open},
        {"old open", call_old_open},
        {"openat2", call_openat2},
        {"create", call_creat},
        {"stat", call_stat},
        {"readlink", call_readlink},
        {"unlink", call_unlink},
        {"rename", call_rename},
        {"chdir", call_chdir},
        {"socket", call_socket},
        {"socketpair", call_socketpair},
        {"connect", call_connect},
        {"recvmsg", call_recvmsg},
        {"dup", call_dup},
        {"pipe", call_pipe},
        {"memfd_create", call_memfd},
        {"ioctl", call_ioctl},
        {"io_uring", call_io_uring},
        {"execve", call_execve},
        {"execveat", call_execveat},
        {"fork", call_fork},
        {"clone3", call_clone3},
        {"kill", call_kill},
        {"tgkill", call_tgkill},
        {"ptrace", call_ptrace},
        {"process_vm_readv", call_process_vm_readv},
        {"prctl", call_prctl},
        {"bpf", call_bpf},
        {"executable mmap", map_executable},
        {"shared mmap", map_shared},
        {"executable mprotect", make_executable},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int status = end_of(cases[i].act, SIZE_MAX);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: wait status %#x, not SIGSYS", cases[i].name, (unsigned)status);
    }
}

static void what_a_job_takes_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(end_of(do_nothing, SIZE_MAX), 0);
    assert_int_equal(end_of(read_and_write, SIZE_MAX), 0);
    assert_int_equal(end_of(use_memory, SIZE_MAX), 0);
    assert_int_equal(end_of(read_clocks, SIZE_MAX), 0);
}

/* On x86-64 the calls of 32-bit programs have other numbers: 5 is open there, fstat here. */
static void call_by_32_bit_number(void)
{
#ifdef __x86_64__
    long result = 5;
    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"("/dev/null"), "c"(O_RDONLY)
                     : "memory");
#else
    call_open();
#endif
}

static void numbers_of_another_architecture_are_the_end(void **state)
{
    (void)state;
    const int status = end_of(call_by_32_bit_number, SIZE_MAX);
    assert_true(WIFSIGNALED(status)); /* SIGSEGV where the kernel has no such calls */
    assert_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}

#ifndef SCT_SANITIZED
static void take_too_much(void)
{
    void *volatile small = malloc((size_t)8 << 20); /* or clang leaves both out */
    void *volatile large = malloc((size_t)128 << 20);
    if (!small || large)
        _exit(1);
}

static void memory_is_limited(void **state)
{
    (void)state;
    assert_int_equal(end_of(take_too_much, (size_t)64 << 20), 0);
}
#endif

static void it_describes_itself(void **state)
{
    char text[64];
    (void)state;
    sct_sandbox_describe(text, sizeof text);
    assert_memory_equal(text, "seccomp (libseccomp ", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_opens_starts_or_tells_is_the_end),
        cmocka_unit_test(what_a_job_takes_is_allowed),
        cmocka_unit_test(numbers_of_another_architecture_are_the_end),
#ifndef SCT_SANITIZED
        cmocka_unit_test(memory_is_limited),
#endif
        cmocka_unit_test(it_describes_itself),
    };
    char message[160];
    if (sct_sandbox_create(&sandbox, message, sizeof message) != SCT_OK) {
        printf("test_sandbox: skipped: %s\n", message); /* as in an emulator */
        return CANNOT_RUN;
    }
    page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
    if (pipe(open_fd) != 0 || page == MAP_FAILED)
        return 1;
    const int result = cmocka_run_group_tests(tests, NULL, NULL);
    sct_sandbox_free(sandbox);
    return result;
}
