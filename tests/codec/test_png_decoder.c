/* The PNG decoder against libpng, and against damage: truncated and changed files, limits,
 * sources in pieces, memory that runs out. */
#include "png_test.h"

#include <spng.h>

#include "fail_alloc.h"
#include "png_common.h"

/* ---- files that libpng writes --------------------------------------------------------- */

struct drawing {
    int colour_type, bit_depth, width, height;
    int is_interlaced, has_trns, has_metadata;
    int level;         /* of compression */
    size_t idat_bytes; /* 0: libpng's */
};

static void write_png_bytes(png_structp png, png_bytep data, size_t n)
{
    assert_int_equal(keep_write(png_get_io_ptr(png), data, n), SCT_OK);
}

static void flush_png_bytes(png_structp png)
{
    (void)png;
}

/* A profile that libpng writes: a header, no tags, and bytes that do not compress well. */
static void make_profile(uint8_t *profile, size_t n, const char *space)
{
    memset(profile, 0, 132);
    for (size_t i = 132; i < n; i++)
        profile[i] = (uint8_t)(i * i >> 3);
    put_u32(profile, (uint32_t)n);
    memcpy(profile + 8, "\4\0\0\0", 4);
    memcpy(profile + 12, "mntr", 4);
    memcpy(profile + 16, space, 4);
    memcpy(profile + 20, "XYZ ", 4);
    memcpy(profile + 36, "acsp", 4);
    memcpy(profile + 68, "\0\0\xF6\xD6\0\1\0\0\0\0\xD3\x2D", 12); /* D50 */
}

static const uint8_t exif_orient_6[] =
    "MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0";

static void put_metadata(png_structp png, png_infop info, int is_gray)
{
    uint8_t profile[600];
    char text[] = "<x:xmpmeta>here</x:xmpmeta>", keyword[] = "XML:com.adobe.xmp",
         empty[] = "";
    png_text xmp = {.compression = PNG_ITXT_COMPRESSION_zTXt,
                    .key = keyword,
                    .text = text,
                    .itxt_length = strlen(text),
                    .lang = empty,
                    .lang_key = empty};
    make_profile(profile, sizeof profile, is_gray ? "GRAY" : "RGB ");
    png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
    png_set_iCCP(png, info, "a", 0, profile, sizeof profile);
    png_set_text(png, info, &xmp, 1);
}

/* Noise over slopes; every palette index is used. */
static struct bytes draw(const struct drawing *d)
{
    struct keep_sink sink = {.fail_at = 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    static const int n_samples[7] = {1, 0, 3, 1, 2, 0, 4};
    const size_t row_bytes =
        ((size_t)(d->width * n_samples[d->colour_type] * d->bit_depth) + 7) / 8;
    uint8_t *data = malloc(row_bytes * (size_t)d->height);
    png_bytepp rows = malloc((size_t)d->height * sizeof *rows);
    uint32_t seed = 1;

    png_set_write_fn(png, &sink, write_png_bytes, flush_png_bytes);
    png_set_IHDR(png, info, (png_uint_32)d->width, (png_uint_32)d->height, d->bit_depth,
                 d->colour_type, d->is_interlaced, 0, 0);
    if (d->colour_type == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        png_byte alpha[256];
        const int n = 1 << d->bit_depth;
        for (int i = 0; i < n; i++) {
            palette[i] =
                (png_color){(png_byte)(i * 5), (png_byte)(255 - i), (png_byte)(i ^ 7)};
            alpha[i] = (png_byte)(i * 9);
        }
        png_set_PLTE(png, info, palette, n);
        if (d->has_trns)
            png_set_tRNS(png, info, alpha, n > 2 ? n - 2 : n, NULL);
    } else if (d->has_trns) {
        const png_color_16 key = {.gray = 1, .red = 40, .green = 41, .blue = 42};
        png_set_tRNS(png, info, NULL, 0, &key);
    }
    if (d->has_metadata)
        put_metadata(png, info, !(d->colour_type & PNG_COLOR_MASK_COLOR));
    png_set_compression_level(png, d->level);
    if (d->idat_bytes)
        png_set_compression_buffer_size(png, d->idat_bytes);
    png_write_info(png, info);
    for (int y = 0; y < d->height; y++) {
        rows[y] = data + (size_t)y * row_bytes;
        for (size_t i = 0; i < row_bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            rows[y][i] = (uint8_t)((seed >> 28) + i * 3 + (unsigned)y);
        }
    }
    if (d->has_trns && d->colour_type == PNG_COLOR_TYPE_RGB && d->width > 1) /* the key */
        for (int i = 0; i < 3; i++) {
            if (d->bit_depth == 16)
                rows[0][2 * i] = 0;
            rows[0][d->bit_depth == 16 ? 2 * i + 1 : i] = (uint8_t)(40 + i);
        }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(data);
    return sink.kept;
}

static const struct drawing plain = {.colour_type = PNG_COLOR_TYPE_RGB,
                                     .bit_depth = 8,
                                     .width = 61,
                                     .height = 45,
                                     .level = 1};

static const struct {
    int colour_type, bit_depth;
} types[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
             {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};

enum { N_TYPES = sizeof types / sizeof types[0] };

/* ---- sound files --------------------------------------------------------------------- */

static void compare_with_libpng(const char *name, const struct bytes *file, size_t piece)
{
    struct job job = {.piece = piece};
    struct pixels expected;
    const int status = job_run(&job, file);
    if (status != SCT_DONE)
        fail_msg("%s: %s", name, job.report.message);
    assert_true(libpng_read(&expected, file));
    assert_same_pixels(&job.pixels, &expected, expected.height, name);
    assert_string_equal(job.picture.format, "png");
    assert_int_equal(job.picture.domain, SCT_SAMPLES);
    assert_int_equal(job.report.damage, 0);
    pixels_free(&expected);
    job_free(&job);
}

static void all_types_are_as_libpng_reads_them(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},  {2, 3},   {7, 9},   {8, 8},
                                   {9, 17}, {61, 45}, {300, 64}};
    for (size_t i = 0; i < N_TYPES * 4 * sizeof sizes / sizeof sizes[0]; i++) {
        const size_t t = i % N_TYPES, s = i / N_TYPES / 4;
        struct drawing d = {.colour_type = types[t].colour_type,
                            .bit_depth = types[t].bit_depth,
                            .width = sizes[s][0],
                            .height = sizes[s][1],
                            .is_interlaced = i / N_TYPES % 2,
                            .has_trns = types[t].colour_type < 4 && i / N_TYPES / 2 % 2,
                            .level = 6};
        char name[64];
        snprintf(name, sizeof name, "type %d, %d bits, %d x %d, %d %d", d.colour_type,
                 d.bit_depth, d.width, d.height, d.is_interlaced, d.has_trns);
        struct bytes file = draw(&d);
        compare_with_libpng(name, &file, 0);
        bytes_free(&file);
    }
}

static int is_png_name(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".png");
}

static int visit_suite(void (*visit)(const char *name, const struct bytes *file))
{
    char folder[4096], path[8192];
    struct dirent **entries;
    snprintf(folder, sizeof folder, "%s/../shared/pngsuite",
             folder_from("SCT_SOURCE_DIR"));
    const int n = scandir(folder, &entries, is_png_name, alphasort);
    if (n <= 0) {
        print_message("no %s: skipped\n", folder);
        skip();
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        struct bytes file = bytes_read(path);
        visit(entries[i]->d_name, &file);
        bytes_free(&file);
        free(entries[i]);
    }
    free(entries);
    return n;
}

static void check_suite_file(const char *name, const struct bytes *file)
{
    static const size_t pieces[] = {1, 7, 4096};
    struct job job = {.piece = 0};

    if (name[0] != 'x') {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
            compare_with_libpng(name, file, pieces[i]);
        return;
    }
    for (int salvage = 0; salvage < 2; salvage++) {
        job.salvage = salvage;
        const int status = job_run(&job, file);
        /* of the two files with sound headers something can be had */
        if (status >= 0 && (!salvage || job.report.damage == 0))
            fail_msg("%s was read", name);
        job_free(&job);
    }
}

static void the_suite_is_read_as_by_libpng(void **state)
{
    (void)state;
    assert_true(visit_suite(check_suite_file) > 100);
}

static void suite_pictures_are_described(void **state)
{
    (void)state;
    char path[8192];
    struct job job = {.piece = 0};
    snprintf(path, sizeof path, "%s/../shared/pngsuite/exif2c08.png",
             folder_from("SCT_SOURCE_DIR"));
    FILE *file = fopen(path, "rb");
    if (!file)
        skip();
    fclose(file);
    struct bytes bytes = bytes_read(path);
    assert_int_equal(job_run(&job, &bytes), SCT_DONE);
    assert_true(job.picture.has_exif);
    assert_non_null(job.exif);
    job_free(&job);
    bytes_free(&bytes);
}

/* ---- metadata ------------------------------------------------------------------------ */

static void metadata_are_delivered(void **state)
{
    (void)state;
    uint8_t profile[600];
    make_profile(profile, sizeof profile, "RGB ");
    for (int colour_type = 2; colour_type <= 6; colour_type++) {
        if (colour_type == 5)
            continue;
        struct drawing d = plain;
        d.colour_type = colour_type;
        d.has_metadata = 1;
        struct bytes bare = draw(&d);
        struct bytes file =
            with_chunk(&bare, "IDAT", "eXIf", exif_orient_6, sizeof exif_orient_6 - 1);
        struct job job = {.piece = 7};
        assert_int_equal(job_run(&job, &file), SCT_DONE);
        const struct sct_picture *p = &job.picture;
        if (colour_type != 4) {
            assert_int_equal(p->icc_bytes, sizeof profile);
            assert_memory_equal(job.icc, profile, sizeof profile);
        }
        assert_int_equal(p->exif.n_bytes, sizeof exif_orient_6 - 1);
        assert_memory_equal(job.exif, exif_orient_6, p->exif.n_bytes);
        assert_int_equal(p->orientation, 6);
        assert_true(p->has_exif && p->has_xmp && !p->has_gps && p->has_comment == 0);
        assert_int_equal(p->xmp.n_bytes, strlen("<x:xmpmeta>here</x:xmpmeta>"));
        assert_memory_equal(job.xmp, "<x:xmpmeta>here</x:xmpmeta>", p->xmp.n_bytes);
        assert_int_equal(job.report.n_warnings, 0);
        job_free(&job);
        bytes_free(&file);
        bytes_free(&bare);
    }
}

static void expect_warning(const struct bytes *file, const char *part)
{
    struct job job = {.piece = 0};
    const int status = job_run(&job, file);
    if (status != SCT_DONE)
        fail_msg("%s: %s", part, job.report.message);
    if (!strstr(job.report.warning, part) || job.report.n_warnings != 1)
        fail_msg("expected one warning \"%s\", got %d, \"%s\"", part,
                 job.report.n_warnings, job.report.warning);
    assert_int_equal(job.report.damage, 0);
    job_free(&job);
}

static void expect_animation(const struct bytes *file)
{
    struct job job = {.piece = 0};
    assert_int_equal(job_run(&job, file), SCT_DONE);
    assert_true(job.picture.is_animated);
    assert_int_equal(job.report.n_warnings, 0); /* whoever uses the one frame warns */
    job_free(&job);
}

/* What is said of colour without a profile becomes one. */
static void expect_profile(const struct bytes *file)
{
    struct job job = {.piece = 0};
    assert_int_equal(job_run(&job, file), SCT_DONE);
    assert_int_equal(job.report.n_warnings, 0);
    assert_true(job.picture.icc_bytes > 128);
    job_free(&job);
}

static void oddities_are_tolerated_with_a_warning(void **state)
{
    (void)state;
    struct drawing d = plain;
    struct bytes file = draw(&d), odd;

    odd = with_chunk(&file, "IDAT", "abCd", "12345", 5);
    expect_warning(&odd, "unknown chunk abCd");
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "gAMA", "\0\1\x86\xA0", 4);
    expect_profile(&odd);
    odd.data[find_chunk(&odd, "gAMA") + 9] ^= 1;
    expect_warning(&odd, "wrong checksum of a chunk gAMA");
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "tEXt", "Comment\0hello", 13);
    odd.data[find_chunk(&odd, "tEXt") + 17] ^= 1;
    expect_warning(&odd, "wrong checksum of a chunk tEXt");
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "cICP", "\x09\x10\0\1", 4);
    expect_warning(&odd, "taken for sRGB"); /* PQ */
    bytes_free(&odd);
    odd = with_chunk(&file, "IDAT", "cICP", "\x0C\x0D\0\1", 4); /* Display P3 */
    expect_profile(&odd);
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "acTL", "\0\0\0\2\0\0\0\0", 8);
    expect_animation(&odd);
    bytes_free(&odd);

    odd = with_chunk(&file, "IEND", "eXIf", exif_orient_6, sizeof exif_orient_6 - 1);
    expect_warning(&odd, "metadata behind the picture");
    bytes_free(&odd);

    odd = with_chunk(&file, "nope", "eXIf", "behind", 6); /* behind IEND */
    expect_warning(&odd, "data behind the end");
    bytes_free(&odd);

    for (size_t cut = 1; cut <= 12; cut++) {
        odd = first_bytes(&file, file.size - cut);
        expect_warning(&odd, "IEND) is missing");
        bytes_free(&odd);
    }
    bytes_free(&file);
}

static void damaged_profiles_are_dropped(void **state)
{
    (void)state;
    struct drawing d = plain;
    d.has_metadata = 1;
    struct bytes file = draw(&d);
    const size_t at = find_chunk(&file, "iCCP"), n = get_u32(file.data + at);

    for (size_t i = 0; i < n; i++) { /* with a right checksum */
        struct bytes odd = first_bytes(&file, file.size);
        struct job job = {.piece = 0};
        odd.data[at + 8 + i] ^= 0x55;
        fix_chunk(&odd, at);
        assert_int_equal(job_run(&job, &odd), SCT_DONE);
        if (!job.icc) {
            assert_int_equal(job.report.n_warnings, 1);
            assert_non_null(strstr(job.report.warning, "ICC profile is damaged"));
        }
        assert_true(job.picture.has_xmp);
        job_free(&job);
        bytes_free(&odd);
    }
    bytes_free(&file);

    d.colour_type = PNG_COLOR_TYPE_GRAY; /* with the profile of a colour picture */
    struct bytes gray = draw(&d);
    const size_t gray_at = find_chunk(&gray, "iCCP");
    d.colour_type = PNG_COLOR_TYPE_RGB;
    file = draw(&d);
    gray.size = gray_at + 12 + get_u32(gray.data + gray_at);
    d.has_metadata = 0;
    d.colour_type = PNG_COLOR_TYPE_GRAY;
    struct bytes bare = draw(&d);
    struct bytes odd =
        with_chunk(&bare, "IDAT", "iCCP", file.data + find_chunk(&file, "iCCP") + 8,
                   get_u32(file.data + find_chunk(&file, "iCCP")));
    expect_warning(&odd, "ICC profile is damaged");
    bytes_free(&odd);
    bytes_free(&bare);
    bytes_free(&gray);
    bytes_free(&file);
}

/* ---- damage -------------------------------------------------------------------------- */

static void truncated_files_are_told_and_salvaged(void **state)
{
    (void)state;
    static const struct drawing drawings[] = {
        {2, 8, 61, 45, 0, 0, 0, 1, 0},   {2, 8, 61, 45, 0, 0, 0, 1, 300},
        {3, 4, 61, 145, 0, 1, 0, 9, 0},  {6, 16, 21, 45, 0, 0, 1, 0, 1000},
        {0, 1, 200, 90, 0, 0, 0, 6, 0},  {2, 8, 31, 25, 1, 0, 0, 6, 0},
        {0, 2, 31, 25, 1, 0, 0, 6, 100},
    };
    for (size_t i = 0; i < sizeof drawings / sizeof drawings[0]; i++) {
        struct bytes file = draw(&drawings[i]);
        struct job whole = {.piece = 0};
        int last_row = 0;
        assert_int_equal(job_run(&whole, &file), SCT_DONE);
        for (size_t n = 1; n + 12 < file.size; n += 1 + n % 5) {
            struct bytes cut = first_bytes(&file, n);
            struct job job = {.piece = n % 3 ? 0 : 13};
            int status = job_run(&job, &cut);
            /* the last bytes are the chunk's checksum */
            const int is_whole = status == SCT_DONE;
            if (is_whole)
                assert_true(n + 12 + 4 >= file.size);
            else if (n >= 8)
                assert_int_equal(status, SCT_ERR_TRUNCATED);
            job_free(&job);

            job.salvage = 1;
            status = job_run(&job, &cut);
            if (status == SCT_DONE && !is_whole) {
                assert_int_equal(job.report.damage, SCT_ERR_TRUNCATED);
                assert_true(job.report.damaged_row >= last_row);
                last_row = job.report.damaged_row;
                assert_same_pixels(&job.pixels, &whole.pixels, job.report.damaged_row,
                                   "cut");
            }
            job_free(&job);
            bytes_free(&cut);
        }
        if (!drawings[i].is_interlaced)
            assert_true(last_row >= drawings[i].height - 2);
        job_free(&whole);
        bytes_free(&file);
    }
}

static void no_changed_byte_goes_unnoticed(void **state)
{
    (void)state;
    static const struct drawing drawings[] = {
        {2, 8, 31, 25, 0, 0, 0, 1, 200},
        {3, 8, 31, 25, 0, 0, 0, 6, 0},
        {6, 16, 15, 25, 1, 0, 1, 6, 0},
    };
    for (size_t i = 0; i < sizeof drawings / sizeof drawings[0]; i++) {
        struct bytes file = draw(&drawings[i]);
        struct job whole = {.piece = 0};
        assert_int_equal(job_run(&whole, &file), SCT_DONE);
        for (size_t at = 0; at < file.size; at++)
            for (int bit = 0; bit < 8; bit += 3) {
                struct bytes changed = first_bytes(&file, file.size);
                struct job job = {.piece = 0};
                changed.data[at] ^= (uint8_t)(1 << bit);
                int status = job_run(&job, &changed);
                assert_true(status == SCT_DONE || status < 0);
                if (status == SCT_DONE) {
                    assert_true(job.report.n_warnings > 0);
                    assert_same_pixels(&job.pixels, &whole.pixels, whole.n_rows,
                                       "changed");
                }
                job_free(&job);
                job.salvage = 1;
                status = job_run(&job, &changed);
                /* one that is too long ends early and has no checksum */
                if (status == SCT_DONE && job.report.damage != SCT_ERR_TRUNCATED) {
                    const int row =
                        job.report.damage ? job.report.damaged_row : whole.n_rows;
                    assert_true(job.report.n_warnings > 0);
                    assert_same_pixels(&job.pixels, &whole.pixels, row,
                                       "changed, salvage");
                }
                job_free(&job);
                bytes_free(&changed);
            }
        job_free(&whole);
        bytes_free(&file);
    }
}

/* With right checksums, so that what is inside is looked at. */
static void no_changed_chunk_crashes(void **state)
{
    (void)state;
    for (size_t t = 0; t < N_TYPES; t++) {
        struct drawing d = {.colour_type = types[t].colour_type,
                            .bit_depth = types[t].bit_depth,
                            .width = 19,
                            .height = 13,
                            .has_trns = types[t].colour_type < 4,
                            .has_metadata = 1,
                            .is_interlaced = t % 2,
                            .level = 6};
        struct bytes file = draw(&d);
        uint32_t seed = 7;
        for (size_t at = 8; at + 12 < file.size; at += 12 + get_u32(file.data + at))
            for (int round = 0; round < 200; round++) {
                const size_t n = get_u32(file.data + at);
                struct bytes changed = first_bytes(&file, file.size);
                struct job job = {.salvage = round & 1,
                                  .limits = {.max_pixels = 100 * 100}};
                seed = seed * 1664525u + 1013904223u;
                changed.data[at + 8 + (seed >> 8) % n] ^= (uint8_t)(1u << (seed >> 29));
                fix_chunk(&changed, at);
                const int status = job_run(&job, &changed);
                assert_true(status == SCT_DONE || status < 0);
                job_free(&job);
                bytes_free(&changed);
            }
        bytes_free(&file);
    }
}

static void expect_error(const struct bytes *file, int expected, const char *part)
{
    struct job job = {.piece = 0};
    const int status = job_run(&job, file);
    if (status != expected || !strstr(job.report.message, part))
        fail_msg("expected %s, \"%s\", got %s, \"%s\"", sct_status_name(expected), part,
                 sct_status_name(status), job.report.message);
    job_free(&job);
}

static void broken_files_are_named(void **state)
{
    (void)state;
    struct drawing d = plain;
    struct bytes file = draw(&d), odd;

    odd = first_bytes(&file, file.size);
    memmove(odd.data + 4, odd.data + 5, odd.size - 5);
    expect_error(&odd, SCT_ERR_CORRUPT, "as text");
    bytes_free(&odd);

    odd = with_chunk(&file, "IHDR", "CgBI", "\x50\0\x20\6", 4);
    expect_error(&odd, SCT_ERR_UNSUPPORTED, "CgBI");
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "ABCD", "", 0);
    expect_error(&odd, SCT_ERR_UNSUPPORTED, "critical chunk ABCD");
    bytes_free(&odd);

    odd = with_chunk(&file, "IDAT", "IEND", "", 0);
    expect_error(&odd, SCT_ERR_CORRUPT, "no IDAT");
    bytes_free(&odd);

    odd = first_bytes(&file, file.size);
    odd.data[find_chunk(&odd, "IDAT") + 20] ^= 4;
    expect_error(&odd, SCT_ERR_CORRUPT, "");
    bytes_free(&odd);

    odd = first_bytes(&file, file.size);
    odd.data[find_chunk(&odd, "IDAT") + 8] = 0; /* no zlib stream */
    fix_chunk(&odd, find_chunk(&odd, "IDAT"));
    expect_error(&odd, SCT_ERR_CORRUPT, "row 0 of 45");
    bytes_free(&odd);

    odd = first_bytes(&file, file.size);
    put_u32(odd.data + 16, 0);
    fix_chunk(&odd, 8);
    expect_error(&odd, SCT_ERR_CORRUPT, "width");
    bytes_free(&odd);

    /* more rows than there is data for: the bytes do not run out, they contradict */
    odd = first_bytes(&file, file.size);
    put_u32(odd.data + 20, 46);
    fix_chunk(&odd, 8);
    expect_error(&odd, SCT_ERR_CORRUPT, "row");
    bytes_free(&odd);
    bytes_free(&file);
}

static void too_much_data_is_no_damage(void **state)
{
    (void)state;
    struct drawing d = plain;
    d.height = 300;
    struct bytes file = draw(&d);
    put_u32(file.data + 20, 20);
    fix_chunk(&file, 8);
    expect_warning(&file, "too many");
    bytes_free(&file);
}

static void indices_past_the_palette_are_black(void **state)
{
    (void)state;
    struct drawing d = plain;
    d.colour_type = PNG_COLOR_TYPE_PALETTE;
    struct bytes file = draw(&d);
    const size_t at = find_chunk(&file, "PLTE");
    put_u32(file.data + at, 3 * 10);
    memmove(file.data + at + 8 + 30 + 4, file.data + at + 8 + 768 + 4,
            file.size - (at + 8 + 768 + 4));
    file.size -= 768 - 30;
    fix_chunk(&file, at);
    struct pixels expected;
    struct job job = {.piece = 0};
    assert_int_equal(job_run(&job, &file), SCT_DONE);
    assert_int_equal(job.report.n_warnings, 1);
    assert_non_null(strstr(job.report.warning, "palette"));
    assert_true(libpng_read(&expected, &file));
    assert_same_pixels(&job.pixels, &expected, expected.height, "short palette");
    pixels_free(&expected);
    job_free(&job);
    bytes_free(&file);
}

/* ---- limits, sources, memory --------------------------------------------------------- */

static void expect_limit(const struct bytes *file, struct sct_limits limits,
                         const char *part)
{
    struct job job = {.limits = limits, .salvage = 1};
    assert_int_equal(job_run(&job, file), SCT_ERR_TOO_LARGE);
    if (!strstr(job.report.message, part))
        fail_msg("\"%s\" does not say \"%s\"", job.report.message, part);
    job_free(&job);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct drawing d = plain;
    d.has_metadata = 1;
    struct bytes file = draw(&d);
    struct job job = {.limits = {.max_pixels = 61 * 45}};
    assert_int_equal(job_run(&job, &file), SCT_DONE);
    job_free(&job);
    expect_limit(&file, (struct sct_limits){.max_pixels = 61 * 45 - 1},
                 "limit on pixels");
    expect_limit(&file, (struct sct_limits){.max_memory_bytes = 1000}, "limit on memory");
    expect_limit(&file, (struct sct_limits){.max_metadata_bytes = 50},
                 "limit on metadata");
    expect_limit(&file, (struct sct_limits){.max_metadata_bytes = 620},
                 "limit on metadata");
    job.limits = (struct sct_limits){.max_metadata_bytes = 700};
    assert_int_equal(job_run(&job, &file), SCT_DONE);
    job_free(&job);

    struct bytes odd = first_bytes(&file, file.size);
    put_u32(odd.data + 16, 65536);
    put_u32(odd.data + 20, 1);
    fix_chunk(&odd, 8);
    expect_limit(&odd, (struct sct_limits){.max_pixels = 0}, "limit on a side");
    put_u32(odd.data + 16, 0x7FFFFFFF);
    put_u32(odd.data + 20, 0x7FFFFFFF);
    fix_chunk(&odd, 8);
    expect_limit(&odd, (struct sct_limits){.max_pixels = INT64_MAX}, "limit on a side");
    bytes_free(&odd);
    bytes_free(&file);

    d.is_interlaced = 1;
    file = draw(&d);
    expect_limit(&file, (struct sct_limits){.max_whole_pixels = 61 * 45 - 1},
                 "decoded whole");
    assert_int_equal(job_run(&job, &file), SCT_DONE);
    assert_string_equal(job.picture.coding, "interlaced");
    job_free(&job);
    bytes_free(&file);
}

/* A megabyte of zeros in a few bytes of iCCP. */
static void profiles_that_explode_are_refused(void **state)
{
    (void)state;
    enum { BIG = 1 << 20 };
    struct drawing d = plain;
    struct bytes bare = draw(&d);
    struct keep_sink sink = {.fail_at = 0};
    uint8_t *profile = calloc(1, BIG);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    memset(profile, 0, BIG);
    make_profile(profile, 200, "RGB ");
    put_u32(profile, BIG);
    png_set_write_fn(png, &sink, write_png_bytes, flush_png_bytes);
    png_set_IHDR(png, info, 1, 1, 8, PNG_COLOR_TYPE_RGB, 0, 0, 0);
    png_set_option(png, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
    png_set_iCCP(png, info, "a", 0, profile, BIG);
    png_write_info(png, info);
    png_destroy_write_struct(&png, &info);
    const size_t at = find_chunk(&sink.kept, "iCCP");
    struct bytes file = with_chunk(&bare, "IDAT", "iCCP", sink.kept.data + at + 8,
                                   get_u32(sink.kept.data + at));
    for (int64_t limit = 2000; limit < BIG; limit *= 2)
        expect_limit(&file, (struct sct_limits){.max_metadata_bytes = limit},
                     "limit on metadata");
    struct job job = {.limits = {.max_metadata_bytes = BIG}};
    assert_int_equal(job_run(&job, &file), SCT_DONE);
    assert_int_equal(job.picture.icc_bytes, BIG);
    assert_memory_equal(job.icc, profile, BIG);
    job_free(&job);
    bytes_free(&file);
    bytes_free(&sink.kept);
    bytes_free(&bare);
    free(profile);
}

static void a_failing_source_is_an_io_error(void **state)
{
    (void)state;
    struct drawing d = plain;
    d.has_metadata = 1;
    for (d.is_interlaced = 0; d.is_interlaced < 2; d.is_interlaced++) {
        struct bytes file = draw(&d);
        for (size_t at = 1; at < file.size; at += 1 + at / 50) {
            struct job job = {.piece = 97, .fail_at = at, .salvage = 1};
            assert_int_equal(job_run(&job, &file), SCT_ERR_IO);
            job_free(&job);
        }
        bytes_free(&file);
    }
}

static void memory_that_runs_out_is_told(void **state)
{
    (void)state;
    struct drawing d = plain;
    for (d.is_interlaced = 0; d.is_interlaced < 2; d.is_interlaced++) {
        struct bytes bare = draw(&d);
        struct bytes file =
            with_chunk(&bare, "IDAT", "eXIf", exif_orient_6, sizeof exif_orient_6 - 1);
        struct job job = {.piece = 0};
        n_allocations = 0;
        assert_int_equal(job_run(&job, &file), SCT_DONE);
        job_free(&job);
        const int n = n_allocations;
        assert_true(n >= 5);
        for (int i = 0; i < n; i++) {
            n_allocations = 0;
            failing_allocation = i;
            assert_int_equal(job_run(&job, &file), SCT_ERR_MEMORY);
            failing_allocation = -1;
            job_free(&job);
        }
        bytes_free(&file);
        bytes_free(&bare);
    }
}

static void the_version_is_told(void **state)
{
    (void)state;
    assert_int_equal(sct_png_version()[1], '.');
}

/* ---- errors --------------------------------------------------------------------------- */

static void errors_of_libspng_are_statuses(void **state)
{
    static const struct {
        int error, status;
    } rows[] = {
        {SPNG_OK, SCT_OK},
        {SPNG_IO_EOF, SCT_ERR_TRUNCATED},
        {SPNG_IO_ERROR, SCT_ERR_IO},
        {SPNG_EMEM, SCT_ERR_MEMORY},
        {SPNG_EZLIB_INIT, SCT_ERR_MEMORY},
        {SPNG_EOVERFLOW, SCT_ERR_TOO_LARGE},
        {SPNG_EUSER_WIDTH, SCT_ERR_TOO_LARGE},
        {SPNG_ECHUNK_LIMITS, SCT_ERR_TOO_LARGE},
        {SPNG_ESIGNATURE, SCT_ERR_NOT_AN_IMAGE},
        {SPNG_EFILTER_METHOD, SCT_ERR_UNSUPPORTED},
        {SPNG_ECHUNK_UNKNOWN_CRITICAL, SCT_ERR_UNSUPPORTED},
        {SPNG_EINVAL, SCT_ERR_ARGUMENT},
        {SPNG_EBUFSIZ, SCT_ERR_ARGUMENT},
        {SPNG_EINTERNAL, SCT_ERR_ARGUMENT},
        {SPNG_EIDAT_STREAM, SCT_ERR_CORRUPT},
        {SPNG_ECOLOR_TYPE, SCT_ERR_CORRUPT},
        {12345, SCT_ERR_CORRUPT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(sct_png_status(rows[i].error), rows[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_are_as_libpng_reads_them),
        cmocka_unit_test(the_suite_is_read_as_by_libpng),
        cmocka_unit_test(suite_pictures_are_described),
        cmocka_unit_test(metadata_are_delivered),
        cmocka_unit_test(oddities_are_tolerated_with_a_warning),
        cmocka_unit_test(damaged_profiles_are_dropped),
        cmocka_unit_test(truncated_files_are_told_and_salvaged),
        cmocka_unit_test(no_changed_byte_goes_unnoticed),
        cmocka_unit_test(no_changed_chunk_crashes),
        cmocka_unit_test(broken_files_are_named),
        cmocka_unit_test(too_much_data_is_no_damage),
        cmocka_unit_test(indices_past_the_palette_are_black),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(profiles_that_explode_are_refused),
        cmocka_unit_test(a_failing_source_is_an_io_error),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(the_version_is_told),
        cmocka_unit_test(errors_of_libspng_are_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
