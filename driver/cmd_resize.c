/* scantling resize: every input becomes one job of the pipeline.
 *
 *     options -> names -> batch (nothing collides) -> pool { run_item ... } -> reports
 *
 * Reports come in the order of the inputs. An item's outcome lives from its run to its
 * report: work in progress is all that is in memory, however many inputs there are. */
#define _GNU_SOURCE 1
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "filejob.h"
#include "help.h"
#include "isolate.h"
#include "names.h"
#include "options.h"
#include "outcome.h"
#include "outfile.h"
#include "paths.h"
#include "pool.h"
#include "progress.h"
#include "report_json.h"
#include "report_text.h"
#include "tempfiles.h"
#include "text.h"
#include "verdict.h"

struct resize {
    const struct sct_options *options;
    const struct sct_names *names;
    struct sct_batch batch;
    sct_tempfiles *tempfiles;
    sct_isolate *isolate; /* NULL: no sandbox */
    struct sct_progress progress;
    struct sct_outcome **outcome; /* [n_items]: between run and report */
    int n_fine, n_failed;         /* reported so far */
    struct sct_sum sum;
};

/* What is still to be made of an item. */
struct remaining {
    struct sct_variant variant[SCT_MAX_VARIANTS];
    char *path[SCT_MAX_VARIANTS];
    int n;
};

/* Whether the output is there. A link to nowhere is not; a device is never finished. */
static int find_existing(const char *path)
{
    struct stat st;
    return strcmp(path, "-") != 0 && sct_path_find_file(path, &st) > 0;
}

static void list_remaining(const struct resize *r, const struct sct_item *item,
                           struct remaining *remaining, struct sct_outcome *o)
{
    remaining->n = 0;
    for (int k = 0; k < r->options->n_variants; k++) {
        if (r->options->skip_existing && find_existing(item->path[k]))
            continue;
        remaining->variant[remaining->n] = r->options->variant[k];
        remaining->path[remaining->n] = item->path[k];
        o->path[remaining->n] = item->path[k];
        o->name[remaining->n] = r->options->variant[k].name;
        remaining->n++;
    }
    o->n_outputs = remaining->n;
    o->is_skipped = remaining->n == 0;
}

/* The output files behind one more check: when the name holds the size, the input has
 * been read before, and it must not have become another picture since. */
struct checked_target {
    const struct sct_item *item;
    const struct remaining *remaining;
    struct sct_target target;
    int has_changed;
};

static int open_checked(void *ctx, int i, const struct sct_output *output,
                        struct sct_sink *sink)
{
    struct checked_target *const t = ctx;
    int variant = 0; /* i counts what is to do */
    while (t->item->path[variant] != t->remaining->path[i])
        variant++;
    const int(*const planned)[2] = t->item->size;
    if (planned &&
        (planned[variant][0] != output->width || planned[variant][1] != output->height))
    {
        t->has_changed = 1;
        return SCT_ERR_IO;
    }
    return t->target.open(t->target.ctx, i, output, sink);
}

static int close_checked(void *ctx, int i, int status)
{
    struct checked_target *const t = ctx;
    return t->target.close(t->target.ctx, i, status);
}

static void run_job(const struct resize *r, struct sct_item *item,
                    const struct remaining *remaining, struct sct_outcome *o)
{
    const struct sct_options *const options = r->options;
    struct sct_infile in;
    sct_outset *outset = NULL;
    const struct sct_outset_spec outset_spec = {.tempfiles = r->tempfiles,
                                                .path = remaining->path,
                                                .n = remaining->n,
                                                .mode = item->facts.mode,
                                                .makes_folders = r->names->makes_folders};
    int status = sct_item_open(item, &in);
    if (status != SCT_OK) {
        sct_outcome_fail(o, status, in.message);
        return;
    }
    status = sct_outset_create(&outset, &outset_spec);
    if (status != SCT_OK) {
        sct_outcome_fail(o, status, "");
        goto done;
    }
    struct checked_target checked = {
        .item = item, .remaining = remaining, .target = sct_outset_target(outset)};
    const struct sct_filejob job = {
        .options = options,
        .isolate = r->isolate,
        .outset = outset,
        .target = {.open = open_checked, .close = close_checked, .ctx = &checked},
        .variant = remaining->variant,
        .n = remaining->n,
        .has_changed = &checked.has_changed};
    sct_filejob_run(&job, &in, o);
done:
    sct_outset_free(outset);
    sct_infile_close(&in);
}

static int run_item(void *ctx, int i)
{
    struct resize *const r = ctx;
    struct sct_item *const item = &r->batch.item[i];
    struct sct_outcome *const o = calloc(1, sizeof *o);
    r->outcome[i] = o;
    if (!o)
        return r->options->fail_fast;
    o->input = item->input;
    o->is_dry_run = r->options->dry_run;
    struct remaining *const remaining = malloc(sizeof *remaining);
    if (!remaining) {
        sct_outcome_fail(o, SCT_ERR_MEMORY, "");
    } else if (item->status != SCT_OK) {
        sct_outcome_fail(o, item->status, item->message);
    } else {
        list_remaining(r, item, remaining, o);
        if (remaining->n > 0)
            run_job(r, item, remaining, o);
    }
    free(remaining);
    return r->options->fail_fast && o->status != SCT_OK;
}

static void add_up(struct sct_sum *sum, const struct sct_outcome *o)
{
    sum->n_inputs++;
    sum->n_fine += o->status == SCT_OK;
    sum->bytes += o->result.bytes;
    for (int i = 0; i < o->n_outputs && !o->is_dry_run; i++) {
        if (!o->is_there[i])
            continue;
        sum->n_outputs++;
        sum->output_bytes += o->result.output[i].bytes;
        sum->saved_bytes += sct_outcome_saved_bytes(o, i);
    }
}

static void report_item(void *ctx, int i)
{
    struct resize *const r = ctx;
    struct sct_outcome *const o = r->outcome[i];
    sct_progress_hide(&r->progress);
    if (!o) {
        sct_text_complain("%s: no_memory: out of memory", r->batch.item[i].input);
    } else {
        sct_report_text_complain(o, !r->options->quiet);
        if (r->options->json) {
            if (sct_report_json_print(stdout, o) != SCT_OK)
                sct_text_complain("%s: no memory for its JSON", o->input);
        } else if (!r->options->quiet && r->names->pattern) {
            sct_report_text_print(stdout, o);
        }
    }
    if (o)
        add_up(&r->sum, o);
    if (o && o->status == SCT_OK)
        r->n_fine++;
    else
        r->n_failed++;
    free(o);
    r->outcome[i] = NULL;
    if (r->progress.is_on)
        fflush(stdout); /* lines come before the bar below them */
    sct_progress_show(&r->progress, i + 1);
}

static int run_batch(struct resize *r)
{
    const struct sct_options *const options = r->options;
    const struct sct_pool_work work = {.n_items = r->batch.n_items,
                                       .n_jobs = options->n_jobs,
                                       .run = run_item,
                                       .finish = report_item,
                                       .ctx = r};
    r->outcome = calloc((size_t)r->batch.n_items, sizeof(*r->outcome));
    if (!r->outcome)
        return SCT_ERR_MEMORY;
    sct_progress_init(&r->progress,
                      !options->quiet && !(options->json && isatty(STDOUT_FILENO)),
                      r->batch.n_items);
    const int n_done = sct_pool_run(&work);
    sct_progress_hide(&r->progress);
    if (!options->quiet && !options->json && !options->dry_run && r->names->pattern &&
        r->sum.n_inputs > 1 && r->sum.n_outputs > 0)
        sct_report_text_sum(stdout, &r->sum);
    free(r->outcome);
    if (n_done >= 0 && n_done < r->batch.n_items)
        sct_text_complain("stopped at the first failure; %d of %d inputs were not tried",
                          r->batch.n_items - n_done, r->batch.n_items);
    return n_done < 0 ? n_done : SCT_OK;
}

/* Never without: who asks for a sandbox and cannot have it gets nothing done. */
static int start_sandbox(struct resize *r)
{
    const struct sct_options *const o = r->options;
    char message[160];
    const int status =
        sct_isolate_create(&r->isolate, o->n_jobs < o->n_inputs ? o->n_jobs : o->n_inputs,
                           message, sizeof message);
    if (status == SCT_OK)
        return SCT_OK;
    sct_text_complain("--sandbox: %s", message);
    return SCT_ERR_ARGUMENT;
}

int sct_command_resize(int argc, char **argv)
{
    static const char out_of_memory[] = "out of memory";
    struct sct_options *const options = malloc(sizeof *options);
    struct sct_names names = {0};
    struct resize r = {.options = options, .names = &names};
    int exit_status = SCT_EXIT_ALL;
    int status = SCT_ERR_MEMORY;

    if (!options) {
        sct_text_complain(out_of_memory);
        return exit_status;
    }
    status = sct_options_parse(options, argc, argv);
    if (status == SCT_OK && options->wants_help) {
        fputs(sct_help_resize(), stdout);
        exit_status = sct_command_close_stdout(SCT_EXIT_OK);
        goto done;
    }
    for (int i = 0; status == SCT_OK && i < options->n_variants; i++)
        if (!options->variant[i].format)
            options->variant[i].format = sct_names_format(options->output);
    if (status == SCT_OK) {
        const struct sct_names_spec spec = {.output = options->output,
                                            .variants = options->variant,
                                            .n_variants = options->n_variants,
                                            .has_variants_file =
                                                options->has_variants_file,
                                            .inputs = options->inputs,
                                            .n_inputs = options->n_inputs};
        status = sct_names_create(&names, &spec);
    }
    if (status == SCT_OK && options->json && !names.pattern) {
        sct_text_complain("--json: stdout takes the picture; name a file with --output");
        status = SCT_ERR_ARGUMENT;
    }
    /* The sandbox's processes come before the first thread, which is the guard over
     * temporary files, and that before all others. */
    if (status == SCT_OK && options->sandbox)
        status = start_sandbox(&r);
    if (status == SCT_OK)
        status = sct_tempfiles_create(&r.tempfiles);
    if (status == SCT_OK)
        status = sct_batch_create(&r.batch, options, &names, r.isolate);
    if (status == SCT_OK)
        status = run_batch(&r);
    if (status == SCT_OK)
        exit_status = sct_exit_for(r.n_fine, r.n_failed);
    else if (status == SCT_ERR_ARGUMENT)
        exit_status = SCT_EXIT_USAGE; /* whoever found it has said so */
    else
        sct_text_complain(out_of_memory);
    exit_status = sct_command_close_stdout(exit_status);
done:
    sct_batch_free(&r.batch);
    sct_tempfiles_free(r.tempfiles);
    sct_isolate_free(r.isolate);
    sct_names_free(&names);
    free(options);
    return exit_status;
}
