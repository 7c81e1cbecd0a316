/* EXIF (CIPA DC-008, which is TIFF 6.0 inside): credits, new ones, corrected copies.
 *
 * 1. Numbers are read and written through tiff.h, which checks the bounds.
 * 2. A copy keeps every offset as it is: entries are overwritten where they stand, bytes are
 * zeroed, or cut off at the end; what is new stands behind all of them. Maker notes have offsets
 * that nobody else knows.
 * 3. A loop runs over the entries of a directory, or over at most MAX_DIRECTORIES of them,
 * whatever the links say. */
#include <string.h>

#include "mem.h"
#include "metadata_parts.h"
#include "tiff.h"

enum {
    TAG_WIDTH = 0x0100,
    TAG_HEIGHT = 0x0101,
    TAG_STRIP_OFFSETS = 0x0111,
    TAG_ORIENTATION = 0x0112,
    TAG_STRIP_BYTES = 0x0117,
    TAG_ARTIST = 0x013B,
    TAG_JPEG_OFFSET = 0x0201,
    TAG_JPEG_BYTES = 0x0202,
    TAG_COPYRIGHT = 0x8298,
    TAG_EXIF_IFD = 0x8769,
    TAG_GPS_IFD = 0x8825,
    TAG_PIXEL_X = 0xA002,
    TAG_PIXEL_Y = 0xA003,
    MAX_DIRECTORIES = 8,
    ENTRY_BYTES = 12
};

/* ---- credits ----------------------------------------------------------------------- */

/* Both parts of "photographer\0editor\0", if there are two. */
static int read_text(struct sct_blob *to, const struct sct_tiff *t, size_t ifd,
                     unsigned tag)
{
    const size_t at = sct_tiff_find(t, ifd, tag);
    if (!at)
        return SCT_OK;
    const size_t n_bytes = sct_tiff_u32(t, at + 4);
    const size_t from = n_bytes <= 4 ? at + 8 : sct_tiff_u32(t, at + 8);
    if (from > t->n_bytes || n_bytes > t->n_bytes - from)
        return SCT_ERR_CORRUPT;

    const uint8_t *text = t->data + from;
    for (size_t i = 0, begin = 0; i <= n_bytes; i++)
        if (i == n_bytes || text[i] == 0) {
            sct_credits_append(to, text + begin, i - begin);
            begin = i + 1;
        }
    return SCT_OK;
}

int sct_exif_read_credits(struct sct_credits *found, struct sct_bytes exif)
{
    struct sct_tiff t;
    if (!sct_tiff_open(&t, exif.data, exif.n_bytes))
        return SCT_ERR_CORRUPT;
    const size_t ifd0 = sct_tiff_u32(&t, 4);
    const int artist = read_text(&found->creator, &t, ifd0, TAG_ARTIST);
    const int copyright = read_text(&found->rights, &t, ifd0, TAG_COPYRIGHT);
    return artist != SCT_OK ? artist : copyright;
}

/* ---- new --------------------------------------------------------------------------- */

void sct_exif_make(struct sct_blob *out, const struct sct_credits *credits,
                   int orientation)
{
    struct {
        unsigned tag;
        const struct sct_blob *text; /* NULL: the orientation */
    } entry[3];
    unsigned n = 0;

    if (orientation != 1) {
        entry[n].tag = TAG_ORIENTATION;
        entry[n++].text = NULL;
    }
    if (credits && credits->creator.n_bytes) {
        entry[n].tag = TAG_ARTIST;
        entry[n++].text = &credits->creator;
    }
    if (credits && credits->rights.n_bytes) {
        entry[n].tag = TAG_COPYRIGHT;
        entry[n++].text = &credits->rights;
    }
    if (n == 0)
        return;

    size_t value_at = 8 + 2 + 12 * (size_t)n + 4;
    sct_blob_put(out, "II*\0\10\0\0\0", 8);
    sct_blob_put_u16le(out, n);
    for (unsigned i = 0; i < n; i++) {
        const struct sct_blob *text = entry[i].text;
        sct_blob_put_u16le(out, entry[i].tag);
        sct_blob_put_u16le(out, text ? SCT_TIFF_ASCII : SCT_TIFF_SHORT);
        if (!text) {
            sct_blob_put_u32le(out, 1);
            sct_blob_put_u32le(out, (uint32_t)orientation);
            continue;
        }
        const size_t n_bytes = text->n_bytes + 1; /* with a zero */
        sct_blob_put_u32le(out, (uint32_t)n_bytes);
        if (n_bytes <= 4) {
            uint8_t inside[4] = {0};
            memcpy(inside, text->data, text->n_bytes);
            sct_blob_put(out, inside, 4);
        } else {
            sct_blob_put_u32le(out, (uint32_t)value_at);
            value_at += n_bytes + n_bytes % 2;
        }
    }
    sct_blob_put_u32le(out, 0);
    for (unsigned i = 0; i < n; i++)
        if (entry[i].text && entry[i].text->n_bytes + 1 > 4) {
            sct_blob_put(out, entry[i].text->data, entry[i].text->n_bytes);
            sct_blob_put(out, "\0", entry[i].text->n_bytes % 2 ? 1 : 2);
        }
}

/* ---- a corrected copy -------------------------------------------------------------- */

struct correction {
    struct sct_tiff t; /* the original */
    uint8_t *copy;
    size_t n_bytes;      /* of the copy: where the end is cut off */
    size_t zeroed_bytes; /* in all; a limit on what a hostile stream can ask for */
    size_t directory[3]; /* IFD0, EXIF's, GPS': what no thumbnail may overlap */
};

static int is_directory(const struct sct_tiff *t, size_t ifd)
{
    return ifd >= 8 && sct_tiff_u16(t, ifd) > 0 &&
           sct_tiff_count(t, ifd) == sct_tiff_u16(t, ifd);
}

/* Where the directory that `tag` points to is, or 0. */
static size_t find_directory(const struct sct_tiff *t, size_t ifd, unsigned tag)
{
    const size_t at = sct_tiff_find(t, ifd, tag);
    return at ? sct_tiff_u32(t, at + 8) : 0;
}

/* Overwrites all entries with this tag, there may be two, with one number. */
static void replace_number(struct correction *c, size_t ifd, unsigned tag, unsigned type,
                           int value)
{
    const unsigned n = sct_tiff_count(&c->t, ifd);
    for (unsigned i = 0; i < n; i++) {
        const size_t at = ifd + 2 + 12 * (size_t)i;
        if (sct_tiff_u16(&c->t, at) != tag)
            continue;
        sct_tiff_put_u16(&c->t, c->copy, at + 2, type);
        sct_tiff_put_u32(&c->t, c->copy, at + 4, 1);
        sct_tiff_put_u32(&c->t, c->copy, at + 8, 0);
        if (type == SCT_TIFF_SHORT)
            sct_tiff_put_u16(&c->t, c->copy, at + 8, (unsigned)value);
        else
            sct_tiff_put_u32(&c->t, c->copy, at + 8, (uint32_t)value);
    }
}

static int overlaps(size_t a, size_t a_bytes, size_t b, size_t b_bytes)
{
    return a < b + b_bytes && b < a + a_bytes;
}

/* Bytes of a thumbnail: gone. */
static int wipe(struct correction *c, size_t from, size_t n_bytes)
{
    enum { PADDING_BYTES = 3 }; /* that may follow the last thing in a stream */

    if (from >= c->t.n_bytes || n_bytes == 0)
        return SCT_OK; /* there is none */
    if (n_bytes > c->t.n_bytes - from)
        n_bytes = c->t.n_bytes - from;
    if (overlaps(from, n_bytes, 0, 8))
        return SCT_ERR_CORRUPT;
    for (int i = 0; i < 3; i++) {
        const size_t ifd = c->directory[i];
        const size_t size = 2 + 12 * (size_t)sct_tiff_count(&c->t, ifd) + 4;
        if (ifd && overlaps(from, n_bytes, ifd, size))
            return SCT_ERR_CORRUPT;
    }
    c->zeroed_bytes += n_bytes;
    if (c->zeroed_bytes > 2 * c->t.n_bytes)
        return SCT_ERR_CORRUPT;
    memset(c->copy + from, 0, n_bytes);
    if (c->t.n_bytes - from - n_bytes <= PADDING_BYTES && from < c->n_bytes)
        c->n_bytes = from;
    return SCT_OK;
}

/* Value i of the entry at `at`, of SHORTs or LONGs; 0 behind the last. */
static uint32_t read_value(const struct sct_tiff *t, size_t at, uint32_t i)
{
    const int is_short = sct_tiff_u16(t, at + 2) == SCT_TIFF_SHORT;
    const size_t size = is_short ? 2 : 4;
    const size_t count = sct_tiff_u32(t, at + 4);
    const size_t from = count <= 4 / size ? at + 8 : sct_tiff_u32(t, at + 8);
    const size_t place = from + i * size;
    if (i >= count)
        return 0;
    return is_short ? sct_tiff_u16(t, place) : sct_tiff_u32(t, place);
}

/* A thumbnail is a JPEG, or strips of samples. */
static int wipe_thumbnail(struct correction *c, size_t ifd, unsigned offset_tag,
                          unsigned bytes_tag)
{
    const size_t offset_at = sct_tiff_find(&c->t, ifd, offset_tag);
    const size_t bytes_at = sct_tiff_find(&c->t, ifd, bytes_tag);
    if (!offset_at || !bytes_at)
        return SCT_OK;
    const uint32_t n = sct_tiff_u32(&c->t, offset_at + 4);
    if (n > c->t.n_bytes / 2)
        return SCT_ERR_CORRUPT;
    for (uint32_t i = 0; i < n; i++) {
        const int status =
            wipe(c, read_value(&c->t, offset_at, i), read_value(&c->t, bytes_at, i));
        if (status != SCT_OK)
            return status;
    }
    return SCT_OK;
}

static int remove_thumbnails(struct correction *c, size_t ifd0)
{
    size_t ifd = sct_tiff_next(&c->t, ifd0);

    sct_tiff_put_u32(&c->t, c->copy, ifd0 + 2 + 12 * (size_t)sct_tiff_u16(&c->t, ifd0),
                     0);
    for (int i = 0; i < MAX_DIRECTORIES && is_directory(&c->t, ifd); i++) {
        int status = wipe_thumbnail(c, ifd, TAG_JPEG_OFFSET, TAG_JPEG_BYTES);
        if (status == SCT_OK)
            status = wipe_thumbnail(c, ifd, TAG_STRIP_OFFSETS, TAG_STRIP_BYTES);
        if (status != SCT_OK)
            return status;
        ifd = sct_tiff_next(&c->t, ifd);
    }
    return SCT_OK;
}

static void put_u16(struct sct_blob *out, const struct sct_tiff *t, unsigned value)
{
    uint8_t bytes[2];
    const struct sct_tiff to = {bytes, sizeof bytes, t->big_endian};
    sct_tiff_put_u16(&to, bytes, 0, value);
    sct_blob_put(out, bytes, sizeof bytes);
}

static void repeat_entries(struct sct_blob *out, size_t ifd, unsigned begin, unsigned end)
{
    uint8_t entry[ENTRY_BYTES]; /* `out` may move */
    for (unsigned i = begin; i < end && out->status == SCT_OK; i++) {
        memcpy(entry, out->data + ifd + 2 + ENTRY_BYTES * (size_t)i, sizeof entry);
        sct_blob_put(out, entry, sizeof entry);
    }
}

/* IFD0 once more behind everything, with an entry that it lacks, and nothing that follows it.
 * Entries stand in the order of their tags. */
static int add_orientation(struct sct_blob *out, const struct sct_tiff *t, size_t ifd0,
                           int orientation)
{
    const unsigned n = sct_tiff_u16(t, ifd0);
    unsigned i = 0;
    if (n == UINT16_MAX)
        return SCT_ERR_CORRUPT;
    while (i < n && sct_tiff_u16(t, ifd0 + 2 + ENTRY_BYTES * (size_t)i) < TAG_ORIENTATION)
        i++;
    sct_blob_put(out, "\0", out->n_bytes % 2);
    const size_t at = out->n_bytes;
    put_u16(out, t, n + 1);
    repeat_entries(out, ifd0, 0, i);
    put_u16(out, t, TAG_ORIENTATION);
    put_u16(out, t, SCT_TIFF_SHORT);
    put_u16(out, t, t->big_endian ? 0 : 1); /* a count of 1, in 32 bits */
    put_u16(out, t, t->big_endian ? 1 : 0);
    put_u16(out, t, (unsigned)orientation);
    put_u16(out, t, 0);
    repeat_entries(out, ifd0, i, n);
    sct_blob_put(out, "\0\0\0\0", 4);
    if (out->status == SCT_OK)
        sct_tiff_put_u32(t, out->data, 4, (uint32_t)at);
    return out->status;
}

int sct_exif_correct(struct sct_blob *out, struct sct_bytes exif,
                     const struct sct_shape *shape)
{
    struct correction c = {.copy = NULL};

    if (!sct_tiff_open(&c.t, exif.data, exif.n_bytes))
        return SCT_ERR_CORRUPT;
    const size_t ifd0 = sct_tiff_u32(&c.t, 4);
    if (!is_directory(&c.t, ifd0))
        return SCT_ERR_CORRUPT;
    const size_t exif_ifd = find_directory(&c.t, ifd0, TAG_EXIF_IFD);
    if (exif_ifd && !is_directory(&c.t, exif_ifd))
        return SCT_ERR_CORRUPT;
    c.directory[0] = ifd0;
    c.directory[1] = exif_ifd;
    c.directory[2] = find_directory(&c.t, ifd0, TAG_GPS_IFD);

    sct_blob_put(out, exif.data, exif.n_bytes);
    if (out->status != SCT_OK)
        return out->status;
    c.copy = out->data;
    c.n_bytes = exif.n_bytes;
    replace_number(&c, ifd0, TAG_ORIENTATION, SCT_TIFF_SHORT, shape->orientation);
    replace_number(&c, ifd0, TAG_WIDTH, SCT_TIFF_LONG, shape->width);
    replace_number(&c, ifd0, TAG_HEIGHT, SCT_TIFF_LONG, shape->height);
    replace_number(&c, exif_ifd, TAG_PIXEL_X, SCT_TIFF_LONG, shape->width);
    replace_number(&c, exif_ifd, TAG_PIXEL_Y, SCT_TIFF_LONG, shape->height);
    const int status = remove_thumbnails(&c, ifd0);
    out->n_bytes = c.n_bytes;
    if (status != SCT_OK || shape->orientation == 1 ||
        sct_tiff_find(&c.t, ifd0, TAG_ORIENTATION))
        return status;
    return add_orientation(out, &c.t, ifd0, shape->orientation);
}
