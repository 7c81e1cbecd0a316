/* See jpeg_segment.h. FF is rare, one byte in a few hundred: memchr finds it, memcpy
 * moves what lies between. */
#include "jpeg_segment.h"

#include <string.h>

enum { MARKER_EOI = 0xD9 };

void sct_jpeg_segment_init(struct sct_jpeg_segment *s, struct sct_reader *reader)
{
    s->reader = reader;
    s->piece = NULL;
    s->piece_bytes = 0;
    s->has_ff = s->marker = s->at_end = 0;
    s->status = SCT_OK;
    s->end = s->data;
    memset(s->data, 0, SCT_MCU_BYTES);
}

/* Makes sure that the piece has a byte, or sets the marker at the end of the input. */
static int has_piece(struct sct_jpeg_segment *s)
{
    struct sct_reader *r = s->reader;
    if (s->piece_bytes)
        return 1;
    const int status = r->n_bytes ? SCT_OK : sct_reader_next(r);
    if (status == SCT_OK) { /* the bytes stay until the reader is asked for the next */
        s->piece = r->data;
        s->piece_bytes = r->n_bytes;
        r->data += r->n_bytes;
        r->n_bytes = 0;
        return 1;
    }
    if (status < 0)
        s->status = status;
    s->at_end = 1;
    s->marker = MARKER_EOI;
    return 0;
}

static uint8_t next_byte(struct sct_jpeg_segment *s)
{
    s->piece_bytes--;
    return *s->piece++;
}

/* After an FF: fill bytes, a stuffed 00 (then the FF was data), or a marker. */
static uint8_t *read_after_ff(struct sct_jpeg_segment *s, uint8_t *to)
{
    const uint8_t c = next_byte(s);
    if (c == 0xFF) /* fill bytes before a marker (T.81, B.1.1.2) */
        return to;
    s->has_ff = 0;
    if (c)
        s->marker = c;
    else
        *to++ = 0xFF;
    return to;
}

/* Copies up to the next FF, the end of the piece or the end of the room. */
static uint8_t *copy_data(struct sct_jpeg_segment *s, uint8_t *to, size_t room)
{
    size_t n = s->piece_bytes < room ? s->piece_bytes : room;
    const uint8_t *ff = memchr(s->piece, 0xFF, n);
    if (ff)
        n = (size_t)(ff - s->piece);
    memcpy(to, s->piece, n);
    s->piece += n + (ff != NULL);
    s->piece_bytes -= n + (ff != NULL);
    s->has_ff = ff != NULL;
    return to + n;
}

const uint8_t *sct_jpeg_segment_fill(struct sct_jpeg_segment *s, const uint8_t *read)
{
    const size_t kept = (size_t)(s->end - read);
    uint8_t *to = s->data + kept;
    uint8_t *const full = s->data + SCT_SEGMENT_BYTES;
    memmove(s->data, read, kept);
    while (!s->marker && to < full && has_piece(s))
        to = s->has_ff ? read_after_ff(s, to) : copy_data(s, to, (size_t)(full - to));
    memset(to, 0, SCT_MCU_BYTES);
    s->end = to;
    return s->data;
}

size_t sct_jpeg_segment_seek(struct sct_jpeg_segment *s)
{
    size_t n = 0;
    while (!s->marker) {
        (void)sct_jpeg_segment_fill(s, s->end);
        n += (size_t)(s->end - s->data);
    }
    return n;
}

const uint8_t *sct_jpeg_segment_pass(struct sct_jpeg_segment *s)
{
    if (!s->at_end)
        s->marker = 0;
    s->end = s->data;
    memset(s->data, 0, SCT_MCU_BYTES);
    return s->data;
}
