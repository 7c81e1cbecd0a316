/* See colour.h. Loops are written for compilers to turn into vectors: 16-bit factors, no
 * branches. */
#include "colour.h"

#include "bits.h"

#include <math.h>
#include <stdlib.h>

/* ---- depth ---- */

void sct_colour_widen(uint16_t *dst, const uint8_t *src, int n)
{
    for (int i = 0; i < n; i++)
        dst[i] = (uint16_t)(src[i] * 257);
}

void sct_colour_narrow(uint8_t *dst, const uint16_t *src, int n)
{
    for (int i = 0; i < n; i++) /* exact for all 65536 */
        dst[i] = (uint8_t)((src[i] * UINT32_C(255) + 32895) >> 16);
}

/* ---- alpha ---- */

/* a * b / 65535, to the nearest: exact for all pairs (Blinn's way of dividing by 2^n - 1). */
static inline uint32_t multiply(uint32_t a, uint32_t b)
{
    const uint32_t t = a * b + 32768;
    return (t + (t >> 16)) >> 16;
}

void sct_colour_scale_alpha(uint16_t *alpha, int n)
{
    for (int i = 0; i < n; i++)
        alpha[i] = (uint16_t)multiply(alpha[i], SCT_COLOUR_OPAQUE);
}

/* v / SCT_COLOUR_OPAQUE * 65535, to the nearest, for v <= 65535 + 32768. */
static inline uint16_t unscale(int32_t v)
{
    const uint32_t u = (uint32_t)(v < 0 ? 0 : v);
    const uint32_t full =
        (uint32_t)(((uint64_t)u * 65535 + SCT_COLOUR_OPAQUE / 2) / SCT_COLOUR_OPAQUE);
    return (uint16_t)(full > UINT16_MAX ? UINT16_MAX : full);
}

void sct_colour_unscale_alpha(uint16_t *alpha, int n)
{
    for (int i = 0; i < n; i++)
        alpha[i] = unscale(alpha[i]);
}

void sct_colour_premultiply(uint16_t *c, const uint16_t *alpha, int n)
{
    for (int i = 0; i < n; i++)
        c[i] = (uint16_t)multiply(c[i], alpha[i]);
}

void sct_colour_unpremultiply(uint16_t *c, const uint16_t *alpha, int n)
{
    for (int i = 0; i < n; i++) {
        const uint32_t a = alpha[i];
        const uint32_t straight = a ? (c[i] * UINT32_C(65535) + a / 2) / a : 0;
        c[i] = (uint16_t)(straight > UINT16_MAX ? UINT16_MAX : straight);
    }
}

void sct_colour_shrink(uint16_t *dst, const uint16_t *const rows[2], int n_rows, int step,
                       int n)
{
    const uint32_t n_samples = (uint32_t)(n_rows * step);
    for (int i = 0; i * step < n; i++) {
        uint32_t sum = n_samples / 2;
        const int last =
            sct_min(i * step + step - 1, n - 1); /* once more, if it is alone */
        for (int row = 0; row < n_rows; row++) {
            sum += rows[row][i * step];
            if (step == 2)
                sum += rows[row][last];
        }
        dst[i] = (uint16_t)(sum / n_samples);
    }
}

void sct_colour_flatten(uint16_t *c, const uint16_t *alpha, uint16_t background, int n)
{
    for (int i = 0; i < n; i++) {
        /* alpha beyond opaque takes away of the background what colours have too much */
        const int32_t rest = SCT_COLOUR_OPAQUE - alpha[i];
        const int32_t shown = (int32_t)multiply(background, (uint32_t)abs(rest));
        c[i] = unscale(rest < 0 ? c[i] - shown : c[i] + shown);
    }
}

/* ---- light ---- */

/* The n-th root of v by Newton's method, from a guess not far below or anywhere above; + - * /
 * only, so that all machines agree where pow does not promise to. */
static double root(double v, int n, double guess)
{
    double x = guess, before = 0.0;
    for (int i = 0; i < 100 && fabs(x - before) > 1e-12; i++)
    {                       /* then it is off by 1e-24 */
        double power = 1.0; /* x^(n-1) */
        for (int k = 1; k < n; k++)
            power *= x;
        before = x;
        x -= (x - v / power) / n;
    }
    return x;
}

static double power_12(double v)
{
    const double v3 = v * v * v;
    return v3 * v3 * (v3 * v3);
}

void sct_colour_fill_to_linear(uint16_t *table)
{
    double power = 1.0;
    for (int i = SCT_COLOUR_LEVELS - 1; i >= 0; i--) {
        const double s = i / 65535.0;
        const double a = (s + 0.055) / 1.055;
        double l = s / 12.92;
        if (s >
            0.04045) /* a^2.4 is the fifth root of a^12, a little below the last one */
            l = power = root(power_12(a), 5, power);
        table[i] = (uint16_t)(l * 65535.0 + 0.5);
    }
}

void sct_colour_fill_from_linear(uint16_t *table)
{
    double a = 1.0;
    for (int i = SCT_COLOUR_LEVELS - 1; i >= 0; i--) {
        const double l = i / 65535.0;
        double s = 12.92 * l;
        if (l > 0.0031308) {
            a = root(l * l * l * l * l, 12, a); /* a little below the last one */
            s = 1.055 * a - 0.055;
        }
        table[i] = (uint16_t)(s * 65535.0 + 0.5);
    }
}

void sct_colour_look_up(uint16_t *c, const uint16_t *table, int n)
{
    for (int i = 0; i < n; i++)
        c[i] = table[c[i]];
}

/* ---- YCC ---- */

/* Factors of T.871 (JFIF), 7: 13 bits to RGB, 14 from it; those for the limited range are
 * them times 255 / 219 and 255 / 224, or 219 / 255 and 224 / 255. */
enum { TO_RGB_BITS = 13, FROM_RGB_BITS = 14 };

struct to_rgb {
    int16_t y, cr_r, cb_g, cr_g, cb_b;
    int16_t black;
};

struct from_rgb {
    int16_t y_r, y_g, y_b, cb_r, cb_g, half, cr_g, cr_b;
    int16_t black;
};

static const struct to_rgb to_rgb[2] = {{8192, 11485, 2819, 5850, 14516, 0},
                                        {9539, 13075, 3209, 6660, 16525, 16}};
static const struct from_rgb from_rgb[2] = {
    {4899, 9617, 1868, -2765, -5427, 8192, -6860, -1332, 0},
    {4207, 8259, 1604, -2428, -4768, 7196, -6026, -1170, 16}};

void sct_colour_ycc_to_rgb(uint8_t *y, uint8_t *cb, uint8_t *cr, int is_limited, int n)
{
    const struct to_rgb f = to_rgb[is_limited != 0];
    const int32_t half = 1 << (TO_RGB_BITS - 1);
    for (int i = 0; i < n; i++) {
        const int16_t l = (int16_t)(y[i] - f.black);
        const int16_t b = (int16_t)(cb[i] - 128), r = (int16_t)(cr[i] - 128);
        const int32_t luma = l * f.y + half;
        y[i] = sct_sat_u8((luma + r * f.cr_r) >> TO_RGB_BITS);
        cb[i] = sct_sat_u8((luma - b * f.cb_g - r * f.cr_g) >> TO_RGB_BITS);
        cr[i] = sct_sat_u8((luma + b * f.cb_b) >> TO_RGB_BITS);
    }
}

void sct_colour_rgb_to_luma(uint8_t *y, const uint8_t *r, const uint8_t *g,
                            const uint8_t *b, int is_limited, int n)
{
    const struct from_rgb f = from_rgb[is_limited != 0];
    const int32_t bias = (f.black << FROM_RGB_BITS) + (1 << (FROM_RGB_BITS - 1));
    for (int i = 0; i < n; i++) {
        const int16_t red = r[i], green = g[i], blue = b[i];
        y[i] = (uint8_t)((red * f.y_r + green * f.y_g + blue * f.y_b + bias) >>
                         FROM_RGB_BITS);
    }
}

/* Sums of `step` neighbours of n_rows rows. At the end of an odd row the last one stands
 * twice. */
static inline int16_t add(const uint8_t *const rows[2], int n_rows, int i, int step,
                          int n)
{
    const int next = step == 1 ? i : sct_min(i + 1, n - 1);
    int sum = rows[0][i] + (step == 2 ? rows[0][next] : 0);
    if (n_rows == 2)
        sum += rows[1][i] + (step == 2 ? rows[1][next] : 0);
    return (int16_t)sum;
}

static inline void mix(uint8_t *cb, uint8_t *cr, struct from_rgb f, int16_t r, int16_t g,
                       int16_t b, int shift)
{
    const int32_t bias = (128 << shift) + (1 << (shift - 1)) - 1; /* 255.5 is 255 */
    *cb = (uint8_t)((r * f.cb_r + g * f.cb_g + b * f.half + bias) >> shift);
    *cr = (uint8_t)((r * f.half + g * f.cr_g + b * f.cr_b + bias) >> shift);
}

void sct_colour_rgb_to_chroma(uint8_t *cb, uint8_t *cr, const uint8_t *const rgb[3][2],
                              int n_rows, int step, int is_limited, int n)
{
    const struct from_rgb f = from_rgb[is_limited != 0];
    const int shift = FROM_RGB_BITS + (step == 2) + (n_rows == 2);
    const int n_whole = n / step;

    if (step == 2 && n_rows == 2) { /* 4:2:0, the usual */
        const uint8_t *const r0 = rgb[0][0], *const r1 = rgb[0][1];
        const uint8_t *const g0 = rgb[1][0], *const g1 = rgb[1][1];
        const uint8_t *const b0 = rgb[2][0], *const b1 = rgb[2][1];
        for (int i = 0; i < n_whole; i++)
            mix(cb + i, cr + i, f,
                (int16_t)(r0[2 * i] + r0[2 * i + 1] + r1[2 * i] + r1[2 * i + 1]),
                (int16_t)(g0[2 * i] + g0[2 * i + 1] + g1[2 * i] + g1[2 * i + 1]),
                (int16_t)(b0[2 * i] + b0[2 * i + 1] + b1[2 * i] + b1[2 * i + 1]), shift);
    } else {
        for (int i = 0; i < n_whole; i++)
            mix(cb + i, cr + i, f, add(rgb[0], n_rows, i * step, step, n),
                add(rgb[1], n_rows, i * step, step, n),
                add(rgb[2], n_rows, i * step, step, n), shift);
    }
    if (n_whole * step < n)
        mix(cb + n_whole, cr + n_whole, f, add(rgb[0], n_rows, n - 1, step, n),
            add(rgb[1], n_rows, n - 1, step, n), add(rgb[2], n_rows, n - 1, step, n),
            shift);
}

void sct_colour_limit(uint8_t *dst, const uint8_t *src, int n)
{
    for (int i = 0; i < n; i++) /* 16 + 219 / 255 of it */
        dst[i] = (uint8_t)((src[i] * 14071 + (16 << 14) + 8192) >> 14);
}
