/* Command lines, through getopt_long. Its own messages are turned off: ours name the
 * value too, and say what would have been right. */
#define _GNU_SOURCE 1
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "variants_json.h"
#include "words.h"

enum {
    OPT_FIT = 256,
    OPT_ENLARGE,
    OPT_VARIANTS,
    OPT_FILTER,
    OPT_SUBSAMPLING,
    OPT_PROGRESSIVE,
    OPT_OPTIMIZE,
    OPT_LOSSLESS,
    OPT_COMPRESSION,
    OPT_EFFORT,
    OPT_MAX_BYTES,
    OPT_DEPTH,
    OPT_BACKGROUND,
    OPT_ICC,
    OPT_METADATA,
    OPT_LINEAR,
    OPT_CPU,
    OPT_JSON,
    OPT_QUIET,
    OPT_SKIP_EXISTING,
    OPT_DRY_RUN,
    OPT_FAIL_FAST,
    OPT_SALVAGE,
    OPT_SANDBOX,
    OPT_QUALITY_EXACT,
    OPT_NO_BUTTERAUGLI,
    OPT_NO_SANDBOX,
    OPT_FAILED,
    OPT_KEY,
    OPT_SETTLE,
    OPT_RETRIES,
    OPT_ONCE,
    OPT_MIRROR_DELETES,
    OPT_MAX_PIXELS, /* limits, from here on */
    OPT_MAX_SIDE,
    OPT_MAX_WHOLE_PIXELS,
    OPT_MAX_INPUT,
    OPT_MAX_METADATA,
    OPT_MAX_SCANS,
    OPT_MAX_MEMORY,
    OPT_TIMEOUT
};

#define LIMIT_OPTIONS                                                                    \
    {"max-pixels", required_argument, NULL, OPT_MAX_PIXELS},                             \
        {"max-side", required_argument, NULL, OPT_MAX_SIDE},                             \
        {"max-whole-pixels", required_argument, NULL, OPT_MAX_WHOLE_PIXELS},             \
        {"max-input", required_argument, NULL, OPT_MAX_INPUT},                           \
        {"max-metadata", required_argument, NULL, OPT_MAX_METADATA},                     \
        {"max-scans", required_argument, NULL, OPT_MAX_SCANS},                           \
        {"max-memory", required_argument, NULL, OPT_MAX_MEMORY},                         \
    {                                                                                    \
        "timeout", required_argument, NULL, OPT_TIMEOUT                                  \
    }

/* The same limits in the environment; options take precedence. */
static const struct {
    const char *name;
    int option;
} limit_variables[] = {{"SCANTLING_MAX_PIXELS", OPT_MAX_PIXELS},
                       {"SCANTLING_MAX_SIDE", OPT_MAX_SIDE},
                       {"SCANTLING_MAX_WHOLE_PIXELS", OPT_MAX_WHOLE_PIXELS},
                       {"SCANTLING_MAX_INPUT", OPT_MAX_INPUT},
                       {"SCANTLING_MAX_METADATA", OPT_MAX_METADATA},
                       {"SCANTLING_MAX_SCANS", OPT_MAX_SCANS},
                       {"SCANTLING_MAX_MEMORY", OPT_MAX_MEMORY},
                       {"SCANTLING_TIMEOUT", OPT_TIMEOUT}};

/* What to make and how, wherever it comes from. */
#define JOB_OPTIONS                                                                      \
    {"size", required_argument, NULL, 's'}, {"fit", required_argument, NULL, OPT_FIT},   \
        {"enlarge", no_argument, NULL, OPT_ENLARGE},                                     \
        {"quality", required_argument, NULL, 'q'},                                       \
        {"format", required_argument, NULL, 'f'},                                        \
        {"variants", required_argument, NULL, OPT_VARIANTS},                             \
        {"filter", required_argument, NULL, OPT_FILTER},                                 \
        {"subsampling", required_argument, NULL, OPT_SUBSAMPLING},                       \
        {"progressive", no_argument, NULL, OPT_PROGRESSIVE},                             \
        {"optimize", no_argument, NULL, OPT_OPTIMIZE},                                   \
        {"lossless", no_argument, NULL, OPT_LOSSLESS},                                   \
        {"compression", required_argument, NULL, OPT_COMPRESSION},                       \
        {"effort", required_argument, NULL, OPT_EFFORT},                                 \
        {"max-bytes", required_argument, NULL, OPT_MAX_BYTES},                           \
        {"depth", required_argument, NULL, OPT_DEPTH},                                   \
        {"background", required_argument, NULL, OPT_BACKGROUND},                         \
        {"icc", required_argument, NULL, OPT_ICC},                                       \
        {"metadata", required_argument, NULL, OPT_METADATA},                             \
        {"linear", no_argument, NULL, OPT_LINEAR},                                       \
        {"cpu", required_argument, NULL, OPT_CPU},                                       \
        {"jobs", required_argument, NULL, 'j'}, {"json", no_argument, NULL, OPT_JSON},   \
        {"quiet", no_argument, NULL, OPT_QUIET},                                         \
        {"salvage", no_argument, NULL, OPT_SALVAGE},                                     \
        {"sandbox", no_argument, NULL, OPT_SANDBOX},                                     \
    {                                                                                    \
        "quality-exact", no_argument, NULL, OPT_QUALITY_EXACT                            \
    }

static const struct option resize_options[] = {
    JOB_OPTIONS,
    {"output", required_argument, NULL, 'o'},
    {"skip-existing", no_argument, NULL, OPT_SKIP_EXISTING},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"fail-fast", no_argument, NULL, OPT_FAIL_FAST},
    LIMIT_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct option watch_options[] = {
    JOB_OPTIONS,
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"failed", required_argument, NULL, OPT_FAILED},
    {"key", required_argument, NULL, OPT_KEY},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"once", no_argument, NULL, OPT_ONCE},
    {"mirror-deletes", no_argument, NULL, OPT_MIRROR_DELETES},
    LIMIT_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct option info_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    LIMIT_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct option compare_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"no-butteraugli", no_argument, NULL, OPT_NO_BUTTERAUGLI},
    {"background", required_argument, NULL, OPT_BACKGROUND},
    LIMIT_OPTIONS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

enum { MAX_FORMATS = 8 };

/* What getopt_long hands out, while it is read; then it goes into struct sct_options. */
struct reading {
    struct sct_options *o;
    struct sct_variant common; /* what all sizes share */
    const char *size[SCT_MAX_VARIANTS];
    int n_sizes;
    const struct sct_encoder_ops
        *format[MAX_FORMATS]; /* of each size; NULL: the source's */
    int n_formats;
    const char *command, *variants_path, *cpu;
    const char *setting; /* the first option that a variants file excludes */
    char *variants_key;  /* [SCT_KEY_TEMPLATE_BYTES]: of a variants file; may be NULL */
};

static int refuse(const char *option, const char *value, const char *wanted)
{
    sct_text_complain("%s: '%s' is not %s", option, value, wanted);
    return SCT_ERR_ARGUMENT;
}

static int take_number(const char *option, const char *text, int max, int *out)
{
    char wanted[48];
    int64_t value;
    if (sct_integer_parse(text, 1, max, &value) == SCT_OK) {
        *out = (int)value;
        return SCT_OK;
    }
    snprintf(wanted, sizeof wanted, "a whole number from 1 to %d", max);
    return refuse(option, text, wanted);
}

static int take_jobs(const char *text, int *n_jobs)
{
    int64_t value;
    if (sct_integer_parse(text, 0, 256, &value) != SCT_OK)
        return refuse("--jobs", text,
                      "a whole number from 1 to 256, or 0 for one per CPU");
    if (value == 0) {
        const long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
        value = n_cpus < 1 ? 1 : n_cpus > 256 ? 256 : n_cpus;
    }
    *n_jobs = (int)value;
    return SCT_OK;
}

static int take_amount(const char *name, const char *text, int64_t unit, int64_t *out)
{
    if (sct_amount_parse(text, unit, PTRDIFF_MAX, out) == SCT_OK)
        return SCT_OK;
    return refuse(name, text,
                  unit == 1000 ? "a number of pixels, such as 268M"
                               : "a number of bytes, such as 512M");
}

/* Seconds with up to three decimals. */
static int take_seconds(const char *name, const char *text, double *seconds)
{
    char *end;
    const double value = strtod(text, &end);
    if (strspn(text, "0123456789.") != strlen(text) || end == text || *end ||
        !(value > 0 && value <= 1e6))
        return refuse(name, text, "a number of seconds, such as 10 or 0.5");
    *seconds = value;
    return SCT_OK;
}

/* `name` is that of the option or of the variable. SCT_DONE: no limit. */
static int take_limit(int c, const char *name, const char *text,
                      struct sct_limits *limits)
{
    int64_t value;
    int status;
    switch (c) {
    case OPT_MAX_PIXELS: return take_amount(name, text, 1000, &limits->max_pixels);
    case OPT_MAX_SIDE: return take_number(name, text, 1 << 24, &limits->max_side);
    case OPT_MAX_WHOLE_PIXELS:
        return take_amount(name, text, 1000, &limits->max_whole_pixels);
    case OPT_MAX_INPUT: return take_amount(name, text, 1024, &limits->max_input_bytes);
    case OPT_MAX_METADATA:
        return take_amount(name, text, 1024, &limits->max_metadata_bytes);
    case OPT_MAX_SCANS: return take_number(name, text, 1000000, &limits->max_scans);
    case OPT_MAX_MEMORY:
        status = take_amount(name, text, 1024, &value);
        if (status == SCT_OK)
            limits->max_memory_bytes = (size_t)value;
        return status;
    case OPT_TIMEOUT: return take_seconds(name, text, &limits->max_seconds);
    default: return SCT_DONE;
    }
}

static const char *name_limit(int c)
{
    static const struct option limits[] = {LIMIT_OPTIONS, {NULL, 0, NULL, 0}};
    for (int i = 0; limits[i].name; i++)
        if (limits[i].val == c)
            return limits[i].name;
    return "";
}

static int take_limit_option(int c, const char *text, struct sct_limits *limits)
{
    char name[32];
    snprintf(name, sizeof name, "--%s", name_limit(c));
    return take_limit(c, name, text, limits);
}

/* An empty variable is none. */
static int take_environment(struct sct_limits *limits)
{
    int status = SCT_OK;
    for (size_t i = 0; i < sizeof limit_variables / sizeof *limit_variables; i++) {
        const char *const text = getenv(limit_variables[i].name);
        if (text && text[0] && status == SCT_OK)
            status = take_limit(limit_variables[i].option, limit_variables[i].name, text,
                                limits);
    }
    return status;
}

/* The defaults, where nothing else was said. */
static void fill_limits(struct sct_limits *limits)
{
    if (limits->max_pixels == 0)
        limits->max_pixels = SCT_MAX_PIXELS;
    if (limits->max_side == 0)
        limits->max_side = SCT_MAX_PICTURE_SIDE;
    if (limits->max_scans == 0)
        limits->max_scans = SCT_MAX_SCANS;
    if (limits->max_whole_pixels == 0)
        limits->max_whole_pixels = SCT_MAX_WHOLE_PIXELS;
    if (limits->max_metadata_bytes == 0)
        limits->max_metadata_bytes = SCT_MAX_METADATA_BYTES;
    if (limits->max_memory_bytes == 0)
        limits->max_memory_bytes = SCT_MAX_MEMORY_BYTES;
    if (limits->max_input_bytes == 0)
        limits->max_input_bytes = SCT_MAX_INPUT_BYTES;
}

static int take_filter(const char *text, const struct sct_filter **filter)
{
    *filter = sct_filter_find(text);
    if (*filter)
        return SCT_OK;
    char list[160] = "one of:";
    for (int i = 0; sct_filter_at(i); i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, " %s", sct_filter_at(i)->name);
    }
    return refuse("--filter", text, list);
}

static int take_background(const char *text, uint8_t background[3])
{
    if (sct_colour_parse(text, background) == SCT_OK)
        return SCT_OK;
    return refuse("--background", text, "a colour, such as white or #ffe4c4");
}

static int take_size(struct reading *r, const char *text)
{
    int width, height;
    if (sct_size_parse(text, &width, &height) != SCT_OK)
        return refuse("--size", text, SCT_SIZE_FORMS);
    for (int i = 0; i < r->n_sizes; i++) {
        if (strcmp(r->size[i], text) == 0) {
            sct_text_complain("--size: '%s' is there twice", text);
            return SCT_ERR_ARGUMENT;
        }
    }
    if (r->n_sizes == SCT_MAX_VARIANTS) {
        sct_text_complain("--size: '%s' is one too many: %d are possible", text,
                          SCT_MAX_VARIANTS);
        return SCT_ERR_ARGUMENT;
    }
    r->size[r->n_sizes++] = text;
    return SCT_OK;
}

/* A list with commas, each format once. */
static int take_formats(struct reading *r, const char *text)
{
    char word[16], wanted[80] = "one of: ";
    r->n_formats = 0;
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, ",");
        const struct sct_encoder_ops *format = NULL;
        int is_known = n < sizeof word && r->n_formats < MAX_FORMATS;
        if (is_known) {
            memcpy(word, p, n);
            word[n] = '\0';
            is_known = sct_format_parse(word, &format) == SCT_OK;
        }
        if (!is_known) {
            sct_format_list(wanted + strlen(wanted), sizeof wanted - strlen(wanted));
            return refuse("--format", text, wanted);
        }
        for (int i = 0; i < r->n_formats; i++)
            if (r->format[i] == format)
                return refuse("--format", text, "a list with every format once");
        r->format[r->n_formats++] = format;
        p += n;
        if (!*p)
            return SCT_OK;
    }
}

/* Options that describe the output; variants.json has its own. SCT_DONE: not such an
 * option. */
static int take_setting(struct reading *r, int c, const char *text)
{
    struct sct_variant *const v = &r->common;
    const char *name = NULL;
    int status = SCT_OK;
    int64_t value;
    switch (c) {
    case 's':
        name = "--size";
        status = take_size(r, text);
        break;
    case OPT_FIT:
        name = "--fit";
        if (sct_fit_parse(text, &v->fit) != SCT_OK)
            status = refuse(name, text, "one of: inside cover fill");
        break;
    case OPT_ENLARGE:
        name = "--enlarge";
        v->enlarge = 1;
        break;
    case 'q':
        name = "--quality";
        if (sct_quality_parse(text, &v->quality, &v->score) != SCT_OK)
            status =
                refuse(name, text, "a whole number from 1 to 100, auto or auto:SCORE");
        break;
    case 'f':
        name = "--format";
        status = take_formats(r, text);
        break;
    case OPT_FILTER:
        name = "--filter";
        status = take_filter(text, &v->filter);
        break;
    case OPT_SUBSAMPLING:
        name = "--subsampling";
        if (sct_subsampling_parse(text, &v->subsampling) != SCT_OK)
            status = refuse(name, text, "one of: 4:2:0 4:2:2 4:4:4 source");
        break;
    case OPT_PROGRESSIVE:
        name = "--progressive";
        v->progressive = 1;
        break;
    case OPT_OPTIMIZE:
        name = "--optimize";
        v->optimize = 1;
        break;
    case OPT_QUALITY_EXACT:
        name = "--quality-exact";
        v->quality_exact = 1;
        break;
    case OPT_LOSSLESS:
        name = "--lossless";
        v->lossless = 1;
        break;
    case OPT_COMPRESSION:
        name = "--compression";
        if (sct_integer_parse(text, 0, 9, &value) != SCT_OK)
            status = refuse(name, text, "a whole number from 0 to 9");
        else
            v->compression = (int)value;
        break;
    case OPT_EFFORT:
        name = "--effort";
        if (sct_integer_parse(text, 0, SCT_MAX_EFFORT, &value) != SCT_OK)
            status = refuse(name, text, "0, 1 or 2");
        else
            v->effort = (int)value;
        break;
    case OPT_MAX_BYTES:
        name = "--max-bytes";
        if (sct_amount_parse(text, 1000, INT32_MAX, &value) != SCT_OK)
            status = refuse(name, text, "a number of bytes, such as 150000 or 150K");
        else
            v->max_bytes = (size_t)value;
        break;
    case OPT_DEPTH:
        name = "--depth";
        if (strcmp(text, "8") != 0 && strcmp(text, "16") != 0)
            status = refuse(name, text, "8 or 16");
        v->depth = strcmp(text, "16") == 0 ? 16 : 8;
        break;
    case OPT_BACKGROUND:
        name = "--background";
        status = take_background(text, v->background);
        break;
    case OPT_ICC:
        name = "--icc";
        if (sct_icc_parse(text, &v->icc) != SCT_OK)
            status = refuse(name, text, "one of: keep srgb drop");
        break;
    case OPT_METADATA:
        name = "--metadata";
        if (sct_metadata_parse(text, &v->metadata) != SCT_OK)
            status = refuse(name, text, "one of: none copyright all");
        break;
    default: return SCT_DONE;
    }
    if (!r->setting)
        r->setting = name;
    return status;
}

static int take_option(struct reading *r, int c, const char *text)
{
    struct sct_options *const o = r->o;
    int status = take_setting(r, c, text);
    if (status == SCT_DONE)
        status = take_limit_option(c, text, &o->limits);
    if (status != SCT_DONE)
        return status;
    switch (c) {
    case 'o': o->output = text; break;
    case 'j': return take_jobs(text, &o->n_jobs);
    case OPT_VARIANTS: r->variants_path = text; break;
    case OPT_CPU: r->cpu = text; break;
    case OPT_LINEAR: o->linear = 1; break;
    case OPT_JSON: o->json = 1; break;
    case OPT_QUIET: o->quiet = 1; break;
    case OPT_SKIP_EXISTING: o->skip_existing = 1; break;
    case OPT_DRY_RUN: o->dry_run = 1; break;
    case OPT_FAIL_FAST: o->fail_fast = 1; break;
    case OPT_SALVAGE: o->salvage = 1; break;
    case OPT_SANDBOX: o->sandbox = 1; break;
    default: return SCT_ERR_ARGUMENT; /* not in the table */
    }
    return SCT_OK;
}

/* What getopt_long could not make sense of: c is '?' or ':'. optopt is 0 for a long option
 * that does not exist, and otherwise the option's letter or number. The word before optind
 * is the one that is meant, unless letters of a bundle (-Zq) are still to be read. */
static int complain_option(int c, char **argv)
{
    const char *const word = argv[optind - 1];
    const int is_long = word[0] == '-' && word[1] == '-';
    const int takes_none = optopt >= OPT_FIT || optopt == 'h'; /* and was given one */
    if (c == ':' && is_long)
        sct_text_complain("%s: a value is missing", word);
    else if (c == ':')
        sct_text_complain("-%c: a value is missing", optopt);
    else if (takes_none)
        sct_text_complain("%s: this option takes no value", word);
    else if (!optopt)
        sct_text_complain("%s: unknown or ambiguous option; see 'scantling %s --help'",
                          word, argv[0]);
    else
        sct_text_complain("-%c: unknown option; see 'scantling %s --help'", optopt,
                          argv[0]);
    return SCT_ERR_ARGUMENT;
}

static int make_variants(struct reading *r)
{
    struct sct_options *const o = r->o;
    if (r->variants_path) {
        char message[512];
        if (r->setting) {
            sct_text_complain("%s and --variants exclude each other: put it into '%s'",
                              r->setting, r->variants_path);
            return SCT_ERR_ARGUMENT;
        }
        o->has_variants_file = 1;
        if (sct_variants_load(r->variants_path, o->variant, &o->n_variants,
                              r->variants_key, message, sizeof message) == SCT_OK)
            return SCT_OK;
        sct_text_complain("--variants: %s", message);
        return SCT_ERR_ARGUMENT;
    }
    if (r->n_sizes == 0) {
        sct_text_complain(
            "which size? Say --size, or --variants; see 'scantling %s --help'",
            r->command);
        return SCT_ERR_ARGUMENT;
    }
    if (r->n_formats == 0)
        r->format[r->n_formats++] = NULL;
    if (r->n_sizes * r->n_formats > SCT_MAX_VARIANTS) {
        sct_text_complain(
            "%d sizes in %d formats: at most %d pictures can be made at once", r->n_sizes,
            r->n_formats, SCT_MAX_VARIANTS);
        return SCT_ERR_ARGUMENT;
    }
    for (int i = 0; i < r->n_sizes * r->n_formats; i++) {
        struct sct_variant *const v = &o->variant[i];
        const char *const size = r->size[i / r->n_formats];
        *v = r->common;
        v->format = r->format[i % r->n_formats];
        (void)sct_size_parse(size, &v->width, &v->height); /* has been checked */
        snprintf(v->name, sizeof v->name, "%s", size);
    }
    o->n_variants = r->n_sizes * r->n_formats;
    return SCT_OK;
}

static int check_inputs(char **inputs, int n_inputs, const char *command)
{
    int n_stdin = 0;
    if (n_inputs == 0) {
        sct_text_complain("which files? See 'scantling %s --help'", command);
        return SCT_ERR_ARGUMENT;
    }
    for (int i = 0; i < n_inputs; i++)
        n_stdin += strcmp(inputs[i], "-") == 0;
    if (n_stdin > 1) {
        sct_text_complain("-: stdin can only be read once");
        return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

int sct_options_choose_cpu(struct sct_dsp *dsp, const char *name)
{
    const char *origin = "--cpu";
    if (!name) {
        name = getenv("SCANTLING_CPU");
        origin = "SCANTLING_CPU";
    }
    if (name && !name[0])
        name = NULL;
    const int status = sct_dsp_init(dsp, name);
    if (status == SCT_OK)
        return SCT_OK;
    char list[96] = "";
    for (int i = 0; sct_dsp_name_at(i); i++) {
        const size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, " %s", sct_dsp_name_at(i));
    }
    if (status == SCT_ERR_UNSUPPORTED)
        sct_text_complain("%s: '%s' does not run here", origin, name ? name : "auto");
    else
        sct_text_complain("%s: '%s' is not one of: auto%s", origin, name ? name : "auto",
                          list);
    return SCT_ERR_ARGUMENT;
}

int sct_options_parse(struct sct_options *o, int argc, char **argv)
{
    struct reading r = {.o = o, .common = sct_variant_default(), .command = argv[0]};
    memset(o, 0, sizeof *o);
    o->n_jobs = 1;
    optind = 1;
    opterr = 0;
    int c, status = take_environment(&o->limits);
    if (status != SCT_OK)
        return status;
    while ((c = getopt_long(argc, argv, ":s:q:f:o:j:h", resize_options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain_option(c, argv);
        if (c == 'h') {
            o->wants_help = 1;
            return SCT_OK;
        }
        status = take_option(&r, c, optarg);
        if (status != SCT_OK)
            return status;
    }
    o->inputs = argv + optind;
    o->n_inputs = argc - optind;
    status = make_variants(&r);
    if (status == SCT_OK)
        status = check_inputs(o->inputs, o->n_inputs, argv[0]);
    if (status == SCT_OK)
        status = sct_options_choose_cpu(&o->dsp, r.cpu);
    if (status == SCT_OK && o->json && o->output && strcmp(o->output, "-") == 0) {
        sct_text_complain("--json and --output - both want stdout");
        status = SCT_ERR_ARGUMENT;
    }
    return status;
}

int sct_info_options_parse(struct sct_info_options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    optind = 1;
    opterr = 0;
    int c;
    if (take_environment(&o->limits) != SCT_OK)
        return SCT_ERR_ARGUMENT;
    while ((c = getopt_long(argc, argv, ":h", info_options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return complain_option(c, argv);
        if (c == 'h') {
            o->wants_help = 1;
            return SCT_OK;
        }
        if (c == OPT_JSON)
            o->json = 1;
        else if (take_limit_option(c, optarg, &o->limits) != SCT_OK)
            return SCT_ERR_ARGUMENT;
    }
    fill_limits(&o->limits);
    o->inputs = argv + optind;
    o->n_inputs = argc - optind;
    return check_inputs(o->inputs, o->n_inputs, argv[0]);
}

int sct_compare_options_parse(struct sct_compare_options *o, int argc, char **argv)
{
    int c, status;
    *o = (struct sct_compare_options){.background = {255, 255, 255}};
    optind = 1;
    opterr = 0;
    if (take_environment(&o->limits) != SCT_OK)
        return SCT_ERR_ARGUMENT;
    while ((c = getopt_long(argc, argv, ":h", compare_options, NULL)) != -1) {
        status = SCT_OK;
        switch (c) {
        case '?':
        case ':': return complain_option(c, argv);
        case 'h': o->wants_help = 1; return SCT_OK;
        case OPT_JSON: o->json = 1; break;
        case OPT_NO_BUTTERAUGLI: o->without_butteraugli = 1; break;
        case OPT_BACKGROUND: status = take_background(optarg, o->background); break;
        default: status = take_limit_option(c, optarg, &o->limits); break;
        }
        if (status != SCT_OK)
            return SCT_ERR_ARGUMENT;
    }
    fill_limits(&o->limits);
    status = check_inputs(argv + optind, argc - optind, argv[0]);
    if (status == SCT_OK && argc - optind < 2) {
        sct_text_complain("%s: with which picture? See 'scantling compare --help'",
                          argv[optind]);
        status = SCT_ERR_ARGUMENT;
    }
    o->reference = argv[optind];
    o->inputs = argv + optind + 1;
    o->n_inputs = argc - optind - 1;
    return status;
}

/* SCT_DONE: one that resize has, too. */
static int take_watch_option(struct sct_watch_options *o, int c, const char *text)
{
    int64_t value;
    switch (c) {
    case OPT_NO_SANDBOX: o->without_sandbox = 1; break;
    case OPT_FAILED: o->failed = text; break;
    case OPT_KEY: o->key = text; break;
    case OPT_SETTLE: return take_seconds("--settle", text, &o->settle_seconds);
    case OPT_RETRIES:
        if (sct_integer_parse(text, 0, 100, &value) != SCT_OK)
            return refuse("--retries", text, "a whole number from 0 to 100");
        o->n_retries = (int)value;
        break;
    case OPT_ONCE: o->once = 1; break;
    case OPT_MIRROR_DELETES: o->mirror_deletes = 1; break;
    default: return SCT_DONE;
    }
    return SCT_OK;
}

static int check_watch(struct sct_watch_options *o, int argc, char **argv)
{
    char message[256];
    if (argc - optind != 2) {
        sct_text_complain(
            "which folders? SOURCE and TARGET; see 'scantling watch --help'");
        return SCT_ERR_ARGUMENT;
    }
    o->source = argv[optind];
    o->target = argv[optind + 1];
    if (!o->key)
        o->key = o->variants_key[0] ? o->variants_key : SCT_KEY_DEFAULT;
    if (sct_key_check(o->key, o->common.variant, o->common.n_variants, message,
                      sizeof message) != SCT_OK)
    {
        sct_text_complain("--key: %s", message);
        return SCT_ERR_ARGUMENT;
    }
    if (o->common.sandbox && o->without_sandbox) {
        sct_text_complain("--sandbox and --no-sandbox exclude each other");
        return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

int sct_watch_options_parse(struct sct_watch_options *o, int argc, char **argv)
{
    struct reading r = {.o = &o->common,
                        .common = sct_variant_default(),
                        .command = argv[0],
                        .variants_key = o->variants_key};
    memset(o, 0, sizeof *o);
    o->common.n_jobs = 1;
    o->settle_seconds = 2;
    o->n_retries = 4;
    optind = 1;
    opterr = 0;
    int c, status = take_environment(&o->common.limits);
    while (status == SCT_OK &&
           (c = getopt_long(argc, argv, ":s:q:f:j:h", watch_options, NULL)) != -1)
    {
        if (c == '?' || c == ':')
            return complain_option(c, argv);
        if (c == 'h') {
            o->common.wants_help = 1;
            return SCT_OK;
        }
        status = take_watch_option(o, c, optarg);
        if (status == SCT_DONE)
            status = take_option(&r, c, optarg);
    }
    if (status == SCT_OK)
        status = make_variants(&r);
    if (status == SCT_OK)
        status = sct_options_choose_cpu(&o->common.dsp, r.cpu);
    return status == SCT_OK ? check_watch(o, argc, argv) : status;
}
