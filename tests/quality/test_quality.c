/* Quality: what the pipeline gives to the encoder, against a full decode plus the same
 * filter in double precision (tests/support/reference.h), as PSNR of every component
 * and as its largest error.
 *
 * The pictures: natural ones of the generated corpus; photographs that corpus/photos has
 * unpacked; and those of ../shared/photos beside the repository. The last two are left
 * out, and that is said, where they are absent. SCT_TEST_QUICK leaves them out too
 * (emulators, sanitizers).
 */
#include <dirent.h>
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
#include "geometry.h"
#include "reference.h"

static const double shrinks[] = {1.2, 1.68, 2.52, 3.73, 5.6, 10.1, 20};

enum { N_SHRINKS = sizeof shrinks / sizeof *shrinks };

/* Rounding to 8 bits alone is 58.9 dB. */
static const double LUMA_DB = 57.0;
static const double CHROMA_DB = 50.0;

/* In levels, of any component: rounding is 0.5. PSNR hardly sees a row that is wrong. */
static const double MAX_ERROR = 2.5;

/* Smaller pictures have too few output samples at a shrink of 20 for a PSNR to mean much.
 */
enum { LEAST_SIDE = 300 };

/* ---- the pictures ------------------------------------------------------------------ */

enum { MAX_PICTURES = 64 };

struct pictures {
    int n;
    char *path[MAX_PICTURES];
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the .jpg files of a folder whose names begin with `prefix`; how many. */
static int add_folder(struct pictures *p, const char *folder, const char *prefix)
{
    const int before = p->n;
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir)) && p->n < MAX_PICTURES;) {
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".jpg") != 0 ||
            strncmp(e->d_name, prefix, strlen(prefix)) != 0)
            continue;
        const size_t n = strlen(folder) + strlen(e->d_name) + 2;
        p->path[p->n] = malloc(n);
        snprintf(p->path[p->n++], n, "%s/%s", folder, e->d_name);
    }
    closedir(dir);
    qsort(p->path + before, (size_t)(p->n - before), sizeof *p->path, compare_paths);
    return p->n - before;
}

static void free_pictures(struct pictures *p)
{
    for (int i = 0; i < p->n; i++)
        free(p->path[i]);
}

static int is_quick(void)
{
    return getenv("SCT_TEST_QUICK") != NULL;
}

/* ---- measuring --------------------------------------------------------------------- */

struct measured {
    double db[SCT_MAX_COMPONENTS], max_error[SCT_MAX_COMPONENTS];
    int n_components;
    enum sct_model model;
};

/* The pictures' geometry is planned by the code under test; tests/unit/test_geometry.c
 * has checked that by itself. */
static void plan_geometry(const uint8_t *bytes, size_t n_bytes,
                          const struct sct_variant *v, struct sct_picture *picture,
                          struct sct_geometry *g)
{
    struct capture_input in = {bytes, n_bytes, 0, 0, SIZE_MAX};
    struct sct_source source = capture_source(&in);
    struct sct_reader *reader = calloc(1, sizeof *reader);
    const struct sct_decoder_spec spec = {.reader = reader,
                                          .limits = {.max_pixels = SCT_MAX_PIXELS}};
    const struct sct_decoder_ops *ops;
    sct_decoder *decoder;
    sct_reader_init(reader, &source);
    assert_int_equal(sct_decoder_open(&ops, &decoder, &spec, picture), SCT_OK);
    picture->icc = NULL;
    ops->close(decoder);
    free(reader);
    assert_int_equal(sct_geometry_plan(g, picture, v, NULL), SCT_OK);
}

/* Turns a stored plane upright, by the table in orient.h; takes and gives ownership. */
static double *turn(double *stored, int width, int height, int orientation)
{
    const int swaps = orientation >= 5;
    const int out_width = swaps ? height : width, out_height = swaps ? width : height;
    double *out = malloc((size_t)width * (size_t)height * sizeof *out);
    for (int y = 0; y < out_height; y++)
        for (int x = 0; x < out_width; x++) {
            int column = swaps ? y : x, row = swaps ? x : y;
            if (orientation == 2 || orientation == 3 || orientation == 7 ||
                orientation == 8)
                column = width - 1 - column;
            if (orientation == 3 || orientation == 4 || orientation == 6 ||
                orientation == 7)
                row = height - 1 - row;
            out[y * out_width + x] = stored[row * width + column];
        }
    free(stored);
    return out;
}

/* The one photograph of ../shared that is damaged: libjpeg-turbo says "bad Huffman code".
 */
static int is_damaged(const char *path)
{
    return strstr(path, "progressive_gray_325x407") != NULL;
}

/* Runs one job with all shrinks as variants of it and compares every component's plane.
 * Whether the picture is fit for that. */
static int measure(const char *path, const char *filter, struct measured out[N_SHRINKS])
{
    size_t n_bytes;
    uint8_t *bytes = capture_read_file(path, &n_bytes);
    struct reference_picture exact;
    struct sct_variant variants[N_SHRINKS];
    struct capture_files files;
    struct sct_result *result = calloc(1, sizeof *result);
    struct sct_picture picture;
    struct sct_geometry g;
    struct sct_variant any = sct_variant_default();
    any.width = 1;
    assert_non_null(bytes);
    plan_geometry(bytes, n_bytes, &any, &picture, &g);
    if (picture.width < LEAST_SIDE || picture.height < LEAST_SIDE || is_damaged(path)) {
        free(bytes);
        free(result);
        return 0;
    }
    assert_int_equal(reference_decode(path, &exact), 0);

    for (int k = 0; k < N_SHRINKS; k++) {
        int width, height;
        sct_geometry_upright(&picture, &width, &height);
        variants[k] = sct_variant_default();
        variants[k].width = (int)fmax(1, floor(width / shrinks[k] + 0.5));
        variants[k].height = (int)fmax(1, floor(height / shrinks[k] + 0.5));
        variants[k].fit = SCT_FIT_FILL;
        variants[k].filter = sct_filter_find(filter);
        variants[k].format = &capture_planes;
    }
    struct capture_input in = {bytes, n_bytes, 0, 0, SIZE_MAX};
    const struct sct_job job = {.source = capture_source(&in),
                                .variants = variants,
                                .n_variants = N_SHRINKS,
                                .target = capture_target(&files)};
    if (sct_job_run(&job, result) != SCT_OK)
        fail_msg("%s: %s", path, result->report.message);

    for (int k = 0; k < N_SHRINKS; k++) {
        const uint8_t *samples = files.file[k].bytes;
        plan_geometry(bytes, n_bytes, &variants[k], &picture, &g);
        out[k].n_components = picture.n_components;
        out[k].model = picture.model;
        for (int ci = 0; ci < picture.n_components; ci++) {
            const struct sct_axis *x = &g.component[ci].x, *y = &g.component[ci].y;
            const long n = (long)x->dst_size * y->dst_size;
            double *want =
                reference_resize(exact.component[ci].samples, x, y, variants[k].filter);
            want = turn(want, x->dst_size, y->dst_size, picture.orientation);
            out[k].db[ci] = reference_psnr(samples, want, n);
            out[k].max_error[ci] = reference_max_error(samples, want, n);
            samples += n;
            free(want);
        }
        assert_true(samples == files.file[k].bytes + files.file[k].n_bytes);
    }
    capture_free_files(&files);
    reference_free(&exact);
    free(result);
    free(bytes);
    return 1;
}

static int is_luma(const struct measured *m, int ci)
{
    return ci == 0 || ci == 3 || m->model == SCT_RGB || m->model == SCT_CMYK;
}

/* Prints a line a picture; whether it is below the targets. */
static int check(const char *path, const char *filter)
{
    struct measured m[N_SHRINKS];
    int failed = 0;
    if (!measure(path, filter, m))
        return 0;
    const char *slash = strrchr(path, '/');
    printf("%-44.44s", slash ? slash + 1 : path);
    for (int k = 0; k < N_SHRINKS; k++) {
        double luma = 99.9, chroma = 99.9, error = 0.0;
        for (int ci = 0; ci < m[k].n_components; ci++) {
            if (is_luma(&m[k], ci))
                luma = fmin(luma, m[k].db[ci]);
            else
                chroma = fmin(chroma, m[k].db[ci]);
            error = fmax(error, m[k].max_error[ci]);
        }
        const int is_low = luma < LUMA_DB || chroma < CHROMA_DB || error > MAX_ERROR;
        printf(" %5.1f/%4.1f/%3.1f%s", luma, chroma, error, is_low ? "!" : "");
        failed |= is_low;
    }
    printf("\n");
    return failed;
}

static void print_head(void)
{
    printf("%-44s", "dB luma/chroma/max error, at shrink");
    for (int k = 0; k < N_SHRINKS; k++)
        printf("  %-13.2f", shrinks[k]);
    printf("\n");
}

static void check_folder(const char *folder, const char *prefix)
{
    struct pictures p = {0};
    int failed = 0;
    if (!add_folder(&p, folder, prefix)) {
        print_message("skipped: no pictures in %s\n", folder);
        skip();
    }
    print_head();
    for (int i = 0; i < p.n; i++)
        failed += check(p.path[i], "lanczos3");
    free_pictures(&p);
    assert_int_equal(failed, 0);
}

/* ---- tests ------------------------------------------------------------------------- */

static void generated_natural_pictures_equal_double_precision(void **state)
{
    const char *corpus = getenv("SCT_CORPUS");
    (void)state;
    assert_non_null(corpus);
    check_folder(corpus, "natural_");
}

static void debian_photographs_equal_double_precision(void **state)
{
    const char *photos = getenv("SCANTLING_PHOTOS"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    char folder[4096];
    (void)state;
    if (is_quick())
        skip();
    if (photos)
        snprintf(folder, sizeof folder, "%s", photos);
    else
        snprintf(folder, sizeof folder, "%s%s/scantling/photos",
                 cache ? cache : (home ? home : "."), cache ? "" : "/.cache");
    check_folder(folder, "");
}

static void shared_photographs_equal_double_precision(void **state)
{
    const char *source = getenv("SCT_SOURCE_DIR");
    char folder[4096];
    (void)state;
    if (is_quick())
        skip();
    snprintf(folder, sizeof folder, "%s/../shared/photos", source ? source : ".");
    check_folder(folder, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_natural_pictures_equal_double_precision),
        cmocka_unit_test(debian_photographs_equal_double_precision),
        cmocka_unit_test(shared_photographs_equal_double_precision),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
