/* Encoders: planes, band by band, become a file.
 *
 *     open        writes nothing that cannot be thrown away with the sink's target;
 *                 `layout` says what write_band wants
 *     write_band  layout->n_bands times, from the top
 *     finish      after the last band: writes the end; only then is the file whole
 *     close       always; frees everything */
#ifndef SCT_ENCODER_H
#define SCT_ENCODER_H

#include "dsp.h"
#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SCT_COMPRESSION_DEFAULT = -1, SCT_MAX_EFFORT = 2 };

struct sct_encoder_spec {
    int width, height;    /* pixels, 1..65535 */
    enum sct_model model; /* of the planes; written as it is */
    int has_alpha;    /* the last plane is alpha, and colours are not multiplied by it */
    int is_limited;   /* YCC: as in picture.h */
    int depth;        /* bits of a sample: 8, 0 being the same, or 16 */
    int n_components; /* alpha included */
    struct {
        int h, v; /* sampling factors; every component has ceil(width * h / h_max) samples
                     a row */
    } component[SCT_MAX_COMPONENTS];
    int quality;     /* 1..100; of lossy formats */
    int lossless;    /* WebP */
    int compression; /* PNG, 0..9: how hard to try; SCT_COMPRESSION_DEFAULT */
    int progressive, optimize;
    int effort; /* JPEG and lossy WebP, 0..2; README.md says what each does. 0 of JPEG is
                   libjpeg-turbo's own way */
    const struct sct_dsp
        *dsp; /* borrowed until close; NULL: the best that the CPU runs */
    /* Lossy formats. The lowest quality, up to `quality`, of which SSIMULACRA2 is likely to say so
     * much, 1..99, of YCC and gray; and the highest at which the file is not larger. 0: no such
     * wish. For either a JPEG is kept whole, and an effort of 0 is 1; a WebP is encoded up to 8
     * times for a score, 9 for a limit and 16 for both. Lossless files are as long as they are. */
    int score;
    size_t max_bytes;
    int has_adobe; /* for CMYK and YCCK: whether the planes are inverted, Adobe's way */
    const uint8_t *icc; /* NULL: none; borrowed during open */
    size_t icc_bytes;
    int drops_colour; /* copy: what the file says of its colours beside a profile goes, too */
    struct sct_bytes exif, xmp, iptc; /* as in picture.h; borrowed until close */
    struct sct_sink sink;
    struct sct_report *report; /* borrowed until close; may be NULL */
};

/* What a band is: for each component `band_rows` rows. The last band is padded by the
 * encoder: rows past `height` need not be given. */
struct sct_encoder_layout {
    int n_bands;
    struct {
        int width, height; /* samples of the plane */
        int band_rows;     /* rows in a full band */
        int padded_width;  /* samples that each row's buffer has to have room for */
    } component[SCT_MAX_COMPONENTS];
};

typedef struct sct_encoder sct_encoder;

/* Whether a format loses something of the planes: always, never, or unless `lossless`. */
enum sct_loss { SCT_LOSS_ALWAYS, SCT_LOSS_NEVER, SCT_LOSS_BY_CHOICE };

struct sct_encoder_ops {
    const char *name, *extension; /* "jpeg", "jpg" */
    enum sct_loss loss;
    int is_colour_only; /* gray becomes colour in the file, to which no gray profile fits */
    /* Whether the format takes planes of this model, has_alpha, is_limited, depth, `lossless`
     * and sampling factors; nothing else of the spec is looked at. */
    int (*takes)(const struct sct_encoder_spec *spec);
    /* Bytes that open will allocate and that grow with the picture's height, so that limits
     * can be checked before; the sink and the report are not looked at. 0 for a spec that
     * open will refuse. */
    size_t (*bytes)(const struct sct_encoder_spec *spec);
    /* SCT_ERR_ARGUMENT, _UNSUPPORTED, _TOO_LARGE, _MEMORY, _IO; *out is NULL on failure.
     */
    int (*open)(sct_encoder **out, const struct sct_encoder_spec *spec,
                struct sct_encoder_layout *layout);
    /* rows[ci][i] is row i of component ci in this band, i < band_rows or as many as the
     * picture still has; where depth is 16 they are rows of uint16_t. Rows are the caller's, but the encoder may write to the padding
     * between width and padded_width. */
    int (*write_band)(sct_encoder *e, uint8_t *const *const rows[SCT_MAX_COMPONENTS]);
    /* SCT_ERR_TOO_LARGE: max_bytes are too few at quality 1 */
    int (*finish)(sct_encoder *e);
    /* The quality with which the file was finished, 0 if it is lossless. NULL: it always is. */
    int (*quality)(const sct_encoder *e);
    /* Writes a file of this format, which a decoder has read, again without touching its picture:
     * nothing is decoded. Metadata of its own go; exif, xmp and iptc of the spec come instead,
     * as far as the format has a place for them. icc is the file's own profile, which stays, or
     * NULL: it goes. An animation stays one, what stands behind the picture does not. Of the
     * spec drops_colour, the sink and the report are looked at, too. A copy of a copy,
     * with the same spec, is the same file.
     *
     * Of a damaged file all that is well-formed is copied, damage of the picture included.
     * SCT_ERR_NOT_AN_IMAGE, _CORRUPT, _TRUNCATED (no picture has begun), _UNSUPPORTED,
     * _TOO_LARGE (metadata that have no room), _MEMORY, _IO. NULL: the format cannot. */
    int (*copy)(const struct sct_encoder_spec *spec, const uint8_t *file, size_t n_bytes);
    void (*close)(sct_encoder *e); /* accepts NULL */
};

SCT_API extern const struct sct_encoder_ops sct_jpeg_encoder;
SCT_API extern const struct sct_encoder_ops sct_webp_encoder; /* SCT_WITH_WEBP */

/* Built with SCT_WITH_PNG. Of a PNG's types it takes the smallest that holds the planes
 * exactly: gray, palette, without alpha where all is opaque, 8 bits where 16 say no more. */
SCT_API extern const struct sct_encoder_ops sct_png_encoder;

/* The encoder of that name or extension ("jpeg", "jpg"), or NULL. */
SCT_API const struct sct_encoder_ops *sct_encoder_find(const char *name);

/* The i-th encoder that this was built with; NULL past the last. */
SCT_API const struct sct_encoder_ops *sct_encoder_at(int i);

#ifdef __cplusplus
}
#endif
#endif
