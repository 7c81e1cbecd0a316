/* Differential fuzzing: any bytes, through the streaming decoder and through libjpeg-turbo's
 * lane, strict and with salvage. They have to agree on the verdict, the first damaged row and
 * every coef; tests/codec/test_jpeg_decoder.c says where the streamed one may tell earlier.
 *
 * With libFuzzer (SCT_FUZZ=ON, clang): fuzz_entropy FOLDER. Without it, replay.c has a main that
 * runs the files that it is given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"
#include "jpeg_lanes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    const uint8_t *data;
    size_t size, offset;
};

struct outcome {
    int status;
    int n_components;
    struct sct_report report;
    uint64_t hash; /* of all coefs that were delivered */
};

static int read_memory(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct memory *m = ctx;
    const size_t left = m->size - m->offset;
    *n = left < capacity ? left : capacity;
    memcpy(buffer, m->data + m->offset, *n);
    m->offset += *n;
    return SCT_OK;
}

static uint64_t hash_band(uint64_t h, const struct sct_picture *p,
                          const struct sct_band *b)
{
    for (int ci = 0; ci < p->n_components; ci++)
        for (int y = 0; y < b->component[ci].n_rows; y++) {
            const uint8_t *row = (const uint8_t *)b->component[ci].blocks +
                                 y * b->component[ci].stride_bytes;
            const size_t n = (size_t)p->component[ci].width_blocks * 128;
            for (size_t i = 0; i < n; i++)
                h = (h ^ row[i]) * 1099511628211u;
        }
    return h;
}

static void decode(struct outcome *o, const struct sct_decoder_ops *ops,
                   const uint8_t *data, size_t size, int salvage)
{
    struct memory memory = {data, size, 0};
    const struct sct_source source = {read_memory, &memory};
    struct sct_reader *reader = malloc(sizeof *reader);
    struct sct_picture picture;
    sct_decoder *decoder = NULL;
    memset(o, 0, sizeof *o);
    o->hash = 14695981039346656037u;
    if (!reader)
        abort();
    sct_reader_init(reader, &source);
    const struct sct_decoder_spec spec = {
        .reader = reader,
        .limits = {.max_pixels = 1 << 20, .max_scans = 20, .max_memory_bytes = 1 << 26},
        .salvage = salvage,
        .report = &o->report};
    o->status = ops->open(&decoder, &spec, &picture);
    if (o->status == SCT_OK) {
        struct sct_band band;
        o->n_components = picture.n_components;
        while ((o->status = ops->read_band(decoder, &band)) == SCT_OK)
            o->hash = hash_band(o->hash, &picture, &band);
        ops->close(decoder);
    }
    free(reader);
}

static int tells_earlier(const struct outcome *ours, const struct outcome *theirs)
{
    return (strstr(ours->report.message, "extraneous bytes") ||
            strstr(ours->report.warning, "extraneous bytes")) &&
           ours->report.damage == SCT_ERR_CORRUPT &&
           (!theirs->report.damage ||
            ours->report.damaged_row <= theirs->report.damaged_row);
}

/* libjpeg-turbo counts rows by the sampling factor of a component even when it is alone and the
 * factor means nothing: up to 4 rows of blocks. */
static int is_same_row(const struct outcome *ours, const struct outcome *theirs)
{
    const int ahead = ours->report.damaged_row - theirs->report.damaged_row;
    return ahead == 0 || (ours->n_components == 1 && ahead > -32 && ahead < 32);
}

static void complain(const char *what, const struct outcome *ours,
                     const struct outcome *theirs)
{
    fprintf(
        stderr,
        "%s differs: ours %s, damage %s in row %d (%s %s); theirs %s, %s in %d (%s %s)\n",
        what, sct_status_name(ours->status), sct_status_name(ours->report.damage),
        ours->report.damaged_row, ours->report.message, ours->report.warning,
        sct_status_name(theirs->status), sct_status_name(theirs->report.damage),
        theirs->report.damaged_row, theirs->report.message, theirs->report.warning);
    abort();
}

/* After the first scan libjpeg-turbo may read another, which overwrites what the first has set, or
 * fail in what follows; the streamed lane stops at the end of the picture. */
static int has_more_markers(const uint8_t *data, size_t size)
{
    int n = 0;
    for (size_t i = 0; i + 1 < size; i++)
        n += data[i] == 0xFF && (data[i + 1] == 0xDA || data[i + 1] == 0xDD ||
                                 (data[i + 1] >= 0xC0 && data[i + 1] <= 0xCF));
    return n > 6; /* SOF, four DHT, SOS */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int salvage = 0; salvage < 2; salvage++) {
        struct outcome ours, theirs;
        decode(&ours, &sct_jpeg_decoder, data, size, salvage);
        decode(&theirs, &sct_jpeg_decoder_whole, data, size, salvage);
        if (has_more_markers(data, size) || ours.status == SCT_ERR_TOO_LARGE ||
            theirs.status == SCT_ERR_TOO_LARGE)
            continue; /* the whole lane needs more memory */
        const int is_same = ours.status == theirs.status &&
                            ours.report.damage == theirs.report.damage &&
                            is_same_row(&ours, &theirs);
        if (!is_same && !tells_earlier(&ours, &theirs))
            complain("verdict", &ours, &theirs);
        if (ours.status == SCT_DONE && theirs.status == SCT_DONE &&
            ours.hash != theirs.hash)
            complain("coefs", &ours, &theirs);
    }
    return 0;
}
