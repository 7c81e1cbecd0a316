/* Orientation, against the EXIF standard's own words for the eight values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "orient.h"

/* EXIF 2.3, tag 0x0112: where the stored row 0 and column 0 are seen. For a stored plane
 *     0 1 2
 *     3 4 5
 * what a viewer must show: */
static const struct {
    int width, height;
    uint8_t samples[6];
} upright[9] = {
    {0, 0, {0}},
    {3, 2, {0, 1, 2, 3, 4, 5}}, /* row 0 top, column 0 left */
    {3, 2, {2, 1, 0, 5, 4, 3}}, /* top, right */
    {3, 2, {5, 4, 3, 2, 1, 0}}, /* bottom, right */
    {3, 2, {3, 4, 5, 0, 1, 2}}, /* bottom, left */
    {2, 3, {0, 3, 1, 4, 2, 5}}, /* left, top */
    {2, 3, {3, 0, 4, 1, 5, 2}}, /* right, top */
    {2, 3, {5, 2, 4, 1, 3, 0}}, /* right, bottom */
    {2, 3, {2, 5, 1, 4, 0, 3}}, /* left, bottom */
};

static void all_eight_orientations_become_upright(void **state)
{
    uint8_t in[6] = {0, 1, 2, 3, 4, 5};
    const struct sct_plane stored = {in, 3, 3, 2};
    (void)state;
    for (int o = 1; o <= 8; o++) {
        uint8_t out[6];
        const struct sct_plane p = {out, upright[o].width, upright[o].width,
                                    upright[o].height};
        memset(out, 0xee, sizeof out);
        sct_orient_rows(&p, &stored, 8, o, 0);
        assert_memory_equal(out, upright[o].samples, 6);
    }
}

static void bands_of_rows_equal_the_whole(void **state)
{
    uint8_t in[7 * 5];
    const struct sct_plane stored = {in, 7, 7, 5};
    (void)state;
    for (int i = 0; i < 35; i++)
        in[i] = (uint8_t)(i * 7);
    for (int o = 1; o <= 8; o++) {
        const int width = sct_orient_swaps_axes(o) ? 5 : 7, height = 35 / width;
        uint8_t whole[35], pieces[35];
        const struct sct_plane all = {whole, width, width, height};
        sct_orient_rows(&all, &stored, 8, o, 0);
        for (int y = 0; y < height; y += 2) {
            const struct sct_plane band = {pieces + y * width, width, width,
                                           y + 2 <= height ? 2 : 1};
            sct_orient_rows(&band, &stored, 8, o, y);
        }
        assert_memory_equal(whole, pieces, 35);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_eight_orientations_become_upright),
        cmocka_unit_test(bands_of_rows_equal_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
