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
 * is 14 + 7 either way. Samples of 16 bits, minus 32768, are halved there for the same
 * room: 15 bits of them are kept.
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

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    RING_BITS = 7,      /* fraction bits of a sample in the ring, */
    RING_BITS_16 = -1,  /* or of one of 16 bits */
    TILE_BYTES = 16384, /* packed samples and weights of a tile: half of a small L1 */
    TILE_STEP = 16,     /* outputs whose pairs fill 64 bytes of a pair row */
    TILE_UNITS = 8,     /* tiles begin at a multiple: of 16 samples, and 64 bytes */
    OVER_READ = 8,      /* int16 behind the weights that horz may read */
    MAX_LINES = 256,    /* rows of the vertical bank that are kept, at most */
    COEF_SCALE = 3 /* log2 of what two projections leave too large: sqrt(8) squared */
};

/* Output x has the weights of output x - period, for begin + period <= x < end. */
struct repeats {
    int period, n_units, begin, end; /* period 0: none does */
};

struct sct_resizer {
    struct sct_dsp dsp;
    struct sct_bank x, y;
    struct sct_horz horz;
    int tile_width;          /* SAMPLES: outputs of a tile, */
    int tile_units;          /* units that the widest of them spans, */
    int n_tiles;             /* and how many there are; COEFS: 0 */
    const sct_resizer *like; /* until the arena is there */
    int units_per_band;      /* vertical units in a band: 1 block, or 4 pairs of rows */
    int ring_bands;
    int n_bands_used; /* later bands matter to no row */
    int vert_shift;
    int32_t vert_bias;   /* undoes "minus 128", and rounds */
    size_t sample_bytes; /* of what pull writes, and SAMPLES of what push takes: 1 or 2 */

    struct repeats columns, lines; /* of the rows of the two banks */
    int n_columns; /* rows of weights that the horizontal bank has, unrepeated */
    int n_lines;   /* that are kept of the vertical one */

    void *arena;                /* one allocation for all that follow */
    int32_t *first, *weight_at; /* SAMPLES: `first` counts from the tile's first unit */
    int32_t *tile_first;        /* SAMPLES: that unit */
    int16_t *weights;           /* of the horizontal bank, n_columns rows */
    int16_t *line_weights;      /* of output row y at (y % n_lines) * line_pairs pairs */
    const int16_t **rows;       /* pair rows of the next output row */
    int16_t *ring;
    int16_t *packed; /* SAMPLES: one tile of a band as pair groups */
    uint8_t *stage;  /* SAMPLES: rows that wait for their band to be full */

    size_t line_pairs; /* of weights, for the widest output row */
    size_t ring_row;   /* int16 from a pair row to the next */
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
    r->line_pairs = sct_size_mul((size_t)r->y.row_units, (size_t)r->y.n_pairs);
    r->stage_row_bytes = sct_size_align(sct_size_mul(src_width, r->sample_bytes));
    r->ring_row = row_bytes / sizeof(int16_t);

    size_t total = 0;
    const size_t first = reserve(&total, mul3(dst_width, 1, sizeof *r->first));
    const size_t weight_at = reserve(&total, mul3(dst_width, 1, sizeof *r->weight_at));
    const size_t tile_first =
        reserve(&total, mul3((size_t)r->n_tiles, 1, sizeof *r->tile_first));
    const size_t weights =
        reserve(&total, sct_size_add(mul3((size_t)r->n_columns,
                                          (size_t)r->x.row_units * (size_t)r->x.n_pairs,
                                          2 * sizeof *r->weights),
                                     OVER_READ * sizeof *r->weights));
    const size_t line_weights = reserve(
        &total, mul3((size_t)r->n_lines, r->line_pairs, 2 * sizeof *r->line_weights));
    const size_t rows = reserve(&total, mul3(r->line_pairs, 1, sizeof *r->rows));
    const size_t ring =
        reserve(&total, mul3((size_t)r->ring_bands, (size_t)r->horz.n_planes, row_bytes));
    const size_t packed =
        reserve(&total, mul3((size_t)r->tile_units, SCT_GROUP, sizeof *r->packed));
    const size_t stage = reserve(&total, sct_size_mul(r->stage_row_bytes, SCT_LANES));

    if (r->arena) {
        uint8_t *base = r->arena;
        r->first = (void *)(base + first);
        r->weight_at = (void *)(base + weight_at);
        r->tile_first = (void *)(base + tile_first);
        r->weights = (void *)(base + weights);
        r->line_weights = (void *)(base + line_weights);
        r->rows = (void *)(base + rows);
        r->ring = (void *)(base + ring);
        r->packed = (void *)(base + packed);
        r->stage = base + stage;
    }
    return total;
}

static struct repeats find_repeats(const struct sct_bank *bank)
{
    struct repeats p;
    p.period = sct_bank_period(bank, &p.n_units, &p.begin, &p.end);
    return p;
}

static int is_repeat(const struct repeats *p, int x)
{
    return p->period && x - p->period >= p->begin && x < p->end;
}

/* First unit of output x. All windows have the same length in the horizontal bank; near the
 * right edge they begin earlier. */
static int first_unit(const sct_resizer *r, int x)
{
    return sct_min(sct_bank_window(&r->x, x).first, r->x.src_units - r->x.row_units);
}

static int first_unit_of_tile(const sct_resizer *r, int t)
{
    return first_unit(r, t * r->tile_width) / TILE_UNITS * TILE_UNITS;
}

static void plan_tiles(sct_resizer *r)
{
    const int dst_width = r->x.axis.dst_size;
    const double window_bytes = r->x.row_units * SCT_GROUP * (double)sizeof *r->packed;
    const double weight_bytes = r->x.row_units * 2 * (double)sizeof *r->weights;
    const double column_bytes = SCT_LANES * (double)sizeof *r->packed;
    const double width =
        (TILE_BYTES - window_bytes) / (r->x.shrink * column_bytes + weight_bytes);
    r->tile_width =
        sct_max((int)fmin(width, SCT_MAX_SIZE), TILE_STEP) / TILE_STEP * TILE_STEP;
    r->n_tiles = sct_div_up(dst_width, r->tile_width);
    for (int t = 0; t < r->n_tiles; t++) {
        const int last = first_unit(r, sct_min((t + 1) * r->tile_width, dst_width) - 1);
        const int n_units = last + r->x.row_units - first_unit_of_tile(r, t);
        r->tile_units =
            sct_max(r->tile_units, sct_div_up(n_units, TILE_UNITS) * TILE_UNITS);
    }
}

/* Whether the weights of output row y are still where those of y - period were: rounding may
 * have given one of the two a unit more, of weight 0. */
static int is_repeated_line(const sct_resizer *r, int y, struct sct_window w)
{
    if (!is_repeat(&r->lines, y))
        return 0;
    const struct sct_window before = sct_bank_window(&r->y, y - r->lines.period);
    return w.first == before.first + r->lines.n_units && w.n == before.n;
}

/* Whether column x is a repeat there. */
static int is_repeated_column(const sct_resizer *r, int x)
{
    return is_repeat(&r->columns, x) &&
           first_unit(r, x) == first_unit(r, x - r->columns.period) + r->columns.n_units;
}

static void plan_repeats(sct_resizer *r)
{
    r->columns = find_repeats(&r->x);
    r->lines = find_repeats(&r->y);
    r->n_lines = r->lines.period && r->lines.period <= MAX_LINES ? r->lines.period : 1;
    if (r->n_lines == 1)
        r->lines.period = 0;
    if (r->like && sct_bank_has_same_taps(&r->x, &r->like->x)) {
        r->n_columns = r->like->n_columns;
        return;
    }
    for (int x = 0; x < r->x.axis.dst_size; x++)
        r->n_columns += !is_repeated_column(r, x);
}

/* Banks and geometry, everything but the arena. */
static int plan(sct_resizer *r, const struct sct_resizer_spec *spec)
{
    const sct_resizer *like = spec->like;
    const int is_deep = spec->depth == 16;
    const int ring_bits = is_deep ? RING_BITS_16 : RING_BITS;
    if (spec->depth && spec->depth != 8 && !(is_deep && spec->domain == SCT_SAMPLES))
        return SCT_ERR_ARGUMENT;
    if (spec->gain != 0.0 && !(spec->gain >= 0.5 && spec->gain <= 1.2))
        return SCT_ERR_ARGUMENT;
    int status = sct_bank_create(&r->x, &spec->x, spec->filter, spec->domain,
                                 like ? &like->x : NULL);
    if (status == SCT_OK) {
        const struct sct_bank *bank =
            like && like->y.filter == spec->filter ? &like->y : &r->x;
        status = sct_bank_create(&r->y, &spec->y, spec->filter, spec->domain, bank);
    }
    if (status < 0)
        return status;
    r->dsp = *spec->dsp;
    r->like = like;
    const int is_coefs = spec->domain == SCT_COEFS;
    r->units_per_band = SCT_LANES >> r->y.unit_bits;
    r->ring_bands = like && sct_bank_has_same_taps(&r->y, &like->y) ? like->ring_bands
                                                                    : widest_row_bands(r);
    plan_repeats(r);
    r->n_bands_used = last_band(r, sct_bank_window(&r->y, spec->y.dst_size - 1)) + 1;
    r->next = sct_bank_window(&r->y, 0);
    r->horz = (struct sct_horz){
        .dst_width = spec->x.dst_size,
        .n_units = r->x.row_units,
        .n_pairs = r->x.n_pairs,
        .n_lanes = SCT_LANES,
        .unit_stride = SCT_GROUP, /* SAMPLES; for COEFS once the layout is known */
        .n_planes = r->units_per_band * r->y.n_pairs,
        .shift = r->x.bits - ring_bits + (is_coefs ? COEF_SCALE : 0),
        .period = r->columns.period,
        .period_units = r->columns.n_units,
    };
    if (!is_coefs)
        plan_tiles(r);
    r->sample_bytes = is_deep ? sizeof(uint16_t) : sizeof(uint8_t);
    r->vert_shift = r->y.bits + ring_bits;
    if (spec->gain != 0.0)
        r->y.gain = spec->gain;
    const double middle = is_deep ? 32768 : 128; /* what the ring holds as 0 */
    r->vert_bias = (int32_t)((r->y.gain * middle + spec->offset + 0.5) *
                             (double)(1 << r->vert_shift));
    return SCT_OK;
}

/* The columns of a resizer that has them, with the frequencies that this one keeps: the others are
 * 0. */
static void copy_columns(sct_resizer *r, const sct_resizer *like)
{
    const size_t width = (size_t)r->x.axis.dst_size;
    const size_t unit = (size_t)r->x.n_pairs * 2, like_unit = (size_t)like->x.n_pairs * 2;
    const size_t n_units = (size_t)r->n_columns * (size_t)r->x.row_units;
    const size_t kept = r->x.domain == SCT_COEFS ? (size_t)r->x.n_freqs : unit;
    assert(r->n_columns == like->n_columns && r->x.n_freqs <= like->x.n_freqs);
    memcpy(r->first, like->first, width * sizeof *r->first);
    for (size_t x = 0; x < width; x++)
        r->weight_at[x] = like->weight_at[x] / (int)like_unit * (int)unit;
    for (size_t i = 0; i < n_units; i++)
        memcpy(r->weights + i * unit, like->weights + i * like_unit,
               kept * sizeof *r->weights);
}

static void weigh_columns(sct_resizer *r)
{
    const size_t row = (size_t)r->x.row_units * (size_t)r->x.n_pairs * 2;
    const sct_resizer *like = r->like;
    int n = 0;
    r->horz.first = r->first;
    r->horz.at = r->weight_at;
    r->horz.weights = r->weights;
    for (int t = 0; t < r->n_tiles; t++)
        r->tile_first[t] = first_unit_of_tile(r, t);
    if (like && like->arena && sct_bank_has_same_taps(&r->x, &like->x) &&
        r->x.n_freqs <= like->x.n_freqs)
    {
        copy_columns(r, like);
        return;
    }
    for (int x = 0; x < r->x.axis.dst_size; x++)
        r->first[x] = first_unit(r, x);
    for (int x = 0; x < r->x.axis.dst_size; x++) {
        const int before = x - r->columns.period;
        if (is_repeat(&r->columns, x) &&
            r->first[x] == r->first[before] + r->columns.n_units) {
            r->weight_at[x] = r->weight_at[before];
            continue;
        }
        r->weight_at[x] = n;
        sct_bank_row(&r->x, x, r->first[x], r->x.row_units, r->weights + n);
        n += (int)row;
    }
    assert(n == r->n_columns * (int)row);
    for (int x = 0; x < r->x.axis.dst_size && r->n_tiles; x++)
        r->first[x] -= r->tile_first[x / r->tile_width];
}

int sct_resizer_plan(sct_resizer **out, const struct sct_resizer_spec *spec)
{
    *out = NULL;
    sct_resizer *r = sct_mem_alloc(sizeof *r);
    if (!r)
        return SCT_ERR_MEMORY;
    const int status = plan(r, spec);
    if (status < 0) {
        sct_resizer_free(r);
        return status;
    }
    *out = r;
    return SCT_OK;
}

size_t sct_resizer_bytes(const sct_resizer *r)
{
    sct_resizer planned = *r;
    planned.arena = NULL;
    size_t n = sct_size_add(sct_size_align(sizeof *r), lay_out(&planned));
    n = sct_size_add(n, sct_bank_bytes(&r->x.axis, r->x.filter, r->x.domain));
    return sct_size_add(n, sct_bank_bytes(&r->y.axis, r->y.filter, r->y.domain));
}

static void set_layout(sct_resizer *r, const struct sct_block_layout *layout)
{
    const struct sct_block_layout all =
        sct_block_layout_for((struct sct_corner){SCT_BLOCK, SCT_BLOCK});
    const struct sct_block_layout *l = layout ? layout : &all;
    assert(r->x.n_pairs <= l->n_pairs && 2 * r->horz.n_planes <= l->n_lanes);
    r->horz.unit_stride = l->n_coefs;
    r->horz.n_lanes = l->n_lanes;
    if (l->n_lanes < SCT_LANES) /* both pairs, with weight 0 where they are not wanted */
        r->x.n_pairs = r->horz.n_pairs = l->n_pairs;
}

int sct_resizer_allocate(sct_resizer *r, const struct sct_block_layout *layout)
{
    if (r->x.domain == SCT_COEFS)
        set_layout(r, layout);
    r->arena = sct_mem_alloc(lay_out(r));
    if (!r->arena)
        return SCT_ERR_MEMORY;
    (void)lay_out(r);
    weigh_columns(r);
    r->like = NULL;
    return SCT_OK;
}

int sct_resizer_create(sct_resizer **out, const struct sct_resizer_spec *spec)
{
    int status = sct_resizer_plan(out, spec);
    if (status == SCT_OK)
        status = sct_resizer_allocate(*out, NULL);
    if (status < 0) {
        sct_resizer_free(*out);
        *out = NULL;
    }
    return status;
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

struct sct_corner sct_resizer_corner(const sct_resizer *r)
{
    return (struct sct_corner){r->x.n_freqs, r->y.n_freqs};
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
    return is_finished(r) || r->n_bands >= r->n_bands_used;
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
    if (n_bands >= r->n_bands_used)
        return r->y.axis.dst_size;
    /* the row whose window ends there, were there no rounding and no edges */
    const double end = (double)n_bands * SCT_LANES - r->y.radius - r->y.axis.src_begin;
    const double guess = end / r->y.shrink;
    const int dst_size = r->y.axis.dst_size;
    int y = guess < 0 ? 0 : guess > dst_size ? dst_size : (int)guess;
    while (y > 0 && last_band(r, sct_bank_window(&r->y, y - 1)) >= n_bands)
        y--;
    while (y < dst_size && last_band(r, sct_bank_window(&r->y, y)) < n_bands)
        y++;
    return y;
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

static void pack(const sct_resizer *r, int16_t *dst, const uint8_t *src,
                 ptrdiff_t stride_bytes, int width)
{
    if (r->sample_bytes == sizeof(uint8_t))
        r->dsp.pack(dst, src, stride_bytes, width);
    else
        r->dsp.pack16(dst, (const void *)src, stride_bytes, width);
}

/* Columns [begin, end) that stand in `packed`. */
struct columns {
    int begin, end;
};

/* Packs what tile t looks at, up to the unit `last` of it. What tile t - 1 has left of it is
 * moved: so one tile of memory is enough, and stays in the first level cache. */
static struct columns pack_tile(const sct_resizer *r, int t, int last,
                                struct columns before, const uint8_t *rows,
                                ptrdiff_t stride_bytes)
{
    const int src_width = r->x.axis.src_size;
    const int begin = r->tile_first[t] * 2;
    const int n_wanted = sct_div_up(last + r->x.row_units, TILE_UNITS) * TILE_UNITS * 2;
    const int end = sct_min(begin + n_wanted, src_width);
    const int kept_end = sct_max(begin, before.end);

    if (kept_end > begin && begin > before.begin)
        memmove(r->packed, r->packed + (ptrdiff_t)(begin - before.begin) * SCT_LANES,
                (size_t)sct_div_up(kept_end - begin, 2) * SCT_GROUP * sizeof *r->packed);
    if (end > kept_end)
        pack(r, r->packed + (ptrdiff_t)(kept_end - begin) * SCT_LANES,
             rows + (size_t)kept_end * r->sample_bytes, stride_bytes, end - kept_end);
    return (struct columns){begin, end};
}

/* Brings columns of 8 rows that will be packed soon nearer, into the second level cache: rows that
 * are read eight at a time, a tile at a time, are more than the processor foresees. */
static void prefetch_columns(const sct_resizer *r, const uint8_t *rows,
                             ptrdiff_t stride_bytes, struct columns c)
{
    enum { LINE_BYTES = 64, SECOND_LEVEL = 2 };
    const ptrdiff_t begin = c.begin * (ptrdiff_t)r->sample_bytes;
    const ptrdiff_t end = c.end * (ptrdiff_t)r->sample_bytes;
    for (int v = 0; v < SCT_LANES; v++)
        for (ptrdiff_t i = begin; i < end; i += LINE_BYTES)
            __builtin_prefetch(rows + v * stride_bytes + i, 0, SECOND_LEVEL);
}

/* The same for 8 rows of samples, a tile at a time; `has_more`: 8 others follow. Tiles end on 64
 * bytes of the pair rows. */
static void take_samples(sct_resizer *r, const uint8_t *rows, ptrdiff_t stride_bytes,
                         int has_more)
{
    struct columns packed = {0, 0};

    for (int t = 0; t < r->n_tiles; t++) {
        const int x = t * r->tile_width;
        struct sct_horz tile = r->horz;
        tile.dst_width = sct_min(r->tile_width, r->horz.dst_width - x);
        tile.first += x;
        tile.at += x;
        const struct columns before = packed;
        packed =
            pack_tile(r, t, tile.first[tile.dst_width - 1], packed, rows, stride_bytes);
        if (has_more)
            prefetch_columns(r, rows + SCT_LANES * stride_bytes, stride_bytes,
                             (struct columns){before.end, packed.end});

        int16_t *dst[4];
        for (int p = 0; p < 4; p++)
            dst[p] = ring_row(r, r->n_bands, p) + 2 * (ptrdiff_t)x;
        r->dsp.horz(dst, r->packed, &tile);
    }
}

/* Takes the first of up to n_rows rows, or a whole band of them: how many. */
static int take_rows(sct_resizer *r, const uint8_t *rows, ptrdiff_t stride_bytes,
                     int n_rows)
{
    const int is_wanted = r->n_bands >= first_band(r, r->next);
    const int n_left = r->y.axis.src_size - r->n_bands * SCT_LANES;
    if (r->n_staged == 0 && n_rows >= SCT_LANES && n_left >= SCT_LANES) {
        if (is_wanted)
            take_samples(r, rows, stride_bytes,
                         n_rows >= 2 * SCT_LANES && n_left >= 2 * SCT_LANES);
        r->n_bands++;
        return SCT_LANES;
    }
    if (is_wanted)
        memcpy(r->stage + (size_t)r->n_staged * r->stage_row_bytes, rows,
               (size_t)r->x.axis.src_size * r->sample_bytes);
    r->n_staged++;
    if (r->n_staged == sct_min(SCT_LANES, n_left)) {
        if (is_wanted)
            take_samples(r, r->stage, (ptrdiff_t)r->stage_row_bytes, 0);
        r->n_staged = 0;
        r->n_bands++;
    }
    return 1;
}

int sct_resizer_push(sct_resizer *r, const void *band)
{
    if (is_input_over(r))
        return SCT_DONE;
    if (is_row_ready(r))
        return SCT_PULL_FIRST;
    if (r->x.domain == SCT_SAMPLES) {
        (void)take_rows(r, band, 0, 1);
        return SCT_OK;
    }
    if (r->n_bands >= first_band(r, r->next))
        take_band(r, band);
    r->n_bands++;
    return SCT_OK;
}

int sct_resizer_push_rows(sct_resizer *r, const void *rows, ptrdiff_t stride_bytes,
                          int n_rows)
{
    const uint8_t *first = rows;
    int n = 0;
    while (n < n_rows && !is_input_over(r) && !is_row_ready(r))
        n += take_rows(r, first + n * stride_bytes, stride_bytes, n_rows - n);
    return is_input_over(r) ? n_rows : n;
}

int sct_resizer_pull(sct_resizer *r, void *row)
{
    if (is_finished(r))
        return SCT_DONE;
    if (!is_row_ready(r))
        return SCT_NEED_INPUT;

    const struct sct_window w = r->next;
    int16_t *weights =
        r->line_weights + (size_t)(r->next_y % r->n_lines) * r->line_pairs * 2;
    int n_rows = 0;
    if (!is_repeated_line(r, r->next_y, w))
        sct_bank_row(&r->y, r->next_y, w.first, w.n, weights);
    for (int unit = w.first; unit < w.first + w.n; unit++) {
        const int plane = unit % r->units_per_band * r->y.n_pairs;
        for (int p = 0; p < r->y.n_pairs; p++)
            r->rows[n_rows++] = ring_row(r, unit / r->units_per_band, plane + p);
    }
    const int width = r->x.axis.dst_size;
    if (r->sample_bytes == sizeof(uint8_t))
        r->dsp.vert(row, r->rows, weights, n_rows, width, r->vert_bias, r->vert_shift);
    else
        r->dsp.vert16(row, r->rows, weights, n_rows, width, r->vert_bias, r->vert_shift);
    r->next_y++;
    if (!is_finished(r))
        r->next = sct_bank_window(&r->y, r->next_y);
    return SCT_OK;
}
