/* The route of a variant: the form in which its planes are resized, and what has to happen to
 * them before an encoder takes them.
 *
 *     direct     the encoder takes the picture's own components: JPEG to JPEG, JPEG to lossy
 *                WebP, PNG to PNG. The resizer changes the range of samples, if need be
 *     converted  everything else. All components are resized to the output's own size, and
 *                convert.h makes of them what the encoder takes */
#ifndef SCT_ROUTE_H
#define SCT_ROUTE_H

#include "geometry.h"

struct sct_route {
    int is_direct;
    int depth;            /* bits of the resizers' samples, 8 or 16 */
    int is_premultiplied; /* as prepare.h does it */
    int is_to_srgb; /* colours are converted, by the picture's profile if it has one */
    int is_linear;
    struct { /* the planes that the encoder gets */
        enum sct_model model;
        int has_alpha, is_limited, depth, n_components;
        struct {
            int h, v;
        } component[SCT_MAX_COMPONENTS];
    } out;
};

/* Finds the route, and plans the geometry that goes with it. SCT_ERR_ARGUMENT as from
 * sct_geometry_plan, or when the format takes nothing that can be made of the picture. */
int sct_route_plan(struct sct_route *route, struct sct_geometry *geometry,
                   const struct sct_picture *picture, const struct sct_variant *variant,
                   int is_linear, struct sct_report *report);

/* What component ci is multiplied by, and what is added, while it is resized; 0 and 0: it stays
 * as it is. */
void sct_route_range(const struct sct_route *route, const struct sct_picture *picture,
                     int ci, double *gain, double *offset);

#endif
