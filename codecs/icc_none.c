/* Stands in for icc_lcms.c in builds without Little CMS: no profile can be opened, and so
 * nothing else is ever called. */
#include "icc_lcms.h"

const char *sct_icc_version(void)
{
    return "";
}

int sct_lcms_open(sct_lcms **out, const uint8_t *icc, size_t icc_bytes,
                  struct sct_report *report)
{
    (void)icc, (void)icc_bytes;
    *out = NULL;
    return sct_report_fail(
        report, SCT_ERR_UNSUPPORTED,
        "this build cannot convert by ICC profiles: it has no Little CMS");
}

int sct_lcms_is_shaper(sct_lcms *l, struct sct_mat3 *colorants)
{
    (void)l, (void)colorants;
    return 0;
}

void sct_lcms_sample_curve(sct_lcms *l, int ci, float *values, int n)
{
    (void)l, (void)ci, (void)values, (void)n;
}

int sct_lcms_link(sct_lcms *l, int depth, int is_grid, struct sct_report *report)
{
    (void)l, (void)depth, (void)is_grid, (void)report;
    return SCT_ERR_UNSUPPORTED;
}

void sct_lcms_run(sct_lcms *l, const void *in, void *out, int n_pixels)
{
    (void)l, (void)in, (void)out, (void)n_pixels;
}

void sct_lcms_close(sct_lcms *l)
{
    (void)l;
}
