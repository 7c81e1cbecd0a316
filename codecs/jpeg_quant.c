/* See jpeg_quant.h. */
#include "jpeg_quant.h"

#include "bits.h"

/* T.81, table K.1, as libjpeg scales it; in the order of the kernel's fdct. */
static const uint8_t standard_luma[64] = {
    16, 12, 14, 14, 18,  24,  49,  72,  11, 12, 13, 17, 22,  35,  64,  92,
    10, 14, 16, 22, 37,  55,  78,  95,  16, 19, 24, 29, 56,  64,  87,  98,
    24, 26, 40, 51, 68,  81,  103, 112, 40, 58, 57, 87, 109, 104, 121, 100,
    51, 60, 69, 80, 103, 113, 120, 103, 61, 55, 56, 62, 77,  92,  101, 99};

static int scale_step(int step, int quality)
{
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    return sct_clamp((step * percent + 50) / 100, 1, 255);
}

static int count_bits(int x)
{
    int n = 0;
    for (; x; x >>= 1)
        n++;
    return n;
}

/* `step` in coefs of T.81; rounding and limits in 256ths of it. */
static void set_divisor(struct sct_quantiser *q, int i, int step, int rounding, int zero,
                        int zero_busy)
{
    const int divisor = 16 * step;
    const int k = count_bits(divisor) - 1;
    q->reciprocal[i] = (uint16_t)(((1 << (15 + k)) + divisor / 2) / divisor);
    q->scale[i] = (uint16_t)(1 << (17 - k));
    q->rounding[i] = (uint16_t)(divisor * rounding >> 8);
    q->zero[i] = (uint16_t)(divisor * zero >> 8);
    q->zero_busy[i] = (uint16_t)(divisor * zero_busy >> 8);
}

void sct_jpeg_quant_plan(struct sct_jpeg_writer_spec *spec, enum sct_model model,
                         int quality)
{
    struct sct_jpeg_frame *frame = &spec->frame;
    (void)model;
    frame->n_quants = 1;
    for (int i = 0; i < 64; i++) {
        const int step = scale_step(standard_luma[i], quality);
        frame->quant[0][i] = (uint8_t)step;
        set_divisor(&spec->quantiser[0], i, step, 128, 0, 0);
    }
    for (int ci = 0; ci < frame->n_components; ci++)
        frame->component[ci].quant = 0;
}
