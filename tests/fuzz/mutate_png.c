/* A mutator for libFuzzer that knows the checksums of PNG: of most mutants they are put right, as
 * otherwise all but the lucky ones would be refused for them. Other files mutate as ever. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);

static uint32_t checksum(const uint8_t *data, size_t n)
{
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        sum ^= data[i];
        for (int k = 0; k < 8; k++)
            sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0); /* PNG, annex D */
    }
    return ~sum;
}

static void mend_checksums(uint8_t *data, size_t size)
{
    for (size_t at = 8; size - at >= 12;) { /* length, type, data, checksum */
        const uint8_t *p = data + at;
        const size_t n =
            (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        if (n > size - at - 12)
            return;
        const uint32_t sum = checksum(p + 4, n + 4);
        for (size_t i = 0; i < 4; i++)
            data[at + 8 + n + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += n + 12;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    const size_t n = LLVMFuzzerMutate(data, size, max_size);
    if (n > 8 && memcmp(data, "\x89PNG", 4) == 0 && seed % 8)
        mend_checksums(data, n);
    return n;
}
