/* Copies of files: the picture is the same before and after, by its coefs, samples or bytes;
 * metadata are gone or the caller's; and nothing that a file holds is a crash.
 *
 * sct_mem_alloc is wrapped by the linker (--wrap), so that it can fail. */
#include "jpeg_truth.h"

#include "encoder.h"
#ifdef SCT_HAVE_PNG
#include "png_test.h"
#endif
#ifdef SCT_HAVE_WEBP
#include "webp_test.h"
#endif

static int is_memory_over;

void *__real_sct_mem_alloc(size_t n_bytes);
void *__wrap_sct_mem_alloc(size_t n_bytes);

void *__wrap_sct_mem_alloc(size_t n_bytes)
{
    return is_memory_over ? NULL : __real_sct_mem_alloc(n_bytes);
}

/* ---- copying ------------------------------------------------------------------------- */

struct counted_sink {
    struct keep_sink keep;
    int n_writes, fail_at; /* the number of the write that fails, from 1; 0: none */
};

static int counted_write(void *ctx, const void *data, size_t n)
{
    struct counted_sink *s = ctx;
    if (++s->n_writes == s->fail_at)
        return SCT_ERR_IO;
    assert_true(!s->fail_at || s->n_writes < s->fail_at); /* nothing after a failure */
    assert_true(n > 0);
    return keep_write(&s->keep, data, n);
}

struct copied {
    int status, n_writes;
    struct bytes file;
    struct sct_report report;
};

static struct copied copy_failing(const struct sct_encoder_ops *ops,
                                  const struct bytes *file, struct sct_encoder_spec spec,
                                  int fail_at)
{
    struct copied r = {.status = SCT_OK};
    struct counted_sink sink = {.fail_at = fail_at};
    spec.sink = (struct sct_sink){counted_write, &sink};
    spec.report = &r.report;
    r.status = ops->copy(&spec, file->data, file->size);
    r.n_writes = sink.n_writes;
    r.file = sink.keep.kept;
    assert_int_equal(r.status != SCT_OK, r.report.message[0] != 0);
    return r;
}

static struct copied copy(const struct sct_encoder_ops *ops, const struct bytes *file,
                          struct sct_encoder_spec spec)
{
    return copy_failing(ops, file, spec, 0);
}

static const struct sct_encoder_spec plain;

static const uint8_t exif[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0";
static const uint8_t xmp[] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
static const uint8_t resources[] = "8BIM\4\4\0\0\0\0\0\2ab";

#define BYTES_OF(array)                                                                  \
    {                                                                                    \
        (array), sizeof(array) - 1                                                       \
    }

static const struct sct_encoder_spec with_metadata = {.exif = BYTES_OF(exif),
                                                      .xmp = BYTES_OF(xmp)};

static void assert_same_bytes(const struct bytes *a, const struct bytes *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

/* Copies once more: nothing may change. */
static void assert_settled(const struct sct_encoder_ops *ops, const struct bytes *file,
                           struct sct_encoder_spec spec)
{
    struct copied again = copy(ops, file, spec);
    assert_int_equal(again.status, SCT_OK);
    assert_same_bytes(&again.file, file);
    bytes_free(&again.file);
}

/* ---- whatever the format --------------------------------------------------------------- */

/* Whatever is copied is copied again without a change. A WebP whose picture was cut may be
 * nothing that its own container takes. */
static void try_file(const struct sct_encoder_ops *ops, const struct bytes *file,
                     const struct sct_encoder_spec *spec)
{
    struct copied r = copy(ops, file, *spec);
    assert_true(r.status <= 0);
    if (r.status == SCT_OK) {
        struct copied again = copy(ops, &r.file, *spec);
        assert_true(again.status == SCT_OK || !strcmp(ops->name, "webp"));
        if (again.status == SCT_OK)
            assert_same_bytes(&again.file, &r.file);
        bytes_free(&again.file);
    }
    bytes_free(&r.file);
}

static void try_prefixes(const struct sct_encoder_ops *ops, const struct bytes *file,
                         const struct sct_encoder_spec *spec)
{
    for (size_t n = 0; n < file->size; n++) {
        struct bytes cut = {malloc(n ? n : 1), n}; /* the sanitizer sees its end */
        assert_non_null(cut.data);
        memcpy(cut.data, file->data, n);
        try_file(ops, &cut, spec);
        bytes_free(&cut);
    }
}

static void try_flips(const struct sct_encoder_ops *ops, struct bytes *file,
                      const struct sct_encoder_spec *spec)
{
    static const uint8_t masks[] = {0xFF, 0x01, 0x20, 0x80};
    for (size_t at = 0; at < file->size; at++)
        for (size_t i = 0; i < sizeof masks; i++) {
            file->data[at] ^= masks[i];
            try_file(ops, file, spec);
            file->data[at] ^= masks[i];
        }
}

static void try_damage(const struct sct_encoder_ops *ops, struct bytes *file)
{
    struct sct_encoder_spec spec = with_metadata;
    try_prefixes(ops, file, &plain);
    try_flips(ops, file, &plain);
    spec.icc = exif;
    spec.icc_bytes = sizeof exif;
    try_prefixes(ops, file, &spec);
    try_flips(ops, file, &spec);
}

/* Every write in turn. */
static void try_failures(const struct sct_encoder_ops *ops, const struct bytes *file)
{
    struct copied whole = copy(ops, file, with_metadata);
    assert_int_equal(whole.status, SCT_OK);
    assert_true(whole.n_writes > 2);
    for (int n = 1; n <= whole.n_writes; n++) {
        struct copied r = copy_failing(ops, file, with_metadata, n);
        assert_int_equal(r.status, SCT_ERR_IO);
        assert_string_equal(r.report.message, "writing the output failed");
        bytes_free(&r.file);
    }
    bytes_free(&whole.file);
    if (strcmp(ops->name, "webp") != 0) { /* which takes none */
        is_memory_over = 1;
        struct copied r = copy(ops, file, plain);
        is_memory_over = 0;
        assert_int_equal(r.status, SCT_ERR_MEMORY);
    }
}

static void other_files_are_named(void **state)
{
    struct bytes text = {(uint8_t *)(uintptr_t) "This is no picture, but long enough.",
                         36};
    struct bytes none = {NULL, 0};
    (void)state;
    for (int i = 0; sct_encoder_at(i); i++) {
        struct copied r = copy(sct_encoder_at(i), &text, plain);
        assert_int_equal(r.status, SCT_ERR_NOT_AN_IMAGE);
        bytes_free(&r.file);
        r = copy(sct_encoder_at(i), &none, plain);
        assert_int_equal(r.status, SCT_ERR_NOT_AN_IMAGE);
        bytes_free(&r.file);
    }
}

/* ---- JPEG ------------------------------------------------------------------------------ */

static void visit_jpeg(const char *name, const struct bytes *file)
{
    const struct truth before = read_truth(file);
    struct sct_encoder_spec spec = plain;
    for (int keeps_icc = 0; keeps_icc < 2; keeps_icc++) {
        spec.icc = keeps_icc ? exif : NULL; /* only whether there is one is looked at */
        spec.icc_bytes = keeps_icc ? sizeof exif : 0;
        struct copied r = copy(&sct_jpeg_encoder, file, spec);
        if (r.status != SCT_OK)
            fail_msg("%s: %s", name, r.report.message);
        const struct truth after = read_truth(&r.file);
        if (!after.is_readable || after.icc_bytes != (keeps_icc ? before.icc_bytes : 0) ||
            ((keeps_icc || !before.icc_bytes) && after.hash != before.hash))
            fail_msg("%s: is another picture now", name);
        assert_false(bytes_contain(&r.file, "Exif\0\0", 6));
        assert_false(bytes_contain(&r.file, "SCT-", 4) && !after.icc_bytes);
        assert_true(r.file.size <= file->size);
        assert_settled(&sct_jpeg_encoder, &r.file, spec);
        bytes_free(&r.file);
    }
}

static void copies_of_jpegs_have_the_same_coefs(void **state)
{
    (void)state;
    assert_true(for_each_jpeg(folder_from("SCT_CORPUS"), visit_jpeg) > 200);
}

static void metadata_of_a_jpeg_are_replaced(void **state)
{
    struct bytes file = read_corpus("metadata_everything_orient8.jpg");
    struct sct_encoder_spec spec = with_metadata;
    (void)state;
    spec.iptc = (struct sct_bytes)BYTES_OF(resources);
    struct copied r = copy(&sct_jpeg_encoder, &file, spec);
    assert_int_equal(r.status, SCT_OK);
    assert_true(bytes_contain(&r.file, exif, sizeof exif - 1));
    assert_true(bytes_contain(&r.file, xmp, sizeof xmp - 1));
    assert_true(bytes_contain(&r.file, resources, sizeof resources - 1));
    assert_false(bytes_contain(&r.file, "SCT-", 4));
    assert_settled(&sct_jpeg_encoder, &r.file, spec);
    bytes_free(&r.file);
    bytes_free(&file);
}

static void damaged_jpegs_do_no_harm(void **state)
{
    static const char *const names[] = {"natural_rgb_1x1_progressive.jpg",
                                        "natural_gray_9x7.jpg",
                                        "natural_gray_1x1_progressive.jpg"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes file = read_corpus(names[i]);
        try_damage(&sct_jpeg_encoder, &file);
        try_failures(&sct_jpeg_encoder, &file);
        bytes_free(&file);
    }
}

/* What an earlier version of a file had on disk behind it may begin as a picture. */
static void a_jpeg_that_runs_into_another_is_copied_up_to_there(void **state)
{
    struct bytes file = read_corpus("natural_420_33x31.jpg");
    struct bytes two = {malloc(2 * file.size), 2 * file.size - 2};
    (void)state;
    assert_non_null(two.data);
    memcpy(two.data, file.data, file.size - 2); /* without its EOI */
    memcpy(two.data + file.size - 2, file.data, file.size);
    struct copied one = copy(&sct_jpeg_encoder, &file, plain);
    struct copied r = copy(&sct_jpeg_encoder, &two, plain);
    assert_int_equal(r.status, SCT_OK);
    assert_int_equal(r.report.n_warnings, 1);
    assert_same_bytes(&r.file, &one.file);
    bytes_free(&r.file);
    bytes_free(&one.file);
    bytes_free(&two);
    bytes_free(&file);
}

/* ---- PNG ------------------------------------------------------------------------------- */

#ifdef SCT_HAVE_PNG

static void append_bytes(png_structp png, png_bytep data, png_size_t n)
{
    assert_int_equal(keep_write(png_get_io_ptr(png), data, n), SCT_OK);
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

/* A picture by libpng, of some noise, in several IDAT chunks. */
static struct bytes make_png(int width, int height, int colour_type, int depth,
                             int is_interlaced)
{
    struct keep_sink sink = {.capacity = 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[256];
    png_byte alphas[3] = {0, 128, 200};
    unsigned seed = 1;

    assert_false(setjmp(png_jmpbuf(png)));
    png_set_write_fn(png, &sink, append_bytes, flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, depth, colour_type,
                 is_interlaced, 0, 0);
    if (colour_type == PNG_COLOR_TYPE_PALETTE) {
        for (int i = 0; i < 256; i++)
            palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), (png_byte)(7 * i)};
        png_set_PLTE(png, info, palette, 1 << depth);
        png_set_tRNS(png, info, alphas, 3, NULL);
    }
    png_set_compression_buffer_size(png, 64); /* the size of a chunk */
    png_write_info(png, info);
    const size_t row_bytes = png_get_rowbytes(png, info);
    uint8_t *data = malloc(row_bytes * (size_t)height);
    png_bytep *rows = malloc((size_t)height * sizeof *rows);
    assert_true(data && rows);
    for (size_t i = 0; i < row_bytes * (size_t)height; i++)
        data[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    for (int y = 0; y < height; y++)
        rows[y] = data + (size_t)y * row_bytes;
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(data);
    return sink.kept;
}

/* Puts a chunk in front of the first one of type `before`. */
static void insert_chunk(struct bytes *file, const char *before, const char *type,
                         const void *data, size_t n)
{
    struct bytes larger = with_chunk(file, before, type, data, n);
    bytes_free(file);
    *file = larger;
}

/* The types of all chunks, those of IDAT that follow each other as one: "IHDR IDAT IEND". */
static void list_chunks(char *out, const struct bytes *file)
{
    char last[5] = "";
    assert_memory_equal(file->data, "\x89PNG\r\n\x1A\n", 8);
    *out = 0;
    size_t at = 8;
    while (at < file->size) {
        assert_true(at + 12 <= file->size);
        char type[5] = "";
        memcpy(type, file->data + at + 4, 4);
        if (strcmp(type, last) != 0 || strcmp(type, "IDAT") != 0)
            sprintf(out + strlen(out), "%s%s", *out ? " " : "", type);
        strcpy(last, type);
        at += 12 + (size_t)get_u32(file->data + at);
    }
    assert_int_equal(at, file->size);
}

/* Copies, compares the chunks with a list, and copies again. */
static struct copied copy_png(const struct bytes *file, struct sct_encoder_spec spec,
                              const char *chunks)
{
    char list[1024];
    struct copied r = copy(&sct_png_encoder, file, spec);
    if (r.status != SCT_OK)
        fail_msg("%s", r.report.message);
    list_chunks(list, &r.file);
    assert_string_equal(list, chunks);
    assert_settled(&sct_png_encoder, &r.file, spec);
    return r;
}

static void expect_chunks(const struct bytes *file, struct sct_encoder_spec spec,
                          const char *chunks)
{
    struct copied r = copy_png(file, spec, chunks);
    bytes_free(&r.file);
}

static const uint8_t gama[4] = {0, 1, 0x86, 0xA0};
static const uint8_t chrm[32] = {0, 0, 0x7A, 0x26, 0, 0, 0x80, 0x84};
static const uint8_t cicp[4] = {12, 13, 0, 1};

/* Everything that there is, in the order of the specification. */
static struct bytes make_full_png(void)
{
    struct bytes file = make_png(9, 7, PNG_COLOR_TYPE_PALETTE, 8, 0);
    insert_chunk(&file, "PLTE", "cHRM", chrm, sizeof chrm);
    insert_chunk(&file, "PLTE", "gAMA", gama, sizeof gama);
    insert_chunk(&file, "PLTE", "iCCP", "name\0\0deflate", 13);
    insert_chunk(&file, "PLTE", "sBIT", "\5\6\5", 3);
    insert_chunk(&file, "PLTE", "sRGB", "\0", 1);
    insert_chunk(&file, "PLTE", "cICP", cicp, sizeof cicp);
    insert_chunk(&file, "PLTE", "mDCV", chrm, 24);
    insert_chunk(&file, "PLTE", "tEXt", "Comment\0SECRET", 14);
    insert_chunk(&file, "IDAT", "bKGD", "\1", 1);
    insert_chunk(&file, "IDAT", "hIST", gama, 2);
    insert_chunk(&file, "IDAT", "sPLT", "SECRET\0\10", 8);
    insert_chunk(&file, "IDAT", "pHYs", "\0\0\0\1\0\0\0\2\0", 9);
    insert_chunk(&file, "IDAT", "eXIf", "II*\0SECRET", 10);
    insert_chunk(&file, "IDAT", "tIME", "\7\xE9\1\1\1\1\1", 7);
    insert_chunk(&file, "IDAT", "zTXt", "SECRET\0\0", 8);
    insert_chunk(&file, "IDAT", "iTXt", "XML:com.adobe.xmp\0\0\0\0\0SECRET", 28);
    insert_chunk(&file, "IDAT", "iDOT", chrm, 28);
    insert_chunk(&file, "IDAT", "caBX", "SECRET", 6);
    insert_chunk(&file, "IDAT", "unKn", "SECRET", 6);
    insert_chunk(&file, "IEND", "dSIG", "SECRET", 6);
    insert_chunk(&file, "IEND", "iTXt", "SECRET\0\0\0\0\0", 11);
    insert_chunk(&file, "IEND", "eXIf", "II*\0SECRET", 10);
    return file;
}

static void of_a_png_what_changes_its_looks_stays(void **state)
{
    struct bytes file = make_full_png();
    struct sct_encoder_spec spec = plain;
    (void)state;
    struct copied r = copy_png(&file, spec,
                               "IHDR cHRM gAMA sBIT sRGB cICP mDCV PLTE tRNS bKGD pHYs "
                               "IDAT IEND");
    assert_false(bytes_contain(&r.file, "SECRET", 6));
    bytes_free(&r.file);
    spec.icc = exif; /* only whether there is one is looked at */
    spec.icc_bytes = sizeof exif;
    r = copy_png(&file, spec,
                 "IHDR cHRM gAMA iCCP sBIT sRGB cICP mDCV PLTE tRNS bKGD pHYs IDAT IEND");
    const size_t at = find_chunk(&r.file, "iCCP");
    assert_memory_equal(r.file.data + at, file.data + find_chunk(&file, "iCCP"), 25);
    bytes_free(&r.file);
    spec = with_metadata;
    spec.drops_colour = 1;
    expect_chunks(&file, spec, "IHDR sBIT PLTE tRNS bKGD pHYs eXIf iTXt IDAT IEND");
    bytes_free(&file);
}

static void copies_of_pngs_have_the_same_samples(void **state)
{
    static const struct {
        int colour_type, depth, is_interlaced;
    } types[] = {{PNG_COLOR_TYPE_GRAY, 1, 0},       {PNG_COLOR_TYPE_GRAY, 16, 1},
                 {PNG_COLOR_TYPE_PALETTE, 4, 0},    {PNG_COLOR_TYPE_PALETTE, 8, 1},
                 {PNG_COLOR_TYPE_RGB, 8, 0},        {PNG_COLOR_TYPE_RGB, 16, 0},
                 {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0}, {PNG_COLOR_TYPE_RGB_ALPHA, 8, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct bytes file = make_png(33, 21, types[i].colour_type, types[i].depth,
                                     types[i].is_interlaced);
        struct job before = {.piece = 0}, after = {.piece = 0};
        struct pixels by_libpng;

        struct copied same = copy(&sct_png_encoder, &file, plain);
        assert_same_bytes(&same.file, &file); /* there was nothing to drop */
        bytes_free(&same.file);
        insert_chunk(&file, "IDAT", "tEXt", "Comment\0SECRET", 14);
        struct copied r = copy(&sct_png_encoder, &file, with_metadata);
        assert_int_equal(r.status, SCT_OK);
        assert_int_equal(job_run(&before, &file), SCT_DONE);
        assert_int_equal(job_run(&after, &r.file), SCT_DONE);
        assert_int_equal(after.report.n_warnings, 0);
        assert_same_pixels(&before.pixels, &after.pixels, 21, "before and after");
        assert_true(libpng_read(&by_libpng, &r.file));
        assert_same_pixels(&before.pixels, &by_libpng, 21, "libpng");
        assert_int_equal(after.picture.exif.n_bytes, sizeof exif - 1);
        assert_memory_equal(after.exif, exif, sizeof exif - 1);
        assert_int_equal(after.picture.xmp.n_bytes, sizeof xmp - 1);
        assert_memory_equal(after.xmp, xmp, sizeof xmp - 1);
        pixels_free(&by_libpng);
        job_free(&before);
        job_free(&after);
        bytes_free(&r.file);
        bytes_free(&file);
    }
}

static void flip_in(struct bytes *file, const char *type)
{
    file->data[find_chunk(file, type) + 8] ^= 1;
}

static void wrong_checksums_stay_wrong_or_go(void **state)
{
    struct bytes file = make_full_png();
    (void)state;
    flip_in(&file, "gAMA");
    flip_in(&file, "tRNS");
    flip_in(&file, "PLTE");
    flip_in(&file, "IDAT");
    struct copied r =
        copy_png(&file, plain, "IHDR cHRM sBIT sRGB cICP mDCV PLTE bKGD pHYs IDAT IEND");
    struct job job = {.piece = 0};
    assert_int_equal(job_run(&job, &r.file), SCT_ERR_CORRUPT); /* still known to be */
    job_free(&job);
    bytes_free(&r.file);
    flip_in(&file, "IHDR");
    r = copy(&sct_png_encoder, &file, plain);
    assert_int_equal(r.status, SCT_ERR_CORRUPT);
    assert_int_equal(r.n_writes, 0);
    bytes_free(&file);
}

static void what_is_out_of_place_goes(void **state)
{
    struct bytes file = make_png(40, 30, PNG_COLOR_TYPE_RGB, 8, 0), trailing;
    (void)state;
    insert_chunk(&file, "IDAT", "gAMA", gama, 4);
    insert_chunk(&file, "IDAT", "gAMA", gama, 4);
    insert_chunk(&file, "IEND", "gAMA", gama, 4);
    insert_chunk(&file, "IEND", "acTL", chrm, 8);
    insert_chunk(&file, "IEND", "fdAT", chrm, 8);
    insert_chunk(&file, "IEND", "unKN", chrm, 8);
    insert_chunk(&file, "IEND", "UNKN", chrm, 8);
    trailing = with_chunk(&file, "none", "tEXt", "SECRET", 6);
    expect_chunks(&trailing, plain, "IHDR gAMA IDAT IEND");
    bytes_free(&trailing);
    insert_chunk(&file, "IDAT", "UNKN", chrm, 8);
    struct copied r = copy(&sct_png_encoder, &file, plain);
    assert_int_equal(r.status, SCT_ERR_UNSUPPORTED);
    assert_int_equal(r.n_writes, 0);
    bytes_free(&file);
}

/* An animation of two frames, the first being the picture; it has a text before each frame. */
static struct bytes make_apng(void)
{
    static const uint8_t actl[8] = {0, 0, 0, 2};
    uint8_t fctl[26] = {0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 7};
    struct bytes file = make_png(9, 7, PNG_COLOR_TYPE_RGB, 8, 0);
    const size_t at = find_chunk(&file, "IDAT");
    uint8_t fdat[300] = {0, 0, 0, 2};
    const size_t n = get_u32(file.data + at);
    assert_true(n + 4 <= sizeof fdat);
    memcpy(fdat + 4, file.data + at + 8, n);
    insert_chunk(&file, "IDAT", "acTL", actl, sizeof actl);
    insert_chunk(&file, "IDAT", "tEXt", "Comment\0SECRET", 14);
    insert_chunk(&file, "IDAT", "fcTL", fctl, sizeof fctl);
    fctl[3] = 1;
    insert_chunk(&file, "IEND", "fcTL", fctl, sizeof fctl);
    insert_chunk(&file, "IEND", "tEXt", "Comment\0SECRET", 14);
    insert_chunk(&file, "IEND", "fdAT", fdat, n + 4);
    return file;
}

static void an_animated_png_stays_animated(void **state)
{
    struct bytes file = make_apng();
    struct job job = {.piece = 0};
    (void)state;
    expect_chunks(&file, plain, "IHDR acTL fcTL IDAT fcTL fdAT IEND");
    struct copied r =
        copy_png(&file, with_metadata, "IHDR acTL eXIf iTXt fcTL IDAT fcTL fdAT IEND");
    assert_int_equal(r.report.n_warnings, 0);
    assert_int_equal(job_run(&job, &r.file), SCT_DONE);
    assert_true(job.picture.is_animated);
    job_free(&job);
    bytes_free(&r.file);
    bytes_free(&file);
}

static void a_damaged_animation_becomes_its_first_picture(void **state)
{
    static const char *const types[] = {"acTL", "fcTL", "fdAT"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct bytes file = make_apng();
        if (i < 3)
            flip_in(&file, types[i]);
        else
            file.size = find_chunk(&file, "fdAT") + 20; /* cut there */
        struct copied r = copy_png(&file, plain, "IHDR IDAT IEND");
        assert_int_equal(r.report.n_warnings, 1);
        bytes_free(&r.file);
        bytes_free(&file);
    }
}

/* All rows that a reader of the cut file gets are in the copy. */
static void a_cut_png_is_copied_as_far_as_it_goes(void **state)
{
    struct bytes file = make_png(40, 30, PNG_COLOR_TYPE_RGB, 8, 0);
    const size_t begin = find_chunk(&file, "IDAT");
    (void)state;
    for (size_t n = begin + 13; n + 4 < file.size; n += 97) {
        struct bytes cut = first_bytes(&file, n);
        struct job before = {.salvage = 1}, after = {.salvage = 1};
        struct copied r = copy_png(&cut, plain, "IHDR IDAT IEND");
        const int status = job_run(&before, &cut);
        assert_int_equal(job_run(&after, &r.file), status);
        if (status == SCT_DONE)
            assert_same_pixels(&before.pixels, &after.pixels, 30, "cut");
        job_free(&before);
        job_free(&after);
        bytes_free(&r.file);
        bytes_free(&cut);
    }
    struct bytes cut = first_bytes(&file, begin + 4);
    struct copied r = copy(&sct_png_encoder, &cut, plain);
    assert_int_equal(r.status, SCT_ERR_TRUNCATED);
    assert_int_equal(r.n_writes, 0);
    bytes_free(&cut);
    bytes_free(&file);
}

static void damaged_pngs_do_no_harm(void **state)
{
    (void)state;
    struct bytes files[] = {make_full_png(), make_apng()};
    for (int i = 0; i < 2; i++) {
        try_damage(&sct_png_encoder, &files[i]);
        try_failures(&sct_png_encoder, &files[i]);
        bytes_free(&files[i]);
    }
}

static void metadata_without_room_are_too_large(void **state)
{
    struct bytes file = make_png(3, 2, PNG_COLOR_TYPE_RGB, 8, 0);
    struct sct_encoder_spec spec = plain;
    (void)state;
    spec.exif = (struct sct_bytes){exif, INT32_MAX}; /* refused before it is looked at */
    struct copied r = copy(&sct_png_encoder, &file, spec);
    assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
    bytes_free(&file);
}

#endif

/* ---- WebP ------------------------------------------------------------------------------ */

#ifdef SCT_HAVE_WEBP

static void assert_same_webp(const struct bytes *a, const struct bytes *b)
{
    int width, height, w, h;
    uint8_t *before = WebPDecodeRGBA(a->data, a->size, &width, &height);
    uint8_t *after = WebPDecodeRGBA(b->data, b->size, &w, &h);
    assert_true(before && after);
    assert_int_equal(w, width);
    assert_int_equal(h, height);
    assert_memory_equal(after, before, (size_t)width * (size_t)height * 4);
    WebPFree(before);
    WebPFree(after);
}

/* The flags of its VP8X, or -1 without one; and whether its sizes fit. */
static int webp_flags(const struct bytes *file)
{
    const uint8_t *p = file->data;
    assert_true(file->size > 20);
    assert_int_equal((size_t)p[4] + ((size_t)p[5] << 8) + ((size_t)p[6] << 16) + 8,
                     file->size);
    return memcmp(p + 12, "VP8X", 4) ? -1 : p[20];
}

static void copies_of_webps_have_the_same_pixels(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        const int is_lossless = i & 1, has_alpha = i >> 1 & 1, is_odd = i >> 2;
        const int has_alph = has_alpha && !is_lossless;
        struct bytes original = make_webp(is_odd ? 33 : 64, 21, is_lossless, has_alpha);
        struct bytes file = make_webp(is_odd ? 33 : 64, 21, is_lossless, has_alpha);

        /* there is nothing to drop */
        struct copied r = copy(&sct_webp_encoder, &original, plain);
        assert_int_equal(r.status, SCT_OK);
        assert_same_bytes(&r.file, &original);
        bytes_free(&r.file);

        add_chunk(&file, "ICCP", "profile", 7);
        add_chunk(&file, "EXIF", "SECRET", 6);
        add_chunk(&file, "XMP ", "SECRET2", 7);
        add_chunk(&file, "unKn", "SECRET", 6);
        r = copy(&sct_webp_encoder, &file, plain);
        assert_int_equal(r.status, SCT_OK);
        assert_same_bytes(&r.file, &original); /* and it needs no VP8X any more */
        bytes_free(&r.file);

        struct sct_encoder_spec spec = with_metadata;
        spec.icc = (const uint8_t *)"profile";
        spec.icc_bytes = 7;
        r = copy(&sct_webp_encoder, &file, spec);
        assert_int_equal(r.status, SCT_OK);
        assert_int_equal(webp_flags(&r.file), 0x2C | (has_alpha ? 0x10 : 0));
        assert_false(bytes_contain(&r.file, "SECRET", 6));
        assert_true(bytes_contain(&r.file, exif, sizeof exif - 1));
        assert_true(bytes_contain(&r.file, xmp, sizeof xmp - 1));
        assert_true(bytes_contain(&r.file, "ICCP\7\0\0\0profile", 16));
        assert_same_webp(&r.file, &original);
        assert_settled(&sct_webp_encoder, &r.file, spec);
        bytes_free(&r.file);

        spec = plain;
        spec.xmp = with_metadata.xmp;
        r = copy(&sct_webp_encoder, &original,
                 spec); /* one that had no VP8X may get one */
        assert_int_equal(webp_flags(&r.file), 4 | (has_alpha ? 0x10 : 0));
        assert_same_webp(&r.file, &original);
        bytes_free(&r.file);
        assert_int_equal(webp_flags(&original), has_alph ? 0x10 : -1);
        bytes_free(&original);
        bytes_free(&file);
    }
}

static void assert_same_frames(const struct bytes *a, const struct bytes *b, int n_frames)
{
    const WebPData data[2] = {{a->data, a->size}, {b->data, b->size}};
    WebPDemuxer *demux[2] = {WebPDemux(&data[0]), WebPDemux(&data[1])};
    WebPIterator frame[2];
    assert_true(demux[0] && demux[1]);
    assert_int_equal(WebPDemuxGetI(demux[1], WEBP_FF_FRAME_COUNT), n_frames);
    for (int feature = WEBP_FF_CANVAS_WIDTH; feature <= WEBP_FF_BACKGROUND_COLOR;
         feature++)
        assert_int_equal(WebPDemuxGetI(demux[0], (WebPFormatFeature)feature),
                         WebPDemuxGetI(demux[1], (WebPFormatFeature)feature));
    for (int i = 1; i <= n_frames; i++) {
        for (int k = 0; k < 2; k++)
            assert_true(WebPDemuxGetFrame(demux[k], i, &frame[k]));
        assert_true(frame[1].complete);
        assert_int_equal(frame[0].duration, frame[1].duration);
        assert_int_equal(frame[0].x_offset, frame[1].x_offset);
        assert_int_equal(frame[0].fragment.size, frame[1].fragment.size);
        assert_memory_equal(frame[0].fragment.bytes, frame[1].fragment.bytes,
                            frame[0].fragment.size);
        for (int k = 0; k < 2; k++)
            WebPDemuxReleaseIterator(&frame[k]);
    }
    for (int k = 0; k < 2; k++)
        WebPDemuxDelete(demux[k]);
}

static void an_animated_webp_stays_animated(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct bytes file = make_animation(3, 40, 30, 2, 4, 17, 13, i & 1, i >> 1);
        struct copied same = copy(&sct_webp_encoder, &file, plain);
        assert_int_equal(same.status, SCT_OK);
        assert_same_bytes(&same.file, &file);
        bytes_free(&same.file);
        add_chunk(&file, "ICCP", "profile", 7);
        add_chunk(&file, "XMP ", "SECRET2", 7);
        struct copied r = copy(&sct_webp_encoder, &file, with_metadata);
        assert_int_equal(r.status, SCT_OK);
        assert_false(bytes_contain(&r.file, "SECRET", 6));
        assert_false(bytes_contain(&r.file, "ICCP", 4));
        assert_int_equal(webp_flags(&r.file) & 0x2E, 0x0E);
        assert_same_frames(&file, &r.file, 3);
        assert_settled(&sct_webp_encoder, &r.file, with_metadata);
        bytes_free(&r.file);

        /* of a cut one the frames that are whole */
        const size_t n_whole = file.size;
        file.size -= 50;
        r = copy(&sct_webp_encoder, &file, plain);
        assert_int_equal(r.status, SCT_OK);
        file.size = n_whole;
        assert_same_frames(&file, &r.file, 2);
        bytes_free(&r.file);
        file.size = 120;
        r = copy(&sct_webp_encoder, &file, plain);
        assert_int_equal(r.status, SCT_ERR_TRUNCATED);
        assert_int_equal(r.n_writes, 0);
        bytes_free(&file);
    }
}

static void damaged_webps_do_no_harm(void **state)
{
    (void)state;
    struct bytes files[] = {make_webp(9, 7, 0, 1), make_webp(9, 7, 1, 0),
                            make_animation(2, 10, 8, 0, 0, 6, 5, 1, 0)};
    for (int i = 0; i < 3; i++) {
        try_failures(&sct_webp_encoder, &files[i]);
        try_damage(&sct_webp_encoder, &files[i]);
        add_chunk(&files[i], "EXIF", "SECRET2", 7);
        try_damage(&sct_webp_encoder, &files[i]);
        bytes_free(&files[i]);
    }
}

/* A cut picture of so few bytes that not even a header of its copy is full. */
static void the_smallest_webp_gets_its_metadata(void **state)
{
    uint8_t data[] = "RIFF\x16\0\0\0WEBPVP8L\x0A\0\0\0\x2F\0\0\0\0";
    struct bytes file = {data, 25};
    (void)state;
    struct copied r = copy(&sct_webp_encoder, &file, with_metadata);
    assert_int_equal(r.status, SCT_OK);
    assert_int_equal(webp_flags(&r.file), 0x0C);
    assert_true(bytes_contain(&r.file, "VP8L\5\0\0\0\x2F\0\0\0\0\0EXIF", 18));
    bytes_free(&r.file);
}

static void metadata_that_fill_a_riff_are_too_large(void **state)
{
    struct bytes file = make_webp(9, 7, 1, 0);
    struct sct_encoder_spec spec = plain;
    (void)state;
    spec.exif = spec.xmp = (struct sct_bytes){exif, (size_t)1 << 31};
    struct copied r = copy(&sct_webp_encoder, &file, spec);
    assert_int_equal(r.status, SCT_ERR_TOO_LARGE);
    assert_int_equal(r.n_writes, 0);
    bytes_free(&file);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(copies_of_jpegs_have_the_same_coefs),
        cmocka_unit_test(metadata_of_a_jpeg_are_replaced),
        cmocka_unit_test(damaged_jpegs_do_no_harm),
        cmocka_unit_test(a_jpeg_that_runs_into_another_is_copied_up_to_there),
#ifdef SCT_HAVE_PNG
        cmocka_unit_test(of_a_png_what_changes_its_looks_stays),
        cmocka_unit_test(copies_of_pngs_have_the_same_samples),
        cmocka_unit_test(wrong_checksums_stay_wrong_or_go),
        cmocka_unit_test(what_is_out_of_place_goes),
        cmocka_unit_test(an_animated_png_stays_animated),
        cmocka_unit_test(a_damaged_animation_becomes_its_first_picture),
        cmocka_unit_test(a_cut_png_is_copied_as_far_as_it_goes),
        cmocka_unit_test(damaged_pngs_do_no_harm),
        cmocka_unit_test(metadata_without_room_are_too_large),
#endif
#ifdef SCT_HAVE_WEBP
        cmocka_unit_test(copies_of_webps_have_the_same_pixels),
        cmocka_unit_test(an_animated_webp_stays_animated),
        cmocka_unit_test(damaged_webps_do_no_harm),
        cmocka_unit_test(the_smallest_webp_gets_its_metadata),
        cmocka_unit_test(metadata_that_fill_a_riff_are_too_large),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
