/* The WebP encoder: files are those that libwebp makes of the same samples, byte for byte, and
 * metadata stand where libwebpmux finds them. */
#include "webp_test.h"

#include "decoder.h"
#include "encoder.h"
#include "fail_alloc.h"
#include "mem.h"

/* ---- allocations that fail --------------------------------------------------------- */

/* ---- how often libwebp encodes ----------------------------------------------------- */

/* Visible, since libwebpmux calls WebPEncode as well, and some linkers bind that to the wrapper. */
#pragma GCC visibility push(default)
int __real_WebPEncode(const WebPConfig *config, WebPPicture *picture);
int __wrap_WebPEncode(const WebPConfig *config, WebPPicture *picture);
#pragma GCC visibility pop

static int n_encodes;

int __wrap_WebPEncode(const WebPConfig *config, WebPPicture *picture)
{
    n_encodes++;
    return __real_WebPEncode(config, picture);
}

/* ---- specs and planes -------------------------------------------------------------- */

enum kind { LOSSY, LOSSY_ALPHA, LOSSY_GRAY, LOSSY_GRAY_ALPHA, N_LOSSY };
enum { LOSSLESS = N_LOSSY, LOSSLESS_ALPHA, LOSSLESS_GRAY, LOSSLESS_GRAY_ALPHA, N_KINDS };

static struct sct_encoder_spec make_spec(int kind, int width, int height)
{
    const int is_lossless = kind >= LOSSLESS, variety = kind % N_LOSSY;
    const int is_gray = variety >= LOSSY_GRAY, has_alpha = variety & 1;
    struct sct_encoder_spec spec = {
        .width = width,
        .height = height,
        .model = is_gray       ? SCT_GRAY
                 : is_lossless ? SCT_RGB
                               : SCT_YCC,
        .has_alpha = has_alpha,
        .is_limited = !is_lossless,
        .depth = 8,
        .n_components = (is_gray ? 1 : 3) + has_alpha,
        .quality = 80,
        .lossless = is_lossless,
        .compression = SCT_COMPRESSION_DEFAULT,
    };
    for (int ci = 0; ci < spec.n_components; ci++) {
        const int is_half = !is_lossless && !is_gray && (ci == 1 || ci == 2);
        spec.component[ci].h = spec.component[ci].v =
            is_half || is_lossless || is_gray ? 1 : 2;
    }
    return spec;
}

struct planes {
    int n;
    int width[SCT_MAX_COMPONENTS], height[SCT_MAX_COMPONENTS];
    uint8_t
        *data[SCT_MAX_COMPONENTS]; /* rows of width, exactly: reads past them are seen */
};

static struct planes make_planes(const struct sct_encoder_layout *layout, int n,
                                 int has_alpha)
{
    struct planes p = {.n = n};
    unsigned seed = 7;
    for (int ci = 0; ci < n; ci++) {
        const int width = layout->component[ci].width;
        const int height = layout->component[ci].height;
        p.width[ci] = width;
        p.height[ci] = height;
        p.data[ci] = malloc((size_t)width * (size_t)height);
        assert_non_null(p.data[ci]);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                seed = seed * 1664525u + 1013904223u;
                const int smooth =
                    has_alpha && ci == n - 1
                        ? (x * 9 + y * 5) % 300 - 20 /* with holes */
                        : 30 + (x * 3 + y * 2 + ci * 50) % 160 + (int)(seed >> 29);
                p.data[ci][(ptrdiff_t)y * width + x] = (uint8_t)(smooth < 0     ? 0
                                                                 : smooth > 255 ? 255
                                                                                : smooth);
            }
    }
    return p;
}

static void free_planes(struct planes *p)
{
    for (int ci = 0; ci < p->n; ci++)
        free(p->data[ci]);
}

static int write_bands(sct_encoder *e, const struct sct_encoder_layout *layout,
                       const struct planes *p)
{
    for (int band = 0; band < layout->n_bands; band++) {
        uint8_t *pointers[SCT_MAX_COMPONENTS][16];
        uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < p->n; ci++) {
            const int band_rows = layout->component[ci].band_rows;
            assert_in_range(band_rows, 8, 16);
            assert_true(layout->component[ci].padded_width <= p->width[ci]);
            for (int i = 0; i < band_rows; i++) {
                const int y = band * band_rows + i;
                pointers[ci][i] =
                    y < p->height[ci] ? p->data[ci] + (ptrdiff_t)y * p->width[ci] : NULL;
            }
            rows[ci] = pointers[ci];
        }
        const int status = sct_webp_encoder.write_band(e, rows);
        if (status != SCT_OK)
            return status;
    }
    return SCT_OK;
}

/* The whole job; *p is for the caller to compare and free. */
static struct bytes encode(struct sct_encoder_spec spec, struct planes *p)
{
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;

    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_true(sct_webp_encoder.takes(&spec));
    assert_true(sct_webp_encoder.bytes(&spec) > 0);
    if (sct_webp_encoder.open(&e, &spec, &layout) != SCT_OK)
        fail_msg("%s", report.message);
    *p = make_planes(&layout, spec.n_components, spec.has_alpha);
    assert_int_equal(write_bands(e, &layout, p), SCT_OK);
    assert_int_equal(sink.kept.size, 0);
    if (sct_webp_encoder.finish(e) != SCT_OK)
        fail_msg("%s", report.message);
    sct_webp_encoder.close(e);
    assert_string_equal(report.message, "");
    return sink.kept;
}

/* ---- the truth --------------------------------------------------------------------- */

static void fill_lossy(WebPPicture *picture, const struct planes *p, int has_alpha)
{
    const int is_gray = p->n - has_alpha == 1;
    for (int y = 0; y < picture->height; y++)
        memcpy(picture->y + y * picture->y_stride, p->data[0] + y * p->width[0],
               (size_t)p->width[0]);
    for (int y = 0; y < (picture->height + 1) / 2; y++)
        for (int x = 0; x < (picture->width + 1) / 2; x++) {
            const int at = y * ((picture->width + 1) / 2) + x;
            picture->u[y * picture->uv_stride + x] = is_gray ? 128 : p->data[1][at];
            picture->v[y * picture->uv_stride + x] = is_gray ? 128 : p->data[2][at];
        }
    for (int y = 0; has_alpha && y < picture->height; y++)
        memcpy(picture->a + y * picture->a_stride, p->data[p->n - 1] + y * p->width[0],
               (size_t)p->width[0]);
}

static void fill_lossless(WebPPicture *picture, const struct planes *p, int has_alpha)
{
    const int is_gray = p->n - has_alpha == 1;
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < picture->width; x++) {
            const int at = y * picture->width + x;
            const unsigned a = has_alpha ? p->data[p->n - 1][at] : 255;
            const unsigned r = p->data[0][at], g = p->data[is_gray ? 0 : 1][at];
            const unsigned b = p->data[is_gray ? 0 : 2][at];
            picture->argb[y * picture->argb_stride + x] = a << 24 | r << 16 | g << 8 | b;
        }
}

static struct bytes encode_truth(const struct sct_encoder_spec *spec,
                                 const struct planes *p)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;

    assert_true(WebPConfigInit(&config) && WebPPictureInit(&picture));
    config.quality = (float)spec->quality;
    config.method = 2 * spec->effort + 2;
    if (spec->lossless)
        assert_true(WebPConfigLosslessPreset(
            &config,
            spec->compression == SCT_COMPRESSION_DEFAULT ? 6 : spec->compression));
    picture.width = spec->width;
    picture.height = spec->height;
    picture.use_argb = spec->lossless;
    picture.colorspace = spec->has_alpha ? WEBP_YUV420A : WEBP_YUV420;
    assert_true(WebPPictureAlloc(&picture));
    if (spec->lossless)
        fill_lossless(&picture, p, spec->has_alpha);
    else
        fill_lossy(&picture, p, spec->has_alpha);
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    assert_true(WebPEncode(&config, &picture));
    WebPPictureFree(&picture);
    struct bytes file = {malloc(writer.size), writer.size};
    assert_non_null(file.data);
    memcpy(file.data, writer.mem, writer.size);
    WebPMemoryWriterClear(&writer);
    return file;
}

/* ---- tests ------------------------------------------------------------------------- */

static const struct {
    int width, height;
} sizes[] = {{1, 1}, {3, 5}, {16, 16}, {17, 33}, {64, 48}, {101, 67}};

enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void assert_bytes_equal(const struct bytes *a, const struct bytes *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

static void files_are_libwebps_for_the_same_samples(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int i = 0; i < N_SIZES; i++)
            for (int quality = 1; quality <= 100; quality += 33) {
                struct sct_encoder_spec spec =
                    make_spec(kind, sizes[i].width, sizes[i].height);
                spec.quality = quality;
                spec.effort = quality / 33 % 3;
                spec.compression = spec.lossless ? quality / 12 : 0;
                struct planes p;
                struct bytes file = encode(spec, &p);
                struct bytes truth = encode_truth(&spec, &p);
                assert_bytes_equal(&file, &truth);
                bytes_free(&truth);
                bytes_free(&file);
                free_planes(&p);
            }
}

static void lossless_files_give_the_samples_back(void **state)
{
    (void)state;
    for (int kind = LOSSLESS; kind < N_KINDS; kind++)
        for (int level = SCT_COMPRESSION_DEFAULT; level <= 9; level += 5) {
            struct sct_encoder_spec spec = make_spec(kind, 57, 43);
            const int n_colours = spec.model == SCT_GRAY ? 1 : 3;
            int width, height;
            struct planes p;
            spec.compression = level;
            struct bytes file = encode(spec, &p);
            uint8_t *rgba = WebPDecodeRGBA(file.data, file.size, &width, &height);
            assert_non_null(rgba);
            assert_int_equal(width, 57);
            assert_int_equal(height, 43);
            for (int i = 0; i < width * height; i++) {
                const int alpha = spec.has_alpha ? p.data[p.n - 1][i] : 255;
                assert_int_equal(rgba[4 * i + 3], alpha);
                for (int c = 0; c < 3 && alpha > 0; c++)
                    assert_int_equal(rgba[4 * i + c], p.data[n_colours == 1 ? 0 : c][i]);
            }
            WebPFree(rgba);
            bytes_free(&file);
            free_planes(&p);
        }
}

/* Alpha is kept to the bit, luma and chroma about as they were; gray stays gray. */
static void lossy_files_are_near_the_samples(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_LOSSY; kind++) {
        struct sct_encoder_spec spec = make_spec(kind, 57, 43);
        int width, height, stride, uv_stride;
        struct planes p;
        uint8_t *u, *v;
        spec.quality = 100;
        struct bytes file = encode(spec, &p);
        uint8_t *y = WebPDecodeYUV(file.data, file.size, &width, &height, &u, &v, &stride,
                                   &uv_stride);
        uint8_t *rgba = WebPDecodeRGBA(file.data, file.size, &width, &height);
        assert_non_null(y);
        assert_non_null(rgba);
        for (int i = 0; i < width * height; i++) {
            const int alpha = spec.has_alpha ? p.data[p.n - 1][i] : 255;
            const int at = i / width * stride + i % width;
            assert_int_equal(rgba[4 * i + 3], alpha);
            if (!spec.has_alpha)
                assert_in_range(y[at] + 10, p.data[0][i], p.data[0][i] + 20);
        }
        for (int i = 0; spec.model == SCT_GRAY && i < (width + 1) / 2; i++) {
            assert_int_equal(u[i], 128);
            assert_int_equal(v[i], 128);
        }
        WebPFree(rgba);
        WebPFree(y);
        bytes_free(&file);
        free_planes(&p);
    }
}

static void our_decoder_reads_what_the_encoder_wrote(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct planes p;
        const struct sct_encoder_spec spec = make_spec(kind, 57, 43);
        struct bytes file = encode(spec, &p);
        struct piece_source source = {.data = file.data, .size = file.size, .piece = 99};
        struct sct_reader *reader = malloc(sizeof *reader);
        const struct sct_decoder_ops *ops;
        struct sct_report report = {.n_warnings = 0};
        struct sct_picture picture;
        struct sct_band band;
        sct_decoder *d;
        int status;
        assert_non_null(reader);
        sct_reader_init(reader, &(struct sct_source){piece_read, &source});
        assert_int_equal(sct_decoder_open(&ops, &d,
                                          &(struct sct_decoder_spec){.reader = reader,
                                                                     .report = &report},
                                          &picture),
                         SCT_OK);
        assert_int_equal(picture.has_alpha, spec.has_alpha);
        assert_string_equal(picture.coding, spec.lossless ? "lossless" : "lossy");
        if (!spec.lossless)
            assert_in_range(picture.quality, 79, 81);
        while ((status = ops->read_band(d, &band)) == SCT_OK)
            continue;
        assert_int_equal(status, SCT_DONE);
        assert_int_equal(report.n_warnings, 0);
        ops->close(d);
        free(reader);
        bytes_free(&file);
        free_planes(&p);
    }
}

/* ---- metadata ---------------------------------------------------------------------- */

static void assert_chunk(const WebPDemuxer *demuxer, const char *tag,
                         const struct sct_bytes *want)
{
    WebPChunkIterator chunk;
    const int is_there = WebPDemuxGetChunk(demuxer, tag, 1, &chunk);
    assert_int_equal(is_there, want->n_bytes > 0);
    if (!is_there)
        return;
    assert_int_equal(chunk.num_chunks, 1);
    assert_int_equal(chunk.chunk.size, want->n_bytes);
    assert_memory_equal(chunk.chunk.bytes, want->data, want->n_bytes);
    WebPDemuxReleaseChunkIterator(&chunk);
}

static void metadata_are_found_by_libwebpdemux(void **state)
{
    (void)state;
    uint8_t *const icc = malloc(3001); /* gone after open */
    assert_non_null(icc);
    for (int i = 0; i < 3001; i++)
        icc[i] = (uint8_t)(i * 7);
    uint8_t kept[3001];
    memcpy(kept, icc, sizeof kept);
    free(icc);

    for (int kind = 0; kind < N_KINDS; kind++)
        for (unsigned which = 0; which < 8; which++) {
            struct sct_encoder_spec spec = make_spec(kind, 45, 23);
            struct planes p, q;
            struct bytes bare = encode(spec, &q);
            struct sct_bytes profile = {NULL, 0};
            if (which & 1) {
                spec.icc = kept;
                spec.icc_bytes = sizeof kept;
                profile = (struct sct_bytes){kept, sizeof kept};
            }
            if (which & 2)
                spec.exif =
                    (struct sct_bytes){(const uint8_t *)"II*\0\x08\0\0\0\0\0", 10};
            if (which & 4)
                spec.xmp = (struct sct_bytes){(const uint8_t *)"<x:xmpmeta/>\n", 13};
            struct bytes file = encode(spec, &p);
            if (which == 0)
                assert_bytes_equal(&file, &bare);

            const WebPData data = {file.data, file.size};
            WebPDemuxer *demuxer = WebPDemux(&data);
            assert_non_null(demuxer);
            assert_int_equal(file.data[4] | file.data[5] << 8 | file.data[6] << 16,
                             file.size - 8);
            const uint32_t flags = WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS);
            assert_int_equal(!!(flags & ICCP_FLAG), which & 1);
            assert_int_equal(!!(flags & EXIF_FLAG), which >> 1 & 1);
            assert_int_equal(!!(flags & XMP_FLAG), which >> 2);
            if (which)
                assert_int_equal(!!(flags & ALPHA_FLAG), spec.has_alpha);
            assert_int_equal(WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH), 45);
            assert_int_equal(WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT), 23);
            assert_chunk(demuxer, "ICCP", &profile);
            assert_chunk(demuxer, "EXIF", &spec.exif);
            assert_chunk(demuxer, "XMP ", &spec.xmp);
            WebPDemuxDelete(demuxer);

            int width, height;
            uint8_t *a = WebPDecodeRGBA(file.data, file.size, &width, &height);
            uint8_t *b = WebPDecodeRGBA(bare.data, bare.size, &width, &height);
            assert_non_null(a);
            assert_non_null(b);
            assert_memory_equal(a, b, (size_t)width * (size_t)height * 4);
            WebPFree(a);
            WebPFree(b);
            bytes_free(&file);
            bytes_free(&bare);
            free_planes(&p);
            free_planes(&q);
        }
}

static void a_profile_is_borrowed_during_open_only(void **state)
{
    (void)state;
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_spec spec = make_spec(LOSSY, 20, 20);
    struct sct_encoder_layout layout;
    sct_encoder *e;
    uint8_t *icc = malloc(500);
    assert_non_null(icc);
    memset(icc, 'i', 500);
    spec.icc = icc;
    spec.icc_bytes = 500;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
    memset(icc, 'o', 500);
    free(icc);
    struct planes p = make_planes(&layout, 3, 0);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_webp_encoder.finish(e), SCT_OK);
    sct_webp_encoder.close(e);
    assert_true(bytes_contain(&sink.kept, "iiiiiiii", 8));
    assert_false(bytes_contain(&sink.kept, "oooooooo", 8));
    bytes_free(&sink.kept);
    free_planes(&p);
}

static void iptc_is_left_out_with_a_warning(void **state)
{
    (void)state;
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_spec spec = make_spec(LOSSY, 20, 20);
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.iptc = (struct sct_bytes){(const uint8_t *)"abc", 3};
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
    assert_int_equal(report.n_warnings, 1);
    sct_webp_encoder.close(e); /* without any band, too */
    assert_int_equal(sink.kept.size, 0);
}

/* ---- refusals, failures ------------------------------------------------------------ */

static void only_planes_that_webp_stores_are_taken(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        const struct sct_encoder_spec good = make_spec(kind, 20, 20);
        struct sct_encoder_spec spec = good;
        assert_true(sct_webp_encoder.takes(&spec));
        spec.depth = 0;
        assert_true(sct_webp_encoder.takes(&spec));
        for (int ci = 0; ci < spec.n_components; ci++) /* the same grids */
            spec.component[ci].h *= 2;
        assert_true(sct_webp_encoder.takes(&spec));
        spec.component[0].h = 3;
        assert_int_equal(sct_webp_encoder.takes(&spec), spec.n_components == 1);

        spec = good;
        spec.depth = 16;
        assert_false(sct_webp_encoder.takes(&spec));
        spec = good;
        spec.is_limited = !spec.is_limited;
        assert_false(sct_webp_encoder.takes(&spec));
        spec = good;
        spec.lossless = !spec.lossless;
        assert_false(sct_webp_encoder.takes(&spec));
        spec = good;
        spec.has_alpha = !spec.has_alpha;
        assert_false(sct_webp_encoder.takes(&spec));
        for (int model = SCT_CMYK; model <= SCT_YCCK; model++) {
            spec = good;
            spec.model = (enum sct_model)model;
            spec.n_components = 4;
            spec.has_alpha = 0;
            assert_false(sct_webp_encoder.takes(&spec));
        }
        spec = good;
        spec.component[0].v = 4;
        assert_int_equal(sct_webp_encoder.takes(&spec), spec.n_components == 1);
    }
    struct sct_encoder_spec full = make_spec(LOSSY, 20, 20); /* 4:4:4 */
    full.component[0].h = full.component[0].v = 1;
    assert_false(sct_webp_encoder.takes(&full));
}

static int try_to_open(struct sct_encoder_spec spec, struct sct_report *report)
{
    struct sct_encoder_layout layout;
    sct_encoder *e = (sct_encoder *)report; /* to see it cleared */
    memset(report, 0, sizeof *report);
    spec.report = report;
    const int status = sct_webp_encoder.open(&e, &spec, &layout);
    if (status == SCT_OK) {
        sct_webp_encoder.close(e);
    } else {
        assert_null(e);
        assert_string_not_equal(report->message, "");
        assert_int_equal(sct_webp_encoder.bytes(&spec), 0);
    }
    return status;
}

static void refusals_are_named(void **state)
{
    (void)state;
    struct sct_report report;
    struct sct_encoder_spec spec = make_spec(LOSSY, 16384, 1);
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_TOO_LARGE);
    assert_non_null(strstr(report.message, "16383"));
    spec = make_spec(LOSSY, 1, 16384);
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_TOO_LARGE);
    spec.height = 16383;
    assert_int_equal(try_to_open(spec, &report), SCT_OK);
    spec.height = 0;
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_ARGUMENT);
    spec = make_spec(LOSSY, 20, 20);
    spec.quality = 0;
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_ARGUMENT);
    spec.quality = 101;
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_ARGUMENT);
    spec = make_spec(LOSSLESS, 20, 20);
    spec.quality = 0; /* not looked at */
    assert_int_equal(try_to_open(spec, &report), SCT_OK);
    spec.compression = 10;
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_ARGUMENT);
    spec = make_spec(LOSSY, 20, 20);
    spec.is_limited = 0;
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_UNSUPPORTED);
    assert_non_null(strstr(report.message, "limited range"));
    spec = make_spec(LOSSY, 20, 20);
    spec.exif = (struct sct_bytes){(const uint8_t *)"", SIZE_MAX};
    assert_int_equal(try_to_open(spec, &report), SCT_ERR_TOO_LARGE);
}

static void failing_sinks_are_io(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct sct_encoder_spec spec = make_spec(kind, 45, 23);
        spec.exif = (struct sct_bytes){(const uint8_t *)"II*\0\x08\0\0\0\0\0\0", 11};
        struct planes p;
        struct bytes whole = encode(spec, &p);
        for (size_t at = 1; at < whole.size; at += 1 + at / 20) {
            struct keep_sink sink = {.fail_at = at};
            struct sct_report report = {.n_warnings = 0};
            struct sct_encoder_layout layout;
            sct_encoder *e;
            spec.sink = (struct sct_sink){keep_write, &sink};
            spec.report = &report;
            assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
            assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
            assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_IO);
            assert_string_not_equal(report.message, "");
            assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_IO);
            assert_int_equal(write_bands(e, &layout, &p), SCT_ERR_IO);
            sct_webp_encoder.close(e);
            assert_true(sink.kept.size <= at);
            bytes_free(&sink.kept);
        }
        bytes_free(&whole);
        free_planes(&p);
    }
}

static void bands_are_counted(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        struct keep_sink sink = {.fail_at = 0};
        struct sct_encoder_spec spec = make_spec(kind, 45, 23);
        struct sct_encoder_layout layout;
        sct_encoder *e;
        spec.sink = (struct sct_sink){keep_write, &sink};
        assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
        struct planes p = make_planes(&layout, spec.n_components, spec.has_alpha);
        assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_ARGUMENT);
        assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
        assert_int_equal(write_bands(e, &layout, &p), SCT_ERR_ARGUMENT);
        assert_int_equal(sct_webp_encoder.finish(e), SCT_OK);
        assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_ARGUMENT);
        sct_webp_encoder.close(e);
        bytes_free(&sink.kept);
        free_planes(&p);
    }
    sct_webp_encoder.close(NULL);
}

/* Whatever open allocates; the search for a score allocates in finish, too. */
static void allocations_of_a_search_may_fail(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(LOSSY, 45, 23);
    int n = 0;
    spec.score = 70;
    spec.max_bytes = 1 << 20;
    for (int status = SCT_ERR_MEMORY; status == SCT_ERR_MEMORY; n++) {
        struct sct_report report = {.n_warnings = 0};
        struct keep_sink sink = {.fail_at = 0};
        struct sct_encoder_layout layout;
        sct_encoder *e;
        spec.report = &report;
        spec.sink = (struct sct_sink){keep_write, &sink};
        n_allocations = 0;
        failing_allocation = n;
        status = sct_webp_encoder.open(&e, &spec, &layout);
        if (status == SCT_OK) {
            struct planes p = make_planes(&layout, 3, 0);
            assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
            status = sct_webp_encoder.finish(e);
            free_planes(&p);
        }
        assert_true(status == SCT_OK || status == SCT_ERR_MEMORY);
        assert_true((status == SCT_OK) == (report.message[0] == '\0'));
        assert_true((status == SCT_OK) == (sink.kept.size > 0));
        sct_webp_encoder.close(e);
        bytes_free(&sink.kept);
    }
    failing_allocation = -1;
    assert_true(n > 4);
}

static void allocations_may_fail(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(LOSSLESS, 45, 23);
    struct sct_report report;
    int n = 0;
    spec.icc = (const uint8_t *)"icc";
    spec.icc_bytes = 3;
    for (int status = SCT_ERR_MEMORY; status == SCT_ERR_MEMORY; n++) {
        struct sct_encoder_layout layout;
        sct_encoder *e;
        memset(&report, 0, sizeof report);
        spec.report = &report;
        n_allocations = 0;
        failing_allocation = n;
        status = sct_webp_encoder.open(&e, &spec, &layout);
        assert_true(status == SCT_OK || (status == SCT_ERR_MEMORY && !e));
        assert_true((status == SCT_OK) == (report.message[0] == '\0'));
        sct_webp_encoder.close(e);
    }
    failing_allocation = -1;
    assert_int_equal(n, 4);
}

/* ---- limits on bytes --------------------------------------------------------------- */

/* Encodes lossily with a limit or for a score, and tells the quality that came out. */
static struct bytes search_quality(struct sct_encoder_spec spec, int *quality_used)
{
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_true(sct_webp_encoder.bytes(&spec) > 0);
    assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, spec.n_components, spec.has_alpha);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_webp_encoder.finish(e), SCT_OK);
    *quality_used = sct_webp_encoder.quality(e);
    sct_webp_encoder.close(e);
    free_planes(&p);
    return sink.kept;
}

static struct bytes fit(int kind, int quality, size_t max_bytes, struct sct_bytes exif,
                        int *quality_used)
{
    struct sct_encoder_spec spec = make_spec(kind, 97, 61);
    spec.quality = quality;
    spec.max_bytes = max_bytes;
    spec.exif = exif;
    return search_quality(spec, quality_used);
}

static void the_highest_quality_that_fits_is_found(void **state)
{
    (void)state;
    const struct sct_bytes exif = {(const uint8_t *)"II*\0\10\0\0\0\0\0\0\0\0\0", 14};
    for (int kind = 0; kind < N_LOSSY; kind++)
        for (int quality = 5; quality <= 95; quality += 30) {
            int used;
            struct bytes plain = fit(kind, quality, 0, exif, &used);
            assert_int_equal(used, quality);
            struct bytes whole = fit(kind, quality, plain.size, exif, &used);
            assert_int_equal(used, quality); /* the first one that is tried */
            assert_int_equal(whole.size, plain.size);
            assert_memory_equal(whole.data, plain.data, plain.size);
            struct bytes less = fit(kind, 100, plain.size - 1, exif, &used);
            assert_true(less.size < plain.size);
            struct bytes again = fit(kind, used, 0, exif, &used);
            assert_int_equal(again.size, less.size);
            assert_memory_equal(again.data, less.data, less.size);
            bytes_free(&plain);
            bytes_free(&whole);
            bytes_free(&less);
            bytes_free(&again);
        }
}

static void better_scores_take_more_quality(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_LOSSY; kind++) {
        int last = 0, used;
        for (int score = 10; score <= 99; score += 20) {
            struct sct_encoder_spec spec = make_spec(kind, 97, 61);
            spec.quality = 100;
            spec.score = score;
            struct bytes file = search_quality(spec, &used);
            assert_true(used >= last);
            last = used;
            spec.score = 0;
            spec.quality = used;
            struct bytes plain = search_quality(spec, &used);
            assert_int_equal(plain.size, file.size);
            assert_memory_equal(plain.data, file.data, file.size);
            bytes_free(&file);
            bytes_free(&plain);
        }
        assert_true(last > 60);
    }
}

static int count_encodes(const struct sct_encoder_spec *spec, size_t *n_bytes)
{
    int used;
    n_encodes = 0;
    struct bytes file = search_quality(*spec, &used);
    *n_bytes = file.size;
    bytes_free(&file);
    return n_encodes;
}

/* A file that the search for a score has made last is not made again, for itself or for the limit.
 * The numbers are those of encoder.h. */
static void nothing_is_encoded_twice(void **state)
{
    (void)state;
    for (int score = 1; score <= 99; score += 7) {
        struct sct_encoder_spec spec = make_spec(LOSSY, 97, 61);
        size_t n_bytes, n_least, unused;
        spec.quality = 1;
        assert_int_equal(count_encodes(&spec, &n_least), 1);
        spec.quality = 100;
        spec.score = score;
        const int n_for_score = count_encodes(&spec, &n_bytes);
        assert_in_range(n_for_score, 2, 8);
        spec.max_bytes = n_bytes;
        assert_int_equal(count_encodes(&spec, &unused), n_for_score);
        for (spec.max_bytes = n_least; spec.max_bytes < n_bytes; spec.max_bytes += 400)
            assert_in_range(count_encodes(&spec, &unused), n_for_score, 16);
        spec.score = 0;
        for (spec.max_bytes = n_least; spec.max_bytes < n_bytes; spec.max_bytes += 800)
            assert_in_range(count_encodes(&spec, &unused), 1, 9);
    }
}

static void a_score_and_a_limit_go_together(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(LOSSY, 97, 61);
    int for_score, for_both;
    spec.quality = 100;
    spec.score = 80;
    struct bytes score = search_quality(spec, &for_score);
    spec.max_bytes = score.size;
    struct bytes same = search_quality(spec, &for_both);
    assert_int_equal(for_both, for_score);
    spec.max_bytes = score.size / 2;
    struct bytes less = search_quality(spec, &for_both);
    assert_true(for_both < for_score && less.size <= score.size / 2);
    bytes_free(&score);
    bytes_free(&same);
    bytes_free(&less);
}

static void pictures_smaller_than_a_block_have_scores(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_LOSSY; kind++)
        for (int width = 1; width <= 17; width += 5)
            for (int height = 1; height <= 17; height += 8) {
                struct sct_encoder_spec spec = make_spec(kind, width, height);
                int used;
                spec.score = 70;
                struct bytes file = search_quality(spec, &used);
                /* gray without alpha needs less: its chroma counts nothing */
                assert_in_range(used, 1, kind == LOSSY_GRAY ? 79 : 80);
                bytes_free(&file);
            }
}

static void too_few_bytes_are_an_error(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(LOSSY, 64, 64);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.max_bytes = 20;
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_int_equal(sct_webp_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, 3, 0);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_TOO_LARGE);
    assert_int_equal(sct_webp_encoder.finish(e), SCT_ERR_TOO_LARGE); /* it sticks */
    assert_non_null(strstr(report.message, "20 bytes"));
    assert_int_equal(sink.kept.size, 0);
    sct_webp_encoder.close(e);
    free_planes(&p);
    bytes_free(&sink.kept);
}

static void the_encoder_has_a_name(void **state)
{
    (void)state;
    assert_ptr_equal(sct_encoder_find("webp"), &sct_webp_encoder);
    assert_string_equal(sct_webp_encoder.extension, "webp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_libwebps_for_the_same_samples),
        cmocka_unit_test(lossless_files_give_the_samples_back),
        cmocka_unit_test(lossy_files_are_near_the_samples),
        cmocka_unit_test(our_decoder_reads_what_the_encoder_wrote),
        cmocka_unit_test(metadata_are_found_by_libwebpdemux),
        cmocka_unit_test(a_profile_is_borrowed_during_open_only),
        cmocka_unit_test(iptc_is_left_out_with_a_warning),
        cmocka_unit_test(only_planes_that_webp_stores_are_taken),
        cmocka_unit_test(refusals_are_named),
        cmocka_unit_test(failing_sinks_are_io),
        cmocka_unit_test(bands_are_counted),
        cmocka_unit_test(allocations_may_fail),
        cmocka_unit_test(allocations_of_a_search_may_fail),
        cmocka_unit_test(the_highest_quality_that_fits_is_found),
        cmocka_unit_test(better_scores_take_more_quality),
        cmocka_unit_test(a_score_and_a_limit_go_together),
        cmocka_unit_test(nothing_is_encoded_twice),
        cmocka_unit_test(pictures_smaller_than_a_block_have_scores),
        cmocka_unit_test(too_few_bytes_are_an_error),
        cmocka_unit_test(the_encoder_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
