/* Functions of shared libraries that are loaded when they are first needed. Command and servers. */
#ifndef SCT_LIBRARY_H
#define SCT_LIBRARY_H

/* The library, as dlopen has it, which stays; NULL: there is none. */
void *sct_library_open(const char *file);

/* Puts the address of a function into the pointer to a function at `place`. Whether there is such a
 * function; false also for a library that is NULL. */
int sct_library_find(void *library, const char *name, void *place);

#endif
