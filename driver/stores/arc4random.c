/* arc4random_buf for C libraries that have none, as glibc before 2.36: the archive of expat on
 * Debian 12 calls it, and a program that takes it from the C library does not start on Amazon
 * Linux 2023. Part of builds with SCT_STATIC_LIBRARIES only. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void arc4random_buf(void *buffer, size_t n_bytes);

/* Cannot fail by contract: where the kernel gives no random bytes, the process ends. */
void arc4random_buf(void *buffer, size_t n_bytes)
{
    unsigned char *at = buffer;
    while (n_bytes > 0) {
        const ssize_t n = getrandom(at, n_bytes, 0);
        if (n < 0 && errno != EINTR)
            abort();
        if (n > 0) {
            at += n;
            n_bytes -= (size_t)n;
        }
    }
}
