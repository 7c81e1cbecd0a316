/* Lines of a log, each made in memory and written at once. */
#define _GNU_SOURCE 1
#include "log.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "text.h"

enum { MAX_MESSAGE_BYTES = 1024 };

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO",
                                          "WARN",  "ERROR", "FATAL"};

struct sct_log sct_log_from_environment(FILE *out)
{
    struct sct_log log = {.out = out, .level = SCT_LOG_INFO};
    const char *const format = getenv("AWS_LAMBDA_LOG_FORMAT");
    const char *const level = getenv("AWS_LAMBDA_LOG_LEVEL");
    log.is_json = format && strcasecmp(format, "json") == 0;
    for (int i = 0; level && i < (int)(sizeof level_names / sizeof *level_names); i++) {
        if (strcasecmp(level, level_names[i]) == 0)
            log.level = (enum sct_log_level)i;
    }
    return log;
}

int sct_log_says(const struct sct_log *log, enum sct_log_level level)
{
    return log->out && level >= log->level;
}

static int is_whole(double number)
{
    return fabs(number) < 9007199254740992.0 && floor(number) == number;
}

/* NULL when there is no memory; jansson's setters pass that on as their failure. */
static json_t *make_value(const struct sct_log_field *field)
{
    if (!field->text)
        return is_whole(field->number) ? json_integer((json_int_t)field->number)
                                       : json_real(field->number);
    char *const text = sct_text_utf8(field->text);
    json_t *const value = text ? json_string(text) : NULL;
    free(text);
    return value;
}

/* For free; NULL when there is no memory. */
static char *make_json(const struct sct_log *log, enum sct_log_level level,
                       const char *event, const struct sct_log_field *field, int n_fields)
{
    const struct sct_log_field id = sct_log_text("requestId", log->request_id);
    char now[SCT_CLOCK_BYTES];
    json_t *const object = json_object();
    sct_clock_print(now);
    int failed = json_object_set_new(object, "timestamp", json_string(now)) |
                 json_object_set_new(object, "level", json_string(level_names[level])) |
                 json_object_set_new(object, "event", json_string(event));
    if (log->request_id)
        failed |= json_object_set_new(object, id.name, make_value(&id));
    for (int i = 0; i < n_fields; i++)
        failed |= json_object_set_new(object, field[i].name, make_value(&field[i]));
    char *const line =
        failed ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(object);
    return line;
}

/* Quoted where a reader could not tell where it ends. */
static void print_text(FILE *to, const char *text)
{
    char *const escaped = sct_text_escape(text);
    const char *const shown = escaped ? escaped : "?";
    const int is_plain = shown[0] && !strpbrk(shown, " \"=");
    fputs(is_plain ? "" : "\"", to);
    for (const char *s = shown; *s; s++) {
        if (*s == '"')
            putc('\\', to);
        putc(*s, to);
    }
    fputs(is_plain ? "" : "\"", to);
    free(escaped);
}

static char *make_text(const struct sct_log *log, enum sct_log_level level,
                       const char *event, const struct sct_log_field *field, int n_fields)
{
    char now[SCT_CLOCK_BYTES], *line = NULL;
    size_t n_bytes;
    FILE *const to = open_memstream(&line, &n_bytes);
    if (!to)
        return NULL;
    sct_clock_print(now);
    fprintf(to, "%s %s %s", now, level_names[level], event);
    if (log->request_id) {
        fputs(" request_id=", to);
        print_text(to, log->request_id);
    }
    for (int i = 0; i < n_fields; i++) {
        fprintf(to, " %s=", field[i].name);
        if (field[i].text)
            print_text(to, field[i].text);
        else
            fprintf(to, "%.*g", is_whole(field[i].number) ? 16 : 9, field[i].number);
    }
    if (fclose(to) == 0)
        return line;
    free(line);
    return NULL;
}

void sct_log_event(const struct sct_log *log, enum sct_log_level level, const char *event,
                   const struct sct_log_field *field, int n_fields)
{
    if (!sct_log_says(log, level))
        return;
    char *const line = log->is_json ? make_json(log, level, event, field, n_fields)
                                    : make_text(log, level, event, field, n_fields);
    if (!line)
        return;
    fprintf(log->out, "%s\n", line);
    fflush(log->out); /* a process that Lambda freezes or kills has said it */
    free(line);
}

void sct_log_message(const struct sct_log *log, enum sct_log_level level,
                     const char *event, const char *format, ...)
{
    char message[MAX_MESSAGE_BYTES] = "";
    const struct sct_log_field field = sct_log_text("message", message);
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    sct_log_event(log, level, event, &field, 1);
}
