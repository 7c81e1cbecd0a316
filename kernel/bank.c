/* Banks, see bank.h. A bank does not hold its rows: it computes one at a time, because
 * the vertical axis needs each row once, and must not grow with the height of the
 * picture. What makes a row cheap is the table: the filter sampled once per bank, read
 * with linear interpolation.
 *
 *     row x:   window -> taps (double, normalised) -> project on the DCT basis -> round
 *
 * Invariants
 *   1. A window lies within [0, src_units), and both of its ends never move backwards.
 *   2. No weight is ever given to a sample outside [0, src_size).
 *   3. Weights that must sum to one do so exactly after rounding. */
#include "bank.h"

#include "bits.h"
#include "mem.h"

#include <math.h>
#include <string.h>

/* Samples of the filter per unit of distance. Linear interpolation errs by at most
 * max|f''| / (8 * 512^2) < 5e-6, a tenth of a weight's last bit. */
enum { TABLE_STEP = 512 };

enum { UNIT_SAMPLES = 2 };

/* ---- geometry of a row ----------------------------------------------------------------
 */

static double centre_of(const struct sct_bank *b, int x)
{
    return b->axis.src_begin + (x + 0.5) * b->shrink;
}

/* The taps of row x: samples [*first, *last] have weights; at least one, all inside the
 * source. */
static void find_taps(const struct sct_bank *b, int x, int *first, int *last)
{
    const double c = centre_of(b, x);
    const double size = b->axis.src_size;
    double lo, hi;
    if (b->filter->is_area)
    { /* samples [i, i + 1) that overlap [c - radius, c + radius] */
        lo = floor(c - b->radius);
        hi = ceil(c + b->radius) - 1.0;
    } else { /* samples whose centre i + 0.5 is less than radius away */
        lo = floor(c - b->radius - 0.5) + 1.0;
        hi = ceil(c + b->radius - 0.5) - 1.0;
    }
    if (hi <
        lo) /* enlarging with a narrow filter: none is near enough, take the nearest */
        lo = hi = floor(c);
    lo = fmin(fmax(lo, 0.0), size - 1.0);
    hi = fmin(fmax(hi, 0.0), size - 1.0);
    *first = (int)lo;
    *last = (int)hi;
}

struct sct_window sct_bank_window(const struct sct_bank *b, int x)
{
    int first, last;
    find_taps(b, x, &first, &last);
    return (struct sct_window){.first = first / b->unit,
                               .n = last / b->unit - first / b->unit + 1};
}

/* ---- one row, in double precision -------------------------------------------------- */

static double filter_at(const struct sct_bank *b, double distance)
{
    const double t = fabs(distance) * TABLE_STEP;
    const double limit = b->filter->support * TABLE_STEP;
    if (t >= limit)
        return 0.0;
    const int i = (int)t;
    return b->table[i] + (t - i) * (b->table[i + 1] - b->table[i]);
}

static double overlap(double a0, double a1, double b0, double b1)
{
    const double w = fmin(a1, b1) - fmax(a0, b0);
    return w > 0.0 ? w : 0.0;
}

/* Fills b->taps with the weights of samples *first..*last, which sum to 1. */
static void weigh_taps(struct sct_bank *b, int x, int *first, int *last)
{
    find_taps(b, x, first, last);
    const int n = *last - *first + 1;
    const double c = centre_of(b, x);
    double sum = 0.0;

    if (b->filter->is_area) {
        for (int k = 0; k < n; k++)
            sum += b->taps[k] =
                overlap(*first + k, *first + k + 1, c - b->radius, c + b->radius);
    } else {
        const double per_sample = b->filter->support / b->radius;
        for (int k = 0; k < n; k++)
            sum += b->taps[k] = filter_at(b, (*first + k + 0.5 - c) * per_sample);
    }
    if (fabs(sum) < 1e-6) { /* a centre outside the source, or the nearest sample alone */
        const int nearest = sct_clamp((int)floor(c), *first, *last) - *first;
        for (int k = 0; k < n; k++)
            b->taps[k] = k == nearest;
        return;
    }
    for (int k = 0; k < n; k++)
        b->taps[k] /= sum;
}

/* ---- rounding ---------------------------------------------------------------------- */

static int16_t round_weight(double w, double one)
{
    return sct_sat_i16((int32_t)floor(w * one + 0.5));
}

/* Rounds w to a fixed point in which `one` is 1, and carries what was lost to the next
 * call; the total can then differ from the exact sum by half a unit at most, and not at
 * all where that sum is an integer. */
static int16_t round_and_carry(double w, double one, double *carry)
{
    const double exact = w * one + *carry;
    const double rounded = floor(exact + 0.5);
    *carry = exact - rounded;
    return sct_sat_i16((int32_t)rounded);
}

/* B[u][i] of bank.h. */
static const double basis[SCT_BLOCK][SCT_BLOCK] = {
#define C1 1.38703984532214752 /* sqrt(2) cos(k pi / 16), k = 1..7 */
#define C2 1.30656296487637658
#define C3 1.17587560241935884
#define C4 1.0
#define C5 0.78569495838710235
#define C6 0.54119610014619701
#define C7 0.27589937928294306
    {1, 1, 1, 1, 1, 1, 1, 1},
    {C1, C3, C5, C7, -C7, -C5, -C3, -C1},
    {C2, C6, -C6, -C2, -C2, -C6, C6, C2},
    {C3, -C7, -C1, -C5, C5, C1, C7, -C3},
    {C4, -C4, -C4, C4, C4, -C4, -C4, C4},
    {C5, -C1, C7, C3, -C3, -C7, C1, -C5},
    {C6, -C2, C2, -C6, -C6, C2, -C2, C6},
    {C7, -C5, C3, -C1, C1, -C3, C5, -C7},
#undef C1
#undef C2
#undef C3
#undef C4
#undef C5
#undef C6
#undef C7
};

/* The projection of taps [first, last] on block `block`, for n frequencies. */
static void project(const struct sct_bank *b, int first, int last, int block, int n,
                    double out[SCT_BLOCK])
{
    const int i0 = sct_max(first - block * SCT_BLOCK, 0);
    const int i1 = sct_min(last - block * SCT_BLOCK, SCT_BLOCK - 1);
    const double *w = b->taps + (block * SCT_BLOCK - first);
    for (int u = 0; u < n; u++) {
        double a = 0.0;
        for (int i = i0; i <= i1; i++)
            a += w[i] * basis[u][i];
        out[u] = a;
    }
}

static void round_taps(const struct sct_bank *b, int first, int last, int16_t *weights,
                       int origin)
{
    const double one = 1 << b->bits;
    double carry = 0.0;
    for (int i = first; i <= last; i++)
        weights[i - origin] = round_and_carry(b->taps[i - first], one, &carry);
}

static void round_projection(const struct sct_bank *b, int first, int last,
                             int16_t *weights, int first_block)
{
    const double one = 1 << b->bits;
    double carry = 0.0;
    for (int block = first / SCT_BLOCK; block <= last / SCT_BLOCK; block++) {
        int16_t *w = weights + (ptrdiff_t)(block - first_block) * b->n_pairs * 2;
        double a[SCT_BLOCK];
        project(b, first, last, block, b->n_freqs, a);
        w[0] = round_and_carry(a[0], one, &carry);
        for (int u = 1; u < b->n_freqs; u++)
            w[u] = round_weight(a[u], one);
    }
}

void sct_bank_row(struct sct_bank *b, int x, int first_unit, int n_units,
                  int16_t *weights)
{
    int first, last;
    weigh_taps(b, x, &first, &last);
    memset(weights, 0, (size_t)n_units * (size_t)b->n_pairs * 2 * sizeof *weights);
    if (b->domain == SCT_COEFS)
        round_projection(b, first, last, weights, first_unit);
    else
        round_taps(b, first, last, weights, first_unit * UNIT_SAMPLES);
}

/* ---- choosing n_freqs -------------------------------------------------------------- */

/* Mean energy of frequency u of an orthonormal 8-point DCT of luma, in squared sample
 * levels. Both are upper figures of what bench_spectrum prints for some thirty
 * photographs, so that the choice errs towards keeping. Cameras and lenses are soft at
 * the scale of a pixel; what has been made smaller before is sharp up to the last
 * frequency. The size of the axis tells the one from the other well enough, and small
 * pictures cost little. u = 0 is never cut. */
static const double energy_camera[SCT_BLOCK] = {0, 1850, 750, 325, 140, 55, 20, 6};
static const double energy_sharp[SCT_BLOCK] = {0, 1500, 750, 460, 310, 200, 115, 60};
enum { CAMERA_SIZE = 2000 };

/* The mean squared error, in squared levels, that the cut may cause on one axis of such a
 * picture. With two axes that is 62.5 dB; rounding to 8 bits is 1/12, or 58.9 dB. */
static const double MAX_CUT_ERROR = 1.0 / 55.0;

/* Rows looked at: spread over the axis, they meet every phase of the block grid. */
enum { PROBE_ROWS = 61 };

static int choose_n_freqs(struct sct_bank *b)
{
    static const int choices[] = {1, 2, 4, 6};
    const double *energy = b->axis.src_size >= CAMERA_SIZE ? energy_camera : energy_sharp;
    const int n_rows = sct_min(b->axis.dst_size, PROBE_ROWS);
    double lost[SCT_BLOCK] = {0}; /* error when u is cut, summed over the rows */

    for (int k = 0; k < n_rows; k++) {
        const int x = (int)((int64_t)b->axis.dst_size * k / n_rows);
        int first, last;
        weigh_taps(b, x, &first, &last);
        for (int block = first / SCT_BLOCK; block <= last / SCT_BLOCK; block++) {
            double a[SCT_BLOCK];
            project(b, first, last, block, SCT_BLOCK, a);
            for (int u = 1; u < SCT_BLOCK; u++) /* B is sqrt(8) times orthonormal */
                lost[u] += a[u] * a[u] / SCT_BLOCK * energy[u];
        }
    }
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        double error = 0.0;
        for (int u = choices[i]; u < SCT_BLOCK; u++)
            error += lost[u];
        if (error / n_rows <= MAX_CUT_ERROR)
            return choices[i];
    }
    return SCT_BLOCK;
}

/* ---- plan -------------------------------------------------------------------------- */

static int is_possible(const struct sct_axis *a, const struct sct_filter *filter)
{
    if (!filter || a->src_size < 1 || a->src_size > SCT_MAX_SIZE || a->dst_size < 1 ||
        a->dst_size > SCT_MAX_SIZE)
        return 0;
    if (!isfinite(a->src_begin) || !isfinite(a->src_end) || a->src_begin >= a->src_end)
        return 0;
    const double sample = (a->src_end - a->src_begin) / a->dst_size;
    return a->src_begin >= -sample && a->src_end <= a->src_size + sample;
}

static size_t table_bytes(const struct sct_filter *filter)
{
    return ((size_t)(filter->support * TABLE_STEP) + 2) * sizeof(double);
}

/* Everything but the arrays. */
static int plan_geometry(struct sct_bank *b, const struct sct_axis *axis,
                         const struct sct_filter *filter, enum sct_domain domain)
{
    memset(b, 0, sizeof *b);
    if (!is_possible(axis, filter))
        return SCT_ERR_ARGUMENT;
    b->axis = *axis;
    b->filter = filter;
    b->domain = domain;
    b->shrink = (axis->src_end - axis->src_begin) / axis->dst_size;
    if (filter->is_area) /* an output sample covers its own extent, however small */
        b->radius = filter->support * b->shrink;
    else
        b->radius = filter->support * fmax(1.0, b->shrink);
    b->bits = b->shrink < 2.0 ? SCT_WEIGHT_BITS - 1 : SCT_WEIGHT_BITS;
    b->unit = domain == SCT_COEFS ? SCT_BLOCK : UNIT_SAMPLES;
    b->n_pairs = 1; /* SAMPLES; for COEFS once n_freqs is known */
    b->src_units = sct_div_up(axis->src_size, b->unit);
    b->max_taps = (int)fmin(2.0 * b->radius + 3.0, axis->src_size);
    return SCT_OK;
}

size_t sct_bank_bytes(const struct sct_axis *axis, const struct sct_filter *filter,
                      enum sct_domain domain)
{
    struct sct_bank b;
    if (plan_geometry(&b, axis, filter, domain) < 0)
        return SCT_SIZE_BAD;
    return sct_size_add(sct_size_align(table_bytes(filter)),
                        sct_size_align((size_t)b.max_taps * sizeof *b.taps));
}

int sct_bank_create(struct sct_bank *b, const struct sct_axis *axis,
                    const struct sct_filter *filter, enum sct_domain domain)
{
    const int status = plan_geometry(b, axis, filter, domain);
    if (status < 0) {
        memset(b, 0, sizeof *b);
        return status;
    }
    b->table = sct_mem_alloc(table_bytes(filter));
    b->taps = sct_mem_alloc((size_t)b->max_taps * sizeof *b->taps);
    if (!b->table || !b->taps) {
        sct_bank_free(b);
        return SCT_ERR_MEMORY;
    }
    const int n = (int)(filter->support * TABLE_STEP);
    for (int i = 0; i <= n; i++)
        b->table[i] = filter->eval((double)i / TABLE_STEP);

    for (int x = 0; x < axis->dst_size; x++)
        b->row_units = sct_max(b->row_units, sct_bank_window(b, x).n);
    if (domain == SCT_COEFS) {
        b->n_freqs = choose_n_freqs(b);
        b->n_pairs = sct_div_up(b->n_freqs, 2);
    }
    return SCT_OK;
}

void sct_bank_free(struct sct_bank *b)
{
    sct_mem_free(b->table);
    sct_mem_free(b->taps);
    memset(b, 0, sizeof *b);
}
