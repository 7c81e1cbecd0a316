/* From the quantisers of a VP8 frame back to libwebp's quality.
 *
 * libwebp makes of the quality Q, 0..100, a coarseness c (near its end the scale is twice as
 * steep):
 *
 *     x = Q / 100;  l = x < 3/4 ? x * 2/3 : 2 * x - 1;  c = cbrt(l)
 *
 * and of that the quantiser index of each of up to four segments of the picture,
 * q_s = 127 * (1 - c^(1 - a_s)), where the exponent spares flat segments and costs busy ones, and
 * is 1 in the mean over the picture. So log(c) is the mean over the segments of
 * log(1 - q_s / 127), weighted by their areas; and the probabilities with which the segments
 * are coded are their areas, in 1/256. From c, Q follows.
 *
 * The indices stand near the beginning of the frame header (RFC 6386, 9.3, 9.6 and 19.2), which
 * is coded with the boolean decoder of section 7. */
#include "webp_quality.h"

#include <math.h>

#include "bits.h"

enum { N_SEGMENTS = 4, FRAME_TAG = 10, MAX_INDEX = 127 };

struct bool_decoder {
    const uint8_t *data, *end;
    uint32_t value; /* 2 bytes */
    uint32_t range; /* 128..255 */
    int n_shifted;  /* bits shifted out of value's low byte */
    int has_ended;
};

static uint32_t next_byte(struct bool_decoder *b)
{
    if (b->data < b->end)
        return *b->data++;
    b->has_ended = 1;
    return 0;
}

static int read_bool(struct bool_decoder *b, uint32_t probability)
{
    const uint32_t split = 1 + (((b->range - 1) * probability) >> 8);
    const int bit = b->value >= split << 8;
    if (bit) {
        b->range -= split;
        b->value -= split << 8;
    } else {
        b->range = split;
    }
    while (b->range < 128) {
        b->value <<= 1;
        b->range <<= 1;
        if (++b->n_shifted == 8) {
            b->n_shifted = 0;
            b->value |= next_byte(b);
        }
    }
    return bit;
}

static int read_literal(struct bool_decoder *b, int n_bits)
{
    int value = 0;
    while (n_bits-- > 0)
        value = value << 1 | read_bool(b, 128);
    return value;
}

/* A flag, and if it is set n bits and a sign; otherwise 0. */
static int read_optional(struct bool_decoder *b, int n_bits)
{
    if (!read_bool(b, 128))
        return 0;
    const int value = read_literal(b, n_bits);
    return read_bool(b, 128) ? -value : value;
}

struct segments {
    int n;
    int index[N_SEGMENTS];
    double area[N_SEGMENTS]; /* sum 1 */
};

static void read_areas(struct bool_decoder *b, double area[N_SEGMENTS])
{
    double p[3]; /* of taking the first branch: {0, 1} or {2, 3}; 0 or 1; 2 or 3 */
    for (int i = 0; i < 3; i++)
        p[i] = (read_bool(b, 128) ? read_literal(b, 8) : 255) / 256.0;
    area[0] = p[0] * p[1];
    area[1] = p[0] * (1 - p[1]);
    area[2] = (1 - p[0]) * p[2];
    area[3] = (1 - p[0]) * (1 - p[2]);
}

static void read_segments(struct segments *s, struct bool_decoder *b)
{
    int is_absolute = 1, has_map = 0;

    *s = (struct segments){.n = 1, .area = {1}};
    (void)read_literal(b, 2); /* colour space, clamping */
    if (read_bool(b, 128)) {
        s->n = N_SEGMENTS;
        has_map = read_bool(b, 128);
        if (read_bool(b, 128)) {
            is_absolute = read_bool(b, 128);
            for (int i = 0; i < N_SEGMENTS; i++)
                s->index[i] = read_optional(b, 7);
            for (int i = 0; i < N_SEGMENTS; i++)
                (void)read_optional(b, 6); /* filter strengths */
        } else {
            is_absolute = 0;
        }
        if (has_map)
            read_areas(b, s->area);
    }
    (void)read_literal(b, 1 + 6 + 3);           /* the loop filter */
    if (read_bool(b, 128) && read_bool(b, 128)) /* its adjustments */
        for (int i = 0; i < 8; i++)
            (void)read_optional(b, 6);
    (void)read_literal(b, 2); /* partitions */
    const int base = read_literal(b, 7);
    for (int i = 0; i < s->n; i++)
        s->index[i] = s->n == 1     ? base
                      : is_absolute ? sct_clamp(s->index[i], 0, MAX_INDEX)
                                    : sct_clamp(base + s->index[i], 0, MAX_INDEX);
}

int sct_webp_quality(const uint8_t *vp8, size_t n_bytes)
{
    struct segments s;
    double log_c = 0;

    if (n_bytes < FRAME_TAG + 2)
        return 0;
    struct bool_decoder b = {.data = vp8 + FRAME_TAG, .end = vp8 + n_bytes, .range = 255};
    b.value = next_byte(&b) << 8;
    b.value |= next_byte(&b);
    read_segments(&s, &b);
    if (b.has_ended)
        return 0;
    for (int i = 0; i < s.n;
         i++) /* in the middle of what was rounded down to the index */
        log_c +=
            s.area[i] * log(1 - (sct_min(s.index[i], MAX_INDEX - 1) + 0.5) / MAX_INDEX);
    const double c = exp(log_c), l = c * c * c;
    const double x = l < 0.5 ? l * 1.5 : (l + 1) / 2;
    return sct_clamp((int)floor(100 * x + 0.5), 1, 100);
}
