/* Recognises file formats by their first bytes, so that a picture that cannot be read is
 * called by its name instead of "corrupt". */
#ifndef SCT_SNIFF_H
#define SCT_SNIFF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As many first bytes are enough for every format; fewer are fine when the file has no
 * more. */
enum { SCT_SNIFF_BYTES = 4096 };

/* The format's name for people ("PNG", "HEIC", "SVG", ...) or NULL; static storage. */
const char *sct_sniff_name(const uint8_t *head, size_t n_bytes);

#ifdef __cplusplus
}
#endif
#endif
