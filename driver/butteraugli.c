/* See butteraugli.h. The program reads PPM (P6), which is taken for sRGB, from /dev/fd/N. */
#define _GNU_SOURCE 1
#include "butteraugli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stopwatch.h"

extern char **environ;

static const char program[] = "butteraugli_main";

enum { ANSWER_BYTES = 256 }; /* two lines */

/* ---- pictures ---------------------------------------------------------------------- */

static void write_pixel(FILE *file, const struct sct_rgb *rgb, int x, int y)
{
    for (int c = 0; c < 3; c++) {
        const uint8_t *const row = sct_plane_row(&rgb->plane[c], y);
        if (rgb->depth == 8) {
            putc_unlocked(row[x], file);
        } else {
            const int sample = ((const uint16_t *)(const void *)row)[x];
            putc_unlocked(sample >> 8, file); /* the high byte first */
            putc_unlocked(sample & 0xFF, file);
        }
    }
}

/* A file without a name; the caller closes it. NULL: it could not be written. */
static FILE *write_ppm(const struct sct_rgb *rgb)
{
    const int width = rgb->plane[0].width, height = rgb->plane[0].height;
    FILE *const file = tmpfile();
    if (!file)
        return NULL;
    fprintf(file, "P6\n%d %d\n%d\n", width, height, (1 << rgb->depth) - 1);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            write_pixel(file, rgb, x, y);
    if (fflush(file) == 0 && !ferror(file))
        return file;
    fclose(file);
    return NULL;
}

/* ---- the process ------------------------------------------------------------------- */

/* Starts it with stdout at the other end of *out. 0, or why not, as of errno. */
static int start(pid_t *child, int *out, FILE *const files[2])
{
    char path[2][32];
    int ends[2];
    posix_spawn_file_actions_t actions;
    for (int i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "/dev/fd/%d", fileno(files[i]));
    char *const words[] = {(char *)program, path[0], path[1], NULL};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int problem = posix_spawn_file_actions_init(&actions);
    if (problem == 0) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                         0);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
        problem = posix_spawnp(child, program, &actions, NULL, words, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    *out = ends[0];
    if (problem != 0)
        close(ends[0]);
    return problem;
}

/* All that it says, as a string. SCT_ERR_TIMEOUT; SCT_ERR_IO. */
static int read_answer(char answer[ANSWER_BYTES], int out, double deadline_ms)
{
    size_t n = 0;
    for (;;) {
        struct pollfd ready = {.fd = out, .events = POLLIN};
        const double left_ms = deadline_ms - sct_wall_ms();
        if (left_ms <= 0)
            return SCT_ERR_TIMEOUT;
        const int n_ready = poll(&ready, 1, left_ms > 1e9 ? -1 : (int)left_ms + 1);
        if (n_ready == 0 || (n_ready < 0 && errno == EINTR))
            continue;
        char rest[ANSWER_BYTES];
        const ssize_t got = n_ready < 0 ? -1 : read(out, rest, sizeof rest);
        if (got < 0)
            return SCT_ERR_IO;
        if (got == 0)
            break;
        const size_t room = ANSWER_BYTES - 1 - n;
        const size_t taken = (size_t)got < room ? (size_t)got : room;
        memcpy(answer + n, rest, taken);
        n += taken;
    }
    answer[n] = '\0';
    return SCT_OK;
}

/* Whether it ended well. One that is late, or has closed its stdout and goes on, is killed. */
static int finish(pid_t child, int is_late, double deadline_ms)
{
    int how;
    pid_t ended = 0;
    while (!is_late && (ended = waitpid(child, &how, WNOHANG)) == 0) {
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
        is_late = sct_wall_ms() > deadline_ms;
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        while ((ended = waitpid(child, &how, 0)) < 0 && errno == EINTR)
            ;
    }
    return ended == child && !is_late && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static int run(struct sct_butteraugli *b, FILE *const files[2], double max_seconds,
               char *message, size_t message_bytes)
{
    const double deadline_ms = sct_wall_ms() + 1e3 * max_seconds;
    char answer[ANSWER_BYTES] = "";
    pid_t child;
    int out = -1;
    const int problem = start(&child, &out, files);
    if (problem == ENOENT) {
        snprintf(message, message_bytes, "%s is not installed (Debian: libjxl-devtools)",
                 program);
        return SCT_ERR_UNSUPPORTED;
    }
    if (problem != 0) {
        snprintf(message, message_bytes, "%s: %s", program, strerror(problem));
        return SCT_ERR_IO;
    }
    int status = read_answer(answer, out, deadline_ms);
    close(out);
    const int is_fine = finish(child, status != SCT_OK, deadline_ms);
    if (status == SCT_ERR_TIMEOUT) {
        snprintf(message, message_bytes, "%s was not done after %.3g seconds", program,
                 max_seconds);
        return status;
    }
    if (status == SCT_OK && is_fine &&
        sscanf(answer, "%lf 3-norm: %lf", &b->max, &b->norm3) == 2)
        return SCT_OK;
    snprintf(message, message_bytes, "%s failed", program);
    return SCT_ERR_IO;
}

int sct_butteraugli_measure(struct sct_butteraugli *b, const struct sct_rgb *reference,
                            const struct sct_rgb *picture, double max_seconds,
                            char *message, size_t message_bytes)
{
    FILE *const files[2] = {write_ppm(reference), write_ppm(picture)};
    int status = SCT_ERR_IO;
    if (files[0] && files[1])
        status = run(b, files, max_seconds, message, message_bytes);
    else
        snprintf(message, message_bytes, "temporary files: %s", strerror(errno));
    for (int i = 0; i < 2; i++)
        if (files[i])
            fclose(files[i]);
    return status;
}
