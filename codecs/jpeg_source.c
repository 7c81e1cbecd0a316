/* libjpeg's source manager over a reader: pieces of any size go through without a copy.
 */
#include "jpeg_common.h"

/* libjpeg-turbo has a second Huffman decoder for when at least 512 bytes per block of an
 * MCU are at hand, 2 % faster on photographs. It takes impossible codes for 0 without a
 * word, so that damage would be noticed or not as the pieces happen to fall. Fewer bytes
 * keep it out. */
enum { PIECE_BYTES = 511 };

static struct sct_jpeg_source *source_of(j_decompress_ptr cinfo)
{
    return (struct sct_jpeg_source *)cinfo->src;
}

static void start_source(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

static void insert_eoi(j_decompress_ptr cinfo)
{
    static const JOCTET eoi[2] = {0xFF, JPEG_EOI};
    struct sct_jpeg_source *s = source_of(cinfo);

    if (!s->has_ended) {
        s->has_ended = 1;
        s->end_imcu_row = cinfo->input_iMCU_row;
    }
    s->manager.next_input_byte = eoi;
    s->manager.bytes_in_buffer = sizeof eoi;
}

static boolean fill_from_reader(j_decompress_ptr cinfo)
{
    struct sct_jpeg_source *s = source_of(cinfo);
    const int status = s->closed ? SCT_DONE : sct_reader_next(s->reader);

    if (status < 0)
        ERREXIT(cinfo, JERR_FILE_READ);
    if (status == SCT_DONE) {
        if (s->must_not_end)
            ERREXIT(cinfo, JERR_INPUT_EOF);
        insert_eoi(cinfo);
        return TRUE;
    }
    /* The bytes stay where they are until the reader is asked for the next. */
    const size_t n = s->reader->n_bytes < PIECE_BYTES ? s->reader->n_bytes : PIECE_BYTES;
    s->manager.next_input_byte = s->reader->data;
    s->manager.bytes_in_buffer = n;
    s->reader->data += n;
    s->reader->n_bytes -= n;
    return TRUE;
}

static void skip_bytes(j_decompress_ptr cinfo, long n_bytes)
{
    struct sct_jpeg_source *s = source_of(cinfo);

    while (n_bytes > 0) {
        const size_t here = s->manager.bytes_in_buffer;
        if ((size_t)n_bytes <= here) {
            s->manager.next_input_byte += n_bytes;
            s->manager.bytes_in_buffer -= (size_t)n_bytes;
            return;
        }
        n_bytes -= (long)here;
        fill_from_reader(cinfo);
        if (s->has_ended) /* the inserted EOI is not to be skipped */
            return;
    }
}

static void stop_source(j_decompress_ptr cinfo)
{
    (void)cinfo;
}

void sct_jpeg_source_init(struct sct_jpeg_source *s, struct sct_reader *reader)
{
    *s = (struct sct_jpeg_source){
        .manager = {.init_source = start_source,
                    .fill_input_buffer = fill_from_reader,
                    .skip_input_data = skip_bytes,
                    .resync_to_restart = jpeg_resync_to_restart,
                    .term_source = stop_source},
        .reader = reader,
    };
}

void sct_jpeg_source_close(j_decompress_ptr cinfo)
{
    struct sct_jpeg_source *s = source_of(cinfo);
    s->closed = 1;
    s->manager.bytes_in_buffer = 0;
    cinfo->unread_marker = JPEG_EOI;
}

void sct_jpeg_source_give_back(j_decompress_ptr cinfo)
{
    struct sct_jpeg_source *s = source_of(cinfo);
    /* what the reader hands over stays where it is, so the bytes before `data` are these */
    s->reader->data -= s->manager.bytes_in_buffer;
    s->reader->n_bytes += s->manager.bytes_in_buffer;
    s->manager.bytes_in_buffer = 0;
}
