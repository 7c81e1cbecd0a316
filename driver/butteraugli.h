/* Butteraugli, as butteraugli_main of libjxl's tools measures it, where that is installed
 * (Debian's libjxl-devtools). Command only. */
#ifndef SCT_BUTTERAUGLI_H
#define SCT_BUTTERAUGLI_H

#include <stddef.h>

#include "ssimulacra2.h"

struct sct_butteraugli {
    double max;   /* of the map of differences: the worst place */
    double norm3; /* the 3-norm of that map: all of it */
};

/* Runs the program on two pictures of the same size. They go to it in files that have no names
 * and are gone with it, whatever happens. After max_seconds it is stopped.
 *
 * SCT_OK; SCT_ERR_UNSUPPORTED: it is not installed; SCT_ERR_TIMEOUT; SCT_ERR_IO: it failed, or
 * could not be started. `message` says which in a few words. */
int sct_butteraugli_measure(struct sct_butteraugli *b, const struct sct_rgb *reference,
                            const struct sct_rgb *picture, double max_seconds,
                            char *message, size_t message_bytes);

#endif
