/* The words that the command line and variants.json share: sizes, fits, subsamplings,
 * numbers. All of them return SCT_OK, or SCT_ERR_ARGUMENT and leave their outputs alone.
 * Command only. */
#ifndef SCT_WORDS_H
#define SCT_WORDS_H

#include <stdint.h>

#include "scantling.h"

enum { SCT_MAX_SIDE = 65535 }; /* what a JPEG header can say */

/* What to say of a size that sct_size_parse refuses. */
#define SCT_SIZE_FORMS                                                                   \
    "1600 (longest side), 1600x (width), x900 (height) or 400x400 (box)"

/*   1600     a box of 1600x1600: with fit "inside" the longest side
 *   1600x    width 1600, height follows (0)
 *   x900     height 900, width follows (0)
 *   400x300  the box
 * Sides are 1..SCT_MAX_SIDE, without signs and leading zeros. */
int sct_size_parse(const char *text, int *width, int *height);

int sct_fit_parse(const char *text, enum sct_fit *fit); /* inside cover fill */
int sct_subsampling_parse(const char *text,
                          enum sct_subsampling *sub); /* 4:2:0 ... source */

int sct_icc_parse(const char *text, enum sct_icc *icc); /* keep srgb drop */

int sct_metadata_parse(const char *text,
                       enum sct_metadata_mode *mode); /* none copyright all */

/* #rgb or #rrggbb, with or without the #, or one of the sixteen colours that HTML 4 has names
 * for. */
int sct_colour_parse(const char *text, uint8_t rgb[3]);

/* "auto" or "auto:SCORE", 1..99: *score is it, or 75, and *quality is 100. Otherwise a quality,
 * 1..100, and *score is 0. */
int sct_quality_parse(const char *text, int *quality, int *score);

/* "jpeg", "jpg", "png", "webp" as far as they were built in, or "source": *format is NULL. */
int sct_format_parse(const char *text, const struct sct_encoder_ops **format);

/* What sct_format_parse takes, for messages: "jpeg png source". */
void sct_format_list(char *out, size_t size);

/* A decimal integer, min..max, no sign and nothing behind it. */
int sct_integer_parse(const char *text, int64_t min, int64_t max, int64_t *value);

/* An amount from 1 with an optional K, M or G behind it, each `unit` (1000 or 1024) times
 * the one before. */
int sct_amount_parse(const char *text, int64_t unit, int64_t max, int64_t *value);

/* Seconds, above 0 and up to a million, with a fraction or without: "10", "0.5". */
int sct_seconds_parse(const char *text, double *seconds);

/* Whether this can be a variant's name: 1..63 of A-Z a-z 0-9 . _ - and a letter or digit
 * first, so that it is safe in a file name. */
int sct_name_is_valid(const char *text);

#endif
