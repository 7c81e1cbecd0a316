/* dlopen and dlsym. */
#define _GNU_SOURCE 1
#include "library.h"

#include <dlfcn.h>
#include <string.h>

void *sct_library_open(const char *file)
{
    return dlopen(file, RTLD_NOW | RTLD_LOCAL);
}

int sct_library_find(void *library, const char *name, void *place)
{
    /* POSIX promises that functions and objects have pointers of one size. */
    void *const address = library ? dlsym(library, name) : NULL;
    memcpy(place, &address, sizeof address);
    return address != NULL;
}
