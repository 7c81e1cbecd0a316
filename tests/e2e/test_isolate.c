/* Jobs in sandboxed processes, and decoders that are up to something.
 *
 * sct_job_run is wrapped by the linker (--wrap). A job whose scan limit is one of the numbers
 * below misbehaves in its own way; the limit goes over to the child with the job. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "isolate.h"
#include "wire.h"

enum { CANNOT_RUN = 77, N_FORKERS = 2 };

enum act {
    ACT_SEGV = 1000001,
    ACT_OPEN,
    ACT_ABORT,
    ACT_EXIT,
    ACT_BABBLE,           /* bytes that are no message, and no end */
    ACT_HALF_A_MESSAGE,   /* and the end */
    ACT_EMPTY_OK,         /* fine, it says, and has made nothing */
    ACT_OPEN_AND_CRASH,   /* in the middle of an output */
    ACT_FINISH_AND_CRASH, /* after its output is complete */
    ACT_OPEN_TWICE,
    ACT_OPEN_ANOTHERS, /* a variant that the job does not have */
    ACT_WRITE_UNOPENED,
    ACT_WRITE_TOO_MUCH,
    ACT_ODD_FORMAT,
    ACT_ODD_STATUS,
    ACT_ODD_FIGURES, /* texts without an end, a time that is no number */
    ACT_HANG,
    ACT_OPEN_AND_HANG,
    ACT_HANG_IN_A_MESSAGE, /* half of it has been said */
    ACT_TALK_ON,           /* nothing wrong, and no end */
    ACT_TALK_DEAF,         /* and never an answer read */
    ACT_LAST
};

static sct_isolate *iso;

int __real_sct_job_run(const struct sct_job *job, struct sct_result *result);
int __wrap_sct_job_run(const struct sct_job *job, struct sct_result *result);

static int channel_of(const struct sct_job *job)
{
    return *(const int *)job->target.ctx; /* the first member of the child's struct */
}

static void say(const struct sct_job *job, int kind, int variant, uint32_t n_bytes)
{
    struct sct_wire_message m = {.kind = kind,
                                 .variant = variant,
                                 .width = 1,
                                 .height = 1,
                                 .n_bytes = n_bytes,
                                 .format = "jpeg"};
    if (job->limits.max_scans == ACT_ODD_FORMAT)
        memset(m.format, 'x', sizeof m.format);
    (void)sct_wire_write(channel_of(job), &m, sizeof m);
}

static void crash(void)
{
    volatile char *volatile nowhere = NULL;
    nowhere[8] = 1;
}

static void hang(void)
{
    for (volatile int i = 0;; i++)
        ;
}

static int misbehave(const struct sct_job *job, struct sct_result *result)
{
    const struct sct_output output = {.width = 1, .height = 1, .format = "jpeg"};
    struct sct_sink sink;
    switch (job->limits.max_scans) {
    case ACT_SEGV:
        raise(SIGSEGV);
        crash();
        break;
    case ACT_OPEN: (void)!open("/etc/passwd", O_RDONLY); break;
    case ACT_ABORT: abort();
    case ACT_EXIT: _exit(7);
    case ACT_BABBLE:
        for (int i = 0; i < 100; i++)
            (void)sct_wire_write(channel_of(job), "nonsense", 8);
        hang();
        break;
    case ACT_HALF_A_MESSAGE: (void)sct_wire_write(channel_of(job), "\1", 1); _exit(0);
    case ACT_EMPTY_OK: break;
    case ACT_OPEN_AND_CRASH:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        (void)sink.write(sink.ctx, "half", 4);
        crash();
        break;
    case ACT_FINISH_AND_CRASH:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        (void)sink.write(sink.ctx, "whole", 5);
        (void)job->target.close(job->target.ctx, 0, SCT_OK);
        crash();
        break;
    case ACT_OPEN_TWICE:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        say(job, SCT_WIRE_OPEN, 0, 0);
        hang();
        break;
    case ACT_OPEN_ANOTHERS:
        say(job, SCT_WIRE_OPEN, 1, 0);
        hang();
        break;
    case ACT_WRITE_UNOPENED:
        say(job, SCT_WIRE_WRITE, 0, 0);
        hang();
        break;
    case ACT_WRITE_TOO_MUCH:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        say(job, SCT_WIRE_WRITE, 0, SCT_WIRE_BYTES + 1);
        hang();
        break;
    case ACT_ODD_FORMAT:
        say(job, SCT_WIRE_OPEN, 0, 0);
        hang();
        break;
    case ACT_ODD_STATUS: result->status = -1000; return -1000;
    case ACT_ODD_FIGURES:
        memset(result->report.message, 'm', sizeof result->report.message);
        memset(result->report.warning, 'w', sizeof result->report.warning);
        result->report.n_warnings = 1;
        result->ms.total = (double)NAN;
        result->ms.plan = -1;
        result->status = SCT_ERR_CORRUPT;
        return SCT_ERR_CORRUPT;
    case ACT_HANG: hang(); break;
    case ACT_OPEN_AND_HANG:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        (void)sink.write(sink.ctx, "half", 4);
        hang();
        break;
    case ACT_HANG_IN_A_MESSAGE:
        (void)sct_wire_write(channel_of(job), "\1", 1);
        hang();
        break;
    case ACT_TALK_ON:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        for (int32_t answer = SCT_OK; answer == SCT_OK;) {
            say(job, SCT_WIRE_WRITE, 0, 0);
            (void)sct_wire_read(channel_of(job), &answer, sizeof answer);
        }
        break;
    case ACT_TALK_DEAF:
        (void)job->target.open(job->target.ctx, 0, &output, &sink);
        for (;;)
            say(job, SCT_WIRE_WRITE, 0, 0);
    default: break;
    }
    return SCT_OK;
}

int __wrap_sct_job_run(const struct sct_job *job, struct sct_result *result)
{
    if (job->limits.max_scans < ACT_SEGV || job->limits.max_scans >= ACT_LAST)
        return __real_sct_job_run(job, result);
    memset(result, 0, sizeof *result);
    return misbehave(job, result);
}

/* ---- running a job ----------------------------------------------------------------- */

struct trial {
    struct sct_infile in;
    struct capture_files files;
    struct sct_variant variants[2];
    struct sct_job job;
    struct sct_result result;
};

static void path_of(char path[4096], const char *name)
{
    snprintf(path, 4096, "%s/%s", getenv("SCT_CORPUS"), name);
}

static void start_trial(struct trial *t, const char *name)
{
    char path[4096];
    memset(t, 0, sizeof *t);
    path_of(path, name);
    if (sct_infile_open(&t->in, path) != SCT_OK)
        fail_msg("%s: %s", path, t->in.message);
    for (int i = 0; i < 2; i++) {
        t->variants[i] = sct_variant_default();
        t->variants[i].width = t->variants[i].height = 100 + 400 * i;
    }
    t->files.fail_close_of = -1;
    t->job = (struct sct_job){
        .variants = t->variants, .n_variants = 1, .target = capture_target(&t->files)};
}

static int run(struct trial *t, sct_isolate *in_what, int is_plan)
{
    const int status = sct_isolate_run(in_what, &t->job, &t->in, is_plan, &t->result);
    assert_int_equal(status, t->result.status);
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        assert_false(t->files.file[i].is_open); /* every open has its close */
    return status;
}

static void end_trial(struct trial *t)
{
    capture_free_files(&t->files);
    sct_infile_close(&t->in);
}

static int act(struct trial *t, enum act which)
{
    start_trial(t, "natural_420_640x480.jpg");
    t->job.limits.max_scans = (int)which;
    return run(t, iso, 0);
}

static void check_that_work_goes_on(void)
{
    for (int i = 0; i < N_FORKERS; i++) {
        struct trial t;
        start_trial(&t, "natural_420_640x480.jpg");
        assert_int_equal(run(&t, iso, 0), SCT_OK);
        end_trial(&t);
    }
}

/* ---- honest decoders --------------------------------------------------------------- */

static void results_are_what_they_are_without(void **state)
{
    static const char *const names[] = {"natural_420_640x480.jpg",
                                        "exif_orient6_le.jpg",
                                        "icc_two_chunks_progressive.jpg",
                                        "bad/truncated_mid_scan_420.jpg",
                                        "bad/soi_only.jpg",
                                        "bad/huge_65500x65500.jpg"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
        struct trial a, b;
        const int is_plan = i % 2;
        start_trial(&a, names[i / 2]);
        start_trial(&b, names[i / 2]);
        a.job.n_variants = b.job.n_variants = 2;
        assert_int_equal(run(&a, NULL, is_plan), run(&b, iso, is_plan));
        assert_int_equal(a.result.n_outputs, b.result.n_outputs);
        assert_int_equal(a.result.width, b.result.width);
        assert_int_equal(a.result.height, b.result.height);
        assert_int_equal(a.result.bytes, b.result.bytes);
        assert_string_equal(a.result.report.message, b.result.report.message);
        assert_string_equal(a.result.report.warning, b.result.report.warning);
        assert_int_equal(a.result.report.damaged_row, b.result.report.damaged_row);
        assert_string_equal(a.result.format ? a.result.format : "",
                            b.result.format ? b.result.format : "");
        assert_int_equal(a.files.n_opened, b.files.n_opened);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(a.result.output[k].width, b.result.output[k].width);
            assert_int_equal(a.result.output[k].height, b.result.output[k].height);
            assert_int_equal(a.result.output[k].bytes, b.result.output[k].bytes);
            assert_int_equal(a.result.output[k].status, b.result.output[k].status);
            assert_ptr_equal(a.result.output[k].format, b.result.output[k].format);
            assert_ptr_equal(a.result.output[k].extension, b.result.output[k].extension);
            assert_int_equal(a.files.file[k].close_status, b.files.file[k].close_status);
            assert_int_equal(a.files.file[k].n_bytes, b.files.file[k].n_bytes);
            if (a.files.file[k].n_bytes)
                assert_memory_equal(a.files.file[k].bytes, b.files.file[k].bytes,
                                    a.files.file[k].n_bytes);
        }
        end_trial(&a);
        end_trial(&b);
    }
}

static void input_in_memory_comes_before_the_file(void **state)
{
    (void)state;
    for (size_t n_bytes = 1; n_bytes <= 3000001; n_bytes *= 300) {
        struct trial t;
        char path[4096];
        size_t n_all;
        start_trial(&t, "natural_420_640x480.jpg");
        path_of(path, "natural_420_640x480.jpg");
        uint8_t *const all = capture_read_file(path, &n_all);
        const size_t n = n_bytes < n_all ? n_bytes : n_all;
        const int fd = n_bytes < n_all ? t.in.fd : -1;
        if (fd < 0)
            sct_infile_close(&t.in);
        else
            assert_int_equal(lseek(fd, (off_t)n, SEEK_SET), n);
        sct_infile_resume(&t.in, fd, all, n);
        assert_int_equal(run(&t, iso, 0), SCT_OK);
        assert_int_equal(t.result.bytes, n_all);
        free(all);
        end_trial(&t);
    }
}

static void what_fails_here_fails_the_job(void **state)
{
    struct trial t;
    (void)state;
    start_trial(&t, "natural_420_640x480.jpg");
    t.job.n_variants = 2;
    t.files.fail_after = 2000;
    assert_int_equal(run(&t, iso, 0), SCT_ERR_IO);
    end_trial(&t);

    start_trial(&t, "natural_420_640x480.jpg");
    t.job.n_variants = 2;
    t.files.fail_close_of = 1;
    assert_int_equal(run(&t, iso, 0), SCT_ERR_IO);
    assert_int_equal(t.result.output[0].status, SCT_OK);
    assert_int_equal(t.result.output[1].status, SCT_ERR_IO);
    end_trial(&t);

    start_trial(&t, "bad"); /* a folder: it opens, and cannot be read */
    assert_int_equal(run(&t, iso, 0), SCT_ERR_IO);
    assert_non_null(strstr(t.in.message, "reading failed"));
    end_trial(&t);

    start_trial(&t, "natural_420_640x480.jpg");
    t.job.n_variants = 0;
    assert_int_equal(run(&t, iso, 0), SCT_ERR_ARGUMENT);
    end_trial(&t);
}

static void *run_many(void *failed)
{
    for (int i = 0; i < 20; i++) {
        struct trial t;
        start_trial(&t, "natural_420_640x480.jpg");
        if (i % 5 == 4)
            t.job.limits.max_scans = ACT_OPEN_AND_CRASH;
        if (sct_isolate_run(iso, &t.job, &t.in, 0, &t.result) !=
            (i % 5 == 4 ? SCT_ERR_CRASHED : SCT_OK))
            *(int *)failed = 1;
        end_trial(&t);
    }
    return NULL;
}

static void more_threads_than_forkers_take_turns(void **state)
{
    pthread_t thread[5];
    int failed[5] = {0};
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, run_many, &failed[i]), 0);
    for (int i = 0; i < 5; i++) {
        pthread_join(thread[i], NULL);
        assert_false(failed[i]);
    }
}

/* ---- others ------------------------------------------------------------------------ */

static void a_child_that_dies_is_a_verdict(void **state)
{
    static const struct {
        enum act act;
        const char *says;
    } cases[] = {
#ifndef SCT_SANITIZED /* there, the runtime has a word in how a process dies */
        {ACT_ABORT, "stopped by the sandbox"}, /* abort signals itself */
        {ACT_SEGV, "stopped by the sandbox"},  /* so does raise */
        {ACT_OPEN_AND_CRASH, "crashed (signal 11)"},
#endif
        {ACT_OPEN, "stopped by the sandbox"},
        {ACT_EXIT, "crashed (exit status 7)"},
        {ACT_HALF_A_MESSAGE, "crashed (exit status 0)"},
        {ACT_BABBLE, "nonsense"},
        {ACT_EMPTY_OK, "nonsense"},
        {ACT_OPEN_TWICE, "nonsense"},
        {ACT_OPEN_ANOTHERS, "nonsense"},
        {ACT_WRITE_UNOPENED, "nonsense"},
        {ACT_WRITE_TOO_MUCH, "nonsense"},
        {ACT_ODD_FORMAT, "nonsense"},
        {ACT_ODD_STATUS, "nonsense"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial t;
        assert_int_equal(act(&t, cases[i].act), SCT_ERR_CRASHED);
        if (!strstr(t.result.report.message, cases[i].says))
            fail_msg("case %d: '%s' instead of '%s'", (int)i, t.result.report.message,
                     cases[i].says);
        if (t.files.n_opened > 0)
            assert_int_equal(t.files.file[0].close_status, SCT_ERR_CRASHED);
        assert_int_equal(t.result.output[0].status, SCT_ERR_CRASHED);
        end_trial(&t);
        check_that_work_goes_on();
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void a_child_that_hangs_is_out_of_time(void **state)
{
    static const enum act acts[] = {ACT_HANG, ACT_OPEN_AND_HANG, ACT_HANG_IN_A_MESSAGE,
                                    ACT_TALK_ON, ACT_TALK_DEAF};
    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct trial t;
        start_trial(&t, "natural_420_640x480.jpg");
        t.job.limits.max_scans = (int)acts[i];
        t.job.limits.max_seconds = 0.05;
        const double begin = now();
        if (run(&t, iso, 0) != SCT_ERR_TIMEOUT)
            fail_msg("case %d: status %d, '%s'", (int)i, t.result.status,
                     t.result.report.message);
        assert_true(now() - begin >= 0.05);
        assert_non_null(strstr(t.result.report.message, "0.05 seconds"));
        assert_int_equal(t.result.output[0].status, SCT_ERR_TIMEOUT);
        if (t.files.n_opened > 0)
            assert_int_equal(t.files.file[0].close_status, SCT_ERR_TIMEOUT);
        end_trial(&t);
        check_that_work_goes_on();
    }
}

static void time_that_is_not_used_changes_nothing(void **state)
{
    struct trial t;
    (void)state;
    start_trial(&t, "natural_420_640x480.jpg");
    t.job.limits.max_seconds = 1e30;
    assert_int_equal(run(&t, iso, 0), SCT_OK);
    end_trial(&t);
}

static void an_output_that_was_whole_remains(void **state)
{
    struct trial t;
    (void)state;
    assert_int_equal(act(&t, ACT_FINISH_AND_CRASH), SCT_ERR_CRASHED);
    assert_int_equal(t.files.file[0].close_status, SCT_OK);
    assert_int_equal(t.files.file[0].n_bytes, 5);
    assert_int_equal(t.result.output[0].status, SCT_OK);
    assert_int_equal(t.result.output[0].bytes, 5);
    end_trial(&t);
}

static void what_it_says_is_kept_within_bounds(void **state)
{
    struct trial t;
    (void)state;
    assert_int_equal(act(&t, ACT_ODD_FIGURES), SCT_ERR_CORRUPT);
    assert_int_equal(strlen(t.result.report.message), 255);
    assert_int_equal(strlen(t.result.report.warning), 255);
    assert_true(t.result.ms.total == 0 && t.result.ms.plan == 0);
    end_trial(&t);
}

/* Our children, as Linux lists them. */
static int list_children(pid_t *pid, int capacity)
{
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *const f = fopen(path, "r");
    while (f && n < capacity && fscanf(f, "%d", &pid[n]) == 1)
        n++;
    if (f)
        fclose(f);
    return n;
}

static void a_forker_that_dies_is_one_less(void **state)
{
    pid_t pid[8];
    int n_failed = 0;
    (void)state;
    if (list_children(pid, 8) != N_FORKERS) {
        print_message("/proc does not list children here\n");
        skip();
    }
    for (int k = 0; k < N_FORKERS; k++) {
        kill(pid[k], SIGKILL); /* the first that is idle gets the next job */
        n_failed = 0;
        for (int i = 0; i < 2 * N_FORKERS; i++) {
            struct trial t;
            start_trial(&t, "natural_420_640x480.jpg");
            const int status = run(&t, iso, 0);
            assert_true(status == SCT_OK || status == SCT_ERR_IO);
            if (status != SCT_OK)
                assert_non_null(strstr(t.result.report.message, "is gone"));
            n_failed += status != SCT_OK;
            end_trial(&t);
        }
        assert_int_equal(n_failed, k < N_FORKERS - 1 ? 1 : 2 * N_FORKERS);
    }
    sct_isolate_free(iso); /* reaps them all the same */
    iso = NULL;
    assert_int_equal(list_children(pid, 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_what_they_are_without),
        cmocka_unit_test(input_in_memory_comes_before_the_file),
        cmocka_unit_test(what_fails_here_fails_the_job),
        cmocka_unit_test(more_threads_than_forkers_take_turns),
        cmocka_unit_test(a_child_that_dies_is_a_verdict),
        cmocka_unit_test(a_child_that_hangs_is_out_of_time),
        cmocka_unit_test(time_that_is_not_used_changes_nothing),
        cmocka_unit_test(an_output_that_was_whole_remains),
        cmocka_unit_test(what_it_says_is_kept_within_bounds),
        cmocka_unit_test(a_forker_that_dies_is_one_less),
    };
    char message[160];
    if (sct_isolate_create(&iso, N_FORKERS, message, sizeof message) != SCT_OK) {
        printf("test_isolate: skipped: %s\n", message); /* as in an emulator */
        return CANNOT_RUN;
    }
    const int result = cmocka_run_group_tests(tests, NULL, NULL);
    sct_isolate_free(iso);
    return result;
}
