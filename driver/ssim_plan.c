/* See ssim_rows.h: what rows are made with, chosen and computed once. */
#include <math.h>

#include "ssim_rows.h"

static int cpu_runs_fma(void)
{
#ifdef SCT_HAVE_FMA
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

void sct_ssim_rows_init(struct sct_ssim_rows *rows)
{
    sct_ssim_rows_fill_c(rows);
#ifdef SCT_HAVE_FMA
    if (cpu_runs_fma())
        sct_ssim_rows_fill_fma(rows);
#endif
    (void)cpu_runs_fma;
}

void sct_ssim_blur_init(struct sct_ssim_blur *blur)
{
    /* The share of each wave: what (53) gives for sigma 1.5. */
    static const double beta[SCT_SSIM_WAVES] = {0.17893914164149127, 0.072726144736190179,
                                                0.012955819110517063};
    const double pi = 3.14159265358979323846;
    for (int k = 0; k < SCT_SSIM_WAVES; k++) {
        const double omega = (2 * k + 1) * pi / (2.0 * SCT_SSIM_RADIUS);
        const double n = -beta[k] * cos(omega * (SCT_SSIM_RADIUS + 1)); /* (33) */
        const double d = -2.0 * cos(omega);
        blur->gain[k] = (float)n;
        blur->feedback[k] = (float)d;

        /* out[i] = n * in[i] - d * out[i - 1] - out[i - 2] (35), put into itself */
        double in[4] = {n, -d * n}, last[4] = {-d, d * d - 1.0}, before[4] = {-1.0, d};
        for (int i = 2; i < 4; i++) {
            in[i] = -d * in[i - 1] - in[i - 2];
            last[i] = -d * last[i - 1] - last[i - 2];
            before[i] = -d * before[i - 1] - before[i - 2];
        }
        for (int i = 0; i < 4; i++) {
            blur->last[k][i] = (float)last[i];
            blur->before[k][i] = (float)before[i];
            for (int j = 0; j < 4; j++)
                blur->in[k][j][i] = i < j ? 0.0f : (float)in[i - j];
        }
    }
}
