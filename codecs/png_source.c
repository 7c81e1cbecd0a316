/* See png_source.h.
 *
 * 1. The queue is empty before the piece is read, and the piece before the next one is
 * opened.
 * 2. `left` counts what the reader still has of the chunk; piece_left <= left.
 * 3. status is sticky: after a failure libspng gets nothing any more. */
#include "png_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

enum {
    SIGNATURE_BYTES = 8,
    HEADER_BYTES = SIGNATURE_BYTES + 8 + 13 + 4, /* signature, IHDR */
    PIECE_BYTES = 8192,                          /* what libspng asks for at once */
    MAX_CHUNK_BYTES = INT32_MAX,
    MAX_SMALL_BYTES = 32,
    EXIF_PREFIX_BYTES = 6,
    MAX_EXTRA_BYTES = 1024 /* of IDAT behind the last row: the end of a deflate stream */
};

static const char xmp_keyword[] = "XML:com.adobe.xmp"; /* with its zero */

__attribute__((format(printf, 3, 4))) static int fail(struct sct_png_source *s,
                                                      int status, const char *format, ...)
{
    if (s->status == SCT_OK) {
        va_list args;
        va_start(args, format);
        vsnprintf(s->text, sizeof s->text, format, args);
        va_end(args);
        s->status = status;
    }
    return s->status;
}

static int fail_at_end(struct sct_png_source *s)
{
    if (s->reader->status != SCT_OK)
        return fail(s, SCT_ERR_IO, "reading the input failed");
    if (s->in_data)
        return fail(s, SCT_ERR_TRUNCATED, "the data ends in row %d of %u", s->row,
                    s->height);
    return fail(s, SCT_ERR_TRUNCATED, "the data ends before the picture");
}

/* ---- bytes of the file -------------------------------------------------------------- */

/* Looks at the next n bytes, all of them. */
static int peek_exact(struct sct_png_source *s, size_t n)
{
    if (sct_reader_peek(s->reader, n) != SCT_OK || s->reader->n_bytes < n)
        return fail_at_end(s);
    return SCT_OK;
}

static void pass_by(struct sct_png_source *s, size_t n)
{
    s->reader->data += n;
    s->reader->n_bytes -= n;
}

/* Some bytes of the chunk's data, at most `max`, from the front of the reader: how many,
 * or 0 after a failure. `to` may be NULL. */
static size_t take_data(struct sct_png_source *s, uint8_t *to, size_t max)
{
    struct sct_reader *r = s->reader;
    size_t n = max < s->left ? max : s->left;
    if (r->n_bytes == 0 && sct_reader_next(r) != SCT_OK) {
        (void)fail_at_end(s);
        return 0;
    }
    if (n > r->n_bytes)
        n = r->n_bytes;
    s->sum = sct_png_crc_add(&s->crc, s->sum, r->data, n);
    if (to)
        memcpy(to, r->data, n);
    pass_by(s, n);
    s->left -= (uint32_t)n;
    return n;
}

/* All that is left of the chunk's data; `to` may be NULL. */
static int take_all(struct sct_png_source *s, uint8_t *to)
{
    while (s->left) {
        const size_t n = take_data(s, to, s->left);
        if (n == 0)
            return s->status;
        if (to)
            to += n;
    }
    return SCT_OK;
}

static int is_type(const struct sct_png_source *s, const char *type)
{
    return !memcmp(s->type, type, 4);
}

/* Chunks whose first letter is small can be done without (5.4). */
static int is_ancillary(const char *type)
{
    return (type[0] & 0x20) != 0;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The header of the next chunk. */
static int open_chunk(struct sct_png_source *s)
{
    if (peek_exact(s, 8) != SCT_OK)
        return s->status;
    const uint8_t *p = s->reader->data;
    s->left = sct_png_read_u32(p);
    memcpy(s->type, p + 4, 4);
    s->sum = sct_png_crc_add(&s->crc, 0, p + 4, 4);
    s->has_sum = 1;
    if (s->left > MAX_CHUNK_BYTES || !is_letter(s->type[0]) || !is_letter(s->type[1]) ||
        !is_letter(s->type[2]) || !is_letter(s->type[3]))
        return fail(s, SCT_ERR_CORRUPT, "a chunk's header makes no sense");
    pass_by(s, 8);
    return SCT_OK;
}

/* The checksum behind the chunk's data; *is_right tells. */
static int close_chunk(struct sct_png_source *s, int *is_right)
{
    *is_right = 1;
    if (!s->has_sum)
        return SCT_OK;
    if (peek_exact(s, 4) != SCT_OK)
        return s->status;
    *is_right = sct_png_read_u32(s->reader->data) == s->sum;
    s->has_sum = 0;
    pass_by(s, 4);
    return SCT_OK;
}

static int note_damage(struct sct_png_source *s, int row, const char *text)
{
    if (s->damage == SCT_OK) {
        s->damage = SCT_ERR_CORRUPT;
        s->damaged_row = row;
        if (s->salvage)
            sct_report_warn(s->report, "%s", text);
    }
    return s->salvage ? SCT_OK : fail(s, SCT_ERR_CORRUPT, "%s", text);
}

/* The checksum of a chunk that libspng has got. */
static int judge_passed(struct sct_png_source *s)
{
    char text[96];
    int is_right;
    if (close_chunk(s, &is_right) != SCT_OK || is_right)
        return s->status;
    if (is_type(s, "IDAT")) {
        snprintf(text, sizeof text, "wrong checksum of picture data, from row %d of %u",
                 s->chunk_row, s->height);
        return note_damage(s, s->chunk_row, text);
    }
    if (is_type(s, "PLTE"))
        return note_damage(s, 0, "wrong checksum of the palette");
    if (is_type(s, "tRNS"))
        s->is_bad_trns = 1;
    else if (is_type(s, "iCCP"))
        s->is_bad_iccp = 1;
    else if (is_type(s, "iTXt"))
        s->is_bad_xmp = 1;
    sct_report_warn(s->report, "wrong checksum of a chunk %s, which was dropped",
                    s->type);
    return SCT_OK;
}

/* ---- ancillary chunks ---------------------------------------------------------------- */

static int is_known(const char *type)
{
    /* of the specification and its extensions, and what macOS adds to screenshots */
    static const char names[][5] = {
        "bKGD", "hIST", "pHYs", "sBIT", "sPLT", "tIME", "tEXt", "zTXt", "iTXt",
        "eXIf", "oFFs", "pCAL", "sCAL", "sTER", "gIFg", "gIFx", "fRAc", "fcTL",
        "fdAT", "acTL", "mDCV", "mDCv", "cLLI", "cLLi", "dSIG", "caBX", "iDOT",
        "gAMA", "cHRM", "sRGB", "cICP", "iCCP", "tRNS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!memcmp(type, names[i], 4))
            return 1;
    return 0;
}

static int close_skipped(struct sct_png_source *s)
{
    int is_right;
    if (close_chunk(s, &is_right) == SCT_OK && !is_right)
        sct_report_warn(s->report, "wrong checksum of a chunk %s, which was ignored",
                        s->type);
    return s->status;
}

static int skip_chunk(struct sct_png_source *s)
{
    if (is_ancillary(s->type) && !is_known(s->type))
        sct_report_warn(s->report, "an unknown chunk %s was ignored", s->type);
    if (take_all(s, NULL) != SCT_OK)
        return s->status;
    return close_skipped(s);
}

static void note_small(struct sct_png_source *s, const uint8_t *data, size_t n)
{
    struct sct_png_colour *c = &s->colour;
    if (is_type(s, "gAMA") && n == 4 && !c->has_gama) {
        c->gama = sct_png_read_u32(data);
        c->has_gama = c->gama > 0;
    } else if (is_type(s, "cHRM") && n == 32 && !c->has_chrm) {
        for (int i = 0; i < 8; i++)
            c->chrm[i] = sct_png_read_u32(data + 4 * i);
        c->has_chrm = 1;
    } else if (is_type(s, "sRGB") && n == 1 && !c->has_srgb) {
        c->intent = data[0];
        c->has_srgb = 1;
    } else if (is_type(s, "cICP") && n == 4 && !c->has_cicp) {
        memcpy(c->cicp, data, 4);
        c->has_cicp = 1;
    } else if (is_type(s, "acTL") && n == 8) {
        s->is_animated = 1;
    }
}

static int is_small(const struct sct_png_source *s)
{
    return s->left <= MAX_SMALL_BYTES &&
           (is_type(s, "gAMA") || is_type(s, "cHRM") || is_type(s, "sRGB") ||
            is_type(s, "cICP") || is_type(s, "acTL"));
}

static int read_small(struct sct_png_source *s)
{
    uint8_t data[MAX_SMALL_BYTES];
    const size_t n = s->left;
    int is_right;
    if (take_all(s, data) != SCT_OK || close_chunk(s, &is_right) != SCT_OK)
        return s->status;
    if (is_right)
        note_small(s, data, n);
    else
        sct_report_warn(s->report, "wrong checksum of a chunk %s, which was dropped",
                        s->type);
    return SCT_OK;
}

/* Whether there is room for the chunk among the metadata. */
static int count_metadata(struct sct_png_source *s)
{
    if (s->left > s->max_metadata_bytes - s->chunks_bytes)
        return fail(s, SCT_ERR_TOO_LARGE,
                    "a chunk %s of %u bytes, the limit on metadata is %zu bytes", s->type,
                    s->left, s->max_metadata_bytes);
    s->chunks_bytes += s->left;
    return SCT_OK;
}

static int read_exif(struct sct_png_source *s)
{
    const size_t n = s->left;
    int is_right;
    if (count_metadata(s) != SCT_OK)
        return s->status;
    s->exif = sct_mem_alloc(sct_size_add(n, EXIF_PREFIX_BYTES));
    if (!s->exif)
        return fail(s, SCT_ERR_MEMORY, "no memory for EXIF");
    memcpy(s->exif, "Exif\0", EXIF_PREFIX_BYTES);
    if (take_all(s, s->exif + EXIF_PREFIX_BYTES) != SCT_OK ||
        close_chunk(s, &is_right) != SCT_OK)
        return s->status;
    s->exif_bytes = n + EXIF_PREFIX_BYTES;
    if (!is_right) {
        sct_report_warn(s->report, "wrong checksum of EXIF, which was dropped");
        sct_mem_free(s->exif);
        s->exif = NULL;
        s->exif_bytes = 0;
    }
    return SCT_OK;
}

static int is_xmp(struct sct_png_source *s)
{
    return is_type(s, "iTXt") && s->left > sizeof xmp_keyword &&
           peek_exact(s, sizeof xmp_keyword) == SCT_OK &&
           !memcmp(s->reader->data, xmp_keyword, sizeof xmp_keyword);
}

/* ---- chunks for libspng -------------------------------------------------------------- */

static void queue_header(struct sct_png_source *s, uint32_t n_bytes)
{
    sct_png_write_u32(s->queue, n_bytes);
    memcpy(s->queue + 4, s->type, 4);
    s->queue_at = 0;
    s->queue_bytes = 8;
    s->piece_left = n_bytes;
    s->owes_sum = 1;
}

/* The next piece of an IDAT chunk. */
static int open_piece(struct sct_png_source *s)
{
    const size_t wanted = s->left < PIECE_BYTES ? s->left : PIECE_BYTES;
    struct sct_reader *r = s->reader;
    if (sct_reader_peek(r, wanted) != SCT_OK || r->n_bytes == 0)
        return fail_at_end(s);
    queue_header(s, r->n_bytes < s->left ? (uint32_t)r->n_bytes : s->left);
    return SCT_OK;
}

/* Whether libspng is to get the chunk. */
static int is_wanted(struct sct_png_source *s)
{
    int *has = NULL;
    if (is_type(s, "PLTE") && s->colour_type == SPNG_COLOR_TYPE_INDEXED)
        has = &s->has_plte;
    else if (is_type(s, "tRNS") && s->colour_type <= SPNG_COLOR_TYPE_INDEXED)
        has = &s->has_trns;
    else if (is_type(s, "iCCP"))
        has = &s->has_iccp;
    else if (is_xmp(s))
        has = &s->has_xmp;
    if (!has || *has)
        return 0;
    *has = 1;
    return 1;
}

static int judge_critical(struct sct_png_source *s)
{
    if (is_type(s, "IEND"))
        return fail(s, SCT_ERR_CORRUPT, "a PNG without a picture: there is no IDAT");
    if (is_type(s, "IHDR"))
        return fail(s, SCT_ERR_CORRUPT, "a second header");
    if (!is_type(s, "PLTE"))
        return fail(s, SCT_ERR_UNSUPPORTED, "the critical chunk %s is not known",
                    s->type);
    return SCT_OK;
}

/* Reads or skips chunks up to one that libspng is to get, and begins to hand it over. */
static int open_wanted(struct sct_png_source *s)
{
    for (;;) {
        if (open_chunk(s) != SCT_OK)
            return s->status;
        if (is_type(s, "IDAT")) {
            s->in_data = 1;
            s->chunk_row = s->row;
            if (s->left)
                return open_piece(s);
            if (judge_passed(s) != SCT_OK)
                return s->status;
            continue;
        }
        if (s->in_data)
            return fail(s, SCT_ERR_CORRUPT, "the picture data ends in row %d of %u",
                        s->row, s->height);
        if (!is_ancillary(s->type) && judge_critical(s) != SCT_OK)
            return s->status;
        if (is_wanted(s)) {
            if (is_ancillary(s->type) && !is_type(s, "tRNS") &&
                count_metadata(s) != SCT_OK)
                return s->status;
            queue_header(s, s->left);
            return SCT_OK;
        }
        if (is_type(s, "tEXt") || is_type(s, "zTXt") || is_type(s, "iTXt"))
            s->has_text = 1;
        const int status = is_small(s)                                 ? read_small(s)
                           : is_type(s, "eXIf") && !s->exif && s->left ? read_exif(s)
                                                                       : skip_chunk(s);
        if (status != SCT_OK)
            return status;
    }
}

/* With queue and piece empty: fills one of them. */
static int go_on(struct sct_png_source *s)
{
    if (s->owes_sum) { /* libspng ignores it */
        memset(s->queue, 0, 4);
        s->queue_at = 0;
        s->queue_bytes = 4;
        s->owes_sum = 0;
        return SCT_OK;
    }
    if (s->left)
        return open_piece(s);
    if (judge_passed(s) != SCT_OK)
        return s->status;
    return open_wanted(s);
}

int sct_png_source_read(spng_ctx *ctx, void *user, void *to, size_t n_bytes)
{
    struct sct_png_source *s = user;
    uint8_t *at = to;

    (void)ctx;
    while (n_bytes && s->status == SCT_OK) {
        size_t n = s->queue_bytes - s->queue_at;
        if (n) {
            n = n < n_bytes ? n : n_bytes;
            memcpy(at, s->queue + s->queue_at, n);
            s->queue_at += n;
        } else if (s->piece_left) {
            n = take_data(s, at, n_bytes < s->piece_left ? n_bytes : s->piece_left);
            s->piece_left -= (uint32_t)n;
        } else {
            (void)go_on(s);
        }
        at += n;
        n_bytes -= n;
    }
    return s->status == SCT_OK       ? 0
           : s->status == SCT_ERR_IO ? SPNG_IO_ERROR
                                     : SPNG_IO_EOF;
}

int sct_png_source_data(struct sct_png_source *s, uint8_t *to, size_t max,
                        size_t *n_bytes)
{
    *n_bytes = 0;
    s->queue_at = s->queue_bytes = 0; /* headers and checksums are for libspng */
    s->owes_sum = 0;
    while (s->status == SCT_OK && !s->piece_left) {
        (void)go_on(s);
        s->queue_at = s->queue_bytes = 0;
        s->owes_sum = 0;
    }
    if (s->status == SCT_OK) {
        *n_bytes = take_data(s, to, max < s->piece_left ? max : s->piece_left);
        s->piece_left -= (uint32_t)*n_bytes;
    }
    return s->status;
}

/* ---- beginning and end --------------------------------------------------------------- */

int sct_png_source_init(struct sct_png_source *s, struct sct_reader *reader,
                        struct sct_report *report, size_t max_metadata_bytes, int salvage)
{
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    memset(s, 0, sizeof *s);
    s->reader = reader;
    s->report = report;
    s->max_metadata_bytes = max_metadata_bytes;
    s->salvage = salvage;
    sct_png_crc_init(&s->crc);

    if (peek_exact(s, SIGNATURE_BYTES) != SCT_OK)
        return s->status;
    if (memcmp(reader->data, signature, SIGNATURE_BYTES) != 0)
        return fail(s, SCT_ERR_CORRUPT,
                    "the signature is damaged, as by a transfer of the file as text");
    if (peek_exact(s, HEADER_BYTES) != SCT_OK)
        return s->status;

    const uint8_t *p = reader->data + SIGNATURE_BYTES;
    if (!memcmp(p + 4, "CgBI", 4))
        return fail(s, SCT_ERR_UNSUPPORTED,
                    "Apple's variant of PNG (CgBI) is not supported");
    if (sct_png_read_u32(p) != 13 || memcmp(p + 4, "IHDR", 4) != 0)
        return fail(s, SCT_ERR_CORRUPT, "the header is not the first chunk");
    if (sct_png_crc_add(&s->crc, 0, p + 4, 17) != sct_png_read_u32(p + 21))
        return fail(s, SCT_ERR_CORRUPT, "wrong checksum of the header");
    s->width = sct_png_read_u32(p + 8);
    s->height = sct_png_read_u32(p + 12);
    s->bit_depth = p[16];
    s->colour_type = p[17];
    s->is_interlaced = p[20] != 0;

    s->queue_bytes = HEADER_BYTES - 4;
    _Static_assert(sizeof s->queue >= HEADER_BYTES - 4, "IHDR fits in the queue");
    memcpy(s->queue, reader->data, s->queue_bytes);
    s->owes_sum = 1;
    pass_by(s, HEADER_BYTES);
    return SCT_OK;
}

/* One chunk behind the last row. */
static int read_behind(struct sct_png_source *s, size_t *extra_bytes)
{
    if (open_chunk(s) != SCT_OK)
        return s->status;
    if (is_type(s, "IEND")) {
        if (take_all(s, NULL) != SCT_OK || close_skipped(s) != SCT_OK)
            return s->status;
        return SCT_DONE;
    }
    if (is_type(s, "IDAT"))
        *extra_bytes += s->left;
    else if (is_type(s, "eXIf") || is_xmp(s))
        s->has_late_metadata = 1;
    return skip_chunk(s);
}

int sct_png_source_finish(struct sct_png_source *s)
{
    size_t extra_bytes = s->left;
    int status = take_all(s, NULL);

    /* Inflating may have gone wrong without a sign, which the checksum would tell. */
    if (status == SCT_ERR_TRUNCATED)
        return status;
    if (status == SCT_OK)
        status = judge_passed(s);
    if (status == SCT_ERR_CORRUPT)
        return status;
    while (status == SCT_OK)
        status = read_behind(s, &extra_bytes);
    if (status == SCT_ERR_IO)
        return status;
    if (extra_bytes > MAX_EXTRA_BYTES)
        sct_report_warn(s->report, "%zu bytes of picture data too many", extra_bytes);
    if (s->has_late_metadata)
        sct_report_warn(s->report, "metadata behind the picture were ignored");
    if (status == SCT_ERR_TRUNCATED)
        sct_report_warn(s->report, "the end chunk (IEND) is missing");
    else if (status != SCT_DONE)
        sct_report_warn(s->report, "behind the complete picture: %s", s->text);
    else if (sct_reader_peek(s->reader, 1) == SCT_OK && s->reader->n_bytes > 0)
        sct_report_warn(s->report, "there is data behind the end of the picture");
    return SCT_OK;
}

void sct_png_source_free(struct sct_png_source *s)
{
    sct_mem_free(s->exif);
    s->exif = NULL;
}
