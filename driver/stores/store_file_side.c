/* What the folder store knows of a file beside its bytes: a small JSON text, in an extended
 * attribute of the file, or, where that cannot be, in a file named by the etag, in one of 256
 * folders. A text in an attribute says whose it is by "of": the etag without its inode, so that a copy
 * with the same attributes and time keeps them, and a file that somebody has changed does not. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "beneath.h"
#include "store_file.h"

static const char attribute[] = "user.scantling";

enum { MAX_SIDE_BYTES = 16384, PATH_BYTES = SCT_ETAG_BYTES + 8 };

/* "3f/ETAG", by the last byte of the inode's number. */
static void name_side(char path[PATH_BYTES], const char *etag)
{
    const unsigned long long inode = strtoull(etag, NULL, 16);
    snprintf(path, PATH_BYTES, "%02x/%s", (unsigned)(inode & 0xff), etag);
}

/* Size and time of a file, from its etag. */
static const char *content_of(const char *etag)
{
    return etag + strcspn(etag, "-");
}

/* The folder, which somebody else may have made since we looked. */
static int find_sides(struct sct_file_store *s)
{
    if (s->sides < 0)
        s->sides = sct_beneath_open(s->root, SCT_FILE_OWN_FOLDER "/attributes",
                                    O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    return s->sides >= 0;
}

static void take_text(char out[SCT_HEADER_BYTES], const json_t *text)
{
    if (json_is_string(text))
        snprintf(out, SCT_HEADER_BYTES, "%s", json_string_value(text));
}

/* What does not fit is left out: somebody has been editing. */
static void take_side(struct sct_object *object, json_t *root)
{
    const char *name;
    json_t *value;
    take_text(object->content_type, json_object_get(root, "content_type"));
    take_text(object->cache_control, json_object_get(root, "cache_control"));
    json_object_foreach(json_object_get(root, "attributes"), name, value)
    {
        if (json_is_string(value))
            sct_attributes_set(&object->attributes, name, json_string_value(value));
    }
}

/* Whether the file itself has it. */
static int read_attribute(int fd, struct sct_object *object)
{
    char text[MAX_SIDE_BYTES];
    const ssize_t n = fgetxattr(fd, attribute, text, sizeof text);
    json_t *const root = n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
    const char *const of = json_string_value(json_object_get(root, "of"));
    const int is_its = of && strcmp(of, content_of(object->etag)) == 0;
    if (is_its)
        take_side(object, root);
    json_decref(root);
    return is_its;
}

int sct_file_read_side(struct sct_file_store *s, int file, struct sct_object *object)
{
    if (read_attribute(file, object))
        return SCT_OK;
    char path[PATH_BYTES], text[MAX_SIDE_BYTES];
    name_side(path, object->etag);
    const int fd = find_sides(s)
                       ? sct_beneath_open(s->sides, path, O_RDONLY | O_CLOEXEC, 0)
                       : -ENOENT;
    if (fd < 0)
        return SCT_DONE;
    const ssize_t n = read(fd, text, sizeof text);
    close(fd);
    json_t *const root = n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
    take_side(object, root);
    json_decref(root);
    return SCT_OK;
}

static json_t *make_side(const struct sct_put *put)
{
    json_t *const root = json_object(), *const attributes = json_object();
    const char *name, *value;
    int failed = 0;
    if (put->content_type)
        failed |=
            json_object_set_new(root, "content_type", json_string(put->content_type));
    if (put->cache_control)
        failed |=
            json_object_set_new(root, "cache_control", json_string(put->cache_control));
    for (size_t at = 0;
         put->attributes && sct_attributes_next(put->attributes, &at, &name, &value);)
        failed |= json_object_set_new(attributes, name, json_string(value));
    failed |= json_object_set_new(root, "attributes", attributes);
    if (!failed)
        return root;
    json_decref(root);
    return NULL;
}

/* Whether it fits there. */
static int write_attribute(int fd, json_t *root, const char *etag)
{
    char *text = NULL;
    if (json_object_set_new(root, "of", json_string(content_of(etag))) == 0)
        text = json_dumps(root, JSON_COMPACT);
    const int fits = text && fsetxattr(fd, attribute, text, strlen(text), 0) == 0;
    free(text);
    return fits;
}

static int write_beside(struct sct_file_store *s, json_t *root, const char *etag)
{
    char path[PATH_BYTES], folder_name[3];
    name_side(path, etag);
    snprintf(folder_name, sizeof folder_name, "%.2s", path);
    const int folder = sct_beneath_make(s->sides, folder_name);
    if (folder >= 0)
        close(folder);
    const int fd = folder < 0
                       ? folder
                       : sct_beneath_open(s->sides, path,
                                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int status = SCT_OK;
    if (fd < 0 || json_dumpfd(root, fd, JSON_COMPACT) != 0 ||
        (s->is_durable && fsync(fd) != 0))
        status = sct_file_fail(&s->base,
                               fd < 0  ? fd
                               : errno ? errno
                                       : EIO,
                               "writing attributes");
    if (fd >= 0)
        close(fd);
    return status;
}

int sct_file_write_side(struct sct_file_store *s, int fd, const struct sct_put *put,
                        const char *etag)
{
    if (!put->content_type && !put->cache_control && !put->attributes)
        return SCT_OK;
    json_t *const root = make_side(put);
    if (!root)
        return sct_report_fail(&s->base.report, SCT_ERR_ARGUMENT,
                               "content type and cache control must be UTF-8");
    const int status =
        write_attribute(fd, root, etag) ? SCT_OK : write_beside(s, root, etag);
    json_decref(root);
    return status;
}

void sct_file_remove_side(struct sct_file_store *s, const char *etag)
{
    char path[PATH_BYTES];
    if (!etag[0] || !find_sides(s))
        return;
    name_side(path, etag);
    unlinkat(s->sides, path, 0);
}
