/* corpus_families.h: the three families of files that corpusgen writes. */
#ifndef CORPUS_FAMILIES_H
#define CORPUS_FAMILIES_H

#include <stdio.h>

#include "corpus_bytes.h"

/* Every undamaged JPEG, into an existing folder. */
void corpus_good_write(const char *folder);

/* Damaged JPEGs, and undamaged ones that a strict reader would refuse, into an existing
 * folder; one row of EXPECTED for each. */
void corpus_bad_write(const char *folder, FILE *expected);

/* The first bytes of other formats, and of things that are no picture at all; likewise.
 */
void corpus_heads_write(const char *folder, FILE *expected);

/* Writes folder/name and its row of EXPECTED: name, verdict, reason, separated by tabs.
 */
void corpus_case_save(const struct corpus_bytes *bytes, const char *folder,
                      const char *name, const char *verdict, const char *reason,
                      FILE *expected);

#endif
