/* The batch: all inputs of one command, looked at before anything is written, so that no
 * two outputs, and no output and an input, are the same file. Command only. */
#ifndef SCT_BATCH_H
#define SCT_BATCH_H

#include "infile.h"
#include "isolate.h"
#include "names.h"
#include "options.h"

struct sct_item {
    const char *input; /* borrowed */
    struct sct_infile_facts facts;
    int status; /* an error: this input cannot be worked on, message says why */
    char message[256];
    uint8_t
        *data; /* of input that can be read only once: what had to be read beforehand, all
                      of it, or its beginning when fd is open for the rest */
    size_t n_bytes;
    int fd;                               /* -1: closed */
    const struct sct_encoder_ops *format; /* that we write and the input has, or NULL */
    char **path;    /* [n_variants] where the outputs go; NULL: not known, see status */
    int (*size)[2]; /* [n_variants] planned width and height; NULL: not planned */
};

struct sct_batch {
    const struct sct_options *options; /* borrowed */
    const struct sct_names *names;     /* borrowed */
    sct_isolate *isolate;              /* borrowed; NULL: no sandbox */
    struct sct_item *item;
    int n_items;
};

/* Looks at every input; reads the headers when names depend on the sizes. Inputs that
 * cannot be read keep their failure for later. SCT_OK; SCT_ERR_ARGUMENT after a
 * complaint: outputs collide; SCT_ERR_MEMORY. To be freed in any case. */
int sct_batch_create(struct sct_batch *batch, const struct sct_options *options,
                     const struct sct_names *names, sct_isolate *isolate);
void sct_batch_free(struct sct_batch *batch);

/* Opens the input of an item for its job; once, when it can be read only once. SCT_OK or
 * SCT_ERR_IO with f->message. */
int sct_item_open(struct sct_item *item, struct sct_infile *f);

#endif
