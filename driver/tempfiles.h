/* Temporary files: made next to their final name, and gone whatever happens short of
 * SIGKILL.
 *
 * One guard per process. From create to free it holds SIGINT, SIGTERM and SIGHUP (those
 * that are not ignored) and waits for them on a thread of its own; when one arrives,
 * every temporary file is removed and the process dies of that signal, as its parent
 * expects. Create it before any other thread, so that all of them leave the signals to
 * it. Who answers signals by itself does without the guard. */
#ifndef SCT_TEMPFILES_H
#define SCT_TEMPFILES_H

#include <sys/types.h>

typedef struct sct_tempfiles sct_tempfiles;

/* SCT_OK or SCT_ERR_MEMORY; *out is NULL on failure. */
int sct_tempfiles_create(sct_tempfiles **out);

/* The same, and signals are left alone. */
int sct_tempfiles_create_unguarded(sct_tempfiles **out);

void sct_tempfiles_free(sct_tempfiles *t); /* removes what is left; accepts NULL */

/* Creates `.name.XXXXXX.part` in the folder of `path`, readable by nobody else: *fd is
 * open for writing, *temp is its path, to be handed to exactly one of the next two. 0 or
 * an errno. */
int sct_tempfiles_open(sct_tempfiles *t, const char *path, int *fd, char **temp);

/* Renames it to `path`, replacing what is there; takes *temp over in any case, and on
 * failure removes the file. 0 or an errno. */
int sct_tempfiles_publish(sct_tempfiles *t, char *temp, const char *path);

/* Removes it and takes *temp over. */
void sct_tempfiles_discard(sct_tempfiles *t, char *temp);

/* Removes all of them, and lets nobody make, rename or remove one any more: for who is about to end
 * the process. */
void sct_tempfiles_abandon(sct_tempfiles *t);

/* The process's umask, looked up once: asking means setting it. */
mode_t sct_tempfiles_umask(const sct_tempfiles *t);

#endif
