/* scantling compare: decodes the reference once, then each picture, and measures how much they
 * differ. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "butteraugli.h"
#include "comparison.h"
#include "help.h"
#include "infile.h"
#include "options.h"
#include "pixels.h"
#include "report_json.h"
#include "text.h"
#include "verdict.h"

/* It takes some 0.4 s for a megapixel; what takes longer than this hangs. */
static const double butteraugli_seconds = 600.0;

static const char *show_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

static int read_pixels(struct sct_pixels *pixels, const char *path,
                       const struct sct_compare_options *options,
                       struct sct_report *report, char *message, size_t message_bytes)
{
    struct sct_infile_facts facts;
    struct sct_infile in;
    int status = sct_infile_look(&facts, path, message, message_bytes);
    if (status != SCT_OK)
        return status;
    status = sct_infile_open(&in, path);
    if (status == SCT_OK) {
        const struct sct_source source = sct_infile_source(&in);
        status = sct_pixels_read(pixels, &source, &options->limits, options->background,
                                 report);
    }
    if (status != SCT_OK)
        snprintf(message, message_bytes, "%s",
                 in.message[0]        ? in.message
                 : report->message[0] ? report->message
                                      : sct_verdict_explain(status));
    sct_infile_close(&in);
    return status;
}

static void measure_butteraugli(struct sct_comparison *c,
                                const struct sct_pixels *reference,
                                const struct sct_pixels *pixels,
                                const struct sct_compare_options *options)
{
    const double max_seconds = options->limits.max_seconds > 0
                                   ? options->limits.max_seconds
                                   : butteraugli_seconds;
    c->has_butteraugli =
        sct_butteraugli_measure(&c->butteraugli, &reference->rgb, &pixels->rgb,
                                max_seconds, c->message, sizeof c->message) == SCT_OK;
}

static void compare(struct sct_comparison *c, const struct sct_pixels *reference,
                    const struct sct_compare_options *options)
{
    struct sct_pixels pixels;
    c->status = read_pixels(&pixels, c->input, options, &c->report, c->message,
                            sizeof c->message);
    if (c->status != SCT_OK)
        return;
    const struct sct_plane *const p = &pixels.rgb.plane[0];
    const struct sct_plane *const r = &reference->rgb.plane[0];
    c->bytes = pixels.bytes;
    if (p->width != r->width || p->height != r->height) {
        c->status = SCT_ERR_ARGUMENT;
        snprintf(
            c->message, sizeof c->message,
            "it is %dx%d and the reference %dx%d: only pictures of the same size can be "
            "compared",
            p->width, p->height, r->width, r->height);
    } else {
        c->status = sct_comparison_measure(c, &reference->rgb, &pixels.rgb);
        if (c->status != SCT_OK)
            snprintf(c->message, sizeof c->message, "%s", sct_verdict_explain(c->status));
        else if (!options->without_butteraugli)
            measure_butteraugli(c, reference, &pixels, options);
    }
    sct_pixels_free(&pixels);
}

static void report(const struct sct_comparison *c,
                   const struct sct_compare_options *options, int is_first)
{
    if (c->status != SCT_OK)
        sct_text_complain("%s: %s: %s", show_name(c->input),
                          sct_verdict_of(c->status).word, c->message);
    if (options->json) {
        if (sct_report_json_print_comparison(stdout, c) != SCT_OK)
            sct_text_complain("%s: no memory for its JSON", show_name(c->input));
    } else if (c->status == SCT_OK) {
        if (!is_first)
            putchar('\n');
        sct_comparison_print(c);
    }
}

int sct_command_compare(int argc, char **argv)
{
    struct sct_compare_options options;
    struct sct_pixels reference;
    struct sct_report reference_report = {.message = ""};
    char message[256] = "";
    int n_fine = 0, n_failed = 0;
    if (sct_compare_options_parse(&options, argc, argv) != SCT_OK)
        return SCT_EXIT_USAGE;
    if (options.wants_help) {
        fputs(sct_help_compare(), stdout);
        return sct_command_close_stdout(SCT_EXIT_OK);
    }
    const int reference_status = read_pixels(&reference, options.reference, &options,
                                             &reference_report, message, sizeof message);
    for (int i = 0; i < options.n_inputs; i++) {
        struct sct_comparison c = {.reference = options.reference,
                                   .input = options.inputs[i],
                                   .status = reference_status};
        if (reference_status == SCT_OK)
            compare(&c, &reference, &options);
        else
            snprintf(c.message, sizeof c.message, "the reference, %.32s: %s",
                     show_name(options.reference), message);
        report(&c, &options, n_fine == 0);
        if (c.status == SCT_OK)
            n_fine++;
        else
            n_failed++;
    }
    if (reference_status == SCT_OK)
        sct_pixels_free(&reference);
    return sct_command_close_stdout(sct_exit_for(n_fine, n_failed));
}
