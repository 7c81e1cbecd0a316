/* Counting scans without decoding, in pieces of any size. */
#include "codec_test.h"

#include "jpeg_scans.h"

static int count(const struct bytes *b, size_t piece)
{
    struct sct_jpeg_scans scans = {0};
    for (size_t i = 0; i < b->size && !scans.has_ended; i += piece)
        sct_jpeg_scans_walk(&scans, b->data + i,
                            piece < b->size - i ? piece : b->size - i);
    return scans.n_scans;
}

static void scans_are_counted_in_any_pieces(void **state)
{
    static const struct {
        const char *name;
        int n_scans;
    } cases[] = {
        {"natural_420_257x255_rst1.jpg", 1},
        {"natural_420_257x255_separate.jpg", 3},
        {"natural_420_257x255_progressive.jpg", 10}, /* libjpeg's script: YCbCr */
        {"natural_gray_320x241_progressive.jpg", 6}, /* and one component */
        {"exif_thumbnail_le.jpg", 1}}; /* the thumbnail's SOS is in a segment */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes b = read_corpus(cases[i].name);
        for (size_t piece = 1; piece < 70; piece += 17)
            assert_int_equal(count(&b, piece), cases[i].n_scans);
        assert_int_equal(count(&b, b.size), cases[i].n_scans);
        bytes_free(&b);
    }
}

static void what_is_no_jpeg_has_no_scans(void **state)
{
    uint8_t text[] = "\xFF\xDAnot a picture \xFF\xDA\x00\x02";
    const struct bytes b = {text, sizeof text};
    (void)state;
    assert_int_equal(count(&b, 5), 0);
}

static void what_follows_the_picture_does_not_count(void **state)
{
    struct bytes b = read_bad("tolerated_second_picture_behind.jpg");
    (void)state;
    assert_int_equal(count(&b, b.size), 1);
    bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_are_counted_in_any_pieces),
        cmocka_unit_test(what_is_no_jpeg_has_no_scans),
        cmocka_unit_test(what_follows_the_picture_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
