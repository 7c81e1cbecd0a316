/* The texts of --help. Every option in them is in scantling.1 as well, and the other way
 * round; a test compares. */
#ifndef SCT_HELP_H
#define SCT_HELP_H

const char *sct_help_main(void);
const char *sct_help_resize(void);
const char *sct_help_info(void);
const char *sct_help_watch(void);
const char *sct_help_compare(void);
const char *sct_help_store(void); /* this and what follows: where SCT_HAVE_STORES */
const char *sct_help_worker(void);
const char *sct_help_backfill(void);
const char *sct_help_redrive(void);
const char *sct_help_verify(void);

#endif
