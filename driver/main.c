/* The command: which subcommand, and everything that is the process's and not a job's. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "help.h"
#include "icc.h"
#include "isolate.h"
#include "options.h"
#include "scantling.h"
#include "text.h"

int sct_command_close_stdout(int exit_status)
{
    /* Also what was lost earlier: ferror remembers it, errno may not. */
    const int had_error = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !had_error)
        return exit_status;
    sct_text_complain("writing to stdout failed%s%s", errno ? ": " : "",
                      errno ? strerror(errno) : "");
    return exit_status == SCT_EXIT_OK ? SCT_EXIT_SOME : exit_status;
}

static int print_version(void)
{
    struct sct_dsp chosen;
    if (sct_options_choose_cpu(&chosen, NULL) != SCT_OK)
        return SCT_EXIT_USAGE;
    printf("scantling %s\n", sct_version());
    printf("libjpeg-turbo %s\n", sct_jpeg_version());
#ifdef SCT_HAVE_PNG
    printf("libspng %s\n", sct_png_version());
#endif
#ifdef SCT_HAVE_WEBP
    printf("libwebp %s\n", sct_webp_version());
#endif
    if (sct_icc_version()[0])
        printf("Little CMS %s\n", sct_icc_version());
    printf("jansson %s\n", jansson_version_str());
#ifdef SCT_HWY_VERSION
    printf("highway %s\n", SCT_HWY_VERSION);
#endif
    printf("formats:");
    for (int i = 0; sct_encoder_at(i); i++)
        printf(" %s", sct_encoder_at(i)->name);
    printf("\nICC conversion: %s\n", sct_icc_version()[0] ? "built in" : "not built in");
    char sandbox[64];
    sct_isolate_describe(sandbox, sizeof sandbox);
    printf("sandbox: %s\n", sandbox);
#ifdef SCT_HAVE_STORES
    printf("stores: file s3\n");
#endif
    printf("kernels available:");
    for (int i = 0; sct_dsp_name_at(i); i++) {
        struct sct_dsp dsp;
        if (sct_dsp_init(&dsp, sct_dsp_name_at(i)) == SCT_OK)
            printf(" %s", sct_dsp_name_at(i));
    }
    printf("\nkernel chosen: %s\n", chosen.name);
    return sct_command_close_stdout(SCT_EXIT_OK);
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *(*help)(void);
} commands[] = {
    {"resize", sct_command_resize, sct_help_resize},
    {"info", sct_command_info, sct_help_info},
    {"compare", sct_command_compare, sct_help_compare},
#ifdef SCT_HAVE_STORES
    {"watch", sct_command_watch, sct_help_watch},
    {"store", sct_command_store, sct_help_store},
    {"worker", sct_command_worker, sct_help_worker},
    {"backfill", sct_command_backfill, sct_help_backfill},
    {"redrive", sct_command_redrive, sct_help_redrive},
    {"verify", sct_command_verify, sct_help_verify},
#endif
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

static int find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return i;
    return -1;
}

static int print_help(const char *topic)
{
    const int i = topic ? find_command(topic) : -1;
    if (topic && i < 0) {
        char list[160] = "";
        for (int k = 0; k < N_COMMANDS; k++) {
            const size_t n = strlen(list);
            snprintf(list + n, sizeof list - n, " %s", commands[k].name);
        }
        sct_text_complain("help: '%s' is not one of:%s", topic, list);
        return SCT_EXIT_USAGE;
    }
    fputs(topic ? commands[i].help() : sct_help_main(), stdout);
    return sct_command_close_stdout(SCT_EXIT_OK);
}

/* A process may be started without stdin, stdout or stderr. The next file that it opens
 * would take that place, and an output be where messages are written to. So it is taken by
 * something that fails to be read or written, as before. Whether that worked. */
static int fill_standard_files(void)
{
    static const int flags[] = {[STDIN_FILENO] = O_WRONLY,
                                [STDOUT_FILENO] = O_RDONLY,
                                [STDERR_FILENO] = O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) != fd)
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (!fill_standard_files())
        return SCT_EXIT_ALL;
    /* A reader that went away, or a file size limit, is a failed write of one output,
     * which is reported and cleaned up after, and not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* who starts us may ignore it, but we wait for children */

    const char *const command = argc > 1 ? argv[1] : NULL;
    if (!command) {
        fputs(sct_help_main(), stderr);
        return SCT_EXIT_USAGE;
    }
    const int i = find_command(command);
    if (i >= 0)
        return commands[i].run(argc - 1, argv + 1);
    if (strcmp(command, "help") == 0)
        return print_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        return print_help(NULL);
    if (strcmp(command, "--version") == 0)
        return print_version();
    sct_text_complain("'%s' is not a command; see 'scantling --help'", command);
    return SCT_EXIT_USAGE;
}
