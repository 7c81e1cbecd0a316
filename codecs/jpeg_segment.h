/* Private to the JPEG codec: entropy-coded data without its byte stuffing.
 *
 *     pieces of the source      data[]
 *     ..FF 00 a b FF D3..  -->  |already read|FF a b|0 0 0 ...|     marker = D3
 *                                             ^read  ^end
 *
 * The bit reader runs over `data` without looking at each byte. Where the entropy-coded
 * data ends, at a marker or the end of the input, zero bits follow, enough for any MCU:
 * whoever reads them notices by the position, afterwards. */
#ifndef SCT_JPEG_SEGMENT_H
#define SCT_JPEG_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"

enum {
    SCT_SEGMENT_BYTES = 32768,
    /* The most that one MCU can take: 10 blocks of a DC code and 63 AC codes, each of up
     * to 17 bits (17: no such code) and 15 bits of value; and what the bit reader loads
     * ahead. */
    SCT_MCU_BYTES = 10 * 64 * 4 + 16
};

struct sct_jpeg_segment {
    struct sct_reader *reader; /* borrowed */
    const uint8_t *piece;      /* what is left of the source's current piece */
    size_t piece_bytes;
    int has_ff; /* the last byte of the piece before was an FF */
    int marker; /* the data ends at this one; 0: it goes on */
    int at_end; /* the input is over; the marker is an EOI that nobody wrote */
    int status; /* SCT_OK or SCT_ERR_IO */
    const uint8_t *end;
    uint8_t data[SCT_SEGMENT_BYTES + SCT_MCU_BYTES];
};

/* Begins with the reader's next byte. */
void sct_jpeg_segment_init(struct sct_jpeg_segment *s, struct sct_reader *reader);

/* Keeps the bytes from `read` on and adds more until the buffer is full or a marker
 * comes. Returns where `read` is now. Afterwards SCT_MCU_BYTES can be read: data, or
 * zeros behind its end. Only while there is no marker, and with read <= end. */
const uint8_t *sct_jpeg_segment_fill(struct sct_jpeg_segment *s, const uint8_t *read);

/* Throws away all data before the next marker: how many bytes came after what `data`
 * held. */
size_t sct_jpeg_segment_seek(struct sct_jpeg_segment *s);

/* Goes past the marker; what follows is read from the start of `data`, which is returned.
 * At the end of the input the marker stays. */
const uint8_t *sct_jpeg_segment_pass(struct sct_jpeg_segment *s);

#endif
