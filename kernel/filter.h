/* Filters: the continuous functions that weigh source samples by their distance.
 *
 * A filter is a pure function of the distance x, in units of output samples when
 * shrinking (the bank stretches it by the shrink) and of source samples when enlarging.
 * It is even, 0 outside its support, and its integral is 1 (to 1 % for lanczos). The
 * values are the same on every machine to the last bit: only + - * / are used, no libm.
 */
#ifndef SCT_FILTER_H
#define SCT_FILTER_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sct_filter {
    const char *name;       /* as on the command line: "lanczos3", "catmull-rom", ... */
    double support;         /* radius outside which eval is 0 */
    double (*eval)(double); /* f(x); for "area" the indicator of [-1/2, 1/2] */
    int is_area; /* weights are exact overlaps of intervals, not samples of f */
};

/*   lanczos3, lanczos2   sinc(x) sinc(x/n) for |x| < n          (Duchon 1979)
 *   catmull-rom          cubic with B = 0, C = 1/2               (Mitchell, Netravali
 * 1988) mitchell             cubic with B = C = 1/3                  (the same) triangle
 * 1 - |x|, linear interpolation area                 exact coverage of the source samples
 * by the output sample */

/* The filter of that name, or NULL. Static storage. */
SCT_API const struct sct_filter *sct_filter_find(const char *name);

/* The i-th filter, for lists; NULL past the last. The first is the default. */
SCT_API const struct sct_filter *sct_filter_at(int i);

#ifdef __cplusplus
}
#endif
#endif
