/* A growing buffer over sct_mem_alloc, which zeroes: what lies behind the bytes is always a
 * terminator. */
#define _GNU_SOURCE 1
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "status.h"

static int reserve(struct sct_buffer *b, size_t n_bytes)
{
    const size_t total = sct_size_add(b->n_bytes, n_bytes);
    if (b->max_bytes && total > b->max_bytes)
        b->has_failed = 1;
    if (b->has_failed)
        return 0;
    if (b->data && total < b->capacity)
        return 1;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity <= total)
        capacity = sct_size_mul(capacity, 2);
    char *const larger = sct_mem_alloc(capacity);
    if (!larger) {
        b->has_failed = 1;
        return 0;
    }
    if (b->n_bytes > 0)
        memcpy(larger, b->data, b->n_bytes);
    if (b->data)
        explicit_bzero(b->data, b->capacity);
    sct_mem_free(b->data);
    b->data = larger;
    b->capacity = capacity;
    return 1;
}

void sct_buffer_add(struct sct_buffer *b, const void *data, size_t n_bytes)
{
    if (!reserve(b, n_bytes))
        return;
    if (n_bytes > 0)
        memcpy(b->data + b->n_bytes, data, n_bytes);
    b->n_bytes += n_bytes;
    b->data[b->n_bytes] = '\0';
}

void sct_buffer_text(struct sct_buffer *b, const char *text)
{
    sct_buffer_add(b, text, strlen(text));
}

void sct_buffer_format(struct sct_buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->has_failed = 1;
    else if (reserve(b, (size_t)n))
        b->n_bytes +=
            (size_t)vsnprintf(b->data + b->n_bytes, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
}

static int is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void sct_buffer_encode(struct sct_buffer *b, const char *text, int keeps_slashes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (is_unreserved(*s) || (keeps_slashes && *s == '/')) {
            sct_buffer_add(b, s, 1);
        } else {
            const char code[3] = {'%', digits[*s >> 4], digits[*s & 15]};
            sct_buffer_add(b, code, sizeof code);
        }
    }
}

static int read_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const int letter = (c | 0x20) - 'a'; /* of either case */
    return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

int sct_buffer_decode(struct sct_buffer *b, const char *text, int plus_is_space)
{
    for (const char *p = text; *p; p++) {
        char c = plus_is_space && *p == '+' ? ' ' : *p;
        if (c == '%') {
            const int high = read_digit(p[1]), low = high < 0 ? -1 : read_digit(p[2]);
            if (low < 0)
                return SCT_ERR_CORRUPT;
            if (high == 0 && low == 0)
                return SCT_ERR_ARGUMENT;
            c = (char)(high << 4 | low);
            p += 2;
        }
        sct_buffer_add(b, &c, 1);
    }
    return SCT_OK;
}

char *sct_buffer_take(struct sct_buffer *b)
{
    sct_buffer_add(b, "", 0);
    if (b->has_failed) {
        sct_buffer_free(b);
        return NULL;
    }
    char *const data = b->data;
    b->data = NULL;
    b->n_bytes = b->capacity = 0;
    return data;
}

void sct_buffer_reset(struct sct_buffer *b)
{
    if (b->data)
        explicit_bzero(b->data, b->capacity);
    b->n_bytes = 0;
    b->has_failed = 0;
}

void sct_buffer_free(struct sct_buffer *b)
{
    sct_buffer_reset(b);
    sct_mem_free(b->data);
    b->data = NULL;
    b->capacity = 0;
}

char *sct_buffer_copy(const char *text)
{
    struct sct_buffer b = {0};
    sct_buffer_text(&b, text);
    return sct_buffer_take(&b);
}
