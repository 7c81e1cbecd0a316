/* How many scans a JPEG has, without decoding it.
 *
 * One walks past a file's bytes in pieces of any size, as somebody else reads them:
 *
 *     struct sct_jpeg_scans scans = {0};
 *     while (... and !scans.has_ended)
 *         sct_jpeg_scans_walk(&scans, piece, n_bytes);
 *     scans.n_scans
 *
 * It cannot fail: of a damaged or truncated file it is how many scans begin in it; of
 * what is no JPEG, 0. */
#ifndef SCT_JPEG_SCANS_H
#define SCT_JPEG_SCANS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zeroed is the state before the first byte. */
struct sct_jpeg_scans {
    int n_scans;   /* SOS markers so far; stays at INT_MAX */
    int has_ended; /* EOI has been seen, or it is no JPEG: more bytes change nothing */

    /* private: where the walk stands */
    int step;
    unsigned n_left; /* bytes of its segment still to skip */
};

void sct_jpeg_scans_walk(struct sct_jpeg_scans *s, const uint8_t *bytes, size_t n_bytes);

#ifdef __cplusplus
}
#endif
#endif
