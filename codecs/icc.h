/* ICC profiles: whether one fits a picture, whether it is sRGB, converting rows of samples to
 * sRGB, and making profiles from what PNG says about colour in other ways.
 *
 * Converting by a profile needs Little CMS (SCT_WITH_ICC); all else works in every build. Nothing
 * here has global state: any number of threads may be in any of these functions, each with
 * its own transform.
 *
 * Profiles are untrusted. One that is broken costs no more than SCT_ICC_MAX_BYTES of input,
 * SCT_ICC_MAX_MEMORY_BYTES of memory, and its own colours: callers drop it and go on. */
#ifndef SCT_ICC_H
#define SCT_ICC_H

#include <stddef.h>
#include <stdint.h>

#include "io.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SCT_ICC_MAX_BYTES        ((size_t)8 << 20)
#define SCT_ICC_MAX_MEMORY_BYTES ((size_t)64 << 20) /* that Little CMS may hold */

/* The version of Little CMS that this was built with, "2.14"; "" in a build without it. Static
 * storage. */
const char *sct_icc_version(void);

/* Whether a profile is sound and belongs to pictures of `model`: gray profiles to GRAY, RGB ones
 * to RGB and YCC, CMYK ones to CMYK and YCCK. It has to be one of a device (input, display,
 * output) or a colour space, not a link or a list of named colours. Without Little CMS only
 * the header and the table of tags are looked at.
 *
 * SCT_OK; SCT_ERR_CORRUPT, _UNSUPPORTED (another model or class) or _TOO_LARGE: the caller goes
 * on without the profile, and the report has a warning (not a message) with the reason;
 * SCT_ERR_MEMORY, with a message. report may be NULL. */
int sct_icc_check(const uint8_t *icc, size_t icc_bytes, enum sct_model model,
                  struct sct_report *report);

/* Whether a profile, RGB or gray, is sRGB for all practical purposes: converting by it would
 * change no sample of 8 bits by more than one level. Found by converting (every gray, and
 * 17x17x17 colours), whatever the profile is called. 0 also for profiles that cannot be used,
 * and in a build without Little CMS. */
int sct_icc_is_srgb(const uint8_t *icc, size_t icc_bytes);

/* A conversion of rows to sRGB.
 *
 * With a profile: perceptual intent with black point compensation. (libvips leaves both to
 * its caller and defaults to relative; sharp asks for perceptual, without compensation, which
 * leaves the black of CMYK pictures at dark gray.) What is out of sRGB's gamut is clipped.
 *
 * Without a profile: GRAY and RGB are sRGB already and copied. CMYK is (1 - c)(1 - k), and so on,
 * taken as sRGB, exactly and rounded to nearest: what Pillow and ImageMagick do. libvips, and
 * sharp with it, has a CMYK profile built in, and gives other colours. */
typedef struct sct_icc_transform sct_icc_transform;

struct sct_icc_spec {
    const uint8_t *icc; /* borrowed during create; NULL: no profile */
    size_t icc_bytes;
    enum sct_model model; /* of the rows: SCT_GRAY, SCT_RGB or SCT_CMYK */
    int is_inverted;      /* CMYK: 0 is full ink, as Adobe writes it */
    int depth;            /* bits of a sample, in and out: 8 (uint8_t) or 16 (uint16_t) */
    int64_t n_pixels;     /* about how many will be converted, 0: many. Below
                             SCT_ICC_FEW_PIXELS profiles that are tables are evaluated for each
                             pixel (a few 100 ns), which is more exact; else a grid is
                             calculated in advance (some 10 ms) */
    struct sct_report *report; /* borrowed during create; may be NULL */
};

#define SCT_ICC_FEW_PIXELS 80000

/* SCT_OK; SCT_ERR_ARGUMENT: model or depth; SCT_ERR_UNSUPPORTED: a profile that does not belong to
 * the model, or no Little CMS in this build; SCT_ERR_CORRUPT, _TOO_LARGE: a profile that
 * cannot be used; SCT_ERR_MEMORY. *out is NULL on failure. A profile that sct_icc_check
 * passed fails for want of memory only. */
int sct_icc_transform_create(sct_icc_transform **out, const struct sct_icc_spec *spec);

/* Rows of the result: 1 (GRAY stays gray, with sRGB's tone curve) or 3 (R, G, B). */
int sct_icc_transform_rows_out(const sct_icc_transform *t);

/* Converts one row of `width` >= 0 pixels. rows_in has one row for each component of the model,
 * rows_out sct_icc_transform_rows_out of them, aligned for their type; exactly `width`
 * samples of each are read and written. rows_out[i] may be rows_in[i], and must not overlap
 * the others. It cannot fail. One thread at a time for each transform. */
void sct_icc_transform_run(sct_icc_transform *t, const void *const rows_in[4],
                           void *const rows_out[3], int width);

void sct_icc_transform_free(sct_icc_transform *t); /* accepts NULL */

/* Profiles made from other statements about colour. They are ICC v4 (matrix and parametric curve,
 * about 500 bytes: what phones write for Display P3), and the same input gives the same bytes.
 *
 * model: SCT_GRAY makes a gray profile, from the tone curve alone; all others an RGB one.
 *
 * SCT_OK with *icc, which the caller frees with sct_mem_free; SCT_OK with *icc NULL and 0 bytes:
 * it is sRGB, which needs no profile; or an error, with a message. A caller that goes on
 * without such a profile hands over a report of its own and makes a warning of its message. */

/* From PNG's gAMA (100000 / exponent; 0: no gAMA, sRGB's curve) and cHRM (x and y of white, red,
 * green, blue, times 100000; NULL: no cHRM, BT.709). As in browsers, a gAMA within 1 % of
 * 45455 and primaries within 0.005 of BT.709's are sRGB. SCT_ERR_CORRUPT: an exponent
 * outside 0.1 to 10, or chromaticities that describe no colour space. SCT_ERR_MEMORY. */
int sct_icc_make_png(uint8_t **icc, size_t *icc_bytes, enum sct_model model,
                     uint32_t gamma, const int32_t *chromaticities,
                     struct sct_report *report);

/* From the code points of H.273, as in PNG's cICP: primaries 1 (BT.709), 4 to 8, 9 (BT.2020),
 * 11 (DCI P3), 12 (Display P3), 22; transfer 1, 6, 14, 15 (BT.709), 4 (gamma 2.2), 5 (gamma
 * 2.8), 8 (linear), 13 (sRGB); 2, unspecified, is sRGB's. SCT_ERR_UNSUPPORTED: others, among
 * them 16 (PQ) and 18 (HLG), which a matrix and a curve cannot bring to sRGB.
 * SCT_ERR_MEMORY. */
int sct_icc_make_cicp(uint8_t **icc, size_t *icc_bytes, enum sct_model model,
                      int primaries, int transfer, struct sct_report *report);

#ifdef __cplusplus
}
#endif
#endif
