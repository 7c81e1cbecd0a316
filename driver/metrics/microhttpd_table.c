/* The table of libmicrohttpd's functions. It is filled once and constant from then on. */
#define _GNU_SOURCE 1
#include "microhttpd_table.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#ifdef SCT_MICROHTTPD_LINKED
const struct sct_microhttpd *sct_microhttpd_load(void)
{
    static const struct sct_microhttpd linked = {
        .MHD_start_daemon = MHD_start_daemon,
        .MHD_stop_daemon = MHD_stop_daemon,
        .MHD_get_daemon_info = MHD_get_daemon_info,
        .MHD_create_response_from_buffer = MHD_create_response_from_buffer,
        .MHD_add_response_header = MHD_add_response_header,
        .MHD_queue_response = MHD_queue_response,
        .MHD_destroy_response = MHD_destroy_response,
    };
    return &linked;
}
#else
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sct_microhttpd table;
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
    void *const library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
    is_loaded =
        library && look_up(library, "MHD_start_daemon", &table.MHD_start_daemon) &&
        look_up(library, "MHD_stop_daemon", &table.MHD_stop_daemon) &&
        look_up(library, "MHD_get_daemon_info", &table.MHD_get_daemon_info) &&
        look_up(library, "MHD_create_response_from_buffer",
                &table.MHD_create_response_from_buffer) &&
        look_up(library, "MHD_add_response_header", &table.MHD_add_response_header) &&
        look_up(library, "MHD_queue_response", &table.MHD_queue_response) &&
        look_up(library, "MHD_destroy_response", &table.MHD_destroy_response);
}

const struct sct_microhttpd *sct_microhttpd_load(void)
{
    pthread_once(&once, load);
    return is_loaded ? &table : NULL;
}
#endif
