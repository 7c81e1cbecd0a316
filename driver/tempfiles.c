/* Temporary files and the guard over them.
 *
 *     open      lock { create the file, note it }   unlock
 *     publish   lock { rename it, forget it }       unlock
 *     discard   lock { unlink it, forget it }       unlock
 *     a signal  lock { unlink all }  and die, never unlocking
 *
 * Invariants:
 *   1. under the lock, exactly the temporary files that exist are noted;
 *   2. after a signal nobody can create, rename or note one any more.
 *
 * A thread in sigwait needs no async-signal-safe code and no global state, unlike a
 * handler. */
#define _GNU_SOURCE 1
#include "tempfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"
#include "status.h"

struct sct_tempfiles {
    pthread_mutex_t lock;
    pthread_t guard;
    int is_guarded;
    sigset_t signals, old_mask;
    mode_t umask;
    char **noted;
    size_t n_noted, capacity;
};

void sct_tempfiles_abandon(sct_tempfiles *t)
{
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->n_noted; i++)
        unlink(t->noted[i]);
}

static void *guard_files(void *p)
{
    struct sct_tempfiles *const t = p;
    int sig;
    while (sigwait(&t->signals, &sig) != 0)
        ;
    if (sig ==
        SIGRTMIN) /* of our own: pthread_cancel needs a library that may not be there */
        return NULL;
    sct_tempfiles_abandon(t);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, sig);
    signal(sig, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    raise(sig);
    _exit(128 + sig);
}

int sct_tempfiles_create_unguarded(sct_tempfiles **out)
{
    *out = NULL;
    struct sct_tempfiles *const t = calloc(1, sizeof *t);
    if (!t)
        return SCT_ERR_MEMORY;
    if (pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return SCT_ERR_MEMORY;
    }
    t->umask = umask(0);
    umask(t->umask);
    *out = t;
    return SCT_OK;
}

int sct_tempfiles_create(sct_tempfiles **out)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    struct sct_tempfiles *t;
    int status = sct_tempfiles_create_unguarded(&t);
    *out = t;
    if (status != SCT_OK)
        return status;
    sigemptyset(&t->signals);
    sigaddset(&t->signals, SIGRTMIN);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct sigaction action;
        /* nohup and background jobs of a shell ignore some of them; so do we then. */
        if (sigaction(wanted[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&t->signals, wanted[i]);
    }
    pthread_sigmask(SIG_BLOCK, &t->signals, &t->old_mask);
    t->is_guarded = pthread_create(&t->guard, NULL, guard_files, t) == 0;
    if (t->is_guarded)
        return SCT_OK;
    pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
    sct_tempfiles_free(t);
    *out = NULL;
    return SCT_ERR_MEMORY;
}

void sct_tempfiles_free(sct_tempfiles *t)
{
    if (!t)
        return;
    if (t->is_guarded) {
        pthread_kill(t->guard, SIGRTMIN);
        pthread_join(t->guard,
                     NULL); /* never returns if the guard is on a signal: good */
    }
    for (size_t i = 0; i < t->n_noted; i++) {
        unlink(t->noted[i]);
        free(t->noted[i]);
    }
    if (t->is_guarded)
        pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
    pthread_mutex_destroy(&t->lock);
    free(t->noted);
    free(t);
}

mode_t sct_tempfiles_umask(const sct_tempfiles *t)
{
    return t->umask;
}

int sct_tempfiles_open(sct_tempfiles *t, const char *path, int *fd, char **temp)
{
    enum {
        MAX_LEAF = 240
    }; /* a name has 255 bytes; ".", ".XXXXXX" and ".part" need 13 */
    const char *const leaf = sct_path_leaf(path);
    int error = 0;
    *temp = NULL;
    *fd = -1;
    if (asprintf(temp, "%.*s.%.*s.XXXXXX.part", (int)(leaf - path), path, MAX_LEAF,
                 leaf) < 0) {
        *temp = NULL;
        return ENOMEM;
    }
    pthread_mutex_lock(&t->lock);
    if (t->n_noted == t->capacity) {
        const size_t capacity = t->capacity ? t->capacity * 2 : 16;
        char **const larger = realloc(t->noted, capacity * sizeof *larger);
        if (!larger) {
            error = ENOMEM;
            goto done;
        }
        t->noted = larger;
        t->capacity = capacity;
    }
    *fd = mkostemps(*temp, 5, O_CLOEXEC);
    if (*fd < 0) {
        error = errno;
        goto done;
    }
    t->noted[t->n_noted++] = *temp;
done:
    pthread_mutex_unlock(&t->lock);
    if (error) {
        free(*temp);
        *temp = NULL;
    }
    return error;
}

/* With the lock held. */
static void forget_file(struct sct_tempfiles *t, const char *temp)
{
    for (size_t i = 0; i < t->n_noted; i++) {
        if (t->noted[i] == temp) {
            t->noted[i] = t->noted[--t->n_noted];
            return;
        }
    }
}

int sct_tempfiles_publish(sct_tempfiles *t, char *temp, const char *path)
{
    pthread_mutex_lock(&t->lock);
    const int error = rename(temp, path) == 0 ? 0 : errno;
    if (error)
        unlink(temp);
    forget_file(t, temp);
    pthread_mutex_unlock(&t->lock);
    free(temp);
    return error;
}

void sct_tempfiles_discard(sct_tempfiles *t, char *temp)
{
    pthread_mutex_lock(&t->lock);
    unlink(temp);
    forget_file(t, temp);
    pthread_mutex_unlock(&t->lock);
    free(temp);
}
