/* Chunks of a WebP file; see webp_container.h.
 *
 *     at        at + 8                 at + 8 + size (+ 1 when the size is odd)
 *     | tag size | payload ............ | next chunk
 *
 * 1. A chunk that goes past the end of its parent (the RIFF, or an ANMF) is corrupt; one that
 *    goes past the end of the data is cut: `have` of its `size` bytes are there.
 * 2. No offset is formed that is not inside the data: sizes are compared with what is left. */
#include "webp_container.h"

#include <string.h>

enum { CHUNK_HEADER = 8, FILE_HEADER = 12, VP8X_BYTES = 10, ANMF_BYTES = 16 };

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static int read_u24(const uint8_t *p)
{
    return (int)((unsigned)p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16);
}

static int has_tag(const struct sct_webp_chunk *chunk, const char *tag)
{
    return !memcmp(chunk->tag, tag, 4);
}

static int is_picture(const struct sct_webp_chunk *chunk)
{
    return has_tag(chunk, "VP8 ") || has_tag(chunk, "VP8L");
}

int sct_webp_chunks_next(struct sct_webp_chunks *chunks, struct sct_webp_chunk *chunk)
{
    if (chunks->n_declared < CHUNK_HEADER || chunks->n_bytes < CHUNK_HEADER)
        return SCT_DONE;
    memcpy(chunk->tag, chunks->at, 4);
    chunk->tag[4] = '\0';
    chunk->header = chunks->at;
    chunk->payload = chunks->at + CHUNK_HEADER;
    chunk->size = read_u32(chunks->at + 4);
    if (chunk->size > chunks->n_declared - CHUNK_HEADER)
        return SCT_ERR_CORRUPT;

    const size_t n_left = chunks->n_bytes - CHUNK_HEADER;
    chunk->have = chunk->size < n_left ? chunk->size : n_left;
    /* the padding of the last chunk is often forgotten */
    const size_t n_padded = chunk->size + (chunk->size & 1);
    const size_t n_taken = n_padded < n_left ? n_padded : n_left;
    chunk->have_padded = n_taken;
    const uint64_t n_parent = chunks->n_declared - CHUNK_HEADER;
    chunks->at += CHUNK_HEADER + n_taken;
    chunks->n_bytes = n_left - n_taken;
    chunks->n_declared = n_parent - (n_padded < n_parent ? n_padded : n_parent);
    return SCT_OK;
}

static int fail_short(struct sct_report *report)
{
    return sct_report_fail(report, SCT_ERR_TRUNCATED, "the data ends in the header");
}

/* ---- headers ----------------------------------------------------------------------- */

/* A key frame of VP8 (RFC 6386, 9.1): frame tag of 3 bytes, start code, 14 bits each of width
 * and height below 2 bits of a scale that nobody applies. */
static int read_vp8_size(const struct sct_webp_chunk *chunk, int *width, int *height,
                         struct sct_report *report)
{
    const uint8_t *p = chunk->payload;
    if (chunk->have < 10)
        return chunk->size < 10 ? sct_report_fail(report, SCT_ERR_CORRUPT,
                                                  "a VP8 chunk of %zu bytes", chunk->size)
                                : fail_short(report);
    const int tag = read_u24(p);
    const int is_key = !(tag & 1), profile = tag >> 1 & 7, is_shown = tag >> 4 & 1;
    if (!is_key || profile > 3 || !is_shown || memcmp(p + 3, "\x9D\x01\x2A", 3) ||
        (size_t)(tag >> 5) >= chunk->size)
        return sct_report_fail(report, SCT_ERR_CORRUPT, "a VP8 header that is none");
    *width = (p[7] << 8 | p[6]) & 0x3FFF;
    *height = (p[9] << 8 | p[8]) & 0x3FFF;
    if (*width == 0 || *height == 0)
        return sct_report_fail(report, SCT_ERR_CORRUPT, "the width or height is 0");
    return SCT_OK;
}

/* VP8L: a signature, 14 bits each of width - 1 and height - 1, alpha, 3 bits of version. */
static int read_vp8l_size(const struct sct_webp_chunk *chunk, int *width, int *height,
                          int *has_alpha, struct sct_report *report)
{
    const uint8_t *p = chunk->payload;
    if (chunk->have < 5)
        return chunk->size < 5 ? sct_report_fail(report, SCT_ERR_CORRUPT,
                                                 "a VP8L chunk of %zu bytes", chunk->size)
                               : fail_short(report);
    const uint32_t bits = read_u32(p + 1);
    if (p[0] != 0x2F || bits >> 29)
        return sct_report_fail(report, SCT_ERR_CORRUPT, "a VP8L header that is none");
    *width = (int)(bits & 0x3FFF) + 1;
    *height = (int)(bits >> 14 & 0x3FFF) + 1;
    *has_alpha = (int)(bits >> 28 & 1);
    return SCT_OK;
}

static int read_picture_size(const struct sct_webp_chunk *chunk, int *width, int *height,
                             int *has_alpha, struct sct_report *report)
{
    if (has_tag(chunk, "VP8 "))
        return read_vp8_size(chunk, width, height, report);
    return read_vp8l_size(chunk, width, height, has_alpha, report);
}

static int read_canvas_size(const struct sct_webp_chunk *chunk, int *width, int *height,
                            struct sct_report *report)
{
    if (chunk->have < VP8X_BYTES)
        return chunk->size < VP8X_BYTES
                   ? sct_report_fail(report, SCT_ERR_CORRUPT, "a VP8X chunk of %zu bytes",
                                     chunk->size)
                   : fail_short(report);
    *width = read_u24(chunk->payload + 4) + 1;
    *height = read_u24(chunk->payload + 7) + 1;
    if ((uint64_t)*width * (uint64_t)*height > UINT32_MAX)
        return sct_report_fail(report, SCT_ERR_CORRUPT,
                               "%d x %d: a WebP has less than 2^32 pixels", *width,
                               *height);
    return SCT_OK;
}

int sct_webp_container_probe(const uint8_t *head, size_t n_bytes)
{
    return n_bytes >= FILE_HEADER && !memcmp(head, "RIFF", 4) &&
           !memcmp(head + 8, "WEBP", 4);
}

int sct_webp_chunks_open(struct sct_webp_chunks *chunks, uint64_t *file_bytes,
                         const uint8_t *data, size_t n_bytes, struct sct_report *report)
{
    *chunks = (struct sct_webp_chunks){.at = data};
    *file_bytes = 0;
    if (n_bytes < FILE_HEADER)
        return fail_short(report);
    const uint32_t size = read_u32(data + 4);
    if (size < 4 + CHUNK_HEADER || size > UINT32_MAX - CHUNK_HEADER - 1)
        return sct_report_fail(report, SCT_ERR_CORRUPT, "a RIFF of %lu bytes",
                               (unsigned long)size);
    *file_bytes = (uint64_t)size + 8;
    if (n_bytes > *file_bytes)
        n_bytes = (size_t)*file_bytes;
    *chunks = (struct sct_webp_chunks){data + FILE_HEADER, n_bytes - FILE_HEADER,
                                       *file_bytes - FILE_HEADER};
    return SCT_OK;
}

int sct_webp_container_head(struct sct_webp_head *head, const uint8_t *data,
                            size_t n_bytes, struct sct_report *report)
{
    struct sct_webp_chunks chunks;
    struct sct_webp_chunk first;
    int has_alpha;

    *head = (struct sct_webp_head){.width = 0};
    int status = sct_webp_chunks_open(&chunks, &head->file_bytes, data, n_bytes, report);
    if (status != SCT_OK)
        return status;
    status = sct_webp_chunks_next(&chunks, &first);
    if (status == SCT_DONE)
        return fail_short(report);
    if (status == SCT_OK && has_tag(&first, "VP8X"))
        return read_canvas_size(&first, &head->width, &head->height, report);
    if (status == SCT_OK && is_picture(&first))
        return read_picture_size(&first, &head->width, &head->height, &has_alpha, report);
    return sct_report_fail(report, SCT_ERR_CORRUPT,
                           status == SCT_OK
                               ? "a WebP whose first chunk is no picture"
                               : "the first chunk goes past the end of the RIFF");
}

/* ---- the walk ---------------------------------------------------------------------- */

struct walk {
    struct sct_webp_container *c;
    struct sct_report *report;
    const struct sct_webp_chunk *alpha; /* the ALPH before the picture, or NULL */
    int has_picture;
};

/* A chunk VP8 or VP8L: the picture, unless there is one already. */
static int take_picture(struct walk *w, const struct sct_webp_chunk *chunk,
                        const struct sct_webp_chunk *alpha)
{
    struct sct_webp_container *c = w->c;
    const int is_lossless = has_tag(chunk, "VP8L");
    const uint8_t *begin = alpha && !is_lossless ? alpha->header : chunk->header;
    int has_alpha = alpha != NULL;

    const int status = read_picture_size(chunk, &c->frame.width, &c->frame.height,
                                         &has_alpha, w->report);
    if (status != SCT_OK)
        return status;
    c->frame.is_lossless = is_lossless;
    c->frame.has_alpha = has_alpha;
    c->frame.is_cut = chunk->have < chunk->size;
    c->frame.data =
        (struct sct_bytes){begin, (size_t)(chunk->payload - begin) + chunk->have_padded};
    c->frame.bitstream = (struct sct_bytes){chunk->payload, chunk->have};
    w->has_picture = 1;
    return SCT_OK;
}

/* The first frame: 24 bits each of x / 2, y / 2, width - 1, height - 1 and duration, flags,
 * then chunks as of a still picture. */
static int take_frame(struct walk *w, const struct sct_webp_chunk *anmf)
{
    struct sct_webp_container *c = w->c;
    const uint8_t *p = anmf->payload;
    struct sct_webp_chunk chunk, alpha;
    int has_alpha = 0, status;

    if (anmf->have < ANMF_BYTES)
        return anmf->size < ANMF_BYTES
                   ? sct_report_fail(w->report, SCT_ERR_CORRUPT, "a frame of %zu bytes",
                                     anmf->size)
                   : fail_short(w->report);
    const int width = read_u24(p + 6) + 1, height = read_u24(p + 9) + 1;
    c->frame.x = 2 * read_u24(p);
    c->frame.y = 2 * read_u24(p + 3);
    if (width > c->width - c->frame.x || height > c->height - c->frame.y)
        return sct_report_fail(w->report, SCT_ERR_CORRUPT,
                               "the first frame reaches past the picture's edge");

    struct sct_webp_chunks chunks = {p + ANMF_BYTES, anmf->have - ANMF_BYTES,
                                     anmf->size - ANMF_BYTES};
    while ((status = sct_webp_chunks_next(&chunks, &chunk)) == SCT_OK &&
           !is_picture(&chunk))
        if (has_tag(&chunk, "ALPH")) {
            alpha = chunk;
            has_alpha = 1;
        }
    if (status == SCT_ERR_CORRUPT)
        return sct_report_fail(w->report, status,
                               "a chunk goes past the end of its frame");
    if (status == SCT_DONE)
        return anmf->have < anmf->size ? fail_short(w->report)
                                       : sct_report_fail(w->report, SCT_ERR_CORRUPT,
                                                         "a frame without a picture");
    status = take_picture(w, &chunk, has_alpha ? &alpha : NULL);
    if (status == SCT_OK && (c->frame.width != width || c->frame.height != height))
        return sct_report_fail(w->report, SCT_ERR_CORRUPT,
                               "the first frame's size is not that of its picture");
    return status;
}

static void take_metadata(struct walk *w, const struct sct_webp_chunk *chunk,
                          unsigned flag, unsigned flags, struct sct_bytes *to)
{
    if (chunk->have < chunk->size) {
        sct_report_warn(w->report, "the data ends in the chunk %s", chunk->tag);
        return;
    }
    if (!(flags & flag))
        sct_report_warn(w->report, "the header does not announce the chunk %s",
                        chunk->tag);
    if (!to->data && chunk->size > 0)
        *to = (struct sct_bytes){chunk->payload, chunk->size};
}

static int check_sizes(const struct walk *w, int is_simple)
{
    struct sct_webp_container *c = w->c;
    if (is_simple) {
        c->width = c->frame.width;
        c->height = c->frame.height;
    }
    if (c->n_frames == 0 && (c->width != c->frame.width || c->height != c->frame.height))
        return sct_report_fail(w->report, SCT_ERR_CORRUPT,
                               "the header says %d x %d, the picture %d x %d", c->width,
                               c->height, c->frame.width, c->frame.height);
    return SCT_OK;
}

int sct_webp_container_read(struct sct_webp_container *c, const uint8_t *data,
                            size_t n_bytes, struct sct_report *report)
{
    enum { FLAG_XMP = 4, FLAG_EXIF = 8, FLAG_ICC = 32 };
    struct walk w = {.c = c, .report = report};
    struct sct_webp_chunks chunks;
    struct sct_webp_chunk chunk, alpha;
    uint64_t file_bytes;
    unsigned flags = 0;
    int is_simple = 1, is_first = 1;

    memset(c, 0, sizeof *c);
    int status = sct_webp_chunks_open(&chunks, &file_bytes, data, n_bytes, report);
    if (status != SCT_OK)
        return status;
    for (; (status = sct_webp_chunks_next(&chunks, &chunk)) == SCT_OK; is_first = 0) {
        int problem = SCT_OK;
        if (has_tag(&chunk, "VP8X") && is_first) {
            problem = read_canvas_size(&chunk, &c->width, &c->height, report);
            is_simple = 0;
            if (problem == SCT_OK)
                flags = chunk.payload[0];
        } else if (is_picture(&chunk) && !w.has_picture) {
            problem = take_picture(&w, &chunk, w.alpha);
        } else if (is_simple) {
            /* nothing but the picture counts there */
        } else if (has_tag(&chunk, "ALPH") && !w.has_picture) {
            alpha = chunk;
            w.alpha = &alpha;
        } else if (has_tag(&chunk, "ANMF")) {
            if (!w.has_picture)
                c->n_frames = (problem = take_frame(&w, &chunk)) == SCT_OK;
            else if (c->n_frames > 0)
                c->n_frames++;
        } else if (has_tag(&chunk, "ICCP")) {
            take_metadata(&w, &chunk, FLAG_ICC, flags, &c->icc);
        } else if (has_tag(&chunk, "EXIF")) {
            take_metadata(&w, &chunk, FLAG_EXIF, flags, &c->exif);
        } else if (has_tag(&chunk, "XMP ")) {
            take_metadata(&w, &chunk, FLAG_XMP, flags, &c->xmp);
        }
        if (problem != SCT_OK)
            return problem;
    }
    if (!w.has_picture && status == SCT_ERR_CORRUPT)
        return sct_report_fail(report, status, "a chunk goes past the end of the RIFF");
    if (!w.has_picture)
        return n_bytes < file_bytes
                   ? sct_report_fail(report, SCT_ERR_TRUNCATED,
                                     "the data ends before the picture")
                   : sct_report_fail(report, SCT_ERR_CORRUPT, "a WebP without a picture");
    if (status == SCT_ERR_CORRUPT)
        sct_report_warn(report,
                        "a chunk behind the picture goes past the end of the RIFF");
    return check_sizes(&w, is_simple);
}
