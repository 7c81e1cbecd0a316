/* Counts scans by walking from marker to marker (T.81, B.1.1).
 *
 *     FF D8 | FF m hi lo ....... | FF DA hi lo .. | entropy-coded FF 00 data FF D3 .. | FF D9
 *     SOI   | segment: skipped   | SOS: counted   | looked through for the next FF m | EOI
 *
 * 1. Entropy-coded data and stray bytes between segments are treated alike: the next FF
 *    that is followed by neither 00, nor FF (fill), nor RSTn is a marker.
 * 2. What a segment holds is never looked at, so the scans of an embedded thumbnail do
 *    not count; nor do those behind EOI, where a second picture may be.
 * 3. Every byte is consumed exactly once, whatever the pieces. */
#include "jpeg_scans.h"

#include <limits.h>
#include <string.h>

enum { AT_START, AFTER_START, SEEKING, AFTER_FF, LENGTH_HIGH, LENGTH_LOW, SKIPPING };

enum { TEM = 0x01, RST0 = 0xD0, SOI = 0xD8, EOI = 0xD9, SOS = 0xDA };

/* The step that follows FF and `byte`. */
static int take_marker(struct sct_jpeg_scans *s, unsigned byte)
{
    if (byte == 0xFF)
        return AFTER_FF;
    if (byte == 0 || byte == TEM || (byte >= RST0 && byte <= SOI))
        return SEEKING; /* no marker, or one without a segment */
    if (byte == EOI)
        s->has_ended = 1;
    if (byte == SOS && s->n_scans < INT_MAX)
        s->n_scans++;
    return LENGTH_HIGH;
}

static void take_byte(struct sct_jpeg_scans *s, unsigned byte)
{
    switch (s->step) {
    case AT_START:
        s->has_ended = byte != 0xFF;
        s->step = AFTER_START;
        break;
    case AFTER_START:
        s->has_ended = byte != SOI;
        s->step = SEEKING;
        break;
    case AFTER_FF: s->step = take_marker(s, byte); break;
    case LENGTH_HIGH:
        s->n_left = byte << 8;
        s->step = LENGTH_LOW;
        break;
    default: /* LENGTH_LOW: the length counts its own two bytes, so below 2 is damage */
        s->n_left |= byte;
        s->n_left = s->n_left > 2 ? s->n_left - 2 : 0;
        s->step = s->n_left > 0 ? SKIPPING : SEEKING;
        break;
    }
}

void sct_jpeg_scans_walk(struct sct_jpeg_scans *s, const uint8_t *bytes, size_t n_bytes)
{
    const uint8_t *const end = bytes + n_bytes;
    while (bytes < end && !s->has_ended) {
        const size_t n_here = (size_t)(end - bytes);
        if (s->step == SEEKING) {
            const uint8_t *const ff = memchr(bytes, 0xFF, n_here);
            bytes = ff ? ff + 1 : end;
            if (ff)
                s->step = AFTER_FF;
        } else if (s->step == SKIPPING) {
            const size_t n = s->n_left < n_here ? s->n_left : n_here;
            bytes += n;
            s->n_left -= (unsigned)n;
            if (s->n_left == 0)
                s->step = SEEKING;
        } else {
            take_byte(s, *bytes++);
        }
    }
}
