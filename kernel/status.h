/* Statuses: what every function of Scantling that can fail returns.
 *
 * 0 is fine; above 0 means "more please" or "done" and is not an error; below 0 is an
 * error. A status says what happened to the work, never where: the message beside it (see
 * sct_report in io.h) is for people. The driver turns a status into a verdict, the word
 * that the command, the logs and the queues use. */
#ifndef SCT_STATUS_H
#define SCT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(SCT_STATIC)
#define SCT_API __attribute__((visibility("default")))
#else
#define SCT_API
#endif

enum sct_status {
    SCT_OK = 0,
    SCT_NEED_INPUT = 1, /* nothing is ready: push another band */
    SCT_PULL_FIRST = 2, /* a row is ready and must be pulled before the next push */
    SCT_DONE = 3,       /* no more rows or bands will come */

    SCT_ERR_ARGUMENT = -1,     /* the caller asked for something that makes no sense */
    SCT_ERR_MEMORY = -2,       /* the system has no memory left */
    SCT_ERR_IO = -3,           /* reading the source or writing the sink failed */
    SCT_ERR_NOT_AN_IMAGE = -4, /* the bytes are no picture format that we know of */
    SCT_ERR_UNSUPPORTED = -5,  /* a picture, of a kind that we do not read or write */
    SCT_ERR_TRUNCATED = -6,    /* the data ends too early */
    SCT_ERR_CORRUPT = -7,      /* the data contradicts its format */
    SCT_ERR_TOO_LARGE = -8,    /* a limit on pixels, bytes, scans or memory would be
                                  exceeded */
    SCT_ERR_TIMEOUT = -9,      /* the limit on time has been reached */
    SCT_ERR_CRASHED = -10,     /* the process that decoded it died; in a sandbox only */
    SCT_ERR_NOT_FOUND =
        -11, /* a store has no such object; the command only, as the next two */
    SCT_ERR_DENIED = -12, /* a store's server refuses us, or does not know us */
    SCT_ERR_PRECONDITION =
        -13 /* the object is not, or is no more, as the caller required */
};

/* A short lower-case word for a status: "ok", "truncated", ...; "unknown" for a value
 * that is none. Never NULL; static storage. */
SCT_API const char *sct_status_name(int status);

#ifdef __cplusplus
}
#endif
#endif
