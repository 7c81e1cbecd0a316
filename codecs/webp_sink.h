/* What libwebp's encoder writes, on its way to the sink: chunks of metadata are put in. */
#ifndef SCT_WEBP_SINK_H
#define SCT_WEBP_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "RIFF" size "WEBP", the next chunk's header, and a VP8X: what has to be seen, or is
 * written, at once. */
enum { SCT_WEBP_SINK_HEAD = 30 };

struct sct_webp_sink {
    struct sct_sink target;
    struct sct_bytes icc, exif, xmp; /* borrowed */
    int width, height;
    uint8_t head[SCT_WEBP_SINK_HEAD]; /* libwebp's first bytes, until they are written */
    size_t n_head;
    int status; /* of the target; sticky */
};

/* More metadata than this do not fit behind a picture in one RIFF, surely. */
#define SCT_WEBP_MAX_METADATA_BYTES ((size_t)1 << 31)

/* The picture's size is for the VP8X that metadata need. The caller sets the metadata. */
void sct_webp_sink_init(struct sct_webp_sink *s, const struct sct_sink *target, int width,
                        int height);

/* For another file with the same metadata. */
void sct_webp_sink_restart(struct sct_webp_sink *s, const struct sct_sink *target);

/* The next bytes of a file by libwebp, from its first one on. SCT_OK or SCT_ERR_IO. */
int sct_webp_sink_write(struct sct_webp_sink *s, const uint8_t *data, size_t n_bytes);

/* After the last one: the metadata that stand at the end. */
int sct_webp_sink_finish(struct sct_webp_sink *s);

#ifdef __cplusplus
}
#endif
#endif
