/* The part of ICC that is Little CMS's: reading the tags of profiles, and conversions by tables.
 *
 *     step armed -> library -> allocate -> refused -> longjmp to the step -> abandoned
 *
 * 1. Each sct_lcms has a context of its own, with its own errors and memory: nothing is shared
 *    between threads.
 * 2. The library allocates through us: a profile cannot take more than
 *    SCT_ICC_MAX_MEMORY_BYTES. Each block has a small header and hangs in a ring.
 * 3. The library (2.14) does not survive NULL everywhere. A block that is refused therefore leaves
 *    it by longjmp; its objects are not touched again, and closing frees all blocks in the
 *    ring. It holds no lock then but those that lie in such blocks.
 * 4. A context that is half made could not be taken out of the library's list of contexts. What it
 *    takes comes out of `reserve`, which is there already, and is never refused. */
#include "icc_lcms.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include <lcms2.h>
#include <lcms2_plugin.h>

#include "mem.h"

struct block {
    struct block *next, *previous; /* NULL: in no ring */
    size_t n_bytes;
    int is_reserve;
};

enum {
    HEADER_BYTES = (sizeof(struct block) + alignof(max_align_t) - 1) /
                   alignof(max_align_t) * alignof(max_align_t),
    RESERVE_BYTES = 32768 /* a context takes 21000 */
};

struct sct_lcms {
    cmsContext context;
    cmsHPROFILE profile;
    cmsHTRANSFORM transform;
    struct block ring; /* its head */
    size_t held_bytes;
    jmp_buf refused;
    int is_armed;
    int is_out_of_memory, is_over_limit; /* either: abandoned */
    char text[128];                      /* the library's first complaint */
    size_t reserve_used;
    alignas(max_align_t) uint8_t reserve[RESERVE_BYTES];
};

const char *sct_icc_version(void)
{
    return SCT_LCMS_VERSION;
}

static int was_refused(const struct sct_lcms *l)
{
    return l->is_out_of_memory || l->is_over_limit;
}

static void *refuse(struct sct_lcms *l, int *why)
{
    if (l) {
        *why = 1;
        if (l->is_armed)
            longjmp(l->refused, 1);
    }
    return NULL;
}

static void *allocate(cmsContext context, cmsUInt32Number size)
{
    struct sct_lcms *l = cmsGetContextUserData(context); /* of the context itself NULL */
    const size_t total = sct_size_add(HEADER_BYTES, sct_size_align(size));
    struct block *block;
    if (l && !l->is_armed && total <= RESERVE_BYTES - l->reserve_used) {
        block = (struct block *)(void *)(l->reserve + l->reserve_used);
        l->reserve_used += total;
        *block = (struct block){.n_bytes = size, .is_reserve = 1};
        return (uint8_t *)block + HEADER_BYTES;
    }
    if (l && total > SCT_ICC_MAX_MEMORY_BYTES - l->held_bytes)
        return refuse(l, &l->is_over_limit);
    block = sct_mem_alloc(total);
    if (!block)
        return refuse(l, l ? &l->is_out_of_memory : NULL);
    block->n_bytes = size;
    if (l) {
        block->next = l->ring.next;
        block->previous = &l->ring;
        block->next->previous = l->ring.next = block;
        l->held_bytes += total;
    }
    return (uint8_t *)block + HEADER_BYTES;
}

static struct block *find_block(void *p)
{
    return (struct block *)(void *)((uint8_t *)p - HEADER_BYTES);
}

static void release(cmsContext context, void *p)
{
    struct sct_lcms *l = cmsGetContextUserData(context);
    struct block *block = p ? find_block(p) : NULL;
    if (!block || block->is_reserve)
        return;
    if (block->next) {
        block->next->previous = block->previous;
        block->previous->next = block->next;
        if (l)
            l->held_bytes -= HEADER_BYTES + sct_size_align(block->n_bytes);
    }
    sct_mem_free(block);
}

static void *reallocate(cmsContext context, void *p, cmsUInt32Number size)
{
    void *bigger = allocate(context, size);
    if (bigger && p) {
        const size_t before = find_block(p)->n_bytes;
        memcpy(bigger, p, before < size ? before : size);
        release(context, p);
    }
    return bigger;
}

static void note_error(cmsContext context, cmsUInt32Number code, const char *text)
{
    struct sct_lcms *l = cmsGetContextUserData(context);
    (void)code;
    if (!l || l->text[0])
        return;
    snprintf(l->text, sizeof l->text, "%s", text);
    const size_t length = strlen(l->text);
    if (length > 0 && l->text[length - 1] == '.')
        l->text[length - 1] = '\0';
}

static int explain(const struct sct_lcms *l, struct sct_report *report)
{
    if (l->is_out_of_memory)
        return sct_report_fail(report, SCT_ERR_MEMORY,
                               "there is no memory for an ICC profile");
    if (l->is_over_limit)
        return sct_report_fail(report, SCT_ERR_TOO_LARGE,
                               "the ICC profile takes more than %zu MiB of memory",
                               SCT_ICC_MAX_MEMORY_BYTES >> 20);
    return sct_report_fail(report, SCT_ERR_CORRUPT, "the ICC profile cannot be used%s%s",
                           l->text[0] ? ": " : "", l->text);
}

/* A step into the library, which may be refused memory on the way. What it returns, or 0. */
static int guard(struct sct_lcms *l, int (*step)(struct sct_lcms *l, void *args),
                 void *args)
{
    if (was_refused(l))
        return 0;
    l->is_armed = 1;
    if (setjmp(l->refused)) {
        l->is_armed = 0;
        return 0;
    }
    const int result = step(l, args);
    l->is_armed = 0;
    return result;
}

static int read_profile(struct sct_lcms *l, void *args)
{
    const struct sct_bytes *icc = args;
    l->profile =
        cmsOpenProfileFromMemTHR(l->context, icc->data, (cmsUInt32Number)icc->n_bytes);
    return l->profile != NULL;
}

int sct_lcms_open(sct_lcms **out, const uint8_t *icc, size_t icc_bytes,
                  struct sct_report *report)
{
    cmsPluginMemHandler memory = {
        .base = {.Magic = cmsPluginMagicNumber,
                 .ExpectedVersion = 2060,
                 .Type = cmsPluginMemHandlerSig},
        .MallocPtr = allocate,
        .FreePtr = release,
        .ReallocPtr = reallocate,
    };
    struct sct_bytes bytes = {icc, icc_bytes};
    *out = NULL;
    sct_lcms *l = sct_mem_alloc(sizeof *l);
    if (!l)
        return sct_report_fail(report, SCT_ERR_MEMORY,
                               "there is no memory for an ICC profile");
    l->ring.next = l->ring.previous = &l->ring;
    l->context = cmsCreateContext(&memory, l);
    if (!l->context)
        l->is_out_of_memory = 1;
    else
        cmsSetLogErrorHandlerTHR(l->context, note_error);
    if (!guard(l, read_profile, &bytes)) {
        const int status = explain(l, report);
        sct_lcms_close(l);
        return status;
    }
    *out = l;
    return SCT_OK;
}

void sct_lcms_close(sct_lcms *l)
{
    if (!l)
        return;
    if (!was_refused(l)) {
        if (l->transform)
            cmsDeleteTransform(l->transform);
        if (l->profile)
            cmsCloseProfile(l->profile);
    }
    if (l->context)
        cmsDeleteContext(l->context);
    while (l->ring.next != &l->ring) {
        struct block *block = l->ring.next;
        l->ring.next = block->next;
        sct_mem_free(block);
    }
    sct_mem_free(l);
}

static cmsToneCurve *find_curve(sct_lcms *l, int ci)
{
    static const cmsTagSignature rgb[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag,
                                          cmsSigBlueTRCTag};
    const int is_gray = cmsGetColorSpace(l->profile) == cmsSigGrayData;
    return cmsReadTag(l->profile, is_gray ? cmsSigGrayTRCTag : rgb[ci]);
}

static int read_shaper(struct sct_lcms *l, void *args)
{
    struct sct_mat3 *colorants = args;
    static const cmsTagSignature columns[] = {
        cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag};
    const cmsColorSpaceSignature space = cmsGetColorSpace(l->profile);
    if ((space != cmsSigRgbData && space != cmsSigGrayData) ||
        cmsGetPCS(l->profile) != cmsSigXYZData || cmsIsTag(l->profile, cmsSigAToB0Tag) ||
        cmsIsTag(l->profile, cmsSigDToB0Tag))
        return 0;
    for (int ci = 0; ci < (space == cmsSigGrayData ? 1 : 3); ci++) {
        const cmsToneCurve *curve = find_curve(l, ci);
        if (!curve || !(cmsEvalToneCurveFloat(curve, 0) < 1e-5f))
            return 0;
        if (space == cmsSigGrayData)
            continue;
        const cmsCIEXYZ *xyz = cmsReadTag(l->profile, columns[ci]);
        if (!xyz)
            return 0;
        colorants->at[0][ci] = xyz->X;
        colorants->at[1][ci] = xyz->Y;
        colorants->at[2][ci] = xyz->Z;
    }
    return 1;
}

int sct_lcms_is_shaper(sct_lcms *l, struct sct_mat3 *colorants)
{
    return guard(l, read_shaper, colorants);
}

void sct_lcms_sample_curve(sct_lcms *l, int ci, float *values, int n)
{
    const cmsToneCurve *curve = find_curve(l, ci);
    for (int i = 0; i < n; i++) {
        const float v = cmsEvalToneCurveFloat(curve, (float)i / (float)(n - 1));
        values[i] = v > 0 ? v < 1 ? v : 1 : 0; /* NaN is 0 */
    }
}

static cmsHPROFILE create_gray(sct_lcms *l)
{
    static const cmsFloat64Number srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92,
                                            0.04045};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(l->context, 4, srgb);
    if (!curve)
        return NULL;
    cmsHPROFILE profile = cmsCreateGrayProfileTHR(l->context, cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return profile;
}

struct link {
    int depth, is_grid;
};

static int make_transform(struct sct_lcms *l, void *args)
{
    const struct link *link = args;
    const cmsColorSpaceSignature space = cmsGetColorSpace(l->profile);
    const int is_gray = space == cmsSigGrayData;
    const cmsUInt32Number bytes = BYTES_SH(link->depth == 8 ? 1u : 2u);
    const cmsUInt32Number gray = COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | bytes;
    const cmsUInt32Number rgb = COLORSPACE_SH(PT_RGB) | CHANNELS_SH(3) | bytes;
    const cmsUInt32Number cmyk = COLORSPACE_SH(PT_CMYK) | CHANNELS_SH(4) | bytes;
    /* NOCACHE: the library's cache of one pixel costs more than it gives on photographs. */
    const cmsUInt32Number flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION |
                                  (link->is_grid ? 0 : cmsFLAGS_NOOPTIMIZE);
    cmsHPROFILE target = is_gray ? create_gray(l) : cmsCreate_sRGBProfileTHR(l->context);
    if (target) {
        l->transform =
            cmsCreateTransformTHR(l->context, l->profile,
                                  is_gray                   ? gray
                                  : space == cmsSigCmykData ? cmyk
                                                            : rgb,
                                  target, is_gray ? gray : rgb, INTENT_PERCEPTUAL, flags);
        cmsCloseProfile(target);
    }
    return l->transform != NULL;
}

int sct_lcms_link(sct_lcms *l, int depth, int is_grid, struct sct_report *report)
{
    struct link link = {depth, is_grid};
    return guard(l, make_transform, &link) ? SCT_OK : explain(l, report);
}

void sct_lcms_run(sct_lcms *l, const void *in, void *out, int n_pixels)
{
    cmsDoTransform(l->transform, in, out, (cmsUInt32Number)n_pixels);
}
