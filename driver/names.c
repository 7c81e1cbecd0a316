/* Names of outputs: the target is turned into a pattern once, and the pattern is filled
 * in for every output. */
#define _GNU_SOURCE 1
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"
#include "text.h"

enum { N_PLACEHOLDERS = 5 };
enum placeholder { STEM, WIDTH, HEIGHT, NAME, EXT };

static const char *const placeholder_names[N_PLACEHOLDERS] = {"stem", "width", "height",
                                                              "name", "ext"};

/* What stands at p, which is not the end: a placeholder (>= 0, *n bytes long), a plain
 * character (-1, *n bytes long: 2 for a doubled brace), or -2 for something we do not
 * know. */
static int read_token(const char *p, size_t *n)
{
    *n = 1;
    if (*p != '{' && *p != '}')
        return -1;
    if (p[1] == *p) {
        *n = 2;
        return -1;
    }
    if (*p == '}')
        return -2;
    *n = strcspn(p, "}") + 1;
    for (int i = 0; i < N_PLACEHOLDERS; i++) {
        if (strlen(placeholder_names[i]) + 2 == *n &&
            strncmp(p + 1, placeholder_names[i], *n - 2) == 0)
            return i;
    }
    return -2;
}

/* Fills in has_*; complains about what it does not know. */
static int scan_pattern(struct sct_names *names)
{
    size_t n;
    for (const char *p = names->pattern; *p; p += n) {
        switch (read_token(p, &n)) {
        case STEM: names->has_stem = 1; break;
        case WIDTH:
        case HEIGHT: names->has_size = 1; break;
        case NAME: names->has_name = 1; break;
        case -2:
            if (*p == '{' && p[n - 1] == '}')
                sct_text_complain(
                    "--output: unknown placeholder %.*s in '%s' (there are {stem} "
                    "{width} {height} {name} {ext})",
                    (int)n, p, names->pattern);
            else
                sct_text_complain(
                    "--output: a brace without its partner in '%s' (write {{ or }} "
                    "for a plain one)",
                    names->pattern);
            return SCT_ERR_ARGUMENT;
        default: break;
        }
    }
    return SCT_OK;
}

/* Whether this target, taken literally but for doubled braces, is a folder that exists.
 */
static int is_folder(const struct sct_names *names)
{
    if (names->has_stem || names->has_name || names->has_size)
        return 0;
    char *const plain = strdup(names->pattern);
    if (!plain)
        return 0;
    size_t n;
    char *out = plain;
    int is_literal = 1;
    for (const char *p = names->pattern; *p; p += n) {
        is_literal &= read_token(p, &n) == -1; /* {ext} is left */
        *out++ = *p;
    }
    *out = '\0';
    struct stat st;
    const int is_one = is_literal && stat(plain, &st) == 0 && S_ISDIR(st.st_mode);
    free(plain);
    return is_one;
}

/* A name that promises another format than we write is a mistake, not a wish. */
static int check_extension(const char *target)
{
    static const char *const others[] = {".png", ".webp", ".avif", ".gif",
                                         ".tif", ".tiff", ".heic", ".jxl"};
    const char *const dot = strrchr(sct_path_leaf(target), '.');
    for (size_t i = 0; dot && i < sizeof others / sizeof *others; i++) {
        if (strcasecmp(dot, others[i]) == 0 && !sct_encoder_find(others[i] + 1)) {
            sct_text_complain("--output: '%s' says %s, which is not written yet; "
                              "the formats are: jpeg",
                              target, others[i] + 1);
            return SCT_ERR_ARGUMENT;
        }
    }
    return SCT_OK;
}

static int find_stdin(const struct sct_names_spec *spec)
{
    for (int i = 0; i < spec->n_inputs; i++) {
        if (strcmp(spec->inputs[i], "-") == 0)
            return 1;
    }
    return 0;
}

static int check_stdout(const struct sct_names_spec *spec)
{
    if (spec->n_inputs > 1 || spec->n_variants > 1) {
        sct_text_complain("--output: several %s cannot share stdout",
                          spec->n_inputs > 1 ? "inputs" : "sizes");
        return SCT_ERR_ARGUMENT;
    }
    if (isatty(STDOUT_FILENO)) {
        sct_text_complain(
            "--output: will not write a picture to a terminal; redirect stdout "
            "or name a file");
        return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

/* One name for several outputs. When the size is part of the name it takes the headers to
 * know; that is the planning pass's job. */
static int check_ambiguity(const struct sct_names *names,
                           const struct sct_names_spec *spec)
{
    if (names->has_size)
        return SCT_OK;
    if (spec->n_variants > 1 && !names->has_name) {
        sct_text_complain(
            "--output: '%s' is one name for %d sizes; use {name}, {width} or "
            "{height} in it",
            spec->output, spec->n_variants);
        return SCT_ERR_ARGUMENT;
    }
    if (spec->n_inputs > 1 && !names->has_stem) {
        sct_text_complain(
            "--output: '%s' is one name for %d inputs; use {stem} in it, or a "
            "folder/",
            spec->output, spec->n_inputs);
        return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

static int make_pattern(struct sct_names *names, const char *folder, const char *slash,
                        const char *leaf)
{
    char *pattern = NULL;
    if (asprintf(&pattern, "%s%s%s", folder, slash, leaf) < 0)
        return SCT_ERR_MEMORY;
    free(names->pattern);
    names->pattern = pattern;
    return SCT_OK;
}

int sct_names_create(struct sct_names *names, const struct sct_names_spec *spec)
{
    static const char with_name[] = "{stem}-{name}.{ext}", without[] = "{stem}.{ext}";
    const char *const output = spec->output;
    const struct sct_names empty = {0};
    int status = SCT_OK;
    *names = empty;

    if (!output && find_stdin(spec)) {
        if (spec->n_inputs > 1) {
            sct_text_complain(
                "--output is needed when stdin (-) is one of several inputs");
            return SCT_ERR_ARGUMENT;
        }
        return check_stdout(spec);
    }
    if (output && strcmp(output, "-") == 0)
        return check_stdout(spec);
    if (output && output[0] == '\0') {
        sct_text_complain("--output: the target is empty");
        return SCT_ERR_ARGUMENT;
    }

    if (!output) {
        names->is_beside_input = 1;
        status = make_pattern(names, "", "", with_name);
        if (status == SCT_OK)
            status = scan_pattern(names);
    } else {
        status = make_pattern(names, output, "", "");
        if (status == SCT_OK)
            status = scan_pattern(names);
        const char *const leaf =
            spec->n_variants > 1 || spec->has_variants_file ? with_name : without;
        const size_t n = strlen(output);
        names->makes_folders = output[n - 1] == '/' || strchr(output, '{') != NULL;
        if (status == SCT_OK && (output[n - 1] == '/' || is_folder(names))) {
            status = make_pattern(names, output, output[n - 1] == '/' ? "" : "/", leaf);
            if (status == SCT_OK)
                status = scan_pattern(names);
        } else if (status == SCT_OK) {
            status = check_extension(output);
        }
        if (status == SCT_OK)
            status = check_ambiguity(names, spec);
    }
    if (status != SCT_OK) {
        sct_names_free(names);
        if (status == SCT_ERR_MEMORY)
            sct_text_complain("out of memory");
    }
    return status;
}

void sct_names_free(struct sct_names *names)
{
    free(names->pattern);
    names->pattern = NULL;
}

char *sct_names_expand(const struct sct_names *names, const char *input,
                       const struct sct_variant *variant, int width, int height)
{
    if (!names->pattern)
        return strdup("-");
    const char *const leaf = strcmp(input, "-") == 0 ? "stdin" : sct_path_leaf(input);
    const char *const dot = strrchr(leaf, '.');
    const int stem_bytes =
        (int)(dot && dot != leaf ? (size_t)(dot - leaf) : strlen(leaf));

    char *path = NULL;
    size_t size, n;
    FILE *const out = open_memstream(&path, &size);
    if (!out)
        return NULL;
    if (names->is_beside_input)
        fwrite(input, 1, (size_t)(leaf - input), out);
    for (const char *p = names->pattern; *p; p += n) {
        switch (read_token(p, &n)) {
        case STEM: fprintf(out, "%.*s", stem_bytes, leaf); break;
        case WIDTH: fprintf(out, "%d", width); break;
        case HEIGHT: fprintf(out, "%d", height); break;
        case NAME: fputs(variant->name, out); break;
        case EXT: fputs(variant->format->extension, out); break;
        default: fputc(*p, out); break;
        }
    }
    const int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(path);
        return NULL;
    }
    return path;
}
