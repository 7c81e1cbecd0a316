/* Header to picture: geometry, colour model, metadata flags, estimated quality. */
#include "jpeg_header.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "exif.h"
#include "jpeg_app.h"
#include "jpeg_quant.h"
#include "metadata.h"

static long measure_distance(const uint16_t quantval[64], const uint8_t steps[64])
{
    long distance = 0;
    for (int i = 0; i < 64; i++) /* steps are in the kernel's order */
        distance += labs((long)quantval[i] - steps[i % 8 * 8 + i / 8]);
    return distance;
}

int sct_jpeg_quality_estimate(const uint16_t quantval[64], int is_gray)
{
    int best = 1;
    long best_distance = LONG_MAX;

    for (int quality = 1; quality <= 100; quality++) {
        uint8_t standard[64], luma[64];
        sct_jpeg_quant_standard(standard, quality);
        sct_jpeg_quant_luma(luma, quality, is_gray);
        const long a = measure_distance(quantval, standard);
        const long b = measure_distance(quantval, luma);
        const long distance = a < b ? a : b;
        if (distance < best_distance) {
            best = quality;
            best_distance = distance;
        }
    }
    return best;
}

/* Photoshop's image resources: "8BIM", number, name, size, data; IPTC is number 0x0404.
 */
static int has_iptc(const struct jpeg_marker_struct *m)
{
    for (size_t at = 14; at + 6 <= m->data_length; at++)
        if (!memcmp(m->data + at, "8BIM\x04\x04", 6))
            return 1;
    return 0;
}

static int is_extended_xmp(const struct jpeg_marker_struct *m)
{
    static const char signature[] = "http://ns.adobe.com/xmp/extension/";
    return m->data_length >= sizeof signature &&
           !memcmp(m->data, signature, sizeof signature);
}

static void describe_exif(struct sct_picture *picture, const struct jpeg_marker_struct *m,
                          struct sct_bytes body)
{
    struct sct_exif exif;
    sct_exif_read(&exif, m->data, m->data_length);
    picture->has_exif = 1;
    picture->orientation = exif.orientation;
    picture->has_gps = exif.has_gps;
    picture->has_thumbnail = exif.has_thumbnail;
    picture->exif = body;
}

/* All image resources in one piece: one of them may go on in the next segment. */
static void join_iptc(struct sct_picture *picture, j_decompress_ptr cinfo)
{
    size_t n_bytes = 0, prefix_bytes;
    int n_segments = 0;

    for (const struct jpeg_marker_struct *m = cinfo->marker_list; m; m = m->next)
        if (sct_jpeg_app_find(m->marker, m->data, m->data_length, &prefix_bytes) ==
            SCT_JPEG_APP_IPTC)
        {
            n_bytes += m->data_length - prefix_bytes;
            n_segments++;
            picture->iptc.data = m->data + prefix_bytes;
        }
    picture->iptc.n_bytes = n_bytes;
    if (n_bytes == 0)
        picture->iptc.data = NULL;
    if (n_segments < 2 || n_bytes == 0)
        return;

    uint8_t *to = cinfo->mem->alloc_large((j_common_ptr)cinfo, JPOOL_PERMANENT, n_bytes);
    picture->iptc.data = to;
    for (const struct jpeg_marker_struct *m = cinfo->marker_list; m; m = m->next)
        if (sct_jpeg_app_find(m->marker, m->data, m->data_length, &prefix_bytes) ==
            SCT_JPEG_APP_IPTC)
        {
            memcpy(to, m->data + prefix_bytes, m->data_length - prefix_bytes);
            to += m->data_length - prefix_bytes;
        }
}

static void describe_metadata(struct sct_picture *picture, j_decompress_ptr cinfo)
{
    for (const struct jpeg_marker_struct *m = cinfo->marker_list; m; m = m->next) {
        size_t prefix_bytes;
        const enum sct_jpeg_app app =
            sct_jpeg_app_find(m->marker, m->data, m->data_length, &prefix_bytes);
        const struct sct_bytes body = {m->data + prefix_bytes,
                                       m->data_length - prefix_bytes};

        if (app == SCT_JPEG_APP_EXIF && !picture->has_exif) {
            describe_exif(picture, m, body);
        } else if (app == SCT_JPEG_APP_XMP) {
            picture->has_xmp = 1;
            picture->has_gain_map |= sct_metadata_has_gain_map(body);
            if (!picture->xmp.data)
                picture->xmp = body;
        } else if (m->marker == JPEG_APP0 + 1 && is_extended_xmp(m)) {
            picture->has_xmp = 1;
        } else if (app == SCT_JPEG_APP_IPTC) {
            picture->has_iptc |= has_iptc(m);
        } else if (app == SCT_JPEG_APP_MPF) {
            picture->has_mpf = 1;
        } else if (app == SCT_JPEG_APP_GAIN_MAP) {
            picture->has_gain_map = 1;
        }
    }
    join_iptc(picture, cinfo);
}

static int find_model(enum sct_model *model, j_decompress_ptr cinfo)
{
    switch (cinfo->jpeg_color_space) {
    case JCS_GRAYSCALE: *model = SCT_GRAY; return cinfo->num_components == 1;
    case JCS_YCbCr: *model = SCT_YCC; return cinfo->num_components == 3;
    case JCS_RGB: *model = SCT_RGB; return cinfo->num_components == 3;
    case JCS_CMYK: *model = SCT_CMYK; return cinfo->num_components == 4;
    case JCS_YCCK: *model = SCT_YCCK; return cinfo->num_components == 4;
    default: return 0;
    }
}

static const char *name_coding(j_decompress_ptr cinfo, int sof)
{
    if (cinfo->arith_code)
        return cinfo->progressive_mode ? "arithmetic progressive" : "arithmetic";
    if (cinfo->progressive_mode)
        return "progressive";
    return sof == 0xC0 ? "baseline" : "extended";
}

static void describe_components(struct sct_picture *picture, j_decompress_ptr cinfo)
{
    picture->h_max = picture->v_max = 1;
    for (int ci = 0; ci < picture->n_components; ci++) {
        struct sct_component *c = &picture->component[ci];
        /* a component that is alone is never interleaved: its factors mean nothing */
        c->h = picture->n_components == 1 ? 1 : cinfo->comp_info[ci].h_samp_factor;
        c->v = picture->n_components == 1 ? 1 : cinfo->comp_info[ci].v_samp_factor;
        picture->h_max = sct_max(picture->h_max, c->h);
        picture->v_max = sct_max(picture->v_max, c->v);
    }
    for (int ci = 0; ci < picture->n_components; ci++) {
        struct sct_component *c = &picture->component[ci];
        c->width = sct_div_up(picture->width * c->h, picture->h_max);
        c->height = sct_div_up(picture->height * c->v, picture->v_max);
        c->width_blocks = sct_div_up(c->width, 8);
        c->height_blocks = sct_div_up(c->height, 8);
    }
}

int sct_jpeg_header_describe(struct sct_picture *picture, j_decompress_ptr cinfo, int sof)
{
    *picture = (struct sct_picture){
        .format = "jpeg",
        .domain = SCT_COEFS,
        .depth = 8,
        .width = (int)cinfo->image_width,
        .height = (int)cinfo->image_height,
        .n_components = cinfo->num_components,
        .orientation = 1,
        .has_adobe = cinfo->saw_Adobe_marker != 0,
        .adobe_transform = cinfo->saw_Adobe_marker ? cinfo->Adobe_transform : 0,
        .coding = name_coding(cinfo, sof),
        .restart_interval = (int)cinfo->restart_interval,
    };
    if (!find_model(&picture->model, cinfo))
        return SCT_ERR_UNSUPPORTED;
    describe_components(picture, cinfo);
    describe_metadata(picture, cinfo);

    const int table = cinfo->comp_info[0].quant_tbl_no;
    if (table >= 0 && table < NUM_QUANT_TBLS && cinfo->quant_tbl_ptrs[table])
        picture->quality = sct_jpeg_quality_estimate(
            cinfo->quant_tbl_ptrs[table]->quantval, picture->model == SCT_GRAY);
    return SCT_OK;
}
