/* The batch, in three steps:
 *
 *     look    every input: is it there, is it a file
 *     plan    (only when names depend on sizes) read the header, plan the sizes; parallel
 *     claim   every output path, in canonical spelling; a second claim is an error
 *
 * Invariant: an item without an error has all its paths, and nobody else has any of them.
 */
#define _GNU_SOURCE 1
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claims.h"
#include "paths.h"
#include "pool.h"
#include "sniff.h"
#include "text.h"
#include "verdict.h"

static void fail_item(struct sct_item *item, int status, const char *message)
{
    item->status = status;
    snprintf(item->message, sizeof item->message, "%s",
             message[0] ? message : sct_verdict_explain(status));
}

int sct_item_open(struct sct_item *item, struct sct_infile *f)
{
    if (item->data || item->fd >= 0) {
        sct_infile_resume(f, item->fd, item->data, item->n_bytes);
        item->fd = -1;
        return SCT_OK;
    }
    return sct_infile_open(f, item->input);
}

/* Stdin and pipes can be read once, and the job is going to read them again. */
static int keep_data(struct sct_item *item, size_t max_bytes)
{
    struct sct_infile f;
    uint8_t *const head = item->data, *all = NULL;
    size_t n_bytes = 0;
    int status = sct_item_open(item, &f);
    if (status == SCT_OK)
        status = sct_infile_read_all(&f, max_bytes, &all, &n_bytes);
    if (status != SCT_OK)
        fail_item(item, status, f.message);
    sct_infile_close(&f);
    item->data = all;
    item->n_bytes = n_bytes;
    free(head);
    return status;
}

/* Reads up to `capacity` bytes, all that there are. */
static size_t read_head(struct sct_infile *f, uint8_t *head, size_t capacity)
{
    const struct sct_source source = sct_infile_source(f);
    size_t n_bytes = 0, n = 1;
    while (n_bytes < capacity && n > 0) {
        if (source.read(source.ctx, head + n_bytes, capacity - n_bytes, &n) != SCT_OK)
            break;
        n_bytes += n;
    }
    return n_bytes;
}

/* The format by the first bytes; what cannot be read fails later, when it is worked on. */
static int find_format(struct sct_item *item)
{
    struct sct_infile f;
    uint8_t *const head = malloc(SCT_SNIFF_BYTES);
    if (!head)
        return SCT_ERR_MEMORY;
    if (sct_infile_open(&f, item->input) == SCT_OK) {
        const size_t n_bytes = read_head(&f, head, SCT_SNIFF_BYTES);
        const struct sct_decoder_ops *const ops = sct_decoder_find(head, n_bytes);
        item->format = ops ? sct_encoder_find(ops->name) : NULL;
        if (!item->facts.is_regular) { /* the job will go on from here */
            item->data = head;
            item->n_bytes = n_bytes;
            item->fd = f.fd;
            return SCT_OK;
        }
        sct_infile_close(&f);
    }
    free(head);
    return SCT_OK;
}

static int plan_item(const struct sct_batch *b, struct sct_item *item,
                     struct sct_result *result)
{
    const struct sct_options *const o = b->options;
    struct sct_infile f;
    const size_t max_bytes =
        o->limits.max_memory_bytes ? o->limits.max_memory_bytes : SCT_MAX_MEMORY_BYTES;
    if (!item->facts.is_regular && !item->data && keep_data(item, max_bytes) != SCT_OK)
        return item->status;
    int status = sct_item_open(item, &f);
    if (status != SCT_OK) {
        fail_item(item, status, f.message);
        return status;
    }
    const struct sct_job job = {.variants = o->variant,
                                .n_variants = o->n_variants,
                                .limits = o->limits,
                                .salvage = o->salvage,
                                .linear = o->linear,
                                .dsp = &o->dsp};
    status = sct_isolate_run(b->isolate, &job, &f, 1, result);
    if (status != SCT_OK)
        fail_item(item, status, f.message[0] ? f.message : result->report.message);
    sct_infile_close(&f);
    if (status != SCT_OK)
        return status;
    item->size = calloc((size_t)o->n_variants, sizeof *item->size);
    if (!item->size) {
        fail_item(item, SCT_ERR_MEMORY, "");
        return SCT_ERR_MEMORY;
    }
    for (int k = 0; k < o->n_variants; k++) {
        item->size[k][0] = result->output[k].width;
        item->size[k][1] = result->output[k].height;
    }
    return SCT_OK;
}

static int plan_in_pool(void *ctx, int i)
{
    const struct sct_batch *const b = ctx;
    struct sct_item *const item = &b->item[i];
    if (item->status != SCT_OK)
        return 0;
    struct sct_result *const result = malloc(sizeof *result);
    if (result)
        plan_item(b, item, result);
    else
        fail_item(item, SCT_ERR_MEMORY, "");
    free(result);
    return 0;
}

static int name_outputs(const struct sct_batch *b, struct sct_item *item)
{
    const struct sct_options *const o = b->options;
    item->path = calloc((size_t)o->n_variants, sizeof *item->path);
    for (int k = 0; item->path && k < o->n_variants; k++) {
        item->path[k] = sct_names_expand(b->names, item->input, &o->variant[k],
                                         item->format, item->size ? item->size[k][0] : 0,
                                         item->size ? item->size[k][1] : 0);
        if (!item->path[k])
            return SCT_ERR_MEMORY;
    }
    return item->path ? SCT_OK : SCT_ERR_MEMORY;
}

/* "photo.jpg", or "photo.jpg (size 400)" when that is needed to tell them apart. */
static void describe_writer(char *out, size_t n, const struct sct_batch *b, int i, int k)
{
    if (b->options->n_variants > 1)
        snprintf(out, n, "%s (%s %s)", b->item[i].input,
                 b->options->has_variants_file ? "variant" : "size",
                 b->options->variant[k].name);
    else
        snprintf(out, n, "%s", b->item[i].input);
}

static int claim_output(const struct sct_batch *b, struct sct_claims *claims, int i,
                        int k)
{
    const char *const path = b->item[i].path[k];
    const struct sct_claim *other;
    struct stat st;
    /* Devices and pipes are no files that one output could take from another. */
    if (strcmp(path, "-") == 0)
        return SCT_OK;
    char *const canonical = sct_path_canonical(path);
    if (!canonical)
        return SCT_ERR_MEMORY;
    int status = stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)
                     ? SCT_OK
                     : sct_claims_add(claims, canonical, i, k, &other);
    free(canonical);
    if (status == SCT_ERR_ARGUMENT) {
        char one[300], two[300];
        describe_writer(one, sizeof one, b, other->item, other->variant);
        describe_writer(two, sizeof two, b, i, k);
        sct_text_complain("%s and %s would both write %s", one, two, path);
    }
    return status;
}

static int compare_files(const void *a, const void *b)
{
    const struct sct_infile_facts *const x = &(*(const struct sct_item *const *)a)->facts;
    const struct sct_infile_facts *const y = &(*(const struct sct_item *const *)b)->facts;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* No output may be one of the inputs, by whatever name: it would be gone. */
static int protect_inputs(const struct sct_batch *b)
{
    const struct sct_item **const sorted = calloc((size_t)b->n_items, sizeof *sorted);
    int status = sorted ? SCT_OK : SCT_ERR_MEMORY;
    size_t n = 0;
    for (int i = 0; sorted && i < b->n_items; i++) {
        if (b->item[i].facts.inode != 0) /* has been looked at with success */
            sorted[n++] = &b->item[i];
    }
    if (sorted)
        qsort(sorted, n, sizeof *sorted, compare_files);
    for (int i = 0; i < b->n_items && status == SCT_OK; i++) {
        for (int k = 0; b->item[i].path && k < b->options->n_variants; k++) {
            struct stat st;
            const char *const path = b->item[i].path[k];
            const int is_file =
                strcmp(path, "-") == 0 ? 0 : sct_path_find_file(path, &st);
            if (is_file < 0)
                status = is_file;
            if (is_file <= 0)
                continue;
            const struct sct_item probe = {
                .facts = {.device = st.st_dev, .inode = st.st_ino}};
            const struct sct_item *const key = &probe;
            const struct sct_item *const *const found =
                bsearch(&key, sorted, n, sizeof *sorted, compare_files);
            if (found) {
                sct_text_complain("%s would overwrite the input %s: %s", b->item[i].input,
                                  (*found)->input, path);
                status = SCT_ERR_ARGUMENT;
                break;
            }
        }
    }
    free(sorted);
    return status;
}

int sct_batch_create(struct sct_batch *batch, const struct sct_options *options,
                     const struct sct_names *names, sct_isolate *isolate)
{
    const struct sct_batch fresh = {
        .options = options, .names = names, .isolate = isolate};
    struct sct_claims claims = {0};
    int status = SCT_OK;
    *batch = fresh;
    batch->item = calloc((size_t)options->n_inputs, sizeof *batch->item);
    if (!batch->item)
        return SCT_ERR_MEMORY;
    batch->n_items = options->n_inputs;
    for (int i = 0; i < batch->n_items; i++) {
        struct sct_item *const item = &batch->item[i];
        item->input = options->inputs[i];
        item->fd = -1;
        item->status = sct_infile_look(&item->facts, item->input, item->message,
                                       sizeof item->message);
    }
    for (int i = 0; i < batch->n_items && names->needs_format; i++)
        if (batch->item[i].status == SCT_OK && find_format(&batch->item[i]) < 0)
            return SCT_ERR_MEMORY;
    if (names->has_size) {
        const struct sct_pool_work work = {.n_items = batch->n_items,
                                           .n_jobs = options->n_jobs,
                                           .run = plan_in_pool,
                                           .ctx = batch};
        if (sct_pool_run(&work) < 0)
            return SCT_ERR_MEMORY;
    }
    for (int i = 0; i < batch->n_items && status == SCT_OK; i++) {
        if (batch->item[i].status != SCT_OK)
            continue;
        status = name_outputs(batch, &batch->item[i]);
        for (int k = 0; k < options->n_variants && status == SCT_OK; k++)
            status = claim_output(batch, &claims, i, k);
    }
    sct_claims_free(&claims);
    return status == SCT_OK ? protect_inputs(batch) : status;
}

void sct_batch_free(struct sct_batch *batch)
{
    for (int i = 0; i < batch->n_items; i++) {
        struct sct_item *const item = &batch->item[i];
        for (int k = 0; item->path && k < batch->options->n_variants; k++)
            free(item->path[k]);
        if (item->fd > STDIN_FILENO)
            close(item->fd);
        free(item->path);
        free(item->size);
        free(item->data);
    }
    free(batch->item);
    batch->item = NULL;
    batch->n_items = 0;
}
