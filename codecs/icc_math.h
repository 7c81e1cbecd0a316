/* The arithmetic of colour that making and converting share: matrices of RGB spaces, and sRGB's
 * tone curve. */
#ifndef SCT_ICC_MATH_H
#define SCT_ICC_MATH_H

/* 3x3 matrices, row by row; they act on columns. */
struct sct_mat3 {
    double at[3][3];
};

struct sct_mat3 sct_mat3_mul(const struct sct_mat3 *a, const struct sct_mat3 *b);

/* *inverse of *m; 0, or -1 for a matrix that has none worth the name. */
int sct_mat3_invert(struct sct_mat3 *inverse, const struct sct_mat3 *m);

/* Chromaticities x, y of white, red, green, blue. */
struct sct_primaries {
    double xy[4][2];
};

extern const struct sct_primaries sct_primaries_bt709;

/* D50, the white of ICC's connection space, as XYZ. */
extern const double sct_icc_d50[3];

/* The Bradford adaptation of a white to D50 (ICC.1:2010, annex E). 0, or -1 for a white that
 * cannot be one. */
int sct_primaries_adaptation(struct sct_mat3 *adaptation, const struct sct_primaries *p);

/* Linear RGB to XYZ relative to D50: the columns are the colorants of an ICC profile
 * (SMPTE RP 177, then the adaptation). 0, or -1 where the chromaticities are no colour space. */
int sct_primaries_matrix(struct sct_mat3 *to_xyz, const struct sct_primaries *p);

/* IEC 61966-2-1: linear light 0..1 to the encoded value 0..1. */
double sct_srgb_encode(double linear);

#endif
