/* corpus_heads.c: other formats, each by the bytes that it is recognised by, and
 * non-pictures.
 *
 * A reader that only does JPEG should still say "this is a HEIC" instead of "corrupt".
 */
#include "corpus_families.h"

#include <string.h>

struct head {
    const char *name, *verdict, *reason;
    const char *bytes;
    size_t size;
};

/* A string literal and its length without the final NUL. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const struct head heads[] = {
    {"empty_file.jpg", "not_an_image", "no bytes at all", BYTES("")},
    {"one_byte.jpg", "not_an_image", "one byte, FF", BYTES("\xFF")},
    {"eoi_only.jpg", "not_an_image", "begins with EOI, not SOI", BYTES("\xFF\xD9")},
    {"not_an_image_text.jpg", "not_an_image", "plain text under a picture's name",
     BYTES("Dear customer,\n\nthe picture you asked for is not here.\n")},
    {"not_an_image_html.jpg", "not_an_image",
     "a server's error page under a picture's name",
     BYTES("<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
           "<body><h1>Not Found</h1></body></html>\n")},
    {"not_an_image_zeros.jpg", "not_an_image",
     "32 zero bytes, as after a lost disk block",
     BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"not_an_image_newline_first.jpg", "not_an_image",
     "a newline before SOI, as from a script",
     BYTES("\n\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0")},
    {"png_signature_only.png", "truncated", "PNG: the signature and nothing else",
     BYTES("\x89PNG\r\n\x1A\n")},
    {"head_gif.gif", "unsupported", "GIF89a",
     BYTES("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x01\0\x01\0\0\x02\x02"
           "\x44\x01\0;")},
    {"head_webp.webp", "truncated", "WebP, lossless, cut in its header",
     BYTES("RIFF\x1A\0\0\0WEBPVP8L\x0D\0\0\0\x2F\0")},
    {"head_heic.heic", "unsupported", "HEIC: an ftyp box with the brand heic",
     BYTES("\0\0\0\x18"
           "ftypheic\0\0\0\0mif1heic")},
    {"head_heif_mif1.heif", "unsupported", "HEIF: the brand mif1",
     BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1heic")},
    {"head_avif.avif", "unsupported", "AVIF: the brand avif",
     BYTES("\0\0\0\x1C"
           "ftypavif\0\0\0\0avifmif1miaf")},
    {"head_mp4.mp4", "unsupported", "MP4: the brand isom",
     BYTES("\0\0\0\x1C"
           "ftypisom\0\0\x02\0isomiso2mp41")},
    {"head_tiff_le.tif", "unsupported", "TIFF, little-endian",
     BYTES("II*\0\x08\0\0\0\0\0\0\0\0\0")},
    {"head_tiff_be.tif", "unsupported", "TIFF, big-endian",
     BYTES("MM\0*\0\0\0\x08\0\0\0\0\0\0")},
    {"head_bmp.bmp", "unsupported", "BMP, one white pixel",
     BYTES("BM\x3A\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0\0\0"
           "\0\0"
           "\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xFF\0")},
    {"head_svg.svg", "unsupported", "SVG",
     BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>\n")},
    {"head_svg_xml.svg", "unsupported", "SVG after an XML declaration",
     BYTES("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>\n")},
    {"head_pdf.pdf", "unsupported", "PDF", BYTES("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")},
    {"head_jxl_codestream.jxl", "unsupported", "JPEG XL, bare codestream",
     BYTES("\xFF\x0A\x08\x10\x00")},
    {"head_jxl_container.jxl", "unsupported", "JPEG XL in its container",
     BYTES("\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14"
           "ftypjxl \0\0\0\0jxl ")},
    {"head_jp2.jp2", "unsupported", "JPEG 2000",
     BYTES("\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14"
           "ftypjp2 \0\0\0\0jp2 ")},
};

void corpus_heads_write(const char *folder, FILE *expected)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct corpus_bytes bytes = {0};
        corpus_bytes_put(&bytes, heads[i].bytes, heads[i].size);
        corpus_case_save(&bytes, folder, heads[i].name, heads[i].verdict, heads[i].reason,
                         expected);
        corpus_bytes_free(&bytes);
    }
}
