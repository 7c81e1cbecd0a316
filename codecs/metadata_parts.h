/* Private to metadata.c: its parts, one file for each kind of metadata. */
#ifndef SCT_METADATA_PARTS_H
#define SCT_METADATA_PARTS_H

#include "blob.h"
#include "picture.h"

/* Who made a picture, who owns it, who is to be credited: UTF-8 without control characters
 * and without white space at its ends; of several creators "one; two", as the Metadata
 * Working Group has it. Empty: not known. */
struct sct_credits {
    struct sct_blob creator, rights, credit;
};

enum { SCT_MAX_CREDIT_BYTES = 4096 }; /* of each; what is longer is cut */

/* Appends a text in UTF-8, or if it is none in ISO 8859-1, made fit for a credit; "; " goes
 * between. Nothing but white space is nothing. */
void sct_credits_append(struct sct_blob *to, const void *text, size_t n_bytes);

/* What the output is. */
struct sct_shape {
    int width, height, orientation;
};

/* Readers append to *found. SCT_OK, or SCT_ERR_CORRUPT: it ends early, or is no such thing;
 * what came before is in *found. */
int sct_exif_read_credits(struct sct_credits *found, struct sct_bytes exif);
int sct_xmp_read_credits(struct sct_credits *found, struct sct_bytes xmp);
int sct_iptc_read_credits(struct sct_credits *found, struct sct_bytes iptc);

/* New EXIF: Orientation unless it is 1, Artist and Copyright where they are known; nothing
 * when there is nothing to say. `credits` may be NULL. */
void sct_exif_make(struct sct_blob *out, const struct sct_credits *credits,
                   int orientation);

/* New XMP with what is known. */
void sct_xmp_make(struct sct_blob *out, const struct sct_credits *credits);

/* Copies that fit the output, into an empty *out. SCT_OK, or SCT_ERR_CORRUPT: of image
 * resources those that can be read are in *out; of the others it must not be used. */
int sct_exif_correct(struct sct_blob *out, struct sct_bytes exif,
                     const struct sct_shape *shape);
int sct_xmp_correct(struct sct_blob *out, struct sct_bytes xmp,
                    const struct sct_shape *shape);
int sct_iptc_correct(struct sct_blob *out, struct sct_bytes iptc);

#endif
