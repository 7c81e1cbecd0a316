/* The sandbox: a process that has entered it can compute, read and write what is open
 * already, and nothing else. Command only; Linux.
 *
 * What is left is a list of system calls (sandbox.c): memory that is neither executable nor
 * shared, read and write, the clock, the end. Any other call ends the process at once, with
 * SIGSYS. There is no way back out, and no file, socket, process, signal or device to be had
 * in it.
 *
 * All that opens files by itself, once and lazily, has to be done before: see isolate.c. */
#ifndef SCT_SANDBOX_H
#define SCT_SANDBOX_H

#include <stddef.h>

typedef struct sct_sandbox sct_sandbox;

/* Compiles the filter, which takes longer than to enter it, and has a child process try it
 * out: it must enter, and must not survive a socket. The child does only what is safe in a
 * program with threads. SCT_OK; SCT_ERR_UNSUPPORTED: the kernel, or what this process runs
 * in, does not have it; SCT_ERR_MEMORY; then *out is NULL and `message` says why. */
int sct_sandbox_create(sct_sandbox **out, char *message, size_t message_bytes);
void sct_sandbox_free(sct_sandbox *s); /* accepts NULL */

/* Enters, for the rest of the process's life; it must have one thread only. It gets no more
 * than data_bytes of memory (SIZE_MAX: as much as there is), leaves no core dump and cannot
 * be traced. 0 or an errno, after which the process is not in the sandbox. */
int sct_sandbox_enter(const sct_sandbox *s, size_t data_bytes);

/* "seccomp (libseccomp 2.5.4)"; says nothing about the kernel. */
void sct_sandbox_describe(char *out, size_t n);

#endif
