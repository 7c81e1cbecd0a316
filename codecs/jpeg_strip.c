/* A JPEG as a row of segments and scans, without decoding.
 *
 *              .-------- other marker, RST or stray bytes ---------.
 *              v                                                   |
 *     SOI -> MARKER -- FF xx --> SEGMENT: length, payload -----> kept or dropped
 *              |  ^                                                |
 *              |  '-- FF marker -- SCAN <-------------- SOS -------'
 *              '-- EOI --> DONE
 *
 * 1. A segment is gathered whole before anything of it is written: what is cut off by the end
 * of the input leaves no half behind.
 * 2. In a scan bytes go straight from the input to the sink. A FF is held back until the byte
 * behind it tells what it is: data (00), a restart marker, or the end of the scan.
 * 3. status is sticky; at SCT_DONE input is ignored. */
#include "jpeg_strip.h"

#include <string.h>

#include "jpeg_app.h"
#include "mem.h"

enum {
    SOF0 = 0xC0, /* markers below it are reserved, or TEM: T.81, table B.1 */
    RST0 = 0xD0,
    RST7 = 0xD7,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    APP0 = 0xE0,
    APP14 = 0xEE
};

enum { JFIF_BYTES = 14, ADOBE_BYTES = 12 }; /* of payload, without thumbnail and extras */

enum state { STATE_SOI, STATE_MARKER, STATE_SEGMENT, STATE_SCAN };

struct sct_jpeg_strip {
    struct sct_jpeg_strip_options options;
    struct sct_sink sink;
    enum state state;
    int status;
    int has_scan;     /* a scan has begun */
    int has_inserted; /* the caller's segments are written */
    int n_soi;        /* bytes of SOI that have come */
    size_t n_held;    /* FFs that have come and wait for the byte behind them */
    int marker;       /* of the segment... */
    size_t n_bytes;   /* ...and how much of it has come, its length included */
    uint8_t segment[2 + SCT_JPEG_SEGMENT_BYTES];
};

/* Decoders whose picture is complete take no offence at what comes then. */
static int may_end(const struct sct_jpeg_strip *s)
{
    return s->options.ends_early && s->has_scan;
}

/* ---- output ------------------------------------------------------------------------ */

static int emit(struct sct_jpeg_strip *s, const void *data, size_t n_bytes)
{
    if (n_bytes && s->sink.write(s->sink.ctx, data, n_bytes) != SCT_OK)
        return sct_report_fail(s->options.report, SCT_ERR_IO,
                               "writing the output failed");
    return SCT_OK;
}

static int emit_marker(struct sct_jpeg_strip *s, int marker)
{
    const uint8_t bytes[2] = {0xFF, (uint8_t)marker};
    return emit(s, bytes, sizeof bytes);
}

static int put_segment(void *ctx, int marker, const void *prefix, size_t prefix_bytes,
                       const uint8_t *data, size_t n_bytes)
{
    struct sct_jpeg_strip *s = ctx;
    const size_t length = 2 + prefix_bytes + n_bytes;
    const uint8_t bytes[2] = {(uint8_t)(length >> 8), (uint8_t)length};

    int status = emit_marker(s, marker);
    if (status == SCT_OK)
        status = emit(s, bytes, sizeof bytes);
    if (status == SCT_OK)
        status = emit(s, prefix, prefix_bytes);
    if (status == SCT_OK)
        status = emit(s, data, n_bytes);
    return status;
}

static int insert_metadata(struct sct_jpeg_strip *s)
{
    const struct sct_jpeg_strip_options *o = &s->options;
    const struct sct_jpeg_app_sink sink = {put_segment, s};

    s->has_inserted = 1;
    int status = sct_jpeg_app_write(SCT_JPEG_APP_EXIF, o->exif, &sink, o->report);
    if (status == SCT_OK)
        status = sct_jpeg_app_write(SCT_JPEG_APP_XMP, o->xmp, &sink, o->report);
    if (status == SCT_OK)
        status = sct_jpeg_app_write(SCT_JPEG_APP_IPTC, o->iptc, &sink, o->report);
    return status;
}

static int end_early(struct sct_jpeg_strip *s)
{
    sct_report_warn(s->options.report,
                    "behind the picture is something that is not JPEG");
    const int status = emit_marker(s, EOI);
    return status == SCT_OK ? SCT_DONE : status;
}

/* ---- segments ---------------------------------------------------------------------- */

/* How many bytes of the payload are kept; SIZE_MAX: the segment is dropped. */
static size_t choose_bytes(const struct sct_jpeg_strip *s, const uint8_t *payload,
                           size_t n_bytes)
{
    size_t prefix_bytes;

    if (s->marker < APP0)
        return n_bytes;
    if (s->marker == APP0 && n_bytes >= JFIF_BYTES && !memcmp(payload, "JFIF", 5))
        return JFIF_BYTES;
    if (s->marker == APP14 && n_bytes >= ADOBE_BYTES && !memcmp(payload, "Adobe", 5))
        return ADOBE_BYTES;
    if (sct_jpeg_app_find(s->marker, payload, n_bytes, &prefix_bytes) ==
            SCT_JPEG_APP_ICC &&
        !s->options.drops_icc)
        return n_bytes;
    return SIZE_MAX;
}

static int end_segment(struct sct_jpeg_strip *s)
{
    uint8_t *payload = s->segment + 2;
    const size_t n_kept = choose_bytes(s, payload, s->n_bytes - 2);
    const int is_jfif = s->marker == APP0 && n_kept == JFIF_BYTES;
    int status = SCT_OK;

    s->state = s->marker == SOS ? STATE_SCAN : STATE_MARKER;
    if (s->marker == SOS)
        s->has_scan = 1;
    if (n_kept == SIZE_MAX)
        return SCT_OK;
    if (is_jfif)
        payload[12] = payload[13] = 0; /* the thumbnail's width and height */
    else if (!s->has_inserted)
        status = insert_metadata(s);
    if (status == SCT_OK)
        status = put_segment(s, s->marker, NULL, 0, payload, n_kept);
    return status;
}

/* Takes what belongs to the segment; returns how much that was. */
static size_t gather(struct sct_jpeg_strip *s, const uint8_t *data, size_t n_bytes)
{
    size_t used = 0;
    while (s->n_bytes < 2 && used < n_bytes)
        s->segment[s->n_bytes++] = data[used++];
    if (s->n_bytes < 2)
        return used;

    const size_t length = (size_t)s->segment[0] << 8 | s->segment[1];
    if (length < 2) {
        s->status = may_end(s) ? end_early(s)
                               : sct_report_fail(s->options.report, SCT_ERR_CORRUPT,
                                                 "marker 0x%02x has a length of %zu",
                                                 (unsigned)s->marker, length);
        return used;
    }
    size_t n = length - s->n_bytes;
    if (n > n_bytes - used)
        n = n_bytes - used;
    memcpy(s->segment + s->n_bytes, data + used, n);
    s->n_bytes += n;
    if (s->n_bytes == length)
        s->status = end_segment(s);
    return used + n;
}

/* ---- markers and scans ------------------------------------------------------------- */

static void start_marker(struct sct_jpeg_strip *s, int marker)
{
    s->marker = marker;
    s->n_bytes = 0;
    s->state = STATE_SEGMENT;
    if (marker == EOI) {
        s->status = s->has_scan ? emit_marker(s, EOI)
                                : sct_report_fail(s->options.report, SCT_ERR_CORRUPT,
                                                  "a JPEG without a picture");
        if (s->status == SCT_OK)
            s->status = SCT_DONE;
    } else if (marker == SOI) {
        s->status = may_end(s)
                        ? end_early(s)
                        : sct_report_fail(s->options.report, SCT_ERR_CORRUPT,
                                          "a second picture begins inside the first");
    }
}

/* Looks for the next marker, past fill bytes and whatever else there is. What is no marker
 * inside a scan is none here: if it were kept, it might come to stand behind one. */
static size_t seek_marker(struct sct_jpeg_strip *s, const uint8_t *data, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        const uint8_t c = data[i];
        if (c == 0xFF) {
            s->n_held = 1;
            continue;
        }
        const int is_marker = s->n_held != 0;
        s->n_held = 0;
        if (is_marker && c >= SOF0 && (c < RST0 || c > RST7)) {
            start_marker(s, c);
            return i + 1;
        }
    }
    return n_bytes;
}

static int emit_held(struct sct_jpeg_strip *s)
{
    static const uint8_t fill[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    int status = SCT_OK;
    while (s->n_held && status == SCT_OK) {
        const size_t n = s->n_held < sizeof fill ? s->n_held : sizeof fill;
        status = emit(s, fill, n);
        s->n_held -= n;
    }
    return status;
}

/* Copies entropy-coded data up to the marker that ends the scan. */
static size_t copy_scan(struct sct_jpeg_strip *s, const uint8_t *data, size_t n_bytes)
{
    size_t begin = 0, at = 0; /* from begin to at: read, and to be copied */

    while (at < n_bytes) {
        if (s->n_held == 0) {
            const uint8_t *p = memchr(data + at, 0xFF, n_bytes - at);
            at = p ? (size_t)(p - data) : n_bytes;
            s->status = emit(s, data + begin, at - begin);
            if (s->status != SCT_OK)
                return at;
            begin = at;
            if (!p)
                return at;
        }
        const uint8_t c = data[at++];
        if (c == 0xFF) {
            s->n_held++;
            begin = at;
            continue;
        }
        /* reserved markers are damage: copied, for decoders to deal with */
        if (c < SOF0 || (c >= RST0 && c <= RST7)) {
            s->status = emit_held(s);
            if (s->status != SCT_OK)
                return at;
            begin = at - 1;
            continue;
        }
        s->n_held = 0;
        start_marker(s, c);
        return at;
    }
    s->status = emit(s, data + begin, at - begin);
    return at;
}

static size_t read_soi(struct sct_jpeg_strip *s, const uint8_t *data)
{
    static const uint8_t soi[2] = {0xFF, SOI};
    if (data[0] != soi[s->n_soi]) {
        s->status = sct_report_fail(s->options.report, SCT_ERR_NOT_AN_IMAGE,
                                    "the file does not begin as a JPEG");
        return 1;
    }
    if (++s->n_soi == 2) {
        s->status = emit_marker(s, SOI);
        s->state = STATE_MARKER;
    }
    return 1;
}

/* ---- the whole --------------------------------------------------------------------- */

int sct_jpeg_strip_create(sct_jpeg_strip **out,
                          const struct sct_jpeg_strip_options *options,
                          const struct sct_sink *sink)
{
    struct sct_jpeg_strip *s = *out = sct_mem_alloc(sizeof *s);
    if (!s)
        return sct_report_fail(options->report, SCT_ERR_MEMORY, "no memory for a strip");
    s->options = *options;
    s->sink = *sink;
    return SCT_OK;
}

int sct_jpeg_strip_write(sct_jpeg_strip *s, const void *data, size_t n_bytes)
{
    const uint8_t *p = data;
    while (n_bytes && s->status == SCT_OK) {
        size_t used = 0;
        switch (s->state) {
        case STATE_SOI: used = read_soi(s, p); break;
        case STATE_MARKER: used = seek_marker(s, p, n_bytes); break;
        case STATE_SEGMENT: used = gather(s, p, n_bytes); break;
        case STATE_SCAN: used = copy_scan(s, p, n_bytes); break;
        }
        p += used;
        n_bytes -= used;
    }
    return s->status;
}

int sct_jpeg_strip_finish(sct_jpeg_strip *s)
{
    if (s->status == SCT_DONE)
        return SCT_OK;
    if (s->status != SCT_OK)
        return s->status;
    if (!s->has_scan)
        return s->status = sct_report_fail(s->options.report,
                                           s->n_soi < 2 ? SCT_ERR_NOT_AN_IMAGE
                                                        : SCT_ERR_TRUNCATED,
                                           "the data ends in the header");
    sct_report_warn(s->options.report, "the end-of-image marker is missing");
    s->status = emit_marker(s, EOI);
    if (s->status != SCT_OK)
        return s->status;
    s->status = SCT_DONE;
    return SCT_OK;
}

void sct_jpeg_strip_free(sct_jpeg_strip *s)
{
    sct_mem_free(s);
}
