/* Private to codecs: the highest quality at which a file is short enough, by bisection.
 *
 *     struct sct_fit fit;
 *     for (int q = sct_fit_start(&fit, most); q; q = sct_fit_next(&fit, does_fit))
 *         ... does it, at quality q?
 *     fit.quality is the answer
 *
 * `most` is tried first: where that fits, nothing else is. */
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

#endif
