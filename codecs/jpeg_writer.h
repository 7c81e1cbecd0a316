/* Private to the JPEG codec: planes become the rest of a file, from DQT to EOI, without
 * libjpeg.
 *
 *     rows --fdct--> coefs --quantise--> levels --+--> codes, at once, with tables given
 *                                                 '--> kept --> fitted tables --> codes
 *
 * Kept levels take 136 bytes a block, coefs 134 more. A progressive file has these scans: DC of all components;
 * the first two AC places of luma (and of what is coded like it); all AC of chroma; the rest of
 * luma. Each AC scan has a table of its own, and no scan refines another: on photographs that
 * is 2 to 6 % less than one scan, and less than libjpeg's ten. */
#ifndef SCT_JPEG_WRITER_H
#define SCT_JPEG_WRITER_H

#include "dsp.h"
#include "jpeg_common.h"
#include "jpeg_entropy.h"
#include "jpeg_frame.h"
#include "jpeg_levels.h"

typedef struct sct_jpeg_writer sct_jpeg_writer;

/* All that it points to is borrowed until the writer is freed, tables until it is created. */
struct sct_jpeg_writer_spec {
    struct sct_jpeg_frame frame;                         /* planned */
    struct sct_quantiser quantiser[SCT_JPEG_MAX_TABLES]; /* by frame.component[].quant */
    struct {
        const struct sct_jpeg_table *dc, *ac;
    } table[2];              /* by frame.component[].huffman */
    enum sct_jpeg_keep keep; /* levels: tables are fitted, those above not looked at */
    const struct sct_dsp *dsp;
    struct sct_jpeg_sink *sink;
};

/* Bytes that a writer takes. */
size_t sct_jpeg_writer_bytes(const struct sct_jpeg_writer_spec *spec);

/* SCT_ERR_MEMORY; SCT_ERR_IO: the sink failed. */
int sct_jpeg_writer_create(sct_jpeg_writer **out,
                           const struct sct_jpeg_writer_spec *spec);

/* The next row of MCUs: rows[ci][i] for the 8 * v rows of each component, with whole blocks of
 * samples in them; past the picture's end rows may repeat. SCT_ERR_IO. */
int sct_jpeg_writer_write(sct_jpeg_writer *w,
                          const uint8_t *const *const rows[SCT_MAX_COMPONENTS]);

/* Where coefs are kept: takes the frame's tables and the quantisers of `spec` in place of those that
 * it has. Once at least, after the last row of MCUs. */
void sct_jpeg_writer_quantise(sct_jpeg_writer *w,
                              const struct sct_jpeg_writer_spec *spec);

/* About what SSIMULACRA2 says of the levels: jpeg_score.h. Coefs must be kept. */
double sct_jpeg_writer_score(const sct_jpeg_writer *w);

/* Bytes that `finish` is going to write; levels must be kept. */
size_t sct_jpeg_writer_measure(sct_jpeg_writer *w);

/* After the last row of MCUs. SCT_ERR_IO. */
int sct_jpeg_writer_finish(sct_jpeg_writer *w);

void sct_jpeg_writer_free(sct_jpeg_writer *w); /* accepts NULL */

#endif
