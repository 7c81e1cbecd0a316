/* The WebP decoder: libwebp's incremental decoder, fed from a file in memory.
 *
 *     open --------> the first chunk: size, limits; then the whole file into `bytes`, since
 *                    the orientation stands behind the picture; chunks, metadata
 *     read_band ...: pieces of the picture's data go to libwebp until the band's rows are
 *                    there: it writes them straight into `canvas`
 *
 *     canvas, lossy:   planes Y, Cb, Cr and alpha, which bands point into
 *     canvas, RGB:     interleaved RGB or RGBA; a band is split into planes of its own. That is
 *                      lossless pictures, and others when it is wanted
 *     a first frame that is smaller than the animation lies somewhere in the canvas, and
 *     around it is black without opacity
 *
 * 1. status is sticky: after an error, or SCT_DONE, read_band repeats it.
 * 2. Rows of the frame above n_ready are final. libwebp may have written to rows below.
 * 3. libwebp is not asked again after it has failed, or finished. */
#include "decoder.h"

#include <stdio.h>
#include <string.h>

#include <webp/decode.h>

#include "bits.h"
#include "exif.h"
#include "mem.h"
#include "webp_container.h"
#include "webp_quality.h"

enum {
    BAND_ROWS = 8, /* of a component with v = 1 */
    FIRST_BYTES = SCT_READER_BYTES,
    GROWTH = 8, /* so that a buffer and the one before it are 9/8 of a file */
    LIBRARY_BYTES = 256 * 1024, /* libwebp's tables and ours, at most... */
    LIBRARY_COLUMN_BYTES = 192, /* ...and for each column of the picture */
    MIN_PIECE_BYTES = 4096,
    MIN_LOSSLESS_PIECE_BYTES = 65536
};

/* Black without opacity, and gray, in limited range: Y, Cb, Cr, alpha. */
static const uint8_t transparent_ycc[] = {16, 128, 128, 0};
static const uint8_t neutral_ycc[] = {126, 128, 128, 255};
static const uint8_t neutral_rgb[] = {128, 128, 128, 255};

struct plane {
    uint8_t *data;
    size_t stride_bytes;
};

struct sct_decoder {
    struct sct_report *report;
    struct sct_limits limits; /* without zeros */
    int salvage;
    enum sct_rgb_wish wants_rgb;
    int is_rgb; /* lossless, or wanted */

    struct sct_picture picture;
    struct sct_webp_container file;
    uint8_t *bytes; /* the file */
    size_t n_bytes, capacity_bytes;

    WebPIDecoder *library;
    WebPDecBuffer buffer; /* the frame's place in the canvas */
    size_t n_fed, piece_bytes;
    int n_ready; /* rows of the frame */

    uint8_t *canvas;
    struct plane plane[SCT_MAX_COMPONENTS]; /* RGB: only the first, of pixels */
    uint8_t *split;                         /* RGB: the planes of a band */
    size_t split_stride_bytes;

    int damage, damaged_row; /* as in the report */
    struct sct_band band;
    int next_band, n_bands;
    int status;
};

/* ---- open and close ---------------------------------------------------------------- */

static void close_decoder(sct_decoder *d)
{
    if (!d)
        return;
    WebPIDelete(d->library);
    sct_mem_free(d->bytes);
    sct_mem_free(d->canvas);
    sct_mem_free(d->split);
    sct_mem_free(d);
}

static int check_pixels(const struct sct_decoder *d, int width, int height)
{
    const int64_t n_pixels = (int64_t)width * height;
    if (n_pixels > d->limits.max_pixels)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%d x %d is %lld pixels, the limit on pixels is %lld",
                               width, height, (long long)n_pixels,
                               (long long)d->limits.max_pixels);
    if (n_pixels > d->limits.max_whole_pixels)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%d x %d is %lld pixels, the limit on pixels of pictures "
                               "that are decoded whole is %lld",
                               width, height, (long long)n_pixels,
                               (long long)d->limits.max_whole_pixels);
    return SCT_OK;
}

/* More room for the file, at most as much as its header says and only as it fills up: the
 * header may lie. */
static int grow_bytes(struct sct_decoder *d, uint64_t file_bytes)
{
    size_t wanted =
        d->capacity_bytes ? sct_size_mul(d->capacity_bytes, GROWTH) : FIRST_BYTES;
    if (wanted > file_bytes)
        wanted = (size_t)file_bytes;
    if (sct_size_add(wanted, d->capacity_bytes) > d->limits.max_memory_bytes)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "a file of %llu bytes, kept whole, exceeds the limit on "
                               "memory, %zu",
                               (unsigned long long)file_bytes,
                               d->limits.max_memory_bytes);
    uint8_t *bytes = sct_mem_alloc(wanted);
    if (!bytes)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for the file");
    if (d->n_bytes)
        memcpy(bytes, d->bytes, d->n_bytes);
    sct_mem_free(d->bytes);
    d->bytes = bytes;
    d->capacity_bytes = wanted;
    return SCT_OK;
}

static int read_file(struct sct_decoder *d, struct sct_reader *r, uint64_t file_bytes)
{
    int status;
    while ((status = sct_reader_next(r)) == SCT_OK && d->n_bytes < file_bytes) {
        if (d->n_bytes == d->capacity_bytes) {
            const int problem = grow_bytes(d, file_bytes);
            if (problem != SCT_OK)
                return problem;
        }
        const size_t room = d->capacity_bytes - d->n_bytes;
        const size_t n = r->n_bytes < room ? r->n_bytes : room;
        memcpy(d->bytes + d->n_bytes, r->data, n);
        r->data += n;
        r->n_bytes -= n;
        d->n_bytes += n;
    }
    if (status == SCT_ERR_IO)
        return sct_report_fail(d->report, status, "reading the input failed");
    if (status == SCT_OK)
        sct_report_warn(d->report, "extraneous bytes behind the end of the RIFF");
    return SCT_OK;
}

static void describe_components(struct sct_picture *p, int is_rgb)
{
    p->model = is_rgb ? SCT_RGB : SCT_YCC;
    p->is_limited = !is_rgb;
    p->n_components = 3 + p->has_alpha;
    p->h_max = p->v_max = is_rgb ? 1 : 2;
    for (int ci = 0; ci < p->n_components; ci++) {
        struct sct_component *c = &p->component[ci];
        c->h = c->v = !is_rgb && (ci == 1 || ci == 2) ? 1 : p->h_max;
        c->width = sct_div_up(p->width * c->h, p->h_max);
        c->height = sct_div_up(p->height * c->v, p->v_max);
        c->width_blocks = sct_div_up(c->width, 8);
        c->height_blocks = sct_div_up(c->height, 8);
    }
}

static int covers_canvas(const struct sct_webp_container *file)
{
    return file->frame.width == file->width && file->frame.height == file->height;
}

static int describe_metadata(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    struct sct_exif exif;
    const size_t n_bytes =
        d->file.icc.n_bytes + d->file.exif.n_bytes + d->file.xmp.n_bytes;

    if (n_bytes > (uint64_t)d->limits.max_metadata_bytes)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "%zu bytes of metadata, the limit on metadata is %lld",
                               n_bytes, (long long)d->limits.max_metadata_bytes);
    p->icc = d->file.icc.data;
    p->icc_bytes = d->file.icc.n_bytes;
    p->xmp = d->file.xmp;
    p->exif = d->file.exif;
    if (p->exif.data && sct_exif_probe(p->exif.data, p->exif.n_bytes)) {
        p->exif.data += 6; /* some writers begin with "Exif", as in JPEG */
        p->exif.n_bytes -= 6;
    }
    sct_exif_read_tiff(&exif, p->exif.data, p->exif.n_bytes);
    p->orientation = exif.orientation;
    p->has_gps = exif.has_gps;
    p->has_thumbnail = exif.has_thumbnail;
    p->has_exif = p->exif.data != NULL;
    p->has_xmp = p->xmp.data != NULL;
    return SCT_OK;
}

static size_t count_stride_bytes(const struct sct_decoder *d, int ci)
{
    const struct sct_picture *p = &d->picture;
    if (d->is_rgb)
        return sct_size_mul((size_t)p->width, (size_t)p->n_components);
    return sct_size_align((size_t)p->component[ci].width);
}

static size_t count_canvas_bytes(const struct sct_decoder *d)
{
    const struct sct_picture *p = &d->picture;
    size_t sum = 0;
    for (int ci = 0; ci < (d->is_rgb ? 1 : p->n_components); ci++)
        sum = sct_size_add(sum, sct_size_mul(count_stride_bytes(d, ci),
                                             (size_t)p->component[ci].height));
    return sum;
}

static size_t count_split_bytes(const struct sct_decoder *d)
{
    const struct sct_picture *p = &d->picture;
    if (!d->is_rgb)
        return 0;
    return sct_size_mul(sct_size_align((size_t)p->width),
                        (size_t)(BAND_ROWS * p->n_components));
}

/* libwebp keeps a lossless picture as ARGB beside its output, and so it does with the alpha
 * plane of a lossy one, and that plane twice more. As measured, with libwebp 1.2.4. */
static size_t count_library_bytes(const struct sct_decoder *d)
{
    const size_t width = (size_t)d->file.frame.width;
    const size_t n_pixels = sct_size_mul(width, (size_t)d->file.frame.height);
    const size_t each = d->file.frame.is_lossless ? 4 : d->file.frame.has_alpha ? 6 : 0;
    return sct_size_add(sct_size_mul(n_pixels, each),
                        LIBRARY_BYTES + LIBRARY_COLUMN_BYTES * width);
}

static int check_memory(struct sct_decoder *d)
{
    size_t sum = sct_size_add(sizeof *d, d->capacity_bytes);
    sum = sct_size_add(sum, count_canvas_bytes(d));
    sum = sct_size_add(sum, count_split_bytes(d));
    sum = sct_size_add(sum, count_library_bytes(d));
    d->picture.decoder_bytes = sum;
    if (sum > d->limits.max_memory_bytes)
        return sct_report_fail(d->report, SCT_ERR_TOO_LARGE,
                               "decoding takes %zu bytes, the limit on memory is %zu",
                               sum, d->limits.max_memory_bytes);
    return SCT_OK;
}

static int describe(struct sct_decoder *d)
{
    struct sct_picture *p = &d->picture;
    const struct sct_webp_container *file = &d->file;

    p->format = "webp";
    p->domain = SCT_SAMPLES;
    p->depth = 8;
    p->width = file->width;
    p->height = file->height;
    p->has_alpha = file->frame.has_alpha || !covers_canvas(file);
    d->is_rgb = file->frame.is_lossless || d->wants_rgb >= SCT_RGB_ALWAYS ||
                (d->wants_rgb == SCT_RGB_WITH_ALPHA && p->has_alpha);
    describe_components(p, d->is_rgb);
    p->coding = file->frame.is_lossless ? "lossless" : "lossy";
    if (!file->frame.is_lossless)
        p->quality =
            sct_webp_quality(file->frame.bitstream.data, file->frame.bitstream.n_bytes);
    p->is_animated = file->n_frames > 1;
    const int status = describe_metadata(d);
    return status == SCT_OK ? check_memory(d) : status;
}

static int open_file(struct sct_decoder *d, struct sct_reader *r)
{
    struct sct_webp_head head;
    int status = sct_reader_peek(r, SCT_WEBP_HEAD_BYTES);
    if (status != SCT_OK)
        return sct_report_fail(d->report, status, "reading the input failed");
    status = sct_webp_container_head(&head, r->data, r->n_bytes, d->report);
    if (status == SCT_OK)
        status = check_pixels(d, head.width, head.height);
    if (status == SCT_OK)
        status = read_file(d, r, head.file_bytes);
    if (status == SCT_OK)
        status = sct_webp_container_read(&d->file, d->bytes, d->n_bytes, d->report);
    return status == SCT_OK ? describe(d) : status;
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
    d->wants_rgb = spec->wants_rgb;
    d->limits = spec->limits;
    sct_limits_fill(&d->limits);

    const int status = open_file(d, spec->reader);
    if (status != SCT_OK) {
        close_decoder(d);
        return status;
    }
    d->n_bands = sct_div_up(d->picture.height, BAND_ROWS * d->picture.v_max);
    *picture = d->picture;
    *out = d;
    return SCT_OK;
}

/* ---- the canvas -------------------------------------------------------------------- */

static void fill_rows(struct sct_decoder *d, int ci, int value, int x, int y, int width,
                      int height)
{
    for (int i = 0; i < height; i++)
        memset(d->plane[ci].data + (size_t)(y + i) * d->plane[ci].stride_bytes + x, value,
               (size_t)width);
}

/* Where the sample at (x, y) of a plane stands, and how many bytes there are from it on. */
static uint8_t *find_sample(const struct sct_decoder *d, int ci, int x, int y,
                            size_t *n_bytes)
{
    const size_t stride = d->plane[ci].stride_bytes;
    const size_t at = (size_t)y * stride + (size_t)x;
    *n_bytes = stride * (size_t)d->picture.component[ci].height - at;
    return d->plane[ci].data + at;
}

static void aim_rgb(struct sct_decoder *d)
{
    const int n = d->picture.n_components;
    WebPRGBABuffer *to = &d->buffer.u.RGBA;
    d->buffer.colorspace = n == 4 ? MODE_RGBA : MODE_RGB;
    to->rgba = find_sample(d, 0, d->file.frame.x * n, d->file.frame.y, &to->size);
    to->stride = (int)d->plane[0].stride_bytes;
}

static void aim_ycc(struct sct_decoder *d)
{
    const int x = d->file.frame.x, y = d->file.frame.y;
    WebPYUVABuffer *to = &d->buffer.u.YUVA;
    d->buffer.colorspace = d->picture.has_alpha ? MODE_YUVA : MODE_YUV;
    to->y = find_sample(d, 0, x, y, &to->y_size);
    to->u = find_sample(d, 1, x / 2, y / 2, &to->u_size);
    to->v = find_sample(d, 2, x / 2, y / 2, &to->v_size);
    to->y_stride = (int)d->plane[0].stride_bytes;
    to->u_stride = (int)d->plane[1].stride_bytes;
    to->v_stride = (int)d->plane[2].stride_bytes;
    if (d->picture.has_alpha) {
        to->a = find_sample(d, 3, x, y, &to->a_size);
        to->a_stride = (int)d->plane[3].stride_bytes;
    }
    for (int ci = 0; ci < d->picture.n_components && !covers_canvas(&d->file); ci++)
        fill_rows(d, ci, transparent_ycc[ci], 0, 0, d->picture.component[ci].width,
                  d->picture.component[ci].height);
}

static int start(struct sct_decoder *d)
{
    const int is_lossless = d->file.frame.is_lossless;
    const size_t n_bytes = d->file.frame.data.n_bytes;

    d->canvas = sct_mem_alloc(count_canvas_bytes(d));
    if (d->is_rgb)
        d->split = sct_mem_alloc(count_split_bytes(d));
    if (!d->canvas || (d->is_rgb && !d->split) || !WebPInitDecBuffer(&d->buffer))
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for the picture");
    uint8_t *at = d->canvas;
    for (int ci = 0; ci < (d->is_rgb ? 1 : d->picture.n_components); ci++) {
        d->plane[ci] = (struct plane){at, count_stride_bytes(d, ci)};
        at += d->plane[ci].stride_bytes * (size_t)d->picture.component[ci].height;
    }
    d->split_stride_bytes = sct_size_align((size_t)d->picture.width);
    d->buffer.is_external_memory = 1;
    d->buffer.width = d->file.frame.width;
    d->buffer.height = d->file.frame.height;
    if (d->is_rgb)
        aim_rgb(d);
    else
        aim_ycc(d);

    /* Lossy data are fed about a band at a time, so that damage is met in its row. Lossless
     * ones cost up to 8 rows again for each piece. */
    d->piece_bytes = is_lossless ? n_bytes / 16 : n_bytes / (size_t)d->n_bands;
    const size_t least = is_lossless ? MIN_LOSSLESS_PIECE_BYTES : MIN_PIECE_BYTES;
    if (d->piece_bytes < least)
        d->piece_bytes = least;
    d->library = WebPINewDecoder(&d->buffer);
    if (!d->library)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for libwebp");
    return SCT_OK;
}

/* ---- damage ------------------------------------------------------------------------ */

/* From n_ready on the frame is gray and opaque. */
static void fill_rest(struct sct_decoder *d)
{
    const struct sct_webp_container *f = &d->file;
    const int n = d->picture.n_components;

    if (d->is_rgb) {
        for (int i = d->n_ready; i < f->frame.height; i++) {
            uint8_t *to = d->buffer.u.RGBA.rgba + (size_t)i * d->plane[0].stride_bytes;
            for (int x = 0; x < f->frame.width; x++, to += n)
                memcpy(to, neutral_rgb, (size_t)n);
        }
    } else {
        for (int ci = 0; ci < n; ci++) {
            const int by = d->picture.h_max / d->picture.component[ci].h;
            const int first = sct_div_up(d->n_ready, by);
            fill_rows(d, ci, neutral_ycc[ci], f->frame.x / by, f->frame.y / by + first,
                      sct_div_up(f->frame.width, by),
                      sct_div_up(f->frame.height, by) - first);
        }
    }
    d->n_ready = f->frame.height;
}

static int meet_damage(struct sct_decoder *d, int status)
{
    const int row = d->file.frame.y + d->n_ready;
    char text[128];
    if (status == SCT_ERR_TRUNCATED)
        snprintf(text, sizeof text, "the data ends in row %d of %d", row,
                 d->picture.height);
    else
        snprintf(text, sizeof text, "the picture's data make no sense, from row %d of %d",
                 row, d->picture.height);
    d->damage = status;
    d->damaged_row = row;
    if (d->report) {
        d->report->damage = status;
        d->report->damaged_row = row;
    }
    if (!d->salvage)
        return sct_report_fail(d->report, status, "%s", text);
    sct_report_warn(d->report, "%s", text);
    fill_rest(d);
    return SCT_OK;
}

/* ---- data -------------------------------------------------------------------------- */

static int count_ready(const struct sct_decoder *d)
{
    int n = 0;
    const uint8_t *rows = d->is_rgb ? WebPIDecGetRGB(d->library, &n, NULL, NULL, NULL)
                                    : WebPIDecGetYUVA(d->library, &n, NULL, NULL, NULL,
                                                      NULL, NULL, NULL, NULL, NULL);
    return rows ? sct_clamp(n, d->n_ready, d->file.frame.height) : d->n_ready;
}

/* One more piece, and what libwebp makes of it. */
static int feed_piece(struct sct_decoder *d)
{
    const struct sct_bytes *data = &d->file.frame.data;
    const size_t n_left = data->n_bytes - d->n_fed;
    d->n_fed += n_left < d->piece_bytes ? n_left : d->piece_bytes;
    const VP8StatusCode code = WebPIUpdate(d->library, data->data, d->n_fed);

    d->n_ready = count_ready(d);
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return sct_report_fail(d->report, SCT_ERR_MEMORY, "no memory for libwebp");
    if (d->n_ready == d->file.frame.height)
        return SCT_OK;
    if (code == VP8_STATUS_SUSPENDED && d->n_fed < data->n_bytes)
        return SCT_OK;
    /* Whoever shortened the chunk and wrote its new size made it corrupt. */
    return meet_damage(d, code == VP8_STATUS_SUSPENDED && d->file.frame.is_cut
                              ? SCT_ERR_TRUNCATED
                              : SCT_ERR_CORRUPT);
}

static void split_row(const struct sct_decoder *d, const uint8_t *from, int i)
{
    const int n = d->picture.n_components;
    for (int ci = 0; ci < n; ci++) {
        uint8_t *to = d->split + (size_t)(ci * BAND_ROWS + i) * d->split_stride_bytes;
        for (int x = 0; x < d->picture.width; x++)
            to[x] = from[x * n + ci];
    }
}

static void point_band(struct sct_decoder *d)
{
    for (int ci = 0; ci < d->picture.n_components; ci++) {
        const struct sct_component *c = &d->picture.component[ci];
        const int first = d->next_band * BAND_ROWS * c->v;
        const int n_rows = sct_min(BAND_ROWS * c->v, c->height - first);
        d->band.component[ci].n_rows = n_rows;
        if (d->split) {
            d->band.component[ci].samples =
                d->split + (size_t)(ci * BAND_ROWS) * d->split_stride_bytes;
            d->band.component[ci].stride_bytes = (ptrdiff_t)d->split_stride_bytes;
        } else {
            d->band.component[ci].samples =
                d->plane[ci].data + (size_t)first * d->plane[ci].stride_bytes;
            d->band.component[ci].stride_bytes = (ptrdiff_t)d->plane[ci].stride_bytes;
        }
    }
    for (int i = 0; d->split && i < d->band.component[0].n_rows; i++)
        split_row(d,
                  d->canvas +
                      (size_t)(d->next_band * BAND_ROWS + i) * d->plane[0].stride_bytes,
                  i);
}

static int next_band(struct sct_decoder *d)
{
    if (d->next_band == d->n_bands) {
        if (d->file.frame.is_cut && d->damage == SCT_OK)
            sct_report_warn(d->report, "the data ends behind the last row");
        return SCT_DONE;
    }
    const int end = (d->next_band + 1) * BAND_ROWS * d->picture.v_max;
    const int wanted = sct_min(end - d->file.frame.y, d->file.frame.height);
    while (d->n_ready < wanted) {
        const int status = feed_piece(d);
        if (status != SCT_OK)
            return status;
    }
    point_band(d);
    d->next_band++;
    return SCT_OK;
}

static int read_band(sct_decoder *d, struct sct_band *band)
{
    if (d->status == SCT_OK && !d->library)
        d->status = start(d);
    if (d->status == SCT_OK)
        d->status = next_band(d);
    if (d->status == SCT_OK)
        *band = d->band;
    return d->status;
}

const struct sct_decoder_ops sct_webp_decoder = {
    .name = "webp",
    .probe = sct_webp_container_probe,
    .open = open_decoder,
    .read_band = read_band,
    .close = close_decoder,
};
