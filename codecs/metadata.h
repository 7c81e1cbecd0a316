/* What of a file's metadata goes on into the output, for every format.
 *
 *     none         nothing
 *     copyright    who made the picture, who owns it, who is to be credited: new EXIF with
 *                  Artist and Copyright; beside it new XMP (dc:creator, dc:rights,
 *                  photoshop:Credit) where there is a credit, which EXIF has no place for, or
 *                  a letter outside ASCII, which EXIF does not allow. Nothing is copied
 *     all          copies, GPS and maker notes among them, in which is corrected what the
 *                  output makes wrong: orientation, width and height; thumbnails show the
 *                  picture as it was and are removed, as is what describes further pictures
 *                  behind this one (gain maps, motion photos, extended XMP)
 *
 * Whatever the mode, an output that is not upright gets EXIF that says so. ICC profiles are
 * part of the colours and no concern of this file. */
#ifndef SCT_METADATA_H
#define SCT_METADATA_H

#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sct_metadata_mode { SCT_METADATA_NONE, SCT_METADATA_COPYRIGHT, SCT_METADATA_ALL };

struct sct_metadata_spec {
    enum sct_metadata_mode mode;
    struct sct_bytes exif, xmp, iptc; /* the input's, as in picture.h; borrowed */
    int width, height;                /* of the output, pixels, as stored; >= 1 */
    int orientation; /* that the output still needs, 1..8; 0, as 1: it is upright. For
                        files that are not re-encoded; it comes from `exif`. */
    struct sct_report *report; /* may be NULL; gets warnings about what was dropped */
};

/* The output's, in the same forms as in picture.h; NULL and 0: none. */
struct sct_metadata {
    struct sct_bytes exif, xmp, iptc;
};

/* Fills *out; what cannot be parsed is dropped with a warning. SCT_OK; SCT_ERR_ARGUMENT,
 * SCT_ERR_MEMORY: then there is nothing in *out. Memory: about as much as the input's
 * metadata take. */
SCT_API int sct_metadata_make(struct sct_metadata *out,
                              const struct sct_metadata_spec *spec);

/* Frees what sct_metadata_make made, and makes it empty. */
SCT_API void sct_metadata_free(struct sct_metadata *metadata);

/* Whether this packet speaks of an HDR gain map: Adobe's or Apple's namespace, or a list of
 * pictures (GContainer) with one that is a gain map. Any bytes will do. */
SCT_API int sct_metadata_has_gain_map(struct sct_bytes xmp);

#ifdef __cplusplus
}
#endif
#endif
