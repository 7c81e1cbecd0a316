/* Text for people. File names are bytes: they may hold newlines, escape sequences and
 * broken UTF-8, and none of that may break a line, a terminal or a JSON document. */
#define _GNU_SOURCE 1
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7), or 0. The
 * terminating zero never continues a sequence, so nothing past it is read. */
static size_t measure_sequence(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        n = 2;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        n = 3;
        if (s[0] == 0xe0)
            low = 0xa0; /* overlong */
        if (s[0] == 0xed)
            high = 0x9f; /* surrogates */
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        n = 4;
        if (s[0] == 0xf0)
            low = 0x90;
        if (s[0] == 0xf4)
            high = 0x8f; /* past U+10FFFF */
    } else {
        return 0;
    }
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return n;
}

/* Control characters: C0, DEL, and C1, which are two bytes in UTF-8 (U+0080 to U+009F). */
static int is_control(const unsigned char *s, size_t n)
{
    return n == 1 ? s[0] < 0x20 || s[0] == 0x7f : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

char *sct_text_escape(const char *bytes)
{
    const size_t n = strlen(bytes);
    if (n > (SIZE_MAX - 1) / 4)
        return NULL;
    char *const out = malloc(n * 4 + 1); /* at most \xNN for each byte */
    if (!out)
        return NULL;
    char *p = out;
    for (const unsigned char *s = (const unsigned char *)bytes; *s;) {
        const size_t length = measure_sequence(s);
        if (length > 0 && !is_control(s, length)) {
            memcpy(p, s, length);
            p += length;
            s += length;
        } else if (*s == '\n' || *s == '\t' || *s == '\r') {
            *p++ = '\\';
            *p++ = *s == '\n' ? 'n' : *s == '\t' ? 't' : 'r';
            s++;
        } else {
            for (size_t left = length > 0 ? length : 1; left > 0; left--, s++)
                p += snprintf(p, 5, "\\x%02x", *s);
        }
    }
    *p = '\0';
    return out;
}

void sct_text_complain(const char *format, ...)
{
    char *message = NULL, *escaped = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    if (message)
        escaped = sct_text_escape(message);
    fprintf(stderr, "scantling: %s\n", escaped ? escaped : "out of memory");
    free(escaped);
    free(message);
}

char *sct_text_utf8(const char *bytes)
{
    const size_t n = strlen(bytes);
    if (n > (SIZE_MAX - 1) / 3)
        return NULL;
    char *const out = malloc(n * 3 + 1); /* U+FFFD takes three bytes */
    if (!out)
        return NULL;
    char *p = out;
    for (const unsigned char *s = (const unsigned char *)bytes; *s;) {
        const size_t length = measure_sequence(s);
        if (length > 0) {
            memcpy(p, s, length);
            p += length;
            s += length;
        } else {
            memcpy(p, "\xef\xbf\xbd", 3);
            p += 3;
            s++;
        }
    }
    *p = '\0';
    return out;
}

int sct_text_is_utf8(const char *bytes)
{
    const unsigned char *s = (const unsigned char *)bytes;
    for (size_t length; *s; s += length) {
        length = measure_sequence(s);
        if (length == 0)
            return 0;
    }
    return 1;
}

void sct_text_bytes(char out[16], uint64_t n_bytes)
{
    static const char units[] = "kMGTPE";
    if (n_bytes < 1000) {
        snprintf(out, 16, "%d B", (int)n_bytes);
        return;
    }
    double amount = (double)n_bytes / 1000.0;
    int unit = 0;
    while (amount >= 999.5 && unit < 5) {
        amount /= 1000.0;
        unit++;
    }
    /* One decimal only where it says something: 1.4 MB, but 312 kB. */
    snprintf(out, 16, amount < 9.95 && unit > 0 ? "%.1f %cB" : "%.0f %cB", amount,
             units[unit]);
}
