/* The folder of failed inputs.
 *
 *     take, under the lock:   choose a place -> intent -> marker -> move -> line -> drop the intent
 *
 *     killed after            left                            at the next start
 *     the intent, the marker  the input, the intent           the intent is dropped; it fails again, or
 *                                                             is fine and the marker goes
 *     a copy, not the unlink  both, the intent                unlink -> line -> drop
 *     the move                the moved input, the intent     line -> drop
 *     the line                that, the line, the intent      the line is found by its id -> drop
 *
 * Intents are files in .intents: the line that is going to be written. A line is one write, and a
 * torn one, of a full disk, is ended before the next. A marker is there before its input is gone:
 * nobody ever sees a source that is neither there nor held. */
#define _GNU_SOURCE 1
#include "failures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "buffer.h"
#include "clock.h"
#include "mark.h"
#include "mem.h"
#include "move_file.h"
#include "paths.h"
#include "status.h"
#include "text.h"

struct sct_failures {
    pthread_mutex_t lock;
    char *folder;
    int source, log;
    unsigned n_taken;
    sct_tempfiles *tempfiles;
};

static int fail(char *message, size_t n, const char *what, int error)
{
    snprintf(message, n, "%s: %s", what, strerror(error));
    return error == ENOMEM ? SCT_ERR_MEMORY : SCT_ERR_IO;
}

/* FOLDER/name; NULL when there is no memory. */
static char *path_in(const sct_failures *f, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", f->folder, name) < 0 ? NULL : path;
}

/* ---- lines ------------------------------------------------------------------------- */

static int append_line(const sct_failures *f, const char *line)
{
    char *text = NULL, last = '\n';
    const off_t end = lseek(f->log, 0, SEEK_END);
    if (end > 0 && pread(f->log, &last, 1, end - 1) != 1)
        return errno;
    const int n = asprintf(&text, "%s%s\n", last == '\n' ? "" : "\n", line);
    if (n < 0)
        return ENOMEM;
    errno = 0;
    const int error = write(f->log, text, (size_t)n) == n ? 0 : errno ? errno : ENOSPC;
    free(text);
    return error;
}

/* Whether a line with this id is there: one of the last, since there is an intent for it. */
static int has_line(const sct_failures *f, const char *id)
{
    enum { TAIL_BYTES = 1 << 22 };
    const off_t end = lseek(f->log, 0, SEEK_END);
    const off_t begin = end > TAIL_BYTES ? end - TAIL_BYTES : 0;
    char *const tail = malloc(TAIL_BYTES), wanted[80];
    const int length = snprintf(wanted, sizeof wanted, "\"id\":\"%s\"}\n", id);
    const ssize_t n = tail ? pread(f->log, tail, TAIL_BYTES, begin) : 0;
    const int is_there = n > 0 && memmem(tail, (size_t)n, wanted, (size_t)length) != NULL;
    free(tail);
    return is_there;
}

static json_t *make_string(const char *bytes)
{
    char *const text = sct_text_utf8(bytes);
    json_t *const string = text ? json_string(text) : NULL;
    free(text);
    return string;
}

/* "name", and "name_encoded" where that has lost bytes. Whether it failed. */
static int set_path(json_t *o, const char *name, const char *path)
{
    struct sct_buffer encoded = {0};
    char key[32];
    int failed = json_object_set_new(o, name, make_string(path));
    if (sct_text_is_utf8(path))
        return failed;
    snprintf(key, sizeof key, "%s_encoded", name);
    sct_buffer_encode(&encoded, path, 1);
    char *const text = sct_buffer_take(&encoded);
    failed |= json_object_set_new(o, key, text ? json_string(text) : NULL);
    sct_mem_free(text);
    return failed;
}

/* NULL when there is no memory; the caller frees it. The id comes last: has_line relies on it. */
static char *make_line(const struct sct_failed_input *input, const char *where,
                       const char *id)
{
    char now[SCT_CLOCK_BYTES];
    json_t *const o = json_object();
    sct_clock_print(now);
    int failed = json_object_set_new(o, "time", json_string(now));
    failed |= set_path(o, "path", input->key);
    failed |= set_path(o, "failed", where);
    failed |= json_object_set_new(o, "verdict", json_string(input->verdict));
    failed |= json_object_set_new(o, "message", make_string(input->message));
    failed |= json_object_set_new(o, "permanent", json_boolean(input->is_permanent));
    failed |= json_object_set_new(o, "mark", json_string(input->mark));
    failed |= json_object_set_new(o, "id", json_string(id));
    char *const line = failed ? NULL : json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return line;
}

/* ---- intents ----------------------------------------------------------------------- */

static char *name_intent(const sct_failures *f, const char *id)
{
    char *path = NULL;
    return asprintf(&path, "%s/.intents/%s", f->folder, id) < 0 ? NULL : path;
}

/* The line, with the key and the place as they are: a line can hold UTF-8 only. */
static int write_intent(const sct_failures *f, const char *path, const char *line,
                        const char *key, const char *where)
{
    int fd;
    char *temp, *text = NULL;
    const int n = asprintf(&text, "%s%c%s%c%s", line, '\0', key, '\0', where);
    int error = n < 0 ? ENOMEM : sct_tempfiles_open(f->tempfiles, path, &fd, &temp);
    if (!error) {
        errno = 0;
        if (write(fd, text, (size_t)n) != n)
            error = errno ? errno : ENOSPC;
        if (close(fd) != 0 && !error)
            error = errno;
        if (error)
            sct_tempfiles_discard(f->tempfiles, temp);
        else
            error = sct_tempfiles_publish(f->tempfiles, temp, path);
    }
    if (n >= 0)
        free(text);
    return error;
}

/* Whether the file with this mark has been moved, or copied whole; then it is only here when this returns. A copy has
 * the same size and time; anything else is somebody else's. */
static int complete_move(const sct_failures *f, const char *key, const char *where,
                         const char *mark)
{
    struct stat st;
    char here[SCT_MARK_BYTES] = "";
    const char *leaf;
    char *const path = path_in(f, where);
    if (path && lstat(path, &st) == 0)
        sct_mark_print(here, &st);
    free(path);
    if (!here[0] || !sct_mark_is_still(f->source, key, mark))
        return here[0] != '\0';
    if (strcmp(here, mark) != 0)
        return 0;
    const int folder = sct_beneath_open_parent(f->source, key, &leaf);
    if (folder >= 0) {
        unlinkat(folder, leaf, 0);
        close(folder);
    }
    return 1;
}

/* 0 or an errno. One that makes no sense is dropped. */
static int complete_intent(const sct_failures *f, const char *path)
{
    enum { MAX_BYTES = 1 << 16 };
    char *const text = calloc(1, MAX_BYTES + 1);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const ssize_t n = text && fd >= 0 ? read(fd, text, MAX_BYTES) : -1;
    int error = 0;
    if (fd >= 0)
        close(fd);
    const size_t used = n > 0 ? strlen(text) + 1 : 0;
    json_t *const line = used ? json_loads(text, 0, NULL) : NULL;
    if (line && used < (size_t)n) {
        const char *const key = text + used, *const where = key + strlen(key) + 1;
        const char *const mark = json_string_value(json_object_get(line, "mark"));
        const char *const id = json_string_value(json_object_get(line, "id"));
        if (mark && id && where < text + n && complete_move(f, key, where, mark) &&
            !has_line(f, id))
            error = append_line(f, text);
    }
    json_decref(line);
    free(text);
    if (!error)
        unlink(path);
    return error;
}

static int complete_intents(const sct_failures *f)
{
    char *const folder = path_in(f, ".intents");
    DIR *const dir = folder ? opendir(folder) : NULL;
    int error = 0;
    for (const struct dirent *e; dir && !error && (e = readdir(dir));) {
        char *const path = name_intent(f, e->d_name);
        if (path && e->d_name[0] == '.' && strstr(e->d_name, ".part"))
            unlink(path); /* never became one */
        else if (path && e->d_name[0] != '.')
            error = complete_intent(f, path);
        free(path);
    }
    if (dir)
        closedir(dir);
    free(folder);
    return error;
}

/* ---- markers ----------------------------------------------------------------------- */

static char *name_marker(const sct_failures *f, const char *source)
{
    char *path = NULL;
    return asprintf(&path, "%s/.held/%s", f->folder, source) < 0 ? NULL : path;
}

/* 0 or an errno; *is_new: it was not there. What is in it is for people, and may be lost. */
static int hold(const sct_failures *f, const struct sct_failed_input *input, int *is_new)
{
    char *const path = input->source ? name_marker(f, input->source) : NULL;
    int error = 0;
    *is_new = 0;
    if (!input->source)
        return 0;
    const int fd =
        path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666)
             : -1;
    if (fd >= 0) {
        *is_new = 1;
        (void)!write(fd, input->key, strlen(input->key));
        close(fd);
    } else {
        error = !path ? ENOMEM : errno == EEXIST ? 0 : errno;
    }
    free(path);
    return error;
}

int sct_failures_holds(const sct_failures *f, const char *source)
{
    char *const path = name_marker(f, source);
    struct stat st;
    const int is_held = !path || lstat(path, &st) == 0 || errno != ENOENT;
    free(path);
    return is_held;
}

int sct_failures_release(const sct_failures *f, const char *source)
{
    char *const path = name_marker(f, source);
    const int error = !path ? ENOMEM : unlink(path) == 0 || errno == ENOENT ? 0 : errno;
    free(path);
    return error;
}

int sct_failures_differ(const sct_failures *f, const char *name, const char *text)
{
    char there[80], *const path = name_marker(f, name);
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    const ssize_t n = fd >= 0 ? read(fd, there, sizeof there - 1) : 0;
    if (fd >= 0)
        close(fd);
    free(path);
    there[n > 0 ? n : 0] = '\0';
    return n > 0 && strcmp(there, text) != 0;
}

int sct_failures_keep(const sct_failures *f, const char *name, const char *text)
{
    int fd;
    char *temp, *const path = name_marker(f, name);
    int error = path ? sct_tempfiles_open(f->tempfiles, path, &fd, &temp) : ENOMEM;
    if (!error) {
        const ssize_t n = (ssize_t)strlen(text);
        error = write(fd, text, (size_t)n) == n ? 0 : errno ? errno : ENOSPC;
        close(fd);
        if (error)
            sct_tempfiles_discard(f->tempfiles, temp);
        else
            error = sct_tempfiles_publish(f->tempfiles, temp, path);
    }
    free(path);
    return error;
}

/* ---- taking ------------------------------------------------------------------------ */

/* The key, with ".1", ".2", ... before its extension where there is something already. NULL when
 * there is no memory; the caller frees it. */
static char *choose_place(const sct_failures *f, const char *key)
{
    const char *const leaf = sct_path_leaf(key), *const dot = strrchr(leaf, '.');
    const int n = (int)((dot && dot != leaf ? dot : leaf + strlen(leaf)) - key);
    for (unsigned i = 0;; i++) {
        char *where = NULL;
        struct stat st;
        const int failed = i == 0 ? !(where = strdup(key))
                                  : asprintf(&where, "%.*s.%u%s", n, key, i, key + n) < 0;
        char *const path = failed ? NULL : path_in(f, where);
        if (!path) {
            if (!failed)
                free(where);
            return NULL;
        }
        const int is_free = lstat(path, &st) != 0;
        free(path);
        if (is_free)
            return where;
        free(where);
    }
}

static int take_locked(sct_failures *f, const struct sct_failed_input *input,
                       char **where, char *message, size_t message_bytes)
{
    char id[48];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, sizeof id, "%llx.%lx.%x", (unsigned long long)now.tv_sec,
             (unsigned long)now.tv_nsec, f->n_taken++);
    *where = choose_place(f, input->key);
    char *const path = *where ? path_in(f, *where) : NULL;
    char *const line = *where ? make_line(input, *where, id) : NULL;
    char *const intent = name_intent(f, id);
    int status = SCT_ERR_MEMORY, is_new;
    if (!path || !line || !intent)
        goto done;
    int error = write_intent(f, intent, line, input->key, *where);
    if (error) {
        status = fail(message, message_bytes, intent, error);
        goto done;
    }
    error = hold(f, input, &is_new);
    if (!error)
        error = sct_move_file(f->source, input->key, path, f->tempfiles);
    if (error) {
        if (is_new)
            sct_failures_release(f, input->source);
        status = error == ENOENT ? SCT_DONE : fail(message, message_bytes, path, error);
        unlink(intent);
        goto done;
    }
    error = append_line(f, line);
    status = error ? fail(message, message_bytes, "failures.jsonl", error) : SCT_OK;
    if (!error)
        unlink(intent); /* otherwise the next start writes the line */
done:
    free(path);
    free(line);
    free(intent);
    return status;
}

/* Whether it is still what failed, and nobody is writing it. */
static int is_at_rest(const sct_failures *f, const struct sct_failed_input *input)
{
    char mark[SCT_MARK_BYTES];
    struct stat st;
    const int fd = sct_mark_open(f->source, input->key, &st, mark);
    if (fd < 0)
        return 0;
    const int is_at_rest = strcmp(mark, input->mark) == 0 && sct_mark_has_writer(fd) != 1;
    close(fd);
    return is_at_rest;
}

int sct_failures_take(sct_failures *f, const struct sct_failed_input *input, char **where,
                      char *message, size_t message_bytes)
{
    int status = SCT_DONE;
    *where = NULL;
    message[0] = '\0';
    pthread_mutex_lock(&f->lock);
    if (is_at_rest(f, input))
        status = take_locked(f, input, where, message, message_bytes);
    pthread_mutex_unlock(&f->lock);
    if (status != SCT_OK) {
        free(*where);
        *where = NULL;
    }
    return status;
}

int sct_failures_create(sct_failures **out, const char *folder, int source,
                        sct_tempfiles *tempfiles, char *message, size_t message_bytes)
{
    sct_failures *const f = calloc(1, sizeof *f);
    int error = ENOMEM;
    *out = NULL;
    if (!f || pthread_mutex_init(&f->lock, NULL) != 0) {
        free(f);
        return SCT_ERR_MEMORY;
    }
    f->log = -1;
    f->source = source;
    f->tempfiles = tempfiles;
    f->folder = strdup(folder);
    char *const log = f->folder ? path_in(f, "failures.jsonl") : NULL;
    char *const intents = f->folder ? name_intent(f, "") : NULL;
    char *const markers = f->folder ? name_marker(f, "") : NULL;
    if (log && intents && markers) {
        error = sct_path_make_folders(intents);
        if (!error)
            error = sct_path_make_folders(markers);
        if (!error)
            f->log =
                open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (!error && f->log < 0)
            error = errno;
        if (!error)
            error = complete_intents(f);
    }
    free(markers);
    free(intents);
    free(log);
    if (error) {
        sct_failures_free(f);
        return fail(message, message_bytes, folder, error);
    }
    *out = f;
    return SCT_OK;
}

void sct_failures_free(sct_failures *f)
{
    if (!f)
        return;
    if (f->log >= 0)
        close(f->log);
    pthread_mutex_destroy(&f->lock);
    free(f->folder);
    free(f);
}
