/* The JSON lines, through jansson. Keys keep the order in which they are set. File names
 * that are not UTF-8 are shown with U+FFFD; JSON can hold nothing else. */
#include "report_json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "clock.h"
#include "comparison.h"
#include "info.h"
#include "text.h"
#include "verdict.h"

/* NULL when there is no memory; jansson's setters pass that on as their failure. */
static json_t *make_string(const char *bytes)
{
    char *const text = sct_text_utf8(bytes);
    json_t *const string = text ? json_string(text) : NULL;
    free(text);
    return string;
}

/* Milliseconds with three decimals. */
static json_t *make_ms(double ms)
{
    return json_real(round(ms * 1000.0) / 1000.0);
}

/* Takes the object over. */
static int print_line(FILE *out, json_t *object, int failed)
{
    char *const line =
        failed ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(object);
    if (!line)
        return SCT_ERR_MEMORY;
    fprintf(out, "%s\n", line);
    fflush(out); /* a reader at the other end of a pipe wants it now */
    free(line);
    return SCT_OK;
}

static void set_written(json_t *entry, const struct sct_outcome *o, int i, int *failed)
{
    const struct sct_output *const output = &o->result.output[i];
    *failed |= json_object_set_new(entry, "saved_bytes",
                                   json_integer(sct_outcome_saved_bytes(o, i)));
    *failed |= json_object_set_new(entry, "quality",
                                   output->quality > 0 ? json_integer(output->quality)
                                                       : json_null());
    *failed |=
        json_object_set_new(entry, "unchanged", json_boolean(output->is_unchanged));
}

static json_t *make_outputs(const struct sct_outcome *o, int *failed)
{
    json_t *const list = json_array();
    for (int i = 0; i < o->n_outputs; i++) {
        if (!o->is_there[i])
            continue;
        const struct sct_output *const output = &o->result.output[i];
        json_t *const entry = json_object();
        *failed |= json_object_set_new(entry, "path", make_string(o->path[i]));
        *failed |= json_object_set_new(entry, "name", make_string(o->name[i]));
        *failed |= json_object_set_new(entry, "width", json_integer(output->width));
        *failed |= json_object_set_new(entry, "height", json_integer(output->height));
        *failed |=
            json_object_set_new(entry, "bytes", json_integer((json_int_t)output->bytes));
        *failed |= json_object_set_new(entry, "format", make_string(output->format));
        if (!o->is_dry_run)
            set_written(entry, o, i, failed);
        *failed |= json_array_append_new(list, entry);
    }
    return list;
}

static json_t *make_times(const struct sct_times *t, int *failed)
{
    json_t *const ms = json_object();
    *failed |= json_object_set_new(ms, "plan", make_ms(t->plan));
    *failed |= json_object_set_new(ms, "decode", make_ms(t->decode));
    *failed |= json_object_set_new(ms, "resize", make_ms(t->resize));
    *failed |= json_object_set_new(ms, "encode", make_ms(t->encode));
    *failed |= json_object_set_new(ms, "total", make_ms(t->total));
    return ms;
}

static void set_warnings(json_t *object, const struct sct_report *report, int *failed)
{
    if (report->n_warnings == 0)
        return;
    *failed |= json_object_set_new(object, "warnings", json_integer(report->n_warnings));
    *failed |= json_object_set_new(object, "warning", make_string(report->warning));
}

static void set_outcome(json_t *object, const struct sct_outcome *o, int *failed)
{
    const struct sct_verdict verdict = o->is_skipped ? sct_verdict_skipped()
                                       : sct_outcome_is_unchanged(o)
                                           ? sct_verdict_unchanged()
                                           : sct_verdict_of(o->status);
    const struct sct_result *const r = &o->result;
    json_t *const outputs = make_outputs(o, failed);
    json_t *const ms = make_times(&r->ms, failed);
    *failed |= json_object_set_new(object, "input", make_string(o->input));
    *failed |= json_object_set_new(object, "verdict", json_string(verdict.word));
    if (verdict.is_failure)
        *failed |=
            json_object_set_new(object, "transient", json_boolean(verdict.is_transient));
    *failed |= json_object_set_new(object, "width", json_integer(r->width));
    *failed |= json_object_set_new(object, "height", json_integer(r->height));
    *failed |= json_object_set_new(object, "bytes", json_integer((json_int_t)r->bytes));
    if (o->status == SCT_OK && !o->is_dry_run) {
        json_int_t saved = 0;
        for (int i = 0; i < o->n_outputs; i++)
            saved += o->is_there[i] ? sct_outcome_saved_bytes(o, i) : 0;
        *failed |= json_object_set_new(object, "saved_bytes", json_integer(saved));
    }
    *failed |= json_object_set_new(object, "outputs", outputs);
    *failed |= json_object_set_new(object, "ms", ms);
    if (o->is_dry_run)
        *failed |= json_object_set_new(object, "dry_run", json_true());
    if (o->status == SCT_OK && r->report.damage) {
        *failed |= json_object_set_new(object, "salvaged",
                                       json_string(sct_status_name(r->report.damage)));
        if (r->report.damaged_row >= 0)
            *failed |= json_object_set_new(object, "damaged_row",
                                           json_integer(r->report.damaged_row));
    }
    if (o->message[0])
        *failed |= json_object_set_new(object, "message", make_string(o->message));
    set_warnings(object, &r->report, failed);
}

int sct_report_json_print(FILE *out, const struct sct_outcome *o)
{
    json_t *const object = json_object();
    int failed = 0;
    set_outcome(object, o, &failed);
    return print_line(out, object, failed);
}

static void set_event(json_t *object, const char *event, int *failed)
{
    char now[SCT_CLOCK_BYTES];
    sct_clock_print(now);
    *failed |= json_object_set_new(object, "time", json_string(now));
    *failed |= json_object_set_new(object, "event", json_string(event));
}

int sct_report_json_print_event(FILE *out, const char *event, const struct sct_outcome *o,
                                const char *failed_path)
{
    json_t *const object = json_object();
    int failed = 0;
    set_event(object, event, &failed);
    set_outcome(object, o, &failed);
    if (failed_path)
        failed |= json_object_set_new(object, "failed", make_string(failed_path));
    return print_line(out, object, failed);
}

int sct_report_json_print_retry(FILE *out, const struct sct_outcome *o, int64_t delay_ms)
{
    json_t *const object = json_object();
    int failed = 0;
    set_event(object, "retry", &failed);
    failed |= json_object_set_new(object, "input", make_string(o->input));
    failed |= json_object_set_new(object, "verdict",
                                  json_string(sct_verdict_of(o->status).word));
    failed |= json_object_set_new(object, "message", make_string(o->message));
    failed |= json_object_set_new(object, "delay_ms", json_integer(delay_ms));
    return print_line(out, object, failed);
}

int sct_report_json_print_log(FILE *out, const char *event, int n,
                              const char *const pair[][2])
{
    json_t *const object = json_object();
    int failed = 0;
    set_event(object, event, &failed);
    for (int i = 0; i < n; i++)
        failed |= json_object_set_new(object, pair[i][0], make_string(pair[i][1]));
    return print_line(out, object, failed);
}

static void set_picture(json_t *object, const struct sct_info *info, int *failed)
{
    const struct sct_picture *const p = &info->picture;
    char sampling[32];
    sct_info_sampling(sampling, p);
    json_t *const components = json_array();
    for (int ci = 0; ci < p->n_components; ci++)
        *failed |= json_array_append_new(
            components,
            json_pack("{s:i,s:i}", "h", p->component[ci].h, "v", p->component[ci].v));
    *failed |= json_object_set_new(object, "format", json_string(p->format));
    *failed |= json_object_set_new(object, "width", json_integer(p->width));
    *failed |= json_object_set_new(object, "height", json_integer(p->height));
    *failed |= json_object_set_new(object, "orientation", json_integer(p->orientation));
    *failed |=
        json_object_set_new(object, "model", json_string(sct_model_name(p->model)));
    *failed |= json_object_set_new(object, "sampling", json_string(sampling));
    *failed |= json_object_set_new(object, "components", components);
    *failed |=
        json_object_set_new(object, "coding", json_string(p->coding ? p->coding : ""));
    *failed |= json_object_set_new(object, "scans", json_integer(info->n_scans));
    *failed |= json_object_set_new(object, "restart_interval",
                                   json_integer(p->restart_interval));
    *failed |= json_object_set_new(
        object, "quality", p->quality > 0 ? json_integer(p->quality) : json_null());
    *failed |=
        json_object_set_new(object, "icc_bytes", json_integer((json_int_t)p->icc_bytes));
    *failed |= json_object_set_new(object, "exif", json_boolean(p->has_exif));
    *failed |= json_object_set_new(object, "gps", json_boolean(p->has_gps));
    *failed |= json_object_set_new(object, "thumbnail", json_boolean(p->has_thumbnail));
    *failed |= json_object_set_new(object, "xmp", json_boolean(p->has_xmp));
    *failed |= json_object_set_new(object, "iptc", json_boolean(p->has_iptc));
    *failed |= json_object_set_new(object, "comment", json_boolean(p->has_comment));
    *failed |= json_object_set_new(object, "gain_map", json_boolean(p->has_gain_map));
    *failed |= json_object_set_new(object, "mpf", json_boolean(p->has_mpf));
    *failed |= json_object_set_new(object, "decoder_bytes",
                                   json_integer((json_int_t)p->decoder_bytes));
}

int sct_report_json_print_info(FILE *out, const struct sct_info *info)
{
    const struct sct_verdict verdict = sct_verdict_of(info->status);
    int failed = 0;
    json_t *const object = json_object();
    failed |= json_object_set_new(object, "input", make_string(info->input));
    failed |= json_object_set_new(object, "verdict", json_string(verdict.word));
    if (verdict.is_failure) {
        failed |=
            json_object_set_new(object, "transient", json_boolean(verdict.is_transient));
        failed |= json_object_set_new(object, "message", make_string(info->message));
    } else {
        set_picture(object, info, &failed);
    }
    set_warnings(object, &info->report, &failed);
    return print_line(out, object, failed);
}

/* null: it has not been measured, or is infinite. */
static json_t *make_figure(int is_there, double figure)
{
    return is_there && isfinite(figure) ? json_real(figure) : json_null();
}

static void set_figures(json_t *object, const struct sct_comparison *c, int *failed)
{
    const struct {
        const char *key;
        json_t *value;
    } figure[] = {
        {"width", json_integer(c->width)},
        {"height", json_integer(c->height)},
        {"bytes", json_integer((json_int_t)c->bytes)},
        {"ssimulacra2", make_figure(c->has_ssimulacra2, c->ssimulacra2)},
        {"psnr_rgb", make_figure(1, c->psnr_rgb)},
        {"psnr_y", make_figure(1, c->psnr_y)},
        {"butteraugli_max", make_figure(c->has_butteraugli, c->butteraugli.max)},
        {"butteraugli_3norm", make_figure(c->has_butteraugli, c->butteraugli.norm3)},
    };
    for (size_t i = 0; i < sizeof figure / sizeof *figure; i++)
        *failed |= json_object_set_new(object, figure[i].key, figure[i].value);
}

int sct_report_json_print_comparison(FILE *out, const struct sct_comparison *c)
{
    const struct sct_verdict verdict = sct_verdict_of(c->status);
    int failed = 0;
    json_t *const object = json_object();
    failed |= json_object_set_new(object, "input", make_string(c->input));
    failed |= json_object_set_new(object, "reference", make_string(c->reference));
    failed |= json_object_set_new(object, "verdict", json_string(verdict.word));
    if (verdict.is_failure)
        failed |=
            json_object_set_new(object, "transient", json_boolean(verdict.is_transient));
    else
        set_figures(object, c, &failed);
    if (c->message[0])
        failed |= json_object_set_new(object, "message", make_string(c->message));
    set_warnings(object, &c->report, &failed);
    return print_line(out, object, failed);
}
