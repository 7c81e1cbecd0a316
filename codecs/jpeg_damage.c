/* Damage of a JPEG, see jpeg_damage.h.
 *
 *     libjpeg's warnings ---> hear_message ---> judge_warning ---.
 *     libjpeg's errors -----> explain_error: what they are called |
 *     the streaming decoder's events -------> judge_event --------+--> record
 *     the end of the scans -----------------> judge_end ----------'
 *
 * README.md has the rules by which these are damage; record is where all of them end. */
#include "jpeg_damage.h"

#include <string.h>

#include "bits.h"
#include "jpeg_stream.h"

enum { MARKER_BYTES = 128 /* what a saved marker costs beside its bytes, at most */ };

/* The first row of pixels of the iMCU row that libjpeg is at; 0 between scans. */
static int find_row(const struct sct_decoder *d, JDIMENSION imcu_row)
{
    if (imcu_row >= d->cinfo.total_iMCU_rows)
        return 0;
    return (int)imcu_row * d->cinfo.max_v_samp_factor * DCTSIZE;
}

void sct_jpeg_damage_record(struct sct_decoder *d, int status, int row, const char *text)
{
    if (d->damage == SCT_OK) {
        d->damage = status;
        d->damaged_row = row;
        if (d->salvage)
            sct_report_warn(d->report, "%s", text);
    }
    d->damaged_row = sct_min(d->damaged_row, row);
}

void sct_jpeg_damage_publish(const struct sct_decoder *d)
{
    if (d->report && d->damage != SCT_OK) {
        d->report->damage = d->damage;
        d->report->damaged_row = d->damaged_row;
    }
}

/* Whether, with the scans up to this one, each component has all its coefs to the last
 * bit. */
static int has_all_scans(const struct sct_decoder *d)
{
    for (int ci = 0; ci < d->picture.n_components; ci++) {
        if (!d->has_scan[ci])
            return 0;
        for (int i = 0; d->is_progressive && i < DCTSIZE2; i++)
            if (d->cinfo.coef_bits[ci][i] != 0)
                return 0;
    }
    return 1;
}

int sct_jpeg_damage_row(const struct sct_decoder *d)
{
    return has_all_scans(d) ? find_row(d, d->cinfo.input_iMCU_row) : 0;
}

/* Damage that was met inside a guarded step. */
static void meet_damage(struct sct_decoder *d, int status, int row, const char *text)
{
    sct_jpeg_damage_record(d, status, row, text);
    if (!d->salvage)
        sct_jpeg_stop(&d->errors, status, "%s", text);
}

int sct_jpeg_is_complete(const struct sct_decoder *d)
{
    return d->has_started && d->cinfo.input_iMCU_row >= d->cinfo.total_iMCU_rows &&
           has_all_scans(d);
}

/* The first row that a missing restart marker may have spoilt: it is noticed at the end
 * of the interval. */
static int find_interval_row(const struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;
    const JDIMENSION n_mcus = cinfo->MCUs_per_row ? cinfo->MCUs_per_row : 1;
    const JDIMENSION n_rows = (cinfo->restart_interval + n_mcus - 1) / n_mcus;
    const JDIMENSION at = cinfo->input_iMCU_row;
    return find_row(d, at >= cinfo->total_iMCU_rows || at < n_rows ? 0 : at - n_rows);
}

static void judge_warning(struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;
    const int code = cinfo->err->msg_code;
    const int is_in_scan =
        d->has_started && cinfo->input_iMCU_row < cinfo->total_iMCU_rows;
    int row = find_row(d, cinfo->input_iMCU_row);
    char text[JMSG_LENGTH_MAX], place[JMSG_LENGTH_MAX + 40];

    cinfo->err->format_message((j_common_ptr)cinfo, text);
    switch (code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
    case JWRN_JPEG_EOF:
    case JWRN_NOT_SEQUENTIAL: sct_report_warn(d->report, "%s", text); return;
    case JWRN_EXTRANEOUS_DATA:
        /* Behind a scan, or in the header, it is somebody's padding. Before a restart
         * marker it is data that decoding should have used up. */
        if (!is_in_scan) {
            sct_report_warn(d->report, "%s", text);
            return;
        }
        break;
    case JWRN_MUST_RESYNC:
        if (!d->source.has_ended)
            row = find_interval_row(d);
        break;
    case JWRN_ARITH_BAD_CODE: /* it goes on past the end, with zeros, until they make no
                                 sense */
        if (d->source.has_ended)
            row = find_row(d, d->source.end_imcu_row);
        break;
    default: break;
    }
    if (d->source.has_ended && (code == JWRN_HIT_MARKER || code == JWRN_MUST_RESYNC ||
                                code == JWRN_ARITH_BAD_CODE))
    {
        snprintf(place, sizeof place, "the data ends in row %d of %d", row,
                 d->picture.height);
        if (!has_all_scans(d)) /* the scans that never come are missing in every row */
            row = 0;
        meet_damage(d, SCT_ERR_TRUNCATED, row, place);
    } else {
        snprintf(place, sizeof place, "%s, in row %d of %d", text, row,
                 d->picture.height);
        meet_damage(d, SCT_ERR_CORRUPT, row, place);
    }
}

void sct_jpeg_damage_judge_end(struct sct_decoder *d)
{
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;

    for (int ci = 0; ci < d->picture.n_components; ci++)
        if (!d->has_scan[ci])
            meet_damage(d, d->source.has_ended ? SCT_ERR_TRUNCATED : SCT_ERR_CORRUPT, 0,
                        "a component has no data");
    if (!d->source.has_ended)
        return;
    if (!has_all_scans(d))
        meet_damage(d, SCT_ERR_TRUNCATED, 0, "the data ends before the last scan");
    /* Arithmetic decoding makes sense of an end wherever it comes (T.81, D.2.6). */
    if (d->is_arithmetic && d->source.end_imcu_row < cinfo->total_iMCU_rows)
        meet_damage(d, SCT_ERR_TRUNCATED, find_row(d, d->source.end_imcu_row),
                    "the data ends inside an arithmetic scan");
    if (d->damage == SCT_OK)
        sct_report_warn(d->report, "the end-of-image marker is missing");
}

/* The same rules for what the streaming decoder tells. */
int sct_jpeg_damage_judge_event(void *ctx, enum sct_jpeg_event event, int imcu_row,
                                int at_end)
{
    struct sct_decoder *d = ctx;
    static const char *const texts[] = {
        [SCT_JPEG_BAD_CODE] = "bad Huffman code",
        [SCT_JPEG_BAD_DC] = "DC differences out of range",
        [SCT_JPEG_SHORT] = "premature end of data segment",
        [SCT_JPEG_EXTRA] = "extraneous bytes before a restart marker",
        [SCT_JPEG_RESYNC] = "another marker where a restart marker should be"};
    const int row_height = 8 * d->picture.v_max;
    char text[128];
    int status = SCT_ERR_CORRUPT;

    if (event == SCT_JPEG_RESYNC && !at_end)
        imcu_row = sct_max(0, imcu_row - sct_jpeg_stream_interval_rows(d->stream));
    const int row = imcu_row * row_height;
    if (at_end && (event == SCT_JPEG_SHORT || event == SCT_JPEG_RESYNC)) {
        snprintf(text, sizeof text, "the data ends in row %d of %d", row,
                 d->picture.height);
        status = SCT_ERR_TRUNCATED;
    } else {
        snprintf(text, sizeof text, "%s, in row %d of %d", texts[event], row,
                 d->picture.height);
    }
    sct_jpeg_damage_record(d, status, row, text);
    if (!d->salvage)
        (void)sct_report_fail(d->report, status, "%s", text);
    return d->salvage;
}

/* ---- libjpeg's callbacks ----------------------------------------------------------- */

static void hear_message(j_common_ptr common, int level)
{
    struct sct_decoder *d = common->client_data;
    const int *parameters = common->err->msg_parm.i;

    if (d->source.closed)
        return;
    if (level < 0) {
        judge_warning(d);
    } else if (common->err->msg_code == JTRC_SOF) {
        if (!d->sof)
            d->sof = parameters[0];
    } else if (common->err->msg_code == JTRC_MISC_MARKER && !d->in_data) {
        const int marker = parameters[0];
        if (marker == JPEG_COM)
            d->has_comment = 1;
        if (marker == JPEG_APP0 + 1 || marker == JPEG_APP0 + 2 ||
            marker == JPEG_APP0 + 13)
            d->marker_bytes += MARKER_BYTES + (size_t)(unsigned)parameters[1];
        if (marker == JPEG_APP0 + 13) /* twice: jpeg_header.c may join the pieces */
            d->marker_bytes += (size_t)(unsigned)parameters[1];
        if ((uint64_t)d->marker_bytes > (uint64_t)d->limits.max_metadata_bytes)
            sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                          "more than %lld bytes of metadata, the limit on metadata",
                          (long long)d->limits.max_metadata_bytes);
        if (d->marker_bytes > d->limits.max_memory_bytes)
            sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                          "the header's metadata exceed the limit on memory, %zu bytes",
                          d->limits.max_memory_bytes);
    }
}

static void explain(struct sct_decoder *d, int status, const char *text)
{
    d->errors.status = status;
    snprintf(d->errors.text, sizeof d->errors.text, "%s", text);
}

static void explain_marker(struct sct_decoder *d, int marker)
{
    if (marker == 0xC3 || marker == 0xCB)
        explain(d, SCT_ERR_UNSUPPORTED, "lossless JPEG is not supported");
    else if (marker == 0xF7)
        explain(d, SCT_ERR_UNSUPPORTED, "JPEG-LS is not supported");
    else if ((marker >= 0xC5 && marker <= 0xCF) || marker == 0xDE || marker == 0xDF)
        explain(d, SCT_ERR_UNSUPPORTED, "hierarchical JPEG is not supported");
}

static void explain_error(j_common_ptr common)
{
    struct sct_decoder *d = common->client_data;
    const int parameter = common->err->msg_parm.i[0];

    switch (common->err->msg_code) {
    case JERR_FILE_READ: explain(d, SCT_ERR_IO, "reading the input failed"); return;
    case JERR_INPUT_EOF:
        explain(d, SCT_ERR_TRUNCATED, "the data ends in the header");
        return;
    case JERR_NO_IMAGE: explain(d, SCT_ERR_CORRUPT, "a JPEG without a picture"); return;
    case JERR_SOF_UNSUPPORTED:
    case JERR_UNKNOWN_MARKER: explain_marker(d, parameter); break;
    case JERR_EMPTY_IMAGE:
        if (d->cinfo.image_width > 0 && d->cinfo.num_components > 0)
            explain(d, SCT_ERR_UNSUPPORTED,
                    "a height that follows the first scan (DNL) is not supported");
        else
            explain(d, SCT_ERR_CORRUPT, "the width is 0, or there are no components");
        return;
    case JERR_BAD_PRECISION:
        if (parameter == 12 || parameter == 16) {
            explain(d, SCT_ERR_UNSUPPORTED, "only 8 bits per sample are supported");
            return;
        }
        break;
    case JERR_IMAGE_TOO_BIG:
        explain(d, SCT_ERR_TOO_LARGE,
                "a side of more than 65500 pixels, the limit on pixels of libjpeg");
        return;
    case JERR_NO_BACKING_STORE:
        explain(d, SCT_ERR_TOO_LARGE, "decoding would exceed the limit on memory");
        return;
    default: break;
    }
    if (d->source.has_ended && !d->source.closed)
        explain(d, SCT_ERR_TRUNCATED, "the data ends in a marker between scans");
}

static void watch_progress(j_common_ptr common)
{
    struct sct_decoder *d = common->client_data;
    const struct jpeg_decompress_struct *cinfo = &d->cinfo;

    if (d->source.closed) /* an error may have left the scan's components half read */
        return;
    d->has_started = 1;
    for (int i = 0; i < cinfo->comps_in_scan; i++)
        d->has_scan[cinfo->cur_comp_info[i]->component_index] = 1;
    if (cinfo->input_scan_number > d->limits.max_scans)
        sct_jpeg_stop(&d->errors, SCT_ERR_TOO_LARGE,
                      "more than %d scans, the limit on scans", d->limits.max_scans);
}

void sct_jpeg_damage_listen(struct sct_decoder *d)
{
    d->errors.on_error = explain_error;
    d->errors.on_message = hear_message;
    d->progress.progress_monitor = watch_progress;
}
