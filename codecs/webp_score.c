/* See webp_score.h.
 *
 *     planes --fdct--> coefs  \
 *     file --libwebp--> planes --fdct--> coefs   coef_score.h, of Y and Cr
 *
 * Blocks that reach past an edge are left out, unless there are no others: then what lies
 * behind the edge is 0 on both sides. */
#include "webp_score.h"

#include <webp/decode.h>

#include "bits.h"
#include "coef_score.h"
#include "mem.h"

enum { BLOCK = 8 };
enum { Y, CR, N_SEEN };

/* A fit, by non-negative least squares, to the scores of ten photographs at 400 and 1600 wide and
 * ten qualities, those between 50 and 92. */
static const struct sct_coef_weights weights = {.constant = 0.385,
                                                .luma_full = 0,
                                                .luma_half = 126.1,
                                                .luma_dc = 243.7,
                                                .chroma_full = 14.67,
                                                .exponent = 0.6};

struct seen {
    int width, height; /* samples */
    int width_blocks, height_blocks;
    size_t stride_bytes; /* of what is decoded */
    uint8_t *decoded;
    int16_t *before, *after; /* coefs */
};

struct sct_webp_score {
    const WebPPicture *picture;
    const struct sct_dsp *dsp;
    int n_seen; /* gray: without Cr */
    struct seen seen[N_SEEN];
    uint8_t *cb;        /* decoded, and not looked at */
    uint32_t *activity; /* of a row of blocks; nobody asks */
};

/* The next array: where it lies in `memory`, or NULL while bytes are counted only. */
static void *take(uint8_t *memory, size_t *at, size_t n, size_t item_bytes)
{
    void *const array = memory ? memory + *at : NULL;
    *at = sct_size_add(*at, sct_size_align(sct_size_mul(n, item_bytes)));
    return array;
}

/* Returns the bytes of everything; with memory NULL it only counts. */
static size_t place(struct sct_webp_score *s, int width, int height, uint8_t *memory)
{
    size_t at = sct_size_align(sizeof *s);
    for (int i = 0; i < N_SEEN; i++) {
        struct seen *p = &s->seen[i];
        p->width = i == Y ? width : (width + 1) / 2;
        p->height = i == Y ? height : (height + 1) / 2;
        p->width_blocks = sct_max(p->width / BLOCK, 1);
        p->height_blocks = sct_max(p->height / BLOCK, 1);
        p->stride_bytes = sct_size_align((size_t)p->width);
        const size_t n_coefs =
            sct_size_mul((size_t)p->width_blocks * 64, (size_t)p->height_blocks);
        p->decoded = take(memory, &at, (size_t)p->height, p->stride_bytes);
        p->before = take(memory, &at, n_coefs, sizeof *p->before);
        p->after = take(memory, &at, n_coefs, sizeof *p->after);
    }
    s->cb = take(memory, &at, (size_t)s->seen[CR].height, s->seen[CR].stride_bytes);
    s->activity = take(memory, &at, (size_t)s->seen[Y].width_blocks, sizeof *s->activity);
    return at;
}

size_t sct_webp_score_bytes(int width, int height)
{
    struct sct_webp_score s;
    return place(&s, width, height, NULL);
}

int sct_webp_score_create(sct_webp_score **out, const WebPPicture *picture, int is_gray,
                          const struct sct_dsp *dsp)
{
    const int width = picture->width, height = picture->height;
    struct sct_webp_score *s = sct_mem_alloc(sct_webp_score_bytes(width, height));
    *out = s;
    if (!s)
        return SCT_ERR_MEMORY;
    s->picture = picture;
    s->dsp = dsp;
    s->n_seen = is_gray ? 1 : N_SEEN;
    (void)place(s, width, height, (uint8_t *)s);
    return SCT_OK;
}

void sct_webp_score_free(sct_webp_score *s)
{
    sct_mem_free(s);
}

/* The coefs of a plane. */
static void transform(const struct sct_webp_score *s, const struct seen *p,
                      int16_t *coefs, const uint8_t *plane, ptrdiff_t stride)
{
    for (int y = 0; y < p->height_blocks; y++) {
        const uint8_t *rows[BLOCK];
        for (int i = 0; i < BLOCK; i++)
            rows[i] = plane + sct_min(BLOCK * y + i, p->height - 1) * stride;
        s->dsp->fdct(coefs + (ptrdiff_t)y * p->width_blocks * 64, s->activity, rows,
                     p->width_blocks);
    }
}

void sct_webp_score_start(sct_webp_score *s)
{
    const WebPPicture *picture = s->picture;
    transform(s, &s->seen[Y], s->seen[Y].before, picture->y, picture->y_stride);
    if (s->n_seen == N_SEEN)
        transform(s, &s->seen[CR], s->seen[CR].before, picture->v, picture->uv_stride);
}

static int decode(struct sct_webp_score *s, const uint8_t *file, size_t n_bytes)
{
    const struct seen *y = &s->seen[Y], *cr = &s->seen[CR];
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return SCT_ERR_MEMORY;
    config.output.colorspace = MODE_YUV;
    config.output.is_external_memory = 1;
    config.output.u.YUVA =
        (WebPYUVABuffer){.y = y->decoded,
                         .u = s->cb,
                         .v = cr->decoded,
                         .y_stride = (int)y->stride_bytes,
                         .u_stride = (int)cr->stride_bytes,
                         .v_stride = (int)cr->stride_bytes,
                         .y_size = y->stride_bytes * (size_t)y->height,
                         .u_size = cr->stride_bytes * (size_t)cr->height,
                         .v_size = cr->stride_bytes * (size_t)cr->height};
    return WebPDecode(file, n_bytes, &config) == VP8_STATUS_OK ? SCT_OK : SCT_ERR_MEMORY;
}

static struct sct_coef_plane view(const struct seen *p, double range)
{
    struct sct_coef_plane plane = {.width_blocks = p->width_blocks,
                                   .height_blocks = p->height_blocks,
                                   .coefs = p->before,
                                   .levels = p->after,
                                   .range = range};
    for (int i = 0; i < 64; i++)
        plane.steps[i] = 1;
    return plane;
}

int sct_webp_score_estimate(sct_webp_score *s, const uint8_t *file, size_t n_bytes,
                            double *score)
{
    const int status = decode(s, file, n_bytes);
    if (status < 0)
        return status;
    for (int i = 0; i < s->n_seen; i++)
        transform(s, &s->seen[i], s->seen[i].after, s->seen[i].decoded,
                  (ptrdiff_t)s->seen[i].stride_bytes);
    const struct sct_coef_plane luma = view(&s->seen[Y], 219.0 / 255.0);
    const struct sct_coef_plane chroma = view(&s->seen[CR], 224.0 / 255.0);
    *score = sct_coef_score(&luma, s->n_seen == N_SEEN ? &chroma : NULL, &weights);
    return SCT_OK;
}
