/* The PNG encoder: what goes in comes out again, by our decoder and by libpng, in the
 * smallest type that holds it; with profile, EXIF and XMP; and nothing half written. */
#include "png_test.h"

#include "encoder.h"
#include "fail_alloc.h"

enum { BAND_ROWS = 8 };

/* ---- pictures ------------------------------------------------------------------------- */

enum kind {
    NOISE,       /* every sample is its own */
    GRAY_NOISE,  /* all colours equal */
    TWO_COLOURS, /* 3, 15, 200: as many colours, not gray */
    THREE_COLOURS,
    FIFTEEN_COLOURS,
    MANY_COLOURS,
    BLACK_AND_WHITE,
    GRAYS_OF_2_BITS,
    GRAYS_OF_4_BITS,
    GRAYS_OF_8_BITS,
    LATE_COLOUR /* gray until the last pixel */
};

enum alpha { NO_ALPHA, OPAQUE, HALF, NOISY_ALPHA };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static unsigned sample_of(enum kind kind, unsigned v, int ci, int is_last)
{
    static const uint8_t n_colours[] = {[TWO_COLOURS] = 2,
                                        [THREE_COLOURS] = 3,
                                        [FIFTEEN_COLOURS] = 15,
                                        [MANY_COLOURS] = 200};
    switch (kind) {
    case NOISE: return (v * (unsigned)(ci + 1) * 40503u >> 7) & 0xFF;
    case GRAY_NOISE: return v & 0xFF;
    case TWO_COLOURS:
    case THREE_COLOURS:
    case FIFTEEN_COLOURS:
    case MANY_COLOURS:
        return (v % n_colours[kind] * (unsigned)(ci + 1) + 10 * (unsigned)ci + 1) & 0xFF;
    case BLACK_AND_WHITE: return v % 2 * 255;
    case GRAYS_OF_2_BITS: return v % 4 * 85;
    case GRAYS_OF_4_BITS: return v % 16 * 17;
    case GRAYS_OF_8_BITS: return v & 0xFF;
    case LATE_COLOUR: return is_last ? 60u * (unsigned)ci : v & 0xFF;
    }
    return 0;
}

/* depth 16 and not exact: the low bytes are the pixel's own. */
static struct pixels make_pixels(int width, int height, int n_colours, enum alpha alpha,
                                 int depth, int is_exact, enum kind kind)
{
    struct pixels p = {.width = width,
                       .height = height,
                       .depth = depth,
                       .n_colours = n_colours,
                       .has_alpha = alpha != NO_ALPHA};
    uint32_t seed = 5;
    pixels_alloc(&p);
    for (int i = 0; i < width * height; i++) {
        const unsigned v = next_random(&seed);
        for (int ci = 0; ci < n_colours + p.has_alpha; ci++) {
            unsigned s = sample_of(kind, v, ci, i == width * height - 1);
            if (ci == n_colours)
                s = alpha == OPAQUE ? 255
                    : alpha == HALF ? v % 2 * 128 + 127
                                    : v >> 3 & 0xFF;
            if (depth == 16)
                s = is_exact || (ci == n_colours && alpha == OPAQUE)
                        ? s * 257
                        : s << 8 | (v >> 5 & 0xFF);
            p.plane[ci][i] = (uint16_t)s;
        }
    }
    return p;
}

/* ---- encoding ------------------------------------------------------------------------- */

static struct sct_encoder_spec spec_for(const struct pixels *p)
{
    struct sct_encoder_spec spec = {.width = p->width,
                                    .height = p->height,
                                    .model = p->n_colours == 3 ? SCT_RGB : SCT_GRAY,
                                    .has_alpha = p->has_alpha,
                                    .depth = p->depth,
                                    .n_components = p->n_colours + p->has_alpha,
                                    .quality = 80,
                                    .compression = SCT_COMPRESSION_DEFAULT};
    for (int ci = 0; ci < spec.n_components; ci++)
        spec.component[ci].h = spec.component[ci].v = 1;
    return spec;
}

/* Gives the bands, each in rows of exactly padded_width samples. */
static int write_pixels(sct_encoder *e, const struct sct_encoder_layout *layout,
                        const struct pixels *p)
{
    const int n = p->n_colours + p->has_alpha, bytes = p->depth / 8;
    int status = SCT_OK;
    for (int band = 0; band < layout->n_bands && status == SCT_OK; band++) {
        uint8_t *rows[SCT_MAX_COMPONENTS][BAND_ROWS] = {{NULL}};
        uint8_t *const *pointers[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < n; ci++) {
            assert_int_equal(layout->component[ci].band_rows, BAND_ROWS);
            for (int i = 0; i < BAND_ROWS && band * BAND_ROWS + i < p->height; i++) {
                const uint16_t *from =
                    p->plane[ci] + (size_t)(band * BAND_ROWS + i) * (size_t)p->width;
                uint8_t *row =
                    malloc((size_t)(layout->component[ci].padded_width * bytes));
                for (int x = 0; x < p->width; x++)
                    if (bytes == 2)
                        ((uint16_t *)(void *)row)[x] = from[x];
                    else
                        row[x] = (uint8_t)from[x];
                rows[ci][i] = row;
            }
            pointers[ci] = rows[ci];
        }
        status = sct_png_encoder.write_band(e, pointers);
        for (int ci = 0; ci < n; ci++)
            for (int i = 0; i < BAND_ROWS; i++)
                free(rows[ci][i]);
    }
    return status;
}

static int encode_into(struct keep_sink *sink, struct sct_encoder_spec spec,
                       const struct pixels *p, struct sct_report *report)
{
    struct sct_encoder_layout layout;
    sct_encoder *e = (sct_encoder *)report; /* to see it cleared */

    memset(report, 0, sizeof *report);
    spec.sink = (struct sct_sink){keep_write, sink};
    spec.report = report;
    int status = sct_png_encoder.open(&e, &spec, &layout);
    if (status != SCT_OK) {
        assert_null(e);
        assert_string_not_equal(report->message, "");
        return status;
    }
    assert_int_equal(sink->kept.size, 0);
    status = write_pixels(e, &layout, p);
    if (status == SCT_OK)
        status = sct_png_encoder.finish(e);
    else
        assert_int_equal(sct_png_encoder.finish(e), status);
    assert_int_equal(status == SCT_OK, report->message[0] == '\0');
    sct_png_encoder.close(e);
    return status;
}

static struct bytes encode(struct sct_encoder_spec spec, const struct pixels *p)
{
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report;
    if (encode_into(&sink, spec, p, &report) != SCT_OK)
        fail_msg("%s", report.message);
    return sink.kept;
}

/* The picture that must come back: without alpha that is opaque, in 8 bits that say all. */
static struct pixels reduce(const struct pixels *p)
{
    struct pixels r = {.width = p->width, .height = p->height, .n_colours = p->n_colours};
    const unsigned opaque = p->depth == 16 ? 65535 : 255;
    const int n_pixels = p->width * p->height, n = p->n_colours + p->has_alpha;
    int is_exact = 1;
    for (int i = 0; i < n_pixels; i++) {
        for (int ci = 0; ci < n; ci++)
            is_exact &= p->plane[ci][i] >> 8 == (p->plane[ci][i] & 0xFF);
        if (p->has_alpha && p->plane[p->n_colours][i] != opaque)
            r.has_alpha = 1;
    }
    r.depth = p->depth == 16 && !is_exact ? 16 : 8;
    pixels_alloc(&r);
    for (int ci = 0; ci < r.n_colours + r.has_alpha; ci++)
        for (int i = 0; i < n_pixels; i++)
            r.plane[ci][i] =
                p->depth != r.depth ? (uint16_t)(p->plane[ci][i] >> 8) : p->plane[ci][i];
    return r;
}

/* Encodes, compares what both decoders make of it; the type, as 100 * colour type + bits. */
static int go_around(const char *name, struct sct_encoder_spec spec,
                     const struct pixels *p)
{
    struct bytes file = encode(spec, p);
    struct pixels expected = reduce(p), seen;
    struct job job = {.piece = 0};

    if (job_run(&job, &file) != SCT_DONE || job.report.n_warnings)
        fail_msg("%s: %s%s", name, job.report.message, job.report.warning);
    assert_same_pixels(&job.pixels, &expected, p->height, name);
    assert_true(libpng_read(&seen, &file));
    assert_same_pixels(&seen, &expected, p->height, name);
    const int type = 100 * file.data[25] + file.data[24];
    job_free(&job);
    pixels_free(&seen);
    pixels_free(&expected);
    bytes_free(&file);
    return type;
}

/* ---- tests ---------------------------------------------------------------------------- */

static void pictures_come_back_in_the_smallest_type(void **state)
{
    (void)state;
    static const struct {
        int n_colours;
        enum alpha alpha;
        int depth, is_exact;
        enum kind kind;
        int type; /* of PNG, times 100, and bits */
    } cases[] = {
        {1, NO_ALPHA, 8, 1, GRAYS_OF_8_BITS, 8},
        {1, NO_ALPHA, 8, 1, GRAYS_OF_4_BITS, 4},
        {1, NO_ALPHA, 8, 1, GRAYS_OF_2_BITS, 2},
        {1, NO_ALPHA, 8, 1, BLACK_AND_WHITE, 1},
        {1, NO_ALPHA, 8, 1, THREE_COLOURS, 302},
        {1, NO_ALPHA, 8, 1, FIFTEEN_COLOURS, 304},
        {1, NO_ALPHA, 8, 1, MANY_COLOURS, 8},
        {1, NO_ALPHA, 16, 0, GRAYS_OF_8_BITS, 16},
        {1, NO_ALPHA, 16, 1, GRAYS_OF_8_BITS, 8},
        {1, NO_ALPHA, 16, 1, GRAYS_OF_2_BITS, 2},
        {1, OPAQUE, 8, 1, GRAYS_OF_8_BITS, 8},
        {1, OPAQUE, 16, 0, GRAYS_OF_8_BITS, 16},
        {1, HALF, 8, 1, BLACK_AND_WHITE, 301},
        {1, HALF, 8, 1, GRAYS_OF_4_BITS, 304},
        {1, NOISY_ALPHA, 8, 1, GRAYS_OF_8_BITS, 408},
        {1, NOISY_ALPHA, 16, 0, GRAYS_OF_8_BITS, 416},
        {1, NOISY_ALPHA, 16, 1, GRAYS_OF_8_BITS, 408},
        {3, NO_ALPHA, 8, 1, NOISE, 208},
        {3, NO_ALPHA, 8, 1, GRAY_NOISE, 8},
        {3, NO_ALPHA, 8, 1, LATE_COLOUR, 208},
        {3, NO_ALPHA, 8, 1, TWO_COLOURS, 301},
        {3, NO_ALPHA, 8, 1, THREE_COLOURS, 302},
        {3, NO_ALPHA, 8, 1, FIFTEEN_COLOURS, 304},
        {3, NO_ALPHA, 8, 1, MANY_COLOURS, 308},
        {3, NO_ALPHA, 8, 1, BLACK_AND_WHITE, 1},
        {3, NO_ALPHA, 16, 0, NOISE, 216},
        {3, NO_ALPHA, 16, 1, NOISE, 208},
        {3, NO_ALPHA, 16, 1, FIFTEEN_COLOURS, 304},
        {3, NO_ALPHA, 16, 0, GRAY_NOISE, 16},
        {3, OPAQUE, 8, 1, NOISE, 208},
        {3, OPAQUE, 8, 1, GRAY_NOISE, 8},
        {3, OPAQUE, 8, 1, FIFTEEN_COLOURS, 304},
        {3, OPAQUE, 16, 0, NOISE, 216},
        {3, HALF, 8, 1, TWO_COLOURS, 301},
        {3, HALF, 8, 1, FIFTEEN_COLOURS, 308},
        {3, HALF, 8, 1, NOISE, 608},
        {3, NOISY_ALPHA, 8, 1, NOISE, 608},
        {3, NOISY_ALPHA, 8, 1, GRAY_NOISE, 408},
        {3, NOISY_ALPHA, 16, 0, NOISE, 616},
        {3, NOISY_ALPHA, 16, 1, NOISE, 608},
        {3, NOISY_ALPHA, 16, 0, GRAY_NOISE, 416},
    };
    static const int sizes[][2] = {{97, 71}, {64, 64}, {256, 30}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
            for (int level = SCT_COMPRESSION_DEFAULT; level <= 9; level += 5) {
                char name[64];
                snprintf(name, sizeof name, "case %zu, size %zu, level %d", i, s, level);
                struct pixels p = make_pixels(
                    sizes[s][0], sizes[s][1], cases[i].n_colours, cases[i].alpha,
                    cases[i].depth, cases[i].is_exact, cases[i].kind);
                struct sct_encoder_spec spec = spec_for(&p);
                spec.compression = level;
                const int type = go_around(name, spec, &p);
                if (type != cases[i].type)
                    fail_msg("%s: type %d, expected %d", name, type, cases[i].type);
                pixels_free(&p);
            }
}

static void small_pictures_come_back(void **state)
{
    (void)state;
    for (int width = 1; width <= 18; width++)
        for (int height = 1; height <= 10; height += 3)
            for (int kind = NOISE; kind <= LATE_COLOUR; kind++)
                for (int n = 1; n <= 3; n += 2)
                    for (int alpha = NO_ALPHA; alpha <= NOISY_ALPHA; alpha++)
                        for (int depth = 8; depth <= 16; depth += 8) {
                            struct pixels p =
                                make_pixels(width, height, n, (enum alpha)alpha, depth,
                                            kind % 2, (enum kind)kind);
                            (void)go_around("small", spec_for(&p), &p);
                            pixels_free(&p);
                        }
}

static void a_palette_has_its_transparent_colours_first(void **state)
{
    (void)state;
    struct pixels p = make_pixels(64, 64, 3, OPAQUE, 8, 1, MANY_COLOURS);
    p.plane[3][4000] = 7;
    struct bytes file = encode(spec_for(&p), &p);
    const size_t at = find_chunk(&file, "tRNS");
    assert_true(at < file.size);
    assert_int_equal(get_u32(file.data + at), 1);
    assert_int_equal(file.data[at + 8], 7);
    bytes_free(&file);
    pixels_free(&p);
}

static void make_profile(uint8_t *profile, size_t n, const char *space)
{
    memset(profile, 0, n);
    for (size_t i = 128; i < n; i++)
        profile[i] = (uint8_t)(i * 7919 >> 3);
    put_u32(profile, (uint32_t)n);
    memcpy(profile + 16, space, 4);
    memcpy(profile + 36, "acsp", 4);
}

static void metadata_are_written(void **state)
{
    (void)state;
    static const char xmp[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
    static const uint8_t exif[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0";
    enum { BIG = 200000 };
    for (int n_colours = 1; n_colours <= 3; n_colours += 2) {
        struct pixels p = make_pixels(80, 50, n_colours, NO_ALPHA, 8, 1, BLACK_AND_WHITE);
        struct sct_encoder_spec spec = spec_for(&p);
        struct keep_sink sink = {.fail_at = 0};
        struct sct_report report = {.n_warnings = 0};
        struct sct_encoder_layout layout;
        sct_encoder *e;
        uint8_t *profile = malloc(BIG), *copy = malloc(BIG);
        make_profile(profile, BIG, n_colours == 3 ? "RGB " : "GRAY");
        memcpy(copy, profile, BIG);
        spec.icc = copy;
        spec.icc_bytes = BIG;
        spec.exif = (struct sct_bytes){exif, sizeof exif - 1};
        spec.xmp = (struct sct_bytes){(const uint8_t *)xmp, sizeof xmp - 1};
        spec.sink = (struct sct_sink){keep_write, &sink};
        spec.report = &report;
        assert_int_equal(sct_png_encoder.open(&e, &spec, &layout), SCT_OK);
        memset(copy, 0xEE, BIG); /* it was borrowed during open only */
        free(copy);
        assert_int_equal(write_pixels(e, &layout, &p), SCT_OK);
        assert_int_equal(sct_png_encoder.finish(e), SCT_OK);
        sct_png_encoder.close(e);

        struct job job = {.piece = 0};
        assert_int_equal(job_run(&job, &sink.kept), SCT_DONE);
        assert_int_equal(job.report.n_warnings, 0);
        assert_int_equal(job.picture.icc_bytes, BIG);
        assert_memory_equal(job.icc, profile, BIG);
        assert_int_equal(job.picture.exif.n_bytes, sizeof exif - 1);
        assert_memory_equal(job.exif, exif, sizeof exif - 1);
        assert_int_equal(job.picture.orientation, 3);
        assert_int_equal(job.picture.xmp.n_bytes, sizeof xmp - 1);
        assert_memory_equal(job.xmp, xmp, sizeof xmp - 1);
        /* an RGB profile belongs to colours, a gray one to grays */
        assert_int_equal(sink.kept.data[25], n_colours == 3 ? 3 : 0);
        assert_int_equal(job.picture.model, n_colours == 3 ? SCT_RGB : SCT_GRAY);
        job_free(&job);
        bytes_free(&sink.kept);
        free(profile);
        pixels_free(&p);
    }
}

static void without_metadata_there_is_nothing_but_the_picture(void **state)
{
    (void)state;
    struct pixels p = make_pixels(80, 50, 3, NO_ALPHA, 8, 1, NOISE);
    struct bytes file = encode(spec_for(&p), &p), again = encode(spec_for(&p), &p);
    assert_int_equal(file.size, again.size);
    assert_memory_equal(file.data, again.data, file.size);
    size_t at = 8;
    while (at < file.size) {
        assert_true(!memcmp(file.data + at + 4, "IHDR", 4) ||
                    !memcmp(file.data + at + 4, "IDAT", 4) ||
                    !memcmp(file.data + at + 4, "IEND", 4));
        at += 12 + get_u32(file.data + at);
    }
    bytes_free(&file);
    bytes_free(&again);
    pixels_free(&p);
}

static void a_failing_sink_is_an_io_error(void **state)
{
    (void)state;
    static const enum kind kinds[] = {NOISE, MANY_COLOURS, BLACK_AND_WHITE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct pixels p = make_pixels(150, 90, 3, NO_ALPHA, 8, 1, kinds[i]);
        struct sct_encoder_spec spec = spec_for(&p);
        struct bytes file = encode(spec, &p);
        for (size_t at = 1; at < file.size; at += 1 + at / 40) {
            struct keep_sink sink = {.fail_at = at};
            struct sct_report report;
            assert_int_equal(encode_into(&sink, spec, &p, &report), SCT_ERR_IO);
            assert_string_equal(report.message, "writing the output failed");
            bytes_free(&sink.kept);
        }
        for (size_t left = 1; left <= 40; left++) { /* every one of the last bytes */
            struct keep_sink sink = {.fail_at = file.size - left};
            struct sct_report report;
            assert_int_equal(encode_into(&sink, spec, &p, &report), SCT_ERR_IO);
            bytes_free(&sink.kept);
        }
        bytes_free(&file);
        pixels_free(&p);
    }
}

static void specs_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct pixels p = make_pixels(9, 9, 3, NO_ALPHA, 8, 1, NOISE);
    const struct sct_encoder_spec good = spec_for(&p);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report;
    static const uint8_t no_tiff[] = "Exif";
    struct sct_encoder_spec bad[] = {good, good, good, good, good,
                                     good, good, good, good, good};
    static const int expected[] = {
        SCT_ERR_ARGUMENT,    SCT_ERR_ARGUMENT,   SCT_ERR_ARGUMENT,    SCT_ERR_ARGUMENT,
        SCT_ERR_UNSUPPORTED, SCT_ERR_TOO_LARGE,  SCT_ERR_UNSUPPORTED, SCT_ERR_UNSUPPORTED,
        SCT_ERR_ARGUMENT,    SCT_ERR_UNSUPPORTED};
    bad[0].width = 0;
    bad[1].height = -1;
    bad[2].compression = 10;
    bad[3].n_components = 4;
    bad[4].component[0].h = 2;
    bad[5].width = 65536;
    bad[6].model = SCT_YCC;
    bad[7].depth = 12;
    bad[8].exif = (struct sct_bytes){no_tiff, 4};
    bad[9].model = SCT_CMYK;
    assert_true(sct_png_encoder.takes(&good));
    assert_int_equal(sct_png_encoder.bytes(&good), 9 * 9 * 3);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(encode_into(&sink, bad[i], &p, &report), expected[i]);
        assert_int_equal(sct_png_encoder.takes(&bad[i]),
                         expected[i] != SCT_ERR_UNSUPPORTED);
    }
    assert_ptr_equal(sct_encoder_find("png"), &sct_png_encoder);
    pixels_free(&p);
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    static uint8_t profile[300];
    static const uint8_t xmp[] = "<x/>";
    struct pixels p = make_pixels(30, 20, 3, HALF, 8, 1, MANY_COLOURS);
    struct sct_encoder_spec spec = spec_for(&p);
    make_profile(profile, sizeof profile, "RGB ");
    spec.icc = profile;
    spec.icc_bytes = sizeof profile;
    spec.xmp = (struct sct_bytes){xmp, sizeof xmp - 1};
    n_allocations = 0;
    struct bytes file = encode(spec, &p);
    const int n = n_allocations;
    assert_true(n >= 5);
    for (int i = 0; i < n; i++) {
        struct keep_sink sink = {.fail_at = 0};
        struct sct_report report;
        n_allocations = 0;
        failing_allocation = i;
        assert_int_equal(encode_into(&sink, spec, &p, &report), SCT_ERR_MEMORY);
        failing_allocation = -1;
        assert_int_equal(sink.kept.size, 0);
    }
    bytes_free(&file);
    pixels_free(&p);
}

static void the_calls_have_an_order(void **state)
{
    (void)state;
    struct pixels p = make_pixels(30, 20, 3, NO_ALPHA, 8, 1, NOISE);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_spec spec = spec_for(&p);
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_int_equal(sct_png_encoder.open(&e, &spec, &layout), SCT_OK);
    assert_int_equal(sct_png_encoder.finish(e), SCT_ERR_ARGUMENT);
    assert_int_equal(write_pixels(e, &layout, &p), SCT_OK);
    layout.n_bands = 1;
    assert_int_equal(write_pixels(e, &layout, &p), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_png_encoder.finish(e), SCT_OK);
    assert_int_equal(sct_png_encoder.finish(e), SCT_ERR_ARGUMENT);
    sct_png_encoder.close(e);
    sct_png_encoder.close(NULL);
    bytes_free(&sink.kept);
    pixels_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_back_in_the_smallest_type),
        cmocka_unit_test(small_pictures_come_back),
        cmocka_unit_test(a_palette_has_its_transparent_colours_first),
        cmocka_unit_test(metadata_are_written),
        cmocka_unit_test(without_metadata_there_is_nothing_but_the_picture),
        cmocka_unit_test(a_failing_sink_is_an_io_error),
        cmocka_unit_test(specs_that_make_no_sense_are_refused),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(the_calls_have_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
