/* Any bytes as EXIF, XMP and image resources, and as a JPEG whose metadata is replaced by what
 * came of them. How the JPEG is cut into pieces must not matter, and taking metadata out of what
 * has been cleaned must change nothing. */
#include "exif.h"
#include "fuzz.h"
#include "jpeg_strip.h"
#include "metadata.h"

struct bytes {
    uint8_t *data;
    size_t n;
};

/* An exact copy, so that a step outside is seen. */
static struct bytes copy(const uint8_t *data, size_t n)
{
    struct bytes b = {malloc(n + !n), n};
    if (!b.data)
        abort();
    if (n)
        memcpy(b.data, data, n);
    return b;
}

static int append(void *ctx, const void *data, size_t n)
{
    struct bytes *b = ctx;
    uint8_t *grown = realloc(b->data, b->n + n + 1);
    if (!grown)
        abort();
    b->data = grown;
    if (n)
        memcpy(b->data + b->n, data, n);
    b->n += n;
    return SCT_OK;
}

/* In pieces as `options` says, or in one. */
static int strip(struct bytes *out, struct fuzz_options *options,
                 const struct sct_metadata *m, int drops_icc, const uint8_t *data,
                 size_t n_bytes)
{
    struct sct_report report = {.message = ""};
    const struct sct_jpeg_strip_options spec = {.exif = m->exif,
                                                .xmp = m->xmp,
                                                .iptc = m->iptc,
                                                .drops_icc = drops_icc,
                                                .report = &report};
    const struct sct_sink sink = {append, out};
    sct_jpeg_strip *s;
    int status = sct_jpeg_strip_create(&s, &spec, &sink);
    FUZZ_CHECK(status == SCT_OK, "%d", status);
    for (size_t i = 0; i < n_bytes && status == SCT_OK;) {
        size_t n = options ? (size_t)fuzz_take(options, 256) : n_bytes;
        if (n > n_bytes - i)
            n = n_bytes - i;
        status = sct_jpeg_strip_write(s, data + i, n);
        i += n;
        if (options && options->left == 0)
            options = NULL;
    }
    const int end = sct_jpeg_strip_finish(s);
    FUZZ_CHECK(status >= 0 || end == status, "%d, then %d", status, end);
    if (end != SCT_OK)
        fuzz_check_failure(end, &report);
    sct_jpeg_strip_free(s);
    return end;
}

static void check_strip(struct fuzz_options *options, const struct sct_metadata *m,
                        const uint8_t *data, size_t size)
{
    struct bytes whole = {NULL, 0}, pieces = {NULL, 0}, again = {NULL, 0};
    const int drops_icc = fuzz_take(options, 2);
    const int status = strip(&whole, NULL, m, drops_icc, data, size);
    FUZZ_CHECK(strip(&pieces, options, m, drops_icc, data, size) == status,
               "pieces matter: %s else", sct_status_name(status));
    FUZZ_CHECK(status < 0 ||
                   (pieces.n == whole.n && !memcmp(pieces.data, whole.data, whole.n)),
               "pieces matter: %zu bytes, else %zu", pieces.n, whole.n);
    if (status == SCT_OK) {
        FUZZ_CHECK(strip(&again, NULL, m, drops_icc, whole.data, whole.n) == SCT_OK,
                   "what came out does not go in");
        FUZZ_CHECK(again.n == whole.n && !memcmp(again.data, whole.data, whole.n),
                   "%zu bytes, cleaned again %zu", whole.n, again.n);
    }
    free(whole.data);
    free(pieces.data);
    free(again.data);
}

static void check_made(const struct sct_metadata *m, const struct sct_metadata_spec *spec)
{
    struct sct_exif exif;
    sct_exif_read_tiff(&exif, m->exif.data, m->exif.n_bytes);
    FUZZ_CHECK(exif.orientation == (spec->orientation ? spec->orientation : 1),
               "orientation %d, not %d", exif.orientation, spec->orientation);
    FUZZ_CHECK(!exif.has_thumbnail, "a thumbnail is left");
    FUZZ_CHECK(spec->mode == SCT_METADATA_ALL || !exif.has_gps, "GPS is left");
    FUZZ_CHECK(!sct_metadata_has_gain_map(m->xmp), "a gain map is left");
    FUZZ_CHECK(spec->mode == SCT_METADATA_ALL || !m->iptc.n_bytes, "IPTC is left");
    FUZZ_CHECK(spec->mode != SCT_METADATA_NONE || !m->xmp.n_bytes, "XMP is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_options options = {data, size};
    const int mode = fuzz_take(&options, 3);
    const int orientation = fuzz_take(&options, 9);
    const size_t first = size * (size_t)fuzz_take(&options, 256) / 255;
    const size_t second = (size - first) * (size_t)fuzz_take(&options, 256) / 255;
    struct bytes exif = copy(data, first), xmp = copy(data + first, second),
                 iptc = copy(data + first + second, size - first - second);
    struct sct_report report = {.message = ""};
    struct sct_metadata made;
    const struct sct_metadata_spec spec = {.mode = (enum sct_metadata_mode)mode,
                                           .exif = {exif.data, exif.n},
                                           .xmp = {xmp.data, xmp.n},
                                           .iptc = {iptc.data, iptc.n},
                                           .width = 1 + fuzz_take(&options, 256) * 250,
                                           .height = 1 + fuzz_take(&options, 256) * 250,
                                           .orientation = orientation,
                                           .report = &report};
    const int status = sct_metadata_make(&made, &spec);
    FUZZ_CHECK(status == SCT_OK, "%s", sct_status_name(status));
    (void)sct_metadata_has_gain_map(spec.xmp);
    check_made(&made, &spec);
    check_strip(&options, &made, data, size);
    sct_metadata_free(&made);
    free(exif.data);
    free(xmp.data);
    free(iptc.data);
    return 0;
}
