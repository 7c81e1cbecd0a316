/* Private to the JPEG decoder: its state, and what is wrong with a picture.
 *
 * While libjpeg reads the data it calls back twice: the progress monitor before each iMCU row
 * (limits, which components came) and the messages (damage). The streaming decoder tells what
 * it meets as events. Without salvage the first damage leaves libjpeg at once; with it damage is
 * only recorded. */
#ifndef SCT_JPEG_DAMAGE_H
#define SCT_JPEG_DAMAGE_H

#include "decoder.h"
#include "jpeg_blocks.h"
#include "jpeg_common.h"
#include "jpeg_stream.h"

struct sct_decoder {
    struct jpeg_decompress_struct cinfo;
    struct sct_jpeg_errors errors;
    struct sct_jpeg_source source;
    struct jpeg_progress_mgr progress;
    struct sct_report *report;
    struct sct_limits limits; /* without zeros */
    int salvage, wants_rgb, allows_cmyk;

    struct sct_picture picture;
    int sof; /* marker of the frame header */
    int has_comment;
    int is_progressive,
        is_arithmetic;   /* libjpeg's copy changes with a stray second SOF */
    size_t marker_bytes; /* memory of saved markers */
    JOCTET *icc;         /* malloc'ed by libjpeg */

    int in_data;                      /* the header is read */
    int has_started;                  /* the first scan has begun */
    int has_scan[SCT_MAX_COMPONENTS]; /* the component was part of a scan */
    int damage, damaged_row;          /* as in the report */

    struct sct_corner corner[SCT_MAX_COMPONENTS];
    int may_stream;
    int is_streamed; /* our own entropy decoder reads the picture... */
    sct_jpeg_stream *stream;
    jvirt_barray_ptr *coefs; /* ...or libjpeg has read it whole */
    int16_t *blocks;         /* one band: all rows of component 0, then of 1, ... */
    uint8_t *samples; /* pixels: a scan line of libjpeg's, then 8 rows of each plane */
    struct sct_jpeg_quant quant[SCT_MAX_COMPONENTS];
    struct sct_band band;
    int next_band, n_bands;
    int status;
};

/* Sets libjpeg's callbacks, once the errors have been initialised. They find the decoder in
 * client_data. */
void sct_jpeg_damage_listen(struct sct_decoder *d);

/* Notes damage, SCT_ERR_TRUNCATED or _CORRUPT, from that row of pixels on. Of several the first
 * names it, and the topmost row counts; with salvage it is a warning as well. */
void sct_jpeg_damage_record(struct sct_decoder *d, int status, int row, const char *text);

/* Puts what has been noted into the report. */
void sct_jpeg_damage_publish(const struct sct_decoder *d);

/* Within a guarded step, after the last scan: what is missing without any message of libjpeg's. */
void sct_jpeg_damage_judge_end(struct sct_decoder *d);

/* on_event of jpeg_stream.h; ctx is the decoder. Whether to go on. */
int sct_jpeg_damage_judge_event(void *ctx, enum sct_jpeg_event event, int imcu_row,
                                int at_end);

/* The row of pixels that libjpeg has come to; 0 while it lacks a scan, of which every row is
 * missing. */
int sct_jpeg_damage_row(const struct sct_decoder *d);

/* Whether each component has all its coefs to the last bit, down to the last row. */
int sct_jpeg_is_complete(const struct sct_decoder *d);

#endif
