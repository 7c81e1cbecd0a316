/* The report and the reader: what every codec uses to speak and to listen.
 *
 *     source --read--> [ buffer: consumed | data .. data + n_bytes | free ] --> codec
 *
 * 1. data .. data + n_bytes lies inside buffer.
 * 2. A status other than SCT_OK is sticky: the source is not asked again.
 * 3. After at_end the source is not asked again either: a terminal may say "end" twice.
 */
#include "io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sct_report_fail(struct sct_report *report, int status, const char *format, ...)
{
    if (report && !report->message[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(report->message, sizeof report->message, format, args);
        va_end(args);
    }
    return status;
}

void sct_report_warn(struct sct_report *report, const char *format, ...)
{
    if (!report)
        return;
    report->n_warnings++;
    if (!report->warning[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(report->warning, sizeof report->warning, format, args);
        va_end(args);
    }
}

void sct_reader_init(struct sct_reader *r, const struct sct_source *source)
{
    r->source = *source;
    r->data = r->buffer;
    r->n_bytes = 0;
    r->total_bytes = 0;
    r->at_end = 0;
    r->status = SCT_OK;
}

/* Appends one piece behind the unread bytes; there is room for at least one byte. */
static int append_piece(struct sct_reader *r)
{
    uint8_t *end = r->buffer + (r->data - r->buffer) + r->n_bytes;
    const size_t capacity = (size_t)(r->buffer + SCT_READER_BYTES - end);
    size_t n = 0;

    if (r->status != SCT_OK)
        return r->status;
    if (r->at_end)
        return SCT_OK;
    /* a source that claims more than it could have written has lost its mind */
    if (r->source.read(r->source.ctx, end, capacity, &n) != SCT_OK || n > capacity)
        return r->status = SCT_ERR_IO;
    r->at_end = n == 0;
    r->n_bytes += n;
    r->total_bytes += n;
    return SCT_OK;
}

int sct_reader_peek(struct sct_reader *r, size_t wanted)
{
    if (wanted > SCT_READER_BYTES)
        wanted = SCT_READER_BYTES;
    if (r->n_bytes < wanted && r->data != r->buffer) {
        memmove(r->buffer, r->data, r->n_bytes);
        r->data = r->buffer;
    }
    while (r->n_bytes < wanted && !r->at_end) {
        const int status = append_piece(r);
        if (status != SCT_OK)
            return status;
    }
    return SCT_OK;
}

int sct_reader_next(struct sct_reader *r)
{
    if (r->n_bytes == 0) {
        r->data = r->buffer;
        const int status = append_piece(r);
        if (status != SCT_OK)
            return status;
    }
    return r->n_bytes > 0 ? SCT_OK : SCT_DONE;
}
