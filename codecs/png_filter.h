/* Private to the PNG encoder: filters of scan lines (PNG, third edition, 9.2), chosen.
 *
 * A line's filter predicts each byte from the one a pixel to the left, from the one above, or
 * from both. Here a "line" has no filter byte, and pixels of less than a byte count as one. */
#ifndef SCT_PNG_FILTER_H
#define SCT_PNG_FILTER_H

#include <stddef.h>
#include <stdint.h>

enum { SCT_PNG_N_FILTERS = 5 }; /* None, Sub, Up, Average, Paeth */

/* Tries all filters on a line and returns the one whose differences, taken as signed bytes,
 * have the smallest sum (12.7); of equals the first. work[type] is the line filtered: n_bytes
 * each. Nothing is touched past n_bytes. pixel_bytes: 1, 2, 3, 4, 6 or 8. */
int sct_png_filter(uint8_t *const work[SCT_PNG_N_FILTERS], const uint8_t *line,
                   const uint8_t *above, size_t n_bytes, size_t pixel_bytes);

#endif
