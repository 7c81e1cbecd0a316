/* See png_filter.h. Unlike undoing, choosing has no chains from pixel to pixel: plain loops, which
 * compilers make vectors of. */
#include "png_filter.h"

#include <string.h>

enum { NONE, SUB, UP, AVERAGE, PAETH };

static inline uint32_t weigh(uint8_t difference)
{
    const int8_t v = (int8_t)difference;
    return (uint32_t)(v < 0 ? -v : v);
}

/* One sum for a line: at most 65535 * 8 * 128. */
static uint32_t weigh_line(const uint8_t *line, size_t n)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weigh(line[i]);
    return sum;
}

static inline uint8_t predict_byte(int a, int b, int c)
{
    const int16_t t = (int16_t)(3 * c - a - b);
    const int16_t low = (int16_t)(a < b ? a : b), high = (int16_t)(a < b ? b : a);
    return (uint8_t)(t <= low ? high : t >= high ? low : c);
}

/* Bytes that have a pixel to the left. */
static void filter_bytes(uint8_t *restrict sub, uint8_t *restrict up,
                         uint8_t *restrict average, uint8_t *restrict paeth,
                         const uint8_t *restrict x, const uint8_t *restrict above,
                         size_t n, size_t step)
{
    const uint8_t *const left = x - step, *const corner = above - step;
    for (size_t i = 0; i < n; i++) {
        sub[i] = (uint8_t)(x[i] - left[i]);
        up[i] = (uint8_t)(x[i] - above[i]);
        average[i] = (uint8_t)(x[i] - ((left[i] + above[i]) >> 1));
    }
    for (size_t i = 0; i < n; i++)
        paeth[i] = (uint8_t)(x[i] - predict_byte(left[i], above[i], corner[i]));
}

int sct_png_filter(uint8_t *const work[SCT_PNG_N_FILTERS], const uint8_t *line,
                   const uint8_t *above, size_t n_bytes, size_t pixel_bytes)
{
    const size_t first = pixel_bytes < n_bytes ? pixel_bytes : n_bytes;
    int best = NONE;
    uint32_t smallest = UINT32_MAX;

    memcpy(work[NONE], line, n_bytes);
    for (size_t i = 0; i < first; i++) { /* to the left are zeros */
        work[SUB][i] = line[i];
        work[UP][i] = work[PAETH][i] = (uint8_t)(line[i] - above[i]);
        work[AVERAGE][i] = (uint8_t)(line[i] - above[i] / 2);
    }
    filter_bytes(work[SUB] + first, work[UP] + first, work[AVERAGE] + first,
                 work[PAETH] + first, line + first, above + first, n_bytes - first,
                 first);
    for (int type = NONE; type < SCT_PNG_N_FILTERS; type++) {
        const uint32_t sum = weigh_line(work[type], n_bytes);
        if (sum < smallest) {
            smallest = sum;
            best = type;
        }
    }
    return best;
}
