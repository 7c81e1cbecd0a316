/* Colour: rows of planar samples from one form to another. No state, no memory; every
 * function works on n samples, in place where it has no destination. Everything is integer,
 * and so the same on every machine.
 *
 * 8-bit samples are 0..255, 16-bit ones 0..65535; 257 times the one is the other. */
#ifndef SCT_COLOUR_H
#define SCT_COLOUR_H

#include <stdint.h>

/* ---- depth ---- */

void sct_colour_widen(uint16_t *dst, const uint8_t *src, int n);

/* Divides by 257, to the nearest. */
void sct_colour_narrow(uint8_t *dst, const uint16_t *src, int n);

/* ---- alpha ---- */

/* Filters overshoot, alpha beyond opaque and colours with it. If alpha were clamped and they
 * were not, edges would become too bright. So while it goes with premultiplied colours, alpha is
 * scaled: opaque is SCT_COLOUR_OPAQUE, with a third of it as headroom. */
enum { SCT_COLOUR_OPAQUE = 49152 };

void sct_colour_scale_alpha(uint16_t *alpha, int n); /* 65535 becomes SCT_COLOUR_OPAQUE */
void sct_colour_unscale_alpha(uint16_t *alpha, int n); /* the inverse, clamped */

/* c becomes c * alpha / 65535, to the nearest; where alpha is 0 nothing is left of it. Alpha is
 * scaled, here and below. */
void sct_colour_premultiply(uint16_t *c, const uint16_t *alpha, int n);

/* The inverse, clamped: filters overshoot. 0 where alpha is 0. */
void sct_colour_unpremultiply(uint16_t *c, const uint16_t *alpha, int n);

/* dst[i] becomes the mean of c[step * i] and its neighbours, in n_rows (1 or 2) rows of step (1
 * or 2) columns; ceil(n / step) means, the last of an odd row of what is there. Of
 * premultiplied colours and of alpha this is a mean weighed by alpha. */
void sct_colour_shrink(uint16_t *dst, const uint16_t *const rows[2], int n_rows, int step,
                       int n);

/* Lays premultiplied c on an opaque background; the result is not scaled any more. */
void sct_colour_flatten(uint16_t *c, const uint16_t *alpha, uint16_t background, int n);

/* ---- light ---- */

enum { SCT_COLOUR_LEVELS = 65536 };

/* sRGB's curve (IEC 61966-2-1), 65536 samples to linear light and back, to the nearest. */
void sct_colour_fill_to_linear(uint16_t *table);
void sct_colour_fill_from_linear(uint16_t *table);

void sct_colour_look_up(uint16_t *c, const uint16_t *table, int n);

/* ---- YCC (BT.601's matrix, as JFIF and WebP have it) ---- */

/* y, cb, cr become r, g, b. is_limited: 16..235 and 16..240 as in WebP; otherwise 0..255. */
void sct_colour_ycc_to_rgb(uint8_t *y, uint8_t *cb, uint8_t *cr, int is_limited, int n);

void sct_colour_rgb_to_luma(uint8_t *y, const uint8_t *r, const uint8_t *g,
                            const uint8_t *b, int is_limited, int n);

/* One row of chroma from n_rows (1 or 2) rows of rgb[component][row], each of n samples: means
 * of step (1 or 2) x n_rows samples, ceil(n / step) of them. The last mean of an odd row is of
 * what is there. */
void sct_colour_rgb_to_chroma(uint8_t *cb, uint8_t *cr, const uint8_t *const rgb[3][2],
                              int n_rows, int step, int is_limited, int n);

/* Gray, 0..255, as luma of the limited range. */
void sct_colour_limit(uint8_t *dst, const uint8_t *src, int n);

#endif
