/* Running jobs in memory: sources that deliver in pieces, targets that keep bytes, and an
 * "encoder" that keeps the planes as the resizers made them. */
#ifndef SCT_TEST_CAPTURE_H
#define SCT_TEST_CAPTURE_H

#include "scantling.h"

/* A whole file, or NULL; the caller frees it. */
uint8_t *capture_read_file(const char *path, size_t *n_bytes);

/* A source over bytes in memory; each read gives at most piece_bytes (0: as many as
 * wanted). fail_at: reading at or past this offset is SCT_ERR_IO; SIZE_MAX: never. */
struct capture_input {
    const uint8_t *bytes;
    size_t n_bytes, offset, piece_bytes, fail_at;
};

struct sct_source capture_source(struct capture_input *input);

/* A target over memory. */
struct capture_file {
    uint8_t *bytes;
    size_t n_bytes;
    int is_open, close_status; /* close_status: 1 before close was called */
};

struct capture_files {
    struct capture_file file[SCT_MAX_VARIANTS];
    int n_opened;
    size_t fail_after; /* a write that would pass this many bytes fails; 0: never */
    int fail_close_of; /* the variant whose close fails, or -1 */
};

struct sct_target capture_target(struct capture_files *files);
void capture_free_files(struct capture_files *files);

/* An encoder that keeps planes instead of writing a format: each file then holds the
 * planes of all components one after the other, without padding. Layout as a JPEG's. */
extern const struct sct_encoder_ops capture_planes;

#endif
