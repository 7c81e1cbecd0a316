/* corpus_metadata.c: Exif, ICC, XMP, IPTC, MPF and comments. See corpus_metadata.h.
 *
 * Exif (Exif 2.32, TIFF 6.0), offsets from the byte-order mark:
 *
 *     "Exif\0\0" | II* or MM* | IFD0: Make, Orientation, ->Exif IFD, ->GPS IFD
 *                               Exif IFD: MakerNote      GPS IFD: latitude, area
 *                               IFD1: ->thumbnail (a JPEG)
 */
#include "corpus_metadata.h"

#include <string.h>

#include "corpus_jpeg.h"

enum { APP1 = 0xE1, APP2 = 0xE2, APP13 = 0xED, COM = 0xFE };

static void put_and_free(struct corpus_bytes *out, unsigned marker,
                         struct corpus_bytes *payload)
{
    corpus_bytes_put_segment(out, marker, payload);
    corpus_bytes_free(payload);
}

/* ---- Exif -------------------------------------------------------------------------- */

enum tiff_type {
    TIFF_BYTE = 1,
    TIFF_ASCII = 2,
    TIFF_SHORT = 3,
    TIFF_LONG = 4,
    TIFF_RATIONAL = 5,
    TIFF_UNDEFINED = 7
};

struct tiff_entry {
    unsigned tag;
    enum tiff_type type;
    unsigned long count;
    unsigned long value;             /* the number, when data is NULL */
    const struct corpus_bytes *data; /* else the bytes; stored inline when at most 4 */
};

static size_t measure_ifd(const struct tiff_entry *entries, unsigned n_entries)
{
    size_t size = 2 + 12 * (size_t)n_entries + 4;
    for (unsigned i = 0; i < n_entries; i++)
        if (entries[i].data && entries[i].data->size > 4)
            size += (entries[i].data->size + 1) / 2 * 2;
    return size;
}

/* Appends an IFD at offset tiff->size, its longer values right behind it. */
static void put_ifd(struct corpus_bytes *tiff, enum corpus_endian endian,
                    const struct tiff_entry *entries, unsigned n_entries, size_t next)
{
    size_t values = tiff->size + 2 + 12 * (size_t)n_entries + 4;
    corpus_bytes_put_u16(tiff, endian, n_entries);
    for (unsigned i = 0; i < n_entries; i++) {
        const struct tiff_entry *entry = &entries[i];
        corpus_bytes_put_u16(tiff, endian, entry->tag);
        corpus_bytes_put_u16(tiff, endian, entry->type);
        corpus_bytes_put_u32(tiff, endian, entry->count);
        if (entry->data && entry->data->size > 4) {
            corpus_bytes_put_u32(tiff, endian, values);
            values += (entry->data->size + 1) / 2 * 2;
        } else if (entry->data) {
            corpus_bytes_put(tiff, entry->data->data, entry->data->size);
            corpus_bytes_put_fill(tiff, 0, 4 - entry->data->size);
        } else if (entry->type == TIFF_SHORT) {
            corpus_bytes_put_u16(tiff, endian, (unsigned)entry->value);
            corpus_bytes_put_u16(tiff, endian, 0);
        } else {
            corpus_bytes_put_u32(tiff, endian, entry->value);
        }
    }
    corpus_bytes_put_u32(tiff, endian, next);
    for (unsigned i = 0; i < n_entries; i++)
        if (entries[i].data && entries[i].data->size > 4) {
            corpus_bytes_put(tiff, entries[i].data->data, entries[i].data->size);
            corpus_bytes_put_fill(tiff, 0, entries[i].data->size % 2);
        }
}

static void encode_thumbnail(struct corpus_bytes *out)
{
    struct corpus_bytes mark = {0}, markers = {0};
    corpus_bytes_put_text(&mark, CORPUS_MARK_THUMBNAIL);
    put_and_free(&markers, COM, &mark);
    /* another picture than the main one, as a thumbnail of the uncropped original would
     * be */
    const struct corpus_recipe recipe = {.picture = {CORPUS_TEXT, 40, 24},
                                         .model = CORPUS_YCBCR,
                                         .sampling = "22-11-11",
                                         .quality = 50,
                                         .flags = CORPUS_NO_JFIF,
                                         .markers = &markers};
    corpus_jpeg_encode(out, &recipe);
    corpus_bytes_free(&markers);
}

void corpus_metadata_put_exif(struct corpus_bytes *out, enum corpus_endian endian,
                              unsigned orientation, unsigned parts)
{
    struct corpus_bytes make = {0}, note = {0}, latitude = {0}, north = {0}, area = {0};
    struct corpus_bytes thumbnail = {0};
    corpus_bytes_put(&make, "Scantling corpus", 17);
    corpus_bytes_put(&note, CORPUS_MARK_MAKERNOTE "\0made by nobody", 29);
    corpus_bytes_put(&north, "N", 2);
    static const unsigned long degrees[6] = {54, 1, 5, 1, 2500, 100};
    for (int i = 0; i < 6; i++)
        corpus_bytes_put_u32(&latitude, endian, degrees[i]);
    corpus_bytes_put(&area, "ASCII\0\0\0" CORPUS_MARK_GPS, 8 + strlen(CORPUS_MARK_GPS));
    if (parts & CORPUS_EXIF_THUMBNAIL)
        encode_thumbnail(&thumbnail);

    const struct tiff_entry exif[1] = {
        {0x927C, TIFF_UNDEFINED, (unsigned long)note.size, 0, &note}};
    const struct tiff_entry gps[3] = {
        {0x0001, TIFF_ASCII, 2, 0, &north},
        {0x0002, TIFF_RATIONAL, 3, 0, &latitude},
        {0x001C, TIFF_UNDEFINED, (unsigned long)area.size, 0, &area}};

    struct tiff_entry ifd0[4];
    unsigned n_ifd0 = 0, exif_at = 0, gps_at = 0;
    ifd0[n_ifd0++] =
        (struct tiff_entry){0x010F, TIFF_ASCII, (unsigned long)make.size, 0, &make};
    if (orientation)
        ifd0[n_ifd0++] = (struct tiff_entry){0x0112, TIFF_SHORT, 1, orientation, NULL};
    if (parts & CORPUS_EXIF_MAKERNOTE)
        ifd0[exif_at = n_ifd0++] = (struct tiff_entry){0x8769, TIFF_LONG, 1, 0, NULL};
    if (parts & CORPUS_EXIF_GPS)
        ifd0[gps_at = n_ifd0++] = (struct tiff_entry){0x8825, TIFF_LONG, 1, 0, NULL};

    size_t end = 8 + measure_ifd(ifd0, n_ifd0);
    if (exif_at) {
        ifd0[exif_at].value = end;
        end += measure_ifd(exif, 1);
    }
    if (gps_at) {
        ifd0[gps_at].value = end;
        end += measure_ifd(gps, 3);
    }
    size_t ifd1_at = parts & CORPUS_EXIF_THUMBNAIL ? end
                     : parts & CORPUS_EXIF_LOOP    ? 8
                                                   : 0;

    struct corpus_bytes tiff = {0};
    corpus_bytes_put_text(&tiff, endian == CORPUS_BIG ? "MM" : "II");
    corpus_bytes_put_u16(&tiff, endian, 42);
    corpus_bytes_put_u32(&tiff, endian, 8);
    put_ifd(&tiff, endian, ifd0, n_ifd0, ifd1_at);
    if (exif_at)
        put_ifd(&tiff, endian, exif, 1, 0);
    if (gps_at)
        put_ifd(&tiff, endian, gps, 3, 0);
    if (parts & CORPUS_EXIF_THUMBNAIL) {
        struct tiff_entry ifd1[3] = {
            {0x0103, TIFF_SHORT, 1, 6, NULL}, /* compression: JPEG */
            {0x0201, TIFF_LONG, 1, 0, NULL},
            {0x0202, TIFF_LONG, 1, (unsigned long)thumbnail.size, NULL}};
        ifd1[1].value = tiff.size + measure_ifd(ifd1, 3);
        put_ifd(&tiff, endian, ifd1, 3, 0);
        corpus_bytes_put(&tiff, thumbnail.data, thumbnail.size);
    }
    if (parts & CORPUS_EXIF_HUGE_COUNT)
        tiff.data[8] = tiff.data[9] = 0xFF;

    struct corpus_bytes payload = {0};
    corpus_bytes_put(&payload, "Exif\0", 6);
    corpus_bytes_put(&payload, tiff.data, tiff.size);
    put_and_free(out, APP1, &payload);
    corpus_bytes_free(&tiff);
    corpus_bytes_free(&make);
    corpus_bytes_free(&note);
    corpus_bytes_free(&latitude);
    corpus_bytes_free(&north);
    corpus_bytes_free(&area);
    corpus_bytes_free(&thumbnail);
}

/* ---- ICC --------------------------------------------------------------------------- */

enum icc_data {
    ICC_DESC,
    ICC_TEXT,
    ICC_WHITE,
    ICC_RED,
    ICC_GREEN,
    ICC_BLUE,
    ICC_CURVE,
    ICC_N_DATA
};

static void put_icc_xyz(struct corpus_bytes *out, const unsigned long xyz[3])
{
    corpus_bytes_put(out, "XYZ \0\0\0\0", 8);
    for (int i = 0; i < 3; i++)
        corpus_bytes_put_u32(out, CORPUS_BIG, xyz[i]);
}

static void put_icc_data(struct corpus_bytes *out, enum icc_data which)
{
    /* s15Fixed16 numbers: the D50 white, and sRGB's primaries adapted to it */
    static const unsigned long xyz[4][3] = {{0xF6D6, 0x10000, 0xD32D},
                                            {0x6FA2, 0x38F5, 0x0390},
                                            {0x6299, 0xB785, 0x18DA},
                                            {0x24A0, 0x0F84, 0xB6CF}};
    static const char text[] = "No copyright, use freely";
    static const char name[] = CORPUS_MARK_ICC;
    switch (which) {
    case ICC_DESC:
        corpus_bytes_put(out, "desc\0\0\0\0", 8);
        corpus_bytes_put_u32(out, CORPUS_BIG, sizeof name);
        corpus_bytes_put(out, name, sizeof name);
        corpus_bytes_put_fill(out, 0,
                              4 + 4 + 2 + 1 + 67); /* no Unicode, no ScriptCode name */
        break;
    case ICC_TEXT:
        corpus_bytes_put(out, "text\0\0\0\0", 8);
        corpus_bytes_put(out, text, sizeof text);
        break;
    case ICC_CURVE:
        corpus_bytes_put(out, "curv\0\0\0\0", 8);
        corpus_bytes_put_u32(out, CORPUS_BIG, 1);
        corpus_bytes_put_u16(out, CORPUS_BIG, 0x0233); /* 2.2 in u8Fixed8 */
        break;
    default: put_icc_xyz(out, xyz[which - ICC_WHITE]); break;
    }
    while (out->size % 4)
        corpus_bytes_put_u8(out, 0);
}

void corpus_metadata_put_profile(struct corpus_bytes *out)
{
    static const struct {
        char name[5];
        enum icc_data data;
    } tags[9] = {{"desc", ICC_DESC},  {"cprt", ICC_TEXT},  {"wtpt", ICC_WHITE},
                 {"rXYZ", ICC_RED},   {"gXYZ", ICC_GREEN}, {"bXYZ", ICC_BLUE},
                 {"rTRC", ICC_CURVE}, {"gTRC", ICC_CURVE}, {"bTRC", ICC_CURVE}};
    struct corpus_bytes body = {0};
    size_t offset[ICC_N_DATA], size[ICC_N_DATA];
    size_t begin = 128 + 4 + sizeof tags / sizeof tags[0] * 12;
    for (int i = 0; i < ICC_N_DATA; i++) {
        offset[i] = begin + body.size;
        put_icc_data(&body, (enum icc_data)i);
        size[i] = begin + body.size - offset[i];
    }

    corpus_bytes_put_u32(out, CORPUS_BIG, (unsigned long)(begin + body.size));
    corpus_bytes_put_fill(out, 0, 4);
    corpus_bytes_put_u32(out, CORPUS_BIG, 0x02100000); /* version 2.1 */
    corpus_bytes_put_text(out, "mntrRGB XYZ ");
    static const unsigned date[6] = {2024, 1, 1, 0, 0, 0};
    for (int i = 0; i < 6; i++)
        corpus_bytes_put_u16(out, CORPUS_BIG, date[i]);
    corpus_bytes_put_text(out, "acsp");
    corpus_bytes_put_fill(out, 0,
                          28); /* no platform, flags, maker, model, attributes, intent */
    for (int i = 0; i < 3; i++) {
        static const unsigned long d50[3] = {0xF6D6, 0x10000, 0xD32D};
        corpus_bytes_put_u32(out, CORPUS_BIG, d50[i]);
    }
    corpus_bytes_put_fill(out, 0, 48); /* creator, reserved */
    corpus_bytes_put_u32(out, CORPUS_BIG, sizeof tags / sizeof tags[0]);
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        corpus_bytes_put_text(out, tags[i].name);
        corpus_bytes_put_u32(out, CORPUS_BIG, (unsigned long)offset[tags[i].data]);
        corpus_bytes_put_u32(out, CORPUS_BIG, (unsigned long)size[tags[i].data]);
    }
    corpus_bytes_put(out, body.data, body.size);
    corpus_bytes_free(&body);
}

static void put_icc_chunk(struct corpus_bytes *out, const struct corpus_bytes *profile,
                          unsigned number, unsigned count)
{
    size_t half = profile->size / 2;
    struct corpus_bytes payload = {0};
    corpus_bytes_put(&payload, "ICC_PROFILE", 12);
    corpus_bytes_put_u8(&payload, number);
    corpus_bytes_put_u8(&payload, count);
    corpus_bytes_put(&payload, profile->data + (number == 1 ? 0 : half),
                     number == 1 ? half : profile->size - half);
    put_and_free(out, APP2, &payload);
}

void corpus_metadata_put_icc(struct corpus_bytes *out, enum corpus_icc_chunks chunks)
{
    struct corpus_bytes profile = {0};
    corpus_metadata_put_profile(&profile);
    if (chunks == CORPUS_ICC_REVERSED)
        put_icc_chunk(out, &profile, 2, 2);
    put_icc_chunk(out, &profile, 1, 2);
    if (chunks == CORPUS_ICC_GOOD)
        put_icc_chunk(out, &profile, 2, 2);
    else if (chunks == CORPUS_ICC_WRONG_COUNT)
        put_icc_chunk(out, &profile, 2, 3);
    else if (chunks == CORPUS_ICC_TWICE)
        put_icc_chunk(out, &profile, 1, 2);
    corpus_bytes_free(&profile);
}

/* ---- the others -------------------------------------------------------------------- */

void corpus_metadata_put_xmp(struct corpus_bytes *out)
{
    static const char signature[] = "http://ns.adobe.com/xap/1.0/";
    struct corpus_bytes payload = {0};
    corpus_bytes_put(&payload, signature, sizeof signature);
    corpus_bytes_put_text(
        &payload,
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
        "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
        "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" rdf:about=\"\" "
        "dc:source=\"" CORPUS_MARK_XMP "\"/></rdf:RDF></x:xmpmeta>");
    put_and_free(out, APP1, &payload);
}

void corpus_metadata_put_iptc(struct corpus_bytes *out)
{
    static const char caption[] = CORPUS_MARK_IPTC;
    size_t length = sizeof caption - 1, block = 5 + length;
    struct corpus_bytes payload = {0};
    corpus_bytes_put(&payload, "Photoshop 3.0", 14);
    corpus_bytes_put(&payload, "8BIM\x04\x04\0", 8); /* resource 0x0404, empty name */
    corpus_bytes_put_u32(&payload, CORPUS_BIG, (unsigned long)block);
    corpus_bytes_put(&payload, "\x1C\x02\x78", 3); /* record 2, data set 120: caption */
    corpus_bytes_put_u16(&payload, CORPUS_BIG, (unsigned)length);
    corpus_bytes_put_text(&payload, caption);
    corpus_bytes_put_fill(&payload, 0, block % 2);
    put_and_free(out, APP13, &payload);
}

void corpus_metadata_put_comment(struct corpus_bytes *out)
{
    struct corpus_bytes payload = {0};
    corpus_bytes_put_text(&payload, CORPUS_MARK_COMMENT " a comment");
    put_and_free(out, COM, &payload);
}

void corpus_metadata_put_mpf(struct corpus_bytes *out)
{
    struct corpus_bytes list = {0}, tiff = {0}, payload = {0};
    for (unsigned i = 0; i < 2; i++) {
        corpus_bytes_put_u32(&list, CORPUS_BIG, i == 0 ? 0x20030000 : 0);
        corpus_bytes_put_u32(&list, CORPUS_BIG, 4096);
        corpus_bytes_put_fill(&list, 0, 8); /* offset, dependent pictures */
    }
    struct corpus_bytes version = {0};
    corpus_bytes_put_text(&version, "0100");
    const struct tiff_entry entries[3] = {
        {0xB000, TIFF_UNDEFINED, 4, 0, &version},
        {0xB001, TIFF_LONG, 1, 2, NULL},
        {0xB002, TIFF_UNDEFINED, (unsigned long)list.size, 0, &list}};
    corpus_bytes_put_text(&tiff, "MM");
    corpus_bytes_put_u16(&tiff, CORPUS_BIG, 42);
    corpus_bytes_put_u32(&tiff, CORPUS_BIG, 8);
    put_ifd(&tiff, CORPUS_BIG, entries, 3, 0);
    corpus_bytes_put(&payload, "MPF", 4);
    corpus_bytes_put(&payload, tiff.data, tiff.size);
    put_and_free(out, APP2, &payload);
    corpus_bytes_free(&version);
    corpus_bytes_free(&list);
    corpus_bytes_free(&tiff);
}
