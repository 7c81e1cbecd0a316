/* Private to the PNG codec: libspng's errors as our statuses, and the checksum of chunks. */
#ifndef SCT_PNG_COMMON_H
#define SCT_PNG_COMMON_H

#include <stddef.h>
#include <stdint.h>

enum { SCT_PNG_MAX_SIDE = 65535 }; /* pixels; what the rest of the program counts with */

/* The status for an error of libspng; README.md has the table. */
int sct_png_status(int spng_error);

/* CRC-32 of PNG (ISO 3309), eight bytes at a time. */
struct sct_png_crc {
    uint32_t table[8][256];
};

void sct_png_crc_init(struct sct_png_crc *crc);

/* The checksum of all bytes so far: begins with 0 and goes on with what it returned. */
uint32_t sct_png_crc_add(const struct sct_png_crc *crc, uint32_t sum, const uint8_t *data,
                         size_t n_bytes);

static inline uint32_t sct_png_read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void sct_png_write_u32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

#endif
