/* Blocks that reach past an edge: what belongs to the picture stays, what does not is smooth.
 * The inverse DCT here is T.81's formula, in double precision. */
#include "codec_test.h"

#include <math.h>

#include "jpeg_edge.h"

enum { TRIES = 30 };

static uint64_t state = 0x9E3779B97F4A7C15; /* xorshift64: every run the same */

static int random_int(int least, int most)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return least + (int)(state % (uint64_t)(most - least + 1));
}

static double basis(int u, int i)
{
    const double pi = 3.14159265358979323846;
    return (u ? 0.5 : sqrt(0.125)) * cos((2 * i + 1) * u * pi / 16);
}

/* Inverse DCT of the coefs u < n_u, v < n_v. */
static void invert(const int16_t block[64], int n_u, int n_v, double samples[64])
{
    for (int i = 0; i < 64; i++) {
        samples[i] = 0.0;
        for (int v = 0; v < n_v; v++)
            for (int u = 0; u < n_u; u++)
                samples[i] += block[v * 8 + u] * basis(u, i % 8) * basis(v, i / 8);
    }
}

static void transform(const double samples[64], int16_t block[64])
{
    for (int k = 0; k < 64; k++) {
        double sum = 0.0;
        for (int i = 0; i < 64; i++)
            sum += samples[i] * basis(k % 8, i % 8) * basis(k / 8, i / 8);
        block[k] = (int16_t)floor(sum + 0.5);
    }
}

/* A picture of width x height within one block: a wave where it is, and noise from the whole
 * range where it is not. */
static void make_block(int width, int height, int16_t block[64])
{
    double samples[64];
    const double across = random_int(0, 90) / 100.0, down = random_int(0, 90) / 100.0,
                 phase = random_int(0, 628) / 100.0;
    for (int i = 0; i < 64; i++)
        samples[i] = i % 8 < width && i / 8 < height
                         ? 100 * cos(phase + across * (i % 8) + down * (i / 8))
                         : random_int(-128, 127);
    transform(samples, block);
}

static struct sct_component component(int width, int height)
{
    return (struct sct_component){.h = 1,
                                  .v = 1,
                                  .width = width,
                                  .height = height,
                                  .width_blocks = (width + 7) / 8,
                                  .height_blocks = (height + 7) / 8};
}

/* The largest difference within the picture between two blocks, of the second only a corner. */
static double difference(const int16_t a[64], const int16_t b[64], int n, int width,
                         int height)
{
    double of_a[64], of_b[64], max = 0.0;
    invert(a, 8, 8, of_a);
    invert(b, n, n, of_b);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            max = fmax(max, fabs(of_a[y * 8 + x] - of_b[y * 8 + x]));
    return max;
}

static void samples_of_the_picture_stay(void **unused)
{
    (void)unused;
    for (int height = 1; height <= 8; height++)
        for (int width = 1; width <= 8; width++) {
            const struct sct_component c = component(width, height);
            struct sct_jpeg_edge e;
            sct_jpeg_edge_init(&e, &c);
            for (int i = 0; i < TRIES; i++) {
                int16_t before[64], after[64];
                make_block(width, height, before);
                memcpy(after, before, sizeof after);
                sct_jpeg_edge_continue(&e, 0, 0, after);
                /* coefs are rounded: 64 times up to a half, of either sign */
                assert_true(difference(before, after, 8, width, height) < 2.5);
            }
        }
}

/* What the change is for: a corner of the coefs says nearly the same as all of them. */
static void a_corner_is_enough(void **unused)
{
    (void)unused;
    double worst_before = 0.0, worst_after = 0.0;
    for (int height = 1; height <= 8; height++) {
        const struct sct_component c = component(8, height);
        struct sct_jpeg_edge e;
        sct_jpeg_edge_init(&e, &c);
        for (int i = 0; i < TRIES && height < 8; i++) {
            int16_t before[64], after[64];
            make_block(8, height, before);
            memcpy(after, before, sizeof after);
            sct_jpeg_edge_continue(&e, 0, 0, after);
            worst_before = fmax(worst_before, difference(before, before, 6, 8, height));
            worst_after = fmax(worst_after, difference(before, after, 6, 8, height));
        }
    }
    print_message("6 x 6 coefs: off by %.1f levels before, %.1f after\n", worst_before,
                  worst_after);
    assert_true(worst_after < worst_before / 4);
}

static void what_is_flat_stays_flat(void **unused)
{
    (void)unused;
    for (int size = 1; size < 8; size++) {
        const struct sct_component c = component(size, size);
        struct sct_jpeg_edge e;
        sct_jpeg_edge_init(&e, &c);
        for (int dc = -1024; dc <= 1023; dc += 89) {
            int16_t block[64] = {0}, want[64] = {0};
            block[0] = want[0] = (int16_t)dc;
            sct_jpeg_edge_continue(&e, 0, 0, block);
            assert_memory_equal(block, want, sizeof block);
        }
    }
}

static void only_the_last_blocks_are_concerned(void **unused)
{
    (void)unused;
    const struct sct_component c = component(20, 16), whole = component(16, 24);
    struct sct_jpeg_edge e;
    sct_jpeg_edge_init(&e, &c);
    assert_true(sct_jpeg_edge_has(&e, 2, 0) && sct_jpeg_edge_has(&e, 2, 1));
    assert_false(sct_jpeg_edge_has(&e, 1, 1));
    sct_jpeg_edge_init(&e, &whole);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 2; x++)
            assert_false(sct_jpeg_edge_has(&e, x, y));
}

static void coefs_of_damaged_pictures_saturate(void **unused)
{
    (void)unused;
    const struct sct_component c = component(3, 5);
    struct sct_jpeg_edge e;
    int16_t block[64];
    sct_jpeg_edge_init(&e, &c);
    for (int i = 0; i < 64; i++)
        block[i] = INT16_MIN;
    sct_jpeg_edge_continue(&e, 0, 0, block);
    assert_int_equal(block[0], INT16_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_the_picture_stay),
        cmocka_unit_test(a_corner_is_enough),
        cmocka_unit_test(what_is_flat_stays_flat),
        cmocka_unit_test(only_the_last_blocks_are_concerned),
        cmocka_unit_test(coefs_of_damaged_pictures_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
