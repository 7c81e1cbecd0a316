/* See outplanes.h.
 *
 *     resizers --row--> [ stored rows: ring | whole ] --(turn)--> rows of one band -->
 * encoder
 *
 * Invariants
 *   1. In a ring, rows of bands that were taken are overwritten, others never:
 *      n_filled - next_band * band_rows <= plane.height.
 *   2. The pointers of a band stay valid until the next call that fills a row. */
#include "outplanes.h"

#include "bits.h"
#include "mem.h"
#include "orient.h"

#include <assert.h>
#include <string.h>

static int alloc_plane(struct sct_plane *p, int width, int height, int padded_width,
                       int depth)
{
    const size_t n_samples = (size_t)sct_max(width, padded_width);
    const size_t stride = sct_size_align(n_samples * (size_t)depth / 8);
    p->data = sct_mem_alloc(sct_size_mul(stride, (size_t)height));
    p->stride_bytes = (ptrdiff_t)stride;
    p->width = width;
    p->height = height;
    return p->data != NULL;
}

int sct_outplanes_create(struct sct_outplanes *p, const struct sct_geometry *g, int depth,
                         const struct sct_encoder_layout *layout,
                         const int ring_rows[SCT_MAX_COMPONENTS])
{
    *p = (struct sct_outplanes){.orientation = g->orientation,
                                .depth = depth,
                                .n_components = g->n_components,
                                .n_bands = layout->n_bands};
    const int is_turned = g->orientation != 1;
    for (int ci = 0; ci < g->n_components; ci++) {
        const int band_rows = layout->component[ci].band_rows;
        const int padded = layout->component[ci].padded_width;
        const int width = g->component[ci].x.dst_size;
        p->component[ci].n_rows = g->component[ci].y.dst_size;
        p->component[ci].band_rows = band_rows;
        p->component[ci].upright_height = g->component[ci].height;

        const int rows = is_turned ? p->component[ci].n_rows : ring_rows[ci];
        int ok = alloc_plane(&p->component[ci].plane, width, rows, is_turned ? 0 : padded,
                             depth);
        if (is_turned)
            ok &= alloc_plane(&p->component[ci].turned, g->component[ci].width, band_rows,
                              padded, depth);
        p->component[ci].rows = sct_mem_alloc((size_t)band_rows * sizeof(uint8_t *));
        if (!ok || !p->component[ci].rows) {
            sct_outplanes_free(p);
            return SCT_ERR_MEMORY;
        }
    }
    return SCT_OK;
}

void sct_outplanes_free(struct sct_outplanes *p)
{
    for (int ci = 0; ci < p->n_components; ci++) {
        sct_mem_free(p->component[ci].plane.data);
        sct_mem_free(p->component[ci].turned.data);
        sct_mem_free(p->component[ci].rows);
    }
    memset(p, 0, sizeof *p);
}

size_t sct_outplanes_bytes(const struct sct_geometry *g, int depth,
                           const int ring_rows[SCT_MAX_COMPONENTS])
{
    size_t n = 0;
    for (int ci = 0; ci < g->n_components; ci++) {
        const int rows =
            g->orientation != 1 ? g->component[ci].y.dst_size : ring_rows[ci];
        n = sct_size_add(n,
                         sct_size_mul(sct_size_align((size_t)g->component[ci].x.dst_size *
                                                     (size_t)depth / 8),
                                      (size_t)rows));
    }
    return n;
}

static int ring_slot(const struct sct_outplanes *p, int ci, int row)
{
    return row % p->component[ci].plane.height;
}

int sct_outplanes_wants_row(const struct sct_outplanes *p, int ci)
{
    return p->component[ci].n_filled < p->component[ci].n_rows;
}

uint8_t *sct_outplanes_row(struct sct_outplanes *p, int ci)
{
    const int row = p->component[ci].n_filled;
    assert(p->orientation != 1 || row - p->next_band * p->component[ci].band_rows <
                                      p->component[ci].plane.height);
    return sct_plane_row(&p->component[ci].plane, ring_slot(p, ci, row));
}

void sct_outplanes_filled(struct sct_outplanes *p, int ci)
{
    p->component[ci].n_filled++;
}

/* Upright rows of component ci in the next band: full, or what is left at the bottom. */
static int rows_in_band(const struct sct_outplanes *p, int ci)
{
    const int y = p->next_band * p->component[ci].band_rows;
    return sct_clamp(p->component[ci].upright_height - y, 0, p->component[ci].band_rows);
}

static int is_band_complete(const struct sct_outplanes *p)
{
    for (int ci = 0; ci < p->n_components; ci++) {
        const int wanted =
            p->orientation != 1
                ? p->component[ci].n_rows
                : p->next_band * p->component[ci].band_rows + rows_in_band(p, ci);
        if (p->component[ci].n_filled < wanted)
            return 0;
    }
    return 1;
}

int sct_outplanes_band(struct sct_outplanes *p, uint8_t *const *rows[SCT_MAX_COMPONENTS])
{
    if (p->next_band == p->n_bands)
        return SCT_DONE;
    if (!is_band_complete(p))
        return SCT_NEED_INPUT;

    for (int ci = 0; ci < p->n_components; ci++) {
        const int y = p->next_band * p->component[ci].band_rows;
        const int n = rows_in_band(p, ci);
        struct sct_plane turned = p->component[ci].turned;
        if (p->orientation != 1) {
            turned.height = n;
            sct_orient_rows(&turned, &p->component[ci].plane, p->depth, p->orientation,
                            y);
        }
        for (int i = 0; i < n; i++)
            p->component[ci].rows[i] =
                p->orientation != 1
                    ? sct_plane_row(&turned, i)
                    : sct_plane_row(&p->component[ci].plane, ring_slot(p, ci, y + i));
        rows[ci] = p->component[ci].rows;
    }
    p->next_band++;
    return SCT_OK;
}
