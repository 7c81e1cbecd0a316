/* Aligned, zeroed allocation: the one place from which planned buffers come. */
#include "mem.h"

#include <stdlib.h>
#include <string.h>

void *sct_mem_alloc(size_t size_bytes)
{
    const size_t n = sct_size_align(size_bytes ? size_bytes : 1);
    if (n == SCT_SIZE_BAD)
        return NULL;
    void *p = aligned_alloc(SCT_ALIGN, n);
    if (p)
        memset(p, 0, n);
    return p;
}

void sct_mem_free(void *p)
{
    free(p);
}
