/* Our own JPEG coder, against libjpeg-turbo as oracle: any bytes are the samples of a picture,
 * which is coded with tables given, with tables fitted to it, and progressively. libjpeg reads all
 * three without a warning, and the same coefs from each. */
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

#include "encoder.h"
#include "fuzz.h"

enum { MAX_SIDE = 96, N_FILES = 3 };

/* ---- coding ---- */

struct file {
    uint8_t *data;
    size_t n_bytes;
};

static int keep_bytes(void *ctx, const void *data, size_t n)
{
    struct file *f = ctx;
    f->data = realloc(f->data, f->n_bytes + n);
    if (!f->data)
        abort();
    memcpy(f->data + f->n_bytes, data, n);
    f->n_bytes += n;
    return SCT_OK;
}

static struct sct_encoder_spec choose_spec(struct fuzz_options *o)
{
    static const int factors[][2] = {{1, 1}, {2, 2}, {2, 1}, {1, 2}, {4, 1}, {3, 2}};
    static const struct {
        enum sct_model model;
        int n_components;
    } models[] = {{SCT_GRAY, 1}, {SCT_YCC, 3}, {SCT_RGB, 3}, {SCT_CMYK, 4}};
    const int model = fuzz_take(o, 4), sampling = fuzz_take(o, 6);
    struct sct_encoder_spec spec = {.width = 1 + fuzz_take(o, MAX_SIDE),
                                    .height = 1 + fuzz_take(o, MAX_SIDE),
                                    .model = models[model].model,
                                    .depth = 8,
                                    .n_components = models[model].n_components,
                                    .quality = 1 + fuzz_take(o, 100)};
    for (int ci = 0; ci < spec.n_components; ci++)
        spec.component[ci].h = spec.component[ci].v = 1;
    spec.component[0].h = factors[sampling][0];
    spec.component[0].v = factors[sampling][1];
    return spec;
}

/* Every row of the picture is the data from another place on. */
static void write_bands(sct_encoder *e, const struct sct_encoder_layout *layout,
                        int n_components, const uint8_t *data, size_t size)
{
    static uint8_t samples[SCT_MAX_COMPONENTS][32][4 * MAX_SIDE + 64];
    for (int band = 0; band < layout->n_bands; band++) {
        uint8_t *pointers[SCT_MAX_COMPONENTS][32];
        uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < n_components; ci++) {
            for (int i = 0; i < layout->component[ci].band_rows; i++) {
                const size_t y = (size_t)(band * layout->component[ci].band_rows + i);
                for (int x = 0; x < layout->component[ci].width; x++)
                    samples[ci][i][x] =
                        size ? data[(y * 61 + (size_t)ci * 7 + (size_t)x) % size] : 128;
                pointers[ci][i] = samples[ci][i];
            }
            rows[ci] = pointers[ci];
        }
        const int status = sct_jpeg_encoder.write_band(e, rows);
        FUZZ_CHECK(status == SCT_OK, "%d", status);
    }
}

static struct file encode(struct sct_encoder_spec spec, const uint8_t *data, size_t size)
{
    struct file file = {NULL, 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.sink = (struct sct_sink){keep_bytes, &file};
    int status = sct_jpeg_encoder.open(&e, &spec, &layout);
    if (status == SCT_ERR_UNSUPPORTED) /* more than 10 blocks in an MCU */
        return file;
    FUZZ_CHECK(status == SCT_OK, "%d", status);
    write_bands(e, &layout, spec.n_components, data, size);
    status = sct_jpeg_encoder.finish(e);
    FUZZ_CHECK(status == SCT_OK, "%d", status);
    sct_jpeg_encoder.close(e);
    return file;
}

/* ---- reading ---- */

struct reading {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    jvirt_barray_ptr *arrays;
};

static void fail_on_error(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    FUZZ_CHECK(0, "libjpeg: %s", text);
}

static void fail_on_warning(j_common_ptr cinfo, int level)
{
    if (level < 0)
        fail_on_error(cinfo);
}

static void read_coefs(struct reading *r, const struct file *file)
{
    r->cinfo.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = fail_on_error;
    r->errors.emit_message = fail_on_warning;
    jpeg_create_decompress(&r->cinfo);
    jpeg_mem_src(&r->cinfo, file->data, file->n_bytes);
    jpeg_read_header(&r->cinfo, TRUE);
    r->arrays = jpeg_read_coefficients(&r->cinfo);
}

static JCOEF *find_row(struct reading *r, int ci, JDIMENSION y)
{
    return r->cinfo.mem->access_virt_barray((j_common_ptr)&r->cinfo, r->arrays[ci], y, 1,
                                            FALSE)[0][0];
}

static void compare(struct reading *a, struct reading *b)
{
    for (int ci = 0; ci < a->cinfo.num_components; ci++) {
        const jpeg_component_info *c = &a->cinfo.comp_info[ci];
        const size_t row_bytes = c->width_in_blocks * sizeof(JBLOCK);
        for (JDIMENSION y = 0; y < c->height_in_blocks; y++)
            FUZZ_CHECK(memcmp(find_row(a, ci, y), find_row(b, ci, y), row_bytes) == 0,
                       "component %d, row of blocks %u", ci, y);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_options options = {data, size};
    struct sct_encoder_spec spec = choose_spec(&options);
    struct file file[N_FILES];
    struct reading reading[N_FILES];

    for (int i = 0; i < N_FILES; i++) {
        spec.effort = i == 2 ? 2 : 1;
        spec.optimize = i == 1;
        file[i] = encode(spec, data, options.left);
    }
    for (int i = 0; i < N_FILES && file[i].data; i++) {
        read_coefs(&reading[i], &file[i]);
        compare(&reading[0], &reading[i]);
    }
    for (int i = 0; i < N_FILES && file[i].data; i++) {
        jpeg_destroy_decompress(&reading[i].cinfo);
        free(file[i].data);
    }
    return 0;
}
