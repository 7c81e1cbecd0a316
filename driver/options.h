/* The command lines of the subcommands. Command only. */
#ifndef SCT_OPTIONS_H
#define SCT_OPTIONS_H

#include "keys.h"
#include "scantling.h"

struct sct_options {
    struct sct_variant variant[SCT_MAX_VARIANTS];
    int n_variants;
    int has_variants_file;
    const char *output; /* -o TARGET, or NULL */
    int n_jobs;
    int json, quiet, skip_existing, dry_run, fail_fast, salvage, linear, sandbox,
        wants_help;
    struct sct_limits limits;
    struct sct_dsp dsp;
    char **inputs; /* in argv */
    int n_inputs;
};

/* Reads the words behind `scantling resize`; argv[0] is "resize". SCT_OK, or
 * SCT_ERR_ARGUMENT after a complaint that names the option and the value. With wants_help
 * nothing else counts. */
int sct_options_parse(struct sct_options *o, int argc, char **argv);

struct sct_info_options {
    int json, wants_help;
    struct sct_limits limits; /* without zeros, except that of time */
    char **inputs;
    int n_inputs;
};

int sct_info_options_parse(struct sct_info_options *o, int argc, char **argv);

struct sct_compare_options {
    int json, wants_help, without_butteraugli;
    uint8_t background[3];
    struct sct_limits limits; /* without zeros, except that of time */
    const char *reference;
    char **inputs; /* what is compared with it */
    int n_inputs;  /* at least one */
};

int sct_compare_options_parse(struct sct_compare_options *o, int argc, char **argv);

struct sct_watch_options {
    struct sct_options common; /* its output and inputs are not used */
    const char *source, *target;
    const char *failed;        /* --failed FOLDER, or NULL */
    const char *cache_control; /* --cache-control, or NULL */
    const char *key;           /* template of the outputs' keys, checked; see keys.h */
    double settle_seconds;     /* how long a file must have been quiet */
    int n_retries;
    int once, mirror_deletes;
    int mirrors_empty;   /* --mirror-deletes=all: also when the whole source is gone */
    int without_sandbox; /* --no-sandbox */
    char variants_key[SCT_KEY_TEMPLATE_BYTES]; /* of variants.json */
};

int sct_watch_options_parse(struct sct_watch_options *o, int argc, char **argv);

/* The implementation of the dsp table that --cpu (`name`, or NULL) or else the
 * environment's SCANTLING_CPU asks for. SCT_OK, or SCT_ERR_ARGUMENT after a complaint. */
int sct_options_choose_cpu(struct sct_dsp *dsp, const char *name);

#endif
