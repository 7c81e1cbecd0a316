/* Text for people: messages on stderr, file names that may hold anything, sizes. Command
 * only. */
#ifndef SCT_TEXT_H
#define SCT_TEXT_H

#include <stdint.h>

/* "scantling: <message>\n" on stderr, in one piece. Control characters, which come from
 * odd file names, are shown as escapes, so that one message is always one line. */
void sct_text_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy in which control characters are escapes (\n, \t, \x1b). NULL when there is no
 * memory; the caller frees it. */
char *sct_text_escape(const char *bytes);

/* A copy that is valid UTF-8: every byte that belongs to no well-formed sequence becomes
 * U+FFFD. NULL when there is no memory; the caller frees it. */
char *sct_text_utf8(const char *bytes);

/* "87 B", "312 kB", "1.4 MB": decimal units, as shops and `ls --si` count. */
void sct_text_bytes(char out[16], uint64_t n_bytes);

#endif
