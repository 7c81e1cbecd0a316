/* bench_reference [--planes|--linear] PHOTO|PIXELS.ppm WIDTH OUT.ppm
 *
 * What an ideal resize looks like: a full decode, lanczos3 and no subsampling, all in double
 * precision (tests/support/reference.h), upright, as a PPM of 16 bits. bench/scores compares with
 * it. Exits with 3 when the picture has neither one nor three components.
 *
 *     default    as a viewer sees the original, then resized: chroma interpolated linearly to the
 *                full grid (libjpeg's "fancy upsampling"), converted to RGB, clamped, filtered
 *     --planes   each component filtered from its own grid, converted to RGB afterwards: what our
 *                pipeline is an approximation of
 *     --linear   as the default, but filtered in linear light (IEC 61966-2-1) */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "decoder.h"
#include "geometry.h"
#include "orient.h"
#include "reference.h"

struct plan {
    struct sct_picture picture;
    struct sct_geometry geometry; /* 4:4:4: every component to all pixels */
};

/* Orientation, size and extents are planned by the code that is measured; tests/unit and
 * tests/codec have checked them. */
static int plan_output(const char *path, int width, struct plan *plan)
{
    struct bench_file file;
    static struct sct_reader reader;
    const struct sct_decoder_ops *ops;
    sct_decoder *decoder;
    struct sct_variant variant = sct_variant_default();
    if (bench_read_file(path, &file) < 0)
        return -1;
    const struct sct_source source = bench_source(&file);
    const struct sct_decoder_spec spec = {.reader = &reader,
                                          .limits = {.max_pixels = SCT_MAX_PIXELS}};
    variant.width = width;
    variant.subsampling = SCT_SUB_444;
    sct_reader_init(&reader, &source);
    int status = sct_decoder_open(&ops, &decoder, &spec, &plan->picture);
    if (status == SCT_OK) {
        status = sct_geometry_plan(&plan->geometry, &plan->picture, &variant, NULL);
        ops->close(decoder);
    }
    bench_free_file(&file);
    return status == SCT_OK ? 0 : -1;
}

static double clamp(double value)
{
    return fmin(fmax(value, 0.0), 255.0);
}

/* T.871, section 7; clamped. */
static void convert_to_rgb(double *y, double *cb, double *cr, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double luma = y[i], b = cb[i] - 128.0, r = cr[i] - 128.0;
        y[i] = clamp(luma + 1.402 * r);
        cb[i] = clamp(luma - 0.114 * 1.772 / 0.587 * b - 0.299 * 1.402 / 0.587 * r);
        cr[i] = clamp(luma + 1.772 * b);
    }
}

/* Where output i of n_out, which share n_in units, lies between the samples of n_stored. */
static double place(int i, int n_out, double n_in, int n_stored, int *left)
{
    const double at = fmin(fmax((i + 0.5) * n_in / n_out - 0.5, 0.0), n_stored - 1);
    *left = (int)fmin(floor(at), fmax(n_stored - 2, 0));
    return at - *left;
}

/* Linear interpolation of a component to all pixels of the picture, as stored. */
static double *enlarge(const struct reference_plane *in,
                       const struct sct_picture *picture, int ci)
{
    const int width = picture->width, height = picture->height;
    const double n_columns = (double)width * picture->component[ci].h / picture->h_max;
    const double n_rows = (double)height * picture->component[ci].v / picture->v_max;
    const size_t step_x = in->width > 1, step_y = in->height > 1 ? (size_t)in->width : 0;
    double *out = malloc((size_t)width * (size_t)height * sizeof *out);
    if (!out)
        abort();
    for (int y = 0; y < height; y++) {
        int row, column;
        const double fy = place(y, height, n_rows, in->height, &row);
        for (int x = 0; x < width; x++) {
            const double fx = place(x, width, n_columns, in->width, &column);
            const double *s =
                in->samples + (size_t)row * (size_t)in->width + (size_t)column;
            const double above = s[0] + fx * (s[step_x] - s[0]);
            const double below = s[step_y] + fx * (s[step_y + step_x] - s[step_y]);
            out[(size_t)y * (size_t)width + (size_t)x] = above + fy * (below - above);
        }
    }
    return out;
}

enum way { IN_GAMMA, IN_LINEAR_LIGHT, BY_PLANE };

/* 0 to 255, both. */
static double to_linear(double v)
{
    v /= 255.0;
    return 255.0 * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
}

static double from_linear(double v)
{
    v = clamp(v) / 255.0;
    return 255.0 * (v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055);
}

/* Resizes to three planes of the output, as stored. */
static void resize(const struct reference_picture *exact, const struct plan *plan,
                   enum way way, double *out[3])
{
    const struct sct_filter *filter = sct_filter_find("lanczos3");
    const struct sct_geometry *g = &plan->geometry;
    const struct sct_picture *p = &plan->picture;
    const size_t n_in = (size_t)p->width * (size_t)p->height;
    const size_t n_out = (size_t)g->width * (size_t)g->height;
    const int n = p->n_components;
    /* All pixels, stored: the grid of the largest sampling factors. */
    struct sct_axis x = g->component[0].x, y = g->component[0].y;
    x.src_begin = y.src_begin = 0;
    x.src_end = x.src_size = p->width;
    y.src_end = y.src_size = p->height;
    double *full[3] = {NULL, NULL, NULL};
    for (int ci = 0; ci < n; ci++) {
        if (way == BY_PLANE)
            out[ci] = reference_resize(exact->component[ci].samples, &g->component[ci].x,
                                       &g->component[ci].y, filter);
        else
            full[ci] = enlarge(&exact->component[ci], p, ci);
    }
    if (way != BY_PLANE) {
        if (p->model == SCT_YCC)
            convert_to_rgb(full[0], full[1], full[2], n_in);
        for (int ci = 0; ci < n; ci++) {
            for (size_t i = 0; i < n_in; i++)
                full[ci][i] = way == IN_LINEAR_LIGHT ? to_linear(clamp(full[ci][i]))
                                                     : clamp(full[ci][i]);
            out[ci] = reference_resize(full[ci], &x, &y, filter);
            for (size_t i = 0; way == IN_LINEAR_LIGHT && i < n_out; i++)
                out[ci][i] = from_linear(out[ci][i]);
            free(full[ci]);
        }
    } else if (p->model == SCT_YCC) {
        convert_to_rgb(out[0], out[1], out[2], n_out);
    }
    for (int ci = n; ci < 3; ci++) { /* gray */
        out[ci] = malloc(n_out * sizeof **out);
        if (!out[ci])
            abort();
        memcpy(out[ci], out[0], n_out * sizeof **out);
    }
}

/* Turns upright while writing, by the table in orient.h. */
static int write_ppm(const char *path, double *const rgb[3], const struct plan *plan)
{
    const int orientation = plan->picture.orientation;
    const int width = plan->geometry.width, height = plan->geometry.height;
    const int swaps = sct_orient_swaps_axes(orientation);
    const int stored_width = swaps ? height : width,
              stored_height = swaps ? width : height;
    FILE *file = fopen(path, "wb");
    if (!file)
        return -1;
    fprintf(file, "P6\n%d %d\n65535\n", width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int column = swaps ? y : x, row = swaps ? x : y;
            if (sct_orient_reverses_x(orientation))
                column = stored_width - 1 - column;
            if (sct_orient_reverses_y(orientation))
                row = stored_height - 1 - row;
            for (int ci = 0; ci < 3; ci++) {
                const size_t at = (size_t)row * (size_t)stored_width + (size_t)column;
                const int value = (int)(clamp(rgb[ci][at]) * 257.0 + 0.5);
                putc(value >> 8, file);
                putc(value & 255, file);
            }
        }
    return fclose(file) == 0 ? 0 : -1;
}

/* Reads a PPM. 0; 1 when the file is none; -1 */
static int read_ppm(const char *path, int width, struct plan *plan,
                    struct reference_picture *exact)
{
    struct bench_file file;
    int w, h, n_head = 0;
    struct sct_variant variant = sct_variant_default();
    if (bench_read_file(path, &file) < 0)
        return -1;
    file.bytes[file.n_bytes] = '\0'; /* there is room for it */
    if (sscanf((const char *)file.bytes, "P6 %d %d 255%n", &w, &h, &n_head) != 2 ||
        w < 1 || h < 1 || !n_head ||
        file.n_bytes < (size_t)n_head + 1 + 3 * (size_t)w * (size_t)h)
    {
        bench_free_file(&file);
        return 1;
    }
    *plan = (struct plan){.picture = {.format = "ppm",
                                      .width = w,
                                      .height = h,
                                      .model = SCT_RGB,
                                      .n_components = 3,
                                      .h_max = 1,
                                      .v_max = 1,
                                      .orientation = 1}};
    *exact = (struct reference_picture){.n_components = 3};
    for (int ci = 0; ci < 3; ci++) {
        const size_t n = (size_t)w * (size_t)h;
        double *samples = malloc(n * sizeof *samples);
        if (!samples)
            abort();
        for (size_t i = 0; i < n; i++)
            samples[i] = file.bytes[(size_t)n_head + 1 + 3 * i + (size_t)ci];
        exact->component[ci].samples = samples;
        exact->component[ci].width = w;
        exact->component[ci].height = h;
        plan->picture.component[ci] =
            (struct sct_component){.h = 1,
                                   .v = 1,
                                   .width = w,
                                   .height = h,
                                   .width_blocks = (w + 7) / 8,
                                   .height_blocks = (h + 7) / 8};
    }
    bench_free_file(&file);
    variant.width = width;
    variant.subsampling = SCT_SUB_444;
    return sct_geometry_plan(&plan->geometry, &plan->picture, &variant, NULL) == SCT_OK
               ? 0
               : -1;
}

int main(int argc, char **argv)
{
    const enum way way = argc > 1 && strcmp(argv[1], "--planes") == 0   ? BY_PLANE
                         : argc > 1 && strcmp(argv[1], "--linear") == 0 ? IN_LINEAR_LIGHT
                                                                        : IN_GAMMA;
    const int n_options = way != IN_GAMMA;
    char **arguments = argv + 1 + n_options;
    struct reference_picture exact;
    struct plan plan;
    double *rgb[3];
    if (argc - n_options != 4 || atoi(arguments[1]) < 1) {
        fprintf(stderr,
                "usage: bench_reference [--planes|--linear] PHOTO WIDTH OUT.ppm\n");
        return 2;
    }
    int status = read_ppm(arguments[0], atoi(arguments[1]), &plan, &exact);
    if (status == 1)
        status = plan_output(arguments[0], atoi(arguments[1]), &plan) < 0 ||
                         reference_decode(arguments[0], &exact) < 0
                     ? -1
                     : 0;
    if (status < 0) {
        fprintf(stderr, "%s: cannot be read\n", arguments[0]);
        return 1;
    }
    if (plan.picture.n_components != 1 && plan.picture.n_components != 3) {
        fprintf(stderr, "%s: neither gray nor three components\n", arguments[0]);
        reference_free(&exact);
        return 3;
    }
    resize(&exact, &plan, way, rgb);
    reference_free(&exact);
    status = write_ppm(arguments[2], rgb, &plan);
    if (status < 0)
        perror(arguments[2]);
    for (int ci = 0; ci < 3; ci++)
        free(rgb[ci]);
    return status < 0;
}
