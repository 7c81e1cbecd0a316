/* See images.h: the three libraries, called in the plainest way that they have. */
#include "images.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

static void require(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "images: %s failed\n", what);
    abort();
}

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    require(p != NULL, "calloc");
    return p;
}

struct image *image_create(int width, int height, int n_colours, int has_alpha)
{
    struct image *image = allocate(1, sizeof *image);
    *image = (struct image){.width = width,
                            .height = height,
                            .n_colours = n_colours,
                            .has_alpha = has_alpha,
                            .depth = 8};
    for (int ci = 0; ci < image_planes(image); ci++)
        image->plane[ci] = allocate(image_size(image), sizeof(double));
    return image;
}

void image_free(struct image *image)
{
    if (!image)
        return;
    for (int ci = 0; ci < 5; ci++)
        free(image->plane[ci]);
    free(image);
}

void image_file_free(struct image_file *file)
{
    free(file->bytes);
    *file = (struct image_file){NULL, 0};
}

static double clamp(double v)
{
    return fmin(fmax(v, 0.0), 1.0);
}

struct image *image_natural(int width, int height, int n_colours, int has_alpha)
{
    struct image *image = image_create(width, height, n_colours, has_alpha);
    uint32_t seed = (uint32_t)(width * 65537 + height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const size_t at = (size_t)y * (size_t)width + (size_t)x;
            const double s = (x + 0.5) / 41, t = (y + 0.5) / 37;
            const double fine = 0.12 * sin((x + 0.5) * 0.9) * cos((y + 0.5) * 0.7);
            const double corner = (x + 0.5) / width + (y + 0.5) / height;
            const double alpha = clamp(1.4 - fabs(corner - 1) * 2.2);
            for (int ci = 0; ci < n_colours; ci++) {
                const double broad = 0.32 * sin(3.1 * s + ci * 1.3) * cos(2.3 * t - ci);
                seed = seed * 1664525u + 1013904223u;
                image->plane[ci][at] =
                    has_alpha && alpha == 0.0 ? (seed >> 24) / 255.0 : 0.5 + broad + fine;
            }
            if (has_alpha)
                image->plane[n_colours][at] = alpha;
        }
    return image;
}

/* The table of orient.h: where an upright sample is stored. */
struct image *image_stored(const struct image *image, int orientation)
{
    const int o = orientation, swaps = o >= 5;
    const int width = swaps ? image->height : image->width;
    const int height = swaps ? image->width : image->height;
    struct image *stored =
        image_create(width, height, image->n_colours, image->has_alpha);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            int column = swaps ? y : x, row = swaps ? x : y;
            if (o == 2 || o == 3 || o == 7 || o == 8)
                column = width - 1 - column;
            if (o == 3 || o == 4 || o == 6 || o == 7)
                row = height - 1 - row;
            for (int ci = 0; ci < image_planes(image); ci++)
                stored->plane[ci][row * width + column] =
                    image->plane[ci][y * image->width + x];
        }
    return stored;
}

/* Interleaved samples of 8 bits, or of 16 in big-endian order. */
static uint8_t *interleave(const struct image *image, int depth)
{
    const size_t n = (size_t)image_planes(image), bytes = (size_t)depth / 8;
    uint8_t *out = allocate(image_size(image) * n, bytes);
    for (size_t i = 0; i < image_size(image); i++)
        for (size_t ci = 0; ci < n; ci++) {
            const double v = clamp(image->plane[ci][i]);
            uint8_t *to = out + (i * n + ci) * bytes;
            const unsigned sample =
                (unsigned)floor(v * (depth == 16 ? 65535 : 255) + 0.5);
            *to = (uint8_t)(depth == 16 ? sample >> 8 : sample);
            if (depth == 16)
                to[1] = (uint8_t)(sample & 255);
        }
    return out;
}

static struct image *separate(const uint8_t *samples, int width, int height,
                              int n_colours, int has_alpha, int depth)
{
    struct image *image = image_create(width, height, n_colours, has_alpha);
    const size_t n = (size_t)image_planes(image);
    image->depth = depth;
    for (size_t i = 0; i < image_size(image); i++)
        for (size_t ci = 0; ci < n; ci++) {
            const uint8_t *from = samples + (i * n + ci) * (size_t)(depth / 8);
            image->plane[ci][i] =
                depth == 16 ? (from[0] * 256 + from[1]) / 65535.0 : from[0] / 255.0;
        }
    return image;
}

/* ---- metadata ---------------------------------------------------------------------- */

enum { EXIF_BYTES = 26 };

static void fill_exif(uint8_t exif[EXIF_BYTES], int orientation)
{
    const uint8_t tiff[EXIF_BYTES] = {'I',  'I', 42, 0, 8, 0, 0, 0, /* header */
                                      1,    0,                      /* entries */
                                      0x12, 1,   3,  0, 1, 0, 0, 0, (uint8_t)orientation,
                                      0,    0,   0}; /* one SHORT */
    memcpy(exif, tiff, EXIF_BYTES);
}

/* ---- PNG --------------------------------------------------------------------------- */

static void append_bytes(png_structp png, png_bytep data, size_t n)
{
    struct image_file *file = png_get_io_ptr(png);
    file->bytes = realloc(file->bytes, file->n_bytes + n);
    require(file->bytes != NULL, "realloc");
    memcpy(file->bytes + file->n_bytes, data, n);
    file->n_bytes += n;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* 6 x 6 x 6 colours, the first 40 of them with an alpha of their own. */
enum { N_PALETTE = 216, N_ALPHA = 40 };

static void set_palette(png_structp png, png_infop info)
{
    png_color palette[N_PALETTE];
    png_byte alpha[N_ALPHA];
    for (int i = 0; i < N_PALETTE; i++)
        palette[i] = (png_color){.red = (png_byte)(i / 36 * 51),
                                 .green = (png_byte)(i / 6 % 6 * 51),
                                 .blue = (png_byte)(i % 6 * 51)};
    for (int i = 0; i < N_ALPHA; i++)
        alpha[i] = (png_byte)(i * 6);
    png_set_PLTE(png, info, palette, N_PALETTE);
    png_set_tRNS(png, info, alpha, N_ALPHA, NULL);
}

static uint8_t *make_indices(const struct image *image)
{
    uint8_t *out = allocate(image_size(image), 1);
    for (size_t i = 0; i < image_size(image); i++)
        for (int ci = 0; ci < 3; ci++)
            out[i] = (uint8_t)(out[i] * 6 + floor(clamp(image->plane[ci][i]) * 5 + 0.5));
    return out;
}

static uint8_t *make_bits(const struct image *image)
{
    uint8_t *out = allocate(image_size(image), 1);
    for (size_t i = 0; i < image_size(image); i++)
        out[i] = image->plane[0][i] > 0.5;
    return out;
}

static unsigned read_sample(const uint8_t *p, int depth)
{
    return depth == 16 ? p[0] * 256u + p[1] : p[0];
}

static void set_key(png_structp png, png_infop info, const uint8_t *samples,
                    int n_colours, int depth)
{
    const int step = depth / 8;
    png_color_16 key = {0};
    key.gray = key.red = (png_uint_16)read_sample(samples, depth);
    if (n_colours == 3) {
        key.green = (png_uint_16)read_sample(samples + step, depth);
        key.blue = (png_uint_16)read_sample(samples + 2 * step, depth);
    }
    png_set_tRNS(png, info, NULL, 0, &key);
}

struct image_file image_to_png(const struct image *image, enum image_type type, int depth,
                               int is_interlaced, const struct image_meta *meta)
{
    struct image_file file = {NULL, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const int colour = type == IMAGE_PALETTE
                           ? PNG_COLOR_TYPE_PALETTE
                           : (image->n_colours == 3 ? 2 : 0) + (image->has_alpha ? 4 : 0);
    uint8_t *samples = type == IMAGE_PALETTE ? make_indices(image)
                       : type == IMAGE_BIT   ? make_bits(image)
                                             : interleave(image, depth);
    png_set_write_fn(png, &file, append_bytes, flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height,
                 type == IMAGE_BIT ? 1 : depth, colour,
                 is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
    if (type == IMAGE_PALETTE)
        set_palette(png, info);
    if (type == IMAGE_KEY)
        set_key(png, info, samples, image->n_colours, depth);
    if (meta && meta->icc)
        png_set_iCCP(png, info, "profile", 0, meta->icc, (png_uint_32)meta->icc_bytes);
    uint8_t exif[EXIF_BYTES];
    if (meta && meta->orientation) {
        fill_exif(exif, meta->orientation);
        png_set_eXIf_1(png, info, EXIF_BYTES, exif);
    }
    png_write_info(png, info);
    if (type == IMAGE_BIT)
        png_set_packing(png);
    const size_t row = image_size(image) / (size_t)image->height *
                       (type == IMAGE_PALETTE || type == IMAGE_BIT
                            ? 1
                            : (size_t)image_planes(image) * (size_t)depth / 8);
    png_bytep *rows = allocate((size_t)image->height, sizeof *rows);
    for (int y = 0; y < image->height; y++)
        rows[y] = samples + (size_t)y * row;
    (void)png_set_interlace_handling(png);
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(samples);
    return file;
}

struct reading {
    const uint8_t *bytes;
    size_t n_bytes, at;
};

static void read_bytes(png_structp png, png_bytep data, size_t n)
{
    struct reading *r = png_get_io_ptr(png);
    if (n > r->n_bytes - r->at)
        png_error(png, "end of file");
    memcpy(data, r->bytes + r->at, n);
    r->at += n;
}

static png_structp begin_png(struct reading *r, png_infop *info)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    *info = png_create_info_struct(png);
    png_set_read_fn(png, r, read_bytes);
    png_read_info(png, *info);
    return png;
}

struct image *image_from_png(const uint8_t *bytes, size_t n_bytes)
{
    struct reading r = {bytes, n_bytes, 0};
    png_infop info;
    png_structp png = begin_png(&r, &info);
    png_set_expand(png);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    const int height = (int)png_get_image_height(png, info);
    const int n = png_get_channels(png, info);
    const size_t row = png_get_rowbytes(png, info);
    uint8_t *samples = allocate((size_t)height, row);
    png_bytep *rows = allocate((size_t)height, sizeof *rows);
    for (int y = 0; y < height; y++)
        rows[y] = samples + (size_t)y * row;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    struct image *image =
        separate(samples, (int)png_get_image_width(png, info), height, n >= 3 ? 3 : 1,
                 n % 2 == 0, png_get_bit_depth(png, info));
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    free(samples);
    return image;
}

static uint8_t *icc_of_png(const uint8_t *bytes, size_t n_bytes, size_t *icc_bytes)
{
    struct reading r = {bytes, n_bytes, 0};
    png_infop info;
    png_structp png = begin_png(&r, &info);
    png_charp name;
    png_bytep profile;
    png_uint_32 n = 0;
    int method;
    uint8_t *icc = NULL;
    if (png_get_iCCP(png, info, &name, &method, &profile, &n)) {
        icc = allocate(n, 1);
        memcpy(icc, profile, n);
    }
    *icc_bytes = n;
    png_destroy_read_struct(&png, &info, NULL);
    return icc;
}

/* ---- JPEG -------------------------------------------------------------------------- */

static void choose_model(struct jpeg_compress_struct *cinfo, const struct image *image,
                         enum image_jpeg model, enum image_sub sub)
{
    if (model == IMAGE_RGB)
        jpeg_set_colorspace(cinfo, JCS_RGB);
    else if (model == IMAGE_YCCK)
        jpeg_set_colorspace(cinfo, JCS_YCCK);
    else if (image->n_colours == 4)
        jpeg_set_colorspace(cinfo, JCS_CMYK);
    if (model == IMAGE_CMYK_PLAIN)
        cinfo->write_Adobe_marker = FALSE;
    const int has_chroma = image->n_colours == 3 || model == IMAGE_YCCK;
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        const int is_fine = has_chroma && sub == IMAGE_420 && (ci == 0 || ci == 3);
        cinfo->comp_info[ci].h_samp_factor = is_fine ? 2 : 1;
        cinfo->comp_info[ci].v_samp_factor = is_fine ? 2 : 1;
    }
}

static void write_jpeg_meta(struct jpeg_compress_struct *cinfo,
                            const struct image_meta *meta)
{
    if (meta && meta->orientation) {
        uint8_t app1[6 + EXIF_BYTES] = "Exif\0";
        fill_exif(app1 + 6, meta->orientation);
        jpeg_write_marker(cinfo, JPEG_APP0 + 1, app1, sizeof app1);
    }
    if (meta && meta->icc)
        jpeg_write_icc_profile(cinfo, meta->icc, (unsigned)meta->icc_bytes);
}

struct image_file image_to_jpeg(const struct image *image, enum image_jpeg model,
                                enum image_sub sub, int quality,
                                const struct image_meta *meta)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n_bytes = 0;
    uint8_t *samples = interleave(image, 8);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &n_bytes);
    cinfo.image_width = (JDIMENSION)image->width;
    cinfo.image_height = (JDIMENSION)image->height;
    cinfo.input_components = image_planes(image);
    cinfo.in_color_space = image->n_colours == 1   ? JCS_GRAYSCALE
                           : image->n_colours == 3 ? JCS_RGB
                                                   : JCS_CMYK;
    jpeg_set_defaults(&cinfo);
    choose_model(&cinfo, image, model, sub);
    jpeg_set_quality(&cinfo, quality, TRUE);
    jpeg_start_compress(&cinfo, TRUE);
    write_jpeg_meta(&cinfo, meta);
    for (int y = 0; y < image->height; y++) {
        JSAMPROW row = samples + y * image->width * image_planes(image);
        (void)jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(samples);
    struct image_file file = {allocate(n_bytes, 1), n_bytes};
    memcpy(file.bytes, bytes, n_bytes);
    free(bytes);
    return file;
}

struct image *image_from_jpeg(const uint8_t *bytes, size_t n_bytes)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, n_bytes);
    (void)jpeg_read_header(&cinfo, TRUE);
    if (cinfo.num_components == 4)
        cinfo.out_color_space = JCS_CMYK;
    jpeg_start_decompress(&cinfo);
    const int width = (int)cinfo.output_width, height = (int)cinfo.output_height;
    const int n = cinfo.output_components;
    uint8_t *samples = allocate((size_t)width * (size_t)height, (size_t)n);
    while (cinfo.output_scanline < cinfo.output_height) {
        JSAMPROW row = samples + (int)cinfo.output_scanline * width * n;
        (void)jpeg_read_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_decompress(&cinfo);
    jpeg_destroy_decompress(&cinfo);
    struct image *image = separate(samples, width, height, n, 0, 8);
    free(samples);
    return image;
}

static uint8_t *icc_of_jpeg(const uint8_t *bytes, size_t n_bytes, size_t *icc_bytes)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    JOCTET *icc = NULL;
    unsigned n = 0;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, n_bytes);
    jpeg_save_markers(&cinfo, JPEG_APP0 + 2, 0xFFFF);
    (void)jpeg_read_header(&cinfo, TRUE);
    (void)jpeg_read_icc_profile(&cinfo, &icc, &n);
    jpeg_destroy_decompress(&cinfo);
    *icc_bytes = n;
    return icc;
}

/* ---- WebP -------------------------------------------------------------------------- */

static struct image *widen_to_rgb(const struct image *image)
{
    struct image *rgb = image_create(image->width, image->height, 3, image->has_alpha);
    for (int ci = 0; ci < 3 + image->has_alpha; ci++)
        memcpy(rgb->plane[ci],
               image->plane[ci == 3                 ? image->n_colours
                            : image->n_colours == 3 ? ci
                                                    : 0],
               image_size(image) * sizeof(double));
    return rgb;
}

static void set_chunk(WebPMux *mux, const char *tag, const uint8_t *data, size_t n)
{
    const WebPData chunk = {data, n};
    require(WebPMuxSetChunk(mux, tag, &chunk, 1) == WEBP_MUX_OK, "WebPMuxSetChunk");
}

static struct image_file add_webp_meta(const WebPMemoryWriter *writer,
                                       const struct image_meta *meta)
{
    const WebPData before = {writer->mem, writer->size};
    WebPData data;
    WebPMux *mux = WebPMuxCreate(&before, 1);
    uint8_t exif[EXIF_BYTES];
    require(mux != NULL, "WebPMuxCreate");
    if (meta && meta->icc)
        set_chunk(mux, "ICCP", meta->icc, meta->icc_bytes);
    if (meta && meta->orientation) {
        fill_exif(exif, meta->orientation);
        set_chunk(mux, "EXIF", exif, EXIF_BYTES);
    }
    require(WebPMuxAssemble(mux, &data) == WEBP_MUX_OK, "WebPMuxAssemble");
    struct image_file file = {allocate(data.size, 1), data.size};
    memcpy(file.bytes, data.bytes, data.size);
    WebPDataClear(&data);
    WebPMuxDelete(mux);
    return file;
}

struct image_file image_to_webp(const struct image *image, int is_lossless, int quality,
                                const struct image_meta *meta)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;
    struct image *rgb = widen_to_rgb(image);
    uint8_t *samples = interleave(rgb, 8);
    require(WebPConfigInit(&config) && WebPPictureInit(&picture), "WebPConfigInit");
    config.lossless = is_lossless;
    config.quality = (float)quality;
    config.exact = 1; /* keeps what is under alpha 0 */
    picture.use_argb = is_lossless;
    picture.width = image->width;
    picture.height = image->height;
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    require(image->has_alpha ? WebPPictureImportRGBA(&picture, samples, image->width * 4)
                             : WebPPictureImportRGB(&picture, samples, image->width * 3),
            "WebPPictureImport");
    require(WebPEncode(&config, &picture), "WebPEncode");
    struct image_file file = add_webp_meta(&writer, meta);
    WebPMemoryWriterClear(&writer);
    WebPPictureFree(&picture);
    image_free(rgb);
    free(samples);
    return file;
}

struct image *image_from_webp(const uint8_t *bytes, size_t n_bytes)
{
    WebPBitstreamFeatures features;
    int width, height;
    require(WebPGetFeatures(bytes, n_bytes, &features) == VP8_STATUS_OK,
            "WebPGetFeatures");
    uint8_t *samples = features.has_alpha
                           ? WebPDecodeRGBA(bytes, n_bytes, &width, &height)
                           : WebPDecodeRGB(bytes, n_bytes, &width, &height);
    require(samples != NULL, "WebPDecode");
    struct image *image = separate(samples, width, height, 3, features.has_alpha, 8);
    WebPFree(samples);
    return image;
}

static void copy_plane(double *to, const uint8_t *from, int stride, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            to[y * width + x] = from[y * stride + x] / 255.0;
}

struct image *image_planes_of_webp(const uint8_t *bytes, size_t n_bytes)
{
    int width, height, stride, uv_stride;
    uint8_t *u, *v;
    uint8_t *y =
        WebPDecodeYUV(bytes, n_bytes, &width, &height, &u, &v, &stride, &uv_stride);
    require(y != NULL, "WebPDecodeYUV");
    struct image *image = image_create(width, height, 3, 0);
    copy_plane(image->plane[0], y, stride, width, height);
    copy_plane(image->plane[1], u, uv_stride, (width + 1) / 2, (height + 1) / 2);
    copy_plane(image->plane[2], v, uv_stride, (width + 1) / 2, (height + 1) / 2);
    WebPFree(y);
    return image;
}

static uint8_t *icc_of_webp(const uint8_t *bytes, size_t n_bytes, size_t *icc_bytes)
{
    const WebPData file = {bytes, n_bytes};
    WebPData chunk;
    uint8_t *icc = NULL;
    WebPMux *mux = WebPMuxCreate(&file, 0);
    require(mux != NULL, "WebPMuxCreate");
    *icc_bytes = 0;
    if (WebPMuxGetChunk(mux, "ICCP", &chunk) == WEBP_MUX_OK) {
        icc = allocate(chunk.size, 1);
        memcpy(icc, chunk.bytes, chunk.size);
        *icc_bytes = chunk.size;
    }
    WebPMuxDelete(mux);
    return icc;
}

uint8_t *image_icc(const uint8_t *bytes, size_t n_bytes, size_t *icc_bytes)
{
    if (bytes[0] == 0x89)
        return icc_of_png(bytes, n_bytes, icc_bytes);
    return bytes[0] == 0xFF ? icc_of_jpeg(bytes, n_bytes, icc_bytes)
                            : icc_of_webp(bytes, n_bytes, icc_bytes);
}
