/* Paths: see the header. The canonical spelling is for comparing only; files are opened
 * under the name that the user gave. */
#define _GNU_SOURCE 1
#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "status.h"

const char *sct_path_leaf(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Appends the parts of `rest` to the absolute folder *base, minding "." and "..". Takes
 * *base over; NULL when there is no memory. */
static char *append_parts(char *base, char *rest)
{
    char *save = NULL;
    for (char *part = strtok_r(rest, "/", &save); part && base;
         part = strtok_r(NULL, "/", &save))
    {
        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            char *const slash = strrchr(base, '/');
            if (slash)
                *slash = '\0';
            continue;
        }
        char *longer = NULL;
        if (asprintf(&longer, "%s/%s", base, part) < 0)
            longer = NULL;
        free(base);
        base = longer;
    }
    return base;
}

char *sct_path_canonical(const char *path)
{
    char *const head = strdup(path), *const tail = strdup(path);
    char *base = NULL;
    if (!head || !tail)
        goto done;
    /* The longest prefix that exists, shortened part by part; the leaf is never resolved.
     */
    size_t n = (size_t)(sct_path_leaf(path) - path);
    for (;;) {
        head[n] = '\0';
        base = realpath(n > 0 ? head : ".", NULL);
        if (base || n == 0 || errno == ENOMEM)
            break;
        while (n > 0 && head[n - 1] == '/')
            n--;
        while (n > 0 && head[n - 1] != '/')
            n--;
    }
    if (base && strcmp(base, "/") == 0)
        base[0] = '\0';
    if (base)
        base = append_parts(base, tail + n);
done:
    free(tail);
    free(head);
    return base;
}

int sct_path_find_file(const char *path, struct stat *st)
{
    if (stat(path, st) == 0)
        return S_ISREG(st->st_mode);
    char *const canonical = sct_path_canonical(path);
    if (!canonical)
        return errno == ENOMEM ? SCT_ERR_MEMORY : 0;
    const int is_file = stat(canonical, st) == 0 && S_ISREG(st->st_mode);
    free(canonical);
    return is_file;
}

int sct_path_make_folders(const char *path)
{
    char *const copy = strdup(path);
    if (!copy)
        return ENOMEM;
    int error = 0;
    for (char *slash = strchr(copy + 1, '/'); copy[0] && slash && !error;
         slash = strchr(slash + 1, '/'))
    {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            /* On the way through folders that are not ours mkdir may fail for other
             * reasons than a missing folder; what counts is whether it is there. */
            const int why = errno;
            struct stat st;
            error = stat(copy, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : why;
        }
        *slash = '/';
    }
    free(copy);
    return error;
}
