/* See reference.h. Nothing here is fast, and everything can be checked by eye. */
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* Weights of one output sample, straight from the definition; [*first, *last] are not 0.
 */
static void weigh(const struct sct_axis *a, const struct sct_filter *f, int x, double *w,
                  int *first, int *last)
{
    const double shrink = (a->src_end - a->src_begin) / a->dst_size;
    const double centre = a->src_begin + (x + 0.5) * shrink;
    const double stretch = fmax(1.0, shrink);
    const double reach = f->is_area ? shrink : f->support * stretch;
    double sum = 0.0;
    *first = (int)fmin(fmax(floor(centre - reach) - 1, 0), a->src_size - 1);
    *last = (int)fmin(fmax(ceil(centre + reach) + 1, 0), a->src_size - 1);
    for (int i = *first; i <= *last; i++) {
        if (f->is_area)
            w[i] = fmax(0.0, fmin(i + 1.0, centre + shrink / 2) -
                                 fmax(i, centre - shrink / 2));
        else
            w[i] = f->eval((i + 0.5 - centre) / stretch);
        sum += w[i];
    }
    for (int i = *first; i <= *last; i++)
        w[i] /= sum;
}

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

double *reference_resize(const double *in, const struct sct_axis *x,
                         const struct sct_axis *y, const struct sct_filter *f)
{
    const size_t width = (size_t)x->dst_size;
    double *mid = allocate(width * (size_t)y->src_size, sizeof *mid);
    double *out = allocate(width * (size_t)y->dst_size, sizeof *out);
    double *w = allocate((size_t)x->src_size + (size_t)y->src_size, sizeof *w);
    int first, last;

    for (size_t ox = 0; ox < width; ox++) {
        weigh(x, f, (int)ox, w, &first, &last);
        for (int row = 0; row < y->src_size; row++) {
            const double *src = in + (size_t)row * (size_t)x->src_size;
            double sum = 0.0;
            for (int i = first; i <= last; i++)
                sum += w[i] * src[i];
            mid[(size_t)row * width + ox] = sum;
        }
    }
    for (int oy = 0; oy < y->dst_size; oy++) {
        weigh(y, f, oy, w, &first, &last);
        for (int row = first; row <= last; row++)
            for (size_t ox = 0; ox < width; ox++)
                out[(size_t)oy * width + ox] += w[row] * mid[(size_t)row * width + ox];
    }
    free(mid);
    free(w);
    return out;
}

/* ---- JPEG -------------------------------------------------------------------------- */

static void inverse_dct(const JCOEF *block, const UINT16 *quant, double out[64])
{
    static double basis[8][8]; /* filled once: cos, and sqrt(1/2) for frequency 0 */
    double rows[64];
    if (basis[0][0] == 0.0)
        for (int u = 0; u < 8; u++)
            for (int i = 0; i < 8; i++)
                basis[u][i] =
                    (u ? 0.5 : sqrt(0.125)) * cos((2 * i + 1) * u * acos(-1.0) / 16);
    for (int v = 0; v < 8; v++)
        for (int i = 0; i < 8; i++) {
            double sum = 0.0;
            for (int u = 0; u < 8; u++)
                sum += basis[u][i] * block[v * 8 + u] * quant[v * 8 + u];
            rows[v * 8 + i] = sum;
        }
    for (int k = 0; k < 8; k++)
        for (int i = 0; i < 8; i++) {
            double sum = 128.0;
            for (int v = 0; v < 8; v++)
                sum += basis[v][k] * rows[v * 8 + i];
            out[k * 8 + i] = sum;
        }
}

static void decode_component(struct jpeg_decompress_struct *cinfo, int ci,
                             jvirt_barray_ptr array, struct reference_plane *p)
{
    const jpeg_component_info *c = &cinfo->comp_info[ci];
    const int h_max =
        cinfo->num_components == 1 ? c->h_samp_factor : cinfo->max_h_samp_factor;
    const int v_max =
        cinfo->num_components == 1 ? c->v_samp_factor : cinfo->max_v_samp_factor;
    p->width = ((int)cinfo->image_width * c->h_samp_factor + h_max - 1) / h_max;
    p->height = ((int)cinfo->image_height * c->v_samp_factor + v_max - 1) / v_max;
    p->samples = allocate((size_t)p->width * (size_t)p->height, sizeof *p->samples);
    for (int by = 0; by < (p->height + 7) / 8; by++) {
        JBLOCKARRAY row = cinfo->mem->access_virt_barray((j_common_ptr)cinfo, array,
                                                         (JDIMENSION)by, 1, FALSE);
        for (int bx = 0; bx < (p->width + 7) / 8; bx++) {
            double out[64];
            inverse_dct(row[0][bx], c->quant_table->quantval, out);
            for (int i = 0; i < 64; i++) {
                const int x = bx * 8 + i % 8, y = by * 8 + i / 8;
                if (x < p->width && y < p->height)
                    p->samples[(size_t)y * (size_t)p->width + (size_t)x] = out[i];
            }
        }
    }
}

static void decode_components(struct jpeg_decompress_struct *cinfo,
                              struct reference_picture *picture)
{
    (void)jpeg_read_header(cinfo, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(cinfo);
    picture->n_components = cinfo->num_components;
    for (int ci = 0; ci < cinfo->num_components; ci++)
        decode_component(cinfo, ci, arrays[ci], &picture->component[ci]);
    jpeg_destroy_decompress(cinfo);
}

int reference_decode(const char *path, struct reference_picture *picture)
{
    memset(picture, 0, sizeof *picture);
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_stdio_src(&cinfo, file);
    decode_components(&cinfo, picture);
    fclose(file);
    return 0;
}

void reference_decode_bytes(const unsigned char *bytes, size_t n_bytes,
                            struct reference_picture *picture)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    memset(picture, 0, sizeof *picture);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, n_bytes);
    decode_components(&cinfo, picture);
}

void reference_free(struct reference_picture *picture)
{
    for (int ci = 0; ci < picture->n_components; ci++)
        free(picture->component[ci].samples);
    memset(picture, 0, sizeof *picture);
}

double reference_psnr(const unsigned char *samples, const double *exact, long n)
{
    double sum = 0.0;
    for (long i = 0; i < n; i++) {
        const double d = samples[i] - fmin(fmax(exact[i], 0.0), 255.0);
        sum += d * d;
    }
    return 10.0 * log10(255.0 * 255.0 * (double)n / fmax(sum, 1e-9));
}

double reference_max_error(const unsigned char *samples, const double *exact, long n)
{
    double max = 0.0;
    for (long i = 0; i < n; i++) { /* gcc 12 for arm64 dies of a reduction by fmax */
        const double d = fabs(samples[i] - fmin(fmax(exact[i], 0.0), 255.0));
        if (d > max)
            max = d;
    }
    return max;
}
