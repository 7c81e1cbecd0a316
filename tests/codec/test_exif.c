/* EXIF payloads, sound and broken: the reader never fails and never reads past the end.
 */
#include "codec_test.h"

#include "exif.h"

struct payload {
    uint8_t data[256];
    size_t size;
    int big_endian;
};

static void put_u16(struct payload *p, unsigned value)
{
    p->data[p->size++] = (uint8_t)(p->big_endian ? value >> 8 : value);
    p->data[p->size++] = (uint8_t)(p->big_endian ? value : value >> 8);
}

static void put_u32(struct payload *p, uint32_t value)
{
    put_u16(p, p->big_endian ? value >> 16 : value & 0xFFFF);
    put_u16(p, p->big_endian ? value & 0xFFFF : value >> 16);
}

static void put_entry(struct payload *p, unsigned tag, unsigned type, uint32_t count,
                      uint32_t value)
{
    put_u16(p, tag);
    put_u16(p, type);
    put_u32(p, count);
    if (type == 3) {
        put_u16(p, value);
        put_u16(p, 0);
    } else
        put_u32(p, value);
}

static void begin(struct payload *p, int big_endian)
{
    memset(p, 0, sizeof *p);
    p->big_endian = big_endian;
    memcpy(p->data, big_endian ? "Exif\0\0MM" : "Exif\0\0II", 8);
    p->size = 8;
    put_u16(p, 42);
    put_u32(p, 8);
}

/* IFD0 with orientation and GPS; IFD1 with a thumbnail. */
static void build(struct payload *p, int big_endian, unsigned orientation)
{
    begin(p, big_endian);
    put_u16(p, 2);
    put_entry(p, 0x0112, 3, 1, orientation);
    put_entry(p, 0x8825, 4, 1, 8);
    put_u32(p, 8 + 2 + 2 * 12 + 4);
    put_u16(p, 1);
    put_entry(p, 0x0201, 4, 1, 100);
    put_u32(p, 0);
}

/* From a buffer of exactly this size, so that the sanitizer guards its end. */
static struct sct_exif read_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    struct sct_exif exif;
    memset(&exif, 0x55, sizeof exif);
    sct_exif_read(&exif, copy, size);
    free(copy);
    return exif;
}

static void orientations_are_read_in_both_byte_orders(void **state)
{
    (void)state;
    for (int big_endian = 0; big_endian < 2; big_endian++)
        for (unsigned orientation = 0; orientation < 12; orientation++) {
            struct payload p;
            build(&p, big_endian, orientation);
            const struct sct_exif exif = read_exact(p.data, p.size);
            const int is_valid = orientation >= 1 && orientation <= 8;
            assert_int_equal(exif.orientation, is_valid ? (int)orientation : 1);
            assert_int_equal(exif.has_gps, 1);
            assert_int_equal(exif.has_thumbnail, 1);
        }
}

static void absent_things_are_absent(void **state)
{
    (void)state;
    struct payload p;
    begin(&p, 0);
    put_u16(&p, 1);
    put_entry(&p, 0x010F, 2, 3, 0);
    put_u32(&p, 0);
    const struct sct_exif exif = read_exact(p.data, p.size);
    assert_int_equal(exif.orientation, 1);
    assert_int_equal(exif.has_gps, 0);
    assert_int_equal(exif.has_thumbnail, 0);
}

static void orientation_must_be_one_short(void **state)
{
    (void)state;
    const struct {
        unsigned type;
        uint32_t count;
    } wrong[] = {{4, 1}, {1, 1}, {3, 0}, {3, 2}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct payload p;
        begin(&p, 0);
        put_u16(&p, 1);
        put_entry(&p, 0x0112, wrong[i].type, wrong[i].count, 6);
        put_u32(&p, 0);
        assert_int_equal(read_exact(p.data, p.size).orientation, 1);
    }
}

static void every_shorter_payload_is_survived(void **state)
{
    (void)state;
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        struct payload p;
        build(&p, big_endian, 6);
        /* the orientation's entry ends 14 + 2 + 12 bytes into the payload */
        for (size_t size = 0; size <= p.size; size++)
            assert_int_equal(read_exact(p.data, size).orientation, size < 28 ? 1 : 6);
    }
}

static void every_single_broken_byte_is_survived(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 0x7F, 0x80, 0xFE, 0xFF};
    struct payload p;
    build(&p, 1, 6);
    for (size_t at = 0; at < p.size; at++)
        for (size_t i = 0; i < sizeof values; i++) {
            const uint8_t before = p.data[at];
            p.data[at] = values[i];
            const struct sct_exif exif = read_exact(p.data, p.size);
            assert_in_range(exif.orientation, 1, 8);
            assert_in_range(exif.has_gps, 0, 1);
            assert_in_range(exif.has_thumbnail, 0, 1);
            p.data[at] = before;
        }
}

static void a_directory_that_follows_itself_ends(void **state)
{
    (void)state;
    struct payload p;
    begin(&p, 0);
    put_u16(&p, 1);
    put_entry(&p, 0x0112, 3, 1, 3);
    put_u32(&p, 8);
    const struct sct_exif exif = read_exact(p.data, p.size);
    assert_int_equal(exif.orientation, 3);
    assert_int_equal(exif.has_thumbnail, 0);
}

static void offsets_far_outside_are_survived(void **state)
{
    (void)state;
    static const uint32_t offsets[] = {0,          1,          200,       0x7FFFFFFF,
                                       0x80000000, 0xFFFFFFF0, 0xFFFFFFFF};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct payload p;
        build(&p, 0, 6);
        p.size = 10;
        put_u32(&p, offsets[i]);
        p.size = 60;
        assert_int_equal(read_exact(p.data, p.size).orientation, 1);
    }
}

static void what_is_not_exif_is_told_apart(void **state)
{
    (void)state;
    struct payload p;
    build(&p, 0, 6);
    assert_true(sct_exif_probe(p.data, p.size));
    assert_false(sct_exif_probe(p.data, 5));
    p.data[10] = 43;
    assert_int_equal(read_exact(p.data, p.size).orientation, 1);
    p.data[0] = 'e';
    assert_false(sct_exif_probe(p.data, p.size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientations_are_read_in_both_byte_orders),
        cmocka_unit_test(absent_things_are_absent),
        cmocka_unit_test(orientation_must_be_one_short),
        cmocka_unit_test(every_shorter_payload_is_survived),
        cmocka_unit_test(every_single_broken_byte_is_survived),
        cmocka_unit_test(a_directory_that_follows_itself_ends),
        cmocka_unit_test(offsets_far_outside_are_survived),
        cmocka_unit_test(what_is_not_exif_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
