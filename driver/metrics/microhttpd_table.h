/* libmicrohttpd, loaded when it is first needed, for the same reason as libcurl (see
 * curl_table.h): it brings GnuTLS along. */
#ifndef SCT_MICROHTTPD_TABLE_H
#define SCT_MICROHTTPD_TABLE_H

#include <microhttpd.h>

struct sct_microhttpd {
    __typeof__(MHD_start_daemon) *MHD_start_daemon;
    __typeof__(MHD_stop_daemon) *MHD_stop_daemon;
    __typeof__(MHD_get_daemon_info) *MHD_get_daemon_info;
    __typeof__(MHD_create_response_from_buffer) *MHD_create_response_from_buffer;
    __typeof__(MHD_add_response_header) *MHD_add_response_header;
    __typeof__(MHD_queue_response) *MHD_queue_response;
    __typeof__(MHD_destroy_response) *MHD_destroy_response;
};

/* The table, the same for all threads; NULL where there is no libmicrohttpd. */
const struct sct_microhttpd *sct_microhttpd_load(void);

#endif
