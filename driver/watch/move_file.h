/* A file goes from one folder to another, also of another file system. Command only. */
#ifndef SCT_MOVE_FILE_H
#define SCT_MOVE_FILE_H

#include "tempfiles.h"

/* Moves `key` below the folder `source` to `path`, where nothing is: renamed where that is possible,
 * otherwise copied under a temporary name, synced, renamed, and then removed from its source. At any
 * time the file is whole in one of the two places, or in both. Folders on the way are made. 0; or an
 * errno, and then it is where it was and nowhere else: EEXIST: there is something at `path`. */
int sct_move_file(int source, const char *key, const char *path,
                  sct_tempfiles *tempfiles);

#endif
