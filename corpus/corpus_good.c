/* corpus_good.c: the undamaged JPEGs, family by family. README.md describes the families.
 *
 * File names are pattern_sampling_WxH, and what else is special:
 * natural_422_801x603_rst4.jpg.
 */
#include "corpus_families.h"

#include "corpus_jpeg.h"
#include "corpus_metadata.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct named_sampling {
    const char *name, *factors;
};

static const struct named_sampling common_samplings[6] = {
    {"444", "11-11-11"}, {"422", "21-11-11"}, {"420", "22-11-11"},
    {"440", "12-11-11"}, {"411", "41-11-11"}, {"410", "42-11-11"}};

struct size {
    int width, height;
};

static void save_recipe(const char *folder, const struct corpus_recipe *recipe,
                        const char *sampling, const char *suffix)
{
    char name[96];
    const struct corpus_picture *picture = &recipe->picture;
    snprintf(name, sizeof name, "%s_%s_%dx%d%s%s.jpg",
             corpus_pattern_name(picture->pattern), sampling, picture->width,
             picture->height, suffix[0] ? "_" : "", suffix);
    struct corpus_bytes jpeg = {0};
    corpus_jpeg_encode(&jpeg, recipe);
    corpus_bytes_save(&jpeg, folder, name);
    corpus_bytes_free(&jpeg);
}

/* Every common sampling, and gray, at sizes around block and MCU borders; the pattern and
 * the quality (30..98) vary along the way. */
static void write_sizes(const char *folder)
{
    static const struct size sizes[12] = {{1, 1},   {2, 1},   {1, 2},   {7, 9},
                                          {8, 8},   {9, 7},   {15, 17}, {16, 16},
                                          {17, 15}, {33, 31}, {63, 65}, {255, 257}};
    static const enum corpus_pattern patterns[5] = {
        CORPUS_RAMP, CORPUS_NATURAL, CORPUS_TEXT, CORPUS_ZONE, CORPUS_NOISE};
    for (size_t i = 0; i < LENGTH(sizes); i++)
        for (size_t s = 0; s <= LENGTH(common_samplings); s++) {
            int is_gray = s == LENGTH(common_samplings);
            const struct corpus_recipe recipe = {
                .picture = {patterns[(i + s) % LENGTH(patterns)], sizes[i].width,
                            sizes[i].height},
                .model = is_gray ? CORPUS_GRAY : CORPUS_YCBCR,
                .sampling = is_gray ? "11" : common_samplings[s].factors,
                .quality = 30 + (int)(i * 31 + s * 17) % 69};
            save_recipe(folder, &recipe, is_gray ? "gray" : common_samplings[s].name, "");
        }
}

/* Every pattern at 640x480. */
static void write_patterns(const char *folder)
{
    for (int pattern = 0; pattern < CORPUS_N_PATTERNS; pattern++) {
        struct corpus_recipe recipe = {
            .picture = {(enum corpus_pattern)pattern, 640, 480},
            .model = CORPUS_YCBCR,
            .sampling = "11-11-11",
            .quality = pattern == CORPUS_NOISE ? 50 : 92};
        if (pattern != CORPUS_NOISE)
            save_recipe(folder, &recipe, "444", "");
        recipe.sampling = "22-11-11";
        save_recipe(folder, &recipe, "420", "");
    }
    const struct corpus_recipe photo = {.picture = {CORPUS_NATURAL, 1024, 768},
                                        .model = CORPUS_YCBCR,
                                        .sampling = "22-11-11",
                                        .quality = 85};
    save_recipe(folder, &photo, "420", "");
}

/* Sampling factors that the standard allows and cameras never write. The name holds the
 * factors, horizontal and vertical, of each component. */
static void write_odd_samplings(const char *folder)
{
    static const struct {
        struct named_sampling sampling;
        enum corpus_model model;
        unsigned flags;
    } cases[] = {
        {{"s22", "22"}, CORPUS_GRAY, 0}, /* alone in its scan: an MCU is one block */
        {{"s12", "12"}, CORPUS_GRAY, 0},
        {{"s42", "42"}, CORPUS_GRAY, CORPUS_PROGRESSIVE},
        {{"s11-22-22", "11-22-22"}, CORPUS_YCBCR, 0}, /* luma is the subsampled one */
        {{"s11-21-21", "11-21-21"}, CORPUS_YCBCR, 0},
        {{"s11-12-12", "11-12-12"}, CORPUS_YCBCR, CORPUS_PROGRESSIVE},
        {{"s21-12-11", "21-12-11"}, CORPUS_YCBCR, 0},
        {{"s22-21-11", "22-21-11"}, CORPUS_YCBCR, 0}, /* Cb and Cr differ */
        {{"s22-21-12", "22-21-12"}, CORPUS_YCBCR, CORPUS_PROGRESSIVE},
        {{"s11-11-22", "11-11-22"}, CORPUS_YCBCR, 0},
        {{"s31-11-11", "31-11-11"}, CORPUS_YCBCR, 0},
        {{"s13-11-11", "13-11-11"}, CORPUS_YCBCR, 0},
        {{"s32-11-11", "32-11-11"}, CORPUS_YCBCR, 0},
        {{"s23-11-11", "23-11-11"}, CORPUS_YCBCR, CORPUS_PROGRESSIVE},
        {{"s14-11-11", "14-11-11"}, CORPUS_YCBCR, 0},
        {{"s24-11-11", "24-11-11"}, CORPUS_YCBCR, 0},
        {{"s41-21-11", "41-21-11"}, CORPUS_YCBCR, 0},
        {{"s31-21-11", "31-21-11"}, CORPUS_YCBCR, 0}, /* 3:2, not a whole number */
        {{"s32-21-11", "32-21-11"}, CORPUS_YCBCR, 0},
        {{"s13-12-11", "13-12-11"}, CORPUS_YCBCR, 0},
        {{"s41-31-11", "41-31-11"}, CORPUS_YCBCR, 0}, /* 4:3 */
        {{"s21-21-21", "21-21-21"}, CORPUS_YCBCR, 0}, /* 4:4:4 in another guise */
        {{"s12-12-12", "12-12-12"}, CORPUS_YCBCR, 0},
        {{"s22-12-12", "22-12-12"}, CORPUS_YCBCR, 0}, /* 4:2:2 likewise */
        {{"s22-21-21", "22-21-21"}, CORPUS_YCBCR, 0}, /* 4:4:0 likewise */
        {{"s22-22-22", "22-22-22"}, CORPUS_YCBCR, CORPUS_SEPARATE_SCANS},
        {{"s33-11-11", "33-11-11"}, CORPUS_YCBCR, CORPUS_SEPARATE_SCANS},
        {{"s44-11-11", "44-11-11"}, CORPUS_YCBCR, CORPUS_SEPARATE_SCANS},
        {{"s44-21-13", "44-21-13"}, CORPUS_YCBCR, CORPUS_SEPARATE_SCANS},
    };
    static const struct size sizes[2] = {{33, 31}, {255, 257}};
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (size_t s = 0; s < LENGTH(sizes); s++) {
            const struct corpus_recipe recipe = {
                .picture = {CORPUS_NATURAL, sizes[s].width, sizes[s].height},
                .model = cases[i].model,
                .sampling = cases[i].sampling.factors,
                .quality = 40 + (int)(i * 13 % 56),
                .flags = cases[i].flags};
            save_recipe(folder, &recipe, cases[i].sampling.name, "");
        }
}

/* The same pictures through every way of coding them. */
static void write_codings(const char *folder)
{
    static const struct {
        const char *suffix;
        unsigned flags;
        int restart;
    } codings[] = {
        {"", 0, 0},
        {"rst1", 0, 1},
        {"rst4", 0, 4},
        {"rstrow", 0, CORPUS_RESTART_ROW},
        {"optimized", CORPUS_OPTIMIZE, 0},
        {"optimized_rst4", CORPUS_OPTIMIZE, 4},
        {"separate", CORPUS_SEPARATE_SCANS, 0},
        {"separate_rst4", CORPUS_SEPARATE_SCANS, 4},
        {"progressive", CORPUS_PROGRESSIVE, 0},
        {"progressive_rst4", CORPUS_PROGRESSIVE, 4},
        {"progressive_rstrow", CORPUS_PROGRESSIVE, CORPUS_RESTART_ROW},
        {"arithmetic", CORPUS_ARITHMETIC, 0},
        {"arithmetic_rst4", CORPUS_ARITHMETIC, 4},
        {"arithmetic_progressive", CORPUS_ARITHMETIC | CORPUS_PROGRESSIVE, 0},
        {"arithmetic_progressive_rstrow", CORPUS_ARITHMETIC | CORPUS_PROGRESSIVE,
         CORPUS_RESTART_ROW},
        {"quant16", CORPUS_WIDE_QUANT, 0},
        {"quant16_progressive", CORPUS_WIDE_QUANT | CORPUS_PROGRESSIVE, 0},
        {"quant16_arithmetic", CORPUS_WIDE_QUANT | CORPUS_ARITHMETIC, 0},
    };
    static const struct named_sampling samplings[3] = {
        {"420", "22-11-11"}, {"422", "21-11-11"}, {"444", "11-11-11"}};
    for (size_t i = 0; i < LENGTH(codings); i++) {
        struct corpus_recipe recipe = {
            .picture = {CORPUS_NATURAL, 257, 255},
            .model = CORPUS_YCBCR,
            .quality = codings[i].flags & CORPUS_WIDE_QUANT ? 4 : 55 + (int)(i * 7 % 40),
            .flags = codings[i].flags,
            .restart = codings[i].restart};
        for (size_t s = 0; s < LENGTH(samplings); s++) {
            recipe.sampling = samplings[s].factors;
            save_recipe(folder, &recipe, samplings[s].name, codings[i].suffix);
        }
    }
    static const size_t large[5] = {0, 2, 3, 4, 8}; /* these at 801x603 as well */
    for (size_t l = 0; l < LENGTH(large); l++) {
        size_t i = large[l];
        const struct corpus_recipe recipe = {.picture = {CORPUS_NATURAL, 801, 603},
                                             .model = CORPUS_YCBCR,
                                             .sampling = l % 2 ? "22-11-11" : "21-11-11",
                                             .quality = 80,
                                             .flags = codings[i].flags,
                                             .restart = codings[i].restart};
        save_recipe(folder, &recipe, l % 2 ? "420" : "422", codings[i].suffix);
    }
}

static void write_models(const char *folder)
{
    static const struct {
        enum corpus_model model;
        const char *name, *sampling, *suffix;
        unsigned flags;
    } cases[] = {
        {CORPUS_RGB, "rgb", "11-11-11", "", 0},
        {CORPUS_RGB, "rgb", "11-11-11", "progressive", CORPUS_PROGRESSIVE},
        {CORPUS_RGB, "rgb", "11-11-11", "noadobe",
         CORPUS_NO_ADOBE}, /* only the ids R, G, B */
        {CORPUS_RGB, "rgb", "22-22-11", "s22-22-11", CORPUS_SEPARATE_SCANS},
        {CORPUS_CMYK, "cmyk", "11-11-11-11", "", 0},
        {CORPUS_CMYK, "cmyk", "11-11-11-11", "progressive", CORPUS_PROGRESSIVE},
        {CORPUS_CMYK, "cmyk", "22-11-11-22", "s22-11-11-22", 0},
        {CORPUS_CMYK_PLAIN, "cmyk", "11-11-11-11", "noadobe", 0},
        {CORPUS_YCCK, "ycck", "11-11-11-11", "", 0},
        {CORPUS_YCCK, "ycck", "22-11-11-22", "s22-11-11-22", 0},
        {CORPUS_YCCK, "ycck", "21-11-11-21", "s21-11-11-21_progressive",
         CORPUS_PROGRESSIVE},
        {CORPUS_YCBCR, "420", "22-11-11", "adobe", CORPUS_ADOBE | CORPUS_NO_JFIF},
        {CORPUS_YCBCR, "420", "22-11-11", "jfif_and_adobe", CORPUS_ADOBE},
        {CORPUS_YCBCR, "420", "22-11-11", "nomarker",
         CORPUS_NO_JFIF}, /* only the ids 1, 2, 3 */
        {CORPUS_GRAY, "gray", "11", "nomarker", CORPUS_NO_JFIF},
        {CORPUS_GRAY, "gray", "11", "progressive", CORPUS_PROGRESSIVE},
        {CORPUS_GRAY, "gray", "11", "arithmetic", CORPUS_ARITHMETIC},
    };
    static const struct size sizes[3] = {{1, 1}, {33, 31}, {320, 241}};
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (size_t s = 0; s < LENGTH(sizes); s++) {
            const struct corpus_recipe recipe = {
                .picture = {CORPUS_NATURAL, sizes[s].width, sizes[s].height},
                .model = cases[i].model,
                .sampling = cases[i].sampling,
                .quality = 85,
                .flags = cases[i].flags};
            save_recipe(folder, &recipe, cases[i].name, cases[i].suffix);
        }
}

/* What lies past the right and lower edge must never be seen: here it is as loud as can
 * be. */
static void write_padding(const char *folder)
{
    static const enum corpus_pattern patterns[2] = {CORPUS_CONSTANT, CORPUS_RAMP};
    static const struct size sizes[3] = {{33, 31}, {57, 73}, {241, 129}};
    for (size_t p = 0; p < LENGTH(patterns); p++)
        for (size_t s = 0; s < LENGTH(common_samplings); s++) {
            const struct size *size = &sizes[s % LENGTH(sizes)];
            const struct corpus_recipe recipe = {
                .picture = {patterns[p], size->width, size->height},
                .model = CORPUS_YCBCR,
                .sampling = common_samplings[s].factors,
                .quality = 100,
                .flags = CORPUS_LOUD_PADDING};
            save_recipe(folder, &recipe, common_samplings[s].name, "loudpadding");
        }
}

/* exif_orientN_le|be: the blocks of one picture, turned without loss, so that all sixteen
 * are the same upright picture to the last coefficient. exif_orientN_odd: the same at a
 * size that is no whole number of MCUs; these are sampled turned, and equal after
 * rounding only. */
static void write_orientations(const char *folder)
{
    struct corpus_recipe recipe = {.picture = {CORPUS_CORNERS, 160, 96},
                                   .model = CORPUS_YCBCR,
                                   .sampling = "22-11-11",
                                   .quality = 96,
                                   .flags = CORPUS_FLAT_QUANT | CORPUS_NO_JFIF};
    struct corpus_bytes upright = {0};
    corpus_jpeg_encode(&upright, &recipe);
    corpus_bytes_save(&upright, folder, "exif_none_upright.jpg");
    recipe.picture.width = 151;
    recipe.picture.height = 89;
    for (int orientation = 1; orientation <= 8; orientation++) {
        static const struct {
            const char *name;
            enum corpus_endian endian;
        } endians[2] = {{"le", CORPUS_LITTLE}, {"be", CORPUS_BIG}};
        char name[64];
        for (int e = 0; e < 2; e++) {
            struct corpus_bytes exif = {0}, jpeg = {0};
            corpus_metadata_put_exif(&exif, endians[e].endian, (unsigned)orientation, 0);
            corpus_jpeg_turn(&jpeg, &upright, orientation, &exif);
            snprintf(name, sizeof name, "exif_orient%d_%s.jpg", orientation,
                     endians[e].name);
            corpus_bytes_save(&jpeg, folder, name);
            corpus_bytes_free(&jpeg);
            corpus_bytes_free(&exif);
        }
        struct corpus_bytes exif = {0}, jpeg = {0};
        corpus_metadata_put_exif(&exif, CORPUS_LITTLE, (unsigned)orientation, 0);
        recipe.orientation = orientation;
        recipe.markers = &exif;
        corpus_jpeg_encode(&jpeg, &recipe);
        snprintf(name, sizeof name, "exif_orient%d_odd.jpg", orientation);
        corpus_bytes_save(&jpeg, folder, name);
        corpus_bytes_free(&jpeg);
        corpus_bytes_free(&exif);
    }
    corpus_bytes_free(&upright);
}

static void save_with_markers(const char *folder, struct corpus_bytes *markers,
                              unsigned flags, const char *name)
{
    const struct corpus_recipe recipe = {.picture = {CORPUS_NATURAL, 200, 150},
                                         .model = CORPUS_YCBCR,
                                         .sampling = "22-11-11",
                                         .quality = 80,
                                         .flags = flags,
                                         .markers = markers};
    struct corpus_bytes jpeg = {0};
    corpus_jpeg_encode(&jpeg, &recipe);
    corpus_bytes_save(&jpeg, folder, name);
    corpus_bytes_free(&jpeg);
    corpus_bytes_free(markers);
}

static void write_metadata(const char *folder)
{
    static const unsigned all =
        CORPUS_EXIF_GPS | CORPUS_EXIF_MAKERNOTE | CORPUS_EXIF_THUMBNAIL;
    struct corpus_bytes markers = {0};

    corpus_metadata_put_exif(&markers, CORPUS_LITTLE, 1, CORPUS_EXIF_GPS);
    save_with_markers(folder, &markers, CORPUS_NO_JFIF, "exif_gps_le.jpg");
    corpus_metadata_put_exif(&markers, CORPUS_BIG, 1, CORPUS_EXIF_MAKERNOTE);
    save_with_markers(folder, &markers, CORPUS_NO_JFIF, "exif_makernote_be.jpg");
    corpus_metadata_put_exif(&markers, CORPUS_LITTLE, 1, CORPUS_EXIF_THUMBNAIL);
    save_with_markers(folder, &markers, CORPUS_NO_JFIF, "exif_thumbnail_le.jpg");
    corpus_metadata_put_exif(&markers, CORPUS_BIG, 6, all);
    save_with_markers(folder, &markers, 0,
                      "exif_orient6_everything_be.jpg"); /* JFIF and Exif */
    corpus_metadata_put_exif(&markers, CORPUS_LITTLE, 0, all);
    save_with_markers(folder, &markers, CORPUS_NO_JFIF, "exif_no_orientation_le.jpg");

    corpus_metadata_put_icc(&markers, CORPUS_ICC_GOOD);
    save_with_markers(folder, &markers, 0, "icc_two_chunks.jpg");
    corpus_metadata_put_icc(&markers, CORPUS_ICC_REVERSED);
    save_with_markers(folder, &markers, 0, "icc_chunks_reversed.jpg");
    corpus_metadata_put_icc(&markers, CORPUS_ICC_GOOD);
    save_with_markers(folder, &markers, CORPUS_PROGRESSIVE,
                      "icc_two_chunks_progressive.jpg");

    corpus_metadata_put_xmp(&markers);
    save_with_markers(folder, &markers, 0, "xmp.jpg");
    corpus_metadata_put_iptc(&markers);
    save_with_markers(folder, &markers, 0, "iptc.jpg");
    corpus_metadata_put_comment(&markers);
    save_with_markers(folder, &markers, 0, "comment.jpg");
    save_with_markers(folder, &markers, CORPUS_SMALL_DENSITY,
                      "jfif_density_72x144dpi.jpg");
    corpus_metadata_put_mpf(&markers);
    save_with_markers(folder, &markers, 0, "mpf_index.jpg");

    corpus_metadata_put_exif(&markers, CORPUS_LITTLE, 8, all);
    corpus_metadata_put_xmp(&markers);
    corpus_metadata_put_icc(&markers, CORPUS_ICC_GOOD);
    corpus_metadata_put_iptc(&markers);
    corpus_metadata_put_mpf(&markers);
    corpus_metadata_put_comment(&markers);
    save_with_markers(folder, &markers, CORPUS_NO_JFIF,
                      "metadata_everything_orient8.jpg");
}

void corpus_good_write(const char *folder)
{
    write_sizes(folder);
    write_patterns(folder);
    write_odd_samplings(folder);
    write_codings(folder);
    write_models(folder);
    write_padding(folder);
    write_orientations(folder);
    write_metadata(folder);
}
