/* See jpeg_frame.h. */
#include "jpeg_frame.h"

#include <string.h>

#include "bits.h"
#include "dsp.h"

enum { SOF0 = 0xc0, SOF2 = 0xc2, DHT = 0xc4, EOI = 0xd9, SOS = 0xda, DQT = 0xdb };

void sct_jpeg_frame_plan(struct sct_jpeg_frame *frame)
{
    int h_max = 1, v_max = 1;

    for (int ci = 0; ci < frame->n_components; ci++) {
        h_max = sct_max(h_max, frame->component[ci].h);
        v_max = sct_max(v_max, frame->component[ci].v);
    }
    for (int ci = 0; ci < frame->n_components; ci++) {
        const int width = sct_div_up(frame->width * frame->component[ci].h, h_max);
        const int height = sct_div_up(frame->height * frame->component[ci].v, v_max);
        frame->component[ci].width_blocks = sct_div_up(width, 8);
        frame->component[ci].height_blocks = sct_div_up(height, 8);
    }
    frame->mcus_across = sct_div_up(frame->width, 8 * h_max);
    frame->mcus_down = sct_div_up(frame->height, 8 * v_max);
}

static uint8_t *put_u16(uint8_t *at, int value)
{
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_marker(uint8_t *at, int marker, int n_bytes)
{
    *at++ = 0xff;
    *at++ = (uint8_t)marker;
    return put_u16(at, n_bytes + 2);
}

uint8_t *sct_jpeg_put_frame(uint8_t *at, const struct sct_jpeg_frame *frame)
{
    at = put_marker(at, DQT, frame->n_quants * 65);
    for (int i = 0; i < frame->n_quants; i++) {
        *at++ = (uint8_t)i; /* of 8 bits */
        for (int k = 0; k < 64; k++)
            *at++ = frame->quant[i][sct_zigzag[k]];
    }
    at = put_marker(at, frame->is_progressive ? SOF2 : SOF0, 6 + 3 * frame->n_components);
    *at++ = 8; /* bits of a sample */
    at = put_u16(at, frame->height);
    at = put_u16(at, frame->width);
    *at++ = (uint8_t)frame->n_components;
    for (int ci = 0; ci < frame->n_components; ci++) {
        *at++ = (uint8_t)frame->component[ci].id;
        *at++ = (uint8_t)(frame->component[ci].h << 4 | frame->component[ci].v);
        *at++ = (uint8_t)frame->component[ci].quant;
    }
    return at;
}

uint8_t *sct_jpeg_put_table(uint8_t *at, int class, int id,
                            const struct sct_jpeg_table *table)
{
    int n_symbols = 0;
    for (int i = 1; i <= 16; i++)
        n_symbols += table->n_codes[i];
    at = put_marker(at, DHT, 17 + n_symbols);
    *at++ = (uint8_t)(class << 4 | id);
    memcpy(at, table->n_codes + 1, 16);
    memcpy(at + 16, table->symbols, (size_t)n_symbols);
    return at + 16 + n_symbols;
}

uint8_t *sct_jpeg_put_scan(uint8_t *at, const struct sct_jpeg_frame *frame, int first,
                           int n, int k0, int k1)
{
    at = put_marker(at, SOS, 4 + 2 * n);
    *at++ = (uint8_t)n;
    for (int ci = first; ci < first + n; ci++) {
        const int id = frame->component[ci].huffman;
        *at++ = (uint8_t)frame->component[ci].id;
        *at++ = (uint8_t)((k0 == 0 ? id << 4 : 0) | (k1 > 0 ? id : 0));
    }
    *at++ = (uint8_t)k0;
    *at++ = (uint8_t)k1;
    *at++ = 0; /* no successive approximation */
    return at;
}

uint8_t *sct_jpeg_put_eoi(uint8_t *at)
{
    *at++ = 0xff;
    *at++ = EOI;
    return at;
}
