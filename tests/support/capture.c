/* See capture.h: sources, targets and an encoder over memory. */
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"

uint8_t *capture_read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t capacity = 1 << 16, n = 0;
    uint8_t *bytes = malloc(capacity);
    for (size_t got; bytes && (got = fread(bytes + n, 1, capacity - n, file)) > 0;) {
        n += got;
        if (n == capacity)
            bytes = realloc(bytes, capacity *= 2);
    }
    fclose(file);
    *n_bytes = n;
    return bytes;
}

/* ---- input ------------------------------------------------------------------------- */

static int read_bytes(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct capture_input *in = ctx;
    size_t count = in->n_bytes - in->offset;
    if (in->offset >= in->fail_at)
        return SCT_ERR_IO;
    if (count > capacity)
        count = capacity;
    if (in->piece_bytes && count > in->piece_bytes)
        count = in->piece_bytes;
    if (in->offset + count > in->fail_at)
        count = in->fail_at - in->offset;
    memcpy(buffer, in->bytes + in->offset, count);
    in->offset += count;
    *n = count;
    return SCT_OK;
}

struct sct_source capture_source(struct capture_input *input)
{
    return (struct sct_source){.read = read_bytes, .ctx = input};
}

/* ---- output ------------------------------------------------------------------------ */

static int append(void *ctx, const void *data, size_t n)
{
    struct capture_file *f = ctx;
    uint8_t *bytes = realloc(f->bytes, f->n_bytes + n + 1);
    if (!bytes)
        return SCT_ERR_IO;
    f->bytes = bytes;
    memcpy(f->bytes + f->n_bytes, data, n);
    f->n_bytes += n;
    return SCT_OK;
}

static int refuse(void *ctx, const void *data, size_t n)
{
    (void)ctx;
    (void)data;
    (void)n;
    return SCT_ERR_IO;
}

static int open_file(void *ctx, int variant, const struct sct_output *output,
                     struct sct_sink *sink)
{
    struct capture_files *files = ctx;
    struct capture_file *f = &files->file[variant];
    (void)output;
    f->is_open = 1;
    f->close_status = 1;
    files->n_opened++;
    *sink = (struct sct_sink){.write = files->fail_after ? refuse : append, .ctx = f};
    return SCT_OK;
}

static int close_file(void *ctx, int variant, int status)
{
    struct capture_files *files = ctx;
    struct capture_file *f = &files->file[variant];
    f->is_open = 0;
    f->close_status = status;
    return files->fail_close_of == variant && status == SCT_OK ? SCT_ERR_IO : SCT_OK;
}

struct sct_target capture_target(struct capture_files *files)
{
    memset(files, 0, sizeof *files);
    files->fail_close_of = -1;
    return (struct sct_target){.open = open_file, .close = close_file, .ctx = files};
}

void capture_free_files(struct capture_files *files)
{
    for (int i = 0; i < SCT_MAX_VARIANTS; i++)
        free(files->file[i].bytes);
    memset(files, 0, sizeof *files);
}

/* ---- planes ------------------------------------------------------------------------ */

struct sct_encoder {
    struct sct_sink sink;
    int n_components, band;
    struct sct_encoder_layout layout;
    uint8_t *planes[SCT_MAX_COMPONENTS];
};

static size_t count_planes(const struct sct_encoder_spec *spec)
{
    (void)spec;
    return 0; /* the tests' own memory is nobody's concern */
}

static int open_planes(sct_encoder **out, const struct sct_encoder_spec *spec,
                       struct sct_encoder_layout *layout)
{
    int h_max = 1, v_max = 1;
    sct_encoder *e = calloc(1, sizeof *e);
    *out = e;
    if (!e)
        return SCT_ERR_MEMORY;
    e->sink = spec->sink;
    e->n_components = spec->n_components;
    for (int ci = 0; ci < spec->n_components; ci++) {
        h_max = sct_max(h_max, spec->component[ci].h);
        v_max = sct_max(v_max, spec->component[ci].v);
    }
    memset(layout, 0, sizeof *layout);
    layout->n_bands = sct_div_up(spec->height, v_max * 8);
    for (int ci = 0; ci < spec->n_components; ci++) {
        const int width = sct_div_up(spec->width * spec->component[ci].h, h_max);
        const int height = sct_div_up(spec->height * spec->component[ci].v, v_max);
        layout->component[ci].width = layout->component[ci].padded_width = width;
        layout->component[ci].height = height;
        layout->component[ci].band_rows = spec->component[ci].v * 8;
        e->planes[ci] = malloc((size_t)width * (size_t)height);
    }
    e->layout = *layout;
    return SCT_OK;
}

static int keep_band(sct_encoder *e, uint8_t *const *const rows[SCT_MAX_COMPONENTS])
{
    for (int ci = 0; ci < e->n_components; ci++) {
        const int width = e->layout.component[ci].width;
        const int y = e->band * e->layout.component[ci].band_rows;
        for (int i = 0; i < e->layout.component[ci].band_rows; i++)
            if (y + i < e->layout.component[ci].height)
                memcpy(e->planes[ci] + (size_t)(y + i) * (size_t)width, rows[ci][i],
                       (size_t)width);
    }
    e->band++;
    return SCT_OK;
}

static int write_planes(sct_encoder *e)
{
    int status = SCT_OK;
    for (int ci = 0; ci < e->n_components && status == SCT_OK; ci++)
        status = e->sink.write(e->sink.ctx, e->planes[ci],
                               (size_t)e->layout.component[ci].width *
                                   (size_t)e->layout.component[ci].height);
    return status;
}

static void close_planes(sct_encoder *e)
{
    if (!e)
        return;
    for (int ci = 0; ci < SCT_MAX_COMPONENTS; ci++)
        free(e->planes[ci]);
    free(e);
}

/* Whatever comes, in 8 bits. */
static int takes_planes(const struct sct_encoder_spec *spec)
{
    return spec->depth <= 8;
}

const struct sct_encoder_ops capture_planes = {.name = "planes",
                                               .extension = "planes",
                                               .takes = takes_planes,
                                               .bytes = count_planes,
                                               .open = open_planes,
                                               .write_band = keep_band,
                                               .finish = write_planes,
                                               .close = close_planes};
