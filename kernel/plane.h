/* A plane: one component as a two-dimensional array of samples. */
#ifndef SCT_PLANE_H
#define SCT_PLANE_H

#include <stddef.h>
#include <stdint.h>

struct sct_plane {
    uint8_t *data;          /* the first sample of the first row; not owned */
    ptrdiff_t stride_bytes; /* from a row to the next */
    int width, height;      /* samples that mean something; the stride may hold more */
};

/* The first sample of row `y`. */
static inline uint8_t *sct_plane_row(const struct sct_plane *p, int y)
{
    return p->data + y * p->stride_bytes;
}

#endif
