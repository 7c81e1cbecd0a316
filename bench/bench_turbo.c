/* See bench_turbo.h. */
#include "bench_turbo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "capture.h"

static void pad_plane(uint8_t *to, int stride, int n_rows, const uint8_t *from, int width,
                      int height)
{
    for (int y = 0; y < n_rows; y++) {
        uint8_t *row = to + (size_t)y * (size_t)stride;
        memcpy(row, from + (size_t)(y < height ? y : height - 1) * (size_t)width,
               (size_t)width);
        memset(row + width, row[width - 1], (size_t)(stride - width));
    }
}

void bench_make_planes(struct bench_file *photo, const struct sct_variant *v,
                       struct bench_planes *p)
{
    static struct capture_files files;
    static struct sct_result result;
    struct sct_variant raw = *v;
    raw.format = &capture_planes;
    const struct sct_job job = {.source = bench_source(photo),
                                .variants = &raw,
                                .n_variants = 1,
                                .target = capture_target(&files)};
    photo->offset = 0;
    memset(&files, 0, sizeof files);
    files.fail_close_of = -1;
    if (sct_job_run(&job, &result) != SCT_OK)
        exit(1);
    p->width = result.output[0].width;
    p->height = result.output[0].height;
    const uint8_t *from = files.file[0].bytes;
    const size_t luma = (size_t)p->width * (size_t)p->height;
    p->n_components = files.file[0].n_bytes == luma ? 1 : 3;
    for (int ci = 0; ci < p->n_components; ci++) { /* 4:2:0, or gray */
        const int f = p->n_components == 3 && ci == 0 ? 2 : 1;
        const int sub = p->n_components == 3 && ci > 0 ? 2 : 1;
        const int n_mcus = (p->width + 15) / 16, n_mcu_rows = (p->height + 15) / 16;
        const int width = (p->width + sub - 1) / sub,
                  height = (p->height + sub - 1) / sub;
        p->component[ci].h = p->component[ci].v = f;
        p->component[ci].stride = n_mcus * 16 / sub;
        p->component[ci].n_rows = n_mcu_rows * 16 / sub;
        p->component[ci].samples =
            malloc((size_t)p->component[ci].stride * (size_t)p->component[ci].n_rows);
        if (!p->component[ci].samples)
            exit(1);
        pad_plane(p->component[ci].samples, p->component[ci].stride,
                  p->component[ci].n_rows, from, width, height);
        from += (size_t)width * (size_t)height;
    }
    capture_free_files(&files);
}

void bench_free_planes(struct bench_planes *p)
{
    for (int ci = 0; ci < p->n_components; ci++)
        free(p->component[ci].samples);
}

double bench_turbo_encode(const struct bench_planes *p, int quality)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long n_out = 0;
    JSAMPROW rows[SCT_MAX_COMPONENTS][16];
    JSAMPARRAY bands[SCT_MAX_COMPONENTS];
    const double start = bench_cpu_ms();
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &out, &n_out);
    cinfo.image_width = (JDIMENSION)p->width;
    cinfo.image_height = (JDIMENSION)p->height;
    cinfo.input_components = p->n_components;
    cinfo.in_color_space = p->n_components == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    cinfo.raw_data_in = TRUE;
    for (int ci = 0; ci < p->n_components; ci++) {
        cinfo.comp_info[ci].h_samp_factor = p->component[ci].h;
        cinfo.comp_info[ci].v_samp_factor = p->component[ci].v;
    }
    jpeg_start_compress(&cinfo, TRUE);
    const int band_rows = 8 * p->component[0].v;
    for (int y = 0; y < p->height; y += band_rows) {
        for (int ci = 0; ci < p->n_components; ci++) {
            const int n = 8 * p->component[ci].v;
            const size_t stride = (size_t)p->component[ci].stride;
            for (int i = 0; i < n; i++)
                rows[ci][i] =
                    p->component[ci].samples + (size_t)(y / band_rows * n + i) * stride;
            bands[ci] = rows[ci];
        }
        (void)jpeg_write_raw_data(&cinfo, bands, (JDIMENSION)band_rows);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(out);
    return bench_cpu_ms() - start;
}
