/* What the tests of the WebP codec share: pictures that libwebp itself has made. */
#ifndef WEBP_TEST_H
#define WEBP_TEST_H

#include "codec_test.h"

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

/* Interleaved RGBA, smooth with a little noise; the caller frees it. */
static inline uint8_t *make_pixels(int width, int height, int has_alpha, unsigned seed)
{
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 4);
    assert_non_null(pixels);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 4; c++) {
                seed = seed * 1664525u + 1013904223u;
                const int smooth = x * (c + 2) + y * (5 - c) + c * 60;
                pixels[((ptrdiff_t)y * width + x) * 4 + c] =
                    (uint8_t)(c == 3 && !has_alpha ? 255 : smooth + (int)(seed >> 28));
            }
    return pixels;
}

/* One file by WebPEncode; partitions is the logarithm of their number. */
static inline struct bytes encode_pixels(const uint8_t *pixels, int width, int height,
                                         int is_lossless, float quality, int partitions)
{
    WebPConfig config;
    WebPPicture picture;
    WebPMemoryWriter writer;

    assert_true(WebPConfigInit(&config));
    assert_true(WebPPictureInit(&picture));
    config.lossless = is_lossless;
    config.quality = quality;
    config.partitions = partitions;
    picture.use_argb = is_lossless;
    picture.width = width;
    picture.height = height;
    assert_true(WebPPictureImportRGBA(&picture, pixels, width * 4));
    WebPMemoryWriterInit(&writer);
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    assert_true(WebPEncode(&config, &picture));
    WebPPictureFree(&picture);

    struct bytes file = {malloc(writer.size), writer.size}; /* exact, for the sanitizer */
    assert_non_null(file.data);
    memcpy(file.data, writer.mem, writer.size);
    WebPMemoryWriterClear(&writer);
    return file;
}

static inline struct bytes make_webp(int width, int height, int is_lossless,
                                     int has_alpha)
{
    uint8_t *pixels = make_pixels(width, height, has_alpha, (unsigned)(width + height));
    struct bytes file = encode_pixels(pixels, width, height, is_lossless, 75, 0);
    free(pixels);
    return file;
}

static inline struct bytes assemble(WebPMux *mux)
{
    WebPData data;
    assert_int_equal(WebPMuxAssemble(mux, &data), WEBP_MUX_OK);
    struct bytes file = {malloc(data.size), data.size};
    assert_non_null(file.data);
    memcpy(file.data, data.bytes, data.size);
    WebPDataClear(&data);
    WebPMuxDelete(mux);
    return file;
}

/* The file with a chunk more, put where libwebpmux puts it; the old one is freed. */
static inline void add_chunk(struct bytes *file, const char *tag, const void *data,
                             size_t n_bytes)
{
    const WebPData before = {file->data, file->size}, chunk = {data, n_bytes};
    WebPMux *mux = WebPMuxCreate(&before, 1);
    assert_non_null(mux);
    assert_int_equal(WebPMuxSetChunk(mux, tag, &chunk, 1), WEBP_MUX_OK);
    bytes_free(file);
    *file = assemble(mux);
}

/* An animation of n frames on a canvas; all but the first are of the canvas' size. */
static inline struct bytes make_animation(int n, int width, int height, int x, int y,
                                          int frame_width, int frame_height,
                                          int is_lossless, int has_alpha)
{
    const WebPMuxAnimParams params = {.loop_count = 0};
    WebPMux *mux = WebPMuxNew();
    assert_non_null(mux);
    assert_int_equal(WebPMuxSetAnimationParams(mux, &params), WEBP_MUX_OK);
    assert_int_equal(WebPMuxSetCanvasSize(mux, width, height), WEBP_MUX_OK);
    for (int i = 0; i < n; i++) {
        struct bytes picture =
            i == 0 ? make_webp(frame_width, frame_height, is_lossless, has_alpha)
                   : make_webp(width, height, is_lossless, has_alpha);
        const WebPMuxFrameInfo info = {.bitstream = {picture.data, picture.size},
                                       .x_offset = i == 0 ? x : 0,
                                       .y_offset = i == 0 ? y : 0,
                                       .duration = 100,
                                       .id = WEBP_CHUNK_ANMF};
        assert_int_equal(WebPMuxPushFrame(mux, &info, 1), WEBP_MUX_OK);
        bytes_free(&picture);
    }
    return assemble(mux);
}

#endif
