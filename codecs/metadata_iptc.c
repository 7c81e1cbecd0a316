/* Photoshop's image resources, and IPTC-IIM in one of them.
 *
 *     resource    "8BIM" | u16 number | name: u8 n, n bytes | pad | u32 n | n bytes | pad
 *     data set    0x1C | record | number | u16 n | n bytes           in resource 0x0404
 *
 * Pads make things even, counted from the resource's first byte. */
#include <string.h>

#include "metadata_parts.h"

enum {
    RESOURCE_IPTC = 0x0404,
    RESOURCE_THUMBNAIL_OLD = 0x0409,
    RESOURCE_THUMBNAIL = 0x040C,
    RESOURCE_EXIF = 0x0422,
    RESOURCE_EXIF_3 = 0x0423,
    RESOURCE_XMP = 0x0424
};

struct resource {
    unsigned number;
    struct sct_bytes whole, data;
};

static unsigned read_u16be(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t read_u32be(const uint8_t *p)
{
    return (uint32_t)read_u16be(p) << 16 | read_u16be(p + 2);
}

/* Takes a resource off the front of *rest. SCT_OK, SCT_DONE, SCT_ERR_CORRUPT. */
static int next_resource(struct resource *r, struct sct_bytes *rest)
{
    const uint8_t *p = rest->data;
    const size_t n = rest->n_bytes;

    if (n == 0 || p[0] == 0) /* or padding */
        return SCT_DONE;
    if (n < 12 || memcmp(p, "8BIM", 4) != 0)
        return SCT_ERR_CORRUPT;
    r->number = read_u16be(p + 4);
    size_t at = 6 + 1 + (size_t)p[6];
    at += at % 2;
    if (n < 4 || at > n - 4)
        return SCT_ERR_CORRUPT;
    const uint32_t size = read_u32be(p + at);
    at += 4;
    if (size > n - at)
        return SCT_ERR_CORRUPT;
    r->data = (struct sct_bytes){p + at, size};
    at += size;
    if (at % 2 && at < n)
        at++;
    r->whole = (struct sct_bytes){p, at};
    rest->data += at;
    rest->n_bytes -= at;
    return SCT_OK;
}

static int read_data_sets(struct sct_credits *found, struct sct_bytes iim)
{
    const uint8_t *p = iim.data;
    size_t n = iim.n_bytes;

    while (n >= 5 && p[0] == 0x1C) {
        const unsigned record = p[1], number = p[2], size = read_u16be(p + 3);
        if (size > n - 5) /* so is an extended length, of which no credit has need */
            return SCT_ERR_CORRUPT;
        if (record == 2 && number == 80)
            sct_credits_append(&found->creator, p + 5, size);
        else if (record == 2 && number == 116)
            sct_credits_append(&found->rights, p + 5, size);
        else if (record == 2 && number == 110)
            sct_credits_append(&found->credit, p + 5, size);
        p += 5 + size;
        n -= 5 + size;
    }
    return n == 0 || p[0] == 0 ? SCT_OK : SCT_ERR_CORRUPT;
}

int sct_iptc_read_credits(struct sct_credits *found, struct sct_bytes iptc)
{
    struct resource r;
    int status;

    while ((status = next_resource(&r, &iptc)) == SCT_OK)
        if (r.number == RESOURCE_IPTC) {
            const int data_status = read_data_sets(found, r.data);
            if (data_status != SCT_OK)
                return data_status;
        }
    return status == SCT_DONE ? SCT_OK : status;
}

/* Thumbnails show what the picture was; second copies of EXIF and XMP would contradict the
 * corrected ones. */
static int is_kept(unsigned number)
{
    return number != RESOURCE_THUMBNAIL_OLD && number != RESOURCE_THUMBNAIL &&
           number != RESOURCE_EXIF && number != RESOURCE_EXIF_3 && number != RESOURCE_XMP;
}

int sct_iptc_correct(struct sct_blob *out, struct sct_bytes iptc)
{
    struct resource r;
    int status;

    while ((status = next_resource(&r, &iptc)) == SCT_OK)
        if (is_kept(r.number)) {
            sct_blob_put(out, r.whole.data, r.whole.n_bytes);
            sct_blob_put(out, "", r.whole.n_bytes % 2); /* its pad was missing */
        }
    return status == SCT_DONE ? SCT_OK : status;
}
