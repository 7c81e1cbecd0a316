/* Takes metadata out of a JPEG and leaves the picture untouched, byte for byte: nothing is
 * decoded.
 *
 * What stays: frame and scan headers, tables, entropy-coded data; JFIF's marker without its
 * thumbnail; Adobe's marker; the ICC profile. All other APPn segments go, and so do comments,
 * what T.81 reserves, fill bytes in front of markers, bytes between segments and everything
 * behind the first EOI (further pictures, films). In the place of what went come the caller's
 * EXIF, XMP and image resources: in front of the first segment that is not JFIF's.
 *
 * Pushed in pieces, so that it can be given what a decoder reads. The output does not depend
 * on how the input is cut into pieces. */
#ifndef SCT_JPEG_STRIP_H
#define SCT_JPEG_STRIP_H

#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sct_jpeg_strip_options {
    /* To be written, as in picture.h; borrowed until the strip is freed. EXIF and XMP that
     * are too large for a segment are left out, with a warning. */
    struct sct_bytes exif, xmp, iptc;
    int drops_icc;
    int ends_early; /* what would be SCT_ERR_CORRUPT behind the beginning of a scan is the end of
                       the picture, with a warning: for files that a decoder has accepted */
    struct sct_report *report; /* borrowed until the strip is freed; may be NULL */
};

typedef struct sct_jpeg_strip sct_jpeg_strip;

/* The sink is used until the strip is freed. SCT_OK; SCT_ERR_MEMORY, and *out is NULL. */
SCT_API int sct_jpeg_strip_create(sct_jpeg_strip **out,
                                  const struct sct_jpeg_strip_options *options,
                                  const struct sct_sink *sink);

/* The next n_bytes of the file, any number of them. SCT_OK; SCT_DONE: the picture has come to
 * its end, and what follows will be ignored; SCT_ERR_NOT_AN_IMAGE: no JPEG begins so;
 * SCT_ERR_CORRUPT: a segment's length is impossible, or a second picture begins inside the
 * first; SCT_ERR_IO: the sink failed. Errors stay. */
SCT_API int sct_jpeg_strip_write(sct_jpeg_strip *s, const void *data, size_t n_bytes);

/* The end of the file. An EOI marker that is missing is written, with a warning. SCT_OK; an
 * error that was there before; SCT_ERR_TRUNCATED: not even a scan has begun; SCT_ERR_IO. */
SCT_API int sct_jpeg_strip_finish(sct_jpeg_strip *s);

SCT_API void sct_jpeg_strip_free(sct_jpeg_strip *s); /* accepts NULL */

#ifdef __cplusplus
}
#endif
#endif
