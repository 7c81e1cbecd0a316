/* corpus_picture.h: the pictures themselves, as functions of position.
 *
 * A picture has no pixels: it is asked for its colour at a point, so that a subsampled
 * component is sampled at its own centres and stays registered with the others. Integer
 * arithmetic only, no libm, no state: the same value on every compiler and processor.
 */
#ifndef CORPUS_PICTURE_H
#define CORPUS_PICTURE_H

#include <stdint.h>

/* Positions are in ticks of 1/24 pixel: pixel x covers [24x, 24x + 24), its centre is 24x
 * + 12. 24 so that the centre of a sample falls on a tick for all sampling factors 1..4.
 */
#define CORPUS_TICKS 24

enum corpus_pattern {
    CORPUS_ZONE,   /* zone plate: frequency grows from 0 in the middle to Nyquist at the
                      edge */
    CORPUS_RAMP_H, /* gray, 0 at the left to 255 at the right */
    CORPUS_RAMP_V, /* gray, top to bottom */
    CORPUS_RAMP_D, /* gray, along the diagonal */
    CORPUS_RAMP, /* colour: red grows to the right, green downwards, blue against both */
    CORPUS_TEXT, /* rows of 5x7 glyphs in ink on paper: hard edges, some in pure colour */
    CORPUS_NOISE,    /* white noise, independent in R, G and B */
    CORPUS_CONSTANT, /* one colour */
    CORPUS_NATURAL,  /* octaves of value noise with an amplitude of about 1/f, objects, a
                        horizon */
    CORPUS_CORNERS,  /* an F between four different corners: no two orientations are alike
                      */
    CORPUS_N_PATTERNS
};

struct corpus_picture {
    enum corpus_pattern pattern;
    int width, height; /* pixels */
};

/* The word for a pattern in file names. */
const char *corpus_pattern_name(enum corpus_pattern pattern);

/* Colour at (x, y), in ticks; rgb is 0..255 each. Points outside the picture continue it.
 */
void corpus_picture_rgb(const struct corpus_picture *picture, int64_t x, int64_t y,
                        int rgb[3]);

/* A hash of three numbers with all bits well mixed; the corpus's only source of
 * randomness. */
uint32_t corpus_hash(uint32_t seed, int64_t x, int64_t y);

#endif
