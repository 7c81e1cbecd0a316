/* The JPEG encoder, read back by libjpeg: planes come out as they went in, and nothing
 * else is in the file. */
#include "jpeg_strict.h"

#include "encoder.h"

enum { GUARD = 0xA5 };

/* ---- planes in --------------------------------------------------------------------- */

struct planes {
    int n_components;
    struct {
        int width, height, padded_width;
        uint8_t *data; /* rows of padded_width */
    } component[SCT_MAX_COMPONENTS];
};

/* Smooth, with a little noise: high quality then means small errors. `seed` may be
 * anything. */
static struct planes make_planes(const struct sct_encoder_layout *layout,
                                 int n_components, unsigned seed)
{
    struct planes p = {.n_components = n_components};
    for (int ci = 0; ci < n_components; ci++) {
        const int width = layout->component[ci].width;
        const int height = layout->component[ci].height;
        const int padded_width = layout->component[ci].padded_width;
        uint8_t *data = malloc((size_t)padded_width * (size_t)height);
        assert_non_null(data);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < padded_width; x++) {
                seed = seed * 1664525u + 1013904223u;
                data[y * padded_width + x] =
                    (uint8_t)(x >= width ? GUARD
                                         : 40 + (x * 3 + y * 2 + ci * 50) % 128 +
                                               (int)(seed >> 29));
            }
        p.component[ci].width = width;
        p.component[ci].height = height;
        p.component[ci].padded_width = padded_width;
        p.component[ci].data = data;
    }
    return p;
}

static void free_planes(struct planes *p)
{
    for (int ci = 0; ci < p->n_components; ci++)
        free(p->component[ci].data);
}

static int write_bands(sct_encoder *e, const struct sct_encoder_layout *layout,
                       const struct planes *p)
{
    for (int band = 0; band < layout->n_bands; band++) {
        uint8_t *pointers[SCT_MAX_COMPONENTS][32];
        uint8_t *const *rows[SCT_MAX_COMPONENTS] = {NULL};
        for (int ci = 0; ci < p->n_components; ci++) {
            const int band_rows = layout->component[ci].band_rows;
            for (int i = 0; i < band_rows; i++) {
                /* rows past the end need not exist */
                const int y = band * band_rows + i;
                pointers[ci][i] =
                    y < p->component[ci].height
                        ? p->component[ci].data +
                              (size_t)y * (size_t)p->component[ci].padded_width
                        : NULL;
            }
            rows[ci] = pointers[ci];
        }
        const int status = sct_jpeg_encoder.write_band(e, rows);
        if (status != SCT_OK)
            return status;
    }
    return SCT_OK;
}

static struct sct_encoder_spec make_spec(enum sct_model model, int n, const char *factors,
                                         int width, int height, int quality)
{
    struct sct_encoder_spec spec = {.width = width,
                                    .height = height,
                                    .model = model,
                                    .n_components = n,
                                    .quality = quality,
                                    .has_adobe = 1};
    for (int ci = 0; ci < n; ci++) {
        spec.component[ci].h = factors[2 * ci] - '0';
        spec.component[ci].v = factors[2 * ci + 1] - '0';
    }
    return spec;
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
    if (sct_jpeg_encoder.open(&e, &spec, &layout) != SCT_OK)
        fail_msg("%s", report.message);
    *p = make_planes(&layout, spec.n_components, (unsigned)spec.width);
    assert_int_equal(write_bands(e, &layout, p), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
    sct_jpeg_encoder.close(e);
    assert_string_equal(report.message, "");
    return sink.kept;
}

/* ---- planes out -------------------------------------------------------------------- */

struct reading {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
};

static void start_reading(struct reading *r, const struct bytes *file)
{
    r->cinfo.err = strict_errors(&r->errors);
    jpeg_create_decompress(&r->cinfo);
    jpeg_mem_src(&r->cinfo, file->data, file->size);
    for (int marker = 0; marker < 16; marker++)
        jpeg_save_markers(&r->cinfo, JPEG_APP0 + marker, 0xFFFF);
    jpeg_save_markers(&r->cinfo, JPEG_COM, 0xFFFF);
    jpeg_read_header(&r->cinfo, TRUE);
}

/* The largest difference between what went in and what libjpeg makes of the file. */
static int compare_planes(const struct bytes *file, const struct planes *p)
{
    struct reading r;
    int worst = 0;

    start_reading(&r, file);
    assert_int_equal(r.cinfo.num_components, p->n_components);
    r.cinfo.raw_data_out = TRUE;
    r.cinfo.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&r.cinfo);

    JSAMPROW pointers[SCT_MAX_COMPONENTS][32];
    JSAMPARRAY planes[SCT_MAX_COMPONENTS];
    uint8_t *data[SCT_MAX_COMPONENTS];
    for (int ci = 0; ci < p->n_components; ci++) {
        const jpeg_component_info *c = &r.cinfo.comp_info[ci];
        const size_t stride = (size_t)(c->width_in_blocks + 4) * 8;
        assert_int_equal(c->downsampled_width, p->component[ci].width);
        assert_int_equal(c->downsampled_height, p->component[ci].height);
        data[ci] = malloc(stride * 32);
        assert_non_null(data[ci]);
        for (size_t i = 0; i < 32; i++)
            pointers[ci][i] = data[ci] + stride * i;
        planes[ci] = pointers[ci];
    }
    for (int band = 0; r.cinfo.output_scanline < r.cinfo.output_height; band++) {
        const JDIMENSION n_lines = (JDIMENSION)r.cinfo.max_v_samp_factor * 8;
        assert_int_equal(jpeg_read_raw_data(&r.cinfo, planes, n_lines), n_lines);
        for (int ci = 0; ci < p->n_components; ci++) {
            const int n_rows = r.cinfo.comp_info[ci].v_samp_factor * 8;
            for (int i = 0; i < n_rows && band * n_rows + i < p->component[ci].height;
                 i++)
                for (int x = 0; x < p->component[ci].width; x++) {
                    const size_t at = (size_t)(band * n_rows + i) *
                                          (size_t)p->component[ci].padded_width +
                                      (size_t)x;
                    const int d = abs(pointers[ci][i][x] - p->component[ci].data[at]);
                    worst = d > worst ? d : worst;
                }
        }
    }
    for (int ci = 0; ci < p->n_components; ci++)
        free(data[ci]);
    jpeg_destroy_decompress(&r.cinfo);
    return worst;
}

/* ---- tests ------------------------------------------------------------------------- */

static const struct {
    int width, height;
} sizes[] = {{1, 1}, {7, 9}, {8, 8}, {17, 15}, {33, 31}, {64, 48}, {101, 67}};

enum { N_SIZES = sizeof sizes / sizeof sizes[0], N_EFFORTS = SCT_MAX_EFFORT + 1 };

/* All coefs are rounded at quality 100, to whole steps: that is off by a level or two. */
enum { NEAR_LOSSLESS = 2 };

static void planes_survive_quality_100_with_every_sampling(void **state)
{
    (void)state;
    static const struct {
        enum sct_model model;
        int n;
        const char *factors;
    } samplings[] = {
        {SCT_GRAY, 1, "11"},       {SCT_GRAY, 1, "22"},       {SCT_YCC, 3, "111111"},
        {SCT_YCC, 3, "211111"},    {SCT_YCC, 3, "221111"},    {SCT_YCC, 3, "121111"},
        {SCT_YCC, 3, "411111"},    {SCT_YCC, 3, "421111"},    {SCT_YCC, 3, "141111"},
        {SCT_YCC, 3, "222111"},    {SCT_YCC, 3, "112211"},    {SCT_YCC, 3, "311111"},
        {SCT_YCC, 3, "132111"},    {SCT_YCC, 3, "222222"},    {SCT_YCC, 3, "442222"},
        {SCT_RGB, 3, "111111"},    {SCT_CMYK, 4, "11111111"}, {SCT_CMYK, 4, "22111122"},
        {SCT_YCCK, 4, "22111122"}, {SCT_YCCK, 4, "11111111"},
    };
    for (size_t i = 0; i < sizeof samplings / sizeof samplings[0]; i++)
        for (int s = 0; s < N_SIZES; s++)
            for (int mode = 0; mode < 3 * N_EFFORTS; mode++) {
                struct sct_encoder_spec spec =
                    make_spec(samplings[i].model, samplings[i].n, samplings[i].factors,
                              sizes[s].width, sizes[s].height, 100);
                spec.effort = mode / 3;
                spec.progressive = mode % 3 == 1;
                spec.optimize = mode % 3 == 2;
                struct planes p;
                struct bytes file = encode(spec, &p);
                const int worst = compare_planes(&file, &p);
                if (worst > NEAR_LOSSLESS)
                    fail_msg("%s, %dx%d, mode %d: off by %d", samplings[i].factors,
                             sizes[s].width, sizes[s].height, mode, worst);
                free_planes(&p);
                bytes_free(&file);
            }
}

/* A constant picture of odd size stays constant to its last sample: whatever is coded
 * past the edge is the edge, and costs no bytes. */
static void check_padding(int effort)
{
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 33, 35, 50);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.effort = effort;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, 3, 1);
    for (int ci = 0; ci < 3; ci++)
        for (int y = 0; y < p.component[ci].height; y++)
            memset(p.component[ci].data + y * p.component[ci].padded_width, 200,
                   (size_t)p.component[ci].width); /* the padding stays GUARD */
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
    sct_jpeg_encoder.close(e);

    struct reading r;
    start_reading(&r, &sink.kept);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&r.cinfo);
    for (int ci = 0; ci < 3; ci++) {
        const jpeg_component_info *c = &r.cinfo.comp_info[ci];
        for (JDIMENSION y = 0; y < c->height_in_blocks; y++) {
            JBLOCKARRAY row = r.cinfo.mem->access_virt_barray((j_common_ptr)&r.cinfo,
                                                              arrays[ci], y, 1, FALSE);
            for (JDIMENSION x = 0; x < c->width_in_blocks; x++)
                for (int i = 1; i < 64; i++)
                    assert_int_equal(row[0][x][i], 0);
        }
    }
    jpeg_destroy_decompress(&r.cinfo);
    free_planes(&p);
    bytes_free(&sink.kept);
}

static void padding_repeats_the_edge(void **state)
{
    (void)state;
    for (int effort = 0; effort < N_EFFORTS; effort++)
        check_padding(effort);
}

static void the_layout_says_what_a_band_is(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 101, 67, 80);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    assert_int_equal(layout.n_bands, 5);
    assert_int_equal(layout.component[0].width, 101);
    assert_int_equal(layout.component[0].height, 67);
    assert_int_equal(layout.component[0].band_rows, 16);
    assert_true(layout.component[0].padded_width >= 104);
    assert_int_equal(layout.component[1].width, 51);
    assert_int_equal(layout.component[1].height, 34);
    assert_int_equal(layout.component[1].band_rows, 8);
    assert_true(layout.component[1].padded_width >= 56);
    sct_jpeg_encoder.close(e); /* nothing written, nothing leaked */
    free(sink.kept.data);
}

static void markers_say_the_model_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        enum sct_model model;
        int n, has_adobe;
        J_COLOR_SPACE space;
        int jfif, adobe, transform;
    } models[] = {
        {SCT_GRAY, 1, 0, JCS_GRAYSCALE, 1, 0, 0}, {SCT_YCC, 3, 1, JCS_YCbCr, 1, 0, 0},
        {SCT_RGB, 3, 0, JCS_RGB, 0, 1, 0},        {SCT_CMYK, 4, 1, JCS_CMYK, 0, 1, 0},
        {SCT_CMYK, 4, 0, JCS_CMYK, 0, 0, 0},      {SCT_YCCK, 4, 1, JCS_YCCK, 0, 1, 2},
    };
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        struct sct_encoder_spec spec =
            make_spec(models[i].model, models[i].n, "11111111", 20, 20, 80);
        spec.has_adobe = models[i].has_adobe;
        struct planes p;
        struct bytes file = encode(spec, &p);
        struct reading r;
        start_reading(&r, &file);
        assert_int_equal(r.cinfo.jpeg_color_space, models[i].space);
        assert_int_equal(r.cinfo.saw_JFIF_marker, models[i].jfif);
        assert_int_equal(r.cinfo.saw_Adobe_marker, models[i].adobe);
        if (models[i].adobe)
            assert_int_equal(r.cinfo.Adobe_transform, models[i].transform);
        for (jpeg_saved_marker_ptr m = r.cinfo.marker_list; m; m = m->next)
            assert_int_equal(m->marker, models[i].jfif ? JPEG_APP0 : JPEG_APP0 + 14);
        jpeg_destroy_decompress(&r.cinfo);
        free_planes(&p);
        bytes_free(&file);
    }
}

static void icc_profiles_come_back_identical(void **state)
{
    (void)state;
    static const size_t icc_sizes[] = {1, 3000, 65519, 65520, 200001};
    for (size_t i = 0; i < sizeof icc_sizes / sizeof icc_sizes[0]; i++) {
        uint8_t *icc = malloc(icc_sizes[i]);
        assert_non_null(icc);
        for (size_t k = 0; k < icc_sizes[i]; k++)
            icc[k] = (uint8_t)(k * 7 + k / 256);
        struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 30, 30, 80);
        spec.icc = icc;
        spec.icc_bytes = icc_sizes[i];
        spec.progressive = (int)(i % 2);
        struct planes p;
        struct bytes file = encode(spec, &p);
        struct reading r;
        start_reading(&r, &file);
        JOCTET *got = NULL;
        unsigned n_got = 0;
        assert_true(jpeg_read_icc_profile(&r.cinfo, &got, &n_got));
        assert_int_equal(n_got, icc_sizes[i]);
        assert_memory_equal(got, icc, icc_sizes[i]);
        free(got);
        jpeg_destroy_decompress(&r.cinfo);
        free_planes(&p);
        bytes_free(&file);
        free(icc);
    }
}

/* Bytes that are easily told apart, from malloc. */
static struct sct_bytes make_bytes(size_t n, unsigned seed)
{
    uint8_t *data = malloc(n ? n : 1);
    assert_non_null(data);
    for (size_t i = 0; i < n; i++)
        data[i] = (uint8_t)(i * 7 + i / 256 + seed);
    return (struct sct_bytes){data, n};
}

/* Segments stand in the usual order and have what the spec has; image resources may need
 * several. */
static void metadata_come_back_identical(void **state)
{
    (void)state;
    static const struct {
        const char *signature;
        size_t n;
        int marker;
    } kinds[] = {{"Exif\0", 6, JPEG_APP0 + 1},
                 {"http://ns.adobe.com/xap/1.0/", 29, JPEG_APP0 + 1},
                 {"ICC_PROFILE", 12, JPEG_APP0 + 2},
                 {"Photoshop 3.0", 14, JPEG_APP0 + 13}};
    static const size_t byte_sizes[][3] = {
        {0, 0, 0},     {1, 1, 1},         {300, 0, 7},   {0, 400, 0},
        {65527, 1, 9}, {9, 65504, 65519}, {9, 1, 65520}, {9, 1, 200001}};
    for (size_t i = 0; i < sizeof byte_sizes / sizeof byte_sizes[0]; i++) {
        struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 30, 30, 80);
        spec.progressive = (int)(i % 2);
        spec.exif = make_bytes(byte_sizes[i][0], 1);
        spec.xmp = make_bytes(byte_sizes[i][1], 2);
        spec.iptc = make_bytes(byte_sizes[i][2], 3);
        const struct sct_bytes icc = make_bytes(i % 2 ? 3000 : 0, 4);
        spec.icc = icc.data;
        spec.icc_bytes = icc.n_bytes;
        const struct sct_bytes wanted[] = {spec.exif, spec.xmp, icc, spec.iptc};

        struct planes p;
        struct bytes file = encode(spec, &p);
        struct reading r;
        start_reading(&r, &file);
        size_t got[4] = {0}, kind = 0;
        assert_int_equal(r.cinfo.marker_list->marker, JPEG_APP0);
        for (jpeg_saved_marker_ptr m = r.cinfo.marker_list->next; m; m = m->next) {
            while (kind < 4 &&
                   (m->marker != kinds[kind].marker ||
                    memcmp(m->data, kinds[kind].signature, kinds[kind].n) != 0))
                kind++; /* never back: the order is right */
            assert_true(kind < 4);
            const size_t prefix_bytes = kinds[kind].n + (kind == 2 ? 2 : 0);
            const size_t n = m->data_length - prefix_bytes;
            assert_true(got[kind] + n <= wanted[kind].n_bytes);
            assert_memory_equal(m->data + prefix_bytes, wanted[kind].data + got[kind], n);
            got[kind] += n;
        }
        for (kind = 0; kind < 4; kind++) {
            assert_int_equal(got[kind], wanted[kind].n_bytes);
            free((void *)wanted[kind].data);
        }
        jpeg_destroy_decompress(&r.cinfo);
        free_planes(&p);
        bytes_free(&file);
    }
}

static void metadata_that_do_not_fit_are_dropped(void **state)
{
    (void)state;
    for (int is_xmp = 0; is_xmp < 2; is_xmp++) {
        struct sct_encoder_spec spec = make_spec(SCT_GRAY, 1, "11", 8, 8, 80);
        struct sct_report report = {.n_warnings = 0};
        struct keep_sink sink = {.fail_at = 0};
        struct sct_encoder_layout layout;
        sct_encoder *e;
        const struct sct_bytes bytes = make_bytes(is_xmp ? 65505 : 65528, 0);
        *(is_xmp ? &spec.xmp : &spec.exif) = bytes;
        spec.sink = (struct sct_sink){keep_write, &sink};
        spec.report = &report;
        assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
        struct planes p = make_planes(&layout, 1, 1);
        assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
        assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
        sct_jpeg_encoder.close(e);
        assert_int_equal(report.n_warnings, 1);
        assert_string_equal(
            report.warning,
            is_xmp ? "65505 bytes of XMP do not fit in a JPEG and were dropped"
                   : "65528 bytes of EXIF do not fit in a JPEG and were dropped");
        assert_true(sink.kept.size < 1000);
        free_planes(&p);
        bytes_free(&sink.kept);
        free((void *)bytes.data);
    }
}

static void quality_and_coding_are_as_asked(void **state)
{
    (void)state;
    size_t previous = 0;
    for (int quality = 5; quality <= 95; quality += 30) {
        struct planes p;
        struct bytes file =
            encode(make_spec(SCT_YCC, 3, "221111", 200, 200, quality), &p);
        assert_true(file.size > previous);
        previous = file.size;
        struct reading r;
        start_reading(&r, &file);
        assert_false(r.cinfo.progressive_mode);
        /* the first step of T.81's luma table is 16 */
        const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        int step = (16 * percent + 50) / 100;
        step = step > 255 ? 255 : step;
        assert_int_equal(r.cinfo.quant_tbl_ptrs[0]->quantval[0], step);
        jpeg_destroy_decompress(&r.cinfo);
        free_planes(&p);
        bytes_free(&file);
    }
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 200, 200, 80);
    struct planes p[3];
    struct bytes file[3];
    for (int i = 0; i < 3; i++) {
        spec.optimize = i == 1;
        spec.progressive = i == 2;
        file[i] = encode(spec, &p[i]);
    }
    assert_true(file[1].size < file[0].size);
    struct reading r;
    start_reading(&r, &file[2]);
    assert_true(r.cinfo.progressive_mode);
    jpeg_destroy_decompress(&r.cinfo);
    for (int i = 0; i < 3; i++) {
        free_planes(&p[i]);
        bytes_free(&file[i]);
    }
}

/* The progressive file is the same picture in fewer bytes. */
static void effort_2_saves_bytes_of_the_same_picture(void **state)
{
    (void)state;
    struct planes p[N_EFFORTS];
    struct bytes file[N_EFFORTS];
    for (int effort = 0; effort < N_EFFORTS; effort++) {
        struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 301, 203, 80);
        spec.effort = effort;
        file[effort] = encode(spec, &p[effort]);
        struct reading r;
        start_reading(&r, &file[effort]);
        assert_int_equal(r.cinfo.progressive_mode, effort == 2);
        jpeg_destroy_decompress(&r.cinfo);
    }
    assert_true(file[2].size < file[1].size);
    assert_int_equal(compare_planes(&file[1], &p[1]), compare_planes(&file[2], &p[2]));
    for (int effort = 0; effort < N_EFFORTS; effort++) {
        free_planes(&p[effort]);
        bytes_free(&file[effort]);
    }
}

/* Encodes with a limit or for a score, and tells the quality that came out. */
static struct bytes search_quality(int effort, int quality, int score, size_t max_bytes,
                                   int *quality_used)
{
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 301, 203, quality);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.effort = effort;
    spec.score = score;
    spec.max_bytes = max_bytes;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_true(sct_jpeg_encoder.bytes(&spec) > 0);
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, 3, 7);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
    *quality_used = sct_jpeg_encoder.quality(e);
    sct_jpeg_encoder.close(e);
    free_planes(&p);
    return sink.kept;
}

static void the_highest_quality_that_fits_is_found(void **state)
{
    (void)state;
    for (int effort = 0; effort < N_EFFORTS; effort++)
        for (int quality = 5; quality <= 95; quality += 15) {
            int used;
            struct bytes whole = search_quality(effort, quality, 0, 1 << 30, &used);
            assert_int_equal(used, quality);
            struct bytes exact = search_quality(effort, 100, 0, whole.size, &used);
            assert_true(used >= quality); /* another one may have as many bytes */
            assert_true(exact.size <= whole.size);
            struct bytes less = search_quality(effort, 100, 0, whole.size - 1, &used);
            assert_true(used < quality);
            assert_true(less.size < whole.size);
            bytes_free(&whole);
            bytes_free(&exact);
            bytes_free(&less);
        }
}

static void better_scores_take_more_quality(void **state)
{
    (void)state;
    int last = 0;
    for (int score = 20; score <= 95; score += 15) {
        int used;
        struct bytes file = search_quality(1, 100, score, 0, &used);
        assert_true(used >= last);
        last = used;
        bytes_free(&file);
        file = search_quality(1, 20, score, 0, &used); /* not above what is asked for */
        assert_true(used <= 20);
        bytes_free(&file);
    }
    assert_true(last > 60);
}

static void too_few_bytes_are_an_error(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(SCT_GRAY, 1, "11", 64, 64, 80);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.max_bytes = 20;
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, 1, 7);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_ERR_TOO_LARGE);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_ERR_TOO_LARGE); /* it sticks */
    assert_non_null(strstr(report.message, "20 bytes"));
    sct_jpeg_encoder.close(e);
    free_planes(&p);
    bytes_free(&sink.kept);
}

/* FNV-1a over the bytes. The planes are integers and the DCT is bit-exact: the same on
 * every machine that libjpeg-turbo 2.1 runs on. */
static uint64_t hash_bytes(const struct bytes *b)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < b->size; i++)
        hash = (hash ^ b->data[i]) * 0x100000001B3u;
    return hash;
}

static void bytes_are_the_same_on_every_machine(void **state)
{
    (void)state;
    static const uint64_t golden[6] = {0x4b62dd22b97ff430u, 0x4b4fe82036da3863u,
                                       0xe365cbd6cf66af3fu, 0x1729734bfe230e9au,
                                       0xbb2f7b5726d6c440u, 0x33da3d74e5b07d1cu};
    for (int i = 0; i < 6; i++) {
        struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "221111", 301, 203, 80);
        spec.effort = i / 3;
        spec.optimize = i % 3 == 1;
        spec.progressive = i % 3 == 2;
        struct planes p;
        struct bytes file = encode(spec, &p);
        if (hash_bytes(&file) != golden[i])
            fail_msg("mode %d: hash 0x%016llx", i, (unsigned long long)hash_bytes(&file));
        free_planes(&p);
        bytes_free(&file);
    }
}

static void a_failing_sink_is_an_io_error(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "111111", 500, 500, 100);
    struct planes p;
    struct bytes whole = encode(spec, &p);
    assert_true(whole.size > 2 * 65536); /* so that it fails in the middle, too */

    for (size_t fail_at = 1; fail_at < whole.size; fail_at += whole.size / 9)
        for (int mode = 0; mode < 4; mode++) {
            struct keep_sink sink = {.fail_at = fail_at};
            struct sct_report report = {.n_warnings = 0};
            struct sct_encoder_layout layout;
            sct_encoder *e;
            spec.effort = mode / 2;
            spec.progressive = mode % 2;
            spec.sink = (struct sct_sink){keep_write, &sink};
            spec.report = &report;
            assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
            int status = write_bands(e, &layout, &p);
            const int finish_status = sct_jpeg_encoder.finish(e);
            status = status == SCT_OK ? finish_status : status;
            if (mode == 0 || fail_at < whole.size / 2) { /* others are smaller */
                assert_int_equal(status, SCT_ERR_IO);
                assert_int_equal(finish_status, SCT_ERR_IO); /* it sticks */
                assert_string_equal(report.message, "writing the output failed");
            }
            sct_jpeg_encoder.close(e);
            free(sink.kept.data);
        }
    /* while the header is written: a profile larger than the encoder's buffer */
    uint8_t *icc = calloc(1, 100000);
    assert_non_null(icc);
    struct keep_sink sink = {.fail_at = 1};
    struct sct_encoder_layout layout;
    sct_encoder *e = (sct_encoder *)&sink; /* to see it cleared */
    spec.icc = icc;
    spec.icc_bytes = 100000;
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = NULL;
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_ERR_IO);
    assert_null(e);
    free(icc);
    free_planes(&p);
    bytes_free(&whole);
}

static void assert_refused(struct sct_encoder_spec spec, int status)
{
    struct keep_sink sink = {.fail_at = 0};
    struct sct_report report = {.n_warnings = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e = (sct_encoder *)&sink;
    spec.sink = (struct sct_sink){keep_write, &sink};
    spec.report = &report;
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), status);
    assert_null(e);
    assert_string_not_equal(report.message, "");
    assert_int_equal(sink.kept.size, 0);
}

static void impossible_specs_are_refused(void **state)
{
    (void)state;
    assert_refused(make_spec(SCT_YCC, 3, "441111", 20, 20, 80), SCT_ERR_UNSUPPORTED);
    assert_refused(make_spec(SCT_YCC, 3, "332111", 20, 20, 80), SCT_ERR_UNSUPPORTED);
    assert_refused(make_spec(SCT_YCC, 3, "511111", 20, 20, 80), SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 3, "021111", 20, 20, 80), SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 1, "11", 20, 20, 80), SCT_ERR_ARGUMENT);
    assert_refused(make_spec((enum sct_model)9, 3, "111111", 20, 20, 80),
                   SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 3, "111111", 0, 20, 80), SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 3, "111111", 20, 20, 0), SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 3, "111111", 20, 20, 101), SCT_ERR_ARGUMENT);
    assert_refused(make_spec(SCT_YCC, 3, "111111", 65501, 1, 80), SCT_ERR_TOO_LARGE);
    struct sct_encoder_spec spec = make_spec(SCT_YCC, 3, "111111", 20, 20, 80);
    spec.effort = SCT_MAX_EFFORT + 1;
    assert_refused(spec, SCT_ERR_ARGUMENT);
    spec = make_spec(SCT_YCCK, 4, "11111111", 20, 20, 80);
    spec.has_adobe = 0;
    assert_refused(spec, SCT_ERR_ARGUMENT);
    spec = make_spec(SCT_YCC, 3, "111111", 20, 20, 80);
    spec.icc = (const uint8_t *)"";
    spec.icc_bytes = (size_t)17 << 20;
    assert_refused(spec, SCT_ERR_TOO_LARGE);
}

static void bands_are_counted(void **state)
{
    (void)state;
    struct sct_encoder_spec spec = make_spec(SCT_GRAY, 1, "11", 20, 20, 80);
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    spec.sink = (struct sct_sink){keep_write, &sink};
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    struct planes p = make_planes(&layout, 1, 3);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_ERR_ARGUMENT);
    assert_int_equal(write_bands(e, &layout, &p), SCT_OK);
    assert_int_equal(write_bands(e, &layout, &p), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_ERR_ARGUMENT);
    sct_jpeg_encoder.close(e);
    sct_jpeg_encoder.close(NULL);
    assert_int_equal(compare_planes(&sink.kept, &p) < 20, 1);
    free_planes(&p);
    bytes_free(&sink.kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_survive_quality_100_with_every_sampling),
        cmocka_unit_test(padding_repeats_the_edge),
        cmocka_unit_test(the_layout_says_what_a_band_is),
        cmocka_unit_test(markers_say_the_model_and_nothing_else),
        cmocka_unit_test(icc_profiles_come_back_identical),
        cmocka_unit_test(metadata_come_back_identical),
        cmocka_unit_test(metadata_that_do_not_fit_are_dropped),
        cmocka_unit_test(quality_and_coding_are_as_asked),
        cmocka_unit_test(effort_2_saves_bytes_of_the_same_picture),
        cmocka_unit_test(the_highest_quality_that_fits_is_found),
        cmocka_unit_test(better_scores_take_more_quality),
        cmocka_unit_test(too_few_bytes_are_an_error),
        cmocka_unit_test(bytes_are_the_same_on_every_machine),
        cmocka_unit_test(a_failing_sink_is_an_io_error),
        cmocka_unit_test(impossible_specs_are_refused),
        cmocka_unit_test(bands_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
