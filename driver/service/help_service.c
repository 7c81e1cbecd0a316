/* The texts of --help of what works on stores and queues. */
#include "help.h"

#define SETTINGS                                                                         \
    "      --variants FILE    the sizes: variants.json, a path, an object's URL, or\n"   \
    "                         its text\n"                                                \
    "      --key TEMPLATE     where outputs go in the target, over that of the file;\n"  \
    "                         default {folder}{file}/{name}.{ext}\n"                     \
    "      --cache-control TEXT\n"                                                       \
    "                         of the outputs; default: a year, immutable\n"              \
    "      --salvage          publish damaged pictures as far as they go\n"              \
    "      --linear           resize in linear light\n"

#define LIMITS                                                                           \
    "      --max-pixels, --max-side, --max-whole-pixels, --max-input,\n"                 \
    "      --max-metadata, --max-scans, --max-memory, --timeout\n"                       \
    "                         limits on each picture, as of resize\n"

#define TELLING                                                                          \
    "      --json             one JSON object per line\n"                                \
    "      --quiet            say only what is wrong\n"                                  \
    "  -h, --help             this text\n"                                               \
    "\n"                                                                                 \
    "Every option may be a variable instead: SCANTLING_SOURCE, SCANTLING_MAX_PIXELS.\n"

const char *sct_help_backfill(void)
{
    return "Usage: scantling backfill --source STORE --target STORE --variants FILE\n"
           "       scantling backfill --source STORE --queue URL\n"
           "\n"
           "Makes the variants of all that is in a store already, or puts it on a queue "
           "for\n"
           "workers. What is there is not made again, so it may be run as often as one "
           "likes.\n"
           "\n"
           "      --source STORE     s3://bucket/prefix or a folder; several times\n"
           "      --target STORE     where the outputs go\n"
           "      --queue URL        of SQS: put events there instead\n"
           "      --failed URL       of SQS: where failures go\n"
           "      --prefix TEXT      only keys that begin so\n"
           "      --since TIME       only what is newer: 2026-11-01, 7d, 12h\n"
           "      --state FILE       remembers how far it has come, and goes on from "
           "there\n"
           "  -j, --jobs N           so many at a time; 0: one for each CPU\n"
           "      --no-sandbox       decode in this process\n" SETTINGS LIMITS TELLING
           "\n"
           "Exit status: 0 all done, 1 some failed or interrupted, 2 usage, 3 nothing "
           "done.\n";
}

const char *sct_help_verify(void)
{
    return "Usage: scantling verify --source STORE --target STORE --variants FILE\n"
           "\n"
           "Lists the sources of which variants are missing, or are not of what the "
           "source is\n"
           "now, or were made with other settings. Changes nothing.\n"
           "\n"
           "      --source STORE     s3://bucket/prefix or a folder; several times\n"
           "      --target STORE     where the outputs are\n"
           "      --prefix TEXT      only keys that begin so\n"
           "      --state FILE       remembers how far it has come, and goes on from "
           "there\n"
           "  -j, --jobs N           so many at a time; 0: one for each CPU\n" SETTINGS
               LIMITS TELLING "\n"
           "Exit status: 0 all complete, 1 some are not, or interrupted, 2 usage, 3 "
           "failed.\n";
}

const char *sct_help_redrive(void)
{
    return "Usage: scantling redrive --failed URL --queue URL\n"
           "\n"
           "Sends failures back to the queue that work comes from, and deletes them "
           "where "
           "they\n"
           "were. Reads our own failures, dead letters of Lambda, redriven messages and\n"
           "on-failure destinations.\n"
           "\n"
           "      --failed URL       of SQS: where failures are\n"
           "      --queue URL        of SQS: where they go\n"
           "      --verdict WORD     only these: timeout, io, ...; several times\n"
           "      --dry-run          only say what would be sent\n" TELLING "\n"
           "Exit status: 0 done, 1 interrupted, 2 usage, 3 failed.\n";
}
