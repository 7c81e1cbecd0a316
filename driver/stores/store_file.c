/* The folder store.
 *
 *     folder/holiday/photo.jpg            an object
 *     folder/.scantling/tmp/XXXX          one that is being written
 *     folder/.scantling/attributes/XX/E   what is known of the file with etag E
 *     folder/.scantling/lock
 *
 *     write --> tmp/XXXX   commit --> attributes/XX/E, then rename tmp/XXXX to its key
 *
 * The etag is inode, time of modification in nanoseconds, and size: it costs no reading, and a file
 * that is put has always a new one, because we set its time from the clock's nanoseconds. A file
 * that somebody else changes in place within the tick of the file system's own clock (some
 * milliseconds), to the same size, keeps it.
 *
 * Attributes are kept in an extended attribute of the file, user.scantling, which says of which
 * size and time it is: a file that is changed later has none. Where there are no extended attributes, or
 * none so large, they are kept beside the files, found by the file's etag and not by its key. In
 * both cases they are there before the file is, the rename switches both at once, and a file that comes
 * from elsewhere cannot inherit any. The folder .scantling may be deleted at rest; all that is lost
 * is the attributes in it.
 *
 * As in a bucket there are no folders but those on the way to objects: with the last object of a
 * folder it goes, too.
 *
 * Invariants:
 *   1. under a key there is the old object or the whole new one, never a part;
 *   2. who replaces or deletes holds the lock from looking at what is there until it is done,
 *      so conditions hold among all that use stores, and no folder goes while a file is on its
 *      way into it; if_none holds against everybody;
 *   3. what a process that was killed has left in tmp is swept away by a later one. */
#define _GNU_SOURCE 1
#include "store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "buffer.h"
#include "mem.h"
#include "paths.h"

enum { FLUSH_BYTES = 65536, STALE_S = 3600, N_TRIES = 16, TEMP_NAME_BYTES = 17 };

struct file_reader {
    struct sct_store_reader base;
    int fd;
    char etag[SCT_ETAG_BYTES]; /* when it was opened */
};

struct file_writer {
    struct sct_store_writer base;
    struct sct_put put;
    char *key;
    int fd; /* -1: committed */
    char name[TEMP_NAME_BYTES];
    size_t n_bytes; /* in the buffer */
    uint64_t total_bytes;
    unsigned char buffer[FLUSH_BYTES];
};

static struct sct_file_store *file_store_of(sct_store *s)
{
    return (struct sct_file_store *)s;
}

int sct_file_fail(sct_store *s, int error, const char *doing)
{
    const int code = error < 0 ? -error : error;
    switch (code) {
    case ENOENT: return sct_report_fail(&s->report, SCT_ERR_NOT_FOUND, "no such file");
    case ENOMEM: return SCT_ERR_MEMORY;
    case EXDEV:
    case ELOOP:
        return sct_report_fail(&s->report, SCT_ERR_DENIED,
                               "%s: a link on the way leads out of the store", doing);
    case EACCES:
    case EPERM:
    case EROFS:
        return sct_report_fail(&s->report, SCT_ERR_DENIED, "%s: %s", doing,
                               strerror(code));
    case EISDIR:
    case ENOTDIR:
    case EEXIST:
    case ENOTEMPTY:
        return sct_report_fail(&s->report, SCT_ERR_ARGUMENT,
                               "%s: a file and a folder would have the same name", doing);
    case ENAMETOOLONG:
    case EINVAL:
        return sct_report_fail(&s->report, SCT_ERR_ARGUMENT, "%s: %s", doing,
                               strerror(code));
    case EFBIG:
        return sct_report_fail(&s->report, SCT_ERR_TOO_LARGE, "%s: %s", doing,
                               strerror(code));
    default:
        return sct_report_fail(&s->report, SCT_ERR_IO, "%s: %s", doing, strerror(code));
    }
}

static int check_key(sct_store *s, const char *key)
{
    static const char own[] = SCT_FILE_OWN_FOLDER;
    const size_t n = strcspn(key, "/");
    if (n == sizeof own - 1 && strncmp(key, own, n) == 0)
        return sct_report_fail(&s->report, SCT_ERR_ARGUMENT,
                               "keys under " SCT_FILE_OWN_FOLDER " are the store's own");
    if (sct_beneath_is_path(key))
        return SCT_OK;
    return sct_report_fail(
        &s->report, SCT_ERR_ARGUMENT,
        "in a folder a key must be a path without empty parts, '.' and "
        "'..'");
}

/* ---- opening ------------------------------------------------------------------------ */

/* "file:///a%20b", "file://localhost/a" or a plain path. */
char *sct_store_folder(const char *url)
{
    static const char scheme[] = "file://", host[] = "localhost/";
    struct sct_buffer b = {0};
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return strstr(url, "://") ? NULL : sct_buffer_copy(url);
    url += sizeof scheme - 1;
    if (strncmp(url, host, sizeof host - 1) == 0)
        url += sizeof host - 2;
    if (url[0] != '/')
        return NULL;
    for (; *url; url++) {
        char c = *url;
        if (c == '%') {
            const char digits[3] = {url[1], url[1] ? url[2] : '\0', '\0'};
            char *end;
            c = (char)strtoul(digits, &end, 16);
            if (end != digits + 2 || c == '\0')
                b.has_failed = 1;
            if (b.has_failed)
                break;
            url += 2;
        }
        sct_buffer_add(&b, &c, 1);
    }
    return sct_buffer_take(&b);
}

static void close_file_store(sct_store *s)
{
    struct sct_file_store *const f = file_store_of(s);
    const int fds[] = {f->root, f->lock, f->temp, f->sides};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    sct_mem_free(f);
}

static int open_file_store(sct_store **out, const char *url,
                           const struct sct_store_spec *spec, struct sct_report *report)
{
    struct sct_file_store *const s = sct_mem_alloc(sizeof *s);
    char *const path = sct_store_folder(url);
    char *folder = NULL;
    int status = SCT_ERR_MEMORY;
    if (!s)
        goto done;
    s->base.ops = &sct_store_file;
    s->root = s->lock = s->temp = s->sides = -1;
    s->is_durable = spec->is_durable;
    if (!path || !path[0]) {
        status = sct_report_fail(report, SCT_ERR_ARGUMENT,
                                 "a folder's URL is file:///path/of/it");
        goto done;
    }
    if (spec->makes_folder && asprintf(&folder, "%s/", path) >= 0)
        sct_path_make_folders(folder); /* if it failed, opening does */
    s->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s->root < 0) {
        status =
            sct_report_fail(report, errno == ENOENT ? SCT_ERR_NOT_FOUND : SCT_ERR_DENIED,
                            "%.150s: %s", path, strerror(errno));
        goto done;
    }
    status = SCT_OK;
    *out = &s->base;
done:
    if (status != SCT_OK && s)
        close_file_store(&s->base);
    free(folder);
    sct_mem_free(path);
    return status;
}

/* Removes what was begun long ago and never finished. */
static void sweep(int temp)
{
    const int fd = openat(temp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const folder = fd >= 0 ? fdopendir(fd) : NULL;
    const time_t now = time(NULL);
    struct stat st;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        if (fstatat(temp, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && now - st.st_mtime > STALE_S)
            unlinkat(temp, e->d_name, 0);
    }
    closedir(folder);
}

/* Our own folder, made with the first object that is written. */
static int prepare_own_folder(struct sct_file_store *s)
{
    static const char own[] = SCT_FILE_OWN_FOLDER;
    if (s->lock >= 0)
        return SCT_OK;
    if (s->temp < 0) {
        s->temp = sct_beneath_make(s->root, SCT_FILE_OWN_FOLDER "/tmp");
        if (s->temp < 0)
            return sct_file_fail(&s->base, s->temp, "making " SCT_FILE_OWN_FOLDER "/tmp");
        sweep(s->temp);
    }
    if (s->sides < 0)
        s->sides = sct_beneath_make(s->root, SCT_FILE_OWN_FOLDER "/attributes");
    if (s->sides < 0)
        return sct_file_fail(&s->base, s->sides,
                             "making " SCT_FILE_OWN_FOLDER "/attributes");
    s->lock = sct_beneath_open(s->root, SCT_FILE_OWN_FOLDER "/lock",
                               O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    return s->lock < 0 ? sct_file_fail(&s->base, s->lock, own) : SCT_OK;
}

/* ---- reading ------------------------------------------------------------------------ */

void sct_file_identify(char etag[SCT_ETAG_BYTES], const struct stat *st)
{
    snprintf(etag, SCT_ETAG_BYTES, "%llx-%llx-%llx", (unsigned long long)st->st_ino,
             (unsigned long long)st->st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)st->st_mtim.tv_nsec,
             (unsigned long long)st->st_size);
}

void sct_file_describe(struct sct_object *out, const struct stat *st)
{
    sct_file_identify(out->etag, st);
    out->bytes = (uint64_t)st->st_size;
    out->mtime_s = st->st_mtim.tv_sec;
}

/* Whether the file under this key is still the one that `etag` names. */
static int is_current(const struct sct_file_store *s, const char *key, const char *etag)
{
    char now[SCT_ETAG_BYTES] = "";
    struct stat st;
    const int fd = sct_beneath_open(s->root, key, O_PATH | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (fstat(fd, &st) == 0)
        sct_file_identify(now, &st);
    close(fd);
    return strcmp(now, etag) == 0;
}

/* The open file and all that is known of it. One that is replaced meanwhile may have lost its
 * attributes when we come to read them: then the new one is looked at. */
static int open_object(struct sct_file_store *s, const char *key, const char *version,
                       int *fd, struct sct_object *out)
{
    struct stat st;
    int status = check_key(&s->base, key);
    if (status != SCT_OK)
        return status;
    if (version && version[0])
        return sct_report_fail(&s->base.report, SCT_ERR_NOT_FOUND,
                               "a folder keeps no versions");
    for (int i = 0; i < N_TRIES; i++) {
        *fd = sct_beneath_open(s->root, key, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                               0);
        if (*fd < 0)
            return sct_file_fail(&s->base, *fd == -ENOTDIR ? ENOENT : *fd, "opening");
        if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
            close(*fd);
            return sct_report_fail(&s->base.report, SCT_ERR_NOT_FOUND, "this is no file");
        }
        sct_file_describe(out, &st);
        status = sct_file_read_side(s, *fd, out);
        if (status == SCT_OK || (status == SCT_DONE && is_current(s, key, out->etag)))
            return SCT_OK;
        close(*fd);
        if (status != SCT_DONE)
            return status;
    }
    return sct_report_fail(&s->base.report, SCT_ERR_IO, "the file changes all the time");
}

static int head_file(sct_store *s, const char *key, const char *version,
                     struct sct_object *out)
{
    int fd;
    const int status = open_object(file_store_of(s), key, version, &fd, out);
    if (status == SCT_OK)
        close(fd);
    return status;
}

static int get_file(sct_store *s, const char *key, const char *version,
                    sct_store_reader **reader, struct sct_object *out)
{
    struct file_reader *const r = sct_mem_alloc(sizeof *r);
    if (!r)
        return SCT_ERR_MEMORY;
    r->base.store = s;
    const int status = open_object(file_store_of(s), key, version, &r->fd, out);
    if (status != SCT_OK) {
        sct_mem_free(r);
        return status;
    }
    memcpy(r->etag, out->etag, sizeof r->etag);
    *reader = &r->base;
    return status;
}

static int read_file(sct_store_reader *reader, void *buffer, size_t capacity, size_t *n)
{
    const struct file_reader *const r = (struct file_reader *)reader;
    ssize_t got;
    *n = 0;
    do {
        got = read(r->fd, buffer, capacity);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return sct_file_fail(reader->store, errno, "reading");
    *n = (size_t)got;
    return SCT_OK;
}

static int is_current_reader(const sct_store_reader *reader)
{
    const struct file_reader *const r = (const struct file_reader *)reader;
    char now[SCT_ETAG_BYTES];
    struct stat st;
    if (fstat(r->fd, &st) != 0)
        return 0;
    sct_file_identify(now, &st);
    return strcmp(now, r->etag) == 0;
}

static void close_file_reader(sct_store_reader *reader)
{
    close(((struct file_reader *)reader)->fd);
    sct_mem_free(reader);
}

/* ---- writing ------------------------------------------------------------------------ */

static int create_temp(struct sct_file_store *s, struct file_writer *w)
{
    for (int i = 0; i < N_TRIES; i++) {
        unsigned long long noise = 0;
        if (getrandom(&noise, sizeof noise, 0) != sizeof noise)
            return -EAGAIN;
        snprintf(w->name, sizeof w->name, "%016llx", noise);
        w->fd = openat(s->temp, w->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (w->fd >= 0 || errno != EEXIST)
            return w->fd >= 0 ? 0 : -errno;
    }
    return -EEXIST;
}

static void free_writer(struct file_writer *w)
{
    if (w->fd >= 0) {
        close(w->fd);
        unlinkat(file_store_of(w->base.store)->temp, w->name, 0);
    }
    sct_mem_free(w->key);
    sct_mem_free(w);
}

static int write_file(sct_store *s, const char *key, const struct sct_put *put,
                      sct_store_writer **writer)
{
    int status = check_key(s, key);
    if (status == SCT_OK)
        status = prepare_own_folder(file_store_of(s));
    if (status != SCT_OK)
        return status;
    struct file_writer *const w = sct_mem_alloc(sizeof *w);
    if (!w)
        return SCT_ERR_MEMORY;
    w->base.store = s;
    w->put = *put;
    w->fd = -1;
    w->key = sct_buffer_copy(key);
    status = w->key ? SCT_OK : SCT_ERR_MEMORY;
    if (status == SCT_OK) {
        const int error = create_temp(file_store_of(s), w);
        if (error)
            status = sct_file_fail(s, error, "creating a file");
    }
    if (status == SCT_OK)
        *writer = &w->base;
    else
        free_writer(w);
    return status;
}

static int write_all(struct file_writer *w, const unsigned char *data, size_t n)
{
    while (n > 0) {
        const ssize_t written = write(w->fd, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return sct_file_fail(w->base.store, errno, "writing");
        data += written;
        n -= (size_t)written;
    }
    return SCT_OK;
}

static int flush_writer(struct file_writer *w)
{
    const size_t n = w->n_bytes;
    w->n_bytes = 0;
    return write_all(w, w->buffer, n);
}

static int add_to_file(sct_store_writer *writer, const void *data, size_t n_bytes)
{
    struct file_writer *const w = (struct file_writer *)writer;
    int status = SCT_OK;
    w->total_bytes += n_bytes;
    if (n_bytes > sizeof w->buffer - w->n_bytes)
        status = flush_writer(w);
    if (status == SCT_OK && n_bytes >= sizeof w->buffer)
        return write_all(w, data, n_bytes);
    if (status == SCT_OK && n_bytes > 0) {
        memcpy(w->buffer + w->n_bytes, data, n_bytes);
        w->n_bytes += n_bytes;
    }
    return status;
}

/* The file is whole; with its time set nothing of its etag changes any more. */
static int finish_temp(struct file_writer *w, char etag[SCT_ETAG_BYTES])
{
    struct sct_store *const s = w->base.store;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 0}};
    struct stat st;
    const int status = flush_writer(w);
    if (status != SCT_OK)
        return status;
    clock_gettime(CLOCK_REALTIME, &times[1]);
    if (futimens(w->fd, times) != 0 || fstat(w->fd, &st) != 0)
        return sct_file_fail(s, errno, "writing");
    sct_file_identify(etag, &st);
    return SCT_OK;
}

/* Its attributes are the file's own, mostly, and go to the disk with it. */
static int sync_temp(struct file_writer *w)
{
    struct sct_store *const s = w->base.store;
    if (file_store_of(s)->is_durable && fsync(w->fd) != 0)
        return sct_file_fail(s, errno, "syncing");
    return SCT_OK;
}

/* With the lock held: looks at what is there, and replaces it if that is as required. *old is
 * the etag of what was replaced, or "". */
static int replace(struct file_writer *w, int folder, const char *leaf,
                   char old[SCT_ETAG_BYTES])
{
    struct sct_file_store *const s = file_store_of(w->base.store);
    struct stat st;
    old[0] = '\0';
    const int is_there = fstatat(folder, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0;
    const int is_object = !is_there || S_ISREG(st.st_mode);
    if (is_there && is_object)
        sct_file_identify(old, &st);
    if (w->put.if_match && strcmp(w->put.if_match, old) != 0)
        return sct_report_fail(&s->base.report, SCT_ERR_PRECONDITION,
                               old[0] ? "the file has been replaced since"
                                      : "the file is not there any more");
    const int error = w->put.if_none
                          ? sct_beneath_rename_new(s->temp, w->name, folder, leaf)
                      : renameat(s->temp, w->name, folder, leaf) == 0 ? 0
                                                                      : errno;
    if (error == EEXIST && w->put.if_none && is_object)
        return sct_report_fail(&s->base.report, SCT_ERR_PRECONDITION,
                               "there is a file already");
    if (error == EXDEV)
        return sct_report_fail(&s->base.report, SCT_ERR_ARGUMENT,
                               "a folder of the store is on another file system");
    return error ? sct_file_fail(&s->base, error, "renaming") : SCT_OK;
}

static int take_lock(struct sct_file_store *s)
{
    while (flock(s->lock, LOCK_EX) != 0) {
        if (errno != EINTR)
            return sct_file_fail(&s->base, errno, "locking");
    }
    return SCT_OK;
}

/* Opens the folder of a key, making it on the way; *leaf is the rest of the key. */
static int open_parent(struct sct_file_store *s, const char *key, int makes,
                       const char **leaf)
{
    char path[SCT_MAX_KEY_BYTES + 1] = "";
    const char *const slash = strrchr(key, '/');
    *leaf = slash ? slash + 1 : key;
    if (slash) {
        memcpy(path, key, (size_t)(slash - key));
        path[slash - key] = '\0';
    }
    return makes ? sct_beneath_make(s->root, path)
                 : sct_beneath_open(s->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

static int sync_folder(struct sct_file_store *s, int folder)
{
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error ? sct_file_fail(&s->base, error, "syncing the folder") : SCT_OK;
}

static int publish(struct file_writer *w, char old[SCT_ETAG_BYTES])
{
    struct sct_file_store *const s = file_store_of(w->base.store);
    const char *leaf;
    int status = take_lock(s);
    if (status != SCT_OK)
        return status;
    const int folder = open_parent(s, w->key, 1, &leaf);
    status = folder >= 0 ? replace(w, folder, leaf, old)
                         : sct_file_fail(&s->base, folder, "making the folder");
    flock(s->lock, LOCK_UN);
    if (folder < 0)
        return status;
    if (status == SCT_OK) {
        close(w->fd);
        w->fd = -1;
        if (s->is_durable)
            status = sync_folder(s, folder);
    }
    close(folder);
    return status;
}

static int commit_file(sct_store_writer *writer, struct sct_object *out)
{
    struct file_writer *const w = (struct file_writer *)writer;
    struct sct_file_store *const s = file_store_of(writer->store);
    char old[SCT_ETAG_BYTES] = "";
    int status = finish_temp(w, out->etag);
    if (status == SCT_OK)
        status = sct_file_write_side(s, w->fd, &w->put, out->etag);
    if (status == SCT_OK)
        status = sync_temp(w);
    if (status == SCT_OK)
        status = publish(w, old);
    if (w->fd >= 0 && status != SCT_OK)
        sct_file_remove_side(s, out->etag);
    else if (old[0])
        sct_file_remove_side(s, old);
    out->bytes = w->total_bytes;
    free_writer(w);
    return status;
}

static void abort_file(sct_store_writer *writer)
{
    free_writer((struct file_writer *)writer);
}

/* With the lock held: removes the folders that the key was the last object of. */
static void remove_empty_folders(const struct sct_file_store *s, const char *key)
{
    char path[SCT_MAX_KEY_BYTES + 1];
    memcpy(path, key, strlen(key) + 1);
    for (char *slash; (slash = strrchr(path, '/'));) {
        const char *leaf;
        *slash = '\0';
        const int parent = sct_beneath_open_parent(s->root, path, &leaf);
        const int failed = parent < 0 || unlinkat(parent, leaf, AT_REMOVEDIR) != 0;
        if (parent >= 0)
            close(parent);
        if (failed)
            return;
    }
}

static int remove_file(sct_store *store, const char *key, const char *version)
{
    struct sct_file_store *const s = file_store_of(store);
    char old[SCT_ETAG_BYTES];
    struct stat st;
    const char *leaf;
    int status = check_key(store, key);
    if (status != SCT_OK || (version && version[0]))
        return status; /* that version was never there */
    const int folder = open_parent(s, key, 0, &leaf);
    if (folder == -ENOENT || folder == -ENOTDIR)
        return SCT_OK;
    if (folder < 0)
        return sct_file_fail(store, folder, "deleting");
    if (fstatat(folder, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
        status = prepare_own_folder(s);
    else
        goto done; /* a folder is no object */
    if (status == SCT_OK)
        status = take_lock(s);
    if (status != SCT_OK)
        goto done;
    old[0] = '\0';
    if (fstatat(folder, leaf, &st, AT_SYMLINK_NOFOLLOW) == 0)
        sct_file_identify(old, &st);
    if (unlinkat(folder, leaf, 0) != 0 && errno != ENOENT)
        status = sct_file_fail(store, errno, "deleting");
    else
        remove_empty_folders(s, key);
    flock(s->lock, LOCK_UN);
    if (status == SCT_OK && old[0])
        sct_file_remove_side(s, old);
    if (status == SCT_OK && s->is_durable)
        status = sync_folder(s, folder);
done:
    close(folder);
    return status;
}

const struct sct_store_ops sct_store_file = {
    .scheme = "file",
    .open = open_file_store,
    .close = close_file_store,
    .head = head_file,
    .get = get_file,
    .read = read_file,
    .close_reader = close_file_reader,
    .is_current = is_current_reader,
    .write = write_file,
    .add = add_to_file,
    .commit = commit_file,
    .abort = abort_file,
    .remove = remove_file,
    .list = sct_file_list,
    .next = sct_file_list_next,
    .close_list = sct_file_list_close,
};
