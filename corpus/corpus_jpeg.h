/* corpus_jpeg.h: from a recipe to the bytes of a JPEG, through libjpeg-turbo.
 *
 * Components are sampled from the picture at their own resolution and go in as raw planes
 * (or as coefficients), so no colour conversion and no downsampling of the library is
 * involved; the forward DCT is JDCT_ISLOW, which is bit-exact in all of libjpeg-turbo's
 * SIMD versions.
 */
#ifndef CORPUS_JPEG_H
#define CORPUS_JPEG_H

#include "corpus_bytes.h"
#include "corpus_picture.h"

enum corpus_model {
    CORPUS_GRAY,
    CORPUS_YCBCR,
    CORPUS_RGB,
    CORPUS_CMYK,       /* Adobe marker, samples inverted: 255 is no ink */
    CORPUS_CMYK_PLAIN, /* no Adobe marker, samples not inverted: 0 is no ink */
    CORPUS_YCCK,       /* Adobe marker, transform 2, inverted */
    CORPUS_FIVE /* five components without a meaning, which is not a picture to us */
};

enum /* recipe flags */
{
    CORPUS_OPTIMIZE = 1,
    CORPUS_PROGRESSIVE = 2,
    CORPUS_ARITHMETIC = 4,
    CORPUS_SEPARATE_SCANS = 8, /* one sequential scan per component */
    CORPUS_NO_JFIF = 16,       /* no APP0, as in files that begin with Exif */
    CORPUS_ADOBE = 32,         /* an Adobe marker where libjpeg would not write one */
    CORPUS_NO_ADOBE = 64,      /* none where it would */
    CORPUS_WIDE_QUANT =
        128, /* quantisers above 255: 16-bit tables, extended sequential */
    CORPUS_FLAT_QUANT =
        256, /* all quantisers equal, so that a transposed block is legal */
    CORPUS_LOUD_PADDING =
        512, /* past the edge the inverse of the edge instead of the edge */
    CORPUS_SMALL_DENSITY = 1024 /* JFIF density 72x144 dots per inch instead of 1:1 */
};

enum {
    CORPUS_RESTART_ROW = -1 /* in `restart`: one MCU row */
};

struct corpus_recipe {
    struct corpus_picture picture; /* upright size and content */
    enum corpus_model model;
    const char
        *sampling; /* "22-11-11": horizontal and vertical factor of each component */
    int quality;   /* 1..100, libjpeg's scale */
    unsigned flags;
    int restart;     /* MCUs between restart markers; 0: none */
    int orientation; /* 0 or 1: upright; 2..8: stored turned, as Exif counts */
    const struct corpus_bytes
        *markers; /* whole segments that go before the tables, or NULL */
};

/* Appends the JPEG that the recipe describes. */
void corpus_jpeg_encode(struct corpus_bytes *out, const struct corpus_recipe *recipe);

/* Appends `jpeg` with its blocks turned, without loss, so that Exif orientation
 * `orientation` shows the picture as it was. Both sides of the picture must be whole
 * MCUs, its quantisers flat. `markers` as in the recipe. */
void corpus_jpeg_turn(struct corpus_bytes *out, const struct corpus_bytes *jpeg,
                      int orientation, const struct corpus_bytes *markers);

/* Appends a gray JPEG of one row of n_blocks blocks in which every coefficient is 1023 or
 * -1023 and every quantiser is `quantiser`: the largest dequantised values that Huffman
 * codes for 8-bit samples can carry. */
void corpus_jpeg_encode_extreme(struct corpus_bytes *out, int n_blocks,
                                unsigned quantiser);

#endif
