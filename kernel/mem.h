/* Memory: overflow-checked sizes and aligned blocks. All planning multiplies through
 * here. */
#ifndef SCT_MEM_H
#define SCT_MEM_H

#include <stddef.h>
#include <stdint.h>

/* Every plane, ring row and bank starts on this boundary: the width of the widest vector
 * that any implementation uses, and a cache line. */
#define SCT_ALIGN 64

/* The sentinel of the size helpers: a size that did not fit. It sticks: any sum or
 * product with it is SCT_SIZE_BAD again, and sct_mem_alloc refuses it, so that a whole
 * formula needs one check at its end. */
#define SCT_SIZE_BAD SIZE_MAX

static inline size_t sct_size_mul(size_t a, size_t b)
{
    size_t r;
    if (a == SCT_SIZE_BAD || b == SCT_SIZE_BAD || __builtin_mul_overflow(a, b, &r))
        return SCT_SIZE_BAD;
    return r;
}

static inline size_t sct_size_add(size_t a, size_t b)
{
    size_t r;
    if (a == SCT_SIZE_BAD || b == SCT_SIZE_BAD || __builtin_add_overflow(a, b, &r))
        return SCT_SIZE_BAD;
    return r;
}

/* Rounds up to a multiple of SCT_ALIGN. */
static inline size_t sct_size_align(size_t a)
{
    const size_t r = sct_size_add(a, SCT_ALIGN - 1);
    return r == SCT_SIZE_BAD ? r : r & ~(size_t)(SCT_ALIGN - 1);
}

/* `size_bytes` zeroed bytes, aligned to SCT_ALIGN; NULL when there is no memory, or when
 * the size is SCT_SIZE_BAD. A size of 0 gives a pointer that may be freed and not read.
 * Freed with sct_mem_free, which accepts NULL. */
void *sct_mem_alloc(size_t size_bytes);
void sct_mem_free(void *p);

#endif
