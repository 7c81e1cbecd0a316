/* Matrices of RGB spaces, and sRGB's tone curve. */
#include "icc_math.h"

#include <math.h>

const struct sct_primaries sct_primaries_bt709 = {
    {{0.3127, 0.3290}, {0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}}};

const double sct_icc_d50[3] = {0.9642, 1.0, 0.8249};

/* ICC.1:2010, E.3 */
static const struct sct_mat3 bradford = {
    {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};

struct sct_mat3 sct_mat3_mul(const struct sct_mat3 *a, const struct sct_mat3 *b)
{
    struct sct_mat3 r;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            r.at[i][j] = a->at[i][0] * b->at[0][j] + a->at[i][1] * b->at[1][j] +
                         a->at[i][2] * b->at[2][j];
    return r;
}

static void apply(double out[3], const struct sct_mat3 *m, const double in[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = m->at[i][0] * in[0] + m->at[i][1] * in[1] + m->at[i][2] * in[2];
}

int sct_mat3_invert(struct sct_mat3 *inverse, const struct sct_mat3 *m)
{
    const double(*a)[3] = m->at;
    struct sct_mat3 cofactor;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int i1 = (i + 1) % 3, i2 = (i + 2) % 3;
            const int j1 = (j + 1) % 3, j2 = (j + 2) % 3;
            cofactor.at[i][j] = a[i1][j1] * a[i2][j2] - a[i1][j2] * a[i2][j1];
        }
    const double determinant = a[0][0] * cofactor.at[0][0] + a[0][1] * cofactor.at[0][1] +
                               a[0][2] * cofactor.at[0][2];
    if (!(fabs(determinant) > 1e-6)) /* NaN as well */
        return -1;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            inverse->at[i][j] = cofactor.at[j][i] / determinant;
    return 0;
}

/* XYZ of a white with Y = 1. */
static int find_white(double xyz[3], const struct sct_primaries *p)
{
    const double x = p->xy[0][0], y = p->xy[0][1];
    if (!(x > 0.01 && y > 0.01 && x + y < 0.99))
        return -1;
    xyz[0] = x / y;
    xyz[1] = 1;
    xyz[2] = (1 - x - y) / y;
    return 0;
}

int sct_primaries_adaptation(struct sct_mat3 *adaptation, const struct sct_primaries *p)
{
    double white[3], from[3], to[3];
    struct sct_mat3 back;
    if (find_white(white, p) || sct_mat3_invert(&back, &bradford))
        return -1;
    apply(from, &bradford, white);
    apply(to, &bradford, sct_icc_d50);
    struct sct_mat3 scaled = bradford;
    for (int i = 0; i < 3; i++) {
        if (!(from[i] > 1e-3)) /* a white so far out that a cone does not see it */
            return -1;
        for (int j = 0; j < 3; j++)
            scaled.at[i][j] *= to[i] / from[i];
    }
    *adaptation = sct_mat3_mul(&back, &scaled);
    return 0;
}

int sct_primaries_matrix(struct sct_mat3 *to_xyz, const struct sct_primaries *p)
{
    double white[3], scale[3];
    struct sct_mat3 xyz, inverse, adaptation;
    for (int j = 0; j < 3; j++) {
        xyz.at[0][j] = p->xy[1 + j][0];
        xyz.at[1][j] = p->xy[1 + j][1];
        xyz.at[2][j] = 1 - p->xy[1 + j][0] - p->xy[1 + j][1];
    }
    if (find_white(white, p) || sct_primaries_adaptation(&adaptation, p) ||
        sct_mat3_invert(&inverse, &xyz))
        return -1;
    apply(scale, &inverse, white);
    for (int j = 0; j < 3; j++) {
        if (!(scale[j] > 0)) /* the white is outside the triangle */
            return -1;
        for (int i = 0; i < 3; i++)
            xyz.at[i][j] *= scale[j];
    }
    *to_xyz = sct_mat3_mul(&adaptation, &xyz);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (!(fabs(to_xyz->at[i][j]) < 8)) /* s15Fixed16 has to hold it, with ease */
                return -1;
    return 0;
}

double sct_srgb_encode(double linear)
{
    if (linear <= 0)
        return 0;
    if (linear >= 1)
        return 1;
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}
