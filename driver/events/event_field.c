/* Values of an event and the way to them. The way is only written down when something is wrong.
 *
 * A text is measured before it is parsed: jansson builds whatever it is given, with a call for
 * each level and some 100 bytes for each value. */
#include "event_field.h"

#include <stdio.h>
#include <string.h>

#include "event.h"

struct sct_field sct_field_member(const struct sct_field *object, const char *name)
{
    const struct sct_field member = {
        .value = json_object_get(object->value, name), .up = object, .name = name};
    return member;
}

struct sct_field sct_field_element(const struct sct_field *array, size_t index)
{
    const struct sct_field element = {
        .value = json_array_get(array->value, index), .up = array, .index = index};
    return element;
}

int sct_field_is_there(const struct sct_field *field)
{
    return field->value && !json_is_null(field->value);
}

/* Appends to a text of n bytes; what does not fit is cut off. Returns the new n. */
static size_t append(char *out, size_t out_bytes, size_t n, const char *text)
{
    const size_t left = out_bytes - 1 - n;
    const size_t length = strlen(text) < left ? strlen(text) : left;
    memcpy(out + n, text, length);
    out[n + length] = '\0';
    return n + length;
}

static size_t write_path(const struct sct_field *field, char *out, size_t out_bytes)
{
    char index[32];
    if (!field->up)
        return 0;
    size_t n = write_path(field->up, out, out_bytes);
    if (field->name) {
        if (n > 0)
            n = append(out, out_bytes, n, ".");
        return append(out, out_bytes, n, field->name);
    }
    snprintf(index, sizeof index, "[%zu]", field->index);
    return append(out, out_bytes, n, index);
}

void sct_field_describe(const struct sct_field *field, const char *what, char *out,
                        size_t out_bytes)
{
    while (!sct_field_is_there(field) && field->up && !sct_field_is_there(field->up))
        field = field->up;
    if (!sct_field_is_there(field)) {
        what = "is missing";
        if (field->up && field->name && !json_is_object(field->up->value)) {
            field = field->up;
            what = "is no object";
        }
    }
    size_t n = write_path(field, out, out_bytes);
    if (n == 0)
        n = append(out, out_bytes, 0, "the event");
    n = append(out, out_bytes, n, " ");
    append(out, out_bytes, n, what);
}

int sct_field_need_string(const struct sct_field *field, const char **out, char *problem,
                          size_t problem_bytes)
{
    *out = json_string_value(field->value);
    if (*out && **out)
        return SCT_OK;
    sct_field_describe(field, *out ? "is empty" : "is no string", problem, problem_bytes);
    return SCT_ERR_CORRUPT;
}

int sct_field_take_string(const struct sct_field *field, const char **out, char *problem,
                          size_t problem_bytes)
{
    *out = json_string_value(field->value);
    if (*out && !**out)
        *out = NULL;
    if (!sct_field_is_there(field) || json_is_string(field->value))
        return SCT_OK;
    sct_field_describe(field, "is no string", problem, problem_bytes);
    return SCT_ERR_CORRUPT;
}

/* How deep and how many; a guess from above for what is no JSON. */
static void measure_text(const char *text, size_t n_bytes, int *depth, int *n_values)
{
    int open = 0, is_string = 0;
    *depth = *n_values = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        const char c = text[i];
        if (is_string) {
            i += c == '\\';
            is_string = c != '"';
        } else if (c == '"') {
            is_string = 1;
        } else if (c == '[' || c == '{') {
            open++;
            *n_values += 1;
        } else if (c == ']' || c == '}') {
            open--;
        } else if (c == ',') {
            *n_values += 1;
        }
        if (open > *depth)
            *depth = open;
    }
}

int sct_field_load(const struct sct_field *field, const char *text, size_t n_bytes,
                   json_t **root, char *problem, size_t problem_bytes)
{
    char what[192] = "";
    int depth, n_values;
    json_error_t error;
    *root = NULL;
    if (n_bytes > SCT_EVENT_MAX_BYTES) {
        snprintf(what, sizeof what, "has %zu bytes; the limit is %d", n_bytes,
                 SCT_EVENT_MAX_BYTES);
        sct_field_describe(field, what, problem, problem_bytes);
        return SCT_ERR_TOO_LARGE;
    }
    measure_text(text, n_bytes, &depth, &n_values);
    if (depth > SCT_EVENT_MAX_DEPTH)
        snprintf(what, sizeof what, "is nested deeper than %d levels",
                 SCT_EVENT_MAX_DEPTH);
    else if (n_values > SCT_EVENT_MAX_VALUES)
        snprintf(what, sizeof what, "holds more than %d values", SCT_EVENT_MAX_VALUES);
    if (what[0]) {
        sct_field_describe(field, what, problem, problem_bytes);
        return SCT_ERR_TOO_LARGE;
    }
    *root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &error);
    if (*root)
        return SCT_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        return SCT_ERR_MEMORY;
    snprintf(what, sizeof what, "is no JSON: line %d, column %d: %s", error.line,
             error.column, error.text);
    sct_field_describe(field, what, problem, problem_bytes);
    return SCT_ERR_CORRUPT;
}
