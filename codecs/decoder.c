/* Finds the decoder for an input by its first bytes, and names what has none. */
#include "decoder.h"
#include "sniff.h"

static const struct sct_decoder_ops *const decoders[] = {
    &sct_jpeg_decoder,
#ifdef SCT_HAVE_PNG
    &sct_png_decoder,
#endif
#ifdef SCT_HAVE_WEBP
    &sct_webp_decoder,
#endif
};

void sct_limits_fill(struct sct_limits *limits)
{
    if (limits->max_pixels <= 0)
        limits->max_pixels = SCT_MAX_PIXELS;
    if (limits->max_side <= 0)
        limits->max_side = SCT_MAX_PICTURE_SIDE;
    if (limits->max_scans <= 0)
        limits->max_scans = SCT_MAX_SCANS;
    if (limits->max_whole_pixels <= 0)
        limits->max_whole_pixels = SCT_MAX_WHOLE_PIXELS;
    if (limits->max_metadata_bytes <= 0)
        limits->max_metadata_bytes = SCT_MAX_METADATA_BYTES;
    if (limits->max_memory_bytes == 0)
        limits->max_memory_bytes = SCT_MAX_MEMORY_BYTES;
    if (limits->max_input_bytes <= 0)
        limits->max_input_bytes = SCT_MAX_INPUT_BYTES;
}

const struct sct_decoder_ops *sct_decoder_find(const uint8_t *head, size_t n_bytes)
{
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++)
        if (decoders[i]->probe(head, n_bytes))
            return decoders[i];
    return NULL;
}

int sct_decoder_open(const struct sct_decoder_ops **ops, sct_decoder **out,
                     const struct sct_decoder_spec *spec, struct sct_picture *picture)
{
    struct sct_reader *r = spec->reader;

    *ops = NULL;
    *out = NULL;
    if (sct_reader_peek(r, SCT_SNIFF_BYTES) != SCT_OK)
        return sct_report_fail(spec->report, SCT_ERR_IO, "reading the input failed");
    if (r->n_bytes == 0)
        return sct_report_fail(spec->report, SCT_ERR_NOT_AN_IMAGE, "the input is empty");

    const struct sct_decoder_ops *const found = sct_decoder_find(r->data, r->n_bytes);
    if (found) {
        const int status = found->open(out, spec, picture);
        if (status == SCT_OK)
            *ops = found;
        return status;
    }
    const char *name = sct_sniff_name(r->data, r->n_bytes);
    if (name)
        return sct_report_fail(spec->report, SCT_ERR_UNSUPPORTED, "%s is not supported",
                               name);
    return sct_report_fail(spec->report, SCT_ERR_NOT_AN_IMAGE,
                           "not a picture format that is known");
}
