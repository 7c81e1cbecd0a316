/* Feeds: a head in memory, and what comes behind it. */
#define _GNU_SOURCE 1
#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 65536 };

void sct_feed_open(struct sct_feed *feed, sct_store_reader *reader)
{
    memset(feed, 0, sizeof *feed);
    feed->reader = reader;
    feed->source = sct_store_reader_source(reader);
    for (size_t n = 1;
         feed->status == SCT_OK && n > 0 && feed->n_head < sizeof feed->head;
         feed->n_head += n)
    {
        n = 0;
        feed->status = feed->source.read(feed->source.ctx, feed->head + feed->n_head,
                                         sizeof feed->head - feed->n_head, &n);
    }
}

void sct_feed_close(struct sct_feed *feed)
{
    sct_feed_end_pump(feed);
    sct_store_reader_close(feed->reader);
    feed->reader = NULL;
}

static int read_feed(void *ctx, void *buffer, size_t capacity, size_t *n)
{
    struct sct_feed *const feed = ctx;
    const size_t n_left = feed->n_head - feed->position;
    if (n_left > 0) {
        *n = n_left < capacity ? n_left : capacity;
        memcpy(buffer, feed->head + feed->position, *n);
        feed->position += *n;
        return SCT_OK;
    }
    if (feed->status == SCT_OK)
        feed->status = feed->source.read(feed->source.ctx, buffer, capacity, n);
    return feed->status;
}

struct sct_source sct_feed_source(struct sct_feed *feed)
{
    const struct sct_source source = {.read = read_feed, .ctx = feed};
    feed->position = 0;
    return source;
}

static int write_all(int fd, const uint8_t *data, size_t n_bytes)
{
    while (n_bytes > 0) {
        const ssize_t n = write(fd, data, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return 0; /* the job has seen enough */
        data += n;
        n_bytes -= (size_t)n;
    }
    return 1;
}

/* A feed that breaks must not look like one that ends: the job is told afterwards. */
static void *pump(void *ctx)
{
    struct sct_feed *const feed = ctx;
    uint8_t piece[PIECE_BYTES];
    size_t n = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    do {
        n = 0;
        feed->status = feed->source.read(feed->source.ctx, piece, sizeof piece, &n);
    } while (feed->status == SCT_OK && n > 0 && write_all(feed->pipe[1], piece, n));
    close(feed->pipe[1]);
    return NULL;
}

struct sct_infile *sct_feed_pump(struct sct_feed *feed)
{
    if (pipe2(feed->pipe, O_CLOEXEC) != 0)
        return NULL;
    if (pthread_create(&feed->thread, NULL, pump, feed) != 0) {
        close(feed->pipe[0]);
        close(feed->pipe[1]);
        return NULL;
    }
    feed->is_pumping = 1;
    sct_infile_resume(&feed->in, feed->pipe[0], feed->head, feed->n_head);
    return &feed->in;
}

void sct_feed_end_pump(struct sct_feed *feed)
{
    if (!feed->is_pumping)
        return;
    sct_infile_close(&feed->in); /* who is still writing into it stops */
    pthread_join(feed->thread, NULL);
    feed->is_pumping = 0;
}
