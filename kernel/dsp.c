/* Choosing an implementation, once: the C table first, then up the ladder as far as the
 * build and the CPU go. Highway stands below the hand-written ones: where both exist,
 * they win. */
#include "dsp_impl.h"

#include <string.h>

#if SCT_HAVE_NEON && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

static int cpu_runs_avx2(void)
{
#if SCT_HAVE_AVX2
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 0;
#endif
}

static int cpu_runs_neon(void)
{
#if SCT_HAVE_NEON && defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMD) != 0;
#else
    return SCT_HAVE_NEON;    /* part of every other Armv8-A system that builds us */
#endif
}

static int cpu_runs_dotprod(void)
{
#if SCT_HAVE_DOTPROD && defined(__linux__)
    return cpu_runs_neon() && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__ARM_FEATURE_DOTPROD)
    return SCT_HAVE_DOTPROD; /* elsewhere only where the whole build asks for it */
#else
    return 0;
#endif
}

const char *sct_dsp_name_at(int i)
{
    static const char *const names[] = {"c", "hwy", "avx2", "neon", "dotprod"};
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? names[i] : NULL;
}

static int is_known(const char *name)
{
    for (int i = 0; sct_dsp_name_at(i); i++)
        if (strcmp(name, sct_dsp_name_at(i)) == 0)
            return 1;
    return 0;
}

int sct_dsp_init(struct sct_dsp *dsp, const char *name)
{
    memset(dsp, 0, sizeof *dsp);
    const int best = !name || strcmp(name, "auto") == 0;
    if (!best && !is_known(name))
        return SCT_ERR_ARGUMENT;

    sct_dsp_fill_c(dsp);
    if (!best && strcmp(name, "c") == 0)
        return SCT_OK;
#if SCT_HAVE_HWY
    if (best || strcmp(name, "hwy") == 0)
        sct_dsp_fill_hwy(dsp);
#endif
#if SCT_HAVE_AVX2
    if (cpu_runs_avx2() && (best || strcmp(name, "avx2") == 0))
        sct_dsp_fill_avx2(dsp);
#endif
#if SCT_HAVE_NEON
    if (cpu_runs_neon() && (best || strcmp(name, "neon") == 0))
        sct_dsp_fill_neon(dsp);
#endif
#if SCT_HAVE_DOTPROD
    if (cpu_runs_dotprod() && (best || strcmp(name, "dotprod") == 0)) {
        sct_dsp_fill_neon(dsp); /* for the slots that it leaves */
        sct_dsp_fill_dotprod(dsp);
    }
#endif
    (void)cpu_runs_avx2;
    (void)cpu_runs_neon;
    (void)cpu_runs_dotprod;
    if (best || strcmp(name, dsp->name) == 0)
        return SCT_OK;
    memset(dsp, 0, sizeof *dsp);
    return SCT_ERR_UNSUPPORTED;
}
