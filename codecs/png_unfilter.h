/* Private to the PNG decoder: the filters of scan lines (PNG, third edition, 9.2), undone. */
#ifndef SCT_PNG_UNFILTER_H
#define SCT_PNG_UNFILTER_H

#include <stddef.h>
#include <stdint.h>

/* Undoes filter `type` in n_bytes of `row`, in place; `above` is the row before it, zeros before
 * the first. pixel_bytes: 1, 2, 3, 4, 6 or 8, those of a pixel, at least one. Whether there is
 * such a filter. */
int sct_png_unfilter(uint8_t *row, const uint8_t *above, size_t n_bytes, int pixel_bytes,
                     int type);

#endif
