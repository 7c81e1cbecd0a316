/* See ssim_rows.h. Compilers turn its loops into vectors. */
#include "ssim_rows.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FMA__) || defined(__aarch64__)
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif

/* a * b + c, rounded once. */
static inline float mul_add(float a, float b, float c)
{
#if HAS_FMA
    return __builtin_fmaf(a, b, c);
#else
    return (float)((double)a * (double)b + (double)c);
#endif
}

/* ---- colour ---- */

/* Cube root of x > 0, plus `add`. A guess of x^(-1/3) from the exponent's third, then Newton's
 * method on it; every step as the reference program has it. */
static inline float cube_root_plus(float x, float add)
{
    int32_t bits;
    float r; /* x^(-1/3) */
    memcpy(&bits, &x, sizeof bits);
    bits = 0x54800000 - (bits >> 23) * 0x002AAAAA;
    memcpy(&r, &bits, sizeof r);

    const float third = 1.0f / 3, x_third = third * x;
    for (int i = 0; i < 3; i++) {
        const float r2 = r * r;
        r = mul_add(-x_third, r2 * r2, 4.0f / 3 * r);
    }
    float r2 = r * r;
    r = mul_add(third, mul_add(-x, r2 * r2, r), r);
    r2 = r * r;
    return mul_add(r2, x, add);
}

/* XYB is JPEG XL's: the response of the eye's cones, its cube root, opponent colours. */
static void linear_to_xyb(float *const xyb[SCT_SSIM_PLANES], const float *const linear[3],
                          int n)
{
    static const float cones[3][3] = {
        {0.30f, 1.0f - 0.078f - 0.30f, 0.078f},
        {0.23f, 1.0f - 0.078f - 0.23f, 0.078f},
        {0.24342268924547819f, 0.20476744424496821f,
         1.0f - 0.24342268924547819f - 0.20476744424496821f}};
    const float bias = 0.0037930732552754493f;
    const float minus_bias_root = -0.155954200551f;
    const float *restrict red = linear[0], *restrict green = linear[1];
    const float *restrict blue = linear[2];
    float *restrict x = xyb[0], *restrict y = xyb[1], *restrict b = xyb[2];
    for (int i = 0; i < n; i++) {
        float lms[3];
        for (int k = 0; k < 3; k++)
            lms[k] = cube_root_plus(mul_add(cones[k][0], red[i],
                                            mul_add(cones[k][1], green[i],
                                                    mul_add(cones[k][2], blue[i], bias))),
                                    minus_bias_root);
        const float luma = 0.5f * (lms[0] + lms[1]);
        x[i] = 0.5f * (lms[0] - lms[1]) * 14.0f + 0.42f;
        y[i] = luma + 0.01f;
        b[i] = lms[2] - luma + 0.55f;
    }
}

static void multiply(float *restrict dst, const float *a, const float *b, int n)
{
    for (int x = 0; x < n; x++)
        dst[x] = a[x] * b[x];
}

/* ---- blur ---- */

typedef float quad __attribute__((vector_size(16)));

static inline quad load(const float *p)
{
    quad v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline quad splat(float v)
{
    return (quad){v, v, v, v};
}

static inline quad mul_add_quad(quad a, quad b, quad c)
{
#if HAS_FMA
    quad r;
    for (int i = 0; i < 4; i++)
        r[i] = mul_add(a[i], b[i], c[i]);
    return r;
#else /* the same loop would lose roundings to gcc 12 at -O3 */
    typedef double wide __attribute__((vector_size(32)));
    const wide product =
        __builtin_convertvector(a, wide) * __builtin_convertvector(b, wide);
    return __builtin_convertvector(product + __builtin_convertvector(c, wide), quad);
#endif
}

/* What a filter remembers of a row. */
struct along {
    float last[SCT_SSIM_WAVES], before[SCT_SSIM_WAVES];
};

/* One sample. */
static float step_along(struct along *a, float in, const struct sct_ssim_blur *blur)
{
    float out[SCT_SSIM_WAVES];
    for (int k = 0; k < SCT_SSIM_WAVES; k++) {
        out[k] = mul_add(blur->before[k][0], a->before[k], in * blur->in[k][0][0]);
        out[k] = mul_add(blur->last[k][0], a->last[k], out[k]);
        a->before[k] = a->last[k];
        a->last[k] = out[k];
    }
    return out[0] + (out[1] + out[2]);
}

/* Four samples. */
static inline quad stride_along(struct along *a, quad in,
                                const struct sct_ssim_blur *blur)
{
    quad out[SCT_SSIM_WAVES];
    for (int k = 0; k < SCT_SSIM_WAVES; k++) {
        out[k] = splat(in[0]) * load(blur->in[k][0]);
        for (int i = 1; i < 4; i++)
            out[k] = mul_add_quad(load(blur->in[k][i]), splat(in[i]), out[k]);
        out[k] = mul_add_quad(load(blur->before[k]), splat(a->before[k]), out[k]);
        out[k] = mul_add_quad(load(blur->last[k]), splat(a->last[k]), out[k]);
        a->before[k] = out[k][2];
        a->last[k] = out[k][3];
    }
    return out[0] + (out[1] + out[2]);
}

/* Single steps at both ends and strides between them, where the reference program has them. */
static void blur_along(float *restrict dst, const float *restrict src,
                       const struct sct_ssim_blur *blur, int n)
{
    const float *const enters = src + SCT_SSIM_RADIUS - 1;
    const float *const leaves = src - SCT_SSIM_RADIUS - 1;
    const int strides_begin = 8, strides_end = n - SCT_SSIM_RADIUS - 2;
    struct along a = {.last = {0}, .before = {0}};
    int x = 1 - SCT_SSIM_RADIUS;
    for (; x < 0; x++)
        step_along(&a, leaves[x] + enters[x], blur);
    for (; x < strides_begin && x < n; x++)
        dst[x] = step_along(&a, leaves[x] + enters[x], blur);
    for (; x < strides_end; x += 4) {
        const quad out = stride_along(&a, load(leaves + x) + load(enters + x), blur);
        memcpy(dst + x, &out, sizeof out);
    }
    for (; x < n; x++)
        dst[x] = step_along(&a, leaves[x] + enters[x], blur);
}

static void blur_down(float *restrict dst, const float *restrict enters,
                      const float *restrict leaves, struct sct_ssim_memory *memory,
                      const struct sct_ssim_blur *blur, int n)
{
    const float *restrict last0 = memory->last[0], *restrict last1 = memory->last[1];
    const float *restrict last2 = memory->last[2];
    float *restrict out0 = memory->before[0], *restrict out1 = memory->before[1];
    float *restrict out2 = memory->before[2];
    const float *const gain = blur->gain, *const feedback = blur->feedback;
    const float gain0 = gain[0], gain1 = gain[1], gain2 = gain[2];
    const float minus0 = -feedback[0], minus1 = -feedback[1], minus2 = -feedback[2];
    for (int x = 0; x < n; x++) { /* (35) */
        const float sum = leaves[x] + enters[x];
        out0[x] = mul_add(gain0, sum, mul_add(minus0, last0[x], -out0[x]));
        out1[x] = mul_add(gain1, sum, mul_add(minus1, last1[x], -out1[x]));
        out2[x] = mul_add(gain2, sum, mul_add(minus2, last2[x], -out2[x]));
        dst[x] = out0[x] + (out1[x] + out2[x]);
    }
    for (int k = 0; k < SCT_SSIM_WAVES; k++) {
        float *const out = memory->before[k];
        memory->before[k] = memory->last[k];
        memory->last[k] = out;
    }
}

/* ---- maps ---- */

static void map_error(float *restrict error, const struct sct_ssim_moments *moments,
                      int n)
{
    const float c2 = 0.0009f;
    const float *restrict m1 = moments->mean[0], *restrict m2 = moments->mean[1];
    const float *restrict s11 = moments->square[0], *restrict s22 = moments->square[1];
    const float *restrict s12 = moments->product;
    for (int x = 0; x < n; x++) {
        const float difference = m1[x] - m2[x];
        const float covariance = s12[x] - m1[x] * m2[x];
        const float variances = (s11[x] - m1[x] * m1[x]) + (s22[x] - m2[x] * m2[x]);
        error[x] = 1.0f - (1.0f - difference * difference) * (2.0f * covariance + c2) /
                              (variances + c2);
    }
}

static void map_edge(float *restrict edge, const float *restrict reference,
                     const float *restrict distorted,
                     const struct sct_ssim_moments *moments, int n)
{
    const float *restrict m1 = moments->mean[0], *restrict m2 = moments->mean[1];
    for (int x = 0; x < n; x++) {
        const float before = fabsf(reference[x] - m1[x]);
        const float after = fabsf(distorted[x] - m2[x]);
        edge[x] = (after - before) / (1.0f + before);
    }
}

/* Of those d = sign * map[x] that are above 0. */
static inline void add_powers(double *sum_1, double *sum_4, const float *map, float sign,
                              int n)
{
    float one[SCT_SSIM_LANES] = {0}, four[SCT_SSIM_LANES] = {0};
    for (int x = 0; x < n; x += SCT_SSIM_LANES)
        for (int lane = 0; lane < SCT_SSIM_LANES; lane++) {
            const float v = sign * map[x + lane];
            const float d = v > 0.0f ? v : 0.0f;
            one[lane] += d;
            four[lane] += d * d * (d * d);
        }
    for (int lane = 0; lane < SCT_SSIM_LANES; lane++) {
        *sum_1 += one[lane];
        *sum_4 += four[lane];
    }
}

static void add_norms(double sums[SCT_SSIM_NORMS], const float *error, const float *edge,
                      int n)
{
    add_powers(&sums[SCT_SSIM_ERROR_1], &sums[SCT_SSIM_ERROR_4], error, 1.0f, n);
    add_powers(&sums[SCT_SSIM_ARTIFACT_1], &sums[SCT_SSIM_ARTIFACT_4], edge, 1.0f, n);
    add_powers(&sums[SCT_SSIM_LOSS_1], &sums[SCT_SSIM_LOSS_4], edge, -1.0f, n);
}

/* ---- the table ---- */

static const struct sct_ssim_rows implementation = {
#ifdef __FMA__
    .name = "fma",
#else
    .name = "c",
#endif
    .linear_to_xyb = linear_to_xyb,
    .multiply = multiply,
    .blur_along = blur_along,
    .blur_down = blur_down,
    .map_error = map_error,
    .map_edge = map_edge,
    .add_norms = add_norms,
};

#ifdef __FMA__ /* ssim_rows_fma.c */
void sct_ssim_rows_fill_fma(struct sct_ssim_rows *rows)
{
    *rows = implementation;
}
#else
void sct_ssim_rows_fill_c(struct sct_ssim_rows *rows)
{
    *rows = implementation;
}
#endif
