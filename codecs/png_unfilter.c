/* See png_unfilter.h. Each sample hangs on the one before it: what costs time is that chain, and
 * branches that nobody can predict. So there are none, and the samples of a pixel, which do not
 * hang on each other, stand in variables of their own: the loop is made for every size of a
 * pixel. */
#include "png_unfilter.h"

#include <stdlib.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { NONE, SUB, UP, AVERAGE, PAETH, MAX_PIXEL = 8 };

/* The one of left, above and corner that is nearest to left + above - corner; of equals the
 * first. */
ALWAYS_INLINE int predict(int left, int above, int corner)
{
    const int to_left = abs(above - corner), to_above = abs(left - corner);
    const int to_corner = abs(left + above - 2 * corner);
    int nearest = left, distance = to_left;
    nearest = to_above < distance ? above : nearest;
    distance = to_above < distance ? to_above : distance;
    return to_corner < distance ? corner : nearest;
}

ALWAYS_INLINE void undo_paeth(uint8_t *row, const uint8_t *above, size_t n_bytes,
                              int pixel_bytes)
{
    int left[MAX_PIXEL] = {0}, corner[MAX_PIXEL] = {0};
    for (size_t i = 0; i < n_bytes; i += (size_t)pixel_bytes)
        for (int k = 0; k < pixel_bytes; k++) {
            const int up = above[i + (size_t)k];
            left[k] = (row[i + (size_t)k] + predict(left[k], up, corner[k])) & 255;
            row[i + (size_t)k] = (uint8_t)left[k];
            corner[k] = up;
        }
}

ALWAYS_INLINE void undo_average(uint8_t *row, const uint8_t *above, size_t n_bytes,
                                int pixel_bytes)
{
    int left[MAX_PIXEL] = {0};
    for (size_t i = 0; i < n_bytes; i += (size_t)pixel_bytes)
        for (int k = 0; k < pixel_bytes; k++) {
            left[k] =
                (row[i + (size_t)k] + ((left[k] + above[i + (size_t)k]) >> 1)) & 255;
            row[i + (size_t)k] = (uint8_t)left[k];
        }
}

ALWAYS_INLINE void undo_sub(uint8_t *row, size_t n_bytes, int pixel_bytes)
{
    int left[MAX_PIXEL] = {0};
    for (size_t i = 0; i < n_bytes; i += (size_t)pixel_bytes)
        for (int k = 0; k < pixel_bytes; k++) {
            left[k] = (row[i + (size_t)k] + left[k]) & 255;
            row[i + (size_t)k] = (uint8_t)left[k];
        }
}

static void undo_up(uint8_t *restrict row, const uint8_t *restrict above, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        row[i] = (uint8_t)(row[i] + above[i]);
}

/* Inlined once for every size of a pixel. */
ALWAYS_INLINE void undo(uint8_t *row, const uint8_t *above, size_t n_bytes,
                        int pixel_bytes, int type)
{
    if (type == SUB)
        undo_sub(row, n_bytes, pixel_bytes);
    else if (type == AVERAGE)
        undo_average(row, above, n_bytes, pixel_bytes);
    else
        undo_paeth(row, above, n_bytes, pixel_bytes);
}

int sct_png_unfilter(uint8_t *row, const uint8_t *above, size_t n_bytes, int pixel_bytes,
                     int type)
{
    if (type < NONE || type > PAETH)
        return 0;
    if (type == NONE)
        return 1;
    if (type == UP) {
        undo_up(row, above, n_bytes);
        return 1;
    }
    switch (pixel_bytes) {
    case 1: undo(row, above, n_bytes, 1, type); break;
    case 2: undo(row, above, n_bytes, 2, type); break;
    case 3: undo(row, above, n_bytes, 3, type); break;
    case 4: undo(row, above, n_bytes, 4, type); break;
    case 6: undo(row, above, n_bytes, 6, type); break;
    default: undo(row, above, n_bytes, MAX_PIXEL, type); break;
    }
    return 1;
}
