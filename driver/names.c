/* Names of outputs: the target is turned into a pattern once, and the pattern is filled
 * in for every output. */
#define _GNU_SOURCE 1
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"
#include "template.h"
#include "text.h"
#include "words.h"

enum { N_PLACEHOLDERS = 5 };
enum placeholder { STEM, WIDTH, HEIGHT, NAME, EXT };

static const char *const placeholder_names[N_PLACEHOLDERS] = {"stem", "width", "height",
                                                              "name", "ext"};

static int read_token(const char *p, size_t *n)
{
    return sct_template_read(p, placeholder_names, N_PLACEHOLDERS, n);
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
        case EXT: names->has_ext = 1; break;
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

/* The end of a target as we spell extensions, in lower case, or "". */
static void find_extension(const char *target, char extension[8])
{
    const char *const dot = strrchr(sct_path_leaf(target), '.');
    size_t n = dot ? strlen(dot + 1) : 0;
    if (n >= 8)
        n = 0;
    for (size_t i = 0; i < n; i++)
        extension[i] = (char)tolower((unsigned char)dot[1 + i]);
    extension[n] = '\0';
}

const struct sct_encoder_ops *sct_names_format(const char *output)
{
    char extension[8] = "";
    if (output)
        find_extension(output, extension);
    return sct_encoder_find(extension);
}

/* A name that promises another format than is written is a mistake, not a wish. */
static int check_extension(const struct sct_names_spec *spec)
{
    static const char *const others[] = {"png", "webp", "avif", "gif",
                                         "tif", "tiff", "heic", "jxl"};
    const struct sct_encoder_ops *const said = sct_names_format(spec->output);
    char extension[8], list[64];
    find_extension(spec->output, extension);
    for (int i = 0; said && i < spec->n_variants; i++) {
        const struct sct_encoder_ops *const format = spec->variants[i].format;
        if (format && format != said) {
            sct_text_complain("--output: '%s' says %s, but %s is to be written",
                              spec->output, extension, format->name);
            return SCT_ERR_ARGUMENT;
        }
    }
    for (size_t i = 0; !said && i < sizeof others / sizeof *others; i++) {
        if (strcmp(extension, others[i]) == 0) {
            sct_format_list(list, sizeof list);
            sct_text_complain("--output: '%s' says %s, which is not written; the formats "
                              "are: %s",
                              spec->output, extension, list);
            return SCT_ERR_ARGUMENT;
        }
    }
    return SCT_OK;
}

/* Whether the variants have more than one name, or format. */
static int has_many_names(const struct sct_names_spec *spec)
{
    for (int i = 1; i < spec->n_variants; i++)
        if (strcmp(spec->variants[i].name, spec->variants[0].name) != 0)
            return 1;
    return 0;
}

static int has_many_formats(const struct sct_names_spec *spec)
{
    for (int i = 1; i < spec->n_variants; i++)
        if (spec->variants[i].format != spec->variants[0].format)
            return 1;
    return 0;
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
    if (has_many_formats(spec) && !names->has_ext && !names->has_name) {
        sct_text_complain(
            "--output: '%s' is one name for several formats; use {ext} in it",
            spec->output);
        return SCT_ERR_ARGUMENT;
    }
    if (has_many_names(spec) && !names->has_name) {
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
            has_many_names(spec) || spec->has_variants_file ? with_name : without;
        const size_t n = strlen(output);
        names->makes_folders = output[n - 1] == '/' || strchr(output, '{') != NULL;
        if (status == SCT_OK && (output[n - 1] == '/' || is_folder(names))) {
            status = make_pattern(names, output, output[n - 1] == '/' ? "" : "/", leaf);
            if (status == SCT_OK)
                status = scan_pattern(names);
        } else if (status == SCT_OK) {
            status = check_extension(spec);
        }
        if (status == SCT_OK)
            status = check_ambiguity(names, spec);
    }
    for (int i = 0; i < spec->n_variants; i++)
        names->needs_format |= names->has_ext && !spec->variants[i].format;
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
                       const struct sct_variant *variant,
                       const struct sct_encoder_ops *format, int width, int height)
{
    if (variant->format)
        format = variant->format;
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
        case EXT: fputs(format ? format->extension : "jpg", out); break;
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
