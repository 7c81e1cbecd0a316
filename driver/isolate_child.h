/* The two inner processes of isolate.h. */
#ifndef SCT_ISOLATE_CHILD_H
#define SCT_ISOLATE_CHILD_H

#include <sys/types.h>

#include "sandbox.h"

/* The forker's life; it has one thread. It waits on `control`, a stream socket, for one byte
 * with one or two descriptors (the channel; the input), forks a child that does the job which
 * the channel tells, waits for another byte, kills the child if it is still there, and answers
 * with a struct sct_wire_end. Ends when the other end is closed, or `parent` is gone. */
_Noreturn void sct_forker_run(int control, const sct_sandbox *sandbox, pid_t parent);

/* To be done once, before the first forker is started: makes a few pictures of one pixel, in
 * every format, so that what a job does only when it is the first in its process has been
 * done. Some of it is slow (symbols are looked up), some is not possible in the sandbox:
 * libjpeg-turbo reads /proc/cpuinfo on arm64. */
void sct_forker_prepare(void);

#endif
