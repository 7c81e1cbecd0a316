/* A PNG once more without its metadata: chunks are copied as they are, or dropped.
 *
 *     file    IHDR gAMA iCCP tEXt PLTE tRNS eXIf tIME      acTL fcTL IDAT IDAT fcTL fdAT IEND ...
 *     copy    IHDR gAMA iCCP      PLTE tRNS      acTL eXIf iTXt fcTL IDAT IDAT fcTL fdAT IEND
 *                                                     '-- the spec's --'
 *
 * What stays is the picture and what changes how it is shown. An animation stays if all of it
 * is sound: with a frame missing its numbers would not add up, so that then the first picture
 * alone is kept.
 *
 * 1. The file is looked through before anything is written: what a picture needs is there.
 * 2. Chunks are written whole, with the checksum that they had, right or wrong. Only a chunk
 * IDAT that the end of the file cuts is made shorter and gets a new one.
 * 3. Ancillary chunks with a wrong checksum are dropped, as decoders do. */
#include "png_copy.h"

#include <string.h>

#include "mem.h"
#include "png_common.h"

enum {
    SIGNATURE_BYTES = 8,
    IHDR_BYTES = 13,
    FRAME_BYTES = 12, /* of a chunk: length, type and checksum */
    MAX_CHUNK_BYTES = INT32_MAX
};

/* What a chunk is for. */
enum role {
    ROLE_NONE,    /* dropped */
    ROLE_PICTURE, /* the picture and how it is shown, once, in front of it */
    ROLE_COLOUR,  /* likewise; what its numbers mean */
    ROLE_PROFILE,
    ROLE_DATA,
    ROLE_ANIMATION,      /* acTL, in front of the picture */
    ROLE_ANIMATION_FRAME /* fcTL and fdAT, anywhere */
};

/* hIST and sPLT, which only matter where colours are reduced, are not among them; iDOT has
 * offsets that would be wrong. */
static const struct {
    char type[5];
    enum role role;
} kinds[] = {
    {"PLTE", ROLE_PICTURE},
    {"tRNS", ROLE_PICTURE},
    {"bKGD", ROLE_PICTURE},
    {"pHYs", ROLE_PICTURE},
    {"sBIT", ROLE_PICTURE},
    {"gAMA", ROLE_COLOUR},
    {"cHRM", ROLE_COLOUR},
    {"sRGB", ROLE_COLOUR},
    {"cICP", ROLE_COLOUR},
    {"mDCV", ROLE_COLOUR},
    {"mDCv", ROLE_COLOUR},
    {"cLLI", ROLE_COLOUR},
    {"cLLi", ROLE_COLOUR},
    {"iCCP", ROLE_PROFILE},
    {"IDAT", ROLE_DATA},
    {"acTL", ROLE_ANIMATION},
    {"fcTL", ROLE_ANIMATION_FRAME},
    {"fdAT", ROLE_ANIMATION_FRAME},
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

struct chunk {
    const uint8_t *at; /* the length, type, data and checksum */
    size_t n_bytes;    /* of the data */
    int is_cut;        /* the file ends in it; n_bytes is what there is of the data */
    int kind;          /* index into kinds; -1: none of them */
};

struct copy {
    const struct sct_encoder_spec *spec;
    const uint8_t *file;
    size_t n_file_bytes;
    struct sct_png_crc crc;

    int keeps_animation;
    unsigned seen;    /* bit i: a chunk of kind i has come */
    int has_inserted; /* the spec's metadata are written */
    int has_data;     /* IDAT has begun... */
    int has_frames;   /* ...and ended: frames of an animation followed */
};

static enum role role_of(const struct chunk *chunk)
{
    return chunk->kind < 0 ? ROLE_NONE : kinds[chunk->kind].role;
}

static int is_type(const struct chunk *chunk, const char *type)
{
    return !memcmp(chunk->at + 4, type, 4);
}

static int is_critical(const struct chunk *chunk)
{
    return (chunk->at[4] & 0x20) == 0;
}

/* The chunk at *offset, which moves behind it. SCT_DONE: there is no header of one. */
static int next_chunk(const struct copy *c, size_t *offset, struct chunk *chunk)
{
    const size_t n_left = c->n_file_bytes - *offset;
    if (n_left < 8)
        return SCT_DONE;
    *chunk = (struct chunk){.at = c->file + *offset, .kind = -1};
    chunk->n_bytes = sct_png_read_u32(chunk->at);
    if (chunk->n_bytes > MAX_CHUNK_BYTES)
        return SCT_DONE;
    for (int i = 0; i < N_KINDS && chunk->kind < 0; i++)
        if (is_type(chunk, kinds[i].type))
            chunk->kind = i;
    chunk->is_cut = n_left < FRAME_BYTES || chunk->n_bytes > n_left - FRAME_BYTES;
    if (chunk->is_cut && chunk->n_bytes > n_left - 8)
        chunk->n_bytes = n_left - 8;
    *offset = chunk->is_cut ? c->n_file_bytes : *offset + FRAME_BYTES + chunk->n_bytes;
    return SCT_OK;
}

static int is_whole(const struct copy *c, const struct chunk *chunk)
{
    return !chunk->is_cut &&
           sct_png_crc_add(&c->crc, 0, chunk->at + 4, chunk->n_bytes + 4) ==
               sct_png_read_u32(chunk->at + 8 + chunk->n_bytes);
}

/* ---- looking through it -------------------------------------------------------------- */

static int check_header(const struct copy *c)
{
    static const uint8_t begin[] = {0x89, 'P', 'N', 'G',        '\r', '\n', 0x1A, '\n',
                                    0,    0,   0,   IHDR_BYTES, 'I',  'H',  'D',  'R'};
    struct chunk header;
    size_t at = SIGNATURE_BYTES;

    if (c->n_file_bytes < SIGNATURE_BYTES || memcmp(c->file, begin, SIGNATURE_BYTES) != 0)
        return sct_report_fail(c->spec->report, SCT_ERR_NOT_AN_IMAGE,
                               "the file does not begin as a PNG");
    if (next_chunk(c, &at, &header) != SCT_OK || header.is_cut)
        return sct_report_fail(c->spec->report, SCT_ERR_TRUNCATED,
                               "the data ends in the header");
    if (memcmp(c->file, begin, sizeof begin) != 0 || !is_whole(c, &header))
        return sct_report_fail(c->spec->report, SCT_ERR_CORRUPT,
                               "the header is damaged, or not the first chunk");
    return SCT_OK;
}

/* Whether there is a picture, and an animation that is sound. */
static int look_through(struct copy *c)
{
    int has_data = 0, is_animated = 0, is_sound = 1;
    size_t at = SIGNATURE_BYTES + FRAME_BYTES + IHDR_BYTES;
    struct chunk chunk = {.at = c->file};

    while (next_chunk(c, &at, &chunk) == SCT_OK && !is_type(&chunk, "IEND")) {
        const enum role role = role_of(&chunk);
        if (role == ROLE_DATA)
            has_data = 1;
        else if (role == ROLE_ANIMATION && !has_data)
            is_animated++;
        else if (is_critical(&chunk) && role == ROLE_NONE && !has_data)
            return sct_report_fail(c->spec->report, SCT_ERR_UNSUPPORTED,
                                   "a critical chunk that is not known there");
        if (role == ROLE_ANIMATION || role == ROLE_ANIMATION_FRAME)
            is_sound &= is_whole(c, &chunk);
    }
    if (!has_data)
        return sct_report_fail(c->spec->report, SCT_ERR_TRUNCATED,
                               "there is no picture data");
    c->keeps_animation = is_animated == 1 && is_sound && is_type(&chunk, "IEND");
    if (is_animated && !c->keeps_animation)
        sct_report_warn(c->spec->report,
                        "the animation is damaged: only its first picture is kept");
    return SCT_OK;
}

/* ---- writing ------------------------------------------------------------------------- */

static int emit(const struct copy *c, const void *data, size_t n_bytes)
{
    const struct sct_sink *sink = &c->spec->sink;
    if (n_bytes && sink->write(sink->ctx, data, n_bytes) != SCT_OK)
        return sct_report_fail(c->spec->report, SCT_ERR_IO, "writing the output failed");
    return SCT_OK;
}

/* A chunk of our own, of data in two parts. */
static int put_chunk(const struct copy *c, const char *type, const void *prefix,
                     size_t n_prefix, const uint8_t *data, size_t n_bytes)
{
    uint8_t head[8], tail[4];
    uint32_t sum = sct_png_crc_add(&c->crc, 0, (const uint8_t *)type, 4);

    sum = sct_png_crc_add(&c->crc, sum, prefix, n_prefix);
    sum = sct_png_crc_add(&c->crc, sum, data, n_bytes);
    sct_png_write_u32(head, (uint32_t)(n_prefix + n_bytes));
    memcpy(head + 4, type, 4);
    sct_png_write_u32(tail, sum);
    int status = emit(c, head, sizeof head);
    if (status == SCT_OK)
        status = emit(c, prefix, n_prefix);
    if (status == SCT_OK)
        status = emit(c, data, n_bytes);
    return status == SCT_OK ? emit(c, tail, sizeof tail) : status;
}

/* In front of the picture, where every reader looks for it. */
static int insert_metadata(struct copy *c)
{
    /* keyword; not compressed, by no method; no language, no translation of the keyword */
    static const char xmp_prefix[] = "XML:com.adobe.xmp\0\0\0\0";
    const struct sct_bytes *exif = &c->spec->exif, *xmp = &c->spec->xmp;
    int status = SCT_OK;

    c->has_inserted = 1;
    if (exif->n_bytes > 0)
        status = put_chunk(c, "eXIf", "", 0, exif->data, exif->n_bytes);
    if (status == SCT_OK && xmp->n_bytes > 0) {
        const uint8_t *zero = memchr(xmp->data, 0, xmp->n_bytes); /* the end of a text */
        status = put_chunk(c, "iTXt", xmp_prefix, sizeof xmp_prefix, xmp->data,
                           zero ? (size_t)(zero - xmp->data) : xmp->n_bytes);
    }
    return status;
}

static int is_wanted(const struct copy *c, const struct chunk *chunk)
{
    const int is_first = chunk->kind >= 0 && !(c->seen >> chunk->kind & 1);
    switch (role_of(chunk)) {
    case ROLE_NONE: return 0;
    case ROLE_PICTURE: break;
    case ROLE_COLOUR:
        if (c->spec->drops_colour)
            return 0;
        break;
    case ROLE_PROFILE:
        if (!c->spec->icc)
            return 0;
        break;
    case ROLE_DATA: return !c->has_frames;
    case ROLE_ANIMATION: return c->keeps_animation && is_first;
    case ROLE_ANIMATION_FRAME: return c->keeps_animation;
    }
    return is_first && !c->has_data && (is_critical(chunk) || is_whole(c, chunk));
}

static int copy_chunk(struct copy *c, const struct chunk *chunk)
{
    const enum role role = role_of(chunk);
    const int is_frame = role == ROLE_ANIMATION_FRAME;
    const int is_kept = is_wanted(c, chunk);
    int status = SCT_OK;

    if (chunk->kind >= 0)
        c->seen |= 1u << chunk->kind;
    if (!is_kept)
        return SCT_OK;
    if ((role == ROLE_DATA || is_frame) && !c->has_inserted)
        status = insert_metadata(c);
    if (role == ROLE_DATA)
        c->has_data = 1;
    if (is_frame && c->has_data)
        c->has_frames = 1;
    if (status != SCT_OK)
        return status;
    if (!chunk->is_cut)
        return emit(c, chunk->at, FRAME_BYTES + chunk->n_bytes);
    return role == ROLE_DATA ? put_chunk(c, "IDAT", "", 0, chunk->at + 8, chunk->n_bytes)
                             : SCT_OK;
}

static int write_copy(struct copy *c)
{
    size_t at = SIGNATURE_BYTES + FRAME_BYTES + IHDR_BYTES;
    struct chunk chunk;

    int status = emit(c, c->file, at);
    while (status == SCT_OK && next_chunk(c, &at, &chunk) == SCT_OK &&
           !is_type(&chunk, "IEND"))
        status = copy_chunk(c, &chunk);
    return status == SCT_OK ? put_chunk(c, "IEND", "", 0, c->file, 0) : status;
}

int sct_png_copy(const struct sct_encoder_spec *spec, const uint8_t *file, size_t n_bytes)
{
    enum { MAX_METADATA_BYTES = MAX_CHUNK_BYTES - 64 };

    if (spec->exif.n_bytes > MAX_METADATA_BYTES || spec->xmp.n_bytes > MAX_METADATA_BYTES)
        return sct_report_fail(spec->report, SCT_ERR_TOO_LARGE,
                               "metadata that do not fit in a chunk of a PNG");
    struct copy *c = sct_mem_alloc(sizeof *c); /* its table is too much for a stack */
    if (!c)
        return sct_report_fail(spec->report, SCT_ERR_MEMORY, "no memory for a checksum");
    c->spec = spec;
    c->file = file;
    c->n_file_bytes = n_bytes;
    sct_png_crc_init(&c->crc);
    int status = check_header(c);
    if (status == SCT_OK)
        status = look_through(c);
    if (status == SCT_OK)
        status = write_copy(c);
    sct_mem_free(c);
    return status;
}
