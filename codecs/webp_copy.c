/* A WebP once more without its metadata.
 *
 *     file       RIFF VP8X ICCP ANIM ANMF ANMF ???? EXIF XMP
 *     webp_sink  RIFF VP8X      ANIM ANMF ANMF                 made here: nothing but pictures
 *     copy       RIFF VP8X ICCP ANIM ANMF ANMF      EXIF XMP   the spec's
 *
 * 1. Chunks of pictures are copied byte for byte. Of a still one that the end of the file cuts,
 *    what there is becomes the chunk; of an animation the frames that are whole are kept.
 * 2. A VP8X is there only where it is needed: for an animation, for ALPH, and, which is the
 *    business of webp_sink.c, for metadata.
 * 3. put_pictures runs twice: the size stands in front. */
#include "webp_copy.h"

#include <string.h>

#include "webp_container.h"
#include "webp_sink.h"

enum {
    FILE_HEADER = 12,
    CHUNK_HEADER = 8,
    VP8X_BYTES = 10,
    FLAG_ANIMATED = 2,
    FLAG_ALPHA = 16
};

struct copy {
    const uint8_t *file;
    size_t n_file_bytes;
    struct sct_webp_container box;
    struct sct_webp_sink sink;
    int is_counting;
    uint64_t n_bytes; /* counted: of all chunks, with their headers and padding */
    int n_frames;     /* of an animation that are whole */
};

static void put_u24(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static void put_u32(uint8_t *p, uint32_t value)
{
    put_u24(p, value);
    p[3] = (uint8_t)(value >> 24);
}

static int put_chunk(struct copy *c, const char *tag, const uint8_t *data, size_t n_bytes)
{
    uint8_t header[CHUNK_HEADER];
    const uint8_t padding[1] = {0};

    if (c->is_counting) {
        c->n_bytes += CHUNK_HEADER + (uint64_t)n_bytes + (n_bytes & 1);
        return SCT_OK;
    }
    memcpy(header, tag, 4);
    put_u32(header + 4, (uint32_t)n_bytes);
    (void)sct_webp_sink_write(&c->sink, header, sizeof header);
    (void)sct_webp_sink_write(&c->sink, data, n_bytes);
    return sct_webp_sink_write(&c->sink, padding, n_bytes & 1);
}

static int put_vp8x(struct copy *c, int flags)
{
    uint8_t vp8x[VP8X_BYTES] = {(uint8_t)flags};
    put_u24(vp8x + 4, (uint32_t)c->box.width - 1);
    put_u24(vp8x + 7, (uint32_t)c->box.height - 1);
    return put_chunk(c, "VP8X", vp8x, sizeof vp8x);
}

static int put_still(struct copy *c)
{
    const struct sct_bytes *picture = &c->box.frame.bitstream;
    const uint8_t *begin = picture->data - CHUNK_HEADER; /* what there is behind ALPH */
    const uint8_t *alpha = c->box.frame.data.data;
    int status = SCT_OK;

    if (alpha != begin) {
        struct sct_webp_chunks chunks = {alpha, (size_t)(begin - alpha),
                                         (uint64_t)(begin - alpha)};
        struct sct_webp_chunk chunk;
        status = put_vp8x(c, FLAG_ALPHA);
        if (status == SCT_OK && sct_webp_chunks_next(&chunks, &chunk) == SCT_OK)
            status = put_chunk(c, "ALPH", chunk.payload, chunk.size);
    }
    return status == SCT_OK
               ? put_chunk(c, (const char *)begin, picture->data, picture->n_bytes)
               : status;
}

static int put_animation(struct copy *c)
{
    struct sct_webp_chunks chunks;
    struct sct_webp_chunk chunk;
    uint64_t file_bytes;
    int has_anim = 0, status;

    status = sct_webp_chunks_open(&chunks, &file_bytes, c->file, c->n_file_bytes, NULL);
    if (status == SCT_OK && sct_webp_chunks_next(&chunks, &chunk) == SCT_OK)
        status = put_vp8x(c, FLAG_ANIMATED | (chunk.payload[0] & FLAG_ALPHA));
    c->n_frames = 0;
    while (status == SCT_OK && sct_webp_chunks_next(&chunks, &chunk) == SCT_OK) {
        const int is_frame = !memcmp(chunk.tag, "ANMF", 4);
        const int is_anim = !memcmp(chunk.tag, "ANIM", 4) && !has_anim && !c->n_frames;
        if (chunk.have < chunk.size || (!is_frame && !is_anim))
            continue;
        has_anim |= is_anim;
        c->n_frames += is_frame;
        status = put_chunk(c, chunk.tag, chunk.payload, chunk.size);
    }
    return status;
}

static int put_pictures(struct copy *c)
{
    return c->box.n_frames > 0 ? put_animation(c) : put_still(c);
}

static int write_file(struct copy *c)
{
    uint8_t header[FILE_HEADER] = "RIFF....WEBP";
    put_u32(header + 4, (uint32_t)(4 + c->n_bytes));
    (void)sct_webp_sink_write(&c->sink, header, sizeof header);
    c->is_counting = 0;
    (void)put_pictures(c);
    return sct_webp_sink_finish(&c->sink);
}

/* Room for everything in a RIFF, whose size has 32 bits; three chunks of metadata and VP8X
 * are little beside what they hold. */
static int check_sizes(const struct copy *c, struct sct_report *report)
{
    enum { EXTRA_BYTES = 4 * (CHUNK_HEADER + 1) + VP8X_BYTES + FILE_HEADER };
    const struct sct_webp_sink *s = &c->sink;
    if (c->n_bytes > UINT32_MAX - EXTRA_BYTES ||
        s->icc.n_bytes > UINT32_MAX - EXTRA_BYTES - c->n_bytes ||
        s->exif.n_bytes > UINT32_MAX - EXTRA_BYTES - c->n_bytes - s->icc.n_bytes ||
        s->xmp.n_bytes >
            UINT32_MAX - EXTRA_BYTES - c->n_bytes - s->icc.n_bytes - s->exif.n_bytes)
        return sct_report_fail(report, SCT_ERR_TOO_LARGE,
                               "picture and metadata do not fit in a WebP");
    return SCT_OK;
}

int sct_webp_copy(const struct sct_encoder_spec *spec, const uint8_t *file,
                  size_t n_bytes)
{
    struct copy c = {.file = file, .n_file_bytes = n_bytes, .is_counting = 1};
    struct sct_report why = {.n_warnings = 0}; /* its warnings were the decoder's */

    if (!sct_webp_container_probe(file, n_bytes))
        return sct_report_fail(spec->report, SCT_ERR_NOT_AN_IMAGE,
                               "the file does not begin as a WebP");
    int status = sct_webp_container_read(&c.box, file, n_bytes, &why);
    if (status != SCT_OK)
        return sct_report_fail(spec->report, status, "%s", why.message);
    sct_webp_sink_init(&c.sink, &spec->sink, c.box.width, c.box.height);
    if (spec->icc)
        c.sink.icc = (struct sct_bytes){spec->icc, spec->icc_bytes};
    c.sink.exif = spec->exif;
    c.sink.xmp = spec->xmp;
    if (spec->iptc.n_bytes)
        sct_report_warn(spec->report, "a WebP has no place for IPTC");

    (void)put_pictures(&c); /* which cannot fail while it counts */
    if (c.box.n_frames > 0 && c.n_frames == 0)
        return sct_report_fail(spec->report, SCT_ERR_TRUNCATED,
                               "the data ends in the first frame");
    status = check_sizes(&c, spec->report);
    if (status == SCT_OK && write_file(&c) != SCT_OK)
        status = sct_report_fail(spec->report, SCT_ERR_IO, "writing the output failed");
    return status;
}
