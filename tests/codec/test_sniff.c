/* Formats by their first bytes, the reader behind it, and small things of codecs/. */
#include "codec_test.h"

#include "decoder.h"
#include "encoder.h"
#include "sniff.h"

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static const struct {
    const char *name; /* NULL: no picture */
    const uint8_t *bytes;
    size_t size;
} heads[] = {
    {"JPEG", BYTES("\xFF\xD8\xFF\xE0")},
    {"PNG", BYTES("\x89PNG\r\n\x1A\n")},
    {"GIF", BYTES("GIF87a")},
    {"GIF", BYTES("GIF89a\1\0")},
    {"WebP", BYTES("RIFF\x1A\0\0\0WEBPVP8L")},
    {"HEIC", BYTES("\0\0\0\x18"
                   "ftypheic\0\0\0\0mif1heic")},
    {"HEIC", BYTES("\0\0\0\x18"
                   "ftypmif1\0\0\0\0mif1heic")},
    {"AVIF", BYTES("\0\0\0\x1C"
                   "ftypavif\0\0\0\0avifmif1miaf")},
    {"AVIF", BYTES("\0\0\0\x18"
                   "ftypmif1\0\0\0\0mif1avif")},
    /* the list ends with its box: this brand stands behind it */
    {"HEIF", BYTES("\0\0\0\x14"
                   "ftypmif1\0\0\0\0mif1avif")},
    {"MP4", BYTES("\0\0\0\x1C"
                  "ftypisom\0\0\2\0isomiso2mp41")},
    {"QuickTime", BYTES("\0\0\0\x14"
                        "ftypqt  \0\0\0\0qt  ")},
    {"QuickTime", BYTES("\0\0\1\0moov\0\0\0\x6Cmvhd")},
    {"Canon raw (CR3)", BYTES("\0\0\0\x18"
                              "ftypcrx \0\0\0\1crx isom")},
    {"Canon raw (CR2)", BYTES("II*\0\x10\0\0\0CR\2\0")},
    {"Fujifilm raw (RAF)", BYTES("FUJIFILMCCD-RAW 0201")},
    {"Panasonic raw (RW2)", BYTES("IIU\0\x18\0\0\0")},
    {"TIFF", BYTES("II*\0\x08\0\0\0\0\0")},
    {"TIFF", BYTES("MM\0*\0\0\0\x08\0\0")},
    {"BMP", BYTES("BM\x3A\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0")},
    {"SVG", BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>")},
    {"SVG", BYTES("\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- <b> -->\n<svg/>")},
    {"SVG", BYTES("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\">\n<svg/>")},
    {"PDF", BYTES("%PDF-1.7\n")},
    {"JPEG XL", BYTES("\xFF\x0A\x08\x10")},
    {"JPEG XL", BYTES("\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14"
                      "ftypjxl ")},
    {"JPEG 2000", BYTES("\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14"
                        "ftypjp2 ")},
    {"JPEG 2000", BYTES("\xFF\x4F\xFF\x51\0\x29")},
    {"Photoshop (PSD)", BYTES("8BPS\0\1\0\0\0\0\0\0\0\3")},
    {"ICO", BYTES("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0")},
    {NULL, BYTES("")},
    {NULL, BYTES("\xFF")},
    {NULL, BYTES("\xFF\xD9")},
    {NULL, BYTES("\n\xFF\xD8\xFF\xE0")},
    {NULL, BYTES("BM stands for Before Midnight, and for nothing else here")},
    {NULL, BYTES("<!DOCTYPE html>\n<html><body><svg/></body></html>")},
    {NULL, BYTES("<?xml version=\"1.0\"?><html><svg/></html>")},
    {NULL, BYTES("<?xml never ends")},
    {NULL, BYTES("   \t\r\n")},
    {NULL, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {NULL, BYTES("Dear customer,\n")},
};

enum { N_HEADS = sizeof heads / sizeof heads[0] };

static const char *sniff_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    const char *name = sct_sniff_name(copy, size);
    free(copy);
    return name;
}

static void formats_are_named(void **state)
{
    (void)state;
    for (int i = 0; i < N_HEADS; i++) {
        const char *name = sniff_exact(heads[i].bytes, heads[i].size);
        if (heads[i].name && name)
            assert_string_equal(name, heads[i].name);
        else if (heads[i].name != name)
            fail_msg("head %d: expected %s, got %s", i,
                     heads[i].name ? heads[i].name : "none", name ? name : "none");
    }
}

static void shorter_heads_are_the_same_or_less(void **state)
{
    (void)state;
    for (int i = 0; i < N_HEADS; i++)
        for (size_t size = 0; size < heads[i].size; size++) {
            const char *name = sniff_exact(heads[i].bytes, size);
            if (name && !heads[i].name)
                fail_msg("head %d: %zu bytes of it are called %s", i, size, name);
        }
}

static int open_bytes(const uint8_t *data, size_t size, size_t piece,
                      struct sct_report *report)
{
    struct piece_source source = {.data = data, .size = size, .piece = piece};
    struct sct_reader *reader = malloc(sizeof *reader);
    assert_non_null(reader);
    sct_reader_init(reader, &(struct sct_source){piece_read, &source});

    const struct sct_decoder_ops *ops = &sct_jpeg_decoder;
    sct_decoder *d = (sct_decoder *)report; /* to see it cleared */
    struct sct_picture picture;
    const struct sct_decoder_spec spec = {.reader = reader, .report = report};
    memset(report, 0, sizeof *report);
    const int status = sct_decoder_open(&ops, &d, &spec, &picture);
    assert_true(status < 0);
    assert_null(ops);
    assert_null(d);
    assert_string_not_equal(report->message, "");
    free(reader);
    return status;
}

static int is_decoded(const char *name)
{
    static const char *const names[] = {
        "JPEG",
#ifdef SCT_HAVE_PNG
        "PNG",
#endif
#ifdef SCT_HAVE_WEBP
        "WebP",
#endif
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i]))
            return 1;
    return 0;
}

static void foreign_formats_are_unsupported_by_name(void **state)
{
    (void)state;
    for (int i = 0; i < N_HEADS; i++) {
        struct sct_report report;
        for (size_t piece = 1; piece < 70; piece += 68) {
            const int status = open_bytes(heads[i].bytes, heads[i].size, piece, &report);
            if (!heads[i].name) {
                assert_int_equal(status, SCT_ERR_NOT_AN_IMAGE);
            } else if (is_decoded(heads[i].name)) {
                assert_int_equal(status, SCT_ERR_TRUNCATED);
            } else {
                assert_int_equal(status, SCT_ERR_UNSUPPORTED);
                assert_non_null(strstr(report.message, heads[i].name));
            }
        }
    }
}

static void an_empty_input_is_said_to_be_empty(void **state)
{
    (void)state;
    struct sct_report report;
    assert_int_equal(open_bytes(NULL, 0, 1, &report), SCT_ERR_NOT_AN_IMAGE);
    assert_string_equal(report.message, "the input is empty");
}

static void the_reader_keeps_unread_bytes(void **state)
{
    (void)state;
    enum { SIZE = 3 * SCT_READER_BYTES + 11 };
    static const size_t pieces[] = {1, 7, 4096, SIZE};
    uint8_t *data = malloc(SIZE);
    struct sct_reader *r = malloc(sizeof *r);
    assert_non_null(data);
    assert_non_null(r);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i * 31 + i / 251);

    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
        struct piece_source source = {.data = data, .size = SIZE, .piece = pieces[p]};
        sct_reader_init(r, &(struct sct_source){piece_read, &source});
        size_t at = 0;
        for (int round = 0;; round++) {
            if (round % 3 == 0) {
                const size_t wanted = round % 2 ? SCT_READER_BYTES : 100;
                assert_int_equal(sct_reader_peek(r, wanted), SCT_OK);
                assert_true(r->n_bytes >= wanted || at + r->n_bytes == SIZE);
            }
            const int status = sct_reader_next(r);
            if (status == SCT_DONE)
                break;
            assert_int_equal(status, SCT_OK);
            assert_true(r->n_bytes > 0);
            /* take some, or all, and leave the rest */
            const size_t n = r->n_bytes > 3 && round % 2 ? r->n_bytes - 3 : r->n_bytes;
            assert_memory_equal(r->data, data + at, n);
            r->data += n;
            r->n_bytes -= n;
            at += n;
        }
        assert_int_equal(at, SIZE);
        assert_int_equal(r->total_bytes, SIZE);
        assert_int_equal(sct_reader_next(r), SCT_DONE);
    }
    free(r);
    free(data);
}

static void errors_of_the_source_stick(void **state)
{
    (void)state;
    struct piece_source source = {
        .data = (const uint8_t *)"abcdefgh", .size = 8, .piece = 2, .fail_at = 4};
    struct sct_reader *r = malloc(sizeof *r);
    assert_non_null(r);
    sct_reader_init(r, &(struct sct_source){piece_read, &source});
    assert_int_equal(sct_reader_peek(r, 3), SCT_OK);
    assert_int_equal(sct_reader_peek(r, 8), SCT_ERR_IO);
    assert_int_equal(r->n_bytes, 4);
    source.fail_at = 0;
    assert_int_equal(sct_reader_peek(r, 8), SCT_ERR_IO);
    free(r);
}

static void the_first_message_stays(void **state)
{
    (void)state;
    struct sct_report report = {.n_warnings = 0};
    assert_int_equal(sct_report_fail(&report, SCT_ERR_IO, "%d", 1), SCT_ERR_IO);
    assert_int_equal(sct_report_fail(&report, SCT_ERR_CORRUPT, "%d", 2), SCT_ERR_CORRUPT);
    assert_string_equal(report.message, "1");
    sct_report_warn(&report, "a");
    sct_report_warn(&report, "b");
    assert_string_equal(report.warning, "a");
    assert_int_equal(report.n_warnings, 2);
    assert_int_equal(sct_report_fail(NULL, SCT_ERR_IO, "x"), SCT_ERR_IO);
    sct_report_warn(NULL, "x");
}

static void encoders_and_models_have_names(void **state)
{
    (void)state;
    assert_ptr_equal(sct_encoder_find("jpeg"), &sct_jpeg_encoder);
    assert_ptr_equal(sct_encoder_find("jpg"), &sct_jpeg_encoder);
    assert_null(sct_encoder_find("JPEG2000"));
    assert_null(sct_encoder_find(NULL));
    assert_string_equal(sct_model_name(SCT_GRAY), "gray");
    assert_string_equal(sct_model_name(SCT_YCCK), "ycck");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_named),
        cmocka_unit_test(shorter_heads_are_the_same_or_less),
        cmocka_unit_test(foreign_formats_are_unsupported_by_name),
        cmocka_unit_test(an_empty_input_is_said_to_be_empty),
        cmocka_unit_test(the_reader_keeps_unread_bytes),
        cmocka_unit_test(errors_of_the_source_stick),
        cmocka_unit_test(the_first_message_stays),
        cmocka_unit_test(encoders_and_models_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
