/* Whether ICC profiles fit, and converting rows to sRGB by one of these ways:
 *
 *     COPY    no profile, GRAY or RGB
 *     INK     no profile, CMYK: (1 - c)(1 - k)
 *     SHAPER  a curve for each component, and a matrix: nearly every RGB and gray profile
 *
 *                 RGB   code -> curve -> linear --matrix--> linear -> sRGB's curve -> code
 *                 gray  code -> table of codes
 *
 *     TABLES  all other profiles: Little CMS, on interleaved pieces of a row
 *
 * SHAPER is ours because Little CMS takes 3 to 6 ms to prepare one in 8 bits, as long as a
 * thumbnail's pixels, and in 16 bits has the choice between 4 MP/s and a grid, which linear
 * profiles do not survive.
 *
 * 1. All memory is taken in create.
 * 2. The bytes that Little CMS gets have passed check_structure: it finds the header, and tags
 *    inside of the profile. */
#include "icc.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "bits.h"
#include "icc_lcms.h"
#include "icc_math.h"
#include "mem.h"

enum {
    HEADER_BYTES = 128,
    TAG_BYTES = 12,
    MAX_TAGS = 100, /* Little CMS's own limit */
    PIECE = 256,    /* pixels that are interleaved at once */

    /* sRGB's curve, the inverse one, as straight pieces: STEPS in each of OCTAVES octaves below
     * 1. Under them, at 2^-12, the curve is straight by itself. Rounding aside, the error is
     * below 2e-6, an eighth of a level of 16 bits. */
    OCTAVES = 12,
    STEP_BITS = 7,
    STEPS = 1 << STEP_BITS,
    N_PIECES = OCTAVES * STEPS
};

enum way { COPY, INK, SHAPER, TABLES };

struct sct_icc_transform {
    enum way way;
    enum sct_model model;
    int is_inverted, depth;
    int n_in, n_out;
    sct_lcms *lcms;   /* TABLES */
    uint16_t *gray;   /* SHAPER, GRAY: code to code */
    float *curves[3]; /* SHAPER, RGB: code to linear light; all in one allocation */
    void *memory;
    float matrix[3][3];
    float encode[N_PIECES + 1]; /* at the start of each piece */
    union {
        uint8_t u8[4 * PIECE];
        uint16_t u16[4 * PIECE];
    } piece_in, piece_out; /* TABLES */
};

/* -- structure -- */

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int is_one_of(const uint8_t *signature, const char *list)
{
    for (; *list; list += 4)
        if (!memcmp(signature, list, 4))
            return 1;
    return 0;
}

/* ICC.1:2010, 7.2 and 7.3. The size in the header may be smaller than what is there: some writers
 * pad. Tags may overlap: writers share their data. */
static int check_structure(const uint8_t *icc, size_t n, struct sct_report *report)
{
    if (n > SCT_ICC_MAX_BYTES)
        return sct_report_fail(report, SCT_ERR_TOO_LARGE,
                               "an ICC profile of %zu bytes is over the limit of %zu", n,
                               SCT_ICC_MAX_BYTES);
    if (!icc || n < HEADER_BYTES + 4 || memcmp(icc + 36, "acsp", 4))
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "what should be an ICC profile is none");
    const uint32_t size = read_u32(icc), n_tags = read_u32(icc + HEADER_BYTES);
    if (size > n)
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "the ICC profile ends after %zu of %u bytes", n,
                               (unsigned)size);
    if (n_tags > MAX_TAGS || size < HEADER_BYTES + 4 + TAG_BYTES * n_tags)
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "the ICC profile's table of %u tags is not all there",
                               (unsigned)n_tags);
    for (uint32_t i = 0; i < n_tags; i++) {
        const uint8_t *tag = icc + HEADER_BYTES + 4 + TAG_BYTES * i;
        const uint32_t at = read_u32(tag + 4), length = read_u32(tag + 8);
        if (at > size || length > size - at)
            return sct_report_fail(report, SCT_ERR_CORRUPT,
                                   "tag %u of the ICC profile lies outside of it",
                                   (unsigned)i);
    }
    if (!is_one_of(icc + 12, "scnrmntrprtrspac"))
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                               "the ICC profile is none of a device");
    if (!is_one_of(icc + 20, "XYZ Lab "))
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "the ICC profile connects to neither XYZ nor Lab");
    return SCT_OK;
}

static int check_model(const uint8_t *icc, enum sct_model model,
                       struct sct_report *report)
{
    const char *space = model == SCT_GRAY                      ? "GRAY"
                        : model == SCT_RGB || model == SCT_YCC ? "RGB "
                                                               : "CMYK";
    if (is_one_of(icc + 16, space))
        return SCT_OK;
    char found[5] = "";
    for (int i = 0; i < 4; i++) {
        const uint8_t c = icc[16 + i];
        found[i] = c > ' ' && c < 0x7F ? (char)c : i < 3 || !c ? '?' : ' ';
    }
    if (found[3] == ' ')
        found[3] = '\0';
    return sct_report_fail(report, SCT_ERR_UNSUPPORTED,
                           "the ICC profile is for %s, and the picture is %s", found,
                           sct_model_name(model));
}

/* Of two tags, whether they hold the same bytes; 0 when one is missing. */
static int is_same_tag(const uint8_t *icc, const char *a, const char *b)
{
    const uint8_t *entry[2] = {NULL, NULL};
    const uint32_t n_tags = read_u32(icc + HEADER_BYTES);
    for (uint32_t i = n_tags; i-- > 0;) { /* the first of equal names counts */
        const uint8_t *tag = icc + HEADER_BYTES + 4 + TAG_BYTES * i;
        if (!memcmp(tag, a, 4))
            entry[0] = tag;
        if (!memcmp(tag, b, 4))
            entry[1] = tag;
    }
    return entry[0] && entry[1] && read_u32(entry[0] + 8) == read_u32(entry[1] + 8) &&
           !memcmp(icc + read_u32(entry[0] + 4), icc + read_u32(entry[1] + 4),
                   read_u32(entry[0] + 8));
}

/* Opens a profile that has passed check_structure, without its tags of multi-process elements
 * (D2B0 to D2B3): those may be programs of any length, and ICC.1 demands integer twins beside
 * them, which do as well. */
static int open_profile(sct_lcms **out, const uint8_t *icc, size_t n,
                        struct sct_report *report)
{
    const uint32_t n_tags = read_u32(icc + HEADER_BYTES);
    uint8_t *copy = NULL;
    for (uint32_t i = 0; i < n_tags; i++) {
        const size_t at = HEADER_BYTES + 4 + TAG_BYTES * (size_t)i;
        if (!is_one_of(icc + at, "D2B0D2B1D2B2D2B3"))
            continue;
        if (!copy) {
            copy = sct_mem_alloc(n);
            if (!copy)
                return sct_report_fail(report, SCT_ERR_MEMORY,
                                       "there is no memory for an ICC profile");
            memcpy(copy, icc, n);
        }
        copy[at] = 'x';
    }
    const int status = sct_lcms_open(out, copy ? copy : icc, n, report);
    sct_mem_free(copy);
    return status;
}

/* -- sRGB's curve -- */

static void fill_encode(float *encode)
{
    for (int i = 0; i <= N_PIECES; i++)
        encode[i] = (float)sct_srgb_encode(
            ldexp(1 + (i & (STEPS - 1)) / (double)STEPS, (i >> STEP_BITS) - OCTAVES));
}

/* Linear light to 0..1. The upper bits of a float, exponent and some of the mantissa, number the
 * piece; those below say where in it. */
static inline float encode_linear(const float *encode, float linear)
{
    const float first = 1.0f / (1 << OCTAVES);
    if (!(linear >= first))
        return linear > 0 ? 12.92f * linear : 0;
    if (linear >= 1)
        return 1;
    uint32_t bits;
    memcpy(&bits, &linear, sizeof bits);
    const uint32_t piece = (bits >> (23 - STEP_BITS)) - ((127u - OCTAVES) << STEP_BITS);
    const float part =
        (float)(bits & ((1u << (23 - STEP_BITS)) - 1)) * (1.0f / (1 << (23 - STEP_BITS)));
    return encode[piece] + part * (encode[piece + 1] - encode[piece]);
}

/* -- creating -- */

static int run_out(struct sct_report *report)
{
    return sct_report_fail(report, SCT_ERR_MEMORY,
                           "there is no memory for converting colours");
}

/* The matrix from the profile's linear light to sRGB's; 0, or -1 if the colorants are
 * nonsense. */
static int find_matrix(sct_icc_transform *t, const struct sct_mat3 *colorants)
{
    struct sct_mat3 srgb, inverse;
    if (sct_primaries_matrix(&srgb, &sct_primaries_bt709) ||
        sct_mat3_invert(&inverse, &srgb))
        return -1;
    struct sct_mat3 m = sct_mat3_mul(&inverse, colorants);
    double distance = 0; /* from sRGB's own primaries */
    for (int i = 0; i < 3; i++) {
        /* White is D50 as each writer rounds it: what is that near is meant to be white. */
        const double white = m.at[i][0] + m.at[i][1] + m.at[i][2];
        const double scale = fabs(white - 1) < 0.002 ? 1 / white : 1;
        for (int j = 0; j < 3; j++) {
            if (!(fabs(m.at[i][j]) < 100)) /* floats stay finite below */
                return -1;
            m.at[i][j] *= scale;
            distance = fmax(distance, fabs(m.at[i][j] - (i == j)));
        }
    }
    /* Colorants in steps of 1/65536 are up to 1e-4 off, which the dark end of 16 bits shows. */
    for (int i = 0; i < 9; i++)
        t->matrix[i / 3][i % 3] =
            distance < 2e-4 ? (float)(i % 4 == 0) : (float)m.at[i / 3][i % 3];
    return 0;
}

static int create_shaper(sct_icc_transform *t, sct_lcms *lcms, const uint8_t *icc,
                         struct sct_report *report)
{
    static const char names[3][5] = {"rTRC", "gTRC", "bTRC"};
    const int n_codes = 1 << t->depth;
    int n_curves = 1;
    if (t->model == SCT_RGB &&
        !(is_same_tag(icc, names[0], names[1]) && is_same_tag(icc, names[0], names[2])))
        n_curves = 3;
    float *values =
        sct_mem_alloc(sct_size_mul((size_t)n_curves * sizeof *values, (size_t)n_codes));
    if (!values)
        return run_out(report);
    fill_encode(t->encode);
    for (int ci = 0; ci < n_curves; ci++)
        sct_lcms_sample_curve(lcms, ci, values + ci * n_codes, n_codes);
    if (t->model == SCT_RGB) {
        t->memory = values;
        for (int ci = 0; ci < 3; ci++)
            t->curves[ci] = values + (n_curves == 3 ? ci * n_codes : 0);
        return SCT_OK;
    }
    t->gray = t->memory = sct_mem_alloc((size_t)n_codes * sizeof *t->gray);
    for (int i = 0; t->gray && i < n_codes; i++)
        t->gray[i] =
            (uint16_t)(encode_linear(t->encode, values[i]) * (float)(n_codes - 1) + 0.5f);
    sct_mem_free(values);
    return t->gray ? SCT_OK : run_out(report);
}

static int create_by_profile(sct_icc_transform *t, const struct sct_icc_spec *spec,
                             struct sct_report *report)
{
    struct sct_mat3 colorants = {{{0}}};
    sct_lcms *lcms = NULL;
    int status = check_structure(spec->icc, spec->icc_bytes, report);
    if (status == SCT_OK)
        status = check_model(spec->icc, spec->model, report);
    if (status == SCT_OK)
        status = open_profile(&lcms, spec->icc, spec->icc_bytes, report);
    if (status != SCT_OK)
        return status;
    if (sct_lcms_is_shaper(lcms, &colorants) &&
        (spec->model == SCT_GRAY || find_matrix(t, &colorants) == 0))
    {
        t->way = SHAPER;
        status = create_shaper(t, lcms, spec->icc, report);
        sct_lcms_close(lcms);
        return status;
    }
    const int is_grid = spec->n_pixels <= 0 || spec->n_pixels >= SCT_ICC_FEW_PIXELS;
    t->way = TABLES;
    t->lcms = lcms;
    return sct_lcms_link(lcms, t->depth, is_grid, report);
}

int sct_icc_transform_create(sct_icc_transform **out, const struct sct_icc_spec *spec)
{
    *out = NULL;
    if (spec->model != SCT_GRAY && spec->model != SCT_RGB && spec->model != SCT_CMYK)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "colours of the model %s are not converted",
                               sct_model_name(spec->model));
    if (spec->depth != 8 && spec->depth != 16)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "samples of %d bits are not converted", spec->depth);
    sct_icc_transform *t = sct_mem_alloc(sizeof *t);
    if (!t)
        return run_out(spec->report);
    t->model = spec->model;
    t->depth = spec->depth;
    t->is_inverted = spec->model == SCT_CMYK && spec->is_inverted;
    t->n_in = sct_model_components(spec->model);
    t->n_out = spec->model == SCT_GRAY ? 1 : 3;
    t->way = spec->model == SCT_CMYK ? INK : COPY;
    if (spec->icc) {
        const int status = create_by_profile(t, spec, spec->report);
        if (status != SCT_OK) {
            sct_icc_transform_free(t);
            return status;
        }
    }
    *out = t;
    return SCT_OK;
}

void sct_icc_transform_free(sct_icc_transform *t)
{
    if (!t)
        return;
    sct_lcms_close(t->lcms);
    sct_mem_free(t->memory);
    sct_mem_free(t);
}

int sct_icc_transform_rows_out(const sct_icc_transform *t)
{
    return t->n_out;
}

/* -- running: each way once for uint8_t and once for uint16_t -- */

#define DEFINE_WAYS(bits, sample, wide)                                                  \
    static void run_ink_##bits(const sct_icc_transform *t, const void *const *in,        \
                               void *const *out, int width)                              \
    {                                                                                    \
        const wide max = ((wide)1 << (bits)) - 1;                                        \
        const wide flip = t->is_inverted ? 0 : max;                                      \
        const sample *k = in[3];                                                         \
        for (int ci = 0; ci < 3; ci++) {                                                 \
            const sample *from = in[ci];                                                 \
            sample *to = out[ci];                                                        \
            for (int x = 0; x < width; x++)                                              \
                to[x] = (sample)(((from[x] ^ flip) * (k[x] ^ flip) + max / 2) / max);    \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void run_shaper_##bits(const sct_icc_transform *t, const void *const *in,     \
                                  void *const *out, int width)                           \
    {                                                                                    \
        const float max = (float)((1 << (bits)) - 1);                                    \
        const float(*m)[3] = t->matrix;                                                  \
        const sample *r = in[0], *g = in[1], *b = in[2];                                 \
        sample *to[3] = {out[0], out[1], out[2]};                                        \
        for (int x = 0; x < width; x++) {                                                \
            const float lr = t->curves[0][r[x]];                                         \
            const float lg = t->curves[1][g[x]];                                         \
            const float lb = t->curves[2][b[x]];                                         \
            for (int i = 0; i < 3; i++) {                                                \
                const float linear = m[i][0] * lr + m[i][1] * lg + m[i][2] * lb;         \
                to[i][x] = (sample)(encode_linear(t->encode, linear) * max + 0.5f);      \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void run_gray_##bits(const sct_icc_transform *t, const void *const *in,       \
                                void *const *out, int width)                             \
    {                                                                                    \
        const sample *from = in[0];                                                      \
        sample *to = out[0];                                                             \
        for (int x = 0; x < width; x++)                                                  \
            to[x] = (sample)t->gray[from[x]];                                            \
    }                                                                                    \
                                                                                         \
    static void run_tables_##bits(sct_icc_transform *t, const void *const *in,           \
                                  void *const *out, int width)                           \
    {                                                                                    \
        const sample flip = (sample)(t->is_inverted ? (1 << (bits)) - 1 : 0);            \
        sample *chunky_in = t->piece_in.u##bits, *chunky_out = t->piece_out.u##bits;     \
        for (int x0 = 0; x0 < width; x0 += PIECE) {                                      \
            const int n = sct_min(PIECE, width - x0);                                    \
            for (int ci = 0; ci < t->n_in; ci++) {                                       \
                const sample *from = (const sample *)in[ci] + x0;                        \
                for (int x = 0; x < n; x++)                                              \
                    chunky_in[x * t->n_in + ci] = (sample)(from[x] ^ flip);              \
            }                                                                            \
            sct_lcms_run(t->lcms, chunky_in, chunky_out, n);                             \
            for (int ci = 0; ci < t->n_out; ci++) {                                      \
                sample *to = (sample *)out[ci] + x0;                                     \
                for (int x = 0; x < n; x++)                                              \
                    to[x] = chunky_out[x * t->n_out + ci];                               \
            }                                                                            \
        }                                                                                \
    }

DEFINE_WAYS(8, uint8_t, uint32_t)
DEFINE_WAYS(16, uint16_t, uint32_t)

void sct_icc_transform_run(sct_icc_transform *t, const void *const rows_in[4],
                           void *const rows_out[3], int width)
{
    assert(width >= 0);
    const int is_8 = t->depth == 8;
    switch (t->way) {
    case COPY:
        for (int ci = 0; ci < t->n_in; ci++)
            if (rows_out[ci] != rows_in[ci])
                memcpy(rows_out[ci], rows_in[ci], (size_t)width * (is_8 ? 1 : 2));
        break;
    case INK: (is_8 ? run_ink_8 : run_ink_16)(t, rows_in, rows_out, width); break;
    case SHAPER:
        if (t->model == SCT_GRAY)
            (is_8 ? run_gray_8 : run_gray_16)(t, rows_in, rows_out, width);
        else
            (is_8 ? run_shaper_8 : run_shaper_16)(t, rows_in, rows_out, width);
        break;
    case TABLES:
        (is_8 ? run_tables_8 : run_tables_16)(t, rows_in, rows_out, width);
        break;
    }
}

/* -- questions -- */

int sct_icc_check(const uint8_t *icc, size_t icc_bytes, enum sct_model model,
                  struct sct_report *report)
{
    struct sct_report own = {.message = ""};
    int status = check_structure(icc, icc_bytes, &own);
    if (status == SCT_OK)
        status = check_model(icc, model, &own);
    if (status == SCT_OK && sct_icc_version()[0]) {
        /* Whether the tags are there and make sense is seen by converting a pixel's worth. */
        sct_icc_transform *t;
        const struct sct_icc_spec spec = {.icc = icc,
                                          .icc_bytes = icc_bytes,
                                          .model = model == SCT_YCC    ? SCT_RGB
                                                   : model == SCT_YCCK ? SCT_CMYK
                                                                       : model,
                                          .depth = 8,
                                          .n_pixels = 1,
                                          .report = &own};
        status = sct_icc_transform_create(&t, &spec);
        sct_icc_transform_free(t);
    }
    if (status == SCT_ERR_MEMORY)
        return sct_report_fail(report, status, "%s", own.message);
    if (status != SCT_OK)
        sct_report_warn(report, "%s", own.message);
    return status;
}

int sct_icc_is_srgb(const uint8_t *icc, size_t icc_bytes)
{
    enum { N = 17, STEP = 15 };
    if (!icc || icc_bytes < HEADER_BYTES)
        return 0;
    sct_icc_transform *t;
    const int is_gray = is_one_of(icc + 16, "GRAY");
    const struct sct_icc_spec spec = {.icc = icc,
                                      .icc_bytes = icc_bytes,
                                      .model = is_gray ? SCT_GRAY : SCT_RGB,
                                      .depth = 8,
                                      .n_pixels = 256 + N * N * N};
    if (sct_icc_transform_create(&t, &spec) != SCT_OK)
        return 0;
    int is_srgb = 1;
    for (int row = 0; is_srgb && row < (is_gray ? 1 : 1 + N * N); row++) {
        uint8_t in[3][256], out[3][256];
        const int width = row ? N : 256;
        for (int x = 0; x < width; x++)
            for (int ci = 0; ci < 3; ci++)
                in[ci][x] = (uint8_t)(!row      ? x
                                      : ci == 0 ? x * STEP
                                      : ci == 1 ? (row - 1) % N * STEP
                                                : (row - 1) / N * STEP);
        sct_icc_transform_run(t, (const void *const[4]){in[0], in[1], in[2], NULL},
                              (void *const[3]){out[0], out[1], out[2]}, width);
        for (int ci = 0; ci < t->n_out; ci++)
            for (int x = 0; x < width; x++)
                is_srgb &= out[ci][x] - in[ci][x] <= 1 && in[ci][x] - out[ci][x] <= 1;
    }
    sct_icc_transform_free(t);
    return is_srgb;
}
