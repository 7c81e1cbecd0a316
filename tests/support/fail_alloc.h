/* Memory that runs out when a test says so. For tests that have sct_mem_alloc wrapped by the linker
 * (WRAP sct_mem_alloc), in one file of each. */
#ifndef FAIL_ALLOC_H
#define FAIL_ALLOC_H

#include <stddef.h>

static int n_allocations; /* since a test has set it to 0 */
static int failing_allocation =
    -1; /* the number of the one that fails, from 0; -1: none */

void *__real_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes);

void *__wrap_sct_mem_alloc(size_t size_bytes)
{
    return n_allocations++ == failing_allocation ? NULL
                                                 : __real_sct_mem_alloc(size_bytes);
}

#endif
