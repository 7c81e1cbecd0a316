/* Private to the JPEG codec: the APPn segments that carry metadata.
 *
 *     APP1   "Exif\0\0"                            a TIFF stream; one segment
 *     APP1   "http://ns.adobe.com/xap/1.0/\0"      an XMP packet; one segment
 *     APP13  "Photoshop 3.0\0"                     image resources (IPTC is one of them);
 *                                                  as many segments as it takes */
#ifndef SCT_JPEG_APP_H
#define SCT_JPEG_APP_H

#include "io.h"
#include "picture.h"

enum sct_jpeg_app {
    SCT_JPEG_APP_EXIF,
    SCT_JPEG_APP_XMP,
    SCT_JPEG_APP_IPTC,
    SCT_JPEG_APP_ICC, /* below: only recognised */
    SCT_JPEG_APP_MPF,
    SCT_JPEG_APP_GAIN_MAP, /* ISO 21496-1 */
    SCT_JPEG_APP_OTHER
};

enum {
    SCT_JPEG_SEGMENT_BYTES = 65533, /* most that a segment holds behind its length */
    SCT_JPEG_APP_HEAD_BYTES = 29    /* the longest signature */
};

/* What a segment with this marker (0xE0..0xEF) and payload is; *prefix_bytes is the length of
 * the signature in front of its data. OTHER: 0. */
enum sct_jpeg_app sct_jpeg_app_find(int marker, const uint8_t *payload, size_t n_bytes,
                                    size_t *prefix_bytes);

/* Takes one segment: its marker, and a payload that comes in two parts, at most
 * SCT_JPEG_SEGMENT_BYTES together. Not SCT_OK: that is what writing returns, at once. */
struct sct_jpeg_app_sink {
    int (*put)(void *ctx, int marker, const void *prefix, size_t prefix_bytes,
               const uint8_t *data, size_t n_bytes);
    void *ctx;
};

/* Puts EXIF, XMP or IPTC in as many segments as it needs, none for no bytes. EXIF or XMP that
 * do not fit into one segment are left out, with a warning. SCT_OK, or what `put` says. */
int sct_jpeg_app_write(enum sct_jpeg_app app, struct sct_bytes bytes,
                       const struct sct_jpeg_app_sink *sink, struct sct_report *report);

#endif
