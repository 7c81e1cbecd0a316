/* The progress bar. It is one line, redrawn in place and gone at the end. Work that is
 * over before anybody wonders shows none. */
#define _GNU_SOURCE 1
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "stopwatch.h"

enum { PATIENCE_MS = 500, REDRAW_MS = 100, BAR_CELLS = 30 };

void sct_progress_init(struct sct_progress *p, int is_wanted, int n_items)
{
    const struct sct_progress fresh = {
        .is_on = is_wanted && n_items > 1 && isatty(STDERR_FILENO),
        .n_items = n_items,
        .start_ms = (int64_t)sct_wall_ms(),
    };
    *p = fresh;
}

void sct_progress_hide(struct sct_progress *p)
{
    if (p->is_drawn)
        fputs("\r\x1b[K", stderr);
    p->is_drawn = 0;
}

void sct_progress_show(struct sct_progress *p, int n_done)
{
    if (!p->is_on || n_done >= p->n_items)
        return;
    const int64_t now_ms = (int64_t)sct_wall_ms();
    if (now_ms - p->start_ms < PATIENCE_MS)
        return;
    /* A bar that was hidden to print a line comes back at once. */
    if (p->is_drawn && now_ms - p->drawn_ms < REDRAW_MS)
        return;
    char bar[BAR_CELLS + 1];
    const int n_full = (int)((int64_t)n_done * BAR_CELLS / p->n_items);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < n_full ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r[%s] %d of %d\x1b[K", bar, n_done, p->n_items);
    p->is_drawn = 1;
    p->drawn_ms = now_ms;
}
