/* Quality of linear light: jobs with `linear` against libjpeg-turbo's RGB, made linear, resized and
 * made sRGB again in double precision; as PSNR of RGB.
 *
 * The pictures: natural ones of the generated corpus, and two of ../shared/photos beside the
 * repository, which are left out, and that is said, where they are absent. SCT_TEST_QUICK leaves
 * them out too (emulators, sanitizers). */
#include "format_test.h"

/* Rounding to 8 bits alone is 58.9 dB. */
static const double LINEAR_DB = 58.5;
static const double MAX_LEVELS = 0.8;

/* PNG, as JPEG and WebP would add their own loss. */
static void check_picture(const char *folder, const char *name)
{
    static const double shrinks[] = {1.7, 3.9, 9.0};
    char path[4096];
    struct image_file file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file.bytes = capture_read_file(path, &file.n_bytes);
    if (!file.bytes) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    struct image *source = image_from_jpeg(file.bytes, file.n_bytes);
    struct trial *t = make_trial(file, 0, 0);
    t->job.linear = 1;
    t->job.n_variants = 1;
    for (int k = 0; k < 3; k++) {
        const struct wish wish = {.width = (int)(source->width / shrinks[k]),
                                  .height = (int)(source->height / shrinks[k]),
                                  .is_linear = 1};
        t->variants[0] = variant_to(TO_PNG, wish.width, wish.height);
        run_well(t, name);
        struct image *got = read_output(t, 0), *want = resize_image(source, &wish);
        const double db = colour_db(got, want), error = max_error(got, want, 0);
        printf("%-30s in linear light, shrink %.1f: %.1f dB, %.2f levels\n", name,
               shrinks[k], db, error);
        assert_true(db >= LINEAR_DB && error <= MAX_LEVELS);
        image_free(got);
        image_free(want);
    }
    image_free(source);
    free_trial(t);
}

static void generated_pictures_in_linear_light_equal_double_precision(void **state)
{
    (void)state;
    assert_non_null(getenv("SCT_CORPUS"));
    check_picture(getenv("SCT_CORPUS"), "natural_420_640x480.jpg");
    check_picture(getenv("SCT_CORPUS"), "natural_444_640x480.jpg");
}

static void photographs_in_linear_light_equal_double_precision(void **state)
{
    const char *source = getenv("SCT_SOURCE_DIR");
    char folder[2048];
    (void)state;
    if (getenv("SCT_TEST_QUICK"))
        skip();
    snprintf(folder, sizeof folder, "%s/../shared/photos", source ? source : ".");
    check_picture(folder, "Nikon_D90.jpg");
    check_picture(folder, "progressive_420_960x1280.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_pictures_in_linear_light_equal_double_precision),
        cmocka_unit_test(photographs_in_linear_light_equal_double_precision),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
