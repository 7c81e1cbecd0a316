/* The filters, in + - * / only: compilers may not contract or reorder these under C11
 * without -ffast-math (-ffp-contract=off is set), so every machine computes the same
 * bits. */
#include "filter.h"

#include <stddef.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* sin(pi x) for |x| <= 4: reduced to |r| <= 1/2 around the nearest integer, then Taylor's
 * series; the first term left out is (pi/2)^19 / 19!, below 5e-14. A bank samples its
 * filter a thousand times, so the series multiplies by constants instead of dividing. */
static double sin_pi(double x)
{
    static const double ratio[] = {/* of a term to the one before it, over -t^2 */
                                   1.0 / (2 * 3),   1.0 / (4 * 5),   1.0 / (6 * 7),
                                   1.0 / (8 * 9),   1.0 / (10 * 11), 1.0 / (12 * 13),
                                   1.0 / (14 * 15), 1.0 / (16 * 17)};
    const int n = (int)(x < 0 ? x - 0.5 : x + 0.5);
    const double t = (x - n) * PI;
    const double t2 = t * t;
    double s = 1.0;
    for (int k = 7; k >= 0; k--)
        s = 1.0 - s * (t2 * ratio[k]);
    return n % 2 ? -s * t : s * t;
}

static double sinc(double x)
{
    return x > -1e-8 && x < 1e-8 ? 1.0 : sin_pi(x) / (PI * x);
}

static double lanczos3(double x)
{
    return x > -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

static double lanczos2(double x)
{
    return x > -2.0 && x < 2.0 ? sinc(x) * sinc(x / 2.0) : 0.0;
}

/* The family of Mitchell and Netravali, "Reconstruction filters in computer graphics"
 * (1988), equation 8. */
static double cubic(double x, double b, double c)
{
    const double t = x < 0 ? -x : x;
    if (t < 1.0)
        return ((12.0 - 9.0 * b - 6.0 * c) * t * t * t +
                (-18.0 + 12.0 * b + 6.0 * c) * t * t + (6.0 - 2.0 * b)) /
               6.0;
    if (t < 2.0)
        return ((-b - 6.0 * c) * t * t * t + (6.0 * b + 30.0 * c) * t * t +
                (-12.0 * b - 48.0 * c) * t + (8.0 * b + 24.0 * c)) /
               6.0;
    return 0.0;
}

static double catmull_rom(double x)
{
    return cubic(x, 0.0, 0.5);
}

static double mitchell(double x)
{
    return cubic(x, 1.0 / 3.0, 1.0 / 3.0);
}

static double triangle(double x)
{
    const double t = x < 0 ? -x : x;
    return t < 1.0 ? 1.0 - t : 0.0;
}

static double box(double x)
{
    return x >= -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

static const struct sct_filter filters[] = {
    {"lanczos3", 3.0, lanczos3, 0},       {"lanczos2", 2.0, lanczos2, 0},
    {"catmull-rom", 2.0, catmull_rom, 0}, {"mitchell", 2.0, mitchell, 0},
    {"triangle", 1.0, triangle, 0},       {"area", 0.5, box, 1},
};

const struct sct_filter *sct_filter_at(int i)
{
    return i >= 0 && i < (int)(sizeof filters / sizeof *filters) ? &filters[i] : NULL;
}

const struct sct_filter *sct_filter_find(const char *name)
{
    for (int i = 0; sct_filter_at(i); i++)
        if (strcmp(filters[i].name, name) == 0)
            return &filters[i];
    return NULL;
}
