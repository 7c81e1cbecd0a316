/* Scantling: smaller pictures, resized while they are still DCT coefficients.
 *
 * This is the library's front door: one source in, any number of variants out, one
 * decode.
 *
 *     struct sct_variant v = sct_variant_default();
 *     v.width = v.height = 1600;                   // the longest side
 *     struct sct_job job = {
 *         .source = ..., .variants = &v, .n_variants = 1, .target = ...};
 *     struct sct_result result;
 *     int status = sct_job_run(&job, &result);     // 0, or what went wrong
 *
 * The streaming resizer below it can be used by itself: resizer.h. All functions are
 * reentrant; there is no global state. */
#ifndef SCT_SCANTLING_H
#define SCT_SCANTLING_H

#include <stddef.h>
#include <stdint.h>

#include "decoder.h"
#include "dsp.h"
#include "encoder.h"
#include "filter.h"
#include "io.h"
#include "metadata.h"
#include "resizer.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SCT_VERSION "0.1.0"

/* The library's version, "0.1.0"; static storage. */
SCT_API const char *sct_version(void);

enum sct_fit {
    SCT_FIT_INSIDE, /* the largest that fits in the box, aspect kept */
    SCT_FIT_COVER,  /* fills the box, aspect kept, what sticks out is cropped evenly */
    SCT_FIT_FILL    /* exactly the box, aspect not kept */
};

enum sct_icc {
    SCT_ICC_KEEP, /* the profile goes along */
    SCT_ICC_SRGB, /* colours are converted to sRGB, which needs no profile */
    SCT_ICC_DROP  /* the profile is forgotten, colours stay as numbers */
};

enum sct_subsampling { SCT_SUB_420, SCT_SUB_422, SCT_SUB_444, SCT_SUB_SOURCE };

enum { SCT_NAME_BYTES = 64, SCT_MAX_VARIANTS = 64 };

/* One wanted output. Sizes are those of the upright picture, after orientation. */
struct sct_variant {
    char name[SCT_NAME_BYTES]; /* for file names and reports; may be "" */
    int width, height;         /* of the box, in pixels; 0: follows from the other side */
    enum sct_fit fit;
    int enlarge; /* whether to grow small pictures; by default they keep their size */
    const struct sct_filter *filter;
    const struct sct_encoder_ops
        *format; /* NULL: the source's, JPEG where that is none of
                                             ours to write */
    int quality; /* 1..100; where the source has the same format and was saved at less,
                          that is used... */
    int quality_exact; /* ...unless this is set; it also has pictures encoded again that would
                          otherwise be copied; the smaller of the two is published */
    enum sct_subsampling subsampling;
    int progressive, optimize; /* JPEG */
    enum sct_icc icc;
    enum sct_metadata_mode metadata; /* beside the ICC profile */
    int lossless;                    /* WebP */
    int compression; /* PNG and lossless WebP: 0..9, SCT_COMPRESSION_DEFAULT */
    int effort; /* JPEG, lossy WebP: 0..SCT_MAX_EFFORT, how hard to try to save bytes */
    /* 0: none. `score`: the lowest quality, up to `quality`, to which SSIMULACRA2 is likely to give
     * it, 1..99. `max_bytes`: then quality is lowered until the file is not larger;
     * SCT_ERR_TOO_LARGE where that is not enough, or a lossless file is larger. Both have
     * pictures encoded again, too. */
    int score;
    size_t max_bytes;
    int depth; /* bits of a sample: 8, or 16 where source and format have them */
    uint8_t background[3]; /* sRGB: what alpha is laid on where the format has none */
};

/* lanczos3, the source's format, quality 80, 4:2:0, effort 1, inside, 8 bits, on white; no
 * size yet. */
SCT_API struct sct_variant sct_variant_default(void);

/* What became, or will become, of one variant. */
struct sct_output {
    int width, height; /* pixels */
    const char *format, *extension;
    uint64_t bytes; /* written; 0 when only planned */
    int quality;    /* with which it was encoded; 0: losslessly, or not again */
    int is_unchanged; /* nothing had to shrink and the format stays, or it would have got larger:
                         the source's own data, without what is dropped of its metadata; final
                         when the job is done */
    int status; /* SCT_OK, or why this output does not exist */
};

/* Where outputs go. For every variant that has been planned: open, writes to the sink,
 * close. close with SCT_OK must make the output visible, whole, under its name, and may
 * fail; with any other status it must leave no trace. If open fails, close is not called.
 */
struct sct_target {
    int (*open)(void *ctx, int variant, const struct sct_output *output,
                struct sct_sink *sink);
    int (*close)(void *ctx, int variant, int status);
    void *ctx;
};

struct sct_job {
    struct sct_source source;
    const struct sct_variant *variants; /* borrowed */
    int n_variants;                     /* 1..SCT_MAX_VARIANTS */
    struct sct_target target;
    struct sct_limits limits;  /* zeroed: the defaults */
    int salvage;               /* publish damaged pictures as far as they go */
    int linear;                /* resize in linear light instead of sRGB's own values */
    const struct sct_dsp *dsp; /* NULL: the best that the CPU runs */
};

/* CPU milliseconds of the calling thread; decode, resize and encode are sampled. */
struct sct_times {
    double plan, decode, resize, encode, total;
};

struct sct_result {
    int status; /* SCT_OK or the error that sct_job_run returned */
    struct sct_report report;
    const char *format; /* of the source, or NULL when it was not recognised */
    int width, height;  /* of the source, upright; 0 when not known */
    uint64_t bytes;     /* read from the source */
    int n_outputs;      /* as many as variants, once planned */
    struct sct_output output[SCT_MAX_VARIANTS];
    struct sct_times ms;
};

/* Reads the source's header, plans all variants and checks all limits, without writing
 * anything: the result holds the output sizes. The source has been read in part afterwards and is of no
 * further use. */
SCT_API int sct_job_plan(const struct sct_job *job, struct sct_result *result);

/* Does the job: one decode, every variant. Returns result->status. When it is an error no
 * output has been closed with SCT_OK, with one exception: a target's close that fails
 * after another one's has succeeded. output[i].status tells. */
SCT_API int sct_job_run(const struct sct_job *job, struct sct_result *result);

#ifdef __cplusplus
}
#endif
#endif
