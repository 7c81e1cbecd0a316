/* Output planes: the rows of one variant between its resizers and its encoder.
 *
 * Resizers deliver rows of each component as they become ready; the encoder takes bands
 * of all components at once. Upright pictures pass through a ring of rows, just long
 * enough for the components to drift apart as far as they will; others are gathered whole
 * and turned, so memory follows the output, never the input. */
#ifndef SCT_OUTPLANES_H
#define SCT_OUTPLANES_H

#include "encoder.h"
#include "geometry.h"
#include "plane.h"

struct sct_outplanes {
    int orientation;
    int depth; /* bits of a sample, 8 or 16 */
    int n_components;
    int n_bands;   /* of the encoder */
    int next_band; /* the one that has not been taken yet */
    struct {
        struct sct_plane plane; /* stored rows: a ring, or the whole; owned */
        int n_rows;             /* stored rows in all */
        int n_filled;           /* stored rows written so far */
        int band_rows;          /* upright rows in a full band */
        int upright_height;
        struct sct_plane turned; /* one upright band; only when orientation != 1; owned */
        uint8_t **rows;          /* pointers of the current band; owned */
    } component[SCT_MAX_COMPONENTS];
};

/* Plans and allocates. layout: of the bands that are taken. ring_rows[ci]: how many rows of a
 * component may be waiting at once; used when the orientation is 1. SCT_ERR_MEMORY; then
 * nothing needs to be freed. */
int sct_outplanes_create(struct sct_outplanes *p, const struct sct_geometry *geometry,
                         int depth, const struct sct_encoder_layout *layout,
                         const int ring_rows[SCT_MAX_COMPONENTS]);
void sct_outplanes_free(struct sct_outplanes *p); /* accepts a zeroed one */

/* Bytes that create would allocate, about. */
size_t sct_outplanes_bytes(const struct sct_geometry *geometry, int depth,
                           const int ring_rows[SCT_MAX_COMPONENTS]);

/* Whether stored rows of a component are still missing. If so, _row says where the next
 * one goes, and _filled that it is there. */
int sct_outplanes_wants_row(const struct sct_outplanes *p, int ci);
uint8_t *sct_outplanes_row(struct sct_outplanes *p, int ci);
void sct_outplanes_filled(struct sct_outplanes *p, int ci);

/* SCT_OK: the encoder's next band is complete, rows[ci] are its rows. SCT_NEED_INPUT:
 * some rows are missing. SCT_DONE: all bands have been taken. */
int sct_outplanes_band(struct sct_outplanes *p, uint8_t *const *rows[SCT_MAX_COMPONENTS]);

#endif
