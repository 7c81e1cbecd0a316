/* The WebP decoder against libwebp's simple interface, byte for byte; and what it says of
 * damage, limits and metadata. */
#include "webp_test.h"

#include "decoder.h"
#include "fail_alloc.h"
#include "mem.h"

/* ---- allocations that fail --------------------------------------------------------- */

/* ---- running the decoder ----------------------------------------------------------- */

struct run {
    size_t piece; /* 0: all at once */
    size_t fail_at;
    int salvage;
    enum sct_rgb_wish wants_rgb;
    struct sct_limits limits;
};

struct result {
    int status, is_open, n_bands;
    struct sct_picture picture;
    struct sct_report report;
    struct bytes icc, exif, xmp;        /* copies */
    uint8_t *plane[SCT_MAX_COMPONENTS]; /* rows of component.width */
    int n_rows[SCT_MAX_COMPONENTS];
};

static struct bytes copy_bytes(const uint8_t *data, size_t n)
{
    struct bytes b = {malloc(n + 1), n};
    assert_non_null(b.data);
    if (n)
        memcpy(b.data, data, n);
    return b;
}

static void keep_band(struct result *r, const struct sct_band *band)
{
    for (int ci = 0; ci < r->picture.n_components; ci++) {
        const struct sct_component *c = &r->picture.component[ci];
        const int n = band->component[ci].n_rows;
        const int n_left = c->height - r->n_rows[ci];
        assert_int_equal(n, n_left < 8 * c->v ? n_left : 8 * c->v);
        for (int i = 0; i < n; i++)
            memcpy(r->plane[ci] + (ptrdiff_t)(r->n_rows[ci] + i) * c->width,
                   (const uint8_t *)band->component[ci].samples +
                       i * band->component[ci].stride_bytes,
                   (size_t)c->width);
        r->n_rows[ci] += n;
    }
}

static struct result decode(const struct bytes *file, const struct run *run)
{
    struct piece_source source = {.data = file->data,
                                  .size = file->size,
                                  .piece = run->piece ? run->piece : file->size + 1,
                                  .fail_at = run->fail_at};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct result r = {0};
    const struct sct_decoder_ops *ops;
    sct_decoder *d;

    assert_non_null(reader);
    sct_reader_init(reader, &(struct sct_source){piece_read, &source});
    const struct sct_decoder_spec spec = {.reader = reader,
                                          .limits = run->limits,
                                          .salvage = run->salvage,
                                          .wants_rgb = run->wants_rgb,
                                          .report = &r.report};
    r.status = sct_decoder_open(&ops, &d, &spec, &r.picture);
    if (r.status != SCT_OK) {
        assert_null(d);
        assert_string_not_equal(r.report.message, "");
        free(reader);
        return r;
    }
    r.is_open = 1;
    assert_ptr_equal(ops, &sct_webp_decoder);
    assert_null(ops->want_corner);
    r.icc = copy_bytes(r.picture.icc, r.picture.icc_bytes);
    r.exif = copy_bytes(r.picture.exif.data, r.picture.exif.n_bytes);
    r.xmp = copy_bytes(r.picture.xmp.data, r.picture.xmp.n_bytes);
    for (int ci = 0; ci < r.picture.n_components; ci++) {
        const struct sct_component *c = &r.picture.component[ci];
        r.plane[ci] = calloc((size_t)c->width, (size_t)c->height);
        assert_non_null(r.plane[ci]);
    }
    struct sct_band band;
    while ((r.status = ops->read_band(d, &band)) == SCT_OK) {
        keep_band(&r, &band);
        r.n_bands++;
    }
    assert_int_equal(ops->read_band(d, &band), r.status); /* statuses stick */
    assert_true((r.report.message[0] != '\0') == (r.status < 0));
    ops->close(d);
    free(reader);
    return r;
}

static void free_result(struct result *r)
{
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
        free(r->plane[ci]);
    bytes_free(&r->icc);
    bytes_free(&r->exif);
    bytes_free(&r->xmp);
}

/* ---- the truth --------------------------------------------------------------------- */

/* Planes by libwebp's simple interface, or with alpha, which that does not have for YCbCr,
 * by its advanced one. */
struct truth {
    int n_components;
    int width[SCT_MAX_COMPONENTS], height[SCT_MAX_COMPONENTS];
    uint8_t *plane[SCT_MAX_COMPONENTS]; /* rows of width */
};

static void take_plane(struct truth *t, const uint8_t *from, ptrdiff_t stride, int step,
                       int width, int height)
{
    uint8_t *to = malloc((size_t)width * (size_t)height);
    assert_non_null(to);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            to[(ptrdiff_t)y * width + x] = from[y * stride + (ptrdiff_t)x * step];
    t->width[t->n_components] = width;
    t->height[t->n_components] = height;
    t->plane[t->n_components++] = to;
}

static struct truth read_truth_as(const struct bytes *file, int wants_rgb)
{
    WebPBitstreamFeatures features;
    struct truth t = {0};
    int width, height;

    assert_int_equal(WebPGetFeatures(file->data, file->size, &features), VP8_STATUS_OK);
    if (features.format == 2 || wants_rgb) {
        uint8_t *rgba = WebPDecodeRGBA(file->data, file->size, &width, &height);
        assert_non_null(rgba);
        for (int c = 0; c < 3 + !!features.has_alpha; c++)
            take_plane(&t, rgba + c, (ptrdiff_t)width * 4, 4, width, height);
        WebPFree(rgba);
        return t;
    }
    uint8_t *u, *v;
    int stride, uv_stride;
    uint8_t *y = WebPDecodeYUV(file->data, file->size, &width, &height, &u, &v, &stride,
                               &uv_stride);
    assert_non_null(y);
    take_plane(&t, y, stride, 1, width, height);
    take_plane(&t, u, uv_stride, 1, (width + 1) / 2, (height + 1) / 2);
    take_plane(&t, v, uv_stride, 1, (width + 1) / 2, (height + 1) / 2);
    WebPFree(y);
    if (features.has_alpha) {
        uint8_t *rgba = WebPDecodeRGBA(file->data, file->size, &width, &height);
        assert_non_null(rgba);
        take_plane(&t, rgba + 3, (ptrdiff_t)width * 4, 4, width, height);
        WebPFree(rgba);
    }
    return t;
}

static struct truth read_truth(const struct bytes *file)
{
    return read_truth_as(file, 0);
}

static void free_truth(struct truth *t)
{
    for (int ci = 0; ci < t->n_components; ci++)
        free(t->plane[ci]);
}

/* The rows above row `end` of the picture; -1: all. */
static void assert_planes_equal(const struct result *r, const struct truth *t, int end)
{
    assert_int_equal(r->picture.n_components, t->n_components);
    for (int ci = 0; ci < t->n_components; ci++) {
        const struct sct_component *c = &r->picture.component[ci];
        assert_int_equal(c->width, t->width[ci]);
        assert_int_equal(c->height, t->height[ci]);
        const int n_rows = end < 0 ? c->height : end * c->v / r->picture.v_max;
        if (n_rows > r->n_rows[ci])
            fail_msg("component %d: %d rows of %d", ci, r->n_rows[ci], n_rows);
        for (int y = 0; y < n_rows; y++)
            if (memcmp(r->plane[ci] + (ptrdiff_t)y * c->width,
                       t->plane[ci] + (ptrdiff_t)y * c->width, (size_t)c->width))
                fail_msg("component %d: row %d of %d differs", ci, y, n_rows);
    }
}

/* ---- sound files ------------------------------------------------------------------- */

static const struct {
    int width, height;
} sizes[] = {{1, 1},   {3, 5},    {16, 16},  {17, 33},
             {33, 17}, {64, 200}, {255, 61}, {400, 300}};

enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static void samples_equal_libwebps_in_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {0, 1, 7, 4096};
    for (int i = 0; i < N_SIZES; i++)
        for (int kind = 0; kind < 4; kind++) {
            struct bytes file =
                make_webp(sizes[i].width, sizes[i].height, kind & 1, kind >> 1);
            struct truth t = read_truth(&file);
            for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
                struct result r = decode(&file, &(struct run){.piece = pieces[p]});
                if (r.status != SCT_DONE)
                    fail_msg("%dx%d, kind %d: %s", sizes[i].width, sizes[i].height, kind,
                             r.report.message);
                assert_int_equal(r.report.n_warnings, 0);
                assert_int_equal(r.report.damage, 0);
                assert_planes_equal(&r, &t, -1);
                const int height = 8 * r.picture.v_max;
                assert_int_equal(r.n_bands, (sizes[i].height + height - 1) / height);
                free_result(&r);
            }
            free_truth(&t);
            bytes_free(&file);
        }
}

static void every_number_of_partitions_and_quality_is_read(void **state)
{
    (void)state;
    uint8_t *pixels = make_pixels(333, 222, 1, 5);
    for (int partitions = 0; partitions <= 3; partitions++)
        for (int quality = 1; quality <= 100; quality += 33) {
            struct bytes file =
                encode_pixels(pixels, 333, 222, 0, (float)quality, partitions);
            struct truth t = read_truth(&file);
            struct result r = decode(&file, &(struct run){0});
            assert_int_equal(r.status, SCT_DONE);
            assert_planes_equal(&r, &t, -1);
            free_result(&r);
            free_truth(&t);
            bytes_free(&file);
        }
    free(pixels);
}

/* Files larger than the pieces that libwebp gets, so that it stops and goes on. */
static void large_files_are_read_in_many_pieces(void **state)
{
    (void)state;
    uint8_t *pixels = make_pixels(1203, 901, 1, 9);
    for (int is_lossless = 0; is_lossless < 2; is_lossless++) {
        struct bytes file = encode_pixels(pixels, 1203, 901, is_lossless, 60, 0);
        assert_true(file.size > 300000);
        struct truth t = read_truth(&file);
        struct result r = decode(&file, &(struct run){.piece = 9999});
        assert_int_equal(r.status, SCT_DONE);
        assert_planes_equal(&r, &t, -1);
        assert_true(r.picture.decoder_bytes > file.size);
        free_result(&r);
        free_truth(&t);
        bytes_free(&file);
    }
    free(pixels);
}

/* As libwebp converts it, chroma interpolated. Salvage, too. */
static void lossy_pictures_can_be_had_as_rgb(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIZES; i++)
        for (int has_alpha = 0; has_alpha < 2; has_alpha++) {
            struct bytes file = make_webp(sizes[i].width, sizes[i].height, 0, has_alpha);
            struct truth t = read_truth_as(&file, 1);
            struct result r = decode(&file, &(struct run){.wants_rgb = SCT_RGB_ALWAYS});
            assert_int_equal(r.status, SCT_DONE);
            assert_int_equal(r.picture.model, SCT_RGB);
            assert_int_equal(r.picture.is_limited, 0);
            assert_string_equal(r.picture.coding, "lossy");
            assert_planes_equal(&r, &t, -1);
            free_result(&r);

            file.size -= 60;
            r = decode(&file, &(struct run){.wants_rgb = SCT_RGB_ALWAYS, .salvage = 1});
            if (r.is_open) {
                assert_int_equal(r.status, SCT_DONE);
                assert_int_equal(r.report.damage, SCT_ERR_TRUNCATED);
                assert_planes_equal(&r, &t, r.report.damaged_row);
            }
            free_result(&r);
            free_truth(&t);
            bytes_free(&file);
        }
}

static void the_picture_tells_what_the_header_says(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const int is_lossless = kind & 1, has_alpha = kind >> 1;
        struct bytes file = make_webp(37, 21, is_lossless, has_alpha);
        struct result r = decode(&file, &(struct run){0});
        const struct sct_picture *p = &r.picture;
        assert_string_equal(p->format, "webp");
        assert_int_equal(p->domain, SCT_SAMPLES);
        assert_int_equal(p->depth, 8);
        assert_int_equal(p->width, 37);
        assert_int_equal(p->height, 21);
        assert_int_equal(p->model, is_lossless ? SCT_RGB : SCT_YCC);
        assert_int_equal(p->is_limited, !is_lossless);
        assert_int_equal(p->has_alpha, has_alpha);
        assert_int_equal(p->n_components, 3 + has_alpha);
        assert_int_equal(p->h_max, is_lossless ? 1 : 2);
        assert_int_equal(p->v_max, is_lossless ? 1 : 2);
        for (int ci = 0; ci < p->n_components; ci++) {
            const int is_half = !is_lossless && (ci == 1 || ci == 2);
            assert_int_equal(p->component[ci].h, is_half ? 1 : p->h_max);
            assert_int_equal(p->component[ci].v, is_half ? 1 : p->v_max);
            assert_int_equal(p->component[ci].width, is_half ? 19 : 37);
            assert_int_equal(p->component[ci].height, is_half ? 11 : 21);
            assert_int_equal(p->component[ci].width_blocks, is_half ? 3 : 5);
            assert_int_equal(p->component[ci].height_blocks, is_half ? 2 : 3);
        }
        assert_int_equal(p->orientation, 1);
        assert_string_equal(p->coding, is_lossless ? "lossless" : "lossy");
        assert_null(p->icc);
        assert_null(p->exif.data);
        assert_null(p->xmp.data);
        assert_int_equal(p->is_animated, 0);
        free_result(&r);
        bytes_free(&file);
    }
}

/* Within one of what libwebp was asked for; 100 is not told from 99. */
static void quality_is_estimated_from_the_quantisers(void **state)
{
    (void)state;
    uint8_t *pixels = make_pixels(320, 240, 0, 3);
    for (int quality = 2; quality <= 100; quality++) {
        struct bytes file = encode_pixels(pixels, 320, 240, 0, (float)quality, 0);
        struct result r = decode(&file, &(struct run){0});
        if (abs(r.picture.quality - quality) > 1)
            fail_msg("quality %d is taken for %d", quality, r.picture.quality);
        free_result(&r);
        bytes_free(&file);
    }
    free(pixels);
    struct bytes file = make_webp(20, 20, 1, 0);
    struct result r = decode(&file, &(struct run){0});
    assert_int_equal(r.picture.quality, 0);
    free_result(&r);
    bytes_free(&file);
}

/* ---- metadata ---------------------------------------------------------------------- */

static const uint8_t tiff_turned[] = "II*\0\x08\0\0\0"
                                     "\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0";
enum { TIFF_BYTES = sizeof tiff_turned - 1 };

static void metadata_are_handed_over(void **state)
{
    (void)state;
    uint8_t icc[3001];
    for (size_t i = 0; i < sizeof icc; i++)
        icc[i] = (uint8_t)(i * 7);
    uint8_t prefixed[6 + TIFF_BYTES] = "Exif\0";
    memcpy(prefixed + 6, tiff_turned, TIFF_BYTES);

    for (int kind = 0; kind < 8; kind++) {
        const int has_prefix = kind >> 2;
        struct bytes file = make_webp(45, 23, kind & 1, kind >> 1 & 1);
        struct truth t = read_truth(&file);
        add_chunk(&file, "ICCP", icc, sizeof icc);
        add_chunk(&file, "EXIF", has_prefix ? prefixed : tiff_turned,
                  TIFF_BYTES + (has_prefix ? 6 : 0));
        add_chunk(&file, "XMP ", "<x:xmpmeta/>", 12);
        struct result r = decode(&file, &(struct run){.piece = 7});
        assert_int_equal(r.status, SCT_DONE);
        assert_int_equal(r.report.n_warnings, 0);
        assert_planes_equal(&r, &t, -1);
        assert_int_equal(r.icc.size, sizeof icc);
        assert_memory_equal(r.icc.data, icc, sizeof icc);
        assert_int_equal(r.exif.size, TIFF_BYTES);
        assert_memory_equal(r.exif.data, tiff_turned, TIFF_BYTES);
        assert_int_equal(r.xmp.size, 12);
        assert_memory_equal(r.xmp.data, "<x:xmpmeta/>", 12);
        assert_int_equal(r.picture.orientation, 6);
        assert_true(r.picture.has_exif && r.picture.has_xmp);
        assert_false(r.picture.has_gps || r.picture.has_thumbnail);
        free_result(&r);

        r = decode(&file, &(struct run){.limits = {.max_metadata_bytes = 3000}});
        assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
        assert_non_null(strstr(r.report.message, "limit on metadata"));
        free_result(&r);
        free_truth(&t);
        bytes_free(&file);
    }
}

static void a_cut_chunk_behind_the_picture_is_a_warning(void **state)
{
    (void)state;
    struct bytes file = make_webp(45, 23, 0, 0);
    struct truth t = read_truth(&file);
    add_chunk(&file, "EXIF", tiff_turned, TIFF_BYTES);
    file.size -= 10;
    struct result r = decode(&file, &(struct run){0});
    assert_int_equal(r.status, SCT_DONE);
    assert_int_equal(r.report.n_warnings, 1);
    assert_non_null(strstr(r.report.warning, "EXIF"));
    assert_int_equal(r.picture.orientation, 1);
    assert_planes_equal(&r, &t, -1);
    free_result(&r);
    free_truth(&t);
    bytes_free(&file);
}

static void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

static void wrong_sizes_of_the_riff_are_judged_by_the_picture(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct bytes file = make_webp(45, 23, kind & 1, kind >> 1);
        struct truth t = read_truth(&file);
        struct bytes longer = {malloc(file.size + 5), file.size + 5};
        assert_non_null(longer.data);
        memcpy(longer.data, file.data, file.size);
        memcpy(longer.data + file.size, "abcde", 5);

        struct result r = decode(&longer, &(struct run){.piece = 7});
        assert_int_equal(r.status, SCT_DONE);
        assert_int_equal(r.report.n_warnings, 1);
        assert_planes_equal(&r, &t, -1);
        free_result(&r);

        put_u32(file.data + 4, (uint32_t)file.size + 1000);
        r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_DONE);
        assert_planes_equal(&r, &t, -1);
        free_result(&r);

        put_u32(file.data + 4, (uint32_t)file.size - 8 - 4);
        r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_ERR_CORRUPT);
        free_result(&r);
        put_u32(file.data + 4, 0);
        r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_ERR_CORRUPT);
        free_result(&r);
        free_truth(&t);
        bytes_free(&longer);
        bytes_free(&file);
    }
}

/* ---- animations -------------------------------------------------------------------- */

/* The first frame of an animation as libwebpdemux shows it; NULL colours where alpha is 0. */
static void assert_frame_equal(const struct bytes *file, const struct result *r)
{
    const WebPData data = {file->data, file->size};
    WebPAnimDecoderOptions options;
    uint8_t *rgba;
    int timestamp;

    assert_true(WebPAnimDecoderOptionsInit(&options));
    options.color_mode = MODE_RGBA;
    WebPAnimDecoder *truth = WebPAnimDecoderNew(&data, &options);
    assert_non_null(truth);
    assert_true(WebPAnimDecoderGetNext(truth, &rgba, &timestamp));
    const int width = r->picture.width, n = r->picture.n_components;
    for (int i = 0; i < width * r->picture.height; i++) {
        const uint8_t *want = rgba + 4 * (ptrdiff_t)i;
        assert_int_equal(n == 4 ? r->plane[3][i] : 255, want[3]);
        for (int ci = 0; ci < 3 && r->picture.model == SCT_RGB && want[3]; ci++)
            assert_int_equal(r->plane[ci][i], want[ci]);
    }
    WebPAnimDecoderDelete(truth);
}

static void the_first_frame_is_shown_in_its_place(void **state)
{
    (void)state;
    static const struct {
        int x, y, width, height;
    } places[] = {{0, 0, 61, 47},  {0, 0, 60, 46}, {20, 32, 41, 15},
                  {10, 0, 17, 47}, {60, 46, 1, 1}, {0, 18, 61, 3}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (int kind = 0; kind < 4; kind++)
            for (int n_frames = 1; n_frames <= 2; n_frames++) {
                const int x = places[i].x, y = places[i].y;
                const int width = places[i].width, height = places[i].height;
                const int is_lossless = kind & 1, has_alpha = kind >> 1;
                /* libwebpmux makes a still picture of a lone frame without an offset */
                if (n_frames == 1 && i < 2)
                    continue;
                struct bytes file = make_animation(n_frames, 61, 47, x, y, width, height,
                                                   is_lossless, has_alpha);
                struct bytes still = make_webp(width, height, is_lossless, has_alpha);
                struct truth t = read_truth(&still);
                struct result r = decode(&file, &(struct run){0});
                assert_int_equal(r.status, SCT_DONE);
                assert_int_equal(r.picture.is_animated, n_frames > 1);
                assert_int_equal(r.report.n_warnings, 0);
                assert_int_equal(r.picture.width, 61);
                assert_int_equal(r.picture.height, 47);
                assert_int_equal(r.picture.has_alpha, has_alpha || i > 0);
                assert_frame_equal(&file, &r);
                struct result rgb =
                    decode(&file, &(struct run){.wants_rgb = SCT_RGB_ALWAYS});
                assert_int_equal(rgb.status, SCT_DONE);
                assert_frame_equal(&file, &rgb);
                free_result(&rgb);
                for (int ci = 0; ci < t.n_components; ci++) {
                    const int by = r.picture.h_max / r.picture.component[ci].h;
                    for (int row = 0; row < t.height[ci]; row++)
                        assert_memory_equal(
                            r.plane[ci] + (y / by + row) * r.picture.component[ci].width +
                                x / by,
                            t.plane[ci] + row * t.width[ci], (size_t)t.width[ci]);
                }
                free_result(&r);
                free_truth(&t);
                bytes_free(&still);
                bytes_free(&file);
            }
}

static void animations_are_truncated_only_in_their_first_frame(void **state)
{
    (void)state;
    struct bytes file = make_animation(3, 61, 47, 4, 6, 50, 33, 0, 1);
    const WebPData data = {file.data, file.size};
    WebPDemuxer *demuxer = WebPDemux(&data);
    WebPIterator frame;
    assert_non_null(demuxer);
    assert_true(WebPDemuxGetFrame(demuxer, 1, &frame));
    const size_t end = (size_t)(frame.fragment.bytes - file.data) + frame.fragment.size;
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    for (size_t size = 12; size < file.size; size++) {
        const struct bytes cut = {file.data, size};
        struct result r = decode(&cut, &(struct run){0});
        if (size >= end)
            assert_int_equal(r.status, SCT_DONE);
        else if (size + 16 < end)
            assert_int_equal(r.status, SCT_ERR_TRUNCATED);
        if (r.report.damage)
            assert_in_range(r.report.damaged_row, 6, 6 + 33);
        free_result(&r);
    }
    bytes_free(&file);
}

/* ---- damage ------------------------------------------------------------------------ */

/* What salvage fills in below row `first`. */
static void assert_neutral_below(const struct result *r, int first)
{
    static const int ycc[] = {126, 128, 128, 255}, rgb[] = {128, 128, 128, 255};
    for (int ci = 0; ci < r->picture.n_components; ci++) {
        const struct sct_component *c = &r->picture.component[ci];
        const int by = r->picture.v_max / c->v;
        for (int i = (first + by - 1) / by * c->width; i < c->width * c->height; i++)
            assert_int_equal(r->plane[ci][i], (r->picture.is_limited ? ycc : rgb)[ci]);
    }
}

static void truncated_files_are_good_to_the_damaged_row(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct bytes file = make_webp(97, 83, kind & 1, kind >> 1);
        struct truth t = read_truth(&file);
        int furthest = 0;
        for (size_t size = 0; size < file.size; size += size < 100 ? 1 : 13) {
            /* exactly as large, for the sanitizer */
            struct bytes cut = copy_bytes(file.data, size);
            cut.size = size;
            struct result strict = decode(&cut, &(struct run){.piece = 4096});
            struct result r = decode(&cut, &(struct run){.salvage = 1});
            if (size < 12) {
                assert_true(strict.status == SCT_ERR_NOT_AN_IMAGE ||
                            strict.status == SCT_ERR_UNSUPPORTED);
            } else if (strict.status == SCT_DONE) { /* bytes that nobody needs */
                assert_true(size + 13 >= file.size);
                assert_true(strict.report.n_warnings > 0);
                assert_planes_equal(&strict, &t, -1);
            } else {
                assert_int_equal(strict.status, SCT_ERR_TRUNCATED);
                assert_int_equal(r.is_open, strict.is_open);
            }
            if (r.is_open && strict.status < 0) {
                assert_int_equal(strict.report.damage, SCT_ERR_TRUNCATED);
                assert_int_equal(r.status, SCT_DONE);
                assert_int_equal(r.report.damage, SCT_ERR_TRUNCATED);
                assert_true(r.report.n_warnings > 0);
                assert_int_equal(r.report.damaged_row, strict.report.damaged_row);
                assert_in_range(r.report.damaged_row, 0, 82);
                assert_planes_equal(&r, &t, r.report.damaged_row);
                assert_neutral_below(&r, r.report.damaged_row);
                if (r.report.damaged_row > furthest)
                    furthest = r.report.damaged_row;
            } else if (r.is_open) {
                assert_int_equal(r.report.damage, 0);
            }
            free_result(&r);
            free_result(&strict);
            bytes_free(&cut);
        }
        assert_true(furthest >= 48); /* rows come as they are decoded */
        free_truth(&t);
        bytes_free(&file);
    }
}

/* In a large file the rows before the damage come before its status. */
static void good_rows_come_before_the_damage(void **state)
{
    (void)state;
    uint8_t *pixels = make_pixels(640, 480, 0, 77);
    for (int is_lossless = 0; is_lossless < 2; is_lossless++) {
        struct bytes file = encode_pixels(pixels, 640, 480, is_lossless, 90, 0);
        struct truth t = read_truth(&file);
        file.size = file.size * 3 / 4;
        struct result r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_ERR_TRUNCATED);
        assert_in_range(r.report.damaged_row, 240, 479);
        const int band = 8 * r.picture.v_max;
        assert_int_equal(r.n_bands, r.report.damaged_row / band);
        assert_int_equal(r.n_rows[0], r.n_bands * band);
        assert_planes_equal(&r, &t, r.n_rows[0]);
        free_result(&r);
        free_truth(&t);
        bytes_free(&file);
    }
    free(pixels);
}

/* A chunk that is shorter than the picture, and says so, is not truncated: somebody wrote
 * it. */
static void short_chunks_are_corrupt(void **state)
{
    (void)state;
    for (int is_lossless = 0; is_lossless < 2; is_lossless++) {
        struct bytes file = make_webp(97, 83, is_lossless, 0);
        file.size = file.size / 2 & ~(size_t)1;
        put_u32(file.data + 4, (uint32_t)file.size - 8);
        put_u32(file.data + 16, (uint32_t)file.size - 20);
        struct result r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_ERR_CORRUPT);
        assert_int_equal(r.report.damage, SCT_ERR_CORRUPT);
        assert_true(r.report.damaged_row >= 0);
        free_result(&r);
        r = decode(&file, &(struct run){.salvage = 1});
        assert_int_equal(r.status, SCT_DONE);
        assert_int_equal(r.report.damage, SCT_ERR_CORRUPT);
        assert_neutral_below(&r, r.report.damaged_row);
        free_result(&r);
        bytes_free(&file);
    }
}

/* Most flips in VP8 go unnoticed, since any bits mean something. What counts: a status, a
 * message, no crash, and with salvage all rows. */
static void flipped_bytes_have_a_verdict(void **state)
{
    (void)state;
    int n_corrupt = 0;
    const size_t step = getenv("SCT_TEST_QUICK") ? 5 : 1;
    for (int kind = 0; kind < 5; kind++) {
        struct bytes file = kind == 4 ? make_animation(2, 40, 30, 4, 6, 22, 19, 0, 1)
                                      : make_webp(40, 30, kind & 1, kind >> 1);
        add_chunk(&file, "EXIF", tiff_turned, TIFF_BYTES);
        for (size_t at = 12; at < file.size; at += at < 100 ? 1 : step)
            for (int bit = 0; bit < 8; bit += 3) {
                file.data[at] = (uint8_t)(file.data[at] ^ 1 << bit);
                struct result r = decode(&file, &(struct run){0});
                assert_true(r.status == SCT_DONE || r.status == SCT_ERR_CORRUPT ||
                            r.status == SCT_ERR_TRUNCATED ||
                            r.status == SCT_ERR_TOO_LARGE);
                struct result salvaged = decode(&file, &(struct run){.salvage = 1});
                assert_int_equal(salvaged.is_open, r.is_open);
                if (r.is_open) {
                    assert_int_equal(salvaged.status, SCT_DONE);
                    assert_int_equal(salvaged.report.damage,
                                     r.status == SCT_DONE ? 0 : r.status);
                    assert_int_equal(salvaged.n_rows[0], r.picture.height);
                }
                n_corrupt += r.status == SCT_ERR_CORRUPT;
                free_result(&salvaged);
                free_result(&r);
                file.data[at] = (uint8_t)(file.data[at] ^ 1 << bit);
            }
        bytes_free(&file);
    }
    assert_true(n_corrupt > 100);
}

/* ---- limits, failures -------------------------------------------------------------- */

static void limits_are_named(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct bytes file = make_webp(100, 60, kind & 1, kind >> 1);
        static const struct {
            struct sct_limits limits;
            const char *word;
        } cases[] = {
            {{.max_pixels = 5999}, "limit on pixels is 5999"},
            {{.max_whole_pixels = 5999}, "decoded whole is 5999"},
            {{.max_memory_bytes = 20000}, "memory"},
            {{.max_memory_bytes = 100}, "memory"},
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct result r = decode(&file, &(struct run){.limits = cases[i].limits});
            assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
            if (!strstr(r.report.message, cases[i].word))
                fail_msg("%s: %s", cases[i].word, r.report.message);
            free_result(&r);
        }
        struct result r =
            decode(&file, &(struct run){.limits = {.max_pixels = 6000,
                                                   .max_whole_pixels = 6000,
                                                   .max_memory_bytes = 1 << 20}});
        assert_int_equal(r.status, SCT_DONE);
        assert_true(r.picture.decoder_bytes <= 1 << 20);
        free_result(&r);
        bytes_free(&file);
    }
}

/* Thirty bytes that promise 16383 x 16383 pixels and four gigabytes. */
static void a_large_promise_takes_no_memory(void **state)
{
    (void)state;
    uint8_t head[] = "RIFF\xF0\xFF\xFF\xFFWEBPVP8 \xE0\xFF\xFF\xFF\x10\x10\0\x9D\1\x2A"
                     "\xFF\x3F\xFF\x3F";
    struct bytes file = copy_bytes(head, sizeof head - 1);
    struct result r = decode(&file, &(struct run){0});
    assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
    free_result(&r);
    bytes_free(&file);

    head[26] = head[28] = 16; /* a small picture; the file stays large */
    head[27] = head[29] = 0;
    file = copy_bytes(head, sizeof head - 1);
    r = decode(&file, &(struct run){0});
    assert_int_equal(r.status, SCT_ERR_TRUNCATED);
    assert_true(r.picture.decoder_bytes < 1 << 20);
    free_result(&r);
    bytes_free(&file);
}

static void failing_sources_are_io(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct bytes file = make_webp(97, 83, kind, 0);
        for (size_t at = 1; at < file.size; at += 37) {
            struct result r =
                decode(&file, &(struct run){.piece = 5, .fail_at = at, .salvage = 1});
            assert_int_equal(r.status, SCT_ERR_IO);
            free_result(&r);
        }
        bytes_free(&file);
    }
}

static void allocations_may_fail(void **state)
{
    (void)state;
    uint8_t *pixels = make_pixels(400, 400, 1, 77);
    for (int is_lossless = 0; is_lossless < 2; is_lossless++) {
        struct bytes file = encode_pixels(pixels, 400, 400, is_lossless, 100, 0);
        assert_true(file.size > 65536); /* the file's buffer grows */
        int n = 0;
        for (int status = SCT_ERR_MEMORY; status == SCT_ERR_MEMORY; n++) {
            n_allocations = 0;
            failing_allocation = n;
            struct result r = decode(&file, &(struct run){0});
            status = r.status;
            assert_true(status == SCT_ERR_MEMORY || status == SCT_DONE);
            free_result(&r);
        }
        failing_allocation = -1;
        assert_int_equal(n, is_lossless ? 6 : 5);
        bytes_free(&file);
    }
    free(pixels);
}

static void the_report_may_be_missing(void **state)
{
    (void)state;
    struct bytes file = make_webp(97, 83, 0, 0);
    struct piece_source source = {
        .data = file.data, .size = file.size - 300, .piece = 4096};
    struct sct_reader *reader = malloc(sizeof *reader);
    assert_non_null(reader);
    sct_reader_init(reader, &(struct sct_source){piece_read, &source});
    const struct sct_decoder_spec spec = {.reader = reader, .salvage = 1};
    struct sct_picture picture;
    struct sct_band band;
    sct_decoder *d;
    assert_int_equal(sct_webp_decoder.open(&d, &spec, &picture), SCT_OK);
    int status;
    while ((status = sct_webp_decoder.read_band(d, &band)) == SCT_OK)
        continue;
    assert_int_equal(status, SCT_DONE);
    sct_webp_decoder.close(d);
    sct_webp_decoder.close(NULL);
    free(reader);
    bytes_free(&file);
}

static void the_version_is_that_of_the_library(void **state)
{
    (void)state;
    const int v = WebPGetDecoderVersion();
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", v >> 16, v >> 8 & 255, v & 255);
    assert_string_equal(sct_webp_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_equal_libwebps_in_any_pieces),
        cmocka_unit_test(every_number_of_partitions_and_quality_is_read),
        cmocka_unit_test(large_files_are_read_in_many_pieces),
        cmocka_unit_test(lossy_pictures_can_be_had_as_rgb),
        cmocka_unit_test(the_picture_tells_what_the_header_says),
        cmocka_unit_test(quality_is_estimated_from_the_quantisers),
        cmocka_unit_test(metadata_are_handed_over),
        cmocka_unit_test(a_cut_chunk_behind_the_picture_is_a_warning),
        cmocka_unit_test(wrong_sizes_of_the_riff_are_judged_by_the_picture),
        cmocka_unit_test(the_first_frame_is_shown_in_its_place),
        cmocka_unit_test(animations_are_truncated_only_in_their_first_frame),
        cmocka_unit_test(truncated_files_are_good_to_the_damaged_row),
        cmocka_unit_test(good_rows_come_before_the_damage),
        cmocka_unit_test(short_chunks_are_corrupt),
        cmocka_unit_test(flipped_bytes_have_a_verdict),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(a_large_promise_takes_no_memory),
        cmocka_unit_test(failing_sources_are_io),
        cmocka_unit_test(allocations_may_fail),
        cmocka_unit_test(the_report_may_be_missing),
        cmocka_unit_test(the_version_is_that_of_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
