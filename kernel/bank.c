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

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ---- geometry of a row ----------------------------------------------------------------
 */

static double centre_of(const struct sct_bank *b, int x)
{
    return b->axis.src_begin + (x + 0.5) * b->shrink;
}

/* floor and ceil, to an int that saturates at 2^30: far beyond every sample. Windows and
 * weights are computed by the thousand, and the C library's calls would cost more than
 * the rest. */
static inline int truncate_to_int(double v)
{
    const double limit = 1 << 30;
    return (int)(v < -limit ? -limit : v > limit ? limit : v);
}

static inline int floor_int(double v)
{
    const int i = truncate_to_int(v);
    return i - (v < i);
}

static inline int ceil_int(double v)
{
    const int i = truncate_to_int(v);
    return i + (v > i);
}

/* The taps of row x: samples [*first, *last] have weights; at least one, all inside the
 * source. */
static inline void find_taps(const struct sct_bank *b, int x, int *first, int *last)
{
    const double c = centre_of(b, x);
    int lo, hi;
    if (b->filter->is_area)
    { /* samples [i, i + 1) that overlap [c - radius, c + radius] */
        lo = floor_int(c - b->radius);
        hi = ceil_int(c + b->radius) - 1;
    } else { /* samples whose centre i + 0.5 is less than radius away */
        lo = floor_int(c - b->radius - 0.5) + 1;
        hi = ceil_int(c + b->radius - 0.5) - 1;
    }
    if (hi <
        lo) /* enlarging with a narrow filter: none is near enough, take the nearest */
        lo = hi = floor_int(c);
    *first = sct_clamp(lo, 0, b->axis.src_size - 1);
    *last = sct_clamp(hi, 0, b->axis.src_size - 1);
}

struct sct_window sct_bank_window(const struct sct_bank *b, int x)
{
    int first, last;
    find_taps(b, x, &first, &last);
    first >>= b->unit_bits;
    last >>= b->unit_bits;
    return (struct sct_window){.first = first, .n = last - first + 1};
}

/* ---- one row, in double precision -------------------------------------------------- */

/* The table ends with two zeros: beyond the support the filter is 0. */
static inline double filter_at(const struct sct_bank *b, double distance_steps)
{
    const double t = fabs(distance_steps);
    const int i = sct_min((int)t, b->table_size - 2);
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
        const double per_sample = b->filter->support / b->radius * TABLE_STEP;
        for (int k = 0; k < n; k++)
            sum += b->taps[k] = filter_at(b, (*first + k + 0.5 - c) * per_sample);
    }
    if (fabs(sum) < 1e-6) { /* a centre outside the source, or the nearest sample alone */
        const int nearest = sct_clamp(floor_int(c), *first, *last) - *first;
        for (int k = 0; k < n; k++)
            b->taps[k] = k == nearest;
        return;
    }
    const double norm = 1.0 / sum;
    for (int k = 0; k < n; k++)
        b->taps[k] *= norm;
}

/* ---- rounding ---------------------------------------------------------------------- */

/* Half up, for |v| < 2^30. */
static inline int round_half_up(double v)
{
    const int i = (int)(v + 0.5);
    return i - (v + 0.5 < i);
}

/* Weights that must sum to one are the differences of rounded running sums: what rounding
 * takes from one weight the next ones get, and the total is off by half a unit at most,
 * or not at all where it is an integer. Such a running sum: */
struct total {
    double exact;
    int rounded;
};

static inline int16_t add_to_total(struct total *t, double w)
{
    const int before = t->rounded;
    t->exact += w;
    t->rounded = round_half_up(t->exact);
    return sct_sat_i16(t->rounded - before);
}

/* B[u][i] of bank.h as basis[i][u]: all frequencies of a sample side by side. */
static const double basis[SCT_BLOCK][SCT_BLOCK] = {
#define C1 1.38703984532214752 /* sqrt(2) cos(k pi / 16), k = 1..7 */
#define C2 1.30656296487637658
#define C3 1.17587560241935884
#define C4 1.0
#define C5 0.78569495838710235
#define C6 0.54119610014619701
#define C7 0.27589937928294306
    {1, C1, C2, C3, C4, C5, C6, C7},     {1, C3, C6, -C7, -C4, -C1, -C2, -C5},
    {1, C5, -C6, -C1, -C4, C7, C2, C3},  {1, C7, -C2, -C5, C4, C3, -C6, -C1},
    {1, -C7, -C2, C5, C4, -C3, -C6, C1}, {1, -C5, -C6, C1, -C4, -C7, C2, -C3},
    {1, -C3, C6, C7, -C4, C1, -C2, C5},  {1, -C1, C2, -C3, C4, -C5, C6, -C7},
#undef C1
#undef C2
#undef C3
#undef C4
#undef C5
#undef C6
#undef C7
};

/* Two frequencies side by side: gcc would rather put taps there, and then add across. */
typedef double two_doubles __attribute__((vector_size(2 * sizeof(double))));

/* The projection of taps [first, last] on block `block`, times `scale`: n_freqs frequencies, an
 * even constant where it is inlined. */
ALWAYS_INLINE void project(const struct sct_bank *b, int first, int last, int block,
                           double scale, int n_freqs, double out[SCT_BLOCK])
{
    const int i0 = sct_max(first - block * SCT_BLOCK, 0);
    const int i1 = sct_min(last - block * SCT_BLOCK, SCT_BLOCK - 1);
    const double *w = b->taps + (block * SCT_BLOCK - first);
    two_doubles a[SCT_BLOCK / 2] = {{0.0, 0.0}};
    for (int i = i0; i <= i1; i++) {
        const two_doubles tap = {w[i], w[i]};
        for (int u = 0; u < n_freqs; u += 2)
            a[u / 2] += tap * (two_doubles){basis[i][u], basis[i][u + 1]};
    }
    for (int u = 0; u < n_freqs; u++)
        out[u] = a[u / 2][u % 2] * scale;
}

static void round_taps(const struct sct_bank *b, int first, int last, int16_t *weights,
                       int origin)
{
    const double one = b->gain * (1 << b->bits);
    struct total total = {0.0, 0};
    for (int i = first; i <= last; i++)
        weights[i - origin] = add_to_total(&total, b->taps[i - first] * one);
}

/* Inlined for 4 and 8 frequencies. */
ALWAYS_INLINE void round_blocks(const struct sct_bank *b, int first, int last,
                                int16_t *weights, int first_block, int n_freqs)
{
    const double one = b->gain * (1 << b->bits);
    struct total total = {0.0, 0};
    for (int block = first / SCT_BLOCK; block <= last / SCT_BLOCK; block++) {
        int16_t *w = weights + (ptrdiff_t)(block - first_block) * b->n_pairs * 2;
        double a[SCT_BLOCK];
        int16_t rounded[SCT_BLOCK];
        project(b, first, last, block, one, n_freqs, a);
        for (int u = 0; u < n_freqs; u++)
            rounded[u] = sct_sat_i16(round_half_up(a[u]));
        rounded[0] = add_to_total(&total, a[0]);
        for (int u = 0; u < b->n_freqs; u++)
            w[u] = rounded[u];
    }
}

static void round_projection(const struct sct_bank *b, int first, int last,
                             int16_t *weights, int first_block)
{
    if (b->n_freqs <= 4)
        round_blocks(b, first, last, weights, first_block, 4);
    else
        round_blocks(b, first, last, weights, first_block, SCT_BLOCK);
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

/* ---- rows that repeat --------------------------------------------------------------- */

static int greatest_divisor(int a, int b)
{
    while (b) {
        const int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether the window of row x ends where the filter does, not where the picture does. */
static int is_whole(const struct sct_bank *b, int x)
{
    const double c = centre_of(b, x);
    return c - b->radius >= 1.0 && c + b->radius <= b->axis.src_size - 1.0;
}

int sct_bank_period(const struct sct_bank *b, int *n_units, int *begin, int *end)
{
    const double extent = b->axis.src_end - b->axis.src_begin;
    *n_units = *begin = *end = 0;
    if (extent < 1.0 || extent > SCT_MAX_SIZE || extent != (int)extent)
        return 0;
    const int dst_size = b->axis.dst_size;
    const int common = greatest_divisor((int)extent, dst_size);
    const int n_samples = (int)extent / common; /* that dst_size / common outputs cover */
    const int unit = 1 << b->unit_bits;
    const int repeat = unit / greatest_divisor(n_samples, unit);
    if (dst_size / common > dst_size / repeat)
        return 0;
    const int period = dst_size / common * repeat;
    while (*begin < dst_size && !is_whole(b, *begin))
        ++*begin;
    *end = dst_size;
    while (*end > *begin && !is_whole(b, *end - 1))
        --*end;
    *n_units = n_samples / (unit / repeat);
    return period;
}

/* ---- choosing n_freqs -------------------------------------------------------------- */

/* Mean energy of frequency u of an orthonormal 8-point DCT, in squared sample levels. All are
 * upper figures of what bench_spectrum prints for some thirty photographs, so that the
 * choice errs towards keeping. Cameras and lenses are soft at the scale of a pixel; what
 * has been made smaller before is sharp up to the last frequency. The size of the axis
 * tells the one from the other well enough, and small pictures cost little. Chroma has
 * about a tenth of luma's. u = 0 is never cut. */
static const double energy_camera[SCT_BLOCK] = {0, 1850, 750, 325, 140, 55, 20, 6};
static const double energy_sharp[SCT_BLOCK] = {0, 1500, 750, 460, 310, 200, 115, 60};
static const double energy_chroma_camera[SCT_BLOCK] = {0, 260, 75, 33, 15, 8, 4, 2};
static const double energy_chroma_sharp[SCT_BLOCK] = {0, 375, 190, 115, 78, 50, 29, 15};
enum { CAMERA_SIZE = 2000 }; /* of luma */

/* Below a shrink of 2 luma is not cut, and chroma is not either: there all frequencies pass, and
 * noise of colour shows. */
static const double *energy_of(const struct sct_bank *b)
{
    const int size = b->axis.src_size, step = b->axis.chroma_step;
    if (step == 0 || b->shrink < 2.0)
        return size >= CAMERA_SIZE ? energy_camera : energy_sharp;
    return size >= CAMERA_SIZE / step ? energy_chroma_camera : energy_chroma_sharp;
}

/* The mean squared error, in squared levels, that the cut may cause on one axis of such a
 * picture. With two axes that is 62.5 dB; rounding to 8 bits is 1/12, or 58.9 dB. */
static const double MAX_CUT_ERROR = 1.0 / 55.0;

/* Rows looked at: spread over the axis, they meet every phase of the block grid. */
enum { PROBE_ROWS = 61 };

/* Fills b->share. */
static void measure_shares(struct sct_bank *b)
{
    const int n_rows = sct_min(b->axis.dst_size, PROBE_ROWS);

    for (int k = 0; k < n_rows; k++) {
        const int x = (int)((int64_t)b->axis.dst_size * k / n_rows);
        int first, last;
        weigh_taps(b, x, &first, &last);
        for (int block = first / SCT_BLOCK; block <= last / SCT_BLOCK; block++) {
            double a[SCT_BLOCK];
            project(b, first, last, block, 1.0, SCT_BLOCK, a);
            for (int u = 1; u < SCT_BLOCK; u++) /* B is sqrt(8) times orthonormal */
                b->share[u] += a[u] * a[u] / (SCT_BLOCK * n_rows);
        }
    }
}

static int choose_n_freqs(const struct sct_bank *b)
{
    static const int choices[] = {1, 2, 4, 6};
    const double *energy = energy_of(b);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        double error = 0.0;
        for (int u = choices[i]; u < SCT_BLOCK; u++)
            error += b->share[u] * energy[u];
        if (error <= MAX_CUT_ERROR)
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

/* Samples of the filter at 0 .. support, and a zero that only interpolation looks at. */
static int count_table(const struct sct_filter *filter)
{
    return (int)(filter->support * TABLE_STEP) + 2;
}

static size_t table_bytes(const struct sct_filter *filter)
{
    return (size_t)count_table(filter) * sizeof(double);
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
    b->gain = 1.0;
    b->shrink = (axis->src_end - axis->src_begin) / axis->dst_size;
    if (filter->is_area) /* an output sample covers its own extent, however small */
        b->radius = filter->support * b->shrink;
    else
        b->radius = filter->support * fmax(1.0, b->shrink);
    b->bits = b->shrink < 2.0 ? SCT_WEIGHT_BITS - 1 : SCT_WEIGHT_BITS;
    b->unit_bits = domain == SCT_COEFS ? 3 : 1;
    b->n_pairs = 1; /* SAMPLES; for COEFS once n_freqs is known */
    b->src_units = sct_div_up(axis->src_size, 1 << b->unit_bits);
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

int sct_bank_has_same_taps(const struct sct_bank *a, const struct sct_bank *b)
{
    return a->filter == b->filter && a->domain == b->domain &&
           a->axis.src_begin == b->axis.src_begin && a->axis.src_end == b->axis.src_end &&
           a->axis.src_size == b->axis.src_size && a->axis.dst_size == b->axis.dst_size;
}

static void fill_table(struct sct_bank *b, const struct sct_bank *like)
{
    b->table_size = count_table(b->filter);
    if (like && like->filter == b->filter) {
        memcpy(b->table, like->table, table_bytes(b->filter));
        return;
    }
    for (int i = 0; i < b->table_size - 2; i++)
        b->table[i] = b->filter->eval((double)i / TABLE_STEP);
    b->table[b->table_size - 2] = b->table[b->table_size - 1] = 0.0;
}

int sct_bank_create(struct sct_bank *b, const struct sct_axis *axis,
                    const struct sct_filter *filter, enum sct_domain domain,
                    const struct sct_bank *like)
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
    fill_table(b, like);
    if (like && sct_bank_has_same_taps(b, like)) {
        b->row_units = like->row_units;
        memcpy(b->share, like->share, sizeof b->share);
    } else {
        for (int x = 0; x < axis->dst_size; x++)
            b->row_units = sct_max(b->row_units, sct_bank_window(b, x).n);
        if (domain == SCT_COEFS)
            measure_shares(b);
    }
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
