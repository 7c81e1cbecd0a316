/* Rows of SSIMULACRA2: its arithmetic, one row at a time, in 32-bit floats. For ssimulacra2.c
 * only.
 *
 * The metric's blur is a recursive filter that amplifies the rounding of each of its steps:
 * some 1e-6 of a sample, which becomes a point or two in the scores of good pictures. Published
 * scores are met only by rounding where the reference program does, and that one uses fused
 * multiply-add. Both implementations do: "fma" by instruction; "c" in double precision, which
 * rounds twice, but to another float in one of some 2^28 cases only. */
#ifndef SCT_SSIM_ROWS_H
#define SCT_SSIM_ROWS_H

enum {
    SCT_SSIM_PLANES = 3,  /* X, Y, B of the XYB colour space, in this order */
    SCT_SSIM_RADIUS = 5,  /* of the blur */
    SCT_SSIM_WAVES = 3,   /* cosines that the blur is made of */
    SCT_SSIM_LANES = 16,  /* samples that rows of maps are read in */
    SCT_SSIM_MARGIN = 16, /* zeros that blur_along reads beyond both ends, or fewer */
};

/* The Gaussian of sigma 1.5 as a sum of three truncated cosines, each a recursive filter of
 * order 2 (Charalampidis 2016, "Recursive implementation of the Gaussian filter using
 * truncated cosine functions"; numbers are its equations'). */
struct sct_ssim_blur {
    float gain[SCT_SSIM_WAVES], feedback[SCT_SSIM_WAVES]; /* n and d of (33) */
    /* The same for four samples at a time. What each of them takes of the sum of the first,
     * second, ... input, and of the last output and the one before it. */
    float in[SCT_SSIM_WAVES][4][4], last[SCT_SSIM_WAVES][4], before[SCT_SSIM_WAVES][4];
};

void sct_ssim_blur_init(struct sct_ssim_blur *blur);

/* What a filter remembers of a column: its last outputs and those before, by wave. */
struct sct_ssim_memory {
    float *last[SCT_SSIM_WAVES], *before[SCT_SSIM_WAVES];
};

/* Blurred both ways: of the reference and of the distorted picture the mean and the mean of
 * squares, and the mean of their product. */
struct sct_ssim_moments {
    const float *mean[2], *square[2], *product;
};

/* Sums of the maps' values d, and of d^4. */
enum {
    SCT_SSIM_ERROR_1,
    SCT_SSIM_ARTIFACT_1,
    SCT_SSIM_LOSS_1,
    SCT_SSIM_ERROR_4,
    SCT_SSIM_ARTIFACT_4,
    SCT_SSIM_LOSS_4,
    SCT_SSIM_NORMS
};

/* Rows have n samples, and do not overlap unless it is said. */
struct sct_ssim_rows {
    const char *name;

    /* Light, 0..1, to X, Y and B - Y, brought into 0..1 as well. */
    void (*linear_to_xyb)(float *const xyb[SCT_SSIM_PLANES], const float *const linear[3],
                          int n);

    void (*multiply)(float *dst, const float *a, const float *b, int n); /* a may be b */

    void (*blur_along)(float *dst, const float *src, const struct sct_ssim_blur *blur,
                       int n);

    /* One step of all columns. `enters` is the row SCT_SSIM_RADIUS - 1 below dst, `leaves` the
     * one SCT_SSIM_RADIUS + 1 above; rows outside of the picture are zeros. Exchanges last and
     * before in memory. */
    void (*blur_down)(float *dst, const float *enters, const float *leaves,
                      struct sct_ssim_memory *memory, const struct sct_ssim_blur *blur,
                      int n);

    /* A row of the maps: 1 - SSIM, without the denominator of its luminance term; and how much
     * more of an edge the distorted picture has than the reference, below 0 where it has less. */
    void (*map_error)(float *error, const struct sct_ssim_moments *moments, int n);
    void (*map_edge)(float *edge, const float *reference, const float *distorted,
                     const struct sct_ssim_moments *moments, int n);

    /* Adds a row of the maps to the sums. Reads up to the next multiple of SCT_SSIM_LANES,
     * where it finds zeros. */
    void (*add_norms)(double sums[SCT_SSIM_NORMS], const float *error, const float *edge,
                      int n);
};

void sct_ssim_rows_fill_c(struct sct_ssim_rows *rows);
#ifdef SCT_HAVE_FMA
void sct_ssim_rows_fill_fma(struct sct_ssim_rows *rows); /* needs AVX2 and FMA */
#endif

/* The fastest that the CPU runs. */
void sct_ssim_rows_init(struct sct_ssim_rows *rows);

#endif
