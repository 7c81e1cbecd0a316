/* Statuses become verdicts. What is wrong with the input stays wrong: permanent. What is
 * wrong with the world around it (a full disk, no memory, a share that is away, a machine
 * with too much to do) may pass. */
#include "verdict.h"

struct sct_verdict sct_verdict_of(int status)
{
    const struct sct_verdict v = {
        .word = sct_status_name(status),
        .is_failure = status < 0,
        .is_transient =
            status == SCT_ERR_IO || status == SCT_ERR_MEMORY || status == SCT_ERR_TIMEOUT,
    };
    return v;
}

int sct_verdict_is_of_picture(int status)
{
    switch (status) {
    case SCT_ERR_NOT_AN_IMAGE:
    case SCT_ERR_UNSUPPORTED:
    case SCT_ERR_TRUNCATED:
    case SCT_ERR_CORRUPT:
    case SCT_ERR_TOO_LARGE:
    case SCT_ERR_TIMEOUT:
    case SCT_ERR_CRASHED: return 1;
    default: return 0;
    }
}

struct sct_verdict sct_verdict_unchanged(void)
{
    const struct sct_verdict v = {.word = "unchanged"};
    return v;
}

struct sct_verdict sct_verdict_skipped(void)
{
    const struct sct_verdict v = {.word = "skipped"};
    return v;
}

const char *sct_verdict_explain(int status)
{
    switch (status) {
    case SCT_ERR_ARGUMENT: return "this cannot be done as asked";
    case SCT_ERR_MEMORY: return "out of memory";
    case SCT_ERR_IO: return "reading or writing failed";
    case SCT_ERR_NOT_AN_IMAGE: return "this is no picture format that we know";
    case SCT_ERR_UNSUPPORTED: return "this kind of picture is not supported";
    case SCT_ERR_TRUNCATED: return "the data ends too early";
    case SCT_ERR_CORRUPT: return "the data is damaged";
    case SCT_ERR_TOO_LARGE: return "a limit would be exceeded";
    case SCT_ERR_TIMEOUT: return "it took too long";
    case SCT_ERR_CRASHED: return "the decoder crashed";
    case SCT_ERR_NOT_FOUND: return "there is no such object";
    case SCT_ERR_DENIED: return "access is denied";
    case SCT_ERR_PRECONDITION: return "the object is not as required";
    default: return "";
    }
}
