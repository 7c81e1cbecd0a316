/* Text for people: messages on stderr, file names that may hold anything, sizes. Command
 * only. */
#ifndef SCT_TEXT_H
#define SCT_TEXT_H

#include <stdint.h>

/* "scantling: <message>\n" on stderr, in one piece, and escaped: odd file names are part of
 * it, and one message is always one line. */
void sct_text_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy in which control characters, those of the 8-bit set too, and bytes that are no
 * UTF-8 are escapes (\n, \t, \x1b, \xff). NULL when there is no memory; the caller frees
 * it. */
char *sct_text_escape(const char *bytes);

/* A copy that is valid UTF-8: every byte that belongs to no well-formed sequence becomes
 * U+FFFD. NULL when there is no memory; the caller frees it. */
char *sct_text_utf8(const char *bytes);

/* Whether all of it is well-formed UTF-8. */
int sct_text_is_utf8(const char *bytes);

/* "87 B", "312 kB", "1.4 MB": decimal units, as shops and `ls --si` count. */
void sct_text_bytes(char out[16], uint64_t n_bytes);

#endif
