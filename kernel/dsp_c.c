/* The reference: the slots of the dsp table in plain C. These functions are the
 * definition; every other implementation is compared with them byte by byte. */
#include "dsp_impl.h"

#include "bits.h"

static void pack_c(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width)
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

static void pack16_c(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes, int width)
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

void sct_dsp_fill_c(struct sct_dsp *dsp)
{
    dsp->name = "c";
    dsp->pack = pack_c;
    dsp->pack16 = pack16_c;
    dsp->horz = horz_c;
    dsp->vert = vert_c;
    dsp->vert16 = vert16_c;
}
