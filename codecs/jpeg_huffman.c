/* Building the tables: first every code that fits a window is spread over it, then
 * entries are composed by walking the window code by code. */
#include "jpeg_huffman.h"

#include <string.h>

#include "status.h"

enum { MAX_WINDOW = SCT_SKIP_BITS };

/* A window with the first code in it: length 0 when that is longer than the window. */
struct first_code {
    uint8_t length, symbol;
};

static int assign_codes(struct sct_code_lengths *codes, const uint8_t n_codes[17],
                        const uint8_t symbols[256])
{
    int code = 0, index = 0;
    memcpy(codes->symbol, symbols, sizeof codes->symbol);
    for (int length = 1; length <= 16; length++) {
        codes->offset[length] = index - code;
        index += n_codes[length];
        code += n_codes[length];
        codes->max_code[length] = n_codes[length] ? code - 1 : -1;
        if (code >= 1 << length || index > 256) /* no code may be all ones */
            return SCT_ERR_CORRUPT;
        code <<= 1;
    }
    codes->max_code[17] = INT32_MAX;
    return SCT_OK;
}

static void spread_codes(struct first_code *window, int bits,
                         const struct sct_code_lengths *codes, const uint8_t n_codes[17])
{
    int code = 0, index = 0;
    memset(window, 0, sizeof *window << bits);
    for (int length = 1; length <= bits; length++, code <<= 1)
        for (int i = 0; i < n_codes[length]; i++, code++, index++) {
            const int first = code << (bits - length);
            for (int k = 0; k < 1 << (bits - length); k++)
                window[first + k] =
                    (struct first_code){(uint8_t)length, codes->symbol[index]};
        }
}

/* Bits [from, from + n) of a window, counted from its top. */
static int bits_of(int window, int bits, int from, int n)
{
    return window >> (bits - from - n) & ((1 << n) - 1);
}

/* The first code of what is left of a window after `from` bits. */
static struct first_code code_at(const struct first_code *windows, int window, int bits,
                                 int from)
{
    const struct first_code c = windows[window << from & ((1 << bits) - 1)];
    return c.length <= bits - from ? c : (struct first_code){0, 0};
}

/* The value that begins at bit `from` of a window, as far as the window goes; the bits that
 * are missing count as 0. */
static int value_at(int window, int bits, int from, int size, int *n_missing)
{
    const int n_here = from + size <= bits ? size : bits - from;
    *n_missing = size - n_here;
    const int value = bits_of(window, bits, from, n_here) << *n_missing;
    return sct_huffman_extend(value, size);
}

/* ---- dc ---- */

static struct sct_dc_entry make_dc_entry(const struct first_code *windows, int w)
{
    const struct first_code c = windows[w];
    struct sct_dc_entry e = {0, 0, 0};
    int n_missing;
    /* the first bit of a value is its sign: without it nothing is known */
    if (!c.length || (c.symbol && c.length == SCT_DC_BITS))
        return e;
    e.value = (int16_t)value_at(w, SCT_DC_BITS, c.length, c.symbol, &n_missing);
    e.n_missing = (uint8_t)n_missing;
    e.n_bits = (uint8_t)(c.length + c.symbol);
    return e;
}

int sct_dc_table_build(struct sct_dc_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256])
{
    struct first_code windows[1 << SCT_DC_BITS];
    int n = 0;
    if (assign_codes(&t->codes, n_codes, symbols) < 0)
        return SCT_ERR_CORRUPT;
    for (int length = 1; length <= 16; length++)
        n += n_codes[length];
    for (int i = 0; i < n; i++)
        if (symbols[i] > 15)
            return SCT_ERR_CORRUPT;
    spread_codes(windows, SCT_DC_BITS, &t->codes, n_codes);
    for (int w = 0; w < 1 << SCT_DC_BITS; w++)
        t->entry[w] = make_dc_entry(windows, w);
    return SCT_OK;
}

/* ---- ac ---------------------------------------------------------------------------- */

static int is_end(int symbol) /* EOB; runs below 15 without a value count as EOB too */
{
    return (symbol & 15) == 0 && symbol >> 4 != 15;
}

static struct sct_ac_entry make_ac_entry(const struct first_code *windows, int w)
{
    struct sct_ac_entry e = {.n_bits = 0};
    const struct first_code c = windows[w];
    const int size = c.symbol & 15;
    int n_missing;
    if (!c.length || (size && c.length == SCT_AC_BITS))
        return e;
    if (is_end(c.symbol)) {
        e.advance = SCT_END_OF_BLOCK;
        e.n_bits = c.length;
        return e;
    }
    e.value0 = (int16_t)value_at(w, SCT_AC_BITS, c.length, size, &n_missing);
    e.n_missing = (uint8_t)n_missing;
    e.offset0 = c.symbol >> 4;
    e.advance = e.offset1 = (uint8_t)(e.offset0 + 1);
    e.n_bits = (uint8_t)(c.length + size);
    if (n_missing)
        return e;

    const struct first_code c1 = code_at(windows, w, SCT_AC_BITS, e.n_bits);
    const int size1 = c1.symbol & 15;
    if (!c1.length || e.n_bits + c1.length + size1 > SCT_AC_BITS)
        return e;
    if (is_end(c1.symbol)) {
        e.advance = (uint8_t)(e.advance + SCT_END_OF_BLOCK);
        e.n_bits = (uint8_t)(e.n_bits + c1.length);
        return e;
    }
    e.value1 = (int8_t)value_at(w, SCT_AC_BITS, e.n_bits + c1.length, size1, &n_missing);
    e.offset1 = (uint8_t)(e.advance + (c1.symbol >> 4));
    e.advance = (uint8_t)(e.offset1 + 1);
    e.n_bits = (uint8_t)(e.n_bits + c1.length + size1);
    return e;
}

static struct sct_skip_entry make_skip_entry(const struct first_code *windows, int w)
{
    struct sct_skip_entry e = {0, 0};
    while (e.n_bits < SCT_SKIP_BITS) {
        const struct first_code c = code_at(windows, w, SCT_SKIP_BITS, e.n_bits);
        const int is_last = c.length && is_end(c.symbol);
        const int advance = is_last ? SCT_END_OF_BLOCK : (c.symbol >> 4) + 1;
        if (!c.length || (!is_last && e.advance + advance >= SCT_END_OF_BLOCK))
            return e;
        e.n_bits = (uint8_t)(e.n_bits + c.length + (c.symbol & 15));
        e.advance = (uint8_t)(e.advance + advance);
        if (is_last)
            return e;
    }
    return e;
}

int sct_ac_table_build(struct sct_ac_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256])
{
    struct first_code windows[1 << MAX_WINDOW];
    if (assign_codes(&t->codes, n_codes, symbols) < 0)
        return SCT_ERR_CORRUPT;
    spread_codes(windows, SCT_AC_BITS, &t->codes, n_codes);
    for (int w = 0; w < 1 << SCT_AC_BITS; w++)
        t->entry[w] = make_ac_entry(windows, w);
    spread_codes(windows, SCT_SKIP_BITS, &t->codes, n_codes);
    for (int w = 0; w < 1 << SCT_SKIP_BITS; w++)
        t->skip[w] = make_skip_entry(windows, w);
    return SCT_OK;
}
