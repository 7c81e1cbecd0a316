/* See prepare.h. */
#include "prepare.h"

#include "colour.h"
#include "mem.h"

#include <assert.h>
#include <string.h>

enum { BAND_ROWS = 8 };

static size_t row_bytes(const struct sct_picture *picture)
{
    return sct_size_align(sct_size_mul((size_t)picture->width, sizeof(uint16_t)));
}

static size_t rows_bytes(const struct sct_picture *picture)
{
    return sct_size_mul(row_bytes(picture), (size_t)picture->n_components * BAND_ROWS);
}

size_t sct_prepare_bytes(const struct sct_picture *picture, int is_linear)
{
    const size_t table = is_linear ? SCT_COLOUR_LEVELS * sizeof(uint16_t) : 0;
    return sct_size_add(rows_bytes(picture), table);
}

int sct_prepare_create(struct sct_prepare *p, const struct sct_picture *picture,
                       int is_linear)
{
    *p = (struct sct_prepare){.n_components = picture->n_components,
                              .has_alpha = picture->has_alpha,
                              .depth = picture->depth,
                              .width = picture->width,
                              .stride_bytes = (ptrdiff_t)row_bytes(picture)};
    p->rows = sct_mem_alloc(rows_bytes(picture));
    if (is_linear)
        p->to_linear = sct_mem_alloc(SCT_COLOUR_LEVELS * sizeof(uint16_t));
    if (!p->rows || (is_linear && !p->to_linear)) {
        sct_prepare_free(p);
        return SCT_ERR_MEMORY;
    }
    if (is_linear)
        sct_colour_fill_to_linear(p->to_linear);
    return SCT_OK;
}

void sct_prepare_free(struct sct_prepare *p)
{
    sct_mem_free(p->rows);
    sct_mem_free(p->to_linear);
    memset(p, 0, sizeof *p);
}

static uint16_t *row_at(const struct sct_prepare *p, int ci, int i)
{
    uint8_t *const base = (uint8_t *)p->rows;
    return (uint16_t *)(void *)(base + (ci * BAND_ROWS + i) * p->stride_bytes);
}

static void load_row(const struct sct_prepare *p, const struct sct_band *in, int ci,
                     int i)
{
    const uint8_t *from =
        (const uint8_t *)in->component[ci].samples + i * in->component[ci].stride_bytes;
    uint16_t *to = row_at(p, ci, i);
    if (p->depth == 16)
        memcpy(to, from, (size_t)p->width * sizeof *to);
    else
        sct_colour_widen(to, from, p->width);
}

static void prepare_row(const struct sct_prepare *p, const struct sct_band *in, int i)
{
    const int n_colours = p->n_components - p->has_alpha;
    for (int ci = 0; ci < p->n_components; ci++)
        load_row(p, in, ci, i);
    if (p->has_alpha)
        sct_colour_scale_alpha(row_at(p, n_colours, i), p->width);
    for (int ci = 0; ci < n_colours; ci++) {
        if (p->to_linear)
            sct_colour_look_up(row_at(p, ci, i), p->to_linear, p->width);
        if (p->has_alpha)
            sct_colour_premultiply(row_at(p, ci, i), row_at(p, n_colours, i), p->width);
    }
}

void sct_prepare_band(struct sct_prepare *p, const struct sct_band *in,
                      struct sct_band *out)
{
    const int n_rows = in->component[0].n_rows;
    assert(n_rows <= BAND_ROWS);
    for (int i = 0; i < n_rows; i++)
        prepare_row(p, in, i);
    memset(out, 0, sizeof *out);
    for (int ci = 0; ci < p->n_components; ci++) {
        out->component[ci].samples = row_at(p, ci, 0);
        out->component[ci].stride_bytes = p->stride_bytes;
        out->component[ci].n_rows = n_rows;
    }
}
