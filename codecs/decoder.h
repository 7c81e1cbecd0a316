/* Decoders: a file in some format becomes bands, each component on its own grid.
 *
 *     open        reads the header; *picture says what is coming. No memory that depends
 * on the size of the picture is taken yet, and limits on pixels have been checked.
 *     want_corner says which frequencies anybody will look at
 *     read_band   again and again until SCT_DONE: one iMCU row, that is component[ci].v
 *                 rows of blocks (COEFS) or 8 times as many rows of samples (SAMPLES) of each
 *                 component (fewer at the bottom)
 *     close       always, whatever happened; frees everything
 *
 * A decoder never throws away damage silently. Without `salvage` read_band returns
 * SCT_ERR_TRUNCATED or SCT_ERR_CORRUPT as soon as it is known, and report->damaged_row
 * says where. With it, what can be had is delivered, the rest is filled in as
 * libjpeg-turbo does, and report->damage says so at SCT_DONE. */
#ifndef SCT_DECODER_H
#define SCT_DECODER_H

#include "block.h"
#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits that are checked before memory is taken. 0 means the default. */
struct sct_limits {
    int64_t max_pixels; /* width * height; default SCT_MAX_PIXELS */
    int max_side;       /* width, and height; default SCT_MAX_PICTURE_SIDE */
    int max_scans;      /* of a progressive JPEG; default SCT_MAX_SCANS */
    int64_t
        max_whole_pixels; /* of a picture that has to be decoded whole, as an interlaced
                                 PNG; default SCT_MAX_WHOLE_PIXELS */
    int64_t max_metadata_bytes; /* of ICC, EXIF, XMP, ... once inflated, in all; default
                                   SCT_MAX_METADATA_BYTES */
    size_t max_memory_bytes;    /* that a job may take; default SCT_MAX_MEMORY_BYTES */
    int64_t max_input_bytes;    /* of the file; default SCT_MAX_INPUT_BYTES */
    double max_seconds; /* of wall-clock time for a job, looked at between bands and when
                                more is read; default none */
};

/* Puts the defaults where `limits` has none: 0, or less. */
SCT_API void sct_limits_fill(struct sct_limits *limits);

#define SCT_MAX_PIXELS         ((int64_t)268 * 1000 * 1000)
#define SCT_MAX_PICTURE_SIDE   65535
#define SCT_MAX_INPUT_BYTES    ((int64_t)1 << 30)
#define SCT_MAX_SCANS          500
#define SCT_MAX_WHOLE_PIXELS   ((int64_t)100 * 1000 * 1000)
#define SCT_MAX_METADATA_BYTES ((int64_t)16 << 20)
#define SCT_MAX_MEMORY_BYTES   ((size_t)1 << 30)

/* When a decoder has to deliver SAMPLES of RGB or gray, all on one grid, from a full decode,
 * whatever the file has: for what cannot be done to coefs, or to chroma beside an alpha. Four inks
 * are SCT_ERR_UNSUPPORTED then, unless CMYK is allowed, which they become. */
enum sct_rgb_wish {
    SCT_RGB_NEVER,
    SCT_RGB_WITH_ALPHA,
    SCT_RGB_ALWAYS,
    SCT_RGB_OR_CMYK_ALWAYS
};

struct sct_decoder_spec {
    struct sct_reader *reader; /* borrowed until close */
    struct sct_limits limits;
    int salvage; /* deliver damaged pictures as far as they go */
    enum sct_rgb_wish wants_rgb;
    struct sct_report *report; /* borrowed until close; may be NULL */
};

/* A band, borrowed until the next call on the decoder.
 *
 * SAMPLES: rows of component[ci].width samples, uint8_t or uint16_t as picture.depth says.
 *
 * COEFS: coefficients are dequantised,
 * saturated to 16 bits and in the layout that block.h has for the component's corner; a row has
 * width_blocks of them, starts on 64 bytes, and only coefs in the corner are meaningful. In
 * blocks that reach past the picture's edge, what lies behind it is a smooth continuation and
 * not the file's own padding. */
struct sct_band {
    struct {
        const int16_t *blocks;  /* COEFS */
        const void *samples;    /* SAMPLES; aligned for their type */
        ptrdiff_t stride_bytes; /* from a row, of blocks or samples, to the next */
        int n_rows;             /* of blocks, or samples */
    } component[SCT_MAX_COMPONENTS];
};

typedef struct sct_decoder sct_decoder;

struct sct_decoder_ops {
    const char *name;
    /* Whether these first bytes of a file are this format; n_bytes may be anything. */
    int (*probe)(const uint8_t *head, size_t n_bytes);
    /* *out is NULL on failure. SCT_ERR_UNSUPPORTED, _TRUNCATED, _CORRUPT, _TOO_LARGE,
     * _IO, _MEMORY; the message says which feature, which limit, where. */
    int (*open)(sct_decoder **out, const struct sct_decoder_spec *spec,
                struct sct_picture *picture);
    /* COEFS: before the first read_band, for any component; not called: all 8 x 8. NULL in
     * decoders that deliver SAMPLES. */
    void (*want_corner)(sct_decoder *d, int ci, struct sct_corner corner);
    /* SCT_OK, SCT_DONE, or an error as above. */
    int (*read_band)(sct_decoder *d, struct sct_band *band);
    void (*close)(sct_decoder *d); /* accepts NULL */
};

SCT_API extern const struct sct_decoder_ops sct_jpeg_decoder;
SCT_API extern const struct sct_decoder_ops sct_webp_decoder; /* SCT_WITH_WEBP */

/* The decoder for a file that begins with these bytes, of which SCT_SNIFF_BYTES are always
 * enough; NULL: none that this was built with. */
SCT_API const struct sct_decoder_ops *sct_decoder_find(const uint8_t *head,
                                                       size_t n_bytes);

/* Built with SCT_WITH_PNG. */
SCT_API extern const struct sct_decoder_ops sct_png_decoder;

/* Looks at the first bytes and opens the decoder for them: *ops is the one to go on with.
 * Other formats that we can name are SCT_ERR_UNSUPPORTED with the name in the message;
 * the rest is SCT_ERR_NOT_AN_IMAGE, an empty input too. On failure *ops and *out are
 * NULL. */
SCT_API int sct_decoder_open(const struct sct_decoder_ops **ops, sct_decoder **out,
                             const struct sct_decoder_spec *spec,
                             struct sct_picture *picture);

/* The version of libjpeg-turbo that this was built with, "2.1.5"; static storage. */
const char *sct_jpeg_version(void);
/* The same of libwebp, "1.2.4"; only in builds with SCT_WITH_WEBP. */
const char *sct_webp_version(void);

/* The version of libspng in use, "0.7.3"; static storage. Built with SCT_WITH_PNG. */
const char *sct_png_version(void);

#ifdef __cplusplus
}
#endif
#endif
