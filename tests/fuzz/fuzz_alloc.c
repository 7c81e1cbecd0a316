/* No memory: a job out of any bytes, in which one allocation fails, chosen by the last bytes. It
 * has to end as for want of memory, or as it does otherwise: damaged data may be met first, and
 * whether a profile is sRGB is a question that may stay open. Nothing may leak, or be published by a
 * job that failed.
 *
 * sct_mem_alloc is wrapped by the linker (--wrap). What the libraries allocate by themselves
 * does not fail. */
#include "fuzz_job.h"

struct counter {
    int n_allocations;
    int failing; /* which of them; -1: none */
};

static struct counter counter = {0, -1};

void *__real_sct_mem_alloc(size_t size_bytes);
void *__wrap_sct_mem_alloc(size_t size_bytes);

void *__wrap_sct_mem_alloc(size_t size_bytes)
{
    return counter.n_allocations++ == counter.failing ? NULL
                                                      : __real_sct_mem_alloc(size_bytes);
}

static int run_without(struct fuzz_job *f, int failing)
{
    counter = (struct counter){0, failing};
    const int status = fuzz_job_run(f);
    counter.failing = -1;
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_options options = {data, size};
    const int choice = fuzz_take(&options, 256);
    struct fuzz_job *f = fuzz_job_make(&options, data, size);

    const int status = run_without(f, -1);
    const int n_allocations = counter.n_allocations;
    if (status != SCT_ERR_TIMEOUT && n_allocations > 0) {
        const int failing = choice % n_allocations;
        const int without = run_without(f, failing);
        FUZZ_CHECK(without == SCT_ERR_MEMORY || without == SCT_ERR_TIMEOUT ||
                       without == status,
                   "%s, and %s without allocation %d of %d", sct_status_name(status),
                   sct_status_name(without), failing, n_allocations);
        for (int i = 0; i < f->job.n_variants && without == SCT_OK; i++)
            fuzz_job_check_output(f, i);
    }
    fuzz_job_free(f);
    return 0;
}
