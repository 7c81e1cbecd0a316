/* The reference: the slots of the dsp table in plain C. These functions are the
 * definition; every other implementation is compared with them byte by byte. */
#include "dsp_impl.h"

#include <stdlib.h>

#include "bits.h"

void sct_pack_c(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width)
{
    for (int x = 0; x < width; x += 2) {
        int16_t *group = dst + (ptrdiff_t)(x / 2) * SCT_GROUP;
        for (int v = 0; v < SCT_LANES; v++) {
            const uint8_t *row = src + v * stride_bytes;
            group[2 * v] = (int16_t)(row[x] - 128);
            group[2 * v + 1] = (int16_t)(x + 1 < width ? row[x + 1] - 128 : 0);
        }
    }
}

void sct_pack16_c(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes, int width)
{
    const ptrdiff_t stride = stride_bytes / (ptrdiff_t)sizeof *src;
    for (int x = 0; x < width; x += 2) {
        int16_t *group = dst + (ptrdiff_t)(x / 2) * SCT_GROUP;
        for (int v = 0; v < SCT_LANES; v++) {
            const uint16_t *row = src + v * stride;
            group[2 * v] = (int16_t)(row[x] - 32768);
            group[2 * v + 1] = (int16_t)(x + 1 < width ? row[x + 1] - 32768 : 0);
        }
    }
}

static void horz_c(int16_t *const dst[4], const int16_t *src, const struct sct_horz *h)
{
    const int32_t round = (int32_t)1 << (h->shift - 1);
    for (int x = 0; x < h->dst_width; x++) {
        const int16_t *w = h->weights + h->at[x];
        int32_t sum[SCT_LANES] = {0};
        for (int j = 0; j < h->n_units; j++) {
            const int16_t *unit = src + (ptrdiff_t)(h->first[x] + j) * h->unit_stride;
            for (int p = 0; p < h->n_pairs; p++, w += 2) {
                const int16_t *group = unit + (ptrdiff_t)p * 2 * h->n_lanes;
                for (int v = 0; v < 2 * h->n_planes; v++) {
                    sum[v] = sct_add_wrap(sum[v], w[0] * group[2 * v]);
                    sum[v] = sct_add_wrap(sum[v], w[1] * group[2 * v + 1]);
                }
            }
        }
        for (int v = 0; v < 2 * h->n_planes; v++)
            dst[v / 2][2 * x + v % 2] =
                sct_sat_i16(sct_add_wrap(sum[v], round) >> h->shift);
    }
}

static int32_t sum_column(const int16_t *const *rows, const int16_t *weights, int n_rows,
                          int x, int32_t bias)
{
    int32_t sum = bias;
    for (int r = 0; r < n_rows; r++) {
        sum = sct_add_wrap(sum, weights[2 * r] * rows[r][2 * x]);
        sum = sct_add_wrap(sum, weights[2 * r + 1] * rows[r][2 * x + 1]);
    }
    return sum;
}

static void vert_c(uint8_t *dst, const int16_t *const *rows, const int16_t *weights,
                   int n_rows, int width, int32_t bias, int shift)
{
    for (int x = 0; x < width; x++)
        dst[x] = sct_sat_u8(sum_column(rows, weights, n_rows, x, bias) >> shift);
}

static void vert16_c(uint16_t *dst, const int16_t *const *rows, const int16_t *weights,
                     int n_rows, int width, int32_t bias, int shift)
{
    for (int x = 0; x < width; x++)
        dst[x] = sct_sat_u16(sum_column(rows, weights, n_rows, x, bias) >> shift);
}

/* round(2^15 C[u][x]): README.md has C. */
static const int16_t dct_basis[8][8] = {
    {11585, 11585, 11585, 11585, 11585, 11585, 11585, 11585},
    {16069, 13623, 9102, 3196, -3196, -9102, -13623, -16069},
    {15137, 6270, -6270, -15137, -15137, -6270, 6270, 15137},
    {13623, -3196, -16069, -9102, 9102, 16069, 3196, -13623},
    {11585, -11585, -11585, 11585, 11585, -11585, -11585, 11585},
    {9102, -16069, 3196, 13623, -13623, -3196, 16069, -9102},
    {6270, -15137, 15137, -6270, -6270, 15137, -15137, 6270},
    {3196, -9102, 13623, -16069, 16069, -13623, 9102, -3196},
};

static void transform_block(int16_t dst[64], const uint8_t *const rows[8], ptrdiff_t x0)
{
    int32_t half[8][8]; /* [v][x] */
    for (int v = 0; v < 8; v++)
        for (int x = 0; x < 8; x++) {
            int32_t sum = 1 << 9;
            for (int y = 0; y < 8; y++)
                sum += dct_basis[v][y] * (rows[y][x0 + x] - 128);
            half[v][x] = sum >> 10;
        }
    for (int u = 0; u < 8; u++)
        for (int v = 0; v < 8; v++) {
            int32_t sum = 1 << 15;
            for (int x = 0; x < 8; x++)
                sum += dct_basis[u][x] * half[v][x];
            dst[8 * u + v] = (int16_t)(sum >> 16);
        }
}

static void fdct_c(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
                   int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++) {
        transform_block(dst + 64 * b, rows, 8 * b);
        activity[b] = 0;
        for (int i = 1; i < 64; i++)
            activity[b] += (uint32_t)abs(dst[64 * b + i]);
    }
}

static int quantise_coef(int coef, int i, uint32_t strength,
                         const struct sct_quantiser *q)
{
    const uint32_t a = (uint32_t)abs(coef);
    const uint32_t least = q->zero[i] + (q->zero_busy[i] * strength >> 16);
    if (a < least)
        return 0;
    const uint32_t quotient = (a + q->rounding[i]) * q->reciprocal[i] >> 16;
    const int level = (int)(quotient * q->scale[i] >> 16);
    return coef < 0 ? -level : level;
}

static void quantise_c(int16_t *levels, uint64_t *nonzero, const int16_t *coefs,
                       const uint16_t *strengths, const struct sct_quantiser *q,
                       int n_blocks)
{
    for (ptrdiff_t b = 0; b < n_blocks; b++) {
        uint64_t mask = 0;
        for (int k = 0; k < 64; k++) {
            const int i = sct_zigzag[k];
            const int level = quantise_coef(coefs[64 * b + i], i, strengths[b], q);
            levels[64 * b + i] = (int16_t)level;
            mask |= (uint64_t)(level != 0) << k;
        }
        nonzero[b] = mask;
    }
}

void sct_dsp_fill_c(struct sct_dsp *dsp)
{
    dsp->name = "c";
    dsp->pack = sct_pack_c;
    dsp->pack16 = sct_pack16_c;
    dsp->horz = horz_c;
    dsp->vert = vert_c;
    dsp->vert16 = vert16_c;
    dsp->fdct = fdct_c;
    dsp->quantise = quantise_c;
}
