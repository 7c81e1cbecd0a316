/* Command lines, through getopt_long. Its own messages are turned off: ours name the
 * value too, and say what would have been right. */
#define _GNU_SOURCE 1
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "option_parts.h"
#include "text.h"
#include "words.h"

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
    {"cache-control", required_argument, NULL, OPT_CACHE_CONTROL},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"once", no_argument, NULL, OPT_ONCE},
    {"mirror-deletes", optional_argument, NULL, OPT_MIRROR_DELETES},
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

static int take_jobs(const char *text, int *n_jobs)
{
    int64_t value;
    if (sct_integer_parse(text, 0, 256, &value) != SCT_OK)
        return sct_option_refuse("--jobs", text,
                                 "a whole number from 1 to 256, or 0 for one per CPU");
    if (value == 0) {
        const long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
        value = n_cpus < 1 ? 1 : n_cpus > 256 ? 256 : n_cpus;
    }
    *n_jobs = (int)value;
    return SCT_OK;
}

static int take_option(struct sct_option_reading *r, int c, const char *text)
{
    struct sct_options *const o = r->o;
    int status = sct_option_take_setting(r, c, text);
    if (status == SCT_DONE)
        status = sct_option_take_limit(c, text, &o->limits);
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
    struct sct_option_reading r = {
        .o = o, .common = sct_variant_default(), .command = argv[0]};
    memset(o, 0, sizeof *o);
    o->n_jobs = 1;
    optind = 1;
    opterr = 0;
    int c, status = sct_option_take_environment(&o->limits);
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
    status = sct_option_make_variants(&r);
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
    if (sct_option_take_environment(&o->limits) != SCT_OK)
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
        else if (sct_option_take_limit(c, optarg, &o->limits) != SCT_OK)
            return SCT_ERR_ARGUMENT;
    }
    sct_limits_fill(&o->limits);
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
    if (sct_option_take_environment(&o->limits) != SCT_OK)
        return SCT_ERR_ARGUMENT;
    while ((c = getopt_long(argc, argv, ":h", compare_options, NULL)) != -1) {
        status = SCT_OK;
        switch (c) {
        case '?':
        case ':': return complain_option(c, argv);
        case 'h': o->wants_help = 1; return SCT_OK;
        case OPT_JSON: o->json = 1; break;
        case OPT_NO_BUTTERAUGLI: o->without_butteraugli = 1; break;
        case OPT_BACKGROUND:
            status = sct_option_take_background(optarg, o->background);
            break;
        default: status = sct_option_take_limit(c, optarg, &o->limits); break;
        }
        if (status != SCT_OK)
            return SCT_ERR_ARGUMENT;
    }
    sct_limits_fill(&o->limits);
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
    case OPT_CACHE_CONTROL: o->cache_control = text; break;
    case OPT_SETTLE: return sct_option_take_seconds("--settle", text, &o->settle_seconds);
    case OPT_RETRIES:
        if (sct_integer_parse(text, 0, 100, &value) != SCT_OK)
            return sct_option_refuse("--retries", text, "a whole number from 0 to 100");
        o->n_retries = (int)value;
        break;
    case OPT_ONCE: o->once = 1; break;
    case OPT_MIRROR_DELETES:
        if (text && strcmp(text, "all") != 0)
            return sct_option_refuse("--mirror-deletes", text, "nothing, or all");
        o->mirror_deletes = 1;
        o->mirrors_empty = text != NULL;
        break;
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
    struct sct_option_reading r = {.o = &o->common,
                                   .common = sct_variant_default(),
                                   .command = argv[0],
                                   .variants_key = o->variants_key};
    memset(o, 0, sizeof *o);
    o->common.n_jobs = 1;
    o->settle_seconds = 2;
    o->n_retries = 4;
    optind = 1;
    opterr = 0;
    int c, status = sct_option_take_environment(&o->common.limits);
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
        status = sct_option_make_variants(&r);
    if (status == SCT_OK)
        status = sct_options_choose_cpu(&o->common.dsp, r.cpu);
    return status == SCT_OK ? check_watch(o, argc, argv) : status;
}
