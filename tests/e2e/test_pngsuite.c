/* PngSuite, end to end: every sound file becomes every format and equals double precision, every
 * broken one has the verdict that it should have. In ../shared/pngsuite beside the repository;
 * skipped where that is not. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>

#include "format_test.h"

/* Of what is lossless. JPEG and WebP have bounds in test_formats.c; 11 x 13 pixels of drawings
 * are no measure of them. */
static const double MAX_LEVELS = 0.7;
/* Rounded to 8 bits, then made sRGB, which is 12.92 times as steep as linear light in the dark. */
static const double MAX_CONVERTED_LEVELS = 12.92 / 2;

/* Of all sound files, so that a bound that has become wide can be seen. */
struct worst {
    double levels, converted_levels;
    int n_sound, n_converted, n_broken;
};

static char *name_folder(char folder[4096])
{
    const char *source = getenv("SCT_SOURCE_DIR");
    snprintf(folder, 4096, "%s/../shared/pngsuite", source ? source : ".");
    return folder;
}

static struct image_file read_suite_file(const char *name)
{
    char folder[4096], path[8192];
    struct image_file file;
    snprintf(path, sizeof path, "%s/%s", name_folder(folder), name);
    file.bytes = capture_read_file(path, &file.n_bytes);
    if (!file.bytes)
        fail_msg("%s: cannot be read", path);
    return file;
}

/* ---- sound files ------------------------------------------------------------------- */

/* The exponent that a gAMA chunk encodes with, or 0. What sRGB's curve is written as is sRGB. */
static double find_gamma(const struct image_file *file)
{
    for (size_t i = 0; i + 8 <= file->n_bytes; i++)
        if (memcmp(file->bytes + i, "gAMA", 4) == 0) {
            const uint8_t *p = file->bytes + i + 4;
            const double gamma = (p[1] * 65536.0 + p[2] * 256.0 + p[3]) / 1e5;
            return fabs(gamma - 0.45455) < 0.005 ? 0 : gamma;
        }
    return 0;
}

static void gray_to_srgb(struct image *gray, double gamma)
{
    for (size_t i = 0; i < image_size(gray); i++)
        gray->plane[0][i] = from_linear(pow(gray->plane[0][i], 1 / gamma));
}

/* A gamma or primaries of the file's own become a profile and its numbers stay, but for gray
 * in WebP, which has no gray profiles: it is converted. */
static void convert_sound(const char *name, struct worst *worst)
{
    const struct wish wish = {.width = 11, .height = 13};
    struct image_file file = read_suite_file(name);
    struct image *source = image_from_png(file.bytes, file.n_bytes);
    struct image *want = resize_image(source, &wish);
    const double gamma = find_gamma(&file);
    struct trial *t = make_trial(file, wish.width, wish.height);
    if (run(t) != SCT_OK)
        fail_msg("%s: %s", name, t->result.report.message);
    assert_int_equal(t->result.width, source->width);
    assert_int_equal(t->result.height, source->height);

    struct image *png = read_output(t, TO_PNG), *webp = read_output(t, TO_LOSSLESS);
    const double levels = max_error(png, want, 8 / 255.0);
    const int is_converted = source->n_colours == 1 && gamma > 0;
    if (is_converted)
        gray_to_srgb(want, gamma);
    const double webp_levels = max_error(webp, want, 8 / 255.0);
    double *const worst_webp = is_converted ? &worst->converted_levels : &worst->levels;
    if (levels > MAX_LEVELS ||
        webp_levels > (is_converted ? MAX_CONVERTED_LEVELS : MAX_LEVELS))
        fail_msg("%s: %.2f levels in PNG, %.2f in WebP", name, levels, webp_levels);
    worst->levels = fmax(worst->levels, levels);
    *worst_webp = fmax(*worst_webp, webp_levels);
    worst->n_sound++;
    worst->n_converted += is_converted;

    struct image *jpeg = read_output(t, TO_JPEG), *lossy = read_output(t, TO_WEBP);
    assert_int_equal(jpeg->has_alpha, 0);
    assert_int_equal(lossy->has_alpha, webp->has_alpha);
    image_free(jpeg);
    image_free(lossy);
    image_free(png);
    image_free(webp);
    image_free(source);
    image_free(want);
    free_trial(t);
}

/* ---- broken files ------------------------------------------------------------------ */

static void refuse_broken(const char *name, struct worst *worst)
{
    static const struct {
        const char *name;
        int status;
    } verdicts[] = {
        {"xs1n0g01.png", SCT_ERR_NOT_AN_IMAGE}, /* the signature: byte 1, */
        {"xs2n0g01.png", SCT_ERR_NOT_AN_IMAGE}, /* byte 2, */
        {"xs4n0g01.png", SCT_ERR_NOT_AN_IMAGE}, /* byte 4, */
        {"xs7n0g01.png", SCT_ERR_CORRUPT}, /* byte 7; and as text files are mangled: */
        {"xcrn0g04.png", SCT_ERR_CORRUPT}, /* a CR more, */
        {"xlfn0g04.png", SCT_ERR_CORRUPT}, /* a LF more */
        {"xhdn0g08.png", SCT_ERR_CORRUPT}, /* checksum of IHDR */
        {"xc1n0g08.png", SCT_ERR_CORRUPT}, /* colour type 1 */
        {"xc9n2c08.png", SCT_ERR_CORRUPT}, /* colour type 9 */
        {"xd0n2c08.png", SCT_ERR_CORRUPT}, /* depth 0 */
        {"xd3n2c08.png", SCT_ERR_CORRUPT}, /* depth 3 */
        {"xd9n2c08.png", SCT_ERR_CORRUPT}, /* depth 99 */
        {"xdtn0g01.png", SCT_ERR_CORRUPT}, /* no IDAT */
        {"xcsn0g01.png", SCT_ERR_CORRUPT}, /* checksum of IDAT */
    };
    struct trial *t = make_trial(read_suite_file(name), 11, 13);
    size_t k = 0;
    while (k < sizeof verdicts / sizeof *verdicts && strcmp(verdicts[k].name, name) != 0)
        k++;
    if (k == sizeof verdicts / sizeof *verdicts)
        fail_msg("%s: a broken file that the test does not know", name);
    if (run(t) != verdicts[k].status)
        fail_msg("%s: status %d, not %d: %s", name, t->result.status, verdicts[k].status,
                 t->result.report.message);
    assert_string_not_equal(t->result.report.message, "");
    for (int i = 0; i < t->files.n_opened; i++)
        assert_int_not_equal(t->files.file[i].close_status, SCT_OK);
    worst->n_broken++;
    free_trial(t);
}

/* ------------------------------------------------------------------------------------ */

static int is_png(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".png") == 0;
}

static void the_suite_is_converted_or_refused(void **state)
{
    char folder[4096];
    struct dirent **entries;
    struct worst worst = {0};
    (void)state;
    const int n = scandir(name_folder(folder), &entries, is_png, alphasort);
    if (n <= 0) {
        print_message("skipped: no pictures in %s\n", folder);
        skip();
    }
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (name[0] == 'x')
            refuse_broken(name, &worst);
        else
            convert_sound(name, &worst);
        free(entries[i]);
    }
    free(entries);
    printf("%d sound files: %.2f levels; %d of them converted: %.2f; %d broken ones\n",
           worst.n_sound, worst.levels, worst.n_converted, worst.converted_levels,
           worst.n_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_is_converted_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
