/* See jpeg_edge.h. The constraint becomes a penalty that leaves nothing to be seen of:
 *
 *     (K + PULL diag(0, 3, 9, ...)) P = K    K[u][w] = sum over i < n of C[u][i] C[w][i]
 *
 * solved once per axis; then a block is a product of small matrices. Everything is + - * / in
 * double precision and in a fixed order: the same on every machine. */
#include "jpeg_edge.h"

#include "bits.h"

#include <string.h>

enum { SIDE = 8 };

static const double PULL = 1e-6, STEEPNESS = 3.0;

/* C[u][i], T.81, A.3.3, as basis[i][u]. */
static const double basis[SIDE][SIDE] = {
#define C1 0.49039264020161522 /* cos(k pi / 16) / 2 */
#define C2 0.46193976625564337
#define C3 0.41573480615127262
#define C4 0.35355339059327379
#define C5 0.27778511650980111
#define C6 0.19134171618254489
#define C7 0.09754516100806413
    {C4, C1, C2, C3, C4, C5, C6, C7},     {C4, C3, C6, -C7, -C4, -C1, -C2, -C5},
    {C4, C5, -C6, -C1, -C4, C7, C2, C3},  {C4, C7, -C2, -C5, C4, C3, -C6, -C1},
    {C4, -C7, -C2, C5, C4, -C3, -C6, C1}, {C4, -C5, -C6, C1, -C4, -C7, C2, -C3},
    {C4, -C3, C6, C7, -C4, C1, -C2, C5},  {C4, -C1, C2, -C3, C4, -C5, C6, -C7},
#undef C1
#undef C2
#undef C3
#undef C4
#undef C5
#undef C6
#undef C7
};

/* Elimination without pivoting, as `a` is symmetric and positive definite: it becomes the
 * identity, and p what a^-1 makes of it. */
static void solve(double a[SIDE][SIDE], double p[SIDE][SIDE])
{
    for (int k = 0; k < SIDE; k++) {
        const double pivot = 1.0 / a[k][k];
        for (int j = 0; j < SIDE; j++) {
            a[k][j] *= pivot;
            p[k][j] *= pivot;
        }
        for (int i = 0; i < SIDE; i++) {
            const double factor = a[i][k];
            for (int j = 0; j < SIDE && i != k; j++) {
                a[i][j] -= factor * a[k][j];
                p[i][j] -= factor * p[k][j];
            }
        }
    }
}

/* One axis; its last block, or -1 when that has no padding. */
static int plan_axis(double p[SIDE][SIDE], int size)
{
    const int n_samples = size % SIDE;
    double a[SIDE][SIDE], pull = PULL * STEEPNESS;
    if (n_samples == 0)
        return -1;
    for (int u = 0; u < SIDE; u++)
        for (int w = 0; w < SIDE; w++) {
            p[u][w] = 0.0;
            for (int i = 0; i < n_samples; i++)
                p[u][w] += basis[i][u] * basis[i][w];
        }
    memcpy(a, p, sizeof a);
    for (int u = 1; u < SIDE; u++, pull *= STEEPNESS)
        a[u][u] += pull;
    solve(a, p);
    return size / SIDE;
}

void sct_jpeg_edge_init(struct sct_jpeg_edge *e, const struct sct_component *c)
{
    e->last_x = plan_axis(e->across, c->width);
    e->last_y = plan_axis(e->down, c->height);
}

static void continue_across(const struct sct_jpeg_edge *e, double block[SIDE][SIDE])
{
    for (int v = 0; v < SIDE; v++) {
        double sum[SIDE] = {0};
        for (int u = 0; u < SIDE; u++)
            for (int w = 0; w < SIDE; w++)
                sum[u] += e->across[u][w] * block[v][w];
        memcpy(block[v], sum, sizeof sum);
    }
}

static void continue_down(const struct sct_jpeg_edge *e, double block[SIDE][SIDE])
{
    double sum[SIDE][SIDE] = {{0}};
    for (int v = 0; v < SIDE; v++)
        for (int w = 0; w < SIDE; w++)
            for (int u = 0; u < SIDE; u++)
                sum[v][u] += e->down[v][w] * block[w][u];
    memcpy(block, sum, sizeof sum);
}

/* Half up. Coefs of damaged pictures may leave 16 bits. */
static int16_t round_coef(double v)
{
    const double limit = 1 << 20;
    const double clamped = v < -limit ? -limit : v > limit ? limit : v;
    return sct_sat_i16((int)(clamped + (limit + 0.5)) - (1 << 20));
}

void sct_jpeg_edge_continue(const struct sct_jpeg_edge *e, int x, int y,
                            int16_t block[64])
{
    double exact[SIDE][SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        exact[i / SIDE][i % SIDE] = block[i];
    if (x == e->last_x)
        continue_across(e, exact);
    if (y == e->last_y)
        continue_down(e, exact);
    for (int i = 0; i < SIDE * SIDE; i++)
        block[i] = round_coef(exact[i / SIDE][i % SIDE]);
}
