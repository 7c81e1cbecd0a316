/* Geometry: where every sample of every output comes from.
 *
 * A variant asks for a size in pixels of the upright picture; a decoder delivers
 * components on their own grids, as they were stored. Geometry is the arithmetic between
 * the two, in real numbers, so that chroma stays registered with luma for every sampling
 * factor, odd size, crop and orientation. The planes are resized as stored and turned
 * afterwards; "stored" below means before that turn, "upright" after it. */
#ifndef SCT_GEOMETRY_H
#define SCT_GEOMETRY_H

#include "picture.h"
#include "resizer.h"
#include "scantling.h"

struct sct_geometry {
    int width, height; /* pixels of the output, upright */
    int orientation;   /* the turn that is left to do, 1..8 */
    int n_components;
    struct {
        int h, v;             /* sampling factors of the upright output */
        int width, height;    /* samples of the upright plane */
        struct sct_axis x, y; /* stored source to stored output */
    } component[SCT_MAX_COMPONENTS];
};

/* Plans one variant of a picture. SCT_ERR_ARGUMENT, with a message, when the variant has
 * no size or the output would be larger than 65,535 pixels on a side. */
int sct_geometry_plan(struct sct_geometry *g, const struct sct_picture *picture,
                      const struct sct_variant *variant, struct sct_report *report);

/* Size of a picture after its orientation has been applied. */
void sct_geometry_upright(const struct sct_picture *picture, int *width, int *height);

#endif
