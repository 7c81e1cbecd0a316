/* The time, as logs write it. Command only. */
#ifndef SCT_CLOCK_H
#define SCT_CLOCK_H

enum { SCT_CLOCK_BYTES = 32 };

/* "2024-05-14T09:11:02.417Z": now, UTC, RFC 3339. */
void sct_clock_print(char out[SCT_CLOCK_BYTES]);

#endif
