/* Runs a fuzz target over files and folders, without libFuzzer: seeds and past crashers become
 * ordinary tests. Folders are not entered below the first level. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n_files;

static int is_regular(const char *path)
{
    struct stat st; /* fopen opens a folder as well, and ftell makes LONG_MAX of it */
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void replay_file(const char *path)
{
    FILE *file = is_regular(path) ? fopen(path, "rb") : NULL;
    if (!file)
        return;
    if (fseek(file, 0, SEEK_END) == 0) {
        const long size = ftell(file);
        uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1); /* exact, for sanitizers */
        rewind(file);
        if (bytes && size >= 0 && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
            fprintf(stderr, "%s\n", path);
            (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
            n_files++;
        }
        free(bytes);
    }
    fclose(file);
}

static void replay(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        replay_file(path);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        char inner[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        replay_file(inner);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%d files replayed\n", n_files);
    return n_files ? 0 : 1;
}
