/* Private to the JPEG codec: the lane that libjpeg-turbo reads whole, by itself. It is the oracle of
 * the streaming one in tests, fuzzing and benchmarks. */
#ifndef SCT_JPEG_LANES_H
#define SCT_JPEG_LANES_H

#include "decoder.h"

/* As sct_jpeg_decoder, but never streamed. */
extern const struct sct_decoder_ops sct_jpeg_decoder_whole;

#endif
