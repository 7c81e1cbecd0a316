/* Marks, in hexadecimal; and writers, which a read lease does not go with. */
#define _GNU_SOURCE 1
#include "mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "beneath.h"

void sct_mark_print(char mark[SCT_MARK_BYTES], const struct stat *st)
{
    snprintf(mark, SCT_MARK_BYTES, "%llx-%llx.%lx", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec, (unsigned long)st->st_mtim.tv_nsec);
}

int sct_mark_open(int folder, const char *key, struct stat *st, char mark[SCT_MARK_BYTES])
{
    const int fd =
        sct_beneath_open_unlinked(folder, key, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    const int error = fstat(fd, st) != 0 ? errno : S_ISREG(st->st_mode) ? 0 : EISDIR;
    if (error) {
        close(fd);
        return -error;
    }
    sct_mark_print(mark, st);
    return fd;
}

/* There a lease that is refused says nothing of writers: the client has no rights to give one. */
static int is_on_a_share(int fd)
{
    static const unsigned magic[] = {0x6969,     0x517B,     0xFF534D42, 0xFE534D42,
                                     0x00C36400, 0x01021997, 0x5346414F, 0x65735546};
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return 1;
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if ((unsigned)fs.f_type ==
            magic[i]) /* nfs, smb, cifs, smb2, ceph, 9p, afs, fuse */
            return 1;
    return 0;
}

/* Who opens it meanwhile waits for some microseconds, and the signal that tells us so would end the
 * process; SIGURG does not. */
int sct_mark_has_writer(int fd)
{
    if (is_on_a_share(fd) || fcntl(fd, F_SETSIG, SIGURG) != 0)
        return -1;
    if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(fd, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int sct_mark_is_still(int folder, const char *key, const char *mark)
{
    char now[SCT_MARK_BYTES];
    struct stat st;
    const int fd = sct_mark_open(folder, key, &st, now);
    if (fd < 0)
        return 0;
    close(fd);
    return strcmp(now, mark) == 0;
}
