/* Private to the JPEG codec: about what SSIMULACRA2 would say of levels, without decoding them. */
#ifndef SCT_JPEG_SCORE_H
#define SCT_JPEG_SCORE_H

#include "jpeg_frame.h"
#include "jpeg_levels.h"

/* The estimated score of a YCbCr or gray picture against its own coefs, which must have been kept;
 * `frame` has the steps of its levels. At most 100. On photographs it is off by 1.3 to 2
 * points (root of the mean square, each photograph estimated by what the others taught) between
 * 50 and 92, and by 6 at most. It looks at some thousand blocks of the picture. */
double sct_jpeg_score_estimate(const struct sct_jpeg_levels *levels,
                               const struct sct_jpeg_frame *frame);

#endif
