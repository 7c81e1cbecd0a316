/* See jpeg_score.h.
 *
 * SSIMULACRA2 compares errors with what there is in the picture, at several scales, and so does
 * this, with coefs in place of scales. Of each block, with sums over a range of frequencies,
 *
 *     r = errors^2 / (2 * coefs^2 + C)
 *
 * over all frequencies, over the lower half of each axis, and of DC, where the coefs are those of
 * its neighbours, less their mean. The score is a function of a weighted sum of means of r and
 * of r^4. Weights are a fit, by non-negative least squares, to the scores of ten photographs at
 * 400 and 1600 wide and nine qualities. Arithmetic is + - * / and roots only, but for one power at
 * the end: the same on every machine. */
#include "jpeg_score.h"

#include <math.h>

#include "bits.h"

enum { MAX_BLOCKS = 6000 }; /* that are looked at, of a component */

/* Means over blocks. */
struct ratios {
    double full_4, half_4; /* fourth roots of means of r^4 */
    double dc;             /* mean of r */
};

/* Coefs have 4 bits behind the point; a mean square over 64 samples. */
static const double sample_scale = 1.0 / (256.0 * 64.0);

/* How much the DC coefs of a block and its neighbours differ. */
static double measure_dc_variance(const struct sct_jpeg_component *c, int x, int y)
{
    double sum = 0, squares = 0;
    int n = 0;
    for (int j = sct_max(y - 1, 0); j <= sct_min(y + 1, c->height_blocks - 1); j++)
        for (int i = sct_max(x - 1, 0); i <= sct_min(x + 1, c->width_blocks - 1); i++) {
            const double dc = c->coefs[64 * ((ptrdiff_t)j * c->width_blocks + i)];
            sum += dc;
            squares += dc * dc;
            n++;
        }
    return (squares / n - sum / n * (sum / n)) * sample_scale;
}

static double square(int x)
{
    return (double)x * x;
}

static void add_block(struct ratios *sums, const struct sct_jpeg_component *c, int x,
                      int y, const uint8_t steps[64], double floor_c)
{
    const ptrdiff_t b = (ptrdiff_t)y * c->width_blocks + x;
    const int16_t *const coefs = c->coefs + 64 * b, *const levels = c->levels + 64 * b;
    const double dc_variance = measure_dc_variance(c, x, y);
    const double dc_error = square(coefs[0] - 16 * levels[0] * steps[0]);
    double error = 0, energy = 0, half_error = 0, half_energy = 0;

    for (int u = 0; u < 8; u++)
        for (int v = u == 0; v < 8; v++) {
            const int i = 8 * u + v;
            const double e = square(coefs[i] - 16 * levels[i] * steps[i]);
            const double a = square(coefs[i]);
            error += e;
            energy += a;
            if (u < 4 && v < 4) {
                half_error += e;
                half_energy += a;
            }
        }
    const double full =
        (error + dc_error) * sample_scale / (2 * energy * sample_scale + floor_c);
    const double half = (half_error + dc_error) * sample_scale /
                        (2 * (half_energy * sample_scale + 0.1 * dc_variance) + floor_c);
    sums->full_4 += full * full * (full * full);
    sums->half_4 += half * half * (half * half);
    sums->dc += dc_error * sample_scale / (2 * dc_variance + floor_c);
}

static struct ratios measure(const struct sct_jpeg_component *c, const uint8_t steps[64],
                             double floor_c)
{
    const int n_blocks = c->width_blocks * c->height_blocks;
    const int step =
        sct_div_up(n_blocks, MAX_BLOCKS) | 1; /* odd: not in step with widths */
    struct ratios sums = {0, 0, 0};
    int n = 0;
    for (int b = 0; b < n_blocks; b += step, n++)
        add_block(&sums, c, b % c->width_blocks, b / c->width_blocks, steps, floor_c);
    return (struct ratios){.full_4 = sqrt(sqrt(sums.full_4 / n)),
                           .half_4 = sqrt(sqrt(sums.half_4 / n)),
                           .dc = sums.dc / n};
}

double sct_jpeg_score_estimate(const struct sct_jpeg_levels *levels,
                               const struct sct_jpeg_frame *frame)
{
    const uint8_t *const luma_steps = frame->quant[frame->component[0].quant];
    const struct ratios luma = measure(&levels->component[0], luma_steps, 58.0);
    double sum = 0.359 + 37.3 * luma.full_4 + 11.7 * luma.half_4 + 1591.0 * luma.dc;
    if (levels->n_components == 3) {
        const uint8_t *const steps = frame->quant[frame->component[2].quant];
        sum += 9.92 * measure(&levels->component[2], steps, 20.0).full_4;
    }
    return 100.0 - 10.0 * pow(sum, 0.6276);
}
