/* The table of libmicrohttpd's functions. It is filled once and constant from then on. */
#include "microhttpd_table.h"

#include <pthread.h>

#include "library.h"

#ifdef SCT_MICROHTTPD_LINKED
const struct sct_microhttpd *sct_microhttpd_load(void)
{
    static const struct sct_microhttpd linked = {
#define FILL_IN(name) .name = name,
        SCT_MICROHTTPD_FUNCTIONS(FILL_IN)
#undef FILL_IN
    };
    return &linked;
}
#else
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sct_microhttpd table;
static int is_loaded;

static void load(void)
{
    void *const library = sct_library_open("libmicrohttpd.so.12");
    is_loaded = 1;
#define LOOK_UP(name) is_loaded &= sct_library_find(library, #name, &table.name);
    SCT_MICROHTTPD_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
}

const struct sct_microhttpd *sct_microhttpd_load(void)
{
    pthread_once(&once, load);
    return is_loaded ? &table : NULL;
}
#endif
