/* libjpeg-turbo's errors as statuses: one table, one setjmp. */
#include "jpeg_common.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

/* What is not here contradicts the format: SCT_ERR_CORRUPT. */
static const struct {
    int code, status;
} error_statuses[] = {
    {JERR_NO_SOI, SCT_ERR_NOT_AN_IMAGE},
    {JERR_INPUT_EMPTY, SCT_ERR_TRUNCATED},
    {JERR_INPUT_EOF, SCT_ERR_TRUNCATED},
    {JERR_SOF_UNSUPPORTED, SCT_ERR_UNSUPPORTED},
    {JERR_COMPONENT_COUNT, SCT_ERR_UNSUPPORTED},
    {JERR_ARITH_NOTIMPL, SCT_ERR_UNSUPPORTED},
    {JERR_NOT_COMPILED, SCT_ERR_UNSUPPORTED},
    {JERR_NOTIMPL, SCT_ERR_UNSUPPORTED},
    {JERR_CCIR601_NOTIMPL, SCT_ERR_UNSUPPORTED},
    {JERR_FRACT_SAMPLE_NOTIMPL, SCT_ERR_UNSUPPORTED},
    {JERR_CONVERSION_NOTIMPL, SCT_ERR_UNSUPPORTED},
    {JERR_BAD_LIB_VERSION, SCT_ERR_UNSUPPORTED},
    {JERR_BAD_STRUCT_SIZE, SCT_ERR_UNSUPPORTED},
    {JERR_IMAGE_TOO_BIG, SCT_ERR_TOO_LARGE},
    {JERR_WIDTH_OVERFLOW, SCT_ERR_TOO_LARGE},
    {JERR_NO_BACKING_STORE, SCT_ERR_TOO_LARGE},
    {JERR_OUT_OF_MEMORY, SCT_ERR_MEMORY},
    {JERR_FILE_READ, SCT_ERR_IO},
    {JERR_FILE_WRITE, SCT_ERR_IO},
};

int sct_jpeg_error_status(int code)
{
    for (size_t i = 0; i < sizeof error_statuses / sizeof error_statuses[0]; i++)
        if (error_statuses[i].code == code)
            return error_statuses[i].status;
    return SCT_ERR_CORRUPT;
}

static _Noreturn void leave_step(struct sct_jpeg_errors *e)
{
    assert(e->guarded && e->status < 0);
    longjmp(e->jump, 1);
}

static void exit_on_error(j_common_ptr cinfo)
{
    struct sct_jpeg_errors *e = (struct sct_jpeg_errors *)cinfo->err;

    if (e->on_error)
        e->on_error(cinfo);
    if (e->status == SCT_OK)
        e->status = sct_jpeg_error_status(e->manager.msg_code);
    if (!e->text[0]) {
        char buffer[JMSG_LENGTH_MAX];
        e->manager.format_message(cinfo, buffer);
        snprintf(e->text, sizeof e->text, "%s", buffer);
    }
    leave_step(e);
}

static void pass_message(j_common_ptr cinfo, int level)
{
    struct sct_jpeg_errors *e = (struct sct_jpeg_errors *)cinfo->err;
    if (level < 0)
        e->manager.num_warnings++;
    if (e->on_message)
        e->on_message(cinfo, level);
}

static void print_nothing(j_common_ptr cinfo)
{
    (void)cinfo;
}

void sct_jpeg_errors_init(struct sct_jpeg_errors *e)
{
    memset(e, 0, sizeof *e);
    jpeg_std_error(&e->manager);
    e->manager.error_exit = exit_on_error;
    e->manager.emit_message = pass_message;
    e->manager.output_message = print_nothing;
}

int sct_jpeg_guard(struct sct_jpeg_errors *e, void (*step)(void *ctx), void *ctx)
{
    e->status = SCT_OK;
    e->text[0] = 0;
    e->guarded = 1;
    if (!setjmp(e->jump))
        step(ctx);
    e->guarded = 0;
    return e->status;
}

void sct_jpeg_stop(struct sct_jpeg_errors *e, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    e->status = status;
    leave_step(e);
}
