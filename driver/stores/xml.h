/* Answers in XML, flattened: for each element that ends, its path and its own text.
 *
 *     <Error><Code>SlowDown</Code></Error>   ->   "Error/Code" "SlowDown", "Error" ""
 *
 * Untrusted: a document type (and so any entity of its own), more than 16 levels, names or
 * texts of more than some kilobytes are refused. Namespace prefixes are part of the names. */
#ifndef SCT_XML_H
#define SCT_XML_H

#include <stddef.h>

/* `path` and `text` are valid during the call. SCT_OK, or what sct_xml_walk is to return. */
typedef int sct_xml_end(void *ctx, const char *path, const char *text);

/* SCT_OK, SCT_ERR_CORRUPT for what is no such document, SCT_ERR_MEMORY, or what `end`
 * returned first. */
int sct_xml_walk(const char *data, size_t n_bytes, sct_xml_end *end, void *ctx);

#endif
