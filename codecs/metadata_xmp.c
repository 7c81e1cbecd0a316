/* XMP: credits, new packets, corrected copies.
 *
 * Prefixes are taken to be the ones that everybody writes (dc, tiff, exif, ...), except those
 * of gain maps, which are looked up: to miss one of them would leave something behind. */
#include <stdio.h>
#include <string.h>

#include "metadata.h"
#include "metadata_parts.h"
#include "xmp_scan.h"

/* ---- gain maps --------------------------------------------------------------------- */

/* Namespaces of which nothing is kept, by how they begin: gain maps, and lists of pictures
 * and films behind the picture. */
static const char *const dropped_namespaces[] = {
    "http://ns.adobe.com/hdr-gain-map/", "http://ns.apple.com/HDRGainMap/",
    "http://ns.google.com/photos/1.0/container/"};

static int contains(struct sct_bytes b, const char *text)
{
    const size_t n = strlen(text);
    const uint8_t *p = b.data;
    size_t left = b.n_bytes;

    while (left >= n) {
        const uint8_t *at = memchr(p, text[0], left - n + 1);
        if (!at)
            return 0;
        if (!memcmp(at, text, n))
            return 1;
        left -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    return 0;
}

int sct_metadata_has_gain_map(struct sct_bytes xmp)
{
    return contains(xmp, "http://ns.adobe.com/hdr-gain-map/") ||
           contains(xmp, "http://ns.apple.com/HDRGainMap/") ||
           contains(xmp, "\"GainMap\"") || contains(xmp, "'GainMap'") ||
           contains(xmp, ">GainMap<");
}

/* ---- credits ----------------------------------------------------------------------- */

static void put_code(struct sct_blob *to, unsigned long code)
{
    uint8_t c[4];
    size_t n = 0;
    if (code < 0x80) {
        c[n++] = (uint8_t)code;
    } else if (code < 0x800) {
        c[n++] = (uint8_t)(0xC0 | code >> 6);
        c[n++] = (uint8_t)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        c[n++] = (uint8_t)(0xE0 | code >> 12);
        c[n++] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        c[n++] = (uint8_t)(0x80 | (code & 0x3F));
    } else {
        c[n++] = (uint8_t)(0xF0 | code >> 18);
        c[n++] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
        c[n++] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        c[n++] = (uint8_t)(0x80 | (code & 0x3F));
    }
    sct_blob_put(to, c, n);
}

/* "#169", "#xA9"; 0: it is no number of a character that XML has. */
static unsigned long read_code(struct sct_bytes entity)
{
    const int is_hex = entity.n_bytes > 1 && entity.data[1] == 'x';
    unsigned long code = 0;
    for (size_t i = is_hex ? 2 : 1; i < entity.n_bytes; i++) {
        const uint8_t c = entity.data[i];
        const int lower = c | 0x20;
        int digit = -1;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (is_hex && lower >= 'a' && lower <= 'f')
            digit = lower - 'a' + 10;
        if (digit < 0 || code > 0x10FFFF)
            return 0;
        code = code * (is_hex ? 16 : 10) + (unsigned)digit;
    }
    const int is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code > 0x10FFFF || is_surrogate ? 0 : code;
}

/* Text or the value of an attribute, with its entities resolved, becomes a credit. */
static void append_value(struct sct_blob *to, struct sct_bytes value)
{
    static const struct {
        const char *name, *text;
    } entities[] = {
        {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
    enum { N_ENTITIES = sizeof entities / sizeof entities[0], LONGEST = 10 };
    struct sct_blob plain = {.data = NULL};

    for (size_t at = 0; at < value.n_bytes;) {
        const size_t left = value.n_bytes - at;
        const uint8_t *end =
            value.data[at] == '&'
                ? memchr(value.data + at, ';', left < LONGEST ? left : LONGEST)
                : NULL;
        if (!end) {
            sct_blob_put(&plain, value.data + at++, 1);
            continue;
        }
        const struct sct_bytes name = {value.data + at + 1,
                                       (size_t)(end - value.data) - at - 1};
        at += name.n_bytes + 2;
        if (sct_bytes_start_with(name, "#")) {
            const unsigned long code = read_code(name);
            if (code)
                put_code(&plain, code);
        }
        for (int i = 0; i < N_ENTITIES; i++)
            if (sct_bytes_equal(name, entities[i].name))
                sct_blob_put_string(&plain, entities[i].text);
    }
    if (plain.status != SCT_OK)
        to->status = plain.status;
    else
        sct_credits_append(to, plain.data, plain.n_bytes);
    sct_blob_free(&plain);
}

static struct sct_blob *find_credit(struct sct_credits *found, struct sct_bytes name)
{
    if (sct_bytes_equal(name, "dc:creator"))
        return &found->creator;
    if (sct_bytes_equal(name, "dc:rights"))
        return &found->rights;
    if (sct_bytes_equal(name, "photoshop:Credit"))
        return &found->credit;
    return NULL;
}

/* The text of a property's element: of its items if it has some, all creators and the first
 * of the languages, which is the default. */
static void read_property(struct sct_blob *to, struct sct_xmp_scan *s, int takes_all)
{
    const int depth = s->depth;
    int is_item = 0, n_items = 0;

    while (sct_xmp_scan_next(s) != SCT_XMP_END && s->token != SCT_XMP_BAD) {
        if (s->token == SCT_XMP_CLOSE && s->depth == depth)
            return;
        if (s->token == SCT_XMP_OPEN)
            is_item = sct_bytes_equal(s->name, "rdf:li");
        else if (s->token == SCT_XMP_CLOSE)
            is_item = 0;
        else if (s->token == SCT_XMP_TEXT && (is_item || s->depth == depth + 1)) {
            const size_t before = to->n_bytes;
            if (takes_all || n_items == 0)
                append_value(to, s->whole);
            n_items += to->n_bytes > before;
        }
    }
}

static int read_attributes(struct sct_credits *found, struct sct_bytes rest)
{
    struct sct_xmp_attribute a;
    int more;
    while ((more = sct_xmp_attribute_next(&a, &rest)) == 1) {
        struct sct_blob *to = find_credit(found, a.name);
        if (to)
            append_value(to, a.value);
    }
    return more < 0 ? SCT_ERR_CORRUPT : SCT_OK;
}

int sct_xmp_read_credits(struct sct_credits *found, struct sct_bytes xmp)
{
    struct sct_xmp_scan s;

    sct_xmp_scan_init(&s, xmp);
    while (sct_xmp_scan_next(&s) != SCT_XMP_END && s.token != SCT_XMP_BAD) {
        if (s.token != SCT_XMP_OPEN && s.token != SCT_XMP_EMPTY)
            continue;
        struct sct_blob *to = find_credit(found, s.name);
        if (sct_xmp_is_description(&s)) {
            if (read_attributes(found, s.attributes) != SCT_OK)
                return SCT_ERR_CORRUPT;
        } else if (to && s.token == SCT_XMP_OPEN && sct_xmp_is_property(&s)) {
            read_property(to, &s, to == &found->creator);
        }
    }
    return s.token == SCT_XMP_BAD ? SCT_ERR_CORRUPT : SCT_OK;
}

/* ---- new --------------------------------------------------------------------------- */

static void put_escaped(struct sct_blob *out, const uint8_t *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        switch (text[i]) {
        case '&': sct_blob_put_string(out, "&amp;"); break;
        case '<': sct_blob_put_string(out, "&lt;"); break;
        case '>': sct_blob_put_string(out, "&gt;"); break;
        case '"': sct_blob_put_string(out, "&quot;"); break;
        default: sct_blob_put(out, text + i, 1); break;
        }
}

/* One item for each of the creators between "; ". */
static void put_creators(struct sct_blob *out, const struct sct_blob *creator)
{
    size_t begin = 0;
    sct_blob_put_string(out, "<dc:creator><rdf:Seq>");
    for (size_t i = 0; i <= creator->n_bytes; i++) {
        const int is_end = i == creator->n_bytes;
        if (!is_end && (creator->n_bytes - i < 2 || memcmp(creator->data + i, "; ", 2)))
            continue;
        sct_blob_put_string(out, "<rdf:li>");
        put_escaped(out, creator->data + begin, i - begin);
        sct_blob_put_string(out, "</rdf:li>");
        begin = i + 2;
    }
    sct_blob_put_string(out, "</rdf:Seq></dc:creator>");
}

void sct_xmp_make(struct sct_blob *out, const struct sct_credits *credits)
{
    sct_blob_put_string(
        out, "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
             "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
             "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
             "<rdf:Description rdf:about=\"\""
             " xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
             " xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\">");
    if (credits->creator.n_bytes)
        put_creators(out, &credits->creator);
    if (credits->rights.n_bytes) {
        sct_blob_put_string(out, "<dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">");
        put_escaped(out, credits->rights.data, credits->rights.n_bytes);
        sct_blob_put_string(out, "</rdf:li></rdf:Alt></dc:rights>");
    }
    if (credits->credit.n_bytes) {
        sct_blob_put_string(out, "<photoshop:Credit>");
        put_escaped(out, credits->credit.data, credits->credit.n_bytes);
        sct_blob_put_string(out, "</photoshop:Credit>");
    }
    sct_blob_put_string(out,
                        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
}

/* ---- a corrected copy -------------------------------------------------------------- */

enum { MAX_PREFIXES = 8 };

struct correction {
    struct sct_blob *out;
    const struct sct_shape *shape;
    struct sct_bytes prefix[MAX_PREFIXES]; /* of the dropped namespaces */
    int n_prefixes;
};

/* Properties that speak of bytes which the output does not have. */
static const char *const dropped_names[] = {
    "GCamera:MotionPhoto", "GCamera:MicroVideo", /* and all that begin so */
    "xmp:Thumbnails", "xap:Thumbnails", "xmpNote:HasExtendedXMP"};

static int is_dropped(const struct correction *c, struct sct_bytes name)
{
    if (sct_bytes_start_with(name, "xmlns:"))
        for (int i = 0; i < c->n_prefixes; i++)
            if (name.n_bytes == c->prefix[i].n_bytes + 6 &&
                !memcmp(name.data + 6, c->prefix[i].data, c->prefix[i].n_bytes))
                return 1;
    for (int i = 0; i < c->n_prefixes; i++)
        if (name.n_bytes > c->prefix[i].n_bytes &&
            name.data[c->prefix[i].n_bytes] == ':' &&
            !memcmp(name.data, c->prefix[i].data, c->prefix[i].n_bytes))
            return 1;
    for (size_t i = 0; i < sizeof dropped_names / sizeof dropped_names[0]; i++)
        if (sct_bytes_start_with(name, dropped_names[i]))
            return 1;
    return 0;
}

static int add_prefix(struct correction *c, struct sct_bytes attribute_name)
{
    if (!sct_bytes_start_with(attribute_name, "xmlns:") || c->n_prefixes == MAX_PREFIXES)
        return SCT_ERR_CORRUPT; /* without a prefix no name tells its namespace */
    c->prefix[c->n_prefixes++] =
        (struct sct_bytes){attribute_name.data + 6, attribute_name.n_bytes - 6};
    return SCT_OK;
}

/* Finds the prefixes, and whether all of the packet can be read at all. */
static int find_prefixes(struct correction *c, struct sct_bytes xmp)
{
    struct sct_xmp_scan s;

    sct_xmp_scan_init(&s, xmp);
    while (sct_xmp_scan_next(&s) != SCT_XMP_END && s.token != SCT_XMP_BAD) {
        struct sct_bytes rest = s.attributes;
        struct sct_xmp_attribute a;
        int more;
        if (s.token != SCT_XMP_OPEN && s.token != SCT_XMP_EMPTY)
            continue;
        while ((more = sct_xmp_attribute_next(&a, &rest)) == 1)
            for (size_t i = 0;
                 i < sizeof dropped_namespaces / sizeof dropped_namespaces[0]; i++)
                if (sct_bytes_start_with(a.name, "xmlns") &&
                    sct_bytes_start_with(a.value, dropped_namespaces[i]) &&
                    !is_dropped(c, a.name) && add_prefix(c, a.name) != SCT_OK)
                    return SCT_ERR_CORRUPT;
        if (more < 0)
            return SCT_ERR_CORRUPT;
    }
    return s.token == SCT_XMP_BAD ? SCT_ERR_CORRUPT : SCT_OK;
}

/* What a property has to be, or 0: as it was. */
static int find_number(const struct correction *c, struct sct_bytes name)
{
    if (sct_bytes_equal(name, "tiff:Orientation"))
        return c->shape->orientation;
    if (sct_bytes_equal(name, "tiff:ImageWidth") ||
        sct_bytes_equal(name, "exif:PixelXDimension"))
        return c->shape->width;
    if (sct_bytes_equal(name, "tiff:ImageLength") ||
        sct_bytes_equal(name, "exif:PixelYDimension"))
        return c->shape->height;
    return 0;
}

static void put_number(struct sct_blob *out, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    sct_blob_put_string(out, text);
}

static void copy_tag(const struct correction *c, const struct sct_xmp_scan *s)
{
    const int has_properties = sct_xmp_is_description(s);
    const uint8_t *end = s->whole.data + s->whole.n_bytes;
    struct sct_bytes rest = s->attributes;
    struct sct_xmp_attribute a;

    sct_blob_put(c->out, s->whole.data, (size_t)(rest.data - s->whole.data));
    while (sct_xmp_attribute_next(&a, &rest) == 1) {
        const int number = has_properties ? find_number(c, a.name) : 0;
        if (is_dropped(c, a.name))
            continue;
        if (number) {
            const size_t head = (size_t)(a.value.data - a.whole.data);
            sct_blob_put(c->out, a.whole.data, head);
            put_number(c->out, number);
            sct_blob_put(c->out, a.whole.data + a.whole.n_bytes - 1, 1);
        } else {
            sct_blob_put(c->out, a.whole.data, a.whole.n_bytes);
        }
    }
    sct_blob_put(c->out, rest.data, (size_t)(end - rest.data));
}

/* Goes on to the end of the element that has just been opened. */
static void skip_element(struct sct_xmp_scan *s)
{
    const int depth = s->depth;
    while (sct_xmp_scan_next(s) != SCT_XMP_END && s->token != SCT_XMP_BAD)
        if (s->token == SCT_XMP_CLOSE && s->depth == depth)
            return;
}

static void copy_token(const struct correction *c, struct sct_xmp_scan *s)
{
    const int is_open = s->token == SCT_XMP_OPEN;
    const int is_tag = is_open || s->token == SCT_XMP_EMPTY;
    const int number = is_open && sct_xmp_is_property(s) ? find_number(c, s->name) : 0;

    if (is_tag && is_dropped(c, s->name)) {
        if (is_open)
            skip_element(s);
        return;
    }
    if (s->token == SCT_XMP_TEXT && s->depth == 0)
        return; /* padding for editors that write in place: often kilobytes */
    if (is_tag)
        copy_tag(c, s);
    else
        sct_blob_put(c->out, s->whole.data, s->whole.n_bytes);
    if (number) {
        skip_element(s);
        put_number(c->out, number);
        sct_blob_put(c->out, s->whole.data, s->whole.n_bytes);
    }
}

int sct_xmp_correct(struct sct_blob *out, struct sct_bytes xmp,
                    const struct sct_shape *shape)
{
    struct correction c = {.out = out, .shape = shape};
    struct sct_xmp_scan s;

    if (find_prefixes(&c, xmp) != SCT_OK)
        return SCT_ERR_CORRUPT;
    sct_xmp_scan_init(&s, xmp);
    while (sct_xmp_scan_next(&s) != SCT_XMP_END && s.token != SCT_XMP_BAD)
        copy_token(&c, &s);
    if (sct_metadata_has_gain_map((struct sct_bytes){out->data, out->n_bytes}))
        return SCT_ERR_CORRUPT; /* it hides somewhere else, in a comment perhaps */
    return SCT_OK;
}
