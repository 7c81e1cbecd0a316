/* Private to the JPEG codec: what a header says about its picture. */
#ifndef SCT_JPEG_HEADER_H
#define SCT_JPEG_HEADER_H

#include "jpeg_common.h"
#include "picture.h"

/* Fills in everything but icc, icc_bytes and decoder_bytes, and has_comment. After
 * jpeg_read_header, with APP1, APP2 and APP13 saved; `sof` is the frame header's marker. The
 * number of components and the colour space must be ones that we read:
 * SCT_ERR_UNSUPPORTED otherwise. Metadata point into libjpeg's memory; of APP13 there may be
 * a copy, which libjpeg owns as well: inside sct_jpeg_guard. */
int sct_jpeg_header_describe(struct sct_picture *picture, j_decompress_ptr cinfo,
                             int sof);

/* The quality whose luma table is nearest to this one, by the sum of absolute differences, of
 * libjpeg's (jpeg_set_quality) and of our own: exact for tables that either made. Natural
 * order. */
int sct_jpeg_quality_estimate(const uint16_t quantval[64], int is_gray);

#endif
