/* bench_entropy [--runs N] PHOTO.jpg...: the streaming entropy decoder beside
 * libjpeg-turbo's.
 *
 * libjpeg-turbo decodes to raw planes with its inverse DCT replaced by a function that
 * does nothing, which leaves its entropy decoder and a little bookkeeping. Ours delivers
 * dequantised blocks: all coefficients, the 6x6, 4x4 and 2x2 corner, and DC alone.
 * Contenders alternate; medians of thread CPU time; the last line is the median of each
 * ratio over the photographs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "jpeg_common.h"
#include "jpeg_header.h"
#include "jpeg_stream.h"
#include "mem.h"

enum { MAX_RUNS = 101, MAX_PHOTOS = 100, N_CORNERS = 5 };

static const int corners[N_CORNERS] = {8, 6, 4, 2, 1};

/* ---- libjpeg-turbo ----------------------------------------------------------------- */

/* jpegint.h is not installed; this is the beginning of its structure, unchanged since
 * 1991. */
struct jpeg_inverse_dct {
    void (*start_pass)(j_decompress_ptr cinfo);
    void (*inverse_DCT[MAX_COMPONENTS])(j_decompress_ptr cinfo, jpeg_component_info *c,
                                        JCOEFPTR block, JSAMPARRAY out,
                                        JDIMENSION column);
};

static void do_nothing(j_decompress_ptr cinfo, jpeg_component_info *c, JCOEFPTR block,
                       JSAMPARRAY out, JDIMENSION column)
{
    (void)cinfo;
    (void)c;
    (void)block;
    (void)out;
    (void)column;
}

static double run_turbo(const struct bench_file *photo)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    JSAMPROW rows[4][32];
    JSAMPARRAY planes[4];
    const double start = bench_cpu_ms();
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, photo->bytes, (unsigned long)photo->n_bytes);
    (void)jpeg_read_header(&cinfo, TRUE);
    cinfo.raw_data_out = TRUE;
    cinfo.do_fancy_upsampling = FALSE;
    (void)jpeg_start_decompress(&cinfo);
    JSAMPROW row = malloc(cinfo.output_width + 64u);
    for (int ci = 0; ci < cinfo.num_components; ci++) {
        planes[ci] = rows[ci];
        for (int i = 0; i < 32; i++)
            rows[ci][i] = row;
        cinfo.idct->inverse_DCT[ci] = do_nothing;
    }
    while (cinfo.output_scanline < cinfo.output_height)
        (void)jpeg_read_raw_data(&cinfo, planes, (JDIMENSION)cinfo.max_v_samp_factor * 8);
    jpeg_destroy_decompress(&cinfo);
    free(row);
    return bench_cpu_ms() - start;
}

/* ---- ours -------------------------------------------------------------------------- */

static int go_on(void *ctx, enum sct_jpeg_event event, int imcu_row, int at_end)
{
    (void)ctx;
    (void)event;
    (void)imcu_row;
    (void)at_end;
    return 1;
}

/* CPU time in ms; negative when the picture is none for the streaming decoder. */
static double run_ours(struct bench_file *photo, int corner)
{
    static struct sct_reader reader;
    struct jpeg_decompress_struct cinfo;
    struct sct_jpeg_errors errors;
    struct sct_jpeg_source source;
    struct sct_picture picture;
    struct sct_band band;
    sct_jpeg_stream *stream = NULL;
    struct sct_corner wanted[SCT_MAX_COMPONENTS];
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
        wanted[ci] = (struct sct_corner){corner, corner};
    const struct sct_source input = bench_source(photo);
    double ms = -1;
    const double start = bench_cpu_ms();
    photo->offset = 0;
    sct_reader_init(&reader, &input);
    sct_jpeg_errors_init(&errors);
    cinfo.err = &errors.manager;
    jpeg_create_decompress(&cinfo);
    sct_jpeg_source_init(&source, &reader);
    cinfo.src = &source.manager;
    (void)jpeg_read_header(&cinfo, TRUE);
    if (sct_jpeg_header_describe(&picture, &cinfo, 0xC0) == SCT_OK &&
        sct_jpeg_stream_can_read(&cinfo, &picture))
    {
        const struct sct_jpeg_stream_spec spec = {.cinfo = &cinfo,
                                                  .picture = &picture,
                                                  .reader = &reader,
                                                  .corner = wanted,
                                                  .on_event = go_on};
        if (sct_jpeg_stream_create(&stream, &spec) == SCT_OK) {
            while (sct_jpeg_stream_read(stream, &band) == SCT_OK)
                ;
            ms = bench_cpu_ms() - start;
        }
        sct_jpeg_stream_free(stream);
    }
    jpeg_destroy_decompress(&cinfo);
    return ms;
}

/* ---- */

static int measure(const char *path, int n_runs, double ratios[N_CORNERS])
{
    static double turbo[MAX_RUNS], ours[N_CORNERS][MAX_RUNS];
    struct bench_file photo;
    const char *name = bench_file_name(path);
    if (bench_read_file(path, &photo) < 0)
        return 0;
    if (run_ours(&photo, 8) < 0) {
        printf("%-34.34s not for the streaming decoder\n", name);
        bench_free_file(&photo);
        return 0;
    }
    for (int i = 0; i < n_runs; i++) {
        turbo[i] = run_turbo(&photo);
        for (int k = 0; k < N_CORNERS; k++)
            ours[k][i] = run_ours(&photo, corners[k]);
    }
    const double turbo_ms = bench_median(turbo, n_runs);
    printf("%-34.34s %8.2f", name, turbo_ms);
    for (int k = 0; k < N_CORNERS; k++) {
        const double ms = bench_median(ours[k], n_runs);
        ratios[k] = turbo_ms / ms;
        printf(" %8.2f %5.2f", ms, ratios[k]);
    }
    printf("\n");
    bench_free_file(&photo);
    return 1;
}

int main(int argc, char **argv)
{
    static double ratios[N_CORNERS][MAX_PHOTOS];
    int n_runs = 9, n = 0, i = 1;
    if (argc > 2 && strcmp(argv[1], "--runs") == 0) {
        n_runs = atoi(argv[2]);
        i = 3;
    }
    if (i >= argc || n_runs < 1 || n_runs > MAX_RUNS) {
        fprintf(stderr, "usage: bench_entropy [--runs N] PHOTO.jpg...\n");
        return 2;
    }
    printf("%-34s %8s", "CPU ms; ratio to turbo", "turbo");
    for (int k = 0; k < N_CORNERS; k++)
        printf("      %dx%d      ", corners[k], corners[k]);
    printf("\n");
    for (; i < argc && n < MAX_PHOTOS; i++) {
        double r[N_CORNERS];
        if (!measure(argv[i], n_runs, r))
            continue;
        for (int k = 0; k < N_CORNERS; k++)
            ratios[k][n] = r[k];
        n++;
    }
    printf("%-34s %8s", "median ratio", "");
    for (int k = 0; k < N_CORNERS && n; k++)
        printf(" %8s %5.2f", "", bench_median(ratios[k], n));
    printf("\n");
    return n ? 0 : 1;
}
