/* Turning planes. Rows are asked for in bands of 8 or 16, so a turn by 90 degrees reads
 * as many neighbouring bytes of each stored row: cache lines are used, and no tiling is
 * needed. */
#include "orient.h"

#include <string.h>

static void copy_row(uint8_t *out, const uint8_t *in, int width, int depth, int reversed)
{
    if (!reversed) {
        memcpy(out, in, (size_t)width * (size_t)depth / 8);
    } else if (depth == 16) {
        uint16_t *to = (void *)out;
        const uint16_t *from = (const void *)in;
        for (int x = 0; x < width; x++)
            to[x] = from[width - 1 - x];
    } else {
        for (int x = 0; x < width; x++)
            out[x] = in[width - 1 - x];
    }
}

static void copy_sample(uint8_t *out, const uint8_t *in, int to, int from, int depth)
{
    if (depth == 16)
        ((uint16_t *)(void *)out)[to] = ((const uint16_t *)(const void *)in)[from];
    else
        out[to] = in[from];
}

void sct_orient_rows(const struct sct_plane *out, const struct sct_plane *stored,
                     int depth, int orientation, int y)
{
    const int reverses_x = sct_orient_reverses_x(orientation);
    const int reverses_y = sct_orient_reverses_y(orientation);

    if (!sct_orient_swaps_axes(orientation)) {
        for (int i = 0; i < out->height; i++) {
            const int row = reverses_y ? stored->height - 1 - (y + i) : y + i;
            copy_row(sct_plane_row(out, i), sct_plane_row(stored, row), out->width, depth,
                     reverses_x);
        }
        return;
    }
    for (int x = 0; x < out->width; x++) {
        const uint8_t *in =
            sct_plane_row(stored, reverses_y ? stored->height - 1 - x : x);
        for (int i = 0; i < out->height; i++) {
            const int column = reverses_x ? stored->width - 1 - (y + i) : y + i;
            copy_sample(sct_plane_row(out, i), in, x, column, depth);
        }
    }
}
