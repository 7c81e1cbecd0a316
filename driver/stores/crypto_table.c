/* The table of libcrypto's functions. It is filled once and constant from then on. */
#include "crypto_table.h"

#include <pthread.h>

#include "library.h"

#ifdef SCT_STORES_LINKED
const struct sct_crypto *sct_crypto_load(void)
{
    static const struct sct_crypto table = {
#define FILL_IN(name) .name = name,
        SCT_CRYPTO_FUNCTIONS(FILL_IN)
#undef FILL_IN
    };
    return &table;
}
#else
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sct_crypto table;
static int is_loaded;

static void load(void)
{
    void *const library = sct_library_open("libcrypto.so.3");
    is_loaded = 1;
#define LOOK_UP(name) is_loaded &= sct_library_find(library, #name, &table.name);
    SCT_CRYPTO_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
}

const struct sct_crypto *sct_crypto_load(void)
{
    pthread_once(&once, load);
    return is_loaded ? &table : NULL;
}
#endif
