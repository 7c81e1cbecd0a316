/* What the tests of PNG share: whole pictures as samples, read by our decoder and by libpng,
 * and chunks to put into files. */
#ifndef PNG_TEST_H
#define PNG_TEST_H

#include "codec_test.h"

#include <png.h>

#include "decoder.h"

/* A picture with all its samples, one plane after another, each in 16 bits. */
struct pixels {
    int width, height, depth;
    int n_colours, has_alpha; /* 1 or 3 */
    uint16_t *plane[4];
};

static inline void pixels_free(struct pixels *p)
{
    for (int ci = 0; ci < 4; ci++)
        free(p->plane[ci]);
    memset(p, 0, sizeof *p);
}

static inline void pixels_alloc(struct pixels *p)
{
    for (int ci = 0; ci < p->n_colours + p->has_alpha; ci++) {
        p->plane[ci] = calloc((size_t)p->width * (size_t)p->height, 2);
        assert_non_null(p->plane[ci]);
    }
}

/* ---- our decoder --------------------------------------------------------------------- */

struct job {
    size_t piece;   /* bytes that the source gives at once; 0: all */
    size_t fail_at; /* as of piece_source */
    int salvage;
    struct sct_limits limits;
    /* results */
    struct sct_report report;
    struct sct_picture picture; /* its pointers are gone */
    uint8_t *icc, *exif, *xmp;  /* malloc'ed copies, or NULL */
    struct pixels pixels;       /* as far as rows came */
    int n_rows;
};

static inline void job_free(struct job *job)
{
    pixels_free(&job->pixels);
    free(job->icc);
    free(job->exif);
    free(job->xmp);
    job->icc = job->exif = job->xmp = NULL;
}

static inline uint8_t *copy_of(const uint8_t *data, size_t n)
{
    if (!data || !n)
        return NULL;
    uint8_t *copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, data, n);
    return copy;
}

static inline void job_take_band(struct job *job, const struct sct_band *band)
{
    const int n = job->picture.n_components, width = job->picture.width;
    for (int i = 0; i < band->component[0].n_rows; i++)
        for (int ci = 0; ci < n; ci++) {
            const uint8_t *row = (const uint8_t *)band->component[ci].samples +
                                 i * band->component[ci].stride_bytes;
            uint16_t *to =
                job->pixels.plane[ci] + (size_t)(job->n_rows + i) * (size_t)width;
            assert_int_equal(band->component[ci].n_rows, band->component[0].n_rows);
            for (int x = 0; x < width; x++)
                to[x] = job->picture.depth == 16
                            ? ((const uint16_t *)(const void *)row)[x]
                            : row[x];
        }
    job->n_rows += band->component[0].n_rows;
}

/* Reads the file to its end: SCT_DONE, or the error. Needs job_free. */
static inline int job_run(struct job *job, const struct bytes *file)
{
    struct piece_source source = {.data = file->data,
                                  .size = file->size,
                                  .piece = job->piece ? job->piece : file->size + 1,
                                  .fail_at = job->fail_at};
    struct sct_reader *reader = malloc(sizeof *reader);
    const struct sct_decoder_spec spec = {.reader = reader,
                                          .limits = job->limits,
                                          .salvage = job->salvage,
                                          .report = &job->report};
    struct sct_picture *p = &job->picture;
    const struct sct_decoder_ops *ops;
    sct_decoder *d;

    assert_non_null(reader);
    sct_reader_init(reader, &(struct sct_source){piece_read, &source});
    memset(&job->report, 0, sizeof job->report);
    memset(&job->pixels, 0, sizeof job->pixels);
    job->icc = job->exif = job->xmp = NULL;
    job->n_rows = 0;
    int status = sct_decoder_open(&ops, &d, &spec, p);
    if (status == SCT_OK) {
        assert_ptr_equal(ops, &sct_png_decoder);
        job->icc = copy_of(p->icc, p->icc_bytes);
        job->exif = copy_of(p->exif.data, p->exif.n_bytes);
        job->xmp = copy_of(p->xmp.data, p->xmp.n_bytes);
        job->pixels.width = p->width;
        job->pixels.height = p->height;
        job->pixels.depth = p->depth;
        job->pixels.has_alpha = p->has_alpha;
        job->pixels.n_colours = p->n_components - p->has_alpha;
        pixels_alloc(&job->pixels);
        struct sct_band band;
        while ((status = ops->read_band(d, &band)) == SCT_OK)
            job_take_band(job, &band);
        assert_int_equal(ops->read_band(d, &band), status);
        ops->close(d);
    }
    free(reader);
    if (status < 0)
        assert_string_not_equal(job->report.message, "");
    else
        assert_int_equal(job->n_rows, p->height);
    return status;
}

/* ---- libpng -------------------------------------------------------------------------- */

struct png_bytes {
    const struct bytes *file;
    size_t at;
};

static inline void read_png_bytes(png_structp png, png_bytep to, size_t n)
{
    struct png_bytes *b = png_get_io_ptr(png);
    if (n > b->file->size - b->at)
        png_error(png, "the data ends");
    memcpy(to, b->file->data + b->at, n);
    b->at += n;
}

static inline void ignore_png_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* The file as libpng expands it. Whether it could. */
static inline int libpng_read(struct pixels *p, const struct bytes *file)
{
    struct png_bytes source = {.file = file};
    png_structp png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, ignore_png_warning);
    png_infop info = png_create_info_struct(png);
    png_bytepp volatile rows = NULL;
    png_bytep volatile data = NULL;

    memset(p, 0, sizeof *p);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(rows);
        free(data);
        return 0;
    }
    png_set_read_fn(png, &source, read_png_bytes);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    p->width = (int)png_get_image_width(png, info);
    p->height = (int)png_get_image_height(png, info);
    p->depth = png_get_bit_depth(png, info);
    const int n = png_get_channels(png, info);
    p->has_alpha = n == 2 || n == 4;
    p->n_colours = n - p->has_alpha;
    const size_t row_bytes = png_get_rowbytes(png, info);
    rows = malloc((size_t)p->height * sizeof *rows);
    data = malloc((size_t)p->height * row_bytes);
    for (int y = 0; y < p->height; y++)
        rows[y] = data + (size_t)y * row_bytes;
    png_read_image(png, rows);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    pixels_alloc(p);
    for (size_t i = 0; i < (size_t)p->width * (size_t)p->height * (size_t)n; i++)
        p->plane[i % (size_t)n][i / (size_t)n] =
            p->depth == 16 ? ((const uint16_t *)(const void *)data)[i] : data[i];
    free(rows);
    free(data);
    return 1;
}

/* Fails unless both are the same picture, gray being RGB with three equal samples; the first
 * n_rows of it, that is. */
static inline void assert_same_pixels(const struct pixels *a, const struct pixels *b,
                                      int n_rows, const char *name)
{
    if (a->width != b->width || a->height != b->height || a->depth != b->depth ||
        a->has_alpha != b->has_alpha)
        fail_msg("%s: %d x %d of %d bits, alpha %d, and %d x %d of %d bits, alpha %d",
                 name, a->width, a->height, a->depth, a->has_alpha, b->width, b->height,
                 b->depth, b->has_alpha);
    for (int ci = 0; ci < 3 + a->has_alpha; ci++) {
        const uint16_t *pa = a->plane[ci == 3             ? a->n_colours
                                      : a->n_colours == 3 ? ci
                                                          : 0];
        const uint16_t *pb = b->plane[ci == 3             ? b->n_colours
                                      : b->n_colours == 3 ? ci
                                                          : 0];
        for (int i = 0; i < n_rows * a->width; i++)
            if (pa[i] != pb[i])
                fail_msg("%s: component %d at %d, %d is %d and %d", name, ci,
                         i % a->width, i / a->width, pa[i], pb[i]);
    }
}

/* ---- chunks -------------------------------------------------------------------------- */

static inline uint32_t chunk_sum(const uint8_t *data, size_t n)
{
    uint32_t sum = 0xFFFFFFFFu;
    while (n--) {
        sum ^= *data++;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xEDB88320u : sum >> 1;
    }
    return ~sum;
}

static inline void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Where the first chunk of that type begins, with its length; the size when there is none. */
static inline size_t find_chunk(const struct bytes *file, const char *type)
{
    size_t at = 8;
    while (at + 12 <= file->size && memcmp(file->data + at + 4, type, 4) != 0)
        at += 12 + (size_t)get_u32(file->data + at);
    return at + 12 <= file->size ? at : file->size;
}

/* Makes the checksum of the chunk at that place right. */
static inline void fix_chunk(struct bytes *file, size_t at)
{
    const size_t n = get_u32(file->data + at);
    put_u32(file->data + at + 8 + n, chunk_sum(file->data + at + 4, n + 4));
}

/* The file with a chunk more, in front of the first one of type `before`. */
static inline struct bytes with_chunk(const struct bytes *file, const char *before,
                                      const char *type, const void *data, size_t n)
{
    const size_t at = find_chunk(file, before);
    struct bytes b = {malloc(file->size + n + 12), file->size + n + 12};
    assert_non_null(b.data);
    memcpy(b.data, file->data, at);
    put_u32(b.data + at, (uint32_t)n);
    memcpy(b.data + at + 4, type, 4);
    if (n)
        memcpy(b.data + at + 8, data, n);
    fix_chunk(&b, at);
    memcpy(b.data + at + 12 + n, file->data + at, file->size - at);
    return b;
}

/* The first n bytes, in memory of that size. */
static inline struct bytes first_bytes(const struct bytes *file, size_t n)
{
    struct bytes b = {malloc(n ? n : 1), n};
    assert_non_null(b.data);
    memcpy(b.data, file->data, n);
    return b;
}

#endif
