/* The resizer: one component of one variant, a stream of bands in and of rows out.
 *
 *     push (a row of blocks | a row of samples)  ->  horizontal pass  ->  ring
 *     pull (a row of samples)                    <-  vertical pass    <-  ring
 *
 * Everything is decided and allocated in create; after that nothing can fail but wrong
 * use. Nothing in a resizer grows with the height of the picture, neither that of the
 * source nor that of the output. A resizer belongs to one thread at a time; any number
 * may coexist. */
#ifndef SCT_RESIZER_H
#define SCT_RESIZER_H

#include <stddef.h>
#include <stdint.h>

#include "bank.h"
#include "block.h"
#include "dsp.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sct_resizer sct_resizer;

struct sct_resizer_spec {
    struct sct_axis x, y;
    const struct sct_filter *filter;
    enum sct_domain domain; /* what push takes, on both axes */
    int depth; /* SAMPLES: bits of a sample, in and out: 8 (0 means that too) or 16 */
    const struct sct_dsp *dsp; /* copied */

    /* Samples that come out are gain * s + offset, for another range than that of the source;
     * it costs nothing, as it is part of the last rounding. gain 0.5..1.2, or 0: s as it is.
     */
    double gain, offset;

    /* Another resizer, or NULL. What the two have in common, which is much for Cb and Cr,
     * is copied instead of computed again. It is only read, and must exist until this one
     * is allocated. */
    const sct_resizer *like;
};

/* Creates a resizer; the caller owns *out and frees it with sct_resizer_free.
 * SCT_ERR_ARGUMENT for an impossible axis (see sct_bank_create) or depth, SCT_ERR_MEMORY. On
 * failure *out is NULL. */
SCT_API int sct_resizer_create(sct_resizer **out, const struct sct_resizer_spec *spec);
SCT_API void sct_resizer_free(sct_resizer *r); /* accepts NULL */

/* The same in two steps, for those who want to know what it costs in between. A planned
 * resizer answers sct_resizer_bytes, _corner and _rows_after; to run it needs its memory:
 * sct_resizer_allocate, once, SCT_ERR_MEMORY if there is none. COEFS: `layout` is that of
 * the blocks that will be pushed, for a corner that is at least its own; NULL, and
 * sct_resizer_create: all 8 x 8. */
SCT_API int sct_resizer_plan(sct_resizer **out, const struct sct_resizer_spec *spec);
SCT_API int sct_resizer_allocate(sct_resizer *r, const struct sct_block_layout *layout);

/* All bytes that the resizer has allocated once it is ready to run, exactly; with a layout of
 * 4 lanes perhaps a little more. */
SCT_API size_t sct_resizer_bytes(const sct_resizer *r);

/* COEFS: the corner of each block that the resizer looks at. Coefs outside it may hold anything.
 * SAMPLES: 0 and 0. */
SCT_API struct sct_corner sct_resizer_corner(const sct_resizer *r);

/* How many more bands must be pushed before the next row can be pulled; 0 when one is
 * ready, and when the last row has been pulled. */
SCT_API int sct_resizer_bands_wanted(const sct_resizer *r);

/* How many rows in all, counted from the first, can be pulled once n_bands bands in all
 * have been pushed. For planning the buffers behind several resizers that advance
 * together. */
SCT_API int sct_resizer_rows_after(const sct_resizer *r, int n_bands);

/* Pushes the next band; it is only read during the call.
 *
 *     COEFS    one row of blocks, left to right, ceil(src_size / 8) of them in the layout
 *              of block.h, dequantised, aligned to 64 bytes
 *     SAMPLES  one row of src_size samples: uint8_t, or uint16_t where depth is 16
 *
 * SCT_OK: taken. SCT_PULL_FIRST: not taken, a row must be pulled before. SCT_DONE: all rows
 * are out or can be pulled without it; ignored, as are bands past the bottom of the
 * picture. */
SCT_API int sct_resizer_push(sct_resizer *r, const void *band);

/* SAMPLES: pushes up to n_rows rows, stride_bytes apart, and returns how many were taken;
 * fewer than n_rows when a row has to be pulled first. Eight rows at once, from a row of
 * the picture that is a multiple of 8, save a copy. When the input is over the rest is
 * ignored and counts as taken. */
SCT_API int sct_resizer_push_rows(sct_resizer *r, const void *rows,
                                  ptrdiff_t stride_bytes, int n_rows);

/* Writes the next row of dst_size samples: uint8_t, or uint16_t where depth is 16. SCT_OK: written. SCT_NEED_INPUT:
 * push first. SCT_DONE: all rows have been pulled. */
SCT_API int sct_resizer_pull(sct_resizer *r, void *row);

#ifdef __cplusplus
}
#endif
#endif
