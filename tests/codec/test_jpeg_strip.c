/* Stripping metadata: the coefs are the same before and after, and of the file nothing is
 * left but the picture. */
#include "codec_test.h"

#include "jpeg_strip.h"
#include "jpeg_truth.h"

/* ---- the strip --------------------------------------------------------------------- */

struct stripped {
    int status;
    struct bytes file;
    struct sct_report report;
};

static struct stripped strip(const struct bytes *file, size_t piece,
                             struct sct_jpeg_strip_options options, size_t fail_at)
{
    struct stripped r = {.status = SCT_OK};
    struct keep_sink sink = {.fail_at = fail_at};
    sct_jpeg_strip *s;

    options.report = &r.report;
    assert_int_equal(
        sct_jpeg_strip_create(&s, &options, &(struct sct_sink){keep_write, &sink}),
        SCT_OK);
    for (size_t at = 0; at < file->size; at += piece) {
        const size_t n = file->size - at < piece ? file->size - at : piece;
        /* of exactly this size: the sanitizer sees reads past it */
        uint8_t *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, file->data + at, n);
        const int status = sct_jpeg_strip_write(s, copy, n);
        free(copy);
        assert_true(status == SCT_OK || status == SCT_DONE || status < 0);
        assert_true(r.status == SCT_OK || status == r.status); /* statuses stick */
        r.status = status;
    }
    const int status = sct_jpeg_strip_finish(s);
    assert_true(r.status >= 0 || status == r.status);
    r.status = status;
    sct_jpeg_strip_free(s);
    r.file = sink.kept;
    assert_int_equal(r.status != SCT_OK, r.report.message[0] != 0);
    return r;
}

/* Every marker segment in the header, by the letters of its kind. */
static void list_segments(char *out, const struct bytes *file)
{
    size_t at = 2;
    assert_true(file->size > 4);
    assert_memory_equal(file->data, "\xFF\xD8", 2);
    while (at + 4 <= file->size && file->data[at] == 0xFF) {
        const int marker = file->data[at + 1];
        const uint8_t *payload = file->data + at + 4;
        if (marker == 0xDA)
            break;
        if (marker == 0xE0)
            *out++ = 'J';
        else if (marker == 0xE1)
            *out++ = payload[0] == 'E' ? 'E' : 'X';
        else if (marker == 0xE2)
            *out++ = payload[0] == 'I' ? 'I' : '?';
        else if (marker == 0xED)
            *out++ = 'P';
        else if (marker == 0xEE)
            *out++ = 'A';
        else if (marker > 0xE0)
            *out++ = '?';
        at += 2 + ((size_t)file->data[at + 2] << 8) + file->data[at + 3];
    }
    *out = 0;
}

static const struct sct_jpeg_strip_options plain;

/* ---- tests ------------------------------------------------------------------------- */

static void visit_sound_file(const char *name, const struct bytes *file)
{
    static const size_t pieces[] = {1, 7, 4096};
    static const char *const words[] = {
        "SCT-GPS-AREA", "SCT-MAKERNOTE", "SCT-THUMBNAIL", "SCT-XMP",   "SCT-IPTC",
        "SCT-COMMENT",  "Exif",          "http://ns.",    "Photoshop", "MPF"};
    const struct truth before = read_truth(file);
    struct stripped r = strip(file, file->size, plain, 0);
    if (r.status != SCT_OK)
        fail_msg("%s: %s", name, r.report.message);
    const struct truth after = read_truth(&r.file);
    if (!after.is_readable || after.hash != before.hash ||
        after.n_warnings > before.n_warnings)
        fail_msg("%s: is another picture now", name);
    assert_memory_equal(r.file.data + r.file.size - 2, "\xFF\xD9", 2);
    assert_true(r.file.size <= file->size);

    char segments[64];
    list_segments(segments, &r.file);
    if (strspn(segments, "JIA") != strlen(segments))
        fail_msg("%s: segments %s", name, segments);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) > 4 && bytes_contain(&r.file, words[i], strlen(words[i])))
            fail_msg("%s: %s is still there", name, words[i]);

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (pieces[i] < 4096 && file->size > 100000)
            continue; /* one by one that takes a while */
        struct stripped again = strip(file, pieces[i], plain, 0);
        assert_int_equal(again.status, SCT_OK);
        assert_int_equal(again.file.size, r.file.size);
        assert_memory_equal(again.file.data, r.file.data, r.file.size);
        bytes_free(&again.file);
    }
    /* There is nothing more to strip. */
    struct stripped twice = strip(&r.file, 4096, plain, 0);
    assert_int_equal(twice.file.size, r.file.size);
    assert_memory_equal(twice.file.data, r.file.data, r.file.size);
    bytes_free(&twice.file);
    bytes_free(&r.file);
}

static void coefs_are_untouched(void **state)
{
    (void)state;
    assert_true(for_each_jpeg(folder_from("SCT_CORPUS"), visit_sound_file) >= 100);
}

static void visit_photograph(const char *name, const struct bytes *file)
{
    const struct truth t = read_truth(file);
    if (t.is_readable && t.n_warnings == 0)
        visit_sound_file(name, file);
}

static void visit_photographs(const char *folder)
{
    DIR *const dir = opendir(folder);
    if (!dir) {
        print_message("no photographs in %s\n", folder);
        return;
    }
    closedir(dir);
    print_message("%d photographs in %s\n", for_each_jpeg(folder, visit_photograph),
                  folder);
}

/* Those beside the repository and those of SCANTLING_PHOTOS, as far as they are there. */
static void coefs_of_photographs_are_untouched(void **state)
{
    (void)state;
    const char *const unpacked = getenv("SCANTLING_PHOTOS");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/../shared/photos", folder_from("SCT_SOURCE_DIR"));
    visit_photographs(folder);
    if (unpacked)
        visit_photographs(unpacked);
}

/* ---- segments ---- */

static const uint8_t exif[] = "new EXIF", xmp[] = "new XMP", resources[] = "new IPTC";

static void new_segments_take_the_old_ones_place(void **state)
{
    (void)state;
    static const struct {
        const char *name, *segments;
    } files[] = {
        {"comment.jpg", "JEXP"},
        {"exif_orient6_everything_be.jpg", "JEXP"},
        {"metadata_everything_orient8.jpg", "EXPII"},
        {"icc_two_chunks_progressive.jpg", "JEXPII"},
        {"natural_ycck_320x241.jpg", "EXPA"},
    };
    const struct sct_jpeg_strip_options options = {
        .exif = {exif, 8}, .xmp = {xmp, 7}, .iptc = {resources, 8}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct bytes file = read_corpus(files[i].name);
        const struct truth before = read_truth(&file);
        for (int drops_icc = 0; drops_icc < 2; drops_icc++) {
            struct sct_jpeg_strip_options o = options;
            char segments[64], expected[64];
            o.drops_icc = drops_icc;
            struct stripped r = strip(&file, 100, o, 0);
            assert_int_equal(r.status, SCT_OK);
            list_segments(segments, &r.file);
            strcpy(expected, files[i].segments);
            if (drops_icc)
                expected[strcspn(expected, "I")] = 0;
            assert_string_equal(segments, expected);
            assert_true(bytes_contain(&r.file,
                                      "\xFF\xE1\0\x10"
                                      "Exif\0\0new EXIF",
                                      18));
            assert_true(bytes_contain(
                &r.file, "\xFF\xE1\0\x26http://ns.adobe.com/xap/1.0/\0new XMP", 40));
            assert_true(
                bytes_contain(&r.file, "\xFF\xED\0\x18Photoshop 3.0\0new IPTC", 26));
            const struct truth after = read_truth(&r.file);
            assert_true(after.is_readable);
            assert_int_equal(after.icc_bytes, drops_icc ? 0 : before.icc_bytes);
            if (!drops_icc)
                assert_true(after.hash == before.hash);
            bytes_free(&r.file);
        }
        bytes_free(&file);
    }
}

/* A small JPEG in which all the rest is easy to see. No decoder would like it. */
#define SCAN_HEADER "\xFF\xDA\0\x04ss"
#define HEAD        "\xFF\xD8\xFF\xDB\0\3q"
#define BODY                                                                             \
    SCAN_HEADER "d\xFF\0d\xFF\xD0"                                                       \
                "d\xFF\xFF\xD1"                                                          \
                "d"

static void assert_strips(const char *from, size_t n_from, const char *to, size_t n_to,
                          int status)
{
    for (size_t piece = 1; piece <= n_from + 1; piece++) {
        struct bytes file = {malloc(n_from ? n_from : 1), n_from};
        assert_non_null(file.data);
        memcpy(file.data, from, n_from);
        struct stripped r = strip(&file, piece, plain, 0);
        assert_int_equal(r.status, status);
        assert_int_equal(r.file.size, n_to);
        if (n_to)
            assert_memory_equal(r.file.data, to, n_to);
        bytes_free(&r.file);
        bytes_free(&file);
    }
}

#define ASSERT_STRIPS(from, to, status)                                                  \
    assert_strips(from, sizeof(from) - 1, to, sizeof(to) - 1, status)

static void structure_is_followed(void **state)
{
    (void)state;
    static const char whole[] = HEAD BODY "\xFF\xD9";
    /* nothing to do; restart markers with and without fill bytes */
    ASSERT_STRIPS(HEAD BODY "\xFF\xD9", whole, SCT_OK);
    /* behind EOI */
    ASSERT_STRIPS(HEAD BODY "\xFF\xD9\xFF\xD8\xFF\xE1\0\2zz", whole, SCT_OK);
    /* comments and APPn before and between scans, empty ones too */
    ASSERT_STRIPS("\xFF\xD8\xFF\xFE\0\2\xFF\xE5\0\4ab\xFF\xDB\0\3q" BODY
                  "\xFF\xE1\0\6Exif\xFF\xC4\0\3h" BODY "\xFF\xFE\0\3c\xFF\xD9",
                  HEAD BODY "\xFF\xC4\0\3h" BODY "\xFF\xD9", SCT_OK);
    /* fill bytes, stray bytes, stray restart markers between segments */
    ASSERT_STRIPS("\xFF\xD8\xFF\xFF\xFF\xDB\0\3qab\xFF\0\xFF\xD3\xFF\x01" BODY
                  "\xFF\xFF\xFF\xD9",
                  whole, SCT_OK);
    /* markers inside payloads are no markers */
    ASSERT_STRIPS("\xFF\xD8\xFF\xE1\0\6\xFF\xD9\xFF\xDA\xFF\xDB\0\3q" BODY "\xFF\xD9",
                  whole, SCT_OK);
    /* a picture ends where the data end */
    ASSERT_STRIPS(HEAD BODY, whole, SCT_OK);
    ASSERT_STRIPS(HEAD BODY "\xFF", whole, SCT_OK);
    ASSERT_STRIPS(HEAD BODY "\xFF\xC4\0\7half", whole, SCT_OK);
    ASSERT_STRIPS(HEAD BODY "\xFF\xC4\0", whole, SCT_OK);
    /* reserved markers in a scan */
    ASSERT_STRIPS(HEAD SCAN_HEADER "\xFF\x02\xFF\x01\xFF\xBF\xFF\xD9",
                  HEAD SCAN_HEADER "\xFF\x02\xFF\x01\xFF\xBF\xFF\xD9", SCT_OK);
    /* and outside, where they could carry something past: behind a scan they would be data */
    ASSERT_STRIPS(HEAD BODY "\xFF\xFE\0\2\xFF\x12\0\6\xFF\xE1\0\2\xFF\xF3\0\3x\xFF\xD9",
                  whole, SCT_OK);
}

static void what_is_no_picture_is_an_error(void **state)
{
    (void)state;
    ASSERT_STRIPS("", "", SCT_ERR_NOT_AN_IMAGE);
    ASSERT_STRIPS("\xFF", "", SCT_ERR_NOT_AN_IMAGE);
    ASSERT_STRIPS("\x89PNG", "", SCT_ERR_NOT_AN_IMAGE);
    ASSERT_STRIPS("\xFF\xD9", "", SCT_ERR_NOT_AN_IMAGE);
    ASSERT_STRIPS("\xFF\xD8", "\xFF\xD8", SCT_ERR_TRUNCATED);
    ASSERT_STRIPS(HEAD, HEAD, SCT_ERR_TRUNCATED);
    ASSERT_STRIPS(HEAD "\xFF\xDA\0\x04s", HEAD, SCT_ERR_TRUNCATED);
    ASSERT_STRIPS(HEAD "\xFF\xD9", HEAD, SCT_ERR_CORRUPT);
    ASSERT_STRIPS(HEAD "\xFF\xD8" BODY, HEAD, SCT_ERR_CORRUPT);
    ASSERT_STRIPS(HEAD "\xFF\xE1\0\1", HEAD, SCT_ERR_CORRUPT);
    ASSERT_STRIPS(HEAD BODY "\xFF\xD8", HEAD BODY, SCT_ERR_CORRUPT);
}

static void damage_behind_a_scan_may_be_the_end(void **state)
{
    static const char *const tails[] = {"\xFF\xD8\xFF\xDB", "\xFF\xE1\0\1"};
    static const char begin[] = HEAD BODY, end[] = "\xFF\xD9";
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes file = {malloc(sizeof begin + 3), sizeof begin + 3};
        assert_non_null(file.data);
        memcpy(file.data, begin, sizeof begin - 1);
        memcpy(file.data + sizeof begin - 1, tails[i], 4);
        struct stripped r =
            strip(&file, 3, (struct sct_jpeg_strip_options){.ends_early = 1}, 0);
        assert_int_equal(r.status, SCT_OK);
        assert_int_equal(r.report.n_warnings, 1);
        assert_int_equal(r.file.size, sizeof begin + 1);
        assert_memory_equal(r.file.data, begin, sizeof begin - 1);
        assert_memory_equal(r.file.data + sizeof begin - 1, end, 2);
        bytes_free(&r.file);
        bytes_free(&file);
    }
}

/* Adobe's marker has 12 bytes, JFIF's has 14 and a thumbnail. */
static void kept_segments_are_cut_to_what_they_need(void **state)
{
    (void)state;
    ASSERT_STRIPS("\xFF\xD8\xFF\xE0\0\x16JFIF\0\1\1\0\0\1\0\1\1\2thumb!"
                  "\xFF\xEE\0\x10"
                  "Adobe\0d\0\0\0\0\1xy" BODY "\xFF\xD9",
                  "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
                  "\xFF\xEE\0\x0E"
                  "Adobe\0d\0\0\0\0\1" BODY "\xFF\xD9",
                  SCT_OK);
    /* too short to be what they say: libjpeg takes no notice of them either */
    ASSERT_STRIPS("\xFF\xD8\xFF\xE0\0\x08JFIF\0\1\xFF\xE0\0\7JFXX\0"
                  "\xFF\xEE\0\x07"
                  "Adobe\xFF\xE2\0\5ICC" BODY "\xFF\xD9",
                  "\xFF\xD8" BODY "\xFF\xD9", SCT_OK);
}

static void a_missing_end_is_a_warning(void **state)
{
    (void)state;
    struct bytes file = read_corpus("natural_420_257x255_rst4.jpg");
    const struct truth before = read_truth(&file);
    file.size -= 2;
    struct stripped r = strip(&file, 1000, plain, 0);
    assert_int_equal(r.status, SCT_OK);
    assert_int_equal(r.report.n_warnings, 1);
    assert_string_equal(r.report.warning, "the end-of-image marker is missing");
    const struct truth after = read_truth(&r.file);
    assert_true(after.hash == before.hash);
    assert_int_equal(after.n_warnings, 0);
    bytes_free(&r.file);
    bytes_free(&file);
}

static void failing_sinks_are_io_errors(void **state)
{
    (void)state;
    struct bytes file = read_corpus("metadata_everything_orient8.jpg");
    const struct sct_jpeg_strip_options options = {
        .exif = {exif, 8}, .xmp = {xmp, 7}, .iptc = {resources, 8}};
    struct stripped whole = strip(&file, file.size, options, 0);
    for (size_t fail_at = 1; fail_at < whole.file.size; fail_at += 1 + fail_at / 50) {
        struct stripped r = strip(&file, 13, options, fail_at);
        assert_int_equal(r.status, SCT_ERR_IO);
        assert_true(r.file.size <= fail_at);
        bytes_free(&r.file);
    }
    bytes_free(&whole.file);
    bytes_free(&file);
}

/* ---- damage ---- */

/* What libjpeg can read it can read afterwards, and sees the same. */
static void check_damaged(const char *name, const struct bytes *file)
{
    struct stripped r = strip(file, 4096, plain, 0);
    struct stripped bytewise = strip(file, 1, plain, 0);
    assert_int_equal(bytewise.status, r.status);
    assert_int_equal(bytewise.file.size, r.file.size);
    if (r.file.size)
        assert_memory_equal(bytewise.file.data, r.file.data, r.file.size);
    if (r.status == SCT_OK) {
        const struct truth before = read_truth(file), after = read_truth(&r.file);
        if (before.is_readable && before.n_warnings == 0 &&
            (!after.is_readable || after.hash != before.hash))
            fail_msg("%s: is another picture now", name);
    }
    bytes_free(&bytewise.file);
    bytes_free(&r.file);
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/corpus/bad", folder_from("SCT_SOURCE_DIR"));
    assert_true(for_each_jpeg(folder, check_damaged) > 30);

    const int is_quick = getenv("SCT_TEST_QUICK") != NULL;
    static const char *const names[] = {"metadata_everything_orient8.jpg",
                                        "natural_420_257x255_progressive.jpg",
                                        "natural_420_257x255_rst4.jpg"};
    unsigned seed = 4711;
    print_message("seed %u\n", seed);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes sound = read_corpus(names[i]);
        const int n_rounds = is_quick ? 20 : 200;
        for (int round = 0; round < n_rounds; round++) {
            struct bytes b = {malloc(sound.size), sound.size};
            assert_non_null(b.data);
            memcpy(b.data, sound.data, sound.size);
            for (int n = 0; n <= round % 4; n++) {
                seed = seed * 1664525u + 1013904223u;
                const size_t at = (seed >> 8) % (round % 2 ? 1500 : b.size);
                b.data[at] = seed & 4 ? 0xFF : (uint8_t)(seed >> 3);
                if (seed & 16)
                    b.size = sound.size - (seed >> 9) % 300;
            }
            check_damaged(names[i], &b);
            bytes_free(&b);
        }
        bytes_free(&sound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefs_are_untouched),
        cmocka_unit_test(coefs_of_photographs_are_untouched),
        cmocka_unit_test(new_segments_take_the_old_ones_place),
        cmocka_unit_test(structure_is_followed),
        cmocka_unit_test(what_is_no_picture_is_an_error),
        cmocka_unit_test(damage_behind_a_scan_may_be_the_end),
        cmocka_unit_test(kept_segments_are_cut_to_what_they_need),
        cmocka_unit_test(a_missing_end_is_a_warning),
        cmocka_unit_test(failing_sinks_are_io_errors),
        cmocka_unit_test(damaged_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
