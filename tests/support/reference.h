/* The truth that tests compare with: resizing in double precision, as plainly as
 * possible. */
#ifndef SCT_TEST_REFERENCE_H
#define SCT_TEST_REFERENCE_H

#include "bank.h"

/* Resizes x.src_size x y.src_size samples; the caller frees the result. The definition in
 * bank.h, sample by sample, with the filter evaluated for each weight. */
double *reference_resize(const double *in, const struct sct_axis *x,
                         const struct sct_axis *y, const struct sct_filter *filter);

/* One component of a decoded JPEG, in double precision: no rounding after the inverse
 * DCT. */
struct reference_plane {
    int width, height; /* samples that mean something */
    double *samples;
};

struct reference_picture {
    int n_components;
    struct reference_plane component[4];
};

/* Decodes the coefficients of a JPEG file with libjpeg-turbo and applies the inverse DCT
 * of T.81 A.3.3 in double precision. Returns 0, or -1 when the file cannot be read. */
int reference_decode(const char *path, struct reference_picture *picture);
/* The same from memory. */
void reference_decode_bytes(const unsigned char *bytes, size_t n_bytes,
                            struct reference_picture *picture);
void reference_free(struct reference_picture *picture);

/* PSNR in dB of 8-bit samples against exact ones, which are clamped to 0..255 first. */
double reference_psnr(const unsigned char *samples, const double *exact, long n);

/* The largest difference between them, in levels. */
double reference_max_error(const unsigned char *samples, const double *exact, long n);

#endif
