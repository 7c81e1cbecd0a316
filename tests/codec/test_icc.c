/* ICC: profiles that we make, profiles that Little CMS makes, and broken ones, against formulas in
 * double precision that are written down here once more.
 *
 * Photographs, where there are some, say whether the sRGB that cameras embed is recognised. */
#include "codec_test.h"

#include <math.h>

#include "decoder.h"
#include "fail_alloc.h"
#include "icc.h"
#include "mem.h"

#ifdef SCT_HAVE_ICC
#include <lcms2.h>
#endif

static uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525u + 1013904223u;
}

/* ---- profiles ---------------------------------------------------------------------- */

/* Copies to a malloc of exactly that size: the sanitizer guards its end. */
static struct bytes take(uint8_t *icc, size_t n)
{
    struct bytes b = {malloc(n ? n : 1), n};
    assert_non_null(b.data);
    if (n)
        memcpy(b.data, icc, n);
    sct_mem_free(icc);
    return b;
}

static struct bytes make_cicp(enum sct_model model, int primaries, int transfer)
{
    struct sct_report report = {.message = ""};
    uint8_t *icc;
    size_t n;
    assert_int_equal(sct_icc_make_cicp(&icc, &n, model, primaries, transfer, &report),
                     SCT_OK);
    assert_string_equal(report.message, "");
    return take(icc, n);
}

static struct bytes make_png(enum sct_model model, uint32_t gamma,
                             const int32_t *chromaticities)
{
    uint8_t *icc;
    size_t n;
    assert_int_equal(sct_icc_make_png(&icc, &n, model, gamma, chromaticities, NULL),
                     SCT_OK);
    return take(icc, n);
}

static void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static const int32_t adobe_rgb[8] = {31270, 32900, 64000, 33000,
                                     21000, 71000, 15000, 6000};

/* ---- transforms -------------------------------------------------------------------- */

static sct_icc_transform *create(const struct bytes *icc, enum sct_model model, int depth,
                                 int is_inverted, int64_t n_pixels)
{
    struct sct_report report = {.message = ""};
    const struct sct_icc_spec spec = {.icc = icc ? icc->data : NULL,
                                      .icc_bytes = icc ? icc->size : 0,
                                      .model = model,
                                      .is_inverted = is_inverted,
                                      .depth = depth,
                                      .n_pixels = n_pixels,
                                      .report = &report};
    sct_icc_transform *t;
    if (sct_icc_transform_create(&t, &spec) != SCT_OK)
        fail_msg("no transform: %s", report.message);
    return t;
}

/* One pixel. */
static void convert(sct_icc_transform *t, int depth, const int in[4], int out[3])
{
    uint8_t in8[4], out8[3] = {0, 0, 0};
    uint16_t in16[4], out16[3] = {0, 0, 0};
    const void *rows_in[4];
    void *rows_out[3];
    for (int i = 0; i < 4; i++) {
        in8[i] = (uint8_t)in[i];
        in16[i] = (uint16_t)in[i];
        rows_in[i] = depth == 8 ? (const void *)&in8[i] : &in16[i];
    }
    for (int i = 0; i < 3; i++)
        rows_out[i] = depth == 8 ? (void *)&out8[i] : &out16[i];
    sct_icc_transform_run(t, rows_in, rows_out, 1);
    for (int i = 0; i < 3; i++)
        out[i] = depth == 8 ? out8[i] : out16[i];
}

/* ---- what works in every build ----------------------------------------------------- */

static void without_a_profile_gray_and_rgb_are_copied(void **state)
{
    (void)state;
    static const uint16_t in[3][5] = {
        {0, 1, 40000, 65534, 65535}, {5, 4, 3, 2, 1}, {9, 8, 7, 6, 5}};
    for (int depth = 8; depth <= 16; depth += 8)
        for (int is_rgb = 0; is_rgb < 2; is_rgb++) {
            uint16_t out[3][5];
            memset(out, 0x55, sizeof out);
            sct_icc_transform *t = create(NULL, is_rgb ? SCT_RGB : SCT_GRAY, depth, 0, 0);
            assert_int_equal(sct_icc_transform_rows_out(t), is_rgb ? 3 : 1);
            sct_icc_transform_run(t, (const void *const[4]){in[0], in[1], in[2], NULL},
                                  (void *const[3]){out[0], out[1], out[2]}, 5);
            for (int ci = 0; ci < (is_rgb ? 3 : 1); ci++)
                assert_memory_equal(out[ci], in[ci], depth == 8 ? 5 : 10);
            assert_int_equal(((uint8_t *)out[0])[depth == 8 ? 5 : 9],
                             depth == 8 ? 0x55 : 0xFF);
            sct_icc_transform_free(t);
        }
}

static void without_a_profile_ink_multiplies(void **state)
{
    (void)state;
    for (int is_inverted = 0; is_inverted < 2; is_inverted++) {
        sct_icc_transform *t = create(NULL, SCT_CMYK, 8, is_inverted, 0);
        for (int c = 0; c < 256; c++)
            for (int k = 0; k < 256; k++) {
                const int ink[4] = {c, 255 - c, 0, k};
                int in[4], out[3];
                for (int i = 0; i < 4; i++)
                    in[i] = is_inverted ? 255 - ink[i] : ink[i];
                convert(t, 8, in, out);
                for (int i = 0; i < 3; i++)
                    assert_int_equal(out[i], lround((255 - ink[i]) * (255 - k) / 255.0));
            }
        sct_icc_transform_free(t);

        t = create(NULL, SCT_CMYK, 16, is_inverted, 0);
        uint32_t random = 3;
        for (int n = 0; n < 100000; n++) {
            int ink[4], in[4], out[3];
            for (int i = 0; i < 4; i++) {
                ink[i] =
                    n < 16 ? 65535 * (n >> i & 1) : (int)(next_random(&random) >> 16);
                in[i] = is_inverted ? 65535 - ink[i] : ink[i];
            }
            convert(t, 16, in, out);
            for (int i = 0; i < 3; i++)
                assert_int_equal(
                    out[i], lround((65535.0 - ink[i]) * (65535.0 - ink[3]) / 65535.0));
        }
        sct_icc_transform_free(t);
    }
}

static void other_models_and_depths_are_refused(void **state)
{
    (void)state;
    static const struct sct_icc_spec wrong[] = {{.model = SCT_YCC, .depth = 8},
                                                {.model = SCT_YCCK, .depth = 8},
                                                {.model = SCT_RGB, .depth = 12},
                                                {.model = SCT_GRAY, .depth = 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sct_report report = {.message = ""};
        struct sct_icc_spec spec = wrong[i];
        spec.report = &report;
        sct_icc_transform *t = (sct_icc_transform *)&spec;
        assert_int_equal(sct_icc_transform_create(&t, &spec), SCT_ERR_ARGUMENT);
        assert_null(t);
        assert_true(report.message[0]);
    }
    sct_icc_transform_free(NULL);
}

static void profiles_fit_their_models(void **state)
{
    (void)state;
    struct bytes rgb = make_cicp(SCT_RGB, 12, 13), gray = make_cicp(SCT_GRAY, 12, 4);
    struct bytes cmyk = make_cicp(SCT_RGB, 12, 13);
    memcpy(cmyk.data + 16, "CMYK", 4);
    for (int model = SCT_GRAY; model <= SCT_YCCK; model++) {
        struct sct_report report = {.message = ""};
        const int wants_rgb = model == SCT_RGB || model == SCT_YCC;
        assert_int_equal(
            sct_icc_check(rgb.data, rgb.size, (enum sct_model)model, &report),
            wants_rgb ? SCT_OK : SCT_ERR_UNSUPPORTED);
        assert_int_equal(report.n_warnings, !wants_rgb);
        assert_int_equal(
            sct_icc_check(gray.data, gray.size, (enum sct_model)model, &report),
            model == SCT_GRAY ? SCT_OK : SCT_ERR_UNSUPPORTED);
        if (model == SCT_GRAY || wants_rgb)
            assert_int_equal(
                sct_icc_check(cmyk.data, cmyk.size, (enum sct_model)model, &report),
                SCT_ERR_UNSUPPORTED);
        assert_string_equal(report.message, "");
    }
    struct sct_report report = {.message = ""};
    assert_int_equal(sct_icc_check(rgb.data, rgb.size, SCT_GRAY, &report),
                     SCT_ERR_UNSUPPORTED);
    assert_string_equal(report.warning,
                        "the ICC profile is for RGB, and the picture is gray");
    bytes_free(&rgb);
    bytes_free(&gray);
    bytes_free(&cmyk);
}

static void what_is_no_profile_is_refused(void **state)
{
    (void)state;
    struct bytes p = make_cicp(SCT_RGB, 12, 13);
    const struct {
        size_t at;
        uint32_t value;
        int status;
    } cases[] = {
        {0, 0xFFFFFFFF, SCT_ERR_CORRUPT},                 /* size */
        {0, 100, SCT_ERR_CORRUPT},                        /* size */
        {36, 0, SCT_ERR_CORRUPT},                         /* "acsp" */
        {12, 0x6C696E6B, SCT_ERR_UNSUPPORTED},            /* class "link" */
        {12, 0x6E6D636C, SCT_ERR_UNSUPPORTED},            /* class "nmcl" */
        {16, 0x4C616220, SCT_ERR_UNSUPPORTED},            /* "Lab " */
        {20, 0x52474220, SCT_ERR_CORRUPT},                /* connects to "RGB " */
        {128, 101, SCT_ERR_CORRUPT},                      /* tags */
        {128, 0x15555556, SCT_ERR_CORRUPT},               /* 12 times this wraps to 8 */
        {128 + 4 + 4, (uint32_t)p.size, SCT_ERR_CORRUPT}, /* a tag's offset */
        {128 + 4 + 8, 0xFFFFFFFF, SCT_ERR_CORRUPT},       /* and size */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sct_report report = {.message = ""};
        uint8_t before[4];
        memcpy(before, p.data + cases[i].at, 4);
        put_u32(p.data + cases[i].at, cases[i].value);
        assert_int_equal(sct_icc_check(p.data, p.size, SCT_RGB, &report),
                         cases[i].status);
        assert_int_equal(report.n_warnings, 1);
        assert_string_equal(report.message, "");
        memcpy(p.data + cases[i].at, before, 4);
    }
    struct sct_report report = {.message = ""};
    assert_int_equal(sct_icc_check(NULL, 0, SCT_RGB, &report), SCT_ERR_CORRUPT);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_RGB, &report), SCT_OK);
    assert_int_equal(report.n_warnings, 1);
    assert_int_equal(sct_icc_is_srgb(NULL, 0), 0);
    bytes_free(&p);

    uint8_t *large = calloc(SCT_ICC_MAX_BYTES + 1, 1);
    assert_non_null(large);
    assert_int_equal(sct_icc_check(large, SCT_ICC_MAX_BYTES + 1, SCT_RGB, NULL),
                     SCT_ERR_TOO_LARGE);
    free(large);
}

static void what_amounts_to_srgb_needs_no_profile(void **state)
{
    (void)state;
    static const int32_t srgb[8] = {31270, 32900, 64000, 33000,
                                    30000, 60000, 15000, 6000};
    static const int32_t rounded[8] = {31300, 32900, 64000, 33000,
                                       30000, 60000, 15000, 6000};
    static const uint32_t gammas[] = {0, 45000, 45454, 45455, 45800};
    for (size_t i = 0; i < sizeof gammas / sizeof gammas[0]; i++) {
        struct bytes none = make_png(SCT_RGB, gammas[i], NULL);
        assert_int_equal(none.size, 0);
        bytes_free(&none);
        none = make_png(SCT_RGB, gammas[i], srgb);
        assert_int_equal(none.size, 0);
        bytes_free(&none);
        none = make_png(SCT_RGB, gammas[i], rounded);
        assert_int_equal(none.size, 0);
        bytes_free(&none);
        none = make_png(SCT_GRAY, gammas[i], adobe_rgb); /* gray has no primaries */
        assert_int_equal(none.size, 0);
        bytes_free(&none);
        struct bytes some = make_png(SCT_RGB, gammas[i], adobe_rgb);
        assert_true(some.size > 0);
        bytes_free(&some);
    }
    for (int code = 1; code <= 2; code++)
        for (int transfer = 2; transfer <= 13; transfer += 11) {
            struct bytes none = make_cicp(SCT_RGB, code, transfer);
            assert_int_equal(none.size, 0);
            bytes_free(&none);
        }
    struct bytes none = make_cicp(SCT_GRAY, 12, 13);
    assert_int_equal(none.size, 0);
    bytes_free(&none);
}

static void what_cannot_be_a_profile_is_refused(void **state)
{
    (void)state;
    static const int32_t wrong[][8] = {
        {0, 0, 0, 0, 0, 0, 0, 0},
        {31270, 0, 64000, 33000, 30000, 60000, 15000, 6000},
        {31270, 32900, 64000, 33000, 64000, 33000, 15000, 6000}, /* a line */
        {60000, 39000, 64000, 33000, 30000, 60000, 15000, 6000}, /* white outside */
        {INT32_MAX, INT32_MAX, 64000, 33000, 30000, 60000, 15000, 6000},
        {31270, 32900, INT32_MIN, INT32_MAX, INT32_MAX, 0, -1, INT32_MIN}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sct_report report = {.message = ""};
        uint8_t *icc = (uint8_t *)&report;
        size_t n = 1;
        assert_int_equal(sct_icc_make_png(&icc, &n, SCT_RGB, 45455, wrong[i], &report),
                         SCT_ERR_CORRUPT);
        assert_null(icc);
        assert_int_equal(n, 0);
        assert_true(report.message[0]);
    }
    static const struct {
        int primaries, transfer;
        const char *message;
    } refused[] = {{9, 16, "PQ (H.273 transfer 16) is a picture of high dynamic range"},
                   {9, 18, "HLG (H.273 transfer 18) is a picture of high dynamic range"},
                   {1, 17, "H.273 transfer 17"},
                   {1, 0, "H.273 transfer 0"},
                   {1, -1, "H.273 transfer -1"},
                   {10, 13, "H.273 colour primaries 10"},
                   {0, 13, "H.273 colour primaries 0"}};
    uint8_t *icc;
    size_t n;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct sct_report report = {.message = ""};
        assert_int_equal(sct_icc_make_cicp(&icc, &n, SCT_RGB, refused[i].primaries,
                                           refused[i].transfer, &report),
                         SCT_ERR_UNSUPPORTED);
        assert_string_equal(report.message, refused[i].message);
    }
    assert_int_equal(sct_icc_make_png(&icc, &n, SCT_RGB, 9999, NULL, NULL),
                     SCT_ERR_CORRUPT);
    assert_int_equal(sct_icc_make_png(&icc, &n, SCT_RGB, UINT32_MAX, NULL, NULL),
                     SCT_ERR_CORRUPT);
}

static void no_memory_for_a_profile_is_told(void **state)
{
    (void)state;
    struct sct_report report = {.message = ""};
    uint8_t *icc;
    size_t n;
    failing_allocation = n_allocations = 0;
    assert_int_equal(sct_icc_make_cicp(&icc, &n, SCT_RGB, 12, 13, &report),
                     SCT_ERR_MEMORY);
    failing_allocation = -1;
    assert_null(icc);
    assert_true(report.message[0]);
}

#ifndef SCT_HAVE_ICC

static void without_little_cms_profiles_are_not_converted(void **state)
{
    (void)state;
    struct sct_report report = {.message = ""};
    struct bytes p = make_cicp(SCT_RGB, 12, 13);
    const struct sct_icc_spec spec = {.icc = p.data,
                                      .icc_bytes = p.size,
                                      .model = SCT_RGB,
                                      .depth = 8,
                                      .report = &report};
    sct_icc_transform *t;
    assert_string_equal(sct_icc_version(), "");
    assert_int_equal(sct_icc_transform_create(&t, &spec), SCT_ERR_UNSUPPORTED);
    assert_null(t);
    assert_non_null(strstr(report.message, "Little CMS"));
    assert_int_equal(sct_icc_is_srgb(p.data, p.size), 0);
    bytes_free(&p);
}

#else

/* ---- formulas ---------------------------------------------------------------------- */

static double encode(double linear)
{
    if (linear <= 0 || linear >= 1)
        return linear <= 0 ? 0 : 1;
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

static double decode(int transfer, double v)
{
    switch (transfer) {
    case 4: return pow(v, 2.2);
    case 5: return pow(v, 2.8);
    case 8: return v;
    case 13: return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    default: /* H.273 with its rounded constants, alpha 1.099 and beta 0.018 */
        return v < 0.081 ? v / 4.5 : pow((v + 0.099) / 1.099, 1 / 0.45);
    }
}

static const double identity[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

/* CSS Color 4: Display P3 to sRGB, linear light. */
static const double p3_to_srgb[3][3] = {
    {1.2249401762805598, -0.22494017628055996, 0},
    {-0.042056954709688163, 1.0420569547096881, 0},
    {-0.019637554590334432, -0.078636045550631889, 1.0982736001409663}};

/* ITU-R BT.2407, 2.2: BT.2020 to BT.709. */
static const double bt2020_to_srgb[3][3] = {
    {1.6605, -0.5876, -0.0728}, {-0.1246, 1.1329, -0.0083}, {-0.0182, -0.1006, 1.1187}};

/* Many colours through an RGB profile, against matrix and curve. `tolerance` is in levels, with
 * the half of one that rounding takes. Colorants are rounded to 1/65536: up to 8e-5 of linear
 * light, times 12.92 where sRGB is steepest, is a quarter of a level of 8 bits and 70 of 16. */
static void compare_rgb(const struct bytes *icc, int depth, const double m[3][3],
                        int transfer, double tolerance)
{
    const int max = (1 << depth) - 1;
    sct_icc_transform *t = create(icc, SCT_RGB, depth, 0, 0);
    uint32_t state = 7;
    assert_int_equal(sct_icc_transform_rows_out(t), 3);
    for (int i = 0; i < 20000; i++) {
        int in[4] = {0}, out[3];
        for (int ci = 0; ci < 3; ci++) {
            const int v = (int)(next_random(&state) >> (32 - depth));
            in[ci] = i < 3000 ? v >> (depth / 2) : v; /* dark ones first */
        }
        if (i <= max && i % 3 == 0)
            in[0] = in[1] = in[2] = max - i; /* white and grays */
        convert(t, depth, in, out);
        for (int ci = 0; ci < 3; ci++) {
            double linear = 0;
            for (int j = 0; j < 3; j++)
                linear += m[ci][j] * decode(transfer, (double)in[j] / max);
            const double wanted = encode(linear) * max;
            if (!(fabs(out[ci] - wanted) <= tolerance))
                fail_msg("component %d of %d %d %d is %d, not %.2f", ci, in[0], in[1],
                         in[2], out[ci], wanted);
        }
    }
    sct_icc_transform_free(t);
}

/* ---- profiles by Little CMS -------------------------------------------------------- */

static struct bytes save(cmsHPROFILE profile)
{
    cmsUInt32Number n = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &n));
    struct bytes b = {malloc(n), n};
    assert_non_null(b.data);
    assert_true(cmsSaveProfileToMem(profile, b.data, &n));
    cmsCloseProfile(profile);
    return b;
}

static struct bytes make_lcms_srgb(void)
{
    return save(cmsCreate_sRGBProfile());
}

/* Inks that multiply, and a black that is not quite black: what black point compensation is
 * for. */
static void mix_inks(double rgb[3], const double ink[4])
{
    for (int i = 0; i < 3; i++)
        rgb[i] = (1 - 0.9 * ink[i]) * (1 - 0.85 * ink[3]);
}

struct sampling {
    cmsHTRANSFORM to_lab;
    int is_cmyk;
};

static cmsInt32Number sample_lab(CMSREGISTER const cmsUInt16Number in[],
                                 CMSREGISTER cmsUInt16Number out[],
                                 CMSREGISTER void *cargo)
{
    const struct sampling *s = cargo;
    double device[4], rgb[3];
    cmsCIELab lab;
    for (int i = 0; i < (s->is_cmyk ? 4 : 3); i++)
        device[i] = in[i] / 65535.0;
    if (s->is_cmyk)
        mix_inks(rgb, device);
    else
        memcpy(rgb, device, sizeof rgb);
    cmsDoTransform(s->to_lab, rgb, &lab, 1);
    cmsFloat2LabEncodedV2(out, &lab);
    return 1;
}

/* A v2 profile that is a grid (mft2) to Lab: CMYK, the inks above; RGB, sRGB itself. */
static struct bytes make_tables(int is_cmyk, int n_grid)
{
    const cmsUInt32Number n_in = is_cmyk ? 4 : 3;
    cmsHPROFILE srgb = cmsCreate_sRGBProfile(), lab = cmsCreateLab4Profile(NULL);
    struct sampling s = {cmsCreateTransform(srgb, TYPE_RGB_DBL, lab, TYPE_Lab_DBL,
                                            INTENT_RELATIVE_COLORIMETRIC, 0),
                         is_cmyk};
    cmsHPROFILE p = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(p, 2.4);
    cmsSetDeviceClass(p, cmsSigOutputClass);
    cmsSetColorSpace(p, is_cmyk ? cmsSigCmykData : cmsSigRgbData);
    cmsSetPCS(p, cmsSigLabData);
    cmsToneCurve *line = cmsBuildGamma(NULL, 1), *lines[4] = {line, line, line, line};
    cmsStage *grid = cmsStageAllocCLut16bit(NULL, (cmsUInt32Number)n_grid, n_in, 3, NULL);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, n_in, 3);
    assert_true(cmsStageSampleCLut16bit(grid, sample_lab, &s, 0));
    cmsPipelineInsertStage(pipeline, cmsAT_END,
                           cmsStageAllocToneCurves(NULL, n_in, lines));
    cmsPipelineInsertStage(pipeline, cmsAT_END, grid);
    cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(NULL, 3, lines));
    assert_true(cmsWriteTag(p, cmsSigAToB0Tag, pipeline));
    assert_true(cmsWriteTag(p, cmsSigMediaWhitePointTag, cmsD50_XYZ()));
    cmsPipelineFree(pipeline);
    cmsFreeToneCurve(line);
    cmsDeleteTransform(s.to_lab);
    cmsCloseProfile(srgb);
    cmsCloseProfile(lab);
    return save(p);
}

/* A gray profile whose curve is of L*, not of Y. */
static struct bytes make_gray_lab(double gamma)
{
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    cmsHPROFILE p = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsSetPCS(p, cmsSigLabData);
    cmsFreeToneCurve(curve);
    return save(p);
}

static struct bytes make_photo_table(int n_entries) /* v2, tables of sRGB's curve */
{
    cmsUInt16Number values[4096];
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    for (int i = 0; i < n_entries; i++)
        values[i] =
            (cmsUInt16Number)lround(decode(13, (double)i / (n_entries - 1)) * 65535);
    cmsToneCurve *curve =
        cmsBuildTabulatedToneCurve16(NULL, (cmsUInt32Number)n_entries, values);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE p = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsSetProfileVersion(p, 2.1);
    cmsFreeToneCurve(curve);
    return save(p);
}

/* ---- conversions ------------------------------------------------------------------- */

static void the_version_is_known(void **state)
{
    (void)state;
    char wanted[16];
    const int version = cmsGetEncodedCMMversion();
    snprintf(wanted, sizeof wanted, "%d.%d", version / 1000, version / 10 % 100);
    assert_int_equal(strncmp(sct_icc_version(), wanted, strlen(wanted)), 0);
}

static void srgb_to_srgb_changes_nothing(void **state)
{
    (void)state;
    struct bytes profiles[] = {make_lcms_srgb(), make_photo_table(1024)};
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        compare_rgb(&profiles[i], 8, identity, 13, 0.51);
        compare_rgb(&profiles[i], 16, identity, 13, i ? 20 : 1.5); /* the table's */
        assert_int_equal(sct_icc_is_srgb(profiles[i].data, profiles[i].size), 1);
        bytes_free(&profiles[i]);
    }
    struct bytes tables = make_tables(0, 33);
    assert_int_equal(sct_icc_check(tables.data, tables.size, SCT_YCC, NULL), SCT_OK);
    compare_rgb(&tables, 8, identity, 13, 3);
    bytes_free(&tables);
}

static void display_p3_becomes_srgb(void **state)
{
    (void)state;
    struct bytes p = make_cicp(SCT_RGB, 12, 13);
    compare_rgb(&p, 8, p3_to_srgb, 13, 0.75);
    compare_rgb(&p, 16, p3_to_srgb, 13, 70);
    assert_int_equal(sct_icc_is_srgb(p.data, p.size), 0);
    bytes_free(&p);
}

static void bt2020_becomes_srgb(void **state)
{
    (void)state;
    static const int transfers[] = {1, 4, 8};
    for (size_t i = 0; i < sizeof transfers / sizeof transfers[0]; i++) {
        struct bytes p = make_cicp(SCT_RGB, 9, transfers[i]);
        /* The recommendation's matrix has four digits, times 12.92 in the dark. */
        compare_rgb(&p, 8, bt2020_to_srgb, transfers[i], 1);
        bytes_free(&p);
    }
}

static void all_curves_keep_grays_where_they_belong(void **state)
{
    (void)state;
    static const struct {
        int transfer;
        double tolerance; /* of 16 bits: the curve's parameters are rounded to 1/65536 */
    } cases[] = {{4, 2}, {5, 2}, {8, 1}, {1, 60}, {6, 60}, {14, 60}, {15, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes p = make_cicp(SCT_RGB, 1, cases[i].transfer);
        compare_rgb(&p, 8, identity, cases[i].transfer, 0.75);
        compare_rgb(&p, 16, identity, cases[i].transfer, cases[i].tolerance);
        bytes_free(&p);
        p = make_cicp(SCT_GRAY, 12, cases[i].transfer);
        assert_int_equal(sct_icc_check(p.data, p.size, SCT_GRAY, NULL), SCT_OK);
        assert_int_equal(sct_icc_is_srgb(p.data, p.size), 0);
        for (int depth = 8; depth <= 16; depth += 8) {
            const int max = (1 << depth) - 1;
            sct_icc_transform *t = create(&p, SCT_GRAY, depth, 0, 0);
            assert_int_equal(sct_icc_transform_rows_out(t), 1);
            for (int v = 0; v <= max; v += depth == 8 ? 1 : 7) {
                int out[3];
                convert(t, depth, (const int[4]){v, v, v, v}, out);
                const double wanted =
                    encode(decode(cases[i].transfer, (double)v / max)) * max;
                assert_true(fabs(out[0] - wanted) <=
                            (depth == 8 ? 0.75 : cases[i].tolerance));
            }
            sct_icc_transform_free(t);
        }
        bytes_free(&p);
    }
}

static void linear_light_of_16_bits_survives(void **state)
{
    (void)state;
    struct bytes p = make_png(SCT_RGB, 100000, NULL);
    sct_icc_transform *t = create(&p, SCT_RGB, 16, 0, 0);
    for (int v = 0; v < 65536; v++) {
        int out[3];
        convert(t, 16, (const int[4]){v, v, v, 0}, out);
        const double wanted = encode(v / 65535.0) * 65535;
        for (int ci = 0; ci < 3; ci++)
            assert_true(fabs(out[ci] - wanted) <= 1);
    }
    sct_icc_transform_free(t);
    bytes_free(&p);
}

/* Ours against the library's own evaluation, for primaries, whites and curves of all sorts. */
static void matrices_and_curves_agree_with_little_cms(void **state)
{
    (void)state;
    struct bytes profiles[] = {
        make_cicp(SCT_RGB, 4, 4),   make_cicp(SCT_RGB, 5, 13),
        make_cicp(SCT_RGB, 6, 1),   make_cicp(SCT_RGB, 8, 5),
        make_cicp(SCT_RGB, 11, 8),  make_cicp(SCT_RGB, 22, 13),
        make_cicp(SCT_RGB, 12, 13), make_png(SCT_RGB, 55556, adobe_rgb),
        make_photo_table(40)};
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        const struct bytes *p = &profiles[i];
        cmsHPROFILE theirs = cmsOpenProfileFromMem(p->data, (cmsUInt32Number)p->size);
        assert_non_null(theirs);
        cmsHTRANSFORM transform =
            cmsCreateTransform(theirs, TYPE_RGB_16, srgb, TYPE_RGB_16, INTENT_PERCEPTUAL,
                               cmsFLAGS_NOOPTIMIZE | cmsFLAGS_BLACKPOINTCOMPENSATION);
        assert_non_null(transform);
        sct_icc_transform *t = create(p, SCT_RGB, 16, 0, 0);
        uint32_t random = 5;
        for (int n = 0; n < 5000; n++) {
            int in[4] = {0}, out[3];
            cmsUInt16Number from[3], to[3];
            for (int ci = 0; ci < 3; ci++)
                from[ci] = (cmsUInt16Number)(in[ci] = (int)(next_random(&random) >> 16));
            convert(t, 16, in, out);
            cmsDoTransform(transform, from, to, 1);
            /* A tenth of a level of 8 bits: theirs inverts sRGB's curve by a table. The last
             * one has sRGB's primaries, up to rounding, which we take for exact. */
            for (int ci = 0; ci < 3; ci++)
                if (abs(out[ci] - to[ci]) > (i == 8 ? 70 : 26))
                    fail_msg("profile %zu: %d %d %d is %d in component %d, theirs %d", i,
                             in[0], in[1], in[2], out[ci], ci, to[ci]);
        }
        int white[3];
        convert(t, 16, (const int[4]){65535, 65535, 65535, 0}, white);
        for (int ci = 0; ci < 3; ci++)
            assert_int_equal(white[ci], 65535);
        sct_icc_transform_free(t);
        cmsDeleteTransform(transform);
        cmsCloseProfile(theirs);
        bytes_free(&profiles[i]);
    }
    cmsCloseProfile(srgb);
}

static void gray_by_lightness_becomes_srgb(void **state)
{
    (void)state;
    struct bytes p = make_gray_lab(1);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_GRAY, NULL), SCT_OK);
    for (int64_t n_pixels = 0; n_pixels < 2; n_pixels++)
        for (int depth = 8; depth <= 16; depth += 8) {
            const int max = (1 << depth) - 1;
            sct_icc_transform *t = create(&p, SCT_GRAY, depth, 0, n_pixels);
            for (int v = 0; v <= max; v += depth == 8 ? 1 : 257) {
                int out[3];
                const double l = 100.0 * v / max;
                const double y = l > 8 ? pow((l + 16) / 116, 3) : l * 27 / 24389;
                convert(t, depth, (const int[4]){v, 0, 0, 0}, out);
                assert_true(fabs(out[0] - encode(y) * max) <= (depth == 8 ? 1 : 200));
            }
            sct_icc_transform_free(t);
        }
    bytes_free(&p);
}

static void inks_of_a_profile_become_srgb(void **state)
{
    (void)state;
    static const struct {
        int ink[4];    /* of 255 */
        int wanted[3]; /* the model's sRGB, without black point compensation */
        int tolerance; /* what it moves, and what a grid of 13 does */
    } cases[] = {
        {{0, 0, 0, 0}, {255, 255, 255}, 1},   {{255, 0, 0, 0}, {26, 255, 255}, 26},
        {{0, 255, 0, 0}, {255, 26, 255}, 26}, {{0, 0, 255, 0}, {255, 255, 26}, 26},
        {{128, 0, 0, 0}, {140, 255, 255}, 8}, {{0, 0, 0, 128}, {146, 146, 146}, 10}};
    struct bytes p = make_tables(1, 13);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_CMYK, NULL), SCT_OK);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_YCCK, NULL), SCT_OK);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_RGB, NULL), SCT_ERR_UNSUPPORTED);
    assert_int_equal(sct_icc_is_srgb(p.data, p.size), 0);
    for (int64_t n_pixels = 0; n_pixels < 2; n_pixels++)
        for (int is_inverted = 0; is_inverted < 2; is_inverted++)
            for (int depth = 8; depth <= 16; depth += 8) {
                const int scale = depth == 8 ? 1 : 257, max = 255 * scale;
                sct_icc_transform *t = create(&p, SCT_CMYK, depth, is_inverted, n_pixels);
                int in[4], out[3];
                for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                    for (int ci = 0; ci < 4; ci++)
                        in[ci] = is_inverted ? max - cases[i].ink[ci] * scale
                                             : cases[i].ink[ci] * scale;
                    convert(t, depth, in, out);
                    for (int ci = 0; ci < 3; ci++)
                        if (abs(out[ci] - cases[i].wanted[ci] * scale) >
                            cases[i].tolerance * scale)
                            fail_msg("case %zu, component %d: %d of %d", i, ci, out[ci],
                                     max);
                }
                /* The darkest that these inks can do is 1.5 %, and comes out as black. */
                for (int ci = 0; ci < 4; ci++)
                    in[ci] = is_inverted ? 0 : max;
                convert(t, depth, in, out);
                for (int ci = 0; ci < 3; ci++)
                    assert_in_range(out[ci], 0, 2 * scale);
                sct_icc_transform_free(t);
            }
    bytes_free(&p);
}

static void a_grid_and_single_pixels_agree(void **state)
{
    (void)state;
    for (int is_cmyk = 0; is_cmyk < 2; is_cmyk++) {
        struct bytes p = make_tables(is_cmyk, is_cmyk ? 9 : 17);
        const enum sct_model model = is_cmyk ? SCT_CMYK : SCT_RGB;
        sct_icc_transform *grid = create(&p, model, 8, 0, SCT_ICC_FEW_PIXELS);
        sct_icc_transform *single = create(&p, model, 8, 0, SCT_ICC_FEW_PIXELS - 1);
        uint32_t random = 11;
        double sum = 0;
        for (int n = 0; n < 5000; n++) {
            int in[4], a[3], b[3];
            for (int ci = 0; ci < 4; ci++)
                in[ci] = (int)(next_random(&random) >> 24);
            convert(grid, 8, in, a);
            convert(single, 8, in, b);
            for (int ci = 0; ci < 3; ci++) {
                assert_true(abs(a[ci] - b[ci]) <= 12);
                sum += abs(a[ci] - b[ci]);
            }
        }
        assert_true(sum / 15000 < 1.5);
        sct_icc_transform_free(grid);
        sct_icc_transform_free(single);
        bytes_free(&p);
    }
}

static void only_srgb_is_srgb(void **state)
{
    (void)state;
    struct bytes yes[] = {make_lcms_srgb(), make_photo_table(4096),
                          make_photo_table(1024)};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        assert_int_equal(sct_icc_is_srgb(yes[i].data, yes[i].size), 1);
        bytes_free(&yes[i]);
    }
    struct bytes no[] = {make_cicp(SCT_RGB, 12, 13),
                         make_cicp(SCT_RGB, 9, 13),
                         make_cicp(SCT_RGB, 1, 1),
                         make_cicp(SCT_RGB, 1, 4),
                         make_cicp(SCT_RGB, 6, 13),
                         make_png(SCT_RGB, 100000, NULL),
                         make_png(SCT_RGB, 45455, adobe_rgb),
                         make_png(SCT_GRAY, 55556, NULL),
                         make_tables(1, 5)};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        assert_int_equal(sct_icc_is_srgb(no[i].data, no[i].size), 0);
        bytes_free(&no[i]);
    }
    cmsFloat64Number parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(NULL, 4, parameters);
    struct bytes gray = save(cmsCreateGrayProfile(cmsD50_xyY(), curve));
    cmsFreeToneCurve(curve);
    assert_int_equal(sct_icc_is_srgb(gray.data, gray.size), 1);
    bytes_free(&gray);
}

/* Any program may stand in those tags: they are not run, and their integer twins are. */
static void multi_process_elements_are_not_looked_at(void **state)
{
    (void)state;
    struct bytes p = make_cicp(SCT_RGB, 12, 13);
    int is_found = 0;
    for (size_t at = 132; at < 132 + 10 * 12; at += 12)
        if (!memcmp(p.data + at, "chad", 4)) {
            memcpy(p.data + at, "D2B0", 4);
            is_found = 1;
        }
    assert_true(is_found);
    compare_rgb(&p, 8, p3_to_srgb, 13, 0.75);
    bytes_free(&p);
}

static void profiles_that_we_make_are_always_the_same(void **state)
{
    (void)state;
    struct bytes a = make_cicp(SCT_RGB, 12, 13), b = make_cicp(SCT_RGB, 12, 13);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    cmsHPROFILE p = cmsOpenProfileFromMem(a.data, (cmsUInt32Number)a.size);
    char text[32];
    assert_non_null(p);
    assert_int_equal(cmsGetEncodedICCversion(p), 0x4300000);
    assert_true(
        cmsGetProfileInfoASCII(p, cmsInfoDescription, "en", "US", text, sizeof text) > 0);
    assert_string_equal(text, "Display P3");
    assert_non_null(cmsReadTag(p, cmsSigChromaticAdaptationTag));
    assert_non_null(cmsReadTag(p, cmsSigMediaWhitePointTag));
    assert_non_null(cmsReadTag(p, cmsSigCopyrightTag));
    cmsCloseProfile(p);
    bytes_free(&a);
    bytes_free(&b);
}

/* ---- rows -------------------------------------------------------------------------- */

/* Rows of every small width and around the size of a piece, each in a malloc of its own size;
 * the same pixels one by one; and in place. */
static void rows_are_exact(void **state)
{
    (void)state;
    static const int widths[] = {0, 1, 2, 3, 7, 17, 255, 256, 257, 511, 513, 1001};
    struct bytes profiles[] = {make_cicp(SCT_RGB, 12, 13), make_tables(0, 9),
                               make_tables(1, 5), make_cicp(SCT_GRAY, 1, 4),
                               make_gray_lab(1.2)};
    static const enum sct_model models[] = {SCT_RGB, SCT_RGB, SCT_CMYK, SCT_GRAY,
                                            SCT_GRAY};
    for (int i = 0; i < 8; i++)
        for (int depth = 8; depth <= 16; depth += 8) {
            const enum sct_model model =
                i < 5 ? models[i]
                      : (enum sct_model[]){SCT_GRAY, SCT_RGB, SCT_CMYK}[i - 5];
            sct_icc_transform *t =
                create(i < 5 ? &profiles[i] : NULL, model, depth, i % 2, 1);
            const int n_in = sct_model_components(model);
            const int n_out = sct_icc_transform_rows_out(t);
            for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                const size_t n = (size_t)widths[w] * (size_t)(depth / 8);
                uint8_t *in[4] = {NULL}, *out[3] = {NULL};
                uint32_t random = 9;
                for (int ci = 0; ci < n_in; ci++) {
                    in[ci] = malloc(n ? n : 1);
                    for (size_t x = 0; x < n; x++)
                        in[ci][x] = (uint8_t)(next_random(&random) >> 24);
                }
                for (int ci = 0; ci < n_out; ci++)
                    out[ci] = malloc(n ? n : 1);
                sct_icc_transform_run(t, (const void *const *)in, (void *const *)out,
                                      widths[w]);
                for (int x = 0; x < widths[w]; x += 5) {
                    int one[4] = {0}, wanted[3];
                    for (int ci = 0; ci < n_in; ci++)
                        one[ci] = depth == 8 ? in[ci][x] : ((uint16_t *)in[ci])[x];
                    convert(t, depth, one, wanted);
                    for (int ci = 0; ci < n_out; ci++)
                        assert_int_equal(depth == 8 ? out[ci][x]
                                                    : ((uint16_t *)out[ci])[x],
                                         wanted[ci]);
                }
                sct_icc_transform_run(t, (const void *const *)in, (void *const *)in,
                                      widths[w]);
                for (int ci = 0; ci < n_out; ci++)
                    assert_memory_equal(in[ci], out[ci], n);
                for (int ci = 0; ci < 4; ci++)
                    free(in[ci]);
                for (int ci = 0; ci < 3; ci++)
                    free(out[ci]);
            }
            sct_icc_transform_free(t);
        }
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        bytes_free(&profiles[i]);
}

/* ---- broken profiles --------------------------------------------------------------- */

/* Everything that can be asked of a profile; whatever it is, the answers agree. */
static int survive(const uint8_t *icc, size_t n, enum sct_model model)
{
    struct sct_report report = {.message = ""};
    const int status = sct_icc_check(icc, n, model, &report);
    assert_true(status <= 0);
    assert_int_equal(report.n_warnings, status != SCT_OK);
    assert_int_equal(report.warning[0] != 0, status != SCT_OK);
    assert_string_equal(report.message, "");
    const int is_srgb = sct_icc_is_srgb(icc, n);
    assert_in_range(is_srgb, 0, 1);
    const struct sct_icc_spec spec = {.icc = icc,
                                      .icc_bytes = n,
                                      .model = model,
                                      .depth = 8,
                                      .n_pixels = 1,
                                      .report = &report};
    sct_icc_transform *t;
    assert_int_equal(sct_icc_transform_create(&t, &spec), status);
    if (status != SCT_OK) {
        assert_null(t);
        assert_true(report.message[0]);
        return 0;
    }
    for (int v = 0; v < 256; v += 51) {
        int out[3];
        convert(t, 8, (const int[4]){v, 255 - v, v / 2, v / 3}, out);
    }
    sct_icc_transform_free(t);
    return 1;
}

static const enum sct_model base_models[] = {SCT_RGB,  SCT_RGB, SCT_GRAY,
                                             SCT_CMYK, SCT_RGB, SCT_GRAY};
enum { N_BASES = 6 };

static void make_bases(struct bytes bases[N_BASES])
{
    bases[0] = make_cicp(SCT_RGB, 12, 13);
    bases[1] = make_photo_table(40);
    bases[2] = make_cicp(SCT_GRAY, 1, 4);
    bases[3] = make_tables(1, 2);
    bases[4] = make_tables(0, 3);
    bases[5] = make_gray_lab(1.2);
}

static void truncated_profiles_are_survived(void **state)
{
    (void)state;
    struct bytes bases[N_BASES];
    make_bases(bases);
    for (int i = 0; i < N_BASES; i++) {
        assert_int_equal(survive(bases[i].data, bases[i].size, base_models[i]), 1);
        for (size_t n = 0; n < bases[i].size; n++) {
            uint8_t *copy = malloc(n ? n : 1);
            assert_non_null(copy);
            memcpy(copy, bases[i].data, n);
            assert_int_equal(survive(copy, n, base_models[i]), 0);
            if (n >= 132) { /* and with a header that does not give it away */
                put_u32(copy, (uint32_t)n);
                survive(copy, n, base_models[i]);
            }
            free(copy);
        }
        bytes_free(&bases[i]);
    }
}

static void flipped_profiles_are_survived(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 0x7F, 0xFF};
    const int is_quick = getenv("SCT_TEST_QUICK") != NULL;
    const int n_rounds = is_quick ? 100 : 700;
    struct bytes bases[N_BASES];
    uint32_t random = 20240607;
    int n_usable = 0;
    make_bases(bases);
    for (int i = 0; i < N_BASES; i++) {
        struct bytes *b = &bases[i];
        uint8_t *copy = malloc(b->size);
        assert_non_null(copy);
        for (size_t at = 0; at < b->size && at < 400; at += is_quick ? 7 : 1)
            for (size_t v = 0; v < sizeof values; v++) {
                memcpy(copy, b->data, b->size);
                copy[at] = values[v];
                n_usable += survive(copy, b->size, base_models[i]);
            }
        for (int n = 0; n < n_rounds; n++) {
            memcpy(copy, b->data, b->size);
            for (int k = (int)(next_random(&random) >> 30); k >= 0; k--) {
                /* mostly past the header, where the tags and their headers are */
                const size_t span = n % 2 && b->size > 700 ? 700 : b->size;
                const size_t at = 128 + next_random(&random) % (span - 128);
                copy[at] = (uint8_t)(next_random(&random) >> 24);
            }
            n_usable += survive(copy, b->size, base_models[i]);
        }
        free(copy);
        bytes_free(b);
    }
    assert_true(n_usable > 0);
}

/* ---- memory ------------------------------------------------------------------------ */

static void no_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    struct bytes bases[N_BASES];
    make_bases(bases);
    for (int i = 0; i < N_BASES; i++) {
        int status = SCT_ERR_MEMORY;
        for (int k = 0; status != SCT_OK; k++) {
            struct sct_report report = {.message = ""};
            const struct sct_icc_spec spec = {.icc = bases[i].data,
                                              .icc_bytes = bases[i].size,
                                              .model = base_models[i],
                                              .depth = 8,
                                              .n_pixels = 1,
                                              .report = &report};
            sct_icc_transform *t;
            assert_true(k < 5000);
            n_allocations = 0;
            failing_allocation = k;
            status = sct_icc_transform_create(&t, &spec);
            failing_allocation = -1;
            if (status == SCT_OK) {
                assert_true(n_allocations <= k);
                sct_icc_transform_free(t);
                break;
            }
            assert_int_equal(status, SCT_ERR_MEMORY);
            assert_null(t);
            assert_true(report.message[0]);
            n_allocations = 0;
            failing_allocation = k;
            report = (struct sct_report){.message = ""};
            const int checked =
                sct_icc_check(bases[i].data, bases[i].size, base_models[i], &report);
            failing_allocation = -1;
            assert_int_equal(checked, SCT_ERR_MEMORY);
            assert_true(report.message[0]);
            assert_int_equal(report.n_warnings, 0);
        }
        bytes_free(&bases[i]);
    }
}

/* CMYK by an mft1 of n_grid^4 nodes, all of them black. */
static struct bytes make_large_tables(size_t n_grid)
{
    enum { START = 176, HEADER = 48, TABLE = 256 };
    const size_t n_nodes = n_grid * n_grid * n_grid * n_grid;
    const size_t size = HEADER + 4 * TABLE + 3 * n_nodes + 3 * TABLE;
    struct bytes p = {calloc(START + size, 1), START + size};
    assert_non_null(p.data);
    put_u32(p.data, (uint32_t)p.size);
    put_u32(p.data + 8, 0x02400000);
    memcpy(p.data + 12, "prtrCMYKLab ", 12);
    memcpy(p.data + 36, "acsp", 4);
    put_u32(p.data + 128, 2);
    memcpy(p.data + 132, "A2B0", 4);
    put_u32(p.data + 136, START);
    put_u32(p.data + 140, (uint32_t)size);
    memcpy(p.data + 144, "wtpt", 4);
    put_u32(p.data + 148, 156);
    put_u32(p.data + 152, 20);
    memcpy(p.data + 156, "XYZ ", 4);
    for (size_t i = 0; i < 3; i++) { /* D50; the matrix is the identity */
        static const uint32_t d50[] = {0xF6D6, 0x10000, 0xD32D};
        put_u32(p.data + 68 + 4 * i, d50[i]);
        put_u32(p.data + 164 + 4 * i, d50[i]);
        put_u32(p.data + START + 12 + 16 * i, 0x10000);
    }
    memcpy(p.data + START, "mft1", 4);
    p.data[START + 8] = 4;
    p.data[START + 9] = 3;
    p.data[START + 10] = (uint8_t)n_grid;
    return p;
}

static void large_tables_keep_to_their_limit(void **state)
{
    (void)state;
    struct sct_report report = {.message = ""};
    struct bytes p = make_large_tables(20);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_CMYK, &report), SCT_OK);
    bytes_free(&p);
    p = make_large_tables(40);
    assert_int_equal(sct_icc_check(p.data, p.size, SCT_CMYK, &report), SCT_ERR_TOO_LARGE);
    assert_string_equal(report.warning,
                        "the ICC profile takes more than 64 MiB of memory");
    assert_string_equal(report.message, "");
    bytes_free(&p);
}

/* ---- photographs ------------------------------------------------------------------- */

static int n_profiles;

static void visit_photograph(const char *name, const struct bytes *file)
{
    struct piece_source source = {file->data, file->size, 0, 65536, 0};
    const struct sct_source s = {piece_read, &source};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct sct_picture picture;
    sct_decoder *decoder;
    assert_non_null(reader);
    sct_reader_init(reader, &s);
    const struct sct_decoder_spec spec = {.reader = reader};
    assert_int_equal(sct_jpeg_decoder.open(&decoder, &spec, &picture), SCT_OK);
    if (picture.icc) {
        const struct bytes icc = {(uint8_t *)(uintptr_t)picture.icc, picture.icc_bytes};
        const int is_srgb = sct_icc_is_srgb(icc.data, icc.size);
        print_message("%s: a profile, %ssRGB\n", name, is_srgb ? "" : "not ");
        assert_int_equal(sct_icc_check(icc.data, icc.size, picture.model, NULL), SCT_OK);
        if (bytes_contain(&icc, "sRGB IEC61966-2.1", 17))
            assert_int_equal(is_srgb, 1);
        n_profiles++;
    }
    sct_jpeg_decoder.close(decoder);
    free(reader);
}

static void what_cameras_call_srgb_is(void **state)
{
    (void)state;
    char folder[4096];
    const char *const unpacked = getenv("SCANTLING_PHOTOS");
    snprintf(folder, sizeof folder, "%s/../shared/photos", folder_from("SCT_SOURCE_DIR"));
    DIR *beside = opendir(folder);
    if (beside) {
        closedir(beside);
        for_each_jpeg(folder, visit_photograph);
    }
    if (unpacked)
        for_each_jpeg(unpacked, visit_photograph);
    if (!n_profiles)
        skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_profile_gray_and_rgb_are_copied),
        cmocka_unit_test(without_a_profile_ink_multiplies),
        cmocka_unit_test(other_models_and_depths_are_refused),
        cmocka_unit_test(profiles_fit_their_models),
        cmocka_unit_test(what_is_no_profile_is_refused),
        cmocka_unit_test(what_amounts_to_srgb_needs_no_profile),
        cmocka_unit_test(what_cannot_be_a_profile_is_refused),
        cmocka_unit_test(no_memory_for_a_profile_is_told),
#ifndef SCT_HAVE_ICC
        cmocka_unit_test(without_little_cms_profiles_are_not_converted),
#else
        cmocka_unit_test(the_version_is_known),
        cmocka_unit_test(srgb_to_srgb_changes_nothing),
        cmocka_unit_test(display_p3_becomes_srgb),
        cmocka_unit_test(bt2020_becomes_srgb),
        cmocka_unit_test(all_curves_keep_grays_where_they_belong),
        cmocka_unit_test(linear_light_of_16_bits_survives),
        cmocka_unit_test(matrices_and_curves_agree_with_little_cms),
        cmocka_unit_test(gray_by_lightness_becomes_srgb),
        cmocka_unit_test(inks_of_a_profile_become_srgb),
        cmocka_unit_test(a_grid_and_single_pixels_agree),
        cmocka_unit_test(only_srgb_is_srgb),
        cmocka_unit_test(multi_process_elements_are_not_looked_at),
        cmocka_unit_test(profiles_that_we_make_are_always_the_same),
        cmocka_unit_test(rows_are_exact),
        cmocka_unit_test(truncated_profiles_are_survived),
        cmocka_unit_test(flipped_profiles_are_survived),
        cmocka_unit_test(no_memory_is_told_and_leaks_nothing),
        cmocka_unit_test(large_tables_keep_to_their_limit),
        cmocka_unit_test(what_cameras_call_srgb_is),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
