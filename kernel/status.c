/* The words of the statuses. The same words reach users as verdicts: do not reword one
 * lightly, scripts and alarms match on them. */
#include "status.h"

const char *sct_status_name(int status)
{
    switch (status) {
    case SCT_OK: return "ok";
    case SCT_NEED_INPUT: return "need_input";
    case SCT_PULL_FIRST: return "pull_first";
    case SCT_DONE: return "done";
    case SCT_ERR_ARGUMENT: return "argument";
    case SCT_ERR_MEMORY: return "no_memory";
    case SCT_ERR_IO: return "io";
    case SCT_ERR_NOT_AN_IMAGE: return "not_an_image";
    case SCT_ERR_UNSUPPORTED: return "unsupported";
    case SCT_ERR_TRUNCATED: return "truncated";
    case SCT_ERR_CORRUPT: return "corrupt";
    case SCT_ERR_TOO_LARGE: return "too_large";
    case SCT_ERR_TIMEOUT: return "timeout";
    case SCT_ERR_CRASHED: return "crashed";
    case SCT_ERR_NOT_FOUND: return "not_found";
    case SCT_ERR_DENIED: return "denied";
    case SCT_ERR_PRECONDITION: return "precondition";
    default: return "unknown";
    }
}
