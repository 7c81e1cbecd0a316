/* The resizer against a plain double-precision resize, and against itself in other
 * orders.
 *
 * sct_mem_alloc is wrapped by the linker (--wrap), so that tests can add up what is
 * allocated and let the n-th allocation fail. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"
#include "resizer.h"

static size_t allocated_bytes;
static int n_allocations;
static int failing_allocation = -1;

void *__real_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes);

void *__wrap_sct_mem_alloc(size_t size_bytes)
{
    if (n_allocations++ == failing_allocation)
        return NULL;
    allocated_bytes += sct_size_align(size_bytes);
    return __real_sct_mem_alloc(size_bytes);
}

static const enum sct_domain domains[2] = {SCT_SAMPLES, SCT_COEFS};

/* ---- pictures ---------------------------------------------------------------------- */

struct image {
    int width, height;
    uint8_t *samples;
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* A zone plate with some noise: every frequency, every phase. */
static struct image make_image(int width, int height)
{
    struct image im = {width, height, malloc((size_t)width * (size_t)height)};
    uint32_t seed = 1;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double r2 = (x * x) * 0.5 / width + (y * y) * 0.5 / height;
            const double s = 128 + 90 * cos(r2 * 1.5) + (next_random(&seed) % 21) - 10.0;
            im.samples[y * width + x] = (uint8_t)s;
        }
    return im;
}

static struct image make_constant(int width, int height, int value)
{
    struct image im = {width, height, malloc((size_t)width * (size_t)height)};
    memset(im.samples, value, (size_t)width * (size_t)height);
    return im;
}

/* ---- the reference ----------------------------------------------------------------- */

/* Weights of one output sample, straight from the definition in bank.h. */
static void weigh(const struct sct_axis *a, const struct sct_filter *f, int x, double *w)
{
    const double shrink = (a->src_end - a->src_begin) / a->dst_size;
    const double centre = a->src_begin + (x + 0.5) * shrink;
    const double stretch = fmax(1.0, shrink);
    double sum = 0.0;
    for (int i = 0; i < a->src_size; i++) {
        if (f->is_area)
            w[i] = fmax(0.0, fmin(i + 1.0, centre + shrink / 2) -
                                 fmax(i, centre - shrink / 2));
        else
            w[i] = f->eval((i + 0.5 - centre) / stretch);
        sum += w[i];
    }
    for (int i = 0; i < a->src_size; i++)
        w[i] /= sum;
}

static double *resize_exactly(const double *in, const struct sct_axis *x,
                              const struct sct_axis *y, const struct sct_filter *f)
{
    double *mid = calloc((size_t)x->dst_size * (size_t)y->src_size, sizeof *mid);
    double *out = calloc((size_t)x->dst_size * (size_t)y->dst_size, sizeof *out);
    double *w = malloc((size_t)(x->src_size + y->src_size) * sizeof *w);
    for (int ox = 0; ox < x->dst_size; ox++) {
        weigh(x, f, ox, w);
        for (int row = 0; row < y->src_size; row++)
            for (int i = 0; i < x->src_size; i++)
                mid[row * x->dst_size + ox] += w[i] * in[row * x->src_size + i];
    }
    for (int oy = 0; oy < y->dst_size; oy++) {
        weigh(y, f, oy, w);
        for (int row = 0; row < y->src_size; row++)
            for (int ox = 0; ox < x->dst_size; ox++)
                out[oy * x->dst_size + ox] += w[row] * mid[row * x->dst_size + ox];
    }
    free(mid);
    free(w);
    return out;
}

/* ---- bands ------------------------------------------------------------------------- */

/* What push takes: rows of samples, or rows of blocks made by a forward DCT that rounds
 * to whole numbers, padded at the edges with wild values that must not matter. */
struct bands {
    enum sct_domain domain;
    int n;
    size_t stride_bytes;
    uint8_t *data;
    double *decoded; /* the samples that the bands stand for, in double precision */
};

static void forward_dct(const double in[64], int16_t *block, double decoded[64])
{
    const double pi = acos(-1.0);
    double coef[64];
    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++) {
            double sum = 0.0;
            for (int i = 0; i < 64; i++)
                sum += in[i] * cos((2 * (i % 8) + 1) * u * pi / 16) *
                       cos((2 * (i / 8) + 1) * v * pi / 16);
            sum *= (u ? 1 : sqrt(0.5)) * (v ? 1 : sqrt(0.5)) / 4;
            coef[v * 8 + u] = floor(sum + 0.5);
            block[u / 2 * 16 + v * 2 + u % 2] = (int16_t)coef[v * 8 + u];
        }
    for (int i = 0; i < 64; i++) {
        decoded[i] = 128;
        for (int k = 0; k < 64; k++)
            decoded[i] += coef[k] * (k % 8 ? 1 : sqrt(0.5)) * (k / 8 ? 1 : sqrt(0.5)) /
                          4 * cos((2 * (i % 8) + 1) * (k % 8) * pi / 16) *
                          cos((2 * (i / 8) + 1) * (k / 8) * pi / 16);
    }
}

static struct bands make_bands(const struct image *im, enum sct_domain domain)
{
    struct bands b = {.domain = domain};
    const size_t area = (size_t)im->width * (size_t)im->height;
    b.decoded = malloc(area * sizeof *b.decoded);
    if (domain == SCT_SAMPLES) {
        b.n = im->height;
        b.stride_bytes = (size_t)im->width;
        b.data = malloc(area); /* exact, so that a sanitizer sees what reads past it */
        memcpy(b.data, im->samples, area);
        for (size_t i = 0; i < area; i++)
            b.decoded[i] = im->samples[i];
        return b;
    }
    const int bw = (im->width + 7) / 8, bh = (im->height + 7) / 8;
    b.n = bh;
    b.stride_bytes = (size_t)bw * 128;
    b.data = aligned_alloc(64, b.stride_bytes * (size_t)bh);
    for (int by = 0; by < bh; by++)
        for (int bx = 0; bx < bw; bx++) {
            double in[64], decoded[64];
            for (int i = 0; i < 64; i++) {
                const int x = bx * 8 + i % 8, y = by * 8 + i / 8;
                const int is_inside = x < im->width && y < im->height;
                in[i] = is_inside ? im->samples[y * im->width + x] - 128.0
                                  : (i * 37 % 256) - 128.0;
            }
            forward_dct(
                in, (int16_t *)(void *)(b.data + (size_t)by * b.stride_bytes) + bx * 64,
                decoded);
            for (int i = 0; i < 64; i++) {
                const int x = bx * 8 + i % 8, y = by * 8 + i / 8;
                if (x < im->width && y < im->height)
                    b.decoded[y * im->width + x] = decoded[i];
            }
        }
    return b;
}

static void free_bands(struct bands *b)
{
    free(b->data);
    free(b->decoded);
}

/* ---- running ----------------------------------------------------------------------- */

static struct sct_resizer_spec make_spec(const struct image *im, int width, int height,
                                         const char *filter, enum sct_domain domain,
                                         const struct sct_dsp *dsp)
{
    return (struct sct_resizer_spec){
        .x = {0, im->width, im->width, width, 0},
        .y = {0, im->height, im->height, height, 0},
        .filter = sct_filter_find(filter),
        .domain = domain,
        .dsp = dsp,
    };
}

/* Pushes and pulls until all rows are out. `order`: 0 pulls as soon as it can, 1 pushes
 * until it is told to pull and then takes one row, other values decide at random. */
static uint8_t *run(const struct sct_resizer_spec *spec, const struct bands *bands,
                    int order)
{
    const int width = spec->x.dst_size, height = spec->y.dst_size;
    uint8_t *out = malloc((size_t)width * (size_t)height);
    sct_resizer *r;
    uint32_t seed = (uint32_t)order;
    int pushed = 0, pulled = 0;
    assert_int_equal(sct_resizer_create(&r, spec), SCT_OK);
    while (pulled < height) {
        const int wanted = sct_resizer_bands_wanted(r);
        int pulls = wanted == 0;
        if (order != 0)
            pulls = order == 1 ? 0 : (int)(next_random(&seed) & 1);
        assert_int_equal(sct_resizer_rows_after(r, pushed) > pulled, wanted == 0);
        if (pulls) {
            const int status = sct_resizer_pull(r, out + (size_t)pulled * (size_t)width);
            assert_int_equal(status, wanted == 0 ? SCT_OK : SCT_NEED_INPUT);
            pulled += status == SCT_OK;
            continue;
        }
        int status = SCT_DONE;
        if (pushed < bands->n)
            status =
                sct_resizer_push(r, bands->data + (size_t)pushed * bands->stride_bytes);
        if (status == SCT_OK) {
            assert_true(wanted > 0);
            pushed++;
        } else { /* SCT_PULL_FIRST, or SCT_DONE */
            assert_int_equal(wanted, 0);
            assert_int_equal(sct_resizer_pull(r, out + (size_t)pulled * (size_t)width),
                             SCT_OK);
            pulled++;
        }
    }
    uint8_t byte;
    assert_int_equal(sct_resizer_pull(r, &byte), SCT_DONE);
    assert_int_equal(sct_resizer_push(r, bands->data), SCT_DONE);
    assert_int_equal(sct_resizer_bands_wanted(r), 0);
    sct_resizer_free(r);
    return out;
}

static struct sct_dsp reference_dsp(void)
{
    struct sct_dsp dsp;
    assert_int_equal(sct_dsp_init(&dsp, "c"), SCT_OK);
    return dsp;
}

/* ---- tests ------------------------------------------------------------------------- */

/* Largest error in levels. SAMPLES: half a level of rounding, and 0.06 for weights that
 * were rounded to 13 or 14 bits. COEFS: the same plus the frequencies that were cut off.
 */
static double largest_error(const char *filter, enum sct_domain domain, int src_width,
                            int src_height, int width, int height)
{
    const struct sct_dsp dsp = reference_dsp();
    struct image im = make_image(src_width, src_height);
    struct bands bands = make_bands(&im, domain);
    const struct sct_resizer_spec spec =
        make_spec(&im, width, height, filter, domain, &dsp);
    uint8_t *out = run(&spec, &bands, 0);
    double *exact = resize_exactly(bands.decoded, &spec.x, &spec.y, spec.filter);
    double worst = 0.0;
    for (int i = 0; i < width * height; i++)
        worst = fmax(worst, fabs(out[i] - fmin(fmax(exact[i], 0), 255)));
    free(out);
    free(exact);
    free_bands(&bands);
    free(im.samples);
    return worst;
}

/* The same for samples of 16 bits, whose picture is one of 8 bits with a little of another
 * below it, in the same levels of 8 bits. */
static double largest_error_16(const char *filter, int src_width, int src_height,
                               int width, int height)
{
    const struct sct_dsp dsp = reference_dsp();
    struct image im = make_image(src_width, src_height);
    const int n = src_width * src_height;
    uint16_t *in = malloc((size_t)n * sizeof *in);
    double *levels = malloc((size_t)n * sizeof *levels);
    struct sct_resizer_spec spec =
        make_spec(&im, width, height, filter, SCT_SAMPLES, &dsp);
    for (int i = 0; i < n; i++) {
        in[i] = (uint16_t)(im.samples[i] * 256 + im.samples[n - 1 - i]);
        levels[i] = in[i] / 257.0;
    }
    spec.depth = 16;
    sct_resizer *r;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_OK);
    uint16_t *out = malloc((size_t)(width * height) * sizeof *out);
    int pushed = 0, pulled = 0;
    while (pulled < height) {
        const int taken = sct_resizer_push_rows(
            r, in + pushed * src_width, src_width * (ptrdiff_t)sizeof *in,
            src_height - pushed < 11 ? src_height - pushed : 11);
        pushed += taken;
        while (sct_resizer_pull(r, out + pulled * width) == SCT_OK)
            pulled++;
    }
    sct_resizer_free(r);
    double *exact = resize_exactly(levels, &spec.x, &spec.y, spec.filter);
    double worst = 0.0;
    for (int i = 0; i < width * height; i++)
        worst = fmax(worst, fabs(out[i] / 257.0 - fmin(fmax(exact[i], 0), 255)));
    free(exact);
    free(out);
    free(levels);
    free(in);
    free(im.samples);
    return worst;
}

static const int shapes[][4] = {{64, 64, 64, 64}, {100, 80, 40, 32}, {101, 83, 37, 29},
                                {97, 50, 13, 7},  {31, 200, 30, 20}, {8, 8, 3, 3},
                                {7, 9, 5, 2},     {1, 1, 1, 1},      {1, 40, 1, 7},
                                {40, 1, 7, 1},    {20, 20, 55, 41},  {300, 200, 10, 10},
                                {16, 16, 1, 1},   {17, 15, 16, 14}};

static void samples_equal_double_precision(void **state)
{
    (void)state;
    for (int f = 0; sct_filter_at(f); f++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int *s = shapes[i];
            const double e = largest_error(sct_filter_at(f)->name, SCT_SAMPLES, s[0],
                                           s[1], s[2], s[3]);
            if (e > 0.56)
                fail_msg("%s %dx%d to %dx%d: off by %.3f", sct_filter_at(f)->name, s[0],
                         s[1], s[2], s[3], e);
        }
}

/* No rounding to 8 bits: what is left is that of the weights, and 15 bits in the ring. */
static void samples_of_16_bits_equal_double_precision(void **state)
{
    (void)state;
    for (int f = 0; sct_filter_at(f); f++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int *s = shapes[i];
            const double e =
                largest_error_16(sct_filter_at(f)->name, s[0], s[1], s[2], s[3]);
            if (e > 0.06)
                fail_msg("%s %dx%d to %dx%d: off by %.4f", sct_filter_at(f)->name, s[0],
                         s[1], s[2], s[3], e);
        }
}

/* From the full range to the limited one of video, and back. */
static void another_range_costs_nothing(void **state)
{
    static const struct {
        double gain, offset;
    } ranges[] = {{219.0 / 255, 16},
                  {224.0 / 255, 128 - 128 * 224.0 / 255},
                  {255.0 / 219, -16 * 255.0 / 219},
                  {255.0 / 224, 128 - 128 * 255.0 / 224}};
    const struct sct_dsp dsp = reference_dsp();
    struct image im = make_image(101, 83);
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        struct bands bands = make_bands(&im, domains[d]);
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            struct sct_resizer_spec spec =
                make_spec(&im, 90, 77, "lanczos3", domains[d], &dsp);
            spec.gain = ranges[i].gain;
            spec.offset = ranges[i].offset;
            uint8_t *out = run(&spec, &bands, 0);
            double *exact = resize_exactly(bands.decoded, &spec.x, &spec.y, spec.filter);
            for (int k = 0; k < 90 * 77; k++) {
                const double want = spec.gain * exact[k] + spec.offset;
                assert_true(fabs(out[k] - fmin(fmax(want, 0), 255)) < 0.6);
            }
            free(out);
            free(exact);
        }
        free_bands(&bands);
    }
    struct sct_resizer_spec spec = make_spec(&im, 9, 9, "area", SCT_SAMPLES, &dsp);
    sct_resizer *r;
    spec.gain = 1.3;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_ARGUMENT);
    spec.gain = NAN;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_ARGUMENT);
    free(im.samples);
}

static void only_samples_have_16_bits(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    const struct image im = {40, 40, NULL};
    static const int depths[] = {1, 12, 17, -8};
    sct_resizer *r;
    (void)state;
    struct sct_resizer_spec spec = make_spec(&im, 20, 20, "area", SCT_COEFS, &dsp);
    spec.depth = 16;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_ARGUMENT);
    spec.domain = SCT_SAMPLES;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        spec.depth = depths[i];
        assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_ARGUMENT);
        assert_null(r);
    }
}

/* A zone plate has more energy in high frequencies than any photograph: where they are
 * cut, twice what was seen. Elsewhere the tolerance is that of samples. */
static void coefs_equal_double_precision(void **state)
{
    (void)state;
    for (int f = 0; sct_filter_at(f); f++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int *s = shapes[i];
            const int is_cut = s[0] > 2 * s[2] || s[1] > 2 * s[3];
            const double e =
                largest_error(sct_filter_at(f)->name, SCT_COEFS, s[0], s[1], s[2], s[3]);
            if (e > (is_cut ? 4.0 : 0.56))
                fail_msg("%s %dx%d to %dx%d: off by %.3f", sct_filter_at(f)->name, s[0],
                         s[1], s[2], s[3], e);
        }
}

/* Rows of weights repeat where sizes have large common divisors, and are kept; rounding may
 * still give two of them windows of different lengths. Seen with 4368 to 432. */
static void repeated_rows_are_what_they_repeat(void **state)
{
    static const int heights[][2] = {{4368, 432}, {2912, 288}, {3000, 1200},
                                     {3024, 400}, {2848, 266}, {3264, 1600},
                                     {2448, 400}, {4160, 1080}};
    (void)state;
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) {
            const int from = heights[i][0], to = heights[i][1];
            const double down = largest_error("lanczos3", domains[d], 9, from, 9, to);
            const double across = largest_error("lanczos3", domains[d], from, 9, to, 9);
            const double limit = domains[d] == SCT_COEFS ? 4.0 : 0.56;
            if (down > limit || across > limit)
                fail_msg("%d to %d: off by %.3f down, %.3f across", from, to, down,
                         across);
        }
}

static void pushing_and_pulling_in_any_order_gives_the_same_rows(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    (void)state;
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const int *s = shapes[i];
            struct image im = make_image(s[0], s[1]);
            struct bands bands = make_bands(&im, domains[d]);
            const struct sct_resizer_spec spec =
                make_spec(&im, s[2], s[3], "lanczos3", domains[d], &dsp);
            uint8_t *whole = run(&spec, &bands, 0);
            for (int order = 1; order < 6; order++) {
                uint8_t *again = run(&spec, &bands, order);
                assert_memory_equal(whole, again, (size_t)(s[2] * s[3]));
                free(again);
            }
            free(whole);
            free_bands(&bands);
            free(im.samples);
        }
}

static void constant_pictures_stay_constant(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    const int is_quick = getenv("SCT_TEST_QUICK") != NULL; /* emulators */
    (void)state;
    for (int f = 0; sct_filter_at(f); f++)
        for (int d = 0; d < 2; d++)
            for (int value = 0; value < 256; value += is_quick ? 255 : 51)
                for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
                    const int *s = shapes[i];
                    /* whole blocks: what is past the edge is not constant */
                    struct image im =
                        make_constant((s[0] + 7) & ~7, (s[1] + 7) & ~7, value);
                    struct bands bands = make_bands(&im, domains[d]);
                    const struct sct_resizer_spec spec = make_spec(
                        &im, s[2], s[3], sct_filter_at(f)->name, domains[d], &dsp);
                    uint8_t *out = run(&spec, &bands, 0);
                    for (int k = 0; k < s[2] * s[3]; k++)
                        assert_int_equal(out[k], value);
                    free(out);
                    free_bands(&bands);
                    free(im.samples);
                }
}

/* What a resizer takes from another, of luma for chroma or the other way round, which keep different
 * numbers of frequencies, is what it would have computed. */
static void taking_from_another_changes_nothing(void **state)
{
    static const double shrinks[] = {1.3, 2.2, 3.1, 4.5, 7, 12, 30};
    const struct sct_dsp dsp = reference_dsp();
    struct image im = make_image(240, 232);
    int n_different = 0;
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        struct bands bands = make_bands(&im, domains[d]);
        for (size_t i = 0; i < sizeof shrinks / sizeof *shrinks; i++) {
            struct sct_resizer_spec spec[2];
            struct sct_corner corner[2];
            sct_resizer *r[2];
            for (int k = 0; k < 2; k++) {
                spec[k] = make_spec(&im, (int)(240 / shrinks[i]), (int)(232 / shrinks[i]),
                                    "lanczos3", domains[d], &dsp);
                spec[k].x.chroma_step = spec[k].y.chroma_step = k;
                assert_int_equal(sct_resizer_create(&r[k], &spec[k]), SCT_OK);
                corner[k] = sct_resizer_corner(r[k]);
            }
            assert_true(corner[1].n_u <= corner[0].n_u);
            n_different += corner[1].n_u < corner[0].n_u;
            for (int k = 0; k < 2; k++) {
                const size_t n_bytes =
                    (size_t)spec[k].x.dst_size * (size_t)spec[k].y.dst_size;
                uint8_t *alone = run(&spec[k], &bands, 0);
                spec[k].like = r[!k];
                uint8_t *taken = run(&spec[k], &bands, 0);
                assert_memory_equal(taken, alone, n_bytes);
                free(alone);
                free(taken);
            }
            sct_resizer_free(r[0]);
            sct_resizer_free(r[1]);
        }
        free_bands(&bands);
    }
    assert_true(n_different > 0);
    free(im.samples);
}

/* 8 samples are 4 outputs at shrink 2: away from the edges, which reach 6 + 4 outputs in,
 * the shifted picture must give the same bytes. */
static void a_picture_shifted_by_one_block_resizes_to_the_same_shifted(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    struct image big = make_image(136, 136);
    struct image a = {128, 128, malloc(128 * 128)}, b = {128, 128, malloc(128 * 128)};
    (void)state;
    for (int y = 0; y < 128; y++)
        for (int x = 0; x < 128; x++) {
            a.samples[y * 128 + x] = big.samples[y * 136 + x];
            b.samples[y * 128 + x] = big.samples[(y + 8) * 136 + x + 8];
        }
    for (int d = 0; d < 2; d++) {
        const struct sct_resizer_spec spec =
            make_spec(&a, 64, 64, "lanczos3", domains[d], &dsp);
        struct bands ba = make_bands(&a, domains[d]), bb = make_bands(&b, domains[d]);
        uint8_t *oa = run(&spec, &ba, 0), *ob = run(&spec, &bb, 0);
        for (int y = 10; y < 50; y++)
            assert_memory_equal(oa + (y + 4) * 64 + 14, ob + y * 64 + 10, 40);
        free(oa);
        free(ob);
        free_bands(&ba);
        free_bands(&bb);
    }
    free(a.samples);
    free(b.samples);
    free(big.samples);
}

/* A crop in the middle: bands above it are skipped, bands below it refused. */
static void crops_look_beyond_themselves(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    struct image im = make_image(96, 128);
    (void)state;
    for (int d = 0; d < 2; d++) {
        struct bands bands = make_bands(&im, domains[d]);
        struct sct_resizer_spec spec =
            make_spec(&im, 20, 20, "lanczos3", domains[d], &dsp);
        spec.x = (struct sct_axis){30.5, 60.5, 96, 20, 0};
        spec.y = (struct sct_axis){40.25, 70.25, 128, 20, 0};
        uint8_t *out = run(&spec, &bands, 0);
        double *exact = resize_exactly(bands.decoded, &spec.x, &spec.y, spec.filter);
        for (int i = 0; i < 400; i++)
            assert_true(fabs(out[i] - fmin(fmax(exact[i], 0), 255)) < 0.56);
        free(out);
        free(exact);
        free_bands(&bands);
    }
    free(im.samples);
}

static void bytes_are_told_beforehand(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    (void)state;
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const struct image im = {shapes[i][0], shapes[i][1], NULL};
            const struct sct_resizer_spec spec =
                make_spec(&im, shapes[i][2], shapes[i][3], "lanczos3", domains[d], &dsp);
            sct_resizer *r;
            allocated_bytes = 0;
            assert_int_equal(sct_resizer_plan(&r, &spec), SCT_OK);
            const size_t told = sct_resizer_bytes(r), planning = allocated_bytes;
            assert_true(planning < told);
            assert_int_equal(sct_resizer_allocate(r, NULL), SCT_OK);
            assert_true(allocated_bytes == told && sct_resizer_bytes(r) == told);
            sct_resizer_free(r);
        }
}

static void nothing_grows_with_the_height(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    (void)state;
    for (int d = 0; d < 2; d++) {
        const struct image low = {4000, 3000, NULL}, high = {4000, 3000000, NULL};
        const struct sct_resizer_spec a =
            make_spec(&low, 1600, 1200, "lanczos3", domains[d], &dsp);
        const struct sct_resizer_spec b =
            make_spec(&high, 1600, 1200000, "lanczos3", domains[d], &dsp);
        sct_resizer *ra, *rb;
        assert_int_equal(sct_resizer_plan(&ra, &a), SCT_OK);
        assert_int_equal(sct_resizer_plan(&rb, &b), SCT_OK);
        assert_true(sct_resizer_bytes(ra) == sct_resizer_bytes(rb));
        sct_resizer_free(ra);
        sct_resizer_free(rb);
    }
}

static void running_out_of_memory_leaks_nothing(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    const struct image im = {100, 100, NULL};
    const struct sct_resizer_spec spec =
        make_spec(&im, 40, 40, "lanczos3", SCT_COEFS, &dsp);
    sct_resizer *r;
    (void)state;
    n_allocations = 0;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_OK);
    sct_resizer_free(r);
    const int n = n_allocations;
    assert_true(n > 1);
    for (int i = 0; i < n; i++) {
        n_allocations = 0;
        failing_allocation = i;
        assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_MEMORY);
        assert_null(r);
    }
    failing_allocation = -1;
}

static void impossible_specs_are_argument_errors(void **state)
{
    const struct sct_dsp dsp = reference_dsp();
    const struct image im = {100, 0, NULL};
    const struct sct_resizer_spec spec =
        make_spec(&im, 40, 40, "lanczos3", SCT_COEFS, &dsp);
    sct_resizer *r = (sct_resizer *)(uintptr_t)1;
    (void)state;
    assert_int_equal(sct_resizer_create(&r, &spec), SCT_ERR_ARGUMENT);
    assert_null(r);
    assert_int_equal(sct_resizer_plan(&r, &spec), SCT_ERR_ARGUMENT);
    assert_null(r);
}

/* The same bytes from every implementation this machine has, in both domains. */
static void implementations_give_the_same_rows(void **state)
{
    const struct sct_dsp reference = reference_dsp();
    (void)state;
    for (int k = 0; sct_dsp_name_at(k); k++) {
        struct sct_dsp dsp;
        if (sct_dsp_init(&dsp, sct_dsp_name_at(k)) != SCT_OK)
            continue;
        for (int d = 0; d < 2; d++)
            for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
                const int *s = shapes[i];
                struct image im = make_image(s[0], s[1]);
                struct bands bands = make_bands(&im, domains[d]);
                const struct sct_resizer_spec a =
                    make_spec(&im, s[2], s[3], "lanczos3", domains[d], &reference);
                const struct sct_resizer_spec b =
                    make_spec(&im, s[2], s[3], "lanczos3", domains[d], &dsp);
                uint8_t *oa = run(&a, &bands, 0), *ob = run(&b, &bands, 0);
                assert_memory_equal(oa, ob, (size_t)(s[2] * s[3]));
                free(oa);
                free(ob);
                free_bands(&bands);
                free(im.samples);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_equal_double_precision),
        cmocka_unit_test(samples_of_16_bits_equal_double_precision),
        cmocka_unit_test(only_samples_have_16_bits),
        cmocka_unit_test(another_range_costs_nothing),
        cmocka_unit_test(coefs_equal_double_precision),
        cmocka_unit_test(repeated_rows_are_what_they_repeat),
        cmocka_unit_test(pushing_and_pulling_in_any_order_gives_the_same_rows),
        cmocka_unit_test(constant_pictures_stay_constant),
        cmocka_unit_test(taking_from_another_changes_nothing),
        cmocka_unit_test(a_picture_shifted_by_one_block_resizes_to_the_same_shifted),
        cmocka_unit_test(crops_look_beyond_themselves),
        cmocka_unit_test(bytes_are_told_beforehand),
        cmocka_unit_test(nothing_grows_with_the_height),
        cmocka_unit_test(running_out_of_memory_leaks_nothing),
        cmocka_unit_test(impossible_specs_are_argument_errors),
        cmocka_unit_test(implementations_give_the_same_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
