/* The picture: what a decoder knows of its input before the first band. */
#ifndef SCT_PICTURE_H
#define SCT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCT_MAX_COMPONENTS = 4 };

/* The colour model in which the components are stored. CMYK and YCCK from Adobe programs
 * are inverted (0 is full ink); planes pass through as they are, with the marker that
 * says so. */
enum sct_model { SCT_GRAY, SCT_YCC, SCT_RGB, SCT_CMYK, SCT_YCCK };

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

struct sct_picture {
    const char *format; /* "jpeg": static storage */
    int width, height;  /* pixels, as stored: before the orientation is applied */
    enum sct_model model;
    int n_components;
    struct sct_component component[SCT_MAX_COMPONENTS];
    int h_max, v_max;    /* largest sampling factors */
    int orientation;     /* EXIF's, 1..8; 1 when there is none */
    int has_adobe;       /* the file carries an Adobe marker... */
    int adobe_transform; /* ...with this transform, 0, 1 or 2 */
    const uint8_t *icc;  /* profile, or NULL; lives as long as the decoder */
    size_t icc_bytes;

    /* for people; decoding does not depend on these */
    const char *coding;   /* "baseline", "extended", "progressive", "arithmetic", ... */
    int restart_interval; /* MCUs; 0: none */
    int quality; /* estimated from the quantisation tables, 1..100; 0: not known */
    int has_exif, has_gps, has_thumbnail, has_xmp, has_iptc, has_comment;

    size_t
        decoder_bytes; /* memory that decoding will take, about; from the header alone */
};

#ifdef __cplusplus
}
#endif
#endif
