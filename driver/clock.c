/* The time, as a number and as logs write it. */
#define _GNU_SOURCE 1
#include "clock.h"

#include <stdio.h>
#include <time.h>

int64_t sct_clock_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sct_clock_print(char out[SCT_CLOCK_BYTES])
{
    struct timespec now;
    struct tm utc;
    char seconds[24];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, SCT_CLOCK_BYTES, "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
}
