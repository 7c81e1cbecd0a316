/* bench_rounding PIXELS.ppm QUALITY exact|rounded OUT.jpg: what the rounding of rows to 8 bits costs.
 *
 * Encodes a PPM of 16 bits by effort 1, 4:2:0. The forward DCT is one in double precision, which
 * sees planes of YCbCr as they are, or rounded to 8 bits as the resizers deliver them; everything
 * behind it is the encoder's own. bench/rounding compares the two. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_support.h"
#include "dsp.h"
#include "encoder.h"

enum { MAX_PLANES = 3, BAND_ROWS = 16 };

/* Whole MCUs. `bytes` are what the encoder sees, and by their addresses find the samples: the
 * kernel's table has no room for more. */
struct plane {
    int width, height;
    uint8_t *bytes;
    double *samples;
};

static struct plane planes[MAX_PLANES];

static double find_sample(const uint8_t *byte)
{
    for (int ci = 0; ci < MAX_PLANES; ci++) {
        const struct plane *p = &planes[ci];
        if (byte >= p->bytes && byte < p->bytes + (ptrdiff_t)p->width * p->height)
            return p->samples[byte - p->bytes];
    }
    abort();
}

/* dsp.h's fdct, T.81 A.3.3 in double precision. */
static void transform(int16_t *dst, uint32_t *activity, const uint8_t *const rows[8],
                      int n_blocks)
{
    static double cosines[8][8];
    const double pi = 3.14159265358979323846;
    for (int u = 0; u < 8; u++)
        for (int x = 0; x < 8; x++)
            cosines[u][x] = cos((2 * x + 1) * u * pi / 16) * (u ? 0.5 : sqrt(0.125));
    for (int b = 0; b < n_blocks; b++) {
        double half[8][8]; /* [y][u] */
        activity[b] = 0;
        for (int y = 0; y < 8; y++)
            for (int u = 0; u < 8; u++) {
                half[y][u] = 0;
                for (int x = 0; x < 8; x++)
                    half[y][u] +=
                        cosines[u][x] * (find_sample(rows[y] + 8 * b + x) - 128.0);
            }
        for (int u = 0; u < 8; u++)
            for (int v = 0; v < 8; v++) {
                double coef = 0;
                for (int y = 0; y < 8; y++)
                    coef += cosines[v][y] * half[y][u];
                const int16_t value = (int16_t)lrint(16 * coef);
                dst[64 * b + 8 * u + v] = value;
                if (u + v > 0)
                    activity[b] += (uint32_t)abs(value);
            }
    }
}

static void allocate(struct plane *p, int width, int height)
{
    p->width = width;
    p->height = height;
    p->bytes = calloc((size_t)width, (size_t)height);
    p->samples = calloc((size_t)width * (size_t)height, sizeof *p->samples);
    if (!p->bytes || !p->samples)
        abort();
}

/* The sum of 16-bit samples of a pixel, each times its weight, in levels of 8 bits. */
static double mix(const unsigned char *pixel, const double weights[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += weights[i] * (pixel[2 * i] << 8 | pixel[2 * i + 1]);
    return sum / 257.0;
}

/* Planes of whole MCUs from the pixels, the last ones repeated; chroma is the mean of four. */
static void make_planes(const unsigned char *pixels, int width, int height,
                        int is_rounded)
{
    static const double weights[MAX_PLANES][3] = {{0.299, 0.587, 0.114},
                                                  {-0.299 / 1.772, -0.587 / 1.772, 0.5},
                                                  {0.5, -0.587 / 1.402, -0.114 / 1.402}};
    for (int ci = 0; ci < MAX_PLANES; ci++) {
        struct plane *p = &planes[ci];
        const int n = ci ? 2 : 1;
        allocate(p, (width + 15) / 16 * 16 / n, (height + 15) / 16 * 16 / n);
        for (int y = 0; y < p->height; y++)
            for (int x = 0; x < p->width; x++) {
                double sum = 0;
                for (int k = 0; k < n * n; k++) {
                    const int column = x * n + k % n, row = y * n + k / n;
                    const ptrdiff_t at =
                        (ptrdiff_t)(row < height ? row : height - 1) * width +
                        (column < width ? column : width - 1);
                    sum += mix(pixels + 6 * at, weights[ci]);
                }
                const double value = sum / (n * n) + (ci ? 128.0 : 0.0);
                p->samples[y * p->width + x] = is_rounded ? rint(value) : value;
            }
    }
}

static int write_file(void *ctx, const void *data, size_t n)
{
    return fwrite(data, 1, n, ctx) == n ? SCT_OK : SCT_ERR_IO;
}

static int encode(int width, int height, int quality, FILE *file)
{
    struct sct_dsp dsp;
    struct sct_encoder_layout layout;
    sct_encoder *e;
    if (sct_dsp_init(&dsp, NULL) < 0)
        return -1;
    dsp.fdct = transform;
    struct sct_encoder_spec spec = {.width = width,
                                    .height = height,
                                    .model = SCT_YCC,
                                    .n_components = 3,
                                    .component = {{2, 2}, {1, 1}, {1, 1}},
                                    .quality = quality,
                                    .effort = 1,
                                    .optimize = 1,
                                    .dsp = &dsp,
                                    .sink = {write_file, file}};
    int status = sct_jpeg_encoder.open(&e, &spec, &layout);
    for (int band = 0; status == SCT_OK && band < layout.n_bands; band++) {
        uint8_t *row[MAX_PLANES][BAND_ROWS];
        uint8_t *const *rows[SCT_MAX_COMPONENTS] = {row[0], row[1], row[2]};
        for (int ci = 0; ci < MAX_PLANES; ci++)
            for (int i = 0; i < layout.component[ci].band_rows; i++)
                row[ci][i] = planes[ci].bytes +
                             (ptrdiff_t)(band * layout.component[ci].band_rows + i) *
                                 planes[ci].width;
        status = sct_jpeg_encoder.write_band(e, rows);
    }
    if (status == SCT_OK)
        status = sct_jpeg_encoder.finish(e);
    sct_jpeg_encoder.close(e);
    return status;
}

int main(int argc, char **argv)
{
    struct bench_file in;
    int width, height, n_head = 0;
    if (argc != 5 || atoi(argv[2]) < 1 || bench_read_file(argv[1], &in) < 0) {
        fprintf(stderr,
                "usage: bench_rounding PIXELS.ppm QUALITY exact|rounded OUT.jpg\n");
        return 2;
    }
    in.bytes[in.n_bytes] = '\0';
    if (sscanf((const char *)in.bytes, "P6 %d %d 65535%n", &width, &height, &n_head) !=
            2 ||
        in.n_bytes < (size_t)n_head + 1 + 6 * (size_t)width * (size_t)height)
    {
        fprintf(stderr, "%s: not a PPM of 16 bits\n", argv[1]);
        return 1;
    }
    make_planes(in.bytes + n_head + 1, width, height, strcmp(argv[3], "rounded") == 0);
    FILE *file = fopen(argv[4], "wb");
    if (!file || encode(width, height, atoi(argv[2]), file) != SCT_OK ||
        fclose(file) != 0) {
        fprintf(stderr, "%s: cannot be written\n", argv[4]);
        return 1;
    }
    for (int ci = 0; ci < MAX_PLANES; ci++) {
        free(planes[ci].bytes);
        free(planes[ci].samples);
    }
    bench_free_file(&in);
    return 0;
}
