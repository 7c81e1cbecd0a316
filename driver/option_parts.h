/* Private to options.c and its parts: words of a command line, one after the other.
 *
 *     option_values.c     values of many options, and what is wrong with one
 *     option_limits.c     limits, in options and in the environment
 *     option_settings.c   what to make: options that describe outputs
 *     options.c           which options a subcommand has; all of it in order
 *
 * All return SCT_OK, or SCT_ERR_ARGUMENT after a complaint; those that look at one option among
 * others SCT_DONE when it is not theirs. */
#ifndef SCT_OPTION_PARTS_H
#define SCT_OPTION_PARTS_H

#include <getopt.h>

#include "options.h"

/* What getopt_long returns for options without a letter. */
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
    OPT_CACHE_CONTROL,
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

enum { MAX_FORMATS = 8 };

/* What getopt_long hands out, while it is read; then it goes into struct sct_options. */
struct sct_option_reading {
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

/* Complains: the value of that option is not what was wanted. SCT_ERR_ARGUMENT. */
int sct_option_refuse(const char *option, const char *value, const char *wanted);

/* Seconds with up to three decimals. */
int sct_option_take_seconds(const char *name, const char *text, double *seconds);

int sct_option_take_background(const char *text, uint8_t background[3]);

/* A limit; environment variables are read first, so that options take precedence. */
int sct_option_take_limit(int c, const char *text, struct sct_limits *limits);
int sct_option_take_environment(struct sct_limits *limits);

/* An option that describes the output; variants.json has its own. */
int sct_option_take_setting(struct sct_option_reading *r, int c, const char *text);

/* Of all that was said the variants. */
int sct_option_make_variants(struct sct_option_reading *r);

#endif
