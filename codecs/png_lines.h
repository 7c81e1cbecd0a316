/* Private to the PNG decoder: scan lines of pictures that are not interlaced, inflated by ISA-L
 * and unfiltered here. libspng does the same with zlib, and Debian's build of it filters a byte
 * at a time with branches: it takes three times as long. It reads the headers in any case, and
 * whole pictures that are interlaced; and it is the other lane of a build without ISA-L. */
#ifndef SCT_PNG_LINES_H
#define SCT_PNG_LINES_H

#include "png_source.h"

typedef struct sct_png_lines sct_png_lines;

/* Bytes that create allocates. */
size_t sct_png_lines_bytes(size_t line_bytes);

/* line_bytes: of a scan line without its filter byte. The source stands at the first byte of the
 * picture's data. NULL: no memory, or a build without ISA-L. */
sct_png_lines *sct_png_lines_create(const struct sct_png_source *source,
                                    size_t line_bytes);
void sct_png_lines_free(sct_png_lines *l); /* accepts NULL */

/* Whether this build has it. */
int sct_png_lines_are_built(void);

/* The next line into `line`, as SPNG_FMT_PNG has it: samples of 16 bits in the machine's order. 0,
 * or an error of libspng's: SPNG_IO_EOF when the source has failed and says why, SPNG_EZLIB,
 * SPNG_EFILTER. After an error it is over. */
int sct_png_lines_read(sct_png_lines *l, struct sct_png_source *source, uint8_t *line);

#endif
