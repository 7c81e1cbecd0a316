/* The hash of a variant's settings: what tells whether an output that is there was made as it would
 * be made now. Command and servers. */
#ifndef SCT_VARIANT_HASH_H
#define SCT_VARIANT_HASH_H

#include "scantling.h"

/* 16 hexadecimal digits of everything that the picture depends on, but its source; so not of the
 * name, and not of the program's version either: a new release makes nothing anew by itself. The
 * same on every machine. */
void sct_variant_hash(char hash[17], const struct sct_variant *variant, int is_linear,
                      int is_salvaged);

#endif
