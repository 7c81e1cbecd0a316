/* Private to the PNG decoder: the chunks of a file, as libspng is to see them.
 *
 *     file     IHDR gAMA tEXt eXIf iCCP IDAT IDAT ... tIME IEND
 *     libspng  IHDR                iCCP IDAT IDAT
 *     here          gAMA      eXIf                          and every checksum
 *
 * libspng gets only what it has to inflate or to know: IHDR, PLTE, tRNS, iCCP, an iTXt with
 * XMP, IDAT. The rest is read here or skipped, so that odd ancillary chunks cannot hurt. It
 * is told to ignore checksums, which are verified here, each byte once. IDAT chunks reach it
 * in pieces of what the reader has in front: of a truncated file every byte is used. */
#ifndef SCT_PNG_SOURCE_H
#define SCT_PNG_SOURCE_H

#include <spng.h>

#include "io.h"
#include "png_common.h"

/* What a file says about its colours, unless by a profile. */
struct sct_png_colour {
    int has_gama;
    uint32_t gama; /* times 100000 */
    int has_chrm;
    uint32_t chrm[8]; /* x and y of white, red, green, blue, times 100000 */
    int has_srgb;
    uint8_t intent;
    int has_cicp;
    uint8_t cicp[4]; /* primaries, transfer, matrix, full range (H.273) */
};

struct sct_png_source {
    struct sct_reader *reader; /* borrowed */
    struct sct_report *report; /* borrowed; may be NULL */
    size_t max_metadata_bytes;
    int salvage;
    struct sct_png_crc crc;

    /* the file's header */
    uint32_t width, height;
    int bit_depth, colour_type, is_interlaced;

    /* the chunk that the file is in */
    char type[5];
    uint32_t left; /* bytes of its data that are not read yet */
    uint32_t sum;  /* checksum up to there */
    int has_sum;   /* its checksum is still to be read */
    int in_data;   /* IDAT has begun */

    /* what goes to libspng: a queue of made-up bytes, then bytes of the piece */
    uint8_t queue[32];
    size_t queue_at, queue_bytes;
    uint32_t piece_left;
    int owes_sum;

    /* found in ancillary chunks */
    struct sct_png_colour colour;
    int is_animated, has_text;
    int has_plte, has_trns, has_iccp, has_xmp; /* they went to libspng... */
    int is_bad_trns, is_bad_iccp, is_bad_xmp;  /* ...and their checksums were wrong */
    int has_late_metadata;                     /* EXIF or XMP behind the picture */
    uint8_t *exif;       /* sct_mem: "Exif", two zeros and the chunk; NULL: none */
    size_t exif_bytes;   /* with the six */
    size_t chunks_bytes; /* of metadata that was kept */

    int row;       /* the decoder keeps here which row it is at */
    int chunk_row; /* the same, when the IDAT chunk began */

    /* A wrong checksum of picture data: SCT_ERR_CORRUPT, and the first row that it may have
     * spoilt. With salvage it is no failure. */
    int damage, damaged_row;

    int status;     /* sticky: why reading failed... */
    char text[160]; /* ...for people */
};

/* Reads the signature and IHDR. SCT_OK, SCT_ERR_IO, _TRUNCATED, _CORRUPT, _UNSUPPORTED;
 * text says why. Needs sct_png_source_free afterwards, always. */
int sct_png_source_init(struct sct_png_source *s, struct sct_reader *reader,
                        struct sct_report *report, size_t max_metadata_bytes,
                        int salvage);

/* The callback for spng_set_png_stream; `user` is the source. */
int sct_png_source_read(spng_ctx *ctx, void *user, void *to, size_t n_bytes);

/* For who inflates the picture's data without libspng, once that has read the headers: the next 1
 * to `max` bytes of it, of whatever chunk. SCT_OK, or the source's status, as for libspng. */
int sct_png_source_data(struct sct_png_source *s, uint8_t *to, size_t max,
                        size_t *n_bytes);

/* With all rows decoded: reads up to the end of the file's last chunk. What is wrong there
 * is a warning, but for the picture's data: SCT_ERR_TRUNCATED where its chunk is not whole,
 * and, without salvage, SCT_ERR_CORRUPT where the checksum is wrong. SCT_OK, SCT_ERR_IO. */
int sct_png_source_finish(struct sct_png_source *s);

void sct_png_source_free(struct sct_png_source *s);

#endif
