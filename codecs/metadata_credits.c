/* Texts of unknown make become credits: one encoding, one line. */
#include "metadata_parts.h"

/* The length of the UTF-8 sequence at p, 1..4; 0: it is none, or not allowed in XML. */
static size_t measure_utf8(const uint8_t *p, size_t n_bytes)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = p[0] < 0x80             ? 1
                     : (p[0] & 0xE0) == 0xC0 ? 2
                     : (p[0] & 0xF0) == 0xE0 ? 3
                     : (p[0] & 0xF8) == 0xF0 ? 4
                                             : 0;
    if (n < 2)
        return n;
    if (n > n_bytes)
        return 0;
    uint32_t code = p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    if (code < smallest[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ||
        code == 0xFFFE || code == 0xFFFF)
        return 0;
    return n;
}

static int is_utf8(const uint8_t *p, size_t n_bytes)
{
    for (size_t at = 0, n; at < n_bytes; at += n) {
        n = measure_utf8(p + at, n_bytes - at);
        if (n == 0)
            return 0;
    }
    return 1;
}

static int is_blank(uint8_t c)
{
    return c <= ' ' || c == 0x7F;
}

void sct_credits_append(struct sct_blob *to, const void *text, size_t n_bytes)
{
    const uint8_t *p = text;

    while (n_bytes && is_blank(p[0])) {
        p++;
        n_bytes--;
    }
    while (n_bytes && is_blank(p[n_bytes - 1]))
        n_bytes--;
    if (n_bytes == 0 || to->n_bytes + 2 >= SCT_MAX_CREDIT_BYTES)
        return;
    if (to->n_bytes)
        sct_blob_put(to, "; ", 2);

    const int is_latin = !is_utf8(p, n_bytes);
    for (size_t at = 0, n; at < n_bytes; at += n) {
        uint8_t c[4];
        size_t n_out;
        n = n_out = is_latin ? 1 : measure_utf8(p + at, n_bytes - at);
        for (size_t i = 0; i < n; i++)
            c[i] = p[at + i];
        if (n == 1 && is_blank(c[0])) {
            c[0] = ' ';
        } else if (is_latin && c[0] >= 0x80 && c[0] < 0xA0) {
            c[0] = '?'; /* controls there, letters elsewhere: nobody knows */
        } else if (is_latin && c[0] >= 0xA0) {
            c[1] = 0x80 | (c[0] & 0x3F);
            c[0] = 0xC0 | c[0] >> 6;
            n_out = 2;
        }
        if (to->n_bytes + n_out > SCT_MAX_CREDIT_BYTES)
            return;
        sct_blob_put(to, c, n_out);
    }
}
