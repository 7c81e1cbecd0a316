/* The modes of metadata.h, put together from their parts. */
#include "metadata.h"

#include <string.h>

#include "mem.h"
#include "metadata_parts.h"

static void warn_about(const struct sct_metadata_spec *spec, int status, const char *what)
{
    if (status == SCT_ERR_CORRUPT)
        sct_report_warn(spec->report, "damaged %s, dropped from the metadata", what);
}

/* ---- copyright --------------------------------------------------------------------- */

/* Takes over what is not known yet, and frees the rest. */
static void merge_blob(struct sct_blob *known, struct sct_blob *found)
{
    const int is_failure = found->status != SCT_OK;
    if (known->status == SCT_OK && (is_failure || known->n_bytes == 0)) {
        const struct sct_blob other = *known;
        *known = *found;
        *found = other;
    }
    sct_blob_free(found);
}

static void merge_credits(struct sct_credits *known, struct sct_credits *found)
{
    merge_blob(&known->creator, &found->creator);
    merge_blob(&known->rights, &found->rights);
    merge_blob(&known->credit, &found->credit);
}

/* EXIF before XMP before IPTC. */
static void read_credits(struct sct_credits *known, const struct sct_metadata_spec *spec)
{
    const struct {
        int (*read)(struct sct_credits *found, struct sct_bytes bytes);
        struct sct_bytes bytes;
        const char *name;
    } source[] = {{sct_exif_read_credits, spec->exif, "EXIF"},
                  {sct_xmp_read_credits, spec->xmp, "XMP"},
                  {sct_iptc_read_credits, spec->iptc, "IPTC"}};

    for (size_t i = 0; i < sizeof source / sizeof source[0]; i++) {
        struct sct_credits found = {.creator = {.data = NULL}};
        if (source[i].bytes.n_bytes == 0)
            continue;
        warn_about(spec, source[i].read(&found, source[i].bytes), source[i].name);
        merge_credits(known, &found);
    }
}

static int is_ascii(const struct sct_blob *b)
{
    for (size_t i = 0; i < b->n_bytes; i++)
        if (b->data[i] >= 0x80)
            return 0;
    return 1;
}

static int make_copyright(struct sct_blob *exif, struct sct_blob *xmp,
                          const struct sct_metadata_spec *spec, int orientation)
{
    struct sct_credits known = {.creator = {.data = NULL}};
    int status = SCT_OK;

    read_credits(&known, spec);
    if (known.creator.status != SCT_OK || known.rights.status != SCT_OK ||
        known.credit.status != SCT_OK)
        status = SCT_ERR_MEMORY;
    else {
        sct_exif_make(exif, &known, orientation);
        if (known.credit.n_bytes || !is_ascii(&known.creator) || !is_ascii(&known.rights))
            sct_xmp_make(xmp, &known);
    }
    sct_blob_free(&known.creator);
    sct_blob_free(&known.rights);
    sct_blob_free(&known.credit);
    return status;
}

/* ---- all --------------------------------------------------------------------------- */

static void copy_all(struct sct_blob *exif, struct sct_blob *xmp, struct sct_blob *iptc,
                     const struct sct_metadata_spec *spec, int orientation)
{
    const struct sct_shape shape = {spec->width, spec->height, orientation};

    if (spec->exif.n_bytes) {
        const int status = sct_exif_correct(exif, spec->exif, &shape);
        warn_about(spec, status, "EXIF");
        if (status == SCT_ERR_CORRUPT)
            sct_blob_free(exif);
    }
    if (exif->status == SCT_OK && exif->n_bytes == 0)
        sct_exif_make(exif, NULL, orientation);
    if (spec->xmp.n_bytes) {
        const int status = sct_xmp_correct(xmp, spec->xmp, &shape);
        warn_about(spec, status, "XMP");
        if (status == SCT_ERR_CORRUPT)
            sct_blob_free(xmp);
    }
    if (spec->iptc.n_bytes)
        warn_about(spec, sct_iptc_correct(iptc, spec->iptc), "IPTC and image resources");
}

/* ---- the whole --------------------------------------------------------------------- */

int sct_metadata_make(struct sct_metadata *out, const struct sct_metadata_spec *spec)
{
    struct sct_blob exif = {.data = NULL}, xmp = exif, iptc = exif;
    const int orientation = spec->orientation ? spec->orientation : 1;
    int status = SCT_OK;

    *out = (struct sct_metadata){.exif = {NULL, 0}};
    if (spec->width < 1 || spec->height < 1 || orientation < 1 || orientation > 8)
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT,
                               "metadata for %d x %d pixels with orientation %d",
                               spec->width, spec->height, orientation);
    switch (spec->mode) {
    case SCT_METADATA_NONE: sct_exif_make(&exif, NULL, orientation); break;
    case SCT_METADATA_COPYRIGHT:
        status = make_copyright(&exif, &xmp, spec, orientation);
        break;
    case SCT_METADATA_ALL: copy_all(&exif, &xmp, &iptc, spec, orientation); break;
    default:
        return sct_report_fail(spec->report, SCT_ERR_ARGUMENT, "no such metadata mode");
    }
    if (status != SCT_OK || exif.status != SCT_OK || xmp.status != SCT_OK ||
        iptc.status != SCT_OK)
    {
        sct_blob_free(&exif);
        sct_blob_free(&xmp);
        sct_blob_free(&iptc);
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for metadata");
    }
    out->exif = (struct sct_bytes){exif.data, exif.n_bytes};
    out->xmp = (struct sct_bytes){xmp.data, xmp.n_bytes};
    out->iptc = (struct sct_bytes){iptc.data, iptc.n_bytes};
    return SCT_OK;
}

void sct_metadata_free(struct sct_metadata *metadata)
{
    sct_mem_free((void *)metadata->exif.data);
    sct_mem_free((void *)metadata->xmp.data);
    sct_mem_free((void *)metadata->iptc.data);
    *metadata = (struct sct_metadata){.exif = {NULL, 0}};
}
