/* Building the tables: first every code that fits a window is spread over it, then
 * entries are composed by walking the window code by code. */
#include "jpeg_huffman.h"

#include <string.h>

#include "bits.h"
#include "status.h"

enum { MAX_WINDOW = SCT_SKIP_BITS };

/* An entry while it is made. */
struct entry {
    int n_bits, n_missing, advance, offset0, offset1, value0, value1;
};

static const struct sct_huffman_entry no_entry;

static struct sct_huffman_entry pack_entry(const struct entry *e)
{
    return (struct sct_huffman_entry){
        .n_bits = (uint8_t)e->n_bits,
        .missing = (uint8_t)((1 << e->n_missing) - 1),
        .advance = (uint8_t)e->advance,
        .offset0 = (uint8_t)e->offset0,
        .offset1 = (uint8_t)e->offset1,
        .value1 = (int8_t)e->value1,
        .value0 = (int16_t)e->value0,
    };
}

/* A window with the first code in it: length 0 when that is longer than the window. */
struct first_code {
    uint8_t length, symbol;
};

static int assign_codes(struct sct_code_lengths *codes, const uint8_t n_codes[17],
                        const uint8_t symbols[256])
{
    int code = 0, index = 0;
    memcpy(codes->n_codes, n_codes, sizeof codes->n_codes);
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
    codes->n_symbols = index;
    return SCT_OK;
}

static void spread_codes(struct first_code *window, int bits,
                         const struct sct_code_lengths *codes)
{
    int code = 0, index = 0;
    memset(window, 0, sizeof *window << bits);
    for (int length = 1; length <= bits; length++, code <<= 1)
        for (int i = 0; i < codes->n_codes[length]; i++, code++, index++) {
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
    static const struct first_code none = {0, 0};
    if (from >= bits)
        return none;
    const struct first_code c = windows[window << from & ((1 << bits) - 1)];
    return c.length <= bits - from ? c : none;
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

static int is_end(int symbol) /* EOB; runs below 15 without a value count as EOB too */
{
    return (symbol & 15) == 0 && symbol >> 4 != 15;
}

/* ---- entries ---- */

enum { SECOND_SIZE = 7 }; /* of a second value, in bits: it is stored in 8 */

/* Whether a code and the first bit of its value, which is its sign, stand in a window, and
 * not too much of the value behind it. */
static int is_readable(struct first_code c, int size, int bits)
{
    return c.length && (!size || c.length < bits) &&
           c.length + size <= sct_min(bits + SCT_MISSING_BITS, SCT_ENTRY_BITS);
}

/* Adds the AC code that comes after what an entry already holds, if all of it is there. */
static void add_code(struct entry *e, const struct first_code *windows, int w, int bits,
                     int max_size)
{
    const struct first_code c = code_at(windows, w, bits, e->n_bits);
    const int size = c.symbol & 15;
    int n_missing;
    e->offset1 = e->advance;
    if (e->n_missing || !c.length || e->n_bits + c.length + size > bits ||
        size > sct_min(max_size, SECOND_SIZE))
        return;
    if (is_end(c.symbol)) {
        e->advance += SCT_END_OF_BLOCK;
    } else {
        e->value1 = value_at(w, bits, e->n_bits + c.length, size, &n_missing);
        e->offset1 += c.symbol >> 4;
        e->advance = e->offset1 + 1;
    }
    e->n_bits += c.length + size;
}

static struct sct_huffman_entry make_first_entry(const struct first_code *dc,
                                                 const struct first_code *ac, int w,
                                                 int max_size)
{
    const struct first_code c = dc[w];
    struct entry e = {.advance = 1, .n_bits = c.length + c.symbol};
    if (!is_readable(c, c.symbol, SCT_FIRST_BITS))
        return no_entry;
    e.value0 = value_at(w, SCT_FIRST_BITS, c.length, c.symbol, &e.n_missing);
    add_code(&e, ac, w, SCT_FIRST_BITS, max_size);
    return pack_entry(&e);
}

static struct sct_huffman_entry make_ac_entry(const struct first_code *windows, int w,
                                              int bits, int max_size)
{
    const struct first_code c = windows[w];
    const int run = c.symbol >> 4, size = c.symbol & 15;
    struct entry e = {.offset0 = run, .advance = run + 1, .n_bits = c.length + size};
    if (!is_readable(c, size, bits) || size > max_size)
        return no_entry;
    if (is_end(c.symbol)) {
        e = (struct entry){.advance = SCT_END_OF_BLOCK, .n_bits = c.length};
        return pack_entry(&e);
    }
    e.value0 = value_at(w, bits, c.length, size, &e.n_missing);
    add_code(&e, windows, w, bits, max_size);
    return pack_entry(&e);
}

static struct sct_skip_entry make_skip_entry(const struct first_code *windows, int w)
{
    int n_bits = 0, advance = 0;
    while (n_bits < SCT_SKIP_BITS && advance < SCT_END_OF_BLOCK) {
        const struct first_code c = code_at(windows, w, SCT_SKIP_BITS, n_bits);
        const int step = is_end(c.symbol) ? SCT_END_OF_BLOCK : (c.symbol >> 4) + 1;
        if (!c.length || (!is_end(c.symbol) && advance + step >= SCT_END_OF_BLOCK))
            break;
        n_bits += c.length + (c.symbol & 15);
        advance += step;
    }
    return (struct sct_skip_entry){(uint8_t)n_bits, (uint8_t)advance};
}

/* ---- tables ---- */

int sct_dc_table_build(struct sct_dc_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256])
{
    if (assign_codes(&t->codes, n_codes, symbols) < 0)
        return SCT_ERR_CORRUPT;
    for (int i = 0; i < t->codes.n_symbols; i++)
        if (symbols[i] > 15)
            return SCT_ERR_CORRUPT;
    return SCT_OK;
}

int sct_ac_table_build(struct sct_ac_table *t, const uint8_t n_codes[17],
                       const uint8_t symbols[256], int bits, int max_size)
{
    struct first_code windows[1 << MAX_WINDOW];
    if (assign_codes(&t->codes, n_codes, symbols) < 0)
        return SCT_ERR_CORRUPT;
    t->bits = bits;
    t->max_size = max_size;
    spread_codes(windows, bits, &t->codes);
    for (int w = 0; w < 1 << bits; w++)
        t->entry[w] = make_ac_entry(windows, w, bits, max_size);
    spread_codes(windows, SCT_SKIP_BITS, &t->codes);
    for (int w = 0; w < 1 << SCT_SKIP_BITS; w++)
        t->skip[w] = make_skip_entry(windows, w);
    return SCT_OK;
}

void sct_first_table_build(struct sct_first_table *t, const struct sct_dc_table *dc,
                           const struct sct_ac_table *ac)
{
    struct first_code dc_windows[1 << SCT_FIRST_BITS], ac_windows[1 << SCT_FIRST_BITS];
    spread_codes(dc_windows, SCT_FIRST_BITS, &dc->codes);
    spread_codes(ac_windows, SCT_FIRST_BITS, &ac->codes);
    for (int w = 0; w < 1 << SCT_FIRST_BITS; w++)
        t->entry[w] = make_first_entry(dc_windows, ac_windows, w, ac->max_size);
}
