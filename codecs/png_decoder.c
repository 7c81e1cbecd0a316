/* The PNG decoder: scan lines from libspng, planar rows to the caller.
 *
 *     reader --> png_source.c --> png_lines.c --> line --> png_rows.c --> band, 8 rows
 *                chunks,          or libspng:     [ or image: all lines,
 *                checksums        inflate,          of an interlaced picture ]
 *                                 filters
 *
 * 1. status is sticky: after an error, or SCT_DONE, read_band repeats it.
 * 2. Without salvage damage is the status of the call that met it; with it, it is recorded
 * and rows that do not come are zeros: black, and transparent where there is alpha. Pixels
 * of an interlaced picture that do not come are zeros in the file's samples.
 * 3. libspng does not go on after an error: is_over says that it has had one, or has
 * delivered its last line. */
#include "decoder.h"

#include <stdlib.h>
#include <string.h>

#include <spng.h>

#include "bits.h"
#include "exif.h"
#include "icc.h"
#include "mem.h"
#include "png_common.h"
#include "png_lines.h"
#include "png_rows.h"
#include "png_source.h"

enum {
    BAND_ROWS = 8,
    DECODER_BYTES = 256 * 1024, /* libspng, zlib's window, ours; without what grows */
    ICC_HEADER_BYTES = 128
};

struct sct_decoder {
    struct sct_png_source source;
    struct sct_report *report;
    struct sct_limits limits; /* without zeros */
    int salvage;
    spng_ctx *spng;

    struct sct_picture picture;
    struct spng_ihdr ihdr;
    struct spng_iccp iccp; /* memory of libspng */
    uint8_t *made_icc;     /* a profile made from gAMA, cHRM or cICP, or NULL */
    struct sct_png_rows rows;
    size_t line_bytes;
    int damage, damaged_row; /* as in the report */

    sct_png_lines *lines; /* or NULL: libspng reads them */
    uint8_t *line;        /* a scan line... */
    uint8_t *image;       /* ...or all of them, when interlaced */
    uint8_t *indices;     /* scratch */
    uint8_t *band;        /* 8 rows of component 0, of component 1, ... */
    size_t row_bytes;
    int next_row; /* of the picture, to deliver */
    int n_good; /* rows that came out of libspng without an error; the others are zeros */
    int is_over;
    int status;
};

/* ---- damage -------------------------------------------------------------------------- */

static void record_damage(struct sct_decoder *d, int status, int row)
{
    if (d->damage == SCT_OK) {
        d->damage = status;
        d->damaged_row = row;
    }
    d->damaged_row = sct_min(d->damaged_row, row);
    if (d->report) {
        d->report->damage = d->damage;
        d->report->damaged_row = d->damaged_row;
    }
}

/* What the source has noted. */
static void take_over_damage(struct sct_decoder *d)
{
    if (d->source.damage != SCT_OK)
        record_damage(d, d->source.damage, d->source.damaged_row);
}

/* The status behind an error of libspng, with its text: the source knows better. */
static int explain(const struct sct_decoder *d, int error, const char **text)
{
    if (d->source.status != SCT_OK) {
        *text = d->source.text;
        return d->source.status;
    }
    *text = spng_strerror(error);
    if (error == SPNG_ECHUNK_LIMITS)
        *text = "a profile or text that exceeds the limit on metadata once inflated";
    return sct_png_status(error);
}

/* An error while rows were decoded: SCT_OK means that it was recorded. `row` is the first
 * that may be wrong. */
static int meet_error(struct sct_decoder *d, int error, int row)
{
    const char *text;
    const int status = explain(d, error, &text);

    take_over_damage(d);
    if (status == SCT_ERR_TRUNCATED || status == SCT_ERR_CORRUPT) {
        if (d->source.status == SCT_OK) /* bad bytes may have made sense for a while */
            row = sct_min(row, d->source.chunk_row);
        record_damage(d, status, row);
        if (d->salvage) {
            sct_report_warn(d->report, "%s", text);
            return SCT_OK;
        }
    }
    if (d->source.status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", text);
    return sct_report_fail(d->report, status, "%s, in row %d of %d", text, row,
                           d->picture.height);
}

/* All rows have come. */
static int finish(struct sct_decoder *d)
{
    const int status = sct_png_source_finish(&d->source);
    take_over_damage(d);
    if (status == SCT_ERR_TRUNCATED) {
        record_damage(d, status, d->picture.height - 1);
        if (d->salvage) {
            sct_report_warn(d->report, "%s", d->source.text);
            return SCT_OK;
        }
    }
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->source.text);
    return SCT_OK;
}

/* ---- open and close ------------------------------------------------------------------ */

static void close_decoder(sct_decoder *d)
{
    if (!d)
        return;
    spng_ctx_free(d->spng);
    sct_png_source_free(&d->source);
    sct_png_lines_free(d->lines);
    sct_mem_free(d->made_icc);
    sct_mem_free(d->line);
    sct_mem_free(d->image);
    sct_mem_free(d->indices);
    sct_mem_free(d->band);
    sct_mem_free(d);
}

/* Four bytes are enough: who has damaged the other four should hear of it. */
static int probe_png(const uint8_t *head, size_t n_bytes)
{
    return n_bytes >= 4 && !memcmp(head, "\x89PNG", 4);
}

static int check_pixels(const struct sct_decoder *d)
{
    const uint32_t width = d->source.width, height = d->source.height;
    const uint64_t product = (uint64_t)width * height; /* damaged sides have 32 bits */
    const int64_t n_pixels = product > INT64_MAX ? INT64_MAX : (int64_t)product;

    if (n_pixels > d->limits.max_pixels)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%u x %u is %lld pixels, the limit on pixels is %lld",
                               width, height, (long long)n_pixels,
                               (long long)d->limits.max_pixels);
    if (width > SCT_PNG_MAX_SIDE || height > SCT_PNG_MAX_SIDE)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%u x %u: the limit on a side is %d pixels", width, height,
                               SCT_PNG_MAX_SIDE);
    if (d->source.is_interlaced && n_pixels > d->limits.max_whole_pixels)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%u x %u, interlaced, is %lld pixels, the limit on pixels "
                               "decoded whole is %lld",
                               width, height, (long long)n_pixels,
                               (long long)d->limits.max_whole_pixels);
    return SCT_OK;
}

/* Whether the bytes are a profile for the components of this file. */
static int is_profile(const struct spng_iccp *iccp, int colour_type)
{
    const int is_gray = colour_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                        colour_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    const uint8_t *p = (const uint8_t *)iccp->profile;
    return iccp->profile_len >= ICC_HEADER_BYTES && !memcmp(p + 36, "acsp", 4) &&
           sct_png_read_u32(p) <= iccp->profile_len &&
           !memcmp(p + 16, is_gray ? "GRAY" : "RGB ", 4);
}

/* Fetches the profile, or warns. */
static void read_profile(struct sct_decoder *d)
{
    if (!d->source.has_iccp)
        return;
    if (d->source.is_bad_iccp || spng_get_iccp(d->spng, &d->iccp) != SPNG_OK ||
        !is_profile(&d->iccp, d->ihdr.color_type))
    {
        memset(&d->iccp, 0, sizeof d->iccp);
        sct_report_warn(d->report, "the ICC profile is damaged and was dropped");
    }
}

/* The first statement about colour that there is, in the order of the specification (4.3):
 * cICP, a profile, sRGB, gamma with chromaticities. */
enum colour_source { COLOUR_CICP, COLOUR_ICC, COLOUR_SRGB, COLOUR_GAMA, COLOUR_NONE };

static enum colour_source find_colour(const struct sct_decoder *d)
{
    const struct sct_png_colour *c = &d->source.colour;
    return c->has_cicp                  ? COLOUR_CICP
           : d->iccp.profile            ? COLOUR_ICC
           : c->has_srgb                ? COLOUR_SRGB
           : c->has_gama || c->has_chrm ? COLOUR_GAMA
                                        : COLOUR_NONE;
}

/* A profile made from what the file says of colour in other ways. What cannot be made is taken
 * for sRGB, and that is said. */
static void make_profile(struct sct_decoder *d)
{
    const struct sct_png_colour *c = &d->source.colour;
    struct sct_report why = {.n_warnings = 0};
    const enum sct_model model = d->picture.model;
    size_t n_bytes = 0;
    int status;
    if (c->has_cicp) {
        status = sct_icc_make_cicp(&d->made_icc, &n_bytes, model, c->cicp[0], c->cicp[1],
                                   &why);
    } else {
        int32_t chrm[8];
        for (int i = 0; i < 8; i++)
            chrm[i] = c->chrm[i] > INT32_MAX ? INT32_MAX : (int32_t)c->chrm[i];
        status =
            sct_icc_make_png(&d->made_icc, &n_bytes, model, c->has_gama ? c->gama : 0,
                             c->has_chrm ? chrm : NULL, &why);
    }
    if (status < 0) {
        sct_report_warn(d->report, "colours are taken for sRGB: %s", why.message);
        return;
    }
    d->picture.icc = d->made_icc;
    d->picture.icc_bytes = n_bytes;
}

/* Sets picture.icc; none is sRGB. */
static void describe_colour(struct sct_decoder *d)
{
    switch (find_colour(d)) {
    case COLOUR_CICP:
        if (!d->iccp.profile) {
            make_profile(d);
            return;
        }
        break; /* the profile says the same to those who do not know cICP */
    case COLOUR_ICC: break;
    case COLOUR_GAMA: make_profile(d); return;
    case COLOUR_SRGB:
    case COLOUR_NONE: return;
    }
    d->picture.icc = (const uint8_t *)d->iccp.profile;
    d->picture.icc_bytes = d->iccp.profile_len;
}

static void describe_exif(struct sct_decoder *d)
{
    struct sct_exif exif;
    const uint8_t *payload = d->source.exif;
    size_t n_bytes = d->source.exif_bytes;

    if (n_bytes <= 6)
        return;
    /* some writers put JPEG's prefix into the chunk as well */
    if (sct_exif_probe(payload + 6, n_bytes - 6)) {
        payload += 6;
        n_bytes -= 6;
    }
    sct_exif_read(&exif, payload, n_bytes);
    d->picture.exif = (struct sct_bytes){payload + 6, n_bytes - 6};
    d->picture.orientation = exif.orientation;
    d->picture.has_exif = 1;
    d->picture.has_gps = exif.has_gps;
    d->picture.has_thumbnail = exif.has_thumbnail;
}

static void describe_xmp(struct sct_decoder *d)
{
    struct spng_text text;
    uint32_t n = 1;

    if (!d->source.has_xmp || d->source.is_bad_xmp)
        return;
    if (spng_get_text(d->spng, &text, &n) != SPNG_OK) {
        sct_report_warn(d->report, "the XMP is damaged and was dropped");
        return;
    }
    d->picture.xmp = (struct sct_bytes){(const uint8_t *)text.text, text.length};
    d->picture.has_xmp = 1;
}

static int describe_picture(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    struct spng_plte plte = {.n_entries = 0};
    struct spng_trns trns;
    int has_trns = 0;

    read_profile(d);
    if (d->ihdr.color_type == SPNG_COLOR_TYPE_INDEXED) {
        const int error = spng_get_plte(d->spng, &plte);
        if (error)
            return sct_report_fail(d->report, sct_png_status(error), "%s",
                                   spng_strerror(error));
    }
    if (d->source.has_trns && !d->source.is_bad_trns) {
        has_trns = spng_get_trns(d->spng, &trns) == SPNG_OK;
        if (!has_trns)
            sct_report_warn(d->report, "a chunk tRNS makes no sense and was dropped");
    }
    sct_png_rows_init(&d->rows, &d->ihdr, &plte, has_trns ? &trns : NULL,
                      d->iccp.profile == NULL);

    p->format = "png";
    p->domain = SCT_SAMPLES;
    p->depth = d->rows.depth;
    p->width = (int)d->ihdr.width;
    p->height = (int)d->ihdr.height;
    p->model = d->rows.n_colours == 1 ? SCT_GRAY : SCT_RGB;
    p->has_alpha = d->rows.has_alpha;
    p->n_components = d->rows.n_components;
    for (int ci = 0; ci < p->n_components; ci++)
        p->component[ci] =
            (struct sct_component){.h = 1,
                                   .v = 1,
                                   .width = p->width,
                                   .height = p->height,
                                   .width_blocks = sct_div_up(p->width, 8),
                                   .height_blocks = sct_div_up(p->height, 8)};
    p->h_max = p->v_max = 1;
    p->orientation = 1;
    p->coding = d->ihdr.interlace_method ? "interlaced" : "";
    p->has_comment = d->source.has_text;
    p->is_animated = d->source.is_animated;
    describe_colour(d);
    describe_exif(d);
    describe_xmp(d);
    return SCT_OK;
}

static size_t count_image_bytes(const struct sct_decoder *d)
{
    return sct_size_mul(d->line_bytes, d->ihdr.interlace_method ? d->ihdr.height : 1);
}

static size_t count_band_bytes(const struct sct_decoder *d)
{
    return sct_size_mul(d->row_bytes, (size_t)(BAND_ROWS * d->rows.n_components));
}

static int check_memory(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    const size_t metadata = sct_size_add(
        sct_size_add(d->iccp.profile_len, p->xmp.n_bytes), d->source.exif_bytes);

    if (metadata > d->source.max_metadata_bytes)
        return sct_report_fail(
            d->report, SCT_ERR_TOO_LARGE,
            "%zu bytes of metadata, the limit on metadata is %zu bytes", metadata,
            d->source.max_metadata_bytes);
    p->decoder_bytes = sct_size_add(DECODER_BYTES, metadata);
    /* libspng has two lines, and a third when interlaced; we have one, and indices */
    p->decoder_bytes = sct_size_add(p->decoder_bytes, sct_size_mul(d->line_bytes, 3));
    p->decoder_bytes = sct_size_add(p->decoder_bytes, sct_png_lines_bytes(d->line_bytes));
    p->decoder_bytes = sct_size_add(p->decoder_bytes, (size_t)p->width);
    p->decoder_bytes = sct_size_add(p->decoder_bytes, count_image_bytes(d));
    p->decoder_bytes = sct_size_add(p->decoder_bytes, count_band_bytes(d));
    if (p->decoder_bytes > d->limits.max_memory_bytes)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "decoding takes %zu bytes, the limit on memory is %zu",
                               p->decoder_bytes, d->limits.max_memory_bytes);
    return SCT_OK;
}

static int start_spng(struct sct_decoder *d)
{
    /* libspng doubles its buffer and refuses the last step: we check what comes out. */
    const size_t max = d->source.max_metadata_bytes;
    const size_t chunk_limit = max > INT32_MAX / 2 - 65536 ? INT32_MAX : 2 * max + 65536;

    d->spng = spng_ctx_new(0);
    if (!d->spng)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for libspng");
    int error = spng_set_crc_action(d->spng, SPNG_CRC_USE, SPNG_CRC_USE);
    if (!error)
        error = spng_set_chunk_limits(d->spng, chunk_limit, chunk_limit);
    if (!error)
        error = spng_set_png_stream(d->spng, sct_png_source_read, &d->source);
    if (error)
        return sct_report_fail(d->report, sct_png_status(error), "%s",
                               spng_strerror(error));
    return SCT_OK;
}

/* Everything up to the first IDAT. */
static int read_header(struct sct_decoder *d, struct sct_reader *reader)
{
    const int64_t max = d->limits.max_metadata_bytes;
    const size_t max_metadata = (uint64_t)max > d->limits.max_memory_bytes
                                    ? d->limits.max_memory_bytes
                                    : (size_t)max;
    const char *text;

    int status =
        sct_png_source_init(&d->source, reader, d->report, max_metadata, d->salvage);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "%s", d->source.text);
    status = check_pixels(d);
    if (status == SCT_OK)
        status = start_spng(d);
    if (status != SCT_OK)
        return status;

    int error = spng_get_ihdr(d->spng, &d->ihdr);
    if (!error)
        error = spng_decode_chunks(d->spng);
    if (error) {
        status = explain(d, error, &text);
        return sct_report_fail(d->report, status, "%s", text);
    }
    d->line_bytes = sct_png_rows_line_bytes(&d->ihdr);
    status = describe_picture(d);
    if (status != SCT_OK)
        return status;
    d->row_bytes =
        sct_size_align(sct_size_mul((size_t)d->picture.width, (size_t)d->rows.depth / 8));
    return check_memory(d);
}

static int open_decoder(sct_decoder **out, const struct sct_decoder_spec *spec,
                        struct sct_picture *picture)
{
    *out = NULL;
    struct sct_decoder *d = sct_mem_alloc(sizeof *d);
    if (!d)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for a decoder");

    d->report = spec->report;
    d->salvage = spec->salvage;
    d->limits = spec->limits;
    sct_limits_fill(&d->limits);

    const int status = read_header(d, spec->reader);
    if (status != SCT_OK) {
        close_decoder(d);
        return status;
    }
    *picture = d->picture;
    *out = d;
    return SCT_OK;
}

/* ---- rows ---------------------------------------------------------------------------- */

static int allocate_rows(struct sct_decoder *d)
{
    uint8_t **lines = d->ihdr.interlace_method ? &d->image : &d->line;

    *lines = sct_mem_alloc(count_image_bytes(d));
    d->indices = sct_mem_alloc((size_t)d->picture.width);
    d->band = sct_mem_alloc(count_band_bytes(d));
    if (!*lines || !d->indices || !d->band)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for a band");
    return SCT_OK;
}

/* The first bytes of the picture: libspng wants a filter type before the first line. */
static int start_lines(struct sct_decoder *d)
{
    if (sct_png_lines_are_built() && !d->ihdr.interlace_method) {
        d->lines = sct_png_lines_create(&d->source, d->line_bytes);
        return d->lines
                   ? SCT_OK
                   : sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for lines");
    }
    const int error =
        spng_decode_image(d->spng, NULL, 0, SPNG_FMT_PNG, SPNG_DECODE_PROGRESSIVE);
    if (!error)
        return SCT_OK;
    d->is_over = 1;
    return meet_error(d, error, 0);
}

/* Reads the next scan line, if there is one, into d->line. */
static int read_line(struct sct_decoder *d)
{
    if (d->is_over)
        return SCT_OK;
    d->source.row = d->n_good;
    int error;
    if (d->lines) {
        error = sct_png_lines_read(d->lines, &d->source, d->line);
        if (!error && d->n_good == d->picture.height - 1)
            error = SPNG_EOI;
    } else {
        error = spng_decode_row(d->spng, d->line, d->line_bytes);
    }
    if (error && error != SPNG_EOI) {
        d->is_over = 1;
        return meet_error(d, error, d->n_good);
    }
    d->n_good++;
    if (error != SPNG_EOI)
        return SCT_OK;
    d->is_over = 1;
    return finish(d);
}

/* All passes of an interlaced picture. */
static int read_image(struct sct_decoder *d)
{
    enum { LAST_PASS = 6 };
    struct spng_row_info info = {.pass = 0};
    int error = 0;

    while (!d->is_over && !error) {
        error = spng_get_row_info(d->spng, &info);
        /* until the last pass there are pixels in every row that are still to come */
        d->source.row = info.pass == LAST_PASS ? (int)info.row_num : 0;
        if (!error)
            error = spng_decode_row(d->spng, d->image + info.row_num * d->line_bytes,
                                    d->line_bytes);
    }
    d->n_good = d->picture.height; /* those that did not come are zeros already */
    if (d->is_over)
        return SCT_OK;
    d->is_over = 1;
    return error == SPNG_EOI ? finish(d) : meet_error(d, error, d->source.row);
}

static int start_rows(struct sct_decoder *d)
{
    int status = allocate_rows(d);
    if (status == SCT_OK)
        status = start_lines(d);
    if (status == SCT_OK && d->image)
        status = read_image(d);
    return status;
}

/* Row i of the band, from a scan line or, where none has come, from nothing. */
static void fill_row(struct sct_decoder *d, int i, const uint8_t *line)
{
    void *to[SCT_MAX_COMPONENTS];

    for (int ci = 0; ci < d->rows.n_components; ci++)
        to[ci] = d->band + (size_t)(ci * BAND_ROWS + i) * d->row_bytes;
    if (!line) {
        for (int ci = 0; ci < d->rows.n_components; ci++)
            memset(to[ci], 0, d->row_bytes);
        return;
    }
    if (!sct_png_rows_unpack(&d->rows, line, d->indices, to) && d->rows.n_entries < 256) {
        sct_report_warn(d->report, "colours that the palette does not have are black");
        d->rows.n_entries = 256; /* once is enough */
    }
}

static int fill_band(struct sct_decoder *d, struct sct_band *band)
{
    const int n_rows = sct_min(BAND_ROWS, d->picture.height - d->next_row);

    for (int i = 0; i < n_rows; i++) {
        const int y = d->next_row + i;
        const uint8_t *line = d->line;
        if (d->image) {
            line = d->image + (size_t)y * d->line_bytes;
        } else {
            const int status = read_line(d);
            if (status != SCT_OK)
                return status;
        }
        fill_row(d, i, y < d->n_good ? line : NULL);
    }
    d->next_row += n_rows;
    for (int ci = 0; ci < d->rows.n_components; ci++) {
        band->component[ci].blocks = NULL;
        band->component[ci].samples = d->band + (size_t)(ci * BAND_ROWS) * d->row_bytes;
        band->component[ci].stride_bytes = (ptrdiff_t)d->row_bytes;
        band->component[ci].n_rows = n_rows;
    }
    return SCT_OK;
}

static int read_band(sct_decoder *d, struct sct_band *band)
{
    if (d->status == SCT_OK && !d->band)
        d->status = start_rows(d);
    if (d->status == SCT_OK && d->next_row == d->picture.height)
        d->status = SCT_DONE;
    if (d->status == SCT_OK)
        d->status = fill_band(d, band);
    return d->status;
}

const struct sct_decoder_ops sct_png_decoder = {
    .name = "png",
    .probe = probe_png,
    .open = open_decoder,
    .read_band = read_band,
    .close = close_decoder,
};
