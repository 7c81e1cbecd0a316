/* The scan-line path beside other resizers: one plane of 8-bit samples, memory to memory.
 *
 *     bench_planes [--runs N] [--cpu NAME] [--only NAME] [--cache cold|warm]
 *                                                          lines of "job resizer ms"
 *     bench_planes --sources DIR                           writes DIR/<job>.src, raw
 *     bench_planes --quality DIR [--cpu NAME]              lines of "job resizer dB max"
 *
 * Every run makes its resizer, resizes the plane and throws the resizer away: planning
 * counts for all. CPU time of the whole process, so that helper threads count too. The
 * resizers take turns in every run, and all find the same: nothing in the caches, or, warm, the
 * source as far as they hold it. Otherwise whoever comes first reads it for the next.
 *
 * --quality compares each result, and those in
 * DIR/<job>.<name>, with the same resize in double precision, so that nobody wins by
 * doing less. The script `planes` next to this file runs it all, with Pillow, and prints
 * the table.
 *
 * stb_image_resize has no lanczos. Its sharpest filter, Catmull-Rom, stands in, which is
 * 4 taps wide (times the shrink) where lanczos3 is 6: its time flatters it, and its dB say
 * that it is another filter. Its box has ramps, which make it the area filter. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "reference.h"
#include "resizer.h"

#if SCT_PEER_ZIMG
#include <zimg.h>
#endif
#if SCT_PEER_SWSCALE
#include <libswscale/swscale.h>
#endif
#if SCT_PEER_VIPS
#include <vips/vips.h>
#endif
#if SCT_PEER_YUV
#include <libyuv/scale.h>
#endif
#if SCT_PEER_STB
#include <stb/stb_image_resize.h>
#endif

enum { MAX_RUNS = 101, ALIGN = 64 };

struct shape {
    const char *name;
    int src_width, src_height, dst_width, dst_height;
    const char *filter;
};

static const struct shape shapes[] = {
    {"lanczos3-4928x3279-852x567", 4928, 3279, 852, 567, "lanczos3"},
    {"lanczos3-2560x1600-320x200", 2560, 1600, 320, 200, "lanczos3"},
    {"area-4928x3279-852x567", 4928, 3279, 852, 567, "area"},
    {"area-2560x1600-320x200", 2560, 1600, 320, 200, "area"},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* One shape with its planes; strides are multiples of 64, which zimg demands. */
struct job {
    const struct shape *shape;
    struct sct_dsp dsp;
    uint8_t *src, *dst;
    ptrdiff_t src_stride, dst_stride;
};

/* ---- the resizers ------------------------------------------------------------------ */

static int run_ours(const struct job *job)
{
    const struct shape *s = job->shape;
    const struct sct_resizer_spec spec = {
        .x = {0, s->src_width, s->src_width, s->dst_width, 0},
        .y = {0, s->src_height, s->src_height, s->dst_height, 0},
        .filter = sct_filter_find(s->filter),
        .domain = SCT_SAMPLES,
        .dsp = &job->dsp};
    sct_resizer *r;
    if (sct_resizer_create(&r, &spec) < 0)
        return -1;
    int n_pushed = 0;
    for (int y = 0; y < s->dst_height;)
        if (sct_resizer_pull(r, job->dst + y * job->dst_stride) == SCT_OK)
            y++;
        else
            n_pushed += sct_resizer_push_rows(r, job->src + n_pushed * job->src_stride,
                                              job->src_stride, s->src_height - n_pushed);
    sct_resizer_free(r);
    return 0;
}

#if SCT_PEER_ZIMG
static int run_zimg_on(const struct job *job, zimg_cpu_type_e cpu)
{
    const struct shape *s = job->shape;
    zimg_image_format src, dst;
    zimg_graph_builder_params params;
    zimg_image_buffer_const in = {.version = ZIMG_API_VERSION};
    zimg_image_buffer out = {.version = ZIMG_API_VERSION};
    size_t tmp_bytes = 0;

    zimg_image_format_default(&src, ZIMG_API_VERSION);
    src.width = (unsigned)s->src_width;
    src.height = (unsigned)s->src_height;
    src.pixel_type = ZIMG_PIXEL_BYTE;
    src.color_family = ZIMG_COLOR_GREY;
    src.pixel_range = ZIMG_RANGE_FULL;
    dst = src;
    dst.width = (unsigned)s->dst_width;
    dst.height = (unsigned)s->dst_height;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.resample_filter = ZIMG_RESIZE_LANCZOS;
    params.filter_param_a = 3;
    params.dither_type = ZIMG_DITHER_NONE;
    params.cpu_type = cpu;
    zimg_filter_graph *graph = zimg_filter_graph_build(&src, &dst, &params);
    if (!graph || zimg_filter_graph_get_tmp_size(graph, &tmp_bytes) != ZIMG_ERROR_SUCCESS)
        return -1;
    void *tmp = sct_mem_alloc(tmp_bytes + 1);
    in.plane[0].data = job->src;
    in.plane[0].stride = job->src_stride;
    in.plane[0].mask = ZIMG_BUFFER_MAX;
    out.plane[0].data = job->dst;
    out.plane[0].stride = job->dst_stride;
    out.plane[0].mask = ZIMG_BUFFER_MAX;
    const int ok = tmp && zimg_filter_graph_process(graph, &in, &out, tmp, NULL, NULL,
                                                    NULL, NULL) == ZIMG_ERROR_SUCCESS;
    sct_mem_free(tmp);
    zimg_filter_graph_free(graph);
    return ok ? 0 : -1;
}

static int run_zimg(const struct job *job)
{
    return run_zimg_on(job, ZIMG_CPU_AUTO);
}

static int run_zimg_512(const struct job *job)
{
    return run_zimg_on(job, ZIMG_CPU_AUTO_64B);
}
#endif

#if SCT_PEER_SWSCALE
static int run_swscale_with(const struct job *job, int flags)
{
    const struct shape *s = job->shape;
    const double param[2] = {3, 0};
    struct SwsContext *sws = sws_getContext(s->src_width, s->src_height, AV_PIX_FMT_GRAY8,
                                            s->dst_width, s->dst_height, AV_PIX_FMT_GRAY8,
                                            SWS_LANCZOS | flags, NULL, NULL, param);
    if (!sws)
        return -1;
    const uint8_t *const src[4] = {job->src};
    uint8_t *const dst[4] = {job->dst};
    const int src_stride[4] = {(int)job->src_stride},
              dst_stride[4] = {(int)job->dst_stride};
    const int n = sws_scale(sws, src, src_stride, 0, s->src_height, dst, dst_stride);
    sws_freeContext(sws);
    return n == s->dst_height ? 0 : -1;
}

static int run_swscale(const struct job *job)
{
    return run_swscale_with(job, 0);
}

static int run_swscale_accurate(const struct job *job)
{
    return run_swscale_with(job, SWS_ACCURATE_RND);
}
#endif

#if SCT_PEER_VIPS
/* gap: how far a box filter may shrink before lanczos; 0 for not at all. */
static int run_vips_with(const struct job *job, double gap)
{
    const struct shape *s = job->shape;
    VipsImage *out = NULL;
    size_t n = 0;
    /* vips takes no stride: these widths are multiples of 64 */
    VipsImage *in =
        vips_image_new_from_memory(job->src, (size_t)s->src_width * (size_t)s->src_height,
                                   s->src_width, s->src_height, 1, VIPS_FORMAT_UCHAR);
    if (!in)
        return -1;
    if (vips_resize(in, &out, (double)s->dst_width / s->src_width, "vscale",
                    (double)s->dst_height / s->src_height, "kernel", VIPS_KERNEL_LANCZOS3,
                    "gap", gap, NULL) != 0)
    {
        g_object_unref(in);
        return -1;
    }
    uint8_t *rows = vips_image_write_to_memory(out, &n);
    const int ok = rows && vips_image_get_width(out) == s->dst_width &&
                   vips_image_get_height(out) == s->dst_height;
    for (int y = 0; ok && y < s->dst_height; y++)
        memcpy(job->dst + y * job->dst_stride, rows + (ptrdiff_t)y * s->dst_width,
               (size_t)s->dst_width);
    g_free(rows);
    g_object_unref(out);
    g_object_unref(in);
    return ok ? 0 : -1;
}

static int run_vips(const struct job *job)
{
    return run_vips_with(job, 0.0);
}

static int run_vips_gap(const struct job *job)
{
    return run_vips_with(job, 2.0);
}
#endif

#if SCT_PEER_YUV
static int run_yuv(const struct job *job)
{
    const struct shape *s = job->shape;
    ScalePlane(job->src, (int)job->src_stride, s->src_width, s->src_height, job->dst,
               (int)job->dst_stride, s->dst_width, s->dst_height, kFilterBox);
    return 0;
}
#endif

#if SCT_PEER_STB
/* As plain as it can be asked: no colour space to convert, no alpha, edges repeated. */
static int run_stb_with(const struct job *job, stbir_filter filter)
{
    const struct shape *s = job->shape;
    return stbir_resize_uint8_generic(job->src, s->src_width, s->src_height,
                                      (int)job->src_stride, job->dst, s->dst_width,
                                      s->dst_height, (int)job->dst_stride, 1,
                                      STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP,
                                      filter, STBIR_COLORSPACE_LINEAR, NULL)
               ? 0
               : -1;
}

static int run_stb_catmullrom(const struct job *job)
{
    return run_stb_with(job, STBIR_FILTER_CATMULLROM);
}

static int run_stb_box(const struct job *job)
{
    return run_stb_with(job, STBIR_FILTER_BOX);
}
#endif

static const struct resizer {
    const char *name, *filter; /* NULL: every filter */
    int (*run)(const struct job *job);
} resizers[] = {
    {"ours", NULL, run_ours},
#if SCT_PEER_ZIMG
    {"zimg", "lanczos3", run_zimg},
    {"zimg-avx512", "lanczos3", run_zimg_512},
#endif
#if SCT_PEER_SWSCALE
    {"swscale", "lanczos3", run_swscale},
    {"swscale-accurate", "lanczos3", run_swscale_accurate},
#endif
#if SCT_PEER_VIPS
    {"vips", "lanczos3", run_vips},
    {"vips-gap-2", "lanczos3", run_vips_gap},
#endif
#if SCT_PEER_YUV
    {"libyuv-box", "area", run_yuv},
#endif
#if SCT_PEER_STB
    {"stb-catmullrom", "lanczos3", run_stb_catmullrom},
    {"stb-box", "area", run_stb_box},
#endif
};
enum { N_RESIZERS = sizeof resizers / sizeof *resizers };

static int is_asked(const struct resizer *z, const struct shape *s, const char *only)
{
    return (!z->filter || strcmp(z->filter, s->filter) == 0) &&
           (!only || strcmp(only, z->name) == 0);
}

/* ---- a job ------------------------------------------------------------------------- */

static ptrdiff_t stride_of(int width)
{
    return (width + ALIGN - 1) / ALIGN * ALIGN;
}

static void free_job(struct job *job)
{
    sct_mem_free(job->src);
    sct_mem_free(job->dst);
}

/* Fine rings, soft shades, hard edges and noise: everything that a filter can get wrong.
 */
static void draw(struct job *job)
{
    const struct shape *s = job->shape;
    uint32_t state = 1;
    for (int y = 0; y < s->src_height; y++)
        for (int x = 0; x < s->src_width; x++) {
            state = state * 1664525u + 1013904223u;
            const double dx = x - s->src_width / 2.0, dy = y - s->src_height / 2.0;
            const double rings = 40 * cos((dx * dx + dy * dy) / (0.4 * s->src_width));
            const double shade = 50 * sin(x * 0.004) * cos(y * 0.003);
            const int edge = (x / 97 + y / 61) % 5 == 0 ? 50 : 0;
            const double v =
                110 + rings + shade + edge + ((int)(state >> 24) - 128) / 16.0;
            job->src[y * job->src_stride + x] = (uint8_t)fmin(fmax(v, 0), 255);
        }
}

static int create_job(struct job *job, const struct shape *s, const struct sct_dsp *dsp)
{
    *job = (struct job){.shape = s, .dsp = *dsp};
    job->src_stride = stride_of(s->src_width);
    job->dst_stride = stride_of(s->dst_width);
    job->src = sct_mem_alloc((size_t)job->src_stride * (size_t)s->src_height);
    job->dst = sct_mem_alloc((size_t)job->dst_stride * (size_t)s->dst_height);
    if (!job->src || !job->dst) {
        free_job(job);
        return -1;
    }
    draw(job);
    return 0;
}

/* ---- modes ------------------------------------------------------------------------- */

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* More than the caches hold. */
enum { EVICT_BYTES = 96 << 20 };

/* Brings what every resizer finds into the same state: nothing is in the caches; or, warm, the
 * source. */
static void prepare_caches(const struct job *job, int is_warm)
{
    static volatile uint8_t other[EVICT_BYTES], sum;
    enum { LINE_BYTES = 64 };
    for (size_t i = 0; i < EVICT_BYTES && !is_warm; i += LINE_BYTES)
        other[i]++;
    const size_t n = (size_t)job->src_stride * (size_t)job->shape->src_height;
    for (size_t i = 0; i < n && is_warm; i += LINE_BYTES)
        sum = (uint8_t)(sum + job->src[i]);
}

static int measure(const struct job *job, int n_runs, const char *only, int is_warm)
{
    static double ms[N_RESIZERS][MAX_RUNS];
    for (int run = -1; run < n_runs; run++) /* the first one warms up */
        for (int i = 0; i < N_RESIZERS; i++) {
            if (!is_asked(&resizers[i], job->shape, only))
                continue;
            prepare_caches(job, is_warm);
            const double begin = cpu_ms();
            if (resizers[i].run(job) < 0) {
                fprintf(stderr, "bench_planes: %s failed\n", resizers[i].name);
                return 1;
            }
            if (run >= 0)
                ms[i][run] = cpu_ms() - begin;
        }
    for (int i = 0; i < N_RESIZERS; i++) {
        if (!is_asked(&resizers[i], job->shape, only))
            continue;
        qsort(ms[i], (size_t)n_runs, sizeof ms[i][0], compare_doubles);
        printf("%s %s %.3f\n", job->shape->name, resizers[i].name, ms[i][n_runs / 2]);
    }
    return 0;
}

static FILE *open_in(const char *dir, const char *name, const char *suffix,
                     const char *mode)
{
    char path[1024];
    const int n = snprintf(path, sizeof path, "%s/%s.%s", dir, name, suffix);
    return n > 0 && (size_t)n < sizeof path ? fopen(path, mode) : NULL;
}

static int write_source(const struct job *job, const char *dir)
{
    FILE *file = open_in(dir, job->shape->name, "src", "wb");
    const size_t width = (size_t)job->shape->src_width;
    int ok = file != NULL;
    for (int y = 0; ok && y < job->shape->src_height; y++)
        ok = fwrite(job->src + y * job->src_stride, 1, width, file) == width;
    if (file && fclose(file) != 0)
        ok = 0;
    if (!ok)
        perror(dir);
    return !ok;
}

static void print_quality(const struct job *job, const char *name, const double *exact)
{
    const struct shape *s = job->shape;
    double sum = 0.0, worst = 0.0;
    for (int y = 0; y < s->dst_height; y++)
        for (int x = 0; x < s->dst_width; x++) {
            const double e = exact[(ptrdiff_t)y * s->dst_width + x];
            const double d =
                fabs(job->dst[y * job->dst_stride + x] - fmin(fmax(e, 0.0), 255.0));
            sum += d * d;
            worst = fmax(worst, d);
        }
    printf("%s %s %.2f %.2f\n", s->name, name,
           10 * log10(255.0 * 255.0 * s->dst_width * s->dst_height / fmax(sum, 1e-9)),
           worst);
}

/* The results of others, left in DIR by the script. */
static void check_file(const struct job *job, const char *dir, const char *name,
                       const double *exact)
{
    FILE *file = open_in(dir, job->shape->name, name, "rb");
    if (!file)
        return;
    const size_t width = (size_t)job->shape->dst_width;
    int ok = 1;
    for (int y = 0; ok && y < job->shape->dst_height; y++)
        ok = fread(job->dst + y * job->dst_stride, 1, width, file) == width;
    fclose(file);
    if (ok)
        print_quality(job, name, exact);
}

static int check_quality(const struct job *job, const char *dir, const char *only)
{
    const struct shape *s = job->shape;
    const struct sct_axis x = {0, s->src_width, s->src_width, s->dst_width, 0};
    const struct sct_axis y = {0, s->src_height, s->src_height, s->dst_height, 0};
    double *in = malloc((size_t)s->src_width * (size_t)s->src_height * sizeof *in);
    if (!in)
        return 1;
    for (int row = 0; row < s->src_height; row++)
        for (int i = 0; i < s->src_width; i++)
            in[(ptrdiff_t)row * s->src_width + i] = job->src[row * job->src_stride + i];
    double *exact = reference_resize(in, &x, &y, sct_filter_find(s->filter));
    free(in);
    for (int i = 0; i < N_RESIZERS; i++)
        if (is_asked(&resizers[i], s, only) && resizers[i].run(job) == 0)
            print_quality(job, resizers[i].name, exact);
    check_file(job, dir, "pillow", exact);
    free(exact);
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_planes [--runs 1..%d] [--cpu NAME] [--only RESIZER] [--cache "
            "cold|warm]\n"
            "                    [--sources DIR | --quality DIR]\n",
            MAX_RUNS);
    return 2;
}

int main(int argc, char **argv)
{
    const char *cpu = NULL, *sources = NULL, *quality = NULL, *only = NULL;
    const char *cache = "cold";
    int n_runs = 9, failed = 0;
    struct sct_dsp dsp;

    for (int i = 1; i < argc; i += 2) {
        if (i + 1 >= argc)
            return usage();
        if (strcmp(argv[i], "--runs") == 0)
            n_runs = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--cpu") == 0)
            cpu = argv[i + 1];
        else if (strcmp(argv[i], "--only") == 0)
            only = argv[i + 1];
        else if (strcmp(argv[i], "--cache") == 0)
            cache = argv[i + 1];
        else if (strcmp(argv[i], "--sources") == 0)
            sources = argv[i + 1];
        else if (strcmp(argv[i], "--quality") == 0)
            quality = argv[i + 1];
        else
            return usage();
    }
    if (strcmp(cache, "cold") != 0 && strcmp(cache, "warm") != 0)
        return usage();
    if (n_runs < 1 || n_runs > MAX_RUNS || sct_dsp_init(&dsp, cpu) != SCT_OK)
        return usage();
#if SCT_PEER_VIPS
    if (VIPS_INIT(argv[0]) != 0)
        return 1;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
#endif
    for (int k = 0; k < N_SHAPES && !failed; k++) {
        struct job job;
        if (create_job(&job, &shapes[k], &dsp) < 0) {
            fprintf(stderr, "bench_planes: out of memory\n");
            failed = 1;
            break;
        }
        failed = sources   ? write_source(&job, sources)
                 : quality ? check_quality(&job, quality, only)
                           : measure(&job, n_runs, only, strcmp(cache, "warm") == 0);
        free_job(&job);
    }
#if SCT_PEER_VIPS
    vips_shutdown();
#endif
    return failed;
}
