/* Orientation: the eight turns and reflections of EXIF tag 0x0112.
 *
 * upright(x, y) is the stored sample at, for a stored plane of W x H:
 *
 *     1 (x, y)     2 (W-1-x, y)     3 (W-1-x, H-1-y)     4 (x, H-1-y)
 *     5 (y, x)     6 (y, H-1-x)     7 (W-1-y, H-1-x)     8 (W-1-y, x)
 */
#ifndef SCT_ORIENT_H
#define SCT_ORIENT_H

#include "plane.h"

/* Whether upright width is stored height: 5..8. */
static inline int sct_orient_swaps_axes(int orientation)
{
    return orientation >= 5;
}

/* Whether the stored x axis runs against its upright direction: 2, 3, 7, 8. */
static inline int sct_orient_reverses_x(int orientation)
{
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

/* Whether the stored y axis runs against its upright direction: 3, 4, 6, 7. */
static inline int sct_orient_reverses_y(int orientation)
{
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

/* Writes the upright rows [y, y + out->height) of a stored plane to `out`, whose width is
 * that of the upright plane. The planes do not overlap. depth: bits of a sample, 8 or 16. */
void sct_orient_rows(const struct sct_plane *out, const struct sct_plane *stored,
                     int depth, int orientation, int y);

#endif
