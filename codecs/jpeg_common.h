/* Private to the JPEG codec: libjpeg-turbo's three callback objects (errors, source,
 * destination) on top of our statuses, readers and sinks.
 *
 * libjpeg leaves its functions by longjmp when something is wrong. That jump starts in
 * jpeg_common.c and ends in jpeg_common.c, in sct_jpeg_guard; nobody else knows about it:
 *
 *     sct_jpeg_guard(e, step, ctx) --> step(ctx) --> jpeg_...() --> error_exit --.
 *                ^--------------------- longjmp ---------------------------------'  */
#ifndef SCT_JPEG_COMMON_H
#define SCT_JPEG_COMMON_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

#include "io.h"

struct sct_jpeg_errors {
    struct jpeg_error_mgr manager; /* first: what libjpeg's `err` points to */
    jmp_buf jump;
    int guarded;    /* somebody waits at `jump` */
    int status;     /* of the failure that jumped; SCT_OK: none yet */
    char text[256]; /* its message */

    /* May set status and text from manager.msg_code before the jump; or NULL. Whatever it
     * leaves unset comes from the table and from libjpeg's text. */
    void (*on_error)(j_common_ptr cinfo);
    /* Called for every warning (level -1) and trace message (levels from 0); or NULL. */
    void (*on_message)(j_common_ptr cinfo, int level);
};

/* Fills in the manager; cinfo->err = &e->manager. Callbacks are set by the caller. */
void sct_jpeg_errors_init(struct sct_jpeg_errors *e);

/* Runs step(ctx); SCT_OK, or the status with which it was left: e->text says why. An
 * earlier failure is forgotten. Not to be nested. */
int sct_jpeg_guard(struct sct_jpeg_errors *e, void (*step)(void *ctx), void *ctx);

/* Leaves the guarded step with a failure of our own. */
_Noreturn void sct_jpeg_stop(struct sct_jpeg_errors *e, int status, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

/* The status that a JERR_ code stands for; README.md shows the table. */
int sct_jpeg_error_status(int code);

/* A source over a reader. At the end of the input it inserts EOI markers, as many as are
 * asked for, and remembers it. */
struct sct_jpeg_source {
    struct jpeg_source_mgr manager; /* first */
    struct sct_reader *reader;
    int must_not_end;        /* while the header is read: the end is an error at once */
    int closed;              /* behave as if the input ended here */
    int has_ended;           /* an EOI was inserted... */
    JDIMENSION end_imcu_row; /* ...when libjpeg was at this iMCU row of a scan */
};

void sct_jpeg_source_init(struct sct_jpeg_source *s, struct sct_reader *reader);

/* From now on the input is over: whatever libjpeg was about to read is an EOI marker. */
void sct_jpeg_source_close(j_decompress_ptr cinfo);

/* Puts what libjpeg has not read yet back in front of the reader. libjpeg must not read
 * afterwards. */
void sct_jpeg_source_give_back(j_decompress_ptr cinfo);

enum { SCT_JPEG_SINK_BYTES = 65536 };

struct sct_jpeg_sink {
    struct jpeg_destination_mgr manager; /* first */
    struct sct_sink sink;
    size_t n_written; /* to the sink: what is in the buffer comes on top */
    uint8_t buffer[SCT_JPEG_SINK_BYTES];
};

void sct_jpeg_sink_init(struct sct_jpeg_sink *s, const struct sct_sink *sink);

/* Writing past libjpeg, into the same buffer: room for n bytes, at most SCT_JPEG_SINK_BYTES, or
 * NULL when the sink has failed; then how far it has been filled; at the end what is left.
 * No jumps: SCT_ERR_IO. */
uint8_t *sct_jpeg_sink_room(struct sct_jpeg_sink *s, size_t n);
void sct_jpeg_sink_take(struct sct_jpeg_sink *s, uint8_t *end);
int sct_jpeg_sink_flush(struct sct_jpeg_sink *s);

/* All bytes so far, written or in the buffer. */
size_t sct_jpeg_sink_bytes(const struct sct_jpeg_sink *s);

#endif
