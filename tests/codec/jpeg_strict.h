/* libjpeg as a strict reader: a test ends at the first thing that it has to say. */
#ifndef JPEG_STRICT_H
#define JPEG_STRICT_H

#include "codec_test.h"

#include <jpeglib.h>

static inline void fail_on_message(j_common_ptr cinfo)
{
    char text[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, text);
    fail_msg("libjpeg: %s", text);
}

static inline void fail_on_warning(j_common_ptr cinfo, int level)
{
    if (level < 0)
        fail_on_message(cinfo);
}

/* For jpeg_decompress_struct.err; `errors` is what it points to. */
static inline struct jpeg_error_mgr *strict_errors(struct jpeg_error_mgr *errors)
{
    jpeg_std_error(errors);
    errors->error_exit = fail_on_message;
    errors->emit_message = fail_on_warning;
    return errors;
}

#endif
