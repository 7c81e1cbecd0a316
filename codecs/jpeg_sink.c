/* libjpeg's destination manager over a sink: a buffer in front, so that the sink sees few
 * and large writes. A write that fails leaves the guarded step with SCT_ERR_IO. */
#include "jpeg_common.h"

static int write_to_sink(struct sct_jpeg_sink *s, size_t n)
{
    if (n > 0 && s->sink.write(s->sink.ctx, s->buffer, n) != SCT_OK)
        return SCT_ERR_IO;
    s->n_written += n;
    s->manager.next_output_byte = s->buffer;
    s->manager.free_in_buffer = sizeof s->buffer;
    return SCT_OK;
}

static void write_bytes(j_compress_ptr cinfo, size_t n)
{
    if (write_to_sink((struct sct_jpeg_sink *)cinfo->dest, n) != SCT_OK)
        sct_jpeg_stop((struct sct_jpeg_errors *)cinfo->err, SCT_ERR_IO,
                      "writing the output failed");
}

static void start_sink(j_compress_ptr cinfo)
{
    write_bytes(cinfo, 0);
}

/* libjpeg's rule: the buffer is full then, whatever free_in_buffer says. */
static boolean empty_buffer(j_compress_ptr cinfo)
{
    write_bytes(cinfo, SCT_JPEG_SINK_BYTES);
    return TRUE;
}

static void finish_sink(j_compress_ptr cinfo)
{
    write_bytes(cinfo, SCT_JPEG_SINK_BYTES - cinfo->dest->free_in_buffer);
}

void sct_jpeg_sink_init(struct sct_jpeg_sink *s, const struct sct_sink *sink)
{
    s->manager = (struct jpeg_destination_mgr){.init_destination = start_sink,
                                               .empty_output_buffer = empty_buffer,
                                               .term_destination = finish_sink};
    s->sink = *sink;
    s->n_written = 0;
}

uint8_t *sct_jpeg_sink_room(struct sct_jpeg_sink *s, size_t n)
{
    if (s->manager.free_in_buffer < n && sct_jpeg_sink_flush(s) != SCT_OK)
        return NULL;
    return s->manager.next_output_byte;
}

void sct_jpeg_sink_take(struct sct_jpeg_sink *s, uint8_t *end)
{
    s->manager.free_in_buffer = (size_t)(s->buffer + sizeof s->buffer - end);
    s->manager.next_output_byte = end;
}

int sct_jpeg_sink_flush(struct sct_jpeg_sink *s)
{
    return write_to_sink(s, sizeof s->buffer - s->manager.free_in_buffer);
}

size_t sct_jpeg_sink_bytes(const struct sct_jpeg_sink *s)
{
    return s->n_written + sizeof s->buffer - s->manager.free_in_buffer;
}
