/* Origins: what an output says of where it comes from, in its attributes.
 *
 *     scantling-source     which object: a hash of its store and one of its key, which are nobody's
 *                          business where outputs are public
 *     scantling-etag       which content of it
 *     scantling-version    the same, where the bucket has versions
 *     scantling-sequencer  which event
 *     scantling-settings   the hash of the variant's settings
 *
 * An output with its origin needs no list beside it that could say something else than what is
 * there. Command and servers. */
#ifndef SCT_ORIGIN_H
#define SCT_ORIGIN_H

#include "store.h"

enum { SCT_ORIGIN_SOURCE_BYTES = 50, SCT_SEQUENCER_BYTES = 128 };

struct sct_origin { /* "": not known */
    char source[SCT_ORIGIN_SOURCE_BYTES];
    char etag[SCT_ETAG_BYTES], version[SCT_OBJECT_VERSION_BYTES];
    char sequencer[SCT_SEQUENCER_BYTES];
    char settings[17];
};

enum sct_relation {
    SCT_RELATION_CURRENT, /* what would be made is there */
    SCT_RELATION_LATER,   /* what is there was made of a later event */
    SCT_RELATION_EARLIER, /* of an earlier one, other content, or with other settings */
    SCT_RELATION_OTHER    /* of another source, or not by us */
};

/* "STORE-KEY", 16 and 32 digits. SCT_OK; SCT_ERR_UNSUPPORTED where there is no libcrypto. */
int sct_origin_hash(char source[SCT_ORIGIN_SOURCE_BYTES], const char *store,
                    const char *key);

/* The part for the key, the same in every store; "" where there is none. */
const char *sct_origin_key(const char *source);
int sct_origin_is_same_store(const char *source, const char *other);

/* Adds it to what is there. A version that does not fit is left out. SCT_OK, SCT_ERR_ARGUMENT,
 * SCT_ERR_TOO_LARGE. */
int sct_origin_write(const struct sct_origin *origin, struct sct_attributes *attributes);
void sct_origin_read(struct sct_origin *origin, const struct sct_attributes *attributes);

/* How what is there stands to what is wanted. */
enum sct_relation sct_origin_compare(const struct sct_origin *there,
                                     const struct sct_origin *wanted);

#endif
