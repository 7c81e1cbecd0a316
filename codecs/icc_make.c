/* Writes ICC profiles of a matrix and a curve (ICC.1:2010, that is version 4.3; what is used here
 * is the same since 4.0).
 *
 *     header, 128 bytes | number of tags | signature, offset, size of each | their data
 *
 * 1. All numbers are big-endian, all data starts on 4 bytes, offsets count from the header.
 * 2. The date is fixed and there is no profile ID: the same input gives the same bytes.
 * 3. Everything fits in `struct writer`: the longest profile has about 700 bytes. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "icc.h"
#include "icc_math.h"
#include "mem.h"

/* A parametricCurveType (10.18): type 0 is y = x^g; type 3 y = (a x + b)^g for x >= d, else
 * c x. Only the first n_parameters are written: g, a, b, c, d. */
struct curve {
    int type, n_parameters;
    double parameter[5];
};

static const struct curve curve_srgb = {
    3, 5, {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}};

/* H.273, transfer 1, the other way round, with the exact alpha and beta of its table. */
static const struct curve curve_bt709 = {3,
                                         5,
                                         {1 / 0.45, 1 / 1.099296826809442,
                                          0.099296826809442 / 1.099296826809442, 1 / 4.5,
                                          4.5 * 0.018053968510807}};

enum { MAX_PROFILE_BYTES = 1024, MAX_TAGS = 10, HEADER_BYTES = 128 };

struct writer {
    uint8_t bytes[MAX_PROFILE_BYTES];
    size_t n;
    int n_tags, i_tag;
};

static void put_u32_at(struct writer *w, size_t at, uint32_t value)
{
    assert(at + 4 <= sizeof w->bytes);
    for (int i = 0; i < 4; i++)
        w->bytes[at + (size_t)i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_u32(struct writer *w, uint32_t value)
{
    put_u32_at(w, w->n, value);
    w->n += 4;
}

static void put_name(struct writer *w, const char signature[4])
{
    assert(w->n + 4 <= sizeof w->bytes);
    memcpy(w->bytes + w->n, signature, 4);
    w->n += 4;
}

static void put_fixed(struct writer *w, double value) /* s15Fixed16 */
{
    put_u32(w, (uint32_t)(int32_t)lround(value * 65536));
}

static void begin(struct writer *w, const char space[4], int n_tags)
{
    memset(w, 0, sizeof *w);
    w->n_tags = n_tags;
    put_u32_at(w, 8, 0x04300000); /* version 4.3 */
    memcpy(w->bytes + 12, "mntr", 4);
    memcpy(w->bytes + 16, space, 4);
    memcpy(w->bytes + 20, "XYZ ", 4);
    put_u32_at(w, 24, 2000u << 16 | 1); /* 2000-01-01, 00:00:00 */
    put_u32_at(w, 28, 1u << 16);
    memcpy(w->bytes + 36, "acsp", 4);
    w->n = 68; /* D50 as the standard spells it */
    put_u32(w, 0xF6D6);
    put_u32(w, 0x10000);
    put_u32(w, 0xD32D);
    put_u32_at(w, HEADER_BYTES, (uint32_t)n_tags);
    w->n = HEADER_BYTES + 4 + 12 * (size_t)n_tags;
}

/* Names the data from `start` to the end a tag, and pads it. */
static void add_tag(struct writer *w, const char signature[4], size_t start, size_t size)
{
    const size_t entry = HEADER_BYTES + 4 + 12 * (size_t)w->i_tag++;
    assert(w->i_tag <= w->n_tags);
    memcpy(w->bytes + entry, signature, 4);
    put_u32_at(w, entry + 4, (uint32_t)start);
    put_u32_at(w, entry + 8, (uint32_t)size);
    w->n = (w->n + 3) & ~(size_t)3;
}

static void add_text(struct writer *w, const char signature[4], const char *ascii)
{
    const size_t start = w->n, length = strlen(ascii);
    put_name(w, "mluc");
    put_u32(w, 0);
    put_u32(w, 1);
    put_u32(w, 12);
    put_name(w, "enUS");
    put_u32(w, (uint32_t)(2 * length));
    put_u32(w, 28);
    assert(w->n + 2 * length <= sizeof w->bytes);
    for (size_t i = 0; i < length; i++, w->n += 2)
        w->bytes[w->n + 1] = (uint8_t)ascii[i];
    add_tag(w, signature, start, w->n - start);
}

static void add_xyz(struct writer *w, const char signature[4], double x, double y,
                    double z)
{
    const size_t start = w->n;
    put_name(w, "XYZ ");
    put_u32(w, 0);
    put_fixed(w, x);
    put_fixed(w, y);
    put_fixed(w, z);
    add_tag(w, signature, start, w->n - start);
}

static void add_adaptation(struct writer *w, const struct sct_mat3 *m)
{
    const size_t start = w->n;
    put_name(w, "sf32");
    put_u32(w, 0);
    for (int i = 0; i < 9; i++)
        put_fixed(w, m->at[i / 3][i % 3]);
    add_tag(w, "chad", start, w->n - start);
}

/* One curve under each of n names. */
static void add_curve(struct writer *w, const char (*signatures)[5], int n,
                      const struct curve *curve)
{
    const size_t start = w->n;
    put_name(w, "para");
    put_u32(w, 0);
    put_u32(w, (uint32_t)curve->type << 16);
    for (int i = 0; i < curve->n_parameters; i++)
        put_fixed(w, curve->parameter[i]);
    const size_t size = w->n - start;
    for (int i = 0; i < n; i++)
        add_tag(w, signatures[i], start, size);
}

static int make(uint8_t **icc, size_t *icc_bytes, enum sct_model model, const char *name,
                const struct sct_primaries *primaries, const struct curve *curve,
                struct sct_report *report)
{
    struct sct_mat3 xyz, adaptation;
    struct writer w;
    if (sct_primaries_matrix(&xyz, primaries) ||
        sct_primaries_adaptation(&adaptation, primaries))
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "the chromaticities describe no colour space");
    if (model == SCT_GRAY) {
        begin(&w, "GRAY", 4);
        add_curve(&w, (const char[1][5]){"kTRC"}, 1, curve);
    } else {
        begin(&w, "RGB ", 10);
        add_xyz(&w, "rXYZ", xyz.at[0][0], xyz.at[1][0], xyz.at[2][0]);
        add_xyz(&w, "gXYZ", xyz.at[0][1], xyz.at[1][1], xyz.at[2][1]);
        add_xyz(&w, "bXYZ", xyz.at[0][2], xyz.at[1][2], xyz.at[2][2]);
        add_curve(&w, (const char[3][5]){"rTRC", "gTRC", "bTRC"}, 3, curve);
        add_adaptation(&w, &adaptation);
    }
    add_xyz(&w, "wtpt", sct_icc_d50[0], sct_icc_d50[1], sct_icc_d50[2]);
    add_text(&w, "desc", name);
    add_text(&w, "cprt", "No copyright, use freely");
    assert(w.i_tag == w.n_tags);
    put_u32_at(&w, 0, (uint32_t)w.n);

    uint8_t *copy = sct_mem_alloc(w.n);
    if (!copy)
        return sct_report_fail(report, SCT_ERR_MEMORY,
                               "there is no memory for an ICC profile");
    memcpy(copy, w.bytes, w.n);
    *icc = copy;
    *icc_bytes = w.n;
    return SCT_OK;
}

static int is_near(const struct sct_primaries *a, const struct sct_primaries *b,
                   double delta)
{
    for (int i = 0; i < 8; i++)
        if (!(fabs(a->xy[i / 2][i % 2] - b->xy[i / 2][i % 2]) <= delta))
            return 0;
    return 1;
}

int sct_icc_make_png(uint8_t **icc, size_t *icc_bytes, enum sct_model model,
                     uint32_t gamma, const int32_t *chromaticities,
                     struct sct_report *report)
{
    struct sct_primaries primaries = sct_primaries_bt709;
    struct curve curve = curve_srgb;
    char name[64];
    *icc = NULL;
    *icc_bytes = 0;
    if (gamma && (gamma < 10000 || gamma > 1000000))
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "a gAMA of %u is outside 10000 to 1000000",
                               (unsigned)gamma);
    if (chromaticities)
        for (int i = 0; i < 8; i++)
            primaries.xy[i / 2][i % 2] = chromaticities[i] / 1e5;
    /* The tolerance is below what tells BT.601's primaries from BT.709's. A gray picture has
     * no primaries. */
    const int is_near_bt709 =
        model == SCT_GRAY || is_near(&primaries, &sct_primaries_bt709, 0.005);
    const int is_near_srgb = !gamma || (gamma >= 45000 && gamma <= 45910);
    if (is_near_bt709 && is_near_srgb)
        return SCT_OK;
    if (!is_near_srgb)
        curve = (struct curve){0, 1, {1e5 / gamma}};
    if (gamma)
        snprintf(name, sizeof name, "gAMA %.5f%s", gamma / 1e5,
                 is_near_bt709 ? "" : ", cHRM");
    else
        snprintf(name, sizeof name, "cHRM");
    return make(icc, icc_bytes, model, name,
                model == SCT_GRAY ? &sct_primaries_bt709 : &primaries, &curve, report);
}

/* H.273, table 2. */
static int find_primaries(struct sct_primaries *p, int code)
{
    static const struct {
        int code;
        struct sct_primaries primaries;
    } table[] = {
        /* clang-format off */
        {4, {{{0.310, 0.316}, {0.67, 0.33}, {0.21, 0.71}, {0.14, 0.08}}}},
        {5, {{{0.3127, 0.3290}, {0.64, 0.33}, {0.29, 0.60}, {0.15, 0.06}}}},
        {6, {{{0.3127, 0.3290}, {0.630, 0.340}, {0.310, 0.595}, {0.155, 0.070}}}},
        {7, {{{0.3127, 0.3290}, {0.630, 0.340}, {0.310, 0.595}, {0.155, 0.070}}}},
        {8, {{{0.310, 0.316}, {0.681, 0.319}, {0.243, 0.692}, {0.145, 0.049}}}},
        {9, {{{0.3127, 0.3290}, {0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}}},
        {11, {{{0.314, 0.351}, {0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}}},
        {12, {{{0.3127, 0.3290}, {0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}}},
        {22, {{{0.3127, 0.3290}, {0.630, 0.340}, {0.295, 0.605}, {0.155, 0.077}}}},
        /* clang-format on */
    };
    *p = sct_primaries_bt709;
    if (code == 1 || code == 2)
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code) {
            *p = table[i].primaries;
            return 0;
        }
    return -1;
}

/* H.273, table 3. */
static int find_curve(struct curve *c, int code)
{
    switch (code) {
    case 2:
    case 13: *c = curve_srgb; return 0;
    case 1:
    case 6:
    case 14:
    case 15: *c = curve_bt709; return 0;
    case 4: *c = (struct curve){0, 1, {2.2}}; return 0;
    case 5: *c = (struct curve){0, 1, {2.8}}; return 0;
    case 8: *c = (struct curve){0, 1, {1}}; return 0;
    default: return -1;
    }
}

int sct_icc_make_cicp(uint8_t **icc, size_t *icc_bytes, enum sct_model model,
                      int primaries, int transfer, struct sct_report *report)
{
    struct sct_primaries p;
    struct curve curve;
    char name[64];
    *icc = NULL;
    *icc_bytes = 0;
    if (transfer == 16 || transfer == 18)
        return sct_report_fail(
            report, SCT_ERR_UNSUPPORTED,
            "%s (H.273 transfer %d) is a picture of high dynamic range",
            transfer == 16 ? "PQ" : "HLG", transfer);
    if (find_curve(&curve, transfer))
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED, "H.273 transfer %d",
                               transfer);
    if (find_primaries(&p, primaries))
        return sct_report_fail(report, SCT_ERR_UNSUPPORTED, "H.273 colour primaries %d",
                               primaries);
    if (model == SCT_GRAY)
        p = sct_primaries_bt709;
    if ((transfer == 13 || transfer == 2) && is_near(&p, &sct_primaries_bt709, 0))
        return SCT_OK;
    if (primaries == 12 && transfer == 13 && model != SCT_GRAY)
        snprintf(name, sizeof name, "Display P3");
    else
        snprintf(name, sizeof name, "H.273 primaries %d, transfer %d", primaries,
                 transfer);
    return make(icc, icc_bytes, model, name, &p, &curve, report);
}
