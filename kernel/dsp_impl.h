/* Private to kernel/: the implementations that sct_dsp_init chooses from.
 *
 * Each fill function overwrites the slots that its implementation has, and the name. It
 * must only be called on a CPU that runs it. An implementation that this build does not
 * have is not declared; SCT_HAVE_* comes from CMake. */
#ifndef SCT_DSP_IMPL_H
#define SCT_DSP_IMPL_H

#include "dsp.h"

#ifndef SCT_HAVE_HWY
#define SCT_HAVE_HWY 0
#endif
#ifndef SCT_HAVE_AVX2
#define SCT_HAVE_AVX2 0
#endif
#ifndef SCT_HAVE_NEON
#define SCT_HAVE_NEON 0
#endif
#ifndef SCT_HAVE_DOTPROD
#define SCT_HAVE_DOTPROD 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

void sct_dsp_fill_c(struct sct_dsp *dsp);

/* The reference's pack and pack16, for columns that fill no vector. */
void sct_pack_c(int16_t *dst, const uint8_t *src, ptrdiff_t stride_bytes, int width);
void sct_pack16_c(int16_t *dst, const uint16_t *src, ptrdiff_t stride_bytes, int width);

#if SCT_HAVE_HWY
void sct_dsp_fill_hwy(struct sct_dsp *dsp);
#endif
#if SCT_HAVE_AVX2
void sct_dsp_fill_avx2(struct sct_dsp *dsp);
#endif
#if SCT_HAVE_NEON
void sct_dsp_fill_neon(struct sct_dsp *dsp);
#endif
#if SCT_HAVE_DOTPROD /* horz and vert, on top of neon */
void sct_dsp_fill_dotprod(struct sct_dsp *dsp);
#endif

#ifdef __cplusplus
}
#endif
#endif
