/* The JPEG decoder against libjpeg itself, over the corpus, in pieces, damaged and
 * limited.
 *
 * SCT_CORPUS names the folder of sound pictures, SCT_SOURCE_DIR the repository
 * (corpus/bad), and SCANTLING_SHARED, optionally, a folder whose photos/ holds real
 * photographs. */
#include "codec_test.h"

#include <jpeglib.h>

#include "decoder.h"
#include "encoder.h"
#include "jpeg_edge.h"
#include "jpeg_header.h"
#include "jpeg_lanes.h"

/* ---- libjpeg, plainly -------------------------------------------------------------- */

static void fail_on_error(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    fail_msg("libjpeg: %s", text);
}

static void count_message(j_common_ptr cinfo, int level)
{
    if (level < 0)
        cinfo->err->num_warnings++;
}

struct truth {
    long n_warnings; /* libjpeg's own */
    int n_components;
    struct {
        int width_blocks, height_blocks;
        int32_t *coefs; /* exact products: block by block, natural order */
    } component[SCT_MAX_COMPONENTS];
};

static struct truth read_truth(const struct bytes *file)
{
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    struct truth t = {0};

    cinfo.err = jpeg_std_error(&errors);
    errors.error_exit = fail_on_error;
    errors.emit_message = count_message;
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, file->data, file->size);
    jpeg_read_header(&cinfo, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&cinfo);

    t.n_components = cinfo.num_components;
    for (int ci = 0; ci < cinfo.num_components; ci++) {
        const jpeg_component_info *c = &cinfo.comp_info[ci];
        const int width = (int)c->width_in_blocks, height = (int)c->height_in_blocks;
        t.component[ci].width_blocks = width;
        t.component[ci].height_blocks = height;
        int32_t *out = malloc(sizeof *out * 64 * (size_t)width * (size_t)height);
        assert_non_null(out);
        t.component[ci].coefs = out;
        for (int y = 0; y < height; y++) {
            JBLOCKARRAY row = cinfo.mem->access_virt_barray(
                (j_common_ptr)&cinfo, arrays[ci], (JDIMENSION)y, 1, FALSE);
            for (int x = 0; x < width; x++)
                for (int i = 0; i < 64; i++)
                    *out++ = row[0][x][i] * (int32_t)c->quant_table->quantval[i];
        }
    }
    t.n_warnings = errors.num_warnings;
    jpeg_destroy_decompress(&cinfo);
    return t;
}

static void free_truth(struct truth *t)
{
    for (int ci = 0; ci < t->n_components; ci++)
        free(t->component[ci].coefs);
}

/* ---- the decoder, from the first byte to the last band ----------------------------- */

struct run {
    size_t piece;   /* 0: everything at once */
    size_t fail_at; /* of the source */
    int n_u, n_v;   /* see corner_of; 0: never asked for */
    int salvage;
    int whole; /* by libjpeg-turbo, not by the streaming decoder */
    struct sct_limits limits;
};

/* Another one for each component. */
static struct sct_corner corner_of(const struct run *run, int ci)
{
    if (!run->n_u)
        return (struct sct_corner){8, 8};
    return (struct sct_corner){1 + (run->n_u - 1 + 3 * ci) % 8,
                               1 + (run->n_v - 1 + 5 * ci) % 8};
}

struct result {
    int status; /* SCT_DONE, or the error */
    int is_open;
    int n_bands;
    struct sct_picture picture;
    struct sct_report report;
    struct sct_corner corner[SCT_MAX_COMPONENTS];
    int rows[SCT_MAX_COMPONENTS];       /* of blocks, delivered */
    int16_t *coefs[SCT_MAX_COMPONENTS]; /* as delivered */
    struct bytes icc;
};

static void keep_band(struct result *result, const struct sct_band *band)
{
    for (int ci = 0; ci < result->picture.n_components; ci++) {
        const struct sct_component *c = &result->picture.component[ci];
        const int n_rows = band->component[ci].n_rows;
        const struct sct_block_layout layout = sct_block_layout_for(result->corner[ci]);
        const size_t row_coefs = (size_t)(layout.n_coefs * c->width_blocks);

        assert_in_range(n_rows, 1, c->v);
        assert_true(result->rows[ci] + n_rows <= c->height_blocks);
        assert_true(n_rows == c->v || result->rows[ci] + n_rows == c->height_blocks);
        for (int i = 0; i < n_rows; i++) {
            const uint8_t *row = (const uint8_t *)band->component[ci].blocks +
                                 i * band->component[ci].stride_bytes;
            assert_int_equal((uintptr_t)row % 64, 0);
            memcpy(result->coefs[ci] + (size_t)result->rows[ci]++ * row_coefs, row,
                   row_coefs * sizeof(int16_t));
        }
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
                                          .report = &r.report};
    ops = run->whole ? &sct_jpeg_decoder_whole : &sct_jpeg_decoder;
    r.status = run->whole ? ops->open(&d, &spec, &r.picture)
                          : sct_decoder_open(&ops, &d, &spec, &r.picture);
    if (r.status != SCT_OK) {
        assert_null(d);
        free(reader);
        return r;
    }
    r.is_open = 1;
    if (!run->whole)
        assert_ptr_equal(ops, &sct_jpeg_decoder);
    if (r.picture.icc) {
        r.icc = (struct bytes){malloc(r.picture.icc_bytes), r.picture.icc_bytes};
        assert_non_null(r.icc.data);
        memcpy(r.icc.data, r.picture.icc, r.icc.size);
    }
    for (int ci = 0; ci < r.picture.n_components; ci++) {
        const struct sct_component *c = &r.picture.component[ci];
        r.coefs[ci] = calloc((size_t)c->width_blocks * (size_t)c->height_blocks,
                             64 * sizeof(int16_t));
        assert_non_null(r.coefs[ci]);
    }
    for (int ci = 0; ci < r.picture.n_components; ci++) {
        r.corner[ci] = corner_of(run, ci);
        if (run->n_u)
            ops->want_corner(d, ci, r.corner[ci]);
    }
    struct sct_band band;
    while ((r.status = ops->read_band(d, &band)) == SCT_OK) {
        keep_band(&r, &band);
        r.n_bands++;
    }
    assert_int_equal(ops->read_band(d, &band), r.status); /* statuses stick */
    ops->close(d);
    free(reader);
    return r;
}

static void free_result(struct result *r)
{
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
        free(r->coefs[ci]);
    bytes_free(&r->icc);
}

static int saturate(int32_t x)
{
    return x < -32768 ? -32768 : x > 32767 ? 32767 : x;
}

/* A block of the file, as a decoder has to deliver it: where it reaches past an edge the
 * padding is another (tests/codec/test_jpeg_edge.c). */
static void make_wanted_block(int16_t want[64], const int32_t *coefs,
                              const struct sct_jpeg_edge *edge, int x, int y)
{
    for (int i = 0; i < 64; i++)
        want[i] = (int16_t)saturate(coefs[i]);
    if (sct_jpeg_edge_has(edge, x, y))
        sct_jpeg_edge_continue(edge, x, y, want);
}

/* Rows of blocks from the top; -1: all. Only the corners are looked at. */
static void assert_coefs_equal(const char *name, const struct result *r,
                               const struct truth *t, int n_rows)
{
    assert_int_equal(r->picture.n_components, t->n_components);
    for (int ci = 0; ci < t->n_components; ci++) {
        const int width = t->component[ci].width_blocks;
        const int height = t->component[ci].height_blocks;
        assert_int_equal(r->picture.component[ci].width_blocks, width);
        assert_int_equal(r->picture.component[ci].height_blocks, height);
        assert_int_equal(r->rows[ci], height);
        const struct sct_corner corner = r->corner[ci];
        const struct sct_block_layout layout = sct_block_layout_for(corner);
        struct sct_jpeg_edge edge;
        sct_jpeg_edge_init(&edge, &r->picture.component[ci]);
        for (int y = 0; y < (n_rows < 0 || n_rows > height ? height : n_rows); y++)
            for (int x = 0; x < width; x++) {
                int16_t block_wanted[64];
                make_wanted_block(block_wanted,
                                  t->component[ci].coefs +
                                      ((ptrdiff_t)y * width + x) * 64,
                                  &edge, x, y);
                for (int v = 0; v < corner.n_v; v++)
                    for (int u = 0; u < corner.n_u; u++) {
                        const ptrdiff_t block = (ptrdiff_t)y * width + x;
                        const int got = r->coefs[ci][block * layout.n_coefs +
                                                     sct_block_position(&layout, u, v)];
                        const int want = block_wanted[v * 8 + u];
                        if (got != want)
                            fail_msg("%s: component %d, block %d, %d, coef %d, %d: %d is "
                                     "not %d",
                                     name, ci, x, y, u, v, got, want);
                    }
            }
    }
}

/* ---- sound files ------------------------------------------------------------------- */

static void visit_sound_file(const char *name, const struct bytes *file)
{
    static const size_t pieces[] = {0, 1, 7, 4096};
    struct truth t = read_truth(file);

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        /* a byte at a time through megabytes of photograph shows nothing new */
        const int is_large = file->size > 1 << 20;
        if (is_large && (pieces[i] == 1 || (pieces[i] && getenv("SCT_TEST_QUICK"))))
            continue;
        struct result r = decode(file, &(struct run){.piece = pieces[i]});
        if (r.status != SCT_DONE)
            fail_msg("%s: %s, %s", name, sct_status_name(r.status), r.report.message);
        assert_int_equal(r.report.damage, 0);
        assert_string_equal(r.report.message, "");
        assert_int_equal(r.n_bands, (r.picture.height + 8 * r.picture.v_max - 1) /
                                        (8 * r.picture.v_max));
        assert_coefs_equal(name, &r, &t, -1);
        free_result(&r);
    }
    free_truth(&t);
}

static void coefs_equal_libjpegs_in_any_pieces(void **state)
{
    (void)state;
    const int n = for_each_jpeg(folder_from("SCT_CORPUS"), visit_sound_file);
    print_message("%d files\n", n);
    assert_true(n >= 100);
}

/* Photographs come as they are: where libjpeg warns, so do we, and salvage is what it
 * makes of the file. */
static void visit_photograph(const char *name, const struct bytes *file)
{
    struct truth t = read_truth(file);
    if (t.n_warnings == 0) {
        visit_sound_file(name, file);
    } else {
        struct result strict = decode(file, &(struct run){0});
        struct result r = decode(file, &(struct run){.salvage = 1});
        print_message("%s is damaged: %s\n", name, strict.report.message);
        assert_int_equal(r.status, SCT_DONE);
        assert_int_equal(strict.status == SCT_DONE ? 0 : strict.status, r.report.damage);
        assert_true(r.report.n_warnings > 0);
        assert_coefs_equal(name, &r, &t, -1);
        free_result(&strict);
        free_result(&r);
    }
    free_truth(&t);
}

static int visit_photographs(const char *folder)
{
    DIR *const dir = opendir(folder);
    if (!dir) {
        print_message("no photographs in %s\n", folder);
        return 0;
    }
    closedir(dir);
    const int n = for_each_jpeg(folder, visit_photograph);
    print_message("%d photographs in %s\n", n, folder);
    return n;
}

/* Those beside the repository and those of corpus/photos, as far as they are there. */
static void coefs_of_photographs_equal_libjpegs(void **state)
{
    (void)state;
    const char *const unpacked = getenv("SCANTLING_PHOTOS");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/../shared/photos", folder_from("SCT_SOURCE_DIR"));
    const int n =
        visit_photographs(folder) + (unpacked ? visit_photographs(unpacked) : 0);
    if (n == 0)
        skip();
}

static void every_corner_is_right(void **state)
{
    (void)state;
    static const char *const files[] = {"natural_420_257x255_progressive.jpg",
                                        "natural_420_257x255_rst4.jpg",
                                        "natural_s22-21-12_255x257.jpg"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bytes file = read_corpus(files[i]);
        struct truth t = read_truth(&file);
        for (int n_v = 1; n_v <= 8; n_v++)
            for (int n_u = 1; n_u <= 8; n_u++) {
                struct result r = decode(&file, &(struct run){.n_u = n_u, .n_v = n_v});
                assert_int_equal(r.status, SCT_DONE);
                assert_coefs_equal(files[i], &r, &t, -1);
                free_result(&r);
            }
        free_truth(&t);
        bytes_free(&file);
    }
}

static void the_picture_tells_what_the_header_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width, height;
        enum sct_model model;
        const char *coding;
        int has_adobe, transform, restart, orientation;
        int exif, gps, thumbnail, xmp, iptc, comment, icc;
    } files[] = {
        {"natural_420_257x255_progressive.jpg", 257, 255, SCT_YCC, "progressive", 0, 0, 0,
         1, 0, 0, 0, 0, 0, 0, 0},
        {"natural_420_257x255_rst4.jpg", 257, 255, SCT_YCC, "baseline", 0, 0, 4, 1, 0, 0,
         0, 0, 0, 0, 0},
        {"natural_420_257x255_arithmetic.jpg", 257, 255, SCT_YCC, "arithmetic", 0, 0, 0,
         1, 0, 0, 0, 0, 0, 0, 0},
        {"natural_cmyk_320x241.jpg", 320, 241, SCT_CMYK, "baseline", 1, 0, 0, 1, 0, 0, 0,
         0, 0, 0, 0},
        {"natural_ycck_320x241.jpg", 320, 241, SCT_YCCK, "baseline", 1, 2, 0, 1, 0, 0, 0,
         0, 0, 0, 0},
        {"natural_rgb_320x241.jpg", 320, 241, SCT_RGB, "baseline", 1, 0, 0, 1, 0, 0, 0, 0,
         0, 0, 0},
        {"natural_gray_320x241_nomarker.jpg", 320, 241, SCT_GRAY, "baseline", 0, 0, 0, 1,
         0, 0, 0, 0, 0, 0, 0},
        {"exif_orient6_le.jpg", 96, 160, SCT_YCC, "baseline", 0, 0, 0, 6, 1, 0, 0, 0, 0,
         0, 0},
        {"exif_gps_le.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 1, 1, 0, 0, 0, 0,
         0},
        {"exif_thumbnail_le.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 1, 0, 1, 0,
         0, 0, 0},
        {"icc_two_chunks.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 0, 0, 0, 0, 0,
         0, 1},
        {"icc_chunks_reversed.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 0, 0, 0, 0,
         0, 0, 1},
        {"xmp.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
        {"iptc.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0},
        {"comment.jpg", 200, 150, SCT_YCC, "baseline", 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct bytes file = read_corpus(files[i].name);
        struct result r = decode(&file, &(struct run){.piece = 5});
        const struct sct_picture *p = &r.picture;
        print_message("%s\n", files[i].name);
        assert_int_equal(r.status, SCT_DONE);
        assert_string_equal(p->format, "jpeg");
        assert_int_equal(p->width, files[i].width);
        assert_int_equal(p->height, files[i].height);
        assert_int_equal(p->model, files[i].model);
        assert_string_equal(p->coding, files[i].coding);
        assert_int_equal(p->has_adobe, files[i].has_adobe);
        assert_int_equal(p->adobe_transform, files[i].transform);
        assert_int_equal(p->restart_interval, files[i].restart);
        assert_int_equal(p->orientation, files[i].orientation);
        assert_int_equal(p->has_exif, files[i].exif);
        assert_int_equal(p->has_gps, files[i].gps);
        assert_int_equal(p->has_thumbnail, files[i].thumbnail);
        assert_int_equal(p->has_xmp, files[i].xmp);
        assert_int_equal(p->has_iptc, files[i].iptc);
        assert_int_equal(p->has_comment, files[i].comment);
        assert_int_equal(p->icc_bytes > 0, files[i].icc);
        if (files[i].icc)
            assert_true(bytes_contain(&r.icc, "SCT-ICC-PROFILE", 15));
        free_result(&r);
        bytes_free(&file);
    }
}

static struct bytes encode_gray(int quality, int width, int height, int h, int v)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;

    cinfo.err = jpeg_std_error(&errors);
    errors.error_exit = fail_on_error;
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &data, &size);
    cinfo.image_width = (JDIMENSION)width;
    cinfo.image_height = (JDIMENSION)height;
    cinfo.input_components = 1;
    cinfo.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    cinfo.comp_info[0].h_samp_factor = h;
    cinfo.comp_info[0].v_samp_factor = v;
    jpeg_start_compress(&cinfo, TRUE);
    uint8_t *row = malloc((size_t)width);
    assert_non_null(row);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            row[x] = (uint8_t)(x * y + x * 7);
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    return (struct bytes){data, size};
}

/* One MCU by our own encoder. */
static struct bytes encode_ours(int quality, enum sct_model model)
{
    uint8_t samples[8] = {0}, *rows[8];
    uint8_t *const *planes[SCT_MAX_COMPONENTS] = {rows, rows, rows, rows};
    struct keep_sink sink = {.fail_at = 0};
    struct sct_encoder_layout layout;
    sct_encoder *e;
    struct sct_encoder_spec spec = {.width = 8,
                                    .height = 8,
                                    .model = model,
                                    .n_components = model == SCT_GRAY ? 1 : 3,
                                    .quality = quality,
                                    .effort = 1,
                                    .sink = {keep_write, &sink}};
    for (int ci = 0; ci < spec.n_components; ci++)
        spec.component[ci].h = spec.component[ci].v = 1;
    for (int i = 0; i < 8; i++)
        rows[i] = samples;
    assert_int_equal(sct_jpeg_encoder.open(&e, &spec, &layout), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.write_band(e, planes), SCT_OK);
    assert_int_equal(sct_jpeg_encoder.finish(e), SCT_OK);
    sct_jpeg_encoder.close(e);
    return sink.kept;
}

/* Where qualities have the same table, the lowest is told. */
static void quality_is_exact_for_our_own_tables(void **state)
{
    (void)state;
    for (int quality = 12; quality <= 99; quality++)
        for (int is_gray = 0; is_gray < 2; is_gray++) {
            struct bytes file = encode_ours(quality, is_gray ? SCT_GRAY : SCT_YCC);
            struct result r = decode(&file, &(struct run){0});
            assert_int_equal(r.status, SCT_DONE);
            assert_int_equal(r.picture.quality, quality);
            free_result(&r);
            bytes_free(&file);
        }
}

static void quality_is_exact_for_libjpegs_tables(void **state)
{
    (void)state;
    for (int quality = 1; quality <= 100; quality++) {
        struct bytes file = encode_gray(quality, 8, 8, 1, 1);
        struct result r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_DONE);
        assert_int_equal(r.picture.quality, quality);
        free_result(&r);
        bytes_free(&file);
    }
}

static void a_lone_component_is_1x1_whatever_it_says(void **state)
{
    (void)state;
    for (int h = 1; h <= 4; h++)
        for (int v = 1; v <= 4; v++) {
            struct bytes file = encode_gray(75, 41, 43, h, v);
            struct truth t = read_truth(&file);
            struct result r = decode(&file, &(struct run){0});
            assert_int_equal(r.status, SCT_DONE);
            assert_int_equal(r.picture.component[0].h, 1);
            assert_int_equal(r.picture.component[0].v, 1);
            assert_int_equal(r.n_bands, 6);
            assert_coefs_equal("gray", &r, &t, -1);
            free_result(&r);
            free_truth(&t);
            bytes_free(&file);
        }
}

/* ---- corpus/bad -------------------------------------------------------------------- */

/* Nothing was decoded yet when these went wrong. */
static int is_beyond_salvage(const char *name)
{
    static const char *const names[] = {
        "missing_dht.jpg",       "missing_dqt.jpg",
        "bad_sos_table.jpg",     "bad_dht_oversubscribed.jpg",
        "bad_dht_dc_symbol.jpg", "too_many_blocks_in_mcu.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i]))
            return 1;
    return 0;
}

static void check_salvage(const char *name, const struct bytes *file,
                          const struct result *strict)
{
    struct result r = decode(file, &(struct run){.salvage = 1});

    if (is_beyond_salvage(name)) {
        assert_int_equal(r.status, strict->status);
    } else {
        if (r.status != SCT_DONE)
            fail_msg("%s: salvage gives %s, %s", name, sct_status_name(r.status),
                     r.report.message);
        assert_int_equal(r.report.damage, strict->status);
        assert_string_equal(r.report.message, "");
        assert_string_not_equal(r.report.warning, "");
        assert_in_range(r.report.damaged_row, 0, r.picture.height - 1);
        for (int ci = 0; ci < r.picture.n_components; ci++)
            assert_int_equal(r.rows[ci], r.picture.component[ci].height_blocks);
    }
    free_result(&r);
}

static void every_bad_file_gets_its_verdict(void **state)
{
    (void)state;
    static const size_t pieces[] = {0, 1, 7, 4096};
    int n_files = 0, n_salvaged = 0;
    char line[1024];
    struct bytes expected = read_bad("EXPECTED");
    size_t at = 0;

    while (at < expected.size) {
        size_t n = 0;
        while (at < expected.size && expected.data[at] != '\n' && n + 1 < sizeof line)
            line[n++] = (char)expected.data[at++];
        line[n] = 0;
        at++;
        if (line[0] == '#' || !line[0])
            continue;
        const char *name = strtok(line, "\t");
        const char *verdict = strtok(NULL, "\t");
        assert_non_null(verdict);

        struct bytes file = read_bad(name);
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            struct result r = decode(&file, &(struct run){.piece = pieces[i]});
            const char *got = r.status == SCT_DONE ? "ok" : sct_status_name(r.status);
            if (strcmp(got, verdict) != 0)
                fail_msg("%s: expected %s, got %s (%s)", name, verdict, got,
                         r.report.message);
            if (r.status == SCT_DONE) {
                struct truth t = read_truth(&file);
                assert_coefs_equal(name, &r, &t, -1);
                free_truth(&t);
                assert_int_equal(r.report.damage, 0);
                assert_string_equal(r.report.message, "");
            } else {
                if (i == 0)
                    print_message("%-48s %s: %s\n", name, got, r.report.message);
                assert_string_not_equal(r.report.message, "");
                if (i == 0 && r.is_open &&
                    (r.status == SCT_ERR_CORRUPT || r.status == SCT_ERR_TRUNCATED)) {
                    check_salvage(name, &file, &r);
                    n_salvaged++;
                }
            }
            free_result(&r);
        }
        bytes_free(&file);
        n_files++;
    }
    bytes_free(&expected);
    assert_true(n_files >= 80);
    assert_true(n_salvaged >= 10);
}

/* libjpeg-turbo's decoder for large buffers does not warn of these. */
static void bad_codes_are_noticed_in_large_pieces_too(void **state)
{
    (void)state;
    struct bytes file = read_corpus("natural_420_1024x768.jpg");
    memcpy(file.data + file.size / 2, "\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0",
           16);
    int rows[2];
    for (int i = 0; i < 2; i++) {
        struct result r = decode(&file, &(struct run){.piece = i ? 100 : 0});
        assert_int_equal(r.status, SCT_ERR_CORRUPT);
        assert_non_null(strstr(r.report.message, "bad Huffman code"));
        rows[i] = r.report.damaged_row;
        free_result(&r);
    }
    assert_int_equal(rows[0], rows[1]);
    bytes_free(&file);
}

static void tolerated_oddities_are_counted(void **state)
{
    (void)state;
    static const char *const names[] = {
        "tolerated_missing_eoi.jpg", "tolerated_missing_eoi_progressive.jpg",
        "tolerated_extraneous_bytes_before_marker.jpg", "tolerated_zeros_before_eoi.jpg",
        "icc_missing_chunk.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes file = read_bad(names[i]);
        struct result r = decode(&file, &(struct run){0});
        assert_int_equal(r.status, SCT_DONE);
        assert_true(r.report.n_warnings >= 1);
        assert_string_not_equal(r.report.warning, "");
        assert_null(r.icc.data);
        free_result(&r);
        bytes_free(&file);
    }
}

/* ---- cut files --------------------------------------------------------------------- */

/* Whatever is missing, it is noticed: from the first byte to the last of the coded data.
 * Salvage gives rows that are right down to where the report says. */
static void check_every_cut(const char *name, size_t step)
{
    struct bytes whole = read_corpus(name);
    struct truth t = read_truth(&whole);
    assert_int_equal(whole.data[whole.size - 1], 0xD9);

    for (size_t size = 2; size < whole.size - 2; size += step) {
        struct bytes cut = {malloc(size), size};
        assert_non_null(cut.data);
        memcpy(cut.data, whole.data, size);
        struct result strict = decode(&cut, &(struct run){.piece = 1 + size % 9});
        if (strict.status != SCT_ERR_TRUNCATED)
            fail_msg("%s, %zu of %zu bytes: %s, %s", name, size, whole.size,
                     sct_status_name(strict.status), strict.report.message);
        struct result r = decode(&cut, &(struct run){.salvage = 1});
        if (r.status == SCT_DONE) {
            assert_int_equal(r.report.damage, SCT_ERR_TRUNCATED);
            assert_int_equal(r.report.damaged_row, strict.report.damaged_row);
            for (int ci = 0; ci < t.n_components; ci++)
                assert_int_equal(r.rows[ci], t.component[ci].height_blocks);
            const int n_rows = r.report.damaged_row / (8 * r.picture.v_max);
            assert_coefs_equal(name, &r, &t, n_rows);
        } else {
            assert_int_equal(r.status, SCT_ERR_TRUNCATED);
            assert_false(r.is_open);
        }
        free_result(&r);
        free_result(&strict);
        bytes_free(&cut);
    }
    free_truth(&t);
    bytes_free(&whole);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    check_every_cut("natural_420_33x31_adobe.jpg", 1);
    check_every_cut("natural_gray_33x31_nomarker.jpg", 1);
    check_every_cut("natural_420_257x255_rst4.jpg", 37);
    check_every_cut("natural_420_257x255_separate.jpg", 41);
    check_every_cut("natural_420_257x255_progressive.jpg", 43);
    check_every_cut("natural_420_257x255_arithmetic.jpg", 47);
    check_every_cut("natural_420_257x255_arithmetic_progressive.jpg", 53);
}

static void damaged_rows_are_where_the_damage_is(void **state)
{
    (void)state;
    struct bytes file = read_bad("truncated_mid_scan_420.jpg");
    struct result r = decode(&file, &(struct run){0});
    assert_int_equal(r.status, SCT_ERR_TRUNCATED);
    assert_int_equal(r.report.damage, SCT_ERR_TRUNCATED);
    assert_in_range(r.report.damaged_row, 16, 72);
    assert_int_equal(r.report.damaged_row % 16, 0);
    free_result(&r);
    bytes_free(&file);

    file = read_bad("truncated_progressive_between_scans.jpg");
    r = decode(&file, &(struct run){.salvage = 1});
    assert_int_equal(r.status, SCT_DONE);
    assert_int_equal(r.report.damaged_row, 0);
    free_result(&r);
    bytes_free(&file);
}

static void trouble_behind_the_last_row_is_tolerated(void **state)
{
    (void)state;
    struct bytes sound = read_corpus("natural_420_33x31_adobe.jpg");
    struct truth t = read_truth(&sound);
    /* instead of EOI: a quantiser table of the impossible length 1 */
    struct bytes odd = {malloc(sound.size + 2), sound.size + 2};
    assert_non_null(odd.data);
    memcpy(odd.data, sound.data, sound.size - 2);
    memcpy(odd.data + sound.size - 2, "\xFF\xDB\0\1", 4);
    struct result r = decode(&odd, &(struct run){0});
    assert_int_equal(r.status, SCT_DONE);
    assert_int_equal(r.report.damage, 0);
    assert_int_equal(r.report.n_warnings, 1);
    assert_coefs_equal("trouble", &r, &t, -1);
    free_result(&r);
    free_truth(&t);
    bytes_free(&odd);
    bytes_free(&sound);
}

/* ---- metadata ---------------------------------------------------------------------- */

/* The file with a segment behind its SOI. */
static struct bytes insert_segment(const struct bytes *file, int marker,
                                   const void *payload, size_t n)
{
    struct bytes b = {malloc(file->size + n + 4), file->size + n + 4};
    assert_non_null(b.data);
    const uint8_t head[6] = {
        0xFF, 0xD8, 0xFF, (uint8_t)marker, (uint8_t)((n + 2) >> 8), (uint8_t)(n + 2)};
    memcpy(b.data, head, sizeof head);
    memcpy(b.data + 6, payload, n);
    memcpy(b.data + 6 + n, file->data + 2, file->size - 2);
    return b;
}

struct opened {
    struct sct_reader *reader;
    struct piece_source source;
    sct_decoder *decoder;
    struct sct_picture picture;
    struct sct_report report;
};

static void open_file(struct opened *o, const struct bytes *file)
{
    *o =
        (struct opened){.reader = malloc(sizeof *o->reader),
                        .source = {.data = file->data, .size = file->size, .piece = 999}};
    assert_non_null(o->reader);
    sct_reader_init(o->reader, &(struct sct_source){piece_read, &o->source});
    const struct sct_decoder_spec spec = {.reader = o->reader, .report = &o->report};
    assert_int_equal(sct_jpeg_decoder.open(&o->decoder, &spec, &o->picture), SCT_OK);
}

static void close_file(struct opened *o)
{
    struct sct_band band;
    int status;
    while ((status = sct_jpeg_decoder.read_band(o->decoder, &band)) == SCT_OK)
        ;
    assert_int_equal(status, SCT_DONE);
    sct_jpeg_decoder.close(o->decoder);
    free(o->reader);
}

static int holds(struct sct_bytes b, const char *text)
{
    const struct bytes all = {(uint8_t *)b.data, b.n_bytes};
    return bytes_contain(&all, text, strlen(text));
}

static void metadata_come_with_the_picture(void **state)
{
    (void)state;
    struct opened o;
    struct bytes file = read_corpus("metadata_everything_orient8.jpg");
    open_file(&o, &file);
    assert_memory_equal(o.picture.exif.data, "II*", 4);
    assert_true(holds(o.picture.exif, "SCT-GPS-AREA"));
    assert_memory_equal(o.picture.xmp.data, "<x:xmpmeta", 10);
    assert_memory_equal(o.picture.xmp.data + o.picture.xmp.n_bytes - 12, "</x:xmpmeta>",
                        12);
    assert_memory_equal(o.picture.iptc.data, "8BIM", 4);
    assert_true(holds(o.picture.iptc, "SCT-IPTC"));
    assert_int_equal(o.picture.has_mpf, 1);
    assert_int_equal(o.picture.has_gain_map, 0);
    assert_int_equal(o.report.n_warnings, 1);
    assert_string_equal(o.report.warning,
                        "further pictures behind the first one (MPF) were dropped");
    close_file(&o);
    bytes_free(&file);

    file = read_corpus("comment.jpg");
    open_file(&o, &file);
    assert_null(o.picture.exif.data);
    assert_null(o.picture.xmp.data);
    assert_null(o.picture.iptc.data);
    assert_int_equal(o.picture.has_mpf, 0);
    assert_int_equal(o.report.n_warnings, 0);
    close_file(&o);
    bytes_free(&file);
}

static void image_resources_in_two_segments_are_one(void **state)
{
    (void)state;
    struct opened o;
    struct bytes sound = read_corpus("comment.jpg");
    struct bytes half =
        insert_segment(&sound, 0xED, "Photoshop 3.0\0\0\0\0\4abcd", 14 + 8);
    struct bytes file = insert_segment(&half, 0xED,
                                       "Photoshop 3.0\0"
                                       "8BIM\4\4\0",
                                       14 + 7);
    open_file(&o, &file);
    assert_int_equal(o.picture.has_iptc, 1);
    assert_int_equal(o.picture.iptc.n_bytes, 15);
    assert_memory_equal(o.picture.iptc.data, "8BIM\4\4\0\0\0\0\4abcd", 15);
    close_file(&o);
    bytes_free(&file);
    bytes_free(&half);
    bytes_free(&sound);
}

static void gain_maps_are_noted(void **state)
{
    (void)state;
#define XMP_SIGNATURE "http://ns.adobe.com/xap/1.0/\0"
    static const struct {
        int marker;
        const char *payload;
        size_t n;
        int has_gain_map, has_xmp;
    } segments[] = {
#define SEGMENT(text) text, sizeof(text) - 1
        {0xE1,
         SEGMENT(XMP_SIGNATURE "<a xmlns:h=\"http://ns.adobe.com/hdr-gain-map/1.0/\"/>"),
         1, 1},
        {0xE1, SEGMENT(XMP_SIGNATURE "<Container:Item Item:Semantic=\"GainMap\"/>"), 1,
         1},
        {0xE2, SEGMENT("urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"), 1, 0},
        {0xE1, SEGMENT(XMP_SIGNATURE "<a b=\"no gain map\"/>"), 0, 1},
        {0xE1, SEGMENT(XMP_SIGNATURE), 0, 1},
        {0xE1, SEGMENT("http://ns.adobe.com/xmp/extension/\0some"), 0, 1},
        {0xE2, SEGMENT("urn:iso:std:iso:ts:21496:-1"), 0, 0}, /* no zero behind it */
    };
    struct bytes sound = read_corpus("comment.jpg");
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        struct opened o;
        struct bytes file = insert_segment(&sound, segments[i].marker,
                                           segments[i].payload, segments[i].n);
        open_file(&o, &file);
        assert_int_equal(o.picture.has_gain_map, segments[i].has_gain_map);
        assert_int_equal(o.picture.has_xmp, segments[i].has_xmp);
        assert_int_equal(o.report.n_warnings, segments[i].has_gain_map);
        assert_string_equal(o.report.warning, segments[i].has_gain_map
                                                  ? "a gain map (Ultra HDR) was dropped"
                                                  : "");
        close_file(&o);
        bytes_free(&file);
    }
    bytes_free(&sound);
}

/* ---- limits, and sources that fail ------------------------------------------------- */

static void assert_limit(const struct bytes *file, struct sct_limits limits, int is_open,
                         const char *word)
{
    for (int salvage = 0; salvage < 2; salvage++) {
        struct result r =
            decode(file, &(struct run){.limits = limits, .salvage = salvage});
        assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
        assert_int_equal(r.is_open, is_open);
        if (!strstr(r.report.message, word))
            fail_msg("\"%s\" does not name the limit on %s", r.report.message, word);
        free_result(&r);
    }
}

static void limits_are_kept_and_named(void **state)
{
    (void)state;
    struct bytes file = read_corpus("natural_420_257x255_progressive.jpg");
    assert_limit(&file, (struct sct_limits){.max_pixels = 257 * 255 - 1}, 0, "pixels");
    assert_limit(&file, (struct sct_limits){.max_scans = 9}, 1, "scans");
    struct result r = decode(&file, &(struct run){0});
    assert_int_equal(r.status, SCT_DONE);
    const size_t needed = r.picture.decoder_bytes;
    free_result(&r);
    assert_limit(&file, (struct sct_limits){.max_memory_bytes = needed - 1}, 0, "memory");

    /* exactly enough is enough */
    const struct sct_limits enough = {
        .max_pixels = 257 * 255, .max_scans = 10, .max_memory_bytes = needed};
    r = decode(&file, &(struct run){.limits = enough});
    if (r.status != SCT_DONE)
        fail_msg("%s", r.report.message);
    free_result(&r);
    bytes_free(&file);
}

static void metadata_count_as_memory(void **state)
{
    (void)state;
    /* 100 empty APP1 markers: 4 bytes each in the file, and much more in memory */
    enum { N = 100 };
    struct bytes file = {malloc(2 + 4 * N), 2 + 4 * N};
    assert_non_null(file.data);
    memcpy(file.data, "\xFF\xD8", 2);
    for (int i = 0; i < N; i++)
        memcpy(file.data + 2 + 4 * i, "\xFF\xE1\0\2", 4);
    assert_limit(&file, (struct sct_limits){.max_memory_bytes = 2000}, 0, "memory");
    assert_limit(&file, (struct sct_limits){.max_metadata_bytes = 500}, 0, "metadata");
    bytes_free(&file);
}

static void failing_sources_are_io_errors(void **state)
{
    (void)state;
    static const char *const names[] = {"natural_420_257x255_progressive.jpg",
                                        "natural_420_257x255_rst4.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes file = read_corpus(names[i]);
        for (size_t fail_at = 1; fail_at < file.size; fail_at += file.size / 23)
            for (int salvage = 0; salvage < 2; salvage++) {
                struct result r = decode(
                    &file,
                    &(struct run){.piece = 50, .fail_at = fail_at, .salvage = salvage});
                assert_int_equal(r.status, SCT_ERR_IO);
                assert_string_equal(r.report.message, "reading the input failed");
                free_result(&r);
            }
        bytes_free(&file);
    }
}

static void a_decoder_can_be_closed_at_any_time(void **state)
{
    (void)state;
    struct bytes file = read_corpus("icc_two_chunks.jpg");
    for (int n_bands = 0; n_bands < 3; n_bands++) {
        struct piece_source source = {.data = file.data, .size = file.size, .piece = 100};
        struct sct_reader *reader = malloc(sizeof *reader);
        assert_non_null(reader);
        sct_reader_init(reader, &(struct sct_source){piece_read, &source});
        /* nobody has to listen */
        const struct sct_decoder_spec spec = {.reader = reader, .report = NULL};
        const struct sct_decoder_ops *ops;
        sct_decoder *d;
        struct sct_picture picture;
        struct sct_band band;
        assert_int_equal(sct_decoder_open(&ops, &d, &spec, &picture), SCT_OK);
        for (int i = 0; i < n_bands; i++)
            assert_int_equal(ops->read_band(d, &band), SCT_OK);
        ops->close(d);
        free(reader);
    }
    sct_jpeg_decoder.close(NULL);
    bytes_free(&file);
}

/* ---- the two lanes ----------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Damage inside the entropy-coded data: flipped bits, overwritten, removed or doubled bytes, a
 * marker out of place, a cut. The headers stay sound, so both lanes get to see it. */
static void damage_bytes(struct bytes *b, size_t from, uint32_t *random)
{
    const size_t at = from + next_random(random) % (b->size - from - 2);
    switch (next_random(random) % 6) {
    case 0: b->data[at] ^= (uint8_t)(1u << next_random(random) % 8); break;
    case 1: b->data[at] = (uint8_t)next_random(random); break;
    case 2:
        memmove(b->data + at, b->data + at + 1, b->size - at - 1);
        b->size--;
        break;
    case 3:
        b->data[at] = 0xFF;
        b->data[at + 1] = (uint8_t)(0xD0 + next_random(random) % 10);
        break;
    case 4: b->size = at; break;
    default: b->data[at] = 0xFF; break;
    }
}

static size_t find_data(const struct bytes *b)
{
    for (size_t i = 2; i + 4 < b->size;
         i += 2 + (size_t)(b->data[i + 2] << 8 | b->data[i + 3]))
        if (b->data[i + 1] == 0xDA)
            return i + 2 + (size_t)(b->data[i + 2] << 8 | b->data[i + 3]);
    return 0;
}

/* Of bytes that are left over before a restart marker libjpeg-turbo forgets those that were in
 * its bit buffer, until it comes across some at a later marker: it tells late, or never. */
static int tells_earlier(const struct result *ours, const struct result *theirs)
{
    const int is_extra = strstr(ours->report.message, "extraneous bytes") ||
                         strstr(ours->report.warning, "extraneous bytes");
    return is_extra && ours->report.damage == SCT_ERR_CORRUPT &&
           (!theirs->report.damage ||
            ours->report.damaged_row <= theirs->report.damaged_row);
}

static void check_lanes_agree(const char *name, const struct bytes *b)
{
    for (int salvage = 0; salvage < 2; salvage++) {
        struct result ours = decode(b, &(struct run){.salvage = salvage});
        struct result theirs = decode(b, &(struct run){.salvage = salvage, .whole = 1});
        const int is_same =
            ours.status == theirs.status && ours.report.damage == theirs.report.damage &&
            (!ours.report.damage || ours.report.damaged_row == theirs.report.damaged_row);
        if (!is_same && !tells_earlier(&ours, &theirs))
            fail_msg("%s: %s in row %d (%s), libjpeg-turbo %s in row %d (%s)", name,
                     sct_status_name(ours.report.damage), ours.report.damaged_row,
                     salvage ? ours.report.warning : ours.report.message,
                     sct_status_name(theirs.report.damage), theirs.report.damaged_row,
                     salvage ? theirs.report.warning : theirs.report.message);
        for (int ci = 0; salvage && ours.is_open && ci < ours.picture.n_components; ci++)
        {
            const struct sct_component *c = &ours.picture.component[ci];
            assert_memory_equal(ours.coefs[ci], theirs.coefs[ci],
                                (size_t)c->width_blocks * (size_t)c->height_blocks * 128);
        }
        free_result(&ours);
        free_result(&theirs);
    }
}

/* Verdict, first damaged row and, with salvage, every coef of what is left. */
static void both_lanes_agree_on_damage(void **state)
{
    static const char *const names[] = {"natural_420_257x255_rst1.jpg",
                                        "natural_420_257x255_rst4.jpg",
                                        "natural_422_257x255_rstrow.jpg",
                                        "natural_444_257x255.jpg",
                                        "natural_420_257x255_optimized_rst4.jpg",
                                        "natural_gray_63x65.jpg",
                                        "natural_422_257x255_quant16.jpg",
                                        "noise_420_640x480.jpg",
                                        "natural_s22-21-12_255x257.jpg",
                                        "natural_cmyk_320x241.jpg",
                                        "text_420_640x480.jpg"};
    const char *seed = getenv("SCT_TEST_SEED");
    uint32_t random = seed ? (uint32_t)strtoul(seed, NULL, 0) : 1;
    const int n_rounds = getenv("SCT_TEST_QUICK") ? 10 : 100;
    (void)state;
    print_message("seed %u\n", random);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct bytes sound = read_corpus(names[i]);
        const size_t from = find_data(&sound);
        assert_true(from > 0);
        for (int round = 0; round < n_rounds; round++) {
            struct bytes b = {malloc(sound.size), sound.size};
            assert_non_null(b.data);
            memcpy(b.data, sound.data, sound.size);
            for (int n = round % 3; n >= 0 && b.size > from + 16; n--)
                damage_bytes(&b, from, &random);
            check_lanes_agree(names[i], &b);
            bytes_free(&b);
        }
        free(sound.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_lanes_agree_on_damage),
        cmocka_unit_test(coefs_equal_libjpegs_in_any_pieces),
        cmocka_unit_test(coefs_of_photographs_equal_libjpegs),
        cmocka_unit_test(every_corner_is_right),
        cmocka_unit_test(the_picture_tells_what_the_header_says),
        cmocka_unit_test(quality_is_exact_for_libjpegs_tables),
        cmocka_unit_test(quality_is_exact_for_our_own_tables),
        cmocka_unit_test(a_lone_component_is_1x1_whatever_it_says),
        cmocka_unit_test(every_bad_file_gets_its_verdict),
        cmocka_unit_test(bad_codes_are_noticed_in_large_pieces_too),
        cmocka_unit_test(tolerated_oddities_are_counted),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(damaged_rows_are_where_the_damage_is),
        cmocka_unit_test(trouble_behind_the_last_row_is_tolerated),
        cmocka_unit_test(metadata_come_with_the_picture),
        cmocka_unit_test(image_resources_in_two_segments_are_one),
        cmocka_unit_test(gain_maps_are_noted),
        cmocka_unit_test(limits_are_kept_and_named),
        cmocka_unit_test(metadata_count_as_memory),
        cmocka_unit_test(failing_sources_are_io_errors),
        cmocka_unit_test(a_decoder_can_be_closed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
