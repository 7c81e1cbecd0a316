/* Whole pictures in double precision, for tests of formats: made into files, and read from them,
 * by libpng, libjpeg-turbo and libwebp themselves. What cannot be done aborts. */
#ifndef SCT_TEST_IMAGES_H
#define SCT_TEST_IMAGES_H

#include <stddef.h>
#include <stdint.h>

/* Samples are 0..1, row by row. Alpha is the last plane; colours are not multiplied by it. */
struct image {
    int width, height;
    int n_colours; /* 1: gray, 3: RGB, 4: CMYK as stored */
    int has_alpha;
    int depth; /* of the file that it was read from: 8 or 16 */
    double *plane[5];
};

struct image *image_create(int width, int height, int n_colours, int has_alpha);
void image_free(struct image *image); /* accepts NULL */

static inline int image_planes(const struct image *image)
{
    return image->n_colours + image->has_alpha;
}

static inline size_t image_size(const struct image *image)
{
    return (size_t)image->width * (size_t)image->height;
}

/* A smooth picture that every codec copes with, with all degrees of alpha: opaque in the
 * middle, nothing at two corners, where colours are noise. */
struct image *image_natural(int width, int height, int n_colours, int has_alpha);

/* As it has to be stored to be `image` once `orientation` (EXIF, 1..8) is applied. */
struct image *image_stored(const struct image *image, int orientation);

/* ---- files ---- */

struct image_file {
    uint8_t *bytes; /* malloc'ed, of exactly this size */
    size_t n_bytes;
};

void image_file_free(struct image_file *file);

enum image_type {              /* of PNG */
                  IMAGE_PLAIN, /* gray or RGB, with alpha where the image has it, 8 or 16 bits */
                  IMAGE_BIT, /* gray, 1 bit */
                  IMAGE_PALETTE,
                  IMAGE_KEY /* plain, one colour of which is transparent: that of the first sample */
};

enum image_sub { IMAGE_444, IMAGE_420 };

enum image_jpeg {            /* what a JPEG stores */
                  IMAGE_YCC, /* gray, YCbCr, or CMYK as CMYK */
                  IMAGE_RGB, /* RGB, with Adobe's marker */
                  IMAGE_YCCK,
                  IMAGE_CMYK_PLAIN /* without Adobe's marker: 1 is full ink */
};

/* What goes along; NULL: nothing. */
struct image_meta {
    const uint8_t *icc;
    size_t icc_bytes;
    int orientation; /* 0: no EXIF */
};

struct image_file image_to_png(const struct image *image, enum image_type type, int depth,
                               int is_interlaced, const struct image_meta *meta);
struct image_file image_to_jpeg(const struct image *image, enum image_jpeg model,
                                enum image_sub sub, int quality,
                                const struct image_meta *meta);
struct image_file image_to_webp(const struct image *image, int is_lossless, int quality,
                                const struct image_meta *meta);

/* PNG: as gray or RGB, with or without alpha, whatever the type is. JPEG: as gray, RGB or CMYK,
 * chroma upsampled libjpeg's way. WebP: as RGB, or RGBA where the file has alpha, chroma
 * upsampled libwebp's way. */
struct image *image_from_png(const uint8_t *bytes, size_t n_bytes);
struct image *image_from_jpeg(const uint8_t *bytes, size_t n_bytes);
struct image *image_from_webp(const uint8_t *bytes, size_t n_bytes);

/* The planes of a lossy WebP as they are stored, 0..1 being 0..255; those of chroma have
 * the size of ceil(width / 2) x ceil(height / 2) and stand where RGB would. */
struct image *image_planes_of_webp(const uint8_t *bytes, size_t n_bytes);

/* The ICC profile of a file of any of the three formats, malloc'ed, or NULL. */
uint8_t *image_icc(const uint8_t *bytes, size_t n_bytes, size_t *icc_bytes);

#endif
