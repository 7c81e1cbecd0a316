/* Differential fuzzing of the WebP decoder: any bytes, strict and with salvage, against
 * libwebpdemux and libwebp's interface for whole pictures. Whatever these decode has to come out
 * the same; whatever is refused has to have a reason; with salvage every row has to come.
 * (Without libwebpdemux, libwebp lets VP8 read on into the chunk behind it.)
 *
 * With libFuzzer (SCT_FUZZ=ON, clang): fuzz_webp FOLDER. Without it, replay.c has a main that runs
 * the files that it is given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIXELS = 1 << 20 };

struct memory {
    const uint8_t *data;
    size_t size, offset;
};

struct outcome {
    int status, n_rows;
    struct sct_picture picture;
    struct sct_report report;
    uint64_t hash[SCT_MAX_COMPONENTS]; /* of all samples that were delivered */
};

static int read_memory(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct memory *m = ctx;
    const size_t left = m->size - m->offset;
    *n = left < capacity ? left : capacity;
    memcpy(buffer, m->data + m->offset, *n);
    m->offset += *n;
    return SCT_OK;
}

static void fail(const char *text, const struct outcome *o)
{
    fprintf(stderr, "%s: %s, %s\n", text, sct_status_name(o->status), o->report.message);
    abort();
}

static uint64_t hash_row(uint64_t h, const uint8_t *row, int width, int step)
{
    for (int x = 0; x < width; x++)
        h = (h ^ row[x * step]) * 1099511628211u;
    return h;
}

static void decode(struct outcome *o, const uint8_t *data, size_t size, int salvage)
{
    struct memory memory = {data, size, 0};
    const struct sct_source source = {read_memory, &memory};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct sct_band band;
    sct_decoder *d;

    memset(o, 0, sizeof *o);
    if (!reader)
        abort();
    sct_reader_init(reader, &source);
    const struct sct_decoder_spec spec = {.reader = reader,
                                          .limits = {.max_pixels = MAX_PIXELS},
                                          .salvage = salvage,
                                          .report = &o->report};
    o->status = sct_webp_decoder.open(&d, &spec, &o->picture);
    while (o->status == SCT_OK) {
        o->status = sct_webp_decoder.read_band(d, &band);
        for (int ci = 0; o->status == SCT_OK && ci < o->picture.n_components; ci++)
            for (int y = 0; y < band.component[ci].n_rows; y++) {
                const uint8_t *row = band.component[ci].samples;
                row += y * band.component[ci].stride_bytes;
                o->hash[ci] =
                    hash_row(o->hash[ci], row, o->picture.component[ci].width, 1);
                o->n_rows += ci == 0;
            }
    }
    if ((o->status < 0) != (o->report.message[0] != '\0'))
        fail("a status without a reason, or the reverse", o);
    if (o->status == SCT_DONE && o->n_rows != o->picture.height)
        fail("done before the last row", o);
    sct_webp_decoder.close(d);
    free(reader);
}

/* libwebp has two decoders. The incremental one, which ours and browsers use, wants something behind
 * the header of the first partition; the other reads on, in zeros. */
static int is_read_incrementally(const uint8_t *data, size_t size)
{
    WebPIDecoder *const d = WebPINewDecoder(NULL);
    const int is_read = d && WebPIUpdate(d, data, size) == VP8_STATUS_OK;
    WebPIDelete(d);
    return is_read;
}

/* The same without us; no hash where a picture is not decoded, or does not fill its canvas. */
static int hash_picture(uint64_t hash[SCT_MAX_COMPONENTS], const uint8_t *data,
                        size_t size, int width, int height, int has_alpha)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config) ||
        WebPGetFeatures(data, size, &config.input) != VP8_STATUS_OK ||
        config.input.width != width || config.input.height != height ||
        config.input.has_alpha != has_alpha || (int64_t)width * height > MAX_PIXELS)
        return 0;
    const int is_lossless = config.input.format == 2;
    const int n = 3 + (config.input.has_alpha != 0);
    config.output.colorspace =
        is_lossless ? (n == 4 ? MODE_RGBA : MODE_RGB) : (n == 4 ? MODE_YUVA : MODE_YUV);
    const int is_decoded = WebPDecode(data, size, &config) == VP8_STATUS_OK &&
                           is_read_incrementally(data, size);
    const WebPYUVABuffer *yuva = &config.output.u.YUVA;
    const uint8_t *const planes[] = {yuva->y, yuva->u, yuva->v, yuva->a};
    const int strides[] = {yuva->y_stride, yuva->u_stride, yuva->v_stride,
                           yuva->a_stride};
    memset(hash, 0, SCT_MAX_COMPONENTS * sizeof *hash);
    for (int ci = 0; is_decoded && ci < n; ci++) {
        const int by = !is_lossless && (ci == 1 || ci == 2) ? 2 : 1;
        for (int y = 0; y < (config.input.height + by - 1) / by; y++)
            hash[ci] = is_lossless
                           ? hash_row(hash[ci],
                                      config.output.u.RGBA.rgba + ci +
                                          (ptrdiff_t)y * config.output.u.RGBA.stride,
                                      width, n)
                           : hash_row(hash[ci], planes[ci] + (ptrdiff_t)y * strides[ci],
                                      (width + by - 1) / by, 1);
    }
    WebPFreeDecBuffer(&config.output);
    return is_decoded;
}

/* libwebpdemux leaves out an ALPH that VP8X does not announce, unlike libwebp and us. */
static int hash_truth(uint64_t hash[SCT_MAX_COMPONENTS], const uint8_t *data, size_t size,
                      int has_alpha)
{
    const WebPData file = {data, size};
    WebPDemuxer *demuxer = WebPDemux(&file);
    WebPIterator frame;
    int is_decoded = 0;
    if (demuxer && WebPDemuxGetFrame(demuxer, 1, &frame)) {
        is_decoded =
            hash_picture(hash, frame.fragment.bytes, frame.fragment.size,
                         (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH),
                         (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT), has_alpha);
        WebPDemuxReleaseIterator(&frame);
    }
    WebPDemuxDelete(demuxer);
    return is_decoded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t truth[SCT_MAX_COMPONENTS];
    struct outcome strict, salvaged;

    if (!sct_webp_decoder.probe(data, size))
        return 0;
    decode(&strict, data, size, 0);
    decode(&salvaged, data, size, 1);
    if (strict.report.damage != salvaged.report.damage ||
        (strict.report.damage && salvaged.status != SCT_DONE) ||
        (!strict.report.damage && salvaged.status != strict.status))
        fail("strict and salvaged do not agree", &strict);
    if (hash_truth(truth, data, size, strict.picture.has_alpha)) {
        if (strict.status != SCT_DONE)
            fail("libwebp reads it", &strict);
        if (memcmp(truth, strict.hash, sizeof truth) != 0)
            fail("libwebp reads something else", &strict);
    }
    return 0;
}
