/* Values of an event, each with the way to it, so that whatever is wrong can be named:
 * "Records[3].body.Records[0].s3.object.key is missing". Of events only. */
#ifndef SCT_EVENT_FIELD_H
#define SCT_EVENT_FIELD_H

#include <jansson.h>
#include <stddef.h>

/* Lives on the stack, below those that it stands in. */
struct sct_field {
    const json_t *value;        /* borrowed; NULL: it is missing */
    const struct sct_field *up; /* NULL: the event itself */
    const char *name;           /* NULL: an element, or the event itself */
    size_t index;
};

/* The member or element of a value, which need not have any. */
struct sct_field sct_field_member(const struct sct_field *object, const char *name);
struct sct_field sct_field_element(const struct sct_field *array, size_t index);

/* Whether there is anything: null is nothing. */
int sct_field_is_there(const struct sct_field *field);

/* Writes "PATH what" for a value that is there; for one that is not, which value on the way to it
 * is missing, or is no object. */
void sct_field_describe(const struct sct_field *field, const char *what, char *out,
                        size_t out_bytes);

/* The string that is needed, or that may be missing (then *out is NULL). SCT_OK;
 * SCT_ERR_CORRUPT with a problem. */
int sct_field_need_string(const struct sct_field *field, const char **out, char *problem,
                          size_t problem_bytes);
int sct_field_take_string(const struct sct_field *field, const char **out, char *problem,
                          size_t problem_bytes);

/* Reads a text within the limits of event.h into *root, which the caller frees. SCT_OK;
 * SCT_ERR_CORRUPT, SCT_ERR_TOO_LARGE: a problem, which names the text as `field`;
 * SCT_ERR_MEMORY. */
int sct_field_load(const struct sct_field *field, const char *text, size_t n_bytes,
                   json_t **root, char *problem, size_t problem_bytes);

#endif
