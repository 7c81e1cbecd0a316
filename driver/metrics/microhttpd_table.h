/* libmicrohttpd, loaded when it is first needed, for the same reason as libcurl (see
 * curl_table.h): it brings GnuTLS along. */
#ifndef SCT_MICROHTTPD_TABLE_H
#define SCT_MICROHTTPD_TABLE_H

#include <microhttpd.h>

#define SCT_MICROHTTPD_FUNCTIONS(F)                                                      \
    F(MHD_start_daemon)                                                                  \
    F(MHD_stop_daemon)                                                                   \
    F(MHD_get_daemon_info)                                                               \
    F(MHD_create_response_from_buffer)                                                   \
    F(MHD_add_response_header)                                                           \
    F(MHD_queue_response)                                                                \
    F(MHD_destroy_response)

struct sct_microhttpd {
#define SCT_DECLARE(name) __typeof__(name) *name;
    SCT_MICROHTTPD_FUNCTIONS(SCT_DECLARE)
#undef SCT_DECLARE
};

/* The table, the same for all threads; NULL where there is no libmicrohttpd. */
const struct sct_microhttpd *sct_microhttpd_load(void);

#endif
