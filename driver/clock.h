/* The time. Command and servers. */
#ifndef SCT_CLOCK_H
#define SCT_CLOCK_H

#include <stdint.h>

enum { SCT_CLOCK_BYTES = 32 };

/* Milliseconds since 1970. */
int64_t sct_clock_now_ms(void);

/* "2024-05-14T09:11:02.417Z": now, UTC, RFC 3339. */
void sct_clock_print(char out[SCT_CLOCK_BYTES]);

#endif
