/* Base64: four characters for three bytes. */
#define _GNU_SOURCE 1
#include "base64.h"

#include <stdint.h>
#include <string.h>

#include "status.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* 0..63, or -1 */
static int value_of(char c, enum sct_base64 alphabet)
{
    const char *const last = alphabet == SCT_BASE64_URL ? "-_" : "+/";
    if (c == last[0])
        return 62;
    if (c == last[1])
        return 63;
    const char *const found = c ? strchr(letters, c) : NULL;
    return found ? (int)(found - letters) : -1;
}

int sct_base64_decode(struct sct_buffer *out, enum sct_base64 alphabet, const char *text,
                      size_t n_bytes)
{
    if (alphabet == SCT_BASE64_PLAIN) {
        if (n_bytes % 4 != 0)
            return SCT_ERR_CORRUPT;
        for (int i = 0; i < 2 && n_bytes > 0 && text[n_bytes - 1] == '='; i++)
            n_bytes--;
    }
    if (n_bytes % 4 == 1)
        return SCT_ERR_CORRUPT;
    uint32_t bits = 0;
    int n_bits = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        const int value = value_of(text[i], alphabet);
        if (value < 0)
            return SCT_ERR_CORRUPT;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        const unsigned char byte = (unsigned char)(bits >> n_bits);
        sct_buffer_add(out, &byte, 1);
        bits &= (1U << n_bits) - 1;
    }
    if (bits != 0)
        return SCT_ERR_CORRUPT;
    return out->has_failed ? SCT_ERR_MEMORY : SCT_OK;
}

static char letter_of(uint32_t value)
{
    return value == 62 ? '+' : value == 63 ? '/' : letters[value];
}

void sct_base64_encode(struct sct_buffer *out, const void *data, size_t n_bytes)
{
    const unsigned char *const bytes = data;
    for (size_t i = 0; i < n_bytes; i += 3) {
        const size_t n = n_bytes - i < 3 ? n_bytes - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= n > 2 ? bytes[i + 2] : 0;
        const char quartet[] = {letter_of(bits >> 18), letter_of(bits >> 12 & 63),
                                n > 1 ? letter_of(bits >> 6 & 63) : '=',
                                n > 2 ? letter_of(bits & 63) : '='};
        sct_buffer_add(out, quartet, sizeof quartet);
    }
}
