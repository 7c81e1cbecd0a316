/* scantling info: opens the decoder of each input, and tells what the header says. The
 * picture itself is not decoded, so damage further down is not seen; what the decoder
 * leaves unread is only walked past, to count the scans. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "infile.h"
#include "info.h"
#include "jpeg_scans.h"
#include "options.h"
#include "report_json.h"
#include "scantling.h"
#include "text.h"
#include "verdict.h"

/* A source that somebody looks over the shoulder of: the scan counter sees every byte that
 * the reader gets, so it need not know where the decoder stands in it. */
struct watched_source {
    struct sct_source source;
    struct sct_jpeg_scans scans;
};

static int read_watched(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct watched_source *const w = ctx;
    const int status = w->source.read(w->source.ctx, buffer, capacity, n);
    if (status == SCT_OK)
        sct_jpeg_scans_walk(&w->scans, buffer, *n);
    return status;
}

/* Reads on to the end of the picture. What was counted stays counted when that fails. */
static void count_scans(struct sct_info *info, struct watched_source *w,
                        struct sct_reader *reader)
{
    int status = SCT_OK;
    while (status == SCT_OK && !w->scans.has_ended) {
        reader->n_bytes = 0;
        status = sct_reader_next(reader);
    }
    if (status < 0)
        sct_report_warn(&info->report, "reading failed while the scans were counted");
    info->n_scans = w->scans.n_scans;
}

static void look_inside(struct sct_info *info, struct sct_reader *reader,
                        const struct sct_info_options *options)
{
    struct sct_infile_facts facts;
    struct sct_infile in;
    struct watched_source watched = {.scans = {0}};
    const struct sct_decoder_ops *ops = NULL;
    sct_decoder *decoder = NULL;
    const struct sct_decoder_spec spec = {
        .reader = reader, .limits = options->limits, .report = &info->report};
    info->status =
        sct_infile_look(&facts, info->input, info->message, sizeof info->message);
    if (info->status != SCT_OK)
        return;
    info->status = sct_infile_open(&in, info->input);
    if (info->status == SCT_OK) {
        const struct sct_source source = {.read = read_watched, .ctx = &watched};
        watched.source = sct_infile_source(&in);
        sct_reader_init(reader, &source);
        info->status = sct_decoder_open(&ops, &decoder, &spec, &info->picture);
    }
    if (info->status == SCT_OK && info->picture.is_animated)
        sct_report_warn(&info->report, "animated: only the first frame is used");
    const char *message = info->status == SCT_OK ? "" : sct_verdict_explain(info->status);
    if (in.message[0])
        message = in.message;
    else if (info->report.message[0])
        message = info->report.message;
    snprintf(info->message, sizeof info->message, "%s", message);
    if (ops && decoder) {
        ops->close(decoder);
        count_scans(info, &watched, reader);
    }
    info->picture.icc = NULL; /* was the decoder's */
    sct_infile_close(&in);
}

int sct_command_info(int argc, char **argv)
{
    struct sct_info_options options;
    int n_fine = 0, n_failed = 0;
    if (sct_info_options_parse(&options, argc, argv) != SCT_OK)
        return SCT_EXIT_USAGE;
    if (options.wants_help) {
        fputs(sct_help_info(), stdout);
        return sct_command_close_stdout(SCT_EXIT_OK);
    }
    struct sct_reader *const reader = malloc(sizeof *reader);
    if (!reader) {
        sct_text_complain("out of memory");
        return SCT_EXIT_ALL;
    }
    for (int i = 0; i < options.n_inputs; i++) {
        struct sct_info info = {.input = options.inputs[i]};
        look_inside(&info, reader, &options);
        if (info.status != SCT_OK)
            sct_text_complain("%s: %s: %s",
                              strcmp(info.input, "-") == 0 ? "stdin" : info.input,
                              sct_verdict_of(info.status).word, info.message);
        if (options.json) {
            if (sct_report_json_print_info(stdout, &info) != SCT_OK)
                sct_text_complain("%s: no memory for its JSON", info.input);
        } else if (info.status == SCT_OK) {
            if (n_fine > 0)
                putchar('\n');
            sct_info_print(&info);
        }
        if (info.status == SCT_OK)
            n_fine++;
        else
            n_failed++;
    }
    free(reader);
    return sct_command_close_stdout(sct_exit_for(n_fine, n_failed));
}
