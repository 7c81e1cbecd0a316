/* Private to the JPEG codec: the markers around entropy-coded data (T.81, annex B), for scans
 * that we code ourselves. */
#ifndef SCT_JPEG_FRAME_H
#define SCT_JPEG_FRAME_H

#include <stdint.h>

#include "jpeg_entropy.h"
#include "picture.h"

enum {
    SCT_JPEG_MAX_TABLES = 4,
    SCT_JPEG_MAX_HEADER_BYTES =
        2048 /* of a frame header, or of a scan header with its tables */
};

/* A picture of 8 bits. Where there are several components, an MCU has h * v blocks of each. */
struct sct_jpeg_frame {
    int width, height; /* pixels */
    int is_progressive;
    int n_components;
    struct {
        int id;             /* that the file calls it */
        int h, v;           /* sampling factors; 1, 1 of a component that is alone */
        int quant, huffman; /* its tables; baseline has Huffman tables 0 and 1 */
        int width_blocks, height_blocks; /* that hold samples */
    } component[SCT_MAX_COMPONENTS];
    int mcus_across, mcus_down;
    int n_quants;
    uint8_t quant[SCT_JPEG_MAX_TABLES][64]; /* steps, in the order of the kernel's fdct */
};

/* Computes the blocks and MCUs from sizes and sampling factors. */
void sct_jpeg_frame_plan(struct sct_jpeg_frame *frame);

/* DQT and SOF. Returns where they end. */
uint8_t *sct_jpeg_put_frame(uint8_t *at, const struct sct_jpeg_frame *frame);

/* One DHT for each table, of the class 0 (DC) or 1 (AC). */
uint8_t *sct_jpeg_put_table(uint8_t *at, int class, int id,
                            const struct sct_jpeg_table *table);

/* SOS of a scan of components first .. first + n - 1, coefs from k0 to k1 in zigzag order. */
uint8_t *sct_jpeg_put_scan(uint8_t *at, const struct sct_jpeg_frame *frame, int first,
                           int n, int k0, int k1);

uint8_t *sct_jpeg_put_eoi(uint8_t *at);

#endif
