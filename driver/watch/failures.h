/* The folder of failed inputs: each under its own path, and a line about each in failures.jsonl.
 *
 *     {"time": "2024-05-14T09:11:02.417Z", "path": "2024/a.jpg", "failed": "2024/a.1.jpg",
 *      "verdict": "truncated", "message": "...", "permanent": true, "mark": "...", "id": "..."}
 *
 * "failed" is where it is now; where there was something already a number is put in. Where a name is
 * not UTF-8 "path_encoded" and "failed_encoded" have all its bytes, percent-encoded. One line for
 * each file and one file for each line, wherever the process is killed.
 *
 * Whoever looks at the source afterwards finds the input gone, but nobody has removed it: it is held
 * here, which a marker in the folder .held says until the same source is fine again. Command only. */
#ifndef SCT_FAILURES_H
#define SCT_FAILURES_H

#include <stddef.h>

#include "tempfiles.h"

typedef struct sct_failures sct_failures;

struct sct_failed_input {
    const char *key;  /* below the source folder */
    const char *mark; /* sct_mark_print of what failed */
    const char *verdict, *message;
    int is_permanent;
    const char
        *source; /* the name of its marker, as outputs name their source; NULL: none */
};

/* Opens the folder, which is made where it is missing, and completes what a process that was killed
 * has left half done. `source` is a descriptor of the source folder, borrowed. SCT_OK;
 * SCT_ERR_MEMORY; SCT_ERR_IO with a message. */
int sct_failures_create(sct_failures **out, const char *folder, int source,
                        sct_tempfiles *tempfiles, char *message, size_t message_bytes);
void sct_failures_free(sct_failures *f); /* accepts NULL */

/* Moves the input here and writes the line; by any thread. *where is its path below the folder, to
 * be freed by the caller. SCT_OK. SCT_DONE: it is not what failed any more, and stays. SCT_ERR_IO
 * with a message, SCT_ERR_MEMORY: it is still where it was, without a line, and may be tried again;
 * or it is here, and its line, which could not be written, is at the next start. */
int sct_failures_take(sct_failures *f, const struct sct_failed_input *input, char **where,
                      char *message, size_t message_bytes);

/* Whether a source was moved here and has not been fine since; also where that cannot be found out. */
int sct_failures_holds(const sct_failures *f, const char *source);

/* It is fine again: its outputs are those of what is there now. 0 or an errno. */
int sct_failures_release(const sct_failures *f, const char *source);

/* A line that is kept here under a name, as what is known of a source folder: whether there is another
 * one than `text`. */
int sct_failures_differ(const sct_failures *f, const char *name, const char *text);

/* Keeps it. 0 or an errno. */
int sct_failures_keep(const sct_failures *f, const char *name, const char *text);

#endif
