/* A filter between libwebp's encoder and a sink; see webp_sink.h.
 *
 *     libwebp:   RIFF size WEBP [VP8X]        [ALPH] VP8 | VP8L
 *     sink:      RIFF size WEBP  VP8X  [ICCP] [ALPH] VP8 | VP8L  [EXIF] [XMP]
 *
 * 1. Without metadata every byte passes as it is.
 * 2. libwebp knows its size when it writes the header; ours is that plus chunks of known
 *    size. Nothing is kept but the first SCT_WEBP_SINK_HEAD bytes, or all of a smaller file.
 * 3. libwebp's chunks are padded already, so that ours may follow. */
#include "webp_sink.h"

#include <string.h>

enum {
    FILE_HEADER = 12,
    CHUNK_HEADER = 8,
    VP8X_BYTES = 10,
    FLAG_XMP = 4,
    FLAG_EXIF = 8,
    FLAG_ALPHA = 16,
    FLAG_ICC = 32
};

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static void put_u24(uint8_t *p, int value)
{
    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static int has_metadata(const struct sct_webp_sink *s)
{
    return s->icc.n_bytes || s->exif.n_bytes || s->xmp.n_bytes;
}

static size_t count_chunk(const struct sct_bytes *bytes)
{
    return bytes->n_bytes ? CHUNK_HEADER + bytes->n_bytes + (bytes->n_bytes & 1) : 0;
}

static int pass(struct sct_webp_sink *s, const void *data, size_t n)
{
    if (s->status == SCT_OK && n > 0 && s->target.write(s->target.ctx, data, n) != SCT_OK)
        s->status = SCT_ERR_IO;
    return s->status;
}

static int pass_chunk(struct sct_webp_sink *s, const char *tag,
                      const struct sct_bytes *bytes)
{
    uint8_t header[CHUNK_HEADER];
    if (bytes->n_bytes == 0)
        return s->status;
    memcpy(header, tag, 4);
    put_u32(header + 4, (uint32_t)bytes->n_bytes);
    (void)pass(s, header, sizeof header);
    (void)pass(s, bytes->data, bytes->n_bytes);
    return pass(s, "", bytes->n_bytes & 1);
}

/* Whether the VP8L that follows the file's header says that it has alpha; VP8 with alpha has
 * a VP8X, which says so. */
static int has_lossless_alpha(const uint8_t *head)
{
    const uint8_t *chunk = head + FILE_HEADER;
    return !memcmp(chunk, "VP8L", 4) && (chunk[CHUNK_HEADER + 4] >> 4 & 1);
}

/* The header with what the metadata change in it, and behind it those that come first. */
static int pass_head(struct sct_webp_sink *s)
{
    uint8_t vp8x[CHUNK_HEADER + VP8X_BYTES] = "VP8X";
    const int has_vp8x = !memcmp(s->head + FILE_HEADER, "VP8X", 4);
    size_t n_more = count_chunk(&s->icc) + count_chunk(&s->exif) + count_chunk(&s->xmp);

    if (!has_vp8x)
        n_more += sizeof vp8x;
    put_u32(s->head + 4, (uint32_t)(read_u32(s->head + 4) + n_more));
    put_u32(vp8x + 4, VP8X_BYTES);
    put_u24(vp8x + 12, s->width - 1);
    put_u24(vp8x + 15, s->height - 1);
    if (has_vp8x)
        memcpy(vp8x, s->head + FILE_HEADER, sizeof vp8x);
    vp8x[8] =
        (uint8_t)(vp8x[8] | (has_lossless_alpha(s->head) ? FLAG_ALPHA : 0) |
                  (s->icc.n_bytes ? FLAG_ICC : 0) | (s->exif.n_bytes ? FLAG_EXIF : 0) |
                  (s->xmp.n_bytes ? FLAG_XMP : 0));
    (void)pass(s, s->head, FILE_HEADER);
    (void)pass(s, vp8x, sizeof vp8x);
    (void)pass_chunk(s, "ICCP", &s->icc);
    return has_vp8x ? s->status : pass(s, s->head + FILE_HEADER, s->n_head - FILE_HEADER);
}

void sct_webp_sink_init(struct sct_webp_sink *s, const struct sct_sink *target, int width,
                        int height)
{
    *s = (struct sct_webp_sink){.target = *target, .width = width, .height = height};
}

void sct_webp_sink_restart(struct sct_webp_sink *s, const struct sct_sink *target)
{
    s->target = *target;
    s->n_head = 0;
    s->status = SCT_OK;
}

int sct_webp_sink_write(struct sct_webp_sink *s, const uint8_t *data, size_t n_bytes)
{
    if (has_metadata(s) && s->n_head < SCT_WEBP_SINK_HEAD) {
        const size_t n_missing = SCT_WEBP_SINK_HEAD - s->n_head;
        const size_t n = n_bytes < n_missing ? n_bytes : n_missing;
        memcpy(s->head + s->n_head, data, n);
        s->n_head += n;
        data += n;
        n_bytes -= n;
        if (s->n_head == SCT_WEBP_SINK_HEAD)
            (void)pass_head(s);
    }
    return pass(s, data, n_bytes);
}

int sct_webp_sink_finish(struct sct_webp_sink *s)
{
    if (has_metadata(s) && s->n_head < SCT_WEBP_SINK_HEAD)
        (void)pass_head(s);
    (void)pass_chunk(s, "EXIF", &s->exif);
    return pass_chunk(s, "XMP ", &s->xmp);
}
