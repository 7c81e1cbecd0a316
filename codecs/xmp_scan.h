/* Private to codecs: a scanner for XMP packets, as much XML as they need.
 *
 * It cuts the packet into tokens that, one behind the other, are the packet again, so that a
 * copy can leave some out. What is not well-formed is BAD, for good; names of closing tags are
 * not compared. No token is longer than the packet, nothing is kept but offsets. */
#ifndef SCT_XMP_SCAN_H
#define SCT_XMP_SCAN_H

#include "picture.h"

enum sct_xmp_token {
    SCT_XMP_END,
    SCT_XMP_TEXT,
    SCT_XMP_OPEN,  /* <name ...> */
    SCT_XMP_EMPTY, /* <name .../> */
    SCT_XMP_CLOSE, /* </name> */
    SCT_XMP_OTHER, /* <?...?>, <!--...-->, <![CDATA[...]]> */
    SCT_XMP_BAD
};

struct sct_xmp_scan {
    /* the last token */
    enum sct_xmp_token token;
    struct sct_bytes whole;
    struct sct_bytes name;       /* OPEN, EMPTY, CLOSE */
    struct sct_bytes attributes; /* OPEN, EMPTY: between the name and ">" or "/>" */
    int depth;                   /* elements around it; of OPEN and its CLOSE the same */

    struct sct_bytes rest; /* not scanned yet */
    int n_open;
    int rdf_depth; /* of rdf:RDF; -1 outside of it */
};

struct sct_xmp_attribute {
    struct sct_bytes whole; /* with the white space in front of it */
    struct sct_bytes name, value;
};

void sct_xmp_scan_init(struct sct_xmp_scan *s, struct sct_bytes xmp);

/* The next token, which is also s->token; END and BAD stay. */
enum sct_xmp_token sct_xmp_scan_next(struct sct_xmp_scan *s);

/* Takes an attribute off the front of *rest. 1; 0: only white space is left; -1: bad. */
int sct_xmp_attribute_next(struct sct_xmp_attribute *a, struct sct_bytes *rest);

/* Whether the token is an rdf:Description directly inside rdf:RDF: its attributes and the
 * elements inside are properties of the picture, and not of one that it was made from. */
int sct_xmp_is_description(const struct sct_xmp_scan *s);

/* Whether the token is an element directly inside such a one. */
int sct_xmp_is_property(const struct sct_xmp_scan *s);

int sct_bytes_equal(struct sct_bytes b, const char *text);
int sct_bytes_start_with(struct sct_bytes b, const char *text);

#endif
