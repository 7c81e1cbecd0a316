/* See png_common.h.
 *
 * The checksum is "slicing by eight": table[k][b] is what byte b does to the sum when k
 * bytes follow it, so that eight look-ups do not wait for one another. */
#include "png_common.h"

#include <spng.h>

#include "decoder.h"

int sct_png_status(int spng_error)
{
    switch (spng_error) {
    case SPNG_OK: return SCT_OK;
    case SPNG_IO_EOF:
    case SPNG_EOF: return SCT_ERR_TRUNCATED;
    case SPNG_IO_ERROR:
    case SPNG_EIO: return SCT_ERR_IO;
    case SPNG_EMEM:
    case SPNG_EZLIB_INIT: return SCT_ERR_MEMORY;
    case SPNG_EOVERFLOW:
    case SPNG_EUSER_WIDTH:
    case SPNG_EUSER_HEIGHT:
    case SPNG_ECHUNK_LIMITS: return SCT_ERR_TOO_LARGE;
    case SPNG_ESIGNATURE: return SCT_ERR_NOT_AN_IMAGE;
    case SPNG_ECOMPRESSION_METHOD:
    case SPNG_EFILTER_METHOD:
    case SPNG_EINTERLACE_METHOD:
    case SPNG_ECHUNK_UNKNOWN_CRITICAL: return SCT_ERR_UNSUPPORTED;
    case SPNG_EINVAL: /* these are about the caller */
    case SPNG_EBUFSIZ:
    case SPNG_EBUF_SET:
    case SPNG_EBADSTATE:
    case SPNG_EFMT:
    case SPNG_EFLAGS:
    case SPNG_ECHUNKAVAIL:
    case SPNG_ENCODE_ONLY:
    case SPNG_EINTERNAL:
    case SPNG_ECTXTYPE:
    case SPNG_ENOSRC:
    case SPNG_ENODST:
    case SPNG_EOPSTATE:
    case SPNG_ENOTFINAL: return SCT_ERR_ARGUMENT;
    default: return SCT_ERR_CORRUPT; /* all others are about the bytes */
    }
}

const char *sct_png_version(void)
{
    return spng_version_string();
}

void sct_png_crc_init(struct sct_png_crc *crc)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t sum = b;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xEDB88320u : sum >> 1;
        crc->table[0][b] = sum;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t b = 0; b < 256; b++) {
            const uint32_t before = crc->table[k - 1][b];
            crc->table[k][b] = crc->table[0][before & 0xFF] ^ before >> 8;
        }
}

uint32_t sct_png_crc_add(const struct sct_png_crc *crc, uint32_t sum, const uint8_t *data,
                         size_t n_bytes)
{
    const uint32_t(*t)[256] = crc->table;
    uint32_t s = ~sum;
    for (; n_bytes >= 8; n_bytes -= 8, data += 8)
        s = t[7][(s ^ data[0]) & 0xFF] ^ t[6][(s >> 8 ^ data[1]) & 0xFF] ^
            t[5][(s >> 16 ^ data[2]) & 0xFF] ^ t[4][s >> 24 ^ data[3]] ^ t[3][data[4]] ^
            t[2][data[5]] ^ t[1][data[6]] ^ t[0][data[7]];
    for (; n_bytes; n_bytes--)
        s = t[0][(s ^ *data++) & 0xFF] ^ s >> 8;
    return ~s;
}
