/* Settings of what works on stores: each is an option, --mirror-deletes, and a variable of the
 * environment, SCANTLING_MIRROR_DELETES, which the option overrides. Limits (limit_words.h) are
 * among them. Command and servers.
 *
 *     source          a store that is read; several, with commas between them in the variable
 *     target          the store of the outputs
 *     variants        variants.json: a path, an object's URL, or its text
 *     queue, failed   URLs of queues: work, and failures
 *     key             template of the outputs' keys; see keys.h
 *     cache-control   of the outputs; "" for none
 *     mirror-deletes, salvage, linear, no-sandbox, json, quiet            flags: 1 or 0
 *     jobs            how many at a time; 0: one for each CPU */
#ifndef SCT_SETTINGS_H
#define SCT_SETTINGS_H

#include "recipe.h"
#include "service.h"

struct sct_settings {
    struct sct_recipe recipe;
    const char *source[SCT_SERVICE_MAX_SOURCES]; /* in the one spelling; owned */
    const char *target;                          /* likewise */
    const char *variants, *queue, *failed; /* borrowed from environment, command line */
    int n_sources, n_jobs;
    int without_sandbox, json, quiet, has_key;
};

/* Defaults, and what the environment says. SCT_OK; SCT_ERR_ARGUMENT with a message that names the
 * variable; SCT_ERR_MEMORY. To be freed in any case. */
int sct_settings_init(struct sct_settings *s, struct sct_report *report);
void sct_settings_free(struct sct_settings *s);

/* Whether there is a setting of that name: 0; 1: a flag; 2: it has a value. */
int sct_settings_has(const char *name);

/* Takes one. SCT_OK, or SCT_ERR_ARGUMENT with a message that names it. */
int sct_settings_take(struct sct_settings *s, const char *name, const char *value,
                      struct sct_report *report);

/* When all have been taken: reads the variants and seals the recipe. */
int sct_settings_finish(struct sct_settings *s, const struct sct_store_spec *spec,
                        struct sct_report *report);

/* Options of a command, as getopt_long would read them: "--name value", "--name=value", "--flag",
 * "-j 4", "-h". What is no setting goes to `take`, which returns how many words it has used, 0 when
 * it does not know the option, or below 0 after a complaint of its own; value is the next word, or
 * NULL. Words that are no options are refused. SCT_OK; SCT_DONE: help is wanted;
 * SCT_ERR_ARGUMENT after a complaint. */
int sct_settings_parse(struct sct_settings *s, int argc, char **argv,
                       int (*take)(void *ctx, const char *name, const char *value),
                       void *ctx);

/* The same from the beginning, with sct_settings_init, whose failure is a complaint, too. */
int sct_settings_read(struct sct_settings *s, int argc, char **argv,
                      int (*take)(void *ctx, const char *name, const char *value),
                      void *ctx);

#endif
