/* Logs of servers: one line for each event, on one stream, for people or in JSON.
 *
 *     2024-05-14T09:11:02.417Z INFO done key=a.jpg ms=12.5                           text
 *     {"timestamp": "2024-05-14T09:11:02.417Z", "level": "INFO", "event": "done", ...}
 *
 * The names "timestamp" and "level" are those by which Lambda filters lines of JSON. Texts may hold
 * anything: a line stays a line, and JSON stays JSON. Lines of several threads do not mix.
 * Command and servers. */
#ifndef SCT_LOG_H
#define SCT_LOG_H

#include <stdio.h>

enum sct_log_level {
    SCT_LOG_TRACE,
    SCT_LOG_DEBUG,
    SCT_LOG_INFO,
    SCT_LOG_WARN,
    SCT_LOG_ERROR,
    SCT_LOG_FATAL
};

struct sct_log {
    FILE *out; /* borrowed; NULL: nothing is said */
    int is_json;
    enum sct_log_level level; /* what is below is not said */
    const char *request_id;   /* of the invocation, borrowed; NULL: of none */
};

/* What an event says beside its name. */
struct sct_log_field {
    const char *name; /* static, of letters and '_' */
    const char *text; /* NULL: the number */
    double number;
};

static inline struct sct_log_field sct_log_text(const char *name, const char *text)
{
    return (struct sct_log_field){.name = name, .text = text};
}

static inline struct sct_log_field sct_log_number(const char *name, double number)
{
    return (struct sct_log_field){.name = name, .number = number};
}

/* As AWS_LAMBDA_LOG_FORMAT ("JSON" or "Text", the default) and AWS_LAMBDA_LOG_LEVEL ("TRACE" to
 * "FATAL"; default INFO) say; the case does not matter. */
struct sct_log sct_log_from_environment(FILE *out);

/* Whether an event of this level would be said at all. */
int sct_log_says(const struct sct_log *log, enum sct_log_level level);

/* One line. Without memory for it, or with a stream that fails, there is none. */
void sct_log_event(const struct sct_log *log, enum sct_log_level level, const char *event,
                   const struct sct_log_field *field, int n_fields);

/* The same with a message only. */
void sct_log_message(const struct sct_log *log, enum sct_log_level level,
                     const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
