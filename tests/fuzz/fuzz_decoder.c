/* Any bytes through one decoder, which is the compiler's -DFUZZ_DECODER. Three times: strict, in
 * pieces, with salvage. Pieces must not matter; salvage must not change what is sound; what the
 * picture promises of its bands has to hold. */
#include "decoder.h"
#include "fuzz.h"

enum { MAX_PIXELS = 1 << 20, MAX_MEMORY_BYTES = 1 << 26 };

struct trial {
    int salvage;
    struct sct_corner corner[SCT_MAX_COMPONENTS];
    enum sct_rgb_wish wants_rgb;
    size_t piece_bytes;
};

struct outcome {
    int status;
    struct sct_report report;
    uint64_t hash; /* of all that was delivered */
};

static void hash_bytes(uint64_t *h, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ p[i]) * 1099511628211u;
}

static void check_picture(const struct sct_picture *p)
{
    FUZZ_CHECK(p->width >= 1 && p->height >= 1 &&
                   (int64_t)p->width * p->height <= MAX_PIXELS,
               "%d x %d", p->width, p->height);
    FUZZ_CHECK(p->depth == 8 || (p->depth == 16 && p->domain == SCT_SAMPLES), "%d",
               p->depth);
    FUZZ_CHECK(p->n_components == sct_model_components(p->model) + !!p->has_alpha, "%d",
               p->n_components);
    FUZZ_CHECK(p->orientation >= 1 && p->orientation <= 8, "%d", p->orientation);
    FUZZ_CHECK(p->quality >= 0 && p->quality <= 100, "%d", p->quality);
    FUZZ_CHECK(p->decoder_bytes <= MAX_MEMORY_BYTES, "%zu", p->decoder_bytes);
    FUZZ_CHECK(p->icc || !p->icc_bytes, "%zu", p->icc_bytes);
    for (int ci = 0; ci < p->n_components; ci++) {
        const struct sct_component *c = &p->component[ci];
        FUZZ_CHECK(c->h >= 1 && c->h <= p->h_max && p->h_max <= 4, "%d", c->h);
        FUZZ_CHECK(c->v >= 1 && c->v <= p->v_max && p->v_max <= 4, "%d", c->v);
        FUZZ_CHECK(c->width == (p->width * c->h + p->h_max - 1) / p->h_max, "%d",
                   c->width);
        FUZZ_CHECK(c->height == (p->height * c->v + p->v_max - 1) / p->v_max, "%d",
                   c->height);
        FUZZ_CHECK(c->width_blocks == (c->width + 7) / 8, "%d", c->width_blocks);
        FUZZ_CHECK(c->height_blocks == (c->height + 7) / 8, "%d", c->height_blocks);
    }
}

static void hash_picture(uint64_t *h, const struct sct_picture *p)
{
    const int numbers[] = {p->width,      p->height,      p->depth,
                           (int)p->model, p->has_alpha,   p->is_limited,
                           p->has_adobe,  p->orientation, p->quality};
    hash_bytes(h, numbers, sizeof numbers);
    hash_bytes(h, p->icc, p->icc_bytes);
    hash_bytes(h, p->exif.data, p->exif.n_bytes);
    hash_bytes(h, p->xmp.data, p->xmp.n_bytes);
    hash_bytes(h, p->iptc.data, p->iptc.n_bytes);
}

static void hash_band(uint64_t *h, const struct sct_picture *p,
                      const struct sct_band *band, const struct trial *t,
                      int n_rows[SCT_MAX_COMPONENTS])
{
    for (int ci = 0; ci < p->n_components; ci++) {
        const struct sct_block_layout layout = sct_block_layout_for(t->corner[ci]);
        const struct sct_component *c = &p->component[ci];
        const int is_coefs = p->domain == SCT_COEFS;
        const uint8_t *row = is_coefs ? (const uint8_t *)band->component[ci].blocks
                                      : (const uint8_t *)band->component[ci].samples;
        const size_t n_bytes =
            is_coefs ? (size_t)(c->width_blocks * layout.n_coefs) * sizeof(int16_t)
                     : (size_t)c->width * (size_t)(p->depth / 8);
        FUZZ_CHECK(band->component[ci].n_rows >= 0 &&
                       band->component[ci].n_rows <= c->v * (is_coefs ? 1 : 8),
                   "%d", band->component[ci].n_rows);
        n_rows[ci] += band->component[ci].n_rows;
        for (int y = 0; y < band->component[ci].n_rows; y++)
            hash_bytes(h, row + y * band->component[ci].stride_bytes, n_bytes);
    }
}

static void check_end(const struct outcome *o, const struct sct_picture *p,
                      const struct trial *t, const int n_rows[SCT_MAX_COMPONENTS])
{
    if (o->status != SCT_DONE) {
        fuzz_check_failure(o->status, &o->report);
        return;
    }
    for (int ci = 0; ci < p->n_components; ci++) {
        const struct sct_component *c = &p->component[ci];
        const int all = p->domain == SCT_COEFS ? c->height_blocks : c->height;
        FUZZ_CHECK(n_rows[ci] == all, "component %d: %d rows of %d", ci, n_rows[ci], all);
    }
    FUZZ_CHECK(t->salvage || !o->report.damage, "damage without salvage");
    FUZZ_CHECK(!o->report.damage ||
                   (o->report.damaged_row >= -1 && o->report.damaged_row < p->height),
               "%d", o->report.damaged_row);
}

static void decode(struct outcome *o, const struct trial *t, const uint8_t *data,
                   size_t size)
{
    struct fuzz_memory memory = {
        .data = data, .size = size, .piece_bytes = t->piece_bytes};
    const struct sct_source source = {fuzz_read, &memory};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct sct_picture picture;
    sct_decoder *decoder = NULL;
    int n_rows[SCT_MAX_COMPONENTS] = {0};

    memset(o, 0, sizeof *o);
    o->hash = 14695981039346656037u;
    if (!reader)
        abort();
    sct_reader_init(reader, &source);
    const struct sct_decoder_spec spec = {
        .reader = reader,
        .limits = {.max_pixels = MAX_PIXELS,
                   .max_scans = 20,
                   .max_metadata_bytes = 1 << 20,
                   .max_memory_bytes = MAX_MEMORY_BYTES},
        .salvage = t->salvage,
        .wants_rgb = t->wants_rgb,
        .report = &o->report};
    o->status = FUZZ_DECODER.open(&decoder, &spec, &picture);
    if (o->status != SCT_OK) {
        fuzz_check_failure(o->status, &o->report);
        FUZZ_CHECK(!decoder, "a decoder in spite of %s", sct_status_name(o->status));
    } else {
        struct sct_band band;
        check_picture(&picture);
        if (t->wants_rgb == SCT_RGB_ALWAYS && picture.model != SCT_GRAY)
            FUZZ_CHECK(picture.model == SCT_RGB || picture.model == SCT_CMYK, "%s",
                       sct_model_name(picture.model));
        hash_picture(&o->hash, &picture);
        for (int ci = 0; ci < picture.n_components && picture.domain == SCT_COEFS; ci++)
            FUZZ_DECODER.want_corner(decoder, ci, t->corner[ci]);
        while ((o->status = FUZZ_DECODER.read_band(decoder, &band)) == SCT_OK)
            hash_band(&o->hash, &picture, &band, t, n_rows);
        FUZZ_CHECK(FUZZ_DECODER.read_band(decoder, &band) == o->status, "it changed");
        check_end(o, &picture, t, n_rows);
        FUZZ_DECODER.close(decoder);
    }
    free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_options options = {data, size};
    struct trial t = {0};
    int n_u = 8, n_v = 8, step = 0;
    struct outcome strict, pieces, salvaged;

    t.wants_rgb = (enum sct_rgb_wish)fuzz_take(&options, 3);
    if (fuzz_take(&options, 2)) {
        n_u = 1 + fuzz_take(&options, 8);
        n_v = 1 + fuzz_take(&options, 8);
        step = 3;
    }
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++) /* another one for each */
        t.corner[ci] = (struct sct_corner){1 + (n_u - 1 + ci * step) % 8,
                                           1 + (n_v - 1 + ci * step) % 8};
    const size_t piece_bytes = 1 + (size_t)fuzz_take(&options, 200);
    (void)FUZZ_DECODER.probe(data, size);

    decode(&strict, &t, data, size);
    t.piece_bytes = piece_bytes;
    decode(&pieces, &t, data, size);
    FUZZ_CHECK(pieces.status == strict.status, "%s in pieces of %zu, else %s (%s; %s)",
               sct_status_name(pieces.status), piece_bytes,
               sct_status_name(strict.status), pieces.report.message,
               strict.report.message);
    if (strict.status == SCT_DONE)
        FUZZ_CHECK(pieces.hash == strict.hash, "other content in pieces of %zu",
                   piece_bytes);

    t.piece_bytes = 0;
    t.salvage = 1;
    decode(&salvaged, &t, data, size);
    if (strict.status == SCT_DONE)
        FUZZ_CHECK(salvaged.status == SCT_DONE && salvaged.hash == strict.hash &&
                       !salvaged.report.damage,
                   "salvage changes what is sound: %s, damage %s",
                   sct_status_name(salvaged.status),
                   sct_status_name(salvaged.report.damage));
    else
        FUZZ_CHECK(salvaged.status != SCT_DONE || salvaged.report.damage,
                   "salvage hides that it is %s", sct_status_name(strict.status));
    return 0;
}
