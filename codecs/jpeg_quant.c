/* See jpeg_quant.h.
 *
 * The steps of YCbCr and gray were found by search: for each frequency of luma and each ring of
 * frequencies of chroma, a step; how near to a whole step a coef must be to count, in flat blocks
 * and in busy ones; all moved together until the bytes of photographs at SSIMULACRA2 scores
 * of 70 and 80 would not go down any more. RGB and inks have libjpeg's steps, rounded
 * as libjpeg does: nobody has measured what can be seen of them. */
#include "jpeg_quant.h"

#include "bits.h"

enum { HALF = 128 }; /* fractions of a step are in 256ths */

/* Steps in 16ths, at a scale of 1; in the order of the kernel's fdct, as all tables here. */
static const uint16_t luma_steps[64] = {
    321,  458,  1313, 1101, 1476, 1446, 1854, 1807, //
    458,  590,  1335, 1137, 1588, 1434, 1742, 1827, //
    1313, 1335, 1314, 1624, 1754, 1960, 2100, 1839, //
    1101, 1137, 1624, 1469, 1606, 1929, 1666, 1673, //
    1476, 1588, 1754, 1606, 1758, 1927, 1795, 1852, //
    1446, 1434, 1960, 1929, 1927, 2059, 1948, 1803, //
    1854, 1742, 2100, 1666, 1795, 1948, 2096, 1769, //
    1807, 1827, 1839, 1673, 1852, 1803, 1769, 1657, //
};
static const uint16_t cb_steps[64] = {
    209,  429,  1194, 1441, 1632, 1650, 1489, 1328, //
    429,  644,  1248, 1471, 1658, 1633, 1476, 1316, //
    1194, 1248, 1395, 1554, 1731, 1586, 1440, 1282, //
    1441, 1471, 1554, 1682, 1650, 1515, 1378, 1229, //
    1632, 1658, 1731, 1650, 1542, 1428, 1293, 1162, //
    1650, 1633, 1586, 1515, 1428, 1316, 1199, 1085, //
    1489, 1476, 1440, 1378, 1293, 1199, 1102, 1004, //
    1328, 1316, 1282, 1229, 1162, 1085, 1004, 922,  //
};
static const uint16_t cr_steps[64] = {
    214,  524,  792,  897,  1133, 1216, 1109, 1086, //
    524,  585,  816,  932,  1166, 1205, 1101, 1090, //
    792,  816,  879,  1034, 1265, 1174, 1076, 1101, //
    897,  932,  1034, 1199, 1216, 1126, 1070, 1120, //
    1133, 1166, 1265, 1216, 1145, 1069, 1097, 1145, //
    1216, 1205, 1174, 1126, 1069, 1090, 1130, 1176, //
    1109, 1101, 1076, 1070, 1097, 1130, 1169, 1212, //
    1086, 1090, 1101, 1120, 1145, 1176, 1212, 1254, //
};

/* Magnitudes below are made 0: in blocks that are flat, and how much more in busy ones. Chroma has
 * one limit for all. */
static const uint8_t luma_zero[64] = {
    153, 128, 128, 128, 134, 150, 167, 183, //
    128, 128, 131, 128, 136, 152, 168, 185, //
    128, 131, 128, 128, 142, 157, 172, 188, //
    128, 128, 128, 138, 150, 164, 179, 194, //
    134, 136, 142, 150, 161, 174, 187, 200, //
    150, 152, 157, 164, 174, 185, 197, 200, //
    167, 168, 172, 179, 187, 197, 200, 200, //
    183, 185, 188, 194, 200, 200, 200, 200, //
};
static const uint8_t luma_zero_busy[64] = {
    3,  26, 26, 45, 38, 32, 25, 18, //
    26, 26, 29, 44, 38, 31, 24, 18, //
    26, 29, 41, 41, 35, 29, 23, 16, //
    45, 44, 41, 37, 32, 26, 20, 14, //
    38, 38, 35, 32, 27, 22, 17, 12, //
    32, 31, 29, 26, 22, 18, 13, 12, //
    25, 24, 23, 20, 17, 13, 12, 12, //
    18, 18, 16, 14, 12, 12, 12, 12, //
};
enum { CHROMA_ZERO = 144 };

/* T.81, table K.1. */
static const uint8_t standard_steps[64] = {
    16, 12, 14, 14, 18,  24,  49,  72,  11, 12, 13, 17, 22,  35,  64,  92,
    10, 14, 16, 22, 37,  55,  78,  95,  16, 19, 24, 29, 56,  64,  87,  98,
    24, 26, 40, 51, 68,  81,  103, 112, 40, 58, 57, 87, 109, 104, 121, 100,
    51, 60, 69, 80, 103, 113, 120, 103, 61, 55, 56, 62, 77,  92,  101, 99};

/* What libjpeg multiplies its tables by, in percent. */
static int standard_percent(int quality)
{
    return quality < 50 ? 5000 / quality : 200 - 2 * quality;
}

static int standard_step(int i, int quality)
{
    return sct_clamp((standard_steps[i] * standard_percent(quality) + 50) / 100, 1, 255);
}

/* The scale of our steps, in 4096ths: at the same quality, no photograph's score is below the one
 * that libjpeg's steps give (bench/worst). Between the points it is linear. Gray pictures have no chroma that could look better instead. */
static int plan_scale(int quality, int is_gray)
{
    static const struct {
        int quality, share, gray_share; /* of libjpeg's percentage, in thousandths */
    } points[] = {{1, 318, 286},  {40, 318, 286}, {65, 350, 304},
                  {80, 368, 300}, {90, 375, 332}, {97, 412, 406},
                  {98, 500, 590}, {99, 640, 780}, {100, 1000, 1000}};
    int i = 1;
    while (quality > points[i].quality)
        i++;
    const int from = points[i - 1].quality, to = points[i].quality;
    const int first = is_gray ? points[i - 1].gray_share : points[i - 1].share;
    const int last = is_gray ? points[i].gray_share : points[i].share;
    const int share = first + (last - first) * (quality - from) / (to - from);
    return standard_percent(quality) * share * 512 / 12500;
}

static int scale_step(const uint16_t steps[64], int i, int scale)
{
    return sct_clamp((steps[i] * scale + (1 << 15)) >> 16, 1, 255);
}

void sct_jpeg_quant_luma(uint8_t steps[64], int quality, int is_gray)
{
    const int scale = plan_scale(quality, is_gray);
    for (int i = 0; i < 64; i++)
        steps[i] = (uint8_t)scale_step(luma_steps, i, scale);
}

void sct_jpeg_quant_standard(uint8_t steps[64], int quality)
{
    for (int i = 0; i < 64; i++)
        steps[i] = (uint8_t)standard_step(i, quality);
}

/* `step` in coefs of T.81; `zero` and `zero_busy` in 256ths of it. */
static void set_coef(struct sct_quantiser *q, int i, int step, int zero, int zero_busy)
{
    const int divisor = 16 * step;
    int k = 0;
    while (divisor >> (k + 1))
        k++;
    q->reciprocal[i] = (uint16_t)(((1 << (15 + k)) + divisor / 2) / divisor);
    q->scale[i] = (uint16_t)(1 << (17 - k));
    q->rounding[i] = (uint16_t)(divisor * HALF >> 8);
    q->zero[i] = (uint16_t)(divisor * zero >> 8);
    q->zero_busy[i] = (uint16_t)(divisor * zero_busy >> 8);
}

static void set_standard(struct sct_jpeg_writer_spec *spec, int quality)
{
    spec->frame.n_quants = 1;
    for (int i = 0; i < 64; i++) {
        const int step = standard_step(i, quality);
        spec->frame.quant[0][i] = (uint8_t)step;
        set_coef(&spec->quantiser[0], i, step, 0, 0);
    }
    for (int ci = 0; ci < spec->frame.n_components; ci++)
        spec->frame.component[ci].quant = 0;
}

/* DC is rounded: what it loses, whole blocks show. */
static void set_component(struct sct_jpeg_writer_spec *spec, int ci, int scale)
{
    static const uint16_t *const steps[] = {luma_steps, cb_steps, cr_steps};
    for (int i = 0; i < 64; i++) {
        const int step = scale_step(steps[ci], i, scale);
        const int is_exact = i == 0 || step == 1;
        const int zero = is_exact ? 0 : ci > 0 ? CHROMA_ZERO : luma_zero[i];
        const int zero_busy = is_exact || ci > 0 ? 0 : luma_zero_busy[i];
        spec->frame.quant[ci][i] = (uint8_t)step;
        set_coef(&spec->quantiser[ci], i, step, zero, zero_busy);
    }
}

void sct_jpeg_quant_plan(struct sct_jpeg_writer_spec *spec, enum sct_model model,
                         int quality)
{
    if (model != SCT_YCC && model != SCT_GRAY) {
        set_standard(spec, quality);
        return;
    }
    const int scale = plan_scale(quality, model == SCT_GRAY);
    spec->frame.n_quants = spec->frame.n_components;
    for (int ci = 0; ci < spec->frame.n_components; ci++) {
        spec->frame.component[ci].quant = ci;
        set_component(spec, ci, scale);
    }
}
