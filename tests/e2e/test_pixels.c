/* Whole pictures for `compare`, beside those that libpng, libjpeg-turbo and libwebp decode. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "fail_alloc.h"
#include "images.h"
#include "pixels.h"

enum { WIDTH = 61, HEIGHT = 45 };

static const uint8_t background[3] = {255, 128, 0};

static int read_input(struct sct_pixels *pixels, struct capture_input input)
{
    struct sct_report report = {.message = ""};
    const struct sct_limits limits = {.max_pixels = SCT_MAX_PIXELS,
                                      .max_side = SCT_MAX_PICTURE_SIDE,
                                      .max_scans = SCT_MAX_SCANS,
                                      .max_whole_pixels = SCT_MAX_WHOLE_PIXELS,
                                      .max_metadata_bytes = SCT_MAX_METADATA_BYTES,
                                      .max_memory_bytes = SCT_MAX_MEMORY_BYTES,
                                      .max_input_bytes = SCT_MAX_INPUT_BYTES};
    const struct sct_source source = capture_source(&input);
    return sct_pixels_read(pixels, &source, &limits, background, &report);
}

static int read_file(struct sct_pixels *pixels, const struct image_file *file)
{
    return read_input(pixels, (struct capture_input){.bytes = file->bytes,
                                                     .n_bytes = file->n_bytes,
                                                     .fail_at = SIZE_MAX});
}

static int sample_of(const struct sct_pixels *pixels, int c, int x, int y)
{
    const uint8_t *const row = sct_plane_row(&pixels->rgb.plane[c], y);
    return pixels->rgb.depth == 8 ? row[x] : ((const uint16_t *)(const void *)row)[x];
}

/* What is seen of an image, 0..1. */
static double seen(const struct image *image, int c, size_t i)
{
    const double alpha = image->has_alpha ? image->plane[image->n_colours][i] : 1.0;
    const double colour = image->n_colours == 4 /* no ink is 1 */
                              ? image->plane[c][i] * image->plane[3][i]
                              : image->plane[image->n_colours == 1 ? 0 : c][i];
    return colour * alpha + background[c] / 255.0 * (1.0 - alpha);
}

/* Up to the rounding to the pixels' depth. */
static void assert_pixels_are(const struct sct_pixels *pixels, const struct image *image)
{
    const double peak = pixels->rgb.depth == 8 ? 255.0 : 65535.0;
    for (int c = 0; c < 3; c++) {
        assert_int_equal(pixels->rgb.plane[c].width, image->width);
        assert_int_equal(pixels->rgb.plane[c].height, image->height);
        for (int y = 0; y < image->height; y++)
            for (int x = 0; x < image->width; x++) {
                const size_t i = (size_t)y * (size_t)image->width + (size_t)x;
                const double wanted = seen(image, c, i) * peak;
                assert_true(fabs(sample_of(pixels, c, x, y) - wanted) < 0.5001);
            }
    }
}

static void check_file(struct image_file file,
                       struct image *(*decode)(const uint8_t *bytes, size_t n_bytes))
{
    struct sct_pixels pixels;
    struct image *const truth = decode(file.bytes, file.n_bytes);
    assert_int_equal(read_file(&pixels, &file), SCT_OK);
    assert_int_equal(pixels.rgb.depth, truth->has_alpha ? 16 : truth->depth);
    assert_int_equal(pixels.bytes, file.n_bytes);
    assert_pixels_are(&pixels, truth);
    sct_pixels_free(&pixels);
    image_free(truth);
    image_file_free(&file);
}

static void png_is_what_libpng_decodes(void **state)
{
    (void)state;
    for (int n_colours = 1; n_colours <= 3; n_colours += 2)
        for (int has_alpha = 0; has_alpha <= 1; has_alpha++)
            for (int depth = 8; depth <= 16; depth += 8)
                for (int is_interlaced = 0; is_interlaced <= 1; is_interlaced++) {
                    struct image *const image =
                        image_natural(WIDTH, HEIGHT, n_colours, has_alpha);
                    check_file(
                        image_to_png(image, IMAGE_PLAIN, depth, is_interlaced, NULL),
                        image_from_png);
                    image_free(image);
                }
}

static void jpeg_is_what_libjpeg_decodes(void **state)
{
    static const struct {
        int n_colours;
        enum image_jpeg model;
    } kinds[] = {
        {1, IMAGE_YCC}, {3, IMAGE_YCC}, {3, IMAGE_RGB}, {4, IMAGE_YCC}, {4, IMAGE_YCCK}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int sub = IMAGE_444; sub <= IMAGE_420; sub++) {
            struct image *const image =
                image_natural(WIDTH, HEIGHT, kinds[i].n_colours, 0);
            check_file(
                image_to_jpeg(image, kinds[i].model, (enum image_sub)sub, 85, NULL),
                image_from_jpeg);
            image_free(image);
        }
}

static void webp_is_what_libwebp_decodes(void **state)
{
    (void)state;
    for (int is_lossless = 0; is_lossless <= 1; is_lossless++)
        for (int has_alpha = 0; has_alpha <= 1; has_alpha++) {
            struct image *const image = image_natural(WIDTH, HEIGHT, 3, has_alpha);
            check_file(image_to_webp(image, is_lossless, 85, NULL), image_from_webp);
            image_free(image);
        }
}

static void turned_pictures_are_upright(void **state)
{
    (void)state;
    for (int depth = 8; depth <= 16; depth += 8)
        for (int orientation = 1; orientation <= 8; orientation++) {
            const struct image_meta meta = {.orientation = orientation};
            struct image *const image = image_natural(WIDTH, HEIGHT, 3, 0);
            struct image *const stored = image_stored(image, orientation);
            struct image_file upright = image_to_png(image, IMAGE_PLAIN, depth, 0, NULL);
            struct image_file turned = image_to_png(stored, IMAGE_PLAIN, depth, 0, &meta);
            struct image *const truth = image_from_png(upright.bytes, upright.n_bytes);
            struct sct_pixels pixels;
            assert_int_equal(read_file(&pixels, &turned), SCT_OK);
            assert_pixels_are(&pixels, truth);
            sct_pixels_free(&pixels);
            image_file_free(&upright), image_file_free(&turned);
            image_free(image), image_free(stored), image_free(truth);
        }
}

/* One of each format, with all that takes memory. */
static struct image_file make_hard_file(int kind)
{
    const struct image_meta meta = {.orientation = 6};
    struct image *const image = image_natural(WIDTH, HEIGHT, 3, kind != 1);
    const struct image_file file =
        kind == 0   ? image_to_png(image, IMAGE_PLAIN, 8, 0, &meta)
        : kind == 1 ? image_to_jpeg(image, IMAGE_YCC, IMAGE_420, 80, &meta)
                    : image_to_webp(image, 1, 80, &meta);
    image_free(image);
    return file;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct image_file file = make_hard_file(kind);
        int n_failed = 0, has_more = 1;
        for (int n = 0; has_more; n++) {
            struct sct_pixels pixels;
            n_allocations = 0;
            failing_allocation = n;
            const int status = read_file(&pixels, &file);
            has_more = n_allocations > n;
            failing_allocation = -1;
            if (status == SCT_OK)
                sct_pixels_free(&pixels);
            else
                assert_int_equal(status, SCT_ERR_MEMORY);
            n_failed += status != SCT_OK;
        }
        assert_true(n_failed > 6);
        image_file_free(&file);
    }
}

static void inputs_that_fail_or_end_are_reported(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct image_file file = make_hard_file(kind);
        for (size_t n = 100; n + 60 < file.n_bytes; n += 1 + file.n_bytes / 40) {
            struct sct_pixels pixels;
            struct capture_input input = {.bytes = file.bytes,
                                          .n_bytes = file.n_bytes,
                                          .piece_bytes = 50,
                                          .fail_at = n};
            assert_int_equal(read_input(&pixels, input), SCT_ERR_IO);
            input.n_bytes = n;
            input.fail_at = SIZE_MAX;
            assert_int_equal(read_input(&pixels, input), SCT_ERR_TRUNCATED);
        }
        image_file_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_is_what_libpng_decodes),
        cmocka_unit_test(jpeg_is_what_libjpeg_decodes),
        cmocka_unit_test(webp_is_what_libwebp_decodes),
        cmocka_unit_test(turned_pictures_are_upright),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(inputs_that_fail_or_end_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
