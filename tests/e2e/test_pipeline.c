/* The pipeline as a library user sees it: jobs in memory, over the generated corpus.
 *
 * sct_mem_alloc is wrapped by the linker (--wrap), so that the n-th allocation can fail.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "fail_alloc.h"

/* ---- running a job ----------------------------------------------------------------- */

struct trial {
    uint8_t *bytes;
    struct capture_input input;
    struct capture_files files;
    struct sct_variant variants[4];
    struct sct_job job;
    struct sct_result result;
};

static void corpus_path(char path[4096], const char *name)
{
    const char *folder = getenv("SCT_CORPUS");
    assert_non_null(folder);
    snprintf(path, 4096, "%s/%s", folder, name);
}

/* A trial over a corpus file with one variant of 100 pixels; tests change what they are
 * about. */
static struct trial *make_trial(const char *name)
{
    char path[4096];
    struct trial *t = calloc(1, sizeof *t);
    corpus_path(path, name);
    t->bytes = capture_read_file(path, &t->input.n_bytes);
    if (!t->bytes)
        fail_msg("no file %s", path);
    t->input.bytes = t->bytes;
    t->input.fail_at = SIZE_MAX;
    for (int i = 0; i < 4; i++) {
        t->variants[i] = sct_variant_default();
        t->variants[i].width = t->variants[i].height = 100 - 23 * i;
    }
    t->job = (struct sct_job){.source = capture_source(&t->input),
                              .variants = t->variants,
                              .n_variants = 1,
                              .target = capture_target(&t->files)};
    return t;
}

static int run(struct trial *t)
{
    t->input.offset = 0;
    const int status = sct_job_run(&t->job, &t->result);
    assert_int_equal(status, t->result.status);
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        assert_false(t->files.file[i].is_open); /* every open has its close */
    return status;
}

static void free_trial(struct trial *t)
{
    capture_free_files(&t->files);
    free(t->bytes);
    free(t);
}

static int contains(const struct capture_file *f, const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i + n <= f->n_bytes; i++)
        if (memcmp(f->bytes + i, text, n) == 0)
            return 1;
    return 0;
}

static int was_published(const struct trial *t, int i)
{
    return t->files.n_opened > i && t->files.file[i].close_status == SCT_OK;
}

/* ---- what comes out ---------------------------------------------------------------- */

static void every_variant_is_written_and_told(void **state)
{
    struct trial *t = make_trial("natural_420_640x480.jpg");
    (void)state;
    t->job.n_variants = 4;
    assert_int_equal(run(t), SCT_OK);
    assert_int_equal(t->result.n_outputs, 4);
    assert_int_equal(t->result.width, 640);
    assert_int_equal(t->result.height, 480);
    assert_int_equal(t->result.bytes, t->input.n_bytes);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(t->result.output[i].width, 100 - 23 * i);
        assert_true(was_published(t, i));
        assert_int_equal(t->result.output[i].bytes, t->files.file[i].n_bytes);
        assert_int_equal(t->files.file[i].bytes[0], 0xff);
        assert_int_equal(t->files.file[i].bytes[1], 0xd8);
    }
    assert_string_equal(t->result.format, "jpeg");
    assert_string_equal(t->result.output[0].extension, "jpg");
    free_trial(t);
}

static void variants_together_equal_variants_alone(void **state)
{
    struct trial *all = make_trial("natural_422_801x603.jpg");
    (void)state;
    all->job.n_variants = 4;
    all->variants[1].subsampling = SCT_SUB_444;
    all->variants[2].filter = sct_filter_find("area");
    all->variants[3].fit = SCT_FIT_COVER;
    assert_int_equal(run(all), SCT_OK);
    for (int i = 0; i < 4; i++) {
        struct trial *one = make_trial("natural_422_801x603.jpg");
        one->job.variants = &all->variants[i];
        assert_int_equal(run(one), SCT_OK);
        assert_int_equal(one->files.file[0].n_bytes, all->files.file[i].n_bytes);
        /* a larger corner, wanted by another variant, must not change this one */
        assert_memory_equal(one->files.file[0].bytes, all->files.file[i].bytes,
                            one->files.file[0].n_bytes);
        free_trial(one);
    }
    free_trial(all);
}

/* A thumbnail alone is made of 4 x 4 frequencies in a layout of their own; beside a large
 * variant it reads the same ones out of whole blocks. */
static void a_thumbnail_is_the_same_alone_and_beside_a_large_one(void **state)
{
    static const char *const files[] = {"natural_422_801x603.jpg",
                                        "natural_422_801x603_progressive.jpg"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct trial *both = make_trial(files[i]), *one = make_trial(files[i]);
        both->job.n_variants = 2;
        both->variants[0].width = both->variants[0].height = 30;
        both->variants[1].width = both->variants[1].height = 700;
        one->job.variants = both->variants;
        assert_int_equal(run(both), SCT_OK);
        assert_int_equal(run(one), SCT_OK);
        assert_int_equal(one->files.file[0].n_bytes, both->files.file[0].n_bytes);
        assert_memory_equal(one->files.file[0].bytes, both->files.file[0].bytes,
                            one->files.file[0].n_bytes);
        free_trial(both);
        free_trial(one);
    }
}

static void pieces_of_any_size_give_the_same_file(void **state)
{
    static const size_t pieces[] = {1, 7, 4096};
    struct trial *whole = make_trial("natural_422_801x603_progressive.jpg");
    (void)state;
    assert_int_equal(run(whole), SCT_OK);
    for (int i = 0; i < 3; i++) {
        struct trial *t = make_trial("natural_422_801x603_progressive.jpg");
        t->input.piece_bytes = pieces[i];
        assert_int_equal(run(t), SCT_OK);
        assert_int_equal(t->files.file[0].n_bytes, whole->files.file[0].n_bytes);
        assert_memory_equal(t->files.file[0].bytes, whole->files.file[0].bytes,
                            whole->files.file[0].n_bytes);
        free_trial(t);
    }
    free_trial(whole);
}

static void planning_tells_the_sizes_and_writes_nothing(void **state)
{
    struct trial *t = make_trial("natural_422_801x603.jpg");
    (void)state;
    assert_int_equal(sct_job_plan(&t->job, &t->result), SCT_OK);
    assert_int_equal(t->result.n_outputs, 1);
    assert_int_equal(t->result.output[0].width, 100);
    assert_int_equal(t->result.output[0].height, 75);
    assert_int_equal(t->result.output[0].bytes, 0);
    assert_int_equal(t->files.n_opened, 0);
    free_trial(t);
}

/* Every sampling, model and odd size that the corpus has gets through, to three sizes. */
static void constant_pictures_stay_constant(void **state)
{
    static const char *const names[] = {"constant_420_640x480.jpg",
                                        "constant_444_640x480.jpg"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        struct trial *t = make_trial(names[k]);
        t->variants[0].format = &capture_planes;
        t->variants[0].subsampling = SCT_SUB_444;
        assert_int_equal(run(t), SCT_OK);
        const uint8_t *s = t->files.file[0].bytes;
        const size_t n = t->files.file[0].n_bytes / 3;
        for (size_t ci = 0; ci < 3; ci++)
            for (size_t i = 0; i < n; i++)
                assert_int_equal(s[ci * n + i], s[ci * n]);
        free_trial(t);
    }
}

/* What lies in the padding of the last blocks is the inverse of the edge: it must not be
 * seen. */
static void padding_never_leaks_in(void **state)
{
    static const char *const names[] = {
        "constant_420_241x129_loudpadding.jpg", "constant_410_241x129_loudpadding.jpg",
        "constant_411_57x73_loudpadding.jpg",   "constant_422_57x73_loudpadding.jpg",
        "constant_440_33x31_loudpadding.jpg",   "constant_444_33x31_loudpadding.jpg"};
    (void)state;
    for (int k = 0; k < 6; k++)
        for (int f = 0; sct_filter_at(f); f++) {
            struct trial *t = make_trial(names[k]);
            t->variants[0].format = &capture_planes;
            t->variants[0].subsampling = SCT_SUB_444;
            t->variants[0].filter = sct_filter_at(f);
            t->variants[0].width = t->variants[0].height = 24;
            assert_int_equal(run(t), SCT_OK);
            const uint8_t *s = t->files.file[0].bytes;
            const size_t n = t->files.file[0].n_bytes / 3;
            for (size_t ci = 0; ci < 3; ci++)
                for (size_t i = 0; i < n;
                     i++) /* quality 100: intact to two levels, and the cut */
                    if (abs(s[ci * n + i] - s[ci * n + n / 2]) > 4)
                        fail_msg("%s, %s: %d beside %d", names[k], sct_filter_at(f)->name,
                                 s[ci * n + i], s[ci * n + n / 2]);
            free_trial(t);
        }
}

/* ---- orientation ------------------------------------------------------------------- */

static double psnr(const struct capture_file *a, const struct capture_file *b)
{
    double sum = 0.0;
    for (size_t i = 0; i < a->n_bytes; i++)
        sum += (a->bytes[i] - b->bytes[i]) * (a->bytes[i] - b->bytes[i]);
    return 10 * log10(255.0 * 255.0 * (double)a->n_bytes / fmax(sum, 1e-9));
}

static void check_orientations(const char *pattern, int width, int height,
                               double least_db)
{
    char name[64];
    struct trial *first = NULL;
    for (int o = 1; o <= 8; o++) {
        snprintf(name, sizeof name, pattern, o);
        struct trial *t = make_trial(name);
        t->variants[0].width = t->variants[0].height = 71;
        t->variants[0].format = &capture_planes;
        assert_int_equal(run(t), SCT_OK);
        assert_int_equal(t->result.width, width);
        assert_int_equal(t->result.height, height);
        assert_int_equal(t->result.output[0].width, 71);
        if (first) {
            assert_int_equal(t->files.file[0].n_bytes, first->files.file[0].n_bytes);
            const double db = psnr(&t->files.file[0], &first->files.file[0]);
            if (db < least_db)
                fail_msg("%s: %.1f dB", name, db);
            free_trial(t);
        } else {
            first = t;
        }
    }
    free_trial(first);
}

/* These were turned as coefficients, so they are one picture; weights are rounded from
 * the left, which a mirrored picture sees from the right: 0.2 levels, 62 dB. */
static void all_orientations_give_one_picture(void **state)
{
    (void)state;
    check_orientations("exif_orient%d_le.jpg", 160, 96, 58.0);
    check_orientations("exif_orient%d_be.jpg", 160, 96, 58.0);
}

/* Drawn turned, with odd sizes: chroma has to stay registered at the far edge. */
static void all_orientations_of_odd_sizes_agree(void **state)
{
    (void)state;
    check_orientations("exif_orient%d_odd.jpg", 151, 89, 40.0);
}

/* ---- metadata ---------------------------------------------------------------------- */

static void only_the_icc_profile_goes_along(void **state)
{
    static const char *const gone[] = {
        "SCT-GPS-AREA", "SCT-MAKERNOTE", "SCT-THUMBNAIL",
        "SCT-XMP",      "SCT-IPTC",      "SCT-COMMENT",
        "MPF",          "Exif",          "http://ns.adobe.com",
        "Photoshop"};
    static const char *const names[] = {"metadata_everything_orient8.jpg",
                                        "exif_gps_le.jpg",
                                        "exif_makernote_be.jpg",
                                        "exif_thumbnail_le.jpg",
                                        "exif_orient6_everything_be.jpg",
                                        "xmp.jpg",
                                        "iptc.jpg",
                                        "comment.jpg",
                                        "mpf_index.jpg"};
    int n_seen = 0;
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct trial *t = make_trial(names[k]);
        const struct capture_file source = {.bytes = t->bytes,
                                            .n_bytes = t->input.n_bytes};
        assert_int_equal(run(t), SCT_OK);
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
            n_seen += contains(&source, gone[i]);
            if (contains(&t->files.file[0], gone[i]))
                fail_msg("%s still has %s", names[k], gone[i]);
        }
        assert_int_equal(contains(&t->files.file[0], "SCT-ICC-PROFILE"),
                         contains(&source, "SCT-ICC-PROFILE"));
        free_trial(t);
    }
    assert_true(n_seen > 10); /* the inputs did carry what is looked for */
}

static void icc_profiles_are_kept_whole(void **state)
{
    static const char *const names[] = {"icc_two_chunks.jpg", "icc_chunks_reversed.jpg",
                                        "icc_two_chunks_progressive.jpg"};
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct trial *t = make_trial(names[k]);
        assert_int_equal(run(t), SCT_OK);
        assert_true(contains(&t->files.file[0], "ICC_PROFILE"));
        assert_true(contains(&t->files.file[0], "SCT-ICC-PROFILE"));
        free_trial(t);
    }
}

/* ---- what goes wrong --------------------------------------------------------------- */

/* A trial over bytes, which it takes over; variant 0 keeps the size. */
static struct trial *make_trial_of(uint8_t *bytes, size_t n_bytes)
{
    struct trial *t = make_trial("natural_420_33x31.jpg");
    free(t->bytes);
    t->bytes = bytes;
    t->input.bytes = bytes;
    t->input.n_bytes = n_bytes;
    t->variants[0].width = t->variants[0].height = 5000;
    return t;
}

static struct trial *make_unchanged_trial(const char *name)
{
    char path[4096];
    size_t n_bytes;
    corpus_path(path, name);
    uint8_t *bytes = capture_read_file(path, &n_bytes);
    assert_non_null(bytes);
    return make_trial_of(bytes, n_bytes);
}

static void what_need_not_shrink_is_the_file_itself(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 1000; piece += 333) {
        struct trial *t = make_unchanged_trial("natural_420_640x480.jpg");
        t->input.piece_bytes = piece;
        t->job.n_variants = 3;
        assert_int_equal(run(t), SCT_OK);
        assert_true(t->result.output[0].is_unchanged);
        assert_int_equal(t->result.output[0].quality, 0);
        assert_int_equal(t->result.output[0].bytes, t->input.n_bytes);
        assert_int_equal(t->files.file[0].n_bytes, t->input.n_bytes);
        assert_memory_equal(t->files.file[0].bytes, t->bytes, t->input.n_bytes);
        for (int i = 1; i < 3; i++) { /* from the same decode */
            assert_false(t->result.output[i].is_unchanged);
            assert_int_equal(t->result.output[i].width, 100 - 23 * i);
            assert_true(was_published(t, i));
        }
        free_trial(t);
    }
}

/* Whatever stands behind the picture has been read, and counts as saved. */
static void metadata_and_trailing_data_do_not_come_along(void **state)
{
    struct trial *t = make_unchanged_trial("natural_420_640x480.jpg");
    const size_t n_picture = t->input.n_bytes, n_bytes = n_picture + 300000;
    uint8_t *bytes = calloc(1, n_bytes);
    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, t->bytes, n_picture);
    free_trial(t);
    t = make_trial_of(bytes, n_bytes);
    assert_int_equal(run(t), SCT_OK);
    assert_int_equal(t->result.bytes, n_bytes);
    assert_int_equal(t->result.output[0].bytes, n_picture);
    free_trial(t);
    t = make_unchanged_trial("icc_two_chunks.jpg");
    assert_int_equal(run(t), SCT_OK);
    assert_true(t->result.output[0].is_unchanged);
    assert_true(contains(&t->files.file[0], "ICC_PROFILE"));
    free_trial(t);
    t = make_unchanged_trial("icc_two_chunks.jpg");
    t->variants[0].icc = SCT_ICC_DROP;
    assert_int_equal(run(t), SCT_OK);
    assert_true(t->result.output[0].is_unchanged);
    assert_false(contains(&t->files.file[0], "ICC_PROFILE"));
    free_trial(t);
}

/* What has to be turned, or converted, is encoded again, however large it gets. */
static void what_has_to_change_is_never_the_file(void **state)
{
    static const struct {
        const char *name;
        enum sct_icc icc;
        const char *format;
    } cases[] = {
        {"exif_orient6_le.jpg", SCT_ICC_KEEP, "jpeg"},
#ifdef SCT_HAVE_ICC
        {"natural_cmyk_33x31.jpg", SCT_ICC_KEEP, "jpeg"},
#endif
#ifdef SCT_HAVE_PNG
        {"natural_420_33x31.jpg", SCT_ICC_KEEP, "png"},
#endif
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int is_exact = 0; is_exact < 2; is_exact++) {
            struct trial *t = make_unchanged_trial(cases[i].name);
            t->variants[0].icc = cases[i].icc;
            t->variants[0].format = sct_encoder_find(cases[i].format);
            t->variants[0].quality = 100;
            t->variants[0].quality_exact = is_exact;
            assert_int_equal(run(t), SCT_OK);
            assert_false(t->result.output[0].is_unchanged);
            assert_true(was_published(t, 0));
            free_trial(t);
        }
}

static void of_file_and_exact_quality_the_smaller_is_published(void **state)
{
    (void)state;
    for (int quality = 10; quality <= 100; quality += 90)
        for (int progressive = 0; progressive < 2; progressive++) {
            struct trial *t = make_unchanged_trial("natural_420_640x480.jpg");
            t->variants[0].quality = quality;
            t->variants[0].quality_exact = 1;
            t->variants[0].progressive = progressive;
            assert_int_equal(run(t), SCT_OK);
            const struct sct_output *o = &t->result.output[0];
            assert_true(was_published(t, 0));
            assert_int_equal(o->bytes, t->files.file[0].n_bytes);
            assert_int_equal(o->is_unchanged, quality == 100);
            assert_int_equal(o->quality, quality == 100 ? 0 : quality);
            if (quality == 100)
                assert_memory_equal(t->files.file[0].bytes, t->bytes, t->input.n_bytes);
            else
                assert_true(o->bytes < t->input.n_bytes);
            free_trial(t);
        }
}

/* The file would be smaller, but it is broken. */
static void a_damaged_file_is_no_rival(void **state)
{
    struct trial *t = make_unchanged_trial("natural_420_640x480.jpg");
    (void)state;
    t->input.n_bytes /= 2;
    t->job.salvage = 1;
    t->variants[0].quality = 100;
    t->variants[0].quality_exact = 1;
    assert_int_equal(run(t), SCT_OK);
    assert_int_equal(t->result.report.damage, SCT_ERR_TRUNCATED);
    assert_false(t->result.output[0].is_unchanged);
    /* nor is it copied, which would keep it broken */
    t->variants[0].quality_exact = 0;
    assert_int_equal(run(t), SCT_OK);
    assert_false(t->result.output[0].is_unchanged);
    t->job.salvage = 0;
    assert_int_equal(run(t), SCT_ERR_TRUNCATED);
    /* a sound one is */
    t->job.salvage = 1;
    t->input.n_bytes *= 2;
    assert_int_equal(run(t), SCT_OK);
    assert_true(t->result.output[0].is_unchanged);
    free_trial(t);
}

static void copies_fail_as_other_outputs_do(void **state)
{
    (void)state;
    for (int is_exact = 0; is_exact < 2; is_exact++) {
        struct trial *t = make_unchanged_trial("natural_420_640x480.jpg");
        t->variants[0].quality = 100; /* the file is smaller */
        t->variants[0].quality_exact = is_exact;
        t->files.fail_after = 100;
        assert_int_equal(run(t), SCT_ERR_IO);
        assert_string_equal(t->result.report.message, "writing the output failed");
        assert_false(was_published(t, 0));
        t->variants[0].quality = 10; /* what the encoder makes is */
        assert_int_equal(run(t), SCT_ERR_IO);
        assert_string_equal(t->result.report.message, "writing the output failed");
        free_trial(t);
    }
}

static void damaged_pictures_publish_nothing(void **state)
{
    static const char *const names[] = {
        "bad/truncated_mid_scan_420.jpg", "bad/truncated_progressive_mid_scan.jpg",
        "bad/corrupt_huffman_code.jpg", "bad/truncated_in_header.jpg"};
    static const int statuses[] = {SCT_ERR_TRUNCATED, SCT_ERR_TRUNCATED, SCT_ERR_CORRUPT,
                                   SCT_ERR_TRUNCATED};
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct trial *t = make_trial(names[k]);
        t->job.n_variants = 2;
        assert_int_equal(run(t), statuses[k]);
        assert_string_not_equal(t->result.report.message, "");
        assert_false(was_published(t, 0) || was_published(t, 1));
        free_trial(t);
    }
}

static void salvage_publishes_what_there_is_and_says_so(void **state)
{
    struct trial *t = make_trial("bad/truncated_mid_scan_420.jpg");
    (void)state;
    t->job.salvage = 1;
    assert_int_equal(run(t), SCT_OK);
    assert_true(was_published(t, 0));
    assert_int_equal(t->result.report.damage, SCT_ERR_TRUNCATED);
    assert_true(t->result.report.damaged_row > 0);
    assert_true(t->result.report.damaged_row < t->result.height);
    free_trial(t);
}

static void what_is_no_picture_is_named(void **state)
{
    struct trial *t = make_trial("bad/head_gif.gif");
    (void)state;
    assert_int_equal(run(t), SCT_ERR_UNSUPPORTED);
    assert_non_null(strstr(t->result.report.message, "GIF"));
    free_trial(t);
    t = make_trial("bad/empty_file.jpg");
    assert_int_equal(run(t), SCT_ERR_NOT_AN_IMAGE);
    assert_int_equal(t->files.n_opened, 0);
    free_trial(t);
}

static void a_source_that_fails_is_io(void **state)
{
    static const size_t offsets[] = {0, 1, 100, 5000};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct trial *t = make_trial("natural_420_640x480.jpg");
        t->input.fail_at = offsets[i];
        assert_int_equal(run(t), SCT_ERR_IO);
        assert_false(was_published(t, 0));
        free_trial(t);
    }
}

static void a_sink_that_fails_is_io_and_publishes_nothing(void **state)
{
    struct trial *t = make_trial("natural_420_640x480.jpg");
    (void)state;
    t->job.n_variants = 3;
    t->files.fail_after = 1;
    assert_int_equal(run(t), SCT_ERR_IO);
    for (int i = 0; i < 3; i++) {
        assert_false(was_published(t, i));
        assert_int_equal(t->result.output[i].status, SCT_ERR_IO);
    }
    free_trial(t);
}

static void a_close_that_fails_is_told_for_its_output(void **state)
{
    struct trial *t = make_trial("natural_420_640x480.jpg");
    (void)state;
    t->job.n_variants = 3;
    t->files.fail_close_of = 1;
    assert_int_equal(run(t), SCT_ERR_IO);
    assert_int_equal(t->result.output[0].status, SCT_OK);
    assert_int_equal(t->result.output[1].status, SCT_ERR_IO);
    assert_int_equal(t->result.output[2].status, SCT_ERR_IO);
    assert_false(was_published(t, 2));
    free_trial(t);
}

static void limits_come_before_memory_and_outputs(void **state)
{
    struct trial *t = make_trial("natural_420_640x480.jpg");
    (void)state;
    t->job.limits.max_pixels = 640 * 480 - 1;
    assert_int_equal(run(t), SCT_ERR_TOO_LARGE);
    assert_non_null(strstr(t->result.report.message, "pixels"));
    assert_int_equal(t->files.n_opened, 0);
    t->job.limits.max_pixels = 640 * 480;
    t->job.limits.max_memory_bytes = 10000;
    assert_int_equal(run(t), SCT_ERR_TOO_LARGE);
    assert_non_null(strstr(t->result.report.message, "memory"));
    assert_int_equal(t->files.n_opened, 0);
    t->job.limits.max_memory_bytes = 0;
    assert_int_equal(run(t), SCT_OK);
    free_trial(t);
}

/* These encoders keep all coefs of the output: two bytes a sample, three a pixel in 4:2:0. */
static void the_encoders_memory_is_in_the_limit(void **state)
{
    enum { OUTPUT_BYTES = 4000 * 3000 * 3, BESIDE_BYTES = 8 << 20 };
    static const struct {
        int progressive, optimize;
        size_t limit_bytes;
        int status;
    } rows[] = {
        {0, 0, BESIDE_BYTES, SCT_OK},
        {1, 0, OUTPUT_BYTES, SCT_ERR_TOO_LARGE},
        {0, 1, OUTPUT_BYTES, SCT_ERR_TOO_LARGE},
        {1, 1, OUTPUT_BYTES + BESIDE_BYTES, SCT_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct trial *t = make_trial("natural_420_640x480.jpg");
        t->variants[0].width = t->variants[0].height = 4000;
        t->variants[0].enlarge = 1;
        t->variants[0].progressive = rows[i].progressive;
        t->variants[0].optimize = rows[i].optimize;
        t->job.limits.max_memory_bytes = rows[i].limit_bytes;
        assert_int_equal(run(t), rows[i].status);
        if (rows[i].status != SCT_OK) {
            assert_non_null(strstr(t->result.report.message, "memory"));
            assert_int_equal(t->files.n_opened, 0);
        }
        free_trial(t);
    }
}

static void jobs_that_make_no_sense_are_argument_errors(void **state)
{
    struct trial *t = make_trial("natural_420_640x480.jpg");
    (void)state;
    t->job.n_variants = 0;
    assert_int_equal(run(t), SCT_ERR_ARGUMENT);
    t->job.n_variants = SCT_MAX_VARIANTS + 1;
    assert_int_equal(run(t), SCT_ERR_ARGUMENT);
    t->job.n_variants = 1;
    t->variants[0].width = t->variants[0].height = 0;
    assert_int_equal(run(t), SCT_ERR_ARGUMENT);
    t->job.n_variants = 3; /* the others have not been looked at then */
    assert_int_equal(run(t), SCT_ERR_ARGUMENT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(t->result.output[i].status, SCT_ERR_ARGUMENT);
    assert_int_equal(t->files.n_opened, 0);
    free_trial(t);
}

static void fail_every_allocation(const char *name, int keeps_size, int is_exact)
{
    int status = SCT_ERR_MEMORY;
    for (failing_allocation = 0; status != SCT_OK; failing_allocation++) {
        struct trial *t = keeps_size ? make_unchanged_trial(name) : make_trial(name);
        t->job.n_variants = 2;
        t->variants[0].quality_exact = is_exact;
        n_allocations = 0;
        status = run(t);
        if (status != SCT_OK) {
            assert_int_equal(status, SCT_ERR_MEMORY);
            assert_false(was_published(t, 0));
        }
        free_trial(t);
        assert_true(failing_allocation < 1000);
    }
    assert_true(failing_allocation > 10);
    failing_allocation = -1;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_every_allocation("exif_orient6_le.jpg", 0, 0);
    fail_every_allocation("natural_420_640x480.jpg", 1, 0);
    fail_every_allocation("natural_420_640x480.jpg", 1, 1);
}

/* ---- threads ----------------------------------------------------------------------- */

static void *run_in_thread(void *arg)
{
    struct trial *t = arg;
    for (int i = 0; i < 5; i++) {
        capture_free_files(&t->files);
        (void)capture_target(&t->files);
        t->input.offset = 0;
        if (sct_job_run(&t->job, &t->result) != SCT_OK)
            return NULL;
    }
    return t;
}

static void jobs_in_threads_do_not_meet(void **state)
{
    static const char *const names[] = {"natural_420_640x480.jpg", "text_444_640x480.jpg",
                                        "natural_422_801x603_progressive.jpg",
                                        "zone_420_640x480.jpg"};
    struct trial *t[4], *alone[4];
    pthread_t thread[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        t[i] = make_trial(names[i]);
        alone[i] = make_trial(names[i]);
        assert_int_equal(run(alone[i]), SCT_OK);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, run_in_thread, t[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *ok;
        assert_int_equal(pthread_join(thread[i], &ok), 0);
        assert_non_null(ok);
        assert_int_equal(t[i]->files.file[0].n_bytes, alone[i]->files.file[0].n_bytes);
        assert_memory_equal(t[i]->files.file[0].bytes, alone[i]->files.file[0].bytes,
                            alone[i]->files.file[0].n_bytes);
        free_trial(t[i]);
        free_trial(alone[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_is_written_and_told),
        cmocka_unit_test(variants_together_equal_variants_alone),
        cmocka_unit_test(a_thumbnail_is_the_same_alone_and_beside_a_large_one),
        cmocka_unit_test(pieces_of_any_size_give_the_same_file),
        cmocka_unit_test(planning_tells_the_sizes_and_writes_nothing),
        cmocka_unit_test(constant_pictures_stay_constant),
        cmocka_unit_test(padding_never_leaks_in),
        cmocka_unit_test(all_orientations_give_one_picture),
        cmocka_unit_test(all_orientations_of_odd_sizes_agree),
        cmocka_unit_test(only_the_icc_profile_goes_along),
        cmocka_unit_test(icc_profiles_are_kept_whole),
        cmocka_unit_test(what_need_not_shrink_is_the_file_itself),
        cmocka_unit_test(metadata_and_trailing_data_do_not_come_along),
        cmocka_unit_test(what_has_to_change_is_never_the_file),
        cmocka_unit_test(of_file_and_exact_quality_the_smaller_is_published),
        cmocka_unit_test(a_damaged_file_is_no_rival),
        cmocka_unit_test(copies_fail_as_other_outputs_do),
        cmocka_unit_test(damaged_pictures_publish_nothing),
        cmocka_unit_test(salvage_publishes_what_there_is_and_says_so),
        cmocka_unit_test(what_is_no_picture_is_named),
        cmocka_unit_test(a_source_that_fails_is_io),
        cmocka_unit_test(a_sink_that_fails_is_io_and_publishes_nothing),
        cmocka_unit_test(a_close_that_fails_is_told_for_its_output),
        cmocka_unit_test(limits_come_before_memory_and_outputs),
        cmocka_unit_test(the_encoders_memory_is_in_the_limit),
        cmocka_unit_test(jobs_that_make_no_sense_are_argument_errors),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(jobs_in_threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
