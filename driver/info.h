/* What `scantling info` found out about one input. Command only. */
#ifndef SCT_INFO_H
#define SCT_INFO_H

#include "decoder.h"

struct sct_info {
    const char *input; /* borrowed */
    int status;
    char message[256];          /* when status is an error */
    struct sct_picture picture; /* when it is not; icc is not kept, icc_bytes is */
    int n_scans; /* that begin in the file; 0: not a format that has them */
    struct sct_report report;
};

/* "4:2:0", "4:0:0" for gray, ... or the sampling factors, "2x2,1x1,1x2", when no J:a:b
 * says it. */
void sct_info_sampling(char out[32], const struct sct_picture *picture);

/* Prints it for people. */
void sct_info_print(const struct sct_info *info);

#endif
