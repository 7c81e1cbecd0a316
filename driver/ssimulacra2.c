/* See ssimulacra2.h.
 *
 * Six scales, every one half as large as the one before. Each is gone through once, row by row;
 * what is kept of a picture is its light at the next scale.
 *
 *   samples or linear rows --> xyb rows --> products --> blurred along the row --> ring
 *            |                    |                                                 |
 *            v                    +-----> ring ------> maps <--- blurred down <-----+
 *   linear rows, halved                                 |
 *                                                       v
 *                                              sums of d and of d^4
 *
 * 1. Row y is pushed, then row y - DELAY of the maps is made. The blur needs the row that is
 *    pushed and the one WINDOW - 1 above it. Rows outside of the picture are zeros.
 * 2. Rows have margins of zeros: the blur and the sums read them.
 * 3. Halving writes row y / 2 over rows that nobody needs any more: 0 .. y have been read. */
#include "ssimulacra2.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mem.h"
#include "ssim_rows.h"

enum {
    N_SCALES = 6,
    DELAY = SCT_SSIM_RADIUS - 1,
    WINDOW = 2 * SCT_SSIM_RADIUS + 1,
    N_KEPT = DELAY + 1, /* xyb rows: of the maps' row and of those pushed since */
};

/* Quantities that are blurred, of one plane. */
enum { MEAN_1, MEAN_2, SQUARE_1, SQUARE_2, PRODUCT, N_BLURRED };

/* Tuned by the metric's author: of each plane at each scale, one for each norm. */
static const double weights[SCT_SSIM_PLANES * N_SCALES][SCT_SSIM_NORMS] = {
    /* X */
    {0.0, 0.0007376606707406586, 0.0, 0.0, 0.0007793481682867309, 0.0},
    {0.0, 0.0004371155730107379, 0.0, 1.1041726426657346, 0.00066284834129271,
     0.00015231632783718752},
    {0.0, 0.0016406437456599754, 0.0, 1.8422455520539298, 11.441172603757666, 0.0},
    {0.0007989109436015163, 0.000176816438078653, 0.0, 1.8787594979546387,
     10.94906990605142, 0.0},
    {0.0007289346991508072, 0.9677937080626833, 0.0, 0.00014003424285435884,
     0.9981766977854967, 0.00031949755934435053},
    {0.0004550992113792063, 0.0, 0.0, 0.0013648766163243398, 0.0, 0.0},
    /* Y */
    {0.0, 0.0, 0.0, 7.466890328078848, 0.0, 17.445833984131262},
    {0.0006235601634041466, 0.0, 0.0, 6.683678146179332, 0.00037724407979611296,
     1.027889937768264},
    {225.20515300849274, 0.0, 0.0, 19.213238186143016, 0.0011401524586618361,
     0.001237755635509985},
    {176.39317598450694, 0.0, 0.0, 24.43300999870476, 0.28520802612117757,
     0.0004485436923833408},
    {0.0, 0.0, 0.0, 34.77906344483772, 44.835625328877896, 0.0},
    {0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
    /* B - Y */
    {0.0, 0.0008680556573291698, 0.0, 0.0, 0.0, 0.0},
    {0.0, 0.0005313191874358747, 0.0, 0.00016533814161379112, 0.0, 0.0},
    {0.0, 0.0, 0.0, 0.0004179171803251336, 0.0017290828234722833, 0.0},
    {0.0020827005846636437, 0.0, 0.0, 8.826982764996862, 23.19243343998926, 0.0},
    {95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493,
     171.2667255897307, 0.9807858872435379},
    {0.0, 0.0, 0.0, 0.0005130064588990679, 0.0, 0.00010854057858411537}};

struct picture {
    const struct sct_rgb *rgb;
    float *to_linear;  /* by sample, 1 << depth of them */
    float *smaller[3]; /* R, G, B at the next scale */
};

struct plane {
    float *xyb[2][N_KEPT];             /* ring, by picture */
    float *blurred[N_BLURRED][WINDOW]; /* ring, blurred along the row */
    struct sct_ssim_memory memory[N_BLURRED];
};

enum {
    ROWS_OF_PLANE = 2 * N_KEPT + N_BLURRED * (WINDOW + 2 * SCT_SSIM_WAVES),
    N_ROWS = 3 + 1 + 2 + N_BLURRED + SCT_SSIM_PLANES * ROWS_OF_PLANE
};

struct score {
    struct sct_ssim_rows rows;
    struct sct_ssim_blur blur;
    struct picture pictures[2]; /* reference, distorted */
    size_t smaller_floats;      /* from a row of `smaller` to the next */
    int width, height;          /* at this scale */

    struct plane planes[SCT_SSIM_PLANES];
    float *linear[3];          /* R, G, B of a row */
    float *product;            /* a row */
    float *moments[N_BLURRED]; /* a row, blurred both ways */
    float *error, *edge;       /* a row of each map */

    void *memory; /* of all rows above */
    size_t memory_bytes;
};

/* ---- light ---- */

static void fill_to_linear(float *table, int depth)
{
    const int n = 1 << depth;
    const float step = (float)((n - 1) / 255); /* so that both depths mean the same */
    for (int i = 0; i < n; i++)
        table[i] = (float)pow((float)i / step * (1.0f / 255), SCT_SSIMULACRA2_GAMMA);
}

static void read_samples(float *const linear[3], const struct picture *p, int y)
{
    for (int c = 0; c < 3; c++) {
        const struct sct_plane *const plane = &p->rgb->plane[c];
        const uint8_t *const narrow = sct_plane_row(plane, y);
        const uint16_t *const wide = (const void *)narrow;
        if (p->rgb->depth == 8)
            for (int x = 0; x < plane->width; x++)
                linear[c][x] = p->to_linear[narrow[x]];
        else
            for (int x = 0; x < plane->width; x++)
                linear[c][x] = p->to_linear[wide[x]];
    }
}

static void read_row(struct score *s, const struct picture *p, int scale, int y)
{
    const size_t row = (size_t)y * s->smaller_floats;
    if (scale == 0)
        read_samples(s->linear, p, y);
    else
        for (int c = 0; c < 3; c++)
            memcpy(s->linear[c], p->smaller[c] + row, (size_t)s->width * sizeof(float));
}

/* Adds neighbours two by two; the last of an odd row counts twice. */
static void add_pairs(float *restrict dst, const float *restrict src, int n)
{
    for (int x = 0; x < n / 2; x++)
        dst[x] = dst[x] + src[2 * x] + src[2 * x + 1];
    if (n % 2)
        dst[n / 2] = dst[n / 2] + src[n - 1] + src[n - 1];
}

/* Means of 2 x 2 samples; the last of an odd number of rows counts twice. */
static void halve_row(struct score *s, const struct picture *p, int y)
{
    const int is_first = y % 2 == 0, is_last = y + 1 == s->height;
    const int n_halved = (s->width + 1) / 2;
    for (int c = 0; c < 3; c++) {
        float *const dst = p->smaller[c] + (size_t)(y / 2) * s->smaller_floats;
        if (is_first)
            memset(dst, 0, (size_t)n_halved * sizeof *dst);
        add_pairs(dst, s->linear[c], s->width);
        if (is_first && !is_last)
            continue;
        if (is_first)
            add_pairs(dst, s->linear[c], s->width);
        for (int x = 0; x < n_halved; x++)
            dst[x] *= 0.25f;
    }
}

/* ---- one scale ---- */

static void push_row(struct score *s, int scale, int y)
{
    const int n = s->width, kept = y % N_KEPT, slot = y % WINDOW;
    for (int i = 0; i < 2; i++) {
        float *const xyb[SCT_SSIM_PLANES] = {s->planes[0].xyb[i][kept],
                                             s->planes[1].xyb[i][kept],
                                             s->planes[2].xyb[i][kept]};
        read_row(s, &s->pictures[i], scale, y);
        s->rows.linear_to_xyb(xyb, (const float *const *)s->linear, n);
        if (scale + 1 < N_SCALES)
            halve_row(s, &s->pictures[i], y);
    }
    for (struct plane *p = s->planes; p < s->planes + SCT_SSIM_PLANES; p++) {
        const float *const one = p->xyb[0][kept], *const two = p->xyb[1][kept];
        const float *const factors[N_BLURRED][2] = {
            [SQUARE_1] = {one, one}, [SQUARE_2] = {two, two}, [PRODUCT] = {one, two}};
        s->rows.blur_along(p->blurred[MEAN_1][slot], one, &s->blur, n);
        s->rows.blur_along(p->blurred[MEAN_2][slot], two, &s->blur, n);
        for (int i = SQUARE_1; i < N_BLURRED; i++) {
            s->rows.multiply(s->product, factors[i][0], factors[i][1], n);
            s->rows.blur_along(p->blurred[i][slot], s->product, &s->blur, n);
        }
    }
}

static void push_zeros(struct score *s, int y)
{
    for (int plane = 0; plane < SCT_SSIM_PLANES; plane++)
        for (int i = 0; i < N_BLURRED; i++)
            memset(s->planes[plane].blurred[i][y % WINDOW], 0,
                   (size_t)s->width * sizeof(float));
}

static void blur_plane_down(struct score *s, struct plane *p, int pushed)
{
    const int enters = pushed % WINDOW, leaves = (pushed + 1) % WINDOW;
    for (int i = 0; i < N_BLURRED; i++)
        s->rows.blur_down(s->moments[i], p->blurred[i][enters], p->blurred[i][leaves],
                          &p->memory[i], &s->blur, s->width);
}

static void add_maps(struct score *s, const struct plane *p, int y,
                     double sums[SCT_SSIM_NORMS])
{
    float *const *const m = s->moments;
    const struct sct_ssim_moments moments = {
        {m[MEAN_1], m[MEAN_2]}, {m[SQUARE_1], m[SQUARE_2]}, m[PRODUCT]};
    const int kept = y % N_KEPT;
    s->rows.map_error(s->error, &moments, s->width);
    s->rows.map_edge(s->edge, p->xyb[0][kept], p->xyb[1][kept], &moments, s->width);
    s->rows.add_norms(sums, s->error, s->edge, s->width);
}

static void measure_scale(struct score *s, int scale,
                          double norms[SCT_SSIM_PLANES][SCT_SSIM_NORMS])
{
    const double n_pixels = (double)s->width * s->height;
    memset(s->memory, 0, s->memory_bytes);
    memset(norms, 0, SCT_SSIM_PLANES * sizeof *norms);
    for (int y = 0; y < s->height + DELAY; y++) {
        if (y < s->height)
            push_row(s, scale, y);
        else
            push_zeros(s, y);
        for (int plane = 0; plane < SCT_SSIM_PLANES; plane++) {
            struct plane *const p = &s->planes[plane];
            blur_plane_down(s, p, y);
            if (y >= DELAY)
                add_maps(s, p, y - DELAY, norms[plane]);
        }
    }
    for (int plane = 0; plane < SCT_SSIM_PLANES; plane++)
        for (int i = 0; i < SCT_SSIM_NORMS; i++) {
            const double mean = norms[plane][i] / n_pixels;
            norms[plane][i] = i < SCT_SSIM_ERROR_4 ? mean : sqrt(sqrt(mean));
        }
}

/* ---- all of it ---- */

/* Small pictures have fewer scales. The weights are used up in order all the same, so that the
 * second plane then begins with what would be weights of the first: so does the reference
 * program, and its scores are what others quote. */
static double weigh(double norms[N_SCALES][SCT_SSIM_PLANES][SCT_SSIM_NORMS], int n_scales)
{
    double sum = 0.0;
    for (int plane = 0; plane < SCT_SSIM_PLANES; plane++)
        for (int scale = 0; scale < n_scales; scale++)
            for (int i = 0; i < SCT_SSIM_NORMS; i++)
                sum += weights[plane * n_scales + scale][i] * norms[scale][plane][i];
    return sum;
}

static double score_of(double weighed)
{
    const double v = 0.9562382616834844 * weighed;
    const double distance = 2.326765642916932 * v - 0.020884521182843837 * v * v +
                            6.248496625763138e-05 * v * v * v;
    return distance > 0.0 ? 100.0 - 10.0 * pow(distance, 0.6276336467831387) : 100.0;
}

static float *take_row(char **free_rows, size_t row_bytes)
{
    float *const row = (float *)(void *)*free_rows + SCT_SSIM_MARGIN;
    *free_rows += row_bytes;
    return row;
}

static void place_plane(struct plane *p, char **free_rows, size_t row_bytes)
{
    for (int i = 0; i < N_KEPT; i++) {
        p->xyb[0][i] = take_row(free_rows, row_bytes);
        p->xyb[1][i] = take_row(free_rows, row_bytes);
    }
    for (int i = 0; i < N_BLURRED; i++) {
        for (int slot = 0; slot < WINDOW; slot++)
            p->blurred[i][slot] = take_row(free_rows, row_bytes);
        for (int k = 0; k < SCT_SSIM_WAVES; k++) {
            p->memory[i].last[k] = take_row(free_rows, row_bytes);
            p->memory[i].before[k] = take_row(free_rows, row_bytes);
        }
    }
}

static void place_rows(struct score *s, size_t row_bytes)
{
    char *free_rows = s->memory;
    for (int c = 0; c < 3; c++)
        s->linear[c] = take_row(&free_rows, row_bytes);
    s->product = take_row(&free_rows, row_bytes);
    s->error = take_row(&free_rows, row_bytes);
    s->edge = take_row(&free_rows, row_bytes);
    for (int i = 0; i < N_BLURRED; i++)
        s->moments[i] = take_row(&free_rows, row_bytes);
    for (int plane = 0; plane < SCT_SSIM_PLANES; plane++)
        place_plane(&s->planes[plane], &free_rows, row_bytes);
    assert(free_rows == (char *)s->memory + s->memory_bytes);
}

static int allocate(struct score *s)
{
    const size_t width = (size_t)s->width, height = (size_t)s->height;
    const size_t row_bytes = sct_size_align(
        sct_size_mul(sct_size_add(width, 2 * SCT_SSIM_MARGIN), sizeof(float)));
    s->memory_bytes = sct_size_mul(row_bytes, N_ROWS);
    s->memory = sct_mem_alloc(s->memory_bytes);
    if (!s->memory)
        return SCT_ERR_MEMORY;
    place_rows(s, row_bytes);

    s->smaller_floats = (width + 1) / 2;
    const size_t smaller_bytes =
        sct_size_mul(sct_size_mul(s->smaller_floats, sizeof(float)), (height + 1) / 2);
    for (struct picture *p = s->pictures; p < s->pictures + 2; p++) {
        p->to_linear = sct_mem_alloc(sizeof(float) << p->rgb->depth);
        if (!p->to_linear)
            return SCT_ERR_MEMORY;
        fill_to_linear(p->to_linear, p->rgb->depth);
        for (int c = 0; c < 3; c++) {
            p->smaller[c] = sct_mem_alloc(smaller_bytes);
            if (!p->smaller[c])
                return SCT_ERR_MEMORY;
        }
    }
    return SCT_OK;
}

static void release(struct score *s)
{
    for (struct picture *p = s->pictures; p < s->pictures + 2; p++) {
        sct_mem_free(p->to_linear);
        for (int c = 0; c < 3; c++)
            sct_mem_free(p->smaller[c]);
    }
    sct_mem_free(s->memory);
}

static int is_sound(const struct sct_rgb *rgb)
{
    return rgb->plane[0].width >= SCT_SSIMULACRA2_MIN_SIZE &&
           rgb->plane[0].height >= SCT_SSIMULACRA2_MIN_SIZE &&
           (rgb->depth == 8 || rgb->depth == 16);
}

int sct_ssimulacra2(double *score, const struct sct_rgb *reference,
                    const struct sct_rgb *distorted)
{
    const int width = reference->plane[0].width, height = reference->plane[0].height;
    double norms[N_SCALES][SCT_SSIM_PLANES][SCT_SSIM_NORMS];
    int n_scales = 0;
    if (!is_sound(reference) || !is_sound(distorted) ||
        distorted->plane[0].width != width || distorted->plane[0].height != height)
        return SCT_ERR_ARGUMENT;
    struct score s = {.pictures = {{.rgb = reference}, {.rgb = distorted}},
                      .width = width,
                      .height = height};
    sct_ssim_rows_init(&s.rows);
    sct_ssim_blur_init(&s.blur);
    const int status = allocate(&s);
    if (status == SCT_OK) {
        while (n_scales < N_SCALES) {
            measure_scale(&s, n_scales, norms[n_scales]);
            n_scales++;
            if (s.width < SCT_SSIMULACRA2_MIN_SIZE || s.height < SCT_SSIMULACRA2_MIN_SIZE)
                break;
            s.width = (s.width + 1) / 2;
            s.height = (s.height + 1) / 2;
        }
        *score = score_of(weigh(norms, n_scales));
    }
    release(&s);
    return status;
}
