/* Formats by their first bytes: a table of signatures, and three formats that need a look
 * behind them: boxes (HEIC, AVIF, MP4), BMP (two letters are too few) and SVG (text). */
#include "sniff.h"

#include <string.h>

struct signature {
    const char *name;
    uint8_t at[2], n[2]; /* offset and length of the one or two pieces */
    const char *bytes[2];
};

#define AT(offset, literal)                                                              \
    {(offset), 0}, {sizeof(literal) - 1, 0},                                             \
    {                                                                                    \
        (literal), NULL                                                                  \
    }
#define AND(o1, l1, o2, l2)                                                              \
    {(o1), (o2)}, {sizeof(l1) - 1, sizeof(l2) - 1},                                      \
    {                                                                                    \
        (l1), (l2)                                                                       \
    }

/* The first match counts: a longer signature stands before its own beginning. */
static const struct signature signatures[] = {
    {"JPEG", AT(0, "\xFF\xD8\xFF")},
    {"PNG", AT(0, "\x89PNG\r\n\x1A\n")},
    {"GIF", AT(0, "GIF87a")},
    {"GIF", AT(0, "GIF89a")},
    {"WebP", AND(0, "RIFF", 8, "WEBP")},
    {"JPEG XL", AT(0, "\xFF\x0A")},
    {"JPEG XL", AT(0, "\0\0\0\x0CJXL \r\n\x87\n")},
    {"JPEG 2000", AT(0, "\0\0\0\x0CjP  \r\n\x87\n")},
    {"JPEG 2000", AT(0, "\xFF\x4F\xFF\x51")},
    {"JPEG XR", AT(0, "II\xBC")},
    {"Canon raw (CR2)", AND(0, "II*\0", 8, "CR")},
    {"Canon raw (CRW)", AT(6, "HEAPCCDR")},
    {"Fujifilm raw (RAF)", AT(0, "FUJIFILMCCD-RAW")},
    {"Olympus raw (ORF)", AT(0, "IIRO")},
    {"Olympus raw (ORF)", AT(0, "IIRS")},
    {"Olympus raw (ORF)", AT(0, "MMOR")},
    {"Panasonic raw (RW2)", AT(0, "IIU\0")},
    {"Minolta raw (MRW)", AT(0, "\0MRM")},
    {"Sigma raw (X3F)", AT(0, "FOVb")},
    /* NEF, ARW, DNG and PEF differ from TIFF only by tags far behind */
    {"TIFF", AT(0, "II*\0")},
    {"TIFF", AT(0, "MM\0*")},
    {"TIFF", AT(0, "II+\0")},
    {"TIFF", AT(0, "MM\0+")},
    {"PDF", AT(0, "%PDF-")},
    {"Photoshop (PSD)", AT(0, "8BPS\0\1")},
    {"Photoshop (PSB)", AT(0, "8BPS\0\2")},
    {"PostScript", AT(0, "%!PS")},
    {"OpenEXR", AT(0, "\x76\x2F\x31\x01")},
    {"Radiance HDR", AT(0, "#?RADIANCE\n")},
    {"QOI", AT(0, "qoif")},
    {"GIMP (XCF)", AT(0, "gimp xcf ")},
    {"DjVu", AT(0, "AT&TFORM")},
    {"QuickTime", AT(4, "moov")},
    {"QuickTime", AT(4, "mdat")},
    {"WebM or Matroska", AT(0, "\x1A\x45\xDF\xA3")},
};

static int has_bytes(const uint8_t *head, size_t n_bytes, size_t at, const char *bytes,
                     size_t n)
{
    return at <= n_bytes && n <= n_bytes - at && !memcmp(head + at, bytes, n);
}

static uint32_t read_u32_be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ISO base media files open with a box: size, "ftyp", major brand, version, brands. */
static const char *name_boxes(const uint8_t *head, size_t n_bytes)
{
    static const struct {
        const char brand[5];
        const char *name;
    } brands[] = {
        {"avif", "AVIF"},      {"avis", "AVIF"}, {"heic", "HEIC"},
        {"heix", "HEIC"},      {"heim", "HEIC"}, {"heis", "HEIC"},
        {"hevc", "HEIC"},      {"hevx", "HEIC"}, {"crx ", "Canon raw (CR3)"},
        {"qt  ", "QuickTime"},
    };

    if (!has_bytes(head, n_bytes, 4, "ftyp", 4) || n_bytes < 12)
        return NULL;
    /* mif1 and msf1 say only "pictures in boxes"; which coding, the list behind says */
    const int is_heif = !memcmp(head + 8, "mif1", 4) || !memcmp(head + 8, "msf1", 4);
    const size_t size = read_u32_be(head);
    const size_t end = size < n_bytes ? size : n_bytes;
    for (size_t at = 8; at == 8 || (is_heif && at + 4 <= end); at += at == 8 ? 8 : 4)
        for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++)
            if (!memcmp(head + at, brands[i].brand, 4))
                return brands[i].name;
    return is_heif ? "HEIF" : "MP4";
}

static const char *name_bmp(const uint8_t *head, size_t n_bytes)
{
    static const uint8_t header_sizes[] = {12, 16, 40, 52, 56, 64, 108, 124};

    if (n_bytes < 18 || memcmp(head, "BM", 2) || memcmp(head + 6, "\0\0\0\0", 4) ||
        memcmp(head + 15, "\0\0\0", 3))
        return NULL;
    return memchr(header_sizes, head[14], sizeof header_sizes) ? "BMP" : NULL;
}

/* 00 00, 01 (icon) or 02 (cursor), a count, then entries whose fourth byte is 0. */
static const char *name_ico(const uint8_t *head, size_t n_bytes)
{
    if (n_bytes < 22 || head[0] || head[1] || head[3] || head[5])
        return NULL;
    return (head[2] == 1 || head[2] == 2) && head[4] && !head[9] ? "ICO" : NULL;
}

static size_t skip_past(const uint8_t *head, size_t n_bytes, size_t at, const char *end)
{
    const size_t n = strlen(end);
    while (at < n_bytes && !has_bytes(head, n_bytes, at, end, n))
        at++;
    return at < n_bytes ? at + n : n_bytes;
}

/* Whether the first element of this XML is <svg>: behind a byte order mark, white space,
 * <? ... ?>, <!-- ... --> and <!DOCTYPE ... >. */
static const char *name_svg(const uint8_t *head, size_t n_bytes)
{
    size_t at = has_bytes(head, n_bytes, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;

    while (at < n_bytes) {
        if (strchr(" \t\r\n", head[at]) && head[at])
            at++;
        else if (has_bytes(head, n_bytes, at, "<?", 2))
            at = skip_past(head, n_bytes, at, "?>");
        else if (has_bytes(head, n_bytes, at, "<!--", 4))
            at = skip_past(head, n_bytes, at + 4, "-->");
        else if (has_bytes(head, n_bytes, at, "<!DOCTYPE svg", 13))
            return "SVG";
        else if (has_bytes(head, n_bytes, at, "<!", 2))
            at = skip_past(head, n_bytes, at, ">");
        else
            return has_bytes(head, n_bytes, at, "<svg", 4) ? "SVG" : NULL;
    }
    return NULL;
}

const char *sct_sniff_name(const uint8_t *head, size_t n_bytes)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *s = &signatures[i];
        if (has_bytes(head, n_bytes, s->at[0], s->bytes[0], s->n[0]) &&
            (!s->bytes[1] || has_bytes(head, n_bytes, s->at[1], s->bytes[1], s->n[1])))
            return s->name;
    }
    const char *name = name_boxes(head, n_bytes);
    if (!name)
        name = name_bmp(head, n_bytes);
    if (!name)
        name = name_ico(head, n_bytes);
    return name ? name : name_svg(head, n_bytes);
}
