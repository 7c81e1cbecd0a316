/* Whole pictures: decoded in full, turned upright, in sRGB and opaque. It is what `compare` looks
 * at; a picture that is resized never exists like this. Command only. */
#ifndef SCT_PIXELS_H
#define SCT_PIXELS_H

#include "decoder.h"
#include "ssimulacra2.h"

struct sct_pixels {
    struct sct_rgb rgb;
    uint64_t bytes; /* of the file, as far as it was read */
    uint8_t *owned[3];
};

/* Reads a picture: JPEG as libjpeg-turbo decodes it, with its slow integer DCT and its smooth
 * upsampling of chroma; CMYK, and colours with an ICC profile, brought to sRGB; what is transparent
 * laid on `background` in sRGB's own values, and then of 16 bits.
 *
 * limits: without zeros, except that of time; that on memory is for this picture. Any status of a
 * decoder, with a message in the report; on failure nothing needs to be freed. */
int sct_pixels_read(struct sct_pixels *pixels, const struct sct_source *source,
                    const struct sct_limits *limits, const uint8_t background[3],
                    struct sct_report *report);

void sct_pixels_free(struct sct_pixels *pixels); /* accepts a zeroed one */

#endif
