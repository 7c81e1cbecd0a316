/* What stands around the pictures of a WebP file: RIFF chunks.
 *
 *     "RIFF" size "WEBP"  then one of
 *         VP8 | VP8L                                              a still picture, simple
 *         VP8X [ICCP] [ALPH] VP8 | VP8L        [EXIF] [XMP]       a still picture, extended
 *         VP8X [ICCP] ANIM ANMF{[ALPH] VP8 | VP8L} ... [EXIF] [XMP]              animated
 *
 * Metadata stand behind the picture that they are about, so that the file has to be in memory
 * before the first row is decoded. */
#ifndef SCT_WEBP_CONTAINER_H
#define SCT_WEBP_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One chunk. Padding behind an odd size belongs to it, and is often forgotten at the end. */
struct sct_webp_chunk {
    char tag[5];
    const uint8_t *header;  /* tag and size */
    const uint8_t *payload; /* header + 8 */
    size_t size, have;      /* bytes of the payload; how many of them are there */
    size_t have_padded;     /* with the byte of padding, if that is there */
};

/* A row of chunks: the file, or a frame. */
struct sct_webp_chunks {
    const uint8_t *at;
    size_t n_bytes;      /* of data from `at` on */
    uint64_t n_declared; /* bytes from `at` to the end of the parent, >= n_bytes */
};

/* The chunks of a file, which has *file_bytes if its header is right. SCT_OK,
 * SCT_ERR_TRUNCATED, SCT_ERR_CORRUPT, with a message; report may be NULL. */
int sct_webp_chunks_open(struct sct_webp_chunks *chunks, uint64_t *file_bytes,
                         const uint8_t *data, size_t n_bytes, struct sct_report *report);

/* SCT_OK; SCT_DONE at the end of the parent, or of the data; SCT_ERR_CORRUPT: the chunk goes
 * past the end of the parent. */
int sct_webp_chunks_next(struct sct_webp_chunks *chunks, struct sct_webp_chunk *chunk);

/* So many first bytes tell the size of every WebP picture. */
enum { SCT_WEBP_HEAD_BYTES = 30 };

/* What the first chunk says. */
struct sct_webp_head {
    int width, height;   /* pixels of the canvas, >= 1 */
    uint64_t file_bytes; /* from "RIFF" to the end, as the header has it */
};

struct sct_webp_container {
    int width, height; /* pixels of the canvas */
    int n_frames;      /* of an animation, all of them; 0: a still picture */

    /* The picture that counts: the still one, or the first frame. It lies in the canvas at
     * (x, y), which are even. `data` is what libwebp decodes: the chunk ALPH, if there is one,
     * and the chunk VP8 or VP8L, as far as the file has it, with its padding: as libwebpdemux
     * has it, and some bits may be read from there. */
    struct {
        int x, y, width, height;
        int is_lossless, has_alpha;
        int is_cut; /* the file ends before the chunk does */
        struct sct_bytes data;
        struct sct_bytes bitstream; /* the payload of VP8 or VP8L alone */
    } frame;
    struct sct_bytes icc, exif, xmp; /* payloads as they are */
};

/* Whether these first bytes are WebP: "RIFF", anything, "WEBP". */
int sct_webp_container_probe(const uint8_t *head, size_t n_bytes);

/* Reads the first chunk. n_bytes is SCT_WEBP_HEAD_BYTES, or all that there is. SCT_OK,
 * SCT_ERR_TRUNCATED, SCT_ERR_CORRUPT, with a message; report may be NULL. */
int sct_webp_container_head(struct sct_webp_head *head, const uint8_t *data,
                            size_t n_bytes, struct sct_report *report);

/* Walks all chunks. `data` is the file as far as it goes, up to head.file_bytes; the
 * container points into it. What is wrong behind the picture is a warning. Statuses as
 * above; SCT_ERR_TRUNCATED only when not even the header of the picture is there. */
int sct_webp_container_read(struct sct_webp_container *c, const uint8_t *data,
                            size_t n_bytes, struct sct_report *report);

#ifdef __cplusplus
}
#endif
#endif
