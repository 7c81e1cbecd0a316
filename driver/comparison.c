/* See comparison.h. */
#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bits.h"
#include "text.h"

/* ---- figures ----------------------------------------------------------------------- */

/* In units of 16 bits, whatever the depth. */
static int sample_at(const struct sct_rgb *rgb, int c, int x, int y)
{
    const uint8_t *const row = sct_plane_row(&rgb->plane[c], y);
    return rgb->depth == 8 ? row[x] * 257 : ((const uint16_t *)(const void *)row)[x];
}

static double psnr(double squares, double n_samples)
{
    return 10.0 * log10(65535.0 * 65535.0 * n_samples / squares);
}

static void measure_noise(struct sct_comparison *comparison,
                          const struct sct_rgb *reference, const struct sct_rgb *picture)
{
    static const double luma[3] = {0.299, 0.587, 0.114};
    const int width = reference->plane[0].width, height = reference->plane[0].height;
    double rgb_squares = 0.0, y_squares = 0.0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double y_difference = 0.0;
            for (int c = 0; c < 3; c++) {
                const double difference =
                    sample_at(picture, c, x, y) - sample_at(reference, c, x, y);
                rgb_squares += difference * difference;
                y_difference += luma[c] * difference;
            }
            y_squares += y_difference * y_difference;
        }
    const double n_pixels = (double)width * height;
    comparison->psnr_rgb = psnr(rgb_squares, 3.0 * n_pixels);
    comparison->psnr_y = psnr(y_squares, n_pixels);
}

int sct_comparison_measure(struct sct_comparison *c, const struct sct_rgb *reference,
                           const struct sct_rgb *picture)
{
    c->width = reference->plane[0].width;
    c->height = reference->plane[0].height;
    measure_noise(c, reference, picture);
    c->has_ssimulacra2 = sct_min(c->width, c->height) >= SCT_SSIMULACRA2_MIN_SIZE;
    if (!c->has_ssimulacra2)
        return SCT_OK;
    return sct_ssimulacra2(&c->ssimulacra2, reference, picture);
}

/* ---- for people -------------------------------------------------------------------- */

static void print_names(const struct sct_comparison *c)
{
    char *const input = sct_text_escape(c->input);
    char *const reference = sct_text_escape(c->reference);
    printf("%s beside %s\n", input ? input : "?", reference ? reference : "?");
    free(input);
    free(reference);
}

void sct_comparison_print(const struct sct_comparison *c)
{
    print_names(c);
    printf("  size         %dx%d, %.1f megapixels\n", c->width, c->height,
           (double)c->width * c->height / 1e6);
    if (c->has_ssimulacra2)
        printf("  SSIMULACRA2  %.3f\n", c->ssimulacra2);
    else
        printf("  SSIMULACRA2  not defined below %dx%d\n", SCT_SSIMULACRA2_MIN_SIZE,
               SCT_SSIMULACRA2_MIN_SIZE);
    if (isinf(c->psnr_rgb))
        puts("  PSNR         no difference");
    else
        printf("  PSNR         %.2f dB, luma %.2f dB\n", c->psnr_rgb, c->psnr_y);
    if (c->has_butteraugli)
        printf("  Butteraugli  %.3f, 3-norm %.3f\n", c->butteraugli.max,
               c->butteraugli.norm3);
    else if (c->message[0])
        printf("  Butteraugli  not measured: %s\n", c->message);
    if (c->report.n_warnings > 0)
        printf("  warning      %s\n", c->report.warning);
}
