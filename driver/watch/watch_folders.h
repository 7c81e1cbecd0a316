/* The folders of a watch, before it begins. */
#ifndef SCT_WATCH_FOLDERS_H
#define SCT_WATCH_FOLDERS_H

/* Makes the folders of outputs and of failures, and refuses any two of the three that overlap: outputs
 * would become inputs. target, failed: NULL if there is none, or if it is no folder.
 * SCT_ERR_ARGUMENT, which has been complained of, or SCT_ERR_MEMORY. */
int sct_watch_folders_prepare(const char *source, const char *target, const char *failed);

/* What outputs say that their sources are in, however the folder was named: "file://" and its real
 * path, encoded. For sct_mem_free. NULL: it is gone, or there is no memory. */
char *sct_watch_folders_url(const char *folder);

#endif
