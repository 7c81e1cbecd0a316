/* Limits by their names, in options and in the environment. Command and servers. */
#ifndef SCT_LIMIT_WORDS_H
#define SCT_LIMIT_WORDS_H

#include "scantling.h"

/* Sets the limit called `name`, "max-pixels". SCT_OK; SCT_DONE: there is none of that name;
 * SCT_ERR_ARGUMENT: *wanted says what it should have been. */
int sct_limits_take(struct sct_limits *limits, const char *name, const char *text,
                    const char **wanted);

/* The name of the i-th limit; NULL past the last. */
const char *sct_limits_name_at(int i);

/* The variable of an option, SCANTLING_MAX_PIXELS of "max-pixels". */
void sct_limits_name_variable(char *out, size_t n, const char *name);

/* Sets those that the environment has: SCANTLING_MAX_PIXELS for max-pixels. An empty variable is none.
 * SCT_OK, SCT_ERR_ARGUMENT with a message. */
int sct_limits_from_environment(struct sct_limits *limits, struct sct_report *report);

#endif
