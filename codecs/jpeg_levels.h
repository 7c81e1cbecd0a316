/* Private to the JPEG codec: from planes to levels, of a row of MCUs at a time or of the whole
 * picture.
 *
 *     rows --fdct--> coefs, strengths --quantise--> levels, masks
 *
 *     a component   [ v rows of blocks, or all of them ][ width_blocks ][ 64 ]
 *
 * Where coefs are kept, too, they can be quantised again. */
#ifndef SCT_JPEG_LEVELS_H
#define SCT_JPEG_LEVELS_H

#include <stddef.h>

#include "dsp.h"
#include "jpeg_frame.h"

/* What is kept of the picture, beyond a row of MCUs. */
enum sct_jpeg_keep { SCT_JPEG_KEEP_NOTHING, SCT_JPEG_KEEP_LEVELS, SCT_JPEG_KEEP_COEFS };

struct sct_jpeg_component {
    int h, v, width_blocks, height_blocks;
    int huffman;
    int16_t *levels;     /* in the order of fdct */
    uint64_t *nonzero;   /* as quantise has it */
    int16_t *coefs;      /* of a row of blocks, unless they are kept; as are... */
    uint32_t *activity;  /* ...these, ... */
    uint16_t *strengths; /* ...and what the dead zone makes of them */
};

struct sct_jpeg_levels {
    enum sct_jpeg_keep keep;
    int n_components;
    struct sct_jpeg_component component[SCT_MAX_COMPONENTS];
    const struct sct_dsp *dsp;
};

/* Gives all arrays their places in `memory`, aligned to SCT_ALIGN and zeroed; with that NULL it
 * only counts. Returns the bytes. dsp is borrowed. */
size_t sct_jpeg_levels_init(struct sct_jpeg_levels *levels,
                            const struct sct_jpeg_frame *frame, enum sct_jpeg_keep keep,
                            const struct sct_dsp *dsp, uint8_t *memory);

/* Takes a row of MCUs of component ci: rows[i], i < 8 * v, of whole blocks. With
 * SCT_JPEG_KEEP_COEFS it is not quantised. */
void sct_jpeg_levels_push(struct sct_jpeg_levels *levels, int ci, int mcu_row,
                          const uint8_t *const *rows, const struct sct_quantiser *q);

/* Quantises all coefs that have been kept. */
void sct_jpeg_levels_quantise(struct sct_jpeg_levels *levels, int ci,
                              const struct sct_quantiser *q);

/* Rows of blocks in a row of MCUs that have samples. */
int sct_jpeg_levels_rows(const struct sct_jpeg_component *c, int mcu_row);

/* Where the levels of a row of MCUs begin, in blocks. */
ptrdiff_t sct_jpeg_levels_first(const struct sct_jpeg_levels *levels,
                                const struct sct_jpeg_component *c, int mcu_row);

#endif
