/* The subcommands: argv[0] is the subcommand's name; they return the exit status. */
#ifndef SCT_COMMANDS_H
#define SCT_COMMANDS_H

enum sct_exit {
    SCT_EXIT_OK = 0,
    SCT_EXIT_SOME = 1, /* some inputs failed */
    SCT_EXIT_USAGE = 2,
    SCT_EXIT_ALL = 3 /* no input could be processed */
};

int sct_command_resize(int argc, char **argv);
int sct_command_info(int argc, char **argv);
int sct_command_compare(int argc, char **argv);
/* What follows: where SCT_HAVE_STORES. */
int sct_command_watch(int argc, char **argv);
int sct_command_store(int argc, char **argv);
int sct_command_worker(int argc, char **argv);
int sct_command_backfill(int argc, char **argv);
int sct_command_redrive(int argc, char **argv);
int sct_command_verify(int argc, char **argv);

/* The exit status for so many inputs. */
static inline int sct_exit_for(int n_fine, int n_failed)
{
    return n_failed == 0 ? SCT_EXIT_OK : n_fine > 0 ? SCT_EXIT_SOME : SCT_EXIT_ALL;
}

/* Flushes stdout; when lines were lost there, says so and turns success into
 * SCT_EXIT_SOME. */
int sct_command_close_stdout(int exit_status);

#endif
