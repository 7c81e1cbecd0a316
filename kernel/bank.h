/* Banks: all weights of one axis, in fixed point, as the kernels consume them.
 *
 * An output sample x is a weighted sum of source samples around its centre
 *
 *     c(x) = src_begin + (x + 0.5) * shrink,   shrink = (src_end - src_begin) / dst_size
 *
 * in edge coordinates, where source sample i covers [i, i + 1) and has its centre at i +
 * 0.5. The filter is stretched by max(1, shrink), cut at the edges of the picture (not of
 * the extent: a crop looks beyond itself), and normalised to sum 1.
 *
 * In the SAMPLES domain these are taps. In the COEFS domain the source is 8-sample blocks
 * of DCT coefficients F[b][u] and the weights are projected on the DCT basis:
 *
 *     A[b][u] = sum_i w[8b + i] * B[u][i],   B[0][i] = 1,
 *                                            B[u][i] = sqrt(2) cos((2i + 1) u pi / 16)
 *
 * B is sqrt(8) times the orthonormal basis of T.81 A.3.3, so that the weights of u = 0
 * sum to exactly 1 like plain taps do, and two axes together are 8 times too large: the
 * resizer's last shift has three bits more. Only the first n_freqs frequencies are kept,
 * see sct_bank_create.
 *
 * Both domains are cut into *units*, the step in which a row's window moves: 2 samples,
 * or one block. A unit holds n_pairs pairs of weights; pairs, because the kernels
 * multiply two at a time (pmaddwd). */
#ifndef SCT_BANK_H
#define SCT_BANK_H

#include <stddef.h>
#include <stdint.h>

#include "block.h"
#include "filter.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SCT_BLOCK = 8,         /* samples, or frequencies, on a side of a block */
    SCT_WEIGHT_BITS = 14,  /* fixed point of weights; see `bits` for the exception */
    SCT_MAX_SIZE = 1 << 24 /* the largest src_size and dst_size of an axis */
};

/* One axis of one component: which part of the source becomes which output. */
struct sct_axis {
    double src_begin, src_end; /* extent in source samples, that dst_size outputs share
                                  evenly; crop and subsampling are in here. May stick out
                                  of the source by up to one output sample: the last
                                  chroma sample of an odd picture lies half outside */
    int src_size;    /* samples that exist: those past it are padding, weight 0 */
    int dst_size;    /* output samples */
    int chroma_step; /* 0, or these are samples of chroma: luma samples from one to the next,
                        rounded down. Chroma is smoother: n_freqs is less */
};

/* The bank of one axis. Transparent: the resizer and the tests read it; written only
 * here. */
struct sct_bank {
    struct sct_axis axis;
    const struct sct_filter *filter;
    enum sct_domain domain;
    double gain;   /* that rows are multiplied by: 1, unless the owner changes it after
                      create to something in 0.5..1.2 */
    double shrink; /* source samples from one output centre to the next */
    double radius; /* half a row's window, in source samples */
    int bits;      /* 1.0 is 1 << bits: 14, or 13 for a shrink below 2, where the last row
                      of a cut lanczos3 weighs up to 2.04 */
    int unit_bits; /* log2 of the source samples in a unit: 1 (SAMPLES) or 3 (COEFS) */
    int n_freqs;   /* frequencies kept, 1, 2, 4, 6 or 8 (COEFS); 0 (SAMPLES) */
    int n_pairs;   /* pairs of weights in a unit */
    int src_units; /* units in the source, the last one perhaps in part padding */
    int row_units; /* units that the widest row spans */
    double share[SCT_BLOCK]; /* COEFS: of each frequency's energy, lost if cut */
    double *table;           /* the filter, sampled; owned */
    int table_size;
    double *taps; /* one row before rounding; owned */
    int max_taps; /* doubles in `taps` */
};

/* Where the row of output sample x lies: units [first, first + n). */
struct sct_window {
    int first, n;
};

/* Plans the bank of an axis.
 *
 * In the COEFS domain n_freqs is the smallest of 1, 2, 4, 6, 8 for which the energy that
 * is cut off stays well below the rounding to 8 bits, for a source with the spectrum of a
 * sharp photograph; bank.c states the constants, kernel/README.md derives the bound.
 *
 * `like`, or NULL, is another bank, only read during the call: what is the same there is
 * copied rather than computed again.
 *
 * On success the caller owns the bank and frees it with sct_bank_free.
 * SCT_ERR_ARGUMENT: sizes outside 1..SCT_MAX_SIZE, or an extent that is empty, not finite
 * or more than one output sample outside [0, src_size]. SCT_ERR_MEMORY. On failure *bank
 * is zeroed and needs no free. */
SCT_API int sct_bank_create(struct sct_bank *bank, const struct sct_axis *axis,
                            const struct sct_filter *filter, enum sct_domain domain,
                            const struct sct_bank *like);
SCT_API void sct_bank_free(struct sct_bank *bank); /* accepts a zeroed bank */

/* Same filter, domain, extent and sizes, and therefore the same taps; the same rows, too, as far
 * as both keep the frequencies. */
SCT_API int sct_bank_has_same_taps(const struct sct_bank *a, const struct sct_bank *b);

/* Bytes that sct_bank_create will allocate for these arguments; SIZE_MAX if it would
 * fail. */
SCT_API size_t sct_bank_bytes(const struct sct_axis *axis,
                              const struct sct_filter *filter, enum sct_domain domain);

/* The window of row x, 0 <= x < dst_size. first never decreases with x, nor does
 * first + n; 1 <= n <= row_units. */
SCT_API struct sct_window sct_bank_window(const struct sct_bank *bank, int x);

/* Writes the weights of row x: n_units * n_pairs * 2 values that start at unit `first`,
 * where [first, first + n_units) contains the row's window; units outside the window get
 * 0. Unit k pair p holds weights 2p and 2p + 1 of that unit. Weights of taps, or of u =
 * 0, sum to exactly gain * (1 << bits), rounded; they are rounded with the error carried to the
 * next, so that what rounding does to a smooth source cancels out. */
SCT_API void sct_bank_row(struct sct_bank *bank, int x, int first, int n_units,
                          int16_t *weights);

/* Rows that repeat: for begin <= x and x + period < end, row x + period has the weights of
 * row x, *n_units units further on. Sizes of pictures often have large common divisors.
 * Returns the period, or 0 where none is shorter than the axis. */
SCT_API int sct_bank_period(const struct sct_bank *bank, int *n_units, int *begin,
                            int *end);

#ifdef __cplusplus
}
#endif
#endif
