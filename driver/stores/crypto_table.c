/* The table of libcrypto's functions. It is filled once and constant from then on. */
#define _GNU_SOURCE 1
#include "crypto_table.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

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

/* POSIX promises that functions and objects have pointers of one size. */
static int look_up(void *library, const char *name, void *place)
{
    void *const address = dlsym(library, name);
    memcpy(place, &address, sizeof address);
    return address != NULL;
}

static void load(void)
{
    void *const library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    is_loaded = library != NULL;
#define LOOK_UP(name) is_loaded = is_loaded && look_up(library, #name, &table.name);
    SCT_CRYPTO_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
}

const struct sct_crypto *sct_crypto_load(void)
{
    pthread_once(&once, load);
    return is_loaded ? &table : NULL;
}
#endif
