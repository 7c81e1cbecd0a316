/* What icc.c wants of Little CMS: reading a profile, and a conversion of interleaved samples.
 * icc_lcms.c has it; icc_none.c stands in where there is none, and fails. */
#ifndef SCT_ICC_LCMS_H
#define SCT_ICC_LCMS_H

#include "icc.h"
#include "icc_math.h"

typedef struct sct_lcms sct_lcms;

/* Reads the profile; the bytes are copied. The caller has looked at header and tags and at the
 * sizes. SCT_ERR_CORRUPT, _TOO_LARGE, _MEMORY, _UNSUPPORTED (no Little CMS), with a message;
 * *out is NULL then. */
int sct_lcms_open(sct_lcms **out, const uint8_t *icc, size_t icc_bytes,
                  struct sct_report *report);

/* Whether the profile is a tone curve for each component, RGB also with a matrix, connected by
 * XYZ, and its black is 0: colorants' columns are XYZ of R, G, B then (GRAY: not touched). */
int sct_lcms_is_shaper(sct_lcms *l, struct sct_mat3 *colorants);

/* Of such a profile, component ci's curve: linear light, 0..1, at n >= 2 places from 0 to 1. */
void sct_lcms_sample_curve(sct_lcms *l, int ci, float *values, int n);

/* Of any other, makes the conversion to sRGB, or of gray to gray with sRGB's curve. Interleaved
 * samples of `depth` bits, 1, 3 or 4 in and 1 or 3 out; for CMYK 0 is no ink. */
int sct_lcms_link(sct_lcms *l, int depth, int is_grid, struct sct_report *report);
void sct_lcms_run(sct_lcms *l, const void *in, void *out, int n_pixels);

void sct_lcms_close(sct_lcms *l); /* accepts NULL */

#endif
