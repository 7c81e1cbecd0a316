/* Signatures of APPn segments, to find them by and to write them with. */
#include "jpeg_app.h"

#include <string.h>

#define SIGNATURE(literal) (literal), sizeof(literal)

/* The zero behind a literal is part of the signature. */
static const struct {
    int marker;
    const char *prefix;
    size_t prefix_bytes;
    const char *name;
} apps[] = {
    [SCT_JPEG_APP_EXIF] = {0xE1, SIGNATURE("Exif\0"), "EXIF"},
    [SCT_JPEG_APP_XMP] = {0xE1, SIGNATURE("http://ns.adobe.com/xap/1.0/"), "XMP"},
    [SCT_JPEG_APP_IPTC] = {0xED, SIGNATURE("Photoshop 3.0"), "IPTC"},
    [SCT_JPEG_APP_ICC] = {0xE2, SIGNATURE("ICC_PROFILE"), "ICC"},
    [SCT_JPEG_APP_MPF] = {0xE2, SIGNATURE("MPF"), "MPF"},
    [SCT_JPEG_APP_GAIN_MAP] = {0xE2, SIGNATURE("urn:iso:std:iso:ts:21496:-1"),
                               "gain map"},
};

enum sct_jpeg_app sct_jpeg_app_find(int marker, const uint8_t *payload, size_t n_bytes,
                                    size_t *prefix_bytes)
{
    for (int i = 0; i < SCT_JPEG_APP_OTHER; i++)
        if (apps[i].marker == marker && n_bytes >= apps[i].prefix_bytes &&
            !memcmp(payload, apps[i].prefix, apps[i].prefix_bytes))
        {
            *prefix_bytes = apps[i].prefix_bytes;
            return (enum sct_jpeg_app)i;
        }
    *prefix_bytes = 0;
    return SCT_JPEG_APP_OTHER;
}

int sct_jpeg_app_write(enum sct_jpeg_app app, struct sct_bytes bytes,
                       const struct sct_jpeg_app_sink *sink, struct sct_report *report)
{
    const size_t room = SCT_JPEG_SEGMENT_BYTES - apps[app].prefix_bytes;
    int status = SCT_OK;

    if (bytes.n_bytes > room && app != SCT_JPEG_APP_IPTC) {
        sct_report_warn(report, "%zu bytes of %s do not fit in a JPEG and were dropped",
                        bytes.n_bytes, apps[app].name);
        return SCT_OK;
    }
    /* Readers put the resources of all segments together before they look at them. */
    for (size_t at = 0; at < bytes.n_bytes && status == SCT_OK; at += room) {
        const size_t left = bytes.n_bytes - at;
        status =
            sink->put(sink->ctx, apps[app].marker, apps[app].prefix,
                      apps[app].prefix_bytes, bytes.data + at, left < room ? left : room);
    }
    return status;
}
