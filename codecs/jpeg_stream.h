/* Private to the JPEG codec: the streaming entropy decoder for baseline and extended
 * sequential Huffman pictures of 8 bits in one scan, which nearly every photograph is.
 *
 * It takes over where libjpeg-turbo has read the scan header, and gives one iMCU row of
 * dequantised blocks at a time. What it does with damaged data is what libjpeg-turbo
 * does, byte by byte: the same zero bits behind an end, the same resynchronisation at
 * restart markers, the same blocks left gray; and it tells, as libjpeg's warnings do. */
#ifndef SCT_JPEG_STREAM_H
#define SCT_JPEG_STREAM_H

#include "decoder.h"
#include "jpeg_common.h"

typedef struct sct_jpeg_stream sct_jpeg_stream;

/* What goes wrong in a scan. */
enum sct_jpeg_event {
    SCT_JPEG_BAD_CODE, /* bits that are no Huffman code */
    SCT_JPEG_BAD_DC,   /* DC differences that add up past any range */
    SCT_JPEG_SHORT, /* the data ended, at a marker or the end of the input, too early */
    SCT_JPEG_EXTRA, /* data was left over before a restart marker */
    SCT_JPEG_RESYNC /* another marker stood where a restart marker should */
};

struct sct_jpeg_stream_spec {
    j_decompress_ptr cinfo; /* after jpeg_read_header, stopped behind the scan header */
    const struct sct_picture *picture; /* borrowed until free */
    struct sct_reader *reader; /* borrowed until free; cinfo's source reads from it */
    const struct sct_corner *corner; /* of each component; only read during create */
    /* Called for each event, in order. `at_end`: the input is over. Returns whether to go
     * on. */
    int (*on_event)(void *ctx, enum sct_jpeg_event event, int imcu_row, int at_end);
    void *ctx;
};

/* Whether the picture is one for this decoder: otherwise libjpeg-turbo reads it whole. */
int sct_jpeg_stream_can_read(j_decompress_ptr cinfo, const struct sct_picture *picture);

/* Bytes that create would allocate, at most. */
size_t sct_jpeg_stream_bytes(const struct sct_picture *picture);

/* SCT_ERR_MEMORY; SCT_ERR_CORRUPT: impossible Huffman tables. *out is NULL on failure. */
int sct_jpeg_stream_create(sct_jpeg_stream **out,
                           const struct sct_jpeg_stream_spec *spec);
void sct_jpeg_stream_free(sct_jpeg_stream *s); /* accepts NULL */

/* The next iMCU row. SCT_OK; SCT_DONE after the last; SCT_ERR_IO; SCT_ERR_CORRUPT when
 * on_event has refused to go on. */
int sct_jpeg_stream_read(sct_jpeg_stream *s, struct sct_band *band);

/* How many iMCU rows a restart interval reaches over, at least 1: a marker that is missing is
 * noticed at the end of its interval. */
int sct_jpeg_stream_interval_rows(const sct_jpeg_stream *s);

/* After the last row: what follows the scan. The marker there, and whether bytes had to
 * be skipped to find it. At the end of the input *at_end is 1. */
int sct_jpeg_stream_finish(sct_jpeg_stream *s, size_t *n_skipped, int *at_end);

#endif
