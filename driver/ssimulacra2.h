/* SSIMULACRA2, version 2.1 (April 2023): how much a distorted picture differs from its
 * reference for somebody who looks at both. 100 is no difference; 90 cannot be told apart, 70
 * is high quality, 50 medium, 30 low; bad pictures go below 0.
 *
 * The metric is Jon Sneyers's (Cloudinary), defined by its program in the repository
 * cloudinary/ssimulacra2 (BSD-3-Clause): weights, constants and the order of operations are
 * that program's, the code is ours. Scores agree with its to 1e-6
 * (tests/quality/published_scores.txt); ssim_rows.h says what that takes.
 *
 * Memory: 6 bytes for each pixel of one picture and 1200 for each column: 14 MB for 2 MP,
 * beside the pictures themselves. */
#ifndef SCT_SSIMULACRA2_H
#define SCT_SSIMULACRA2_H

#include "plane.h"
#include "status.h"

/* How samples become light: a power of 1 / 0.45455, as an ICC profile stores it, which is what
 * the reference program does to PNG files with the usual gAMA chunk, and what published scores
 * agree with in every digit. sRGB's own curve differs in the shadows; with it, scores would be up
 * to 1.5 higher. */
#define SCT_SSIMULACRA2_GAMMA (144178.0 / 65536)

/* The metric has no meaning for pictures that are narrower or lower. */
enum { SCT_SSIMULACRA2_MIN_SIZE = 8 };

/* An opaque picture in sRGB: R, G and B, which may be one plane where it is gray. */
struct sct_rgb {
    struct sct_plane plane[3]; /* of one size */
    int depth;                 /* bits of a sample: 8, or 16 (uint16_t) */
};

/* Statuses: SCT_ERR_ARGUMENT when the sizes differ, a side is below
 * SCT_SSIMULACRA2_MIN_SIZE, or a depth is neither 8 nor 16; SCT_ERR_MEMORY. The two may differ
 * in depth. */
int sct_ssimulacra2(double *score, const struct sct_rgb *reference,
                    const struct sct_rgb *distorted);

#endif
