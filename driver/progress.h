/* The progress bar: on stderr, for a person who is waiting. */
#ifndef SCT_PROGRESS_H
#define SCT_PROGRESS_H

#include <stdint.h>

struct sct_progress {
    int is_on, is_drawn;
    int n_items;
    int64_t start_ms, drawn_ms; /* on the monotonic clock */
};

/* Gets ready. Nothing is ever drawn unless is_wanted, stderr is a terminal and there is
 * more than one item. */
void sct_progress_init(struct sct_progress *p, int is_wanted, int n_items);

/* Takes the bar away: before anything else is printed, and at the end. */
void sct_progress_hide(struct sct_progress *p);

/* Draws it again with n_done of the items; not in the first half second, and not more
 * than ten times a second. */
void sct_progress_show(struct sct_progress *p, int n_done);

#endif
