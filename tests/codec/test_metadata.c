/* Metadata of the output: what each mode keeps, what it corrects, and that nothing in it can
 * be made to crash. */
#include "codec_test.h"

#include "exif.h"
#include "metadata.h"

enum { II, MM };

/* ---- building input ---------------------------------------------------------------- */

struct stream {
    uint8_t data[2048];
    size_t size;
    int big_endian;
};

static void put(struct stream *s, const void *data, size_t n)
{
    assert_true(s->size + n <= sizeof s->data);
    memcpy(s->data + s->size, data, n);
    s->size += n;
}

static void put_u16(struct stream *s, unsigned value)
{
    const uint8_t b[2] = {(uint8_t)(s->big_endian ? value >> 8 : value),
                          (uint8_t)(s->big_endian ? value : value >> 8)};
    put(s, b, 2);
}

static void put_u32(struct stream *s, uint32_t value)
{
    put_u16(s, s->big_endian ? value >> 16 : value & 0xFFFF);
    put_u16(s, s->big_endian ? value & 0xFFFF : value >> 16);
}

static void put_entry(struct stream *s, unsigned tag, unsigned type, uint32_t count,
                      uint32_t value)
{
    put_u16(s, tag);
    put_u16(s, type);
    put_u32(s, count);
    if (type == 3) {
        put_u16(s, value);
        put_u16(s, 0);
    } else {
        put_u32(s, value);
    }
}

static unsigned get_u16(const struct stream *s, size_t at)
{
    const uint8_t *p = s->data + at;
    return s->big_endian ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static uint32_t get_u32(const struct stream *s, size_t at)
{
    return s->big_endian ? get_u16(s, at) << 16 | get_u16(s, at + 2)
                         : get_u16(s, at + 2) << 16 | get_u16(s, at);
}

/* Where things stand in the stream below. */
enum {
    IFD0 = 8,
    N_IFD0 = 7,
    ARTIST = IFD0 + 2 + 12 * N_IFD0 + 4, /* "Ann Artist\0" and a pad */
    COPYRIGHT = ARTIST + 12,             /* "photographer\0editor\0" */
    EXIF_IFD = COPYRIGHT + 20,
    NOTE = EXIF_IFD + 2 + 12 * 3 + 4, /* "MAKERNOTE" and pads */
    GPS_IFD = NOTE + 12,
    IFD1 = GPS_IFD + 2 + 12 + 4,
    THUMBNAIL = IFD1 + 2 + 12 * 2 + 4,
    THUMBNAIL_BYTES = 40
};

/* EXIF with everything; `behind` bytes follow the thumbnail. */
static struct stream make_exif(int big_endian, size_t behind)
{
    struct stream s = {.big_endian = big_endian};
    put(&s, big_endian ? "MM" : "II", 2);
    put_u16(&s, 42);
    put_u32(&s, IFD0);

    put_u16(&s, N_IFD0);
    put_entry(&s, 0x0100, 3, 1, 4000);
    put_entry(&s, 0x0101, 4, 1, 3000);
    put_entry(&s, 0x0112, 3, 1, 6);
    put_entry(&s, 0x013B, 2, 11, ARTIST);
    put_entry(&s, 0x8298, 2, 20, COPYRIGHT);
    put_entry(&s, 0x8769, 4, 1, EXIF_IFD);
    put_entry(&s, 0x8825, 4, 1, GPS_IFD);
    put_u32(&s, IFD1);
    put(&s, "Ann Artist\0", 12);
    put(&s, "photographer\0editor", 20);
    assert_int_equal(s.size, EXIF_IFD);

    put_u16(&s, 3);
    put_entry(&s, 0x927C, 7, 12, NOTE);
    put_entry(&s, 0xA002, 4, 1, 4000);
    put_entry(&s, 0xA003, 3, 1, 3000);
    put_u32(&s, 0);
    put(&s, "MAKERNOTE\0\0", 12);
    assert_int_equal(s.size, GPS_IFD);
    put_u16(&s, 1);
    put_entry(&s, 0x0001, 2, 2, 0x4E004E00);
    put_u32(&s, 0);
    assert_int_equal(s.size, IFD1);
    put_u16(&s, 2);
    put_entry(&s, 0x0201, 4, 1, THUMBNAIL);
    put_entry(&s, 0x0202, 4, 1, THUMBNAIL_BYTES);
    put_u32(&s, 0);
    assert_int_equal(s.size, THUMBNAIL);
    for (size_t i = 0; i < THUMBNAIL_BYTES + behind; i++)
        put(&s, i < THUMBNAIL_BYTES ? "T" : "B", 1);
    return s;
}

static struct sct_bytes exif_of(const struct stream *s)
{
    return (struct sct_bytes){s->data, s->size};
}

static struct sct_bytes text(const char *string)
{
    return (struct sct_bytes){(const uint8_t *)string, strlen(string)};
}

#define XMP_HEAD                                                                         \
    "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"               \
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "                                    \
    "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
#define XMP_TAIL "</rdf:RDF></x:xmpmeta>\n      \n<?xpacket end=\"w\"?>"

/* Image resources with one IPTC of these data sets. */
static struct stream make_iptc(const char *iim, size_t n)
{
    struct stream s = {.big_endian = 1};
    put(&s, "8BIM\x04\x0C\3abc", 10); /* a thumbnail, with a name */
    put_u32(&s, 5);
    put(&s, "THUMB\0", 6);
    put(&s, "8BIM\x04\x04\0", 8);
    put_u32(&s, (uint32_t)n);
    put(&s, iim, n);
    put(&s, "", n % 2);
    put(&s, "8BIM\x03\xED\0", 8);
    put_u32(&s, 3);
    put(&s, "RES", 3); /* the pad is missing */
    return s;
}

#define IIM_ALL                                                                          \
    "\x1C\x01\x5A\0\3\x1B%G"                                                             \
    "\x1C\x02\x50\0\3Bea"                                                                \
    "\x1C\x02\x50\0\3Cyd"                                                                \
    "\x1C\x02\x6E\0\6Agency"                                                             \
    "\x1C\x02\x74\0\4\xC2\xA9 D"

/* ---- helpers ----------------------------------------------------------------------- */

struct made {
    struct sct_metadata metadata;
    struct sct_report report;
};

static struct made make(enum sct_metadata_mode mode, struct sct_bytes exif,
                        struct sct_bytes xmp, struct sct_bytes iptc)
{
    struct made m = {.report = {.n_warnings = 0}};
    const struct sct_metadata_spec spec = {.mode = mode,
                                           .exif = exif,
                                           .xmp = xmp,
                                           .iptc = iptc,
                                           .width = 640,
                                           .height = 480,
                                           .report = &m.report};
    assert_int_equal(sct_metadata_make(&m.metadata, &spec), SCT_OK);
    return m;
}

static const struct sct_bytes nothing;

static int holds(struct sct_bytes b, const char *what)
{
    const struct bytes all = {(uint8_t *)b.data, b.n_bytes};
    return bytes_contain(&all, what, strlen(what));
}

static void assert_text(struct sct_bytes b, const char *expected)
{
    if (b.n_bytes != strlen(expected) || memcmp(b.data, expected, b.n_bytes))
        fail_msg("got %.*s\nnot %s", (int)b.n_bytes, (const char *)b.data, expected);
}

/* An ASCII value of IFD0, in new EXIF, which is little-endian; "" when it is not there. */
static const char *find_ascii(struct sct_bytes exif, unsigned tag)
{
    struct stream s = {.size = exif.n_bytes};
    if (exif.n_bytes == 0)
        return "";
    assert_true(exif.n_bytes <= sizeof s.data);
    memcpy(s.data, exif.data, exif.n_bytes);
    assert_memory_equal(s.data, "II*\0\10\0\0\0", 8);
    for (unsigned i = 0, previous = 0; i < get_u16(&s, 8); i++) {
        const size_t at = 10 + 12 * i;
        assert_true(get_u16(&s, at) > previous); /* ascending, as TIFF wants it */
        previous = get_u16(&s, at);
        if (previous != tag)
            continue;
        assert_int_equal(get_u16(&s, at + 2), 2);
        const uint32_t n = get_u32(&s, at + 4);
        const size_t from = n <= 4 ? at + 8 : get_u32(&s, at + 8);
        assert_true(n > 0 && from + n <= exif.n_bytes);
        assert_int_equal(exif.data[from + n - 1], 0);
        return (const char *)exif.data + from;
    }
    return "";
}

static int find_orientation(struct sct_bytes tiff)
{
    struct sct_exif exif;
    uint8_t *payload = malloc(tiff.n_bytes + 6);
    assert_non_null(payload);
    memcpy(payload, "Exif\0", 6);
    if (tiff.n_bytes)
        memcpy(payload + 6, tiff.data, tiff.n_bytes);
    sct_exif_read(&exif, payload, tiff.n_bytes + 6);
    assert_int_equal(exif.has_thumbnail, 0);
    free(payload);
    return exif.orientation;
}

/* ---- none -------------------------------------------------------------------------- */

static void none_keeps_nothing(void **state)
{
    (void)state;
    const struct stream exif = make_exif(II, 0);
    const struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
    struct made m =
        make(SCT_METADATA_NONE, exif_of(&exif), text("<broken"), exif_of(&iptc));
    assert_null(m.metadata.exif.data);
    assert_null(m.metadata.xmp.data);
    assert_null(m.metadata.iptc.data);
    assert_int_equal(m.report.n_warnings, 0);
    sct_metadata_free(&m.metadata);
}

/* A file that is not re-encoded still has to be turned. */
static void an_orientation_survives_every_mode(void **state)
{
    (void)state;
    const struct stream exif = make_exif(MM, 0);
    for (int mode = SCT_METADATA_NONE; mode <= SCT_METADATA_ALL; mode++)
        for (int orientation = 1; orientation <= 8; orientation++)
            for (int is_broken = 0; is_broken < 2; is_broken++) {
                struct sct_metadata out;
                const struct sct_metadata_spec spec = {
                    .mode = (enum sct_metadata_mode)mode,
                    .exif = is_broken ? text("II*?") : exif_of(&exif),
                    .width = 640,
                    .height = 480,
                    .orientation = orientation};
                assert_int_equal(sct_metadata_make(&out, &spec), SCT_OK);
                assert_int_equal(find_orientation(out.exif), orientation);
                if (mode == SCT_METADATA_NONE && orientation != 1)
                    assert_int_equal(out.exif.n_bytes, 8 + 2 + 12 + 4);
                sct_metadata_free(&out);
            }
}

/* Of two entries one belongs in front of the new one, and one behind it. */
static void an_orientation_that_exif_lacks_is_added(void **state)
{
    (void)state;
    for (int endian = II; endian <= MM; endian++)
        for (int orientation = 1; orientation <= 8; orientation++) {
            struct stream s = {.big_endian = endian};
            struct sct_metadata out;
            put(&s, endian == II ? "II" : "MM", 2);
            put_u16(&s, 42);
            put_u32(&s, 8);
            put_u16(&s, 2);
            put_entry(&s, 0x0100, 4, 1, 9999);
            put_entry(&s, 0x013B, 2, 11, 38);
            put_u32(&s, 0);
            put(&s, "Ann Artist", 11); /* an odd size */
            const struct sct_metadata_spec spec = {.mode = SCT_METADATA_ALL,
                                                   .exif = exif_of(&s),
                                                   .width = 640,
                                                   .height = 480,
                                                   .orientation = orientation};
            assert_int_equal(sct_metadata_make(&out, &spec), SCT_OK);
            assert_int_equal(find_orientation(out.exif), orientation);
            struct stream got = {.size = out.exif.n_bytes, .big_endian = endian};
            memcpy(got.data, out.exif.data, out.exif.n_bytes);
            const size_t ifd = get_u32(&got, 4);
            const unsigned n = orientation == 1 ? 2 : 3;
            assert_int_equal(ifd, orientation == 1 ? 8 : s.size + 1);
            assert_int_equal(get_u16(&got, ifd), n);
            assert_int_equal(got.size, ifd + 2 + 12 * n + 4 + (n == 2 ? 11 : 0));
            for (unsigned i = 1; i < n; i++)
                assert_true(get_u16(&got, ifd + 2 + 12 * (i - 1)) <
                            get_u16(&got, ifd + 2 + 12 * i));
            assert_int_equal(get_u32(&got, ifd + 2 + 8), 640);
            assert_int_equal(get_u32(&got, ifd + 2 + 12 * n), 0);
            assert_memory_equal(got.data + ifd + 2 + 12 * (n - 1), s.data + 22, 12);
            assert_memory_equal(got.data + 38, "Ann Artist", 11);
            sct_metadata_free(&out);
        }
}

/* ---- copyright --------------------------------------------------------------------- */

static void copyright_takes_exif_first(void **state)
{
    (void)state;
    for (int endian = II; endian <= MM; endian++) {
        const struct stream exif = make_exif(endian, 0);
        const struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
        struct made m =
            make(SCT_METADATA_COPYRIGHT, exif_of(&exif), nothing, exif_of(&iptc));
        assert_string_equal(find_ascii(m.metadata.exif, 0x013B), "Ann Artist");
        assert_string_equal(find_ascii(m.metadata.exif, 0x8298), "photographer; editor");
        assert_int_equal(find_orientation(m.metadata.exif), 1);
        assert_false(holds(m.metadata.exif, "MAKERNOTE"));
        assert_true(holds(m.metadata.xmp,
                          "<dc:creator><rdf:Seq><rdf:li>Ann Artist</rdf:li></rdf:Seq>"));
        assert_true(holds(m.metadata.xmp, "<photoshop:Credit>Agency</photoshop:Credit>"));
        assert_null(m.metadata.iptc.data);
        assert_int_equal(m.report.n_warnings, 0);
        sct_metadata_free(&m.metadata);

        /* Without a credit EXIF says it all. */
        m = make(SCT_METADATA_COPYRIGHT, exif_of(&exif), nothing, nothing);
        assert_string_equal(find_ascii(m.metadata.exif, 0x013B), "Ann Artist");
        assert_null(m.metadata.xmp.data);
        sct_metadata_free(&m.metadata);
    }
}

static void copyright_takes_xmp_next(void **state)
{
    (void)state;
    static const char elements[] = XMP_HEAD
        "<rdf:Description rdf:about='' exif:GPSLatitude='1,2N' photoshop:Credit = "
        "\"R&amp;D &lt;x&gt;\">"
        "<dc:creator><rdf:Seq>\n <rdf:li>Eva</rdf:li>\n <rdf:li>&#x46;ay &#169;</rdf:li>"
        "</rdf:Seq></dc:creator><dc:rights><rdf:Alt>"
        "<rdf:li xml:lang=\"x-default\"> Mine </rdf:li><rdf:li "
        "xml:lang='de'>Meins</rdf:li>"
        "</rdf:Alt></dc:rights>"
        "<xmpMM:Ingredients><rdf:Bag><rdf:li "
        "dc:rights='no'><dc:creator>Nobody</dc:creator>"
        "</rdf:li></rdf:Bag></xmpMM:Ingredients></rdf:Description>" XMP_TAIL;
    const struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
    struct made m = make(SCT_METADATA_COPYRIGHT, nothing, text(elements), exif_of(&iptc));
    assert_string_equal(find_ascii(m.metadata.exif, 0x013B), "Eva; Fay \xC2\xA9");
    assert_string_equal(find_ascii(m.metadata.exif, 0x8298), "Mine");
    assert_text(
        m.metadata.xmp,
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
        "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
        "rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
        "xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\">"
        "<dc:creator><rdf:Seq><rdf:li>Eva</rdf:li><rdf:li>Fay \xC2\xA9</rdf:li></rdf:Seq>"
        "</dc:creator><dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">Mine</rdf:li>"
        "</rdf:Alt></dc:rights>"
        "<photoshop:Credit>R&amp;D &lt;x&gt;</photoshop:Credit>"
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
    assert_int_equal(m.report.n_warnings, 0);

    /* What we write we can read. */
    struct made again = make(SCT_METADATA_COPYRIGHT, nothing, m.metadata.xmp, nothing);
    assert_text(again.metadata.xmp, (const char *)m.metadata.xmp.data);
    sct_metadata_free(&again.metadata);
    sct_metadata_free(&m.metadata);
}

static void copyright_takes_iptc_last(void **state)
{
    (void)state;
    const struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
    struct made m = make(SCT_METADATA_COPYRIGHT, nothing, nothing, exif_of(&iptc));
    assert_string_equal(find_ascii(m.metadata.exif, 0x013B), "Bea; Cyd");
    assert_string_equal(find_ascii(m.metadata.exif, 0x8298), "\xC2\xA9 D");
    assert_true(holds(m.metadata.xmp, "<rdf:li>Bea</rdf:li><rdf:li>Cyd</rdf:li>"));
    assert_true(holds(m.metadata.xmp, ">Agency<"));
    assert_int_equal(m.report.n_warnings, 0);
    sct_metadata_free(&m.metadata);
}

static void texts_become_utf8_on_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } texts[] = {
        {"plain", "plain"},
        {"J\xFCrg \xA9", "J\xC3\xBCrg \xC2\xA9"}, /* ISO 8859-1 */
        {"\x93quoted\x94", "?quoted?"},           /* whatever that was */
        {"a\nb\x01"
         "c\t",
         "a b c"},
        {"\xED\xA0\x80", "\xC3\xAD\xC2\xA0?"}, /* a surrogate is no UTF-8 */
        {"\xC0\xAF", "\xC3\x80\xC2\xAF"},      /* nor is a long form */
        {"\xF0\x9F\x93\xB7", "\xF0\x9F\x93\xB7"},
        {"cut \xE2\x82", "cut \xC3\xA2?"},
        {" \t ", ""},
        {"abc", "abc"}, /* fits inside its entry */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char iim[64] = "\x1C\x02\x74\0";
        const size_t n = strlen(texts[i].from);
        iim[4] = (char)n;
        memcpy(iim + 5, texts[i].from, n);
        const struct stream iptc = make_iptc(iim, 5 + n);
        struct made m = make(SCT_METADATA_COPYRIGHT, nothing, nothing, exif_of(&iptc));
        assert_string_equal(find_ascii(m.metadata.exif, 0x8298), texts[i].to);
        sct_metadata_free(&m.metadata);
    }
}

static void endless_texts_are_cut(void **state)
{
    (void)state;
    static char xmp[200000];
    size_t n = (size_t)snprintf(xmp, sizeof xmp,
                                "%s<rdf:Description><dc:creator><rdf:Seq>", XMP_HEAD);
    for (int i = 0; i < 3000; i++)
        n += (size_t)snprintf(xmp + n, sizeof xmp - n, "<rdf:li>n\xC3\xB6</rdf:li>");
    n += (size_t)snprintf(xmp + n, sizeof xmp - n,
                          "</rdf:Seq></dc:creator></rdf:Description>%s", XMP_TAIL);
    assert_true(n < sizeof xmp - 1);
    struct made m = make(SCT_METADATA_COPYRIGHT, nothing, text(xmp), nothing);
    assert_in_range(m.metadata.exif.n_bytes, 4000, 4200);
    assert_in_range(m.metadata.xmp.n_bytes, 4000, 40000);
    sct_metadata_free(&m.metadata);
}

/* ---- all --------------------------------------------------------------------------- */

/* In both byte orders only the bytes that have to change change; nothing moves. */
static void all_corrects_exif_in_place(void **state)
{
    (void)state;
    for (int endian = II; endian <= MM; endian++)
        for (size_t behind = 0; behind < 8; behind += 2) {
            const struct stream exif = make_exif(endian, behind);
            const struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
            struct made m =
                make(SCT_METADATA_ALL, exif_of(&exif), nothing, exif_of(&iptc));
            const struct sct_bytes out = m.metadata.exif;
            const int is_cut = behind < 4;
            assert_int_equal(m.report.n_warnings, 0);
            assert_int_equal(out.n_bytes, is_cut ? THUMBNAIL : exif.size);

            struct stream s = {.size = out.n_bytes, .big_endian = endian};
            memcpy(s.data, out.data, out.n_bytes);
            assert_int_equal(get_u32(&s, IFD0 + 2 + 8), 640);
            assert_int_equal(get_u32(&s, IFD0 + 2 + 12 + 8), 480);
            assert_int_equal(get_u16(&s, IFD0 + 2 + 24 + 8), 1);
            assert_int_equal(get_u32(&s, EXIF_IFD + 2 + 12 + 8), 640);
            assert_int_equal(get_u32(&s, EXIF_IFD + 2 + 24 + 8), 480);
            assert_int_equal(get_u32(&s, ARTIST - 4), 0);
            assert_int_equal(find_orientation(out), 1);
            assert_false(holds(out, "TT"));
            assert_memory_equal(s.data + ARTIST, exif.data + ARTIST, EXIF_IFD - ARTIST);
            assert_memory_equal(s.data + NOTE, exif.data + NOTE, IFD1 - NOTE);
            assert_memory_equal(s.data + IFD0 + 2 + 36, exif.data + IFD0 + 2 + 36, 48);
            if (!is_cut)
                assert_memory_equal(s.data + s.size - behind, "BBBBBBBB", behind);

            assert_true(holds(m.metadata.iptc, "Agency"));
            assert_true(holds(m.metadata.iptc, "8BIM\x03\xED"));
            assert_false(holds(m.metadata.iptc, "THUMB"));
            assert_int_equal(m.metadata.iptc.n_bytes % 2, 0);
            sct_metadata_free(&m.metadata);
        }
}

static void thumbnails_of_strips_are_wiped(void **state)
{
    (void)state;
    struct stream exif = make_exif(II, 0);
    /* two strips of SHORT lengths, 10 and 20 bytes, at the thumbnail's place */
    struct stream s = {.size = IFD1};
    put_u16(&s, 2);
    put_entry(&s, 0x0111, 4, 2, THUMBNAIL + 32);
    put_u16(&s, 0x0117);
    put_u16(&s, 3);
    put_u32(&s, 2);
    put_u16(&s, 10);
    put_u16(&s, 20);
    put_u32(&s, 0);
    memcpy(exif.data + IFD1, s.data + IFD1, s.size - IFD1);
    struct stream offsets = {.size = 0};
    put_u32(&offsets, THUMBNAIL);
    put_u32(&offsets, THUMBNAIL + 10);
    memcpy(exif.data + THUMBNAIL + 32, offsets.data, 8);

    struct made m = make(SCT_METADATA_ALL, exif_of(&exif), nothing, nothing);
    assert_int_equal(m.metadata.exif.n_bytes, exif.size);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(m.metadata.exif.data[THUMBNAIL + i], 0);
    assert_int_equal(m.metadata.exif.data[THUMBNAIL + 30], 'T');
    sct_metadata_free(&m.metadata);
}

/* A thumbnail that claims to be where the directories are is damage: nothing is wiped that
 * somebody else reads. */
static void damaged_exif_is_dropped(void **state)
{
    (void)state;
    const struct {
        size_t at;
        uint32_t value;
    } damage[] = {
        {4, 5000},                       /* IFD0 past the end */
        {4, 0},                          /* no IFD0 */
        {IFD0 - 8 + 2, 0},               /* not 42 */
        {IFD0, 0xFFFF},                  /* entries past the end */
        {IFD0 + 2 + 60 + 8, 0xFFFFFFFF}, /* the EXIF directory is nowhere */
        {IFD1 + 2 + 8, 4},               /* the thumbnail is the header, */
        {IFD1 + 2 + 8, IFD0 + 20},       /* IFD0, */
        {IFD1 + 2 + 8, EXIF_IFD},        /* the EXIF directory */
        {IFD1 + 2 + 8, GPS_IFD - 30},    /* or GPS' */
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct stream exif = make_exif(II, 0);
        const size_t size = exif.size;
        exif.size = damage[i].at;
        put_u32(&exif, damage[i].value);
        exif.size = size;
        struct made m = make(SCT_METADATA_ALL, exif_of(&exif), nothing, nothing);
        if (m.metadata.exif.data)
            fail_msg("damage %zu was kept", i);
        assert_int_equal(m.report.n_warnings, 1);
        assert_string_equal(m.report.warning, "damaged EXIF, dropped from the metadata");
        sct_metadata_free(&m.metadata);
    }
    /* These are harmless: a thumbnail that is not there, directories in a circle. */
    for (int i = 0; i < 2; i++) {
        struct stream exif = make_exif(II, 0);
        const size_t size = exif.size;
        exif.size = i ? (size_t)ARTIST - 4 : (size_t)IFD1 + 2 + 8;
        put_u32(&exif, i ? IFD0 : 0xFFFFFFF0);
        exif.size = size;
        struct made m = make(SCT_METADATA_ALL, exif_of(&exif), nothing, nothing);
        assert_int_equal(m.metadata.exif.n_bytes, size);
        assert_int_equal(m.report.n_warnings, 0);
        sct_metadata_free(&m.metadata);
    }
}

static void all_corrects_xmp(void **state)
{
    (void)state;
    struct made m = make(
        SCT_METADATA_ALL, nothing,
        text(XMP_HEAD "<rdf:Description rdf:about=\"\" "
                      "xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\"\n"
                      "  tiff:Orientation='6' tiff:ImageWidth=\"4000\" dc:x=\"a > b\">"
                      "<exif:PixelXDimension>4000</exif:PixelXDimension>"
                      "<exif:PixelYDimension><!-- - "
                      "-->3000</exif:PixelYDimension><tiff:ImageLength/>"
                      "<exif:GPSLatitude>54,1.5N</exif:GPSLatitude>"
                      "<xmp:Thumbnails><rdf:Alt><rdf:li xmpGImg:image='AAA'/></rdf:Alt>"
                      "</xmp:Thumbnails><a:b tiff:Orientation=\"3\"><![CDATA[<]]></a:b>"
                      "</rdf:Description>" XMP_TAIL),
        nothing);
    assert_text(
        m.metadata.xmp,
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
        "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
        "<rdf:Description rdf:about=\"\" xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\"\n"
        "  tiff:Orientation='1' tiff:ImageWidth=\"640\" dc:x=\"a > b\">"
        "<exif:PixelXDimension>640</exif:PixelXDimension>"
        "<exif:PixelYDimension>480</exif:PixelYDimension><tiff:ImageLength/>"
        "<exif:GPSLatitude>54,1.5N</exif:GPSLatitude>"
        "<a:b tiff:Orientation=\"3\"><![CDATA[<]]></a:b>"
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
    assert_int_equal(m.report.n_warnings, 0);
    sct_metadata_free(&m.metadata);
}

static void all_removes_gain_maps_from_xmp(void **state)
{
    (void)state;
    const struct sct_bytes xmp = text(
        XMP_HEAD
        "<rdf:Description rdf:about=\"\" dc:format=\"image/jpeg\""
        " xmlns:gm=\"http://ns.adobe.com/hdr-gain-map/1.0/\""
        " xmlns:Container='http://ns.google.com/photos/1.0/container/'"
        " xmlns:Item=\"http://ns.google.com/photos/1.0/container/item/\""
        " gm:Version=\"1.0\" xmpNote:HasExtendedXMP=\"0123\" GCamera:MotionPhoto=\"1\""
        " gmx:y=\"2\"><Container:Directory><rdf:Seq><rdf:li rdf:parseType=\"Resource\">"
        "<Container:Item Item:Mime=\"image/jpeg\" Item:Semantic=\"Primary\"/></rdf:li>"
        "<rdf:li rdf:parseType=\"Resource\"><Container:Item Item:Mime=\"image/jpeg\" "
        "Item:Semantic=\"GainMap\" Item:Length=\"66171\"/></rdf:li></rdf:Seq>"
        "</Container:Directory><gm:Gamma>1</gm:Gamma></rdf:Description>" XMP_TAIL);
    assert_true(sct_metadata_has_gain_map(xmp));
    struct made m = make(SCT_METADATA_ALL, nothing, xmp, nothing);
    assert_false(sct_metadata_has_gain_map(m.metadata.xmp));
    assert_true(holds(m.metadata.xmp, "<rdf:Description rdf:about=\"\" "
                                      "dc:format=\"image/jpeg\" gmx:y=\"2\">"
                                      "</rdf:Description>"));
    assert_int_equal(m.report.n_warnings, 0);
    sct_metadata_free(&m.metadata);

    /* Where it cannot be taken out, nothing is kept. */
    static const char *const hidden[] = {
        XMP_HEAD "<!-- http://ns.adobe.com/hdr-gain-map/1.0/ -->" XMP_TAIL,
        XMP_HEAD "<rdf:Description><a xmlns='http://ns.adobe.com/hdr-gain-map/1.0/'/>"
                 "</rdf:Description>" XMP_TAIL,
        XMP_HEAD "<rdf:Description x:y='1' z=\"GainMap\"/>" XMP_TAIL,
    };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        m = make(SCT_METADATA_ALL, nothing, text(hidden[i]), nothing);
        assert_null(m.metadata.xmp.data);
        assert_string_equal(m.report.warning, "damaged XMP, dropped from the metadata");
        sct_metadata_free(&m.metadata);
    }
}

static void broken_xmp_is_dropped(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></a></b>",
        "<a b></a>",
        "<a b=></a>",
        "<a b=c></a>",
        "<a b='c></a>",
        "<a b='c'd='e'/>",
        "<a <b/>/>",
        "<!DOCTYPE x [<!ENTITY e 'f'>]><a/>",
        "<!-- ",
        "<? ",
        "<![CDATA[ ]",
        "< a/>",
        "<>",
        "</>",
        "<a/ >",
        "<1/>",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        for (int mode = SCT_METADATA_COPYRIGHT; mode <= SCT_METADATA_ALL; mode++) {
            struct made m =
                make((enum sct_metadata_mode)mode, nothing, text(broken[i]), nothing);
            /* credits are only looked for; attributes of others are not read */
            if (m.metadata.xmp.data)
                fail_msg("%s was kept", broken[i]);
            if (mode == SCT_METADATA_ALL)
                assert_int_equal(m.report.n_warnings, 1);
            sct_metadata_free(&m.metadata);
        }
}

static void damaged_resources_end_the_list(void **state)
{
    (void)state;
    struct stream iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
    iptc.data[20 + 8] = 0xFF; /* IPTC's size is past the end... */
    for (int mode = SCT_METADATA_COPYRIGHT; mode <= SCT_METADATA_ALL; mode++) {
        struct made m =
            make((enum sct_metadata_mode)mode, nothing, nothing, exif_of(&iptc));
        assert_int_equal(m.metadata.iptc.n_bytes, 0);
        assert_int_equal(m.metadata.exif.n_bytes, 0);
        assert_int_equal(m.report.n_warnings, 1);
        sct_metadata_free(&m.metadata);
    }
    /* ...and here a data set's is. What came before it counts. */
    static const char short_iim[] = "\x1C\x02\x50\0\3Bea\x1C\x02\x74\0\7Cyd";
    const struct stream cut = make_iptc(short_iim, sizeof short_iim - 1);
    struct made m = make(SCT_METADATA_COPYRIGHT, nothing, nothing, exif_of(&cut));
    assert_string_equal(find_ascii(m.metadata.exif, 0x013B), "Bea");
    assert_int_equal(m.report.n_warnings, 1);
    sct_metadata_free(&m.metadata);
}

/* ---- anything ---------------------------------------------------------------------- */

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* A copy of exactly this size, with a few bytes changed, cut off somewhere: the sanitizer sees
 * whoever reads past its end. */
static struct bytes spoil(struct sct_bytes from, unsigned *seed)
{
    const size_t size =
        next_random(seed) % 3 ? from.n_bytes : next_random(seed) % (from.n_bytes + 1);
    struct bytes b = {malloc(size ? size : 1), size};
    assert_non_null(b.data);
    memcpy(b.data, from.data, size);
    for (unsigned n = next_random(seed) % 6; n > 0 && size > 0; n--) {
        static const uint8_t favourites[] = {0, 1, 0x7F, 0x80, 0xFF, '<', '>', '&', '"'};
        b.data[next_random(seed) % size] =
            next_random(seed) % 2 ? favourites[next_random(seed) % sizeof favourites]
                                  : (uint8_t)next_random(seed);
    }
    return b;
}

static void nothing_crashes(void **state)
{
    (void)state;
    const int n_rounds = getenv("SCT_TEST_QUICK") ? 2000 : 30000;
    static const char xmp[] = XMP_HEAD
        "<rdf:Description rdf:about='' "
        "xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\" "
        "hdrgm:Version=\"1.0\" tiff:Orientation=\"6\" photoshop:Credit=\"&#169;&amp;\">"
        "<dc:creator><rdf:Seq><rdf:li>Eva</rdf:li><rdf:li>F</rdf:li></rdf:Seq></"
        "dc:creator>"
        "<exif:PixelXDimension>4000</exif:PixelXDimension>"
        "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>Mine</rdf:li></rdf:Alt>"
        "</dc:rights></rdf:Description>" XMP_TAIL;
    unsigned seed = 20240611;
    print_message("seed %u\n", seed);
    for (int round = 0; round < n_rounds; round++) {
        const struct stream good_exif = make_exif(round % 2, (size_t)(round % 5));
        const struct stream good_iptc = make_iptc(IIM_ALL, sizeof IIM_ALL - 1);
        struct bytes exif = spoil(exif_of(&good_exif), &seed);
        struct bytes packet = spoil(text(xmp), &seed);
        struct bytes iptc = spoil(exif_of(&good_iptc), &seed);
        for (int mode = SCT_METADATA_NONE; mode <= SCT_METADATA_ALL; mode++) {
            struct made m = make((enum sct_metadata_mode)mode,
                                 (struct sct_bytes){exif.data, exif.size},
                                 (struct sct_bytes){packet.data, packet.size},
                                 (struct sct_bytes){iptc.data, iptc.size});
            assert_false(sct_metadata_has_gain_map(m.metadata.xmp));
            assert_int_equal(find_orientation(m.metadata.exif), 1);
            sct_metadata_free(&m.metadata);
        }
        bytes_free(&exif);
        bytes_free(&packet);
        bytes_free(&iptc);
    }
}

static void senseless_specs_are_refused(void **state)
{
    (void)state;
    const struct sct_metadata_spec specs[] = {
        {.mode = SCT_METADATA_ALL, .width = 0, .height = 1},
        {.mode = SCT_METADATA_ALL, .width = 1, .height = -1},
        {.mode = SCT_METADATA_NONE, .width = 1, .height = 1, .orientation = 9},
        {.mode = (enum sct_metadata_mode)3, .width = 1, .height = 1},
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct sct_metadata out;
        assert_int_equal(sct_metadata_make(&out, &specs[i]), SCT_ERR_ARGUMENT);
        assert_null(out.exif.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_keeps_nothing),
        cmocka_unit_test(an_orientation_survives_every_mode),
        cmocka_unit_test(an_orientation_that_exif_lacks_is_added),
        cmocka_unit_test(copyright_takes_exif_first),
        cmocka_unit_test(copyright_takes_xmp_next),
        cmocka_unit_test(copyright_takes_iptc_last),
        cmocka_unit_test(texts_become_utf8_on_one_line),
        cmocka_unit_test(endless_texts_are_cut),
        cmocka_unit_test(all_corrects_exif_in_place),
        cmocka_unit_test(thumbnails_of_strips_are_wiped),
        cmocka_unit_test(damaged_exif_is_dropped),
        cmocka_unit_test(all_corrects_xmp),
        cmocka_unit_test(all_removes_gain_maps_from_xmp),
        cmocka_unit_test(broken_xmp_is_dropped),
        cmocka_unit_test(damaged_resources_end_the_list),
        cmocka_unit_test(nothing_crashes),
        cmocka_unit_test(senseless_specs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
