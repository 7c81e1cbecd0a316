/* Private to codecs: searches for a quality, by bisection.
 *
 * The highest at which a file is short enough:
 *
 *     struct sct_fit fit;
 *     for (int q = sct_fit_start(&fit, most); q; q = sct_fit_next(&fit, does_fit))
 *         ... does it, at quality q?
 *     fit.quality is the answer
 *
 * `most` is tried first: where that fits, nothing else is.
 *
 * The lowest with a score, in the same way with struct sct_reach, sct_reach_start and
 * sct_reach_next: `most`, where no other reaches it, is not tried. */
#ifndef SCT_FIT_H
#define SCT_FIT_H

struct sct_fit {
    int quality;  /* the highest that is known to fit; 0: none */
    int too_long; /* the lowest that is known not to */
    int tried;    /* the last one */
};

/* Both return the quality to try, from 1 to `most`; next returns 0 when the answer is known. Up
 * to 8 of 100 are tried. */
static inline int sct_fit_start(struct sct_fit *fit, int most)
{
    *fit = (struct sct_fit){.too_long = most + 1, .tried = most};
    return most;
}

static inline int sct_fit_next(struct sct_fit *fit, int does_fit)
{
    if (does_fit)
        fit->quality = fit->tried;
    else
        fit->too_long = fit->tried;
    if (fit->too_long - fit->quality <= 1)
        return 0;
    fit->tried = (fit->quality + fit->too_long) / 2;
    return fit->tried;
}

struct sct_reach {
    int quality; /* the lowest that is known to have the score, or `most` */
    int too_low; /* the highest that is known not to */
};

/* Where estimates begin to be of use. */
enum { SCT_REACH_MIN_QUALITY = 30 };

static inline int sct_reach_middle(const struct sct_reach *reach)
{
    return reach->quality - reach->too_low > 1 ? (reach->too_low + reach->quality) / 2
                                               : 0;
}

/* Both return the quality to try, from SCT_REACH_MIN_QUALITY up to `most` - 1, or 0 when the answer
 * is known. Up to 7 are tried. */
static inline int sct_reach_start(struct sct_reach *reach, int most)
{
    *reach = (struct sct_reach){
        .quality = most,
        .too_low = (most < SCT_REACH_MIN_QUALITY ? most : SCT_REACH_MIN_QUALITY) - 1};
    return sct_reach_middle(reach);
}

static inline int sct_reach_next(struct sct_reach *reach, int has_score)
{
    const int tried = sct_reach_middle(reach);
    if (has_score)
        reach->quality = tried;
    else
        reach->too_low = tried;
    return sct_reach_middle(reach);
}

#endif
