/* bench_machine: what this machine can do, that kernels are held against. Prints JSON:
 *
 *     read_gb_s   bytes read from memory, one thread: sums over 256 MiB
 *     copy_gb_s   bytes copied within it, each counted once
 *     clock_ghz   dependent additions a nanosecond, one a cycle on any CPU of today
 *
 * Best of seven each: others on the machine only ever make these worse. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_BYTES = 256 << 20, N_RUNS = 7, N_TURNS = 200000, N_ADDITIONS = 100 };

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Eight sums at once, so that memory and not the addition is waited for. */
__attribute__((noinline)) static uint64_t sum_words(const uint64_t *words, size_t n)
{
    uint64_t sums[8] = {0};
    for (size_t i = 0; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            sums[k] += words[i + k];
    uint64_t sum = 0;
    for (size_t k = 0; k < 8; k++)
        sum += sums[k];
    return sum;
}

static double best(double a, double b)
{
    return a > b ? a : b;
}

int main(void)
{
    unsigned char *const from = malloc(N_BYTES), *const to = malloc(N_BYTES);
    double read_gb_s = 0, copy_gb_s = 0, clock_ghz = 0;
    volatile uint64_t kept = 0; /* or nothing of it would have to be done */
    if (!from || !to) {
        fprintf(stderr, "bench_machine: out of memory\n");
        return 1;
    }
    memset(from, 1, N_BYTES);
    memset(to, 2, N_BYTES);
    for (int run = 0; run < N_RUNS; run++) {
        double begin = cpu_ns();
        kept +=
            sum_words((const uint64_t *)(const void *)from, N_BYTES / sizeof(uint64_t));
        read_gb_s = best(read_gb_s, N_BYTES / (cpu_ns() - begin));
        begin = cpu_ns();
        memcpy(to, from, N_BYTES);
        copy_gb_s = best(copy_gb_s, N_BYTES / (cpu_ns() - begin));
        kept += to[run];
        uint64_t x = 0;
        begin = cpu_ns();
        for (int i = 0; i < N_TURNS; i++)
            for (int k = 0; k < N_ADDITIONS; k++) {
                x += 1;
                __asm__ volatile("" : "+r"(x));
            }
        clock_ghz = best(clock_ghz, (double)N_TURNS * N_ADDITIONS / (cpu_ns() - begin));
        kept += x;
    }
    (void)kept;
    printf("{\"read_gb_s\": %.2f, \"copy_gb_s\": %.2f, \"clock_ghz\": %.3f}\n", read_gb_s,
           copy_gb_s, clock_ghz);
    free(from);
    free(to);
    return 0;
}
