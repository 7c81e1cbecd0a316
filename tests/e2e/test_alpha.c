/* Alpha, from one format to another: what nobody sees is seen nowhere. And what goes wrong with
 * pictures that have it.
 *
 * sct_mem_alloc is wrapped by the linker (--wrap), so that the n-th allocation can fail. */
#include "fail_alloc.h"
#include "format_test.h"

/* ---- pictures ---------------------------------------------------------------------- */

/* A disc of one colour with a soft edge; around it another colour that is transparent. */
static struct image *make_disc(int width, int height, const double disc[3],
                               const double around[3])
{
    struct image *image = image_create(width, height, 3, 1);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double dx = x + 0.5 - width / 2.0, dy = y + 0.5 - height / 2.0;
            const double r = width * 0.35 - sqrt(dx * dx + dy * dy);
            const size_t at = (size_t)y * (size_t)width + (size_t)x;
            const double alpha = clamp_1(r / 3 + 0.5);
            for (int ci = 0; ci < 3; ci++)
                image->plane[ci][at] = alpha > 0 ? disc[ci] : around[ci];
            image->plane[3][at] = alpha;
        }
    return image;
}

static struct image_file file_of(enum to from, const struct image *image, int depth)
{
    return from == TO_PNG ? image_to_png(image, IMAGE_PLAIN, depth, 0, NULL)
                          : image_to_webp(image, from == TO_LOSSLESS, 100, NULL);
}

/* ---- fringes ----------------------------------------------------------------------- */

/* The largest distance of visible colours from one colour, in levels. */
static double worst_tint(const struct image *image, const double colour[3],
                         double least_alpha)
{
    double worst = 0.0;
    for (size_t i = 0; i < image_size(image); i++)
        for (int ci = 0; ci < 3; ci++)
            if (sample_of(image, 3, i) >= least_alpha)
                worst = fmax(worst, fabs(sample_of(image, ci, i) - colour[ci]));
    return worst * 255;
}

/* What is visible of a disc is as white (or red) at its edge as in the middle, to two levels of
 * alpha; in linear light, where 15 bits of a trace of dark red are few, to eight; in lossy files,
 * where luma and chroma have been through a codec, nearly. */
static void discs_have_no_fringes(void **state)
{
    static const double discs[][3] = {{1, 1, 1}, {200 / 255.0, 40 / 255.0, 40 / 255.0}};
    static const double arounds[][3] = {{0, 0, 0}, {0, 1, 0}, {1, 0, 1}};
    static const int sizes[][2] = {{37, 37}, {23, 31}, {96, 96}, {131, 128}};
    double worst = 0.0, worst_lossy = 0.0;
    (void)state;
    for (int k = 0; k < 2 * 3 * 4 * 2; k++) {
        const double *disc = discs[k % 2], *around = arounds[k / 2 % 3];
        const int *size = sizes[k / 6 % 4];
        const int is_linear = k / 24;
        for (int from = TO_PNG; from <= TO_LOSSLESS; from += TO_LOSSLESS - TO_PNG)
            for (int depth = 8; depth <= (from == TO_PNG ? 16 : 8); depth += 8) {
                struct image *image = make_disc(96, 96, disc, around);
                struct trial *t =
                    make_trial(file_of((enum to)from, image, depth), size[0], size[1]);
                t->job.linear = is_linear;
                for (int to = 0; to < N_TO; to++)
                    t->variants[to].subsampling = SCT_SUB_420;
                run_well(t, "disc");
                for (int to = TO_PNG; to < N_TO; to++) {
                    struct image *got = read_output(t, to);
                    assert_true(got->has_alpha);
                    if (to == TO_WEBP)
                        worst_lossy =
                            fmax(worst_lossy, worst_tint(got, disc, 16 / 255.0));
                    else
                        worst =
                            fmax(worst, worst_tint(got, disc,
                                                   is_linear ? 8 / 255.0 : 2 / 255.0));
                    image_free(got);
                }
                if (k % 2 == 0) { /* white on white */
                    struct image *flat = read_output(t, TO_JPEG);
                    assert_true(worst_tint(flat, disc, 0) <= 0.51);
                    image_free(flat);
                }
                image_free(image);
                free_trial(t);
            }
    }
    printf("tint: %.2f levels lossless, %.2f lossy\n", worst, worst_lossy);
    assert_true(worst <= 1.01);
    assert_true(worst_lossy <= 32); /* of 4:2:0 and a quality of 80, at edges of red */
}

/* Other colours under alpha 0 change no output, not even lossy ones. */
static void what_is_transparent_changes_nothing(void **state)
{
    (void)state;
    for (int linear = 0; linear <= 1; linear++) {
        struct capture_files first = {.n_opened = 0};
        for (int k = 0; k < 2; k++) {
            const double disc[3] = {0.8, 0.5, 0.1};
            const double arounds[2][3] = {{0, 0, 0}, {0, 1, 0}};
            struct image *image = make_disc(64, 64, disc, arounds[k]);
            struct trial *t = make_trial(file_of(TO_PNG, image, 8), 27, 33);
            t->job.linear = linear;
            run_well(t, "around");
            for (int i = 0; i < N_TO && k; i++) {
                assert_int_equal(first.file[i].n_bytes, t->files.file[i].n_bytes);
                assert_memory_equal(first.file[i].bytes, t->files.file[i].bytes,
                                    first.file[i].n_bytes);
            }
            capture_free_files(&first);
            first = t->files;
            memset(&t->files, 0, sizeof t->files);
            image_free(image);
            free_trial(t);
        }
        capture_free_files(&first);
    }
}

/* ---- opaque pictures --------------------------------------------------------------- */

/* An alpha that says nothing makes no difference: the same picture within a level, and a PNG and
 * lossless WebP without alpha. */
static void opaque_alpha_is_no_alpha(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        const int depth = k & 1 ? 16 : 8, n_colours = k & 2 ? 1 : 3, linear = k >> 2;
        struct image *plain = image_natural(61, 47, n_colours, 0);
        struct image *opaque = image_create(61, 47, n_colours, 1);
        for (int ci = 0; ci <= n_colours; ci++)
            for (size_t i = 0; i < image_size(plain); i++)
                opaque->plane[ci][i] = ci < n_colours ? plain->plane[ci][i] : 1.0;
        struct trial *a = make_trial(file_of(TO_PNG, plain, depth), 33, 25);
        struct trial *b = make_trial(file_of(TO_PNG, opaque, depth), 33, 25);
        a->job.linear = b->job.linear = linear;
        run_well(a, "plain");
        run_well(b, "opaque");
        for (int to = 0; to < N_TO; to++) {
            struct image *x = read_output(a, to), *y = read_output(b, to);
            const double error = max_error(y, x, 0), db = colour_db(y, x);
            assert_int_equal(y->has_alpha, 0);
            if (to == TO_PNG || to == TO_LOSSLESS ? error > 1.01
                                                  : db < (to == TO_JPEG ? 57 : 44))
                fail_msg("%s: %.2f levels, %.1f dB", to_names[to], error, db);
            image_free(x);
            image_free(y);
        }
        image_free(plain);
        image_free(opaque);
        free_trial(a);
        free_trial(b);
    }
}

/* ---- backgrounds ------------------------------------------------------------------- */

static void alpha_is_laid_on_the_background(void **state)
{
    static const uint8_t backgrounds[][3] = {
        {255, 255, 255}, {0, 0, 0}, {40, 90, 200}, {128, 128, 128}};
    (void)state;
    for (int k = 0; k < 4 * 2 * 2 * 2; k++) {
        const uint8_t *background = backgrounds[k % 4];
        const int n_colours = k / 4 % 2 ? 1 : 3, depth = k / 8 % 2 ? 16 : 8;
        const double exact[3] = {background[0] / 255.0, background[1] / 255.0,
                                 background[2] / 255.0};
        const struct wish wish = {
            .width = 30, .height = 22, .is_linear = k / 16, .background = exact};
        struct image *image = image_natural(61, 47, n_colours, 1);
        struct trial *t = make_trial(file_of(TO_PNG, image, depth), 30, 22);
        struct image *source = image_from_png(t->file.bytes, t->file.n_bytes);
        struct image *want = resize_image(source, &wish);
        t->job.linear = wish.is_linear;
        for (int to = 0; to < N_TO; to++)
            memcpy(t->variants[to].background, background, 3);
        run_well(t, "background");
        struct image *got = read_output(t, TO_JPEG);
        const double db = colour_db(got, want), error = max_error(got, want, 0);
        printf("%d colours, %d bits, on %d %d %d, linear %d: %.1f dB, %.1f levels\n",
               n_colours, depth, background[0], background[1], background[2],
               wish.is_linear, db, error);
        assert_true(db > 48.5 && error < 5);
        const int is_gray = background[0] == background[1] && n_colours == 1;
        assert_int_equal(got->n_colours, is_gray ? 1 : 3);
        image_free(got);
        for (int to = TO_PNG; to < N_TO; to++) { /* these keep it */
            got = read_output(t, to);
            assert_int_equal(got->has_alpha, 1);
            image_free(got);
        }
        image_free(source);
        image_free(want);
        image_free(image);
        free_trial(t);
    }
}

/* With a profile the background is what the output says it is: sRGB after conversion. */
static void the_background_is_srgb_after_conversion(void **state)
{
    static const uint8_t background[3] = {40, 90, 200};
    uint8_t *icc;
    size_t n;
    (void)state;
    for (int k = 0; k < 4; k++) {
        const int n_colours = k & 1 ? 1 : 3;
        if (n_colours == 1)
            assert_int_equal(sct_icc_make_png(&icc, &n, SCT_GRAY, 100000, NULL, NULL), 0);
        else
            assert_int_equal(sct_icc_make_cicp(&icc, &n, SCT_RGB, 12, 13, NULL), 0);
        const struct image_meta meta = {.icc = icc, .icc_bytes = n};
        struct image *image =
            image_create(32, 32, n_colours, 1); /* nothing but background */
        struct trial *t = make_trial(image_to_png(image, IMAGE_PLAIN, 8, 0, &meta), 9, 9);
        memcpy(t->variants[0].background, background, 3);
        t->variants[0].icc = SCT_ICC_SRGB;
        t->job.n_variants = 1;
        t->job.linear = k >> 1;
        run_well(t, "background with profile");
        struct image *got = read_output(t, 0);
        for (int ci = 0; ci < 3; ci++)
            assert_true(fabs(got->plane[ci][40] * 255 - background[ci]) <= 1.01);
        image_free(got);
        image_free(image);
        free_trial(t);
        sct_mem_free(icc);
    }
}

/* ---- chroma beside alpha ----------------------------------------------------------- */

/* Two colours side by side, one of them all but transparent: in 4:2:0 the visible one keeps
 * its chroma, because the mean is weighed by alpha. */
static void chroma_is_weighed_by_alpha(void **state)
{
    (void)state;
    for (int linear = 0; linear <= 1; linear++) {
        struct image *image = image_create(64, 64, 3, 1);
        for (size_t i = 0; i < image_size(image); i++) {
            const int is_red =
                (i + 1) / 2 % 2 == 0; /* pairs that straddle chroma's grid */
            image->plane[0][i] = is_red ? 0.8 : 0.1;
            image->plane[1][i] = is_red ? 0.2 : 0.1;
            image->plane[2][i] = is_red ? 0.2 : 0.9;
            image->plane[3][i] = is_red ? 1.0 : 2 / 255.0;
        }
        struct trial *t = make_trial(file_of(TO_PNG, image, 8), 64, 64);
        t->job.linear = linear;
        run_well(t, "chroma");
        struct image *got = read_output(t, TO_WEBP);
        const double red[3] = {0.8, 0.2, 0.2};
        const double tint = worst_tint(got, red, 0.5);
        printf("chroma beside what is transparent: %.1f levels off, linear %d\n", tint,
               linear);
        assert_true(tint <= 6); /* the codec's; 90 with plain means */
        image_free(got);
        image_free(image);
        free_trial(t);
    }
}

/* ---- what goes wrong --------------------------------------------------------------- */

/* Gray or RGB with alpha, to everything: alpha, profile, linear light, orientation. */
static struct trial *make_hard_trial(int k)
{
    uint8_t *icc;
    size_t n;
    assert_int_equal(k & 1 ? sct_icc_make_png(&icc, &n, SCT_GRAY, 100000, NULL, NULL)
                           : sct_icc_make_cicp(&icc, &n, SCT_RGB, 12, 13, NULL),
                     SCT_OK);
    const struct image_meta meta = {
        .icc = icc, .icc_bytes = n, .orientation = 1 + 5 * (k & 1)};
    struct image *image = image_natural(61, 47, k & 1 ? 1 : 3, 1);
    struct trial *t =
        make_trial(k < 2 ? image_to_png(image, IMAGE_PLAIN, k & 1 ? 16 : 8, k & 1, &meta)
                         : image_to_webp(image, k & 1, 90, k & 1 ? NULL : &meta),
                   30, 20);
    t->job.linear = k & 1;
    t->variants[TO_JPEG].background[0] = 7;
    t->variants[TO_JPEG].icc = t->variants[TO_WEBP].icc = SCT_ICC_SRGB;
    t->variants[TO_PNG].depth = 16;
    image_free(image);
    sct_mem_free(icc);
    return t;
}

static void assert_nothing_published(const struct trial *t)
{
    for (int i = 0; i < t->job.n_variants; i++)
        assert_true(t->files.file[i].close_status != SCT_OK || t->files.n_opened <= i);
    assert_string_not_equal(t->result.report.message, "");
}

static void assert_same_outputs(const struct trial *t, const struct capture_files *whole)
{
    for (int i = 0; i < t->job.n_variants; i++) {
        assert_int_equal(t->files.file[i].n_bytes, whole->file[i].n_bytes);
        assert_memory_equal(t->files.file[i].bytes, whole->file[i].bytes,
                            whole->file[i].n_bytes);
    }
}

/* Without one allocation either nothing is published, or what always is. */
static void every_allocation_may_fail(void **state)
{
    const int step = getenv("SCT_TEST_QUICK") ? 7 : 1; /* of some 200 allocations */
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct trial *t = make_hard_trial(k);
        run_well(t, "with all memory");
        struct capture_files whole = t->files;
        memset(&t->files, 0, sizeof t->files);
        int n_failed = 0, has_more = 1;
        for (int n = 0; has_more; n += step) {
            n_allocations = 0;
            failing_allocation = n;
            const int status = run(t);
            has_more = n_allocations > n;
            failing_allocation = -1;
            if (status != SCT_OK && status != SCT_ERR_MEMORY)
                fail_msg("%d: allocation %d: status %d, %s", k, n, status,
                         t->result.report.message);
            if (status == SCT_OK)
                assert_same_outputs(t, &whole);
            else
                assert_nothing_published(t);
            n_failed += status != SCT_OK;
        }
        assert_true(n_failed > 20);
        capture_free_files(&whole);
        free_trial(t);
    }
}

static void sources_that_fail_are_io(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct trial *t = make_hard_trial(k);
        t->input.piece_bytes = 50;
        for (t->input.fail_at = 0; t->input.fail_at < t->file.n_bytes;
             t->input.fail_at += 1 + t->file.n_bytes / 40)
        {
            assert_int_equal(run(t), SCT_ERR_IO);
            assert_false(t->files.file[0].close_status == SCT_OK && t->files.n_opened);
        }
        free_trial(t);
    }
}

static void files_that_end_are_truncated(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct trial *t = make_hard_trial(k);
        const size_t n_bytes = t->input.n_bytes;
        for (size_t n = 100; n + 60 < n_bytes; n += 1 + n_bytes / 40) {
            t->input.n_bytes = n;
            assert_int_equal(run(t), SCT_ERR_TRUNCATED);
            assert_nothing_published(t);
            t->job.salvage = 1;
            (void)run(t); /* what there is, or no picture at all */
            t->job.salvage = 0;
        }
        free_trial(t);
    }
}

static void sinks_that_fail_are_io(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++)
        for (int to = 0; to < N_TO; to++) {
            struct trial *t = make_hard_trial(k);
            t->job.variants = &t->variants[to];
            t->job.n_variants = 1;
            (void)capture_target(&t->files);
            t->files.fail_after = 1;
            assert_int_equal(sct_job_run(&t->job, &t->result), SCT_ERR_IO);
            assert_true(t->files.file[0].close_status == SCT_ERR_IO);
            free_trial(t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discs_have_no_fringes),
        cmocka_unit_test(what_is_transparent_changes_nothing),
        cmocka_unit_test(opaque_alpha_is_no_alpha),
        cmocka_unit_test(alpha_is_laid_on_the_background),
        cmocka_unit_test(the_background_is_srgb_after_conversion),
        cmocka_unit_test(chroma_is_weighed_by_alpha),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(sources_that_fail_are_io),
        cmocka_unit_test(files_that_end_are_truncated),
        cmocka_unit_test(sinks_that_fail_are_io),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
