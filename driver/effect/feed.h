/* A feed: an object's bytes on their way into a job, of which the first have been looked at. Of
 * the effect only. */
#ifndef SCT_FEED_H
#define SCT_FEED_H

#include <pthread.h>
#include <stdatomic.h>

#include "infile.h"
#include "sniff.h"
#include "store.h"

struct sct_feed {
    sct_store_reader *reader; /* owned */
    struct sct_source source; /* of the reader */
    uint8_t head[SCT_SNIFF_BYTES];
    size_t n_head, position;
    atomic_int status; /* of the reader: SCT_OK or SCT_ERR_IO, once it has failed */
    /* For a job in another process: */
    struct sct_infile in;
    pthread_t thread;
    int is_pumping, pipe[2];
};

/* Takes the reader over and reads the head. Its failure is in feed->status. */
void sct_feed_open(struct sct_feed *feed, sct_store_reader *reader);
void sct_feed_close(struct sct_feed *feed);

/* The whole object as a source, for a job in this process. */
struct sct_source sct_feed_source(struct sct_feed *feed);

/* The same through a pipe, which a thread fills, for a job in another process. NULL: no thread, no
 * descriptors. To be ended before the feed is looked at again. */
struct sct_infile *sct_feed_pump(struct sct_feed *feed);
void sct_feed_end_pump(struct sct_feed *feed);

#endif
