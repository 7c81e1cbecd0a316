/* See coef_score.h. */
#include "coef_score.h"

#include <math.h>
#include <stddef.h>

#include "bits.h"

enum { MAX_BLOCKS = 6000 }; /* that are looked at, of a component */

/* Means over blocks. */
struct ratios {
    double full_4, half_4; /* fourth roots of means of r^4 */
    double dc;             /* mean of r */
};

/* What a block's sums of squares are multiplied by: coefs have 4 bits behind the point; a mean
 * square over 64 samples, which reach from 0 to 255. */
static double find_scale(const struct sct_coef_plane *p)
{
    return 1.0 / (256.0 * 64.0) / (p->range * p->range);
}

/* How much the DC coefs of a block and its neighbours differ. */
static double measure_dc_variance(const struct sct_coef_plane *p, int x, int y)
{
    double sum = 0, squares = 0;
    int n = 0;
    for (int j = sct_max(y - 1, 0); j <= sct_min(y + 1, p->height_blocks - 1); j++)
        for (int i = sct_max(x - 1, 0); i <= sct_min(x + 1, p->width_blocks - 1); i++) {
            const double dc = p->coefs[64 * ((ptrdiff_t)j * p->width_blocks + i)];
            sum += dc;
            squares += dc * dc;
            n++;
        }
    return (squares / n - sum / n * (sum / n)) * find_scale(p);
}

static double square(int x)
{
    return (double)x * x;
}

static void add_block(struct ratios *sums, const struct sct_coef_plane *p, int x, int y,
                      double floor_c)
{
    const ptrdiff_t b = (ptrdiff_t)y * p->width_blocks + x;
    const int16_t *const coefs = p->coefs + 64 * b, *const levels = p->levels + 64 * b;
    const double scale = find_scale(p), dc_variance = measure_dc_variance(p, x, y);
    const double dc_error = square(coefs[0] - levels[0] * p->steps[0]);
    double error = 0, energy = 0, half_error = 0, half_energy = 0;

    for (int u = 0; u < 8; u++)
        for (int v = u == 0; v < 8; v++) {
            const int i = 8 * u + v;
            const double e = square(coefs[i] - levels[i] * p->steps[i]);
            const double a = square(coefs[i]);
            error += e;
            energy += a;
            if (u < 4 && v < 4) {
                half_error += e;
                half_energy += a;
            }
        }
    const double full = (error + dc_error) * scale / (2 * energy * scale + floor_c);
    const double half = (half_error + dc_error) * scale /
                        (2 * (half_energy * scale + 0.1 * dc_variance) + floor_c);
    sums->full_4 += full * full * (full * full);
    sums->half_4 += half * half * (half * half);
    sums->dc += dc_error * scale / (2 * dc_variance + floor_c);
}

static struct ratios measure(const struct sct_coef_plane *p, double floor_c)
{
    const int n_blocks = p->width_blocks * p->height_blocks;
    const int step =
        sct_div_up(n_blocks, MAX_BLOCKS) | 1; /* odd: not in step with widths */
    struct ratios sums = {0, 0, 0};
    int n = 0;
    for (int b = 0; b < n_blocks; b += step, n++)
        add_block(&sums, p, b % p->width_blocks, b / p->width_blocks, floor_c);
    return (struct ratios){.full_4 = sqrt(sqrt(sums.full_4 / n)),
                           .half_4 = sqrt(sqrt(sums.half_4 / n)),
                           .dc = sums.dc / n};
}

double sct_coef_score(const struct sct_coef_plane *luma,
                      const struct sct_coef_plane *chroma,
                      const struct sct_coef_weights *w)
{
    const struct ratios r = measure(luma, 58.0);
    double sum = w->constant + w->luma_full * r.full_4 + w->luma_half * r.half_4 +
                 w->luma_dc * r.dc;
    if (chroma)
        sum += w->chroma_full * measure(chroma, 20.0).full_4;
    return 100.0 - 10.0 * pow(sum, w->exponent);
}
