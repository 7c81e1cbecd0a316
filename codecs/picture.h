/* The picture: what a decoder knows of its input before the first band. */
#ifndef SCT_PICTURE_H
#define SCT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "block.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCT_MAX_COMPONENTS = 4 };

/* The colour model in which the components are stored. CMYK and YCCK from Adobe programs
 * are inverted (0 is full ink); planes pass through as they are, with the marker that
 * says so. */
enum sct_model { SCT_GRAY, SCT_YCC, SCT_RGB, SCT_CMYK, SCT_YCCK };

/* Components of a model, without alpha: 1, 3 or 4. */
int sct_model_components(enum sct_model model);

const char *
sct_model_name(enum sct_model model); /* "gray", "ycc", "rgb", "cmyk", "ycck" */

/* One component's grid. A picture of width W whose widest sampling factor is h_max has
 * W * h / h_max samples in a row of a component with factor h: a real number. `width` is
 * that rounded up, the samples that mean something; the rest of the last block is
 * padding. */
struct sct_component {
    int h, v;                        /* sampling factors, 1..4, as in T.81 */
    int width, height;               /* samples that mean something, >= 1 */
    int width_blocks, height_blocks; /* in blocks of 8x8, rounded up */
};

/* Bytes that somebody else owns; NULL and 0: there are none. */
struct sct_bytes {
    const uint8_t *data;
    size_t n_bytes;
};

struct sct_picture {
    const char *format;     /* "jpeg", "png", "webp": static storage */
    enum sct_domain domain; /* what bands hold */
    int depth;              /* bits of a sample: 8, or 16 (SAMPLES) */
    int width, height;      /* pixels, as stored: before the orientation is applied */
    enum sct_model model;
    int has_alpha; /* the last component is alpha, beside those of the model; colours are
                       not multiplied by it */
    int is_limited; /* YCC and gray: luma is 16..235 and chroma 16..240, as in video and WebP;
                       otherwise all of 0..255 */
    int n_components; /* alpha included */
    struct sct_component component[SCT_MAX_COMPONENTS];
    int h_max, v_max;    /* largest sampling factors */
    int orientation;     /* EXIF's, 1..8; 1 when there is none */
    int has_adobe;       /* the file carries an Adobe marker... */
    int adobe_transform; /* ...with this transform, 0, 1 or 2 */
    /* All live as long as the decoder. icc: the profile, one made from other statements about
     * colour where a file has none; NULL: sRGB. exif: a TIFF stream, without what stands in
     * front of it in some formats. xmp: the packet. iptc: Photoshop's image resources
     * ("8BIM", number, name, size, data; again and again), of which number 0x0404 is IPTC. */
    const uint8_t *icc;
    size_t icc_bytes;
    struct sct_bytes exif, xmp, iptc;

    /* for people; decoding does not depend on these */
    const char *coding;   /* "baseline", "progressive", "interlaced", "lossless", ... */
    int restart_interval; /* MCUs; 0: none */
    int quality;     /* estimated from the quantisation tables, 1..100; 0: not known */
    int is_animated; /* only the first frame is read; that is for the caller to tell */
    int has_exif, has_gps, has_thumbnail, has_xmp, has_iptc, has_comment;
    int has_gain_map; /* an HDR gain map goes with it, Ultra HDR or ISO 21496-1 */
    int has_mpf;      /* further pictures follow the first one, CIPA DC-007 (MPF) */

    size_t
        decoder_bytes; /* memory that decoding will take, about; from the header alone */
};

#ifdef __cplusplus
}
#endif
#endif
