/* The resizer, see resizer.h.
 *
 *            unit_stride                 ring: ring_bands x n_planes pair rows
 *     band  |blk|blk|blk|...   horz      band k   [pair row 0][pair row 1]..
 *     ----> coefs, or 8 rows  ------>    band k+1 [pair row 0][pair row 1]..   vert
 *           of packed samples            ...                                  ------> row
 * y
 *
 * Samples gather in `stage` until 8 rows are there: from then on they are a band like a
 * row of blocks, with the 8 rows in the place of the 8 vertical frequencies. Both domains
 * use the same kernels: taps are a projection on the trivial basis.
 *
 * Fixed point: weights have 14 bits. What stands in the ring is 128 times the sample,
 * minus 128, for both domains: a coefficient's horizontal sum is 8 times too large
 * (bank.h) and keeps 4 bits of fraction, a sample's keeps 7. So values of -1..2 times the
 * 8-bit range fit in 16 bits, far beyond the overshoot of any filter, and the last shift
 * is 14 + 7 either way.
 *
 * Invariants
 *   1. n_bands bands have been seen; band k < n_bands that the next row or a later one
 * needs stands in ring slot k % ring_bands.
 *   2. A band is taken only while the next row is not ready. That row needs a band >=
 * n_bands, and no row spans more than ring_bands bands, so nothing needed is overwritten.
 *   3. n_staged < 8 between calls, and 0 in the COEFS domain. */
#include "resizer.h"

#include "bits.h"
#include "mem.h"

#include <string.h>

enum {
    RING_BITS = 7, /* fraction bits of a sample in the ring */
    COEF_SCALE = 3 /* log2 of what two projections leave too large: sqrt(8) squared */
};

struct sct_resizer {
    struct sct_dsp dsp;
    struct sct_bank x, y;
    struct sct_horz horz;
    int units_per_band; /* vertical units in a band: 1 block, or 4 pairs of rows */
    int ring_bands;
    int vert_shift;
    int32_t vert_bias; /* undoes "minus 128", and rounds */

    void *arena; /* one allocation for all that follow */
    int32_t *first;
    int16_t *weights;     /* of the horizontal bank */
    int16_t *row_weights; /* of the next output row */
    const int16_t **rows; /* its pair rows */
    int16_t *ring;
    int16_t *packed; /* SAMPLES: one band as pair groups */
    uint8_t *stage;  /* SAMPLES: rows that wait for their band to be full */

    size_t ring_row; /* int16 from a pair row to the next */
    size_t stage_row_bytes;

    int n_staged;           /* rows in `stage` */
    int n_bands;            /* bands seen */
    int next_y;             /* the row that pull writes next */
    struct sct_window next; /* its units */
};

/* ---- plan -------------------------------------------------------------------------- */

static int first_band(const sct_resizer *r, struct sct_window w)
{
    return w.first / r->units_per_band;
}

static int last_band(const sct_resizer *r, struct sct_window w)
{
    return (w.first + w.n - 1) / r->units_per_band;
}

static int widest_row_bands(const sct_resizer *r)
{
    int widest = 1;
    for (int y = 0; y < r->y.axis.dst_size; y++) {
        const struct sct_window w = sct_bank_window(&r->y, y);
        widest = sct_max(widest, last_band(r, w) - first_band(r, w) + 1);
    }
    return widest;
}

/* Takes `size_bytes` off the arena: the offset it gets. */
static size_t reserve(size_t *total_bytes, size_t size_bytes)
{
    const size_t offset = *total_bytes;
    *total_bytes = sct_size_add(offset, sct_size_align(size_bytes));
    return offset;
}

static size_t mul3(size_t a, size_t b, size_t c)
{
    return sct_size_mul(a, sct_size_mul(b, c));
}

/* Lays the arena out. With an arena also sets the pointers into it. */
static size_t lay_out(sct_resizer *r)
{
    const size_t dst_width = (size_t)r->x.axis.dst_size;
    const int is_samples = r->x.domain == SCT_SAMPLES;
    const size_t row_bytes = sct_size_align(mul3(dst_width, 2, sizeof(int16_t)));
    const size_t src_width = is_samples ? (size_t)r->x.axis.src_size : 0;
    const size_t row_pairs = sct_size_mul((size_t)r->y.row_units, (size_t)r->y.n_pairs);
    r->stage_row_bytes = sct_size_align(src_width);
    r->ring_row = row_bytes / sizeof(int16_t);

    size_t total = 0;
    const size_t first = reserve(&total, mul3(dst_width, 1, sizeof *r->first));
    const size_t weights =
        reserve(&total, mul3(dst_width, (size_t)r->x.row_units * (size_t)r->x.n_pairs,
                             2 * sizeof *r->weights));
    const size_t row_weights =
        reserve(&total, mul3(row_pairs, 2, sizeof *r->row_weights));
    const size_t rows = reserve(&total, mul3(row_pairs, 1, sizeof *r->rows));
    const size_t ring =
        reserve(&total, mul3((size_t)r->ring_bands, (size_t)r->horz.n_planes, row_bytes));
    const size_t packed =
        reserve(&total, mul3((src_width + 1) / 2, SCT_GROUP, sizeof *r->packed));
    const size_t stage = reserve(&total, sct_size_mul(r->stage_row_bytes, SCT_LANES));

    if (r->arena) {
        uint8_t *base = r->arena;
        r->first = (void *)(base + first);
        r->weights = (void *)(base + weights);
        r->row_weights = (void *)(base + row_weights);
        r->rows = (void *)(base + rows);
        r->ring = (void *)(base + ring);
        r->packed = (void *)(base + packed);
        r->stage = base + stage;
    }
    return total;
}

/* Banks and geometry, everything but the arena. */
static int plan(sct_resizer *r, const struct sct_resizer_spec *spec)
{
    memset(r, 0, sizeof *r);
    int status = sct_bank_create(&r->x, &spec->x, spec->filter, spec->domain);
    if (status == SCT_OK)
        status = sct_bank_create(&r->y, &spec->y, spec->filter, spec->domain);
    if (status < 0) {
        sct_bank_free(&r->x);
        return status;
    }
    const int is_coefs = spec->domain == SCT_COEFS;
    r->units_per_band = SCT_LANES / r->y.unit;
    r->ring_bands = widest_row_bands(r);
    r->horz = (struct sct_horz){
        .dst_width = spec->x.dst_size,
        .n_units = r->x.row_units,
        .n_pairs = r->x.n_pairs,
        .unit_stride = is_coefs ? SCT_BLOCK_COEFS : SCT_GROUP,
        .n_planes = r->units_per_band * r->y.n_pairs,
        .shift = r->x.bits - RING_BITS + (is_coefs ? COEF_SCALE : 0),
    };
    r->vert_shift = r->y.bits + RING_BITS;
    r->vert_bias = (128 << r->vert_shift) + (1 << (r->vert_shift - 1));
    return SCT_OK;
}

static void weigh_columns(sct_resizer *r)
{
    const size_t row = (size_t)r->x.row_units * (size_t)r->x.n_pairs * 2;
    for (int x = 0; x < r->x.axis.dst_size; x++) {
        const struct sct_window w = sct_bank_window(&r->x, x);
        /* all windows have the same length; near the right edge they begin earlier */
        r->first[x] = sct_min(w.first, r->x.src_units - r->x.row_units);
        sct_bank_row(&r->x, x, r->first[x], r->x.row_units, r->weights + (size_t)x * row);
    }
    r->horz.first = r->first;
    r->horz.weights = r->weights;
}

size_t sct_resizer_bytes(const struct sct_resizer_spec *spec)
{
    sct_resizer r;
    if (plan(&r, spec) < 0)
        return SCT_SIZE_BAD;
    size_t n = sct_size_add(sct_size_align(sizeof r), lay_out(&r));
    n = sct_size_add(n, sct_bank_bytes(&spec->x, spec->filter, spec->domain));
    n = sct_size_add(n, sct_bank_bytes(&spec->y, spec->filter, spec->domain));
    sct_bank_free(&r.x);
    sct_bank_free(&r.y);
    return n;
}

int sct_resizer_create(sct_resizer **out, const struct sct_resizer_spec *spec)
{
    *out = NULL;
    sct_resizer *r = sct_mem_alloc(sizeof *r);
    if (!r)
        return SCT_ERR_MEMORY;
    const int status = plan(r, spec);
    if (status < 0) {
        sct_mem_free(r);
        return status;
    }
    r->dsp = *spec->dsp;
    r->arena = sct_mem_alloc(lay_out(r));
    if (!r->arena) {
        sct_resizer_free(r);
        return SCT_ERR_MEMORY;
    }
    (void)lay_out(r);
    weigh_columns(r);
    r->next = sct_bank_window(&r->y, 0);
    *out = r;
    return SCT_OK;
}

void sct_resizer_free(sct_resizer *r)
{
    if (!r)
        return;
    sct_bank_free(&r->x);
    sct_bank_free(&r->y);
    sct_mem_free(r->arena);
    sct_mem_free(r);
}

void sct_resizer_corner(const sct_resizer *r, int *n_u, int *n_v)
{
    *n_u = r->x.n_freqs;
    *n_v = r->y.n_freqs;
}

/* ---- run --------------------------------------------------------------------------- */

static int is_finished(const sct_resizer *r)
{
    return r->next_y == r->y.axis.dst_size;
}

static int is_row_ready(const sct_resizer *r)
{
    return !is_finished(r) && last_band(r, r->next) < r->n_bands;
}

/* No row that is still to come needs a band that is still to come. */
static int is_input_over(const sct_resizer *r)
{
    if (is_finished(r))
        return 1;
    const struct sct_window last = sct_bank_window(&r->y, r->y.axis.dst_size - 1);
    return last_band(r, last) < r->n_bands;
}

int sct_resizer_bands_wanted(const sct_resizer *r)
{
    if (is_finished(r) || is_row_ready(r))
        return 0;
    const int n = last_band(r, r->next) + 1;
    if (r->y.domain == SCT_COEFS)
        return n - r->n_bands;
    return sct_min(n * SCT_LANES, r->y.axis.src_size) -
           (r->n_bands * SCT_LANES + r->n_staged);
}

int sct_resizer_rows_after(const sct_resizer *r, int n_bands)
{
    if (r->y.domain == SCT_SAMPLES) /* the last band may have fewer rows */
        n_bands = n_bands >= r->y.axis.src_size
                      ? sct_div_up(r->y.axis.src_size, SCT_LANES)
                      : n_bands / SCT_LANES;
    int lo = 0, hi = r->y.axis.dst_size; /* rows before lo are ready, from hi on not */
    while (lo < hi) {
        const int y = lo + (hi - lo) / 2;
        if (last_band(r, sct_bank_window(&r->y, y)) < n_bands)
            lo = y + 1;
        else
            hi = y;
    }
    return lo;
}

static int16_t *ring_row(const sct_resizer *r, int band, int plane)
{
    const size_t slot = (size_t)(band % r->ring_bands);
    return r->ring + (slot * (size_t)r->horz.n_planes + (size_t)plane) * r->ring_row;
}

/* The horizontal pass of the next band into the ring, unless no row will look at it. */
static void take_band(sct_resizer *r, const int16_t *groups)
{
    int16_t *dst[4] = {NULL};
    for (int p = 0; p < r->horz.n_planes; p++)
        dst[p] = ring_row(r, r->n_bands, p);
    r->dsp.horz(dst, groups, &r->horz);
}

static void take_staged_band(sct_resizer *r)
{
    r->dsp.pack(r->packed, r->stage, (ptrdiff_t)r->stage_row_bytes, r->x.axis.src_size);
    take_band(r, r->packed);
}

int sct_resizer_push(sct_resizer *r, const void *band)
{
    if (is_input_over(r))
        return SCT_DONE;
    if (is_row_ready(r))
        return SCT_PULL_FIRST;

    const int is_wanted = r->n_bands >= first_band(r, r->next);
    if (r->x.domain == SCT_COEFS) {
        if (is_wanted)
            take_band(r, band);
        r->n_bands++;
        return SCT_OK;
    }
    if (is_wanted)
        memcpy(r->stage + (size_t)r->n_staged * r->stage_row_bytes, band,
               (size_t)r->x.axis.src_size);
    r->n_staged++;
    if (r->n_staged == SCT_LANES ||
        r->n_bands * SCT_LANES + r->n_staged == r->y.axis.src_size)
    {
        if (is_wanted)
            take_staged_band(r);
        r->n_staged = 0;
        r->n_bands++;
    }
    return SCT_OK;
}

int sct_resizer_pull(sct_resizer *r, uint8_t *row)
{
    if (is_finished(r))
        return SCT_DONE;
    if (!is_row_ready(r))
        return SCT_NEED_INPUT;

    const struct sct_window w = r->next;
    int n_rows = 0;
    sct_bank_row(&r->y, r->next_y, w.first, w.n, r->row_weights);
    for (int unit = w.first; unit < w.first + w.n; unit++) {
        const int plane = unit % r->units_per_band * r->y.n_pairs;
        for (int p = 0; p < r->y.n_pairs; p++)
            r->rows[n_rows++] = ring_row(r, unit / r->units_per_band, plane + p);
    }
    r->dsp.vert(row, r->rows, r->row_weights, n_rows, r->x.axis.dst_size, r->vert_bias,
                r->vert_shift);
    r->next_y++;
    if (!is_finished(r))
        r->next = sct_bank_window(&r->y, r->next_y);
    return SCT_OK;
}
