/* What `scantling compare` found out about one picture beside its reference. Command only. */
#ifndef SCT_COMPARISON_H
#define SCT_COMPARISON_H

#include "butteraugli.h"
#include "io.h"
#include "ssimulacra2.h"

struct sct_comparison {
    const char *reference, *input; /* as they were given; borrowed */
    int status;
    char message[320]; /* why it failed, or what could not be measured, or "" */

    /* Where status is SCT_OK. */
    int width, height;   /* of both */
    uint64_t bytes;      /* of the input, as far as it was read */
    int has_ssimulacra2; /* 0: the pictures are too small */
    double ssimulacra2;
    /* Peak signal-to-noise ratios in dB, of sRGB's own values: of R, G and B together, and of
     * luma (BT.601). INFINITY: there is no difference. */
    double psnr_rgb, psnr_y;
    int has_butteraugli;
    struct sct_butteraugli butteraugli;

    struct sct_report report; /* of the input's decoder */
};

/* Computes SSIMULACRA2 and PSNR of two pictures of the same size. SCT_ERR_MEMORY. */
int sct_comparison_measure(struct sct_comparison *c, const struct sct_rgb *reference,
                           const struct sct_rgb *picture);

/* Prints it for people. */
void sct_comparison_print(const struct sct_comparison *c);

#endif
