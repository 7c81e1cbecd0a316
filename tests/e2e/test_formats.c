/* Every format to every format, against double precision: decoded by the formats' own libraries,
 * resized by the reference, converted by the formulas of the standards. */
#include "format_test.h"

/* Alpha below this is left out of comparisons: eight levels. What alpha divides has been
 * rounded to 16 bits, so colours are exact far below that. */
static const double LEAST_ALPHA = 8 / 255.0;

static const double white[3] = {1, 1, 1};

/* ---- the matrix -------------------------------------------------------------------- */

/* In levels of what is lossless; in dB of what is not: what was measured, less about 1. */
struct bounds {
    double levels, jpeg_db, webp_db;
};

/* Compares outputs 0 to N_TO - 1 with two pictures: with alpha if there is one, and on white. */
/* What was kept, since it would have got larger, is the source's own picture. */
static void check_kept(const struct trial *t, const char *name, struct image *got)
{
    struct image *source = read_image(t->file.bytes, t->file.n_bytes);
    const double error = max_error(got, source, 0), alpha = alpha_error(got, source);
    if (error > 0 || alpha > 0)
        fail_msg("%s: a copy is %.2f levels off, alpha %.2f", name, error, alpha);
    image_free(source);
    image_free(got);
}

static void compare_all(const struct trial *t, const char *name, const struct image *want,
                        const struct image *flat, const struct bounds *b)
{
    for (int to = 0; to < N_TO; to++) {
        struct image *got = read_output(t, to);
        if (t->result.output[to].is_unchanged) {
            check_kept(t, name, got);
            continue;
        }
        const struct image *exact = to == TO_JPEG ? flat : want;
        const double error = max_error(got, exact, LEAST_ALPHA);
        const double db = colour_db(got, exact), alpha = alpha_error(got, exact);
        const int is_lossy = to == TO_JPEG || to == TO_WEBP;
        const double least = to == TO_JPEG ? b->jpeg_db : b->webp_db;
        printf("%-26s %-14s max %5.2f  %5.1f dB  alpha %.2f\n", name, to_names[to], error,
               db, alpha);
        if (alpha > 0.55 || (is_lossy ? db < least : error > b->levels))
            fail_msg("%s to %s: %.2f levels, %.1f dB, alpha %.2f levels", name,
                     to_names[to], error, db, alpha);
        image_free(got);
    }
}

/* A source of whole samples. */
static void try_samples(const char *name, struct image_file file, const struct bounds *b)
{
    static const int sizes[][2] = {{29, 21}, {61, 47}, {95, 60}};
    struct image *source = read_image(file.bytes, file.n_bytes);
    struct trial *t = make_trial(file, 0, 0);
    for (int k = 0; k < 3; k++) {
        struct wish wish = {.width = sizes[k][0], .height = sizes[k][1]};
        for (int to = 0; to < N_TO; to++)
            t->variants[to] = variant_to((enum to)to, wish.width, wish.height);
        run_well(t, name);
        struct image *want = resize_image(source, &wish);
        wish.background = white;
        struct image *flat = resize_image(source, &wish);
        compare_all(t, name, want, flat, b);
        image_free(want);
        image_free(flat);
    }
    image_free(source);
    free_trial(t);
}

static struct image_file png_of(int n_colours, int has_alpha, enum image_type type,
                                int depth, int is_interlaced)
{
    struct image *image = image_natural(61, 47, n_colours, has_alpha);
    struct image_file file = image_to_png(image, type, depth, is_interlaced, NULL);
    image_free(image);
    return file;
}

static void png_to_everything(void **state)
{
    const struct bounds gray = {0.75, 54, 47}, colour = {0.75, 48.5, 40},
                        rough = {0.75, 48, 25.5};
    (void)state;
    try_samples("png gray 8", png_of(1, 0, IMAGE_PLAIN, 8, 0), &gray);
    try_samples("png gray 16", png_of(1, 0, IMAGE_PLAIN, 16, 0), &gray);
    try_samples("png gray 1", png_of(1, 0, IMAGE_BIT, 1, 0), &gray);
    try_samples("png gray alpha 8", png_of(1, 1, IMAGE_PLAIN, 8, 0), &gray);
    try_samples("png gray alpha 16", png_of(1, 1, IMAGE_PLAIN, 16, 1), &gray);
    try_samples("png gray key 8", png_of(1, 0, IMAGE_KEY, 8, 0), &gray);
    try_samples("png gray key 16", png_of(1, 0, IMAGE_KEY, 16, 0), &gray);
    try_samples("png rgb 8", png_of(3, 0, IMAGE_PLAIN, 8, 0), &colour);
    try_samples("png rgb 8 interlaced", png_of(3, 0, IMAGE_PLAIN, 8, 1), &colour);
    try_samples("png rgb 16", png_of(3, 0, IMAGE_PLAIN, 16, 0), &colour);
    try_samples("png rgba 8", png_of(3, 1, IMAGE_PLAIN, 8, 0), &colour);
    try_samples("png rgba 16", png_of(3, 1, IMAGE_PLAIN, 16, 0), &colour);
    try_samples("png rgb key 8", png_of(3, 0, IMAGE_KEY, 8, 0), &colour);
    try_samples("png rgb key 16", png_of(3, 0, IMAGE_KEY, 16, 0), &colour);
    try_samples("png palette", png_of(3, 0, IMAGE_PALETTE, 8, 0), &rough);
}

static struct image_file webp_of(int has_alpha, int is_lossless)
{
    struct image *image = image_natural(61, 47, 3, has_alpha);
    struct image_file file = image_to_webp(image, is_lossless, 90, NULL);
    image_free(image);
    return file;
}

static void webp_of_rgb_to_everything(void **state)
{
    const struct bounds colour = {0.75, 48.5, 40};
    (void)state;
    try_samples("webp lossless", webp_of(0, 1), &colour);
    try_samples("webp lossless alpha", webp_of(1, 1), &colour);
    try_samples("webp lossy alpha", webp_of(1, 0), &colour);
}

static void planes_of_lossy_webp(const struct image_file *file,
                                 struct reference_picture *planes)
{
    struct image *yuv = image_planes_of_webp(file->bytes, file->n_bytes);
    *planes = (struct reference_picture){.n_components = 3};
    for (int ci = 0; ci < 3; ci++) {
        const int by = ci ? 2 : 1;
        struct reference_plane *p = &planes->component[ci];
        p->width = (yuv->width + by - 1) / by;
        p->height = (yuv->height + by - 1) / by;
        p->samples = yuv->plane[ci];
        yuv->plane[ci] = NULL;
        for (int i = 0; i < p->width * p->height; i++)
            p->samples[i] *= 255;
    }
    image_free(yuv);
}

/* A source of planes, each on its own grid. */
static void try_planes(const char *name, struct image_file file, enum planes_are are,
                       const struct bounds *b)
{
    static const int sizes[][2] = {{29, 21}, {61, 47}, {95, 60}};
    struct reference_picture planes;
    if (are == PLANES_LIMITED)
        planes_of_lossy_webp(&file, &planes);
    else
        reference_decode_bytes(file.bytes, file.n_bytes, &planes);
    struct trial *t = make_trial(file, 0, 0);
    for (int k = 0; k < 3; k++) {
        const struct wish wish = {.width = sizes[k][0], .height = sizes[k][1]};
        for (int to = 0; to < N_TO; to++)
            t->variants[to] = variant_to((enum to)to, wish.width, wish.height);
        run_well(t, name);
        struct image *want = resize_planes(&planes, are, 61, 47, &wish);
        compare_all(t, name, want, want, b);
        image_free(want);
    }
    reference_free(&planes);
    free_trial(t);
}

static struct image_file jpeg_of(int n_colours, enum image_jpeg model, enum image_sub sub)
{
    struct image *image = image_natural(61, 47, n_colours, 0);
    struct image_file file = image_to_jpeg(image, model, sub, 92, NULL);
    image_free(image);
    return file;
}

/* The inverse DCT and the resize are one step with weights of 14 bits: a level at the most. Three
 * planes that are rounded to 8 bits, then made RGB: up to 0.5 of luma, 0.89 of Cb in
 * blue, and the last rounding. */
static void planes_to_everything(void **state)
{
    const struct bounds gray = {1.1, 54, 47.5}, colour = {2.2, 49, 39.5},
                        inks = {2.1, 47.5, 39};
    (void)state;
    try_planes("jpeg gray", jpeg_of(1, IMAGE_YCC, IMAGE_444), PLANES_GRAY, &gray);
    try_planes("jpeg 444", jpeg_of(3, IMAGE_YCC, IMAGE_444), PLANES_YCC, &colour);
    try_planes("jpeg 420", jpeg_of(3, IMAGE_YCC, IMAGE_420), PLANES_YCC, &colour);
    try_planes("jpeg rgb", jpeg_of(3, IMAGE_RGB, IMAGE_444), PLANES_RGB, &colour);
    try_planes("jpeg cmyk", jpeg_of(4, IMAGE_YCC, IMAGE_444), PLANES_CMYK, &inks);
    try_planes("jpeg cmyk, plain", jpeg_of(4, IMAGE_CMYK_PLAIN, IMAGE_444),
               PLANES_CMYK_PLAIN, &inks);
    try_planes("jpeg ycck", jpeg_of(4, IMAGE_YCCK, IMAGE_444), PLANES_YCCK, &inks);
    try_planes("jpeg ycck 420", jpeg_of(4, IMAGE_YCCK, IMAGE_420), PLANES_YCCK, &inks);
    try_planes("webp lossy", webp_of(0, 0), PLANES_LIMITED, &colour);
}

/* ---- planes to planes -------------------------------------------------------------- */

/* JPEG to lossy WebP never leaves YCC: luma is that of the reference, in the other range, and
 * the codec's own loss. */
static void jpeg_to_webp_keeps_its_planes(void **state)
{
    struct reference_picture planes;
    struct image *image = image_natural(160, 120, 3, 0);
    struct trial *t =
        make_trial(image_to_jpeg(image, IMAGE_YCC, IMAGE_420, 95, NULL), 0, 0);
    const struct wish luma = {.width = 70, .height = 52},
                      chroma = {.width = 35, .height = 26};
    (void)state;
    reference_decode_bytes(t->file.bytes, t->file.n_bytes, &planes);
    t->variants[0] = variant_to(TO_WEBP, luma.width, luma.height);
    t->job.n_variants = 1;
    run_well(t, "jpeg to webp");
    assert_string_equal(t->result.output[0].format, "webp");
    assert_int_equal(t->result.output[0].quality, 100);
    struct image *got =
        image_planes_of_webp(t->files.file[0].bytes, t->files.file[0].n_bytes);
    for (int ci = 0; ci < 3; ci++) {
        const struct reference_plane *p = &planes.component[ci];
        const struct wish *wish = ci ? &chroma : &luma;
        const int n = wish->width * wish->height, by = ci ? 2 : 1;
        double *want =
            resize_plane(p->samples, p->width, p->height, 160.0 / by, 120.0 / by, wish);
        double sum = 0.0;
        for (int i = 0; i < n; i++) {
            const double v = fmin(fmax(want[i], 0), 255);
            const double limited = ci ? 128 + (v - 128) * 224 / 255 : 16 + v * 219 / 255;
            const double d = got->plane[ci][i] * 255 - limited;
            sum += d * d;
        }
        const double db = 10 * log10(255.0 * 255.0 * n / sum);
        printf("jpeg to webp, plane %d: %.1f dB\n", ci, db);
        assert_true(db > (ci ? 45 : 49.5));
        free(want);
    }
    image_free(got);
    image_free(image);
    reference_free(&planes);
    free_trial(t);
}

/* Lossy all of them, gray too: each has the quality that it was told, lossless ones have none. */
static void quality_is_told_of_what_is_lossy(void **state)
{
    (void)state;
    for (int n_colours = 1; n_colours <= 3; n_colours += 2) {
        struct trial *t = make_trial(png_of(n_colours, 0, IMAGE_PLAIN, 8, 0), 20, 20);
        for (int to = 0; to < N_TO; to++)
            t->variants[to].quality = 71;
        run_well(t, "quality");
        assert_int_equal(t->result.output[TO_JPEG].quality, 71);
        assert_int_equal(t->result.output[TO_WEBP].quality, 71);
        assert_int_equal(t->result.output[TO_PNG].quality, 0);
        assert_int_equal(t->result.output[TO_LOSSLESS].quality, 0);
        free_trial(t);
    }
}

/* What one variant needs changes nothing in another. */
static void formats_together_equal_formats_alone(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct image_file file = kind == 0   ? png_of(3, 1, IMAGE_PLAIN, 8, 0)
                                 : kind == 1 ? png_of(1, 1, IMAGE_PLAIN, 16, 0)
                                 : kind == 2 ? jpeg_of(3, IMAGE_YCC, IMAGE_420)
                                             : webp_of(0, 0);
        struct trial *t = make_trial(file, 23, 31);
        t->variants[4] = variant_to(TO_PNG, 40, 11);
        t->variants[4].depth = 16;
        t->job.n_variants = 5;
        run_well(t, "together");
        for (int i = 0; i < 5; i++) {
            struct capture_files together = t->files;
            memset(&t->files, 0, sizeof t->files);
            t->job.variants = &t->variants[i];
            t->job.n_variants = 1;
            run_well(t, "alone");
            assert_int_equal(t->files.file[0].n_bytes, together.file[i].n_bytes);
            assert_memory_equal(t->files.file[0].bytes, together.file[i].bytes,
                                together.file[i].n_bytes);
            capture_free_files(&t->files);
            t->files = together;
        }
        free_trial(t);
    }
}

/* ---- 16 bits ----------------------------------------------------------------------- */

/* In levels of 16 bits. Weights have 14 bits, rounded with the error carried on: a sample off
 * by some 2^-14 of the steepest contrast. */
static void try_16(int n_colours, int has_alpha, int width, int height, double least)
{
    struct trial *t = make_trial(png_of(n_colours, has_alpha, IMAGE_PLAIN, 16, 0), 0, 0);
    struct image *source = image_from_png(t->file.bytes, t->file.n_bytes);
    const struct wish wish = {.width = width, .height = height};
    struct image *want = resize_image(source, &wish);
    t->variants[0] = t->variants[1] = variant_to(TO_PNG, width, height);
    t->variants[0].depth = 16;
    t->job.n_variants = 2;
    run_well(t, "16 bits");
    struct image *wide = read_output(t, 0), *narrow = read_output(t, 1);
    assert_int_equal(wide->depth, 16);
    assert_int_equal(narrow->depth, 8);
    assert_int_equal(wide->n_colours, n_colours);
    assert_int_equal(wide->has_alpha, has_alpha);
    const double error = max_error(wide, want, has_alpha ? 0.25 : 0) * 257;
    printf("16 bits, %d colours, alpha %d, %d x %d: %.1f levels of 65536\n", n_colours,
           has_alpha, width, height, error);
    assert_true(error <= least);
    assert_true(max_error(narrow, want, LEAST_ALPHA) <= (has_alpha ? 0.75 : 0.55));
    image_free(wide);
    image_free(narrow);
    image_free(want);
    image_free(source);
    free_trial(t);
}

static void sixteen_bits_stay_sixteen(void **state)
{
    static const int sizes[][2] = {{30, 23}, {61, 47}, {13, 9}, {100, 90}};
    (void)state;
    for (int k = 0; k < 4; k++)
        for (int n_colours = 1; n_colours <= 3; n_colours += 2) {
            try_16(n_colours, 0, sizes[k][0], sizes[k][1], 4);
            try_16(n_colours, 1, sizes[k][0], sizes[k][1], 13);
        }
}

/* ---- profiles ---------------------------------------------------------------------- */

struct profile {
    uint8_t *icc;
    size_t n;
};

static struct profile display_p3(void)
{
    struct profile p;
    assert_int_equal(sct_icc_make_cicp(&p.icc, &p.n, SCT_RGB, 12, 13, NULL), SCT_OK);
    assert_non_null(p.icc);
    return p;
}

static struct profile gray_gamma(uint32_t gamma)
{
    struct profile p;
    assert_int_equal(sct_icc_make_png(&p.icc, &p.n, SCT_GRAY, gamma, NULL, NULL), SCT_OK);
    assert_non_null(p.icc);
    return p;
}

/* CSS Color 4: Display P3 to sRGB, linear light. */
static const double p3_to_srgb[3][3] = {
    {1.2249401762805598, -0.22494017628055996, 0},
    {-0.042056954709688163, 1.0420569547096881, 0},
    {-0.019637554590334432, -0.078636045550631889, 1.0982736001409663}};

static void p3_image_to_srgb(struct image *image)
{
    for (size_t i = 0; i < image_size(image); i++) {
        double in[3];
        for (int ci = 0; ci < 3; ci++)
            in[ci] = to_linear(image->plane[ci][i]);
        for (int ci = 0; ci < 3; ci++) {
            double sum = 0.0;
            for (int k = 0; k < 3; k++)
                sum += p3_to_srgb[ci][k] * in[k];
            image->plane[ci][i] = from_linear(clamp_1(sum));
        }
    }
}

static void check_icc(const struct trial *t, int i, const struct profile *p)
{
    size_t n;
    uint8_t *icc = image_icc(t->files.file[i].bytes, t->files.file[i].n_bytes, &n);
    if (!p) {
        if (icc)
            fail_msg("output %d, %s, has a profile", i, to_names[i]);
        return;
    }
    if (!icc)
        fail_msg("output %d, %s, has no profile", i, to_names[i]);
    assert_int_equal(n, p->n);
    assert_memory_equal(icc, p->icc, n);
    free(icc);
}

static struct image_file file_of(enum to from, const struct image *image,
                                 const struct image_meta *meta)
{
    if (from == TO_PNG)
        return image_to_png(image, IMAGE_PLAIN, 8, 0, meta);
    if (from == TO_JPEG)
        return image_to_jpeg(image, IMAGE_YCC, IMAGE_444, 98, meta);
    return image_to_webp(image, from == TO_LOSSLESS, 98, meta);
}

static void profiles_are_kept_dropped_or_applied(void **state)
{
    struct profile p3 = display_p3();
    const struct image_meta meta = {.icc = p3.icc, .icc_bytes = p3.n};
    const struct wish wish = {.width = 31, .height = 23};
    (void)state;
    for (int from = 0; from < N_TO; from++)
        for (int alpha = 0; alpha <= (from != TO_JPEG); alpha++)
            for (int icc = SCT_ICC_KEEP; icc <= SCT_ICC_DROP; icc++) {
                const struct wish flat_wish = {
                    .width = 31, .height = 23, .background = white};
                char name[64];
                struct image *image = image_natural(61, 47, 3, alpha);
                struct trial *t =
                    make_trial(file_of((enum to)from, image, &meta), 31, 23);
                struct image *source = read_image(t->file.bytes, t->file.n_bytes);
                struct image *want = resize_image(source, &wish), *flat;
                snprintf(name, sizeof name, "%s, alpha %d, icc %d", to_names[from], alpha,
                         icc);
                for (int to = 0; to < N_TO; to++)
                    t->variants[to].icc = (enum sct_icc)icc;
                run_well(t, name);
                if (icc == SCT_ICC_SRGB) { /* on sRGB's white, when it is sRGB */
                    p3_image_to_srgb(want);
                    const struct wish same = {.width = 31,
                                              .height = 23,
                                              .background = white,
                                              .filter = "triangle"};
                    flat = resize_image(want, &same);
                } else {
                    flat = resize_image(source, &flat_wish);
                }
                for (int to = 0; to < N_TO; to++)
                    check_icc(t, to, icc == SCT_ICC_KEEP ? &p3 : NULL);
                /* Samples of 8 bits go through the matrix: 0.5 of a level is up to 2.5 where
                 * one of three is dark. Chroma of lossy sources is upsampled in another
                 * way here. */
                const int is_exact = from == TO_PNG || from == TO_LOSSLESS || alpha;
                compare_all(
                    t, name, want, flat,
                    &(struct bounds){is_exact ? 2.5 : 6.5, is_exact ? 47.5 : 44, 38.5});
                image_free(flat);
                image_free(want);
                image_free(source);
                image_free(image);
                free_trial(t);
            }
    sct_mem_free(p3.icc);
}

/* A gray profile goes with gray only; the others get what it means, in sRGB. */
static void gray_profiles_stay_with_gray(void **state)
{
    struct profile p = gray_gamma(100000); /* linear light */
    const struct image_meta meta = {.icc = p.icc, .icc_bytes = p.n};
    const struct wish wish = {.width = 31, .height = 23};
    (void)state;
    for (int alpha = 0; alpha <= 1; alpha++)
        for (int icc = SCT_ICC_KEEP; icc <= SCT_ICC_SRGB; icc++) {
            struct image *image = image_natural(61, 47, 1, alpha);
            struct trial *t = make_trial(file_of(TO_PNG, image, &meta), 31, 23);
            struct image *source = read_image(t->file.bytes, t->file.n_bytes);
            struct image *numbers = resize_image(source, &wish);
            struct image *srgb = resize_image(source, &wish);
            for (size_t i = 0; i < image_size(srgb); i++)
                srgb->plane[0][i] = from_linear(srgb->plane[0][i]);
            for (int to = 0; to < N_TO; to++)
                t->variants[to].icc = (enum sct_icc)icc;
            run_well(t, "gray profile");
            for (int to = 0; to < N_TO; to++) {
                const int keeps = icc == SCT_ICC_KEEP && (to == TO_PNG || to == TO_JPEG);
                struct image *got = read_output(t, to);
                check_icc(t, to, keeps ? &p : NULL);
                if (to == TO_PNG || to == TO_LOSSLESS) {
                    const double error =
                        max_error(got, keeps ? numbers : srgb, LEAST_ALPHA);
                    printf("gray profile, alpha %d, icc %d, %s: %.2f\n", alpha, icc,
                           to_names[to], error);
                    assert_true(error <= 1.2); /* sRGB is steep where 8 bits are dark */
                } else if (!alpha) {
                    const double db = colour_db(got, keeps ? numbers : srgb);
                    printf("gray profile, icc %d, %s: %.1f dB\n", icc, to_names[to], db);
                    assert_true(db > 47);
                }
                image_free(got);
            }
            image_free(numbers);
            image_free(srgb);
            image_free(source);
            image_free(image);
            free_trial(t);
        }
    sct_mem_free(p.icc);
}

/* ---- orientation ------------------------------------------------------------------- */

/* In 8 bits. */
static struct image *quantised(int width, int height, int has_alpha)
{
    struct image *natural = image_natural(width, height, 3, has_alpha);
    struct image_file file = image_to_png(natural, IMAGE_PLAIN, 8, 0, NULL);
    struct image *image = image_from_png(file.bytes, file.n_bytes);
    image_file_free(&file);
    image_free(natural);
    return image;
}

static void all_orientations_come_out_upright(void **state)
{
    (void)state;
    for (int from = 0; from < N_TO; from++)
        for (int alpha = 0; alpha <= (from != TO_JPEG); alpha++)
            for (int o = 1; o <= 8; o++) {
                const struct image_meta meta = {.orientation = o};
                const struct wish wish = {.width = 28, .height = 35};
                const struct wish flat_wish = {
                    .width = 28, .height = 35, .background = white};
                const int is_exact = from == TO_PNG || from == TO_LOSSLESS;
                char name[64];
                struct image *image = quantised(61, 47, alpha);
                struct image *stored = image_stored(image, o);
                struct image *want = resize_image(image, &wish);
                struct image *flat = resize_image(image, &flat_wish);
                struct trial *t =
                    make_trial(file_of((enum to)from, stored, &meta), 28, 35);
                snprintf(name, sizeof name, "%s, alpha %d, orientation %d",
                         to_names[from], alpha, o);
                run_well(t, name);
                assert_int_equal(t->result.width, 61);
                assert_int_equal(t->result.height, 47);
                compare_all(t, name, want, flat,
                            is_exact ? &(struct bounds){0.7, 48.5, 41.5}
                                     : &(struct bounds){9.5, 43, 40});
                image_free(image);
                image_free(stored);
                image_free(want);
                image_free(flat);
                free_trial(t);
            }
}

enum { N_SHARED = 8 };

/* Landscape_1.jpg to 8, as they are, or their pixels in another format, with the same orientation.
 * No bytes where the pictures are absent. */
static struct image_file read_shared(enum to from, int orientation)
{
    const char *source = getenv("SCT_SOURCE_DIR");
    const struct image_meta meta = {.orientation = orientation};
    struct image_file jpeg, file;
    char path[4096];
    snprintf(path, sizeof path, "%s/../shared/orientation/Landscape_%d.jpg",
             source ? source : ".", orientation);
    jpeg.bytes = capture_read_file(path, &jpeg.n_bytes);
    if (!jpeg.bytes || from == TO_JPEG)
        return jpeg;
    struct image *stored = image_from_jpeg(jpeg.bytes, jpeg.n_bytes);
    file = from == TO_PNG ? image_to_png(stored, IMAGE_PLAIN, 8, 0, &meta)
                          : image_to_webp(stored, 0, 90, &meta);
    image_free(stored);
    image_file_free(&jpeg);
    return file;
}

/* The file's own pixels, turned upright by ours, not by the code under test, and resized. */
static struct image *resize_upright(const struct image_file *file, int orientation,
                                    const struct wish *wish)
{
    const int back = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;
    struct image *stored = read_image(file->bytes, file->n_bytes);
    struct image *upright = image_stored(stored, back);
    struct image *want = resize_image(upright, wish);
    image_free(stored);
    image_free(upright);
    return want;
}

/* A photograph that was stored in eight ways, by somebody who encoded each anew: 31 to 33 dB from
 * each other. What is made of each has to be what its own pixels say; and as near to the others
 * as their pixels are, up to 40 dB. Lossy WebP loses more by itself: chroma is 4:2:0. */
static void agree_when_upright(enum to from)
{
    const struct wish wish = {.width = 300, .height = 200};
    struct image *want[N_SHARED], *got[N_SHARED][N_TO];
    for (int k = 0; k < N_SHARED; k++) {
        struct image_file file = read_shared(from, k + 1);
        if (!file.bytes) {
            print_message("skipped: no pictures in ../shared/orientation\n");
            skip(); /* none of the eight is there */
        }
        want[k] = resize_upright(&file, k + 1, &wish);
        struct trial *t = make_trial(file, wish.width, 0);
        run_well(t, "orientation");
        assert_int_equal(t->result.width, 1800);
        assert_int_equal(t->result.height, 1200);
        for (int to = 0; to < N_TO; to++)
            got[k][to] = read_output(t, to); /* as large as `want`, or colour_db stops */
        free_trial(t);
    }
    for (int to = 0; to < N_TO; to++) {
        double worst = 999, worst_apart = 999, worst_loss = 0;
        for (int k = 0; k < N_SHARED; k++) {
            const double db = colour_db(got[k][to], want[k]);
            worst = fmin(worst, db);
            for (int i = 0; i < k; i++) {
                const double allowed = fmin(colour_db(want[i], want[k]), 40);
                const double apart = colour_db(got[i][to], got[k][to]);
                worst_apart = fmin(worst_apart, apart);
                worst_loss = fmax(worst_loss, allowed - apart);
            }
        }
        printf("orientations from %s to %s: %.1f dB; to each other %.1f, lost %.2f dB\n",
               to_names[from], to_names[to], worst, worst_apart, worst_loss);
        assert_true(worst >= (to == TO_WEBP ? 38 : 40) && worst_loss <= 0.7);
    }
    for (int k = 0; k < N_SHARED; k++) {
        image_free(want[k]);
        for (int to = 0; to < N_TO; to++)
            image_free(got[k][to]);
    }
}

static void shared_orientations_agree(void **state)
{
    (void)state;
    agree_when_upright(TO_JPEG);
    if (getenv("SCT_TEST_QUICK"))
        return;
    agree_when_upright(TO_PNG);
    agree_when_upright(TO_WEBP);
}

/* ---- linear light ------------------------------------------------------------------ */

static void linear_light_equals_double_precision(void **state)
{
    static const struct {
        const char *name;
        int n_colours, has_alpha, depth;
    } rows[] = {{"gray", 1, 0, 8},       {"rgb", 3, 0, 8},     {"rgba", 3, 1, 8},
                {"gray alpha", 1, 1, 8}, {"rgb 16", 3, 0, 16}, {"rgba 16", 3, 1, 16}};
    const struct bounds bounds = {0.75, 48.5, 39};
    const struct wish wish = {.width = 25, .height = 19, .is_linear = 1};
    const struct wish flat_wish = {
        .width = 25, .height = 19, .is_linear = 1, .background = white};
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows + 2; k++) {
        const int is_jpeg = k >= sizeof rows / sizeof *rows;
        const char *name = is_jpeg ? "linear jpeg" : rows[k].name;
        struct trial *t =
            make_trial(is_jpeg ? jpeg_of(k % 2 ? 3 : 1, IMAGE_YCC, IMAGE_420)
                               : png_of(rows[k].n_colours, rows[k].has_alpha, IMAGE_PLAIN,
                                        rows[k].depth, 0),
                       25, 19);
        struct image *source = read_image(t->file.bytes, t->file.n_bytes);
        struct image *want = resize_image(source, &wish);
        struct image *flat = resize_image(source, &flat_wish);
        t->job.linear = 1;
        run_well(t, name);
        compare_all(t, name, want, flat, &bounds);
        image_free(source);
        image_free(want);
        image_free(flat);
        free_trial(t);
    }
}

/* ---- odd sizes --------------------------------------------------------------------- */

static void odd_sizes_of_everything(void **state)
{
    static const int sizes[][2] = {{1, 1}, {1, 17}, {17, 1}, {3, 5}, {2, 2}, {9, 7}};
    static const int outs[][2] = {{1, 1}, {3, 5}, {1, 9}, {9, 1}, {33, 18}};
    (void)state;
    for (int s = 0; s < 6; s++)
        for (int o = 0; o < 5; o++)
            for (int alpha = 0; alpha <= 1; alpha++)
                for (int from = alpha; from < N_TO; from++) {
                    const struct wish wish = {.width = outs[o][0], .height = outs[o][1]};
                    struct image *image =
                        image_natural(sizes[s][0], sizes[s][1], 3, alpha);
                    struct trial *t = make_trial(file_of((enum to)from, image, NULL),
                                                 outs[o][0], outs[o][1]);
                    char name[64];
                    snprintf(name, sizeof name, "%s, alpha %d, %d x %d to %d x %d",
                             to_names[from], alpha, sizes[s][0], sizes[s][1], outs[o][0],
                             outs[o][1]);
                    for (int i = 0; i < N_TO; i++) {
                        t->variants[i].subsampling = SCT_SUB_420;
                        t->variants[4 + i] = t->variants[i];
                        t->variants[4 + i].fit = SCT_FIT_COVER;
                    }
                    t->job.n_variants = 8;
                    run_well(t, name);
                    for (int i = 0; i < 8; i++)
                        image_free(read_output(t, i));
                    struct image *got = read_output(t, TO_PNG);
                    struct image *source = read_image(t->file.bytes, t->file.n_bytes);
                    struct image *want = resize_image(source, &wish);
                    const int is_exact = from == TO_PNG || from == TO_LOSSLESS;
                    const double error = max_error(got, want, LEAST_ALPHA);
                    /* two samples enlarged overshoot by more than the headroom of alpha */
                    const int overshoots = alpha && outs[o][0] > 2 * sizes[s][0];
                    if (is_exact && error > (overshoots ? 25 : 0.7))
                        fail_msg("%s: %.2f levels", name, error);
                    image_free(got);
                    image_free(source);
                    image_free(want);
                    image_free(image);
                    free_trial(t);
                }
}

/* The box is filled, and what sticks out is cut off on both sides alike. */
static void cover_crops_evenly(void **state)
{
    (void)state;
    for (int alpha = 0; alpha <= 1; alpha++)
        for (int tall = 0; tall <= 1; tall++) {
            const int width = tall ? 12 : 40, height = tall ? 40 : 12;
            struct trial *t =
                make_trial(png_of(3, alpha, IMAGE_PLAIN, 8, 0), width, height);
            struct image *source = read_image(t->file.bytes, t->file.n_bytes);
            const double shown_width = tall ? 12 * 47.0 / 40 : 61;
            const double shown_height = tall ? 47 : 12 * 61.0 / 40;
            const struct wish wish = {.width = width,
                                      .height = height,
                                      .left = (61 - shown_width) / 2,
                                      .top = (47 - shown_height) / 2};
            struct wish flat_wish = wish;
            flat_wish.background = white;
            struct image *want = resize_image(source, &wish);
            struct image *flat = resize_image(source, &flat_wish);
            for (int to = 0; to < N_TO; to++)
                t->variants[to].fit = SCT_FIT_COVER;
            run_well(t, "cover");
            compare_all(t, "cover", want, flat, &(struct bounds){0.7, 48.5, 41.5});
            image_free(source);
            image_free(want);
            image_free(flat);
            free_trial(t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_to_everything),
        cmocka_unit_test(webp_of_rgb_to_everything),
        cmocka_unit_test(planes_to_everything),
        cmocka_unit_test(jpeg_to_webp_keeps_its_planes),
        cmocka_unit_test(quality_is_told_of_what_is_lossy),
        cmocka_unit_test(formats_together_equal_formats_alone),
        cmocka_unit_test(sixteen_bits_stay_sixteen),
        cmocka_unit_test(profiles_are_kept_dropped_or_applied),
        cmocka_unit_test(gray_profiles_stay_with_gray),
        cmocka_unit_test(all_orientations_come_out_upright),
        cmocka_unit_test(shared_orientations_agree),
        cmocka_unit_test(linear_light_equals_double_precision),
        cmocka_unit_test(odd_sizes_of_everything),
        cmocka_unit_test(cover_crops_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
