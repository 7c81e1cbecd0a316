/* What the tests of formats share: jobs over pictures that the test has made, and what should
 * come out of them, in double precision. */
#ifndef FORMAT_TEST_H
#define FORMAT_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "icc.h"
#include "images.h"
#include "mem.h"
#include "reference.h"

/* ---- jobs -------------------------------------------------------------------------- */

enum to { TO_JPEG, TO_PNG, TO_WEBP, TO_LOSSLESS, N_TO };

static const char *const to_names[N_TO] = {"jpeg", "png", "webp", "lossless webp"};

enum { MAX_VARIANTS = 8 };

struct trial {
    struct image_file file; /* owned */
    struct capture_input input;
    struct capture_files files;
    struct sct_variant variants[MAX_VARIANTS];
    struct sct_job job;
    struct sct_result result;
};

static inline struct sct_variant variant_to(enum to to, int width, int height)
{
    static const char *const formats[N_TO] = {"jpeg", "png", "webp", "webp"};
    struct sct_variant v = sct_variant_default();
    v.width = width;
    v.height = height;
    v.fit = SCT_FIT_FILL;
    v.enlarge = 1;
    v.format = sct_encoder_find(formats[to]);
    v.lossless = to == TO_LOSSLESS;
    v.quality = 100;
    v.quality_exact = 1;
    v.subsampling = SCT_SUB_444;
    assert_non_null(v.format);
    return v;
}

/* Variant i goes to format i. Takes the file. */
static inline struct trial *make_trial(struct image_file file, int width, int height)
{
    struct trial *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->file = file;
    t->input = (struct capture_input){file.bytes, file.n_bytes, 0, 0, SIZE_MAX};
    for (int to = 0; to < N_TO; to++)
        t->variants[to] = variant_to((enum to)to, width, height);
    t->job = (struct sct_job){.source = capture_source(&t->input),
                              .variants = t->variants,
                              .n_variants = N_TO,
                              .target = capture_target(&t->files)};
    return t;
}

static inline int run(struct trial *t)
{
    capture_free_files(&t->files);
    (void)capture_target(&t->files);
    t->input.offset = 0;
    const int status = sct_job_run(&t->job, &t->result);
    assert_int_equal(status, t->result.status);
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        assert_false(t->files.file[i].is_open);
    return status;
}

static inline void run_well(struct trial *t, const char *name)
{
    if (run(t) != SCT_OK)
        fail_msg("%s: %d, %s", name, t->result.status, t->result.report.message);
    if (t->result.report.n_warnings)
        fail_msg("%s: %s", name, t->result.report.warning);
}

static inline void free_trial(struct trial *t)
{
    capture_free_files(&t->files);
    image_file_free(&t->file);
    free(t);
}

static inline struct image *read_image(const uint8_t *bytes, size_t n_bytes)
{
    assert_true(n_bytes > 12);
    if (bytes[0] == 0x89)
        return image_from_png(bytes, n_bytes);
    return bytes[0] == 0xFF ? image_from_jpeg(bytes, n_bytes)
                            : image_from_webp(bytes, n_bytes);
}

static inline struct image *read_output(const struct trial *t, int i)
{
    const struct sct_output *o = &t->result.output[i];
    assert_int_equal(o->bytes, t->files.file[i].n_bytes);
    struct image *image = read_image(t->files.file[i].bytes, t->files.file[i].n_bytes);
    assert_int_equal(image->width, o->width);
    assert_int_equal(image->height, o->height);
    return image;
}

/* ---- the reference ----------------------------------------------------------------- */

static inline double clamp_1(double v)
{
    return fmin(fmax(v, 0.0), 1.0);
}

/* IEC 61966-2-1. */
static inline double to_linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static inline double from_linear(double v)
{
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

struct wish {
    int width, height;
    double left, top; /* pixels of the source that are cut off, on both sides */
    int is_linear;
    const double *background; /* three, sRGB; NULL: alpha stays */
    const char *filter;       /* NULL: lanczos3 */
};

static inline double *resize_plane(const double *in, int width, int height,
                                   double real_width, double real_height,
                                   const struct wish *wish)
{
    const double sx = real_width / width * wish->left;
    const double sy = real_height / height * wish->top;
    const struct sct_axis x = {sx, real_width - sx, width, wish->width, 0};
    const struct sct_axis y = {sy, real_height - sy, height, wish->height, 0};
    return reference_resize(in, &x, &y,
                            sct_filter_find(wish->filter ? wish->filter : "lanczos3"));
}

/* Multiplied by alpha, in linear light if so wished, resized, and back. What is transparent
 * altogether is black. */
static inline struct image *resize_image(const struct image *src, const struct wish *wish)
{
    const int n = src->n_colours;
    const int n_out = wish->background && n == 1 ? 3 : n;
    struct image *out = image_create(wish->width, wish->height, n_out,
                                     src->has_alpha && !wish->background);
    double *planes[5] = {NULL}, *work = malloc(image_size(src) * sizeof *work);
    assert_non_null(work);
    for (int ci = 0; ci < image_planes(src); ci++) {
        for (size_t i = 0; i < image_size(src); i++) {
            const double v = src->plane[ci][i];
            work[i] = wish->is_linear && ci < n ? to_linear(v) : v;
            if (src->has_alpha && ci < n)
                work[i] *= src->plane[n][i];
        }
        planes[ci] =
            resize_plane(work, src->width, src->height, src->width, src->height, wish);
    }
    for (size_t i = 0; i < image_size(out); i++) {
        /* beyond opaque, where the filter overshoots, colours are as much too large */
        const double alpha = src->has_alpha ? planes[n][i] : 1.0;
        for (int ci = 0; ci < n_out; ci++) {
            double v = planes[n == 1 ? 0 : ci][i];
            v = src->has_alpha ? fmax(0.0, v) : clamp_1(v);
            if (wish->background) {
                const double b = wish->background[ci];
                v = clamp_1(v + (1 - alpha) * (wish->is_linear ? to_linear(b) : b));
            } else {
                v = alpha > 0 ? clamp_1(v / alpha) : 0;
            }
            out->plane[ci][i] = wish->is_linear ? from_linear(v) : v;
        }
        if (out->has_alpha)
            out->plane[n_out][i] = clamp_1(alpha);
    }
    for (int ci = 0; ci < 5; ci++)
        free(planes[ci]);
    free(work);
    return out;
}

/* BT.601 as in T.871: Y, Cb, Cr become R, G, B, all 0..1. */
static inline void ycc_to_rgb(const double ycc[3], int is_limited, double rgb[3])
{
    double y = ycc[0], cb = ycc[1] - 128.0 / 255, cr = ycc[2] - 128.0 / 255;
    if (is_limited) {
        y = (y - 16.0 / 255) * 255 / 219;
        cb *= 255.0 / 224;
        cr *= 255.0 / 224;
    }
    rgb[0] = clamp_1(y + 1.402 * cr);
    rgb[1] = clamp_1(y - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587);
    rgb[2] = clamp_1(y + 1.772 * cb);
}

enum planes_are {
    PLANES_GRAY,
    PLANES_YCC,
    PLANES_LIMITED,
    PLANES_RGB,
    PLANES_CMYK,
    PLANES_YCCK,
    PLANES_CMYK_PLAIN
};

/* Inks, as stored, become RGB by (1 - c)(1 - k), unless they are stored inverted. */
static inline void inks_to_rgb(const double v[4], enum planes_are are, double rgb[3])
{
    double ink[4];
    memcpy(ink, v, sizeof ink);
    if (are == PLANES_YCCK) {
        ycc_to_rgb(v, 0, ink);
        for (int ci = 0; ci < 3; ci++)
            ink[ci] = 1 - ink[ci];
    }
    for (int ci = 0; ci < 3; ci++)
        rgb[ci] =
            are == PLANES_CMYK_PLAIN ? (1 - ink[ci]) * (1 - ink[3]) : ink[ci] * ink[3];
}

/* The planes of a file (0..255, each on its own grid) resized, then made RGB, or gray. */
static inline struct image *resize_planes(const struct reference_picture *in,
                                          enum planes_are are, int width, int height,
                                          const struct wish *wish)
{
    struct image *out =
        image_create(wish->width, wish->height, are == PLANES_GRAY ? 1 : 3, 0);
    double *planes[4] = {NULL};
    for (int ci = 0; ci < in->n_components; ci++) {
        const struct reference_plane *p = &in->component[ci];
        const double real_width = p->width == width ? width : width / 2.0;
        const double real_height = p->height == height ? height : height / 2.0;
        planes[ci] =
            resize_plane(p->samples, p->width, p->height, real_width, real_height, wish);
    }
    for (size_t i = 0; i < image_size(out); i++) {
        double v[4] = {0}, rgb[3];
        for (int ci = 0; ci < in->n_components; ci++)
            rgb[ci % 3] = v[ci] = clamp_1(planes[ci][i] / 255);
        if (are == PLANES_YCC || are == PLANES_LIMITED)
            ycc_to_rgb(v, are == PLANES_LIMITED, rgb);
        else if (in->n_components == 4)
            inks_to_rgb(v, are, rgb);
        for (int ci = 0; ci < out->n_colours; ci++)
            out->plane[ci][i] = rgb[ci];
    }
    for (int ci = 0; ci < 4; ci++)
        free(planes[ci]);
    return out;
}

/* ---- comparing --------------------------------------------------------------------- */

/* R, G, B or alpha (3) of sample i, whatever the image has. */
static inline double sample_of(const struct image *image, int ci, size_t i)
{
    if (ci == 3)
        return image->has_alpha ? image->plane[image->n_colours][i] : 1.0;
    return image->plane[image->n_colours == 1 ? 0 : ci][i];
}

/* The largest error of a colour where alpha is at least least_alpha, or of alpha; in levels
 * of 8 bits. */
static inline double max_error(const struct image *got, const struct image *want,
                               double least_alpha)
{
    double max = 0.0;
    assert_int_equal(got->width, want->width);
    assert_int_equal(got->height, want->height);
    for (size_t i = 0; i < image_size(got); i++)
        for (int ci = 0; ci < 4; ci++)
            if (ci == 3 || sample_of(want, 3, i) >= least_alpha)
                max = fmax(max, fabs(sample_of(got, ci, i) - sample_of(want, ci, i)));
    return max * 255;
}

/* PSNR of colours in dB, weighed by alpha. */
static inline double colour_db(const struct image *got, const struct image *want)
{
    double sum = 0.0, weight = 0.0;
    assert_int_equal(got->width, want->width);
    assert_int_equal(got->height, want->height);
    for (size_t i = 0; i < image_size(got); i++)
        for (int ci = 0; ci < 3; ci++) {
            const double d = sample_of(got, ci, i) - sample_of(want, ci, i);
            sum += d * d * sample_of(want, 3, i);
            weight += sample_of(want, 3, i);
        }
    return 10 * log10(fmax(weight, 1e-9) / fmax(sum, 1e-12));
}

static inline double alpha_error(const struct image *got, const struct image *want)
{
    double max = 0.0;
    for (size_t i = 0; i < image_size(got); i++)
        max = fmax(max, fabs(sample_of(got, 3, i) - sample_of(want, 3, i)));
    return max * 255;
}

#endif
