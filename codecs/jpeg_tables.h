/* Private to the JPEG codec: Huffman tables that fit what the quantisation of jpeg_quant.c makes
 * of photographs, for files whose tables must stand before their first block is known. */
#ifndef SCT_JPEG_TABLES_H
#define SCT_JPEG_TABLES_H

#include "jpeg_entropy.h"

/* They have all symbols that there are. */
struct sct_jpeg_table_pair {
    struct sct_jpeg_table dc, ac;
};

/* Static storage: [0] for luma, [1] for chroma. */
const struct sct_jpeg_table_pair *sct_jpeg_tables_find(int quality);

#endif
