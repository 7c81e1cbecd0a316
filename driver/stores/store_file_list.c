/* Lists of a folder, in the order of the keys' bytes: folders are walked in the order of their
 * names with a slash behind, since "a-b" comes before "a/b" and that before "a0". Links are
 * not listed. */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"
#include "buffer.h"
#include "mem.h"
#include "store_file.h"

enum { MAX_LEVELS = 64 };

/* An open folder and the names in it, those of folders with a slash behind. */
struct level {
    DIR *folder;
    char **name; /* [n], sorted, into `names` */
    size_t i, n;
    struct sct_buffer names;
    size_t path_bytes; /* of this folder's path, with its slash */
};

struct file_list {
    struct sct_store_list base;
    char *prefix, *after;
    char path[SCT_MAX_KEY_BYTES + 1]; /* of the innermost level */
    int n_levels;
    struct level level[MAX_LEVELS];
};

static void close_level(struct level *v)
{
    if (v->folder)
        closedir(v->folder);
    sct_mem_free(v->name);
    sct_buffer_free(&v->names);
    memset(v, 0, sizeof *v);
}

void sct_file_list_close(sct_store_list *list)
{
    struct file_list *const l = (struct file_list *)list;
    while (l->n_levels > 0)
        close_level(&l->level[--l->n_levels]);
    sct_mem_free(l->prefix);
    sct_mem_free(l->after);
    sct_mem_free(l);
}

static int compare_names(const void *a, const void *b)
{
    const char *const *const x = a, *const *const y = b;
    return strcmp(*x, *y);
}

/* 'd', 'f', or 0 for what is not listed. */
static char classify(DIR *folder, const struct dirent *e)
{
    struct stat st;
    if (e->d_type == DT_DIR)
        return 'd';
    if (e->d_type == DT_REG)
        return 'f';
    if (e->d_type != DT_UNKNOWN ||
        fstatat(dirfd(folder), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : 0;
}

static int is_ours(const struct file_list *l, const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           (l->n_levels == 0 && strcmp(name, SCT_FILE_OWN_FOLDER) == 0);
}

/* Reads and sorts the names of an open folder. 0 or an errno. */
static int read_names(const struct file_list *l, struct level *v)
{
    errno = 0;
    for (const struct dirent *e = readdir(v->folder); e; e = readdir(v->folder)) {
        const char kind = is_ours(l, e->d_name) ? 0 : classify(v->folder, e);
        if (kind) {
            sct_buffer_text(&v->names, e->d_name);
            sct_buffer_add(&v->names, "/", kind == 'd' ? 2 : 0); /* with its zero */
            sct_buffer_add(&v->names, "", kind == 'd' ? 0 : 1);
            v->n++;
        }
        errno = 0;
    }
    if (errno)
        return errno;
    v->name = sct_mem_alloc(sct_size_mul(v->n, sizeof *v->name));
    if (!v->name || v->names.has_failed)
        return ENOMEM;
    char *name = v->names.data;
    for (size_t i = 0; i < v->n; i++, name += strlen(name) + 1)
        v->name[i] = name;
    if (v->n > 1)
        qsort(v->name, v->n, sizeof *v->name, compare_names);
    return 0;
}

/* Goes down into the folder l->path. One that is gone by now is empty. */
static int push_level(struct file_list *l)
{
    struct sct_file_store *const s = (struct sct_file_store *)l->base.store;
    struct level *const v = &l->level[l->n_levels];
    const size_t n = strlen(l->path);
    char path[SCT_MAX_KEY_BYTES + 1];
    if (l->n_levels == MAX_LEVELS)
        return sct_report_fail(&s->base.report, SCT_ERR_TOO_LARGE,
                               "more than %d folders in each other", MAX_LEVELS);
    memcpy(path, l->path, n + 1);
    if (n > 0)
        path[n - 1] = '\0';
    memset(v, 0, sizeof *v);
    v->path_bytes = n;
    const int fd = sct_beneath_open(s->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    int error = 0;
    if (fd < 0 && n > 0 && (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP))
        return SCT_OK;
    if (fd < 0)
        error = -fd;
    else if ((v->folder = fdopendir(fd)) == NULL) {
        error = errno;
        close(fd);
    } else {
        error = read_names(l, v);
    }
    if (error) {
        close_level(v);
        return sct_file_fail(&s->base, error, "listing");
    }
    l->n_levels++;
    return SCT_OK;
}

int sct_file_list(sct_store *s, const char *prefix, const char *after,
                  sct_store_list **list)
{
    struct file_list *const l = sct_mem_alloc(sizeof *l);
    if (!l)
        return SCT_ERR_MEMORY;
    l->base.store = s;
    l->prefix = sct_buffer_copy(prefix);
    l->after = sct_buffer_copy(after);
    const int status = l->prefix && l->after ? push_level(l) : SCT_ERR_MEMORY;
    if (status == SCT_OK)
        *list = &l->base;
    else
        sct_file_list_close(&l->base);
    return status;
}

/* Whether the folder l->path may hold what is asked for. */
static int is_wanted_folder(const struct file_list *l)
{
    const size_t n = strlen(l->path), n_prefix = strlen(l->prefix);
    if (strncmp(l->path, l->prefix, n < n_prefix ? n : n_prefix) != 0)
        return 0;
    return strcmp(l->path, l->after) > 0 || strncmp(l->after, l->path, n) == 0;
}

static int is_wanted_file(const struct file_list *l)
{
    return strncmp(l->path, l->prefix, strlen(l->prefix)) == 0 &&
           strcmp(l->path, l->after) > 0;
}

int sct_file_list_next(sct_store_list *list, struct sct_object *out)
{
    struct file_list *const l = (struct file_list *)list;
    while (l->n_levels > 0) {
        struct level *const v = &l->level[l->n_levels - 1];
        struct stat st;
        if (v->i == v->n) {
            close_level(v);
            l->n_levels--;
            continue;
        }
        const char *const name = v->name[v->i++];
        const size_t n = strlen(name);
        if (n >= sizeof l->path - v->path_bytes)
            continue; /* no key is that long */
        memcpy(l->path + v->path_bytes, name, n + 1);
        if (name[n - 1] == '/') {
            const int status = is_wanted_folder(l) ? push_level(l) : SCT_OK;
            if (status != SCT_OK)
                return status;
        } else if (is_wanted_file(l) &&
                   fstatat(dirfd(v->folder), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISREG(st.st_mode))
        {
            memcpy(out->key, l->path, v->path_bytes + n + 1);
            sct_file_describe(out, &st);
            return SCT_OK;
        }
    }
    return SCT_DONE;
}
