/* corpus_metadata.h: marker segments that carry metadata, each with bytes a test can
 * search for.
 *
 * All functions append whole segments (FF, marker, length, payload), ready for the
 * `markers` of a recipe. The words below occur in the files and nowhere else.
 */
#ifndef CORPUS_METADATA_H
#define CORPUS_METADATA_H

#include "corpus_bytes.h"

#define CORPUS_MARK_ICC       "SCT-ICC-PROFILE" /* in the profile's description; to be kept */
#define CORPUS_MARK_GPS       "SCT-GPS-AREA"
#define CORPUS_MARK_MAKERNOTE "SCT-MAKERNOTE"
#define CORPUS_MARK_THUMBNAIL "SCT-THUMBNAIL" /* a comment inside the Exif thumbnail */
#define CORPUS_MARK_XMP       "SCT-XMP"
#define CORPUS_MARK_IPTC      "SCT-IPTC"
#define CORPUS_MARK_COMMENT   "SCT-COMMENT"

enum /* what else an Exif segment holds besides the orientation */
{
    CORPUS_EXIF_GPS = 1,
    CORPUS_EXIF_MAKERNOTE = 2,
    CORPUS_EXIF_THUMBNAIL = 4,
    CORPUS_EXIF_LOOP = 8,       /* damage: IFD0's next IFD is IFD0 */
    CORPUS_EXIF_HUGE_COUNT = 16 /* damage: IFD0 claims 65535 entries */
};

/* orientation: 1..8, or any 16-bit number for the damaged ones; 0 leaves the tag out. */
void corpus_metadata_put_exif(struct corpus_bytes *out, enum corpus_endian endian,
                              unsigned orientation, unsigned parts);

enum corpus_icc_chunks {
    CORPUS_ICC_GOOD,        /* 1 of 2, 2 of 2 */
    CORPUS_ICC_REVERSED,    /* 2 of 2, 1 of 2: legal, rare */
    CORPUS_ICC_MISSING,     /* 1 of 2 only */
    CORPUS_ICC_WRONG_COUNT, /* 1 of 2, 2 of 3 */
    CORPUS_ICC_TWICE        /* 1 of 2, 1 of 2 */
};

/* The profile itself: version 2, RGB matrix and a gamma of 2.2, close to sRGB. */
void corpus_metadata_put_profile(struct corpus_bytes *out);

/* The profile in APP2 segments. */
void corpus_metadata_put_icc(struct corpus_bytes *out, enum corpus_icc_chunks chunks);

void corpus_metadata_put_xmp(struct corpus_bytes *out);
void corpus_metadata_put_iptc(struct corpus_bytes *out); /* APP13, Photoshop */
void corpus_metadata_put_comment(struct corpus_bytes *out);

/* An APP2 "MPF" index of two pictures. The offsets are zero and the second picture's size
 * is a made-up one: this corpus only asks that the index be dropped. */
void corpus_metadata_put_mpf(struct corpus_bytes *out);

#endif
