/* Any bytes as an ICC profile, of every model: checking, asking, converting. What passes the check
 * has to convert, and nothing may be read or written outside.
 *
 * With libFuzzer (SCT_FUZZ=ON, clang): fuzz_icc FOLDER. Without it, replay.c has a main that runs
 * the files that it is given. */
#include <stdint.h>
#include <stdlib.h>

#include "icc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIDTH = 37 };

static void convert(sct_icc_transform *t, int depth)
{
    const size_t n_bytes = (size_t)WIDTH * (size_t)(depth / 8);
    uint8_t *in[4], *out[3];
    for (int i = 0; i < 4; i++) {
        in[i] = malloc(n_bytes);
        if (!in[i])
            abort();
        for (size_t x = 0; x < n_bytes; x++)
            in[i][x] = (uint8_t)(x * (size_t)(7 + 2 * i));
    }
    for (int i = 0; i < 3; i++)
        if (!(out[i] = malloc(n_bytes)))
            abort();
    sct_icc_transform_run(t, (const void *const *)in, (void *const *)out, WIDTH);
    for (int i = 0; i < 4; i++)
        free(in[i]);
    for (int i = 0; i < 3; i++)
        free(out[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sct_model models[] = {SCT_GRAY, SCT_RGB, SCT_CMYK};
    (void)sct_icc_is_srgb(data, size);
    for (int i = 0; i < 6; i++) {
        struct sct_report report = {.message = ""};
        const struct sct_icc_spec spec = {.icc = data,
                                          .icc_bytes = size,
                                          .model = models[i / 2],
                                          .depth = i % 2 ? 16 : 8,
                                          .n_pixels = WIDTH,
                                          .report = &report};
        const int status = sct_icc_check(data, size, models[i / 2], &report);
        sct_icc_transform *t;
        if ((sct_icc_transform_create(&t, &spec) == SCT_OK) != (status == SCT_OK))
            abort();
        if (status == SCT_OK)
            convert(t, spec.depth);
        else if (!report.warning[0] || !report.message[0])
            abort();
        sct_icc_transform_free(t);
    }
    return 0;
}
